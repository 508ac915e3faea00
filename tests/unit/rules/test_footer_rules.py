"""The end of the file: each rule by one file that breaks only it, beside one that just does not."""

from __future__ import annotations

import pytest
from tests.unit.rules.cases import CASES, sound
from tests.unit.rules.crafting import (
    NO_TENSORS,
    QUIET,
    SIZE,
    Fault,
    craft,
    entry_a,
    entry_b,
    errors_of,
    file,
    findings_of,
    opened,
    report_of,
)

from aprfmt.files import validate_file
from aprfmt.layout import facts
from aprfmt.rules import Case, Severity, registry, run

ERRORS = [
    (file()[: SIZE - 1], Fault("APR-F001", "footer.checksum", (0x140, SIZE - 1), "4 bytes", "3 bytes")),
    (file()[: SIZE - 3], Fault("APR-F001", "footer.checksum", (0x140, SIZE - 3), "4 bytes", "1 bytes")),
]


@pytest.mark.parametrize(("raw", "fault"), ERRORS, ids=lambda value: value.rule if isinstance(value, Fault) else "")
def test_one_error_and_no_other(raw: bytes, fault: Fault) -> None:
    assert errors_of(raw) == [fault]


TWINS = {
    "APR-F001 whole": file(),
    "APR-F001 absent": file()[: SIZE - 4],
    "APR-F001 without tensors": craft(footer=None, **NO_TENSORS),
}


@pytest.mark.parametrize("raw", TWINS.values(), ids=TWINS)
def test_just_not_an_error(raw: bytes) -> None:
    assert errors_of(raw) == []


WARNINGS = [
    (file() + b"xy", Fault("APR-F004", "trailing", (SIZE, SIZE + 2), "the end of the file", "2 bytes")),
    (
        file()[: SIZE - 4],
        Fault("APR-F003", "footer", (SIZE - 4, SIZE - 4), "a checksum of the whole file", "the end of the file"),
    ),
]


@pytest.mark.parametrize(("raw", "fault"), WARNINGS, ids=lambda value: value.rule if isinstance(value, Fault) else "")
def test_one_warning_and_no_other(raw: bytes, fault: Fault) -> None:
    assert findings_of(raw) == [fault]
    assert errors_of(raw) == []


def test_a_missing_footer_is_no_more_than_a_warning() -> None:
    report = report_of(file()[: SIZE - 4])
    assert [finding.severity for finding in report.findings] == [Severity.WARNING]
    assert report.valid


def test_what_follows_the_footer_is_not_judged_without_one() -> None:
    assert "APR-F004" in report_of(file()[: SIZE - 4]).rules_skipped
    assert "APR-F002" in validate_file(file()[: SIZE - 4]).rules_skipped
    assert "APR-F002" in validate_file(file() + b"xy").rules_run


def test_a_wrong_footer_is_found_by_a_pass_over_the_file() -> None:
    right = opened(file()).footer
    assert right is not None
    raw = craft(footer={"checksum": right.checksum ^ 1})
    assert findings_of(raw) == []
    [finding] = run(opened(raw), ignore=QUIET, read_data=True).findings
    assert (finding.rule, finding.field, finding.span) == ("APR-F002", "footer.checksum", (0x140, SIZE))
    assert finding.expected == f"{right.checksum:#010x} for these bytes"
    assert finding.found == f"{right.checksum ^ 1:#010x}"
    assert finding.severity is Severity.ERROR
    assert run(opened(file()), ignore=QUIET, read_data=True).findings == ()


def test_a_hidden_footer_is_told_with_the_bit_that_hides_it() -> None:
    """The offset that was, the one that is, and the place of the bit between them, in the file."""
    raw, right = CASES["APR-F005"].broken(), sound()
    [at] = [at for at, (was, now) in enumerate(zip(right, raw, strict=True)) if was != now]
    [finding] = [item for item in validate_file(raw).findings if item.rule == "APR-F005"]
    tensor = opened(right).tensors[1]
    assert (finding.field, finding.span) == tensor.field("ofs_tensor")
    assert finding.tensor == tensor.name
    assert (finding.expected, finding.found) == (str(tensor.data_offset), str(tensor.data_offset + 4))
    bit = (right[at] ^ raw[at]).bit_length() - 1
    assert finding.message == f"{facts.RULES['APR-F005'].defect}: bit {bit} of byte {at:#x}"


def test_nothing_is_hidden_where_there_are_no_tensors() -> None:
    report = validate_file(craft(footer=None, **NO_TENSORS))
    assert report.valid
    assert "APR-F005" in report.rules_run
    assert "APR-F005" not in {finding.rule for finding in report.findings}


@pytest.mark.parametrize(
    ("raw", "last"),
    [
        (craft(entry_a(), tensor_data=bytes(64)), 0),
        (craft(entry_a(), entry_b()), 1),
        (craft(entry_a(), entry_b(), entry_b(name=b"c", ofs_tensor=128), tensor_data=bytes(192)), 2),
        (craft(entry_a(ofs_tensor=64), entry_b(ofs_tensor=0)), 0),
        (craft(entry_a(), entry_b(), entry_b(name=b"c", dims=[0], len_tensor=0, ofs_tensor=128)), 1),
    ],
    ids=["one tensor", "two", "three", "the last one is the first in the index", "an empty one behind the last"],
)
def test_a_footer_is_found_behind_whichever_tensor_hides_it(raw: bytes, last: int) -> None:
    """The offset of the tensor that ends the data grows by the size of a footer when one bit of it flips."""
    start, _ = opened(raw).tensors[last].field("ofs_tensor")[1]
    flipped = raw[:start] + bytes([raw[start] ^ 4]) + raw[start + 1 :]
    assert opened(flipped).sections["footer"] is None
    found = [item for item in validate_file(flipped).findings if item.rule == "APR-F005"]
    assert [item.tensor for item in found] == [opened(raw).tensors[last].name]
    assert "APR-F005" not in {item.rule for item in validate_file(raw).findings}


def test_a_footer_that_cannot_be_compared_is_not_said_to_be_wrong() -> None:
    """Without the pass nobody knows what the bytes have; without a footer nobody knows what they should have."""
    wrong = craft(footer={"checksum": 1})
    for reads_all, raw in ((True, craft(footer=None)), (False, wrong), (False, craft(footer=None))):
        case = Case(opened(raw), reads_all=reads_all, progress=None)
        assert list(registry()["APR-F002"].judge(case)) == []
