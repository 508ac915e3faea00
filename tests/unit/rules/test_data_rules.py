"""The data: each error rule by one file that breaks only it, beside one that just does not."""

from __future__ import annotations

import pytest
from tests.unit.rules.crafting import (
    SIZE,
    Fault,
    at,
    craft,
    entry_a,
    entry_b,
    errors_of,
    file,
    findings_of,
    in_1,
    report_of,
)

ERRORS = [
    (
        craft(entry_a(), entry_b(dims=[200], len_tensor=200)),
        Fault("APR-D001", in_1("len_tensor"), at("len_tensor"), "0 to 68", "200"),
    ),
    (
        craft(entry_a(), entry_b(len_tensor=2)),
        Fault("APR-D002", in_1("len_tensor"), at("len_tensor"), "3 bytes", "2 bytes"),
    ),
    (
        craft(entry_a(), entry_b(len_tensor=4)),
        Fault("APR-D002", in_1("len_tensor"), at("len_tensor"), "3 bytes", "4 bytes"),
    ),
    (
        craft(entry_a(), entry_b(ofs_tensor=7), tensor_data=bytes(71)),
        Fault("APR-D003", in_1("ofs_tensor"), (0xC7, 0xCA), "an offset of at least 8", "7"),
    ),
    (file()[: SIZE - 5], Fault("APR-D004", "tensor_data", (0xC0, SIZE - 5), f"{SIZE - 4} bytes", f"{SIZE - 5} bytes")),
    (file()[:0x103], Fault("APR-D004", "tensor_data", (0xC0, 0x103), f"{SIZE - 4} bytes", f"{0x103} bytes")),
]


@pytest.mark.parametrize(("raw", "fault"), ERRORS, ids=lambda value: value.rule if isinstance(value, Fault) else "")
def test_one_error_and_no_other(raw: bytes, fault: Fault) -> None:
    assert errors_of(raw) == [fault]


TWINS = {
    "APR-D001 to the end": craft(entry_a(), entry_b(dims=[64], len_tensor=64)),
    "APR-D001 empty at the end": craft(entry_a(), entry_b(dims=[0], len_tensor=0, ofs_tensor=128)),
    "APR-D002 empty": craft(entry_a(), entry_b(dims=[0, 3], len_tensor=0)),
    "APR-D003 adjacent": craft(entry_a(), entry_b(ofs_tensor=8), tensor_data=bytes(72)),
    "APR-D003 empty inside another": craft(
        entry_a(), entry_b(dims=[0], len_tensor=0, ofs_tensor=4), tensor_data=bytes(64)
    ),
    "APR-D003 in another order": craft(entry_a(ofs_tensor=64), entry_b(ofs_tensor=0)),
    "APR-D004 without footer": file()[: SIZE - 4],
}


@pytest.mark.parametrize("raw", TWINS.values(), ids=TWINS)
def test_just_not_an_error(raw: bytes) -> None:
    assert errors_of(raw) == []


@pytest.mark.parametrize("offset", [133, 2**63 - 1, 2**63, 2**64 - 1])
def test_an_offset_beyond_the_file_leaves_no_room_for_a_size(offset: int) -> None:
    faults = errors_of(craft(entry_a(), entry_b(ofs_tensor=offset)))
    assert [(fault.rule, fault.field, fault.span) for fault in faults] == [
        ("APR-D001", in_1("ofs_tensor"), at("ofs_tensor")),
        ("APR-D001", in_1("len_tensor"), at("len_tensor")),
    ]
    assert (faults[0].expected, faults[0].found) == ("0 to 132", str(offset))


@pytest.mark.parametrize("size", [2**63 - 1, 2**63, 2**64 - 1])
def test_a_size_never_wraps(size: int) -> None:
    rules = [fault.rule for fault in errors_of(craft(entry_a(), entry_b(len_tensor=size)))]
    assert rules == ["APR-D001", "APR-D002"]


def test_rows_of_blocks_may_be_padded_and_nothing_else() -> None:
    def judged(nbytes: int) -> list[Fault]:
        entry = entry_a(dtype=12, dims=[2, 100], len_tensor=nbytes)
        return errors_of(craft(entry, tensor_data=bytes(-nbytes % 64 + nbytes)))

    assert judged(144) == judged(288) == []
    [fault] = judged(432)
    assert (fault.rule, fault.expected, fault.found) == ("APR-D002", "144 or 288 bytes", "432 bytes")


@pytest.mark.parametrize(
    ("dtype", "dims", "right", "wrong"),
    [
        (0, [2, 3], 24, 20),
        (1, [5], 10, 20),
        (3, [3], 24, 12),
        (128, [33], 36, 18),
        (128, [32], 18, 32),
        (129, [10], 14, 10),
        (129, [0], 0, 1),
        (129, [0], 4, 3),
        (14, [257], 420, 210),
        (0, [], 4, 0),
    ],
)
def test_sizes_follow_from_type_and_shape(dtype: int, dims: list[int], right: int, wrong: int) -> None:
    def judged(nbytes: int) -> list[str | None]:
        entry = entry_a(dtype=dtype, dims=dims, len_tensor=nbytes)
        return [fault.rule for fault in errors_of(craft(entry, tensor_data=bytes(-nbytes % 64 + nbytes)))]

    assert judged(right) == []
    assert judged(wrong) == ["APR-D002"]


def test_a_size_too_large_to_print_is_still_a_message() -> None:
    [fault] = errors_of(craft(entry_a(dims=[2**64 - 1] * 255), tensor_data=bytes(64)))
    assert (fault.rule, fault.expected) == ("APR-D002", "at least 2^16321 bytes")


def test_each_overlap_names_the_tensor_that_reaches_furthest() -> None:
    entries = [
        entry_a(name=b"a", dtype=7, dims=[100], len_tensor=100),
        entry_a(name=b"b", dtype=7, dims=[10], len_tensor=10, ofs_tensor=64),
        entry_a(name=b"c", dtype=7, dims=[10], len_tensor=10, ofs_tensor=80),
    ]
    report = report_of(craft(*entries, tensor_data=bytes(144)))
    assert [(finding.tensor, finding.message) for finding in report.errors] == [
        ("b", "the data overlaps that of 'a'"),
        ("c", "the data overlaps that of 'a'"),
    ]


def test_an_offset_off_the_grid_is_a_warning() -> None:
    raw = craft(entry_a(), entry_b(ofs_tensor=65), tensor_data=bytes(129))
    assert errors_of(raw) == []
    assert findings_of(raw) == [
        ("APR-D005", in_1("ofs_tensor"), at("ofs_tensor"), "a multiple of 64", "65"),
    ]
