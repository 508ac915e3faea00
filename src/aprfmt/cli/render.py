"""Values → text and JSON. The only place that prints.

Names and metadata come from strangers: everything goes through `escape` (text) or ASCII-only JSON before it reaches a
terminal.
"""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..errors import AprError
    from ..rules import Finding

__all__ = [
    "escape",
    "fail",
    "finding_json",
    "findings",
    "json_object",
    "line",
    "note",
    "os_error_text",
    "prepare_streams",
    "size",
    "table",
]

# Cc control, Cf format (bidirectional overrides, zero-width), Cs lone surrogates, Zl and Zp line separators
_UNSAFE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def escape(text: object) -> str:
    """The text with everything that could move a cursor, colour a terminal or reverse a line made visible."""
    return "".join(
        character if unicodedata.category(character) not in _UNSAFE else _escaped(character) for character in str(text)
    )


def _escaped(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that was not UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def prepare_streams() -> None:
    """Make every character printable whatever the locale: what it cannot encode is shown as an escape."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def line(text: str = "") -> None:
    """One line of data on stdout; the caller has escaped what comes from a file."""
    print(text)


def note(text: str) -> None:
    """One line of talk on stderr, escaped."""
    print(f"aprfmt: {escape(text)}", file=sys.stderr)


def json_object(value: Mapping[str, Any]) -> None:
    """One JSON object on stdout, in ASCII, so that no byte of a file reaches the terminal raw."""
    print(json.dumps(value, indent=2, ensure_ascii=True))


def os_error_text(error: OSError) -> str:
    """`name: reason`, as the system gives them."""
    reason = error.strerror or str(error)
    return reason if error.filename is None else f"{error.filename}: {reason}"


def fail(
    message: str,
    kind: str,
    code: int,
    *,
    as_json: bool,
    usage: str | None = None,
    error: AprError | None = None,
) -> int:
    """Report an error, on stderr or as `{"error": …}` on stdout; returns the exit code."""
    if as_json:
        details: dict[str, Any] = {"kind": kind, "message": message, "exit_code": code}
        for name in ("rule_id", "field", "expected", "found", "tensor"):
            details[name] = getattr(error, name, None)
        span = getattr(error, "span", None)
        details["start"], details["end"] = span if span is not None else (None, None)
        json_object({"error": details})
    else:
        if usage is not None:
            print(usage, file=sys.stderr)
        print(f"error: {escape(message)}", file=sys.stderr)
    return code


def findings(items: Iterable[Finding], *, verbose: bool) -> None:
    """Faults on stderr, a line each; warnings and infos only when asked for."""
    for item in items:
        if verbose or item.severity == "error":
            where = f"{item.field} @{item.span[0]:#x}..{item.span[1]:#x}"
            text = f"{item.message}: expected {item.expected}, found {item.found}; {where}"
            if item.tensor is not None:
                text += f"; tensor {item.tensor}"
            print(f"{item.severity}: {escape(text)} [{item.rule}]", file=sys.stderr)


def finding_json(item: Finding) -> dict[str, Any]:
    """A finding as JSON."""
    return {
        "rule": item.rule,
        "severity": str(item.severity),
        "field": item.field,
        "start": item.span[0],
        "end": item.span[1],
        "message": item.message,
        "expected": item.expected,
        "found": item.found,
        "tensor": item.tensor,
    }


def first_error_json(items: Sequence[Finding], code: int) -> dict[str, Any]:
    """The first error among findings in the shape that error paths have."""
    first = next(item for item in items if item.severity == "error")
    details = finding_json(first)
    details["rule_id"] = details.pop("rule")
    return {"kind": "format", "exit_code": code, **details}


def size(nbytes: int) -> str:
    """A size for people."""
    value = float(nbytes)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} TiB"


def table(rows: Sequence[Sequence[str]], right: Iterable[int] = ()) -> None:
    """Columns separated by two spaces; those in `right` are aligned to the right. Cells are escaped here."""
    cells = [[escape(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    to_right = set(right)
    for row in cells:
        padded = [
            cell.rjust(width) if at in to_right else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("  ".join(padded).rstrip())
