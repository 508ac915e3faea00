"""Laws: a stamp in place says what the stamp that copies says, and writes nothing but what changes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from tests.fuzz.laws import SMALL_GOLDEN, golden, opened, tensor_facts, values

from aprfmt import Flags, ProvenancePatch, build, create_bytes, stamp_bytes
from aprfmt.checksum import crc32
from aprfmt.errors import FormatError, RequestError
from aprfmt.footers import Verify
from aprfmt.layout import FOOTER_SIZE, HEADER_SIZE, header_crc32
from aprfmt.ops import stamp as stamping
from aprfmt.ops.inplace import InPlace, plan_in_place, read_through
from aprfmt.patch import MetadataPatch
from aprfmt.plan import Copy, plan_bytes
from aprfmt.rules import run
from aprfmt.testing import containers, patches

FILES = containers() | containers(canonical=False) | st.sampled_from(SMALL_GOLDEN).map(golden)
RESERVES = st.sampled_from((0, 0, 1, 63, 200, 5000))
BLOCKS = st.sampled_from((64, 512, 4096))
FILLER_RULES = {"APR-S004", "APR-S006"}


def applied(raw: bytes, made: InPlace) -> bytes:
    """What the few writes make of the file, one by one."""
    new = bytearray(bytes(made.shift) + raw)
    new[HEADER_SIZE : HEADER_SIZE + len(made.body)] = made.body
    new[made.footer_at : made.footer_at + len(made.footer)] = made.footer
    new[:HEADER_SIZE] = made.header
    return bytes(new[: made.output_nbytes])


def planned(raw: bytes, patch: ProvenancePatch | MetadataPatch, **options: Any) -> InPlace:
    container = opened(raw)
    made = plan_in_place(container, patch, **options)
    return read_through(made, container) if made.must_read else made


def stamped(raw: bytes, patch: ProvenancePatch | MetadataPatch, **options: Any) -> bytes:
    made = planned(raw, patch, **options)
    return applied(raw, made) if made.changed else raw


def wrong_by(raw: bytes) -> int | None:
    """`stored ^ true` of the footer; None without one."""
    container = opened(raw)
    footer = container.footer
    return None if footer is None else footer.checksum ^ crc32(raw[: container.required_len])


def index_bytes(raw: bytes) -> bytes:
    """The index with what is behind it, which the copy brings onto the grid with zeros."""
    return stamping.index_bytes(opened(raw)).rstrip(b"\0")


def header_values(raw: bytes) -> dict[str, Any]:
    """All of the header but where sections lie and its checksum; of that, by how much it is wrong."""
    container = opened(raw)
    named = ("magic", "version_major", "version_minor", "flags", "num_tensors", "len_metadata", "reserved")
    found = {name: getattr(container.header, name) for name in named}
    return {**found, "wrong_by": container.header.checksum ^ header_crc32(container.header_bytes)}


@given(FILES, patches(), RESERVES, BLOCKS)
def test_it_says_what_the_stamp_that_copies_says(raw: bytes, patch: ProvenancePatch, reserve: int, block: int) -> None:
    """Header values, metadata bytes, index bytes, tensors and the footer's truth MUST be those of the copying stamp."""
    copy, new = stamp_bytes(raw, patch), stamped(raw, patch, reserve=reserve, block=block)
    assume(new is not raw)
    assert header_values(new) == header_values(copy)
    assert opened(new).metadata.raw == opened(copy).metadata.raw
    assert index_bytes(new) == index_bytes(copy)
    assert tensor_facts(new) == tensor_facts(copy)
    assert wrong_by(new) == wrong_by(copy) == 0


@given(FILES, patches(), RESERVES, BLOCKS)
def test_the_data_section_moves_by_whole_blocks_or_not_at_all(
    raw: bytes, patch: ProvenancePatch, reserve: int, block: int
) -> None:
    """The metadata MUST begin where it began; the data section moves by a multiple of the block, never back, and lies
    beside the same index as before."""
    before, made = opened(raw), planned(raw, patch, reserve=reserve, block=block)
    after = opened(applied(raw, made))
    assert made.shift % block == 0
    assert after.header.ofs_metadata == before.header.ofs_metadata
    assert after.header.ofs_data == before.header.ofs_data + made.shift
    assert after.source.read(after.header.ofs_data, after.required_len) == before.source.read(
        before.header.ofs_data, before.required_len
    )
    assert made.room == after.room_nbytes >= reserve
    if made.shift and not reserve:
        assert len(after.metadata.raw) > len(before.metadata.raw) + before.room_nbytes


@given(FILES, patches(), RESERVES)
def test_a_second_stamp_writes_nothing(raw: bytes, patch: ProvenancePatch, reserve: int) -> None:
    """Where every value is there and the room suffices, nothing MUST be written."""
    assert not planned(stamped(raw, patch, reserve=reserve), patch, reserve=reserve).changed


