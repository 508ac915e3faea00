"""The report as Markdown, for the summary of a step of CI: the verdict first, everything long behind a fold.

What comes from strangers is put into code spans, and in tables a bar is shown as an escape: it would end the cell.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...conform import Outcome, Result, Run
from ...conform.results import Enforcement
from ...layout import facts
from .. import render
from ..reports.markdown import code, fence
from . import words
from .grid import SYMBOLS, Band, Mark, Row, bands
from .subjects import SUBJECTS, defect, name, subject

__all__ = ["pieces"]

_MOST = 50
_SIGNS = {True: SYMBOLS[Mark.HELD].sign, False: SYMBOLS[Mark.NOT].sign}


def pieces(runs: Sequence[Run], *, quiet: bool = False, verbose: bool = False) -> Iterator[str]:
    """The document: of one run the rules and the vectors that failed, of several the matrix, and the rest folded.

    A list of failures is cut short unless `verbose`. When `quiet`, there is nothing but verdicts and what counts.
    """
    several = len(runs) > 1
    if several:
        yield _text(_matrix(runs, quiet=quiet))
    for run in runs:
        yield _text(_one_of_several(run, verbose=verbose) if several else _one(run, quiet=quiet, verbose=verbose))
        if not quiet:
            yield _text(_rest(run))


def _text(lines: Iterator[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _one(run: Run, *, quiet: bool, verbose: bool) -> Iterator[str]:
    yield from (f"## {_SIGNS[run.conforms]} {_span(run.implementation.title)} {words.verdict(run)}", "")
    yield from (run.summary, "")
    yield from _rules(run)
    if not quiet:
        yield from _other_rules(run)
    lines = list(_failures(run, verbose=verbose))
    if lines:
        yield from (f"### {_failing(run)}", "", *lines)
    yield from _faults(run)


def _one_of_several(run: Run, *, verbose: bool) -> Iterator[str]:
    yield from (f"### {_span(run.implementation.title)}", "")
    yield from _fold(_failing(run), list(_failures(run, verbose=verbose)))
    yield from _faults(run)


def _failing(run: Run) -> str:
    return render.count(sum(result.counts for result in run.results), "failing vector")


def _faults(run: Run) -> Iterator[str]:
    if run.faults:
        yield from ("List of known failures:", "")
        yield from (*(f"- {_span(fault)}" for fault in run.faults), "")


def _rest(run: Run) -> Iterator[str]:
    """What does not count, and how all of it came about."""
    skips, known = words.skips(run), words.known(run)
    yield from _fold(
        f"{render.count(sum(map(len, skips.values())), 'vector')} skipped",
        [f"- {len(results)}: {_span(reason or 'no reason given')}" for reason, results in skips.items()],
    )
    yield from _fold(
        render.count(sum(map(len, known.values())), "known failure"),
        [f"- {_span(entry.kind)}, {len(results)}: {words.issue(entry, _span)}" for entry, results in known.items()],
    )
    lines = [f"{words.who(run, _span)}, {words.plug(run, _span)}", words.asked(run, _span), words.setup(run)]
    lines += [f"outcomes: {words.outcomes(run)}", *(f"{label}: {text}" for label, text in words.figures(run, _span))]
    yield from _fold("How it was run", [f"- {line}" for line in lines])


def _fold(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        # Without the empty lines what is inside would be HTML, in which Markdown means nothing.
        yield from (f"<details><summary>{title}</summary>", "", *lines, "", "</details>", "")


def _rules(run: Run) -> Iterator[str]:
    """The rules that are not enforced, and what came of the files that break them."""
    short = [rule for rule, what in run.enforcement().items() if what in (Enforcement.NOT, Enforcement.PARTLY)]
    if not short:
        return
    found = {rule: [result for result in run.of_rule(rule) if result.outcome is not Outcome.SKIP] for rule in short}
    seen = {result.outcome for results in found.values() for result in results if result.failed}
    columns = [outcome for outcome in Outcome if outcome in seen]
    yield f"| rule | | refused |{''.join(f' {outcome} |' for outcome in columns)}"
    yield f"|---|---|---:|{'---:|' * len(columns)}"
    for rule, results in found.items():
        refused = sum(not result.failed for result in results)
        numbers = [sum(result.outcome is outcome for result in results) for outcome in columns]
        row = "".join(f" {number or ''} |" for number in numbers)
        yield f"| {name(rule)} | {defect(rule)} | {refused} of {len(results)} |{row}"
    yield ""


def _other_rules(run: Run) -> Iterator[str]:
    for what, said in ((Enforcement.ENFORCED, "enforced"), (Enforcement.UNTESTED, "not tested")):
        rules = [rule for rule, found in run.enforcement().items() if found is what]
        yield from _fold(
            f"{render.count(len(rules), 'rule')} {said}", [f"- {name(rule)}: {defect(rule)}" for rule in rules]
        )


def _failures(run: Run, *, verbose: bool) -> Iterator[str]:
    results = [result for result in run.results if result.counts]
    if not results:
        return
    shown = results if verbose else results[:_MOST]
    yield from ("| vector | about | outcome | detail |", "|---|---|---|---|")
    for result in shown:
        yield f"| {_cell(result.vector)} | {_about(subject(result))} | {result.outcome} | {_detail(result)} |"
    yield ""
    if left := len(results) - len(shown):
        yield from (f"and {left} more", "")
    commands = [render.escape(result.reproduce) for result in shown if result.reproduce]
    ticks = fence("\n".join(commands), 3)
    yield from _fold("How to see them again", [f"{ticks}sh", *commands, ticks] if commands else [])


def _about(about: str) -> str:
    return name(about) if about in facts.RULES or about in SUBJECTS else _cell(about)


def _detail(result: Result) -> str:
    said = words.beside(result, _cell)
    return " ".join(filter(None, (result.detail and _cell(result.detail), said and f"({said})")))


def _matrix(runs: Sequence[Run], *, quiet: bool) -> Iterator[str]:
    yield from (f"## APR v2 conformance of {len(runs)} implementations", "")
    for run in runs:
        yield f"- {_SIGNS[run.conforms]} {_span(run.implementation.title)} {words.verdict(run)}: {run.summary}"
    yield ""
    if quiet:
        return
    yield f"| |{''.join(f' {_cell(run.implementation.name)} |' for run in runs)}"
    yield f"|---|{':---:|' * len(runs)}"
    for band in bands(runs):
        yield from _band(band, len(runs))
    yield f"| **how it was run** |{' |' * len(runs)}"
    for label, values in (
        ("version", [run.implementation.version for run in runs]),
        ("plug", [run.implementation.plug for run in runs]),
        ("profile", [run.settings.profile for run in runs]),
        ("suite", [words.edition(run) for run in runs]),
        ("date", [run.date for run in runs]),
    ):
        yield f"| {label} | {' | '.join(_cell(value) if value else '' for value in values)} |"
    legend = " · ".join(f"{symbol.sign} {symbol.words}" for symbol in SYMBOLS.values())
    yield from ("", f"{legend}. Numbers are vectors: those that are as they must be, of those that were run.", "")


def _band(band: Band, columns: int) -> Iterator[str]:
    yield f"| **{band.title}** |{' |' * columns}"
    for row in band.rows:
        title = f"{row.rule} {row.title}" if row.rule else row.title
        yield f"| {title} | {' | '.join(_marks(row))} |"


def _marks(row: Row) -> Iterator[str]:
    for cell in row.cells:
        plain = row.rule is not None and cell.mark in (Mark.HELD, Mark.NOT)
        yield SYMBOLS[cell.mark].sign if plain else f"{SYMBOLS[cell.mark].sign} {cell.ratio}".strip()


def _span(text: str) -> str:
    return code(render.short(text))


def _cell(text: str) -> str:
    return code(render.short(text).replace("|", "\\x7c"))
