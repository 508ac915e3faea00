"""The profile `reader`: where the reader of apr-format 0.72.3 is more lenient than the rules, and where it is not.

tests/reference holds the same verdicts against the reader itself.
"""

from __future__ import annotations

import pytest
from tests.unit.rules.cases import READER_CASES, sound
from tests.unit.rules.crafting import Fault, craft, entry_a, entry_b, fault, file

from aprfmt.files import validate_file
from aprfmt.layout import facts


def judged(raw: bytes) -> list[Fault]:
    return [fault(finding) for finding in validate_file(raw, profile="reader").findings]


def general(raw: bytes) -> set[str]:
    return {finding.rule for finding in validate_file(raw).errors}


ACCEPTED = {
    "another major version": (sound(header={"version_major": 9}), {"APR-H002"}),
    "metadata inside the header": (
        file(ofs_metadata=44, len_metadata=2, reserved=b"{}" + bytes(18)),
        {"APR-S001"},
    ),
    "index inside the metadata": (
        craft(header={"ofs_tensor_index": 0x41}, tensor_index={"entries": []}, tensor_data=b""),
        {"APR-S002"},
    ),
    "data before the index": (file(ofs_data=64), {"APR-S003"}),
    "data behind the file": (file(ofs_data=1 << 63), {"APR-S003"}),
    "an index without entries behind the file": (READER_CASES["APR-S002"].twin(), {"APR-S002"}),
    "entries inside the data section": (file(ofs_data=0x80), {"APR-I001"}),
    "names that are not UTF-8": (craft(entry_a(name=b"a\xff"), entry_b(name=b"b\xff\xff")), {"APR-I005"}),
    "tensors outside the file": (craft(entry_a(), entry_b(ofs_tensor=1 << 63)), {"APR-D001"}),
    "a wrong size": (craft(entry_a(len_tensor=7), entry_b()), {"APR-D002"}),
    "overlapping tensors": (craft(entry_a(), entry_b(ofs_tensor=0), tensor_data=bytes(64)), {"APR-D003"}),
    "truncated data": (file()[:-5], {"APR-D004"}),
    "a truncated footer": (file()[:-1], {"APR-F001"}),
    "a wrong footer": (file()[:-1] + b"\0", {"APR-F002"}),
    "nothing behind the index": (file()[:0xBA], {"APR-S003"}),
}


@pytest.mark.parametrize(("raw", "broken"), ACCEPTED.values(), ids=ACCEPTED)
def test_the_reader_reads_what_the_rules_refuse(raw: bytes, broken: set[str]) -> None:
    assert judged(raw) == []
    assert general(raw) >= broken


REFUSED = [
    (
        READER_CASES["APR-S001"].broken(),
        Fault("APR-S001", "header.ofs_metadata", (12, 20), "an end at 460 or before", "461"),
    ),
    (
        READER_CASES["APR-S002"].broken(),
        Fault("APR-S002", "header.ofs_tensor_index", (24, 32), "at most 196", str(1 << 40)),
    ),
    (
        file(ofs_metadata=2**64 - 1),
        Fault("APR-S001", "header.ofs_metadata", (12, 20), "an end at 324 or before", str(2**64 + 11)),
    ),
    (
        file()[:0xB9],
        Fault("APR-I001", "tensor_index.entries[1]", (0x9D, 0x9D), "2 entries", "1 whole entries"),
    ),
    (
        file(num_tensors=2**32 - 1),
        Fault("APR-I001", "header.num_tensors", (8, 12), "at most 9 entries in 196 bytes", "4294967295 entries"),
    ),
    (
        READER_CASES["APR-I003"].broken(),
        Fault(
            "APR-I003",
            "tensor_index.entries[1].name",
            (0xDF, 0xE0),
            "a name behind the previous one in the order of bytes",
            r"b'\xef\xbf\xbd'",
        ),
    ),
]


@pytest.mark.parametrize(("raw", "said"), REFUSED)
def test_what_the_reader_refuses(raw: bytes, said: Fault) -> None:
    assert judged(raw) == [said]


def test_names_that_are_equal_once_repaired_are_equal() -> None:
    raw = craft(entry_a(name=b"\xfe"), entry_b(name=b"\xff"))
    assert general(raw) == {"APR-I005"}
    assert [said.rule for said in judged(raw)] == ["APR-I003"]


def test_what_the_index_says_is_not_judged_when_it_cannot_be_read() -> None:
    report = validate_file(file()[:0x90], profile="reader")
    assert [finding.rule for finding in report.findings] == ["APR-I001"]
    assert report.rules_skipped == ("APR-I002", "APR-I003")


@pytest.mark.parametrize("dtype", range(256))
def test_the_reader_knows_the_types_of_the_specification(dtype: int) -> None:
    found = [said.rule for said in judged(craft(entry_a(dtype=dtype), entry_b()))]
    assert found == ([] if dtype in facts.DTYPE_CODES else ["APR-I002"])


def test_a_type_that_the_reader_does_not_know_is_told_with_its_place() -> None:
    said = Fault("APR-I002", "tensor_index.entries[1].dtype", (0xA0, 0xA1), "an id of the enum dtype", "31")
    assert judged(craft(entry_a(), entry_b(dtype=31))) == [said]


def test_an_index_that_begins_at_the_end_of_the_file_lacks_its_entries() -> None:
    """It does not begin behind the file, which the reader says of one byte more."""
    size = len(file())
    assert [said.rule for said in judged(file(ofs_tensor_index=size))] == ["APR-I001"]
    assert [said.rule for said in judged(file(ofs_tensor_index=size + 1))] == ["APR-S002"]
