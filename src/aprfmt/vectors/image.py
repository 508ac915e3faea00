"""The bytes of one vector: a size, and the stretches that are written. What lies between them is zero.

A file of many gigabytes costs no more than what is written into it; on a disk it is made with holes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256

from ..checksum import crc32, crc32_combine
from ..errors import RequestError, TruncatedError

__all__ = ["DENSE_NBYTES", "Extent", "Image"]

DENSE_NBYTES = 1 << 26
"""The most bytes of an image that are held in memory as one piece: every vector that is not sparse is far smaller."""

Extent = tuple[int, bytes]


@dataclass(frozen=True, slots=True)
class Image:
    """A file: its size in bytes, and (start, bytes) of what is written, sorted and apart. Also a `Source`."""

    size: int
    extents: tuple[Extent, ...]

    @classmethod
    def of(cls, raw: bytes) -> Image:
        """The image that is written from end to end."""
        return cls(len(raw), ((0, raw),) if raw else ())

    @property
    def is_sparse(self) -> bool:
        """Whether a part of the file is not written."""
        return sum(len(raw) for _, raw in self.extents) != self.size

    def whole(self) -> bytes:
        """The file in one piece; raises `RequestError` when it is larger than `DENSE_NBYTES`."""
        if self.size > DENSE_NBYTES:
            raise RequestError(f"expected a file of at most {DENSE_NBYTES} bytes in memory, found {self.size} bytes")
        return self.read(0, self.size)

    def read(self, start: int, stop: int) -> bytes:
        """Copy of bytes `start` to `stop`; raises `TruncatedError` beyond the end."""
        buffer = bytearray(max(0, min(stop, self.size) - start))
        if stop > self.size or start < 0 or stop < start:
            raise TruncatedError(
                "the bytes end too early", expected=f"bytes {start:#x}..{stop:#x}", found=f"{self.size} bytes"
            )
        self.read_into(start, memoryview(buffer))
        return bytes(buffer)

    def read_into(self, start: int, buffer: memoryview) -> None:
        """Fill `buffer` from `start` on; raises `TruncatedError` beyond the end."""
        stop = start + len(buffer)
        if not 0 <= start <= stop <= self.size:
            raise TruncatedError(
                "the bytes end too early", expected=f"bytes {start:#x}..{stop:#x}", found=f"{self.size} bytes"
            )
        at = start
        for first, raw in self._within(start, stop):
            buffer[at - start : first - start] = bytes(first - at)
            buffer[first - start : first - start + len(raw)] = raw
            at = first + len(raw)
        buffer[at - start :] = bytes(stop - at)

    def view(self, start: int, stop: int) -> memoryview:
        """Read-only view of a copy of bytes `start` to `stop`."""
        return memoryview(self.read(start, stop))

    def _within(self, start: int, stop: int) -> Iterator[Extent]:
        """What is written between `start` and `stop`, cut to that."""
        for first, raw in self.extents:
            low, high = max(first, start), min(first + len(raw), stop)
            if low < high:
                yield low, raw[low - first : high - first]

    def replaced(self, start: int, stop: int, data: bytes) -> Image:
        """The image with `data` in the place of bytes `start` to `stop`; what follows moves when the lengths differ."""
        if not 0 <= start <= stop <= self.size:
            raise RequestError(f"expected a place within {self.size} bytes, found {start:#x}..{stop:#x}")
        moved = len(data) - (stop - start)
        after = [(first + moved, raw) for first, raw in self._within(stop, self.size)]
        return Image(self.size + moved, _joined([*self._within(0, start), (start, data), *after]))

    def resized(self, size: int) -> Image:
        """The image cut off at `size`, or with zeros that nothing wrote up to it."""
        return Image(size, tuple(self._within(0, size)))

    def crc32(self, stop: int) -> int:
        """CRC-32 of the bytes before `stop`; holes cost nothing."""
        value = at = 0
        for first, raw in self._within(0, stop):
            value = _with_zeros(value, first - at)
            value = crc32(raw, value)
            at = first + len(raw)
        return _with_zeros(value, stop - at)

    def sha256(self) -> str:
        """SHA-256 of the whole file, in hexadecimal; raises `RequestError` when it is larger than `DENSE_NBYTES`."""
        return sha256(self.whole()).hexdigest()


def _joined(extents: Iterable[Extent]) -> tuple[Extent, ...]:
    """Extents with those that touch made one, and empty ones left out."""
    found: list[Extent] = []
    for start, raw in extents:
        if not raw:
            continue
        if found and found[-1][0] + len(found[-1][1]) == start:
            found[-1] = (found[-1][0], found[-1][1] + raw)
        else:
            found.append((start, raw))
    return tuple(found)


def _with_zeros(value: int, nbytes: int) -> int:
    """The checksum `value` continued over so many zero bytes."""
    block, length = crc32(b"\0"), 1
    while nbytes:
        if nbytes & 1:
            value = crc32_combine(value, block, length)
        block, length, nbytes = crc32_combine(block, block, length), 2 * length, nbytes >> 1
    return value
