"""The filler around sections: what is in it, how much there is, and where sections begin."""

from __future__ import annotations

import pytest
from tests.unit.rules.crafting import Fault, craft, entry_a, entry_b, errors_of, file, findings_of, report_of

LONG = ("less than 64 bytes", "64 bytes")
ENTRIES = [entry_a(), entry_b()]


def residue(rule: str, field: str, start: int, stop: int) -> Fault:
    """The fault of a stretch whose last byte that is not zero stands before `stop`."""
    return Fault(rule, field, (start, stop), "zero bytes", f"other bytes, the last one @{stop - 1:#x}")


def index(padding: bytes) -> bytes:
    return craft(tensor_index={"entries": ENTRIES, "padding": padding})


FINDINGS = [
    (
        craft(metadata_padding=bytes(51) + b"x"),
        [residue("APR-S004", "metadata_padding", 0x4C, 0x80)],
    ),
    (
        craft(metadata_padding=b"x" + bytes(51)),
        [residue("APR-S004", "metadata_padding", 0x4C, 0x4D)],
    ),
    # Filler between header and metadata takes the metadata off the grid, or is as long as the grid.
    (
        craft(header_padding=b"x".ljust(64, b"\0")),
        [
            residue("APR-S004", "header_padding", 64, 65),
            Fault("APR-S006", "header_padding", (64, 128), *LONG),
        ],
    ),
    (craft(header_padding=bytes(64)), [Fault("APR-S006", "header_padding", (64, 128), *LONG)]),
    (
        craft(metadata_padding=bytes(116)),
        [Fault("APR-S006", "metadata_padding", (0x4C, 0xC0), "less than 64 bytes", "116 bytes")],
    ),
    (index(bytes(70)), [Fault("APR-S006", "tensor_index.padding", (0xBA, 0x100), "less than 64 bytes", "70 bytes")]),
    (index(bytes(5) + b"x"), [residue("APR-I009", "tensor_index.padding", 0xBA, 0xC0)]),
    (index(b"x" + bytes(5)), [residue("APR-I009", "tensor_index.padding", 0xBA, 0xBB)]),
]


@pytest.mark.parametrize(("raw", "said"), FINDINGS)
def test_what_is_odd_about_filler(raw: bytes, said: list[Fault]) -> None:
    assert findings_of(raw) == said
    assert errors_of(raw) == []


@pytest.mark.parametrize(
    "raw",
    [
        file(),
        craft(metadata=b"{}".ljust(64)),  # ends on the grid
        craft(metadata=b"{}".ljust(65)),  # takes 63 bytes of filler
        craft(metadata=b"{}".ljust(65), tensor_index={"entries": [], "padding": b""}, tensor_data=b""),
    ],
)
def test_filler_that_the_grid_takes(raw: bytes) -> None:
    assert findings_of(raw) == []


def test_sections_off_the_grid_are_warned_about_each() -> None:
    raw = craft(
        header_padding=b"\0", metadata_padding=b"", tensor_index={"entries": [], "padding": b"\0"}, tensor_data=b""
    )
    assert [(said.rule, said.field, said.span, said.found) for said in findings_of(raw)] == [
        ("APR-S005", "header.ofs_metadata", (12, 20), "65"),
        ("APR-S005", "header.ofs_tensor_index", (24, 32), "77"),
        ("APR-S005", "header.ofs_data", (32, 40), "78"),
    ]


def test_filler_is_not_looked_for_between_sections_that_cannot_be_located() -> None:
    report = report_of(file(ofs_tensor_index=75))
    assert [finding.rule for finding in report.errors] == ["APR-S002"]
    assert {"APR-S004", "APR-S006", "APR-I009"} <= set(report.rules_skipped)
