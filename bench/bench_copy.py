"""A range copied into a new file, synced, in every way there is, against `cp --reflink=never` and a sync.

`python bench/bench_copy.py` prints a table in Markdown. Each run is a process of its own, so that its peak memory is
its own. Its time and its ratio are those of copy and sync; the last column has the whole process, its start included,
as `cp` always has. All ways run in turn, round after round; a ratio is the median of
the ratios of the rounds, with the smallest and the largest. Every output is first compared with its source. Warm: the
source is in the page cache. Cold: the system was told to drop it. Not a test: a busy machine is no fault.

`--folder` says where, which decides on the file system: a clone takes XFS or btrfs.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import NamedTuple

from aprfmt.checksum import crc32
from aprfmt.files import FileSource
from aprfmt.files.copying import Way, copy_range, crc32_from_disk, direct

__all__ = ["main"]

SIZES_MB = (64, 256)
ROUNDS = 5
HEAD_BYTES = 24 * 1024
"""What stands before the range in both files, in the output with as much more as it is moved by."""
MB = 1000 * 1000


class Job(NamedTuple):
    """A way of copying: which ways may be gone, by how many bytes the data moves, what is looked at."""

    ways: tuple[Way, ...]
    shift: int
    looks: bool
    reads_back: bool = False


CLONE, DIRECT, BLOCKS = (Way.CLONE,), (Way.DIRECT,), (Way.BLOCKS,)
JOBS = {
    "blocks": Job(BLOCKS, 64, looks=False),
    "blocks, CRC of every byte": Job(BLOCKS, 64, looks=True),
    "direct": Job(DIRECT, 64, looks=False),
    "direct, CRC of every byte": Job(DIRECT, 64, looks=True),
    "direct, CRC of every byte, all read back": Job(DIRECT, 64, looks=True, reads_back=True),
    "**as chosen, CRC of every byte**": Job((*CLONE, *DIRECT), 64, looks=True),
    "**clone**": Job(CLONE, 4096, looks=False),
    "clone, CRC of every byte": Job(CLONE, 4096, looks=True),
}


def copy(name: str, origin: Path, out: Path) -> None:
    """What a child does: one job, and a word about itself."""
    job = JOBS[name]
    if job.ways == DIRECT:
        direct.COLD_FROM_BYTES = 0  # whatever would be chosen
    checksum = 0

    def see(piece: memoryview) -> None:
        nonlocal checksum
        checksum = crc32(piece, checksum)

    begin = time.perf_counter()
    with FileSource(origin) as source, out.open("xb", buffering=0) as file:
        file.write(bytes(HEAD_BYTES + job.shift))
        position = file.tell()
        look = see if job.looks else None
        copied = copy_range(source, HEAD_BYTES, source.size, file.fileno(), position, see=look, ways=job.ways)
        os.fsync(file.fileno())
    if job.reads_back:
        assert crc32_from_disk(out, position, position + copied.nbytes) == checksum
    print(time.perf_counter() - begin, peak_bytes(), *copied)


def peak_bytes() -> int:
    """The most memory that this process had; 0 where the system does not say so."""
    status = Path("/proc/self/status")
    lines = status.read_text(encoding="utf-8").splitlines() if status.exists() else []
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")), 0)


class Run(NamedTuple):
    """Seconds of the copy and of the whole process, peak memory in bytes, and how many bytes went which way."""

    seconds: float
    whole: float
    peak: int
    went: tuple[int, ...]


def run_peer(origin: Path, out: Path) -> Run:
    """`cp`, and a sync of what it made."""
    begin = time.perf_counter()
    subprocess.run(["cp", "--reflink=never", str(origin), str(out)], check=True)  # noqa: S603, S607 - the peer
    descriptor = os.open(out, os.O_WRONLY)
    os.fsync(descriptor)
    os.close(descriptor)
    seconds = time.perf_counter() - begin
    return Run(seconds, seconds, 0, ())


def run_job(name: str, origin: Path, out: Path) -> Run:
    """A job in a fresh child."""
    begin = time.perf_counter()
    command = [sys.executable, str(Path(__file__)), "--child", name, str(origin), str(out)]
    run = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603 - this file
    whole = time.perf_counter() - begin
    seconds, *numbers = run.stdout.split()
    peak, *went = map(int, numbers)
    return Run(float(seconds), whole, peak, tuple(went))


def prepare(origin: Path, *, cold: bool) -> None:
    """Have the source in the page cache, or out of it."""
    os.sync()
    with origin.open("rb", buffering=0) as file:
        if cold:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        else:
            while file.read(1 << 24):
                pass


def digest(path: Path, start: int) -> str:
    """Of a file from a byte on."""
    with path.open("rb") as file:
        file.seek(start)
        return hashlib.file_digest(file, "sha1").hexdigest()


def measure(folder: Path, size_mb: int, rounds: int, jobs: dict[str, Job], *, cold: bool) -> list[str]:
    """The lines of the table of one size."""
    origin, out = folder / "origin.bin", folder / "out.bin"
    block = os.urandom(MB)
    with origin.open("wb") as file:
        file.write(os.urandom(HEAD_BYTES))
        for number in range(size_mb):
            file.write(number.to_bytes(8, "little") + block[8:])
    ways: dict[str, Callable[[], Run]] = {"`cp --reflink=never`, sync": lambda: run_peer(origin, out)}
    wanted = digest(origin, HEAD_BYTES)
    for name, job in jobs.items():
        went = run_job(name, origin, out).went
        assert digest(out, HEAD_BYTES + job.shift) == wanted, name
        out.unlink()
        if len(job.ways) > 1 or went[tuple(Way).index(job.ways[0])]:
            ways[name] = lambda name=name: run_job(name, origin, out)  # type: ignore[misc] # bound in the loop
    runs: dict[str, list[Run]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            prepare(origin, cold=cold)
            runs[name].append(way())
            out.unlink()
    origin.unlink()
    lines = [row(size_mb, cold, name, runs[name], next(iter(runs.values()))) for name in runs]
    return [
        *lines,
        *(
            f"| {size_mb} MB | {name} | not on this file system, or too small | | | |"
            for name in jobs
            if name not in ways
        ),
    ]


def row(size_mb: int, cold: bool, name: str, runs: list[Run], peers: list[Run]) -> str:
    """One way: its median, its ratios to the peer, its peak memory."""
    ratios = sorted(run.seconds / peer.seconds for run, peer in zip(runs, peers, strict=True))
    peak = max(run.peak for run in runs)
    memory = f"{peak / 2**20:.0f} MiB" if peak else ""
    spread = f"{median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
    state = "cold" if cold else "warm"
    seconds, whole = median(run.seconds for run in runs), median(run.whole for run in runs)
    return f"| {size_mb} MB {state} | {name} | {seconds:.3f} s | {spread} | {memory} | {whole:.2f} s |"


def require_space(folder: Path, size_mb: int) -> None:
    """Source and output, and as much again so that nobody else runs out of it."""
    needed, free = 3 * size_mb * MB, shutil.disk_usage(folder).free
    if free < needed:
        sys.exit(f"not enough free space in {folder}: expected {needed / MB:.0f} MB, found {free / MB:.0f} MB")


def main(arguments: list[str] | None = None) -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES_MB, metavar="MB")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--cold", action="store_true", help="drop the source from the page cache before each run")
    parser.add_argument("--only", default="", metavar="TEXT", help="only the ways with this in their name, and cp")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.child:
        name, origin, out = options.child
        copy(name, Path(origin), Path(out))
        return
    jobs = {name: job for name, job in JOBS.items() if options.only in name}
    require_space(options.folder, max(options.sizes))
    with tempfile.TemporaryDirectory(prefix="aprfmt-bench-", dir=options.folder) as folder:
        lines = [
            line
            for size in options.sizes
            for line in measure(Path(folder), size, options.rounds, jobs, cold=options.cold)
        ]
    version = ".".join(map(str, sys.version_info[:2]))
    print(f"{os.cpu_count()} cores, {platform.system()}, Python {version}, medians of {options.rounds} rounds\n")
    print(
        "| size | way | time | ratio (smallest to largest) | peak memory | whole process |\n|---|---|---|---|---|---|"
    )
    print("\n".join(lines))


if __name__ == "__main__":
    main()
