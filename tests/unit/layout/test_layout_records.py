"""The records: headers, index entries, footers, digest records, and what is known of element types."""

from __future__ import annotations

import io
import struct
import time
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.layout import golden

from aprfmt import layout
from aprfmt.errors import FormatError, RequestError, TruncatedError
from aprfmt.layout import facts

HEADER = struct.Struct("<4sBBHIQIQQI20s")


@given(st.binary(min_size=64, max_size=80))
def test_any_64_bytes_are_a_header(raw: bytes) -> None:
    """Whatever the bytes say, they parse, and the tree of the record builds the same bytes."""
    header = layout.parse_header(raw)
    wanted = HEADER.unpack(raw[:64])
    assert (header.magic, header.version_major, header.version_minor, header.flags) == wanted[:4]
    assert (header.num_tensors, header.ofs_metadata, header.len_metadata) == wanted[4:7]
    assert (header.ofs_tensor_index, header.ofs_data, header.checksum, header.reserved) == wanted[7:]
    tree = {"header": layout.header_tree(header), "metadata": b"", "tensor_index": {}, "footer": None}
    assert layout.build(tree)[:64] == raw[:64]


@pytest.mark.parametrize("size", [0, 1, 63])
def test_a_short_header_is_truncated(size: int) -> None:
    with pytest.raises(TruncatedError) as caught:
        layout.parse_header(bytes(size))
    error = caught.value
    assert (error.field, error.span) == ("header", (0, size))
    assert (error.expected, error.found) == ("64 bytes", f"{size} bytes")


@given(st.integers(0, 2**16 - 1))
def test_flags_become_a_tree_and_come_back(bits: int) -> None:
    """A set of flags, undefined bits included, is the same set after a build."""
    tree = {
        "header": {"flags": layout.flags_tree(layout.Flags(bits))},
        "metadata": b"{}",
        "tensor_index": {"entries": []},
    }
    assert layout.parse_header(layout.build(tree)).flags == layout.Flags(bits)


@pytest.mark.parametrize("name", golden.NAMES)
def test_the_checksum_of_a_header(name: str) -> None:
    raw = golden.raw(name)
    assert layout.header_crc32(raw[:64]) == layout.header_crc32(memoryview(raw)[:64])
    assert layout.header_crc32(raw[:64]) == zlib.crc32(raw[:40] + raw[44:64]) == layout.parse_header(raw).checksum


def test_spans_of_a_header_follow_each_other() -> None:
    spans = facts.spans_header(layout.parse_header(golden.raw("every_dtype.apr")), 0)
    assert [start for start, _ in spans.values()] == [0, *[stop for _, stop in spans.values()][:-1]]
    assert spans["reserved"] == (44, 64)
    assert facts.nbytes_header(layout.parse_header(bytes(64))) == layout.HEADER_SIZE


@pytest.mark.parametrize("name", golden.NAMES)
def test_entries_of_golden_files(name: str) -> None:
    raw, tree = golden.raw(name), golden.tree(name)
    header = tree["header"]
    stream = io.BytesIO(raw[header["ofs_tensor_index"] : header["ofs_data"]])
    found = list(layout.iter_entries(stream, header["num_tensors"], start=header["ofs_tensor_index"]))
    trees = [{**vars_of(entry), "dims": list(entry.dims)} for entry, _ in found]
    assert trees == tree["tensor_index"]["entries"]
    at = header["ofs_tensor_index"]
    for entry, span in found:
        assert span == (at, at + facts.nbytes_tensor_index_entry(entry))
        assert facts.spans_tensor_index_entry(entry, at)["len_tensor"][1] == span[1]
        at = span[1]
    assert layout.build_entries(trees) == raw[header["ofs_tensor_index"] : at]


def vars_of(entry: layout.TensorIndexEntry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in facts.FIELDS["tensor_index_entry"]}


NAMES = st.binary(max_size=20)
ENTRIES = st.lists(
    st.fixed_dictionaries(
        {
            "name": NAMES,
            "dtype": st.integers(0, 255),
            "dims": st.lists(st.integers(0, 2**64 - 1), max_size=5),
            "ofs_tensor": st.integers(0, 2**64 - 1),
            "len_tensor": st.integers(0, 2**64 - 1),
        }
    ),
    max_size=6,
)


