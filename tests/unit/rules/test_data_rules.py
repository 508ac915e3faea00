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
    fault,
    file,
    findings_of,
    in_1,
    opened,
    report_of,
)

from aprfmt.rules import run

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
        Fault("APR-D003", in_1("ofs_tensor"), at("ofs_tensor"), "an offset of at least 8", "7"),
    ),
    (file()[: SIZE - 5], Fault("APR-D004", "tensor_data", (0xC0, SIZE - 5), f"{SIZE - 4} bytes", f"{SIZE - 5} bytes")),
    (file()[:0x103], Fault("APR-D004", "tensor_data", (0xC0, 0x103), f"{SIZE - 4} bytes", f"{0x103} bytes")),
]


@pytest.mark.parametrize(("raw", "said"), ERRORS, ids=lambda value: value.rule if isinstance(value, Fault) else "")
def test_one_error_and_no_other(raw: bytes, said: Fault) -> None:
    assert errors_of(raw) == [said]


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
def test_of_a_tensor_that_begins_beyond_the_file_the_size_says_nothing(offset: int) -> None:
    expected = ("APR-D001", in_1("ofs_tensor"), at("ofs_tensor"), "0 to 132", str(offset))
    assert errors_of(craft(entry_a(), entry_b(ofs_tensor=offset))) == [expected]
    assert errors_of(craft(entry_a(), entry_b(ofs_tensor=offset, len_tensor=2)))[0] == expected


@pytest.mark.parametrize("size", [2**63 - 1, 2**63, 2**64 - 1])
def test_a_size_never_wraps(size: int) -> None:
    rules = [said.rule for said in errors_of(craft(entry_a(), entry_b(len_tensor=size)))]
    assert rules == ["APR-D001", "APR-D002"]


def test_rows_of_blocks_may_be_padded_and_nothing_else() -> None:
    def judged(nbytes: int) -> list[Fault]:
        entry = entry_a(dtype=12, dims=[2, 100], len_tensor=nbytes)
        return errors_of(craft(entry, tensor_data=bytes(-nbytes % 64 + nbytes)))

    assert judged(144) == judged(288) == []
    [said] = judged(432)
    assert (said.rule, said.expected, said.found) == ("APR-D002", "144 or 288 bytes", "432 bytes")


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
        return [said.rule for said in errors_of(craft(entry, tensor_data=bytes(-nbytes % 64 + nbytes)))]

    assert judged(right) == []
    assert judged(wrong) == ["APR-D002"]


def test_a_size_too_large_to_print_is_still_a_message() -> None:
    [said] = errors_of(craft(entry_a(dims=[2**64 - 1] * 255), tensor_data=bytes(64)))
    assert (said.rule, said.expected) == ("APR-D002", "at least 2^16321 bytes")


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


def test_a_message_about_another_tensor_stays_short() -> None:
    raw = craft(entry_a(name=b"\xff" * 60_000), entry_b(name=b"\xff" * 60_001, ofs_tensor=0), tensor_data=bytes(64))
    [finding] = [finding for finding in report_of(raw).errors if finding.rule == "APR-D003"]
    assert len(finding.message) < 1000


def test_an_offset_off_the_grid_is_a_warning() -> None:
    raw = craft(entry_a(), entry_b(ofs_tensor=65), tensor_data=bytes(129))
    assert errors_of(raw) == []
    assert findings_of(raw) == [
        ("APR-D005", in_1("ofs_tensor"), at("ofs_tensor"), "a multiple of 64", "65"),
    ]


def bytes_of(raw: bytes) -> list[Fault]:
    """What is found about bytes of the data section that belong to no tensor."""
    return [fault(finding) for finding in run(opened(raw), select=["APR-D006", "APR-D007"], read_data=True).findings]


def section(*nonzero: int, size: int = 128) -> bytes:
    raw = bytearray(size)
    for at_byte in nonzero:
        raw[at_byte] = 1
    return bytes(raw)


def residue(start: int, last: int) -> Fault:
    """The fault of a stretch from `start` on whose last byte that is not zero is `last`."""
    return Fault("APR-D006", "tensor_data", (start, last + 1), "zero bytes", f"other bytes, the last one @{last:#x}")