@given(FILES, patches(), RESERVES, BLOCKS)
def test_the_plan_is_what_the_writes_make(raw: bytes, patch: ProvenancePatch, reserve: int, block: int) -> None:
    """The plan of the whole file, which reads all of it, MUST give what the few writes give."""
    made = planned(raw, patch, reserve=reserve, block=block)
    assert plan_bytes(made.stamp.plan, opened(raw).source) == applied(raw, made)
    assert made.stamp.output_nbytes == made.output_nbytes
    assert [(part.start, part.stop) for part in made.stamp.plan if isinstance(part, Copy)] == [
        opened(raw).sections["tensor_data"]
    ]


@given(FILES, patches(), RESERVES, BLOCKS)
def test_the_file_can_be_put_back(raw: bytes, patch: ProvenancePatch, reserve: int, block: int) -> None:
    """What `before` and the old footer hold, and zeros where the body goes further, MUST be all that is overwritten."""
    made = planned(raw, patch, reserve=reserve, block=block)
    new = bytearray(applied(raw, made))
    end = max(len(made.before) + made.shift, HEADER_SIZE + len(made.body))
    new[made.shift : end] = made.before + bytes(end - made.shift - len(made.before))
    new[made.footer_at :] = made.old_footer
    assert bytes(new[made.shift :]) == raw[: len(new) - made.shift]
    assert len(raw) - (len(new) - made.shift) == 0


@given(FILES, patches(), RESERVES, BLOCKS)
def test_what_was_judged_is_judged_the_same(raw: bytes, patch: ProvenancePatch, reserve: int, block: int) -> None:
    """Every rule MUST find in the result as many faults as in the copying stamp, but for those on filler, and for
    sections that the copy brings onto the grid."""
    new = stamped(raw, patch, reserve=reserve, block=block)
    assume(new is not raw)
    left = {*FILLER_RULES, "APR-S005", "APR-D005"}

    def found(file: bytes) -> list[tuple[str, str | None]]:
        report = run(opened(file), read_data=True)
        return sorted((item.rule, item.tensor or "") for item in report.findings if item.rule not in left)

    assert found(new) == found(stamp_bytes(raw, patch))
    grid = [item for item in run(opened(new)).findings if item.rule in ("APR-S005", "APR-D005")]
    assert len(grid) <= len([item for item in run(opened(raw)).findings if item.rule in ("APR-S005", "APR-D005")])


@given(containers(footer=True) | containers(canonical=False, footer=True), patches(), st.data())
def test_damage_stays_as_visible_as_it_was(raw: bytes, patch: ProvenancePatch, data: st.DataObject) -> None:
    """`stored ^ true` MUST be the same before and after, whatever is wrong with the data or with the footer."""
    container = opened(raw)
    start, stop = container.header.ofs_data, container.required_len + FOOTER_SIZE
    damaged = bytearray(raw)
    for at in data.draw(st.lists(st.integers(start, stop - 1), min_size=1, max_size=3)):
        damaged[at] ^= data.draw(st.integers(1, 255))
    before = wrong_by(bytes(damaged))
    assert wrong_by(stamped(bytes(damaged), patch)) == before
    assume(before)
    made = plan_in_place(opened(bytes(damaged)), patch, verify=Verify.FULL)
    with pytest.raises(FormatError, match="APR-F002"):
        read_through(made, opened(bytes(damaged)))
    assert wrong_by(stamped(bytes(damaged), patch, verify=Verify.FULL, accept=["APR-F002"])) == before


@given(containers(footer=True), patches(), st.integers(1, 2**32 - 1))
def test_a_wrong_header_checksum_that_is_accepted_stays_as_wrong(raw: bytes, patch: ProvenancePatch, by: int) -> None:
    """The checksum of the header MUST be wrong by the same bits afterwards, when that was accepted."""
    from aprfmt.layout import with_header_checksum

    wrong = with_header_checksum(raw, opened(raw).header.checksum ^ by)
    with pytest.raises(FormatError, match="APR-H006"):
        planned(wrong, patch)
    assume(planned(wrong, patch, accept=["APR-H006"]).changed)
    new = stamped(wrong, patch, accept=["APR-H006"])
    assert header_values(new)["wrong_by"] == by
    assert wrong_by(new) == wrong_by(wrong)


@given(containers(canonical=False, footer=False), patches())
def test_a_file_without_a_footer_gets_a_true_one_or_none(raw: bytes, patch: ProvenancePatch) -> None:
    """It MUST stay without when that is asked for, and otherwise not be written before every byte was read."""
    kept = planned(raw, patch, footer="keep")
    assume(kept.changed)
    assert wrong_by(applied(raw, kept)) is None
    assert any("stays without" in note for note in kept.stamp.notes)
    assert plan_in_place(opened(raw), patch).must_read
    given = planned(raw, patch)
    assert wrong_by(applied(raw, given)) == 0
    assert any("gets one" in note for note in given.stamp.notes)


