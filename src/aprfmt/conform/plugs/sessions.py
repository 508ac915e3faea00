"""The processes of a session: what memory they hold, and the end of all of them.

A harness runs in a session of its own. What it starts belongs to the session too, unless it leaves it on purpose: then
its environment still has the mark of the plug. Where the system has no /proc, only the process group can be ended, and
no memory is measured.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

__all__ = [
    "MARK",
    "Member",
    "end_marked",
    "end_session",
    "high_water",
    "measures_memory",
    "members",
    "reset_high_water",
]

MARK = "APRFMT_CONFORM_PLUG"
"""The environment variable that holds the mark of a plug."""

_PROC = Path("/proc")
_STATE, _SESSION, _RESIDENT = 0, 3, 21  # fields of /proc/PID/stat behind the name of the program
_GONE = (b"Z", b"X", b"x")
_ROUNDS, _PAUSE = 200, 0.005  # a killed process is gone after a moment; one that waits for a device may never be


class Member(NamedTuple):
    """A process of a session: its id, and the bytes of memory that it holds."""

    pid: int
    nbytes: int


def measures_memory() -> bool:
    """Whether this system says how much memory a process holds."""
    return any(member.nbytes for member in members(os.getsid(0))) if hasattr(os, "getsid") else False


def _processes() -> Iterator[int]:
    with suppress(OSError):
        yield from (int(name) for name in os.listdir(_PROC) if name.isdigit())  # noqa: PTH208 - polled; paths cost more


def members(session: int) -> list[Member]:
    """The processes of a session that have not ended; none where the system has no /proc."""
    page = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 1
    found = []
    for pid in _processes():
        try:
            # The name is in brackets, and may hold brackets and blanks itself.
            fields = _content(f"/proc/{pid}/stat").rpartition(b")")[2].split()
            if int(fields[_SESSION]) == session and fields[_STATE] not in _GONE:
                found.append(Member(pid, int(fields[_RESIDENT]) * page))
        except (OSError, IndexError):
            continue  # it ended meanwhile
    return found


def _content(path: str) -> bytes:
    with open(path, "rb") as file:  # noqa: PTH123 - polled; paths cost more
        return file.read()


def reset_high_water(pid: int) -> bool:
    """Forget the most memory that the process has held; False where that cannot be done."""
    try:
        Path(f"/proc/{pid}/clear_refs").write_bytes(b"5")
    except OSError:
        return False
    return True


def high_water(pid: int) -> int:
    """The most bytes of memory that the process has held; 0 where the system does not say."""
    with suppress(OSError, ValueError):
        for line in _content(f"/proc/{pid}/status").splitlines():
            if line.startswith(b"VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0


def end_session(pid: int) -> None:
    """Kill the session and the process group that the process leads. It must not be reaped before: its id is its own
    until then."""
    for _ in range(_ROUNDS):
        if hasattr(os, "killpg"):
            with suppress(OSError):
                os.killpg(pid, signal.SIGKILL)
        left = members(pid)
        for member in left:
            _kill(member.pid)
        if not left:
            return
        time.sleep(_PAUSE)


def end_marked(mark: str) -> None:
    """Kill every process that has the mark in its environment, in whatever session it is by now."""
    wanted = f"{MARK}={mark}".encode("ascii")
    for _ in range(_ROUNDS):
        left = [pid for pid in _processes() if pid != os.getpid() and wanted in _environment(pid)]
        for pid in left:
            _kill(pid)
        if not left:
            return
        time.sleep(_PAUSE)


def _environment(pid: int) -> list[bytes]:
    try:
        return _content(f"/proc/{pid}/environ").split(b"\0")
    except OSError:
        return []


def _kill(pid: int) -> None:
    with suppress(OSError):
        os.kill(pid, signal.SIGKILL)
