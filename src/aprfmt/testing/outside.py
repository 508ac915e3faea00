"""Values on the wrong side of what the specification says of one field, the nearest ones first.

Statements come from `facts.STATEMENTS`. A value is constructed from its distance to the bound, so that it never has to
be drawn twice, and shrinks to the first value that is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

from hypothesis import strategies as st

from ..layout import ALIGNMENT, align_up, facts
from ..layout.model import Statement
from .strategies import expand

__all__ = [
    "RARELY",
    "beyond",
    "bound_of",
    "not_zero",
    "same_in_half",
    "statements_of",
    "unknown_codes",
    "wrong_bits",
    "wrong_bytes",
    "wrong_number",
    "wrong_place",
]


@cache
def statements_of(rule: str, *kinds: str) -> tuple[Statement, ...]:
    """What the specification says of single fields under a rule; of some kinds when they are given."""
    return tuple(item for item in facts.STATEMENTS if item.rule == rule and (not kinds or item.kind in kinds))


def bound_of(statement: Statement) -> int:
    """The bound of a statement that is the same in every file."""
    assert statement.bound is not None, statement  # noqa: S101 - only kinds that have one are asked for
    return statement.bound(None, None, None, 0)


def beyond(draw: st.DrawFn, n_below: int, n_above: int) -> int:
    """How far outside of a range a value is: 1 or more for above it, -1 or less for below it.

    So many values are there on each side; on one of them at least one. Below is tried first, where there is something.
    """
    is_above = n_below <= 0 or (n_above > 0 and draw(st.booleans()))
    most = n_above if is_above else n_below
    distance = 1 + draw(st.integers(0, most - 1))
    if draw(RARELY):  # drawn last, so that it does not save a choice, which would count as simpler
        distance = most
    return distance if is_above else -distance


RARELY = st.sampled_from((False, False, False, True))
"""Whether arithmetic goes wrong with the value, at the very end of a range say: in some draws."""


_SIDES: Mapping[str, Callable[[int, int], tuple[int, int]]] = {
    "eq": lambda bound, limit: (bound, limit - 1 - bound),
    "min": lambda bound, _: (bound, 0),
    "max": lambda bound, limit: (0, limit - 1 - bound),
}
"""How many values are wrong below the bound and above it, in a field with so many values."""


def wrong_number(draw: st.DrawFn, statement: Statement, bound: int) -> int:
    """A value for which `eq`, `min`, `max` or `multiple-of` does not hold, as wide as the field at most."""
    limit = 1 << (statement.bits or 0)
    if statement.kind == "multiple-of":
        place = draw(st.integers(0, limit // bound - 1)) * bound
        return place + 1 + draw(st.integers(0, bound - 2))
    return bound + beyond(draw, *_SIDES[statement.kind](bound, limit))


def same_in_half(draw: st.DrawFn, right: int, bits: int) -> int:
    """Another number in a field of so many bits, whose lower half is that of the right one: readers that count in a
    type of half as many bits take one for the other."""
    half = bits // 2
    upper = draw(st.integers(0, (1 << half) - 2))
    return (right & ((1 << half) - 1)) | (upper + (upper >= right >> half)) << half


def wrong_place(draw: st.DrawFn, least: int, most: int, bits: int, right: int | None = None) -> int:
    """A place before the least one, or behind the last one, in a field of so many bits; in half of the draws on the
    grid, so that nothing else is wrong with it. Places before are left out with a `least` of 0, those behind with the
    largest `most` there is. When the `right` one is told, some are the same in half of their bits."""
    limit = 1 << bits
    away = beyond(draw, least, limit - 1 - most)
    place = away + (most if away > 0 else least)
    if right is not None and most >> bits // 2 == 0 and draw(RARELY):
        return same_in_half(draw, right, bits)
    if draw(st.booleans()):
        return place
    return place // ALIGNMENT * ALIGNMENT if away < 0 else min(align_up(place, ALIGNMENT), limit - ALIGNMENT)


def wrong_bytes(draw: st.DrawFn, right: bytes, others: tuple[bytes, ...] = ()) -> bytes:
    """Bytes as long as the right ones and different from them: some of `others`, or with bits flipped."""
    if len(others) > 0 and draw(st.booleans()):
        return draw(st.sampled_from(others))
    found = bytearray(right)
    found[draw(st.integers(0, len(right) - 1))] ^= 1 + draw(st.integers(0, 254))
    return bytes(found)


def wrong_bits(draw: st.DrawFn, statement: Statement) -> int:
    """What a field is to be changed by, bit by bit, so that it holds something else: one bit or more."""
    return 1 + draw(st.integers(0, (1 << (statement.bits or 0)) - 2))


_RESIDUES = st.tuples(st.integers(0, 1 << 16), st.integers(0, 254), st.sampled_from((0, 0, 1, 2)))


def not_zero(draw: st.DrawFn, nbytes: int) -> bytes:
    """So many bytes, at least one, of which at least one is not zero: one alone, or noise around it."""
    place, value, seed = draw(_RESIDUES)
    found = bytearray(expand(seed, nbytes))
    found[-1 - place % nbytes] = value + 1
    return bytes(found)


@cache
def unknown_codes(statement: Statement) -> st.SearchStrategy[int]:
    """Numbers that stand for nothing in the enum of a field."""
    known = {"dtype": facts.DTYPE_CODES}[statement.target]
    return st.sampled_from([code for code in range(1 << (statement.bits or 0)) if code not in known])
