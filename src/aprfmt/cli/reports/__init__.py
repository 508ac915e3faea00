"""What a run of `validate` came to, as text for people and programs: one module a format.

A report is a function from results to pieces of text; printing them is the business of `render`. Results are taken one
at a time, and none is kept. Names, metadata and paths come from strangers: each format escapes them in its own way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...errors import quoted
from .. import render
from ..exits import FILE, FINDINGS, INTERNAL, OK, Failure

if TYPE_CHECKING:
    from ...rules import Finding, Report

__all__ = [
    "FORMATS",
    "SEVERITIES",
    "Judged",
    "Result",
    "Tally",
    "Terms",
    "Unreadable",
    "because",
    "by_rule",
    "counts",
    "escaped",
    "result_json",
    "skipped_because",
    "skipped_text",
    "verdict",
    "where",
]

FORMATS = ("text", "json", "jsonl", "markdown", "sarif", "junit", "github")
SEVERITIES = ("error", "warning", "info")


@dataclass(frozen=True, slots=True)
class Judged:
    """A file whose bytes were read, and what the rules say about them."""

    file: str
    report: Report


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file that could not be read to its end, and why; a signal is a reason, and ends the run."""

    file: str
    failure: Failure

    @property
    def is_interrupted(self) -> bool:
        """Whether a signal kept the file, and those that would have followed, from being judged."""
        return self.failure.kind == "interrupted"


Result = Judged | Unreadable


@dataclass(frozen=True, slots=True)
class Terms:
    """What counts against a file besides errors: warnings when `strict`, skipped rules with `require_all`."""

    strict: bool = False
    require_all: bool = False

    def counts(self, finding: Finding) -> bool:
        """Whether a file with this finding fails."""
        return finding.severity == "error" or (self.strict and finding.severity == "warning")

    def passed(self, report: Report) -> bool:
        """Whether nothing counts against the file."""
        return not (self.require_all and report.rules_skipped) and not any(map(self.counts, report.findings))


@dataclass(slots=True)
class Tally:
    """Totals over the results that went by."""

    terms: Terms
    files: Counter[str] = field(default_factory=Counter)
    """How many are `valid`, `invalid` and `unreadable`; of those that are valid, `failed` did not pass all the same."""
    findings: Counter[str] = field(default_factory=Counter)
    run: set[str] = field(default_factory=set)
    """The rules that were judged in at least one file."""
    skipped: set[str] = field(default_factory=set)
    """The rules that were skipped in at least one file."""
    _internal: bool = False
    _interrupted: int | None = None

    def over(self, results: Iterable[Result]) -> Iterator[Result]:
        """The results, each counted as it goes by."""
        for result in results:
            if isinstance(result, Unreadable):
                self.files["unreadable"] += 1
                self._internal |= result.failure.exit_code == INTERNAL
                if result.is_interrupted:
                    self._interrupted = result.failure.exit_code
            else:
                valid = result.report.valid
                self.files["valid" if valid else "invalid"] += 1
                self.files["failed"] += valid and not self.terms.passed(result.report)
                self.findings.update(counts(result.report))
                self.run.update(result.report.rules_run)
                self.skipped.update(result.report.rules_skipped)
            yield result

    @property
    def n_files(self) -> int:
        """How many files went by, read or not."""
        return self.files["valid"] + self.files["invalid"] + self.files["unreadable"]

    @property
    def exit_code(self) -> int:
        """What the program ends with: a signal outweighs everything, a file that was not read every finding."""
        if self._interrupted is not None:
            return self._interrupted
        if self._internal:
            return INTERNAL
        if self.files["unreadable"]:
            return FILE
        return FINDINGS if self.files["invalid"] or self.files["failed"] else OK

    @property
    def rules(self) -> str:
        """`45 rules run, 3 skipped in some files, 1 of them in all`; run is what was judged in at least one file."""
        text = f"{render.count(len(self.run), 'rule')} run, {len(self.skipped)} skipped"
        if self.run & self.skipped:
            text += " in some files"
            if everywhere := len(self.skipped - self.run):
                text += f", {everywhere} of them in all"
        return text

    @property
    def summary(self) -> str:
        """The last line: `3 files: 2 valid, 1 invalid; 45 rules run, 0 skipped`."""
        named = [f"{self.files[kind]} {kind}" for kind in ("valid", "invalid")]
        named += [f"{self.files['unreadable']} unreadable"] if self.files["unreadable"] else []
        failed = f" ({self.files['failed']} of them failed)" if self.files["failed"] else ""
        named[0] += failed
        return f"{render.count(self.n_files, 'file')}: {', '.join(named)}; {self.rules}"


