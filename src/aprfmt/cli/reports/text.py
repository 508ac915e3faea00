"""The report for people at a terminal: a line a file, two lines a finding, a summary at the end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from ...errors import quoted
from ...layout import facts
from .. import render
from . import Judged, Result, Tally, Terms, by_rule, verdict, where

if TYPE_CHECKING:
    from ...rules import Finding

__all__ = ["finding_lines", "pieces"]


def pieces(results: Iterable[Result], terms: Terms, *, verbose: bool = False, quiet: bool = False) -> Iterator[str]:
    """The lines of a file each, then the summary; nothing about a file that cannot be read, which is no data.

    A rule that fails for every tensor is cut short unless `verbose`, which also names the rules that were skipped. When
    `quiet`, there is nothing but the files that fail, with the findings that make them fail.
    """
    tally = Tally(terms)
    for result in tally.over(results):
        if isinstance(result, Judged) and not (quiet and terms.passed(result.report)):
            yield "".join(f"{line}\n" for line in _lines(result, terms, verbose=verbose, quiet=quiet))
    if not quiet and tally.n_files > tally.files["unreadable"]:
        yield f"{tally.rules if tally.n_files == 1 else tally.summary}\n"


def _lines(result: Judged, terms: Terms, *, verbose: bool, quiet: bool) -> Iterator[str]:
    report = result.report
    yield f"{render.escape(result.file)}: {verdict(report, terms)}"
    for rule, findings in by_rule(report, terms, quiet=quiet).items():
        shown = findings if verbose else findings[: render.FINDINGS_A_RULE]
        yield from (f"  {line}" for finding in shown for line in finding_lines(finding))
        left = len(findings) - len(shown)
        if hidden := left + report.not_kept.get(rule, 0):
            yield f"  {hidden} more of {rule} {'(-v shows more)' if left else 'were counted, not kept'}"
    if verbose and report.rules_skipped:
        yield f"  skipped: {', '.join(report.rules_skipped)}"


def finding_lines(finding: Finding) -> Iterator[str]:
    """The two lines of a finding, without the indentation that they have below the line of their file."""
    yield f"{finding.severity} {finding.rule} {facts.RULES[finding.rule].name}: {render.short(finding.message)}"
    text = f"  {render.escape(where(finding))}"
    if finding.expected or finding.found:
        text += f": expected {render.short(finding.expected)}, found {render.short(finding.found)}"
    if finding.tensor is not None:
        text += f"; tensor {render.short(quoted(finding.tensor), 80)}"
    yield text
