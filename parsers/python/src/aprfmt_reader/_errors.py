"""The errors: `FormatError` when the file is wrong, `RequestError` when the caller is. `OSError` passes untouched."""

from __future__ import annotations

from ._generated.facts import RULES

__all__ = ["AprError", "FormatError", "RequestError", "UnknownTensorError", "printable"]

_LONGEST = 80
"""Characters of a text from the file that a message shows."""


class AprError(Exception):
    """Base of every error that this package raises on purpose."""


class FormatError(AprError, ValueError):
    """The file is not a valid APR v2 file, or (APR-L001) asks for more than the limits allow.

    `rule_id` is the rule that is broken, `field` the path of the field in the specification, `span` its bytes counted
    from the start of the file, end exclusive; `expected` and `found` say what should stand there and what does.
    """

    def __init__(self, rule_id: str, field: str, span: tuple[int, int], expected: str, found: str) -> None:
        super().__init__(rule_id, field, span, expected, found)
        self.rule_id = rule_id
        self.field = field
        self.span = span
        self.expected = expected
        self.found = found

    def __str__(self) -> str:
        where = f"{self.field} @{self.span[0]:#x}..{self.span[1]:#x}"
        defect = RULES[self.rule_id].defect
        return f"{defect}: {where}: expected {self.expected}, found {self.found} [{self.rule_id}]"


class RequestError(AprError, ValueError):
    """The caller asks for something that is not there: bytes outside a tensor, anything of a closed model."""


class UnknownTensorError(RequestError, KeyError):
    """The model has no tensor of this name."""

    def __str__(self) -> str:
        return f"there is no tensor {shown(self.args[0])}"


def printable(text: str) -> str:
    """The text with everything escaped that could move a cursor, colour a terminal, end a line or reverse it."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape", "surrogatepass").decode("ascii")
        for character in text
    )


def shown(value: object) -> str:
    """A value for a message: what could alter a terminal escaped, what is long cut."""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, str | bytes):
        return repr(value) if len(value) <= _LONGEST else f"{value[:_LONGEST]!r}…"
    if isinstance(value, int) and value.bit_length() > 4 * _LONGEST:
        return f"at least 2^{value.bit_length() - 1}"  # Python refuses to print integers of some thousand digits
    return str(value)
