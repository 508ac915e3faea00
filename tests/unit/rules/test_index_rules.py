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
    fault,
    file,
    findings_of,
    in_1,
    opened,
    report_of,
)

from aprfmt.layout import DType
from aprfmt.rules import run

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
    (
        craft(entry_a(), entry_b(name=b"b\xe2\x82c")),
        Fault("APR-I005", in_1("name"), (0xA0, 0xA2), "UTF-8", r"b'\xe2\x82'"),
    ),
]


@pytest.mark.parametrize(("raw", "said"), ERRORS, ids=lambda value: value.rule if isinstance(value, Fault) else "")
def test_one_error_and_no_other(raw: bytes, said: Fault) -> None:
    assert errors_of(raw) == [said]


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
    (
        craft(entry_a(name=b"\0\x1b[31m\x7f\xc2\x85\0")),
        (
            "APR-I011",
            "tensor_index.entries[0].name",
            (0x82, 0x8C),
            "no control characters",
            r"'\x00\x1b\x7f\x85'",
        ),
    ),
    (file(num_tensors=1), ("APR-I012", "header.num_tensors", (8, 12), "2", "1")),
]


@pytest.mark.parametrize(("raw", "said"), WARNINGS, ids=[said[0] for _, said in WARNINGS])
def test_a_warning_leaves_the_file_readable(raw: bytes, said: tuple[object, ...]) -> None:
    assert errors_of(raw) == []
    assert said in findings_of(raw)


@pytest.mark.parametrize(
    "raw",
    [craft(entry_a(name=b"a" * 256), tensor_data=bytes(64)), craft(entry_a(dims=[1] * 7 + [2]), tensor_data=bytes(64))],
    ids=["256 bytes", "8 dimensions"],
)
def test_what_a_writer_may_just_write_is_not_warned_about(raw: bytes) -> None:
    assert findings_of(raw) == []


GGML = {3: "f64 here and q4_1", 6: "i8 here and q5_0", 7: "u8 here and q5_1"}


@pytest.mark.parametrize("dtype", DType, ids=lambda dtype: dtype.name)
def test_ids_that_mean_another_type_in_ggml_are_warned_about(dtype: DType) -> None:
    raw = craft(entry_a(dtype=int(dtype), dims=[0], len_tensor=0), tensor_data=b"")
    found = [fault(finding) for finding in run(opened(raw), select=["APR-I010"]).findings]
    field, same = "tensor_index.entries[0].dtype", "an id that means the same everywhere"
    text = f"{int(dtype)}, which is {GGML.get(dtype)} in GGML"
    assert found == ([("APR-I010", field, (0x83, 0x84), same, text)] if dtype in GGML else [])


def test_a_name_without_control_characters_may_hold_anything_else() -> None:
    names = ("\u200d", "\u202e", "a b", "\u2028", "e\u0301", "\ue000")
    for name in names:
        raw = craft(entry_a(name=name.encode()), tensor_data=bytes(64))
        assert findings_of(raw) == [], ascii(name)


def test_entries_behind_the_count_are_counted_and_the_rest_is_filler() -> None:
    """Three entries of which the header counts one, then bytes that are no entry."""
    entries = [entry_a(), entry_b(ofs_tensor=0, len_tensor=0, dims=[0]), entry_b(name=b"c", dims=[0], len_tensor=0)]
    index = {"entries": entries, "padding": b"\0\0\0x".ljust(99, b"\0")}
    raw = craft(header={"num_tensors": 1}, tensor_index=index, tensor_data=bytes(64))
    end = 0x80 + 3 * 29
    assert [said for said in findings_of(raw) if str(said.rule).startswith("APR-I")] == [
        ("APR-I009", "tensor_index.padding", (end, end + 4), "zero bytes", f"other bytes, the last one @{end + 3:#x}"),
        ("APR-I012", "header.num_tensors", (8, 12), "3", "1"),
    ]


def test_what_the_head_alone_cannot_judge_is_skipped_with_the_index() -> None:
    report = report_of(file(num_tensors=4))
    skipped = set(report.rules_skipped)
    assert [finding.rule for finding in report.findings] == ["APR-I001"]
    assert {"APR-H009", "APR-S006"} <= skipped
    assert {rule for rule in skipped if rule.startswith("APR-I")} == {
        f"APR-I{number:03}" for number in (2, 3, 5, 6, 7, 8, 9, 11, 12)
    }


def test_control_characters_are_found_in_any_name() -> None:
    raw = craft(entry_a(), entry_b(name=b"b\x01"), entry_b(name=b"c", ofs_tensor=128), tensor_data=bytes(192))
    [said] = findings_of(raw)
    assert (said.rule, said.field) == ("APR-I011", "tensor_index.entries[1].name")
