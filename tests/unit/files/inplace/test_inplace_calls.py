"""Every call that changes the disk is one that the tests can cut, as the kernel saw it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.unit.files.inplace.faults import SCENARIOS

_ROOT = Path(__file__).resolve().parents[4]
_CHILD = """
import os, sys
from contextlib import suppress
from pathlib import Path
from aprfmt.files.inplace import System, recover
from tests.unit.files.inplace.faults import SCENARIOS, Crash, Faulty, stamp
path = Path(sys.argv[1])
for scenario in SCENARIOS:
    for what in ("stamp", "undo", "recover"):
        path.write_bytes(scenario.raw)
        system = Faulty(System(), 9, "EIO") if what == "undo" else System()
        if what == "recover":
            with suppress(Crash):
                stamp(path, scenario, Faulty(System(), 8, "before"))
        with suppress(OSError):
            os.stat("/begin")
        with suppress(OSError):
            recover(path, system=system) if what == "recover" else stamp(path, scenario, system)
        with suppress(OSError):
            os.stat("/end")
        print(system.n_calls - (what == "undo"), scenario.name, what)
"""
_CHANGING = (
    *("write", "writev", "pwrite64", "pwritev", "pwritev2", "truncate", "ftruncate", "fallocate", "creat"),
    *("fsync", "fdatasync", "sync", "syncfs", "sync_file_range", "msync", "copy_file_range", "sendfile", "splice"),
    *("rename", "renameat", "renameat2", "link", "linkat", "symlink", "symlinkat", "unlink", "unlinkat", "rmdir"),
    *("mkdir", "mkdirat", "mknod", "mknodat", "chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "fchown"),
    *("lchown", "fchownat", "utime", "utimes", "utimensat", "futimesat", "setxattr", "lsetxattr", "fsetxattr"),
    *("removexattr", "lremovexattr", "fremovexattr"),
)
_OPENING, _LOOKING = ("open", "openat", "openat2"), ("stat", "newfstatat", "statx")
_BEGIN, _END = '"/begin"', '"/end"'


def test_the_kernel_sees_no_other_calls(tmp_path: Path) -> None:
    found, said = traced(tmp_path)
    assert len(found) == len(said) == 3 * len(SCENARIOS)
    for calls, line in zip(found, said, strict=True):
        n_calls, _, name = line.partition(" ")
        assert len(calls) == int(n_calls) >= 6, "\n".join([name, *calls])


def changes(call: str) -> bool:
    name = call.partition("(")[0]
    return name in _CHANGING or (name in _OPENING and ("O_CREAT" in call or "O_TRUNC" in call))


def traced(folder: Path) -> tuple[list[list[str]], list[str]]:
    """The calls of each stamp and recovery, and how many of these the system counted itself."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed")
    log, path = folder / "log", folder / "files" / "model.apr"
    path.parent.mkdir()
    # A question mark lets pass what this architecture does not have.
    calls = ",".join(f"?{call}" for call in (*_CHANGING, *_OPENING, *_LOOKING))
    run = subprocess.run(
        [strace, "-f", "-o", log, "-e", f"trace={calls}", sys.executable, "-B", "-c", _CHILD, path],
        cwd=_ROOT,
        env={**os.environ, "PYTHONPATH": f"{_ROOT / 'src'}{os.pathsep}{_ROOT}"},
        capture_output=True,
        text=True,
    )
    if run.returncode and not run.stdout:
        pytest.skip(f"processes cannot be traced here: {run.stderr}")
    assert run.returncode == 0, run.stderr
    found: list[list[str]] = []
    is_between = False
    for line in log.read_text().splitlines():
        if _BEGIN in line:
            found.append([])
        if _BEGIN in line or _END in line:
            is_between = _BEGIN in line
        elif is_between and changes(call := re.sub(r"^\d+ +", "", line)):
            found[-1].append(call)
    return found, run.stdout.splitlines()
