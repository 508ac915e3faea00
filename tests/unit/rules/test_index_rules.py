"""The index: each error rule by one file that breaks only it, beside one that just does not."""

from __future__ import annotations

import pytest
from tests.unit.rules.crafting import (
    Fault,
    at,
    craft,
    entry_a,
    entry_b,
    errors_of,
    file,
    findings_of,
    in_1,
)

SORTED = "a name behind the previous one in the order of bytes"


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
}


@pytest.mark.parametrize("raw", TWINS.values(), ids=TWINS)
def test_just_not_an_error(raw: bytes) -> None:
    assert errors_of(raw) == []


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
