"""Many files stamped in place: which files, what into each, several at a time, and what became of all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from ..patch import metadata_patch
from . import render, signals
from .batch.log import Look, RunLog, look, patch_digest
from .batch.patch_map import MapLine, read_patch_map
from .batch.places import uri
from .batch.pool import Update, default_workers, working
from .batch.progress import showing
from .batch.summary import Summary
from .exits import INTERNAL, Failure
from .inputs import inputs
from .patching import Asked, Prepared, prepared, with_merge
from .receipts import Receipts, stamp_with_receipt
from .stamping import Outcome, Way, failed, outcome_json, say, unread

__all__ = ["Run", "stamp_many"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What is asked of a run over many files beside the patch and the way; None where nothing is said."""

    recursive: bool = False
    patch_map: str | None = None
    jobs: int | None = None
    log: str | None = None
    receipt: str | None = None
    receipt_format: str = "aprfmt"
    with_host: bool = True
    as_json: bool = False
    quiet: bool = False
    verbose: bool = False


@dataclass(frozen=True, slots=True)
class _Job:
    file: str
    patch: Prepared
    error: OSError | None = None


def stamp_many(files: Sequence[str], asked: Asked, way: Way, run: Run, standard_input: Callable[[], BinaryIO]) -> int:
    """Stamp all files in place and say what became of each; the exit code is 1 when any failed, that of what ended the
    run when it ended early: a signal, a log or an output that cannot be written.

    Raises before the first file is touched: `RequestError` for a request that cannot be carried out for any of them,
    `OSError` for what is needed for it and cannot be read or made.
    """
    common = prepared(asked, standard_input)
    lines = [] if run.patch_map is None else read_patch_map(run.patch_map, standard_input)
    jobs = _jobs(files, lines, common, asked.licenses, run)
    with ExitStack() as stack:
        log = None if run.log is None else stack.enter_context(RunLog(run.log))
        if log is not None:
            for text in log.notes:
                render.note(text)
        return _Stamping(jobs, way, run, log, common.notes).over_all()


def _jobs(files: Sequence[str], lines: Sequence[MapLine], common: Prepared, catalogue: str, run: Run) -> list[_Job]:
    """Every file once, whatever it is called, with its patch, which is held against the schema."""
    own = {uri(line.file): line for line in lines}
    found: dict[str, _Job] = {}
    common.patch.require_possible()
    for item in inputs(files, recursive=run.recursive):
        if (place := uri(item.name)) not in found:
            line = own.get(place) if item.error is None else None
            found[place] = _Job(item.name, _patch(common, line, catalogue, run), item.error)
    for place, line in own.items():
        if place not in found:
            found[place] = _Job(line.file, _patch(common, line, catalogue, run))
    for job in found.values():
        if job.error is None:
            metadata_patch(job.patch.patch)
    return list(found.values())


def _patch(common: Prepared, line: MapLine | None, catalogue: str, run: Run) -> Prepared:
    if line is None:
        return common
    return with_merge(common, line.patch, f"--patch-map {run.patch_map}: line {line.line}", catalogue)


