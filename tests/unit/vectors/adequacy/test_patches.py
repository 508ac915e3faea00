"""What is replaced is put back."""

from __future__ import annotations

import ast
from types import FunctionType, SimpleNamespace

import pytest
from tests.unit.vectors.adequacy.toys import function

from aprfmt import provenance
from aprfmt.rules import provenance as rules_of_provenance
from aprfmt.vectors.adequacy.functions import compiled
from aprfmt.vectors.adequacy.patches import Patch, bounded_loops, patched, replaced_everywhere


class Thing:
    """Something with a property."""

    @property
    def size(self) -> int:
        return 1


def test_attributes_are_replaced_and_put_back() -> None:
    place = SimpleNamespace(a=1)
    before = vars(Thing)["size"]
    with patched([Patch(place, "a", 2), Patch(place, "a", 3), Patch(Thing, "size", property(lambda _: 5))]):
        assert (place.a, Thing().size) == (3, 5)
    assert place.a == 1
    assert vars(Thing)["size"] is before


def test_they_are_put_back_after_an_exception() -> None:
    place = SimpleNamespace(a=1)
    with pytest.raises(ZeroDivisionError), patched([Patch(place, "a", 2)]):
        raise ZeroDivisionError
    assert place.a == 1


def test_they_are_put_back_when_one_of_them_is_not_there() -> None:
    place = SimpleNamespace(a=1)
    with pytest.raises(KeyError), patched([Patch(place, "a", 2), Patch(place, "b", 2)]):
        pytest.fail("nothing runs")
    assert vars(place) == {"a": 1}


def test_everybody_who_holds_a_function_runs_the_other_code() -> None:
    toy = function("def toy(a):\n    return a")
    held = toy.live
    other = function("def toy(a):\n    return a + 1")
    with patched([Patch(toy.live, "__code__", other.live.__code__)]):
        assert held(1) == 2
    assert held(1) == 1


def test_a_table_is_replaced_in_every_module_that_has_it() -> None:
    patches = replaced_everywhere(provenance.PROVENANCE_KEYS, ())
    assert {patch.owner for patch in patches} >= {provenance, rules_of_provenance}
    with patched(patches):
        assert vars(rules_of_provenance)["PROVENANCE_KEYS"] == ()
    assert vars(rules_of_provenance)["PROVENANCE_KEYS"] is provenance.PROVENANCE_KEYS != ()


LOOP = """
def toy(a):
    n = 0
    while n != a:
        n += 1
        if n == 3:
            continue
        if n == 7:
            break
    return n
"""


@pytest.mark.parametrize(("given", "expected"), [(0, 0), (2, 2), (5, 5), (100, 7)])
def test_a_bounded_loop_does_what_the_loop_does(given: int, expected: int) -> None:
    toy = function(LOOP)
    before = ast.dump(toy.node)
    copy = FunctionType(compiled(toy, bounded_loops(toy.node.body)), vars(toy.module))
    assert (copy(given), toy.live(given)) == (expected, expected)
    assert ast.dump(toy.node) == before


def test_a_loop_that_does_not_end_is_noticed() -> None:
    toy = function("def toy(a):\n    while a:\n        pass")
    copy = FunctionType(compiled(toy, bounded_loops(toy.node.body)), vars(toy.module))
    with pytest.raises(RuntimeError, match="does not end"):
        copy(1)


def test_bounded_loops_keep_their_lines() -> None:
    toy = function(LOOP)
    copy = compiled(toy, bounded_loops(toy.node.body))
    assert {line for *_, line in copy.co_lines()} == {line for *_, line in toy.live.__code__.co_lines()}
