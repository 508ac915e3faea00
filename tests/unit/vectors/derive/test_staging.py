"""Files in which a field has some value: the rest goes with it, so that they are valid where the value is."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.vectors.derive.benches import bench, statement

from aprfmt.container import Container
from aprfmt.vectors.derive.bench import Recipe, value_of
from aprfmt.vectors.derive.staging import staged, with_entries


def recipes(path: str, kind: str, base: str, value: int, number: int = -1) -> list[Recipe]:
    item = statement(path, kind)
    reading = bench().readings(base, item.owner)[number]
    return list(staged(bench(), item, base, value, reading))


@pytest.mark.parametrize(
    ("path", "kind", "base", "value"),
    [
        ("header.ofs_metadata", "min", "two", 65),
        ("header.len_metadata", "min", "two", 2),
        ("header.len_metadata", "min", "two", 100),
        ("header.ofs_tensor_index", "min", "two", 137),
        ("header.ofs_data", "min", "two", 250),
        ("tensor_index_entry.len_name", "max", "two", 300),
        ("tensor_index_entry.len_name", "min", "two", 0),
        ("tensor_index_entry.ndim", "max", "one", 0),
        ("tensor_index_entry.ndim", "max", "one", 9),
        ("tensor_index_entry.ofs_tensor", "max", "one", 33),
    ],
)
def test_a_value_is_reached_in_a_valid_file(path: str, kind: str, base: str, value: int) -> None:
    first, *others = recipes(path, kind, base, value)
    image = bench().image(first)
    reading = bench().reading(image, statement(path, kind).owner, first.entry)
    assert reading is not None
    assert value_of(statement(path, kind), reading) == value
    assert bench().report(image, "default").valid
    # Last comes the value alone, which fits nothing.
    assert others[-1].edits == ({"set": path.replace("tensor_index_entry", "tensor_index.entries[0]"), "to": value},)


def test_a_size_takes_its_elements_with_it() -> None:
    first, _ = recipes("tensor_index_entry.len_tensor", "max", "full-no-footer", 2**63)
    reading = bench().reading(bench().image(first), "tensor_index_entry")
    assert reading is not None
    assert (reading.this.dims, reading.this.len_tensor) == ((2**63 - 4,), 2**63)


def test_what_is_too_large_to_be_made_is_only_said() -> None:
    for path, kind in (
        ("header.ofs_metadata", "max"),
        ("header.len_metadata", "max"),
        ("header.ofs_data", "max"),
        ("tensor_index_entry.ofs_tensor", "max"),
    ):
        (only,) = recipes(path, kind, "two", 2**24 + 1, 0)
        assert only.given is None


def test_a_tensor_does_not_move_onto_another() -> None:
    moved, *_ = recipes("tensor_index_entry.ofs_tensor", "max", "two", 8, 0)
    assert moved.given is not None
    assert all(item.given is None for item in recipes("tensor_index_entry.ofs_tensor", "max", "two", 7, 0))


def test_data_goes_with_the_entries() -> None:
    entries: list[dict[str, Any]] = [
        {"name": {"text": "a"}, "dtype": "f32", "dims": [3]},
        {"name": {"text": "b"}, "dtype": "f16", "dims": [0]},
        {"name": {"text": "c"}, "dtype": "q4_k", "dims": [257], "ofs_tensor": 70},
        {"name": {"text": "d"}, "dtype": 2, "dims": [1], "len_tensor": 5},
    ]
    given = with_entries(entries)
    assert given["tensor_index"]["entries"] == entries
    pieces = [{"counting": 12}, {"zeros": 52}, {"zeros": 6}, {"counting": 288}, {"zeros": 26}]
    assert given["tensor_data"] == {"join": [*pieces, {"counting": 5}, {"zeros": 59}]}
    container = Container(bench().image(Recipe("two", given)))
    assert [(item.data_offset, item.nbytes) for item in container.tensors] == [(0, 12), (64, 0), (70, 288), (384, 5)]
    assert container.required_len == container.source.size - 4
