"""Files of terabytes that take no room, children that are measured or may do less, and what a file system has."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from aprfmt import Flags, layout
from aprfmt import open as open_container
from aprfmt.checksum import crc32, crc32_combine
from aprfmt.files.inplace.system import INSERT_RANGE, System
from aprfmt.layout import TensorIndexEntry

__all__ = [
    "ACL",
    "N_TENSORS",
    "TEBIBYTE",
    "Child",
    "child",
    "footer_error",
    "huge_model",
    "memory_folder",
    "require_attributes",
    "require_insertion",
    "run_unprivileged",
    "set_attribute",
    "unprivileged",
    "zeros_crc32",
]

TEBIBYTE = 1 << 40
N_TENSORS = 92_000
"""As many as a model of 670 billion parameters has."""


class Child(NamedTuple):
    """What a process of its own came to; `peak` is the most memory it had, `written` what its calls wrote, in bytes."""

    code: int
    out: str
    err: str
    peak: int
    written: int


# What is written down is of the process after its start: that of a fork would count the memory of the tests.
_MEASURED = """
import json, sys
from aprfmt.cli import main
code = main(sys.argv[2:])
sys.stdout.flush()
found = {}
for path in ("/proc/self/status", "/proc/self/io"):
    with open(path, encoding="ascii", errors="replace") as file:
        found |= dict(line.split(":", 1) for line in file)
with open(sys.argv[1], "w", encoding="ascii") as file:
    json.dump({"peak": int(found["VmHWM"].split()[0]) * 1024, "written": int(found["wchar"])}, file)
