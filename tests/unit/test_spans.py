"""The map from bytes to fields, on files whose bytes are known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.unit.rules.crafting import craft, entry_a, entry_b

from aprfmt import build, parse
from aprfmt.container import Container
from aprfmt.layout import facts
from aprfmt.limits import Limits
from aprfmt.source import BytesSource
from aprfmt.spans import FieldAt, FieldMap, FieldSpan, Kind, field_at, walk
from aprfmt.testing import sealed

SOUND = craft(metadata=b'{"name":"m", "a":[1]}')
Row = tuple[str, str, int, int]


def lenient(raw: bytes, limits: Limits | None = None) -> Container:
    return Container(BytesSource(raw), lenient=True, **({} if limits is None else {"limits": limits}))


def fields(raw: bytes, under: str = "") -> list[FieldSpan]:
    return list(walk(lenient(raw), under))


def rows(raw: bytes, under: str = "") -> list[Row]:
    """Path, kind and span of everything but bits."""
    found = fields(raw, under)
    return [(field.path, str(field.kind), *field.span) for field in found if field.kind is not Kind.BITS]


def one(raw: bytes, path: str) -> FieldSpan:
    (found,) = (field for field in fields(raw) if field.path == path)
    return found


def with_header(raw: bytes, **values: int) -> bytes:
    """The file with other numbers in its header, the right checksum over them, and nothing else changed."""
    tree = parse(raw)
    header = build({**tree, "header": tree["header"] | values})[: facts.HEADER_SIZE]
    return sealed(header + raw[facts.HEADER_SIZE :])


def test_every_field_of_a_sound_file() -> None:
    assert rows(SOUND) == [
        ("header", "group", 0x00, 0x40),
        ("header.magic", "field", 0x00, 0x04),
        ("header.version_major", "field", 0x04, 0x05),
        ("header.version_minor", "field", 0x05, 0x06),
        ("header.flags", "field", 0x06, 0x08),
        ("header.num_tensors", "field", 0x08, 0x0C),
        ("header.ofs_metadata", "field", 0x0C, 0x14),
        ("header.len_metadata", "field", 0x14, 0x18),
        ("header.ofs_tensor_index", "field", 0x18, 0x20),
        ("header.ofs_data", "field", 0x20, 0x28),
        ("header.checksum", "field", 0x28, 0x2C),
        ("header.reserved", "field", 0x2C, 0x40),
        ("header_padding", "field", 0x40, 0x40),
        ("metadata", "group", 0x40, 0x55),
        ("metadata", "syntax", 0x40, 0x41),
        ("metadata.name", "field", 0x41, 0x4B),
        ("metadata", "syntax", 0x4B, 0x4D),
        ("metadata.a", "field", 0x4D, 0x54),
        ("metadata", "syntax", 0x54, 0x55),
        ("metadata_padding", "field", 0x55, 0x80),
        ("tensor_index", "group", 0x80, 0xC0),
        ("tensor_index.entries[0]", "group", 0x80, 0x9D),
        ("tensor_index.entries[0].len_name", "field", 0x80, 0x82),
        ("tensor_index.entries[0].name", "field", 0x82, 0x83),
        ("tensor_index.entries[0].dtype", "field", 0x83, 0x84),
        ("tensor_index.entries[0].ndim", "field", 0x84, 0x85),
        ("tensor_index.entries[0].dims", "field", 0x85, 0x8D),
        ("tensor_index.entries[0].ofs_tensor", "field", 0x8D, 0x95),
        ("tensor_index.entries[0].len_tensor", "field", 0x95, 0x9D),
        ("tensor_index.entries[1]", "group", 0x9D, 0xBA),
        ("tensor_index.entries[1].len_name", "field", 0x9D, 0x9F),
        ("tensor_index.entries[1].name", "field", 0x9F, 0xA0),
        ("tensor_index.entries[1].dtype", "field", 0xA0, 0xA1),
        ("tensor_index.entries[1].ndim", "field", 0xA1, 0xA2),
        ("tensor_index.entries[1].dims", "field", 0xA2, 0xAA),
        ("tensor_index.entries[1].ofs_tensor", "field", 0xAA, 0xB2),
        ("tensor_index.entries[1].len_tensor", "field", 0xB2, 0xBA),
        ("tensor_index.padding", "field", 0xBA, 0xC0),
        ("tensor_data", "group", 0xC0, 0x140),
        ("tensor_data", "field", 0xC0, 0xC8),
        ("tensor_data", "filler", 0xC8, 0x100),
        ("tensor_data", "field", 0x100, 0x103),
        ("tensor_data", "filler", 0x103, 0x140),
        ("footer", "group", 0x140, 0x144),
        ("footer.checksum", "field", 0x140, 0x144),
    ]


def test_values_names_and_depths() -> None:
    found = {field.path: field for field in fields(SOUND) if field.path != "metadata" or field.kind is Kind.GROUP}
    assert found["header.magic"].value == facts.MAGIC
    assert found["header.ofs_data"].value == 0xC0
    assert (found["metadata"].value, found["metadata.a"].value) == (2, [1])
    assert found["tensor_index"].value == 2
    assert found["tensor_index.entries[1].name"].value == b"b"
    assert found["tensor_index.entries[1].dims"].value == (3,)
    assert found["footer.checksum"].value == int.from_bytes(SOUND[-4:], "little")
    names = {path: (field.name, field.depth) for path, field in found.items()}
    assert names["header"] == ("header", 0)
    assert names["header.flags.sharded"] == ("sharded", 2)
    assert names["metadata.name"] == ("name", 1)
    assert names["tensor_index.entries[1]"] == ("entries[1]", 1)
    assert names["tensor_index.entries[1].dtype"] == ("dtype", 2)
    tensors = [field.name for field in fields(SOUND) if field.path == "tensor_data" and field.kind is Kind.FIELD]
    assert tensors == ["a", "b"]


def test_the_bits_of_the_flags_share_their_bytes() -> None:
    raw = craft(header={"flags": {"sharded": True, "reserved": 0b1001}})
    bits = [field for field in fields(raw) if field.kind is Kind.BITS]
    assert [(field.name, *field.bits) for field in bits if field.bits] == list(facts.FLAGS_BITS)
    assert {field.span for field in bits} == {(6, 8)}
    values = {field.name: field.value for field in bits}
    assert (values["sharded"], values["streaming"], values["reserved"]) == (True, False, 9)


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("header.flags.sharded", ["header.flags.sharded"]),
        ("footer", ["footer", "footer.checksum"]),
        ("metadata.a", ["metadata.a"]),
        ("tensor_index.entries[1].dtype", ["tensor_index.entries[1].dtype"]),
        ("tensor_index.entries[2]", []),
        ("tensor_index.padding", ["tensor_index.padding"]),
        ("tensor_data", ["tensor_data"] * 5),
        ("trailing", []),
        ("gap", []),
        ("head", []),
    ],
)
def test_a_part_of_the_walk(path: str, wanted: list[str]) -> None:
    assert [field.path for field in fields(SOUND, path)] == wanted


def test_an_entry_is_the_same_alone() -> None:
    whole = [row for row in rows(SOUND) if row[0].startswith("tensor_index.entries[1]")]
    assert rows(SOUND, "tensor_index.entries[1]") == whole


def test_gaps_can_be_asked_for() -> None:
    raw = craft(entry_a(), entry_b(ofs_tensor=256), tensor_data=bytes(320))
    assert rows(raw, "gap") == [("gap", "gap", 0xC8, 0x1C0)]


# --- where a byte belongs


@pytest.mark.parametrize(
    ("offset", "wanted"),
    [
        (0, FieldAt("header.magic", (0, 4), None)),
        (7, FieldAt("header.flags", (6, 8), None)),
        (0x3F, FieldAt("header.reserved", (0x2C, 0x40), None)),
        (0x40, FieldAt("metadata", (0x40, 0x55), None)),
        (0x4B, FieldAt("metadata", (0x40, 0x55), None)),
        (0x4A, FieldAt("metadata.name", (0x41, 0x4B), None)),
        (0x7F, FieldAt("metadata_padding", (0x55, 0x80), None)),
        (0x80, FieldAt("tensor_index.entries[0].len_name", (0x80, 0x82), "a")),
        (0xB9, FieldAt("tensor_index.entries[1].len_tensor", (0xB2, 0xBA), "b")),
        (0xBA, FieldAt("tensor_index.padding", (0xBA, 0xC0), None)),
        (0xC0, FieldAt("tensor_data", (0xC0, 0xC8), "a")),
        (0xC8, FieldAt("tensor_data", (0xC8, 0x100), None)),
        (0x102, FieldAt("tensor_data", (0x100, 0x103), "b")),
        (0x13F, FieldAt("tensor_data", (0x103, 0x140), None)),
        (0x143, FieldAt("footer.checksum", (0x140, 0x144), None)),
        (0x144, None),
        (1 << 70, None),
        (-1, None),
    ],
)
def test_the_field_at_a_byte(offset: int, wanted: FieldAt | None) -> None:
    assert field_at(lenient(SOUND), offset) == wanted


def test_a_tensor_that_is_cut_has_its_whole_span() -> None:
    assert field_at(lenient(SOUND[:0x101]), 0x100) == FieldAt("tensor_data", (0x100, 0x103), "b")


def test_the_header_is_looked_at_without_the_index(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FieldMap, "tensors", property(lambda _self: pytest.fail("read the index")))
    assert field_at(lenient(SOUND), 8) == FieldAt("header.num_tensors", (8, 12), None)


# --- files that are damaged


def test_nothing_has_no_fields() -> None:
    assert fields(b"") == []


def test_a_part_of_a_header_goes_as_far_as_it_goes() -> None:
    found = fields(SOUND[:10])
    assert [(field.path, field.span, field.declared) for field in found if field.declared] == [
        ("header", (0, 10), (0, 64)),
        ("header.num_tensors", (8, 10), (8, 12)),
    ]
    assert one(SOUND[:10], "header.flags").value == 0x400
    assert one(SOUND[:10], "header.num_tensors").value is None
    assert found[-1].path == "header.num_tensors"


def test_flags_that_are_cut_have_no_bits() -> None:
    assert [field.path for field in fields(SOUND[:7])][-1] == "header.flags"


@pytest.mark.parametrize("magic", facts.MAGIC_LOOKALIKES)
def test_of_another_format_only_the_magic_is_known(magic: bytes) -> None:
    raw = magic + SOUND[len(magic) :]
    assert rows(raw) == [
        ("header", "group", 0, 4),
        ("header.magic", "field", 0, 4),
        ("gap", "gap", 4, len(SOUND)),
    ]
    assert field_at(lenient(raw), 3) == FieldAt("header.magic", (0, 4), None)
    assert field_at(lenient(raw), 4) is None


def test_a_wrong_magic_does_not_hide_the_rest() -> None:
    assert rows(b"\xff" + SOUND[1:]) == rows(SOUND)


def sections(raw: bytes) -> list[Row]:
    """The outermost fields."""
    found = fields(raw)
    return [(field.path, str(field.kind), *field.span) for field in found if field.depth == 0]


HEADER: Row = ("header", "group", 0, 0x40)
HEAD: list[Row] = [HEADER, ("header_padding", "field", 0x40, 0x40)]
METADATA: Row = ("metadata", "group", 0x40, 0x55)
PADDING: Row = ("metadata_padding", "field", 0x55, 0x80)
BEFORE: list[Row] = [*HEAD, METADATA, PADDING]
INDEX: Row = ("tensor_index", "group", 0x80, 0xC0)
ENTRIES: Row = ("tensor_index", "group", 0x80, 0xBA)
AFTER: list[Row] = [INDEX, ("tensor_data", "group", 0xC0, 0x140), ("footer", "group", 0x140, 0x144)]


def gap(start: int, stop: int) -> Row:
    return ("gap", "gap", start, stop)


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ({}, [*BEFORE, *AFTER]),
        # A size that is too large ends where the next section begins.
        ({"len_metadata": (1 << 32) - 1}, [*HEAD, ("metadata", "field", 0x40, 0x80), *AFTER]),
        (
            {"len_metadata": 0},
            [*HEAD, ("metadata", "field", 0x40, 0x40), ("metadata_padding", "field", 0x40, 0x80), *AFTER],
        ),
        # A section that begins nowhere, or in the header, is left out.
        ({"ofs_metadata": 1 << 63}, [HEADER, gap(0x40, 0x80), *AFTER]),
        ({"ofs_metadata": 3}, [HEADER, gap(0x40, 0x80), *AFTER]),
        # Without an index the data cannot be told from what follows.
        ({"ofs_tensor_index": 1 << 63}, [*HEAD, METADATA, gap(0x55, 0x144), ("tensor_data", "group", 0xC0, 0xC0)]),
        # An index that holds no entry takes nothing from its neighbours.
        ({"ofs_tensor_index": 0x41}, [*HEAD, METADATA, gap(0x55, 0x144), ("tensor_data", "group", 0xC0, 0xC0)]),
        # Entries say themselves where they end.
        ({"ofs_data": 3}, [*BEFORE, ENTRIES, gap(0xBA, 0x144)]),
        ({"ofs_data": 1 << 63}, [*BEFORE, ENTRIES, gap(0xBA, 0x144)]),
    ],
    ids=str,
)
def test_a_wrong_number_in_the_header(header: dict[str, int], wanted: list[Row]) -> None:
    assert sections(with_header(SOUND, **header)) == wanted


def test_entries_that_are_there_are_read_when_the_count_is_wrong() -> None:
    raw = with_header(SOUND, num_tensors=99)
    found = rows(raw)
    assert ("tensor_index.entries[1].len_tensor", "field", 0xB2, 0xBA) in found
    assert found[-6:] == [
        ("tensor_data", "group", 0xC0, 0x140),
        ("tensor_data", "field", 0xC0, 0xC8),
        ("tensor_data", "filler", 0xC8, 0x100),
        ("tensor_data", "field", 0x100, 0x103),
        ("tensor_data", "filler", 0x103, 0x140),
        ("gap", "gap", 0x140, 0x144),
    ]
    assert one(raw, "tensor_index").value == 2
    assert not FieldMap(lenient(raw)).is_complete


@pytest.mark.parametrize("limits", [Limits(max_tensors=1), Limits(max_index_bytes=40)], ids=["tensors", "bytes"])
def test_limits_hold_for_damaged_indexes_too(limits: Limits) -> None:
    found = FieldMap(lenient(with_header(SOUND, num_tensors=1 << 31), limits))
    assert [tensor.name for tensor in found.tensors] == ["a"]


def test_a_file_cut_in_its_index() -> None:
    raw = SOUND[:0xA5]
    assert rows(raw)[-2:] == [
        ("tensor_index.entries[0].len_tensor", "field", 0x95, 0x9D),
        ("gap", "gap", 0x9D, 0xA5),
    ]
    assert one(raw, "tensor_index").declared == (0x80, 0xC0)


def test_a_file_cut_in_its_data() -> None:
    *_, last = fields(SOUND[:0x102])
    assert (last.span, last.declared, last.name) == ((0x100, 0x102), (0x100, 0x103), "b")


def test_a_file_cut_in_its_footer() -> None:
    *_, last = fields(SOUND[:-1])
    assert (last.path, last.span, last.declared, last.value) == (
        "footer.checksum",
        (0x140, 0x143),
        (0x140, 0x144),
        None,
    )


def test_bytes_behind_the_footer() -> None:
    assert rows(SOUND + b"more")[-1] == ("trailing", "field", 0x144, 0x148)


def test_a_file_without_a_footer() -> None:
    assert rows(SOUND[:-4])[-1] == ("tensor_data", "filler", 0x103, 0x140)


@pytest.mark.parametrize("metadata", [b"[1]", b'{"a":', b"\xff", b"", b"{}"])
def test_metadata_without_members_are_one_field(metadata: bytes) -> None:
    raw = craft(metadata=metadata)
    assert rows(raw, "metadata") == [("metadata", "field", 0x40, 0x40 + len(metadata))]


def test_a_key_that_occurs_twice_is_two_fields() -> None:
    found = fields(craft(metadata=b'{"a":1,"a":2}'), "metadata.a")
    assert [(field.span, field.value) for field in found] == [((0x41, 0x46), 1), ((0x47, 0x4C), 2)]


TENSORS: list[tuple[str, Callable[[], dict[str, Any]], list[tuple[str, int, int]]]] = [
    (
        "inside another one",
        lambda: {"ofs_tensor": 2, "len_tensor": 3},
        [("a", 0xC0, 0xC2), ("b", 0xC2, 0xC5), ("a", 0xC5, 0xC8), ("", 0xC8, 0x102)],
    ),
    ("over the end of another one", lambda: {"ofs_tensor": 4, "len_tensor": 9}, [("a", 0xC0, 0xC4), ("b", 0xC4, 0xCD)]),
    ("equal to another one", lambda: {"ofs_tensor": 0, "len_tensor": 8}, [("b", 0xC0, 0xC8), ("", 0xC8, 0x100)]),
    ("empty", lambda: {"ofs_tensor": 3, "len_tensor": 0}, [("a", 0xC0, 0xC8), ("b", 0xC3, 0xC3), ("", 0xC8, 0x100)]),
    ("outside", lambda: {"ofs_tensor": 1 << 63}, [("a", 0xC0, 0xC8), ("gap", 0xC8, 0x144)]),
    ("without end", lambda: {"len_tensor": 1 << 63}, [("a", 0xC0, 0xC8), ("", 0xC8, 0x100), ("b", 0x100, 0x144)]),
]


@pytest.mark.parametrize(("changes", "wanted"), [row[1:] for row in TENSORS], ids=[row[0] for row in TENSORS])
def test_tensors_in_odd_places(changes: Callable[[], dict[str, Any]], wanted: list[tuple[str, int, int]]) -> None:
    raw = craft(entry_a(), entry_b(**changes()))
    found = [(field.name, *field.span) for field in fields(raw, "tensor_data") if field.is_leaf]
    found += [(field.name, *field.span) for field in fields(raw, "gap")]
    assert found[: len(wanted)] == wanted


def test_data_that_lies_off_the_start_has_a_gap_before_it() -> None:
    raw = craft(entry_a(ofs_tensor=64), entry_b(ofs_tensor=192), tensor_data=bytes(256))
    found = [(str(field.kind), *field.span) for field in fields(raw) if field.depth == 1 and field.span[0] >= 0xC0]
    assert found[:4] == [
        ("gap", 0xC0, 0x100),
        ("field", 0x100, 0x108),
        ("gap", 0x108, 0x180),
        ("field", 0x180, 0x183),
    ]


def test_the_walk_is_lazy() -> None:
    steps = walk(lenient(SOUND))
    assert next(steps).path == "header"
