"""Results as `validate` has them, made by hand."""

from __future__ import annotations

import signal
from typing import Any

from aprfmt.cli.exits import FILE, Failure
from aprfmt.cli.reports import Judged, Result, Unreadable
from aprfmt.cli.signals import SignalledError
from aprfmt.rules import Finding, Report, Severity

__all__ = ["HOSTILE", "finding", "interrupted", "judged", "results", "unreadable"]

HOSTILE = {
    "colour": "\x1b[31mred\x1b[0m",
    "one-byte CSI": "\x9b31m",
    "lines": "a\nb\r\nc\u2028d\x85e",
    "null": "a\0b",
    "noncharacters": "\ufffe\uffff\U0010ffff",
    "lone surrogates": "\ud800x\udcff",
    "right to left": "a\u202eb",
    "end of CDATA": "]]><x a='1' b=\"2\">&amp;<!-- -->",
    "doctype": '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>&e;',
    "workflow command": "x\n::error file=y::z\n::stop-commands::t",
    "workflow command at the start": "::set-output name=a::b",
    "properties": "a,line=1:2%0A%25",
    "bars": "a|b||c\\|d",
    "backticks": "`` ` ```x` `",
    "only spaces": "  ",
    "spaces around": " x ",
    "a heading": "# x\n- y\n> z",
    "links": "[x](javascript:alert(1)) ![y](//z) @everyone https://example.com www.example.com",
    "references": "overlaps that of 'GH-1' and 2f7c1d9e0a deadbeefdeadbeef user",
    "markup": "<script>alert(1)</script> *b* _i_ ~~s~~",
    "places of arguments": "{0} {1} %s ${{ secrets.X }}",
    "empty": "",
    "long": "é\x1b" * 20_000,
}


def finding(rule: str = "APR-D002", severity: Severity = Severity.ERROR, **other: Any) -> Finding:
    said = {
        "message": "the size of the data does not fit element type and shape",
        "field": "tensor_index.entries[0].len_tensor",
        "span": (0x95, 0x9D),
        "expected": "8 bytes",
        "found": "7 bytes",
        "tensor": "a",
        **other,
    }
    return Finding(rule, severity, **said)


def judged(
    *findings: Finding,
    file: str = "model.apr",
    run: tuple[str, ...] = ("APR-H001", "APR-H006", "APR-D002", "APR-D005", "APR-F003"),
    skipped: tuple[str, ...] = (),
    not_kept: dict[str, int] | None = None,
) -> Judged:
    return Judged(file, Report(findings, run, skipped, not_kept or {}))


def unreadable(file: str = "gone.apr") -> Unreadable:
    return Unreadable(file, Failure("file", f"{file}: No such file or directory", FILE, file))


def interrupted(file: str = "big.apr") -> Unreadable:
    return Unreadable(file, Failure.of_signal(SignalledError(signal.SIGINT), file))


def results() -> list[Result]:
    """One of everything: clean, with a warning and an info, with errors of which most are not kept, not there."""
    warning = finding(
        "APR-D005",
        Severity.WARNING,
        message="the data of the tensor is off the 64-byte grid",
        field="tensor_index.entries[1].ofs_tensor",
        span=(0xAA, 0xB2),
        expected="a multiple of 64",
        found="65",
        tensor="b\n\x1b[2J",
    )
    info = finding(
        "APR-F003",
        Severity.INFO,
        message="the file has no footer",
        field="footer",
        span=(0x140, 0x140),
        expected="",
        found="",
        tensor=None,
    )
    outside = finding(
        "APR-D001",
        message="the data of the tensor lies outside of the file",
        field="tensor_index.entries[7].ofs_tensor",
        span=(0x1C0, 0x1C8),
        expected="at most 256",
        found="4096",
        tensor="caf\u00e9 \udcff",
    )
    checksum = finding(
        "APR-H006",
        message="the header checksum does not match the header",
        field="header.checksum",
        span=(0x28, 0x2C),
        expected="0x12345678",
        found="0x12345679",
        tensor=None,
    )
    sizes = [finding(tensor=f"layers.{number}.w") for number in range(7)]
    return [
        judged(file="clean.apr"),
        judged(info, warning, file="models/a|b, c: d.apr"),
        judged(
            *sizes,
            outside,
            checksum,
            file="/models/100 %/broken.apr",
            run=("APR-H001", "APR-H006", "APR-D001", "APR-D002"),
            skipped=("APR-D004", "APR-F003"),
            not_kept={"APR-D002": 40},
        ),
        unreadable(),
    ]
