"""How the bytes of a case are made: a tree, edits of what was built, damage that knows no fields, checksums.

The tree, the edits and the seals are those of the conformance vectors, in the same words; so a case can be shrunk by
its parts, and what was found can become a vector. Damage and bare bytes are for what no tree says.

Rules of this file:
1. The same recipe gives the same bytes, on any machine.
2. A recipe that makes no sense is a `RequestError`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple

from ... import layout
from ...container import Container
from ...errors import AprError, RequestError
from ...layout import facts
from ...source import range_crc32
from ...vectors import Suite
from ...vectors.edits import SEALS, edited
from ...vectors.image import Image
from ...vectors.suite import sensible
from ...vectors.words import BYTES, bytes_of, integer_of, tree_of

__all__ = ["SEALS", "Damage", "Recipe", "hexed", "is_sealed", "merged", "raw_of", "resealed", "words_of"]

_WHERE = "recipe"
HEADER_SEAL = facts.CHECKSUMS[0].field
FOOTER_SEAL = facts.CHECKSUMS[-1].field


class Damage(NamedTuple):
    """Bytes that are taken out at a place, and others put there. What lies behind the end is cut to it."""

    at: int
    remove: int = 0
    insert: bytes = b""

    def over(self, raw: bytes) -> bytes:
        """The damaged bytes."""
        at = min(self.at, len(raw))
        return raw[:at] + self.insert + raw[at + self.remove :]

    def as_json(self) -> dict[str, Any]:
        """The form in a recipe."""
        node: dict[str, Any] = {"at": self.at}
        if self.remove:
            node["remove"] = self.remove
        if self.insert:
            node["insert"] = hexed(self.insert)
        return node


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to make one file: a `tree`, or without one the bytes `raw`; then edits, damage, and the seals.

    The seals are the checksums that are right in the end, as far as their fields are still there.
    """

    tree: Mapping[str, Any] | None = None
    edits: tuple[Mapping[str, Any], ...] = ()
    seal: tuple[str, ...] = SEALS
    damage: tuple[Damage, ...] = ()
    raw: bytes = b""

    def build(self) -> bytes:
        """The bytes; raises `RequestError` when there are none that the recipe says."""
        with sensible(_WHERE):
            raw = self.raw if self.tree is None else self._edited()
            for damage in self.damage:
                raw = damage.over(raw)
            return resealed(raw, self.seal) if self.damage else raw

    def _edited(self) -> bytes:
        assert self.tree is not None  # noqa: S101 - asked for only where there is one
        image = _image(json.dumps(self.tree, sort_keys=True))
        return edited(image, self.edits, self.seal if self.edits else (), _WHERE).whole()

    def as_json(self) -> dict[str, Any]:
        """The recipe as one JSON object, which `of_json` takes back."""
        node: dict[str, Any] = {"bytes": hexed(self.raw)} if self.tree is None else {"tree": self.tree}
        if self.edits:
            node["edits"] = list(self.edits)
        if self.damage:
            node["damage"] = [item.as_json() for item in self.damage]
        if self.seal != SEALS:
            node["seal"] = list(self.seal)
        return node

    @classmethod
    def of_json(cls, node: Mapping[str, Any]) -> Recipe:
        """The recipe of a JSON object; raises `RequestError` when it is none."""
        with sensible(_WHERE):
            if unknown := set(node) - {"bytes", "tree", "edits", "damage", "seal"}:
                raise RequestError(f"{_WHERE}: expected bytes or tree, edits, damage and seal, found {min(unknown)!a}")
            if ("bytes" in node) == ("tree" in node):
                raise RequestError(f"{_WHERE}: expected either bytes or a tree, found both or neither")
            seal = tuple(node.get("seal", SEALS))
            if not set(seal) <= set(SEALS):
                raise RequestError(f"{_WHERE}.seal: expected some of {', '.join(SEALS)}, found {seal!a:.80}")
            return cls(
                tree=dict(node["tree"]) if "tree" in node else None,
                edits=tuple(dict(item) for item in node.get("edits", ())),
                seal=seal,
                damage=tuple(
                    Damage(
                        _place(item["at"]),
                        _place(item.get("remove", 0)),
                        bytes_of(item["insert"], _WHERE) if "insert" in item else b"",
                    )
                    for item in node.get("damage", ())
                ),
                raw=bytes_of(node["bytes"], _WHERE) if "bytes" in node else b"",
            )

    @classmethod
    def of_vector(cls, suite: Suite, name: str) -> Recipe:
        """The recipe of a vector, with its base in it; its bytes where it is made of another vector or of holes."""
        vector = suite[name]
        bases = {key: node for document in suite.documents.values() for key, node in document.get("bases", {}).items()}
        if vector.base not in bases or vector.data:
            return cls(raw=suite.image(name).whole(), seal=())
        return cls(merged(bases[vector.base], vector.given), vector.edits, vector.seal)

    def simply(self, **changes: Any) -> Recipe:
        """The recipe with other parts."""
        return replace(self, **changes)


