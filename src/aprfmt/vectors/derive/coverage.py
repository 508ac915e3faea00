"""What must be shown of the specification, and what of it is not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...layout.model import Statement
from .bench import Bench
from .claims import Mark, key_of
from .proof import STRICTER, Made, Proof
from .sizes import size_keys

__all__ = ["EXCEPTIONS", "missing"]

_UNSIGNED = "no unsigned integer is below 0"
_BY_HAND = "takes 16 MiB of blanks: spec/vectors/metadata.json has both sides once"

EXCEPTIONS: Mapping[tuple[str, str], str] = {
    # what is stated, the side that is not shown: the reason
    ("tensor_index_entry.ofs_tensor min", "outside"): _UNSIGNED,
    ("tensor_index_entry.len_tensor min", "outside"): _UNSIGNED,
    ("header.len_metadata min", "inside"): "no JSON object has one byte; the smallest base has the next one, {}",
    ("header.ofs_metadata max", "inside"): "an object of two bytes at least follows; the smallest base is as near",
    ("header.len_metadata max", "inside"): _BY_HAND,
    ("header.len_metadata max", "outside"): _BY_HAND,
    ("header_padding zero", "canonical"): "a canonical file has no filler there, so that none can be wrong alone",
}
"""What no derived vector shows, and why."""


def missing(bench: Bench, proof: Proof) -> Iterator[tuple[str, str]]:
    """What is left to show: a statement and its side, `canonical` being the outside in the stricter profile."""
    shown = {side for made in proof.made for side in _shown(made)}
    wanted = [(key_of(item), side) for item in bench.statements for side in _sides(item)]
    wanted += [(key, side) for key in size_keys() for side in ("inside", "outside")]
    yield from (item for item in wanted if item not in shown)


def _sides(statement: Statement) -> Iterator[str]:
    yield "inside"
    if statement.kind != "bit":
        yield "outside"
    if statement.rule in STRICTER:
        yield "canonical"


def _shown(made: Made) -> Iterator[tuple[str, str]]:
    """The sides of statements that a vector shows right at their boundary."""
    for mark in made.marks:
        if not mark.edge:
            continue
        if mark.is_inside and made.rule is None:
            yield mark.key, "inside"
        elif not mark.is_inside and _is_answer(made, mark):
            yield mark.key, "outside"
            if made.profile != "default":
                yield mark.key, "canonical"


def _is_answer(made: Made, mark: Mark) -> bool:
    """Whether a vector is rejected for what it breaks; what is no error is broken beside."""
    return mark.rule in (None, made.rule) or (made.rule is None and mark.rule in made.node["beside"])
