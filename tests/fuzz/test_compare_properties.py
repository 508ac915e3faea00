"""Laws of comparing values: total, reflexive, and no changed value goes unseen."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st
from tests.fuzz.laws import SMALL_GOLDEN, golden, opened

from aprfmt.conform.compare import PARTS, difference
from aprfmt.layout import facts
from aprfmt.testing import containers
from aprfmt.vectors.readings import reading
from aprfmt.vectors.words import wide

U64 = st.integers(0, 2**64 - 1)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
ANY_JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
READINGS = st.sampled_from([reading(opened(golden(name))) for name in SMALL_GOLDEN]) | containers().map(
    lambda raw: reading(opened(raw))
)
Step = str | int


def leaves(value: Any, path: tuple[Step, ...] = ()) -> Iterator[tuple[Step, ...]]:
    """The paths of all values with nothing inside."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    if not inside and not isinstance(value, dict | list):
        yield path
    for step, item in inside:
        yield from leaves(item, (*path, step))


def nodes(value: Any, path: tuple[Step, ...] = ()) -> Iterator[tuple[Step, ...]]:
    """The paths of all values."""
    yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in inside:
        yield from nodes(item, (*path, step))


def put(tree: Any, path: tuple[Step, ...], value: Any) -> Any:
    """A copy of the tree with another value at a place."""
    if not path:
        return value
    tree = copy.deepcopy(tree)
    node = tree
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = value
    return tree


def at(tree: Any, path: tuple[Step, ...]) -> Any:
    for step in path:
        tree = tree[step]
    return tree


def another(value: Any, path: tuple[Step, ...]) -> Any:
    """A value that says something else in its place."""
    if path[-1] == "dtype":
        return next(code for code, known in facts.DTYPE_FACTS.items() if known.id != facts.DTYPE_FACTS[value].id)
    if value is None:
        return "x"
    if isinstance(value, bool):
        return not value
    if isinstance(value, float):
        return value + 1.0 if value + 1.0 != value else -value
    if isinstance(value, int):
        return wide(value + 1)
    return value[:-1] + ("0" if value[-1:] != "0" else "1")


@given(READINGS)
def test_a_reading_is_equal_to_itself(values: dict[str, Any]) -> None:
    """A reader that says what we say MUST conform, with every part compared, also by way of JSON."""
    said, parts = difference(values, json.loads(json.dumps(values)))
    assert said == ""
    assert set(PARTS) - set(parts) <= {"crc32"}
    assert ("crc32" in parts) == bool(values["tensors"])


@given(READINGS, st.data())
def test_one_changed_value_is_found(values: dict[str, Any], data: st.DataObject) -> None:
    """One value that says something else MUST be a difference, whatever else is equal, and the place is told."""
    path = data.draw(st.sampled_from(list(leaves(values))))
    said, _ = difference(values, put(values, path, another(at(values, path), path)))
    assert said.startswith(str(path[0]))


@given(READINGS, st.data())
def test_a_key_that_is_left_out_is_found_in_metadata_alone(values: dict[str, Any], data: st.DataObject) -> None:
    """Metadata MUST be complete but for null; everywhere else what is not said is not compared."""
    keyed = [path for path in nodes(values) if path and isinstance(path[-1], str)]
    path = data.draw(st.sampled_from(keyed))
    found = copy.deepcopy(values)
    del at(found, path[:-1])[path[-1]]
    said, _ = difference(values, found)
    must_be_there = path[0] == "metadata" and len(path) > 1 and at(values, path) is not None
    assert bool(said) == must_be_there


@given(READINGS, ANY_JSON, st.data())
def test_anything_a_harness_says_is_judged(values: dict[str, Any], found: Any, data: st.DataObject) -> None:
    """Whatever JSON a harness says, as a whole or in any place, the answer MUST be short words, and no error."""
    path = data.draw(st.sampled_from(list(nodes(values))))
    for answer in (found, put(values, path, found), dict.fromkeys(PARTS, found)):
        said, parts = difference(values, answer)
        assert len(said) < 700
        assert said.isprintable()
        assert set(parts) <= set(PARTS)


@given(READINGS, st.data())
def test_integers_may_be_digits_and_types_may_be_names(values: dict[str, Any], data: st.DataObject) -> None:
    """An integer of the layout and its decimal digits MUST be one value, and so an element type and its name."""
    found = copy.deepcopy(values)
    for name, value in found["header"].items():
        found["header"][name] = data.draw(st.sampled_from([int(value), str(value)]))
    for tensor in found["tensors"]:
        known = facts.DTYPE_FACTS[tensor["dtype"]]
        tensor["dtype"] = data.draw(st.sampled_from([known.id, known.orig_id, known.canonical_code, known.code]))
        tensor["dims"] = [data.draw(st.sampled_from([int(dim), str(dim)])) for dim in tensor["dims"]]
    assert difference(values, found)[0] == ""


@given(U64, U64)
def test_no_two_integers_are_one(wanted: int, found: int) -> None:
    """Integers of 64 bits MUST survive exactly, as numbers and as digits, in the header and in the metadata."""
    assume(wanted != found)
    values: dict[str, Any] = {"header": {}, "metadata": {"n": wide(wanted)}, "tensors": [], "footer": None}
    for said in (wide(found), found):
        assert difference(values, {"metadata": {"n": said}})[0] != ""
        assert difference({**values, "header": {"flags": wide(wanted)}}, {"header": {"flags": said}})[0] != ""


@given(st.integers(2**52, 2**63 - 1).map(lambda half: 2 * half + 1))
def test_a_rounded_integer_is_found(wanted: int) -> None:
    """An odd integer beyond 2^53 that went through a double is another one, and that MUST be a difference."""
    values: dict[str, Any] = {"header": {}, "metadata": {"n": wide(wanted)}, "tensors": [], "footer": wide(wanted)}
    assert difference(values, {"metadata": {"n": float(wanted)}})[0] != ""
    assert difference(values, {"footer": int(float(wanted))})[0] != ""
