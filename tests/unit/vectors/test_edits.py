"""Edits of built bytes: each kind, where fields lie after others moved, and which checksums are right in the end."""

from __future__ import annotations

import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aprfmt import build
from aprfmt.container import Container
from aprfmt.errors import RequestError
from aprfmt.layout import HEADER_SIZE, Flags, facts, header_crc32
from aprfmt.vectors.edits import EDITS, SEALS, edited
from aprfmt.vectors.image import Image

RAW = build(
    {
        "metadata": b'{"name":"m"}',
        "tensor_index": {"entries": [{"name": b"a", "dtype": 0, "dims": [2]}, {"name": b"b", "dtype": 1, "dims": [3]}]},
        "tensor_data": bytes(range(128)),
    }
)
"""Metadata at 0x40, index at 0x80 with entries of 29 bytes, data at 0xc0, footer at 0x140."""
INDEX, DATA, FOOTER = 0x80, 0xC0, 0x140
B = "tensor_index.entries[1]"
AT_B = INDEX + 29


def made(*edits: dict[str, Any], seals: tuple[str, ...] = ()) -> bytes:
    """The file after some edits, with nothing computed again unless it is asked for."""
    return edited(Image.of(RAW), edits, seals, "here").whole()


def changes(*edits: dict[str, Any]) -> dict[int, int]:
    """The bytes that differ after edits that change no length."""
    after = made(*edits)
    assert len(after) == len(RAW)
    return {at: after[at] for at in range(len(RAW)) if after[at] != RAW[at]}


def sealed(raw: bytes) -> tuple[bool, bool]:
    """Whether the checksum of the header, and that of the footer, is right."""
    container = Container(Image.of(raw), lenient=True)
    footer = container.footer
    start = container.required_len
    return container.header_checksum_valid, footer is not None and footer.checksum == zlib.crc32(raw[:start])


def test_without_edits_nothing_happens() -> None:
    image = Image.of(RAW)
    assert edited(image, (), (), "here") is image
    assert made(seals=SEALS) == RAW


def test_there_is_a_test_of_every_kind() -> None:
    assert list(EDITS) == ["set", "flip", "put", "keep", "drop", "append", "insert", "remove"]
    assert SEALS == ("header.checksum", "footer.checksum")


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        ({"set": "header.version_major", "to": 3}, {4: 3}),
        ({"set": "header.num_tensors", "to": 0x01020304}, {8: 4, 9: 3, 10: 2, 11: 1}),
        ({"set": "header.ofs_data", "to": str(2**64 - 1)}, dict.fromkeys(range(32, 40), 255)),
        ({"set": "header.flags.signed", "to": 1}, {6: 8}),
        ({"set": "header.flags.layout_row_major", "to": 0}, {7: 0}),
        ({"set": "header.flags.reserved", "to": 9}, {7: 0x94}),
        ({"set": f"{B}.name", "to": {"text": "c"}}, {AT_B + 2: ord("c")}),
        ({"set": f"{B}.dims", "to": [5]}, {AT_B + 5: 5}),
        ({"set": "metadata_padding", "to": 1}, {0x4C: 1}),
        ({"flip": "header.reserved", "bit": 0}, {44: 1}),
        ({"flip": "header.reserved", "bit": 159}, {63: 128}),
        ({"flip": f"{B}.len_tensor", "bit": 8}, {AT_B + 22: 1}),
        ({"flip": "tensor_data", "bit": 8 * 127}, {DATA + 127: 126}),
        ({"put": {"hex": "ffff"}, "in": "tensor_data", "at": 3}, {DATA + 3: 255, DATA + 4: 255}),
        ({"put": {"hex": "ff"}, "in": "header.reserved"}, {44: 255}),
        ({"put": {"hex": ""}, "in": "header.reserved", "at": 20}, {}),
    ],
)
def test_edits_that_keep_the_size(edit: dict[str, Any], expected: dict[int, int]) -> None:
    assert changes(edit) == expected


