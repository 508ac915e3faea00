"""Mutants of whole rules: switched off, or of another severity in a profile; and the two controls.

A profile shares a rule with the default one when it judges it with the same check at the same severity: what decides it
there decides it here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from ... import rules as engine
from ...layout import facts
from ...rules import Check, Finding, Report, Severity, registry
from .patches import Patch

__all__ = ["CONTROLS", "Switch", "switches"]

_LIMIT = "APR-L001"
_DEFAULT = "default"


class Switch(NamedTuple):
    """A rule, the profiles in which it is changed together, and how."""

    operator: str
    rule: str
    profiles: tuple[str, ...]
    words: str
    patches: Callable[[], list[Patch]]


def switches() -> Iterator[Switch]:
    """Every rule of every profile switched off, and with another severity."""
    for rule in facts.RULES:
        for profiles in _shared(rule):
            yield Switch("off", rule, profiles, "off", _off(rule, profiles))
            severity = facts.PROFILES[profiles[0]][rule]
            other = "warning" if severity == "error" else "error"
            yield Switch("severity", rule, profiles, f"{severity} → {other}", _severity(rule, profiles, other))


def _shared(rule: str) -> Iterator[tuple[str, ...]]:
    """The profiles that have the rule, those together that cannot be told apart by it."""
    groups: dict[tuple[str, Check | None], list[str]] = {}
    for profile, severities in facts.PROFILES.items():
        if rule in severities:
            groups.setdefault((severities[rule], registry(profile).get(rule)), []).append(profile)
    yield from map(tuple, groups.values())


def _off(rule: str, profiles: tuple[str, ...]) -> Callable[[], list[Patch]]:
    def patches() -> list[Patch]:
        if rule == _LIMIT:  # no check has it: any of them may meet a limit
            return [_reported(lambda report: _without(report, rule) if report.profile in profiles else report)]

        def without(profile: str = _DEFAULT) -> Mapping[str, Check]:
            found = registry(profile)
            return {name: check for name, check in found.items() if name != rule} if profile in profiles else found

        return [Patch(engine, "registry", without)]

    return patches


def _severity(rule: str, profiles: tuple[str, ...], severity: str) -> Callable[[], list[Patch]]:
    changed = {
        profile: {**severities, rule: severity} if profile in profiles else severities
        for profile, severities in facts.PROFILES.items()
    }
    return lambda: [Patch(facts, "PROFILES", changed)]


def _reported(change: Callable[[Report], Report]) -> Patch:
    """A patch of what a run reports."""
    report: Callable[[Any], Report] = vars(engine._Run)["report"]  # noqa: SLF001 - a mutant gets into the engine
    return Patch(engine._Run, "report", lambda run: change(report(run)))  # noqa: SLF001 - as above


def _without(report: Report, rule: str) -> Report:
    return replace(report, findings=tuple(finding for finding in report.findings if finding.rule != rule))


def _accept_all() -> list[Patch]:
    return [_reported(lambda report: replace(report, findings=()))]


def _reject_all() -> list[Patch]:
    fault = engine.Fault("APR-H001", "header", (0, 0), "nothing", "a file")
    return [_reported(lambda report: replace(report, findings=(Finding.of(fault, Severity.ERROR),)))]


CONTROLS: Mapping[str, Callable[[], list[Patch]]] = {
    "accept everything": _accept_all,
    "reject everything": _reject_all,
}
"""Readers that look at nothing."""