@given(FILES, patches(), st.binary(min_size=1, max_size=9))
def test_bytes_behind_the_footer_are_dropped_when_asked(raw: bytes, patch: ProvenancePatch, more: bytes) -> None:
    """Trailing bytes MUST be refused, unless the caller asks to drop them."""
    sealed = stamp_bytes(raw, patch)
    with pytest.raises(FormatError, match="APR-F004"):
        planned(sealed + more, patch)
    assert stamped(sealed + more, patch, drop_trailing=True) == sealed


@given(FILES, st.lists(st.tuples(patches(), RESERVES), min_size=2, max_size=4))
@example(create_bytes([], {}), [(ProvenancePatch(license="MIT"), 0), (ProvenancePatch(license="x" * 5000), 0)])
def test_a_chain_ends_where_the_copies_end(raw: bytes, chain: list[tuple[ProvenancePatch, int]]) -> None:
    """Stamps in place one after the other MUST give the values of copying stamps, and never take room away."""
    copy = new = raw
    for patch, reserve in chain:
        start = opened(new).header.ofs_data
        copy, new = stamp_bytes(copy, patch), stamped(new, patch, reserve=reserve)
        assert opened(new).header.ofs_data >= start
    assert values(new) == values(copy)
    assert tensor_facts(new) == tensor_facts(copy)
    assert not run(opened(new), read_data=True).errors


def filler_file(*, behind_index: int = 0, before: bytes = b"", behind: bytes = b"") -> bytes:
    """A file with one tensor, room behind its index, and filler that is given around its metadata."""
    entry = {"name": b"a", "dtype": 0, "dims": [2], "ofs_tensor": 0, "len_tensor": 8}
    header = {"ofs_metadata": HEADER_SIZE + len(before)} if before else {}
    tree: dict[str, Any] = {
        "header": {"flags": {"layout_row_major": True}, **header},
        "metadata": b'{"license":null}',
        "tensor_index": {"entries": [entry], "padding": bytes(35 + behind_index)},
        "tensor_data": bytes(range(8)) + bytes(56),
    }
    if before:
        tree["header_padding"] = before
    if behind:
        tree["metadata_padding"] = behind
    return build(tree)


LONG = ProvenancePatch(license="MIT", data_source="x" * 100)


def test_room_behind_the_index_is_used_before_the_data_moves() -> None:
    raw = filler_file(behind_index=256)
    made = planned(raw, LONG)
    assert made.shift == 0
    new = applied(raw, made)
    assert opened(new).header.ofs_data == opened(raw).header.ofs_data
    assert opened(new).header.ofs_tensor_index == opened(raw).header.ofs_tensor_index + 128
    assert tensor_facts(new) == tensor_facts(raw)
    assert not run(opened(new), read_data=True).errors


@pytest.mark.parametrize("patch", [ProvenancePatch(license="MIT"), LONG])
def test_filler_that_is_not_zero_is_rewritten_and_said(patch: ProvenancePatch) -> None:
    raw = filler_file(before=b"\1" * 64, behind=bytes(15) + b"\2" + bytes(32))
    made = planned(raw, patch)
    assert sum("is rewritten" in note for note in made.stamp.notes) == 2
    new = opened(applied(raw, made))
    assert not [item for item in run(new, read_data=True).findings if item.rule in ("APR-S004", "APR-F002")]
    assert new.header.ofs_metadata == HEADER_SIZE + 64


def test_flags_are_added_as_by_a_copy() -> None:
    raw = build({"header": {"flags": {"has_vocab": False}}, "metadata": b"{}", "tensor_index": {"entries": []}})
    new = opened(stamped(raw, ProvenancePatch(license="MIT")))
    assert new.header.flags == Flags.LAYOUT_ROW_MAJOR
    assert stamped(new.source.read(0, new.source.size), ProvenancePatch(license="MIT"))


@pytest.mark.parametrize("reserve", [-1, 1 << 40])
def test_a_reserve_out_of_bounds_is_a_mistake(reserve: int) -> None:
    with pytest.raises(RequestError, match="reserve: expected 0 to"):
        planned(filler_file(), LONG, reserve=reserve)


@pytest.mark.parametrize("block", [0, -64, 100])
def test_a_block_off_the_grid_is_a_fault_of_the_caller(block: int) -> None:
    with pytest.raises(ValueError, match="expected a block"):
        planned(filler_file(), LONG, block=block)


def test_room_is_made_for_a_file_that_is_stamped_already() -> None:
    raw = stamp_bytes(filler_file(), LONG)
    made = planned(raw, LONG, reserve=10_000)
    assert (made.changed, made.shift) == (True, 12_288)
    assert made.room >= 10_000
    assert made.stamp.metadata.raw == opened(raw).metadata.raw
