"""What the generated codec is made of, beside `struct`: tables of formats, kinds of values, records out of a stream.

Nothing here knows APR. The functions that use these names are generated into `_generated/codec.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import index as index_of
from struct import Struct, error
from typing import Any, BinaryIO, TypeVar

__all__ = ["ENDED", "MISFITS", "CodecError", "Formats", "as_bytes", "as_tuple", "exactly", "index_of", "iter_blocks"]

R = TypeVar("R")

BLOCK_BYTES = 256 * 1024
"""What is taken from a stream at a time: thousands of records, so that calls cost nothing, and little memory."""
_MAX_FORMATS = 256
"""More formats than this are not kept: a forged file could ask for a new one with every record."""


class CodecError(ValueError):
    """The bytes hold no whole record, or a value of the record does not fit its field."""


ENDED = (CodecError, error, IndexError, OverflowError)
"""What is raised when bytes end inside a record, or a size says so."""
MISFITS = (error, TypeError, ValueError, OverflowError, AttributeError, BufferError)
"""What is raised when a value does not fit its field."""


class Formats(dict[int, tuple[Callable[..., tuple[Any, ...]], int, Callable[..., bytes]]]):
    """The formats of a run of fields with a list in it, by the length of the list: unpack, size in bytes, pack.

    A length that no format can have raises `struct.error`.
    """

    def __init__(self, before: str, element: str, after: str) -> None:
        super().__init__()
        self._parts = before, element, after

    def __missing__(self, count: int) -> tuple[Callable[..., tuple[Any, ...]], int, Callable[..., bytes]]:
        before, element, after = self._parts
        made = Struct(f"<{before}{count}{element}{after}")
        if len(self) == _MAX_FORMATS:
            self.clear()
        self[count] = found = (made.unpack_from, made.size, made.pack)
        return found


def as_bytes(value: object) -> bytes:
    """The bytes of what is bytes already, in one of its kinds; raises `TypeError` for anything else."""
    if not isinstance(value, bytes | bytearray | memoryview):  # bytes(5) would be five zero bytes
        raise TypeError(f"expected bytes, found {type(value).__name__}")
    return bytes(value)


def exactly(value: object, size: int) -> bytes:
    """Bytes for a field of `size` bytes: `struct` would cut or fill them in silence. Raises as `as_bytes`."""
    raw = as_bytes(value)
    if len(raw) != size:
        raise ValueError(f"expected {size} bytes, found {len(raw)}")
    return raw


def as_tuple(value: object) -> tuple[Any, ...]:
    """The items of a list or tuple; raises `TypeError` for anything else, which may be iterable all the same."""
    if not isinstance(value, list | tuple):
        raise TypeError(f"expected a list, found {type(value).__name__}")
    return tuple(value)


def iter_blocks(
    scan: Callable[[bytes, int, int, int], tuple[list[R], list[int]]],
    stream: BinaryIO,
    count: int,
    start: int,
) -> Iterator[tuple[list[R], list[int]]]:
    """`count` records from a stream that begins at byte `start` of the file, in lists of as many as a block holds.

    With each list comes the byte behind each of its records, counted from the start of the file. The stream is read
    ahead by a block. Raises `CodecError` when it ends inside a record, behind the last whole one.
    """
    block, want = b"", BLOCK_BYTES
    while count > 0:
        piece = stream.read(want)
        if not piece:
            raise CodecError(f"expected {count} more records, found {len(block)} bytes, which hold no whole one")
        block += piece
        records, ends = scan(block, 0, count, start)
        if not records:
            want = len(block)  # a record may be larger than a block: look at twice as much
            continue
        yield records, ends
        block, want = block[ends[-1] - start :], BLOCK_BYTES
        start = ends[-1]
        count -= len(records)
