"""Passes yield recipes that say less, and say what they leave out."""

from __future__ import annotations

import pytest
from tests.unit.fuzz.toys import shipped

from aprfmt.fuzz.drawing.cases import Cases
from aprfmt.fuzz.drawing.recipe import Recipe, raw_of
from aprfmt.fuzz.shrinking.lift import lifted
from aprfmt.fuzz.shrinking.passes import BYTE_PASSES, TREE_PASSES, chunks


def test_chunks_leave_out_the_whole_then_halves_then_each() -> None:
    assert list(chunks((1, 2, 3, 4)))[:3] == [(), (3, 4), (1, 2)]
    assert (2, 3, 4) in chunks((1, 2, 3, 4))
    assert list(chunks(())) == []


@pytest.mark.parametrize("index", range(189, 229))
def test_every_pass_is_total(index: int) -> None:
    """On any drawn case every pass yields recipes, with or without sense, and raises nothing."""
    recipe = Cases(shipped(), 11)[index].recipe
    for one in (*TREE_PASSES, *BYTE_PASSES):
        for number, candidate in enumerate(one(recipe)):
            if number % 7 == 0:
                raw_of(candidate)
            if number > 40:
                break


def test_any_vector_is_lifted_to_what_builds_it() -> None:
    suite = shipped()
    trees = 0
    for vector in list(suite.vectors.values())[::7]:
        if vector.op == "write" or vector.is_sparse or (vector.nbytes or 0) > 1 << 12:
            continue
        raw = suite.image(vector.id).whole()
        found = lifted(raw)
        assert found.build() == raw, vector.id
        trees += found.tree is not None
    assert trees > 20


def test_what_is_derived_is_left_out_of_a_lifted_tree() -> None:
    found = lifted(shipped().image("base.two").whole())
    assert found.tree is not None
    assert set(found.tree) == {"metadata", "tensor_index", "tensor_data"}
    assert set(found.tree["tensor_index"]["entries"][0]) == {"name", "dtype", "dims"}
    assert lifted(b"abc") == Recipe(raw=b"abc", seal=())


def test_an_edit_of_an_entry_is_said_by_the_entry() -> None:
    tree = {
        "metadata": {"text": "{}"},
        "tensor_index": {"entries": [{"name": {"text": "a"}, "dtype": "i8", "dims": [1]}]},
        "tensor_data": {"zeros": 64},
    }
    edited = Recipe(tree, ({"set": "tensor_index.entries[0].ofs_tensor", "to": 64},))
    candidates = [candidate for one in TREE_PASSES for candidate in one(edited)]
    assert any(
        not candidate.edits and candidate.tree["tensor_index"]["entries"][0].get("ofs_tensor") == 64
        for candidate in candidates
        if candidate.tree is not None and candidate.tree.get("tensor_index", {}).get("entries")
    )


def test_a_cut_is_counted_from_the_end_too() -> None:
    """So it stays where it is while the rest becomes smaller."""
    whole = Recipe({"metadata": {"text": "{}"}, "tensor_index": {"entries": []}})
    cut = whole.simply(edits=({"keep": len(whole.build()) - 1},))
    candidates = [candidate for one in TREE_PASSES for candidate in one(cut)]
    assert any(candidate.edits == ({"drop": 1},) and candidate.build() == cut.build() for candidate in candidates)
