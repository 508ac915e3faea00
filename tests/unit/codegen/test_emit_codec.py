"""The generated codec at work: it takes what the structs take, gives what they give, and refuses what they refuse."""

from __future__ import annotations

import io
from functools import cache
from types import SimpleNamespace
from typing import Any

import pytest
from construct import ConstructError
from hypothesis import example, given
from hypothesis import strategies as st
from tests.unit.codegen.made import context, modules, plain, text_of

from aprfmt.codegen import ksy
from aprfmt.codegen.model import Attr, Spec
from aprfmt.layout.fused import CodecError

RECORDS = [
    *(
        ("bits", "panel"),
        ("container", "head"),
        ("container", "tail"),
        ("elements", "element"),
        ("integers", "numbers"),
    ),
    *(("lists", "row"), ("lists", "point"), ("strings", "head"), ("surroundings", "head"), ("surroundings", "tail")),
]
"""Records whose sizes depend on nothing around them."""
REFUSALS = (ConstructError, TypeError, ValueError)


@cache
def spec_of(name: str) -> Spec:
    return ksy.load(text_of(name))


def tree_of(spec: Spec, facts: Any, type_id: str, record: Any) -> dict[str, Any]:
    """A record as the tree that the structs parse and build."""
    return {attr.id: _plain(spec, facts, attr, getattr(record, attr.id)) for attr in spec.types[type_id].seq}


def _plain(spec: Spec, facts: Any, attr: Attr, value: Any) -> Any:
    if attr.user_type is None:
        # Construct itself knows no views; `layout` copies them before.
        return list(value) if isinstance(value, tuple) else bytes(value) if isinstance(value, memoryview) else value
    if not spec.types[attr.user_type].is_bits:
        return tree_of(spec, facts, attr.user_type, value)
    bits = getattr(facts, f"{attr.user_type.upper()}_BITS")
    return {name: int(value) >> at & (1 << width) - 1 for name, at, width in bits}


@pytest.mark.parametrize(("name", "type_id"), RECORDS)
@given(st.data())
def test_any_bytes_read_alike(name: str, type_id: str, data: st.DataObject) -> None:
    """Both read the same values from any bytes, up to the same byte, and build the same bytes, or both refuse."""
    raw = data.draw(st.binary(max_size=60) | st.binary(min_size=16, max_size=80).map(lambda raw: raw[:4] + bytes(40)))
    at = data.draw(st.integers(0, 3).filter(lambda at: at <= len(raw)))
    kind = data.draw(st.sampled_from((bytes, bytearray, memoryview)))
    facts, structs, codec = modules(text_of(name))
    stream = io.BytesIO(raw)
    stream.seek(at)
    try:
        tree = plain(getattr(structs, type_id).parse_stream(stream))
    except ConstructError:
        with pytest.raises(CodecError, match=f"^{type_id}: "):
            getattr(codec, f"parse_{type_id}")(kind(raw), at)
        return
    record, end = getattr(codec, f"parse_{type_id}")(kind(raw), at)
    assert (tree_of(spec_of(name), facts, type_id, record), end) == (tree, stream.tell())
    assert getattr(codec, f"build_{type_id}")(record) == raw[at:end]


@pytest.mark.parametrize(("name", "type_id"), [("lists", "row"), ("lists", "point")])
@given(st.binary(max_size=90), st.integers(0, 5), st.integers(0, 4), st.integers(0, 100))
def test_records_behind_each_other(name: str, type_id: str, raw: bytes, at: int, count: int, origin: int) -> None:
    """A scan gives the records that reading them one by one gives, up to the first that is not whole."""
    _, _, codec = modules(text_of(name))
    records, ends = getattr(codec, f"scan_{type_id}")(raw, at, count, origin)
    place = at
    for record, end in zip(records, ends, strict=True):
        assert getattr(codec, f"parse_{type_id}")(raw, place) == (record, end - origin)
        place = end - origin
    assert len(records) <= count
    if len(records) < count:
        with pytest.raises(CodecError):
            getattr(codec, f"parse_{type_id}")(raw, place)
    if records:
        assert getattr(codec, f"join_{type_id}")(records) == raw[at:place]
    assert getattr(codec, f"join_{type_id}")([]) == b""


INTEGERS = st.sampled_from((-1, 0, 1, 255, 256, 65535, 65536, 2**32 - 1, 2**32, 2**64 - 1, 2**64, True, 1.0, "1", b"1"))
BYTES = st.binary(max_size=9) | st.sampled_from((bytearray(b"ab"), memoryview(b"abc"), "ab", [1], 2.0, object()))
LISTS = (
    st.lists(INTEGERS, max_size=3) | st.lists(st.integers(0, 255), max_size=40) | st.sampled_from((b"ab", 5, {1: 2}))
)