@lru_cache(maxsize=1 << 6)
def _image(tree: str) -> Image:
    """The file of a tree: edits are many, and the tree that they are edits of is the same."""
    return Image.of(layout.build(tree_of(json.loads(tree))))


def _place(node: object) -> int:
    """A place in a file, or a number of bytes."""
    number = integer_of(node, _WHERE)
    if number < 0:
        raise RequestError(f"{_WHERE}: expected a number of bytes from 0 on, found {number}")
    return number


def merged(base: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """A tree in which what is given replaces what the base says, section by section and, inside one, key by key."""
    found = dict(base)
    for key, value in given.items():
        is_section = isinstance(value, dict) and not (value and value.keys() <= BYTES.keys())
        found[key] = merged(base.get(key) or {}, value) if is_section else value
    return found


def resealed(raw: bytes, seals: Sequence[str]) -> bytes:
    """The bytes with checksums computed again, where their fields lie by what the file itself says."""
    if HEADER_SEAL in seals and len(raw) >= layout.HEADER_SIZE:
        raw = layout.with_header_checksum(raw, layout.header_crc32(raw[: layout.HEADER_SIZE]))
    if FOOTER_SEAL in seals:
        for start, stop in _footer(raw):
            image = Image.of(raw)
            raw = raw[:start] + layout.build_footer(range_crc32(image, 0, start)) + raw[stop:]
    return raw


def is_sealed(raw: bytes) -> tuple[str, ...]:
    """The checksums of a file that are right."""
    return tuple(seal for seal in SEALS if _is_there(raw, seal) and resealed(raw, (seal,)) == raw)


def _is_there(raw: bytes, seal: str) -> bool:
    return len(raw) >= layout.HEADER_SIZE if seal == HEADER_SEAL else any(True for _ in _footer(raw))


def _footer(raw: bytes) -> Iterator[tuple[int, int]]:
    """Where the footer is, when there is one and all of it is in the file."""
    try:
        container = Container(Image.of(raw), lenient=True)
        span = container.sections["footer"]
    except AprError:
        return
    if span is not None and span[1] <= len(raw):
        yield span


def raw_of(recipe: Recipe) -> bytes | None:
    """The bytes of a recipe, None when it makes no sense."""
    try:
        return recipe.build()
    except AprError:
        return None


def hexed(raw: bytes) -> dict[str, str]:
    """Bytes in the words of a recipe."""
    return {"hex": raw.hex()}


def words_of(raw: bytes) -> dict[str, Any]:
    """Bytes in the shortest words that people read: zeros, a printable text, or hexadecimal digits."""
    if not any(raw):
        return {"zeros": len(raw)}
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return hexed(raw)
    return {"text": text} if text.isprintable() else hexed(raw)
