"""What an unfinished stamp in place left behind, finished or undone.

Rules of this file:
1. A journal that is whole is carried out, unless nothing of it has begun; one that is torn never began.
2. Nothing is written into a file of which a byte is neither what it was, nor what it shall be, nor a zero that a cut
   leaves: somebody else was there.
3. The journal goes when all is on the disk and every byte has been held against the footer.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal as OneOf

from ...errors import FormatError
from ...layout import MAGIC
from ...limits import DEFAULT_LIMITS, Limits
from ...rules import Finding
from ...source import Progress
from ..opened import judged
from ..sources import FileSource, StrPath
from ..writing import naming
from .journal import Journal, journal_path, read_journal, remove_journal
from .locking import locked
from .steps import close_gap, head_and_body, read_at, shorten
from .system import System

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
    system: System | None = None,
) -> Recovered:
    """Finish or undo a stamp in place of the file at `path` that was cut, and read the file as a whole.

    `journal` is where its journal lies, when that is not beside the file any more. `progress` is called with bytes done
    and bytes in all of the reading. It may be cut, too, and called again. The file is locked meanwhile, unless the
    caller says that it `is_locked`.

    Raises `FormatError`, with nothing written, when the journal is about another file, or somebody else wrote into this
    one since; `OSError` as the system reports it, EWOULDBLOCK when the stamp is still under way.
    """
    system = System() if system is None else system
    final = Path(os.path.realpath(path))
    place = journal_path(final) if journal is None else Path(journal)
    if not os.path.lexists(place):
        os.stat(final)  # noqa: PTH116 - a file that is not there is an error
        return Recovered("none", final)
    with naming(final), locked(final, system, is_locked=is_locked) as descriptor:
        if not os.path.lexists(place):  # whoever had the lock was done with it
            return Recovered("none", final)
        found = read_journal(place, limits)
        state = _drop(descriptor, place) if found is None else _settled(descriptor, found, place, system)
        with FileSource(os.dup(descriptor)) as source:
            report = judged(source, limits, select=(_FOOTER, _FOOTER_ABSENT), progress=progress)
        remove_journal(place, system)
    rules = {item.rule for item in report.findings}
    verified = None if rules == {_FOOTER_ABSENT} else not rules
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
        text = f"the journal is damaged, and the file is half written: {place}"
        raise FormatError(text, expected=f"the magic {MAGIC!r} or a whole journal", found=repr(start))
    return "old"


def _settled(descriptor: int, journal: Journal, place: Path, system: System) -> State:
    """Make the file the old one or the new one, as the journal says and what is there allows."""
    status = os.fstat(descriptor)
    if status.st_ino != journal.inode:
        raise _someone_else(place, f"inode {journal.inode}", f"inode {status.st_ino}")
    size = status.st_size
    moved, made = journal.input_nbytes + journal.shift, journal.output_nbytes
    sizes = f"{journal.input_nbytes}, {moved} or {made} bytes"
    is_moved = min(moved, made) <= size <= max(moved, made)
    if size != journal.input_nbytes and not is_moved:
        raise _someone_else(place, sizes, f"{size} bytes")
    begins_as_before = read_at(descriptor, 0, len(journal.header)) == journal.before[: len(journal.header)]
    if begins_as_before and (journal.shift or _is_untouched(descriptor, journal, size)):
        if size != journal.input_nbytes:
            close_gap(descriptor, journal, system)
        if read_at(descriptor, 0, len(journal.before)) != journal.before:
            raise _someone_else(place, "the old head", "another one, with the old header")
        return "old"
    if not is_moved:
        raise _someone_else(place, f"{moved} bytes, or the old header", f"{size} bytes, and another header")
    old = bytes(journal.shift) + journal.old_head
    _require_ours(descriptor, journal.new_head, old, place)
    ending = read_at(descriptor, journal.footer_at, len(journal.footer))
    _require_between(ending, journal.footer, journal.old_footer or journal.footer, journal.footer_at, place)
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
    """Raise unless the file begins with bytes that are each the new one, the old one, or zero."""
    nbytes = max(len(new), len(old))
    for at in range(0, nbytes, _CHUNK_BYTES):
        stop = min(at + _CHUNK_BYTES, nbytes)
        _require_between(read_at(descriptor, at, stop - at), new[at:stop], old[at:stop], at, place)


def _require_between(found: bytes, new: bytes, old: bytes, at: int, place: Path) -> None:
    if found in (new, old):
        return
    nbytes = max(len(new), len(old))
    wanted = zip(found, new.ljust(nbytes, b"\0"), old.ljust(nbytes, b"\0"), strict=False)
    for offset, (byte, after, before) in enumerate(wanted, at):
        if byte not in (0, after, before):
            raise _someone_else(place, f"{before:#04x} or {after:#04x} @{offset:#x}", f"{byte:#04x}")


def _someone_else(place: Path, expected: str, found: str) -> FormatError:
    text = f"the file is not as the stamp left it: nothing was written, and the journal stays: {place}"
    return FormatError(text, expected=expected, found=found)
