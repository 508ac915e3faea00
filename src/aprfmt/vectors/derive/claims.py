"""What a statement predicts of a file: the claims that are proved one by one, and what each of them covers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from ...layout.model import Statement
from .bench import BASES, Reading, Recipe

__all__ = ["Claim", "Mark", "Try", "bound_of", "inside", "key_of", "outside", "right", "said"]


@dataclass(frozen=True, slots=True)
class Mark:
    """On which side of a statement a file is, and how far from its bound, which itself is inside.

    `rule` and `field` are what the rules must say when it is outside, and must not say when it is inside.
    """

    key: str
    is_inside: bool
    distance: int
    rule: str | None = None
    field: str = ""

    @property
    def edge(self) -> bool:
        """Whether the file is right at the boundary."""
        return self.distance <= (0 if self.is_inside else 1)


@dataclass(frozen=True, slots=True)
class Try:
    """One file that shows something, with the rules that it breaks as the statements have it.

    `at` is the number in question, by which neighbours are found; files of a `group` are each other's neighbours.
    """

    id: str
    about: str
    recipe: Recipe
    broken: tuple[str, ...] = ()
    marks: tuple[Mark, ...] = ()
    at: int | None = None
    group: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """Files that would show the same, the best first: the first one that decides it becomes a vector.

    `rule` is the one that is in question, and says the layer of a file that is accepted. `in_both`: the stricter
    profile is asked too, whatever it makes of the rule. `is_quiet`: one that breaks nothing else, not even a rule that
    is no error, is preferred.
    """

    rule: str | None
    tries: Callable[[], Iterator[Try]]
    in_both: bool = False
    is_quiet: bool = False

    @classmethod
    def of(cls, rule: str | None, *tries: Try, in_both: bool = False) -> Claim:
        """The claim that files show which are listed."""
        return cls(rule, lambda: iter(tries), in_both)


def bound_of(statement: Statement) -> int | None:
    """The bound of a statement when it is the same in every file."""
    if statement.bound is None:
        return None
    try:
        return statement.bound(None, None, None, 0)
    except AttributeError:
        return None


def key_of(statement: Statement) -> str:
    """A name for a statement, which no other one has."""
    return f"{statement.path} {statement.kind}" + (f" {bound_of(statement)}" if statement.kind == "ne" else "")


def inside(statement: Statement, distance: int = 0) -> Mark:
    """A file for which the statement holds."""
    return Mark(key_of(statement), True, distance, statement.rule, statement.field)


def outside(statement: Statement, distance: int = 1) -> Mark:
    """A file for which it does not."""
    return Mark(key_of(statement), False, distance, statement.rule, statement.field)


def right(statement: Statement) -> Claim:
    """The claim that a statement holds for the first base, right at its boundary."""
    base, about = next(iter(BASES.items()))
    return Claim.of(statement.rule, Try(f"{statement.path}.right", about, Recipe(base), marks=(inside(statement),)))


_HOLDS: Mapping[str, Callable[[int, int], bool]] = {
    "eq": lambda value, bound: value == bound,
    "min": lambda value, bound: value >= bound,
    "max": lambda value, bound: value <= bound,
    "multiple-of": lambda value, bound: value % bound == 0,
}


def said(statement: Statement, value: int, reading: Reading) -> Mark:
    """On which side of a statement about a number a record is."""
    assert statement.bound is not None, statement  # noqa: S101 - the kinds that come here have one
    bound = statement.bound(*reading)
    distance = abs(value - bound)
    if statement.kind == "multiple-of":
        distance = min(value % bound, -value % bound)
    return (inside if _HOLDS[statement.kind](value, bound) else outside)(statement, distance)
