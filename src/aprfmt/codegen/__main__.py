"""`python -m aprfmt.codegen --write | --check | --stdout`: make, compare or print what is made from `spec/`."""

from __future__ import annotations

import argparse
import difflib
import hashlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import (
    emit_codec,
    emit_docs,
    emit_facts,
    emit_imhex,
    emit_magic,
    emit_rules,
    emit_structs,
    ksy,
    metadata_schema,
)
from .errors import CodegenError
from .parsers import EMITTERS
from .parsers.facts import gather

__all__ = ["main", "outputs", "stale"]

COMMAND = "python -m aprfmt.codegen --write"
ROOT = Path(__file__).resolve().parents[3]
KSY = "spec/apr_v2.ksy"
SCHEMA = "spec/metadata.schema.json"
GENERATED = "src/aprfmt/layout/_generated"


def _sources(*sources: str) -> str:
    """What a banner says of sources, from names and digests by turns."""
    pairs = zip(sources[::2], sources[1::2], strict=True)
    return ", and ".join(f"{name}, SHA-256 {digest}" for name, digest in pairs)


def _banner(*sources: str, comment: str = "#") -> str:
    """The banner of a module, from names and digests by turns."""
    made = f"{comment} GENERATED, never edited by hand. Source: {_sources(*sources)}.\n"
    return f"{made}{comment} Regenerate: {COMMAND}\n"


def _page_banner(*sources: str) -> str:
    """The banner of a page, from names and digests by turns."""
    return f"<!-- GENERATED from {_sources(*sources)}. Regenerate: {COMMAND} -->\n\n"


def _xml_banner(*sources: str) -> str:
    """The banner of an XML file, from names and digests by turns; a comment there may not hold `--`."""
    made = f"<?aprfmt GENERATED from {_sources(*sources)}. Regenerate: {COMMAND}?>\n"
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + made


def _source(root: Path, name: str) -> tuple[str, str]:
    """The text of a source, and the SHA-256 of its bytes."""
    raw = (root / name).read_bytes()
    return raw.decode("utf-8"), hashlib.sha256(raw).hexdigest()


def outputs(root: Path = ROOT) -> dict[str, str]:
    """Every generated file: its path from the root of the repository, and its text."""
    ksy_text, ksy_digest = _source(root, KSY)
    schema_text, schema_digest = _source(root, SCHEMA)
    with _blaming(KSY):
        spec = ksy.load(ksy_text)
        facts, structs, codec = emit_facts.emit(spec), emit_structs.emit(spec), emit_codec.emit(spec)
    with _blaming(SCHEMA):
        metadata = metadata_schema.emit(schema_text, source_name=SCHEMA)
        known_keys = metadata_schema.read(schema_text)
    with _blaming(KSY):
        parser_facts = gather(spec, known_keys, ksy_digest)
        magic, mime, imhex = emit_magic.emit(spec), emit_magic.emit_mime(spec), emit_imhex.emit(spec)
    banner = _banner(KSY, ksy_digest)
    return {
        f"{GENERATED}/__init__.py": banner + '"""Made from the specification; see the banner of each module."""\n',
        f"{GENERATED}/facts.py": banner + facts,
        f"{GENERATED}/structs.py": banner + structs,
        f"{GENERATED}/codec.py": banner + codec,
        f"{GENERATED}/metadata_schema.py": _banner(SCHEMA, schema_digest) + metadata,
        "docs/format.md": _page_banner(KSY, ksy_digest, SCHEMA, schema_digest) + emit_docs.emit(spec, schema_text),
        "docs/rules.md": _page_banner(KSY, ksy_digest) + emit_rules.emit_page(spec),
        "exports/apr.magic": banner + magic,
        "exports/aprfmt.xml": _xml_banner(KSY, ksy_digest) + mime,
        "exports/apr_v2.hexpat": _banner(KSY, ksy_digest, comment="//") + imhex,
        **{
            path: _banner(KSY, ksy_digest, SCHEMA, schema_digest, comment=comment) + "\n" + emit(parser_facts)
            for path, (comment, emit) in EMITTERS.items()
        },
    }


@contextmanager
def _blaming(name: str) -> Iterator[None]:
    """An error says which of the sources it is about."""
    try:
        yield
    except CodegenError as error:
        raise CodegenError(f"{name}: {error.path}", error.message) from error


def stale(root: Path = ROOT) -> str:
    """The differences between what is committed and what the specification makes today; empty when there are none."""
    parts: list[str] = []
    for name, wanted in outputs(root).items():
        path = root / name
        found = path.read_bytes().decode("utf-8") if path.exists() else ""  # with the ends of its lines as they are
        parts += difflib.unified_diff(
            found.splitlines(keepends=True), wanted.splitlines(keepends=True), name, f"{name} (regenerated)"
        )
    return "".join(parts)


def main(argv: list[str] | None = None, *, root: Path = ROOT) -> int:
    """Run the generator over the repository at `root`.

    Returns 0 when done or clean, 1 when a committed file is stale, 2 when the specification cannot be read.
    """
    parser = argparse.ArgumentParser(prog="python -m aprfmt.codegen", description=__doc__)
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--write", action="store_true", help="write every generated file")
    mode.add_argument("--check", action="store_true", help="print the difference and exit 1 when a file is stale")
    mode.add_argument("--stdout", action="store_true", help="print every generated file")
    options = parser.parse_args(argv)
    try:
        return _check(root) if options.check else _make(root, write=options.write)
    except CodegenError as error:
        print(error, file=sys.stderr)
        return 2


def _check(root: Path) -> int:
    difference = stale(root)
    if not difference:
        return 0
    print(difference)
    print(f"Generated files are stale. Run: {COMMAND}", file=sys.stderr)
    return 1


def _make(root: Path, *, write: bool) -> int:
    for name, text in outputs(root).items():
        if write:
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        else:
            print(f"==> {name}\n{text}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
