"""Metadata: each error rule by one file that breaks only it, beside one that just does not."""

from __future__ import annotations

import pytest
from tests.unit.rules.crafting import Fault, craft, errors_of, findings_of, report_of


def with_metadata(raw: bytes) -> bytes:
    return craft(metadata=raw)


def nested(levels: int) -> bytes:
    """An object of this many levels, itself included."""
    return b'{"a":' + b"[" * (levels - 1) + b"]" * (levels - 1) + b"}"


ERRORS = [
    (b'{"a":"\xff"}', "APR-M002", (70, 71)),
    (b"\xef\xbb\xbf{}", "APR-M003", (64, 67)),
    (b'{"a":1,}', "APR-M003", (71, 72)),
    (b'{"a":NaN}', "APR-M003", (69, 72)),
    (b'{"a":1e999}', "APR-M003", (69, 74)),
    (rb'{"a":"\ud800"}', "APR-M003", (70, 76)),
    (b'{"a":"\x01"}', "APR-M003", (70, 71)),
    (b"{}x", "APR-M003", (66, 67)),
    (b"[1]", "APR-M004", (64, 67)),
    (nested(128), "APR-M005", None),
    (b'{"hidden_size":4096.0}', "APR-M006", (79, 85)),
    (b'{"hidden_size":-1}', "APR-M006", (79, 81)),
    (b'{"hidden_size":18446744073709551616}', "APR-M006", (79, 99)),
    (b'{"license":5}', "APR-M006", (75, 76)),
    (b'{"model_type":null}', "APR-M006", (78, 82)),
    (b'{"quantization":{"quant_type":"q4","symmetric":true}}', "APR-M006", (80, 116)),
]


@pytest.mark.parametrize(("raw", "rule", "span"), ERRORS)
def test_one_error_and_no_other(raw: bytes, rule: str, span: tuple[int, int] | None) -> None:
    [said] = errors_of(with_metadata(raw))
    assert said.rule == rule
    assert span is None or said.span == span
    assert said.expected
    assert said.found
    assert said.field is not None
    assert said.field.startswith("metadata")


@pytest.mark.parametrize(
    "raw",
    [
        b"{}",
        b" {}\n",
        b'{"a":"\xc3\xbf"}',
        b'{"a":1}',
        rb'{"a":"\ud83d\ude00"}',
        b'{"a":1e308}',
        nested(127),
        b'{"hidden_size":18446744073709551615}',
        b'{"license":null}',
        b'{"quantization":{"quant_type":"q4","bits":4,"symmetric":true,"other":1}}',
        b'{"unknown":4096.5}',
    ],
)
def test_just_not_an_error(raw: bytes) -> None:
    assert findings_of(with_metadata(raw)) == []


def test_every_wrong_type_is_reported() -> None:
    faults = errors_of(with_metadata(b'{"vocab_size":"many","license":5,"name":null}'))
    assert faults == [
        Fault("APR-M006", "metadata.license", (95, 96), "a string or null", "'5'"),
        Fault("APR-M006", "metadata.vocab_size", (78, 84), "an unsigned integer of 64 bits or null", "'\"many\"'"),
    ]


def test_types_are_not_judged_in_what_is_not_json() -> None:
    report = report_of(with_metadata(b'{"license":5,}'))
    assert {finding.rule for finding in report.errors} == {"APR-M003"}
    assert "APR-M006" in report.rules_skipped


ODD = [
    (b'{"a":%d}' % (10**299), [Fault("APR-M009", "metadata.a", (69, 369), "an integer of 64 bits", str(10**299))]),
    (b'{"a":-9223372036854775809}', [("APR-M009", "metadata.a", (69, 89), "an integer of 64 bits", str(-(2**63) - 1))]),
    (
        b'{"a":[{"b c":18446744073709551616}]}',
        [("APR-M009", "metadata.a[0].b c", (77, 97), "an integer of 64 bits", str(2**64))],
    ),
    # Of duplicates the last one counts, so a wrong type before it is none.
    (
        b'{"license":5,"license":"MIT"}',
        [("APR-M008", "metadata.license", (65, 74), "a key of its own", "another one @0x4d..0x56, which overrides it")],
    ),
    (
        rb'{"x":{"a":1,"\u0061":2,"a":3}}',
        [
            ("APR-M008", "metadata.x.a", (70, 73), "a key of its own", "another one @0x4c..0x54, which overrides it"),
            ("APR-M008", "metadata.x.a", (76, 84), "a key of its own", "another one @0x57..0x5a, which overrides it"),
        ],
    ),
]


@pytest.mark.parametrize(("raw", "said"), ODD)
def test_what_parsers_disagree_about_is_a_warning(raw: bytes, said: list[tuple[object, ...]]) -> None:
    assert findings_of(with_metadata(raw)) == said
    assert errors_of(with_metadata(raw)) == []


def test_a_path_stays_short_however_long_the_keys_are() -> None:
    raw = b'{"%s":{%s}}' % (b"k" * 100_000, b",".join([b'"a":1'] * 1000))
    found = findings_of(with_metadata(raw))
    assert len(found) == 999
    assert {said.field for said in found} == {f"metadata.{'k' * 100}….a"}


def test_what_is_not_json_is_judged_no_further() -> None:
    report = report_of(with_metadata(b'{"a":1,"a":18446744073709551616'))
    assert [finding.rule for finding in report.findings] == ["APR-M003"]
    assert {"APR-M004", "APR-M006", "APR-M008", "APR-M009", "APR-P002", "APR-H012"} <= set(report.rules_skipped)
    report = report_of(with_metadata(b"[" * 128))
    assert [finding.rule for finding in report.findings] == ["APR-M005"]
    assert {"APR-M003", "APR-M004", "APR-M006"} <= set(report.rules_skipped)
    report = report_of(with_metadata(b'{"a":"\xff"'))
    assert [finding.rule for finding in report.findings] == ["APR-M002"]
    assert {"APR-M005", "APR-M003", "APR-M004"} <= set(report.rules_skipped)
