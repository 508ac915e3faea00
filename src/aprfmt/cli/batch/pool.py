"""Jobs, several at a time: each in a thread of its own, their results handed out as they come.

Rules of this file:
1. However it ends, no job is left running: those that run are told to stop and waited for, so that each has cleaned up.
2. A result that is there is handed out before a signal or an error goes on: what is done is known to be done.
3. What is handed out is taken up in the main thread where no signal raises, so that none is lost between two steps.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from itertools import islice
from queue import Empty, SimpleQueue
from typing import Generic, NamedTuple, Protocol, TypeAlias, TypeVar

from .. import signals

__all__ = ["Done", "Update", "Watch", "default_workers", "working"]

T = TypeVar("T")
R = TypeVar("R")

Update: TypeAlias = Callable[[int, int], None]
"""What a job calls after each piece, with bytes done and bytes in all; it raises to stop the job."""

_MOST_WORKERS = 4
_LOOK_SECONDS = 1.0
"""How long a signal may wait where the system does not interrupt a thread that waits for another."""


class Done(NamedTuple, Generic[T, R]):
    """A job that is over: its position among the jobs, the job, and what came of it."""

    position: int
    job: T
    result: R


class Watch(Protocol):
    """Who wants to know how far the jobs are; it is called from their threads."""

    def at(self, index: int, done: int, total: int) -> None:
        """A job has begun, or is so many bytes of so many further."""

    def over(self, index: int) -> None:
        """A job is over, whatever came of it."""


class _StoppedError(BaseException):
    """Raised in a job that is to stop; no `Exception`, so that nothing takes it for a fault of the file."""


def default_workers(n_files: int, *, only_syncs: bool = False) -> int:
    """How many files at a time, unless somebody says: at most the processors, the files, and four.

    Hashing and copying release the interpreter, so that a processor each is kept busy; beyond four at a time it is the
    disk that is waited for, and each job may hold metadata of some hundred megabytes. Jobs that do little but wait for
    the disk to sync may be more than the processors: it syncs several at a time.
    """
    if only_syncs:
        return max(1, min(_MOST_WORKERS, n_files))
    affinity = getattr(os, "sched_getaffinity", None)  # only some systems tell which processors are ours
    cpus = len(affinity(0)) if affinity is not None else os.cpu_count() or 1
    return max(1, min(_MOST_WORKERS, cpus, n_files))


@contextmanager
def working(
    jobs: Sequence[T], work: Callable[[T, Update], R], *, workers: int, watch: Watch | None = None
) -> Iterator[Iterator[Done[T, R]]]:
    """Work at all jobs, so many at a time; inside, an iterator over what is over, in the order in which it came.

    `work` gets a job and what to call after each piece, in a thread of its own; with one worker in this thread. It is
    to return what went wrong. When it raises, the jobs that run are stopped, what is over is handed out, and the error
    goes on. So does a signal, which raises while the next result is waited for and nowhere else: from here on signals
    wait, as after `signals.wait`. No more jobs are under way than there are workers, whoever is slow.

    Leaving the context stops the jobs that run, and waits for them.
    """
    if workers < 1:
        raise ValueError(f"expected at least 1 worker, found {workers}")
    signals.wait()
    results = _in_turn(jobs, work, watch) if workers == 1 else _Pool(jobs, work, watch).results(workers)
    with closing(results):
        yield results


def _in_turn(
    jobs: Sequence[T], work: Callable[[T, Update], R], watch: Watch | None
) -> Generator[Done[T, R], None, None]:
    """All jobs one after the other, in this thread; a signal raises between two pieces of one."""
    for index, job in enumerate(jobs):

        def update(done: int, total: int, index: int = index) -> None:
            with signals.may_raise():
                pass
            if watch is not None:
                watch.at(index, done, total)

        try:
            update(0, 0)
            result = work(job, update)
        finally:
            if watch is not None:
                watch.over(index)
        yield Done(index, job, result)


class _Pool(Generic[T, R]):
    """The threads of one run, and what they have come to."""

    def __init__(self, jobs: Sequence[T], work: Callable[[T, Update], R], watch: Watch | None) -> None:
        self._jobs, self._work, self._watch = jobs, work, watch
        self._stopping = False
        self._threads: dict[int, threading.Thread] = {}
        # What is over waits here, and not in the queue: a signal may raise when a queue has let go of something and
        # nobody has got it yet.
        self._over: deque[tuple[int, R | BaseException]] = deque()
        self._wakes: SimpleQueue[None] = SimpleQueue()

    def results(self, workers: int) -> Generator[Done[T, R], None, None]:
        """Everything that is over, as it comes."""
        waiting = iter(range(len(self._jobs)))
        try:
            for index in islice(waiting, workers):
                self._start(index)
            while self._threads:
                with signals.may_raise():
                    self._wait()
                if not isinstance(self._over[0][1], BaseException):  # which goes on, and nothing more begins
                    for following in islice(waiting, 1):
                        self._start(following)
                index, result = self._take()
                if isinstance(result, BaseException):
                    raise result
                yield Done(index, self._jobs[index], result)
        except GeneratorExit:
            raise
        except BaseException as error:
            self._stop()
            yield from self._rest(error)
            raise
        finally:
            self._stop()

    def _start(self, index: int) -> None:
        self._threads[index] = thread = threading.Thread(target=self._run, args=(index,), name=f"aprfmt-job-{index}")
        try:
            thread.start()
        except RuntimeError:  # the system has no thread left
            del self._threads[index]
            raise

    def _wait(self) -> None:
        while True:
            signals.insist()  # what raises while the interpreter tidies up behind itself raises into nothing
            with suppress(Empty):
                return self._wakes.get(timeout=_LOOK_SECONDS)

    def _take(self) -> tuple[int, R | BaseException]:
        index, result = self._over.popleft()
        self._threads.pop(index).join()
        return index, result

    def _run(self, index: int) -> None:
        """The thread of a job."""

        def update(done: int, total: int) -> None:
            if self._stopping:
                raise _StoppedError
            if self._watch is not None:
                self._watch.at(index, done, total)

        result: R | BaseException
        try:
            update(0, 0)
            result = self._work(self._jobs[index], update)
        except BaseException as error:
            result = error
        finally:
            if self._watch is not None:
                self._watch.over(index)
        self._over.append((index, result))
        self._wakes.put(None)

    def _stop(self) -> None:
        """Tell every job to stop, and wait until it has cleaned up."""
        self._stopping = True
        for thread in self._threads.values():
            thread.join()

    def _rest(self, error: BaseException) -> Iterator[Done[T, R]]:
        """What was over before it was stopped; the first other fault becomes the context of the error that goes on."""
        while self._over:
            index, result = self._take()
            if not isinstance(result, BaseException):
                yield Done(index, self._jobs[index], result)
            elif not isinstance(result, _StoppedError | signals.SignalledError) and error.__context__ is None:
                error.__context__ = result
