"""Laws: a canonical form is the only one of its content, and holds all of it."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz.laws import GOLDEN, golden, opened

from aprfmt import AprError, Flags, FormatError, NewTensor, RequestError, build, canonicalise_bytes, create_bytes, parse
from aprfmt.ops.canonicalise import plan_canonical
from aprfmt.plan import Copy
from aprfmt.rules import run
from aprfmt.testing import containers, damaged

FILES = containers() | containers(canonical=False)
DROPPED = {"APR-S004", "APR-I009", "APR-I012", "APR-D006", "APR-F004"}
KEPT = {
    *("APR-H003", "APR-H005", "APR-H007", "APR-H009", "APR-H010", "APR-H012"),
    *("APR-M007", "APR-M008", "APR-M009", "APR-P001", "APR-P002", "APR-P003"),
    *("APR-I006", "APR-I007", "APR-I010", "APR-I011"),
}
"""Rules about values, which are kept as they are."""


def rules_of(raw: bytes, profile: str = "default") -> set[str]:
    return {finding.rule for finding in run(opened(raw), profile=profile, read_data=True).findings}


@given(FILES)
def test_the_output_is_canonical(raw: bytes) -> None:
    """The output MUST pass the canonical profile; what is found in it MUST be about values that were there before."""
    out = canonicalise_bytes(raw, drop_unexplained=True)
    report = run(opened(out), profile="canonical", read_data=True)
    assert report.errors == ()
    assert report.rules_skipped == ()
    assert rules_of(out) <= KEPT & rules_of(raw)


@given(FILES)
def test_canonicalising_twice_is_canonicalising_once(raw: bytes) -> None:
    """A canonical file MUST come out as it is, and say so."""
    out = canonicalise_bytes(raw, drop_unexplained=True)
    assert canonicalise_bytes(out) == out
    assert plan_canonical(opened(out)).identical


@given(FILES)
def test_the_output_is_the_input_exactly_when_it_is_said_to_be(raw: bytes) -> None:
    """`identical` MUST hold exactly when no byte changes, which is exactly when the input is canonical."""
    made = plan_canonical(opened(raw), drop_unexplained=True)
    same = canonicalise_bytes(raw, drop_unexplained=True) == raw
    assert made.identical == same
    assert same == run(opened(raw), profile="canonical", read_data=True).valid
    assert made.output_nbytes == len(canonicalise_bytes(raw, drop_unexplained=True))


@given(FILES)
def test_content_is_kept(raw: bytes) -> None:
    """Metadata bytes, names, types, shapes, tensor bytes, the digest, and all other header values MUST stay."""
    before, after = opened(raw), opened(canonicalise_bytes(raw, drop_unexplained=True))
    assert after.metadata.raw == before.metadata.raw
    assert after.payload_digest() == before.payload_digest()
    assert [
        (item.name_bytes, item.dtype.facts.canonical_code, item.shape, bytes(item.data)) for item in before.tensors
    ] == [(item.name_bytes, item.dtype, item.shape, bytes(item.data)) for item in after.tensors]
    for name in ("magic", "version_major", "version_minor", "num_tensors", "len_metadata", "reserved"):
        assert getattr(after.header, name) == getattr(before.header, name)
    assert after.header.flags == before.header.flags | Flags.LAYOUT_ROW_MAJOR


@given(FILES)
def test_what_belongs_to_nothing_is_never_lost_in_silence(raw: bytes) -> None:
    """Unless it is told to drop it, canonicalise MUST refuse what breaks a rule about such bytes, and nothing else."""
    unexplained = DROPPED & rules_of(raw)
    made = plan_canonical(opened(raw), drop_unexplained=True)
    assert {note[-9:-1] for note in made.notes if note.startswith("dropped: ")} == unexplained
    if unexplained:
        with pytest.raises(FormatError) as caught:
            canonicalise_bytes(raw)
        assert caught.value.rule_id in unexplained
    else:
        assert canonicalise_bytes(raw) == canonicalise_bytes(raw, drop_unexplained=True)


@given(containers())
def test_it_is_the_form_in_which_files_are_created(raw: bytes) -> None:
    """Where the same content can be created anew, that MUST give the same file."""
    container = opened(raw)
    tensors = [NewTensor(item.name, item.dtype, item.shape, item.data) for item in container.tensors]
    with suppress(RequestError):
        assert canonicalise_bytes(raw) == create_bytes(tensors, container.metadata.raw, flags=container.header.flags)


@given(FILES)
def test_two_layouts_of_one_content_have_one_canonical_form(raw: bytes) -> None:
    """Where the data lies, and how much filler there is, MUST NOT show in the output."""
    tree = parse(raw)
    out = canonicalise_bytes(raw, drop_unexplained=True)
    shift = 192
    for entry in tree["tensor_index"]["entries"]:
        entry["ofs_tensor"] += shift
    moved = {
        "header": {name: tree["header"][name] for name in ("version_minor", "flags", "reserved")},
        "header_padding": bytes(70),
        "metadata": tree["metadata"],
        "metadata_padding": bytes(131),
        "tensor_index": {"entries": tree["tensor_index"]["entries"], "padding": bytes(5)},
        "tensor_data": bytes(shift) + tree["tensor_data"] if tree["tensor_index"]["entries"] else b"",
    }
    assert canonicalise_bytes(build(moved), drop_unexplained=True) == out


@given(FILES.flatmap(damaged))
def test_damaged_files_are_refused_or_sound(raw: bytes) -> None:
    """A file with an error MUST be refused by an error of ours; whatever comes out MUST be canonical."""
    out = None
    with suppress(AprError):
        out = canonicalise_bytes(raw, drop_unexplained=True)
    if out is not None:
        assert run(opened(raw), read_data=True).valid
        assert run(opened(out), profile="canonical", read_data=True).valid


@given(FILES)
def test_tensor_bytes_are_never_held(raw: bytes) -> None:
    """Every byte of a tensor MUST come out of a Copy, and the copies MUST lie inside the data section."""
    container = opened(raw)
    copies = [part for part in plan_canonical(container, drop_unexplained=True).plan if isinstance(part, Copy)]
    copied = [(part.start, part.stop) for part in copies]
    start, stop = container.sections["tensor_data"] or (0, 0)
    assert all(start <= first < end <= stop for first, end in copied)
    for item in container.tensors:
        first, end = item.file_span
        assert first == end or any(left <= first and end <= right for left, right in copied)


@pytest.mark.parametrize("name", GOLDEN)
def test_golden_files_keep_their_digest(name: str) -> None:
    raw = golden(name)
    assert opened(canonicalise_bytes(raw)).payload_digest() == opened(raw).payload_digest()
    assert (canonicalise_bytes(raw) == raw) == (name != "streaming_order.apr")


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_in_our_own_words(raw: bytes) -> None:
    """Bytes that are no container MUST be refused by an error of ours."""
    with pytest.raises(AprError):
        canonicalise_bytes(raw)
