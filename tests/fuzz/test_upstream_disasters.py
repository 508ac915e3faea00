"""Files that published tools have certified or laundered; here each is refused and said to be invalid."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz.laws import golden, opened

from aprfmt import AprError, ProvenancePatch, build, parse, stamp_bytes
from aprfmt.errors import FormatError
from aprfmt.ops.inspect import inspect

PATCH = ProvenancePatch(license="Apache-2.0", data_source="teacher-only")
LARGE = golden("teacher_q4k.apr")


def check_invalid(raw: bytes, *rules: str) -> None:
    """A stamp is refused, and an inspection says that the file is invalid, for one of these rules."""
    with pytest.raises(AprError):
        stamp_bytes(raw, PATCH)
    assert faults(raw) & set(rules)


def faults(raw: bytes) -> set[str | None]:
    """The rules of severity error that an inspection finds broken, or the one that keeps it from opening the file."""
    try:
        inspection = inspect(opened(raw), check=True)
    except FormatError as error:
        return {error.rule_id}
    errors: set[str | None] = {finding.rule for finding in inspection.findings if finding.severity == "error"}
    assert inspection.valid is not bool(errors)
    return errors


def test_the_whole_file_is_fine() -> None:
    """The twin of every test below: the undamaged file MUST be valid and stampable."""
    assert inspect(opened(LARGE), check=True).valid
    stamp_bytes(LARGE, PATCH)


def test_cut_by_95_5_percent() -> None:
    """A download that stopped at 4.5 % MUST be refused, although its header, metadata and index may be whole."""
    check_invalid(LARGE[: round(len(LARGE) * 0.045)], "APR-D001", "APR-D004", "APR-S003", "APR-S002")


def test_the_first_kibibyte() -> None:
    """The first 1 KiB of a large file MUST be refused, although its header checksum is right."""
    check_invalid(LARGE[:1024], "APR-S002", "APR-S003", "APR-D001")


@given(st.integers(0, len(LARGE) - 5))
def test_cut_anywhere(size: int) -> None:
    """Wherever a file is cut before its footer, it MUST be refused."""
    check_invalid(LARGE[:size], *("APR-H001", "APR-H008", "APR-S001", "APR-S002", "APR-S003", "APR-D001", "APR-D004"))


@given(st.integers(opened(LARGE).header.ofs_data, len(LARGE) - 5), st.integers(0, 7))
def test_a_flipped_bit_of_a_tensor(at: int, bit: int) -> None:
    """A bit that flipped in the data MUST be met, and MUST NOT get a fresh footer from a stamp."""
    damaged = bytearray(LARGE)
    damaged[at] ^= 1 << bit
    check_invalid(bytes(damaged), "APR-F002")


@given(st.integers(0, 31))
def test_a_wrong_footer(bit: int) -> None:
    """A footer that is wrong by one bit MUST be met."""
    footer = int.from_bytes(LARGE[-4:], "little") ^ 1 << bit
    check_invalid(LARGE[:-4] + footer.to_bytes(4, "little"), "APR-F002")


def test_a_fresh_footer_over_a_flipped_bit_of_the_header() -> None:
    """A header that was edited by hand MUST be refused, although the footer was made right again."""
    tree = parse(LARGE)
    tree["header"]["flags"]["quantized"] ^= True
    del tree["footer"]["checksum"]
    check_invalid(build(tree), "APR-H006")


def test_count_and_flags_confused() -> None:
    """A header whose count holds the flags and whose flags hold the count MUST be refused, and its values shown."""
    tree = parse(LARGE)
    container = opened(LARGE)
    bits = dict.fromkeys(tree["header"]["flags"], False) | {"reserved": 0}
    count = container.header.num_tensors
    names = list(bits)
    tree["header"] |= {
        "num_tensors": int(container.header.flags),
        "flags": bits | {name: bool(count >> at & 1) for at, name in enumerate(names[:12])},
    }
    del tree["header"]["checksum"], tree["footer"]["checksum"]
    raw = build(tree)
    check_invalid(raw, "APR-I001", "APR-I003", "APR-H004")
    assert inspect(opened(raw)).header.num_tensors == int(container.header.flags)


@pytest.mark.parametrize("cut", [1, 2, 3, 5, 64])
def test_the_last_bytes_cut(cut: int) -> None:
    """A cut inside the footer or inside the last filler MUST be refused; it never reads as a file without footer."""
    check_invalid(LARGE[:-cut], "APR-F001", "APR-D004", "APR-D001")
