"""One flipped bit is always found out, and where the structure allows it, found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from tests.unit.rules.cases import b, sound
from tests.unit.rules.crafting import craft, entry_a, lenient

from aprfmt.files import validate_file
from aprfmt.layout import HEADER_SIZE, MAGIC
from aprfmt.rules import Finding, Report
from aprfmt.spans import walk

GOLDEN = Path(__file__).resolve().parents[2] / "data" / "golden"
TOLD = re.compile(
    r"; one flipped bit would explain it: bit ([0-7]) of byte (0x[0-9a-f]+)(?:, in (.*?))?(?: of tensor .*)?$"
)
CHECKSUMS = ("APR-H006", "APR-F002")
EXTENTS = ("len_name", "ndim", "ofs_tensor", "len_tensor")
"""Fields of an entry without which the end of the data, and so the footer, cannot be found."""
HIDES_THE_FOOTER = (0xEA, 2)
"""The flip in the sound file that moves the last tensor by the size of the footer, which then passes for its filler."""


def flipped(raw: bytes, at: int, bit: int) -> bytes:
    return raw[:at] + bytes([raw[at] ^ 1 << bit]) + raw[at + 1 :]


def told(report: Report) -> list[tuple[str, int, int, str | None]]:
    """Rule, byte, bit and field of each flip that a message tells."""
    found: list[tuple[Finding, re.Match[str]]] = [
        (finding, match) for finding in report.findings if (match := TOLD.search(finding.message))
    ]
    return [(finding.rule, int(match[2], 16), int(match[1]), match[3]) for finding, match in found]


def places(raw: bytes) -> list[str]:
    """The path of the field that holds each byte."""
    paths = [""] * len(raw)
    for field in walk(lenient(raw)):
        if field.is_leaf:
            paths[slice(*field.span)] = [field.path] * field.nbytes
    assert all(paths)
    return paths


@cache
def judged(at: int, bit: int) -> Report:
    return validate_file(flipped(sound(), at, bit))


PATHS = places(sound())
INDEX = range(PATHS.index("tensor_index.entries[0].len_name"), PATHS.index("tensor_data"))
FLIPS = [
    (at, bit)
    for at in range(len(PATHS))
    for bit in range(8)
    if at < HEADER_SIZE or at in INDEX or bit in (at % 8, 5)  # every bit where the structure stands
]


def test_every_flip_is_an_error() -> None:
    assert len(FLIPS) > 1500
    silent = [flip for flip in FLIPS if judged(*flip).valid]
    assert not silent


def test_a_flip_that_hides_the_footer_is_found() -> None:
    """An offset that grows by 4 takes the footer into the data section: a file without footer, off the grid."""
    report = judged(*HIDES_THE_FOOTER)
    assert PATHS[HIDES_THE_FOOTER[0]] == "tensor_index.entries[1].ofs_tensor"
    [finding] = report.errors
    assert (finding.rule, finding.field) == ("APR-F005", "tensor_index.entries[1].ofs_tensor")
    assert (finding.expected, finding.found) == ("64", "68")
    assert finding.message.endswith("bit 2 of byte 0xea")


def test_a_file_without_a_footer_hides_none() -> None:
    """Its last bytes are what they are, even where a tensor lies off the grid."""
    last = b(ofs_tensor=68)
    for tail in (bytes(4), b"\x01\x02\x03\x04"):
        raw = sound(entry_a(), last, tensor_data=bytes(128) + tail, footer=None)
        assert {finding.rule for finding in validate_file(raw).findings} <= {"APR-D005", "APR-D006", "APR-F003"}


def where_told() -> Iterator[tuple[tuple[int, int], list[tuple[str, int, int, str | None]]]]:
    for flip in FLIPS:
        yield flip, told(judged(*flip))


def test_what_is_told_is_right() -> None:
    for (at, bit), found in where_told():
        for rule, told_at, told_bit, field in found:
            assert (told_at, told_bit) == (at, bit)
            assert rule in CHECKSUMS
            if not PATHS[at].startswith("metadata"):
                assert field == PATHS[at]
            else:  # damaged JSON has no members, and a damaged key is another one
                assert field is not None
                assert field.startswith("metadata")


def test_every_flip_is_told_where_the_checksum_can_be_judged() -> None:
    untold = {flip for flip, found in where_told() if not found}
    for at, bit in untold:
        name = PATHS[at].rpartition(".")[2]
        assert at < len(MAGIC) or (at in INDEX and name in EXTENTS), (at, bit)
    assert {(at, bit) for at in range(len(MAGIC)) for bit in range(8)} <= untold


def test_a_flip_in_the_header_is_told_by_its_own_checksum() -> None:
    for (at, bit), found in where_told():
        if len(MAGIC) <= at < HEADER_SIZE:
            assert found[0] == ("APR-H006", at, bit, PATHS[at])


def test_a_value_of_the_metadata_is_told_by_its_key() -> None:
    raw = sound()
    at = raw.index(b"web")
    assert [field for _, _, _, field in told(validate_file(flipped(raw, at, 0)))] == ["metadata.data_source"]


def test_a_tensor_is_told_by_its_name() -> None:
    raw = craft(entry_a(name=b"\x1b[31m"), tensor_data=bytes(64))
    [finding] = [item for item in validate_file(flipped(raw, 0xC3, 7)).findings if item.rule == "APR-F002"]
    assert finding.message.endswith(r"bit 7 of byte 0xc3, in tensor_data of tensor '\x1b[31m'")


def test_a_key_from_strangers_is_escaped_and_cut() -> None:
    for key, shown in ((b"\x7f\xc2\x9b", r"\x7f\x9b"), (b"k" * 5000, "k" * 91 + "…")):
        raw = craft(metadata=b'{"%s":"value"}' % key, tensor_index={"entries": []}, tensor_data=b"")
        [finding] = [
            item for item in validate_file(flipped(raw, raw.index(b"value"), 0)).findings if item.rule == "APR-F002"
        ]
        assert finding.message.endswith(f", in metadata.{shown}")


def test_two_flips_are_not_taken_for_one() -> None:
    raw = sound()
    for at in range(HEADER_SIZE, len(raw) - 40, 37):
        report = validate_file(flipped(flipped(raw, at, 3), at + 36, 6))
        assert told(report) == []
        assert not report.valid


@pytest.mark.parametrize("name", ["streaming_order.apr", "unicode_names.apr", "stamped.apr"])
def test_flips_in_golden_files(name: str) -> None:
    raw = (GOLDEN / name).read_bytes()
    paths = places(raw)
    data = paths.index("tensor_data")
    for at in (*range(4, 64, 7), *range(data, len(raw), max(1, (len(raw) - data) // 20)), len(raw) - 1):
        report = validate_file(flipped(raw, at, at % 8))
        assert not report.valid
        assert set(told(report)) == {(rule, at, at % 8, paths[at]) for rule, *_ in told(report)}
        assert told(report)


def test_in_a_large_file_chance_explains_too_much() -> None:
    nbytes = 6 << 20  # one candidate in 86 would be chance
    raw = craft(entry_a(dtype=6, dims=[nbytes], len_tensor=nbytes), tensor_data=bytes(nbytes))
    report = validate_file(flipped(raw, 1 << 20, 0))
    assert [finding.rule for finding in report.errors] == ["APR-F002"]
    assert told(report) == []


def test_a_long_name_is_cut_in_what_is_told_of_a_flip() -> None:
    raw = craft(entry_a(name=b"n" * 5000), tensor_data=bytes(64))
    at = lenient(raw).header.ofs_data
    [finding] = [item for item in validate_file(flipped(raw, at, 7)).findings if item.rule == "APR-F002"]
    assert re.search(r", in tensor_data of tensor 'n{90,101}…?'", finding.message)
    assert len(finding.message) < 400


def test_nothing_is_added_where_no_flip_explains_it() -> None:
    raw = sound()
    damaged = flipped(flipped(raw, HEADER_SIZE, 3), HEADER_SIZE + 36, 6)
    large = craft(entry_a(dtype=6, dims=[6 << 20], len_tensor=6 << 20), tensor_data=bytes(6 << 20))
    for item in (damaged, flipped(large, 1 << 20, 0)):
        [finding] = [item for item in validate_file(item).findings if item.rule == "APR-F002"]
        assert finding.message == "the footer does not match the file, which was damaged after it was written"
