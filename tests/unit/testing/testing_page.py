"""What `docs/testing.md` shows of the strategies: the smallest examples, as Hypothesis finds them.

The page has marks between which this is written: `python -m tests.unit.testing.testing_page --write`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.unit.testing.drawing_kit import broken, lenient, report_of, smallest, smallest_of

from aprfmt import MetadataPatch, ProvenancePatch, testing
from aprfmt.cli.reports.text import finding_lines
from aprfmt.container import Container
from aprfmt.errors import AprError
from aprfmt.layout import facts, tensor_nbytes
from aprfmt.tensors import Tensor
from aprfmt.testing import breakable, metadata_json
from aprfmt.testing.malformed import MALFORMED

__all__ = ["PAGE", "fresh", "written"]

PAGE = Path(__file__).resolve().parents[3] / "docs" / "testing.md"
_MARKED = re.compile(r"(?<=^<!-- made: )(\w+)( -->\n).*?(?=^<!-- end -->$)", re.MULTILINE | re.DOTALL)
_LONGEST = 90


def _short(text: str, most: int = _LONGEST) -> str:
    return text if len(text) <= most else f"{text[:most]}… ({len(text)} characters)"


def _cell(text: str) -> str:
    return f"`{text}`".replace("|", r"\|")


def _told(raw: bytes) -> str:
    """A file in a line."""
    file = lenient(raw)
    parts = [f"{len(raw)} bytes", f"metadata {_cell(file.metadata.raw.decode())}"]
    return "; ".join([*parts, *(list(map(_tensor_told, file.tensors)) or ["no tensors"])])


def _tensor_told(tensor: Tensor) -> str:
    try:
        filled = "data" if any(tensor.data) else "zeros"
    except AprError:
        filled = "which the file does not have"
    name = f"{tensor.name[:9]}…" if len(tensor.name) > _LONGEST else ascii(tensor.name)[1:-1]
    size = f"{tensor.nbytes} bytes{'' if filled.startswith('which') else ' of'} {filled}"
    return f"{_cell(name) if name else 'no name,'} {tensor.dtype} {list(tensor.shape)} at {tensor.data_offset}, {size}"


def _meets(wanted: Callable[[Any], object], raw: bytes) -> bool:
    return bool(wanted(lenient(raw)))


SOUGHT: tuple[tuple[str, str], ...] = (
    ("containers()", "True"),
    ("containers(sound=True)", "True"),
    ("containers()", "len(f.tensors) == 3"),
    ("containers()", "sum(t.nbytes for t in f.tensors) > 100"),
    ("containers(canonical=False)", "any(t.data_offset % 64 for t in f.tensors)"),
    ("containers(canonical=False)", "f.metadata.duplicates"),
    ("containers(breaking='APR-D003')", "f.tensors[1].data_offset > 0"),
    ("containers(breaking='APR-D002')", "f.tensors[0].nbytes > 10"),
)
"""Strategies, and what is sought of the container `f` of a file, as they stand on the page."""


def _valid() -> Iterator[str]:
    yield "| strategy | sought | the smallest |"
    yield "|---|---|---|"
    for strategy, condition in SOUGHT:
        wanted: Callable[[Any], object] = eval(f"lambda f: {condition}")  # noqa: S307 - written above
        raw = smallest(eval(strategy, vars(testing)), partial(_meets, wanted))  # noqa: S307 - written above
        sought = "anything" if condition == "True" else _cell(condition)
        yield f"| {_cell(strategy)} | {sought} | {_told(raw)} |"


Careless = Callable[[Container], bool]


def _room(file: Container) -> int:
    return file.source.size - file.header.ofs_data


CARELESS: tuple[tuple[str, str, Careless], ...] = (
    (
        "holds the length of a name in a byte",
        "containers()",
        lambda f: any(len(t.name_bytes) > 255 for t in f.tensors),
    ),
    (
        "keeps 32 bits of a size",
        "containers(breaking='APR-D001')",
        lambda f: all(t.data_offset + t.nbytes % (1 << 32) <= _room(f) for t in f.tensors),
    ),
    (
        "adds up in 64 bits",
        "containers(breaking='APR-D001')",
        lambda f: all((t.data_offset + t.nbytes) % (1 << 64) <= _room(f) for t in f.tensors),
    ),
    (
        "counts elements in 64 bits",
        "containers(breaking='APR-D002')",
        lambda f: all(t.nbytes in tensor_nbytes(t.dtype, (t.n_elements % (1 << 64),)) for t in f.tensors),
    ),
    (
        "compares a tensor with the one before it alone",
        "containers(breaking='APR-D003')",
        lambda f: all(
            a.nbytes + a.data_offset <= b.data_offset or b.nbytes + b.data_offset <= a.data_offset
            for a, b in pairwise(f.tensors)
        ),
    ),
)
"""What a reader does wrong, the files that show it, and whether one of them does."""


def _careless() -> Iterator[str]:
    yield "| a reader that … | is shown by | the smallest |"
    yield "|---|---|---|"
    for does, strategy, is_wrong in CARELESS:
        raw = smallest(eval(strategy, vars(testing)), partial(_meets, is_wrong), 1000)  # noqa: S307 - written above
        yield f"| {does} | {_cell(strategy)} | {_told(raw)} |"


OTHERS = ("headers()", "indexes(min_tensors=1)", "metadata_json()", "metadata_json(sound=True)")
STAMPS = (
    "patches()",
    "patches(sound=True)",
    "patches(breaking='APR-P002')",
    "patches(breaking='APR-P003')",
    "metadata_patches()",
    "metadata_patches(breaking='APR-M006')",
    "metadata_patches(breaking='APR-M009')",
    "metadata_patches(breaking='APR-P001')",
)


def _parts() -> Iterator[str]:
    yield "| strategy | the smallest |"
    yield "|---|---|"
    for strategy in OTHERS:
        found = smallest(eval(strategy, vars(testing)))  # noqa: S307 - written above
        text = found.decode() if strategy.startswith("metadata") else found
        yield f"| {_cell(strategy)} | {_cell(_short(_plain(text)))} |"
    for strategy in STAMPS:
        found = smallest(eval(strategy, vars(testing)))  # noqa: S307 - written above
        yield f"| {_cell(strategy)} | {_cell(_plain(found))} |"


def _plain(value: Any) -> str:
    """A value without what it leaves at its default."""
    if not isinstance(value, MetadataPatch | ProvenancePatch):
        return value if isinstance(value, str) else repr(value)
    said = {item.name: getattr(value, item.name) for item in fields(value)}
    shown = (f"{name}={item!r}" for name, item in said.items() if item not in (None, False, (), {}))
    return f"{type(value).__name__}({', '.join(shown)})"


def _metadata() -> Iterator[str]:
    yield "| rule | the smallest text, or what it is |"
    yield "|---|---|"
    for rule in MALFORMED:
        if rule == "APR-M007":
            yield f"| {rule} | an object, and blanks up to a byte more than 16 MiB |"
            continue
        raw = smallest(metadata_json(breaking=rule))
        text = ascii(raw)[2:-1] if rule == "APR-M002" else raw.decode()
        yield f"| {rule} | {_cell(_short(text)) if text else 'no bytes'} |"


def _broken() -> Iterator[str]:
    yield "```text"
    for rule in breakable():
        [raw] = [smallest_of(rule)] if rule in breakable(large=False) else broken(rule, 1)
        findings = sorted(report_of(raw).findings, key=lambda finding: finding.rule != rule)
        yield f"{rule} {facts.RULES[rule].name}: {len(raw)} bytes"
        for finding in findings:
            yield from (f"  {line}" for line in list(finding_lines(finding))[finding.rule == rule :])
    yield "```"


_MADE: Mapping[str, Callable[[], Iterator[str]]] = {
    "valid": _valid,
    "careless": _careless,
    "parts": _parts,
    "metadata": _metadata,
    "broken": _broken,
}


def written() -> str:
    return PAGE.read_text(encoding="utf-8")


def fresh(text: str) -> str:
    """The page with what is made today between its marks; a mark of another name is an error."""
    return _MARKED.sub(lambda mark: mark[1] + mark[2] + "\n".join(["", *_MADE[mark[1]](), "", ""]), text)


if __name__ == "__main__":
    text = fresh(written())
    if "--write" in sys.argv:
        PAGE.write_text(text, encoding="utf-8")
    else:
        print(text)
