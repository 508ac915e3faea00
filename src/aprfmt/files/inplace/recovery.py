"""What an unfinished stamp in place left behind, finished or undone.

Rules of this file:
1. A journal that is whole is carried out, unless nothing of it has begun, or its undoing is asked for; one that is torn
   never began.
2. Nothing is written into a file of which a byte is neither what it was nor what it shall be, but for zeros in the
   header: somebody else was there.
3. The journal goes when all is on the disk and every byte has been held against the footer. What is not surely a
   journal of this file is never removed.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal as OneOf

from ...errors import FormatError
from ...layout import HEADER_SIZE, MAGIC
from ...limits import DEFAULT_LIMITS, Limits
from ...rules import Finding
from ...source import Progress
from ..naming import naming
from ..opened import judged
from ..sources import FileSource, StrPath
from .gaps import close_gap
from .journal import Journal, journal_path, read_journal, remove_journal
from .locking import locked
from .steps import head_and_body, read_at, roll_back, shorten
from .system import System, insist

__all__ = ["Recovered", "recover", "recover_file"]

State = OneOf["old", "new", "none"]

_FOOTER, _FOOTER_ABSENT = "APR-F002", "APR-F003"
_CHUNK_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Recovered:
    """What became of a file: it is the `old` one or the `new` one, or there was nothing to recover (`none`).

    `path` is the file itself, wherever a link leads; `journal` is where the journal lay. `torn` is whether that was not
    whole, so that nothing had begun. `verified` is whether the footer matches every byte, None where there is no footer
    or nothing was read; `findings` say what is wrong. A stamp leaves a mismatch as it is, so that one was there before.
    """

    state: State
    path: Path
    journal: Path | None = None
    torn: bool = False
    verified: bool | None = None
    findings: tuple[Finding, ...] = ()


def recover(
    path: StrPath,
    *,
    journal: StrPath | None = None,
    limits: Limits = DEFAULT_LIMITS,
    progress: Progress | None = None,
    is_locked: bool = False,
    undo: bool = False,
    system: System | None = None,
) -> Recovered:
    """Finish or undo a stamp in place of the file at `path` that was cut, and read the file as a whole.

    With `undo`, the file becomes the old one as long as there is a way back, which ends when bytes behind the footer
    are dropped. `journal` is where its journal lies, when that is not beside the file any more. `progress` is called
    with bytes done and bytes in all of the reading. It may be cut, too, and called again. The file is locked meanwhile,
    unless the caller says that it `is_locked`.

    Raises `FormatError`, with nothing written and the journal still there, when the journal is about another file, or
    somebody else wrote into this one since, or what is there is no journal; when it is torn, and the footer is wrong,
    or it lies elsewhere; `OSError` as the system reports it, EWOULDBLOCK when the stamp is still under way.
    """
    system = System() if system is None else system
    final = Path(os.path.realpath(path))
    place = journal_path(final) if journal is None else Path(journal)
    is_elsewhere = os.path.realpath(place) != str(journal_path(final))
    if not os.path.lexists(place):
        (final if journal is None else place).stat()  # a file that is not there is an error
        return Recovered("none", final)
    with naming(final), locked(final, system, is_locked=is_locked) as descriptor:
        if not os.path.lexists(place):  # whoever had the lock was done with it
            return Recovered("none", final)
        found = read_journal(place, limits, owner=os.fstat(descriptor).st_uid)
        if found is None and is_elsewhere:
            raise FormatError(f"the journal is torn: its stamp had not begun, and it says nothing of a file: {place}")
        state = _drop(descriptor, place) if found is None else _settled(descriptor, found, place, system, undo=undo)
        with FileSource(os.dup(descriptor)) as source:
            report = judged(source, limits, select=(_FOOTER, _FOOTER_ABSENT), progress=progress)
        rules = {item.rule for item in report.findings}
        verified = None if rules == {_FOOTER_ABSENT} else not rules
        if found is None and verified is False:
            raise _half_written(place, "a footer that matches the file", "another")
        remove_journal(place, system)
    return Recovered(state, final, place, found is None, verified, report.findings)


def recover_file(
    path: StrPath,
    *,
    journal: StrPath | None = None,
    limits: Limits = DEFAULT_LIMITS,
    progress: Progress | None = None,
) -> Recovered:
    """Finish or undo a stamp in place of the file at `path` that was cut; arguments and errors as for `recover`."""
    return recover(path, journal=journal, limits=limits, progress=progress)


def _drop(descriptor: int, place: Path) -> State:
    """What a torn journal says: nothing has begun. A file that does not look so keeps the journal."""
    start = read_at(descriptor, 0, len(MAGIC))
    if start != MAGIC:
        raise _half_written(place, f"the magic {MAGIC!r}", repr(start))
    return "old"


def _half_written(place: Path, expected: str, found: str) -> FormatError:
    text = (
        f"the journal is torn, as if nothing had begun, and the file is damaged: nothing was written, and the journal "
        f"stays: {place} (without it, the file is taken as it is)"
    )
    return FormatError(text, expected=expected, found=found)


def _settled(descriptor: int, journal: Journal, place: Path, system: System, *, undo: bool) -> State:
    """Make the file the old one or the new one, as the journal says and what is there allows."""
    status = os.fstat(descriptor)
    if status.st_ino != journal.inode:
        raise _someone_else(place, f"inode {journal.inode}", f"inode {status.st_ino}")
    size = status.st_size
    moved, made = journal.input_nbytes + journal.shift, journal.output_nbytes
    sizes = f"{journal.input_nbytes}, {moved} or {made} bytes"
    is_moved = min(moved, made) <= size <= max(moved, made)
    if not (is_moved or journal.input_nbytes <= size <= moved):
        raise _someone_else(place, sizes, f"{size} bytes")
    begins_as_before = read_at(descriptor, 0, len(journal.header)) == journal.before[: len(journal.header)]
    if begins_as_before and (journal.shift or _is_untouched(descriptor, journal, size)):
        if size != journal.input_nbytes:
            close_gap(descriptor, journal, system)
        if read_at(descriptor, 0, len(journal.before)) != journal.before:
            raise _someone_else(place, "the old head", "another one, with the old header")
        # What is read may be in memory alone, when an undoing was cut or a sync failed.
        if journal.shift:
            insist(system.fsync, descriptor)
        else:
            mtime_ns = status.st_mtime_ns if journal.mtime_ns is None else journal.mtime_ns
            roll_back(descriptor, replace(journal, mtime_ns=mtime_ns), system)
        return "old"
    if not is_moved:
        raise _someone_else(place, f"{moved} bytes, or the old header", f"{size} bytes, and another header")
    old = bytes(journal.shift) + journal.old_head
    _require_ours(descriptor, journal.new_head, old, place)
    ending = read_at(descriptor, journal.footer_at, len(journal.footer))
    added = bytes(len(journal.footer))  # over nothing; its bytes may be zero while the file is longer already
    _require_between(ending, journal.footer, journal.old_footer or added, journal.footer_at, place)
    if undo and size >= moved:
        roll_back(descriptor, journal, system)
        return "old"
    head_and_body(descriptor, journal, system)
    shorten(descriptor, journal, system)
    return "new"


def _is_untouched(descriptor: int, journal: Journal, size: int) -> bool:
    """Whether a file that was not to be moved is the old one, byte for byte of what is written."""
    old = journal.old_head
    ending = read_at(descriptor, journal.footer_at, max(len(journal.footer), len(journal.old_footer)))
    return (
        size == journal.input_nbytes
        and read_at(descriptor, 0, len(old)) == old
        and ending[: len(journal.old_footer)] == journal.old_footer
    )


def _require_ours(descriptor: int, new: bytes, old: bytes, place: Path) -> None:
    """Raise unless the file begins with bytes that are each the new one or the old one, or zero in the header."""
    nbytes = max(len(new), len(old))
    new, old = new.ljust(nbytes, b"\0"), old.ljust(nbytes, b"\0")
    blank = bytes(HEADER_SIZE)
    found = read_at(descriptor, 0, HEADER_SIZE)
    _require_between(found, new[:HEADER_SIZE], old[:HEADER_SIZE], 0, place, blank)
    for at in range(HEADER_SIZE, nbytes, _CHUNK_BYTES):
        stop = min(at + _CHUNK_BYTES, nbytes)
        _require_between(read_at(descriptor, at, stop - at), new[at:stop], old[at:stop], at, place)


def _require_between(found: bytes, new: bytes, old: bytes, at: int, place: Path, blank: bytes = b"") -> None:
    """Raise unless each byte is the one of these at its place; `blank` is given where there may be zeros, too."""
    if found in (new, old):
        return
    for offset, (byte, after, before) in enumerate(zip(found, new, old, strict=False)):
        if byte not in (after, before, *blank[offset : offset + 1]):
            raise _someone_else(place, f"{before:#04x} or {after:#04x} @{at + offset:#x}", f"{byte:#04x}")


def _someone_else(place: Path, expected: str, found: str) -> FormatError:
    text = (
        f"the file is not as the stamp left it: nothing was written, and the journal stays: {place} "
        "(without it, the file is taken as it is)"
    )
    return FormatError(text, expected=expected, found=found)
