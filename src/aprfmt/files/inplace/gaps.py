"""An insertion of blocks that was cut within the file system: found by the hole that it leaves, and taken back.

File systems make a file longer first, and then move its parts from the last one to the first, in several transactions
when there are many parts. To take blocks out they move the parts from the first one on, and make the file shorter last.
Cut anywhere, either leaves one hole of the shift, with all of the file around it, or zeros behind it.
"""

from __future__ import annotations

import errno
import os
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator

from ...checksum import crc32, crc32_combine
from ...errors import FormatError
from ...layout import parse_footer
from ...source import CHUNK_BYTES
from .journal import Journal
from .steps import keep_time, read_at
from .system import COLLAPSE_RANGE, System, insist

__all__ = ["close_gap"]

_ONES = 0xFFFFFFFF
_Hole = tuple[int, int]


def close_gap(descriptor: int, journal: Journal, system: System) -> None:
    """Undo a move that was cut: the file begins as before, and somewhere behind that is a hole of the shift.

    Where other holes are as long, the old footer tells which one it is, for which the file is read. Raises
    `FormatError`, with nothing written, when it does not, and when the file does not begin as before without the hole;
    `OSError` where the system knows no holes.
    """
    size, shift = os.fstat(descriptor).st_size, journal.shift
    holes = _candidates(descriptor, journal, size)
    if len(holes) > 1:
        holes = _right_by_footer(descriptor, journal, holes) or holes
    if len(holes) != 1:
        expected = f"one hole of at least {shift} bytes, or one without which the footer is right"
        raise FormatError("the insertion of blocks was cut", expected=expected, found=f"{len(holes)} holes")
    start, stop = holes[0]
    nbytes = len(journal.before)
    found = read_at(descriptor, 0, min(start, nbytes)) + read_at(descriptor, start + shift, max(0, nbytes - start))
    if found != journal.before:
        raise FormatError(f"the file does not begin as before without its hole @{start:#x}..{stop:#x}")
    if stop == size:
        insist(system.truncate, descriptor, journal.input_nbytes)
    else:
        system.fallocate(descriptor, COLLAPSE_RANGE, start, shift)
    keep_time(descriptor, journal, system)
    insist(system.fsync, descriptor)


def _candidates(descriptor: int, journal: Journal, size: int) -> list[_Hole]:
    """Where the hole may be. At the end of the file it may be zeros, since XFS fills the last block with them, and may
    say that the file ends there before it says that it is as long as it will be; no part has moved then."""
    end, moved = journal.input_nbytes, journal.input_nbytes + journal.shift
    if size < moved:
        return [(end, size)] if _is_zero(descriptor, end, size) else []
    found = [
        (start, stop)
        for start, stop in _holes(descriptor, size)
        if stop - start >= journal.shift or (stop == size and start >= end)
    ]
    if not (found and found[-1][1] == size) and _is_zero(descriptor, end, size):
        found.append((end, size))
    return found


def _is_zero(descriptor: int, start: int, stop: int) -> bool:
    pieces = range(start, stop, CHUNK_BYTES)
    return not any(any(read_at(descriptor, at, min(CHUNK_BYTES, stop - at))) for at in pieces)


def _right_by_footer(descriptor: int, journal: Journal, holes: list[_Hole]) -> list[_Hole]:
    """The first hole without which the old footer is that of the file; none without a footer."""
    if not journal.old_footer:
        return []
    footer, shift = parse_footer(journal.old_footer).checksum, journal.shift
    whole, unmoved = journal.footer_at, journal.footer_at - shift
    points = {whole, unmoved, *(start for start, _ in holes), *(start + shift for start, _ in holes)}
    crcs = _crcs(descriptor, {point for point in points if point <= whole})
    for start, stop in holes:
        if start >= unmoved:  # behind all that the footer is about
            found = crcs[unmoved]
        else:  # CRC-32 is linear: that of what is behind the hole is the difference of two that begin at the start
            found = crc32_combine(crcs[start] ^ crcs[start + shift], crcs[whole], whole - start - shift)
        if found == footer:
            return [(start, stop)]
    return []


def _crcs(descriptor: int, points: Collection[int]) -> dict[int, int]:
    """The CRC-32 of the file up to each of some places; of holes, nothing is read."""
    ordered = sorted(points)
    found, crc, at = {0: 0}, 0, 0
    for start, stop in (*_holes(descriptor, ordered[-1]), (ordered[-1], ordered[-1])):
        for end, is_hole in ((start, False), (min(stop, ordered[-1]), True)):
            for point in (*ordered[bisect_right(ordered, at) : bisect_left(ordered, end)], end):
                crc = _zeros(crc, point - at) if is_hole else _read(descriptor, crc, at, point)
                found[point] = crc
                at = point
    return found


def _zeros(crc: int, nbytes: int) -> int:
    """The CRC-32 of what has this one and zeros behind it."""
    return crc32_combine(crc ^ _ONES, 0, nbytes) ^ _ONES


def _read(descriptor: int, crc: int, start: int, stop: int) -> int:
    for at in range(start, stop, CHUNK_BYTES):
        crc = crc32(read_at(descriptor, at, min(CHUNK_BYTES, stop - at)), crc)
    return crc


def _holes(descriptor: int, size: int) -> Iterator[_Hole]:
    """Start and end of each hole of a file, by the blocks of its file system."""
    to_hole, to_data = getattr(os, "SEEK_HOLE", None), getattr(os, "SEEK_DATA", None)
    if to_hole is None or to_data is None:
        raise OSError(errno.ENOSYS, "the insertion of blocks was cut, and this system knows no holes")
    at = 0
    while at < size:
        start = os.lseek(descriptor, at, to_hole)
        if start >= size:
            return
        try:
            at = os.lseek(descriptor, start, to_data)
        except OSError as error:
            if error.errno != errno.ENXIO:  # there is no more data
                raise
            at = size
        yield start, at
