"""On which side of a statement a number is, and how far from its bound."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
from tests.unit.vectors.derive.benches import statement

from aprfmt.layout import facts
from aprfmt.vectors.derive.bench import Reading
from aprfmt.vectors.derive.claims import bound_of, inside, key_of, outside, right, said

FILE = SimpleNamespace(len_file=400, header=SimpleNamespace(ofs_data=256))
READING = Reading(SimpleNamespace(ofs_tensor=64, ofs_metadata=64, len_metadata=73), FILE, None, 0)


@pytest.mark.parametrize(
    ("path", "kind", "value", "is_inside", "distance"),
    [
        ("header.version_major", "eq", 2, True, 0),
        ("header.version_major", "eq", 3, False, 1),
        ("header.version_major", "eq", 130, False, 128),
        ("header.ofs_metadata", "min", 64, True, 0),
        ("header.ofs_metadata", "min", 63, False, 1),
        ("header.ofs_metadata", "min", 70, True, 6),
        ("header.ofs_metadata", "max", 400, True, 0),
        ("header.ofs_metadata", "max", 401, False, 1),
        ("header.ofs_tensor_index", "min", 137, True, 0),
        ("header.ofs_tensor_index", "min", 136, False, 1),
        ("header.ofs_data", "multiple-of", 128, True, 0),
        ("header.ofs_data", "multiple-of", 129, False, 1),
        ("header.ofs_data", "multiple-of", 127, False, 1),
        ("header.ofs_data", "multiple-of", 96, False, 32),
        ("tensor_index_entry.len_tensor", "max", 80, True, 0),
        ("tensor_index_entry.len_tensor", "max", 81, False, 1),
    ],
)
def test_the_side_of_a_bound(path: str, kind: str, value: int, is_inside: bool, distance: int) -> None:
    mark = said(statement(path, kind), value, READING)
    assert (mark.is_inside, mark.distance) == (is_inside, distance)
    assert mark.edge == (distance == (0 if is_inside else 1))
    assert (mark.rule, mark.field) == (statement(path, kind).rule, path.rpartition(".")[2])


def test_a_bound_is_known_without_a_file_when_it_does_not_move() -> None:
    assert bound_of(statement("tensor_index_entry.len_name", "max")) == 256
    assert bound_of(statement("header.ofs_metadata", "max")) is None
    assert bound_of(statement("header.magic", "contents")) is None


def test_every_statement_has_a_key_of_its_own() -> None:
    keys = [key_of(item) for item in facts.STATEMENTS]
    assert len(set(keys)) == len(keys)
    assert {"header.ofs_data min", "tensor_index_entry.dtype ne 8", "tensor_index_entry.dtype ne 9"} <= set(keys)


def test_marks_are_at_the_edge_unless_a_distance_is_given() -> None:
    item = statement("header.magic", "contents")
    assert inside(item).edge
    assert outside(item).edge
    assert not inside(item, 1).edge
    assert not outside(item, 2).edge
    assert replace(inside(item), is_inside=False).edge  # what is no distance from the bound is near to it


def test_the_first_base_is_right() -> None:
    (item,) = right(statement("footer", "present")).tries()
    assert (item.recipe.base, item.broken, item.marks[0].is_inside) == ("two", (), True)
