"""A stamp sets keys and changes nothing else: the whole file is accounted for, byte by byte."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from tests.unit.rules.cases import CASES, b, sound
from tests.unit.rules.crafting import craft, entry_a, entry_b

from aprfmt import (
    DEFAULT_LIMITS,
    Flags,
    FormatError,
    LimitExceededError,
    ProvenancePatch,
    RequestError,
    TruncatedError,
    UnsupportedError,
    build,
    create_bytes,
    parse,
    stamp_bytes,
    stamp_tree,
)
from aprfmt.container import Container
from aprfmt.files import validate_file
from aprfmt.footers import Verify
from aprfmt.layout import facts, header_crc32
from aprfmt.ops.proof import Proof, digest_file
from aprfmt.ops.stamp import GETS_FOOTER, Stamp, plan_stamp, untouched
from aprfmt.patch import MetadataPatch
from aprfmt.plan import Copy, Literal, Seal, iter_plan, plan_bytes
from aprfmt.rules import Finding, run
from aprfmt.source import BytesSource
from aprfmt.tokenizer import Tokenizer

GOLDEN = Path(__file__).resolve().parents[2] / "data" / "golden"
ROWS: list[dict[str, Any]] = json.loads((GOLDEN / "stamp_expected.json").read_text(encoding="utf-8"))
MIT = ProvenancePatch(license="MIT")
ALL = ProvenancePatch(license="Apache-2.0", data_source="teacher-only", data_license="CC-BY-4.0")


def opened(raw: bytes) -> Container:
    return Container(BytesSource(raw))


def planned(
    raw: bytes, patch: ProvenancePatch = MIT, *, drop_trailing: bool = False, accept: Collection[str] = ()
) -> Stamp:
    return plan_stamp(opened(raw), patch, drop_trailing=drop_trailing, accept=accept)


def said(raw: bytes) -> list[tuple[str, ...]]:
    """What the head of a file is found to be, wherever it stands; but for its provenance, which a stamp is about."""
    findings = [item for item in run(opened(raw)).findings if not item.rule.startswith("APR-P")]
    return [(item.rule, item.field, item.expected, item.found, item.tensor or "") for item in findings]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['file']}-{'-'.join(row['patch'])}")
def test_stamps_are_those_of_the_reference(row: dict[str, Any]) -> None:
    made = stamp_bytes((GOLDEN / row["file"]).read_bytes(), ProvenancePatch(**row["patch"]))
    # The reference packs the data of a streaming writer anew; here the data stays where it is.
    moved_there = row["file"] == "streaming_order.apr"
    assert len(made) == row["bytes"]
    assert (sha256(made).hexdigest() == row["sha256"]) != moved_there


@pytest.fixture(params=sorted(path.name for path in GOLDEN.glob("*.apr")))
def golden(request: pytest.FixtureRequest) -> bytes:
    return (GOLDEN / str(request.param)).read_bytes()


def test_a_plan_is_a_head_one_copy_of_all_data_and_a_seal(golden: bytes) -> None:
    container = opened(golden)
    *head, copy, seal = plan_stamp(container, ALL).plan
    assert all(isinstance(part, Literal) for part in head)
    assert isinstance(copy, Copy)
    assert isinstance(seal, Seal)
    assert (copy.start, copy.stop) == container.sections["tensor_data"]
    assert copy.check is not None
    assert seal.nbytes == 4


def test_everything_but_metadata_and_places_stays(golden: bytes) -> None:
    before, after = parse(golden), parse(stamp_bytes(golden, ALL))
    assert after["tensor_data"] == before["tensor_data"]
    assert after["tensor_index"]["entries"] == before["tensor_index"]["entries"]
    moving = ("checksum", "ofs_metadata", "len_metadata", "ofs_tensor_index", "ofs_data")
    for name in set(before["header"]) - set(moving):
        assert after["header"][name] == before["header"][name]
    old, new = json.loads(before["metadata"]), json.loads(after["metadata"])
    assert new == {**old, **ALL.values()}
    assert [key for key in new if key in old] == list(old)
    assert said(stamp_bytes(golden, ALL)) == said(golden)
    assert validate_file(stamp_bytes(golden, ALL), select=["APR-P001", "APR-P002", "APR-F002"]).findings == ()


def test_a_stamp_says_what_it_does(golden: bytes) -> None:
    stamp = planned(golden, ALL)
    made = stamp_bytes(golden, ALL)
    assert stamp.notes == ()
    assert (stamp.input_nbytes, stamp.output_nbytes) == (len(golden), len(made))
    assert stamp.n_tensors == len(parse(golden)["tensor_index"]["entries"])
    assert stamp.input_metadata.raw == parse(golden)["metadata"]
    assert stamp.metadata.raw == parse(made)["metadata"]
    assert stamp.flags == opened(made).header.flags


def test_a_second_stamp_changes_nothing(golden: bytes) -> None:
    once = stamp_bytes(golden, ALL)
    assert stamp_bytes(once, ALL) == once


def test_stamping_in_steps_is_stamping_at_once(golden: bytes) -> None:
    steps = stamp_bytes(stamp_bytes(golden, MIT), ProvenancePatch(data_source="x", license="Apache-2.0"))
    assert steps == stamp_bytes(golden, ProvenancePatch(license="Apache-2.0", data_source="x"))


def test_the_tree_of_a_stamp_builds_the_stamped_file(golden: bytes) -> None:
    assert build(stamp_tree(parse(golden), ALL)) == stamp_bytes(golden, ALL)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_any_bytes_are_stamped(kind: type) -> None:
    assert stamp_bytes(kind(craft()), MIT) == stamp_bytes(craft(), MIT)


def test_the_last_of_duplicate_keys_is_set_and_the_others_stay() -> None:
    raw = craft(metadata=b'{"license":null,"a":1,"license":"old"}')
    assert parse(stamp_bytes(raw, MIT))["metadata"] == b'{"license":null,"a":1,"license":"MIT"}'


def test_an_empty_value_is_a_value() -> None:
    assert parse(stamp_bytes(craft(), ProvenancePatch(license="")))["metadata"] == b'{"name":"m","license":""}'


# ---- what is not canonical is kept, or said ----


def test_a_file_without_footer_gets_one() -> None:
    raw = craft(footer=None)
    stamp = planned(raw)
    [copy] = [part for part in stamp.plan if isinstance(part, Copy)]
    assert copy.check is None
    assert stamp.notes == ("the input has no footer, so its data cannot be checked; the output gets one",)
    assert stamp_bytes(raw, MIT) == stamp_bytes(craft(), MIT)


def test_trailing_bytes_are_refused_or_dropped() -> None:
    raw = craft() + b"tail"
    with pytest.raises(FormatError, match=r"\(--drop-trailing, or drop_trailing=True, drops them\)") as caught:
        planned(raw)
    assert caught.value.rule_id == "APR-F004"
    assert caught.value.span == (0x144, 0x148)
    assert planned(raw, drop_trailing=True).notes == ("4 bytes behind the footer are dropped",)
    assert stamp_bytes(raw, MIT, drop_trailing=True) == stamp_bytes(craft(), MIT)
    assert stamp_bytes(craft(), MIT, drop_trailing=True) == stamp_bytes(craft(), MIT)


def residue() -> bytes:
    """A file with bytes that are not zero behind its index entries: the entries of a count that is too low, say."""
    return craft(tensor_index={"entries": [entry_a(), entry_b()], "padding": b"\0\0KEPT\0\0" + bytes(62)})


def test_bytes_behind_the_index_entries_are_kept() -> None:
    raw = residue()
    before, after = opened(raw), opened(stamp_bytes(raw, MIT))
    start, stop = before.entries_span[1], before.header.ofs_data
    kept = raw[start:stop].rstrip(b"\0")
    assert kept == b"\0\0KEPT"
    again = parse(stamp_bytes(raw, MIT))["tensor_index"]["padding"]
    assert again.startswith(kept)
    assert not again[len(kept) :].strip(b"\0")
    assert after.header.num_tensors == 2
    assert stamp_bytes(stamp_bytes(raw, MIT), MIT) == stamp_bytes(raw, MIT)
    assert build(stamp_tree(parse(raw), MIT)) == stamp_bytes(raw, MIT)


def test_entries_that_the_header_does_not_count_are_kept_whole() -> None:
    """Such an entry may end with so many zeros that the last bytes of it look like filler."""
    dims = [0] + [1 << 56] * 7
    uncounted = b(name=b"b" * 20, dims=dims, ofs_tensor=0, len_tensor=0)
    raw = sound(entry_a(), uncounted, header={"num_tensors": 1}, tensor_data=bytes(64))
    stamped = stamp_bytes(raw, MIT)
    for made in (raw, stamped):
        [finding] = [item for item in validate_file(made).findings if item.rule == "APR-I012"]
        assert (finding.expected, finding.found) == ("2", "1")
    assert parse(stamped)["tensor_index"] == parse(raw)["tensor_index"]
    assert build(stamp_tree(parse(raw), MIT)) == stamped


def test_a_footer_that_a_flipped_bit_hides_is_not_replaced() -> None:
    raw = CASES["APR-F005"].broken()
    with pytest.raises(FormatError, match="APR-F005"):
        stamp_bytes(raw, MIT)
    with pytest.raises(RequestError, match="APR-F005 cannot be accepted"):
        stamp_bytes(raw, MIT, accept=["APR-F005"])


def test_filler_of_the_index_that_is_zero_is_made_anew() -> None:
    raw = craft(tensor_index={"entries": [entry_a(), entry_b()], "padding": bytes(70)})
    assert stamp_bytes(raw, MIT) == stamp_bytes(craft(), MIT)


@pytest.mark.parametrize(
    ("sections", "span"),
    [
        ({"metadata_padding": b"\0" * 10 + b"?" + b"\0" * 41}, "metadata_padding @0x4c..0x80"),
        ({"header_padding": b"hidden" + bytes(58)}, "header_padding @0x40..0x80"),
    ],
)
def test_filler_that_is_not_zero_and_is_lost_is_said(sections: dict[str, Any], span: str) -> None:
    stamp = planned(craft(**sections))
    assert stamp.notes == (f"filler that is not zero is rewritten: {span}",)
    assert stamp_bytes(craft(**sections), MIT) == stamp_bytes(craft(), MIT)


@pytest.mark.parametrize("sections", [{"metadata_padding": bytes(180)}, {"header_padding": bytes(100)}])
def test_filler_that_is_zero_is_made_anew_without_a_word(sections: dict[str, Any]) -> None:
    assert planned(craft(**sections)).notes == ()
    assert stamp_bytes(craft(**sections), MIT) == stamp_bytes(craft(), MIT)


def minimal() -> bytes:
    """The smallest form a writer may choose: nothing on the grid but the data itself, no footer, no flags."""
    return craft(
        header={"flags": {"layout_row_major": False}},
        metadata_padding=b"",
        tensor_index={"entries": [entry_a(), entry_b()], "padding": b""},
        footer=None,
    )


def test_a_minimal_container_becomes_canonical() -> None:
    raw = minimal()
    assert opened(raw).header.ofs_data % 64
    stamp = planned(raw)
    assert stamp.flags == Flags.LAYOUT_ROW_MAJOR
    assert stamp.notes[0] == "the header flag LAYOUT_ROW_MAJOR is added"
    assert len(stamp.notes) == 2
    made = stamp_bytes(raw, MIT)
    assert made == stamp_bytes(craft(), MIT)
    assert opened(made).payload_digest() == opened(raw).payload_digest()


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
    before, after = (opened(raw).header for raw in (craft(header=header), stamp_bytes(craft(header=header), MIT)))
    for name in ("version_major", "version_minor", "num_tensors", "reserved"):
        assert getattr(after, name) == getattr(before, name)
    assert after.flags == before.flags | Flags.LAYOUT_ROW_MAJOR


def test_data_stays_where_it_is_whatever_its_order_and_gaps() -> None:
    entries = (entry_a(ofs_tensor=256), entry_b(ofs_tensor=64))
    data = bytes(range(256)) + bytes(64)
    raw = craft(*entries, tensor_data=data)
    made = parse(stamp_bytes(raw, MIT))
    assert made["tensor_data"] == data
    assert [entry["ofs_tensor"] for entry in made["tensor_index"]["entries"]] == [256, 64]


def test_legacy_ids_of_element_types_are_kept() -> None:
    raw = craft(entry_a(dtype=9, dims=[4]), entry_b())
    assert parse(stamp_bytes(raw, MIT))["tensor_index"]["entries"][0]["dtype"] == 9


# ---- what is refused ----


def test_an_empty_patch_is_refused_before_anything_else() -> None:
    for attempt in (
        lambda: planned(craft(), ProvenancePatch()),
        lambda: planned(craft(entry_a(dtype=13)), ProvenancePatch()),
        lambda: stamp_tree(parse(craft()), ProvenancePatch()),
    ):
        with pytest.raises(RequestError, match="the patch is empty"):
            attempt()


def test_what_is_no_patch_is_refused() -> None:
    wrong: Any = {"license": "MIT"}
    for attempt in (lambda: stamp_bytes(craft(), wrong), lambda: stamp_tree(parse(craft()), wrong)):
        with pytest.raises(TypeError, match=r"^patch: expected a MetadataPatch or a ProvenancePatch, found dict$"):
            attempt()


@pytest.mark.parametrize("accept", ["APR-F002", "footer-wrong", ""])
def test_a_rule_that_is_not_in_a_collection_is_not_taken_letter_by_letter(accept: str) -> None:
    with pytest.raises(RequestError) as caught:
        stamp_bytes(craft(footer={"checksum": 0}), MIT, accept=accept)
    assert str(caught.value) == f"accept: expected a collection of rule ids, found the text {accept!r}"


def test_a_stamp_prints_without_the_bytes_of_the_file() -> None:
    stamp = planned(craft(metadata=b'{"name":"' + b"x" * 10_000 + b'"}'))
    assert repr(stamp).startswith("Stamp(input_metadata=<Metadata: 10011 bytes at 0x40>, metadata=<Metadata: ")
    assert len(repr(stamp)) < 500


@pytest.mark.parametrize("at", [0xC0, 0xFF, 0x13F, 0x141, 0x43, 0x60, 0xBF])
def test_damage_anywhere_is_found_while_the_plan_is_carried_out(at: int) -> None:
    raw = bytearray(craft())
    raw[at] ^= 0x10
    pieces: list[bytes] = []

    def carry_out() -> None:
        source = BytesSource(bytes(raw))
        pieces.extend(bytes(piece) for piece in iter_plan(plan_stamp(Container(source), MIT).plan, source))

    with pytest.raises(FormatError) as caught:
        carry_out()
    assert caught.value.rule_id == "APR-F002"
    assert caught.value.span == (0x140, 0x144)
    assert len(pieces) == 4  # three parts of the head, and the data; the footer that would seal the damage did not


def test_damage_to_a_dropped_tail_does_not_matter() -> None:
    assert stamp_bytes(craft() + b"\xff" * 100, MIT, drop_trailing=True) == stamp_bytes(craft(), MIT)


def faults() -> Iterator[tuple[str, bytes, type[Exception], str | None]]:
    header = bytearray(craft())
    header[50] = 1
    yield "header checksum", bytes(header), FormatError, "APR-H006"
    yield "column-major", craft(header={"flags": {"layout_column_major": True}}), FormatError, "APR-H004"
    yield "version", craft(header={"version_major": 1}), FormatError, "APR-H002"
    yield "metadata", craft(metadata=b"{]"), FormatError, "APR-M003"
    yield "licence type", craft(metadata=b'{"license":5}'), FormatError, "APR-M006"
    yield "index", craft(header={"num_tensors": 9}), FormatError, "APR-I001"
    yield "dtype", craft(entry_a(dtype=31)), FormatError, "APR-I002"
    yield "order", craft(entry_b(), entry_a()), FormatError, "APR-I003"
    yield "not UTF-8", craft(entry_a(name=b"\xff")), FormatError, "APR-I005"
    yield "extent", craft(entry_a(), entry_b(len_tensor=1 << 50)), FormatError, "APR-D001"
    yield "size", craft(entry_a(len_tensor=20)), FormatError, "APR-D002"
    yield "overlap", craft(entry_a(), entry_b(ofs_tensor=7)), FormatError, "APR-D003"
    yield "truncated", craft()[:0x130], FormatError, "APR-D004"
    yield "footer", craft()[:-1], FormatError, "APR-F001"
    yield "sections", craft()[:100], TruncatedError, "APR-S002"
    yield "small", craft()[:63], TruncatedError, "APR-H008"
    yield "GGUF", b"GGUF" + craft()[4:], UnsupportedError, None


@pytest.mark.parametrize(("raw", "kind", "rule"), [pytest.param(*fault[1:], id=fault[0]) for fault in faults()])
def test_a_file_with_a_fault_is_not_stamped(raw: bytes, kind: type[Exception], rule: str | None) -> None:
    with pytest.raises(kind) as caught:
        planned(raw)
    assert getattr(caught.value, "rule_id", None) == rule


def test_several_faults_are_counted() -> None:
    with pytest.raises(FormatError, match=r"\(and 1 more\)$"):
        planned(craft(entry_a(dtype=31), entry_b(dtype=31)))


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        (replace(DEFAULT_LIMITS, max_metadata_bytes=20), r"the metadata would become too large.*at most 20 .*found 28"),
        (replace(DEFAULT_LIMITS, max_metadata_bytes=5), "the metadata is too large"),
        (replace(DEFAULT_LIMITS, max_index_bytes=50), "the tensor index is too large"),
    ],
)
def test_limits_hold(limits: Any, says: str) -> None:
    with pytest.raises(LimitExceededError, match=says):
        stamp_bytes(craft(), MIT, limits=limits)


def test_residue_counts_towards_the_limit() -> None:
    with pytest.raises(LimitExceededError, match=r"at most 127 bytes \(max_index_bytes\), found 128"):
        stamp_bytes(residue(), MIT, limits=replace(DEFAULT_LIMITS, max_index_bytes=127))
    stamp_bytes(residue(), MIT, limits=replace(DEFAULT_LIMITS, max_index_bytes=128))


def test_a_stamped_new_file_is_the_new_file_with_those_values() -> None:
    made = stamp_bytes(create_bytes([], {"name": "m"}), ALL)
    assert made == create_bytes([], {"name": "m", **ALL.values()})


# ---- what is accepted by name ----

ERRORS = {name: rule for name, rule in facts.RULES.items() if rule.severity == "error"}
ACCEPTABLE = [name for name, rule in ERRORS.items() if not rule.fatal]
NEW = ProvenancePatch(
    license="Apache-2.0", description="longer than the filler behind the metadata, so that the data moves"
)


def carried_out(raw: bytes, *accept: str, patch: ProvenancePatch = NEW) -> tuple[bytes, list[Finding]]:
    """The stamped file, and the faults that were let through."""
    source = BytesSource(raw)
    stamp = plan_stamp(Container(source), patch, accept=accept)
    return plan_bytes(stamp.plan, source), stamp.accepted


def wrong_by(raw: bytes) -> tuple[int, int]:
    """Which bits of the two checksums are not those of the bytes that they cover: stored XOR true."""
    container = opened(raw)
    footer = container.footer
    assert footer is not None
    true = crc32(raw[: container.required_len])
    return container.header.checksum ^ header_crc32(container.header_bytes), footer.checksum ^ true


def errors_of(raw: bytes) -> list[tuple[str, ...]]:
    """The errors as they are, wherever they stand; checksums that are named in them depend on all bytes."""
    return [
        (item.rule, item.field, item.tensor or "", *(() if "checksum" in item.field else (item.expected, item.found)))
        for item in validate_file(raw).errors
    ]


def test_some_faults_can_be_accepted_and_some_cannot() -> None:
    assert {"APR-F002", "APR-H006", "APR-M006", "APR-I002", "APR-D003"} <= set(ACCEPTABLE)
    assert {"APR-H001", "APR-I001", "APR-D001", "APR-L001"} <= set(ERRORS) - set(ACCEPTABLE)


@pytest.mark.parametrize("name", ACCEPTABLE)
def test_a_fault_is_let_through_when_it_is_named_and_only_then(name: str) -> None:
    raw = CASES[name].broken()
    others = [other for other in ACCEPTABLE if other != name]
    for accept in ([], others):
        with pytest.raises(FormatError) as caught:
            carried_out(raw, *accept)
        assert caught.value.rule_id == name
    made, accepted = carried_out(raw, name)
    assert carried_out(raw, *ACCEPTABLE) == (made, accepted)
    assert stamp_bytes(raw, NEW, accept=[name]) == made
    assert accepted == list(validate_file(raw).errors)
    assert {finding.rule for finding in accepted} == {name}


@pytest.mark.parametrize("name", ACCEPTABLE)
def test_what_is_accepted_stays_as_wrong_as_it_was(name: str) -> None:
    raw = CASES[name].broken()
    made, _ = carried_out(raw, name)
    assert errors_of(made) == errors_of(raw)
    assert wrong_by(made) == wrong_by(raw)
    before, after = parse(raw), parse(made)
    assert after["tensor_data"] == before["tensor_data"]
    assert after["tensor_index"]["entries"] == before["tensor_index"]["entries"]
    for field in ("version_major", "version_minor", "num_tensors", "reserved"):
        assert after["header"][field] == before["header"][field]
    old, new = json.loads(before["metadata"]), json.loads(after["metadata"])
    assert new == {**old, **NEW.values()}
    assert len(made) > len(raw)


@pytest.mark.parametrize("name", ACCEPTABLE)
def test_accepting_what_is_not_there_changes_nothing(name: str) -> None:
    assert carried_out(sound(), name) == (stamp_bytes(sound(), NEW), [])


def test_a_stamp_of_an_accepted_file_can_be_stamped_again_alike() -> None:
    raw = CASES["APR-F002"].broken()
    once, _ = carried_out(raw, "APR-F002")
    assert wrong_by(once)[1] != 0
    assert carried_out(once, "APR-F002")[0] == once
    with pytest.raises(FormatError, match="APR-F002"):
        carried_out(once)


def test_both_checksums_stay_wrong_each_by_its_own_bits() -> None:
    raw = bytearray(sound())
    raw[44] ^= 0x10  # in the reserved bytes, so that both are wrong
    raw[-1] ^= 0x80
    made, accepted = carried_out(bytes(raw), "APR-H006", "APR-F002")
    assert [finding.rule for finding in accepted] == ["APR-H006", "APR-F002"]
    assert wrong_by(made) == wrong_by(bytes(raw))
    assert all(wrong_by(made))
    with pytest.raises(FormatError, match="APR-F002"):
        carried_out(bytes(raw), "APR-H006")
    with pytest.raises(FormatError, match="APR-H006"):
        carried_out(bytes(raw), "APR-F002")


def test_a_plan_that_is_carried_out_twice_lets_each_fault_through_once() -> None:
    source = BytesSource(CASES["APR-F002"].broken())
    stamp = plan_stamp(Container(source), NEW, accept=["APR-F002"])
    assert stamp.accepted == []
    assert plan_bytes(stamp.plan, source) == plan_bytes(stamp.plan, source)
    assert [finding.rule for finding in stamp.accepted] == ["APR-F002"]


def test_a_column_major_file_is_not_said_to_be_row_major_too() -> None:
    made, _ = carried_out(CASES["APR-H004"].broken(), "APR-H004")
    flags = opened(made).header.flags
    assert Flags.LAYOUT_COLUMN_MAJOR in flags
    assert Flags.LAYOUT_ROW_MAJOR not in flags


def test_a_key_of_the_wrong_type_may_be_stamped_over() -> None:
    raw = craft(metadata=b'{"license":5}')
    with pytest.raises(FormatError, match="APR-M006"):
        carried_out(raw, patch=MIT)
    made, accepted = carried_out(raw, "APR-M006", patch=MIT)
    assert [finding.rule for finding in accepted] == ["APR-M006"]
    assert parse(made)["metadata"] == b'{"license":"MIT"}'
    assert validate_file(made).valid


@pytest.mark.parametrize("name", sorted(set(ERRORS) - set(ACCEPTABLE)))
def test_a_fault_past_which_a_file_cannot_be_read_cannot_be_accepted(name: str) -> None:
    with pytest.raises(RequestError, match=f"{name} cannot be accepted: a file that breaks it cannot be rewritten"):
        planned(sound(), accept=[name])


def test_losing_bytes_cannot_be_accepted() -> None:
    for raw in (sound(), CASES["APR-F004"].broken()):
        with pytest.raises(RequestError, match=r"APR-F004 cannot be accepted: .* or drop_trailing=True, drops them"):
            planned(raw, accept=["APR-F002", "APR-F004"], drop_trailing=True)


@pytest.mark.parametrize("name", ["APR-X001", "apr-f002", "", "footer-wrong", "APR-F002\x1b"])
def test_a_rule_that_does_not_exist_cannot_be_accepted(name: str) -> None:
    with pytest.raises(RequestError) as caught:
        planned(sound(), accept=["APR-F002", name])
    assert str(caught.value) == f"expected the id of a rule to accept, found {name!a}"


def test_what_cannot_be_accepted_is_said_before_the_file_is_looked_at() -> None:
    with pytest.raises(RequestError, match="APR-X001"):
        planned(craft(entry_a(dtype=31)), accept=["APR-X001"])


# ---- the footer taken at its word ----


def test_a_footer_taken_at_its_word_makes_the_same_file_without_a_look_at_the_data() -> None:
    source = BytesSource(craft())
    stamp = plan_stamp(Container(source), MIT, verify=Verify.HEAD)
    [copy] = [part for part in stamp.plan if isinstance(part, Copy)]
    assert (copy.start, copy.stop, copy.check, copy.claimed) == (0xC0, 0x140, None, crc32(craft()[0xC0:0x140]))
    assert not stamp.reads_data
    assert plan_bytes(stamp.plan, source) == stamp_bytes(craft(), MIT)


@pytest.mark.parametrize("at", [0x43, 0x60, 0xC0, 0x13F, 0x141])
def test_damage_is_carried_into_a_footer_that_shows_it(at: int) -> None:
    raw = bytearray(craft())
    raw[at] ^= 0x10
    source = BytesSource(bytes(raw))
    made = plan_bytes(plan_stamp(Container(source), MIT, verify=Verify.HEAD).plan, source)
    assert wrong_by(made)[1] == wrong_by(bytes(raw))[1] != 0
    assert made[opened(made).header.ofs_data : -4] == raw[0xC0:-4]


def test_what_is_not_judged_is_said() -> None:
    """Every rule that needs all bytes is judged or named, whatever is verified."""
    all_bytes = {name for name in facts.PROFILES["default"] if facts.RULES[name].reads_data}
    for raw, verify, judged in (
        (craft(), Verify.FULL, {"APR-F002", "APR-F005"}),
        (craft(), Verify.READBACK, {"APR-F002", "APR-F005"}),
        (craft(), Verify.HEAD, {"APR-F005"}),
        (craft(footer=None), Verify.HEAD, {"APR-F002", "APR-F005"}),
    ):
        stamp = plan_stamp(opened(raw), MIT, verify=verify)
        assert set(stamp.skipped) == all_bytes - judged
        assert stamp.reads_data == ("APR-F002" in judged)


# ---- what is left alone ----


def test_a_file_that_is_left_alone_stays_whole() -> None:
    raw = stamp_bytes(craft(header={"flags": {"layout_row_major": False}}, metadata_padding=bytes(180)), MIT)
    stamp = planned(raw)
    assert not stamp.changed
    left = untouched(stamp)
    assert plan_bytes(left.plan, BytesSource(raw)) == raw
    assert left.output_nbytes == len(raw)
    assert (left.metadata, left.flags) == (stamp.input_metadata, stamp.input_flags)
    assert left.proof is None
    assert replace(left, plan=stamp.plan, metadata=stamp.metadata, flags=stamp.flags, notes=stamp.notes) == stamp


def test_a_file_that_is_left_alone_gets_no_footer_no_flag_and_no_new_filler_and_no_word_of_them() -> None:
    stamp = planned(minimal(), ProvenancePatch(license="MIT"))
    assert len(stamp.notes) == 2
    left = untouched(stamp)
    assert plan_bytes(left.plan, BytesSource(minimal())) == minimal()
    assert left.flags == Flags(0)
    assert left.notes == ()
    assert dict(left.metadata) == {"name": "m"}


def test_the_proof_of_a_file_that_is_left_alone_is_that_of_one_file() -> None:
    before, after = (digest_file(opened(raw)) for raw in (craft(), stamp_bytes(craft(), MIT)))
    stamp = replace(planned(craft()), proof=Proof(before, after))
    assert untouched(stamp).proof == Proof(before, before)


def test_the_tree_of_a_stamp_fills_up_what_was_kept_behind_the_entries() -> None:
    """Bytes that are kept and end beside the grid get filler behind them, no more than up to it."""
    for length in range(1, 70):
        raw = craft(tensor_index={"entries": [entry_a(), entry_b()], "padding": b"K" * length}, footer=None)
        assert build(stamp_tree(parse(raw), MIT)) == stamp_bytes(raw, MIT), length


@pytest.mark.parametrize("bit", range(32))
def test_a_header_checksum_that_is_wrong_by_one_bit_is_not_made_good(bit: int) -> None:
    header = opened(sound()).header
    raw = build({**parse(sound()), "header": {**parse(sound())["header"], "checksum": header.checksum ^ 1 << bit}})
    made, _ = carried_out(raw, "APR-H006", "APR-F002")
    assert wrong_by(made)[0] == 1 << bit


# ---- what a stamp says of itself ----

WORDS = MetadataPatch(tokenizer=Tokenizer(("a",), None, None, "vocab.json", ("a note of the tokenizer",)))


def with_words(*, flag: bool) -> bytes:
    """A file that has the keys of `WORDS` already, with its flag or without."""
    metadata = b'{"name":"m","tokenizer.vocabulary":["a"],"tokenizer.vocab_size":1}'
    return craft(metadata=metadata, header={"flags": {"layout_row_major": True, "has_vocab": flag}})


@pytest.mark.parametrize(
    ("raw", "patch", "changed"),
    [
        (craft(), MetadataPatch(set={"name": "m"}), False),
        (craft(), MetadataPatch(set={"name": "n"}), True),
        (craft(header={"flags": {"layout_row_major": False}}), MetadataPatch(set={"name": "m"}), False),
        (craft(footer=None), MetadataPatch(set={"name": "m"}), False),
        (craft() + b"?", MetadataPatch(set={"name": "m"}), True),
        (with_words(flag=True), WORDS, False),
        (with_words(flag=False), WORDS, True),
    ],
    ids=[
        "same value",
        "other value",
        "no flag of the layout",
        "no footer",
        "one byte behind",
        "flag there",
        "flag new",
    ],
)
def test_a_stamp_changes_a_file_when_the_patch_does_or_bytes_are_dropped(
    raw: bytes, patch: MetadataPatch, changed: bool
) -> None:
    assert plan_stamp(opened(raw), patch, drop_trailing=True).changed is changed


def test_a_stamp_tells_what_was_there_and_what_is_asked_for() -> None:
    patch = MetadataPatch(unset=("b", "a"), tokenizer=WORDS.tokenizer)
    raw = craft(metadata=b'{"name":"m","a":1,"b":2}', header={"flags": {"layout_row_major": False}}, footer=None)
    stamp = plan_stamp(opened(raw), patch)
    assert stamp.patch == patch
    assert (stamp.input_flags, stamp.flags) == (Flags(0), Flags.LAYOUT_ROW_MAJOR | Flags.HAS_VOCAB)
    assert stamp.removed == ("a", "b")
    assert stamp.patch_notes == ("a note of the tokenizer",)
    added = [f"the header flag {name} is added" for name in ("HAS_VOCAB", "LAYOUT_ROW_MAJOR")]
    assert sorted(stamp.notes) == sorted([*stamp.patch_notes, *added, GETS_FOOTER])


def test_a_flag_that_announces_a_removed_key_stays_and_is_said() -> None:
    """And only where it is set."""
    patch = MetadataPatch(unset=("tokenizer.vocabulary",))
    stamp = plan_stamp(opened(with_words(flag=True)), patch)
    assert stamp.notes == ("the header flag HAS_VOCAB stays, and tokenizer.vocabulary is removed",)
    assert Flags.HAS_VOCAB in stamp.flags
    assert plan_stamp(opened(with_words(flag=False)), patch).notes == ()


def test_bytes_behind_the_footer_are_dropped_only_for_who_asks() -> None:
    with pytest.raises(FormatError, match="APR-F004"):
        plan_stamp(opened(craft() + b"?"), MIT)


def test_an_accepted_fault_is_let_through_where_there_is_no_footer_too() -> None:
    raw = build({**parse(CASES["APR-H006"].broken()), "footer": None})
    made, accepted = carried_out(raw, "APR-H006")
    assert [finding.rule for finding in accepted] == ["APR-H006"]
    assert wrong_by(made)[0] == opened(raw).header.checksum ^ header_crc32(opened(raw).header_bytes) != 0