@given(ENTRIES)
def test_entries_are_packed(entries: list[dict[str, Any]]) -> None:
    """Built entries are name, dtype, shape, place and size behind each other, and parse to the same."""
    raw = layout.build_entries(iter(entries))
    assert raw == b"".join(
        struct.pack("<H", len(entry["name"]))
        + entry["name"]
        + bytes([entry["dtype"], len(entry["dims"])])
        + struct.pack(f"<{len(entry['dims'])}Q", *entry["dims"])
        + struct.pack("<QQ", entry["ofs_tensor"], entry["len_tensor"])
        for entry in entries
    )
    found = [entry for entry, _ in layout.iter_entries(io.BytesIO(raw), len(entries))]
    assert [(entry.name, entry.dims) for entry in found] == [(entry["name"], tuple(entry["dims"])) for entry in entries]


def test_entries_that_end_early_are_truncated() -> None:
    raw = layout.build_entries([{"name": b"ab", "dtype": 0, "dims": [1, 2]}, {"name": b"c", "dtype": 0, "dims": []}])
    for size in range(len(raw)):
        whole = 0 if size < 38 else 1
        entries = layout.iter_entries(io.BytesIO(raw[:size]), 2, start=100)
        found = [next(entries) for _ in range(whole)]
        with pytest.raises(TruncatedError) as caught:
            next(entries)
        error = caught.value
        assert len(found) == whole
        assert error.field == f"tensor_index.entries[{whole}]"
        assert error.span == (100 + 38 * whole,) * 2
        assert (error.expected, error.found) == ("2 entries", f"{whole} whole entries")
        assert error.__cause__ is not None


def test_entries_are_read_as_they_are_asked_for() -> None:
    raw = layout.build_entries([{"name": b"a", "dtype": 0, "dims": []}])
    entries = layout.iter_entries(io.BytesIO(raw), 2**32 - 1)
    assert next(entries)[0].name == b"a"
    with pytest.raises(TruncatedError):
        next(entries)


def test_many_entries_are_read_in_time() -> None:
    """A large model has tens of thousands of tensors; reading its index takes seconds at most."""
    one = layout.build_entries([{"name": b"model.layers.000000.weight", "dtype": 0, "dims": [4, 4]}])
    begin = time.perf_counter()
    count = sum(1 for _ in layout.iter_entries(io.BytesIO(one * 92_000), 92_000))
    assert count == 92_000
    assert time.perf_counter() - begin < 10  # about 1 s on an idle machine


@pytest.mark.parametrize("name", golden.NAMES)
def test_heads_of_golden_files(name: str) -> None:
    raw, tree = golden.raw(name), golden.tree(name)
    header = tree["header"]
    index = raw[header["ofs_tensor_index"] : header["ofs_data"]]
    for given_index in (index, index.rstrip(b"\0") if not header["num_tensors"] else index):
        kept = {key: header[key] for key in ("flags", "num_tensors")}
        assert b"".join(layout.build_head(kept, tree["metadata"], given_index)) == raw[: header["ofs_data"]]


@given(st.binary(min_size=1, max_size=200), st.binary(max_size=200))
def test_a_head_ends_on_the_grid(metadata: bytes, index: bytes) -> None:
    """A head has its metadata and index where its header says, with the fewest filler bytes behind each."""
    raw = b"".join(layout.build_head({"num_tensors": 3}, metadata, index))
    header = layout.parse_header(raw)
    assert header.num_tensors == 3
    assert (header.ofs_metadata, header.len_metadata) == (64, len(metadata))
    assert header.ofs_tensor_index == 64 + layout.align_up(len(metadata), 64)
    assert header.ofs_data == len(raw) == header.ofs_tensor_index + layout.align_up(len(index), 64)
    assert raw[64:].startswith(metadata)
    assert raw[header.ofs_tensor_index :].startswith(index)
    assert header.checksum == layout.header_crc32(raw[:64])


def test_footers() -> None:
    assert layout.build_footer(0x01020304) == b"\4\3\2\1"
    assert layout.parse_footer(b"\4\3\2\1rest").checksum == 0x01020304
    with pytest.raises(TruncatedError, match="the footer is truncated"):
        layout.parse_footer(b"abc")
    with pytest.raises(RequestError, match="the tree cannot be built"):
        layout.build_footer(2**32)


