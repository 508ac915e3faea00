"""Index and data: each error rule by one file that breaks only it, beside one that just does not."""

from __future__ import annotations

import pytest
from tests.unit.rules.crafting import SIZE, Fault, craft, entry_a, entry_b, errors_of, file, findings_of, report_of

ENTRY_1 = 0x80 + 29
SORTED = "a name behind the previous one in the order of bytes"


def at(name: str) -> tuple[int, int]:
    """The span of a field of entry 1, whose name has one byte and which has one dimension."""
    start, nbytes = {
        "len_name": (0, 2),
        "name": (2, 1),
        "dtype": (3, 1),
        "ndim": (4, 1),
        "ofs_tensor": (13, 8),
        "len_tensor": (21, 8),
    }[name]
    return ENTRY_1 + start, ENTRY_1 + start + nbytes


def in_1(name: str) -> str:
    return f"tensor_index.entries[1].{name}"


ERRORS = [
    (
        file(num_tensors=4),
        Fault("APR-I001", "header.num_tensors", (8, 12), "at most 3 entries in 64 bytes", "4 entries"),
    ),
    (file(num_tensors=3), Fault("APR-I001", "tensor_index.entries[2]", (0xBA, 0xBA), "3 entries", "2 whole entries")),
    (craft(entry_a(), entry_b(dtype=2)), Fault("APR-I002", in_1("dtype"), at("dtype"), "an id of the enum dtype", "2")),
    (craft(entry_b(), entry_a()), Fault("APR-I003", in_1("name"), at("name"), SORTED, "b'a'")),
    (craft(entry_a(), entry_b(name=b"a")), Fault("APR-I003", in_1("name"), at("name"), SORTED, "b'a'")),
    (craft(entry_a(), entry_b(name=b"A")), Fault("APR-I003", in_1("name"), at("name"), SORTED, "b'A'")),
    (craft(entry_a(), entry_b(name=b"\xff")), Fault("APR-I005", in_1("name"), at("name"), "UTF-8", r"b'\xff'")),
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
    "APR-I001 fewer than there are": file(num_tensors=1),
    "APR-I001 to the last byte": craft(tensor_index={"entries": [entry_a(), entry_b()], "padding": b""}),
    "APR-I002 highest id": craft(entry_a(), entry_b(dtype=129, len_tensor=7)),
    "APR-I003 next": craft(entry_a(), entry_b(name=b"a\0")),
    "APR-I003 by bytes": craft(entry_a(name=b"\xef\xbf\xbf"), entry_b(name=b"\xf0\x90\x80\x80")),
    "APR-I005 a character of four bytes": craft(entry_a(), entry_b(name="😀".encode())),
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
        ("'b'", "the data overlaps that of 'a'"),
        ("'c'", "the data overlaps that of 'a'"),
    ]


WARNINGS = [
    (
        craft(entry_a(name=b""), entry_b()),
        ("APR-I006", "tensor_index.entries[0].len_name", (0x80, 0x82), "at least 1", "0"),
    ),
    (
        craft(entry_a(name=b"a" * 257)),
        ("APR-I006", "tensor_index.entries[0].len_name", (0x80, 0x82), "at most 256", "257"),
    ),
    (craft(entry_a(dims=[1] * 8 + [2])), ("APR-I007", "tensor_index.entries[0].ndim", (0x84, 0x85), "at most 8", "9")),
    (
        craft(entry_a(), entry_b(dtype=9, len_tensor=7)),
        ("APR-I008", in_1("dtype"), at("dtype"), "129 for apr_q8", "9"),
    ),
    (
        craft(entry_a(), entry_b(dtype=8, len_tensor=18)),
        ("APR-I008", in_1("dtype"), at("dtype"), "128 for apr_q4", "8"),
    ),
    (file(num_tensors=1), ("APR-I009", "tensor_index.padding", (0x9D, 0xB3), "zero bytes", "other bytes")),
    (
        craft(entry_a(), entry_b(ofs_tensor=65), tensor_data=bytes(129)),
        ("APR-D005", in_1("ofs_tensor"), at("ofs_tensor"), "a multiple of 64", "65"),
    ),
]


@pytest.mark.parametrize(("raw", "fault"), WARNINGS, ids=[fault[0] for _, fault in WARNINGS])
def test_a_warning_leaves_the_file_readable(raw: bytes, fault: tuple[object, ...]) -> None:
    assert errors_of(raw) == []
    assert fault in findings_of(raw)


@pytest.mark.parametrize(
    "raw",
    [craft(entry_a(name=b"a" * 256), tensor_data=bytes(64)), craft(entry_a(dims=[1] * 7 + [2]), tensor_data=bytes(64))],
    ids=["256 bytes", "8 dimensions"],
)
def test_what_a_writer_may_just_write_is_not_warned_about(raw: bytes) -> None:
    assert findings_of(raw) == []