def test_bits_are_set_beside_those_that_were_set_before() -> None:
    edits = [{"set": f"header.flags.{name}", "to": 1} for name in ("signed", "quantized")]
    flags = Container(Image.of(made(*edits)), lenient=True).header.flags
    assert flags == Flags.SIGNED | Flags.QUANTIZED | Flags.LAYOUT_ROW_MAJOR


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        ([{"keep": 70}], RAW[:70]),
        ([{"keep": 0}], b""),
        ([{"keep": len(RAW)}], RAW),
        ([{"drop": 4}], RAW[:-4]),
        ([{"drop": 4}, {"drop": 1}], RAW[:-5]),
        ([{"append": {"text": "more"}}], RAW + b"more"),
        ([{"append": {"zeros": 1}}, {"append": {"hex": "ff"}}], RAW + b"\0\xff"),
        ([{"drop": 1}, {"append": {"hex": "00"}}], RAW[:-1] + b"\0"),
        ([{"insert": {"text": "more"}, "before": "footer"}], RAW[:FOOTER] + b"more" + RAW[FOOTER:]),
        ([{"remove": "footer"}], RAW[:FOOTER]),
        ([{"remove": "tensor_data"}], RAW[:DATA] + RAW[FOOTER:]),
        ([{"remove": "metadata_padding"}], RAW[:0x4C] + RAW[INDEX:]),
        ([{"set": "metadata", "to": {"text": "{}"}}], RAW[:0x40] + b"{}" + RAW[0x4C:]),
        ([{"set": f"{B}.name", "to": {"text": "long"}}], RAW[: AT_B + 2] + b"long" + RAW[AT_B + 3 :]),
        ([{"set": f"{B}.name", "to": {"hex": ""}}], RAW[: AT_B + 2] + RAW[AT_B + 3 :]),
    ],
)
def test_edits_that_change_the_size(edits: list[dict[str, Any]], expected: bytes) -> None:
    assert made(*edits) == expected


def test_edits_take_place_where_the_fields_lie_after_others_moved() -> None:
    longer, shorter = {"set": "metadata", "to": {"zeros": 20}}, {"remove": "tensor_index.entries[0].dims"}
    after = made(longer, shorter, {"set": f"{B}.dtype", "to": 9}, {"set": "header.version_major", "to": 7})
    by_hand = bytearray(RAW)
    by_hand[AT_B + 3], by_hand[4] = 9, 7
    dims = INDEX + 5
    assert after == bytes(by_hand[:0x40]) + bytes(20) + by_hand[0x4C:dims] + by_hand[dims + 8 :]


FIELDS = ("header.reserved", "metadata", "metadata_padding", f"{B}.len_name", f"{B}.name", "tensor_index.padding")


@given(st.permutations(FIELDS), st.lists(st.integers(0, 12), min_size=len(FIELDS), max_size=len(FIELDS)))
def test_the_order_of_edits_makes_no_difference(order: list[str], sizes: list[int]) -> None:
    """Fields of other lengths, in any order: each stands in its place, between what was around it."""
    texts = {path: bytes([65 + number]) * size for number, (path, size) in enumerate(zip(FIELDS, sizes, strict=True))}
    after = made(*({"set": path, "to": {"hex": texts[path].hex()}} for path in order))
    reserved, metadata, filler, len_name, name, padding = (texts[path] for path in FIELDS)
    entries = RAW[INDEX:AT_B] + len_name + name + RAW[AT_B + 3 : AT_B + 29]
    assert after == RAW[:44] + reserved + metadata + filler + entries + padding + RAW[DATA:]


@given(st.permutations(["insert", "set", "flip"]))
def test_what_is_inserted_belongs_to_no_field(order: list[str]) -> None:
    """Whether it comes before or after: the field behind it is meant, and the one in front of it stays as it is."""
    edits: dict[str, dict[str, Any]] = {
        "insert": {"insert": {"text": "??"}, "before": "tensor_index.padding"},
        "set": {"set": "tensor_index.padding", "to": {"text": "filler"}},
        "flip": {"flip": f"{B}.len_tensor", "bit": 56},
    }
    after = made(*(edits[name] for name in order))
    end = AT_B + 29
    assert after == RAW[: end - 1] + b"\1" + b"??" + b"filler" + RAW[DATA:]


def test_a_group_grows_with_what_is_in_it() -> None:
    after = made({"set": f"{B}.name", "to": {"text": "name"}}, {"remove": "tensor_index"})
    assert after == RAW[:INDEX] + RAW[DATA:]


def test_an_empty_field_may_be_filled() -> None:
    filled = made({"set": "header_padding", "to": {"text": "ab"}}, {"flip": "metadata", "bit": 0})
    assert filled == RAW[:64] + b"ab" + b"z" + RAW[65:]


def test_checksums_are_computed_when_all_edits_are_made() -> None:
    edits: list[dict[str, Any]] = [
        {"set": "header.version_minor", "to": 1},
        {"set": "metadata", "to": {"text": '{"name":"n"}'}},
    ]
    assert sealed(made(*edits)) == (False, False)
    assert sealed(made(*edits, seals=("header.checksum",))) == (True, False)
    assert sealed(made(*edits, seals=("footer.checksum",))) == (False, True)
    assert sealed(made(*edits, seals=SEALS)) == (True, True)
    # In whatever order they are named: the footer covers the header.
    assert made(*edits, seals=SEALS[::-1]) == made(*edits, seals=SEALS)


def test_checksums_are_where_their_fields_are_in_the_end() -> None:
    raw = made({"insert": {"zeros": 64}, "before": "footer"}, {"append": {"zeros": 2}}, seals=SEALS)
    end = FOOTER + 64
    assert raw[end:] == zlib.crc32(raw[:end]).to_bytes(4, "little") + b"\0\0"
    assert len(raw) == len(RAW) + 66


