"""Draws outside of a test: values that follow from bytes, and a count of what is drawn in vain.

Rules of this file:
1. A value is a function of the strategy and of the bytes, as long as the versions of aprfmt and Hypothesis stay the
   same: no clock, no database, no seed from elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .asked import raw_asked, strategy_asked

__all__ = ["Drawn", "drawer", "measure"]

T = TypeVar("T")
_QUIET = settings(database=None, deadline=None, suppress_health_check=list(HealthCheck))


def drawer(strategy: st.SearchStrategy[T]) -> Callable[[bytes], T | None]:
    """A function from bytes to the value that they choose, None when they are too few or choose what is thrown away.

    8 KiB are enough for whatever is published here. Raises `RequestError` for what is no strategy, or no bytes.
    """
    choose = _chooser(strategy)

    def draw(entropy: bytes) -> T | None:
        found = choose(entropy)
        return found[-1] if found else None

    return draw


def _chooser(strategy: st.SearchStrategy[T]) -> Callable[[bytes], list[T]]:
    """A function from bytes to a list with the value that they choose, or with none."""
    strategy_asked("strategy", strategy)
    found: list[T] = []

    @_QUIET
    @given(strategy)
    def note(value: T) -> None:
        found.append(value)

    run: Any = note.hypothesis.fuzz_one_input  # type: ignore[attr-defined] # what `given` adds has no type

    def choose(entropy: bytes) -> list[T]:
        found.clear()
        run(raw_asked("entropy", entropy))
        return found

    return choose


@dataclass(frozen=True, slots=True)
class Drawn:
    """How many values were drawn, how many draws were in vain, and how many bytes the values have if they are bytes."""

    n_drawn: int
    n_rejected: int
    nbytes: int

    @property
    def rejected_share(self) -> float:
        """The share of draws that were in vain, from 0 to 1."""
        total = self.n_drawn + self.n_rejected
        return self.n_rejected / total if total else 0.0


def measure(strategy: st.SearchStrategy[object], entropies: Iterable[bytes]) -> Drawn:
    """Draw once from each of some bytes. Whoever holds a clock divides by the time that it takes."""
    choose = _chooser(strategy)
    n_drawn = n_rejected = nbytes = 0
    for entropy in entropies:
        found = choose(entropy)
        n_drawn += bool(found)
        n_rejected += not found
        nbytes += sum(len(value) for value in found if isinstance(value, bytes))
    return Drawn(n_drawn, n_rejected, nbytes)
