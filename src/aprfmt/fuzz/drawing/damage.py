"""Damage that knows no fields: bits flipped, parts cut out, put in, doubled, and taken from other files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from .draws import Draws
from .recipe import Damage

__all__ = ["KINDS", "damages"]

_MOST = 3
_FEW = 8
_TAIL = 80
"""How many of the last bytes are damaged as often as all others: the footer and what belongs to no tensor."""


def _at(draws: Draws, raw: bytes) -> int:
    """A place in the file, its end included; near the end as often as anywhere else."""
    least = max(0, len(raw) - _TAIL) if draws.chance(3) else 0
    return draws.between(least, len(raw))


def _flip(draws: Draws, raw: bytes, _others: Sequence[bytes]) -> Damage:
    if not raw:
        return Damage(0, 0, b"\0")
    at = min(_at(draws, raw), len(raw) - 1)
    return Damage(at, 1, bytes((raw[at] ^ 1 << draws.below(8),)))


def _cut(draws: Draws, raw: bytes, _others: Sequence[bytes]) -> Damage:
    at = _at(draws, raw)
    return Damage(at, len(raw) - at) if draws.chance(2) else Damage(at, draws.between(1, _TAIL))


def _insert(draws: Draws, raw: bytes, _others: Sequence[bytes]) -> Damage:
    nbytes = draws.between(1, _FEW)
    return Damage(_at(draws, raw), 0, bytes(nbytes) if draws.chance(2) else draws.raw(nbytes))


def _double(draws: Draws, raw: bytes, _others: Sequence[bytes]) -> Damage:
    start, stop = sorted((_at(draws, raw), _at(draws, raw)))
    return Damage(stop, 0, raw[start:stop])


def _splice(draws: Draws, raw: bytes, others: Sequence[bytes]) -> Damage:
    """A stretch of another file in the place of one as long, or of the rest."""
    other = draws.pick(others) if others else raw
    at = _at(draws, raw)
    start, stop = sorted((_at(draws, other), _at(draws, other)))
    piece = other[at:] if draws.chance(2) else other[start:stop]
    return Damage(at, len(raw) - at if draws.chance(2) else len(piece), piece)


KINDS: Mapping[str, Callable[[Draws, bytes, Sequence[bytes]], Damage]] = {
    "flip": _flip,
    "cut": _cut,
    "insert": _insert,
    "double": _double,
    "splice": _splice,
}
"""What can happen to bytes; `splice` takes from the other files."""


def damages(draws: Draws, raw: bytes, others: Sequence[bytes]) -> tuple[tuple[Damage, ...], list[str]]:
    """One to three damages to a file, mostly one, and what they are called. `others` are files to take parts from."""
    found: list[Damage] = []
    kinds = []
    for _ in range(draws.pick((1, 1, 1, 2, _MOST))):
        kind = draws.pick(tuple(KINDS))
        damage = KINDS[kind](draws, raw, others)
        raw = damage.over(raw)
        found.append(damage)
        kinds.append(kind)
    return tuple(found), kinds
