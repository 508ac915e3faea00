"""What can be wrong with a container: all of it in one run, each fault under the id of its rule.

A rule is declared in `spec/apr_v2.ksy`: its defect, how bad it is in each profile, which rules it needs. What one field
says about itself is judged by the generated facts; what relates fields is one decorated function in
`rules/<section>.py`. A rule whose prerequisite failed is skipped and counted as skipped: skipped is never passed.

Rules of this package:
1. A check says what is wrong, never how bad it is: the profile does.
2. A check may be called as soon as one of its rules can be judged, and once in a run.
"""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from ..container import Container
from ..errors import FormatError, LimitExceededError, RequestError
from ..layout import facts
from ..source import Progress
from .case import Case

__all__ = ["Case", "Check", "Fault", "Finding", "Report", "Severity", "faults_of", "registry", "rule", "run"]


class Severity(StrEnum):
    """An error must be raised by every careful reader; a warning and an info leave the file readable."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Fault:
    """What a check found: the rule, the field in the specification, its span in the file, expected and found.

    Without a `message` of its own it says what the rule is about.
    """

    rule: str
    field: str
    span: tuple[int, int]
    expected: str
    found: str
    message: str = ""
    tensor: str | None = None

    @classmethod
    def of(cls, error: FormatError | LimitExceededError) -> Fault:
        """The fault that an exception stands for."""
        return cls(
            error.rule_id or "",
            error.field or "",
            error.span or (0, 0),
            error.expected or "",
            error.found or "",
            error.message,
            error.tensor,
        )


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault with its severity in the profile of the run. The span counts bytes of the file, end exclusive."""

    rule: str
    severity: Severity
    message: str
    field: str
    span: tuple[int, int]
    expected: str
    found: str
    tensor: str | None = None

    @classmethod
    def of(cls, fault: Fault, severity: str) -> Finding:
        """The fault, as bad as the profile has it."""
        return cls(
            fault.rule,
            Severity(severity),
            fault.message or facts.RULES[fault.rule].defect,
            fault.field,
            fault.span,
            fault.expected,
            fault.found,
            fault.tensor,
        )

    def as_json(self) -> dict[str, Any]:
        """The finding as JSON: `start` and `end` are its span."""
        return {
            "rule": self.rule,
            "severity": str(self.severity),
            "field": self.field,
            "start": self.span[0],
            "end": self.span[1],
            "message": self.message,
            "expected": self.expected,
            "found": self.found,
            "tensor": self.tensor,
        }

    def error(self) -> FormatError | LimitExceededError:
        """The finding as an exception: as the one that is raised where nothing is judged."""
        if self.rule == _LIMIT:
            return LimitExceededError(
                self.message, field=self.field, span=self.span, expected=self.expected, found=self.found
            )
        return FormatError(
            self.message,
            rule_id=self.rule,
            field=self.field,
            span=self.span,
            expected=self.expected,
            found=self.found,
            tensor=self.tensor,
        )


@dataclass(frozen=True, slots=True)
class Report:
    """What a run found, which rules it judged, and which it could not judge."""

    findings: tuple[Finding, ...]
    rules_run: tuple[str, ...]
    rules_skipped: tuple[str, ...]
    not_kept: Mapping[str, int] = field(default_factory=dict)
    """How many findings of a rule the limits cut off; the first ones are in `findings`."""
    profile: str = "default"

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that every careful reader must raise."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.ERROR)

    @property
    def valid(self) -> bool:
        """Whether there is no error."""
        return not self.errors

    def raise_first(self) -> None:
        """Raise the first error, which says how many more there are; nothing when there is none.

        A `FormatError`, or a `LimitExceededError` when nothing but a limit is in the way.
        """
        if not self.errors:
            return
        error = self.errors[0].error()
        more = (
            len(self.errors) - 1 + sum(self.not_kept.get(rule, 0) for rule in {finding.rule for finding in self.errors})
        )
        if more:
            error.args = (f"{error} (and {more} more)",)
        raise error


