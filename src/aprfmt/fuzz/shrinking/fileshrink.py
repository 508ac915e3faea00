"""Shrinking a file that somebody brings, while a command goes on doing to it what it did."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, perf_counter

from ...conform.plugs.commands import words
from ...conform.plugs.process import Process
from ...conform.plugs.sessions import end_marked
from ...conform.results import Budget, Outcome
from ...errors import RequestError
from ..drawing.recipe import Recipe
from ..judging.own import LEAST_SECONDS, opinion_of
from ..judging.symptoms import normalised
from ..targets import Target, TargetSpec, put
from .lift import lifted
from .shrink import Effort, Shrunk, shrink

__all__ = ["CONDITIONS", "FileShrunk", "shrink_file"]

CONDITIONS: tuple[str, ...] = ("exit", "stderr", "verdict")
"""What must stay: the exit code, what the last words on standard error are, or the verdict beside ours."""
_FILE = "case.apr"

Observed = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileShrunk:
    """The smaller file, and what stayed as it was; `again` is False when it does not show a second time."""

    shrunk: Shrunk
    observed: Observed
    nbytes_before: int
    again: bool = True


def shrink_file(
    raw: bytes,
    spec: TargetSpec | None,
    condition: str,
    effort: Effort,
    *,
    budget: Budget,
    profile: str = "default",
    text: str = "",
) -> FileShrunk:
    """The plainest file to which the same happens.

    With `exit` and `stderr` the command of the target is started with a file in the place of {file}; with a `text` its
    last words must have it. With `verdict` the target must go on taking or refusing the file, and our validator naming
    the first rule that it names; without a target, our validator alone. Raises `RequestError` when what is asked for is
    not so of the file as it is.
    """
    with _observer(spec, condition, budget, profile, text) as observe:
        expected = observe(raw)
        if text and expected != (text,):
            raise RequestError(f"expected {text!a:.80} among the last words of the command, found {expected[0]!a:.80}")
        rule = expected[-1] if condition == "verdict" else None

        def wanted(_recipe: Recipe, candidate: bytes) -> bool:
            return observe(candidate) == expected

        shrunk = shrink(lifted(raw), wanted, effort, about=rule or None)
        return FileShrunk(shrunk, expected, len(raw), again=observe(shrunk.raw) == expected)


@contextmanager
def _observer(
    spec: TargetSpec | None, condition: str, budget: Budget, profile: str, text: str
) -> Iterator[Callable[[bytes], Observed]]:
    """What is looked at, as a function from a file to what is seen."""
    folder = Path(tempfile.mkdtemp(prefix="aprfmt-shrink-")).resolve()
    try:
        if condition == "verdict":
            with _verdicts(spec, folder, budget, profile) as observe:
                yield observe
        elif spec is None or spec.plug != "exit":
            raise RequestError(f"expected a command with {{file}} to look at its {condition}, found none")
        else:
            command = _Command(spec.command, folder, budget)
            try:
                yield command.exit_of if condition == "exit" else lambda raw: command.last_words(raw, text)
            finally:
                command.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _verdicts(
    spec: TargetSpec | None, folder: Path, budget: Budget, profile: str
) -> Iterator[Callable[[bytes], Observed]]:
    target = None if spec is None else Target(spec, "target", folder, budget, profile)

    def observe(raw: bytes) -> Observed:
        opinion, failed = opinion_of(raw, profile, max(budget.seconds, LEAST_SECONDS))
        answer = None if target is None else target.read(raw).answer
        said = "" if answer is None else answer.verdict or str(answer.outcome or "skip")
        if opinion is None:  # a fault of ours, which can be shrunk like any other
            return said, failed[0].signature, ""
        return said, opinion.verdict, opinion.rules[0] if opinion.rules else ""

    try:
        yield observe
    finally:
        if target is not None:
            target.close()


class _Command:
    """A command that is started for every file."""

    def __init__(self, command: str, folder: Path, budget: Budget) -> None:
        self._words = words(command)
        self._file = folder / _FILE
        self._budget = budget
        self._mark = secrets.token_hex(16)
        if not any("{file}" in word for word in self._words):
            raise RequestError(f"expected a command with {{file}}, found {command!a:.80}")

    def exit_of(self, raw: bytes) -> Observed:
        """Its exit code or signal, or that it took too much."""
        ended, _ = self._run(raw)
        return (ended,)

    def last_words(self, raw: bytes, text: str) -> Observed:
        """The text where its last words have it; without one, what they say without numbers and names."""
        _, complaint = self._run(raw)
        return (text if text and text in complaint else normalised(complaint),)

    def _run(self, raw: bytes) -> tuple[str, str]:
        put(self._file, raw)
        arguments = [word.replace("{file}", os.fspath(self._file)) for word in self._words]
        process = Process(arguments, self._mark)
        try:
            outcome = process.until(lambda: process.exited, self._budget, perf_counter())
        finally:
            process.end()
        if outcome in (Outcome.TIMEOUT, Outcome.BUDGET):
            return str(outcome), process.complaint
        return f"exit code {process.returncode}", process.complaint

    def close(self) -> None:
        """End what is left of it."""
        end_marked(self._mark)


def deadline(seconds: float) -> float:
    """The time of `time.monotonic` that is so many seconds away."""
    return monotonic() + seconds
