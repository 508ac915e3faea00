"""Promotion: a finding as a conformance vector, with the verdict that our rules give its file today.

Rule of this file: the vector makes the bytes of the finding and no others, or there is none.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..conform.recipes import completed, text_of
from ..errors import AprError, RequestError
from ..layout import facts
from ..vectors import Suite, Vector
from ..vectors.check import Flaw, flaws
from .drawing.recipe import SEALS, hexed, merged
from .findings import Finding
from .judging.own import Opinion, made, stamped

__all__ = ["NAME", "Promoted", "document_text", "promoted"]

NAME = "fuzz.json"
"""The recipe file of promoted vectors."""
_ABOUT = "What fuzzing found, as the smallest files that show it. `aprfmt fuzz promote` adds to this file."
_BASES = "bases.json"
_BARE_BASE = "two"
_MOST_COMPARED = 1 << 13


@dataclass(frozen=True, slots=True)
class Promoted:
    """A vector that was made of a finding, and what is wrong with it, as `aprfmt vectors check` says."""

    node: dict[str, Any]
    document: dict[str, Any]
    flaws: tuple[Flaw, ...]


def promoted(
    suite: Suite,
    finding: Finding,
    *,
    vector_id: str | None = None,
    about: str | None = None,
    twin: str | None = None,
    document: Mapping[str, Any] | None = None,
) -> Promoted:
    """The vector of a finding beside those of a suite; `document` is the recipe file that it is added to.

    Raises `RequestError` when no recipe makes its bytes, and when the id is taken.
    """
    before = {"about": _ABOUT, "vectors": [], **(document or {})}
    name = vector_id or f"fuzz.{finding.id}"
    taken = {*suite.vectors, *(str(node.get("id")) for node in before["vectors"])}
    if name in taken:
        raise RequestError(f"expected an id of its own, found {name!a}, which another vector has")
    bases = suite.documents[_BASES]["bases"] if _BASES in suite.documents else {}
    node = _node(finding, bases, name, about)
    whole = completed({_BASES: {"bases": bases}, NAME: {"vectors": [node]}})[NAME]["vectors"][0]
    others = {key: value for key, value in suite.documents.items() if key != NAME}
    if whole["verdict"] == "reject":
        place = twin or _nearest(suite, finding, whole)
        whole = {**whole, **({} if place is None else {"twin": place})}
    joined = Suite({**others, NAME: {**before, "vectors": [*before["vectors"], whole]}})
    vector = joined[name]
    if vector.op != "write" and joined.image(name).whole() != finding.raw:
        raise RequestError(
            f"vector {name}: expected the bytes of the finding, found others: its recipe says too little"
        )
    wrong = [*flaws(joined, vector), *_same(joined, vector)]
    return Promoted(whole, {**before, "vectors": [*before["vectors"], whole]}, tuple(wrong))


def document_text(document: Mapping[str, Any]) -> str:
    """The recipe file laid out as those of the suite."""
    return text_of(document)


def _node(finding: Finding, bases: Mapping[str, Any], name: str, about: str | None) -> dict[str, Any]:
    verdict, rule, beside = _verdict(finding)
    node: dict[str, Any] = {"id": name}
    if finding.symptom.op != "read":
        node["op"] = finding.symptom.op
    node["about"] = about or _words(finding, rule)
    if finding.symptom.op == "write":
        node["tree"] = finding.tree
    else:
        node |= _recipe(finding, bases)
    if finding.symptom.op == "stamp":
        node["patch"] = dict((finding.patches or ({}, {}))[0])
    node["verdict"] = verdict
    if rule is not None:
        node["rule"] = rule
    if finding.profile != "default":
        node["profile"] = finding.profile
    if beside and finding.symptom.op == "read":
        node["beside"] = list(beside)
    return {**node, "origin": f"fuzz seed {finding.seed} case {finding.index}"}


def _verdict(finding: Finding) -> tuple[str, str | None, tuple[str, ...]]:
    """What our rules say today: the verdict, the rule, and what is broken without being an error."""
    try:
        if finding.symptom.op == "write":
            made(finding.tree or {})
            return "accept", None, ()
        if finding.symptom.op == "stamp":
            stamped(finding.raw, (finding.patches or ({}, {}))[0])
            return "accept", None, ()
    except AprError as error:
        return "reject", getattr(error, "rule_id", None), ()
    opinion = Opinion.of(finding.raw, finding.profile)
    beside = tuple(sorted({item.rule for item in opinion.report.findings} - set(opinion.rules)))
    return opinion.verdict, opinion.rules[0] if opinion.rules else None, beside


def _words(finding: Finding, rule: str | None) -> str:
    """A sentence about the file, as good as can be had without a person."""
    if rule is not None:
        defect = facts.RULES[rule].defect
        place = f" ({finding.symptom.place})" if finding.symptom.place else ""
        return f"{defect[0].upper()}{defect[1:]}{place}."
    kind = finding.symptom.kind.replace("-", " ") or finding.symptom.judge
    place = f" in {finding.symptom.place}" if finding.symptom.place else ""
    return f"A file that an implementation got wrong: {kind}{place}."


def _recipe(finding: Finding, bases: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of a vector that make the bytes, with as little as possible in them."""
    recipe = finding.recipe
    bare: dict[str, Any] = {
        "base": _BARE_BASE if _BARE_BASE in bases else next(iter(bases), ""),
        "edits": [{"keep": 0}, {"append": hexed(finding.raw)}],
        "seal": [],
    }
    if recipe.tree is None or recipe.damage:
        return bare
    found = [bare]
    for name, base in bases.items():
        given = dict(_changes(base, recipe.tree))
        if merged(base, given) == recipe.tree:
            node: dict[str, Any] = {"base": name, **({"with": given} if given else {})}
            if recipe.edits:
                node["edits"] = list(recipe.edits)
                if recipe.seal != SEALS:
                    node["seal"] = list(recipe.seal)
            found.append(node)
    if len(found) > 1:
        found = found[1:]
    return min(found, key=lambda node: len(json.dumps(node)))


def _changes(base: Mapping[str, Any], tree: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What a tree says other than a base."""
    for key, value in tree.items():
        if value != base.get(key):
            yield key, value


def _nearest(suite: Suite, finding: Finding, node: Mapping[str, Any]) -> str | None:
    """The accepted vector whose file differs least: the other side of the boundary, as far as there is one."""
    profile, op = node.get("profile", "default"), node.get("op", "read")
    best: tuple[int, str] | None = None
    for vector in suite.vectors.values():
        if (vector.op, vector.verdict, vector.profile) != (op, "accept", profile) or (
            vector.nbytes or 0
        ) > _MOST_COMPARED:
            continue
        if op == "write":
            return vector.id
        raw = suite.image(vector.id).whole()
        apart = sum(one != other for one, other in zip(raw, finding.raw, strict=False)) + abs(
            len(raw) - len(finding.raw)
        )
        if best is None or (apart, vector.id) < best:
            best = apart, vector.id
    return None if best is None else best[1]


def _same(suite: Suite, vector: Vector) -> Iterator[Flaw]:
    """The flaw when the suite has the file already."""
    for other in suite.vectors.values():
        is_same = (other.op, other.profile, other.sha256) == (vector.op, vector.profile, vector.sha256)
        if other.id != vector.id and vector.sha256 is not None and is_same and other.patch == vector.patch:
            yield Flaw(vector.id, f"sha256: expected a file of its own in {vector.profile}, found that of {other.id}")
