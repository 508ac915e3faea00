"""A file opened for a stamp in place, with nobody else at it."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ...errors import FormatError, RequestError
from ..sources import FileSource
from .system import System, insist

__all__ = ["NoLocksError", "locked", "require_same", "require_single_name"]


class NoLocksError(OSError):
    """The system, or the file system, has no locks: a stamp in place is not safe here."""


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
        import fcntl

        flock: Any = fcntl.flock
        insist(flock, descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (ImportError, AttributeError):
        raise NoLocksError(errno.ENOSYS, os.strerror(errno.ENOSYS), str(final)) from None
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES, errno.EAGAIN):
            text = "another process is writing this file: expected no lock on it, found one"
            raise OSError(errno.EWOULDBLOCK, text, str(final)) from None
        if error.errno in (errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL):
            raise NoLocksError(error.errno, error.strerror, str(final)) from None
        raise


def require_single_name(status: os.stat_result, final: Path) -> None:
    """Raise `RequestError` for a file that has other names, whose readers would meet another content."""
    if status.st_nlink > 1:
        raise RequestError(
            f"{final} has other hard links: expected 1 name of the file, found {status.st_nlink} "
            "(--allow-hardlinks, or allow_hardlinks=True, changes it under all of them)"
        )


def require_same(status: os.stat_result, source: FileSource, final: Path) -> None:
    """Raise `FormatError` when the file is not any more what it was when its source was opened."""
    found = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    if found != source.identity:
        text = f"the input changed while it was read: {final}"
        raise FormatError(
            text, expected=f"(device, inode, bytes, ns modified, ns changed) {source.identity}", found=str(found)
        )
