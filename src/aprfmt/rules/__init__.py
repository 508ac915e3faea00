"""What can be wrong with a container, found without reading tensor data, each fault under the id of its rule.

What one field says about itself is declared in `spec/apr_v2.ksy` and arrives here through the generated facts; what
relates fields is one decorated function in `rules/<section>.py`. A rule whose prerequisite failed is skipped and
counted as skipped: skipped is never passed.
"""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from ..container import Container
from ..errors import FormatError

__all__ = ["Finding", "Report", "Rule", "Severity", "findings_of", "registry", "rule", "run"]


class Severity(StrEnum):
    """An error must be raised by every careful reader; a warning and an info leave the file readable."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault: the rule, the field in the specification, its span in the file, what was expected and found."""

    rule: str
    severity: Severity
    message: str
    field: str
    span: tuple[int, int]
    expected: str
    found: str
    tensor: str | None = None

    @classmethod
    def of(cls, error: FormatError) -> Finding:
        """An exception as a finding; the other way round it is `error`."""
        return cls(
            error.rule_id or "",
            Severity.ERROR,
            error.message,
            error.field or "",
            error.span or (0, 0),
            error.expected or "",
            error.found or "",
            error.tensor,
        )

    def error(self) -> FormatError:
        """The finding as an exception."""
        return FormatError(
            self.message,
            rule_id=self.rule,
            field=self.field,
            span=self.span,
            expected=self.expected,
            found=self.found,
            tensor=self.tensor,
        )


Check = Callable[[Container], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A check under its ids. `needs` lists ids of rules that must hold before this one can be judged."""

    ids: tuple[str, ...]
    name: str
    check: Check
    needs: tuple[str, ...]

    @property
    def doc(self) -> str:
        """What is wrong, why it matters and how to repair it."""
        return self.check.__doc__ or ""


@dataclass(frozen=True, slots=True)
class Report:
    """What a run found, and which rules it could not judge."""

    findings: tuple[Finding, ...]
    rules_run: tuple[str, ...]
    rules_skipped: tuple[str, ...]
    not_kept: Mapping[str, int] = field(default_factory=dict)
    """How many findings of a rule the limits cut off; the first ones are in `findings`."""

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that every careful reader must raise."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.ERROR)

    def raise_first(self) -> None:
        """Raise the first error as a `FormatError` that says how many more there are; nothing when there is none."""
        if not self.errors:
            return
        error = self.errors[0].error()
        more = (
            len(self.errors) - 1 + sum(self.not_kept.get(rule, 0) for rule in {finding.rule for finding in self.errors})
        )
        if more:
            error.args = (f"{error} (and {more} more)",)
        raise error


_registry: list[Rule] = []
_SECTIONS = ("fields", "header", "metadata", "index", "data", "footer")


def rule(*ids: str, name: str, needs: tuple[str, ...] = ()) -> Callable[[Check], Check]:
    """Register a check under its ids. A rule is named after the defect."""

    def register(check: Check) -> Check:
        _registry.append(Rule(ids, name, check, needs))
        return check

    return register


def findings_of(read: Callable[[], object], *rules: str) -> Iterator[Finding]:
    """The finding when reading a part of the container raises a `FormatError` of one of these rules.

    An error of another rule is none of the caller's: the rule it belongs to reports it. One of no rule is raised: the
    file changed while it was read.
    """
    try:
        read()
    except FormatError as error:
        if error.rule_id is None:
            raise
        if error.rule_id in rules:
            yield Finding.of(error)


def registry() -> tuple[Rule, ...]:
    """Every rule, in the order in which they run: what a rule needs comes before it."""
    for section in _SECTIONS:
        importlib.import_module(f"{__name__}.{section}")
    # Whoever imports one section alone registers it early, so the order of registration says nothing.
    return tuple(sorted(_registry, key=lambda item: _SECTIONS.index(item.check.__module__.rpartition(".")[2])))


def run(container: Container) -> Report:
    """Judge everything that can be judged from the head of the file: header, metadata, index, extents, length.

    Raises `LimitExceededError` and `OSError`; every other fault is a finding.
    """
    findings: list[Finding] = []
    broken: set[str] = set()
    done: list[str] = []
    skipped: list[str] = []
    not_kept: dict[str, int] = {}
    for item in registry():
        if broken.intersection(item.needs):
            skipped += item.ids
            broken.update(item.ids)
            continue
        kept: Counter[str] = Counter()
        for finding in item.check(container):
            if finding.severity is Severity.ERROR:
                broken.add(finding.rule)
            kept[finding.rule] += 1
            if kept[finding.rule] <= container.limits.max_findings_per_rule:
                findings.append(finding)
            else:
                not_kept[finding.rule] = kept[finding.rule] - container.limits.max_findings_per_rule
        done += item.ids
    return Report(tuple(findings), tuple(done), tuple(skipped), not_kept)
