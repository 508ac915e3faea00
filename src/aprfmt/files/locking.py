"""An exclusive lock on an open file, where the system has locks.

A call that only some systems have is looked up when it is needed, and there is a way without it.
"""

from __future__ import annotations

import errno
import os

__all__ = ["NoLocksError", "lock", "try_lock"]

_NO_LOCKS = {errno.ENOLCK, errno.EINVAL, errno.EBADF, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}
"""What file systems say that lock nothing, or, over the network, no file that is open for reading alone."""
_TAKEN = {errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES}


class NoLocksError(OSError):
    """The system, or the file system, has no locks: nobody can be kept away from the file."""


def lock(descriptor: int) -> None:
    """Make the file this descriptor's alone from now on, among those who ask; it is until the descriptor closes.

    Raises `BlockingIOError` when it is another's, `NoLocksError` where nothing can be locked, and other `OSError` as
    the system reports it.
    """
    try:
        import fcntl
    except ImportError:  # Windows has none
        raise NoLocksError(errno.ENOSYS, os.strerror(errno.ENOSYS)) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _TAKEN:
            raise BlockingIOError(errno.EWOULDBLOCK, os.strerror(errno.EWOULDBLOCK)) from None
        if error.errno in _NO_LOCKS:
            raise NoLocksError(error.errno, error.strerror) from None
        raise


def try_lock(descriptor: int) -> bool:
    """Whether `lock` got the file; True as well where nothing can be locked: two at once are for their user to avoid.

    Raises `OSError` as the system reports it.
    """
    try:
        lock(descriptor)
    except BlockingIOError:
        return False
    except NoLocksError:
        return True
    return True
