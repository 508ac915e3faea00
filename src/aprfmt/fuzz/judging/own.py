"""This package on trial: its readers, its validator, its stamp and its writer, each held against what does not use it.

Whatever is raised that is not an error on purpose is a crash, like that of any other target, and what does not end is a
timeout.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ... import layout
from ...container import Container
from ...errors import AprError, FormatError, RequestError
from ...layout import facts
from ...ops.create import create_bytes
from ...ops.stamp import stamp_bytes
from ...provenance import ProvenancePatch
from ...rules import Report
from ...vectors.check import judge, new_container
from ...vectors.image import Image
from ...vectors.words import tree_of
from ..drawing.cases import Case, Patch
from ..model.judge import Model, model_of
from ..watch import OverrunError, watched
from .laws import broken_laws
from .symptoms import OWN, Symptom, normalised, place_of

__all__ = [
    "LEAST_SECONDS",
    "Opinion",
    "crash_of",
    "guarded",
    "made",
    "opinion_of",
    "overrun",
    "own_symptoms",
    "stamped",
]

LEAST_SECONDS = 5.0
"""What we may take for a trial, however little targets may: the largest case takes a fifth of it, on a fast machine."""
_LIMIT = "APR-L001"
_ABOUT_VALUES = frozenset(name for name, rule in facts.RULES.items() if rule.layer == "metadata")


@dataclass(frozen=True, slots=True)
class Opinion:
    """What this package makes of a file: the report of the validator in the profile of the run, and the rule model."""

    raw: bytes
    report: Report
    general: Report
    model: Model

    @classmethod
    def of(cls, raw: bytes, profile: str) -> Opinion:
        """Judge a file."""
        image = Image.of(raw)
        general = judge(image, "default")
        report = general if profile == "default" else judge(image, profile)
        return cls(raw, report, general, model_of(raw))

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules that are broken as an error, in the order of the report."""
        return tuple(dict.fromkeys(finding.rule for finding in self.report.errors))

    @property
    def verdict(self) -> str:
        """`accept`, `reject`, or `free` where nothing but a limit of a reader is in the way."""
        rules = set(self.rules)
        return "accept" if not rules else "free" if rules == {_LIMIT} else "reject"


def guarded(op: str, trial: Callable[[], Iterable[Symptom]], seconds: float) -> list[Symptom]:
    """What a trial finds, with the crash or the timeout that ends it when that is our own.

    It may take so many seconds of processor time; while a target is asked they do not count.
    """
    found: list[Symptom] = []
    try:
        with watched(seconds):
            found.extend(trial())  # one by one: what was found before a crash stays
    except OverrunError:
        found.append(overrun(op, seconds))
    except Exception as error:  # whatever it is: that is what is looked for
        found.append(crash_of(error, op))
    return found


def opinion_of(raw: bytes, profile: str, seconds: float) -> tuple[Opinion | None, list[Symptom]]:
    """What this package makes of a file; without an opinion, how it fails."""
    made: list[Opinion] = []

    def trial() -> Iterator[Symptom]:
        made.append(Opinion.of(raw, profile))
        return iter(())

    symptoms = guarded("read", trial, seconds)
    return (made[0] if made else None), symptoms


def overrun(op: str, seconds: float) -> Symptom:
    """The symptom that we did not come to an end."""
    words = f"expected an end within {seconds:g} s of processor time, found none"
    return Symptom(OWN, op, "timeout", detail=words)


