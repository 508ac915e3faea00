"""Small files, made of the generated facts and damaged on purpose."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

from aprfmt_reader import DType
from aprfmt_reader._generated.apr_v2 import AprV2
from aprfmt_reader._generated.facts import ENTRY_FIELDS, ENTRY_SIZE, FOOTER_SIZE, HEADER_FIELDS, HEADER_SIZE

__all__ = [
    "GOLDEN",
    "REPOSITORY",
    "Item",
    "entry_span",
    "expected_of",
    "file_of",
    "golden_names",
    "grid",
    "put",
    "sealed",
    "with_footer",
]

REPOSITORY = Path(__file__).resolve().parents[3]
GOLDEN = REPOSITORY / "tests" / "data" / "golden"

_ALIGNMENT = int(AprV2.__new__(AprV2).alignment)
_SAMPLE = (GOLDEN / "no_tensors.apr").read_bytes()[:HEADER_SIZE]
"""A header of which magic, version and flags are kept."""


def golden_names() -> list[str]:
    """The golden files of the repository: what the reference implementation wrote."""
    return sorted(path.name for path in GOLDEN.glob("*.apr"))


def expected_of(name: str) -> dict[str, Any]:
    """What the reference implementation reads in a golden file."""
    expected: dict[str, Any] = json.loads((GOLDEN / "expected.json").read_bytes())[name]
    return expected


def grid(nbytes: int) -> int:
    """So many bytes, filled up to the grid of the format."""
    return -(-nbytes // _ALIGNMENT) * _ALIGNMENT


class Item(NamedTuple):
    """A tensor to write. Its place and size follow from its data unless they are given."""

    name: bytes
    data: bytes = bytes(4)
    dims: tuple[int, ...] = (1,)
    dtype: int = DType.F32
    offset: int | None = None
    nbytes: int | None = None


def file_of(
    items: Sequence[Item] = (), metadata: bytes = b"{}", *, footer: bool = True, tail: bytes = b"", **header: int
) -> bytes:
    """A file with these tensors, every field that is not given as a good writer makes it, `tail` behind its data."""
    index, data, end = b"", b"", 0
    for item in items:
        offset = grid(len(data)) if item.offset is None else item.offset
        nbytes = len(item.data) if item.nbytes is None else item.nbytes
        if item.data:
            data = data.ljust(offset, b"\0")[:offset] + item.data
        index += _entry(item, offset, nbytes)
        end = max(end, offset + grid(nbytes))
    ofs_index = grid(HEADER_SIZE + len(metadata))
    values = {
        "num_tensors": len(items),
        "ofs_metadata": HEADER_SIZE,
        "len_metadata": len(metadata),
        "ofs_tensor_index": ofs_index,
        "ofs_data": ofs_index + grid(len(index)),
        **header,
    }
    raw = _SAMPLE
    for name, value in values.items():
        raw = put(raw, HEADER_FIELDS[name], value)
    raw = (raw + metadata).ljust(ofs_index, b"\0") + index
    raw = sealed(raw.ljust(ofs_index + grid(len(index)), b"\0") + data.ljust(end, b"\0")[:end])
    return (with_footer(raw) if footer else raw) + tail


def _entry(item: Item, offset: int, nbytes: int) -> bytes:
    raw = bytes(ENTRY_SIZE.at(len(item.name), len(item.dims)))
    values = {
        "len_name": len(item.name),
        "dtype": item.dtype,
        "ndim": len(item.dims),
        "ofs_tensor": offset,
        "len_tensor": nbytes,
    }
    for field, value in values.items():
        raw = put(raw, _in_entry(item, field), value)
    start, stop = _in_entry(item, "name")
    raw = raw[:start] + item.name + raw[stop:]
    start, stop = _in_entry(item, "dims")
    width = ENTRY_FIELDS["dims"].size.per_dim
    return raw[:start] + b"".join(dim.to_bytes(width, "little") for dim in item.dims) + raw[stop:]


def _in_entry(item: Item, field: str) -> tuple[int, int]:
    place, sizes = ENTRY_FIELDS[field], (len(item.name), len(item.dims))
    return place.start.at(*sizes), place.start.at(*sizes) + place.size.at(*sizes)


def entry_span(raw: bytes, items: Sequence[Item], number: int, field: str) -> tuple[int, int]:
    """The place of a field of the entry with this number, in the file that `file_of` made."""
    start, stop = HEADER_FIELDS["ofs_tensor_index"]
    at = int.from_bytes(raw[start:stop], "little")
    at += sum(ENTRY_SIZE.at(len(item.name), len(item.dims)) for item in items[:number])
    first, last = _in_entry(items[number], field)
    return at + first, at + last


def put(raw: bytes, span: tuple[int, int], value: int) -> bytes:
    """The bytes with an integer at a place."""
    start, stop = span
    return raw[:start] + value.to_bytes(stop - start, "little") + raw[stop:]


def with_footer(raw: bytes) -> bytes:
    """The bytes with the footer that they need."""
    return raw + crc32(raw).to_bytes(FOOTER_SIZE, "little")


def sealed(raw: bytes) -> bytes:
    """The bytes with the checksum that their header needs."""
    start, stop = HEADER_FIELDS["checksum"]
    return put(raw, (start, stop), crc32(raw[:start] + raw[stop:HEADER_SIZE]))
