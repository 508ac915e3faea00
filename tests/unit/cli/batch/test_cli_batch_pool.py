"""Jobs in threads: what comes out, in which order, and what is left when a signal or an error ends it."""

from __future__ import annotations

import os
import queue
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import pytest
from tests.unit.cli.running import GOLDEN, names, sparse_model

from aprfmt import ProvenancePatch, WriteOptions, stamp_file
from aprfmt.cli.batch import pool
from aprfmt.cli.batch.pool import Done, Update, default_workers, working
from aprfmt.cli.signals import SignalledError, raising

SECONDS = 60
posix = pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
ways = pytest.mark.parametrize("workers", [1, 2, 7])


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Signals as they are under `main`, and no thread that outlives its test."""
    before = threading.active_count()
    with raising(restore=True):
        yield
    assert threading.active_count() == before


class Watched:
    """What a watch was told."""

    def __init__(self) -> None:
        self.said: list[tuple[int, int, int]] = []
        self.ended: list[int] = []

    def at(self, index: int, done: int, total: int) -> None:
        self.said.append((index, done, total))

    def over(self, index: int) -> None:
        self.ended.append(index)


R = TypeVar("R")


def take(results: Iterable[Done[Any, R]], found: list[R], each: Callable[[], object] = lambda: None) -> None:
    """Put what is handed out into a list, which outlives an error."""
    for done in results:
        found.append(done.result)
        each()


def double(job: int, update: Update) -> int:
    update(1, 2)
    return 2 * job


@ways
def test_every_job_is_done_once(workers: int) -> None:
    watch = Watched()
    with working(range(20), double, workers=workers, watch=watch) as results:
        found = list(results)
    assert sorted(found, key=lambda done: done.position) == [Done(n, n, 2 * n) for n in range(20)]
    assert sorted(watch.ended) == list(range(20))
    assert sorted(watch.said) == sorted([(n, 0, 0) for n in range(20)] + [(n, 1, 2) for n in range(20)])


@ways
def test_no_jobs(workers: int) -> None:
    with working(range(0), double, workers=workers) as results:
        assert list(results) == []


def test_no_workers() -> None:
    with pytest.raises(ValueError, match="expected at least 1 worker, found 0"), working([1], double, workers=0):
        pass


def test_one_worker_is_this_thread() -> None:
    with working([1, 2], lambda _job, _update: threading.current_thread(), workers=1) as results:
        assert {done.result for done in results} == {threading.current_thread()}


def test_jobs_run_at_the_same_time_and_no_more_than_workers() -> None:
    together = threading.Barrier(3)
    running: list[int] = []
    most: list[int] = []

    def work(job: int, _update: Update) -> int:
        running.append(job)
        most.append(len(running))
        together.wait(SECONDS)
        running.remove(job)
        return job

    with working(range(9), work, workers=3) as results:
        assert sorted(done.result for done in results) == list(range(9))
    assert max(most) == 3


def test_results_come_as_they_are_there() -> None:
    second = threading.Event()

    def work(job: int, _update: Update) -> int:
        if job == 0:
            second.wait(SECONDS)
        return job

    with working(range(2), work, workers=2) as results:
        assert next(results).position == 1
        second.set()
        assert next(results).position == 0


@ways
def test_who_is_slow_to_take_results_does_not_pile_them_up(workers: int) -> None:
    begun: list[int] = []

    def work(job: int, _update: Update) -> int:
        begun.append(job)
        return job

    with working(range(100), work, workers=workers) as results:
        for taken in range(1, 11):
            next(results)
            assert len(begun) <= taken + workers


# --- errors


@ways
def test_an_error_of_a_job_is_not_lost(workers: int) -> None:
    def work(job: int, _update: Update) -> int:
        if job == 3:
            raise ZeroDivisionError("job 3")
        return job

    found: list[int] = []
    with pytest.raises(ZeroDivisionError, match="job 3"), working(range(50), work, workers=workers) as results:
        take(results, found)
    assert set(found) >= {0, 1, 2}
    assert 3 not in found
    if workers == 1:
        assert found == [0, 1, 2]


def test_what_was_over_before_the_error_is_handed_out_and_what_ran_is_stopped() -> None:
    failing, running = threading.Event(), threading.Event()
    ends: list[str] = []

    def work(job: str, update: Update) -> str:
        if job == "runs":
            try:
                running.set()
                while True:
                    update(1, 2)
            finally:
                ends.append(job)
        if job == "fails":
            failing.wait(SECONDS)
            raise OSError("lost")
        return job

    def go_on() -> None:
        running.wait(SECONDS)
        failing.set()

    found: list[str] = []
    with pytest.raises(OSError, match="lost"), working(["runs", "fails", "quick"], work, workers=3) as results:
        take(results, found, go_on)
    assert (found, ends) == (["quick"], ["runs"])


def test_a_second_error_is_the_context_of_the_first() -> None:
    together = threading.Barrier(2)

    def work(job: str, _update: Update) -> None:
        together.wait(SECONDS)
        raise ValueError(job)

    with pytest.raises(ValueError, match=r"^[ab]$") as caught, working("ab", work, workers=2) as results:
        list(results)
    assert {str(caught.value), str(caught.value.__context__)} == {"a", "b"}


def test_a_system_without_another_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is over is handed out although the next job cannot begin."""
    begun: list[int] = []
    real = threading.Thread.start

    def start(thread: threading.Thread) -> None:
        if len(begun) == 2:
            raise RuntimeError("can't start new thread")
        begun.append(1)
        real(thread)

    monkeypatch.setattr(threading.Thread, "start", start)
    found: list[int] = []
    with pytest.raises(RuntimeError, match="can't start"), working(range(5), double, workers=2) as results:
        take(results, found)
    assert sorted(found) == [0, 2]