sys.exit(code)
"""


def child(folder: Path, *args: str | Path) -> Child:
    """Run the program in a process of its own and measure it, where the system tells; the folder is for the figures."""
    for path in ("/proc/self/status", "/proc/self/io"):
        if not os.access(path, os.R_OK):
            pytest.skip(f"the system has no {path}")
    figures = folder / "figures.json"
    done = subprocess.run(
        [sys.executable, "-B", "-c", _MEASURED, figures, *args], capture_output=True, text=True, timeout=120
    )
    found = json.loads(figures.read_text(encoding="ascii"))
    figures.unlink()
    return Child(done.returncode, done.stdout, done.stderr, found["peak"], found["written"])


def zeros_crc32(nbytes: int) -> int:
    """The CRC-32 of so many zeros, from that of one: the length is doubled and added up like the digits of a number."""
    found, power, length = 0, crc32(b"\0"), 1
    while nbytes:
        if nbytes & 1:
            found = crc32_combine(found, power, length)
        power, length, nbytes = crc32_combine(power, power, length), 2 * length, nbytes >> 1
    return found


@cache
def _huge_head(n_tensors: int, nbytes: int) -> tuple[bytes, int]:
    """The head of a file of equal tensors of zeros, and the bytes of its data."""
    size = nbytes // n_tensors // layout.ALIGNMENT * layout.ALIGNMENT
    names = [b"model.layers.%06d.weight" % number for number in range(n_tensors)]
    entries = [TensorIndexEntry(len(name), name, 7, 1, (size,), at * size, size) for at, name in enumerate(names)]
    header = {"num_tensors": n_tensors, "flags": layout.flags_tree(Flags.LAYOUT_ROW_MAJOR)}
    head = layout.build_head(header, b'{"name":"huge"}', layout.build_entries(entries))
    return b"".join(head), n_tensors * size


def huge_model(path: Path, nbytes: int = 5 * TEBIBYTE, *, n_tensors: int = N_TENSORS, wrong_by: int | None = 0) -> Path:
    """A sound file of zeros with its footer, wrong by these bits, or None for no footer; it takes a few megabytes.

    Skips the test where the file system has no such files.
    """
    head, data_nbytes = _huge_head(n_tensors, nbytes)
    end = len(head) + data_nbytes
    footer = b""
    if wrong_by is not None:
        true = crc32_combine(crc32(head), zeros_crc32(data_nbytes), data_nbytes)
        footer = layout.build_footer(true ^ wrong_by)
    try:
        with path.open("wb") as file:
            file.write(head)
            file.truncate(end)
            file.seek(end)
            file.write(footer)
    except OSError as error:
        if error.errno not in (errno.EFBIG, errno.ENOSPC, errno.EINVAL, errno.EOVERFLOW):
            raise
        pytest.skip(f"the file system has no files of {end} bytes: {error.strerror}")
    if path.stat().st_blocks * 512 > 64 << 20:
        path.unlink()
        pytest.skip("the file system makes no holes")
    return path


def footer_error(path: Path) -> int:
    """By which bits the footer of a file is wrong whose data is nothing but zeros."""
    with open_container(path) as container:
        start, stop, footer = container.header.ofs_data, container.required_len, container.footer
        assert footer is not None
        head = crc32(container.source.read(0, start))
    return footer.checksum ^ crc32_combine(head, zeros_crc32(stop - start), stop - start)


def require_insertion(folder: Path) -> None:
    """Skip the test where the file system of a folder inserts no blocks."""
    path = folder / "probe"
    path.write_bytes(bytes(8192))
    descriptor = os.open(path, os.O_RDWR)
    try:
        System().fallocate(descriptor, INSERT_RANGE, 0, 4096)
    except OSError as error:
        pytest.skip(f"the file system inserts no blocks: {error.strerror}")
    finally:
        os.close(descriptor)
        path.unlink()


def memory_folder(name: str) -> Path:
    """A new folder in a file system in memory, to be removed by the caller; skips the test where there is none."""
    place = Path("/dev/shm")  # noqa: S108 - whether it is there is what is asked
    if sys.platform != "linux" or not os.access(place, os.W_OK):
        pytest.skip("the system has no /dev/shm")
    kinds = [line.split()[2] for line in Path("/proc/mounts").read_text().splitlines() if line.split()[1] == str(place)]
    if kinds[-1:] != ["tmpfs"]:
        pytest.skip("what is there is no tmpfs")
    if shutil.disk_usage(place).free < 64 << 20:
        pytest.skip("the tmpfs has less than 64 MiB")
    folder = place / f"aprfmt-test-{os.getpid()}-{name}"
    folder.mkdir()
    return folder


ACL = "system.posix_acl_access"
"""The attribute that Linux keeps access control lists in."""


def set_attribute(path: Path, name: str, value: bytes) -> None:
    """Give a file an extended attribute; skips the test where it can have none."""
    if not hasattr(os, "setxattr"):
        pytest.skip("the system has no extended attributes")
    try:
        os.setxattr(path, name, value)
    except OSError as error:
        pytest.skip(f"the file system has no {name}: {error.strerror}")


def require_attributes(folder: Path) -> None:
    """Skip the test where the files of a folder have no attributes of users."""
    path = folder / "probe"
    path.touch()
    try:
        set_attribute(path, "user.probe", b"1")
    finally:
        path.unlink()


def unprivileged() -> Callable[[], None] | None:
    """What a child calls before it starts, so that it may do what its user may and not what root may; None for users.

    Root without capabilities is the owner of its files and no more. Skips the test where they cannot be given up.
    """
    if os.name == "nt":
        pytest.skip("permissions of POSIX")
    if os.geteuid() != 0:
        return None
    if sys.platform != "linux":
        pytest.skip("the tests run as root, which may do all")
    import ctypes

    call = ctypes.CDLL(None, use_errno=True).prctl
    highest = int(Path("/proc/sys/kernel/cap_last_cap").read_text())

    def drop() -> None:
        for number in range(highest + 1):
            if call(24, number, 0, 0, 0):  # PR_CAPBSET_DROP: from the next program on
                os._exit(99)

    return drop


def run_unprivileged(args: Sequence[str | Path]) -> tuple[int, str]:
    """Run the program as somebody who is not root; exit code and what it says on stderr."""
    done = subprocess.run(
        [sys.executable, "-m", "aprfmt", *args],
        preexec_fn=unprivileged(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    if done.returncode == 99:
        pytest.skip("the capabilities of root cannot be given up here")
    return done.returncode, done.stderr