def by_rule(report: Report, terms: Terms, *, quiet: bool) -> dict[str, list[Finding]]:
    """The findings of every rule that has some, the worst first; when `quiet`, those that count against the file."""
    found: dict[str, list[Finding]] = {}
    for finding in sorted(report.findings, key=lambda finding: SEVERITIES.index(finding.severity)):
        if terms.counts(finding) or not quiet:
            found.setdefault(finding.rule, []).append(finding)
    return found


def because(rules: Sequence[str]) -> str:
    """` because of APR-H001 and APR-M003`: the rules that kept others from being judged; nothing without any."""
    if not rules:
        return ""
    return f" because of {' and '.join(filter(None, (', '.join(rules[:-1]), rules[-1])))}"


def counts(report: Report) -> Counter[str]:
    """How many errors, warnings and infos there are, those that were not kept included."""
    severities = {finding.rule: str(finding.severity) for finding in report.findings}
    found = Counter(str(finding.severity) for finding in report.findings)
    for rule, number in report.not_kept.items():
        found[severities.get(rule, "error")] += number
    return found


def verdict(report: Report, terms: Terms) -> str:
    """`INVALID, 2 errors, 1 warning; 3 rules skipped because of APR-D001`."""
    number = counts(report)
    parts = ["valid" if report.valid else "INVALID"]
    parts += [render.count(number[severity], severity) for severity in SEVERITIES if number[severity]]
    text = ", ".join(parts)
    if report.rules_skipped:
        text += f"; {skipped_text(report)}"
    if report.valid and not terms.passed(report):
        reasons = {
            "--strict": terms.strict and number["warning"],
            "--require-all": terms.require_all and report.rules_skipped,
        }
        text += f"; fails with {' and '.join(name for name, holds in reasons.items() if holds)}"
    return text


def skipped_text(report: Report) -> str:
    """`3 rules skipped because of APR-D001`."""
    return f"{render.count(len(report.rules_skipped), 'rule')} skipped{because(skipped_because(report))}"


def skipped_because(report: Report) -> tuple[str, ...]:
    """The rules that kept others from being judged, in the order of the specification."""
    from ...layout import facts
    from .skips import reasons

    found = {name for names in reasons(report).values() for name in names}
    return tuple(name for name in facts.RULES if name in found)


def where(finding: Finding) -> str:
    """`header.checksum @0x28..0x2c`, as it stands in the finding."""
    start, end = finding.span
    return f"{finding.field} @{start:#x}..{end:#x}".lstrip()


def escaped(finding: Finding) -> str:
    """A finding on one line for people: what is wrong, expected and found, where, in which tensor."""
    parts = [render.escape(finding.message)]
    if finding.expected or finding.found:
        parts.append(f"expected {render.short(finding.expected)}, found {render.short(finding.found)}")
    parts.append(render.escape(where(finding)))
    if finding.tensor is not None:
        parts.append(f"tensor {render.short(quoted(finding.tensor))}")
    return "; ".join(parts)


def result_json(result: Result, terms: Terms) -> dict[str, Any]:
    """A result as an object of JSON."""
    if isinstance(result, Unreadable):
        return {"file": result.file, "error": result.failure.as_json()}
    report = result.report
    value = {
        "file": result.file,
        "valid": report.valid,
        "profile": report.profile,
        "findings": [finding.as_json() for finding in report.findings],
        "rules_run": list(report.rules_run),
        "rules_skipped": list(report.rules_skipped),
        "skipped_because": list(skipped_because(report)),
        "not_kept": dict(report.not_kept),
    }
    # Without terms of its own a run says no more than `valid` does.
    return {**value, "passed": terms.passed(report)} if terms.strict or terms.require_all else value
