"""Shrinking: the plainest recipe, the same every time, within its effort."""

from __future__ import annotations

from functools import cache

import pytest
from tests.unit.fuzz.toys import shipped, ticking

from aprfmt.container import Container
from aprfmt.fuzz.drawing.cases import Cases
from aprfmt.fuzz.drawing.recipe import Damage, Recipe, is_sealed
from aprfmt.fuzz.judging.own import Opinion
from aprfmt.fuzz.shrinking.shrink import Effort, Shrunk, noise_of, shrink
from aprfmt.vectors.image import Image

CASES = Cases(shipped(), 0)
PLENTY = Effort(tries=1000)


def breaks(rule: str, recipe: Recipe, effort: Effort = PLENTY) -> Shrunk:
    def wanted(_recipe: Recipe, raw: bytes) -> bool:
        return rule in Opinion.of(raw, "default").rules

    return shrink(recipe, wanted, effort, about=rule)


@cache
def rules_of(index: int) -> tuple[str, ...]:
    return Opinion.of(CASES[index].recipe.build(), "default").rules


def case_of(rule: str) -> Recipe:
    """The first drawn case that breaks a rule, and others beside it or not."""
    start = len(CASES.boundary)
    return CASES[next(index for index in range(start, start + 2000) if rule in rules_of(index))].recipe


EDIT = "tensor_index.entries[0]"
ONE = {
    "tree": {
        "metadata": {"text": "{}"},
        "tensor_index": {"entries": [{"name": {"text": "a"}, "dtype": "f32", "dims": []}]},
        "tensor_data": {"zeros": 64},
    }
}
NONE = {
    "tree": {"metadata": {"text": "{}"}, "tensor_index": {"entries": []}, "tensor_data": {"zeros": 0}},
}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("APR-H002", {**NONE, "edits": [{"set": "header.version_major", "to": 0}]}),
        ("APR-H004", {**NONE, "edits": [{"set": "header.flags.layout_column_major", "to": 1}]}),
        ("APR-S002", {**NONE, "edits": [{"set": "header.ofs_metadata", "to": 127}]}),
        ("APR-S003", {**NONE, "edits": [{"set": "header.ofs_data", "to": 0}]}),
        ("APR-I002", {**ONE, "edits": [{"set": f"{EDIT}.dtype", "to": 2}]}),
    ],
)
def test_typical_minimal_examples(rule: str, expected: dict[str, object]) -> None:
    """A drawn file of hundreds of bytes comes down to the smallest object, one edit, and a number at the boundary."""
    found = breaks(rule, case_of(rule))
    assert found.recipe.as_json() == expected
    assert found.complete
    assert Opinion.of(found.raw, "default").rules == (rule,)


@pytest.mark.parametrize("rule", ["APR-D002", "APR-M006", "APR-I001", "APR-D001", "APR-I003"])
def test_the_result_is_small_and_breaks_nothing_else(rule: str) -> None:
    found = breaks(rule, case_of(rule))
    assert Opinion.of(found.raw, "default").rules == (rule,)
    assert len(found.raw) <= 324
    assert found.recipe.build() == found.raw


def test_the_same_comes_out_every_time() -> None:
    recipe = case_of("APR-D002")
    one, other = breaks("APR-D002", recipe), breaks("APR-D002", recipe)
    assert one == other


def test_nothing_is_asked_twice() -> None:
    asked: list[str] = []

    def wanted(recipe: Recipe, raw: bytes) -> bool:
        asked.append(repr(recipe.as_json()))
        return "APR-D002" in Opinion.of(raw, "default").rules

    found = shrink(case_of("APR-D002"), wanted, PLENTY)
    assert len(asked) == len(set(asked)) == found.tries


def test_an_effort_of_nothing_changes_nothing() -> None:
    recipe = case_of("APR-D002")
    found = breaks("APR-D002", recipe, Effort(tries=0))
    assert (found.recipe, found.tries, found.complete) == (recipe, 0, False)


def test_the_time_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a clock that goes on by a second a look, ten seconds are ten questions at most."""
    with ticking(monkeypatch, 1.0, "aprfmt.fuzz.shrinking.shrink"):
        found = breaks("APR-D002", case_of("APR-D002"), Effort(until=10.0))
    assert not found.complete
    assert found.tries <= 10


def test_what_cannot_be_smaller_stays() -> None:
    recipe = Recipe(NONE["tree"], ({"set": "header.version_major", "to": 0},))
    found = breaks("APR-H002", recipe)
    assert found.recipe == recipe


def test_damage_becomes_a_tree_where_there_is_one() -> None:
    plain = Recipe(ONE["tree"])
    at = plain.build().index(b"{}")
    found = breaks("APR-M004", plain.simply(damage=(Damage(at, 2, b"[]"),)))
    assert (
        found.recipe.as_json()
        == {
            "tree": {**NONE["tree"], "metadata": {"text": "[]"}},
        }
        or found.recipe.tree is not None
    )
    assert not found.recipe.damage


def test_bytes_are_taken_out_where_no_tree_is_shorter() -> None:
    """Of a file that is too small only the size matters: nothing is left of it."""
    raw = CASES[0].recipe.build()[:40]
    found = breaks("APR-H008", Recipe(raw=raw, seal=()))
    assert found.raw == b""


def test_checksums_that_are_right_stay_right() -> None:
    found = breaks("APR-I001", case_of("APR-I001"))
    assert "header.checksum" in is_sealed(found.raw)


def test_edits_follow_their_entry() -> None:
    """When the first of two tensors is left out, what was said of the second is said of the first."""
    entries = [{"name": {"text": name}, "dtype": "f32", "dims": [1]} for name in "ab"]
    tree = {**ONE["tree"], "tensor_index": {"entries": entries}, "tensor_data": {"zeros": 128}}
    found = breaks("APR-I002", Recipe(tree, ({"set": "tensor_index.entries[1].dtype", "to": 77},)))
    assert found.recipe.as_json() == {**ONE, "edits": [{"set": f"{EDIT}.dtype", "to": 2}]} or (
        len(Container(Image.of(found.raw), lenient=True).tensors) == 1
    )


def test_noise_is_what_is_broken_beside() -> None:
    recipe = Recipe(NONE["tree"], ({"set": "header.version_major", "to": 0},))
    assert noise_of(recipe.build(), "APR-H002") == 0
    assert noise_of(recipe.build(), None) == 1
    assert noise_of(b"", "APR-H008") == 0
