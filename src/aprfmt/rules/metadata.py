"""Rules about the JSON: whether it is JSON as the reference reads it, and whether known keys have their type."""

from __future__ import annotations

from collections.abc import Iterator

from ..container import Container
from . import Finding, findings_of, rule

__all__: list[str] = []

_SYNTAX = ("APR-M002", "APR-M003", "APR-M004", "APR-M005")


@rule(*_SYNTAX, name="metadata-not-json", needs=("APR-M001",))
def not_json(container: Container) -> Iterator[Finding]:
    """The metadata is not one JSON object in UTF-8 as the reference reads it."""
    yield from findings_of(lambda: container.metadata.members, *_SYNTAX)


@rule("APR-M006", name="metadata-wrong-type", needs=("APR-M001", *_SYNTAX))
def wrong_type(container: Container) -> Iterator[Finding]:
    """A known key holds a value of another type, which makes the reference refuse the whole file."""
    yield from map(Finding.of, container.metadata.type_errors())
