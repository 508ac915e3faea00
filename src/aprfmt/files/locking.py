"""An exclusive lock on an open file, where the system has locks.

A call that only some systems have is looked up when it is needed, and there is a way without it.
"""

from __future__ import annotations

import errno

__all__ = ["try_lock"]

_NO_LOCKS = {errno.ENOLCK, errno.EINVAL, errno.EBADF, errno.ENOTSUP, errno.EOPNOTSUPP}
"""What file systems say that lock nothing, or, over the network, no file that is open for reading alone."""


def try_lock(descriptor: int) -> bool:
    """Whether the file is this descriptor's alone from now on, among those who ask; it is until the descriptor closes.

    True as well where nothing can be locked: two at once are for their user to avoid then. Raises `OSError` as the
    system reports it.
    """
    try:
        import fcntl
    except ImportError:  # Windows has none
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
    return True
