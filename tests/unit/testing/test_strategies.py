"""The published strategies: what they reach, how far they shrink, and that they are repeatable."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import shake_128
from math import prod
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, find, given, seed, settings
from hypothesis import strategies as st
from tests.unit.testing.drawing_kit import many

import aprfmt.testing
from aprfmt import DType, Flags, parse
from aprfmt.container import Container
from aprfmt.errors import AprError
from aprfmt.layout import header_crc32, tensor_nbytes
from aprfmt.metadata import Metadata
from aprfmt.ops.create import NewTensor
from aprfmt.provenance import STAMP_KEYS
from aprfmt.rules import run
from aprfmt.source import BytesSource
from aprfmt.testing import (
    containers,
    damaged,
    drawer,
    dtypes,
    metadata_json,
    patches,
    sealed,
    shapes,
    tensor_names,
    tensors,
)
from aprfmt.testing.strategies import fitted, unique

T = TypeVar("T")
SEARCH = settings(
    max_examples=1000,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, Phase.shrink],  # what explains a failure takes a hundred more runs, and changes the answer
)
ODD = containers(canonical=False)


def opened(raw: bytes) -> Container:
    return Container(BytesSource(raw))


def shrunk(strategy: st.SearchStrategy[T], wanted: Callable[[T], bool]) -> T:
    """The simplest example that satisfies `wanted`; a failure when none is met."""
    return find(strategy, wanted, settings=SEARCH)


def rules_of(raw: bytes) -> set[str | None]:
    try:
        return {finding.rule for finding in run(opened(raw)).findings}
    except AprError as error:
        return {getattr(error, "rule_id", None)}


def test_everything_published_is_there() -> None:
    assert sorted(aprfmt.testing.__all__) == aprfmt.testing.__all__
    for name in aprfmt.testing.__all__:
        assert callable(getattr(aprfmt.testing, name))
        assert getattr(aprfmt.testing, name).__doc__


@pytest.mark.parametrize("canonical", [True, False])
def test_the_simplest_file_is_an_empty_one(canonical: bool) -> None:
    raw = shrunk(containers(canonical=canonical), lambda _: True)
    tree = parse(raw)
    assert (tree["metadata"], tree["tensor_index"]["entries"], tree["tensor_data"]) == (b"{}", [], b"")


def test_a_file_with_a_large_tensor_shrinks_to_one_tensor_of_zeros() -> None:
    raw = shrunk(containers(), lambda raw: any(tensor.nbytes > 100 for tensor in opened(raw).tensors))
    [tensor] = opened(raw).tensors
    assert not any(tensor.data)
    assert opened(raw).metadata.raw == b"{}"


REACHED: dict[str, Callable[[Container], bool]] = {
    "data in another order than the index": lambda file: (
        [tensor.index for tensor in sorted(file.tensors, key=lambda tensor: tensor.data_offset) if tensor.nbytes]
        != [tensor.index for tensor in file.tensors if tensor.nbytes]
    ),
    "no footer": lambda file: file.footer is None,
    "a footer": lambda file: file.footer is not None,
    "filler before the metadata": lambda file: file.header.ofs_metadata > 64,
    "reserved bytes": lambda file: any(file.header.reserved),
    "a minor version": lambda file: file.header.version_minor > 0,
    "undefined flags": lambda file: file.header.flags >= 0x1000,
    "no layout flag": lambda file: not file.header.flags & Flags.LAYOUT_ROW_MAJOR,
    "an old id": lambda file: any(tensor.entry.dtype in (8, 9) for tensor in file.tensors),
    "rows of blocks": lambda file: any(
        tensor.dtype.facts.row_padded and tensor.nbytes != tensor_nbytes(tensor.dtype, tensor.shape)[0]
        for tensor in file.tensors
    ),
    "a tensor off the grid": lambda file: any(tensor.data_offset % 64 for tensor in file.tensors),
    "a duplicate key": lambda file: bool(file.metadata.duplicates),
    "more than 8 dimensions": lambda file: any(tensor.ndim > 8 for tensor in file.tensors),
    "a scalar": lambda file: any(tensor.ndim == 0 for tensor in file.tensors),
    "an empty tensor": lambda file: any(tensor.n_elements == 0 for tensor in file.tensors),
}


def collect(strategy: st.SearchStrategy[T], n_examples: int, seed_value: int = 1) -> list[T]:
    found: list[T] = []

    @seed(seed_value)
    @settings(SEARCH, max_examples=n_examples, derandomize=False, phases=[Phase.generate])
    @given(strategy)
    def note(value: T) -> None:
        found.append(value)

    note()
    return found


@pytest.fixture(scope="module")
def odd_files() -> list[Container]:
    # Of several seeds: Hypothesis varies what it has drawn, and may stay with a few types for long.
    return [opened(raw) for seed_value in (1, 2, 3) for raw in collect(ODD, 150, seed_value)]


@pytest.mark.parametrize("what", REACHED)
def test_what_odd_files_reach(what: str, odd_files: list[Container]) -> None:
    assert any(REACHED[what](file) for file in odd_files)


DAMAGE = {
    *("APR-H001", "APR-H002", "APR-H004", "APR-H006", "APR-H008", "APR-S001", "APR-S002", "APR-S003"),
    *("APR-M001", "APR-M003", "APR-I001", "APR-I002", "APR-I003", "APR-I005", "APR-D001", "APR-D002"),
    *("APR-D003", "APR-D004", "APR-F001", "APR-F004"),
}


def test_damage_meets_every_rule_within_a_thousand_files() -> None:
    missing: set[str | None] = set(DAMAGE)
    draw = drawer(damaged(containers(min_tensors=1, max_tensors=2)))  # two tensors are as many as any rule is about
    for number in range(1000):
        raw = draw(shake_128(b"z%d" % number).digest(4096))
        missing -= rules_of(raw) if raw is not None else set()
        if not missing:
            break
    assert not missing


def test_names_reach_where_orders_differ() -> None:
    assert shrunk(tensor_names(), lambda name: "\uffff" in name) == "\uffff"
    pairs = st.tuples(tensor_names(), tensor_names())
    first, second = shrunk(
        pairs, lambda pair: (pair[0] < pair[1]) != (pair[0].encode("utf-16-be") < pair[1].encode("utf-16-be"))
    )
    assert (first.encode() < second.encode()) == (first < second)
    assert shrunk(tensor_names(), lambda name: len(name.encode()) == 256)


@pytest.mark.parametrize(("name", "nbytes", "kept"), [("abc", 2, "ab"), ("aé", 2, "a"), ("é", 2, "é"), ("", 0, "")])
def test_a_name_is_cut_between_characters(name: str, nbytes: int, kept: str) -> None:
    assert fitted(name, nbytes) == kept


@pytest.mark.parametrize(
    ("given_", "kept"),
    [([], []), (["x", "y"], ["x", "y"]), (["x", "x", "a", "x"], ["x", "b", "a", "c"]), (["a"] * 30, None)],
)
def test_names_that_are_taken_are_replaced(given_: list[str], kept: list[str] | None) -> None:
    found = unique(given_)
    assert len(set(found)) == len(found) == len(given_)
    assert kept in (None, found)


@pytest.mark.parametrize("dtype", list(DType))
def test_every_type_is_drawn(dtype: DType) -> None:
    assert shrunk(dtypes(legacy=True), lambda code: code is dtype) is dtype


@given(tensors(min_tensors=2, max_tensors=3))
@settings(SEARCH, max_examples=50)
def test_bounds_of_the_number_of_tensors_are_kept(given_tensors: list[NewTensor]) -> None:
    assert 2 <= len(given_tensors) <= 3
    assert len({tensor.name for tensor in given_tensors}) == len(given_tensors)


@given(metadata_json())
@settings(SEARCH, max_examples=200)
def test_metadata_is_valid(raw: bytes) -> None:
    assert Metadata(raw).type_errors() == []


@pytest.mark.parametrize(
    "part", [b"1E5", b"123456789012345678901234567890", b"\\u0041", b"\\ud83d", b'"a":1,"a":2', b"\t"]
)
def test_metadata_reaches_odd_text(part: bytes) -> None:
    assert part in shrunk(metadata_json(), lambda raw: part in raw)


@given(patches())
@settings(SEARCH, max_examples=100)
def test_patches_set_something(patch: Any) -> None:
    assert 1 <= len(patch.values()) <= 4


@pytest.mark.parametrize("key", STAMP_KEYS)
def test_every_key_is_patched(key: str) -> None:
    assert shrunk(patches(), lambda patch: key in patch.values()).values() == {key: ""}


def test_metadata_can_be_given() -> None:
    raw = shrunk(containers(metadata=st.just(b'{"mine":1}')), lambda _: True)
    assert opened(raw).metadata.raw == b'{"mine":1}'


def test_damage_is_done_to_what_is_given() -> None:
    raw = shrunk(containers(min_tensors=1), lambda _: True)
    assert shrunk(damaged(raw), lambda damaged_raw: damaged_raw != raw) != raw
    assert shrunk(damaged(b""), lambda damaged_raw: damaged_raw == b"") == b""


@given(damaged(containers()))
@settings(SEARCH, max_examples=100)
def test_a_seal_makes_the_header_checksum_right(raw: bytes) -> None:
    again = sealed(raw)
    assert len(again) == len(raw)
    if len(raw) >= 64:
        assert int.from_bytes(again[40:44], "little") == header_crc32(again[:64])


def test_the_same_seed_gives_the_same_files() -> None:
    assert collect(damaged(ODD), 20, 7) == collect(damaged(ODD), 20, 7)


@pytest.mark.parametrize("max_ndim", [0, 1, 2, 8])
def test_bounds_of_shapes_are_kept(max_ndim: int) -> None:
    found = many(shapes(max_ndim=max_ndim, max_elements=500), 120)
    assert max(map(len, found)) == max_ndim
    assert all(prod(shape) <= 500 for shape in found)
