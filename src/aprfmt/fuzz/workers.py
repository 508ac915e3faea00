"""Who works: one desk in this process, or one in each of several.

Rules of this file:
1. However it ends, every desk is closed; when this process is killed, those of the others are.
2. Jobs are taken from their iterator one at a time and late, so that whoever makes them can stop.
3. Nothing that a process of the pool does, or its death, keeps this one waiting.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Protocol, TypeAlias, TypeVar

from ..errors import RequestError
from .desk import Desk, Settings

__all__ = ["Job", "Workers", "working"]

R = TypeVar("R")
_GRACE_SECONDS = 3.0
"""How long a process may go on with what it does once the run is over."""
_GONE = 70


Job: TypeAlias = Callable[[Desk], R]
"""What is done at a desk; it must be possible to send it to another process."""


class Workers(Protocol):
    """Somebody who does jobs. `desk` is one of this process."""

    desk: Desk

    def results(self, jobs: Iterable[Job[R]]) -> Iterator[R]:
        """What the jobs come to, as it comes."""

    def close(self) -> None:
        """End everything."""


def working(settings: Settings, jobs: int) -> Workers:
    """So many workers, with targets that have started. Raises `RequestError` when one cannot be started."""
    desk = Desk(settings)
    if jobs == 1:
        return _Alone(desk)
    # One that gives itself another name each time is the same one for all of them.
    named = (replace(spec, name=target.name) for spec, target in zip(settings.targets, desk.targets, strict=True))
    return _Pool(desk, replace(settings, targets=tuple(named)), jobs)


class _Alone:
    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def results(self, jobs: Iterable[Job[R]]) -> Iterator[R]:
        """One after the other, here."""
        for job in jobs:
            yield job(self.desk)

    def close(self) -> None:
        """Close the desk."""
        self.desk.close()


class _Pool:
    def __init__(self, desk: Desk, settings: Settings, jobs: int) -> None:
        self.desk = desk
        context = get_context("spawn")
        # As long as nobody closes the one end, or dies with it, the run goes on.
        lifeline, self._lifeline = context.Pipe(duplex=False)
        self._number = jobs
        # In the folder of this desk, which is removed whatever becomes of theirs.
        arguments = (settings, desk.folder, lifeline)
        self._pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=_begin, initargs=arguments)

    def results(self, jobs: Iterable[Job[R]]) -> Iterator[R]:
        """So many at a time, each in a process of its own."""
        waiting = iter(jobs)
        running: set[Future[R]] = set()
        try:
            while True:
                for job in islice(waiting, self._number - len(running)):
                    running.add(self._pool.submit(_do, job))
                if not running:
                    return
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    yield future.result()
        except BrokenProcessPool as error:
            expected = "expected a process that works, found that it died; with --jobs 1 there is none"
            raise RequestError(expected) from error
        finally:
            for future in running:
                future.cancel()

    def close(self) -> None:
        """Have every process close its desk and end, also one that waits for a target."""
        self._lifeline.close()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self.desk.close()


_here: list[Desk] = []
_closing = threading.Lock()
_settings: list[tuple[Settings, Path]] = []


def _begin(settings: Settings, folder: Path, lifeline: Connection) -> None:
    """What a process of the pool begins with. Its desk comes with its first job, whose error has somewhere to go."""
    _settings.append((settings, folder))
    Finalize(None, _close, exitpriority=1)
    threading.Thread(target=_watch, args=(lifeline,), daemon=True).start()
    # Ctrl-C goes to every process of a terminal; the first one tells the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # In a thread, because what the signal interrupts may hold what has to be closed.
    signal.signal(signal.SIGTERM, lambda _number, _frame: threading.Thread(target=_end, daemon=True).start())


def _watch(lifeline: Connection) -> None:
    """End this process when the run is over, or when nobody is left to tell."""
    with suppress(EOFError, OSError):
        lifeline.recv()
    _close()
    threading.Event().wait(_GRACE_SECONDS)  # what has nothing more to do is gone before that
    os._exit(_GONE)


def _end() -> None:
    _close()
    os._exit(_GONE)


def _close() -> None:
    """Close the desk; whoever comes second waits until that is done, so that nobody ends the process before."""
    with _closing:
        while _here:
            with suppress(OSError):
                _here.pop().close()


def _do(job: Job[R]) -> R:
    if not _here:
        _here.append(Desk(*_settings[0]))
    return job(_here[0])