@ways
def test_leaving_early_stops_what_runs(workers: int) -> None:
    ends: list[int] = []

    def work(job: int, update: Update) -> int:
        try:
            while job:
                update(1, 2)
        finally:
            ends.append(job)
        return job

    with working(range(workers), work, workers=workers) as results:
        assert next(results).result == 0
    assert sorted(ends) == list(range(workers))


def test_an_error_of_who_takes_results_stops_what_runs() -> None:
    ends: list[int] = []

    def work(job: int, update: Update) -> int:
        try:
            while job:
                update(1, 2)
        finally:
            ends.append(job)
        return job

    def fail() -> None:
        raise KeyError

    with pytest.raises(KeyError), working(range(2), work, workers=2) as results:
        take(results, [], fail)
    assert sorted(ends) == [0, 1]


# --- signals


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


@posix
def test_a_signal_stops_what_runs_after_it_has_cleaned_up() -> None:
    running = threading.Barrier(3)
    cleaned: list[int] = []

    def work(job: int, update: Update) -> int:
        if job == 0:
            return job
        running.wait(SECONDS)
        try:
            while True:
                update(1, 2)
        finally:
            cleaned.append(job)

    def end() -> None:
        running.wait(SECONDS)
        interrupt()

    found: list[int] = []
    with pytest.raises(SignalledError), working(range(9), work, workers=2) as results:
        take(results, found, end)
    assert found == [0]
    assert sorted(cleaned) == [1, 2]


@posix
def test_a_signal_while_a_result_is_waited_for() -> None:
    begun = threading.Event()

    def work(_job: int, update: Update) -> int:
        begun.set()
        while True:
            update(1, 2)

    def send() -> None:
        begun.wait(SECONDS)
        interrupt()

    sender = threading.Thread(target=send)
    sender.start()
    with pytest.raises(SignalledError), working(range(3), work, workers=2) as results:
        next(results)
    sender.join()


