"""The run: every vector as a file in a temporary folder, put to an implementation through a plug, and judged.

Rules of this file:
1. However the run ends, the folder is gone and no process of an implementation is left.
2. One file exists at a time for each plug, and sparse files one at a time at all.
"""

from __future__ import annotations

import queue
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from .. import __version__
from ..errors import RequestError, printable
from ..files import write_image
from ..vectors import OPS, Suite, Vector
from .judging import Case, judged
from .plugs import Answer, Plug
from .plugs.sessions import measures_memory
from .results import Budget, Result, Run, Settings

if TYPE_CHECKING:
    from .known import Known

__all__ = ["SPARSE_NBYTES_PER_SECOND", "conform", "run_vector"]

SPARSE_NBYTES_PER_SECOND = 1 << 27
"""The rate at which the slowest machine in sight reads holes that are not in its cache, and some more."""
_REPRODUCED_IN = "conform-repro"
_LONGEST_LINE = 4000


def conform(
    suite: Suite,
    make_plug: Callable[[], Plug],
    settings: Settings,
    *,
    known: Known | None = None,
    vectors: Sequence[Vector] | None = None,
    date: str,
    progress: Callable[[int, int], None] | None = None,
) -> Run:
    """Put vectors to an implementation: those that the settings select, or those that are given.

    `settings.jobs` plugs are asked at once. Sparse vectors come last, one at a time; where the file system does not
    make their file they are skipped. `progress` is called with vectors done and vectors in all after each of them.

    Raises `RequestError` when the implementation cannot be started, `OSError` when the files cannot be made.
    """
    if settings.jobs < 1:
        raise RequestError(f"expected at least 1 job, found {settings.jobs}")
    if vectors is None:
        ops = settings.ops or OPS
        vectors = suite.select(profile=settings.profile, layers=settings.layers, ops=ops, huge=settings.huge)
    settings = replace(settings, memory_measured=measures_memory())
    with tempfile.TemporaryDirectory(prefix="aprfmt-conform-", ignore_cleanup_errors=True) as folder:
        work = _Work(suite, make_plug, settings, Path(folder).resolve())
        try:
            first = work.first_plug()
            results: dict[str, Result] = {}
            seconds = []
            for sparse in (False, True):
                began = perf_counter()
                chosen = [vector for vector in vectors if vector.is_sparse is sparse]
                for result in work.results(chosen, jobs=1 if sparse else settings.jobs):
                    results[result.vector] = result
                    if progress is not None:
                        progress(len(results), len(vectors))
                seconds.append(perf_counter() - began)
        finally:
            work.close()
    ordered: tuple[Result, ...] = tuple(results[vector.id] for vector in vectors)
    faults: tuple[str, ...] = ()
    if known is not None:
        ordered, faults = known.apply(ordered, suite.vectors.keys())
    return Run(
        implementation=first.implementation,
        results=ordered,
        settings=settings,
        suite=suite.digest,
        aprfmt=__version__,
        date=date,
        seconds=seconds[0],
        sparse_seconds=seconds[1],
        faults=faults,
    )


class _Work:
    """The plugs of a run and the folder of its files."""

    def __init__(self, suite: Suite, make_plug: Callable[[], Plug], settings: Settings, folder: Path) -> None:
        self._suite = suite
        self._make_plug = make_plug
        self._settings = settings
        self._folder = folder
        self._lock = threading.Lock()
        self._closed = False
        self._plugs: list[Plug] = []
        self._idle: queue.SimpleQueue[Plug] = queue.SimpleQueue()

    def first_plug(self) -> Plug:
        """A plug that has started, so that what it says about itself is known."""
        plug = self._plug()
        self._idle.put(plug)
        return plug

    def _plug(self) -> Plug:
        """An idle plug, or a new one."""
        with suppress(queue.Empty):
            return self._idle.get_nowait()
        with self._lock:
            if self._closed:
                raise RequestError("the run is over")
            plug = self._make_plug()
            self._plugs.append(plug)
        plug.start()
        return plug

    def close(self) -> None:
        """End every plug; what still waits for an answer of one gets a crash, which nobody looks at."""
        with self._lock:
            self._closed = True
            plugs, self._plugs = self._plugs, []
        for plug in plugs:
            plug.close()

    def results(self, vectors: Sequence[Vector], *, jobs: int) -> Iterator[Result]:
        """The result of each vector, as they come."""
        if jobs == 1 or not vectors:
            yield from map(self._result, vectors)
            return
        with ThreadPoolExecutor(min(jobs, len(vectors))) as pool:
            futures = [pool.submit(self._result, vector) for vector in vectors]
            try:
                yield from (future.result() for future in as_completed(futures))
            except BaseException:
                self._abandon(futures)
                raise

    def _abandon(self, futures: Iterable[Future[Result]]) -> None:
        for future in futures:
            future.cancel()
        self.close()

    def _result(self, vector: Vector) -> Result:
        plug = self._plug()
        try:
            return run_vector(self._suite, vector, plug, self._settings, self._folder)
        finally:
            self._idle.put(plug)


