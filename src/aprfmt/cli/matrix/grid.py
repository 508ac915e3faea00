"""The matrix as values: what each implementation does about each rule, and about what else it owes.

Every row says what ought to be, so that a mark means the same in all of them. In a cell stand the vectors that decide
it: a vector may decide more than one, a stamp that a rule forbids for instance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from ...conform import Outcome, Result, Run
from ...conform.results import Reason
from ...layout import facts
from .subjects import BROKEN

__all__ = ["SYMBOLS", "Band", "Cell", "Mark", "Row", "bands"]


class Mark(StrEnum):
    """What an implementation does about a row."""

    HELD = "held"
    PARTLY = "partly"
    NOT = "not"
    BROKE = "broke"
    """A crash, a timeout or an exceeded budget is among the failures."""
    KNOWN = "known"
    UNTESTED = "untested"
    OUTSIDE = "outside"
    """Nothing that was asked of this implementation."""


class Symbol(NamedTuple):
    """How a mark is shown, and what it says: a colour alone would say nothing to many."""

    sign: str
    words: str


SYMBOLS = {
    Mark.HELD: Symbol("✓", "all as it must be"),
    Mark.PARTLY: Symbol("~", "in part"),
    Mark.NOT: Symbol("✗", "not at all"),
    Mark.BROKE: Symbol("!", "crash, timeout or budget"),
    Mark.KNOWN: Symbol("k", "known failures only"),
    Mark.UNTESTED: Symbol("–", "not tested"),
    Mark.OUTSIDE: Symbol("·", "not asked for"),
}

_LAYERS = ("structure", "integrity", "metadata", "canonical")
_Side = Callable[[Result], bool | None]


@dataclass(frozen=True, slots=True)
class Cell:
    """The vectors that decide about a row: those that are as they must be, those that are not, those not run."""

    held: tuple[Result, ...] = ()
    failed: tuple[Result, ...] = ()
    skipped: tuple[Result, ...] = ()
    is_asked: bool = True

    @property
    def mark(self) -> Mark:
        """The one mark of all of them: the worst that counts."""
        if not self.is_asked:
            return Mark.OUTSIDE
        if not self.ran:
            return Mark.UNTESTED
        if not self.failed:
            return Mark.HELD
        if all(result.known is not None for result in self.failed):
            return Mark.KNOWN
        if any(result.outcome in BROKEN and result.known is None for result in self.failed):
            return Mark.BROKE
        return Mark.PARTLY if self.held else Mark.NOT

    @property
    def results(self) -> tuple[Result, ...]:
        """All of them."""
        return self.held + self.failed + self.skipped

    @property
    def ran(self) -> int:
        """How many vectors were run."""
        return len(self.held) + len(self.failed)

    @property
    def ratio(self) -> str:
        """`2/5`; empty when none was run."""
        return f"{len(self.held)}/{self.ran}" if self.ran else ""


@dataclass(frozen=True, slots=True)
class Row:
    """What ought to be, and a cell for each run. `title` is a rule, or a few words; `about` says more."""

    title: str
    about: str
    cells: tuple[Cell, ...]
    rule: str | None = None

    @property
    def is_clean(self) -> bool:
        """Whether no cell has anything to look at."""
        return all(cell.mark in (Mark.HELD, Mark.OUTSIDE) for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Band:
    """Rows that belong together: the rules of a layer, or what else there is."""

    title: str
    rows: tuple[Row, ...]


def bands(runs: Sequence[Run]) -> list[Band]:
    """All rows of which some run knows anything."""
    asked = [run.enforcement() for run in runs]
    layers = dict.fromkeys((*_LAYERS, *(rule.layer for rule in facts.RULES.values())))
    found = [
        Band(f"{layer} rules", tuple(_rule(name, runs, asked) for name in _rules(layer, asked))) for layer in layers
    ]
    found.append(Band("valid files", tuple(_row(runs, *row) for row in _VALID)))
    found.append(Band("files that are made", tuple(_row(runs, *row) for row in _MADE)))
    found.append(Band("reasons", tuple(_row(runs, *row) for row in _REASONS)))
    found.append(Band("anything else", (_rest(runs, found),)))
    kept = [Band(band.title, tuple(filter(_says_something, band.rows))) for band in found]
    return [band for band in kept if band.rows]


def _rules(layer: str, asked: Sequence[Iterable[str]]) -> list[str]:
    return [name for name, rule in facts.RULES.items() if rule.layer == layer and any(name in rules for rules in asked)]


def _rule(name: str, runs: Sequence[Run], asked: Sequence[Iterable[str]]) -> Row:
    cells = (
        _cell(run.of_rule(name), _passed) if name in rules else Cell(is_asked=False)
        for run, rules in zip(runs, asked, strict=True)
    )
    return Row(facts.RULES[name].name, facts.RULES[name].defect, tuple(cells), name)


def _row(runs: Sequence[Run], title: str, about: str, side: _Side, wanted: Callable[[Result], bool]) -> Row:
    return Row(title, about, tuple(_cell(filter(wanted, run.results), side) for run in runs))


def _rest(runs: Sequence[Run], found: Sequence[Band]) -> Row:
    """What no other row has, so that nothing is lost: a rule of another edition, for instance."""
    cells = []
    for at, run in enumerate(runs):
        seen = {id(result) for band in found for row in band.rows for result in row.cells[at].results}
        cells.append(_cell((result for result in run.results if id(result) not in seen), _passed))
    return Row("other vectors", "a vector that belongs to no row above has another outcome than it must", tuple(cells))


def _says_something(row: Row) -> bool:
    return row.rule is not None or any(cell.ran or cell.skipped for cell in row.cells)


def _cell(results: Iterable[Result], side: _Side) -> Cell:
    """The results on their sides: `side` says whether one is as it must be, and nothing of one that does not matter."""
    sides: dict[bool | None, list[Result]] = {True: [], False: [], None: []}
    for result in results:
        sides[None if result.outcome is Outcome.SKIP else side(result)].append(result)
    skipped = [result for result in sides[None] if result.outcome is Outcome.SKIP]
    return Cell(tuple(sides[True]), tuple(sides[False]), tuple(skipped))


def _passed(result: Result) -> bool:
    return not result.failed


def _accepted(result: Result) -> bool:
    return result.outcome in (Outcome.PASS, Outcome.WRONG_VALUE)


def _read_right(result: Result) -> bool | None:
    if result.outcome is Outcome.WRONG_VALUE:
        return False
    return True if result.outcome is Outcome.PASS and result.compared else None


def _for_the_right_reason(result: Result) -> bool | None:
    return None if result.reason in (None, Reason.UNSAID) else result.reason is Reason.RIGHT


def _is_valid_file(result: Result) -> bool:
    return result.op == "read" and result.verdict == "accept"


_VALID: tuple[tuple[str, str, _Side, Callable[[Result], bool]], ...] = (
    ("valid files accepted", "a valid file is refused, or the reader breaks on it", _accepted, _is_valid_file),
    ("values read right", "something else is read than what is in the file", _read_right, _is_valid_file),
    (
        "files open to judgement",
        "where either verdict will do, the reader gives none",
        _passed,
        lambda result: result.op == "read" and result.verdict == "free",
    ),
)
_MADE: tuple[tuple[str, str, _Side, Callable[[Result], bool]], ...] = (
    ("stamps", "a stamp is not to the byte what it must be", _passed, lambda result: result.op == "stamp"),
    ("writers", "a file is not written to the byte as it must be", _passed, lambda result: result.op == "write"),
)
_REASONS: tuple[tuple[str, str, _Side, Callable[[Result], bool]], ...] = (
    (
        "refused for the right reason",
        "a file is refused because of something that is in order",
        _for_the_right_reason,
        lambda result: result.reason is not None,
    ),
)
