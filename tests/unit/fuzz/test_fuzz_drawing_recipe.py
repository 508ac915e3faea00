"""Recipes: bytes that are made, sealed, damaged, and said as JSON."""

from __future__ import annotations

import json

import pytest
from tests.unit.fuzz.toys import shipped

from aprfmt.errors import RequestError
from aprfmt.fuzz.drawing.cases import Cases
from aprfmt.fuzz.drawing.recipe import SEALS, Damage, Recipe, is_sealed, merged, raw_of, resealed, words_of
from aprfmt.layout import HEADER_SIZE, facts
from aprfmt.vectors.words import bytes_of

TREE = {
    "metadata": {"text": "{}"},
    "tensor_index": {"entries": [{"name": {"text": "a"}, "dtype": "f32", "dims": [1]}]},
    "tensor_data": {"zeros": 64},
}


def test_every_boundary_vector_gives_the_bytes_of_the_suite() -> None:
    suite = shipped()
    for name in Cases(suite, 0).boundary:
        if (suite[name].nbytes or 0) < 1 << 20:
            assert Recipe.of_vector(suite, name).build() == suite.image(name).whole(), name


def test_a_vector_of_another_vector_is_taken_as_bytes() -> None:
    suite = shipped()
    name = next(name for name, item in suite.vectors.items() if item.base in suite.vectors and not item.is_sparse)
    recipe = Recipe.of_vector(suite, name)
    assert recipe.tree is None
    assert recipe.build() == suite.image(name).whole()


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe(TREE),
        Recipe(TREE, ({"set": "header.version_minor", "to": 1},), ("header.checksum",)),
        Recipe(TREE, damage=(Damage(3, 1, b"x"), Damage(9, 2), Damage(5, 0, b"yz"))),
        Recipe(raw=b"abc", seal=()),
    ],
)
def test_json_says_all_of_it(recipe: Recipe) -> None:
    assert Recipe.of_json(json.loads(json.dumps(recipe.as_json()))) == recipe


@pytest.mark.parametrize(
    "node",
    [
        {},
        {"tree": {}, "bytes": {"hex": ""}},
        {"tree": {}, "more": 1},
        {"bytes": {"hex": "zz"}},
        {"tree": {}, "seal": ["magic"]},
        {"tree": {}, "damage": [{"at": -1}]},
        {"tree": {}, "damage": [{}]},
        {"tree": 5},
    ],
)
def test_what_is_no_recipe_is_refused(node: dict[str, object]) -> None:
    with pytest.raises(RequestError, match="recipe"):
        Recipe.of_json(node)


def test_damage_is_cut_to_the_file() -> None:
    assert Damage(99, 5, b"x").over(b"ab") == b"abx"
    assert Damage(1, 99).over(b"ab") == b"a"
    assert Damage(1, 1, b"x").over(b"abc") == b"axc"


def test_what_is_damaged_is_sealed_again_where_the_file_says() -> None:
    plain = Recipe(TREE).build()
    at = plain.index(b"{}")
    bare = Recipe(TREE, damage=(Damage(at, 1, b"["),), seal=()).build()
    assert is_sealed(bare) == SEALS[:1]
    assert is_sealed(Recipe(TREE, damage=(Damage(at, 1, b"["),)).build()) == SEALS


def test_bytes_of_any_length_can_be_sealed() -> None:
    whole = Recipe(TREE).build()
    for size in (0, 1, HEADER_SIZE - 1, HEADER_SIZE, HEADER_SIZE + 1, len(whole) - 1, len(whole)):
        raw = resealed(whole[:size], SEALS)
        assert len(raw) == size
    assert resealed(whole, SEALS) == whole
    assert is_sealed(b"") == ()


def test_a_recipe_without_sense_has_no_bytes() -> None:
    assert raw_of(Recipe(TREE, ({"set": "header.nothing", "to": 1},))) is None
    with pytest.raises(RequestError):
        Recipe({"metadata": {"text": 5}}).build()


def test_sections_are_merged_and_bytes_are_not() -> None:
    base = {"metadata": {"text": "{}"}, "tensor_index": {"entries": [], "padding": {"zeros": 1}}}
    assert merged(base, {"tensor_index": {"padding": {"zeros": 2}}})["tensor_index"] == {
        "entries": [],
        "padding": {"zeros": 2},
    }
    assert merged(base, {"metadata": {"hex": "00"}})["metadata"] == {"hex": "00"}
    assert merged(base, {"footer": None})["footer"] is None


@pytest.mark.parametrize("raw", [b"", bytes(5), b"abc", "模".encode(), b"\xff\x00", b"a\n"])
def test_words_are_the_bytes(raw: bytes) -> None:
    assert bytes_of(words_of(raw), "here") == raw


def test_the_seals_are_those_of_the_specification() -> None:
    assert tuple(item.field for item in facts.CHECKSUMS) == SEALS
