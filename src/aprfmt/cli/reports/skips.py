"""Why rules of a run were skipped: which other rules kept them from being judged."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from ...layout import facts

if TYPE_CHECKING:
    from ...rules import Report

__all__ = ["reasons"]

_LIMIT = "APR-L001"


def reasons(report: Report) -> dict[str, tuple[str, ...]]:
    """For every rule that was skipped the rules that did it: with findings, and needed by it, directly or not.

    That is APR-L001 where a limit did it. A rule that is ignored is named all the same when nothing else can have done
    it: its findings are in no report.
    """
    failed = {finding.rule for finding in report.findings} | set(report.not_kept)
    judged = failed.union(report.rules_run)
    skipped = frozenset(report.rules_skipped)

    @cache
    def culprits(rule: str) -> frozenset[str]:
        if rule in judged:
            return frozenset({rule} & failed)
        found = frozenset[str]().union(*map(culprits, facts.RULES[rule].needs))
        return found if found or rule not in skipped else by_itself(rule)

    def by_itself(rule: str) -> frozenset[str]:
        """What keeps a rule from being judged when nothing that is known to be wrong with the rules it needs does."""
        # What every other rule stands on cannot be ignored.
        ignored = {
            need
            for need in facts.RULES[rule].needs
            if need in facts.PROFILES[report.profile] and need not in judged | skipped and not facts.RULES[need].fatal
        }
        # Behind an ignored rule that could itself not be judged there is the limit.
        if _LIMIT in failed and not all(judged.issuperset(facts.RULES[need].needs) for need in ignored):
            ignored = set()
        return frozenset(ignored or {_LIMIT} & failed)

    return {rule: tuple(name for name in facts.RULES if name in culprits(rule)) for rule in report.rules_skipped}