Judge = Callable[[Case], Iterable[Fault]]


@dataclass(frozen=True, slots=True)
class Check:
    """A function that judges the rules `ids`, in one profile alone or wherever no other one does."""

    ids: tuple[str, ...]
    judge: Judge
    profile: str | None = None


_registry: list[Check] = []
_SECTIONS = ("fields", "header", "sections", "metadata", "provenance", "index", "data", "footer", "reader")


def rule(*ids: str, profile: str | None = None) -> Callable[[Judge], Judge]:
    """Register a function that yields the faults under these rules; for one profile, in place of the general one."""

    def register(judge: Judge) -> Judge:
        _registry.append(Check(ids, judge, profile))
        return judge

    return register


def faults_of(read: Callable[[], object], *rules: str) -> Iterator[Fault]:
    """The fault when reading a part of the container raises a `FormatError` of one of these rules.

    An error of another rule is none of the caller's: the rule it belongs to reports it. One of no rule is raised: the
    file changed while it was read.
    """
    try:
        read()
    except FormatError as error:
        if error.rule_id is None:
            raise
        if error.rule_id in rules:
            yield Fault.of(error)


def registry(profile: str = "default") -> Mapping[str, Check]:
    """The check of every rule that the profile has, in the order of the specification."""
    for section in _SECTIONS:
        importlib.import_module(f"{__name__}.{section}")
    homes = {name: check for check in _registry if check.profile is None for name in check.ids}
    homes |= {name: check for check in _registry if check.profile == profile for name in check.ids}
    return {name: homes[name] for name in facts.PROFILES[profile] if name in homes}


