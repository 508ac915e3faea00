"""Shrinking: from a recipe to the plainest one that still shows the same.

First what the recipe says is made less: fewer edits, tensors, members, dimensions, smaller numbers. Then, where that is
shorter, bytes are taken out, with the checksums made right as they were.

Rules of this file:
1. The same recipe and the same answers give the same result: candidates come in a fixed order, and none comes twice.
2. It ends: every step makes the measure smaller, and the tries are counted.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from time import monotonic
from typing import Any

from ...layout import facts
from ...rules import Report
from ...vectors.check import judge
from ...vectors.image import Image
from ..drawing.recipe import Recipe, raw_of
from ..targets import LateError
from ..watch import OverrunError, watched
from .passes import BYTE_PASSES, TREE_PASSES, Pass

__all__ = ["Effort", "Shrunk", "noise_of", "shrink"]

Wanted = Callable[[Recipe, bytes], bool]
Measure = tuple[int, int, int]

_LARGE_NBYTES = 1 << 16
"""Files beyond are not taken apart byte by byte: their recipe is small. To judge one takes seconds."""
_LARGE_TRIES, _LARGE_LOOKS = 6, 24
_LOOKS = 25
"""How many candidates are looked at for each that may be tried: most are not plainer, and only cost us."""
_NOT_NOISE = "metadata"
_SECONDS = 3.0
"""What making or judging a candidate may take of the processor: with a fault of ours it may never end."""


@dataclass(frozen=True, slots=True)
class Effort:
    """What shrinking may cost: so many questions, and no more of them once it is `until` by `time.monotonic`.

    `thorough`: of large files, too, of which else only what their recipe says is made less, in a few steps.
    """

    tries: int = 600
    until: float | None = None
    thorough: bool = False

    def is_spent(self, tries: int) -> bool:
        """Whether it ends after so many tries, or now."""
        return tries >= self.tries or (self.until is not None and monotonic() >= self.until)


@dataclass(frozen=True, slots=True)
class Shrunk:
    """What became of a recipe. `complete` is False when the effort ended before the passes did."""

    recipe: Recipe
    raw: bytes
    tries: int
    complete: bool


def noise_of(raw: bytes, about: str | None) -> int:
    """How many rules a file breaks beside the one that it is about: errors, and all that is about its layout.

    What the metadata says of the origin of a model distracts nobody.
    """
    try:
        with watched(_SECONDS):
            report: Report = judge(Image.of(raw), "default")
    except (Exception, OverrunError):  # a fault of ours, which may be what is looked for
        return 0
    found = {item.rule for item in report.findings if item.severity != "info"} - {about}
    return sum(facts.RULES[rule].layer != _NOT_NOISE or facts.RULES[rule].severity == "error" for rule in found)


def shrink(recipe: Recipe, wanted: Wanted, effort: Effort, *, about: str | None = None) -> Shrunk:
    """The plainest recipe that is still `wanted`, which the given one is taken to be.

    Of two files the one that breaks fewer rules beside the one that it is `about` is the plainer one, then the smaller.
    """
    return _Shrinker(recipe, wanted, effort, about).shrunk()


class _Shrinker:
    def __init__(self, recipe: Recipe, wanted: Wanted, effort: Effort, about: str | None) -> None:
        self._wanted = wanted
        self._effort = effort
        self._about = about
        self._asked: set[bytes] = set()
        self.tries = 0
        self.looks = 0
        self.complete = True
        self.recipe = recipe
        self.raw = recipe.build()
        self.measure = self._measured(recipe, self.raw)
        is_large = self._is_large
        self._most = min(effort.tries, _LARGE_TRIES) if is_large else effort.tries
        self._most_looks = _LARGE_LOOKS if is_large else _LOOKS * effort.tries

    def shrunk(self) -> Shrunk:
        """Run all passes until none of them finds anything."""
        self._until_stuck(TREE_PASSES)
        if not self._is_large:
            self._until_stuck(BYTE_PASSES)
            self._until_stuck(TREE_PASSES[:1])  # bytes that a tree says are better said by it
        return Shrunk(self.recipe, self.raw, self.tries, self.complete)

    @property
    def _is_large(self) -> bool:
        return len(self.raw) > _LARGE_NBYTES and not self._effort.thorough

    def _until_stuck(self, passes: Iterable[Pass]) -> None:
        stuck = False
        while not stuck and self.complete:
            stuck = True
            for one in passes:
                while self._improved(one(self.recipe)):
                    stuck = False

    def _improved(self, candidates: Iterator[Recipe]) -> bool:
        """Take the first candidate that is plainer and wanted."""
        while (candidate := _next_of(candidates)) is not None:
            key = _key(candidate)
            if key in self._asked:
                continue
            if self._is_over():
                self.complete = False
                return False
            self._asked.add(key)
            self.looks += 1
            try:
                if self._takes(candidate):
                    return True
            except LateError:
                self.complete = False
                return False
        return False

    def _takes(self, candidate: Recipe) -> bool:
        raw = _raw_of(candidate)
        if raw is None or (not self.measure[0] and _size(candidate, raw) > self.measure[1]):
            return False
        measure = self._measured(candidate, raw)
        if measure >= self.measure:
            return False
        self.tries += 1
        if not self._wanted(candidate, raw):
            return False
        self.recipe, self.raw, self.measure = candidate, raw, measure
        return True

    def _is_over(self) -> bool:
        """Whether the effort ends here."""
        return self._effort.is_spent(self.tries) or self.tries >= self._most or self.looks >= self._most_looks

    def _measured(self, recipe: Recipe, raw: bytes) -> Measure:
        return noise_of(raw, self._about), _size(recipe, raw), _magnitude(recipe.as_json())


def _next_of(candidates: Iterator[Recipe]) -> Recipe | None:
    """The next candidate; none where making it shows a fault of ours, which may be what is looked for."""
    try:
        with watched(_SECONDS):
            return next(candidates, None)
    except (Exception, OverrunError):
        return None


def _raw_of(candidate: Recipe) -> bytes | None:
    """Its bytes; none where it makes no sense, and where making them shows a fault of ours."""
    try:
        with watched(_SECONDS):
            return raw_of(candidate)
    except (Exception, OverrunError):
        return None


def _size(recipe: Recipe, raw: bytes) -> int:
    return len(raw) + len(json.dumps(recipe.as_json()))


def _magnitude(node: Any) -> int:
    """How large the numbers of a recipe are, and how many bytes of it are not zero."""
    if isinstance(node, dict):
        return sum(_magnitude(value) for value in node.values())
    if isinstance(node, list):
        return sum(map(_magnitude, node))
    if isinstance(node, str):
        return len(node) - node.count("0") + sum(map(ord, node)) % (1 << 16)
    return abs(int(node)).bit_length() + abs(int(node)) % (1 << 16) if isinstance(node, int) else 0


def _key(recipe: Recipe) -> bytes:
    return sha256(json.dumps(recipe.as_json(), sort_keys=True).encode("ascii")).digest()
