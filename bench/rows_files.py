"""One model of a size: copied with a stamp, stamped in place, validated; each against `cp` or `cat` of that file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from bench.children import APRFMT, Bench, cached, drop, warm
from bench.growth import growing, staying
from bench.harness import Goal, Group, Row, Run
from bench.models import MB, write_model

__all__ = [
    "COPY",
    "GOALS_FROM_MB",
    "JOB",
    "ROOM",
    "Model",
    "file_groups",
    "in_place",
    "stamped",
    "validated",
]

COPY = "`cp --reflink=never`, sync"
CAT = "`cat > /dev/null`"
CLONE = "`stamp -o --layout growable --verify head`, a clone"
ROOM = "`stamp -i`, within the room"
GROWTH = "`stamp -i`, growing"
READ_FIRST = "`stamp -i --verify full`"
VALIDATE = "`validate`"
JOB = ", job alone"
GOALS_FROM_MB = 1000
"""Goals that compare with reading and writing the data; below this the start of a process decides."""
START_IS_NOTHING_FROM_MB = 4000
"""To read this much takes far longer than to start a process, whose time is then that of the job."""
IN_PLACE_FROM_MB = 8000
"""The goal of so many times faster than copying is said of such a file."""


class Model:
    """A model that is written when it is first asked for, and one that small that everything can be tried on it."""

    def __init__(self, bench: Bench, nbytes: int, name: str = "model") -> None:
        self.bench = bench
        self._nbytes = nbytes
        self._path = bench.folder / f"{name}.apr"
        self._small = bench.folder / f"{name}-small.apr"
        self.copy = bench.folder / f"{name}-copy.apr"

    @property
    def path(self) -> Path:
        """The model."""
        if not self._path.exists():
            write_model(self._path, self._nbytes)
        return self._path

    @property
    def small(self) -> Path:
        """One of 1 MB, for a process that warms up."""
        if not self._small.exists():
            write_model(self._small, MB)
        return self._small

    def remove(self) -> None:
        """Both, and the copy."""
        for path in (self._path, self._small, self.copy):
            path.unlink(missing_ok=True)


def stamped(model: Model, *options: str, job: bool = False) -> Run:
    """The model stamped into a copy, which is removed."""
    command: list[str | Path] = ["stamp", model.path, "-o", model.copy, "-q", *options, *model.bench.patch()]
    try:
        if not job:
            return model.bench.process([*APRFMT, *command])
        small = model.small.with_suffix(".copy")
        first: list[str | Path] = ["stamp", model.small, "-o", small, "-f", "-q", *options, *model.bench.patch()]
        run = model.bench.job(first, command)
        small.unlink()
        return run
    finally:
        model.copy.unlink(missing_ok=True)


def in_place(model: Model, *options: str, grows: bool = False, job: bool = False) -> Run:
    """The model stamped in place, within its room or growing."""
    bench, path = model.bench, model.path
    with growing(bench.folder, [path]) if grows else staying([path]) as more:
        words = ["stamp", "-i", "-q", *options, *bench.patch(), *more]
        if job:
            return bench.job([*words, model.small], [*words, path])
        return bench.process([*APRFMT, *words, path])


def copied(model: Model) -> Run:
    """The model copied by `cp`, synced and removed."""
    try:
        return model.bench.process(["cp", "--reflink=never", model.path, model.copy], sync=model.copy)
    finally:
        model.copy.unlink(missing_ok=True)


def validated(model: Model, *, job: bool = False) -> Run:
    """Every rule and every checksum."""
    if job:
        return model.bench.job(["validate", "-q", model.small], ["validate", "-q", model.path])
    return model.bench.process([*APRFMT, "validate", "-q", model.path])


def file_groups(bench: Bench, megabytes: int, states: Sequence[str]) -> Iterator[Group]:
    """The model warm, with its data in the page cache, and cold; it is gone when the next group is asked for."""
    model = Model(bench, megabytes * MB)
    try:
        for state in states:
            title = f"{megabytes} MB, {state}"
            if state == "cold" and not _can_be_cold(model):
                yield Group(title, {}, (), ("all: this file system does not drop what is in the page cache",))
                continue
            clones = bench.clones(model.small)
            rows = tuple(row for row in _rows(megabytes, state) if clones or row.way not in (CLONE, CLONE + JOB))
            needed = {name for row in rows for name in (row.way, row.peer)}
            prepare = warm if state == "warm" else drop
            ways = {name: _prepared(model, prepare, way) for name, way in _ways(model).items() if name in needed}
            yield Group(title, ways, rows, () if clones else (f"{CLONE}: this file system has none",))
    finally:
        model.remove()


def _can_be_cold(model: Model) -> bool:
    drop(model.small)
    return not cached(model.small)


def _prepared(model: Model, prepare: Callable[[Path], None], way: Callable[[], Run]) -> Callable[[], Run]:
    def run() -> Run:
        prepare(model.path)
        return way()

    return run


def _out(verify: str) -> str:
    return f"`stamp -o --verify {verify}`"


def _ways(model: Model) -> dict[str, Callable[[], Run]]:
    return {
        COPY: lambda: copied(model),
        _out("full"): lambda: stamped(model, "--verify", "full"),
        _out("full") + JOB: lambda: stamped(model, "--verify", "full", job=True),
        _out("head"): lambda: stamped(model, "--verify", "head"),
        _out("readback"): lambda: stamped(model, "--verify", "readback"),
        CLONE: lambda: stamped(model, "--layout", "growable", "--verify", "head"),
        CLONE + JOB: lambda: stamped(model, "--layout", "growable", "--verify", "head", job=True),
        ROOM: lambda: in_place(model),
        ROOM + JOB: lambda: in_place(model, job=True),
        GROWTH: lambda: in_place(model, grows=True),
        GROWTH + JOB: lambda: in_place(model, grows=True, job=True),
        CAT: lambda: model.bench.process(["cat", model.path]),
        READ_FIRST: lambda: in_place(model, "--verify", "full"),
        VALIDATE: lambda: validated(model),
        VALIDATE + JOB: lambda: validated(model, job=True),
    }


def _rows(megabytes: int, state: str) -> Iterator[Row]:
    large = megabytes >= GOALS_FROM_MB
    as_cp = (Goal("ratio", 1.0),) if large else ()
    as_cat = (Goal("ratio", 1.1),) if large else ()
    faster = (Goal("ratio", 1 / 200),) if megabytes >= IN_PLACE_FROM_MB else ()
    thrifty = (Goal("written", 256 * 2**10), Goal("peak", 40 * 2**20))
    yield Row(_out("full"), COPY, (*as_cp, Goal("peak", 100 * 2**20)))
    if megabytes < START_IS_NOTHING_FROM_MB:
        yield Row(_out("full") + JOB, COPY, as_cp)
    if state == "warm":  # cold, they read the source as the first one does
        yield Row(_out("head"), COPY)
        yield Row(_out("readback"), COPY)
        yield Row(CLONE, COPY)
        yield Row(CLONE + JOB, COPY)
    for way in (ROOM, GROWTH):
        yield Row(way, COPY, thrifty)
        yield Row(way + JOB, COPY, (Goal("seconds", 0.050), *faster))
    yield Row(READ_FIRST, CAT)
    yield Row(VALIDATE, CAT, as_cat)
    if megabytes < START_IS_NOTHING_FROM_MB:
        yield Row(VALIDATE + JOB, CAT, as_cat)
