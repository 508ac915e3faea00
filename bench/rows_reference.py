"""The stamp of the reference implementation, which holds the whole file in memory several times, against ours."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from bench.children import APRFMT, Bench, free_memory, warm
from bench.harness import Goal, Group, Row, Run
from bench.models import MB
from bench.rows_files import GOALS_FROM_MB, JOB, ROOM, Model, in_place, stamped

__all__ = ["build_peer", "reference_groups", "space_mb"]

ROOT = Path(__file__).resolve().parents[1]
PEER = ROOT / "bench" / "peers" / "reference"
TIMES_THE_FILE = 4
"""The memory that the reference takes."""
OUT = "reference, `stamp`, sync"
IN_PLACE = "reference, in place, sync"
OURS_OUT = "`stamp -o --verify full`"


def build_peer(cargo: str) -> Path:
    """The program around the reference, built when that is not done; raises `SystemExit` when it cannot be."""
    target = Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "build" / "reference").absolute()
    command = [cargo, "build", "--quiet", "--release", "--target-dir", str(target)]
    done = subprocess.run(command, cwd=PEER, check=False)  # noqa: S603 - a program of this repository
    if done.returncode:
        raise SystemExit(f"{PEER}: expected a program, found that `cargo build` fails (exit code {done.returncode})")
    return target / "release" / "apr-bench-peer"


def _memory(megabytes: int) -> int:
    return TIMES_THE_FILE * megabytes * MB


def space_mb(megabytes: int) -> int:
    """Disk that the rows of a size take: two models and a copy; none when they are left out for want of memory."""
    return 3 * megabytes if _memory(megabytes) <= free_memory() else 0


def reference_groups(bench: Bench, megabytes: int) -> Iterator[Group]:
    """One size, its data in the page cache: ours against the reference, out of place and in place."""
    title = f"{megabytes} MB, warm, against the reference"
    needed, free = _memory(megabytes), free_memory()
    if needed > free:
        gigabytes = f"{needed / 1e9:.1f} GB of free memory for the reference, found {free / 1e9:.1f} GB"
        yield Group(title, {}, (), (f"all: expected {gigabytes}: it takes {TIMES_THE_FILE} times the file",))
        return
    cargo = shutil.which("cargo")
    if cargo is None:
        yield Group(title, {}, (), ("all: the reference is built with cargo, which is not on this machine",))
        return
    model, theirs = Model(bench, megabytes * MB), Model(bench, megabytes * MB, "theirs")

    @cache
    def program() -> Path:
        built = build_peer(cargo)
        _agree(bench, built, model)
        return built

    try:
        ways: dict[str, Callable[[], Run]] = {
            OUT: lambda: _their_stamp(program(), theirs),
            IN_PLACE: lambda: _their_stamp_in_place(program(), theirs),
            OURS_OUT: lambda: stamped(_warmed(model), "--verify", "full"),
            ROOM: lambda: in_place(_warmed(model)),
            ROOM + JOB: lambda: in_place(_warmed(model), job=True),
        }
        large = megabytes >= GOALS_FROM_MB
        rows = (
            Row(OURS_OUT, OUT, (Goal("ratio", 1 / 10),) if large else ()),
            Row(ROOM, IN_PLACE),
            Row(ROOM + JOB, IN_PLACE, (Goal("ratio", 1 / 200),) if large else ()),
        )
        yield Group(title, ways, rows)
    finally:
        model.remove()
        theirs.remove()


def _warmed(model: Model) -> Model:
    warm(model.path)
    return model


def _their_stamp(program: Path, model: Model) -> Run:
    warm(model.path)
    try:
        return model.bench.process([program, "stamp", model.path, model.copy, model.bench.text()], sync=model.copy)
    finally:
        model.copy.unlink(missing_ok=True)


def _their_stamp_in_place(program: Path, model: Model) -> Run:
    warm(model.path)
    return model.bench.process([program, "stamp-in-place", model.path, model.bench.text()], sync=model.path)


def _agree(bench: Bench, program: Path, model: Model) -> None:
    """Both make the same bytes of the same file."""
    text = bench.text()
    theirs, ours = bench.folder / "agree-theirs.apr", bench.folder / "agree-ours.apr"
    options = ["--license", "Apache-2.0", "--data-source", text, "--data-license", "CC-BY-4.0"]
    bench.process([program, "stamp", model.small, theirs, text])
    bench.process([*APRFMT, "stamp", model.small, "-o", ours, "-q", *options])
    assert theirs.read_bytes() == ours.read_bytes(), "expected the same stamped file of the reference and of aprfmt"
    theirs.unlink()
    ours.unlink()
