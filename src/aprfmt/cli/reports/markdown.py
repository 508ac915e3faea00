"""The report as Markdown, for comments and job summaries: a heading a file, an item a finding, totals at the end.

What comes from a file is put into code spans, inside which nothing is markup, no link is made and nobody is mentioned.
They stand in lists and headings, never in a table, where a bar would end a cell even inside of one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from ...layout import facts
from .. import render
from . import SEVERITIES, Judged, Result, Tally, Terms, by_rule, skipped_text, verdict, where

if TYPE_CHECKING:
    from ...rules import Finding

__all__ = ["code", "fence", "pieces"]

_BACKTICKS = re.compile("`+")


def pieces(results: Iterable[Result], terms: Terms, *, quiet: bool = False) -> Iterator[str]:
    """The document, a file at a time; when `quiet`, nothing but the files that fail, with what makes them fail."""
    tally = Tally(terms)
    for result in tally.over(results):
        if not (quiet and isinstance(result, Judged) and terms.passed(result.report)):
            yield "".join(f"{line}\n" for line in _lines(result, terms, quiet=quiet))
    if quiet:
        return
    head = ("files", *_KINDS, *(f"{severity}s" for severity in SEVERITIES), "rules run", "rules skipped in a file")
    numbers = [tally.n_files, *(tally.files[kind] for kind in _KINDS), *(tally.findings[kind] for kind in SEVERITIES)]
    numbers += [len(tally.run), len(tally.skipped)]
    yield f"| {' | '.join(head)} |\n|{'---:|' * len(head)}\n| {' | '.join(map(str, numbers))} |\n"


_KINDS = ("valid", "invalid", "unreadable")


def _lines(result: Result, terms: Terms, *, quiet: bool) -> Iterator[str]:
    if not isinstance(result, Judged):
        yield f"## {code(result.file)}: {'interrupted' if result.is_interrupted else 'cannot be read'}"
        yield ""
        yield f"- **error** {code(result.failure.message)}"
        yield ""
        return
    report = result.report
    yield f"## {code(result.file)}: {verdict(report, terms)}"
    yield ""
    groups = by_rule(report, terms, quiet=quiet)
    for rule, findings in groups.items():
        for finding in findings:
            yield from _finding(finding)
        if number := report.not_kept.get(rule, 0):
            yield f"- {number} more of {rule} were counted, not kept"
    says_skipped = report.rules_skipped and (terms.require_all or not quiet)
    if says_skipped:
        yield f"- {skipped_text(report)}: {', '.join(report.rules_skipped)}"
    if groups or says_skipped:
        yield ""


def _finding(finding: Finding) -> Iterator[str]:
    rule = facts.RULES[finding.rule]
    # Words of ours stay text; a message that names something from the file could make a link or mention somebody.
    message = finding.message if finding.message == rule.defect else code(finding.message)
    yield f"- **{finding.severity}** {finding.rule} ({rule.name}): {message}"
    yield f"  - at {code(where(finding))}"
    if finding.expected or finding.found:
        yield f"  - expected {code(finding.expected)}, found {code(finding.found)}"
    if finding.tensor is not None:
        yield f"  - tensor {code(finding.tensor)}"


def code(text: str) -> str:
    """The text as a code span, inside which nothing is markup; a bar still ends the cell of a table."""
    text = render.escape(text)
    if not text:
        return "(nothing)"
    ticks = fence(text)
    # One space at both ends is taken off again, unless there is nothing else.
    if text.startswith("`") or text.endswith("`") or (text[0] == text[-1] == " " and text.strip()):
        text = f" {text} "
    return f"{ticks}{text}{ticks}"


def fence(text: str, least: int = 1) -> str:
    """Backticks that nothing in the text closes."""
    return "`" * max(least, 1 + max(map(len, _BACKTICKS.findall(text)), default=0))
