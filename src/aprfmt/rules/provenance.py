"""Rules about what the metadata says of the origin of the model."""

from __future__ import annotations

from collections.abc import Iterator

from ..jsontext import shorten
from ..provenance import PROVENANCE_KEYS, says_nothing
from . import Case, Fault, rule

__all__: list[str] = []


@rule("APR-P001")
def absent(case: Case) -> Iterator[Fault]:
    """A provenance key is missing, or null."""
    container = case.container
    for key in PROVENANCE_KEYS:
        if container.metadata.get(key) is None:
            there = key in container.metadata
            span = container.metadata.span_of(key) if there else container.head_sections["metadata"] or (0, 0)
            yield Fault("APR-P001", f"metadata.{key}", span, "a value", "null" if there else "nothing")


@rule("APR-P002")
def meaningless(case: Case) -> Iterator[Fault]:
    """A provenance key is there and says nothing."""
    metadata = case.container.metadata
    for key in PROVENANCE_KEYS:
        value = metadata.get(key)
        if isinstance(value, str) and says_nothing(value):
            yield Fault("APR-P002", f"metadata.{key}", metadata.span_of(key), "an answer", shorten(value))
