"""Many models stamped in place by one command, one at a time and by a pool."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.children import APRFMT, Bench
from bench.growth import growing, staying
from bench.harness import Goal, Group, Row, Run
from bench.models import MB, write_model
from bench.rows_files import COPY

__all__ = ["many_groups"]

GOAL_FROM_FILES = 50
"""The goal is said of so many, among which the start of a process is shared."""


class Models:
    """A folder of models, made when it is first asked for."""

    def __init__(self, bench: Bench, number: int, megabytes: int) -> None:
        self.bench, self.number, self._nbytes = bench, number, megabytes * MB
        self._folder, self._copies = bench.folder / "many", bench.folder / "copies"

    @property
    def paths(self) -> list[Path]:
        """All of them."""
        if not self._folder.exists():
            self._folder.mkdir()
            first = self._folder / "model-000.apr"
            write_model(first, self._nbytes)
            for number in range(1, self.number):
                shutil.copyfile(first, self._folder / f"model-{number:03}.apr")
        return sorted(self._folder.iterdir())

    def copied(self) -> Run:
        """By one `cp`, synced and removed; the time is that of one file, as everywhere here."""
        paths = self.paths
        self._copies.mkdir()
        os.sync()
        try:
            run = self.bench.process(["cp", "--reflink=never", *paths, self._copies], sync=self._copies)
        finally:
            shutil.rmtree(self._copies)
        return run.shared(self.number)

    def stamped(self, jobs: int, *, grows: bool) -> Run:
        """In place, so many at a time."""
        paths, bench = self.paths, self.bench
        os.sync()
        with growing(bench.folder, paths) if grows else staying(paths) as more:
            words = ["stamp", "-i", "-q", "--jobs", str(jobs), *bench.patch(), *more]
            return bench.process([*APRFMT, *words, *paths]).shared(self.number)

    def remove(self) -> None:
        """All of them."""
        shutil.rmtree(self._folder, ignore_errors=True)


def many_groups(bench: Bench, number: int, megabytes: int, jobs: int) -> Iterator[Group]:
    """So many models of a size, `jobs` at a time; every time is that of one file of the run, start-up shared by all."""
    models = Models(bench, number, megabytes)

    def way(at_a_time: int, *, grows: bool) -> Callable[[], Run]:
        return lambda: models.stamped(at_a_time, grows=grows)

    names = {False: "within the room", True: "growing"}
    ways: dict[str, Callable[[], Run]] = {COPY: models.copied}
    rows = []
    for grows, how in names.items():
        for at_a_time in sorted({1, jobs}):
            name = f"`stamp -i --jobs {at_a_time}`, {how}"
            ways[name] = way(at_a_time, grows=grows)
            has_goal = at_a_time == jobs and number >= GOAL_FROM_FILES
            rows.append(Row(name, COPY, (Goal("seconds", 0.010),) if has_goal else ()))
    try:
        yield Group(f"{number} models of {megabytes} MB", ways, tuple(rows), per=" a file")
    finally:
        models.remove()
