"""Laws: what a stamp is told to accept stays exactly as wrong as it is."""

from __future__ import annotations

from zlib import crc32

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.fuzz.laws import opened, tensor_facts, values

from aprfmt import ProvenancePatch, stamp_bytes
from aprfmt.errors import FormatError
from aprfmt.files import validate_file
from aprfmt.layout import facts, header_crc32
from aprfmt.testing import containers, patches

WITH_FOOTER = containers(min_tensors=1) | containers(canonical=False, footer=True, min_tensors=1)
ACCEPTABLE = sorted(name for name, rule in facts.RULES.items() if rule.severity == "error" and not rule.fatal)


def footer_wrong_by(raw: bytes) -> int:
    """Stored XOR true: which bits of the footer are wrong."""
    container = opened(raw)
    footer = container.footer
    assert footer is not None
    return footer.checksum ^ crc32(raw[: container.required_len])


def header_wrong_by(raw: bytes) -> int:
    container = opened(raw)
    return container.header.checksum ^ header_crc32(container.header_bytes)


def errors_of(raw: bytes) -> list[tuple[str, str]]:
    return [(finding.rule, finding.field) for finding in validate_file(raw).errors]


@st.composite
def damaged_data(draw: st.DrawFn) -> bytes:
    """Files of which one byte of the data section, filler included, is another one."""
    raw = bytearray(draw(WITH_FOOTER))
    start, stop = opened(bytes(raw)).header.ofs_data, opened(bytes(raw)).required_len
    assume(start < stop)
    raw[draw(st.integers(start, stop - 1))] ^= draw(st.integers(1, 255))
    return bytes(raw)


@given(damaged_data(), patches())
def test_a_wrong_footer_stays_wrong_by_the_same_bits(raw: bytes, patch: ProvenancePatch) -> None:
    """Stored XOR true of the footer MUST NOT change, nor the bytes of the tensors, nor the verdict."""
    with pytest.raises(FormatError, match="APR-F002"):
        stamp_bytes(raw, patch)
    made = stamp_bytes(raw, patch, accept=("APR-F002",))
    assert footer_wrong_by(made) == footer_wrong_by(raw) != 0
    assert errors_of(made) == errors_of(raw) == [("APR-F002", "footer.checksum")]
    assert tensor_facts(made) == tensor_facts(raw)
    assert values(made) == {**values(raw), **patch.values()}


@given(damaged_data(), patches())
def test_no_number_of_stamps_mends_a_footer(raw: bytes, patch: ProvenancePatch) -> None:
    """A stamp of a stamp MUST be as wrong as the file was at first, and the same patch MUST change no byte."""
    once = stamp_bytes(raw, patch, accept=("APR-F002",))
    assert stamp_bytes(once, patch, accept=("APR-F002",)) == once
    twice = stamp_bytes(once, ProvenancePatch(license="another"), accept=("APR-F002",))
    assert footer_wrong_by(twice) == footer_wrong_by(raw)


@given(WITH_FOOTER, st.integers(1, (1 << 32) - 1), st.integers(0, (1 << 32) - 1), patches())
def test_both_checksums_stay_wrong(raw: bytes, header_bits: int, footer_bits: int, patch: ProvenancePatch) -> None:
    """The same MUST hold for the checksum of the header, and for both at once."""
    wrong = bytearray(raw)
    for (start, stop), bits in (
        (opened(raw).header_spans["checksum"], header_bits),
        ((len(raw) - 4, len(raw)), footer_bits),
    ):
        wrong[start:stop] = (int.from_bytes(raw[start:stop], "little") ^ bits).to_bytes(4, "little")
    made = stamp_bytes(bytes(wrong), patch, accept=("APR-H006", "APR-F002"))
    assert header_wrong_by(made) == header_wrong_by(bytes(wrong)) == header_bits
    assert footer_wrong_by(made) == footer_wrong_by(bytes(wrong))
    assert errors_of(made) == errors_of(bytes(wrong))


@given(WITH_FOOTER, patches())
def test_accepting_everything_changes_nothing_in_a_sound_file(raw: bytes, patch: ProvenancePatch) -> None:
    """Where there is nothing to accept, the stamp MUST be the same."""
    assert stamp_bytes(raw, patch, accept=ACCEPTABLE) == stamp_bytes(raw, patch)
