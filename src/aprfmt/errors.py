"""The error tree. Every error this package raises on purpose is an `AprError`; `OSError` passes untouched.

A message says what was expected, what was found, and where: section, absolute byte span, tensor.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

__all__ = [
    "AprError",
    "FormatError",
    "LimitExceededError",
    "RequestError",
    "TruncatedError",
    "UnsupportedError",
    "is_text",
    "printable",
    "quoted",
    "readable",
]

# Cc control, Cf format (bidirectional overrides, zero-width), Cs lone surrogates, Co and Cn nobody knows what, Zl and
# Zp line separators
_UNSAFE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
# In the `repr` of a text: a backslash of its own, or a byte that was not UTF-8.
_ESCAPE = re.compile(r"\\\\|\\udc([89a-f][0-9a-f])")


def printable(text: str) -> str:
    """The text with everything that could move a cursor, colour a terminal or reverse a line made visible.

    A byte that is not UTF-8, which a name holds as a lone surrogate, is shown as `\\xNN`.
    """
    if text.isprintable():
        return text
    return "".join(
        character if unicodedata.category(character) not in _UNSAFE else _escaped(character) for character in text
    )


def _escaped(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that was not UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def is_text(text: str) -> bool:
    """Whether strict readers of JSON take a string: there is no lone surrogate in it."""
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def readable(value: Any) -> Any:
    """A value of JSON with the strings that strict readers refuse made printable, keys included."""
    if isinstance(value, str):
        return value if is_text(value) else printable(value)
    if isinstance(value, Mapping):
        return {readable(key): readable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [readable(item) for item in value]
    return value


def quoted(name: str, longest: int | None = None) -> str:
    """The name of a tensor for a message: printable, in quotes that nothing in it can close, cut when it is longer."""
    if longest is not None and len(name) > longest:
        return f"{quoted(name[:longest])}…"
    return _ESCAPE.sub(lambda match: match[0] if match[1] is None else f"\\x{match[1]}", repr(name))


class AprError(Exception):
    """Base of every error that aprfmt raises on purpose."""


class _PlacedError(AprError):
    """An error about a place in a file.

    `span` counts bytes from the start of the file, end exclusive; `field` is the path in the specification
    (`header.checksum`, `tensor_index.entries[3].name`); `rule_id` names the rule that is broken.
    """

    def __init__(
        self,
        message: str,
        *,
        rule_id: str | None = None,
        field: str | None = None,
        span: tuple[int, int] | None = None,
        expected: str | None = None,
        found: str | None = None,
        tensor: str | None = None,
    ) -> None:
        self.message = message
        self.rule_id = rule_id
        self.field = field
        self.span = span
        self.expected = expected
        self.found = found
        self.tensor = tensor
        super().__init__(self._text())

    def _text(self) -> str:
        parts = [self.message]
        if self.expected is not None or self.found is not None:
            parts.append(f"expected {self.expected}, found {self.found}")
        if self.field is not None:
            where = self.field
            if self.span is not None:
                where += f" @{self.span[0]:#x}..{self.span[1]:#x}"
            parts.append(where)
        if self.tensor is not None:
            parts.append(f"tensor {quoted(self.tensor)}")
        text = "; ".join(parts)
        return f"{text} [{self.rule_id}]" if self.rule_id else text

    @property
    def section(self) -> str | None:
        """The section of the container the field belongs to: the first step of its path."""
        return None if self.field is None else self.field.partition(".")[0].partition("[")[0]


class FormatError(_PlacedError, ValueError):
    """The bytes are not what the format says; the message says where."""


class TruncatedError(FormatError):
    """The bytes end before the format says they do."""


class UnsupportedError(AprError):
    """The file may be right, but it is of a kind that this package does not read (APR v1, GGUF …)."""


class LimitExceededError(_PlacedError):
    """Refused by `Limits` before anything was allocated; `expected` names the limit."""

    def __init__(
        self,
        message: str,
        *,
        field: str | None = None,
        span: tuple[int, int] | None = None,
        expected: str | None = None,
        found: str | None = None,
    ) -> None:
        super().__init__(message, rule_id="APR-L001", field=field, span=span, expected=expected, found=found)


class RequestError(AprError, ValueError):
    """The caller asks for something that cannot be done: an empty patch, an output that exists …"""
