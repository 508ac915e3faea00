"""Values on the wrong side of a bound: all of them are, the nearest one is the smallest, both sides are met."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import pytest
from hypothesis import strategies as st
from tests.unit.testing.drawing_kit import many, smallest

from aprfmt.layout.model import Statement
from aprfmt.testing.outside import (
    beyond,
    bound_of,
    not_zero,
    same_in_half,
    statements_of,
    unknown_codes,
    wrong_bits,
    wrong_bytes,
    wrong_number,
    wrong_place,
)

T = TypeVar("T")


def by(make: Callable[[st.DrawFn], T]) -> st.SearchStrategy[T]:
    """What a function draws, as a strategy."""
    return st.composite(make)()


def stated(kind: str, bits: int, bound: int) -> Statement:
    return Statement(None, "", "field", kind, bits, lambda *_: bound)


@pytest.mark.parametrize(
    ("kind", "bound", "nearest", "ends"),
    [
        ("eq", 2, 1, {0, 255}),
        ("eq", 0, 1, {1, 255}),
        ("eq", 255, 254, {0, 254}),
        ("min", 5, 4, {0, 4}),
        ("max", 8, 9, {9, 255}),
        ("multiple-of", 64, 1, set()),
    ],
)
def test_a_number_is_wrong_and_shrinks_to_the_nearest_one(kind: str, bound: int, nearest: int, ends: set[int]) -> None:
    statement = stated(kind, 8, bound)
    values = by(lambda draw: wrong_number(draw, statement, bound))
    assert smallest(values) == nearest
    found = set(many(values, 200))
    right = {
        "eq": lambda value: value == bound,
        "min": lambda value: value >= bound,
        "max": lambda value: value <= bound,
        "multiple-of": lambda value: value % bound == 0,
    }[kind]
    assert not any(map(right, found))
    assert ends <= found
    assert all(0 <= value < 256 for value in found)


def test_distances_are_on_the_sides_that_there_are() -> None:
    assert {distance > 0 for distance in many(by(lambda draw: beyond(draw, 3, 3)), 50)} == {True, False}
    assert set(many(by(lambda draw: beyond(draw, 2, 0)), 50)) == {-1, -2}
    assert set(many(by(lambda draw: beyond(draw, 0, 1)), 50)) == {1}


def test_places_are_outside_on_the_grid_and_off_it() -> None:
    found = set(many(by(lambda draw: wrong_place(draw, 130, 200, 64)), 200))
    assert not any(130 <= place <= 200 for place in found)
    assert {place % 64 == 0 for place in found} == {True, False}
    assert {0 <= place < 1 << 64 for place in found} == {True}
    assert {place > 200 for place in found} == {True, False}
    assert max(found) >= (1 << 64) - 64


def test_bytes_differ_from_the_right_ones() -> None:
    found = set(many(by(lambda draw: wrong_bytes(draw, b"ab", (b"cd",))), 80))
    assert b"ab" not in found
    assert b"cd" in found
    assert len(found) > 3
    assert smallest(by(lambda draw: wrong_bytes(draw, b"ab"))) == b"`b"


def test_bits_change_something() -> None:
    values = by(lambda draw: wrong_bits(draw, stated("checksum", 8, 0)))
    assert smallest(values) == 1
    assert all(0 < value < 256 for value in many(values, 60))


def test_residue_is_somewhere_and_shrinks_to_the_last_byte() -> None:
    values = by(lambda draw: not_zero(draw, 5))
    assert smallest(values) == b"\0\0\0\0\1"
    found = many(values, 80)
    assert all(map(any, found))
    assert {next(number for number, byte in enumerate(raw) if byte) for raw in found} == set(range(5))


def test_unknown_codes_are_all_that_the_enum_leaves() -> None:
    [statement] = statements_of("APR-I002")
    assert smallest(unknown_codes(statement)) == 2
    assert 255 in many(unknown_codes(statement), 400) or 254 in many(unknown_codes(statement), 400)


def test_statements_are_found_by_their_rule_and_kind() -> None:
    assert [item.kind for item in statements_of("APR-S001")] == ["min", "max"]
    assert [item.kind for item in statements_of("APR-S001", "max")] == ["max"]
    assert bound_of(statements_of("APR-I007")[0]) == 8
    assert statements_of("APR-D003") == ()
    with pytest.raises(AssertionError):
        bound_of(replace(statements_of("APR-I007")[0], bound=None))


def test_a_number_is_the_right_one_in_half_of_its_bits() -> None:
    values = by(lambda draw: same_in_half(draw, 0x102, 16))
    assert smallest(values) == 0x002
    found = set(many(values, 200))
    assert 0x102 not in found
    assert all(value & 0xFF == 0x02 and 0 <= value < 1 << 16 for value in found)
    assert len(found) > 50
    assert smallest(by(lambda draw: same_in_half(draw, 5, 64))) == (1 << 32) + 5


def test_some_places_are_the_right_one_in_half_of_their_bits() -> None:
    found = many(by(lambda draw: wrong_place(draw, 130, 200, 64, right=192)), 200)
    halves = {place for place in found if place & 0xFFFF_FFFF == 192}
    assert halves
    assert all(place > 200 for place in halves)
    assert len(halves) < 100
    wide = many(by(lambda draw: wrong_place(draw, 130, 1 << 40, 64, right=192)), 200)
    assert not any(130 <= place <= 1 << 40 for place in wide)
