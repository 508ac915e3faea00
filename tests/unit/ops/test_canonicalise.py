"""A canonical file has the content of its input in the layout of the reference's writer; nothing is lost in silence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from tests.unit.rules.crafting import craft, entry_a, entry_b

from aprfmt import (
    DEFAULT_LIMITS,
    AprError,
    Canonical,
    DType,
    Flags,
    FormatError,
    NewTensor,
    TruncatedError,
    UnsupportedError,
    build,
    canonicalise_bytes,
    create_bytes,
    parse,
    stamp_bytes,
)
from aprfmt.container import Container
from aprfmt.layout import ALIGNMENT, build_entries, facts
from aprfmt.ops.canonicalise import plan_canonical
from aprfmt.plan import Copy, Literal, Seal, iter_plan
from aprfmt.provenance import ProvenancePatch
from aprfmt.rules import run
from aprfmt.source import BytesSource

GOLDEN = Path(__file__).resolve().parents[2] / "data" / "golden"
NAMES = sorted(path.name for path in GOLDEN.glob("*.apr"))
CANONICAL = [name for name in NAMES if name != "streaming_order.apr"]
STAMPS: list[dict[str, Any]] = json.loads((GOLDEN / "stamp_expected.json").read_text(encoding="utf-8"))
DATA = bytes(range(1, 9)) + bytes(56) + b"xyz" + bytes(61)


def opened(raw: bytes) -> Container:
    return Container(BytesSource(raw))


def planned(raw: bytes, *, drop_unexplained: bool = False) -> Canonical:
    return plan_canonical(opened(raw), drop_unexplained=drop_unexplained)


def sound(*entries: dict[str, Any], **sections: Any) -> bytes:
    """The crafted file with data in its tensors."""
    return craft(*entries, **{"tensor_data": DATA, **sections})


def assert_canonical(raw: bytes) -> None:
    report = run(opened(raw), profile="canonical", read_data=True)
    assert report.errors == ()
    assert report.rules_skipped == ()


# ---- what is canonical stays ----


@pytest.mark.parametrize("name", CANONICAL)
def test_files_of_the_in_memory_writer_come_out_as_they_are(name: str) -> None:
    raw = (GOLDEN / name).read_bytes()
    assert canonicalise_bytes(raw) == raw
    made = planned(raw)
    assert made.identical
    assert (made.notes, made.sections, made.n_tensors_moved, made.n_dtype_ids) == ((), {}, 0, 0)
    assert made.input_nbytes == made.output_nbytes == len(raw)


@pytest.mark.parametrize("name", CANONICAL)
def test_a_canonical_file_is_copied_in_one_piece(name: str) -> None:
    raw = (GOLDEN / name).read_bytes()
    copies = [part for part in planned(raw).plan if isinstance(part, Copy)]
    assert len(copies) == (1 if opened(raw).tensors else 0)


def test_data_in_another_order_is_sorted_as_the_reference_does_it() -> None:
    raw = (GOLDEN / "streaming_order.apr").read_bytes()
    made = planned(raw)
    out = canonicalise_bytes(raw)
    assert not made.identical
    assert (made.sections, made.n_tensors_moved, made.notes) == ({}, 3, ())
    assert opened(out).payload_digest() == opened(raw).payload_digest()
    # What the reference makes of this file when it stamps it, is a stamp of the canonical form.
    [row] = [row for row in STAMPS if row["file"] == "streaming_order.apr"][:1]
    stamped = stamp_bytes(out, ProvenancePatch(**row["patch"]))
    assert sha256(stamped).hexdigest() == row["sha256"]


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_any_bytes_are_taken(kind: type) -> None:
    assert canonicalise_bytes(kind(sound())) == sound()


# ---- what changes ----


def minimal() -> bytes:
    """The smallest form a writer may choose: nothing on the grid but the data itself, no footer, no flags."""
    return sound(
        header={"flags": {"layout_row_major": False}},
        metadata_padding=b"",
        tensor_index={"entries": [entry_a(), entry_b()], "padding": b""},
        footer=None,
    )


def test_a_minimal_container_becomes_canonical() -> None:
    raw = minimal()
    made = planned(raw)
    assert canonicalise_bytes(raw) == sound()
    assert made.flags == Flags.LAYOUT_ROW_MAJOR
    assert made.sections == {"tensor_index": (0x4C, 0x80), "tensor_data": (0x86, 0xC0)}
    assert made.n_tensors_moved == 0
    assert made.notes == (
        "the header flag LAYOUT_ROW_MAJOR is added",
        "the input has no footer, so its data cannot be checked; the output gets one",
    )
    assert not made.identical


@pytest.mark.parametrize(
    ("raw", "moved"),
    [
        (sound(header_padding=bytes(100)), 0),
        (sound(metadata_padding=bytes(180)), 0),
        (sound(tensor_index={"entries": [entry_a(), entry_b()], "padding": bytes(70)}), 0),
        (sound(entry_a(ofs_tensor=64), entry_b(ofs_tensor=128), tensor_data=bytes(64) + DATA), 2),
        (sound(entry_a(), entry_b(ofs_tensor=256), tensor_data=DATA[:64] + bytes(192) + DATA[64:]), 1),
        (sound(entry_a(), entry_b(ofs_tensor=8), tensor_data=DATA[:8] + DATA[64:]), 1),
        (sound(entry_a(ofs_tensor=3), entry_b(), tensor_data=bytes(3) + DATA[:8] + DATA[11:]), 1),
        (sound(entry_a(ofs_tensor=64), entry_b(ofs_tensor=0), tensor_data=DATA[64:] + DATA[:64]), 2),
    ],
    ids=[
        *("before the metadata", "behind the metadata", "behind the index"),
        *("gap before", "gap between", "off the grid", "one off the grid", "order"),
    ],
)
def test_filler_gaps_and_order_become_canonical(raw: bytes, moved: int) -> None:
    assert canonicalise_bytes(raw) == sound()
    made = planned(raw)
    assert made.n_tensors_moved == moved
    assert not made.identical
    assert made.notes == ()


def test_legacy_ids_are_written_as_those_of_today() -> None:
    raw = craft(
        entry_a(dtype=DType.APR_Q4_LEGACY, dims=[32], len_tensor=18),
        entry_b(dtype=DType.APR_Q8_LEGACY, dims=[3], len_tensor=7),
    )
    made = opened(canonicalise_bytes(raw))
    assert [tensor.dtype for tensor in made.tensors] == [DType.APR_Q4, DType.APR_Q8]
    assert planned(raw).n_dtype_ids == 2
    assert planned(raw).n_tensors_moved == 0
    assert not planned(raw).identical
    assert made.payload_digest() == opened(raw).payload_digest()


def test_empty_tensors_take_a_place_and_no_room() -> None:
    entries = [
        entry_a(name=b"a", dims=[0], ofs_tensor=128, len_tensor=0),
        entry_a(name=b"b", ofs_tensor=0),
        entry_a(name=b"c", dims=[0], ofs_tensor=0, len_tensor=0),
        entry_a(name=b"d", ofs_tensor=64),
    ]
    made = opened(canonicalise_bytes(sound(*entries)))
    assert [tensor.data_offset for tensor in made.tensors] == [0, 0, 64, 64]
    assert_canonical(canonicalise_bytes(sound(*entries)))


# ---- what is kept ----


@pytest.mark.parametrize(
    "header",
    [
        {"reserved": bytes(range(20))},
        {"version_minor": 7},
        {"flags": {"reserved": 0b1010, "encrypted": True, "has_vocab": True}},
    ],
    ids=lambda header: next(iter(header)),
)
def test_header_values_nobody_knows_are_kept(header: dict[str, Any]) -> None:
    raw = sound(header=header, metadata_padding=bytes(180))
    before, after = opened(raw).header, opened(canonicalise_bytes(raw)).header
    for name in set(facts.FIELDS["header"]) - {"flags", "checksum", "ofs_tensor_index", "ofs_data"}:
        assert getattr(after, name) == getattr(before, name)
    assert after.flags == before.flags | Flags.LAYOUT_ROW_MAJOR
    assert_canonical(canonicalise_bytes(raw))


def test_metadata_bytes_are_kept_as_they_are() -> None:
    metadata = b' {"license":null, "license" : "MIT","wide":123456789012345678901234567890}\n'
    assert parse(canonicalise_bytes(sound(metadata=metadata, header_padding=bytes(1))))["metadata"] == metadata


def test_names_and_shapes_that_no_writer_makes_are_kept() -> None:
    entries = (entry_a(name=b"", dims=[1] * 8 + [2]), entry_b(name=b"\x1b" * 300))
    made = opened(canonicalise_bytes(sound(*entries, header_padding=bytes(9))))
    assert [(tensor.name_bytes, tensor.shape) for tensor in made.tensors] == [
        (b"", (1,) * 8 + (2,)),
        (b"\x1b" * 300, (3,)),
    ]
    assert [bytes(tensor.data) for tensor in made.tensors] == [DATA[:8], b"xyz"]


def test_rows_of_blocks_are_kept() -> None:
    raw = create_bytes([NewTensor("a", DType.Q4_K, (2, 100), bytes(range(144)) * 2)], {})
    assert canonicalise_bytes(raw) == raw


# ---- what would be lost ----


UNEXPLAINED: list[tuple[str, bytes, str]] = [
    # rule, file, where
    ("APR-S004", sound(header_padding=b"hidden" + bytes(58)), "header_padding @0x40..0x46"),
    ("APR-S004", sound(metadata_padding=b"\0?" + bytes(50)), "metadata_padding @0x4c..0x4e"),
    (
        "APR-I009",
        sound(tensor_index={"entries": [entry_a(), entry_b()], "padding": b"\0\0KEPT" + bytes(60)}),
        "tensor_index.padding @0xba..0xc0",
    ),
    ("APR-D006", sound(tensor_data=DATA[:20] + b"!" + DATA[21:]), "tensor_data @0xc8..0xd5"),
    ("APR-F004", sound() + b"tail", "trailing @0x144..0x148"),
    ("APR-F004", sound() + bytes(3), "trailing @0x144..0x147"),
]


@pytest.mark.parametrize(("rule", "raw", "where"), UNEXPLAINED, ids=[where for _, _, where in UNEXPLAINED])
def test_what_belongs_to_nothing_is_refused_or_dropped_and_said(rule: str, raw: bytes, where: str) -> None:
    with pytest.raises(FormatError, match="--drop-unexplained") as caught:
        planned(raw)
    assert caught.value.rule_id == rule
    assert where in str(caught.value)
    [note] = planned(raw, drop_unexplained=True).notes
    assert note.startswith("dropped: ")
    assert note.endswith(f"; {where} [{rule}]")
    assert not planned(raw, drop_unexplained=True).identical
    assert canonicalise_bytes(raw, drop_unexplained=True) == sound()
    assert canonicalise_bytes(sound(), drop_unexplained=True) == sound()


def test_entries_that_are_not_counted_are_refused_or_dropped_with_their_data() -> None:
    one = [entry_a()]
    second = parse(sound())["tensor_index"]["entries"][1]
    raw = sound(
        tensor_index={"entries": one, "padding": build_entries([second]) + bytes(6)},
        tensor_data=DATA[:64],
    )
    with pytest.raises(FormatError, match="--drop-unexplained") as caught:
        planned(raw)
    assert caught.value.rule_id == "APR-I012"
    notes = planned(raw, drop_unexplained=True).notes
    assert [note[-10:] for note in notes] == ["[APR-I012]"]
    assert canonicalise_bytes(raw, drop_unexplained=True) == sound(entry_a(), tensor_data=DATA[:64])


def test_several_stretches_are_counted() -> None:
    data = bytearray(DATA)
    data[20] = data[100] = 1
    raw = sound(tensor_data=bytes(data), header_padding=b"x" + bytes(63)) + b"tail"
    with pytest.raises(FormatError) as caught:
        planned(raw)
    assert caught.value.rule_id == "APR-S004"
    notes = planned(raw, drop_unexplained=True).notes
    assert len(notes) == 3
    assert " and 1 more [APR-D006]" in next(note for note in notes if "APR-D006" in note)
    assert canonicalise_bytes(raw, drop_unexplained=True) == sound()


def test_findings_that_the_limits_cut_off_are_counted_too() -> None:
    data = bytearray(DATA)
    data[20] = data[100] = 1
    container = Container(
        BytesSource(sound(tensor_data=bytes(data))), limits=replace(DEFAULT_LIMITS, max_findings_per_rule=1)
    )
    [note] = plan_canonical(container, drop_unexplained=True).notes
    assert " and 1 more [APR-D006]" in note


def test_filler_between_tensors_is_copied_only_when_it_is_zero() -> None:
    zero = [part for part in planned(sound()).plan if isinstance(part, Copy)]
    data = DATA[:20] + b"!" + DATA[21:]
    other = [part for part in planned(sound(tensor_data=data), drop_unexplained=True).plan if isinstance(part, Copy)]
    assert [(part.start, part.stop) for part in zero] == [(0xC0, 0x103)]
    assert [(part.start, part.stop) for part in other] == [(0xC0, 0xC8), (0x100, 0x103)]


# ---- what is refused ----


@pytest.mark.parametrize("drop", [False, True])
@pytest.mark.parametrize("at", [0xC0, 0xFF, 0x13F, 0x141, 0x43, 0x60, 0xBF])
def test_damage_anywhere_is_refused_before_anything_is_planned(at: int, drop: bool) -> None:
    raw = bytearray(sound())
    raw[at] ^= 0x10
    with pytest.raises(FormatError) as caught:
        planned(bytes(raw), drop_unexplained=drop)
    assert caught.value.rule_id == "APR-F002"


def faults() -> Iterator[tuple[str, bytes, type[AprError], str | None]]:
    header = bytearray(sound())
    header[50] = 1
    yield "header checksum", bytes(header), FormatError, "APR-H006"
    yield "column-major", sound(header={"flags": {"layout_column_major": True}}), FormatError, "APR-H004"
    yield "version", sound(header={"version_major": 1}), FormatError, "APR-H002"
    yield "metadata", sound(metadata=b"{]"), FormatError, "APR-M003"
    yield "licence type", sound(metadata=b'{"license":5}'), FormatError, "APR-M006"
    yield "index", sound(header={"num_tensors": 9}), FormatError, "APR-I001"
    yield "dtype", sound(entry_a(dtype=31)), FormatError, "APR-I002"
    yield "order", sound(entry_b(), entry_a()), FormatError, "APR-I003"
    yield "not UTF-8", sound(entry_a(name=b"\xff")), FormatError, "APR-I005"
    yield "extent", sound(entry_a(), entry_b(len_tensor=1 << 50)), FormatError, "APR-D001"
    yield "size", sound(entry_a(len_tensor=20)), FormatError, "APR-D002"
    yield "overlap", sound(entry_a(), entry_b(ofs_tensor=7)), FormatError, "APR-D003"
    yield "truncated", sound()[:0x130], FormatError, "APR-D004"
    yield "footer", sound()[:-1], FormatError, "APR-F001"
    yield "sections", sound()[:100], TruncatedError, "APR-S002"
    yield "small", sound()[:63], TruncatedError, "APR-H008"
    yield "GGUF", b"GGUF" + sound()[4:], UnsupportedError, None


@pytest.mark.parametrize("drop", [False, True])
@pytest.mark.parametrize(("raw", "kind", "rule"), [pytest.param(*fault[1:], id=fault[0]) for fault in faults()])
def test_a_file_with_a_fault_is_refused(raw: bytes, kind: type[AprError], rule: str | None, drop: bool) -> None:
    with pytest.raises(kind) as caught:
        planned(raw, drop_unexplained=drop)
    assert getattr(caught.value, "rule_id", None) == rule


@pytest.mark.parametrize("limit", ["max_metadata_bytes", "max_index_bytes", "max_tensors", "max_filler_bytes"])
def test_limits_hold(limit: str) -> None:
    raw = sound(header_padding=bytes(64 * 3))
    with pytest.raises(AprError, match=rf"{limit}.*APR-L001") as caught:
        canonicalise_bytes(raw, limits=replace(DEFAULT_LIMITS, **{limit: 1}))
    assert "found" in str(caught.value)


class Turning:
    """A source whose bytes become others once they have been read from end to end."""

    def __init__(self, first: bytes, then: bytes) -> None:
        self._now, self._then = BytesSource(first), BytesSource(then)

    def turn(self) -> None:
        self._now = self._then

    @property
    def size(self) -> int:
        return self._now.size

    def read(self, start: int, stop: int) -> bytes:
        return self._now.read(start, stop)

    def read_into(self, start: int, buffer: memoryview) -> None:
        self._now.read_into(start, buffer)

    def view(self, start: int, stop: int) -> memoryview:
        return self._now.view(start, stop)


@pytest.mark.parametrize("at", [0xC0, 0x101, 0x130], ids=["one tensor", "the other", "filler"])
@pytest.mark.parametrize("entries", [(entry_a(), entry_b()), (entry_a(ofs_tensor=64), entry_b(ofs_tensor=0))])
def test_what_changes_between_the_check_and_the_copy_is_not_sealed(at: int, entries: tuple[Any, ...]) -> None:
    raw = craft(*entries, tensor_data=bytes(128))
    other = bytearray(raw)
    other[at] ^= 0x01
    source = Turning(raw, bytes(other))
    made = plan_canonical(Container(source))
    source.turn()
    pieces: list[bytes] = []

    def carry_out() -> None:
        pieces.extend(bytes(piece) for piece in iter_plan(made.plan, source))

    with pytest.raises(FormatError, match="the input changed while it was read; expected the checksum 0x"):
        carry_out()
    assert len(b"".join(pieces)) == len(raw) - facts.FOOTER_SIZE


def test_progress_is_told_of_the_one_pass() -> None:
    calls: list[tuple[int, int]] = []
    plan_canonical(opened(sound()), progress=lambda done, total: calls.append((done, total)))
    assert calls[-1] == (0x140, 0x140)


# ---- what a plan is ----


def test_a_plan_holds_no_byte_of_a_tensor() -> None:
    made = planned(sound(entry_a(ofs_tensor=64), entry_b(ofs_tensor=0), tensor_data=DATA[64:] + DATA[:64]))
    literals = [part for part in made.plan if isinstance(part, Literal)]
    assert all(not bytes(part.data).strip(b"\0") for part in literals[3:])
    assert all(part.nbytes < ALIGNMENT for part in literals[3:])
    assert isinstance(made.plan[-1], Seal)


def test_the_tree_of_a_canonical_file_needs_nothing_given() -> None:
    tree = parse(canonicalise_bytes(minimal()))
    given = {
        "metadata": tree["metadata"],
        "tensor_index": {"entries": tree["tensor_index"]["entries"]},
        "tensor_data": tree["tensor_data"],
    }
    assert build(given) == canonicalise_bytes(minimal())
