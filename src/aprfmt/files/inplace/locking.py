"""A file opened for a stamp in place, with nobody else at it."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ...errors import RequestError
from ..locking import NoLocksError, lock
from .system import System, insist

__all__ = ["locked", "require_single_name"]


@contextmanager
def locked(final: Path, system: System, *, is_locked: bool = False) -> Iterator[int]:
    """A descriptor of the file at `final`, for reading and writing, with an exclusive lock until the end.

    The lock is advisory: it keeps away those who ask for it, as every stamp in place and every recovery does. With
    `is_locked`, the caller has it already, on another descriptor, which would keep this one away, too. Raises
    `NoLocksError`, and other `OSError` of the system: EWOULDBLOCK when another process has the lock.
    """
    descriptor = insist(system.open, str(final), os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
    try:
        if not is_locked:
            _lock(descriptor, final)
        found, named = os.fstat(descriptor), final.stat()
        if (found.st_dev, found.st_ino) != (named.st_dev, named.st_ino):
            raise OSError(errno.ESTALE, "the file was replaced while it was waited for", str(final))
        yield descriptor
    finally:
        os.close(descriptor)  # which lets go of the lock


def _lock(descriptor: int, final: Path) -> None:
    try:
        insist(lock, descriptor)
    except BlockingIOError:
        text = "another process is writing this file: expected no lock on it, found one"
        raise OSError(errno.EWOULDBLOCK, text, str(final)) from None
    except NoLocksError as error:
        raise NoLocksError(error.errno, error.strerror, str(final)) from None


def require_single_name(status: os.stat_result, final: Path) -> None:
    """Raise `RequestError` for a file that has other names, whose readers would meet another content."""
    if status.st_nlink > 1:
        raise RequestError(
            f"{final} has other hard links: expected 1 name of the file, found {status.st_nlink} "
            "(--allow-hardlinks, or allow_hardlinks=True, changes it under all of them)"
        )
