"""The error tree. Every error this package raises on purpose is an `AprError`; `OSError` passes untouched.

A message says what was expected, what was found, and where: section, absolute byte span, tensor.
"""

from __future__ import annotations

__all__ = [
    "AprError",
    "FormatError",
    "LimitExceededError",
    "RequestError",
    "TruncatedError",
    "UnsupportedError",
]


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
            parts.append(f"tensor {self.tensor!a}")
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
