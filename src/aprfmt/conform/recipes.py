"""`python -m aprfmt.conform.recipes --check | --write`: the recipes of a checkout, with their digests filled in.

Sizes and digests are computed, so that nobody types them; verdicts and rules never are: those are claims, which
`aprfmt vectors check` proves. With `--write`, the recipes are also laid out for reading, one key a line.

`derived.json` is made anew from `bases.json` and the statements of the specification: nobody edits it.
"""

from __future__ import annotations

import argparse
import difflib
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from ..errors import AprError
from ..vectors import Suite, Vector
from ..vectors.check import expected_output
from ..vectors.derive import derived
from ..vectors.words import wide

__all__ = ["DERIVED", "PATH", "completed", "main", "text_of", "with_derived"]

COMMAND = "python -m aprfmt.conform.recipes --write"
PATH = Path(__file__).resolve().parents[3] / "spec" / "vectors"
DERIVED, _BASES = "derived.json", "bases.json"
_ABOUT = (
    "Both sides of every boundary that spec/apr_v2.ksy states. Generated, never edited: change the specification, "
    f"bases.json or src/aprfmt/vectors/derive/, then run {COMMAND}."
)
_DERIVED_KEYS = ("nbytes", "sha256", "extents", "output_sha256")


def with_derived(documents: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """The documents with the derived vectors made anew; raises `RequestError` when a statement is left without one."""
    made = {"about": _ABOUT, "vectors": derived(documents[_BASES]["bases"])}
    return dict(sorted({**documents, DERIVED: made}.items()))


def completed(documents: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """The documents with sizes and digests computed anew; raises `RequestError` for a recipe that makes no sense."""
    suite = Suite(documents)
    return {
        name: {
            **document,
            **({"vectors": [_completed(suite, node) for node in document["vectors"]]} if "vectors" in document else {}),
        }
        for name, document in documents.items()
    }


def _completed(suite: Suite, node: Mapping[str, Any]) -> dict[str, Any]:
    vector = suite[node["id"]]
    kept = {key: value for key, value in node.items() if key not in _DERIVED_KEYS}
    return {**kept, **dict(_facts(suite, vector))}


def _facts(suite: Suite, vector: Vector) -> Iterator[tuple[str, Any]]:
    if vector.base is not None:
        image = suite.image(vector.id)
        yield "nbytes", wide(image.size)
        if image.is_sparse:
            yield "extents", [[wide(at), len(raw), sha256(raw).hexdigest()] for at, raw in image.extents]
        else:
            yield "sha256", image.sha256()
    if vector.op != "read" and vector.verdict == "accept":
        try:
            yield "output_sha256", sha256(expected_output(suite, vector)).hexdigest()
        except AprError:
            return  # the claim is wrong, and the check says so


def text_of(document: Mapping[str, Any]) -> str:
    """The document laid out for reading: one key of a vector or base a line, what is inside it on that line."""
    lines = ["{"]
    sections = list(document.items())
    for number, (key, value) in enumerate(sections):
        comma = "," if number + 1 < len(sections) else ""
        if key == "vectors":
            inner = ",\n".join(_block(node, 4) for node in value)
            lines.append(f'  "vectors": [\n{inner}\n  ]{comma}')
        elif key == "bases":
            inner = ",\n".join(f"    {_line(name)}: {_block(node, 4).lstrip()}" for name, node in value.items())
            lines.append(f'  "bases": {{\n{inner}\n  }}{comma}')
        else:
            lines.append(f"  {_line(key)}: {_line(value)}{comma}")
    return "\n".join([*lines, "}"]) + "\n"


def _block(node: Mapping[str, Any], indent: int) -> str:
    pad = " " * indent
    inner = ",\n".join(f"{pad}  {_line(key)}: {_line(value)}" for key, value in node.items())
    return f"{pad}{{\n{inner}\n{pad}}}"


def _line(value: Any) -> str:
    """JSON on one line; names in any script stay readable, and what does not print is escaped."""
    text = json.dumps(value, ensure_ascii=False)
    return "".join(item if item.isprintable() else json.dumps(item)[1:-1] for item in text)


def read() -> dict[str, Any]:
    """The parsed recipe files of the checkout, by their name."""
    return {file.name: json.loads(file.read_text(encoding="utf-8")) for file in sorted(PATH.glob("*.json"))}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool; exit code 0: done or clean, 1: a file is not what it should be, 2: a recipe makes no sense."""
    parser = argparse.ArgumentParser(prog="python -m aprfmt.conform.recipes", description=__doc__)
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--write", action="store_true", help="fill in and lay out spec/vectors/*.json")
    mode.add_argument("--check", action="store_true", help="print the difference and exit 1 when there is one")
    options = parser.parse_args(argv)
    try:
        documents = completed(with_derived(read()))
    except AprError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    stale = False
    for name, document in documents.items():
        path, text = PATH / name, text_of(document)
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        if text == before:
            continue
        if options.write:
            path.write_text(text, encoding="utf-8")
            continue
        stale = True
        old, new = (part.splitlines(keepends=True) for part in (before, text))
        sys.stdout.writelines(
            difflib.unified_diff(old, new, f"spec/vectors/{name}", f"spec/vectors/{name} (regenerated)")
        )
    if stale:
        sys.stderr.write(f"spec/vectors is stale. Run: {COMMAND}\n")
    return int(stale)


if __name__ == "__main__":
    raise SystemExit(main())
