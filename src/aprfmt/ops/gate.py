"""Gate: may a file be published, as far as it says where it comes from? A verdict for each gate.

`spec/provenance.contract.yaml` says what each gate asks, in words; how it is found out is here.

Rules of this file:
1. A gate that could not be judged is skipped, and skipped is never passed.
2. What the metadata holds is read a second time, by the JSON parser of the standard library: a gate that asked our own
   reader whether our own reader is right could not fail.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ..container import Container
from ..errors import AprError, FormatError
from ..jsontext import shorten, show
from ..layout import facts
from ..metadata import Metadata, same_json
from ..patch import MetadataPatch
from ..provenance import PROVENANCE_KEYS
from ..rules import Case, Fault, Report, registry, run
from ..source import Progress
from .inspect import Inspection, inspect

__all__ = ["GATES", "GateFinding", "GateReport", "GateResult", "Verdict", "View", "gate"]

GATES: Mapping[str, tuple[str, ...]] = {
    "GATE-APR-PROV-001": ("APR-M006", "APR-M008"),
    "GATE-APR-PROV-002": (),
    "GATE-APR-PROV-003": ("APR-P001", "APR-P002", "APR-P003"),
    "GATE-APR-PROV-004": ("APR-P001", "APR-P002"),
}
"""The gates, and the rules about the three keys that each rests on; the third one on all others of its profile, too."""

_PROFILE = "publish"
_READABLE, _FOOTER = "APR-M004", "APR-F002"
_WRONG_TYPE, _TWICE, _ABSENT, _MEANINGLESS = "APR-M006", "APR-M008", "APR-P001", "APR-P002"
_OF_THE_PROGRAM = "No change of the file helps: this is a fault of the program that reads it, please report it."
_TOO_LARGE = "Make the metadata smaller: what a stamp would write goes beyond what is read."
_PROBES = ("GATE-APR-PROV-001 probe", "GATE-APR-PROV-001 other probe")


class Verdict(StrEnum):
    """What a gate says of a file; only PASS lets it through."""

    PASS = "PASS"  # noqa: S105 - a verdict, no password
    FAIL = "FAIL"
    SKIPPED = "SKIPPED"


@dataclass(frozen=True, slots=True)
class GateFinding:
    """Why a gate fails, and what to do about it. `rule` is None for what is wrong with a program, not with the file.

    The span counts bytes of the file, end exclusive.
    """

    rule: str | None
    message: str
    field: str
    span: tuple[int, int]
    expected: str
    found: str
    repair: str
    tensor: str | None = None


@dataclass(frozen=True, slots=True)
class GateResult:
    """The verdict of one gate: why it fails, or the rules that kept it from being judged.

    `not_kept` counts findings of a rule that the limits cut off.
    """

    gate: str
    verdict: Verdict
    findings: tuple[GateFinding, ...] = ()
    skipped_because: tuple[str, ...] = ()
    not_kept: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GateReport:
    """The verdicts of all gates, in their order; `checked` says whether every byte of the file was read for them."""

    gates: tuple[GateResult, ...]
    checked: bool

    @property
    def passed(self) -> bool:
        """Whether every gate was judged and passes."""
        return all(item.verdict is Verdict.PASS for item in self.gates)

    def count(self, verdict: Verdict) -> int:
        """How many gates have this verdict."""
        return sum(item.verdict is verdict for item in self.gates)


@dataclass(frozen=True, slots=True)
class View:
    """A form in which somebody shows what `inspect` has seen: the value of each key in it, and how it spells a value.

    `show` may raise `FormatError` for a file that cannot be shown: the gate is then skipped.
    """

    name: str
    show: Callable[[Inspection], Mapping[str, Any]]
    spell: Callable[[Any], Any]


_VALUES = View("inspect", lambda seen: seen.provenance, lambda value: value)


def gate(
    container: Container, *, check: bool = False, views: Sequence[View] = (), progress: Progress | None = None
) -> GateReport:
    """Judge a container by every gate; of the file only its head is read, and with `check` every byte.

    Any bytes can be judged when the container is `lenient`. `views` are held against the metadata beside what `inspect`
    returns. Raises `OSError` as the system reports it, and `FormatError` without a rule when the file changes while it
    is read.
    """
    report = run(container, profile=_PROFILE, read_data=check, progress=progress)
    culprits = _culprits(report, _READABLE)
    judges: dict[str, Callable[[], Iterator[GateFinding]]] = {
        "GATE-APR-PROV-001": lambda: _readable(container),
        "GATE-APR-PROV-002": lambda: _shown(container, (_VALUES, *views)),
        "GATE-APR-PROV-004": lambda: _complete(container),
    }
    results = []
    for name in GATES:
        if name not in judges:
            results.append(_publishable(name, report, check=check))
        elif culprits:
            results.append(GateResult(name, Verdict.SKIPPED, skipped_because=culprits))
        else:
            results.append(_judged(name, judges[name]))
    return GateReport(tuple(results), check)


def _judged(name: str, judge: Callable[[], Iterator[GateFinding]]) -> GateResult:
    try:
        found = tuple(judge())
    except FormatError as error:
        if error.rule_id is None:
            raise
        return GateResult(name, Verdict.SKIPPED, skipped_because=(error.rule_id,))
    return GateResult(name, Verdict.FAIL if found else Verdict.PASS, found)


def _culprits(report: Report, rule: str) -> tuple[str, ...]:
    """The rules with findings because of which something that needs `rule` cannot be judged; none when it can be."""
    found = {finding.rule for finding in report.findings}
    if rule in report.rules_run and rule not in found:
        return ()
    needed, pending = {"APR-L001"}, [rule]
    while pending:
        name = pending.pop()
        if name not in needed:
            needed.add(name)
            pending += facts.RULES[name].needs
    return tuple(name for name in facts.RULES if name in needed & found)


def _of_fault(fault: Fault) -> GateFinding:
    rule = facts.RULES[fault.rule]
    message = fault.message or rule.defect
    return GateFinding(
        fault.rule, message, fault.field, fault.span, fault.expected, fault.found, rule.repair, fault.tensor
    )


# ---- 001: the keys can be read, and written ----


def _readable(container: Container) -> Iterator[GateFinding]:
    """What keeps a program from reading one of the keys under its name, in one way only, as it was written."""
    metadata = container.metadata
    paths = {f"metadata.{key}" for key in PROVENANCE_KEYS}
    yield from (_of_fault(Fault.of(error)) for error in metadata.type_errors() if error.field in paths)
    last = {member.key: member.key_span for member in metadata.members}
    for member in metadata.duplicates:
        if member.key in PROVENANCE_KEYS:
            start, stop = last[member.key]
            found = f"another one @{start:#x}..{stop:#x}, which overrides it"
            yield _of_fault(Fault(_TWICE, f"metadata.{member.key}", member.key_span, "a key of its own", found))
    yield from _round_trip(metadata)


def _round_trip(metadata: Metadata) -> Iterator[GateFinding]:
    """Write other values under the keys as a stamp does, read them, and put back what was there."""
    values, others = _divided(_members(metadata.raw))
    probes = {key: next(probe for probe in _PROBES if probe != values.get(key)) for key in PROVENANCE_KEYS}
    # A value that is no text cannot be put back, because no stamp writes one.
    back = {key: value for key, value in values.items() if value is None or isinstance(value, str)}
    absent = tuple(key for key in PROVENANCE_KEYS if key not in values)
    try:
        first = _written(metadata, MetadataPatch(set=probes))
        changed = None if first.others == others else _first_change(others, first.others)
        others = first.others = []  # which may hold most of a large file
        last = (
            _written(metadata.replaced(first.raw), MetadataPatch(set=back, unset=absent)) if back or absent else first
        )
    except AprError as error:
        expected = "keys that can be written and read"
        yield _of_program(metadata, None, "what is written cannot be read", expected, str(error), _TOO_LARGE)
        return
    except ValueError as error:
        yield _of_program(metadata, None, "what is written is not JSON", "JSON that any parser reads", str(error))
        return
    wanted: list[tuple[_Writing, Mapping[str, str | None]]] = [(first, probes), (last, back)]
    for made, expected_values in wanted:
        for who, said in made.read.items():
            for key, value in expected_values.items():
                if key not in said or not same_json(said[key], value):
                    message = f"what is written under a key is not what {who} finds there"
                    found = show(said[key]) if key in said else "no such key"
                    yield _of_program(metadata, key, message, show(value), found)
    if changed is not None:
        message = "writing the keys changes another one"
        yield _of_program(metadata, None, message, "the other members as they are", changed)


@dataclass(slots=True)
class _Writing:
    """What a writer made: the bytes, the three keys by who reads them, and the other members."""

    raw: bytes
    read: Mapping[str, Mapping[str, Any]]
    others: list[tuple[str, Any]]


def _written(metadata: Metadata, patch: MetadataPatch) -> _Writing:
    written = patch.apply(metadata).metadata
    ours = {key: written[key] for key in PROVENANCE_KEYS if key in written}
    theirs, others = _divided(_members(written.raw))
    return _Writing(written.raw, {"our reader": ours, "another parser": theirs}, others)


def _divided(members: Iterable[tuple[str, Any]]) -> tuple[dict[str, Any], list[tuple[str, Any]]]:
    """The values of the three keys that count, and all other members."""
    values, others = dict[str, Any](), list[tuple[str, Any]]()
    for key, value in members:
        if key in PROVENANCE_KEYS:
            values[key] = value
        else:
            others.append((key, value))
    return values, others


def _first_change(before: Sequence[tuple[str, Any]], after: Sequence[tuple[str, Any]]) -> str:
    keys = [mine[0] for mine, theirs in zip(before, after, strict=False) if mine != theirs]
    return f"a change of {shorten(keys[0])}" if keys else f"{len(after)} instead of {len(before)} of them"


def _of_program(
    metadata: Metadata, key: str | None, message: str, expected: str, found: str, repair: str = _OF_THE_PROGRAM
) -> GateFinding:
    """A finding about a program, at the value of a key when it is there, otherwise at the metadata."""
    start = metadata.file_offset
    span = (start, start + len(metadata.raw)) if key not in metadata else metadata.span_of(str(key))
    return GateFinding(None, message, "metadata" if key is None else f"metadata.{key}", span, expected, found, repair)


def _members(raw: bytes) -> list[tuple[str, Any]]:
    """The members of the outermost object as the standard library reads them, those that are overridden included.

    Raises `ValueError` for what is no JSON.
    """
    outermost: list[tuple[str, Any]] = []

    def keep(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal outermost
        outermost = pairs  # the object that is closed last is the outermost one
        return dict(pairs)

    json.loads(raw.decode("utf-8"), object_pairs_hook=keep, parse_int=_integer)
    return outermost


def _integer(literal: str) -> int | float:
    return -0.0 if literal == "-0" else int(literal)  # as every reader of the format has it


# ---- 002: whoever looks at the file is told ----


def _shown(container: Container, views: Iterable[View]) -> Iterator[GateFinding]:
    """What `inspect` does not say of a key, or says otherwise than it stands in the metadata."""
    metadata = container.metadata
    said = dict(_members(metadata.raw))
    _ = Container(container.source, limits=container.limits)  # raises for a file that `inspect` refuses to open
    seen = inspect(container)
    for view in views:
        shown = view.show(seen)
        for key in PROVENANCE_KEYS:
            expected = view.spell(said.get(key))
            if key not in shown or not same_json(shown[key], expected):
                message = f"what is shown by {view.name} is not what the metadata holds"
                found = show(shown[key]) if key in shown else "no word of the key"
                yield _of_program(metadata, key, message, show(expected), found)


# ---- 003: the rules of publishing ----


def _publishable(name: str, report: Report, *, check: bool) -> GateResult:
    """The errors of the profile; skipped when there is none, and a rule could not be judged that had to be."""
    findings = tuple(
        GateFinding(
            item.rule,
            item.message,
            item.field,
            item.span,
            item.expected,
            item.found,
            facts.RULES[item.rule].repair,
            item.tensor,
        )
        for item in report.errors
    )
    if findings:
        failed = {item.rule for item in findings}
        not_kept = {rule: number for rule, number in report.not_kept.items() if rule in failed}
        return GateResult(name, Verdict.FAIL, findings, not_kept=not_kept)
    needed = (*GATES[name], *((_FOOTER,) if check else ()))
    culprits = [rule for needs in needed if needs in report.rules_skipped for rule in _culprits(report, needs)]
    if culprits:
        return GateResult(name, Verdict.SKIPPED, skipped_because=tuple(dict.fromkeys(culprits)))
    return GateResult(name, Verdict.PASS)


# ---- 004: the answer is complete ----


def _complete(container: Container) -> Iterator[GateFinding]:
    """Each key that has no value; and the source of the data, when it says nothing."""
    checks = registry(_PROFILE)
    case = Case(container, reads_all=False, progress=None)
    for fault in checks[_ABSENT].judge(case):
        yield _of_fault(fault)
    for fault in checks[_MEANINGLESS].judge(case):
        if fault.rule == _MEANINGLESS and fault.field == "metadata.data_source":
            yield _of_fault(fault)
