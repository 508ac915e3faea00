"""What is drawn is a function of where it is asked for, the same in every process and version."""

from __future__ import annotations

import pytest

from aprfmt.fuzz.drawing.draws import Draws


def test_the_same_place_draws_the_same_for_ever() -> None:
    """Numbers that were drawn once, and are drawn again wherever this runs."""
    draws = Draws(7, "case", 3)
    assert [draws.below(1000) for _ in range(6)] == [188, 527, 339, 568, 784, 547]


def test_every_part_of_the_place_counts() -> None:
    found = {Draws(*path).bits(64) for path in ((0, "a", 1), (0, "a", 2), (1, "a", 1), (0, "b", 1))}
    assert len(found) == 4


@pytest.mark.parametrize("bound", [1, 2, 3, 7, 64, 1000])
def test_numbers_are_below_their_bound_and_reach_it(bound: int) -> None:
    draws = Draws(0, bound)
    found = {draws.below(bound) for _ in range(20 * bound)}
    assert min(found) == 0
    assert max(found) == bound - 1


def test_between_has_both_ends() -> None:
    draws = Draws(0)
    assert {draws.between(3, 5) for _ in range(100)} == {3, 4, 5}


def test_a_chance_is_one_in_so_many() -> None:
    draws = Draws(0)
    assert 80 < sum(draws.chance(10) for _ in range(1000)) < 120


def test_some_are_in_order_and_none_twice() -> None:
    draws = Draws(0)
    for _ in range(50):
        found = draws.some((1, 2, 3, 4, 5), 3)
        assert found == sorted(set(found))
        assert len(found) <= 3


def test_shuffled_items_are_all_there() -> None:
    draws = Draws(0)
    orders = {tuple(draws.shuffled((1, 2, 3))) for _ in range(100)}
    assert len(orders) == 6
    assert {frozenset(order) for order in orders} == {frozenset((1, 2, 3))}


def test_bytes_and_no_bits() -> None:
    assert len(Draws(0).raw(9)) == 9
    assert Draws(0).bits(0) == 0
