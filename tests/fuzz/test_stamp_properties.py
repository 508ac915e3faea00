"""Laws: a stamp sets what it names, keeps every other byte that means something, and says no to the rest."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.fuzz.laws import SMALL_GOLDEN, golden, kept_members, opened, tensor_facts, values

from aprfmt import Flags, ProvenancePatch, RequestError, build, create_bytes, parse, stamp_bytes, stamp_tree
from aprfmt.container import Container
from aprfmt.errors import FormatError
from aprfmt.layout import flags_tree
from aprfmt.ops.stamp import plan_stamp
from aprfmt.plan import Copy
from aprfmt.provenance import STAMP_KEYS
from aprfmt.rules import run
from aprfmt.testing import containers, patches

FILES = containers() | containers(canonical=False)
GOLDEN_FILES = st.sampled_from(SMALL_GOLDEN).map(golden)
EMPTY = create_bytes([], {})


@given(FILES | GOLDEN_FILES, patches())
def test_a_stamp_twice_is_a_stamp_once(raw: bytes, patch: ProvenancePatch) -> None:
    """Stamping a stamped file with the same patch MUST change no byte."""
    once = stamp_bytes(raw, patch)
    assert stamp_bytes(once, patch) == once


@given(FILES | GOLDEN_FILES, patches())
def test_tensors_stay_as_they_are(raw: bytes, patch: ProvenancePatch) -> None:
    """Names, types, shapes, relative places, order and bytes of all tensors MUST be the same afterwards."""
    assert tensor_facts(stamp_bytes(raw, patch)) == tensor_facts(raw)


@given(FILES, patches())
def test_members_that_are_not_patched_keep_their_bytes(raw: bytes, patch: ProvenancePatch) -> None:
    """Every member of the metadata that the patch does not name MUST keep its text, escapes and white space."""
    before, after = opened(raw), opened(stamp_bytes(raw, patch))
    assert kept_members(before.metadata, patch) == kept_members(after.metadata, patch)


@given(FILES, patches())
def test_the_patch_arrives_and_nothing_else_changes(raw: bytes, patch: ProvenancePatch) -> None:
    """The values afterwards MUST be those before, overridden by the patch; a partial patch leaves the other keys."""
    assert values(stamp_bytes(raw, patch)) == {**values(raw), **patch.values()}


@given(FILES, patches())
def test_the_header_keeps_what_the_stamp_does_not_own(raw: bytes, patch: ProvenancePatch) -> None:
    """Version, count, reserved bytes and every flag MUST be kept; LAYOUT_ROW_MAJOR is added."""
    before, after = opened(raw).header, opened(stamp_bytes(raw, patch)).header
    for field in ("magic", "version_major", "version_minor", "num_tensors", "reserved"):
        assert getattr(after, field) == getattr(before, field), field
    assert after.flags == before.flags | Flags.LAYOUT_ROW_MAJOR


@given(containers(canonical=False), patches())
def test_filler_and_gaps_of_the_data_section_are_copied(raw: bytes, patch: ProvenancePatch) -> None:
    """The data section MUST be the same from its first byte to its last, gaps and filler included."""

    def section(container: Container) -> bytes:
        return container.source.read(container.header.ofs_data, container.required_len)

    assert section(opened(stamp_bytes(raw, patch))) == section(opened(raw))


@given(containers(canonical=False), patches())
def test_a_stamped_file_is_sound(raw: bytes, patch: ProvenancePatch) -> None:
    """The result MUST have no fault of severity error, a footer, and sections on the grid."""
    after = opened(stamp_bytes(raw, patch))
    assert not run(after).errors
    assert after.footer is not None
    assert after.n_trailing_bytes == 0
    assert {after.header.ofs_metadata % 64, after.header.ofs_tensor_index % 64, after.header.ofs_data % 64} == {0}


@given(FILES, patches())
def test_one_copy_covers_the_whole_data_section(raw: bytes, patch: ProvenancePatch) -> None:
    """The plan MUST hold exactly one Copy, and it MUST cover the data section from its start to its end."""
    container = opened(raw)
    stamp = plan_stamp(container, patch)
    assert [(part.start, part.stop) for part in stamp.plan if isinstance(part, Copy)] == [
        container.sections["tensor_data"]
    ]
    assert stamp.output_nbytes == len(stamp_bytes(raw, patch))


@given(FILES | GOLDEN_FILES, patches())
def test_two_ways_to_stamp_are_one(raw: bytes, patch: ProvenancePatch) -> None:
    """Stamping bytes MUST give what parsing, stamping the tree and building give."""
    assert stamp_bytes(raw, patch) == build(stamp_tree(parse(raw), patch))


@given(FILES, patches())
def test_a_stamp_is_a_function(raw: bytes, patch: ProvenancePatch) -> None:
    """The same file and the same patch MUST give the same bytes, and leave their input alone."""
    buffer = bytearray(raw)
    assert stamp_bytes(buffer, patch) == stamp_bytes(memoryview(buffer), patch)
    assert buffer == raw


@given(FILES, st.data())
def test_disjoint_stamps_compose(raw: bytes, data: st.DataObject) -> None:
    """Stamping A and then B MUST give what stamping both at once gives, when they name different keys."""
    ours = data.draw(patches())
    theirs = data.draw(patches([key for key in STAMP_KEYS if key not in ours.values()]))
    both = ProvenancePatch(**ours.values(), **theirs.values())
    assert stamp_bytes(stamp_bytes(raw, ours), theirs) == stamp_bytes(raw, both)
    assert stamp_bytes(stamp_bytes(raw, theirs), ours) == stamp_bytes(raw, both)


@given(FILES)
def test_an_empty_patch_is_refused(raw: bytes) -> None:
    """A stamp without a key MUST be refused as a mistake of the caller, in every form."""
    with pytest.raises(RequestError, match="the patch is empty"):
        stamp_bytes(raw, ProvenancePatch())
    with pytest.raises(RequestError, match="the patch is empty"):
        stamp_tree(parse(raw), ProvenancePatch())


@given(FILES | GOLDEN_FILES, patches())
def test_the_payload_digest_survives_a_stamp(raw: bytes, patch: ProvenancePatch) -> None:
    """The payload digest MUST NOT change, and the name of the weights stays what it was."""
    assert opened(stamp_bytes(raw, patch)).payload_digest() == opened(raw).payload_digest()


@given(FILES, patches(), st.binary(min_size=1, max_size=9))
def test_bytes_behind_the_footer_are_never_lost_in_silence(raw: bytes, patch: ProvenancePatch, more: bytes) -> None:
    """Trailing bytes MUST be refused, unless the caller asks to drop them: then the rest is stamped as always."""
    sealed = stamp_bytes(raw, patch)
    with pytest.raises(FormatError, match="APR-F004"):
        stamp_bytes(sealed + more, patch)
    assert stamp_bytes(sealed + more, patch, drop_trailing=True) == sealed


def flagged(bits: int) -> bytes:
    header = {"flags": flags_tree(Flags(bits))}
    return build({"header": header, "metadata": b"{}", "tensor_index": {"entries": []}})


def check_flags(bits: int) -> None:
    after = opened(stamp_bytes(flagged(bits), ProvenancePatch(license="MIT"))).header.flags
    assert int(after) == bits | 0x0400


SINGLE_BITS = [1 << position for position in range(16) if 1 << position != Flags.LAYOUT_COLUMN_MAJOR]


def test_every_flag_and_every_pair_of_flags_is_kept() -> None:
    """Each flag, defined or not, MUST survive alone, beside every other, in company of all others, and absent."""
    every = sum(SINGLE_BITS)
    pairs = [first | second for first, second in itertools.combinations(SINGLE_BITS, 2)]
    for bits in {0, every, *SINGLE_BITS, *pairs, *(every ^ bit for bit in SINGLE_BITS)}:
        check_flags(bits)


@given(st.integers(0, 0xFFFF).map(lambda bits: bits & ~int(Flags.LAYOUT_COLUMN_MAJOR)))
@example(0xF7FF)
def test_every_set_of_flags_is_kept(bits: int) -> None:
    """All sixteen bits MUST come through a stamp, whatever they are, with LAYOUT_ROW_MAJOR added."""
    check_flags(bits)


@given(st.integers(0, 0xFFFF).map(lambda bits: bits | 0x0800))
def test_the_column_major_flag_is_refused_in_any_company(bits: int) -> None:
    """A file that says column-major MUST be refused, whatever else it says."""
    with pytest.raises(FormatError, match="APR-H004"):
        stamp_bytes(flagged(bits), ProvenancePatch(license="MIT"))


@pytest.mark.parametrize("key", STAMP_KEYS)
def test_each_key_can_be_stamped_alone(key: str) -> None:
    """A patch of one key MUST set that key and no other one."""
    after = values(stamp_bytes(EMPTY, ProvenancePatch(**{key: "new"})))
    assert after == {**values(EMPTY), key: "new"}