def test_only_bytes_of_no_tensor_have_to_be_zero() -> None:
    inside = [*range(8), *range(64, 67)]
    assert bytes_of(craft(tensor_data=section(*inside))) == []
    for at_byte in sorted(set(range(128)) - set(inside)):
        start = 0xC0 + (8 if at_byte < 64 else 67)
        assert bytes_of(craft(tensor_data=section(at_byte))) == [residue(start, 0xC0 + at_byte)]


def test_each_stretch_of_filler_that_is_not_zero_is_reported() -> None:
    assert bytes_of(craft(tensor_data=section(8, 9, 20, 100))) == [
        residue(0xC8, 0xC0 + 20),
        residue(0xC0 + 67, 0xC0 + 100),
    ]


def test_filler_is_looked_at_without_a_footer_too() -> None:
    raw = craft(tensor_data=section(8), footer=None)
    assert bytes_of(raw) == [residue(0xC8, 0xC8)]


def test_as_many_bytes_as_the_grid_takes_are_a_gap() -> None:
    def judged(ofs_tensor: int) -> list[Fault]:
        entry = entry_b(ofs_tensor=ofs_tensor)
        return bytes_of(craft(entry_a(), entry, tensor_data=bytes(ofs_tensor + 64)))

    assert judged(64) == judged(71) == []
    assert judged(72) == [("APR-D007", "tensor_data", (0xC8, 0x108), "a tensor", "64 bytes of none")]
    assert judged(128) == [("APR-D007", "tensor_data", (0xC8, 0x140), "a tensor", "120 bytes of none")]


def test_a_gap_before_the_first_tensor_is_one_too() -> None:
    raw = craft(entry_a(ofs_tensor=64), entry_b(ofs_tensor=128), tensor_data=bytes(192))
    assert bytes_of(raw) == [("APR-D007", "tensor_data", (0xC0, 0x100), "a tensor", "64 bytes of none")]


def order_of(*entries: dict[str, object]) -> list[tuple[str | None, str | None]]:
    raw = craft(*entries, tensor_data=bytes(256))
    found = run(opened(raw), select=["APR-D008"]).findings
    return [(finding.tensor, finding.expected) for finding in found]


def test_data_in_another_order_than_the_index() -> None:
    first, second, third = (entry_a(name=name, dims=[1], len_tensor=4) for name in (b"a", b"b", b"c"))
    assert order_of({**first, "ofs_tensor": 0}, {**second, "ofs_tensor": 64}, {**third, "ofs_tensor": 128}) == []
    assert order_of({**first, "ofs_tensor": 64}, {**second, "ofs_tensor": 0}, {**third, "ofs_tensor": 128}) == [
        ("b", "an offset of at least 68")
    ]
    assert order_of({**first, "ofs_tensor": 128}, {**second, "ofs_tensor": 64}, {**third, "ofs_tensor": 0}) == [
        ("b", "an offset of at least 132"),
        ("c", "an offset of at least 68"),
    ]


def test_an_empty_tensor_lies_behind_the_one_before_it() -> None:
    empty = entry_b(dims=[0], len_tensor=0)
    assert order_of(entry_a(), {**empty, "ofs_tensor": 8}) == []
    assert order_of(entry_a(), {**empty, "ofs_tensor": 64}) == []
    assert order_of(entry_a(), {**empty, "ofs_tensor": 4}) == [("b", "an offset of at least 8")]
    assert order_of(entry_a(dims=[0], len_tensor=0, ofs_tensor=64), {**empty, "ofs_tensor": 0}) == [
        ("b", "an offset of at least 64")
    ]


def test_overlapping_data_is_in_order() -> None:
    assert order_of(entry_a(), entry_b(ofs_tensor=4)) == []


def test_a_cut_file_says_how_much_of_it_there_is() -> None:
    [finding] = report_of(file()[:0xC4]).errors[:1]
    assert finding.rule == "APR-D001"
    assert finding.message == (
        "the data of the tensor lies outside the file, which has 196 of the 320 bytes that its index needs"
    )


def test_data_out_of_order_is_told_by_both_offsets() -> None:
    raw = craft(entry_a(ofs_tensor=64), entry_b(ofs_tensor=0))
    [said] = [item for item in findings_of(raw) if item.rule == "APR-D008"]
    assert said == Fault("APR-D008", in_1("ofs_tensor"), at("ofs_tensor"), "an offset of at least 72", "0")
