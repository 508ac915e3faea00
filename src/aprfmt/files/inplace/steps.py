"""The steps of a stamp in place, forwards and back. Each can be taken again from its start after any cut.

Rules of this file:
1. The header is written last, when all else is on the disk; until then the file begins with zeros, which every reader
   refuses.
2. What is behind the head is moved, never written, but for the footer.
3. A call that moves parts of a file is never made again unless it is sure that it has not begun.
4. Nothing of a file that moved is written before the move is on the disk: the blocks are the same ones, and the disk
   may see what is written into them first.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator

from ...errors import FormatError
from .journal import Journal
from .system import COLLAPSE_RANGE, INSERT_RANGE, System, insist, write_all

__all__ = ["close_gap", "head_and_body", "insert", "read_at", "roll_back", "shorten"]


def read_at(descriptor: int, start: int, nbytes: int) -> bytes:
    """Bytes of a file; fewer where it ends."""
    found = bytearray()
    while len(found) < nbytes:
        piece = os.pread(descriptor, nbytes - len(found), start + len(found))
        if not piece:
            break
        found += piece
    return bytes(found)


def insert(descriptor: int, journal: Journal, system: System) -> None:
    """Put zeros before the file, and wait until they are there on the disk."""
    if not journal.shift:
        return

    def unless_it_has_begun() -> None:
        if os.fstat(descriptor).st_size != journal.input_nbytes:
            raise OSError(errno.EIO, "the insertion of blocks was interrupted")
        system.fallocate(descriptor, INSERT_RANGE, 0, journal.shift)

    insist(unless_it_has_begun)
    insist(system.fsync, descriptor)


def head_and_body(descriptor: int, journal: Journal, system: System) -> None:
    """Write all but the header, sync it, write the header, and sync that."""
    write_all(system, descriptor, bytes(len(journal.header)) + journal.body, 0)
    if journal.footer:
        write_all(system, descriptor, journal.footer, journal.footer_at)
    insist(system.fsync, descriptor)
    write_all(system, descriptor, journal.header, 0)
    _keep_time(descriptor, journal, system)
    insist(system.fsync, descriptor)


def shorten(descriptor: int, journal: Journal, system: System) -> None:
    """Drop what is behind the footer. After this there is no way back."""
    if os.fstat(descriptor).st_size > journal.output_nbytes:
        insist(system.truncate, descriptor, journal.output_nbytes)
        _keep_time(descriptor, journal, system)
        insist(system.fsync, descriptor)


def roll_back(descriptor: int, journal: Journal, system: System) -> None:
    """Put back what was there; the file must have been moved on already if it was to be."""
    write_all(system, descriptor, journal.old_head, journal.shift)
    if journal.old_footer:
        write_all(system, descriptor, journal.old_footer, journal.footer_at)
    elif os.fstat(descriptor).st_size > journal.input_nbytes + journal.shift:
        insist(system.truncate, descriptor, journal.input_nbytes + journal.shift)
    insist(system.fsync, descriptor)
    if journal.shift:
        system.fallocate(descriptor, COLLAPSE_RANGE, 0, journal.shift)
    _keep_time(descriptor, journal, system)
    insist(system.fsync, descriptor)


def close_gap(descriptor: int, journal: Journal, system: System) -> None:
    """Undo an insertion that was cut: the file begins as before, and somewhere behind that is a hole of the shift.

    File systems make a file longer first, and then move its parts from the last one to the first, in several
    transactions when there are many parts. Raises `FormatError`, with nothing written, when the file has other holes as
    long, so that it cannot be told which one it is, and when it does not begin as before without it.
    """
    size, shift = journal.input_nbytes + journal.shift, journal.shift
    holes = [
        (start, stop)
        for start, stop in _holes(descriptor, size)
        if stop - start >= shift or (stop == size and start >= journal.input_nbytes)
    ]
    if len(holes) != 1:
        expected = f"one hole of at least {shift} bytes"
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
    _keep_time(descriptor, journal, system)
    insist(system.fsync, descriptor)


def _holes(descriptor: int, size: int) -> Iterator[tuple[int, int]]:
    """Start and end of each hole of a file, by the blocks of its file system."""
    at = 0
    while at < size:
        start = os.lseek(descriptor, at, os.SEEK_HOLE)
        if start >= size:
            return
        try:
            at = os.lseek(descriptor, start, os.SEEK_DATA)
        except OSError as error:
            if error.errno != errno.ENXIO:  # there is no more data
                raise
            at = size
        yield start, at


def _keep_time(descriptor: int, journal: Journal, system: System) -> None:
    if journal.mtime_ns is not None:
        insist(system.utime, descriptor, journal.mtime_ns)
