"""The report as JUnit XML: a test suite a run, a test case a vector, and one for every fault of the known failures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...conform import Outcome, Result, Run
from ..reports.junit import xml
from . import words
from .subjects import is_refusal

__all__ = ["pieces"]

_FAULTS = "list of known failures"


def pieces(runs: Sequence[Run], *, quiet: bool = False, verbose: bool = False) -> Iterator[str]:
    """The document, a suite at a time; always whole.

    What counts against the implementation is a failure; what was not run, or is known, is skipped, and says why.
    """
    del quiet, verbose
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="aprfmt conform">\n'
    for run in runs:
        yield "".join(_suite(run))
    yield "</testsuites>\n"


def _suite(run: Run) -> Iterator[str]:
    failures = sum(result.counts for result in run.results) + len(run.faults)
    skipped = sum(not result.counts and result.outcome is not Outcome.PASS for result in run.results)
    numbers = f'tests="{len(run.results) + len(run.faults)}" failures="{failures}" errors="0" skipped="{skipped}"'
    yield f'  <testsuite name="{xml(run.implementation.title)}" {numbers} time="{run.seconds:.3f}">\n'
    for result in run.results:
        kind = result.rule if result.rule is not None and is_refusal(result) else result.layer
        yield _case(kind, result.vector, result.seconds, _body(result))
    for fault in run.faults:
        yield _case(_FAULTS, fault, 0, f'      <failure type="known-failures" message="{xml(fault)}"/>\n')
    yield "  </testsuite>\n"


def _case(kind: str, name: str, seconds: float, body: str) -> str:
    head = f'    <testcase name="{xml(name)}" classname="{xml(kind)}" time="{seconds:.3f}"'
    return f"{head}>\n{body}    </testcase>\n" if body else f"{head}/>\n"


def _body(result: Result) -> str:
    if result.outcome is Outcome.PASS:
        return ""
    if result.outcome is Outcome.SKIP:
        return f'      <skipped message="{xml(result.detail)}"/>\n'
    lines = [f"{result.outcome}: {result.detail}", words.beside(result, str), result.reproduce]
    text = "\n".join(xml(line) for line in lines if line)
    if result.known is not None:
        message = f"known: {words.issue(result.known, str)}"
        return f'      <skipped message="{xml(message)}">{text}</skipped>\n'
    return f'      <failure type="{result.outcome}" message="{xml(result.detail)}">{text}</failure>\n'
