"""Numbers that look drawn and are not: each is a function of a root seed and of where it is asked for.

Rules of this file:
1. Only what Python promises never to change is used of its generator, so that a seed gives the same files everywhere.
2. Nothing is drawn from a clock, a process, a set, or the order of anything but sequences.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TypeVar

__all__ = ["Draws"]

T = TypeVar("T")


class Draws:
    """What is drawn at one place: `Draws(seed, "object", index)` gives the same for the same arguments."""

    def __init__(self, *path: int | str) -> None:
        # A text is hashed by SHA-512, whatever PYTHONHASHSEED says.
        self._random = Random("/".join(map(str, path)))  # noqa: S311 - to be repeated, not to be secret

    def bits(self, width: int) -> int:
        """An integer of so many bits."""
        return self._random.getrandbits(width) if width else 0

    def below(self, bound: int) -> int:
        """An integer from 0 up to below the bound; raises `ValueError` for less than 1: nothing can be drawn."""
        if bound < 1:
            raise ValueError(f"expected a bound of at least 1, found {bound}")
        width = (bound - 1).bit_length()
        while (found := self.bits(width)) >= bound:
            pass
        return found

    def between(self, least: int, most: int) -> int:
        """An integer from `least` to `most`, both included."""
        return least + self.below(most - least + 1)

    def chance(self, one_in: int) -> bool:
        """True once in so many times."""
        return self.below(one_in) == 0

    def pick(self, items: Sequence[T]) -> T:
        """One of the items."""
        return items[self.below(len(items))]

    def some(self, items: Sequence[T], most: int) -> list[T]:
        """Up to so many of the items, in their order, none twice."""
        wanted = min(self.below(most + 1), len(items))
        places = sorted(self.shuffled(range(len(items)))[:wanted])
        return [items[place] for place in places]

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """The items in another order."""
        found = list(items)
        for last in range(len(found) - 1, 0, -1):
            other = self.below(last + 1)
            found[last], found[other] = found[other], found[last]
        return found

    def raw(self, nbytes: int) -> bytes:
        """So many bytes."""
        return bytes(self.bits(8) for _ in range(nbytes))
