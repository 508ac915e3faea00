"""Cases: what is put to implementations, each a function of a root seed and its index alone.

The first ones are the boundaries of the specification, the same for every seed: the vectors that are derived from it,
and one more for each rule that these do not break. Then they are drawn: an object of the format, with an evil value in
about one field of 128, or in exactly one; or with damage that knows no fields.

Rules of this file:
1. Neither targets nor clocks nor the number of processes have a say in what a case is.
2. Files are small: a few KiB, seldom more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from ...errors import RequestError
from ...layout import facts
from ...provenance import PROVENANCE_KEYS, REPORTED_KEYS, STAMP_KEYS
from ...vectors import Suite, Vector
from .damage import damages
from .draws import Draws
from .evil import evil_edits
from .objects import tree
from .recipe import SEALS, Recipe
from .texts import evil_metadata
from .writes import new_tree

__all__ = ["BOUNDARY", "RANDOM", "Case", "Cases"]

BOUNDARY, RANDOM = "boundary", "random"

Patch = Mapping[str, str]

_UNSEALED = 32
"""One case in so many has a checksum that is wrong."""
_DAMAGED, _POINTED, _EVIL_METADATA = 10, 4, 16
_STAMPED, _WRITTEN = 4, 8
_SPLICED_CASES = 1 << 16
"""Parts are taken from cases up to this index."""
_MOST_SPLICED_NBYTES = 1 << 16

_LICENCES = ("MIT", "Apache-2.0", "CC-BY-4.0", "GPL-3.0-or-later")
_TEXTS = ("", "web", "teacher-only", "qwen2", 'a"b\\c\n', "模型 😀", "\u0001", "e\u0301", "x" * 70)


@dataclass(frozen=True, slots=True)
class Case:
    """One case: a file that is read, and for some of them two patches that it is stamped with, or a tree to be written.

    `about` says in a few words what is special about it.
    """

    seed: int
    index: int
    phase: str
    about: str
    recipe: Recipe
    patches: tuple[Patch, Patch] | None = None
    tree: Mapping[str, Any] | None = field(default=None, repr=False)

    def as_json(self) -> dict[str, Any]:
        """The case as one JSON object."""
        return {
            "seed": self.seed,
            "index": self.index,
            "phase": self.phase,
            "about": self.about,
            "recipe": self.recipe.as_json(),
            "patches": None if self.patches is None else [dict(patch) for patch in self.patches],
            "tree": self.tree,
        }


class Cases:
    """All cases of a root seed, by their index from 0 on. `suite` are the vectors whose boundaries come first."""

    def __init__(self, suite: Suite, seed: int) -> None:
        if seed < 0:
            raise RequestError(f"expected a seed of at least 0, found {seed}")
        self.seed = seed
        self._suite = suite
        self.boundary = _boundary(suite)
        self._object = lru_cache(maxsize=1 << 8)(self._built)

    def __getitem__(self, index: int) -> Case:
        if index < 0:
            raise RequestError(f"expected the index of a case from 0 on, found {index}")
        if index < len(self.boundary):
            return self._bounded(index)
        return self._drawn(index)

    def _bounded(self, index: int) -> Case:
        name = self.boundary[index]
        draws = Draws(self.seed, "boundary", index)
        return Case(self.seed, index, BOUNDARY, name, Recipe.of_vector(self._suite, name), _patches(draws, 1))

    def _drawn(self, index: int) -> Case:
        draws = Draws(self.seed, "case", index)
        plain, about = tree(Draws(self.seed, "object", index)), "an object"
        if draws.chance(_EVIL_METADATA):
            what, plain["metadata"] = evil_metadata(draws)
            about = f"metadata with {what}"
        recipe = Recipe(plain)
        if draws.chance(_DAMAGED):
            recipe, kinds = self._damaged(draws, recipe)
            about = f"{about}; damage: {', '.join(kinds)}"
        else:
            edits, seal, paths = evil_edits(draws, recipe.build(), pointed=draws.chance(_POINTED))
            recipe = Recipe(plain, tuple(edits), seal)
            about += f"; evil: {', '.join(paths)}" if paths else ""
        if draws.chance(_UNSEALED) and recipe.seal:
            recipe, path = _unsealed(draws, recipe)
            about += f"; unsealed: {path}"
        tree_to_write = new_tree(draws) if draws.chance(_WRITTEN) else None
        return Case(self.seed, index, RANDOM, about, recipe, _patches(draws, _STAMPED), tree_to_write)

    def _built(self, index: int) -> bytes:
        return Recipe(tree(Draws(self.seed, "object", index))).build()

    def _damaged(self, draws: Draws, recipe: Recipe) -> tuple[Recipe, list[str]]:
        """The recipe with damage that may take parts from other objects of the seed, and from the vectors."""
        others: Sequence[bytes] = (
            self._object(draws.below(_SPLICED_CASES)),
            self._vector(draws.pick(self.boundary)),
        )
        found, kinds = damages(draws, recipe.build(), others)
        # What damage hit is a matter of its place only while checksums do not tell: half of it is made to fit them.
        return recipe.simply(damage=found, seal=SEALS if draws.chance(2) else SEALS[: draws.below(2)]), kinds

    def _vector(self, name: str) -> bytes:
        image = self._suite.image(name)
        return image.read(0, min(image.size, _MOST_SPLICED_NBYTES))


def _unsealed(draws: Draws, recipe: Recipe) -> tuple[Recipe, str]:
    """The recipe with one checksum fewer; where nothing is damaged, with a bit of it flipped."""
    path = draws.pick(recipe.seal)
    seal = tuple(seal for seal in recipe.seal if seal != path)
    if recipe.damage:
        return recipe.simply(seal=seal), path
    is_absent = recipe.tree is not None and recipe.tree.get(path.partition(".")[0], {}) is None
    flipped = () if is_absent else ({"flip": path, "bit": draws.below(_CHECKSUM_BITS)},)
    # An edit in front may have changed what the path names, so this one comes first.
    return recipe.simply(edits=(*flipped, *recipe.edits), seal=seal), path


_CHECKSUM_BITS = min(item.bits or 0 for item in facts.STATEMENTS if item.kind == "checksum")


def _patches(draws: Draws, one_in: int) -> tuple[Patch, Patch] | None:
    """Two stamps that name different keys; those that every stamp has more often than others."""
    if not draws.chance(one_in):
        return None
    keys = draws.shuffled(STAMP_KEYS if draws.chance(4) else REPORTED_KEYS)
    first, second = draws.between(1, 2), draws.between(1, 2)
    return _patch(draws, keys[:first]), _patch(draws, keys[first : first + second])


def _patch(draws: Draws, keys: Sequence[str]) -> Patch:
    return {key: draws.pick(_LICENCES if key in _LICENCE_KEYS else _TEXTS) for key in keys}


_LICENCE_KEYS = tuple(key for key in PROVENANCE_KEYS if key.endswith("license"))


@lru_cache(maxsize=2)
def _boundary(suite: Suite) -> tuple[str, ...]:
    """The vectors of the boundary phase: the derived ones of the default profile, then what reaches the other rules."""
    vectors = [vector for vector in suite.vectors.values() if _is_small(vector)]
    derived = [vector for vector in vectors if vector.origin == "derived"]
    missing = set(facts.RULES)
    for vector in derived:
        missing -= {vector.rule or "", *vector.beside}
    others = []
    for vector in vectors:
        broken = {vector.rule or "", *vector.beside} & missing
        if broken and not vector.origin.startswith(("derived", "fuzz")):  # what is promoted changes no seed
            others.append(vector)
            missing -= broken
    return tuple(vector.id for vector in (*derived, *others))


def _is_small(vector: Vector) -> bool:
    return vector.op == "read" and vector.profile == "default" and not vector.is_sparse
