"""Recipes as files, and what their fields hold."""

from __future__ import annotations

import pytest
from tests.unit.vectors.derive.benches import bench, statement

from aprfmt.errors import RequestError
from aprfmt.vectors.derive.bench import BASES, Bench, Recipe, edit_path, value_of


def test_a_recipe_says_only_what_it_needs() -> None:
    assert Recipe("two").node() == {"base": "two"}
    edits = ({"flip": "header.magic", "bit": 0},)
    assert Recipe("two", {"footer": None}, edits).node() == {
        "base": "two",
        "with": {"footer": None},
        "edits": list(edits),
    }
    assert Recipe("two", edits=edits, seal=()).node()["seal"] == []
    assert "seal" not in Recipe("two", seal=()).node()


def test_every_base_is_made_and_judged() -> None:
    for name in BASES:
        image = bench().image(Recipe(name))
        assert bench().report(image, "default").valid
        assert bench().report(image, "default") is bench().report(image, "default")


def test_a_recipe_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(RequestError, match="expected the path of a field that is there"):
        bench().image(Recipe("empty", edits=({"set": "tensor_index.entries[0].ndim", "to": 1},)))


def test_bases_that_are_missing_are_named() -> None:
    with pytest.raises(RequestError, match="found no empty, empty-tensor"):
        Bench({name: {} for name in BASES if not name.startswith("empty") or name.endswith("no-footer")})


def test_the_fields_of_each_record_are_read() -> None:
    image = bench().image(Recipe("two", edits=({"set": "header.flags.reserved", "to": 9},)))
    found = {}
    for path, kind, entry in (
        ("header.len_metadata", "min", 0),
        ("flags.reserved", "eq", 0),
        ("flags.layout_row_major", "bit", 0),
        ("tensor_index_entry.ofs_tensor", "min", 1),
    ):
        item = statement(path, kind)
        reading = bench().reading(image, item.owner, entry)
        assert reading is not None
        assert reading.number == entry
        found[path] = value_of(item, reading)
    assert found == {
        "header.len_metadata": 73,
        "flags.reserved": 9,
        "flags.layout_row_major": 1,
        "tensor_index_entry.ofs_tensor": 64,
    }


def test_a_record_that_is_not_there_is_not_read() -> None:
    image = bench().image(Recipe("one"))
    assert bench().reading(image, "tensor_index_entry", 1) is None
    assert bench().reading(image, "footer") is None


def test_of_many_entries_the_last_and_the_first_are_tried() -> None:
    assert [reading.number for reading in bench().readings("every-dtype", "tensor_index_entry")] == [11, 0]
    assert [reading.number for reading in bench().readings("one", "tensor_index_entry")] == [0]
    assert bench().readings("empty", "tensor_index_entry") == []
    assert [reading.number for reading in bench().readings("empty", "header")] == [0]


def test_paths_in_a_file() -> None:
    assert edit_path(statement("flags.signed", "eq")) == "header.flags.signed"
    assert edit_path(statement("tensor_index_entry.ndim", "max"), 1) == "tensor_index.entries[1].ndim"
    assert edit_path(statement("tensor_index.padding", "zero")) == "tensor_index.padding"
    assert edit_path(statement("metadata_padding", "zero")) == "metadata_padding"


def test_how_many_bytes_a_field_has() -> None:
    image = bench().image(Recipe("two"))
    paths = ("header.reserved", "tensor_index.padding", "metadata_padding", "header_padding", "trailing")
    assert [bench().nbytes(image, path) for path in paths] == [20, 6, 55, 0, 0]


def test_entries_may_be_changed_without_changing_the_base() -> None:
    bench().entries("two")[0]["name"] = {"text": "changed"}
    assert bench().entries("two")[0]["name"] == {"text": "a"}
