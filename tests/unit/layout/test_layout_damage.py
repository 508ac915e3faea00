"""`parse` on bytes that are not what they should be: a tree or `FormatError`, soon, and without much memory."""

from __future__ import annotations

import struct
import time
import tracemalloc

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.unit.layout import golden

from aprfmt import layout
from aprfmt.errors import FormatError
from aprfmt.layout import facts

RAW = golden.raw("every_dtype.apr")
HUGE = (2**31, 2**32 - 1, 2**53 + 1, 2**63 - 1, 2**63, 2**64 - 64, 2**64 - 1)


def outcome(raw: bytes) -> layout.Tree | FormatError:
    """What `parse` makes of bytes; anything but a tree or `FormatError` fails the test."""
    try:
        return layout.parse(raw)
    except FormatError as error:
        assert str(error).startswith("the container cannot be taken apart: ")  # noqa: PT017 - both outcomes are right
        assert error.__cause__ is not None  # noqa: PT017 - as above
        return error


def put(raw: bytes, field: str, value: int) -> bytes:
    start, stop = facts.spans_header(layout.parse_header(raw), 0)[field]
    return raw[:start] + value.to_bytes(stop - start, "little") + raw[stop:]


@pytest.mark.parametrize("name", golden.SMALL)
def test_every_truncation(name: str) -> None:
    """A file that is cut anywhere is refused, except where the cut is at the end of the data: then it has no footer."""
    raw = golden.raw(name)
    whole = layout.parse(raw)
    for size in range(len(raw)):
        found = outcome(raw[:size])
        if size == len(raw) - 4:
            assert found == {**whole, "footer": None}
        else:
            assert isinstance(found, FormatError), size


@given(st.binary(max_size=400))
@example(b"")
@example(bytes(64))
@example(bytes(400))
@example(b"\xff" * 400)
def test_any_bytes(raw: bytes) -> None:
    """Any bytes parse to a tree that builds them again, or are refused."""
    found = outcome(raw)
    if isinstance(found, dict):
        _assert_builds(found, raw)


@given(st.sampled_from(golden.SMALL), st.lists(st.tuples(st.integers(0, 4095), st.integers(0, 255)), max_size=6))
def test_changed_bytes(name: str, changes: list[tuple[int, int]]) -> None:
    """A file with a few bytes changed parses to a tree, or is refused."""
    raw = bytearray(golden.raw(name))
    for at, value in changes:
        raw[at % len(raw)] = value
    found = outcome(bytes(raw))
    if isinstance(found, dict):
        _assert_builds(found, bytes(raw))


def _assert_builds(tree: layout.Tree, raw: bytes) -> None:
    """What parses builds the same bytes, unless sections overlap: then there is more than one file."""
    sizes = [64, *(len(tree[name] or b"") for name in ("header_padding", "metadata", "metadata_padding"))]
    header = tree["header"]
    in_order = sizes[0] + sizes[1] == header["ofs_metadata"]
    in_order &= sum(sizes) == header["ofs_tensor_index"] <= header["ofs_data"]
    if in_order:
        assert layout.build(tree) == raw


@pytest.mark.parametrize("value", HUGE)
@pytest.mark.parametrize("field", [name for name, shape in facts.FIELDS["header"].items() if shape.limit == 2**64])
def test_huge_places_are_refused(field: str, value: int) -> None:
    assert isinstance(outcome(put(RAW, field, value)), FormatError)


@pytest.mark.parametrize("value", HUGE)
@pytest.mark.parametrize("field", ["ofs_tensor", "len_tensor"])
def test_huge_tensors_are_refused(field: str, value: int) -> None:
    tree = golden.tree("every_dtype.apr")
    tree["tensor_index"]["entries"][1][field] = value
    assert isinstance(outcome(layout.build(tree)), FormatError)


@pytest.mark.parametrize("value", HUGE)
def test_many_dimensions_of_any_size_are_taken_as_they_are(value: int) -> None:
    tree = golden.tree("every_dtype.apr")
    entry = tree["tensor_index"]["entries"][0]
    entry["dims"] = [value] * 255
    entry["ndim"] = 255
    for name in ("ofs_data", "checksum"):
        del tree["header"][name]
    del tree["tensor_index"]["padding"]
    assert layout.parse(layout.build(tree))["tensor_index"]["entries"][0]["dims"] == [value] * 255


def test_all_places_may_be_the_same() -> None:
    """Sections without bytes may lie anywhere, even behind the end of the file."""
    raw = struct.pack("<4sBBHIQIQQI20s", b"APR\0", 2, 0, 0, 0, 64, 0, 64, 64, 0, bytes(20))
    tree = layout.parse(raw)
    assert tree["tensor_index"] == {"entries": [], "padding": b""}
    assert (tree["metadata"], tree["tensor_data"], tree["footer"], tree["trailing"]) == (b"", b"", None, None)
    assert layout.build(tree) == raw


@pytest.mark.parametrize("count", [2**32 - 1, 2**31, 10**6, 27])
def test_a_count_that_is_too_large_is_refused_at_once(count: int) -> None:
    for raw in (put(RAW, "num_tensors", count), put(_zeros(), "num_tensors", count)):
        tracemalloc.start()
        begin = time.perf_counter()
        try:
            assert isinstance(outcome(raw), FormatError)
            assert tracemalloc.get_traced_memory()[1] < 10_000_000
        finally:
            tracemalloc.stop()
        assert time.perf_counter() - begin < 2


def _zeros() -> bytes:
    """A file whose index is all zeros: entries without a name, as long as there are bytes."""
    return layout.build({"metadata": b"{}", "tensor_index": {"entries": [], "padding": bytes(512)}, "tensor_data": b""})


def test_zeros_read_as_entries() -> None:
    entries = layout.parse(put(_zeros(), "num_tensors", 25))["tensor_index"]["entries"]
    assert len(entries) == 25
    assert {entry["name"] for entry in entries} == {b""}


def test_sections_are_taken_from_where_the_header_says() -> None:
    raw = put(put(RAW, "ofs_metadata", 65), "len_metadata", 3)
    assert layout.parse(raw)["metadata"] == RAW[65:68]


@pytest.mark.parametrize(("field", "value"), [("ofs_metadata", 63), ("ofs_tensor_index", 64), ("ofs_data", 127)])
def test_sections_before_each_other_are_refused(field: str, value: int) -> None:
    error = outcome(put(RAW, field, value))
    assert isinstance(error, FormatError)
    assert "would lie at" in str(error)
