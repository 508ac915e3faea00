"""What the generated parser cannot say: sizes, overlap, truncation, checksums. Each function raises the first fault."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from zlib import crc32

from ._errors import FormatError, shown
from ._generated.facts import DTYPES, FOOTER_SIZE
from ._header import Header
from ._kaitai import Entry, parse_footer
from ._source import Source

__all__ = [
    "decode_names",
    "require_data",
    "require_footer",
    "require_no_hidden_footer",
    "require_no_overlap",
    "require_sizes",
]


_MOST_DIMS = 8
"""Dimensions that a message shows."""


def decode_names(entries: Sequence[Entry]) -> list[str]:
    """The names as text, in the order of the index; raises APR-I005 for one that is not UTF-8."""
    names = []
    for number, entry in enumerate(entries):
        try:
            names.append(entry.name.decode("utf-8"))
        except UnicodeDecodeError as error:
            field, (start, _) = _place(number, entry, "name")
            found = shown(entry.name[error.start : error.end])
            span = (start + error.start, start + error.end)
            raise FormatError("APR-I005", field, span, "UTF-8", found) from error
    return names


def require_sizes(entries: Sequence[Entry]) -> None:
    """Raise APR-D002 for a tensor whose size is not what its element type and shape take."""
    for number, entry in enumerate(entries):
        sizes = _sizes(entry)
        if entry.len_tensor not in sizes:
            what = f"{' or '.join(map(shown, sizes))} bytes for {entry.dtype} {_shape(entry.dims)}"
            raise FormatError("APR-D002", *_place(number, entry, "len_tensor"), what, f"{entry.len_tensor} bytes")


def _sizes(entry: Entry) -> list[int]:
    """The sizes in bytes that a tensor may have, the usual one first."""
    facts = DTYPES[entry.dtype]
    n_elements = prod(entry.dims)
    usual = _blocks(n_elements, facts.block_elems) * facts.block_bytes + facts.scale_bytes
    if n_elements == 0:
        return [0, facts.scale_bytes] if facts.scale_bytes else [0]
    if facts.row_padded and len(entry.dims) == 2:
        rows, columns = entry.dims
        return [usual, rows * _blocks(columns, facts.block_elems) * facts.block_bytes]
    return [usual]


def _blocks(n_elements: int, block_elems: int) -> int:
    return -(-n_elements // block_elems)


def require_no_overlap(entries: Sequence[Entry]) -> None:
    """Raise APR-D003 when two tensors share bytes; an empty one shares none."""
    order = sorted((entry.ofs_tensor, number) for number, entry in enumerate(entries) if entry.len_tensor)
    furthest = 0
    for start, number in order:
        if start < furthest:
            expected = f"an offset of at least {furthest}, where the data of another tensor ends"
            raise FormatError("APR-D003", *_place(number, entries[number], "ofs_tensor"), expected, str(start))
        furthest = start + entries[number].len_tensor


def require_data(header: Header, required_len: int, size: int) -> None:
    """Raise APR-D004 when the file ends before its data section does, if only by filler."""
    if size < required_len:
        span = (header.ofs_data, size)
        raise FormatError("APR-D004", "tensor_data", span, f"{required_len} bytes of file", f"{size} bytes")


def require_footer(source: Source, footer: int, start: int) -> None:
    """Raise APR-F002 when the footer, which stands at `start`, is not the checksum of all bytes before it."""
    found = source.crc32(0, start)
    if found != footer:
        span = (start, start + FOOTER_SIZE)
        raise FormatError("APR-F002", "footer.checksum", span, f"{found:#010x} for these bytes", f"{footer:#010x}")


def require_no_hidden_footer(source: Source, entries: Sequence[Entry]) -> None:
    """Raise APR-F005 when a file without a footer has one after all, and one flipped bit made it pass for data.

    That bit made the offset of the last tensor larger by the size of a footer, and with it the data section. There is
    none in a sound file: its tensors lie on a grid that is coarser than a footer is long.
    """
    if not entries:
        return
    *others, (end, number) = sorted((entry.end_own, number) for number, entry in enumerate(entries))
    last = entries[number]
    offset = last.ofs_tensor - FOOTER_SIZE
    change = offset ^ last.ofs_tensor
    if offset < 0 or change.bit_count() != 1 or (others and others[-1][0] > end - FOOTER_SIZE):
        return
    field, (start, _) = _place(number, last, "ofs_tensor")
    bit = change.bit_length() - 1
    at, stop = start + bit // 8, source.size - FOOTER_SIZE  # the least significant byte stands first
    (damaged,) = source.read(at, at + 1)
    found = source.crc32(at + 1, stop, crc32(bytes([damaged ^ 1 << bit % 8]), source.crc32(0, at)))
    if found == parse_footer(source.read(stop, source.size)):
        raise FormatError("APR-F005", field, (at, at + 1), f"an offset of {offset}", str(last.ofs_tensor))


def _place(number: int, entry: Entry, field: str) -> tuple[str, tuple[int, int]]:
    return f"tensor_index.entries[{number}].{field}", entry.span(field)


def _shape(dims: Sequence[int]) -> str:
    return f"[{', '.join(map(str, dims))}]" if len(dims) <= _MOST_DIMS else f"of {len(dims)} dimensions"
