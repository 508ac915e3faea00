"""Where bytes come from: a window of known size that is read by position.

The core never opens anything. `aprfmt.files` supplies a source over a file descriptor; `BytesSource` serves
whatever is in memory already.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import BinaryIO, Protocol, TypeAlias, cast

from .checksum import crc32
from .errors import TruncatedError

__all__ = [
    "CHUNK_BYTES",
    "BytesSource",
    "Progress",
    "Source",
    "iter_chunks",
    "open_stream",
    "range_crc32",
    "used_nbytes",
]

CHUNK_BYTES = 1024 * 1024
"""Block of a full pass over the data: large enough that calls cost nothing, small enough to stay in cache."""


Progress: TypeAlias = Callable[[int, int], None]
"""What hears how far a pass is: bytes done, and bytes in all."""


class Source(Protocol):
    """Random access to the bytes of one container."""

    @property
    def size(self) -> int:
        """Number of bytes when the source was opened."""

    def read(self, start: int, stop: int) -> bytes:
        """Copy of bytes `start` to `stop` (absolute, end exclusive).

        Raises `TruncatedError` when the bytes are not there (any more), and `OSError` as the system reports it.
        """

    def read_into(self, start: int, buffer: memoryview) -> None:
        """Fill the whole of `buffer` from `start` on; errors as for `read`."""

    def view(self, start: int, stop: int) -> memoryview:
        """Zero-copy, read-only view of bytes `start` to `stop`."""


class BytesSource:
    """A source over bytes in memory."""

    def __init__(self, data: bytes | bytearray | memoryview) -> None:
        self._view = memoryview(data).cast("B").toreadonly()

    @property
    def size(self) -> int:
        """Number of bytes."""
        return len(self._view)

    def read(self, start: int, stop: int) -> bytes:
        """Copy of bytes `start` to `stop`; raises `TruncatedError` beyond the end."""
        return bytes(self.view(start, stop))

    def read_into(self, start: int, buffer: memoryview) -> None:
        """Fill `buffer` from `start` on; raises `TruncatedError` beyond the end."""
        buffer[:] = self.view(start, start + len(buffer))

    def view(self, start: int, stop: int) -> memoryview:
        """View of bytes `start` to `stop`; raises `TruncatedError` beyond the end."""
        if not 0 <= start <= stop <= len(self._view):
            raise TruncatedError(
                "the bytes end too early",
                expected=f"bytes {start:#x}..{stop:#x}",
                found=f"{len(self._view)} bytes",
            )
        return self._view[start:stop]


def iter_chunks(source: Source, start: int, stop: int, chunk_bytes: int = CHUNK_BYTES) -> Iterator[memoryview]:
    """Bytes `start` to `stop` in views of one reused buffer; each view is valid until the next is asked for.

    Positioned reads rather than a mapping: memory stays bounded by the buffer, and a file that shrinks underneath
    raises `TruncatedError` instead of killing the process with a signal.
    """
    if stop <= start:
        return
    buffer = memoryview(bytearray(min(chunk_bytes, stop - start)))
    position = start
    while position < stop:
        piece = buffer[: min(len(buffer), stop - position)]
        source.read_into(position, piece)
        yield piece
        position += len(piece)


def range_crc32(source: Source, start: int, stop: int, value: int = 0) -> int:
    """CRC-32 of bytes `start` to `stop`, continuing from `value`, the checksum of what came before them."""
    for piece in iter_chunks(source, start, stop):
        value = crc32(piece, value)
    return value


_ZEROS = bytes(CHUNK_BYTES)


def used_nbytes(piece: memoryview) -> int:
    """How many bytes of the piece there are up to the last one that is not zero; 0 when all of them are zero."""
    raw = bytes(piece)
    if len(raw) <= len(_ZEROS) and _ZEROS.startswith(raw):  # some thirty times as fast as looking for the last one
        return 0
    return len(raw.rstrip(b"\0"))


class _Window(io.RawIOBase):
    """A forward stream over a part of a source."""

    def __init__(self, source: Source, start: int, stop: int) -> None:
        super().__init__()
        self._source, self._at, self._stop = source, start, stop

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: object) -> int:
        """Fill `buffer` as far as the window goes; 0 at its end."""
        view = memoryview(buffer)[: self._stop - self._at]  # type: ignore[arg-type] # RawIOBase hands over a buffer
        if len(view):
            self._source.read_into(self._at, view)
            self._at += len(view)
        return len(view)


def open_stream(source: Source, start: int, stop: int) -> BinaryIO:
    """A buffered forward stream over bytes `start` to `stop` that never holds more than a block of them."""
    return cast("BinaryIO", io.BufferedReader(_Window(source, start, stop), 64 * 1024))
