"""The constructs that the generated structs are made of, one by one."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from construct import Bytes, ConstructError, Container, Int8ul, Int16ul, Struct
from hypothesis import given
from hypothesis import strategies as st

from aprfmt.layout.model import BlockFacts
from aprfmt.layout.runtime import (
    NOT_THERE,
    Absent,
    BitFields,
    Counted,
    Derived,
    Exactly,
    Fields,
    Rest,
    Section,
    first_nbytes,
    offset_of,
    size_of_all,
)


def build(struct: Any, tree: dict[str, Any]) -> bytes:
    return bytes(struct.build(Container(tree), spans={}))


def parse(struct: Any, raw: bytes) -> dict[str, Any]:
    return dict(struct.parse(raw, len_file=len(raw)))


COUNTED = Fields("n" / Derived(Int8ul, lambda this: len(this.body)), "body" / Exactly(lambda this: this.n))


@given(st.binary(max_size=255))
def test_a_derived_field_follows_from_what_is_given(body: bytes) -> None:
    """A missing value is computed; parsing gives what was computed."""
    raw = build(COUNTED, {"body": body})
    assert raw == bytes([len(body)]) + body
    assert parse(COUNTED, raw) == {"n": len(body), "body": body}


@given(st.binary(max_size=20), st.integers(0, 255))
def test_a_given_value_wins_over_a_derived_one(body: bytes, n: int) -> None:
    """A wrong value is written as it is, and the bytes beside it are not cut to fit."""
    assert build(COUNTED, {"n": n, "body": body}) == bytes([n]) + body


def test_what_cannot_be_derived_names_the_field_and_the_cause() -> None:
    with pytest.raises(ConstructError, match=r"-> n\nneither given nor derived: expected body, found none") as caught:
        build(COUNTED, {})
    assert isinstance(caught.value.__cause__, AttributeError)
    with pytest.raises(ConstructError, match=r"-> n\nstruct '<B' error during building, given value 256"):
        build(COUNTED, {"body": bytes(256)})
    huge = Fields("n" / Derived(Int8ul, lambda _: 10**5000))
    with pytest.raises(ConstructError, match="neither given nor derived: the rest of the tree does not say it"):
        build(huge, {})


def test_fields_name_what_is_missing() -> None:
    with pytest.raises(ConstructError, match=r"-> body\nneither given nor derived"):
        build(COUNTED, {"n": 1})


def test_fields_parse_as_a_struct_does() -> None:
    def pair(kind: Any) -> Any:
        inner = kind("x" / Int8ul, "twice" / Counted("twice", Int16ul, lambda this: this._.n))
        return kind("n" / Int8ul, "items" / Counted("items", inner, lambda this: this._root.n), "rest" / Rest())

    raw = bytes([2, 9, 1, 0, 2, 0, 8, 3, 0, 4, 0, 5])
    assert pair(Fields).parse(raw) == pair(Struct).parse(raw)
    assert pair(Fields).parse(raw)["items"][1]["twice"] == [3, 4]
    assert pair(Fields).build(pair(Fields).parse(raw)) == raw


def test_fields_that_end_early_say_where() -> None:
    with pytest.raises(ConstructError, match=r"\(parsing\) -> body\nstream read less than specified amount"):
        parse(COUNTED, b"\3ab")


@pytest.mark.parametrize("value", [5, "ab", [1, 2], 10**12, NOT_THERE])
@pytest.mark.parametrize("field", [Exactly(lambda _: 2, align=4), Rest(align=4), Rest()])
def test_only_bytes_are_written_as_bytes(field: Any, value: object) -> None:
    with pytest.raises(ConstructError, match="expected bytes, found"):
        build(Fields("body" / field), {"body": value})


@pytest.mark.parametrize("value", [b"ab", bytearray(b"ab"), memoryview(b"ab")])
def test_bytes_of_every_kind_are_written(value: Any) -> None:
    assert build(Fields("body" / Rest()), {"body": value}) == b"ab"


@given(st.binary(max_size=70))
def test_filler_reaches_the_grid_of_the_file(before: bytes) -> None:
    """Absent filler is the fewest zero bytes up to the grid, counted from the start; given filler is kept."""
    struct = Fields("before" / Rest(), "fill" / Rest(align=16))
    assert build(struct, {"before": before}) == before + bytes(-len(before) % 16)
    assert build(struct, {"before": before, "fill": b"x"}) == before + b"x"


@given(st.lists(st.integers(0, 65535), max_size=9))
def test_numbers_are_counted(values: list[int]) -> None:
    """A list of numbers is read as many as the count says, and written as many as there are."""
    numbers = Counted("numbers", Int16ul, lambda this: this.n)
    struct = Fields("n" / Derived(Int8ul, lambda this: len(this.numbers)), "numbers" / numbers)
    raw = build(struct, {"numbers": values})
    assert parse(struct, raw) == {"n": len(values), "numbers": values}
    assert build(struct, {"n": 200, "numbers": tuple(values)}) == b"\xc8" + raw[1:]


@pytest.mark.parametrize("item", [Int16ul, Bytes(2)])
@pytest.mark.parametrize("count", [3, 2**31, 2**62, 2**63, 2**64])
def test_a_list_that_ends_early_is_refused(item: Any, count: int) -> None:
    with pytest.raises(ConstructError):
        parse(Fields("items" / Counted("items", item, lambda _: count)), b"\1\0\2\0\3")


@pytest.mark.parametrize("value", [b"ab", "ab", 5, {}, NOT_THERE])
def test_only_a_list_is_written_as_a_list(value: object) -> None:
    with pytest.raises(ConstructError, match="expected a list, found"):
        build(Fields("items" / Counted("items", Int8ul, lambda _: 0)), {"items": value})


def test_a_list_that_is_absent_is_empty() -> None:
    assert build(Fields("items" / Counted("items", Int8ul, lambda _: 0)), {}) == b""


@given(st.lists(st.lists(st.integers(0, 255), max_size=4), max_size=6))
def test_each_list_counts_its_own_elements(rows: list[list[int]]) -> None:
    """`_index` is the place in the innermost list around a field, whatever other lists stand before it."""
    row = Fields(
        "n" / Derived(Int8ul, lambda this: len(this.cells)),
        "cells" / Counted("cells", Int8ul, lambda this: this.n),
        "at" / Derived(Int8ul, lambda this: this._index),
        "previous" / Derived(Int8ul, lambda this: 99 if this._index == 0 else this._.rows[this._index - 1].at),
    )
    struct = Fields("rows" / Counted("rows", row, lambda _: len(rows)))
    raw = build(struct, {"rows": [Container(cells=cells) for cells in rows]})
    found = parse(struct, raw)["rows"]
    assert [item["at"] for item in found] == list(range(len(rows)))
    assert [item["previous"] for item in found] == [99, *range(len(rows) - 1)][: len(rows)]


BITS = BitFields(2, (("low", 0, 1, 0), ("wide", 1, 5, 3), ("rest", 6, 10, 0)))


@given(st.integers(0, 2**16 - 1))
def test_bits_are_all_kept(word: int) -> None:
    """Every number parses to fields that build it."""
    raw = word.to_bytes(2, "little")
    fields = BITS.parse(raw)
    assert fields == {"low": bool(word & 1), "wide": word >> 1 & 31, "rest": word >> 6}
    assert BITS.build(fields) == raw


def test_absent_bits_have_their_defaults() -> None:
    assert BITS.build(None) == b"\6\0"
    assert BITS.build({"low": 1}) == b"\7\0"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"wide": 32}, "wide does not fit into 5 bits: 32"),
        ({"low": -1}, "low does not fit into 1 bits: -1"),
        ({"high": 1, "a": 2}, "no such flags: ['a', 'high']"),
    ],
)
def test_bits_that_do_not_fit_are_refused(fields: dict[str, int], message: str) -> None:
    with pytest.raises(ConstructError) as caught:
        BITS.build(fields)
    assert message in str(caught.value)


def section(**options: Any) -> Any:
    return Fields(
        "at" / Int8ul,
        "size" / Int8ul,
        "part" / Section("part", lambda this: this.at, lambda this: this.size, **options),
    )


def test_a_section_is_parsed_where_it_lies_and_built_behind_the_one_before() -> None:
    assert parse(section(), b"\4\2..ab..")["part"] == b"ab"
    spans: dict[str, tuple[int, int]] = {}
    assert section().build(Container(at=4, size=9, part=b"ab"), spans=spans) == b"\4\x09ab"
    assert spans == {"part": (2, 4)}


@pytest.mark.parametrize(("at", "size"), [(0, 9), (8, 1), (7, 2), (200, 1)])
def test_a_section_beyond_the_end_is_refused(at: int, size: int) -> None:
    with pytest.raises(ConstructError, match=f"part would lie at {at} with {size} bytes, in 8 bytes"):
        parse(section(), bytes([at, size]) + b"......")


@pytest.mark.parametrize(
    ("position", "size"), [(-1, 0), (0, -1), (2**63, 1), (2**64, 2**64), (0, 2**63), (2**62, 2**62), (-(2**70), 2**80)]
)
def test_a_section_in_an_impossible_place_is_refused(position: int, size: int) -> None:
    struct = Fields("part" / Section("part", lambda _: position, lambda _: size))
    with pytest.raises(ConstructError, match="part would lie at"):
        parse(struct, b"....")


@pytest.mark.parametrize("position", [0, 4, 5, 2**63, 2**70])
def test_a_section_without_bytes_may_lie_anywhere(position: int) -> None:
    assert parse(Fields("part" / Section("part", lambda _: position, lambda _: 0)), b"....") == {"part": b""}


def test_a_section_of_fields_sees_its_own_bytes_only() -> None:
    struct = section(subcon=Fields("x" / Int8ul, "rest" / Rest()))
    assert parse(struct, b"\3\3.abcd")["part"] == {"x": 97, "rest": b"bc"}
    with pytest.raises(ConstructError, match=r"-> part -> x\nstream read less"):
        parse(struct, b"\3\0.abcd")


def test_a_section_that_is_not_there() -> None:
    struct = section(when=lambda this: this.size != 0, optional=Absent.ABSENT)
    assert parse(struct, b"\2\0") == {"at": 2, "size": 0, "part": None}
    assert build(struct, {"at": 1, "size": 0}) == b"\1\0"
    assert build(struct, {"at": 1, "size": 0, "part": b"x"}) == b"\1\0x"


def test_a_section_that_is_derived_unless_it_is_given_as_absent() -> None:
    struct = section(subcon=Fields("x" / Derived(Int8ul, lambda _: 7)), optional=Absent.DERIVED)
    assert build(struct, {"at": 1, "size": 0}) == b"\1\0\7"
    assert build(struct, {"at": 1, "size": 0, "part": NOT_THERE}) == b"\1\0"
    assert build(struct, {"at": 1, "size": 0, "part": Container(x=3)}) == b"\1\0\3"


def test_filler_between_sections() -> None:
    assert build(section(align=8), {"at": 1, "size": 0}) == b"\1\0" + bytes(6)
    with pytest.raises(ConstructError, match="part is neither given nor derived"):
        build(section(), {"at": 1, "size": 0})


def test_offsets_of_sections() -> None:
    sizes: dict[str, Any] = {
        "head": lambda *_: 10,
        "fill": lambda value, at: len(value) if value is not None else -at % 16,
        "body": lambda value, _: len(value or b""),
        "end": lambda *_: 4,
    }
    assert offset_of({}, sizes, "head") == 0
    assert offset_of({}, sizes, "body") == 16
    assert offset_of({"fill": b"x", "body": b"abc"}, sizes, "end") == 14
    assert offset_of({"head": NOT_THERE, "body": b"abc"}, sizes, "end") == 3
    assert offset_of({"body": b"abc"}, sizes, "nothing") == 23


def test_sizes_of_elements_know_where_they_begin() -> None:
    starts: list[int] = []

    def size(item: int, at: int) -> int:
        starts.append(at)
        return item

    assert size_of_all(size, [3, 4, 5], 10) == 12
    assert starts == [10, 13, 17]
    assert size_of_all(size, None, 10) == 0


def test_the_first_size_of_a_tensor() -> None:
    block = BlockFacts(7, "b", "B", 32, 18, 0, True, True, 7, None, "")
    assert first_nbytes({7: block}, 7, [2, 33]) == 54
    with pytest.raises(KeyError):
        first_nbytes({7: block}, 8, [])


def test_streams_are_taken_from_where_they_stand() -> None:
    stream = BytesIO(b"\2ab\1c")
    assert [COUNTED.parse_stream(stream)["body"] for _ in range(2)] == [b"ab", b"c"]


def test_elements_that_are_read_know_their_place() -> None:
    """In the innermost list around them, and behind that list in the one around it."""
    word = Exactly(lambda this: this._index)
    row = Fields("words" / Counted("words", word, lambda _: 3), "behind" / Exactly(lambda this: this._index))
    struct = Fields("rows" / Counted("rows", row, lambda _: 2))
    assert parse(struct, b"abc" + b"def" + b"g")["rows"] == [
        {"words": [b"", b"a", b"bc"], "behind": b""},
        {"words": [b"", b"d", b"ef"], "behind": b"g"},
    ]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("it" / Exactly(lambda _: 1), 5),
        ("it" / Rest(), "text"),
        ("it" / Counted("it", Int8ul, lambda _: 0), 5),
        ("it" / BitFields(1, [("a", 0, 1, 0)]), {"b": 1}),
        ("it" / BitFields(1, [("a", 0, 1, 0)]), {"a": 2}),
        ("it" / Section("it", lambda _: 0, lambda _: 1), None),
        ("it" / Section("it", lambda _: 0, lambda _: 1), 5),
    ],
)
def test_what_cannot_be_built_says_where(field: Any, value: Any) -> None:
    with pytest.raises(ConstructError, match=r"\(building\) -> outer -> it\b"):
        build(Fields("outer" / Fields(field)), {"outer": {"it": value}})


@pytest.mark.parametrize(
    "field",
    [
        "it" / Exactly(lambda _: 9),
        "it" / Counted("it", Int16ul, lambda _: 9),
        "it" / BitFields(9, [("a", 0, 72, 0)]),
        "it" / Section("it", lambda _: 0, lambda _: 9),
    ],
)
def test_what_cannot_be_read_says_where(field: Any) -> None:
    with pytest.raises(ConstructError, match=r"\(parsing\) -> outer -> it\b"):
        parse(Fields("outer" / Fields(field)), b"short")


def test_counted_bytes_may_be_filler_too() -> None:
    struct = Fields("before" / Rest(), "fill" / Exactly(lambda _: 0, align=16))
    assert build(struct, {"before": b"abc"}) == b"abc" + bytes(13)


def test_a_bit_is_true_or_false_and_several_are_a_number() -> None:
    fields = parse(Fields("bits" / BITS), b"\xff\xff")["bits"]
    assert [type(fields[name]) for name in ("low", "wide", "rest")] == [bool, int, int]