def test_digest_records() -> None:
    record = layout.build_payload_digest_record(b"ab", 128, (2, 3), bytes(range(32)))
    assert record == b"\2\0ab\x80\2" + struct.pack("<2Q", 2, 3) + bytes(range(32))
    assert layout.build_payload_digest_record(b"", 0, (), bytes(32)) == bytes(36)
    with pytest.raises(RequestError, match="sha256 bytes object of wrong length"):
        layout.build_payload_digest_record(b"", 0, (), b"short")


def test_facts_of_element_types() -> None:
    for member in layout.DType:
        found = layout.dtype_facts(member)
        assert found is not None
        assert str(member) == f"{member}" == found.id
        assert found.canonical_code in facts.DTYPE_CODES
        canonical = facts.DTYPE_FACTS[found.canonical_code]
        assert canonical.canonical_code == canonical.code
        assert (canonical.id, canonical.block_elems, canonical.block_bytes) == (
            found.id,
            found.block_elems,
            found.block_bytes,
        )
    assert layout.dtype_facts(2) is None
    assert layout.dtype_facts(256) is None


def test_the_door_lists_its_names() -> None:
    assert dir(layout) == sorted(layout.__all__)
    assert all(hasattr(layout, name) for name in layout.__all__)


def test_errors_are_of_the_package() -> None:
    with pytest.raises(FormatError, match="the container cannot be taken apart"):
        layout.parse(b"APR\0")


def test_entries_are_counted_from_the_beginning_unless_it_is_said() -> None:
    raw = layout.build_entries([{"name": b"ab", "dtype": 0, "dims": [1, 2]}, {"name": b"c", "dtype": 0, "dims": []}])
    spans = [(0, 38), (38, len(raw))]
    assert [span for _, span in layout.iter_entries(io.BytesIO(raw), 2)] == spans
    assert [ends for _, ends in layout.iter_entry_blocks(io.BytesIO(raw), 2)] == [[stop for _, stop in spans]]


def test_entries_that_end_early_break_a_rule() -> None:
    with pytest.raises(TruncatedError, match=r"the tensor index ends inside an entry.*\[APR-I001\]$"):
        list(layout.iter_entries(io.BytesIO(b"\1"), 1))


def test_a_short_footer_says_how_long_one_is() -> None:
    for size in range(4):
        with pytest.raises(TruncatedError) as caught:
            layout.parse_footer(bytes(size))
        assert (caught.value.field, caught.value.span) == ("footer", (0, size))
        assert (caught.value.expected, caught.value.found) == ("4 bytes", f"{size} bytes")


def test_what_a_head_is_given_wins_and_what_it_does_not_know_is_refused() -> None:
    raw, _, _ = layout.build_head({"checksum": 5, "ofs_data": 9}, b"{}", b"")
    assert (layout.parse_header(raw).checksum, layout.parse_header(raw).ofs_data) == (5, 9)
    with pytest.raises(RequestError, match=r"found the key header\.nothing"):
        layout.build_head({"nothing": 1}, b"{}", b"")


@given(st.binary(min_size=64, max_size=80), st.integers(0, 2**32 - 1))
def test_a_header_with_another_checksum_is_the_same_otherwise(raw: bytes, checksum: int) -> None:
    """Only the field of the checksum changes, whatever the bytes are and whatever follows them."""
    start, stop = facts.spans_header(layout.parse_header(raw), 0)["checksum"]
    made = layout.with_header_checksum(raw, checksum)
    assert made == raw[:start] + checksum.to_bytes(4, "little") + raw[stop:]


def test_a_flag_is_true_or_false_and_the_undefined_bits_are_a_number() -> None:
    for flags in (layout.Flags(0), layout.Flags(2**16 - 1)):
        tree = layout.flags_tree(flags)
        assert {type(tree[name]) for name, _, width in facts.FLAGS_BITS if width == 1} == {bool}
        assert type(tree["reserved"]) is int
        head, _, _ = layout.build_head({"flags": tree, "num_tensors": 0}, b"{}", b"")
        assert layout.flags_tree(layout.parse_header(head).flags) == tree
