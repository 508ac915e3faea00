"""Runs one command from a process that is small, and says what it took: `launch.py SYNC COMMAND…`.

The peak memory that the system reports of a child is at least that of the process that started it, because it is
inherited over the start of a program: a benchmark that starts its children itself measures itself. What this process
has is therefore the floor of what it can tell, and is said with it.

SYNC is a file or a folder of files that the command leaves unsynced, synced within the time that is measured; empty for
none. Prints seconds, exit code, peak memory and floor in bytes, and the bytes that the child wrote to files and made
the system write to the disk; 0 for what the system does not tell. The output of the command is dropped, its errors are
not.
"""

from __future__ import annotations

import os
import sys
import time

__all__ = ["main"]


def sync(place: str) -> None:
    """Have a file, or each file of a folder, on the disk."""
    paths = [os.path.join(place, name) for name in os.listdir(place)] if os.path.isdir(place) else [place]  # noqa: PTH112, PTH118, PTH208 - pathlib would double the floor
    for path in paths:
        descriptor = os.open(path, os.O_RDWR)
        os.fsync(descriptor)
        os.close(descriptor)


def table(path: str) -> dict[str, int]:
    """The numbers of a table of the kernel; empty where there is none."""
    try:
        with open(path, encoding="ascii") as file:  # noqa: PTH123 - as above
            rows = [line.split() for line in file]
    except OSError:
        return {}
    return {row[0].rstrip(":"): int(row[1]) for row in rows if len(row) > 1 and row[1].isdigit()}


def main(place: str, *command: str) -> None:
    """Run the command and print its numbers."""
    floor = table("/proc/self/status").get("VmHWM", 0)
    drop = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    begin = time.perf_counter()
    child = os.posix_spawnp(command[0], command, os.environ, file_actions=drop)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    if place:
        sync(place)
    seconds = time.perf_counter() - begin
    written = table(f"/proc/{child}/io")  # of a child that has ended and is still remembered
    _, status, usage = os.wait4(child, 0)
    code = os.waitstatus_to_exitcode(status)
    numbers = (usage.ru_maxrss * 1024, floor * 1024, written.get("wchar", 0), written.get("write_bytes", 0))
    print(seconds, code, *numbers)


if __name__ == "__main__":
    main(*sys.argv[1:])
