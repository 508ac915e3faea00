"""Commands as fresh processes, what they took, and what of a file is in the page cache."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from itertools import count
from pathlib import Path

from bench.harness import Run

__all__ = ["APRFMT", "Bench", "cached", "drop", "free_memory", "warm"]

APRFMT = (sys.executable, "-m", "aprfmt")
HERE = Path(__file__).resolve().parent
_BLOCK = 1 << 24


def warm(path: Path) -> None:
    """Have all of a file in the page cache, and nothing of it waiting to be written."""
    os.sync()
    block = bytearray(_BLOCK)
    with path.open("rb", buffering=0) as file:
        while file.readinto(block):
            pass


def drop(path: Path) -> None:
    """Have nothing of a file in the page cache, where the system does as it is told."""
    os.sync()
    with path.open("rb", buffering=0) as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def cached(path: Path) -> bool:
    """Whether the middle of a file can be read without waiting for a disk."""
    with path.open("rb", buffering=0) as file:
        try:
            return os.preadv(file.fileno(), [bytearray(1)], path.stat().st_size // 2, os.RWF_NOWAIT) > 0
        except BlockingIOError:
            return False
        except OSError:  # a file system that cannot tell has no disk to wait for
            return True


def free_memory() -> int:
    """Bytes that new processes can have without anything being swapped out."""
    lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))


class Bench:
    """A folder to work in, and how commands are run there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._numbers = count(1)
        # A start that compiles what it imports is not the one to measure.
        self._environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}

    def text(self) -> str:
        """A value that no file has yet, always of the same length."""
        return f"teacher-{next(self._numbers):08}"

    def patch(self) -> list[str]:
        """Options that set the three keys of provenance, one of them to a new value of the same length."""
        return ["--license", "Apache-2.0", "--data-source", self.text(), "--data-license", "CC-BY-4.0"]

    def process(self, command: Sequence[str | Path], *, sync: Path | None = None) -> Run:
        """A command as a fresh process, start-up included; what it leaves unsynced at `sync` is synced, timed too.

        Raises `SystemExit` with the command and what it said when it fails.
        """
        words = [str(word) for word in command]
        launcher = [sys.executable, "-I", "-S", str(HERE / "launch.py"), "" if sync is None else str(sync)]
        done = subprocess.run(  # noqa: S603 - commands of this benchmark
            [*launcher, *words],
            check=False,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            text=True,
            cwd=self.folder,
            env=self._environment,
        )
        numbers = done.stdout.split()
        if done.returncode or int(numbers[1]):
            raise SystemExit(f"{' '.join(words)}: exit code {numbers[1] if numbers else '?'}: {done.stderr.strip()}")
        seconds, _, *rest = numbers
        return Run(float(seconds), *map(int, rest))

    def job(self, first: Sequence[str | Path], command: Sequence[str | Path]) -> Run:
        """A command of aprfmt within a process that has run `first` already, and so has imported what it takes."""
        result = self.folder / "job.json"
        request = json.dumps([[str(word) for word in words] for words in (first, command)])
        self.process([sys.executable, HERE / "job.py", result, request])
        return Run(float(result.read_text(encoding="ascii")))

    def clones(self, path: Path) -> bool:
        """Whether the file system here can share the blocks of a file with a copy."""
        copy = path.with_suffix(".clone")
        program = shutil.which("cp") or "cp"
        done = subprocess.run([program, "--reflink=always", path, copy], check=False, capture_output=True)  # noqa: S603
        copy.unlink(missing_ok=True)
        return done.returncode == 0