class _Stamping:
    """One run over the files."""

    def __init__(self, jobs: Sequence[_Job], way: Way, run: Run, log: RunLog | None, notes: Sequence[str]) -> None:
        self._jobs, self._way, self._run, self._log, self._notes = jobs, way, run, log, notes
        self._summary = Summary(len(jobs), dry_run=way.dry_run)
        patches = {} if log is None else {id(job.patch): job.patch.patch for job in jobs}
        self._digests = {which: patch_digest(patch) for which, patch in patches.items()}
        self._receipts = None
        if run.receipt is not None:
            self._receipts = Receipts(
                run.receipt,
                [job.file for job in jobs],
                many=True,
                kind=run.receipt_format,
                with_host=run.with_host,
                force=way.force,
                output=None,
            )
        # What ends the run, because nobody could know any more what has been done; and whether stdout is the reason.
        self._broken: OSError | None = None
        self._is_mute = False
        self._unread: list[tuple[str, ...]] = []

    def over_all(self) -> int:
        """Stamp, say and log; whatever ends the run early, what became of the files until then is said and logged."""
        failure = None
        if not (self._run.quiet or self._run.as_json):
            for text in self._notes:
                render.note(text)
        if self._receipts is not None:
            self._receipts.make_folder()
        try:
            self._take_all()
            if self._broken is not None:
                raise self._broken
        except signals.SignalledError as error:
            failure = Failure.of_signal(error)
        except OSError as error:
            failure = Failure.of(error)
        finally:
            self._say_unread()
            if failure is not None:
                self._say_end(failure)
            self._say_summary()
        return self._summary.exit_code if failure is None else failure.exit_code

    def _take_all(self) -> None:
        names = [job.file for job in self._jobs]
        workers = self._run.jobs or default_workers(len(self._jobs), only_syncs=not self._way.reads_data)
        with (
            showing(names, [_size(name) for name in names], quiet=self._run.quiet) as progress,
            working(self._jobs, self._work, workers=workers, watch=progress) as results,
        ):
            for done in results:
                with progress.aside():
                    self._take(done.job, *done.result)

    def _work(self, job: _Job, update: Update) -> tuple[Outcome | None, Look | None]:
        """In a thread: stamp one file, and look at it for the log; no outcome for one that the log has as done."""
        if self._broken is not None:
            raise self._broken
        try:
            if job.error is not None:
                raise job.error
            log, proves = self._log, self._receipts is not None
            if log is not None and log.is_done(job.file, self._digests[id(job.patch)], with_receipt=proves):
                return None, None
            outcome = stamp_with_receipt(job.file, None, job.patch, self._way, self._receipts, update)
            return outcome, None if log is None else look(job.file)
        except Exception as error:
            signals.insist()
            return failed(job.file, error, self._way), None

    def _take(self, job: _Job, outcome: Outcome | None, seen: Look | None) -> None:
        """In the main thread, where no signal raises: log it, and say it even when that fails."""
        self._summary.add("skipped" if outcome is None else outcome.status)
        try:
            if self._log is not None and outcome is not None:
                self._log.add(
                    job.file,
                    outcome.status,
                    self._digests[id(job.patch)],
                    seen=seen,
                    error=outcome.failure,
                    receipt=outcome.receipt,
                )
        except OSError as error:
            self._broken, self._log = self._broken or error, None
        try:
            self._say(job, outcome)
        except OSError as error:
            self._broken, self._is_mute = self._broken or error, True

    def _say(self, job: _Job, outcome: Outcome | None) -> None:
        if self._run.as_json:
            skipped = {"command": "stamp", "input": job.file, "status": "skipped"}
            render.line(render.json_text(skipped if outcome is None else outcome_json(outcome)))
        elif outcome is not None:
            if outcome.is_unread and outcome.stamp is not None:
                self._unread.append(outcome.stamp.skipped)
            say(outcome, quiet=self._run.quiet, verbose=self._run.verbose, brief=True, said=self._notes)
            if outcome.failure is not None and outcome.failure.exit_code == INTERNAL and self._run.verbose:
                render.note("run it alone to see where the fault is")
        elif not self._run.quiet:
            render.line(f"Skipped {render.escape(job.file)} (done before)")
        render.flush()

    def _say_unread(self) -> None:
        """Once for all files, what their notes have in common."""
        if self._unread and not (self._run.quiet or self._run.as_json):
            render.note(unread(sorted({rule for skipped in self._unread for rule in skipped}), len(self._unread)))

    def _say_end(self, failure: Failure) -> None:
        if self._run.as_json and not self._is_mute:
            render.line(render.json_text({"error": failure.as_json()}))
        else:
            render.fail(failure, as_json=False)

    def _say_summary(self) -> None:
        summary = self._summary
        if self._run.as_json:
            value: dict[str, Any] = {"command": "stamp", "status": "summary", "summary": summary.as_json()}
            render.line(render.json_text(value))
        elif not self._run.quiet or summary.exit_code:
            render.talk(summary.text())


def _size(name: str) -> int:
    try:
        return Path(name).stat().st_size
    except OSError:
        return 0
