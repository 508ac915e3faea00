"""The tensor index parsed and built by the generated codec, against a loop written by hand; within this process."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from bench.harness import Goal, Group, Row, Run

__all__ = ["index_groups"]


def index_groups(entries: int) -> Iterator[Group]:
    """An index of so many entries; `bench_index.py` has more ways, and shows that all of them agree."""
    title = f"index of {entries} entries, in process"
    try:
        from bench import bench_index
    except ImportError as error:
        yield Group(title, {}, (), (f"all: the peers need {error.name}, which is not installed",))
        return

    @cache
    def calls() -> dict[str, dict[str, Callable[[], Any]]]:
        return bench_index.ways(bench_index.model(entries))

    ways: dict[str, Callable[[], Run]] = {}
    rows = []
    for job in ("parse", "build"):
        hand, codec = f"{job}, hand-written `struct`", f"{job}, aprfmt codec"
        ways[hand] = _timed(calls, job, bench_index.HAND)
        ways[codec] = _timed(calls, job, bench_index.CODEC)
        rows.append(Row(codec, hand, (Goal("ratio", 1.5),)))
    yield Group(title, ways, tuple(rows), rounds=3)


def _timed(calls: Callable[[], dict[str, dict[str, Callable[[], Any]]]], job: str, name: str) -> Callable[[], Run]:
    def run() -> Run:
        call = calls()[job][name]
        gc.collect()  # the garbage of the way before is not this one's
        begin = time.perf_counter()
        result = call()
        seconds = time.perf_counter() - begin
        del result
        return Run(seconds)

    return run
