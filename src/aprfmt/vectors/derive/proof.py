"""Decides claims: the statement predicts, the rules prove, and what both agree upon becomes a vector.

Rules of this file:
1. A verdict is predicted before the rules are asked. Where they disagree there is no vector.
2. A file of a profile is one vector, whatever it shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...errors import RequestError
from ...layout import facts
from ...rules import Report
from ..image import Image
from ..words import SAFE_INTEGER
from .bench import Bench
from .claims import Claim, Mark, Try
from .thrift import is_left_out

__all__ = ["STRICTER", "Made", "Proof"]

_GENERAL, _STRICT = "default", "canonical"
_BOUNDARY = "boundary"
_PATIENCE = 20
"""How many more files are looked at for a quiet one, once one is found that decides the claim."""
STRICTER = frozenset(
    rule
    for rule, severity in facts.PROFILES[_STRICT].items()
    if severity == "error" != facts.PROFILES[_GENERAL].get(rule)
)
"""The rules that only the stricter profile has as errors: what is about them is asked of both."""


@dataclass(slots=True)
class Made:
    """A vector that was proved, and everything that it shows."""

    node: dict[str, Any]
    profile: str
    rule: str | None
    at: dict[str, int | None] = field(default_factory=dict)
    marks: list[Mark] = field(default_factory=list)
    groups: set[str] = field(default_factory=set)

    @property
    def id(self) -> str:
        """The id of the vector."""
        return str(self.node["id"])


def _name(item: Try, profile: str) -> str:
    return item.id if profile == _GENERAL else f"{item.id}.{profile}"


class Proof:
    """The vectors that were proved so far."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._by_bytes: dict[tuple[str, str], Made] = {}
        self._by_id: dict[str, Made] = {}

    @property
    def made(self) -> Iterator[Made]:
        """Every vector, in the order in which they were proved."""
        return iter(self._by_id.values())

    def decide(self, claim: Claim) -> None:
        """Make the first file that decides the claim a vector, and another one of the profile that is stricter.

        A claim that no file decides makes none. Raises `RequestError` for a recipe that makes no sense.
        """
        for profile in (_GENERAL, _STRICT) if claim.in_both or claim.rule in STRICTER else (_GENERAL,):
            best: tuple[int, Try, Image, Report] | None = None
            patience = _PATIENCE
            for item in claim.tries():
                if is_left_out(_name(item, profile)):
                    continue
                patience -= best is not None
                image = self._bench.image(item.recipe)
                report = self._bench.report(image, profile)
                if not _is_decisive(claim, item, report):
                    continue
                noise = len({finding.rule for finding in report.findings}.difference(item.broken))
                if best is None or noise < best[0]:
                    best = noise, item, image, report
                if not (claim.is_quiet and noise and patience):
                    break
            if best is not None:
                self._add(claim, *best[1:])

    def _add(self, claim: Claim, item: Try, image: Image, report: Report) -> None:
        key = (report.profile, image.sha256())
        made = self._by_bytes.get(key)
        if made is None:
            made = self._by_bytes[key] = self._new(claim, item, image, report)
            if made.id in self._by_id:
                raise RequestError(f"derived vector {made.id}: expected one file for an id, found two")
            self._by_id[made.id] = made
        made.groups.add(item.group)
        for mark in item.marks:
            if mark not in made.marks:
                made.marks.append(mark)
            made.at.setdefault(mark.key, item.at)
            is_shown = made.rule is None or (not mark.is_inside and mark.rule in (None, made.rule))
            if mark.edge and is_shown and _BOUNDARY not in made.node["tags"]:
                made.node["tags"].append(_BOUNDARY)

    def _new(self, claim: Claim, item: Try, image: Image, report: Report) -> Made:
        errors = sorted({finding.rule for finding in report.errors})
        rule = errors[0] if errors else None
        node: dict[str, Any] = {
            "id": _name(item, report.profile),
            "about": item.about,
            **item.recipe.node(),
            "verdict": "reject" if rule else "accept",
        }
        if rule:
            node["rule"] = rule
        elif claim.rule:
            node["layer"] = facts.RULES[claim.rule].layer
        if report.profile != _GENERAL:
            node["profile"] = report.profile
        node["beside"] = sorted({finding.rule for finding in report.findings} - set(errors))
        node["tags"] = [] if rule else _wide_tags(self._bench, image)
        node["origin"] = "derived"
        return Made(node, report.profile, rule)

    def nodes(self) -> list[dict[str, Any]]:
        """The recipes of all vectors, each rejected one with its twin."""
        found = []
        for made in self.made:
            node = {key: value for key, value in made.node.items() if value or key not in ("beside", "tags")}
            if made.rule is not None:
                node = {**node, "twin": self._twin(made).id}
                node["origin"] = node.pop("origin")
            found.append(node)
        return found

    def _twin(self, made: Made) -> Made:
        """The accepted vector across the boundary; else the nearest one of the same statement, or of the same base."""
        others = [other for other in self.made if other.rule is None and other.profile == made.profile]
        broken = [mark.key for mark in made.marks if not mark.is_inside and mark.rule in (None, made.rule)]

        def apart(other: Made) -> tuple[int | bool, ...]:
            """How far from it another vector is: by group, by the bound that both are about, by number, by base."""
            is_unlike = any(made.node.get(key) != other.node.get(key) for key in ("base", "with"))
            is_foreign = not (made.groups - {""} <= other.groups)
            shared = [(mark.distance, mark.key) for mark in other.marks if mark.is_inside and mark.key in broken]
            if not shared:
                return is_foreign, 1, 0, 0, is_unlike
            distance, key = min(shared)
            here, there = made.at.get(key), other.at.get(key)
            numbers = abs(here - there) if here is not None and there is not None else 0
            return is_foreign, 0, distance, numbers, is_unlike

        return min(others, key=apart)


def _is_decisive(claim: Claim, item: Try, report: Report) -> bool:
    """Whether the rules find what is predicted of a file, and no other error."""
    severities: Mapping[str, str] = facts.PROFILES[report.profile]
    predicted = {rule for rule in item.broken if severities.get(rule) == "error"}
    found = {finding.rule for finding in report.findings}
    errors = {finding.rule for finding in report.errors}
    if errors != predicted or len(errors) > 1 or not errors <= {claim.rule}:
        return False
    if any(rule not in found and rule not in report.rules_skipped for rule in item.broken):
        return False
    at_fields = {(finding.rule, finding.field.rpartition(".")[2]) for finding in report.findings}
    # What is said of a field on one side of it, under the same rule, says nothing of the other side.
    said = {(mark.rule, mark.field): False for mark in item.marks if mark.is_inside}
    said |= {(mark.rule, mark.field): True for mark in item.marks if not mark.is_inside}
    return all(
        ((rule, name) in at_fields) == is_broken
        for (rule, name), is_broken in said.items()
        if rule is not None and rule not in report.rules_skipped
    )


def _wide_tags(bench: Bench, image: Image) -> list[str]:
    """The tags of an accepted file with integers that many languages cannot hold."""
    header = bench.reading(image, "header")
    if header is None:
        return []
    numbers = [header.this.num_tensors, header.this.ofs_metadata, header.this.ofs_tensor_index, header.this.ofs_data]
    for entry in header.root.tensor_index.entries:
        numbers += [*entry.dims, entry.ofs_tensor, entry.len_tensor]
    most = max(numbers)
    return ["integers-53"] * (most > SAFE_INTEGER) + ["integers-64"] * (most >= 1 << 63)
