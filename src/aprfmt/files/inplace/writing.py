"""A planned stamp in place, carried out: all of it, or nothing, or with a journal that `recover` finishes.

Rules of this file:
1. Until the journal is on the disk, nothing of the file changes.
2. What goes wrong is undone. Where that goes wrong too, the journal stays, and the error says so.
3. Once the header is on the disk the stamp is done: nothing is undone any more.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ...errors import FormatError
from ...ops.inplace import BLOCK_BYTES, InPlace
from ..locking import NoLocksError
from ..naming import naming
from ..sources import FileSource, StrPath
from ..writing import require_space
from .gaps import close_gap
from .journal import Journal, journal_path, remove_journal, write_journal
from .locking import locked, require_single_name
from .steps import head_and_body, insert, move_back, read_at, roll_back, shorten
from .system import System, insist, is_overlay

__all__ = ["Refused", "Written", "block_nbytes", "write_in_place"]

_CANNOT_INSERT = frozenset(
    getattr(errno, name, -1)
    for name in ("EOPNOTSUPP", "ENOTSUP", "ENOSYS", "EINVAL", "ENODEV", "EFBIG", "EPERM", "ETXTBSY", "ESPIPE")
)
"""What systems and file systems say that do not insert blocks, or not into this file."""
_BLOCKS = frozenset(BLOCK_BYTES << power for power in range(5))
"""Sizes of blocks of ext4 and XFS that are multiples of the usual one."""


@dataclass(frozen=True, slots=True)
class Written:
    """A stamp that was carried out: bytes written, the journal included, and calls made that change something."""

    nbytes: int
    n_calls: int


@dataclass(frozen=True, slots=True)
class Refused:
    """The system cannot stamp this file in place, and nothing was written: a new file in its stead can."""

    reason: str


def block_nbytes(path: StrPath) -> int:
    """The number of bytes of which the file system at `path` inserts multiples, or a multiple of it."""
    status = getattr(os, "statvfs", None)
    found = BLOCK_BYTES if status is None else int(status(path).f_bsize)
    # Others are what a server likes to be asked for at once, or made up; nobody inserts blocks of that size.
    return found if found in _BLOCKS else BLOCK_BYTES


def write_in_place(
    path: StrPath,
    made: InPlace,
    source: FileSource,
    *,
    allow_hardlinks: bool = False,
    preserve_mtime: bool = False,
    is_locked: bool = False,
    system: System | None = None,
) -> Written | Refused:
    """Carry out a stamp that was planned for the file at `path`, opened as `source`.

    A symbolic link stays, and its target is stamped. Mode, owner and extended attributes stay; the time of the last
    change too, with `preserve_mtime`. Everything is on the disk when this returns. The file is locked meanwhile, unless
    the caller says that it `is_locked`.

    Raises `RequestError` for a file with other hard links, unless they are allowed; `FormatError` for a file that is
    not any more what it was when it was opened, or beside which the journal of another stamp lies; `OSError` as the
    system reports it, EWOULDBLOCK when another process has the lock. The file is then as it was, or the error says that
    it is not, and a journal lies beside it.
    """
    if made.must_read:
        raise ValueError("expected a plan whose data was read, found one that must be read first")
    if not hasattr(os, "pwrite"):
        return Refused("no positioned writes")
    system = System() if system is None else system
    final = Path(os.path.realpath(path))
    with naming(final):
        seen = final.stat()
        if seen.st_dev != final.parent.stat().st_dev:
            return Refused("the folder, where a journal would lie, is on another file system than the file")
        if made.shift and not system.can_insert(source.fileno()):
            return Refused("no insertion of blocks: expected a file on ext4 or XFS")
        try:
            with locked(final, system, is_locked=is_locked) as descriptor:
                return _Stamp(final, descriptor, made, source, system).carried_out(
                    seen, allow_hardlinks=allow_hardlinks, preserve_mtime=preserve_mtime
                )
        except NoLocksError as error:
            return Refused(f"no locks: {error.strerror}")


def _content(status: os.stat_result) -> tuple[int, int]:
    """What stays of a file that an overlay copies when it is opened for writing."""
    return status.st_size, status.st_mtime_ns


class _Stamp:
    """One stamp of a file that is locked."""

    def __init__(self, final: Path, descriptor: int, made: InPlace, source: FileSource, system: System) -> None:
        self._final: Final = final
        self._descriptor, self._made, self._source, self._system = descriptor, made, source, system
        self._journal_path = journal_path(final)

    def carried_out(self, seen: os.stat_result, *, allow_hardlinks: bool, preserve_mtime: bool) -> Written | Refused:
        """Write it; what `write_in_place` says. `seen` is the status of the file before it was opened for writing."""
        status = os.fstat(self._descriptor)
        if not allow_hardlinks:
            require_single_name(status, self._final)
        is_copy = is_overlay(self._descriptor) and _content(status) == _content(seen)
        self._source.require_same(seen if is_copy else status)
        if os.path.lexists(self._journal_path):
            raise self._unfinished()
        if preserve_mtime:  # the owner's right alone: who has it not must know before anything is written
            insist(self._system.utime, self._descriptor, status.st_mtime_ns)
        journal = Journal.of(self._made, status, preserve_mtime=preserve_mtime)
        if read_at(self._descriptor, 0, len(journal.before)) != journal.before:
            raise FormatError(f"the input changed while it was read: {self._final}")
        self._write_journal(journal)
        refusal = self._insert(journal)
        if refusal is not None:
            return refusal
        try:
            head_and_body(self._descriptor, journal, self._system)
        except BaseException as error:
            self._undo(error, lambda: roll_back(self._descriptor, journal, self._system))
            raise
        try:
            shorten(self._descriptor, journal, self._system)
        except OSError as error:
            raise self._left(error) from error
        remove_journal(self._journal_path, self._system)
        return Written(self._system.nbytes, self._system.n_calls)

    def _write_journal(self, journal: Journal) -> None:
        require_space(self._final.parent, journal.nbytes + journal.shift, self._final)
        try:
            write_journal(self._journal_path, journal, self._system)
        except FileExistsError:
            raise self._unfinished() from None
        except BaseException:
            with suppress(OSError):  # there was none before; one that stays says nothing that is wrong
                self._system.unlink(str(self._journal_path))
            raise

    def _insert(self, journal: Journal) -> Refused | None:
        """Move the file on; a refusal when the system cannot, with nothing left of the attempt."""
        try:
            insert(self._descriptor, journal, self._system)
        except BaseException as error:
            size = os.fstat(self._descriptor).st_size
            self._undo(error, lambda: None if size == journal.input_nbytes else self._uninsert(journal))
            if isinstance(error, OSError) and size == journal.input_nbytes and error.errno in _CANNOT_INSERT:
                return Refused(f"no insertion of blocks: {error.strerror}")
            raise
        return None

    def _uninsert(self, journal: Journal) -> None:
        if read_at(self._descriptor, 0, len(journal.header)) == journal.before[: len(journal.header)]:
            close_gap(self._descriptor, journal, self._system)
        elif read_at(self._descriptor, journal.shift, len(journal.before)) == journal.before:
            # All of it has moved. Nothing is written: that it has may not be on the disk.
            move_back(self._descriptor, journal, self._system)
        else:
            raise FormatError(f"the insertion of blocks left another head: {self._final}")

    def _undo(self, error: BaseException, undo: Callable[[], None]) -> None:
        """Put back what was there and remove the journal; when that fails too, raise what says that it is left."""
        try:
            undo()
            remove_journal(self._journal_path, self._system)
        except (OSError, FormatError):
            if isinstance(error, OSError):
                raise self._left(error) from error

    def _unfinished(self) -> FormatError:
        text = f"a stamp in place of {self._final} was not finished (aprfmt recover finishes or undoes it)"
        return FormatError(text, expected="no journal", found=str(self._journal_path))

    def _left(self, error: OSError) -> OSError:
        text = f"{error.strerror}; the stamp is half done (aprfmt recover finishes or undoes it)"
        return OSError(error.errno, text, str(self._final))
