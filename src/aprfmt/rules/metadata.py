"""Rules about the JSON: whether it is JSON as the reference reads it, its types, and what parsers disagree about."""

from __future__ import annotations

from collections.abc import Iterator

from ..jsonwalk import Place, repeated_keys, wide_integers
from . import Case, Fault, faults_of, rule

__all__: list[str] = []

_SYNTAX = ("APR-M002", "APR-M003", "APR-M004", "APR-M005")
_LONGEST_STEP = 100
"""Characters of a key that a path shows."""


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
        yield Fault("APR-M008", _path(place), place.span, "a key of its own", f"another one{where}")


@rule("APR-M009")
def integer_wide(case: Case) -> Iterator[Fault]:
    """An integer is beyond 64 bits, with or without a sign."""
    container = case.container
    for place in wide_integers(container.metadata.raw, container.header.ofs_metadata):
        yield Fault("APR-M009", _path(place), place.span, "an integer of 64 bits", place.text)


def _path(place: Place) -> str:
    """`metadata.tokenizer.added_tokens[3].content`, in which long keys are cut: a thousand findings may share one."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{_cut(step)}" for step in place.path)
    return "metadata" + "".join(steps)


def _cut(key: str) -> str:
    return key if len(key) <= _LONGEST_STEP else key[:_LONGEST_STEP] + "…"