@pytest.mark.parametrize(("name", "type_id"), [pair for pair in RECORDS if pair[0] != "bits"])
@given(st.data())
def test_any_values_build_alike(name: str, type_id: str, data: st.DataObject) -> None:
    """Both build the same bytes of a record, whatever its fields hold, or both refuse."""
    facts, structs, codec = modules(text_of(name))
    spec = spec_of(name)
    values = {}
    for attr in spec.types[type_id].seq:
        kinds = LISTS if attr.repeat is not None else INTEGERS if attr.width is not None else BYTES
        fits = st.integers(0, 255) if attr.repeat is None and attr.width is not None else kinds
        values[attr.id] = (
            data.draw(kinds | fits) if attr.user_type is None else facts.Mask(data.draw(st.integers(0, 9)))
        )
    record = getattr(facts, spec.records[type_id])(**values)
    try:
        wanted = getattr(structs, type_id).build(context(tree_of(spec, facts, type_id, record)))
    except REFUSALS:
        wanted = None
    for build, given_value in ((f"build_{type_id}", record), (f"join_{type_id}", [record])):
        if wanted is not None:
            if hasattr(codec, build):
                assert getattr(codec, build)(given_value) == wanted
        elif hasattr(codec, build):
            with pytest.raises(CodecError, match=f"^{type_id}: "):
                getattr(codec, build)(given_value)


@given(st.binary(max_size=160), st.integers(0, 3), st.integers(0, 3), st.booleans())
@example(b"\x02" + b"\x07\x00\x01" + bytes(2) + b"\x05" + bytes(2) + bytes(8) + b"!abc\x01" * 4, 1, 0, True)
def test_sizes_that_depend_on_what_is_around(raw: bytes, num_rows: int, width: int, more: bool) -> None:
    """A record that needs the file, what it stands in, or its place in the list, is given them, and reads alike."""
    facts, structs, codec = modules(text_of("surroundings"))
    head = facts.Head(num_rows, width, len(raw), facts.Mask(0x800001), 0)
    whole = codec.build_head(head) + raw + b"x" * (1 + more)
    assert codec.parse_head(whole)[0] == head
    root = SimpleNamespace(head=head, len_file=len(whole))
    try:
        tree = plain(structs.surroundings.parse(whole, len_file=len(whole)))
    except ConstructError:
        if raw:
            around = {"root": root, "parent": SimpleNamespace(len_own=raw[0])}
            assert len(codec.scan_row(raw, 1, num_rows, **around, index=0)[0]) < num_rows
        return
    around = {"root": root, "parent": SimpleNamespace(len_own=tree["table"]["len_own"])}
    rows, ends = codec.scan_row(raw, 1, num_rows, 8, **around, index=0)
    spec = spec_of("surroundings")
    assert [tree_of(spec, facts, "row", row) for row in rows] == tree["table"]["rows"]
    at = 1
    for index, (row, end) in enumerate(zip(rows, ends, strict=True)):
        assert codec.parse_row(memoryview(raw), at, **around, index=index) == (row, end - 8)
        at = end - 8
    assert codec.join_row(rows) == raw[1:at]
    assert codec.parse_tail(whole, 8 + len(raw)) == (facts.Tail(120, b"x" * more), len(whole))


def test_rows_that_are_whole_read_to_the_end() -> None:
    """The law above holds for bytes that are drawn; these are made such that every part is there."""
    facts, structs, codec = modules(text_of("surroundings"))
    inner = [facts.Inner(b"!", b"tag", b"t" * n) for n in (1, 3, 2)]
    rows = [
        facts.Row(
            7,
            n,
            (1, 2, 3)[:n],
            (4, 5, 6)[:n],
            m,
            (9,) * (m % 4),
            (1, 2),
            b"ww",
            b"o",
            b"p" * 2 * at,
            b"c" * (n - 1),
            of,
        )
        for at, (n, m, of) in enumerate(zip((1, 3, 2), (0, 5, 255), inner, strict=True))
    ]
    raw = b"\1" + codec.join_row(rows) + b"rest"
    whole = codec.build_head(facts.Head(3, 2, len(raw), facts.Mask(5), 0)) + raw + b"x"
    tree = plain(structs.surroundings.parse(whole, len_file=len(whole)))
    assert tree["table"]["rest"] == b"rest"
    root, parent = SimpleNamespace(head=codec.parse_head(whole)[0]), SimpleNamespace(len_own=1)
    found, ends = codec.scan_row(raw, 1, 9, root=root, parent=parent, index=0)
    assert found == rows
    assert raw[ends[-1] :] == b"rest"
    spec = spec_of("surroundings")
    assert [tree_of(spec, facts, "row", row) for row in rows] == tree["table"]["rows"]
    for size in range(len(raw) - len(b"rest")):
        whole_rows = codec.scan_row(raw[:size], 1, 3, root=root, parent=parent, index=0)[1]
        assert whole_rows == [end for end in ends if end <= size]


def test_records_are_frozen_values() -> None:
    facts, _, codec = modules(text_of("lists"))
    row = codec.parse_row(b"\1a\0\0\0\0\0\0\1\0\2\0")[0]
    assert row == facts.Row(1, b"a", 0, b"\0\0", (1, 2))
    assert len({row, facts.Row(1, b"a", 0, b"\0\0", (1, 2))}) == 1
    with pytest.raises(AttributeError):
        row.key = b"b"


def test_a_record_without_fields_is_nothing() -> None:
    source = text_of("bits").replace("panel: Panel}", "panel: Panel, t: Nothing}") + "  t:\n    doc: A type.\n"
    facts, _, codec = modules(source)
    assert codec.parse_t(b"ab", 1) == (facts.Nothing(), 1)
    assert codec.build_t(facts.Nothing()) == b""
