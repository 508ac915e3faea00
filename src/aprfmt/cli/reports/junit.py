"""The report as JUnit XML: a test suite a file, a test case a rule.

XML has no way to write most control characters: they are shown as escapes, like everywhere. Everything beyond ASCII is
a character reference, so that the text is the same in whatever encoding it is printed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from ...layout import facts
from .. import render
from . import Judged, Result, Terms, Unreadable, because, escaped
from .skips import reasons

if TYPE_CHECKING:
    from ...rules import Finding

__all__ = ["pieces", "xml"]

_MARKUP = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;", ord('"'): "&quot;", ord("'"): "&#39;"}


def pieces(results: Iterable[Result], terms: Terms) -> Iterator[str]:
    """The document, a suite at a time.

    What counts against a file is a failure, every other finding is in `system-out`; a rule that was skipped is skipped,
    or a failure with `terms.require_all`; a file that cannot be read is an error.
    """
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="aprfmt validate">\n'
    for result in results:
        yield "".join(_suite(result, terms) if isinstance(result, Judged) else _unreadable(result))
    yield "</testsuites>\n"


def _suite(result: Judged, terms: Terms) -> Iterator[str]:
    report = result.report
    found: dict[str, list[Finding]] = {rule: [] for rule in report.rules_run}
    for finding in report.findings:
        found.setdefault(finding.rule, []).append(finding)
    failures = sum(any(map(terms.counts, findings)) for findings in found.values())
    skipped = len(report.rules_skipped)
    if terms.require_all:
        failures, skipped = failures + skipped, 0
    yield _open(result.file, len(found) + len(report.rules_skipped), failures=failures, skipped=skipped)
    for rule, findings in found.items():
        more = report.not_kept.get(rule, 0)
        yield _case(result.file, rule, _body(findings, more, terms))
    body = "failure" if terms.require_all else "skipped"
    for rule, culprits in reasons(report).items():
        yield _case(result.file, rule, f'      <{body} message="skipped{because(culprits)}"/>\n')
    yield "  </testsuite>\n"


def _body(findings: list[Finding], more: int, terms: Terms) -> str:
    lines = [f"{finding.severity}: {escaped(finding)}" for finding in findings]
    lines += [f"{more} more were counted, not kept"] if more else []
    text = "\n".join(map(xml, lines))
    first = next(filter(terms.counts, findings), None)
    if first is None:
        return f"      <system-out>{text}</system-out>\n" if lines else ""
    attributes = f'message="{xml(first.message)}" type="{first.severity}"'
    return f"      <failure {attributes}>{text}</failure>\n"


def _unreadable(result: Unreadable) -> Iterator[str]:
    failure = result.failure
    yield _open(result.file, 1, errors=1)
    message = f'message="{xml(failure.message)}" type="{xml(failure.kind)}"'
    yield f'    <testcase name="readable" classname="{xml(result.file)}">\n      <error {message}/>\n    </testcase>\n'
    yield "  </testsuite>\n"


def _open(file: str, tests: int, *, failures: int = 0, errors: int = 0, skipped: int = 0) -> str:
    numbers = f'tests="{tests}" failures="{failures}" errors="{errors}" skipped="{skipped}"'
    return f'  <testsuite name="{xml(file)}" {numbers}>\n'


def _case(file: str, rule: str, body: str) -> str:
    head = f'    <testcase name="{xml(f"{rule} {facts.RULES[rule].name}")}" classname="{xml(file)}"'
    return f"{head}>\n{body}    </testcase>\n" if body else f"{head}/>\n"


def xml(text: str) -> str:
    """The text for an element or an attribute, in ASCII; what no XML can hold is shown as an escape."""
    return render.escape(text).translate(_MARKUP).encode("ascii", "xmlcharrefreplace").decode("ascii")
