"""The system calls that change something on a disk, through one small object: tests put faults into it.

Rules of this file:
1. Everything that an unfinished stamp may leave behind is done by a call of `System`, and by nothing else.
2. A call that only some systems have is looked up when it is needed; without it, `OSError` says ENOSYS.
3. A call that a signal interrupted before it did anything is made again; one that did less than asked for is continued.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

__all__ = ["COLLAPSE_RANGE", "INSERT_RANGE", "System", "insist", "is_overlay", "write_all"]

COLLAPSE_RANGE, INSERT_RANGE = 0x08, 0x20
"""Modes of fallocate(2): take blocks out of a file, put blocks of zeros into it."""

_OVERLAY = 0x794C7630
_MOVERS = {0xEF53: "ext4", 0x58465342: "XFS", _OVERLAY: "which hands it to one of these"}
"""What statfs(2) calls the file systems whose insertion of blocks can be told from what it leaves when it is cut: they
make the file longer first, move its parts from the last one on, and leave one hole. F2FS makes it longer last, so that
the end of a file may be lost; a server reached by CIFS copies the data, so that parts of it may be there twice."""

_R = TypeVar("_R")
_PATIENCE = 100
"""How often a call may be interrupted before that is reported: no signal comes as often."""


class System:
    """The calls themselves. `n_calls` counts those that change something, `nbytes` what they wrote."""

    def __init__(self) -> None:
        self.n_calls = 0
        self.nbytes = 0

    def open(self, path: str, flags: int, mode: int = 0o600) -> int:
        """As `os.open`; the descriptor is not inherited."""
        self.n_calls += bool(flags & os.O_CREAT)
        return os.open(path, flags | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0), mode)

    def pwrite(self, descriptor: int, data: bytes | memoryview, at: int) -> int:
        """Write at a place, maybe only some of `data`; how many bytes it was."""
        self.n_calls += 1
        if (pwrite := getattr(os, "pwrite", None)) is not None:
            written = int(pwrite(descriptor, data, at))
        else:
            os.lseek(descriptor, at, os.SEEK_SET)
            written = os.write(descriptor, data)
        self.nbytes += written
        return written

    def fsync(self, descriptor: int) -> None:
        """Wait until the file, or the folder, is on the disk."""
        self.n_calls += 1
        _fsync(descriptor)

    def can_insert(self, descriptor: int) -> bool:
        """Whether the file system of a file is one of those that insert blocks, and can be cut while they do."""
        return _file_system(descriptor) in _MOVERS

    def fallocate(self, descriptor: int, mode: int, at: int, nbytes: int) -> None:
        """Put blocks into a file, or take them out."""
        self.n_calls += 1
        call = _fallocate()
        if call(descriptor, mode, at, nbytes) != 0:
            import ctypes

            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))

    def truncate(self, descriptor: int, nbytes: int) -> None:
        """Make a file so long."""
        self.n_calls += 1
        os.ftruncate(descriptor, nbytes)

    def utime(self, descriptor: int, mtime_ns: int) -> None:
        """Set the time of the last change of a file; that of the last access stays."""
        self.n_calls += 1
        os.utime(descriptor, ns=(os.fstat(descriptor).st_atime_ns, mtime_ns))

    def unlink(self, path: str) -> None:
        """Remove a file."""
        self.n_calls += 1
        os.unlink(path)  # noqa: PTH108 - the call itself


def _fsync(descriptor: int) -> None:
    """fsync(2); on macOS it leaves the rest to a disk that writes in any order, unless it is told not to."""
    with suppress(ImportError, AttributeError, OSError):
        import fcntl

        fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)  # type: ignore[attr-defined,unused-ignore] # macOS alone has it
        return
    os.fsync(descriptor)


def _function(*names: str) -> Any:
    """The first of these functions that the C library has; `OSError` says ENOSYS when it has none."""
    with suppress(ImportError, OSError, TypeError):  # Windows has no library of all that is loaded
        import ctypes

        library = ctypes.CDLL(None, use_errno=True)
        for name in names:
            if (found := getattr(library, name, None)) is not None:
                return found
    raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))


def _fallocate() -> Callable[..., int]:
    """The function of the C library, which Python has only without its modes."""
    # Where there is no variant for 64 bits, all offsets have them.
    call = _function("fallocate64", "fallocate")
    import ctypes

    call.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)
    call.restype = ctypes.c_int
    return call  # type: ignore[no-any-return] # ctypes is untyped


def _file_system(descriptor: int) -> int | None:
    """The number by which statfs(2) of Linux names the file system of a file; None where it does not say."""
    try:
        call = _function("fstatfs64", "fstatfs")
    except OSError:
        return None
    import ctypes

    # The number comes first, as a long nearly everywhere; elsewhere none of those that are looked for is found.
    status = (ctypes.c_long * 100)()
    if sys.platform != "linux" or call(ctypes.c_int(descriptor), ctypes.byref(status)) != 0:
        return None
    return int(status[0]) & 0xFFFFFFFF


def is_overlay(descriptor: int) -> bool:
    """Whether a file is seen through layers, of which the uppermost gets a copy once it is opened for writing."""
    return _file_system(descriptor) == _OVERLAY


def insist(call: Callable[..., _R], *arguments: Any) -> _R:
    """The result of a call that does nothing when it is interrupted."""
    for _ in range(_PATIENCE):
        try:
            return call(*arguments)
        except InterruptedError:
            continue
    return call(*arguments)


def write_all(system: System, descriptor: int, data: bytes, at: int) -> None:
    """Write all of `data` from byte `at` on; raises EIO when nothing gets written any more."""
    rest = memoryview(data)
    while rest:
        written = insist(system.pwrite, descriptor, rest, at)
        if written <= 0:
            raise OSError(errno.EIO, f"expected {len(rest)} bytes to be written, found none")
        rest, at = rest[written:], at + written
