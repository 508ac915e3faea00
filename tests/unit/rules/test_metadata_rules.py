"""Metadata: each error rule by one file that breaks only it, beside one that just does not."""

from __future__ import annotations

import pytest
from tests.unit.rules.crafting import Fault, craft, errors_of, file, findings_of, opened, report_of

from aprfmt.container import Container
from aprfmt.errors import LimitExceededError
from aprfmt.limits import Limits
from aprfmt.rules import run
from aprfmt.source import BytesSource


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
    [fault] = errors_of(with_metadata(raw))
    assert fault.rule == rule
    assert span is None or fault.span == span
    assert fault.expected
    assert fault.found
    assert fault.field is not None
    assert fault.field.startswith("metadata")


@pytest.mark.parametrize(
    "raw",
    [
        b"{}",
        b" {}\n",
        b'{"a":"\xc3\xbf"}',
        b'{"a":1}',
        rb'{"a":"\ud83d\ude00"}',
        b'{"a":1e308}',
        b'{"a":' + b"1" * 300 + b"}",
        nested(127),
        b'{"hidden_size":18446744073709551615}',
        b'{"license":null}',
        b'{"license":5,"license":"MIT"}',  # of duplicates the last one counts
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


def test_a_limit_is_no_finding() -> None:
    container = Container(BytesSource(file()), limits=Limits(max_metadata_bytes=11))
    with pytest.raises(LimitExceededError, match="max_metadata_bytes"):
        run(container)
    run(opened(file()))