def run(
    container: Container,
    *,
    profile: str = "default",
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    read_data: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Judge the container by every rule of a profile; by those in `select` alone, and without those in `ignore`.

    A rule that is left out still keeps those that need it from being judged. One that was not selected is reported all
    the same when it does: what could not be judged must not look clean. Without `read_data` only the head of the
    file and its filler are read, and the rules that need every byte are left out. With it, one pass is made over the
    file, and `progress` is called with bytes done and bytes in all after each piece.

    Any bytes can be judged when the container is `lenient`. What goes beyond the limits is a finding of APR-L001, and
    the rules that could not be judged for it are skipped.

    Raises `RequestError` for a profile or rule that does not exist, for one in `select` that this run does not have,
    and for one in `ignore` that is fatal; `OSError` as the system reports it, and `FormatError` without a rule when the
    file changes while it is read.
    """
    for argument, given in (("select", select), ("ignore", ignore)):
        if isinstance(given, str):
            raise RequestError(f"{argument}: expected a collection of rule ids, found the text {given!a:.80}")
    select, ignore = tuple(select), tuple(ignore)
    held = _held(profile, select, ignore, read_data=read_data)
    wanted = [name for name in held if (not select or name in select) and name not in ignore]
    return _Run(container, profile, held, wanted, ignore, progress).report()


def _held(profile: str, select: Sequence[str], ignore: Sequence[str], *, read_data: bool) -> list[str]:
    """The rules that the run has, asked for or not; raises `RequestError` for what cannot be asked for."""
    if profile not in facts.PROFILES:
        raise RequestError(f"expected one of {', '.join(facts.PROFILES)} as a profile, found {profile!a}")
    if unknown := [name for name in (*select, *ignore) if name not in facts.RULES]:
        raise RequestError(f"expected the id of a rule, found {unknown[0]!a}")
    held = [name for name in facts.PROFILES[profile] if read_data or not facts.RULES[name].reads_data]
    for name in select:
        if name not in facts.PROFILES[profile]:
            raise RequestError(f"{name} cannot be selected: expected a rule of the profile {profile}")
        if name not in held:
            raise RequestError(f"{name} cannot be selected: expected a rule that needs only the head of the file")
    for name in ignore:
        if facts.RULES[name].fatal:
            raise RequestError(f"{name} cannot be ignored: what needs it could not be judged, and would look clean")
    return held


class _Run:
    """One run: every check is called once, when the first of its rules that can be judged is asked for."""

    def __init__(
        self,
        container: Container,
        profile: str,
        held: Sequence[str],
        wanted: Sequence[str],
        ignored: Sequence[str],
        progress: Progress | None,
    ) -> None:
        self._profile = profile
        self._checks = registry(profile)
        self._held = frozenset(held)
        self._wanted = wanted
        self._ignored = ignored
        # The first one is always kept: without it a file that breaks a rule would look clean.
        self._limit = max(1, container.limits.max_findings_per_rule)
        self._case = Case(container, reads_all=_FOOTER in wanted, progress=progress)
        self._holds: dict[str, bool] = {}
        self._faults: dict[str, list[Fault]] = {}
        self._number: Counter[str] = Counter()
        self._skipped: set[str] = set()
        self._called: set[Judge] = set()
        self._excess: list[LimitExceededError] = []

    def report(self) -> Report:
        """Judge what is wanted."""
        for name in self._wanted:
            self._judged(name)
        if self._excess:
            self._faults[_LIMIT] = [Fault.of(error) for error in self._excess]
        severities = facts.PROFILES[self._profile]
        blocking = self._blocking()
        shown = [name for name in severities if name in self._wanted or name in blocking]
        judged = [name for name in shown if name not in self._skipped]
        return Report(
            findings=tuple(
                Finding.of(fault, severities[name]) for name in judged for fault in self._faults.get(name, ())
            ),
            rules_run=tuple(judged),
            rules_skipped=tuple(name for name in shown if name in self._skipped),
            not_kept={name: self._number[name] - self._limit for name in judged if self._number[name] > self._limit},
            profile=self._profile,
        )

    def _blocking(self) -> set[str]:
        """The rules with faults that keep others from being judged, but for those that are ignored."""
        found = {_LIMIT} if self._excess else set()
        pending = [name for name in self._wanted if name in self._skipped]
        seen: set[str] = set()
        while pending:
            name = pending.pop()
            if name not in seen:
                seen.add(name)
                pending += facts.RULES[name].needs
        found.update(name for name in seen & self._held if self._number[name] and name not in self._skipped)
        return found.difference(self._ignored)

    def _judged(self, name: str) -> bool:
        """Whether the rule was judged and nothing was found, so that what needs it can be judged.

        A rule that the run does not have passes on what it needs itself.
        """
        if name not in self._holds:
            ready = all(self._judged(need) for need in facts.RULES[name].needs)
            if name not in self._held:
                self._holds[name] = ready
                return ready
            if not ready:
                self._skipped.add(name)
            elif name in self._checks:
                self._call(self._checks[name])
            self._holds[name] = name not in self._skipped and not self._number[name]
        return self._holds[name]

    def _call(self, check: Check) -> None:
        if check.judge in self._called:
            return
        self._called.add(check.judge)
        try:
            for fault in check.judge(self._case):
                if self._checks.get(fault.rule) is not check:
                    continue  # the profile has another check for this rule, or does not have the rule
                self._number[fault.rule] += 1
                if self._number[fault.rule] <= self._limit:
                    self._faults.setdefault(fault.rule, []).append(_bounded(fault))
        except LimitExceededError as error:
            if str(error) not in map(str, self._excess):
                self._excess.append(error)
            self._skipped.update(other for other in check.ids if not self._number[other])


def _bounded(fault: Fault) -> Fault:
    """The fault with a name of bounded length: a thousand of them may be about names of 64 KiB each."""
    if fault.tensor is None or len(fault.tensor) <= _LONGEST_NAME:
        return fault
    return replace(fault, tensor=f"{fault.tensor[:_LONGEST_NAME]}…")


_LONGEST_NAME = 256
"""Characters of a tensor's name that a finding keeps: the names that writers make are kept whole."""
_FOOTER, _LIMIT = "APR-F002", "APR-L001"
