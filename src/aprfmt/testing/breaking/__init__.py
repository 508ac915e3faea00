"""Files that break one rule of the format: for every rule a way from a sound file to one that it alone speaks of.

What one field says about itself is broken by the generated facts, on both sides of its bound; what relates fields, by
one decorated function in a module named after the section. The metadata is broken as text.

Rules of this file:
1. A way begins with a sound file and breaks its rule in every draw: nothing is tried and thrown away.
2. What else it may break is listed beside it, is no error where the rule itself is none, and follows from the fault.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from hypothesis import strategies as st

from ...errors import RequestError
from ...layout import facts
from ...rules import Severity
from ..asked import profile_asked
from ..drafts import Ask, Draft, drafts

__all__ = ["GENERAL", "Way", "breakable", "breaks", "broken", "consequences", "way_of"]

Breaker = Callable[[st.DrawFn, Draft], bytes]


@dataclass(frozen=True, slots=True)
class Way:
    """How a rule is broken: what the sound file has to be like, the metadata when it is there that it breaks, and what
    makes the file. `beside`: the rules that may break along. `large`: the file has about a mebibyte or more."""

    ask: Ask
    make: Breaker
    beside: frozenset[str]
    metadata: st.SearchStrategy[bytes] | None = None
    large: bool = False


GENERAL = "default"
"""The profile whose way of breaking a rule does for all that have none of their own."""
_ways: dict[tuple[str, str], Way] = {}
_SECTIONS = ("header", "sections", "metadata", "index", "data", "ends")


def breaks(
    rule: str,
    *,
    beside: tuple[str, ...] = (),
    profile: str = GENERAL,
    tensors: int = 0,
    metadata: st.SearchStrategy[bytes] | None = None,
    large: bool = False,
    **ask: bool,
) -> Callable[[Breaker], Breaker]:
    """Register a function that makes a file which breaks a rule; for one profile, in place of the general one.

    `tensors` is how many the sound file has at least, and `ask` what else `Ask` asks for.
    """

    def register(make: Breaker) -> Breaker:
        _ways[rule, profile] = Way(Ask(min_tensors=tensors, **ask), make, frozenset(beside), metadata, large)
        return make

    return register


def breakable(profile: str = GENERAL, *, severity: str | None = None, large: bool = True) -> tuple[str, ...]:
    """The rules that `containers(breaking=…)` breaks: all of a profile, in the order of the specification.

    With a `severity`, `error` say, only those that are as bad in the profile; without `large` those are left out whose
    files have about a mebibyte or more. Raises `RequestError` for a profile or a severity that does not exist.
    """
    profile_asked(profile)
    if severity is not None and severity not in tuple(Severity):
        raise RequestError(f"expected one of {', '.join(Severity)} as a severity, found {severity!a:.80}")
    found = []
    for rule, held in facts.PROFILES[profile].items():
        way = _find(rule, profile)
        if way is not None and severity in (None, held) and (large or not way.large):
            found.append(rule)
    return tuple(found)


def consequences(rule: str, profile: str = GENERAL) -> frozenset[str]:
    """The rules that may break along in a file which is to break one rule; most rules have none.

    Raises `RequestError` for a rule that cannot be broken in the profile.
    """
    return way_of(rule, profile).beside


def way_of(rule: str, profile: str = GENERAL) -> Way:
    """How a rule is broken so that a profile says so. Raises `RequestError` for a rule that it does not have."""
    profile_asked(profile)
    if not isinstance(rule, str) or rule not in facts.RULES:
        raise RequestError(f"breaking: expected the id of a rule, found {rule!a:.80}")
    if rule not in facts.PROFILES[profile]:
        raise RequestError(f"breaking: {rule} cannot be broken here: it is no rule of the profile {profile}")
    way = _find(rule, profile)
    if way is None:
        raise RequestError(f"breaking: {rule} cannot be broken here: no way is known that breaks it alone")
    return way


def _find(rule: str, profile: str) -> Way | None:
    _load()
    return _ways.get((rule, profile)) or _ways.get((rule, GENERAL))


@cache
def _load() -> None:
    for section in _SECTIONS:
        importlib.import_module(f"{__name__}.{section}")


def broken(
    rule: str,
    *,
    profile: str = GENERAL,
    min_tensors: int = 0,
    max_tensors: int = 4,
    metadata: st.SearchStrategy[bytes] | None = None,
) -> st.SearchStrategy[bytes]:
    """Files that break one rule; the arguments and errors are those of `containers`."""
    way = way_of(rule, profile)
    least = max(min_tensors, way.ask.min_tensors)
    if least > max_tensors:
        raise RequestError(f"max_tensors: expected at least {least} to break {rule}, found {max_tensors}")
    if metadata is not None and way.metadata is not None:
        raise RequestError(f"metadata: expected none, as {rule} is broken by it")
    ask = way.ask._replace(min_tensors=least, max_tensors=max_tensors)
    return _files(drafts(ask, metadata=metadata if way.metadata is None else way.metadata), way.make)


@st.composite
def _files(draw: st.DrawFn, sound: st.SearchStrategy[Draft], make: Breaker) -> bytes:
    return make(draw, draw(sound))
