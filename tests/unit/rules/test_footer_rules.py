"""The end of the file: each rule by one file that breaks only it, beside one that just does not."""

from __future__ import annotations

import pytest
from tests.unit.rules.crafting import (
    NO_TENSORS,
    QUIET,
    SIZE,
    Fault,
    craft,
    errors_of,
    file,
    findings_of,
    opened,
    report_of,
)

from aprfmt.files import validate_file
from aprfmt.rules import Severity, run

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