def run_vector(suite: Suite, vector: Vector, plug: Plug, settings: Settings, folder: Path) -> Result:
    """Put one vector to a plug that has started. Its files are in the folder meanwhile.

    Raises `RequestError` when the plug cannot be asked, `OSError` when the files cannot be made.
    """
    result = _judged(suite, vector, plug, settings, folder)
    return replace(result, reproduce=_reproduce(plug, vector, settings)) if result.failed else result


def _judged(suite: Suite, vector: Vector, plug: Plug, settings: Settings, folder: Path) -> Result:
    file, output = _paths(vector, folder)
    case = Case(suite, vector, file, output, None)
    if skip := _skip(plug, vector):
        return judged(case, Answer(skip=skip), plug.rules)
    try:
        if file is not None:
            try:
                write_image(file, suite.image(vector.id))
            except OSError as error:
                if not vector.is_sparse:
                    raise
                return judged(case, Answer(skip=f"its file cannot be made: {error.strerror}"), plug.rules)
            case = Case.of(suite, vector, file, output)
        answer = plug.ask(_request(vector, settings, file, output), _budget(vector, settings))
        return judged(case, answer, plug.rules)
    finally:
        for path in (file, output):
            if path is not None:
                with suppress(OSError):  # what cannot be removed now goes with the folder
                    path.unlink()


def _paths(vector: Vector, folder: Path) -> tuple[Path | None, Path]:
    """The file of a vector, and the one that is to be made. No id has a `+`, so that no two have a name in common."""
    file = None if vector.base is None else folder / f"{vector.id}.apr"
    return file, folder / f"{vector.id}+out.apr"


def _budget(vector: Vector, settings: Settings) -> Budget:
    """The budget of a case: a sparse file gets time to be read, which takes seconds where its holes are not cached."""
    if not vector.is_sparse or vector.nbytes is None or vector.is_huge:
        return settings.budget
    seconds = settings.budget.seconds + vector.nbytes / SPARSE_NBYTES_PER_SECOND
    return replace(settings.budget, seconds=seconds)


def _request(vector: Vector, settings: Settings, file: Path | None, output: Path) -> dict[str, Any]:
    budget = _budget(vector, settings)
    request: dict[str, Any] = {
        "cmd": "run",
        "id": vector.id,
        "op": vector.op,
        "profile": vector.profile,
        "budget": {"seconds": budget.seconds, "bytes": budget.nbytes},
    }
    if vector.op == "read":
        return {**request, "file": str(file), "crc32": not vector.is_sparse}
    if vector.op == "stamp":
        return {**request, "file": str(file), "patch": dict(vector.patch or {}), "output": str(output)}
    return {**request, "tree": vector.tree, "output": str(output)}


def _reproduce(plug: Plug, vector: Vector, settings: Settings) -> str:
    """A line for a shell that makes the file and asks again; nothing when it would be too long for one."""
    folder = Path(_REPRODUCED_IN)
    request = _request(vector, settings, *_paths(vector, folder))
    huge = " --huge" if vector.is_huge else ""
    made = f"mkdir -p {folder}" if vector.base is None else f"aprfmt vectors build {folder} --only {vector.id}{huge}"
    line = f"{made} && {plug.shell(request)}"
    return line if len(line) <= _LONGEST_LINE and printable(line) == line else ""


def _skip(plug: Plug, vector: Vector) -> str:
    """Why the vector is not put to the implementation at all."""
    if vector.op not in plug.can:
        return f"does not {vector.op}"
    found = next((skip for skip in plug.skips if skip.tag in vector.tags), None)
    if found is None:
        return ""
    return f"{found.reason} ({found.issue})" if found.issue else found.reason
