"""Laws: the fused codec and the Construct structs are two forms of one layout, refusals included.

Construct is the reference: what it reads, the codec MUST read alike; what it refuses, the codec MUST refuse.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from construct import ConstructError
from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz.laws import SMALL_GOLDEN, golden

from aprfmt import build
from aprfmt.errors import RequestError, TruncatedError
from aprfmt.layout import (
    FOOTER_SIZE,
    HEADER_SIZE,
    Flags,
    Footer,
    Header,
    TensorIndexEntry,
    facts,
    flags_tree,
    header_tree,
    iter_entries,
    parse_footer,
    parse_header,
)
from aprfmt.layout._generated import codec, structs
from aprfmt.layout.fused import CodecError
from aprfmt.testing import containers, damaged

FILES = containers() | containers(canonical=False)
Tree = dict[str, Any]


def by_construct(struct: str, raw: bytes, at: int) -> tuple[Tree, int] | None:
    """What Construct reads from byte `at` on, and the byte behind it; None when it refuses."""
    stream = io.BytesIO(raw)
    stream.seek(at)
    try:
        tree = getattr(structs, struct).parse_stream(stream)
    except ConstructError:
        return None
    return {name: _plain(tree[name]) for name in facts.FIELDS[struct]}, stream.tell()


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, dict) else list(value) if isinstance(value, list) else value


def by_codec(struct: str, raw: bytes | memoryview, at: int) -> tuple[Tree, int] | None:
    """The same of the codec."""
    try:
        record, end = getattr(codec, f"parse_{struct}")(raw, at)
    except CodecError:
        return None
    return tree_of(struct, record), end


def tree_of(struct: str, record: Header | Footer | TensorIndexEntry) -> Tree:
    if isinstance(record, Header):
        return header_tree(record)
    tree = {name: getattr(record, name) for name in facts.FIELDS[struct]}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in tree.items()}


STRUCTS = pytest.mark.parametrize("struct", ["header", "tensor_index_entry", "footer"])


@STRUCTS
@given(st.binary(max_size=140), st.integers(0, 9))
def test_any_bytes_read_alike(struct: str, raw: bytes, at: int) -> None:
    """Any bytes give the same values and end at the same byte, or are refused by both."""
    at = min(at, len(raw))
    wanted = by_construct(struct, raw, at)
    assert by_codec(struct, raw, at) == by_codec(struct, memoryview(raw), at) == wanted
    if wanted is not None:
        assert getattr(codec, f"build_{struct}")(getattr(codec, f"parse_{struct}")(raw, at)[0]) == raw[at : wanted[1]]


@STRUCTS
@pytest.mark.parametrize("name", SMALL_GOLDEN)
def test_truncated_at_every_byte(struct: str, name: str) -> None:
    """A file of the reference that ends anywhere inside a record is refused by both."""
    whole = golden(name)
    header = parse_header(whole)
    at = {"header": 0, "tensor_index_entry": header.ofs_tensor_index, "footer": len(whole) - FOOTER_SIZE}[struct]
    found = by_construct(struct, whole, at)
    assert (found is None) is (struct == "tensor_index_entry" and header.num_tensors == 0)
    if found is None:
        return
    for end in range(at, found[1]):
        assert by_codec(struct, whole[:end], at) is by_construct(struct, whole[:end], at) is None
    assert by_codec(struct, whole[: found[1]], at) == found


def both_indexes(index: bytes, count: int) -> None:
    """Both read the same entries of an index, each with the same end, and stop where no whole one is left."""
    wanted: list[tuple[Tree, int]] = []
    at = 0
    while len(wanted) < count and (found := by_construct("tensor_index_entry", index, at)) is not None:
        wanted.append(found)
        at = found[1]
    records, ends = codec.scan_tensor_index_entry(index, 0, count, 7)
    assert [
        (tree_of("tensor_index_entry", record), end - 7) for record, end in zip(records, ends, strict=True)
    ] == wanted
    assert codec.join_tensor_index_entry(records) == index[:at]
    streamed: list[tuple[Tree, int]] = []
    try:
        for record, (start, end) in iter_entries(io.BytesIO(index), count, start=7):
            assert start == (streamed[-1][1] if streamed else 0) + 7
            streamed.append((tree_of("tensor_index_entry", record), end - 7))
    except TruncatedError as error:
        assert len(wanted) < count
        assert error.found == f"{len(wanted)} whole entries"  # noqa: PT017 - both outcomes are right
    else:
        assert len(wanted) == count
    assert streamed == wanted


def index_of(raw: bytes) -> tuple[bytes, int]:
    """The bytes behind the place where a file has its index, whatever the header says, and its count."""
    header = parse_header(raw)
    return raw[header.ofs_tensor_index :], header.num_tensors


@given(FILES)
def test_indexes_of_valid_files_read_alike(raw: bytes) -> None:
    """The entries of a valid file are the same, and build the same bytes."""
    both_indexes(*index_of(raw))


@given(damaged(FILES))
def test_indexes_of_damaged_files_read_alike(raw: bytes) -> None:
    """Of a damaged file as many entries are read, and they are the same."""
    if len(raw) >= HEADER_SIZE:
        index, count = index_of(raw)
        both_indexes(index, min(count, 50))


@given(st.binary(max_size=300) | st.binary(max_size=80).map(lambda raw: bytes(60) + raw), st.integers(0, 12))
def test_indexes_of_any_bytes_read_alike(index: bytes, count: int) -> None:
    """Any bytes are as many entries for both."""
    both_indexes(index, count)


@given(FILES | damaged(FILES))
def test_heads_and_footers_of_files_read_alike(raw: bytes) -> None:
    """The header and the last bytes of a file are the same for both, and build the same bytes."""
    for struct, at in (("header", 0), ("footer", max(0, len(raw) - FOOTER_SIZE))):
        assert by_codec(struct, raw, at) == by_construct(struct, raw, at)
    if len(raw) >= HEADER_SIZE:
        header = parse_header(raw)
        assert (tree_of("header", header), HEADER_SIZE) == by_construct("header", raw, 0)
        assert codec.build_header(header) == raw[:HEADER_SIZE]
        assert codec.build_footer(parse_footer(raw[-FOOTER_SIZE:])) == raw[-FOOTER_SIZE:]


class Indexed:
    """An integer of another library, which Python takes for one."""

    def __index__(self) -> int:
        return 3


NUMBERS: st.SearchStrategy[Any] = st.sampled_from(
    (0, 1, 255, 256, 2**16 - 1, 2**16, 2**32 - 1, 2**32, 2**64 - 1, 2**64, -1, True, Indexed(), 1.0, "1", b"1", [1])
)
RAW = st.sampled_from((b"APR\0", bytes(20))) | st.binary(max_size=24)
BYTES: st.SearchStrategy[Any] = st.one_of(
    st.builds(lambda kind, raw: kind(raw), st.sampled_from((bytes, bytearray, memoryview)), RAW),
    st.sampled_from((memoryview(b"abcdefgh")[::2], "text", 4, [1, 2], object())),
)
LISTS: st.SearchStrategy[Any] = st.lists(NUMBERS, max_size=3) | st.sampled_from(
    ((), (1, 2), [], [2**64 - 1] * 300, b"ab", "ab", 3, {1: 2}, range(2), (2**64,), (None,))
)
GOOD: dict[str, Any] = {"name": b"n", "dims": (1, 2), "magic": b"APR\0", "reserved": bytes(20), "flags": Flags(0)}


def values(draw: Callable[[st.SearchStrategy[Any]], Any], struct: str) -> Tree:
    """A value for every field: right ones, but for one or two that may be of the wrong size, sign or kind."""
    odd = draw(st.sets(st.sampled_from(sorted(facts.FIELDS[struct])), min_size=1, max_size=2))
    found: Tree = {}
    for name, shape in facts.FIELDS[struct].items():
        if name == "flags":
            found[name] = Flags(draw(st.integers(0, 0xFFFF)))
        elif name not in odd:
            found[name] = GOOD.get(name, 7)
        else:
            found[name] = draw(LISTS if shape.repeated else BYTES if shape.limit is None else NUMBERS)
    return found


def built_by_construct(tree: Tree, start: int, stop: int | None) -> bytes | None:
    try:
        raw = build({"metadata": b"", "tensor_index": {"entries": [], "padding": b""}, "tensor_data": b"", **tree})
    except RequestError:
        return None
    return raw[start:stop]


def built_by_codec(function: str, given_value: Any) -> bytes | None:
    try:
        built: bytes = getattr(codec, function)(given_value)
    except CodecError:
        return None
    return built


@given(st.data())
def test_any_entries_build_alike(data: st.DataObject) -> None:
    """Entries of any values build the same bytes, or are refused by both."""
    trees = [values(data.draw, "tensor_index_entry") for _ in range(data.draw(st.integers(1, 2)))]
    tree = {"tensor_index": {"entries": trees, "padding": b""}, "footer": None}
    wanted = built_by_construct(tree, HEADER_SIZE, None)
    records = [TensorIndexEntry(**values) for values in trees]
    assert built_by_codec("join_tensor_index_entry", records) == wanted
    one_by_one = [built_by_codec("build_tensor_index_entry", record) for record in records]
    assert (None if None in one_by_one else b"".join(map(bytes, filter(None, one_by_one)))) == wanted


@given(st.data())
def test_any_header_builds_alike(data: st.DataObject) -> None:
    """A header of any values builds the same bytes, or is refused by both."""
    found = values(data.draw, "header")
    tree = {"header": {**found, "flags": flags_tree(found["flags"])}, "footer": None}
    assert built_by_codec("build_header", Header(**found)) == built_by_construct(tree, 0, HEADER_SIZE)


@given(NUMBERS)
def test_any_footer_builds_alike(checksum: Any) -> None:
    """A footer of any value builds the same bytes, or is refused by both."""
    wanted = built_by_construct({"footer": {"checksum": checksum}}, -FOOTER_SIZE, None)
    assert built_by_codec("build_footer", Footer(checksum)) == wanted
