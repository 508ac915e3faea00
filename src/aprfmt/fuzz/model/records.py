"""Records of a file, read by what `facts.FIELDS` and `facts.STATEMENTS` say of their fields, and by nothing else.

Third to the codec and to Construct, and the plainest of the three: the rule model reads with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any

from ...layout import facts
from .strictjson import Pairs

__all__ = ["EndError", "ModelFile", "Record", "footer_at", "read_entry", "read_header"]

_BITS: Mapping[str, int] = {item.path: item.bits for item in facts.STATEMENTS if item.bits is not None}
_TELLS: Mapping[str, str] = {
    f"{item.owner}.{item.target}": item.field
    for item in facts.STATEMENTS
    if item.kind in ("size-of", "count-of") and item.target in facts.FIELDS.get(item.owner, {})
}
"""The field that says how long another field of the same record is."""


class EndError(Exception):
    """The bytes end before the record does."""


class Record(SimpleNamespace):
    """The fields of a record by their names, and under `spans` where each lies in the file."""

    spans: dict[str, tuple[int, int]]


class ModelFile:
    """One file as the rule model knows it, which is more with each rule that was asked."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.header: Record | None = read_header(raw)
        self.entries: list[Record] = []
        self.ends: list[int] = []
        self.whole_index = False
        self.metadata: Any = None
        self.sides: set[tuple[str, bool]] = set()
        index = SimpleNamespace(entries=self.entries)
        self.root = SimpleNamespace(header=self.header, len_file=len(raw), tensor_index=index)

    @property
    def head(self) -> Record:
        """The header, of a file that has one."""
        assert self.header is not None  # noqa: S101 - the rules that ask need the one that says so
        return self.header

    def text(self) -> bytes:
        """The bytes of the metadata."""
        return self.raw[self.head.ofs_metadata :][: self.head.len_metadata]

    def members(self) -> dict[str, Any] | None:
        """The members of the metadata that count, once it is known to be an object."""
        return self.metadata.last() if isinstance(self.metadata, Pairs) else None

    def required(self) -> int:
        """Where the data section ends."""
        ends = [item.ofs_tensor + item.len_tensor + -item.len_tensor % facts.ALIGNMENT for item in self.entries]
        return int(self.head.ofs_data) + max(ends, default=0)

    def zero(self, path: str, start: int, stop: int) -> bool:
        """Whether filler holds something; `path` is that of its statement."""
        held = not any(self.raw[start:stop])
        self.sides.add((f"{path} zero", held))
        return not held

    def fields(self) -> Iterator[tuple[str, Any]]:
        """Every field that was read, by its path in the specification, and what it says."""
        if self.header is None:
            return
        yield from (
            (f"header.{name}", getattr(self.header, name)) for name in facts.FIELDS["header"] if name != "flags"
        )
        yield from ((f"flags.{name}", getattr(self.header.flags, name)) for name in facts.FIELDS["flags"])
        for entry in self.entries:
            names = facts.FIELDS["tensor_index_entry"]
            yield from ((f"tensor_index_entry.{name}", getattr(entry, name)) for name in names)
        if self.whole_index:
            end = self.required()
            yield "metadata", self.text()
            yield "tensor_data", self.raw[self.header.ofs_data : end]
            if len(self.raw) >= end + facts.FOOTER_SIZE:
                yield "footer.checksum", footer_at(self.raw, end)


def read_header(raw: bytes) -> Record | None:
    """The header, None when there are not as many bytes."""
    try:
        return _read("header", raw, 0)[0]
    except EndError:
        return None


def read_entry(raw: bytes, at: int) -> tuple[Record, int]:
    """The index entry at a byte, and the byte behind it; raises `EndError` where the bytes end."""
    return _read("tensor_index_entry", raw, at)


def footer_at(raw: bytes, at: int) -> int:
    """The checksum in the footer that begins at a byte."""
    return int(_read("footer", raw, at)[0].checksum)


def _read(owner: str, raw: bytes, at: int) -> tuple[Record, int]:
    found = Record(spans={})
    for name, shape in facts.FIELDS[owner].items():
        start, path = at, f"{owner}.{name}"
        told = getattr(found, _TELLS[path]) if path in _TELLS else None
        if shape.type == "flags":
            number, at = _integer(raw, at, facts.FLAGS_SIZE)
            value: Any = SimpleNamespace(
                **{flag: number >> position & ((1 << width) - 1) for flag, position, width in facts.FLAGS_BITS}
            )
        elif shape.repeated:
            value = ()
            for _ in range(told or 0):
                number, at = _integer(raw, at, _width(shape.limit))
                value = (*value, number)
        elif shape.limit is not None:
            value, at = _integer(raw, at, _width(shape.limit))
        else:
            nbytes = told if told is not None else _BITS[path] // 8
            value, at = raw[at : at + nbytes], at + nbytes
            if at > len(raw):
                raise EndError
        setattr(found, name, value)
        found.spans[name] = (start, at)
    return found, at


def _width(limit: int | None) -> int:
    """The bytes of an integer below a limit."""
    return ((limit or 1) - 1).bit_length() // 8


def _integer(raw: bytes, at: int, nbytes: int) -> tuple[int, int]:
    if at + nbytes > len(raw):
        raise EndError
    return int.from_bytes(raw[at : at + nbytes], "little"), at + nbytes
