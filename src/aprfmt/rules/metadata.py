"""Rules about the JSON: whether it is JSON as the reference reads it, its types, and what parsers disagree about."""

from __future__ import annotations

from collections.abc import Iterator

from ..jsonwalk import path_text, repeated_keys, wide_integers
from . import Case, Fault, faults_of, rule

__all__: list[str] = []

_SYNTAX = ("APR-M002", "APR-M003", "APR-M004", "APR-M005")


@rule(*_SYNTAX)
def not_json(case: Case) -> Iterator[Fault]:
    """The metadata is not one JSON object in UTF-8 as the reference reads it."""
    yield from faults_of(lambda: case.container.metadata.members, *_SYNTAX)


@rule("APR-M006")
def wrong_type(case: Case) -> Iterator[Fault]:
    """A known key holds a value of another type, which makes the reference refuse the whole file."""
    yield from map(Fault.of, case.container.metadata.type_errors())


@rule("APR-M008")
def key_twice(case: Case) -> Iterator[Fault]:
    """A key occurs more than once in one object, at any depth."""
    container = case.container
    for place in repeated_keys(container.metadata.raw, container.header.ofs_metadata):
        where = "" if place.winner is None else f" @{place.winner[0]:#x}..{place.winner[1]:#x}, which overrides it"
        yield Fault("APR-M008", path_text(place), place.span, "a key of its own", f"another one{where}")


@rule("APR-M009")
def integer_wide(case: Case) -> Iterator[Fault]:
    """An integer is beyond 64 bits, with or without a sign."""
    container = case.container
    for place in wide_integers(container.metadata.raw, container.header.ofs_metadata):
        yield Fault("APR-M009", path_text(place), place.span, "an integer of 64 bits", place.text)