@posix
def test_a_signal_that_raised_into_nothing_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception in a destructor, or in a callback of the collector, is printed and lost."""

    class Lossy(queue.SimpleQueue[None]):
        def get(self, block: bool = True, timeout: float | None = None) -> None:
            assert block
            assert timeout is not None
            with suppress(SignalledError):
                interrupt()
            raise queue.Empty

    monkeypatch.setattr(pool, "SimpleQueue", Lossy)

    def work(_job: int, update: Update) -> int:
        while True:
            update(1, 2)

    with pytest.raises(SignalledError), working(range(3), work, workers=2) as results:
        next(results)


@posix
def test_a_system_that_does_not_interrupt_a_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """There it is looked for a signal whenever nothing has come for a while."""
    waits: list[float] = []

    class Sluggish(queue.SimpleQueue[None]):
        def get(self, block: bool = True, timeout: float | None = None) -> None:
            assert block
            assert timeout is not None
            waits.append(timeout)
            if len(waits) == 5:
                interrupt()
            raise queue.Empty

    monkeypatch.setattr(pool, "SimpleQueue", Sluggish)

    def work(_job: int, update: Update) -> int:
        while True:
            update(1, 2)

    with pytest.raises(SignalledError), working(range(3), work, workers=2) as results:
        next(results)
    assert len(waits) >= 5
    assert max(waits) <= 1


@posix
@ways
def test_what_is_over_is_handed_out_before_the_signal_goes_on(workers: int) -> None:
    """All that ran to its end is seen, whatever came in between."""
    ended: list[int] = []

    def work(job: int, update: Update) -> int:
        update(1, 2)
        if job == 5:
            interrupt()
        ended.append(job)
        return job

    found: list[int] = []
    with pytest.raises(SignalledError), working(range(100), work, workers=workers) as results:
        take(results, found)
    assert sorted(found) == sorted(ended)
    assert len(found) < 100


@posix
@ways
def test_a_signal_that_is_hidden_by_the_cleaning_up_goes_on(workers: int) -> None:
    def work(job: int, update: Update) -> str:
        try:
            interrupt()
            update(1, 2)
        except BaseException:
            return f"{job} failed"  # as when an error of the cleaning up takes its place
        return f"{job} done"

    with pytest.raises(SignalledError), working(range(100), work, workers=workers) as results:
        assert len([done.result for done in results]) < 100


@posix
def test_a_fault_beside_a_signal_is_not_lost() -> None:
    both = threading.Barrier(2, action=interrupt, timeout=SECONDS)

    def work(_job: int, update: Update) -> int:
        both.wait()
        try:
            while True:
                update(1, 2)
        finally:
            raise ZeroDivisionError

    with pytest.raises(SignalledError) as caught, working([1, 2], work, workers=2) as results:
        next(results)
    assert isinstance(caught.value.__context__, ZeroDivisionError)


@posix
def test_one_worker_is_interrupted_between_two_pieces() -> None:
    reached = []

    def work(_job: int, update: Update) -> None:
        interrupt()
        reached.append("the end of the piece")
        update(1, 2)
        reached.append("the next piece")

    with pytest.raises(SignalledError), working(range(2), work, workers=1) as results:
        next(results)
    assert reached == ["the end of the piece"]


@posix
@ways
def test_a_signal_after_the_last_job_changes_nothing(workers: int) -> None:
    with working(range(1), double, workers=workers) as results:
        for done in results:
            interrupt()
            assert done.result == 0


# --- files


BIG = 1 << 26


@posix
def test_an_interrupt_in_the_middle_of_files_leaves_no_temporary_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    small, big = ["a.apr", "b.apr", "never.apr"], ["big1.apr", "big2.apr"]
    for name in small:
        Path(name).write_bytes((GOLDEN / "sharded.apr").read_bytes())
    for name in big:
        sparse_model(Path(name), BIG)
    before = {name: Path(name).stat() for name in (*big, "never.apr")}
    both = threading.Barrier(2, action=interrupt, timeout=SECONDS)
    seen: list[int] = []

    def work(name: str, update: Update) -> str:
        met = False

        def progress(done: int, total: int) -> None:
            nonlocal met
            if name in big and done > BIG // 2 and not met:
                met = True
                seen.append(len(list(tmp_path.glob(".*.tmp"))))
                both.wait()
            update(done, total)

        options = WriteOptions(layout="canonical")
        stamp_file(name, None, ProvenancePatch(license="MIT"), in_place=True, progress=progress, options=options)
        return name

    found: list[str] = []
    with pytest.raises(SignalledError), working(["a.apr", "b.apr", *big, "never.apr"], work, workers=2) as results:
        take(results, found)
    assert max(seen) == 2
    assert sorted(found) == ["a.apr", "b.apr"]
    assert names(tmp_path) == sorted(small + big)
    for name, status in before.items():
        after = Path(name).stat()
        assert (after.st_ino, after.st_mtime_ns) == (status.st_ino, status.st_mtime_ns)


def test_how_many_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(16)), raising=False)
    assert [default_workers(n) for n in (0, 1, 3, 4, 5, 1000)] == [1, 1, 3, 4, 4, 4]
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {7, 9})
    assert default_workers(1000) == 2
    assert [default_workers(n, only_syncs=True) for n in (0, 1, 3, 1000)] == [1, 1, 3, 4]
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    assert default_workers(1000) == 3
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert default_workers(1000) == 1
