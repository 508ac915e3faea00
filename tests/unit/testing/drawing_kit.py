"""How the tests of the strategies draw: settings without a database, many values at once, the smallest one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from hashlib import shake_128
from typing import TypeVar

from hypothesis import HealthCheck, Phase, find, settings
from hypothesis import strategies as st

from aprfmt.container import Container
from aprfmt.rules import Report, run
from aprfmt.source import BytesSource
from aprfmt.testing import containers, drawer

__all__ = ["GENERAL", "SEARCH", "broken", "lenient", "many", "report_of", "rules_of", "smallest", "smallest_of"]

T = TypeVar("T")
GENERAL = ("default", "canonical", "publish")
"""The profiles in which every rule is decided in the same way."""
SEARCH = settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, Phase.shrink],  # what explains a failure takes a hundred more runs, and changes the answer
)


def smallest(
    strategy: st.SearchStrategy[T], wanted: Callable[[T], object] = lambda _: True, n_examples: int = 200
) -> T:
    """The simplest example that satisfies `wanted`; a failure when none of so many does."""
    return find(strategy, lambda value: bool(wanted(value)), settings=settings(SEARCH, max_examples=n_examples))


@cache
def smallest_of(rule: str) -> bytes:
    """The simplest file that breaks a rule."""
    return smallest(containers(breaking=rule))


def many(strategy: st.SearchStrategy[T], n_examples: int) -> list[T]:
    """So many values, the same ones every time: a plain one, and others that random bytes choose."""
    return _drawn(drawer(strategy), range(n_examples))


def _drawn(draw: Callable[[bytes], T | None], numbers: Iterable[int]) -> list[T]:
    entropies = (shake_128(b"%d" % number).digest(_NBYTES) if number else bytes(_NBYTES) for number in numbers)
    return [value for value in map(draw, entropies) if value is not None]


_NBYTES = 8192


def broken(rule: str, n_examples: int, profile: str = "default") -> list[bytes]:
    """The first files of `many` that break a rule. They are drawn once for all tests that ask for them."""
    found, draw = _broken(rule, profile)
    found += _drawn(draw, range(len(found), n_examples))
    return found[:n_examples]


@cache
def _broken(rule: str, profile: str) -> tuple[list[bytes], Callable[[bytes], bytes | None]]:
    return [], drawer(containers(breaking=rule, profile=profile))


def lenient(raw: bytes) -> Container:
    return Container(BytesSource(raw), lenient=True)


def report_of(raw: bytes, profile: str = "default") -> Report:
    """What a profile says of a file, every byte of it read."""
    return run(lenient(raw), profile=profile, read_data=True)


def rules_of(raw: bytes, profile: str = "default") -> set[str]:
    return {finding.rule for finding in report_of(raw, profile).findings}