@pytest.mark.parametrize("size", [0, 39, 40, 43, 44, HEADER_SIZE - 1])
def test_a_header_that_was_cut_is_not_sealed(size: int) -> None:
    assert made({"keep": size}, seals=SEALS) == RAW[:size]


def test_a_footer_that_was_cut_is_not_sealed() -> None:
    for nbytes in (1, 4, 5):
        assert made({"drop": nbytes}, seals=SEALS) == RAW[:-nbytes]
    cut = made({"set": "header.version_minor", "to": 1}, {"drop": 1}, seals=SEALS)
    assert header_crc32(cut[:HEADER_SIZE]) == Container(Image.of(cut), lenient=True).header.checksum


def test_a_file_without_a_footer_is_sealed_as_far_as_it_goes() -> None:
    bare = Image.of(RAW[:FOOTER])
    after = edited(bare, [{"set": "header.version_minor", "to": 1}], SEALS, "here").whole()
    assert len(after) == FOOTER
    assert Container(Image.of(after), lenient=True).header_checksum_valid


def test_an_image_with_holes_keeps_them() -> None:
    image = Image.of(RAW[:DATA]).resized(2**40)
    after = edited(image, [{"set": "header.version_major", "to": 3}], ("header.checksum",), "here")
    assert after.is_sparse
    assert after.size == 2**40
    assert sum(len(raw) for _, raw in after.extents) == DATA


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        ({"bend": "header"}, "expected an edit with one of set, flip, put, keep, drop, append, insert, remove, found"),
        ({}, "expected an edit with one of set, "),
        ({"set": "header.size", "to": 1}, "expected the path of a field that is there, found 'header.size'"),
        ({"set": "tensor_index.entries[2].name", "to": {"text": ""}}, "expected the path of a field that is there"),
        ({"set": 5, "to": 1}, "expected the path of a field that is there, found"),
        ({"set": "header.version_major"}, "expected an integer, or its decimal digits beyond 2^53, found None"),
        ({"set": "header.version_major", "to": 256}, "expected an integer of 1 bytes, found 256"),
        ({"set": "header.version_major", "to": -1}, "expected an integer of 1 bytes, found -1"),
        ({"set": "header.ofs_data", "to": str(2**64)}, "expected an integer of 8 bytes, found 18446744073709551616"),
        ({"set": f"{B}.dims", "to": ["x"]}, "expected an integer, or its decimal digits"),
        ({"set": "metadata", "to": {"texts": ""}}, "expected bytes as an object with one of"),
        ({"flip": "header.magic", "bit": 32}, "expected a bit of 4 bytes, found 32"),
        ({"flip": "header.magic", "bit": -1}, "expected a bit of 4 bytes, found -1"),
        ({"flip": "header.magic"}, "expected an integer"),
        ({"put": {"zeros": 21}, "in": "header.reserved"}, "expected at most 20 bytes at 0, found 21"),
        ({"put": {"zeros": 1}, "in": "header.reserved", "at": 20}, "expected at most 0 bytes at 20, found 1"),
        ({"put": {"zeros": 1}, "in": "header.reserved", "at": -1}, "expected at most 21 bytes at -1, found 1"),
        ({"put": {"zeros": 1}}, "expected the path of a field that is there, found None"),
        ({"keep": len(RAW) + 1}, f"expected at most {len(RAW)} bytes to keep, found {len(RAW) + 1}"),
        ({"keep": -1}, f"expected at most {len(RAW)} bytes to keep, found -1"),
        ({"drop": len(RAW) + 1}, f"expected at most {len(RAW)} bytes to keep, found -1"),
        ({"append": "text"}, "expected bytes as an object with one of"),
        ({"insert": {"zeros": 1}}, "expected the path of a field that is there"),
        ({"remove": "trailing"}, "expected the path of a field that is there, found 'trailing'"),
    ],
)
def test_an_edit_that_makes_no_sense_is_refused(edit: dict[str, Any], message: str) -> None:
    with pytest.raises(RequestError) as caught:
        made(edit)
    assert str(caught.value).startswith(f"here: {message}")


@pytest.mark.parametrize(
    "edit",
    [
        {"set": "header.flags.signed", "to": 1},
        {"set": "header.ofs_data", "to": 1},
        {"flip": "header.ofs_data", "bit": 0},
        {"put": {"zeros": 1}, "in": "header.ofs_data"},
        {"remove": "metadata"},
        {"insert": {"zeros": 1}, "before": "metadata"},
    ],
)
def test_what_was_cut_off_cannot_be_edited(edit: dict[str, Any]) -> None:
    with pytest.raises(RequestError, match=r"^here: "):
        made({"keep": 20}, edit)


def test_every_field_of_the_header_may_be_named() -> None:
    for name in facts.FIELDS["header"]:
        assert len(changes({"flip": f"header.{name}", "bit": 0})) == 1
