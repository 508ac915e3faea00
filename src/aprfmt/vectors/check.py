"""Proof of what the recipes claim: their bytes, and that each file breaks what it says and nothing else.

The validator of this package is the judge: the recipe names one rule, and *all* findings are held against it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any, NamedTuple

from ..container import Container
from ..errors import AprError, RequestError
from ..layout import DType, Flags, facts
from ..ops.create import NewTensor, create_bytes
from ..ops.stamp import stamp_bytes
from ..provenance import ProvenancePatch
from ..rules import Report, run
from .image import Image
from .suite import Suite, Vector, sensible
from .words import integer_of

__all__ = ["Flaw", "expected_output", "flaws", "judge", "new_container", "suite_flaws"]


class Flaw(NamedTuple):
    """What is wrong with a recipe; `vector` is empty for what is wrong with the suite as a whole."""

    vector: str
    what: str


def judge(image: Image, profile: str) -> Report:
    """What the rules of a profile say about a file."""
    return run(Container(image, lenient=True), profile=profile, read_data=True)


def expected_output(suite: Suite, vector: Vector) -> bytes:
    """The file that a stamp or a writer must make; raises `AprError` when it must refuse."""
    with sensible(f"vector {vector.id!a}"):
        return _expected_output(suite, vector)


def _expected_output(suite: Suite, vector: Vector) -> bytes:
    if vector.op == "stamp":
        patch = ProvenancePatch(**(vector.patch or {}))
        return stamp_bytes(suite.image(vector.id).whole(), patch)
    if vector.op != "write" or vector.tree is None:
        raise RequestError(f"vector {vector.id!a}: expected one that makes a file, found one to read")
    tensors, metadata, flags = new_container(vector.tree, vector.id)
    return create_bytes(tensors, metadata, flags=flags)


def new_container(tree: Mapping[str, Any], where: str) -> tuple[list[NewTensor], Mapping[str, Any], Flags]:
    """The arguments that `aprfmt.create_bytes` and `create_file` take, from the `tree` of a writer's vector."""
    tensors = [
        NewTensor(
            item["name"],
            DType[item["dtype"].upper()],
            tuple(integer_of(dim, where) for dim in item["dims"]),
            bytes.fromhex(item["data"]),
        )
        for item in tree["tensors"]
    ]
    flags = Flags.LAYOUT_ROW_MAJOR
    for name in tree["flags"]:
        flags |= Flags[name.upper()]
    return tensors, tree["metadata"], flags


def flaws(suite: Suite, vector: Vector) -> Iterator[Flaw]:
    """Everything that is wrong with one recipe. What it needs of the file system is nothing."""
    try:
        with sensible(f"vector {vector.id!a}"):
            yield from (Flaw(vector.id, what) for what in _form(suite, vector))
        yield from (Flaw(vector.id, what) for what in _bytes(suite, vector))
        if vector.op == "read":
            yield from (Flaw(vector.id, what) for what in _verdict(suite, vector))
        else:
            yield from (Flaw(vector.id, what) for what in _output(suite, vector))
    except RequestError as error:
        yield Flaw(vector.id, str(error))


def _form(suite: Suite, vector: Vector) -> Iterator[str]:
    if not vector.about.strip():
        yield "about: expected a sentence, found nothing"
    if (vector.rule is None) != (vector.verdict == "accept") and vector.op == "read":
        yield f"rule: expected one where the verdict is not accept, found {vector.rule} and {vector.verdict}"
    if vector.rule is not None and vector.layer != facts.RULES[vector.rule].layer:
        yield f"layer: expected {facts.RULES[vector.rule].layer} as of {vector.rule}, found {vector.layer}"
    if vector.verdict == "accept":
        return
    twin = suite.vectors.get(vector.twin or "")
    if twin is None:
        yield f"twin: expected the id of a vector that is accepted, found {vector.twin!a}"
    elif (twin.op, twin.verdict, twin.profile) != (vector.op, "accept", vector.profile):
        yield f"twin: expected one to {vector.op} that {vector.profile} accepts, found {twin.op}, {twin.verdict}"


def _bytes(suite: Suite, vector: Vector) -> Iterator[str]:
    if vector.op == "write":
        return
    image = suite.image(vector.id)
    if vector.nbytes != image.size:
        yield f"nbytes: expected {image.size}, found {vector.nbytes}"
    if image.is_sparse:
        made = tuple((start, len(raw), sha256(raw).hexdigest()) for start, raw in image.extents)
        if vector.extents != made or vector.sha256 is not None:
            yield f"extents: expected {made}, and no sha256, found {vector.extents}"
    elif vector.sha256 != image.sha256():
        yield f"sha256: expected {image.sha256()}, found {vector.sha256}"


def _verdict(suite: Suite, vector: Vector) -> Iterator[str]:
    report = judge(suite.image(vector.id), vector.profile)
    errors = sorted({finding.rule for finding in report.errors})
    beside = sorted({finding.rule for finding in report.findings} - set(errors))
    if errors != ([] if vector.rule is None else [vector.rule]):
        yield f"errors: expected {vector.rule or 'none'}, found {', '.join(errors) or 'none'}"
    if beside != sorted(vector.beside):
        yield f"beside: expected {', '.join(beside) or 'none'}, found {', '.join(vector.beside) or 'none'}"


def _output(suite: Suite, vector: Vector) -> Iterator[str]:
    try:
        output = expected_output(suite, vector)
    except RequestError as error:
        if vector.verdict != "reject":
            yield f"verdict: expected reject, found {vector.verdict}: {error}"
        return
    except AprError as error:
        rule = getattr(error, "rule_id", None)
        if (vector.verdict, vector.rule) != ("reject", rule):
            yield f"verdict: expected reject because of {rule}, found {vector.verdict}, {vector.rule}: {error}"
        return
    if vector.verdict != "accept":
        yield f"verdict: expected accept, found {vector.verdict}"
    made = sha256(output).hexdigest()
    if vector.output_sha256 != made:
        yield f"output_sha256: expected {made}, found {vector.output_sha256}"
    if errors := judge(Image.of(output), "default").errors:
        yield f"output: expected a valid file, found {errors[0].rule}"


def suite_flaws(suite: Suite) -> Iterator[Flaw]:
    """What is wrong with the suite as a whole: a rule without a vector on either side."""
    for profile, severities in facts.PROFILES.items():
        for rule, severity in severities.items():
            yield from _uncovered(suite, profile, rule, severity)


def _uncovered(suite: Suite, profile: str, rule: str, severity: str) -> Iterator[Flaw]:
    own = facts.PROFILES["default"].get(rule)
    if profile != "default" and severity == own:
        return  # decided by the vectors of the default profile
    vectors = [vector for vector in suite.vectors.values() if vector.profile == profile]
    if severity == "error":
        if not any(vector.rule == rule and vector.op == "read" for vector in vectors):
            yield Flaw("", f"{rule} is an error in {profile}: expected a vector that breaks it alone, found none")
    elif not any(rule in vector.beside for vector in vectors):
        yield Flaw("", f"{rule} is no error in {profile}: expected an accepted vector that breaks it, found none")


def unique(vectors: Mapping[str, Vector]) -> Iterator[Flaw]:
    """Vectors that ask the same of an implementation as another one."""
    seen: dict[tuple[object, ...], str] = {}
    for vector in vectors.values():
        if vector.op != "read" or vector.sha256 is None:
            continue
        key = (vector.profile, vector.sha256)
        if key in seen:
            yield Flaw(vector.id, f"sha256: expected a file of its own in {vector.profile}, found that of {seen[key]}")
        seen.setdefault(key, vector.id)
