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

from .journal import Journal
from .system import COLLAPSE_RANGE, INSERT_RANGE, System, insist, write_all

__all__ = ["head_and_body", "insert", "keep_time", "move_back", "read_at", "roll_back", "shorten"]


def read_at(descriptor: int, start: int, nbytes: int) -> bytes:
    """Bytes of a file; fewer where it ends."""
    found = bytearray()
    while len(found) < nbytes:
        piece = _read_some(descriptor, nbytes - len(found), start + len(found))
        if not piece:
            break
        found += piece
    return bytes(found)


def _read_some(descriptor: int, nbytes: int, at: int) -> bytes:
    if (pread := getattr(os, "pread", None)) is not None:
        return bytes(pread(descriptor, nbytes, at))
    os.lseek(descriptor, at, os.SEEK_SET)
    return os.read(descriptor, nbytes)


def insert(descriptor: int, journal: Journal, system: System) -> None:
    """Put zeros before the file, and wait until they are there on the disk, and the file as it was behind them."""
    if not journal.shift:
        insist(system.fsync, descriptor)
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
    keep_time(descriptor, journal, system)
    insist(system.fsync, descriptor)


def shorten(descriptor: int, journal: Journal, system: System) -> None:
    """Drop what is behind the footer. After this there is no way back."""
    if os.fstat(descriptor).st_size > journal.output_nbytes:
        insist(system.truncate, descriptor, journal.output_nbytes)
        keep_time(descriptor, journal, system)
        insist(system.fsync, descriptor)


def roll_back(descriptor: int, journal: Journal, system: System) -> None:
    """Put back what was there; the file must have been moved on already if it was to be."""
    write_all(system, descriptor, journal.old_head, journal.shift)
    if journal.old_footer:
        # Where the footer could not be written, for a limit on the length of files, it cannot be written back either.
        if read_at(descriptor, journal.footer_at, len(journal.old_footer)) != journal.old_footer:
            write_all(system, descriptor, journal.old_footer, journal.footer_at)
    elif os.fstat(descriptor).st_size > journal.input_nbytes + journal.shift:
        insist(system.truncate, descriptor, journal.input_nbytes + journal.shift)
    insist(system.fsync, descriptor)
    move_back(descriptor, journal, system)


def move_back(descriptor: int, journal: Journal, system: System) -> None:
    """Take out again what was put before a file of which all else is as it was."""
    if journal.shift:
        system.fallocate(descriptor, COLLAPSE_RANGE, 0, journal.shift)
    keep_time(descriptor, journal, system)
    insist(system.fsync, descriptor)


def keep_time(descriptor: int, journal: Journal, system: System) -> None:
    """Set the time of the last change to what it was, where that is asked for."""
    if journal.mtime_ns is not None:
        insist(system.utime, descriptor, journal.mtime_ns)