def crash_of(error: Exception, op: str = "read") -> Symptom:
    """The crash that an exception of this package is, at the place where it was raised."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "aprfmt" in frame.filename]
    where = "" if not frames else f"{frames[-1].filename.rpartition('aprfmt')[2]}:{frames[-1].name}".lstrip("/\\")
    kind = type(error).__name__
    return Symptom(OWN, op, "crash", kind, None, where, normalised(str(error)), f"{kind}: {error}")


def own_symptoms(case: Case, opinion: Opinion, seconds: float) -> Iterator[Symptom]:
    """Everything that is wrong with what this package does about a case; each trial may take so many seconds."""
    raw = opinion.raw
    yield from guarded("read", lambda: _round_trip(case, raw, is_sound=opinion.general.valid), seconds)
    yield from guarded("read", lambda: _model(opinion), seconds)
    if case.patches is not None:
        patches = case.patches
        yield from guarded("stamp", lambda: _stamp(raw, patches, is_sound=opinion.general.valid), seconds)
    if case.tree is not None:
        tree = case.tree
        yield from guarded("write", lambda: _write(tree), seconds)


def _round_trip(case: Case, raw: bytes, *, is_sound: bool) -> Iterator[Symptom]:
    """What is read is built again as it was; a sound tree that was built is read as it was given."""
    recipe = case.recipe
    is_plain = is_sound and not recipe.edits and not recipe.damage
    try:
        parsed = layout.parse(raw)
    except FormatError as error:
        if is_sound:
            yield Symptom(OWN, "read", "round-trip", "not-read-back", detail=f"a sound file is not read: {error}")
        return
    if recipe.tree is not None and is_plain:
        for place in _unlike(tree_of(recipe.tree), parsed):
            words = f"{place}: what was built is not what is read"
            yield Symptom(OWN, "read", "round-trip", "not-read-back", None, place_of(place), "", words)
    if layout.build(parsed) != raw:
        yield Symptom(OWN, "read", "round-trip", "not-built-again", detail="building what was read gives other bytes")


def _unlike(given: Any, parsed: Any, path: str = "") -> Iterator[str]:
    """The paths at which something else was read than was given; what was not given was derived."""
    if isinstance(given, Mapping) and isinstance(parsed, Mapping):
        for key, value in given.items():
            yield from _unlike(value, parsed.get(key), f"{path}.{key}" if path else key)
    elif isinstance(given, list) and isinstance(parsed, list) and len(given) == len(parsed):
        for number, (one, other) in enumerate(zip(given, parsed, strict=True)):
            yield from _unlike(one, other, f"{path}[{number}]")
    elif given is None:
        if parsed not in (None, b""):
            yield path
    elif given != parsed:
        yield path


def _model(opinion: Opinion) -> Iterator[Symptom]:
    """Rules that the validator and the model decide in different ways."""
    report, model = opinion.general, opinion.model
    found = {finding.rule for finding in report.findings}
    judged = set(report.rules_run) if _LIMIT in found else set(facts.RULES)
    for rule in facts.RULE_ORDER:
        if rule in model.unknown or rule not in judged or (rule in found) == (rule in model.broken):
            continue
        kind = "found-alone" if rule in found else "not-found"
        words = f"the validator finds {_list(found)}, the model {_list(model.broken)}"
        yield Symptom(OWN, "read", "model", kind, rule, "", "", words)


def _list(rules: set[str]) -> str:
    return ", ".join(sorted(rules)) or "nothing"


def stamped(raw: bytes, patch: Patch) -> bytes:
    """The stamp of a file; raises `AprError` when it must be refused."""
    return stamp_bytes(raw, ProvenancePatch(**patch))


def made(tree: Mapping[str, Any]) -> bytes:
    """The file of a tree of the protocol; raises `AprError` when it must be refused."""
    tensors, metadata, flags = new_container(tree, "tree")
    return create_bytes(tensors, metadata, flags=flags)


def _stamp(raw: bytes, patches: tuple[Patch, Patch], *, is_sound: bool) -> Iterator[Symptom]:
    first, second = patches
    try:
        once = stamped(raw, first)
    except AprError as error:
        if is_sound and Container(Image.of(raw), lenient=True).n_trailing_bytes == 0:
            rule = getattr(error, "rule_id", None)
            yield Symptom(OWN, "stamp", "verdict", "rejected-valid", rule, detail=str(error))
        return
    if not is_sound:
        yield Symptom(OWN, "stamp", "verdict", "accepted-invalid", detail="a file with an error was stamped")
        return
    for law in broken_laws(raw, once, first):
        yield Symptom(OWN, "stamp", "stamp", law.kind, None, law.place, "", law.detail)
    if stamped(raw, first) != once:
        yield Symptom(OWN, "stamp", "stamp", "not-deterministic")
    if stamped(once, first) != once:
        yield Symptom(OWN, "stamp", "stamp", "not-idempotent")
    if stamped(once, second) != stamped(raw, {**first, **second}):
        yield Symptom(OWN, "stamp", "stamp", "does-not-compose")


def _write(tree: Mapping[str, Any]) -> Iterator[Symptom]:
    try:
        raw = made(tree)
    except RequestError:
        return
    errors = [item for item in judge(Image.of(raw), "canonical").findings if item.rule not in _ABOUT_VALUES]
    errors = [item for item in errors if item.severity == "error"]
    if errors:
        yield Symptom(OWN, "write", "bytes", "invalid-output", errors[0].rule, "", "", str(errors[0].error()))
        return
    tensors, _, _ = new_container(tree, "tree")
    given = {item.name: (int(item.dtype), item.shape, bytes(item.data)) for item in tensors}
    found = Container(Image.of(raw)).tensors
    if given != {item.name: (item.entry.dtype, item.shape, bytes(item.data)) for item in found}:
        yield Symptom(OWN, "write", "values", "other-value", None, "tensor_index", "", "other tensors are read")
