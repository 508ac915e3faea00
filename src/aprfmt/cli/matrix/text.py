"""The report for people, on a terminal: who was asked, what failed and how to see it again, and at the end the sum."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...conform import Result, Run
from ...conform.results import Reason
from .. import render
from . import words
from .subjects import by_subject, defect, is_refusal, name

__all__ = ["pieces"]

_A_GROUP = 3
_REASONS = 5


def pieces(runs: Sequence[Run], *, quiet: bool = False, verbose: bool = False) -> Iterator[str]:
    """The lines of each run, which end with its summary; a blank line between two.

    A group of failures is cut short unless `verbose`, and only its first one is shown with how to see it again. When
    `quiet`, there is nothing but what counts against the implementation, and the sums.
    """
    before = ""
    for run in runs:
        lines = [*_lines(run, quiet=quiet, verbose=verbose), run.summary]
        if quiet and len(runs) > 1:
            lines.insert(0, f"{words.who(run, render.short)}:")
        yield before + "".join(f"{line}\n" for line in lines)
        before = "\n"


def _lines(run: Run, *, quiet: bool, verbose: bool) -> Iterator[str]:
    if not quiet:
        yield f"{words.who(run, render.short)}, {words.plug(run, render.escape)}"
        yield words.asked(run, render.short)
        yield words.setup(run)
    yield from _failures(run, verbose=verbose)
    if not quiet:
        yield from _skips(run, verbose=verbose)
        yield from _known(run, verbose=verbose)
    for fault in run.faults:
        yield f"list of known failures: {render.short(fault)}"
    if quiet:
        if not run.conforms:
            yield f"{words.verdict(run)}: {words.outcomes(run)}"
        return
    refused, valid = run.valid_files
    if refused == valid > 0:
        yield "every valid file is refused: does the command itself work?"
    for label, text in words.figures(run, render.short):
        yield f"{label}: {text}"
    if verbose:
        yield from _wrong_reasons(run)
    yield f"{words.verdict(run)}: {words.outcomes(run)}"


def _failures(run: Run, *, verbose: bool) -> Iterator[str]:
    for about, outcomes in by_subject(result for result in run.results if result.counts).items():
        yield f"{render.escape(name(about))}: {defect(about)}{_refused(run, about)}"
        for outcome, results in outcomes.items():
            yield f"  {outcome}, {render.count(len(results), 'vector')}:"
            shown = results if verbose else results[:_A_GROUP]
            for number, result in enumerate(shown):
                yield from _failure(result, reproduced=verbose or number == 0)
            if left := len(results) - len(shown):
                yield f"    and {left} more (-v shows them)"


def _refused(run: Run, about: str) -> str:
    ran = [result for result in run.results if result.rule == about and is_refusal(result) and _ran(result)]
    return f"; {sum(not result.failed for result in ran)} of {len(ran)} refused" if ran else ""


def _ran(result: Result) -> bool:
    return result.outcome is not result.outcome.SKIP


def _failure(result: Result, *, reproduced: bool = True) -> Iterator[str]:
    said = words.beside(result, render.short)
    detail = f": {render.short(result.detail)}" if result.detail else ""
    yield f"    {render.escape(result.vector)}{detail}{f' [{said}]' if said else ''}"
    if result.reproduce and reproduced:
        yield f"      {render.escape(result.reproduce)}"


def _skips(run: Run, *, verbose: bool) -> Iterator[str]:
    reasons = words.skips(run)
    for number, (reason, results) in enumerate(reasons.items()):
        if number == _REASONS and not verbose:
            left = sum(map(len, reasons.values())) - sum(map(len, list(reasons.values())[:_REASONS]))
            yield f"skipped {left} more, for {render.count(len(reasons) - _REASONS, 'other reason')} (-v shows them)"
            return
        yield f"skipped {render.count(len(results), 'vector')}: {render.short(reason or 'no reason given')}"
        if verbose:
            yield f"  {', '.join(render.escape(result.vector) for result in results)}"


def _known(run: Run, *, verbose: bool) -> Iterator[str]:
    for entry, results in words.known(run).items():
        number = render.count(len(results), "vector")
        yield f"known {render.short(entry.kind)}, {number}: {words.issue(entry, render.short)}"
        if verbose:
            for result in results:
                yield f"  {result.outcome}"
                yield from _failure(result)


def _wrong_reasons(run: Run) -> Iterator[str]:
    for result in run.results:
        if result.reason is Reason.WRONG and not result.failed:
            code = f", code {render.short(result.code)}" if result.code else ""
            yield f"  wrong reason: {render.escape(result.vector)}, broken {render.escape(result.rule)}{code}"
