"""Findings that differ only in the words of a target: a program that puts names into its messages has one for each.

So many of them are findings of their own; of the others it is said how many there are, and by which pattern the list of
known findings takes them all.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from .desk import Seen
from .judging.symptoms import Symptom
from .known import literal

__all__ = ["MOST_ALIKE", "Alike", "told_apart"]

MOST_ALIKE = 10
"""How many of them are findings of their own."""


@dataclass(frozen=True, slots=True)
class Alike:
    """Findings of one target that are left out, and the pattern of all that are like them."""

    target: str
    pattern: str
    findings: int
    cases: int

    def as_json(self) -> dict[str, Any]:
        """As an object."""
        return {"target": self.target, "pattern": self.pattern, "findings": self.findings, "cases": self.cases}


def _group(symptom: Symptom) -> tuple[str, str]:
    """Target and signature without the words; of a crash with the first of them, which say what was raised."""
    head = f"{symptom.said.partition(':')[0]}:" if symptom.judge == "crash" and ":" in symptom.said else ""
    return symptom.target, f"{replace(symptom, said='').signature}/{head}"


def told_apart(items: Iterable[Seen]) -> tuple[list[Seen], list[Alike]]:
    """What is listed, and what is left out: those of a group that the fewest cases show."""
    groups: dict[tuple[str, str], list[Seen]] = {}
    for item in items:
        groups.setdefault(_group(item.symptom), []).append(item)
    listed: list[Seen] = []
    more: list[Alike] = []
    for (target, beginning), group in sorted(groups.items()):
        ordered = sorted(group, key=lambda item: (-item.count, item.symptom.signature))
        listed += ordered[:MOST_ALIKE]
        if rest := ordered[MOST_ALIKE:]:
            more.append(Alike(target, f"{literal(beginning)}*", len(rest), sum(item.count for item in rest)))
    return listed, more
