"""Header and sections: each error rule by one file that breaks only it, beside one that just does not."""

from __future__ import annotations

from zlib import crc32

import pytest
from tests.unit.rules.crafting import NO_TENSORS, SIZE, Fault, craft, errors_of, file, findings_of, opened

from aprfmt.errors import FormatError, TruncatedError, UnsupportedError


def test_the_file_that_everything_else_breaks_is_sound() -> None:
    assert len(file()) == SIZE
    assert findings_of(file()) == []


ERRORS = [
    (file(magic=b"XPR\0"), Fault("APR-H001", "header.magic", (0, 4), r"b'APR\x00'", r"b'XPR\x00'")),
    (file()[:63], Fault("APR-H008", "header", (0, 63), "at least 64 bytes", "63 bytes")),
    (file(version_major=3), Fault("APR-H002", "header.version_major", (4, 5), "2", "3")),
    (file(version_major=1), Fault("APR-H002", "header.version_major", (4, 5), "2", "1")),
    (file(ofs_metadata=63), Fault("APR-S001", "header.ofs_metadata", (12, 20), f"64 to {SIZE}", "63")),
    (
        file(ofs_metadata=SIZE + 1),
        Fault("APR-S001", "header.ofs_metadata", (12, 20), f"64 to {SIZE}", str(SIZE + 1)),
    ),
    (file(ofs_tensor_index=75), Fault("APR-S002", "header.ofs_tensor_index", (24, 32), f"76 to {SIZE}", "75")),
    (file(len_metadata=65), Fault("APR-S002", "header.ofs_tensor_index", (24, 32), f"129 to {SIZE}", "128")),
    (file(ofs_data=127), Fault("APR-S003", "header.ofs_data", (32, 40), f"128 to {SIZE}", "127")),
    (file(ofs_data=2**64 - 1), Fault("APR-S003", "header.ofs_data", (32, 40), f"128 to {SIZE}", str(2**64 - 1))),
    (
        file(checksum=1),
        Fault("APR-H006", "header.checksum", (40, 44), f"{crc32(file()[:40] + file()[44:64]):#010x}", "0x00000001"),
    ),
    (craft(metadata=b"", **NO_TENSORS), Fault("APR-M001", "header.len_metadata", (20, 24), "at least 1", "0")),
]


@pytest.mark.parametrize(("raw", "fault"), ERRORS, ids=lambda value: value.rule if isinstance(value, Fault) else "")
def test_one_error_and_no_other(raw: bytes, fault: Fault) -> None:
    assert errors_of(raw) == [fault]


TWINS = {
    "APR-S001 at the header": file(ofs_metadata=64),
    "APR-S002 without filler": craft(metadata_padding=b""),
    "APR-S003 without index": craft(**NO_TENSORS),
    "APR-M001 one byte too many for a section": craft(metadata=b"{}".ljust(64)),
}


@pytest.mark.parametrize("raw", TWINS.values(), ids=TWINS)
def test_just_not_an_error(raw: bytes) -> None:
    assert errors_of(raw) == []


def test_the_column_major_flag_is_an_error() -> None:
    [fault] = errors_of(file(flags={"layout_column_major": True}))
    assert fault[:3] == ("APR-H004", "header.flags.layout_column_major", (6, 8))
    assert errors_of(file(flags={"layout_column_major": True, "layout_row_major": False}))[0].rule == "APR-H004"
    assert errors_of(file(flags={"layout_row_major": False})) == []


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"", TruncatedError),
        (b"APR", TruncatedError),
        (file()[:63], TruncatedError),
        (file()[:127], TruncatedError),
        (file(ofs_data=SIZE + 1), TruncatedError),
        (file(ofs_data=127), FormatError),
        (b"APRN" + bytes(60), UnsupportedError),
    ],
)
def test_what_is_not_opened_says_of_which_kind_it_is(raw: bytes, kind: type[Exception]) -> None:
    with pytest.raises(kind) as caught:
        opened(raw)
    assert type(caught.value) is kind


WARNINGS = [
    (file(version_minor=1), Fault("APR-H003", "header.version_minor", (5, 6), "0", "1")),
    (file(flags={"reserved": 8}), Fault("APR-H005", "header.flags.reserved", (6, 8), "0", "8")),
    (
        file(reserved=bytes(19) + b"\1"),
        Fault("APR-H007", "header.reserved", (44, 64), "zero bytes", ascii(bytes(19) + b"\1")),
    ),
    (
        craft(header_padding=b"x".ljust(64, b"\0")),
        Fault("APR-S004", "header_padding", (64, 65), "zero bytes", "other bytes"),
    ),
    (
        craft(metadata_padding=bytes(51) + b"x"),
        Fault("APR-S004", "metadata_padding", (0x4C, 0x80), "zero bytes", "other bytes"),
    ),
]


@pytest.mark.parametrize(("raw", "fault"), WARNINGS, ids=lambda value: value.rule if isinstance(value, Fault) else "")
def test_one_warning_and_no_other(raw: bytes, fault: Fault) -> None:
    assert findings_of(raw) == [fault]
    assert errors_of(raw) == []


def test_sections_off_the_grid_are_warned_about_each() -> None:
    raw = craft(
        header_padding=b"\0", metadata_padding=b"", tensor_index={"entries": [], "padding": b"\0"}, tensor_data=b""
    )
    assert [(fault.rule, fault.field, fault.span, fault.found) for fault in findings_of(raw)] == [
        ("APR-S005", "header.ofs_metadata", (12, 20), "65"),
        ("APR-S005", "header.ofs_tensor_index", (24, 32), "77"),
        ("APR-S005", "header.ofs_data", (32, 40), "78"),
    ]


def test_very_large_metadata_is_warned_about() -> None:
    largest = b"{}".ljust(16 * 1024 * 1024)
    assert findings_of(craft(metadata=largest, **NO_TENSORS)) == []
    [fault] = findings_of(craft(metadata=largest + b" ", **NO_TENSORS))
    assert fault == ("APR-M007", "header.len_metadata", (20, 24), "at most 16777216", "16777217")
