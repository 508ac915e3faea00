"""Which vector kills which mutant.

A vector kills a mutant when the mutant gives another verdict than the recipe says, when it finds other rules, or when
it crashes. Vectors of the mutant's own rules are tried first; the search ends at the first kill that shows in the
verdict, so that most mutants cost a few files.

Rules of this file:
1. Files are built before any mutant is in the process: what a mutant breaks must not change the question.
2. A recipe that the unchanged validator does not bear out decides nothing; it is left out and reported.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Any, NamedTuple

from ...container import Container
from ...errors import AprError, RequestError
from ...rules import run
from ...source import BytesSource
from ..suite import Suite, Vector
from .equivalent import EQUIVALENT, LIMITS
from .functions import Place, deciding_functions
from .mutants import BULKY_NBYTES, Mutant, applied, bounded, mutants, places_of
from .results import AdequacyReport, By, Row

__all__ = ["adequacy"]

Progress = Callable[[int, int], None]


class _Seen(NamedTuple):
    """What a reader makes of a file: whether it takes it, and which rules it finds, errors apart from the others."""

    accepts: bool
    errors: frozenset[str]
    others: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Question:
    """A vector with its file in memory, and the right answer."""

    vector: Vector
    source: BytesSource
    answer: _Seen
    ran: frozenset[Place]
    """The lines that run when the file is judged, in the functions that decide."""

    @property
    def rules(self) -> frozenset[str]:
        """The rules that the file breaks."""
        return self.answer.errors | self.answer.others

    @property
    def is_bulky(self) -> bool:
        """Whether the file is too large to be tried on every mutant."""
        return self.source.size > BULKY_NBYTES

    @property
    def family(self) -> str:
        """The first word of the id, which vectors about related things share."""
        return self.vector.id.partition(".")[0]


def adequacy(
    suite: Suite,
    mutant_ids: Sequence[str] | None = None,
    progress: Progress | None = None,
    *,
    equivalent: Mapping[str, str] = EQUIVALENT,
) -> AdequacyReport:
    """Try every mutant, or those of `mutant_ids`, on the vectors that are read; `progress` gets mutants done and all.

    Sparse vectors are left out. A mutant that is said to be equivalent is tried like every other one. Raises
    `RequestError` for an id that no mutant has.
    """
    known = {mutant.id: mutant for mutant in mutants()}
    if unknown := [name for name in mutant_ids or () if name not in known]:
        raise RequestError(f"expected the id of a mutant, found {unknown[0]!a:.200}")
    asked = [known[name] for name in mutant_ids] if mutant_ids is not None else list(known.values())
    rows: list[Row] = []
    with bounded():
        questions, flawed = _questions(suite)
        for number, mutant in enumerate(asked, 1):
            rows.append(_tried(mutant, questions, equivalent))
            if progress is not None:
                progress(number, len(asked))
    stale = [row.mutant.id for row in rows if row.killed_by is not None and row.mutant.id in equivalent]
    stale += [name for name in equivalent if name not in known]
    return AdequacyReport(tuple(rows), flawed, tuple(stale), len(questions))


_last: dict[str, tuple[tuple[_Question, ...], tuple[str, ...]]] = {}
"""What the last suite asks, by its digest: the work is done in shares, and each begins with the same questions."""


def _questions(suite: Suite) -> tuple[tuple[_Question, ...], tuple[str, ...]]:
    """The questions of a suite, small files first, and the vectors that the validator does not bear out."""
    if suite.digest not in _last:
        files, flawed = _files(suite)
        questions = tuple(question for item in files if (question := _question(*item)) is not None)
        sound = {question.vector.id for question in questions}
        flawed += [vector.id for vector, _ in files if vector.id not in sound]
        _last.clear()
        _last[suite.digest] = questions, tuple(flawed)
    return _last[suite.digest]


def _files(suite: Suite) -> tuple[list[tuple[Vector, BytesSource]], list[str]]:
    """The vectors to read with their files, the small ones first, and those of which no file can be made."""
    found: list[tuple[Vector, BytesSource]] = []
    flawed: list[str] = []
    for vector in suite.vectors.values():
        if vector.op != "read" or vector.is_sparse or vector.is_huge:
            continue
        try:
            found.append((vector, BytesSource(suite.image(vector.id).whole())))
        except RequestError:
            flawed.append(vector.id)
    return sorted(found, key=lambda item: item[1].size), flawed


def _question(vector: Vector, source: BytesSource) -> _Question | None:
    """The vector with its answer and what runs for it; None when the validator gives another one than the recipe."""
    files = {function.live.__code__.co_filename for function, _ in deciding_functions().values()}
    ran: set[Place] = set()

    def note(frame: FrameType, event: str, _: object) -> Callable[..., Any] | None:
        if frame.f_code.co_filename not in files:
            return None
        if event == "line":
            ran.add((frame.f_code.co_filename, frame.f_lineno))
        return note

    errors = frozenset({vector.rule} if vector.rule else ())
    answer = _Seen(vector.verdict != "reject" and not errors, errors, frozenset(vector.beside))
    before = sys.gettrace()
    sys.settrace(note)
    try:
        seen = _seen(vector, source)
    finally:
        sys.settrace(before)
    return _Question(vector, source, answer, frozenset(ran)) if seen == answer else None


def _seen(vector: Vector, source: BytesSource) -> _Seen:
    """What the validator of this process makes of the file; raises what a crash raises.

    A refusal that is raised instead of reported is another finding than the one it stands for.
    """
    try:
        report = run(Container(source, lenient=True), profile=vector.profile, read_data=True)
    except AprError as error:
        return _Seen(False, frozenset({f"raised {getattr(error, 'rule_id', None)}"}), frozenset())
    errors = frozenset(finding.rule for finding in report.errors)
    return _Seen(report.valid, errors, frozenset(finding.rule for finding in report.findings) - errors)


def _tried(mutant: Mutant, questions: Sequence[_Question], equivalent: Mapping[str, str]) -> Row:
    places = places_of(mutant.id)
    own, *others = _ordered(mutant, [item for item in questions if not places or places & item.ran])
    with applied(mutant.id):
        kill = _first_kill(own, any_kind=False)
        for asked in others:
            kill = kill or _first_kill(asked, any_kind=True)
    if kill is not None:
        return Row(mutant, *kill)
    free = LIMITS if mutant.rules == _FREE else ""
    return Row(mutant, equivalent=equivalent.get(mutant.id, ""), free=free)


_FREE = ("APR-L001",)


def _first_kill(questions: Sequence[_Question], *, any_kind: bool) -> tuple[str, By] | None:
    """The first vector that kills what runs, and how: one that shows in the verdict, or else one that does not.

    With `any_kind` the first one of either.
    """
    found: tuple[str, By] | None = None
    for question in questions:
        by = _killed(question)
        if by is None or (by == "findings" and found is not None):
            continue
        found = question.vector.id, by
        if any_kind or by != "findings":
            break
    return found


def _ordered(mutant: Mutant, questions: Sequence[_Question]) -> tuple[list[_Question], ...]:
    """The small files about the rules of a mutant, with their twins; the other small ones; the large ones, where one of
    them is about its rules."""
    rules = frozenset(mutant.rules)
    broken = {question.vector.id: question for question in questions if question.rules & rules}
    twins = {question.vector.twin for question in broken.values()}
    families = {question.family for question in broken.values()}
    layers = {question.vector.layer for question in broken.values() if question.is_bulky}
    own, others, bulky = [], [], []
    for question in questions:
        name = question.vector.id
        if question.is_bulky:
            if name in broken or question.vector.layer in layers:
                bulky.append(question)
        elif name in broken or name in twins:
            own.append(question)
        else:
            others.append(question)
    return own, sorted(others, key=lambda question: question.family not in families), bulky


def _killed(question: _Question) -> By | None:
    try:
        seen = _seen(question.vector, question.source)
    except Exception:  # whatever a mutant raises that is no refusal
        return "crash"
    if seen == question.answer:
        return None
    free = question.vector.verdict == "free"
    return "verdict" if seen.accepts != question.answer.accepts and not free else "findings"
