"""Rules about the JSON: whether it is JSON as the reference reads it, and whether known keys have their type."""

from __future__ import annotations

from collections.abc import Iterator

from ..container import Container
from ..errors import FormatError
from . import Finding, Severity, rule

__all__: list[str] = []

_SYNTAX = ("APR-M002", "APR-M003", "APR-M004", "APR-M005")


def _finding(error: FormatError) -> Finding:
    return Finding(
        error.rule_id or _SYNTAX[1],
        Severity.ERROR,
        error.message,
        error.field or "metadata",
        error.span or (0, 0),
        error.expected or "",
        error.found or "",
    )


@rule(*_SYNTAX, name="metadata-not-json", needs=("APR-M001",))
def not_json(container: Container) -> Iterator[Finding]:
    """The metadata is not one JSON object in UTF-8 as the reference reads it."""
    try:
        _ = container.metadata.members
    except FormatError as error:
        yield _finding(error)


@rule("APR-M006", name="metadata-wrong-type", needs=("APR-M001", *_SYNTAX))
def wrong_type(container: Container) -> Iterator[Finding]:
    """A known key holds a value of another type, which makes the reference refuse the whole file."""
    for error in container.metadata.type_errors():
        yield _finding(error)
