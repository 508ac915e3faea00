"""Which vectors a command line means: options that the commands about vectors share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from ..vectors import Suite, Vector

__all__ = ["LAYERS", "Wanted", "chosen", "in_order", "suite_options"]

_F = TypeVar("_F", bound=Callable[..., Any])

LAYERS = ("structure", "integrity", "metadata", "canonical")

_OPTIONS = (
    click.option("--only", multiple=True, metavar="PATTERN", help="Vectors of this id; `*` and `?` match."),
    click.option("--profile", metavar="NAME", help="Vectors of this profile."),
    click.option(
        "--layer", "layers", multiple=True, type=click.Choice(LAYERS), help="Vectors of this layer; may be repeated."
    ),
    click.option("--huge", is_flag=True, help="Also the vectors of many terabytes, which are made of holes."),
    click.option(
        "--recipes", type=click.Path(readable=False), metavar="DIR", help="Recipes of this folder, not those shipped."
    ),
)


def suite_options(function: _F) -> _F:
    """`--only`, `--profile`, `--layer`, `--huge` and `--recipes`, passed under these names, `layers` for `--layer`."""
    for decorate in reversed(_OPTIONS):
        function = decorate(function)
    return function


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the shared options ask for."""

    only: tuple[str, ...] = ()
    profile: str | None = None
    layers: tuple[str, ...] = ()
    huge: bool = False
    recipes: str | None = None

    def suite(self) -> Suite:
        """The recipes; raises `RequestError` when they make no sense, `OSError` as the system reports it."""
        from ..files.vectors import read_suite

        return read_suite(self.recipes)


def chosen(suite: Suite, wanted: Wanted) -> list[Vector]:
    """The vectors that the options ask for, in the order of the recipes; raises `RequestError` when there are none."""
    from fnmatch import fnmatchcase

    from ..errors import RequestError
    from .options import known_profile

    profile = None if wanted.profile is None else known_profile(wanted.profile)
    for pattern in wanted.only:
        if not any(fnmatchcase(name, pattern) for name in suite.vectors):
            raise RequestError(f"--only {pattern!a}: expected the id of a vector or a pattern, found none like it")
    found = [
        vector
        for vector in suite.vectors.values()
        if (not wanted.only or any(fnmatchcase(vector.id, pattern) for pattern in wanted.only))
        and (profile is None or vector.profile == profile)
        and (not wanted.layers or vector.layer in wanted.layers)
        and (wanted.huge or not vector.is_huge)
    ]
    if not found:
        raise RequestError("expected at least one vector, found none that the options leave; --huge adds the largest")
    return found


def in_order(vectors: Sequence[Vector]) -> list[Vector]:
    """Vectors with the sparse ones last: they take seconds, the others none."""
    return sorted(vectors, key=lambda vector: vector.is_sparse)
