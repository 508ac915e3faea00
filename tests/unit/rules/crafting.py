"""One small file without an error, made to be broken in one place at a time.

0x00  header                    0x80  entry 0 `a`, F32 [2]: 29 bytes
0x40  metadata, 12 bytes        0x9d  entry 1 `b`, U8 [3]: 29 bytes, then 6 of filler
0x4c  filler                    0xc0  data of `a`, 8 bytes; 0x100 data of `b`, 3 bytes; 0x140 footer
"""

from __future__ import annotations

from typing import Any, NamedTuple

from aprfmt import build
from aprfmt.container import Container
from aprfmt.errors import FormatError
from aprfmt.rules import Finding, Report, run
from aprfmt.source import BytesSource

__all__ = [
    "QUIET",
    "SIZE",
    "Fault",
    "craft",
    "entry_a",
    "entry_b",
    "errors_of",
    "fault",
    "file",
    "findings_of",
    "lenient",
    "opened",
    "report_of",
]

SIZE = 0x144
QUIET = ("APR-P001", "APR-I010")
"""Rules that the file breaks as it is, and that no other rule needs: it says nothing of its origin, and holds a U8."""


class Fault(NamedTuple):
    """What a finding, or an error, says."""

    rule: str | None
    field: str | None
    span: tuple[int, int] | None
    expected: str | None
    found: str | None


def entry_a(**fields: Any) -> dict[str, Any]:
    return {"name": b"a", "dtype": 0, "dims": [2], "ofs_tensor": 0, "len_tensor": 8, **fields}


def entry_b(**fields: Any) -> dict[str, Any]:
    return {"name": b"b", "dtype": 7, "dims": [3], "ofs_tensor": 64, "len_tensor": 3, **fields}


def craft(*entries: dict[str, Any], header: dict[str, Any] | None = None, **sections: Any) -> bytes:
    """The file with other entries, header fields or sections; counts, places and checksums follow unless given."""
    return build(
        {
            "header": header or {},
            "metadata": b'{"name":"m"}',
            "tensor_index": {"entries": list(entries or (entry_a(), entry_b()))},
            "tensor_data": bytes(128),
            **sections,
        }
    )


def file(**header: Any) -> bytes:
    """The file with other header fields."""
    return craft(header=header)


def opened(raw: bytes) -> Container:
    return Container(BytesSource(raw))


def lenient(raw: bytes) -> Container:
    """The container of any bytes."""
    return Container(BytesSource(raw), lenient=True)


def report_of(raw: bytes) -> Report:
    """What the head of the file is found to be, without `QUIET`."""
    return run(lenient(raw), ignore=QUIET)


def fault(said: Finding | FormatError) -> Fault:
    rule = said.rule if isinstance(said, Finding) else said.rule_id
    return Fault(rule, said.field, said.span, said.expected, said.found)


def errors_of(raw: bytes) -> list[Fault]:
    """The faults of severity error."""
    return [fault(finding) for finding in report_of(raw).errors]


def findings_of(raw: bytes) -> list[Fault]:
    """All findings but those of `QUIET`, warnings and infos included."""
    return [fault(finding) for finding in report_of(raw).findings]


NO_TENSORS: dict[str, Any] = {"tensor_index": {"entries": []}, "tensor_data": b""}
ENTRY_1 = 0x80 + 29


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
