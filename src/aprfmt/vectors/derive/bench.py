"""The files that are tried: recipes, the bytes they give, what their fields hold, what the rules say of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, NamedTuple

from ...container import Container
from ...errors import RequestError
from ...layout import facts
from ...layout.model import Statement
from ...rules import Report
from ...spans import FieldMap
from ..check import judge
from ..edits import SEALS, edited
from ..image import Image
from ..suite import Suite

__all__ = ["BASES", "Bench", "Reading", "Recipe", "edit_path", "value_of"]

BASES: Mapping[str, str] = {
    "two": "Two tensors, as a good writer writes them.",
    "one": "One tensor, as a good writer writes it.",
    "three": "Three tensors of three element types, as a good writer writes them.",
    "empty": "No tensors at all, as a good writer writes it.",
    "scalar": "One tensor without dimensions, which has one element.",
    "empty-tensor": "One tensor without elements, which has no bytes.",
    "last-empty": "Two tensors, and the last one has no elements.",
    "smallest": "The smallest file there is: an empty object, no tensors, no filler, no footer.",
    "empty-tensor-no-footer": "One tensor without elements, and the file ends where its data would begin.",
    "full-no-footer": "One tensor without filler behind it, and the file ends with its last byte.",
    "every-dtype": "One tensor of each element type that writers use today.",
}
"""The bases that derived vectors start from, in the order in which they are tried; each is a vector itself."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to make one file: a base with other parts, edits, and the checksums that are computed again.

    `entry` is the entry of the tensor index that it is about.
    """

    base: str
    given: Mapping[str, Any] | None = None
    edits: tuple[Mapping[str, Any], ...] = ()
    seal: tuple[str, ...] = SEALS
    entry: int = 0

    def node(self) -> dict[str, Any]:
        """The keys of a vector that say this."""
        node: dict[str, Any] = {"base": self.base}
        if self.given is not None:
            node["with"] = self.given
        if self.edits:
            node["edits"] = list(self.edits)
            if self.seal != SEALS:
                node["seal"] = list(self.seal)
        return node


class Reading(NamedTuple):
    """A record, the file it is in, what holds it and its position there: what the bound of a statement is given."""

    this: Any
    root: Any
    parent: Any
    number: int


class Bench:
    """The bases, the statements, and the files and reports that were made of them so far."""

    def __init__(self, bases: Mapping[str, Any], statements: Sequence[Statement] = facts.STATEMENTS) -> None:
        if missing := BASES.keys() - bases.keys():
            raise RequestError(f"expected the bases {', '.join(BASES)}, found no {', '.join(sorted(missing))}")
        self.bases = bases
        self.statements = statements
        self._built: dict[str, Image] = {}
        self._reports: dict[tuple[str, str], Report] = {}
        self._readings: dict[tuple[str, str], list[Reading]] = {}

    def of_kinds(self, *kinds: str) -> list[Statement]:
        """The statements of some kinds."""
        return [item for item in self.statements if item.kind in kinds]

    def image(self, recipe: Recipe) -> Image:
        """The file of a recipe; raises `RequestError` for one that makes no sense."""
        key = json.dumps([recipe.base, recipe.given], sort_keys=True)
        if key not in self._built:
            node = {"id": "tried", "about": "Tried.", "verdict": "accept", "origin": "derived"}
            whole = {**node, **Recipe(recipe.base, recipe.given).node()}
            suite = Suite({"tried": {"bases": self.bases, "vectors": [whole]}})
            self._built[key] = suite.image("tried")
        return edited(self._built[key], recipe.edits, recipe.seal if recipe.edits else (), recipe.base)

    def report(self, image: Image, profile: str) -> Report:
        """What the rules of a profile say of a file."""
        key = (profile, image.sha256())
        if key not in self._reports:
            self._reports[key] = judge(image, profile)
        return self._reports[key]

    def nbytes(self, image: Image, path: str) -> int:
        """How many bytes a field of a file has, 0 when it is not there."""
        fields = FieldMap(Container(image, lenient=True)).walk(path)
        return next((field.nbytes for field in fields if field.path == path), 0)

    def entries(self, base: str) -> list[dict[str, Any]]:
        """The index entries of a base, as nodes that may be changed."""
        return [dict(entry) for entry in self.bases[base]["tensor_index"]["entries"]]

    def readings(self, base: str, owner: str) -> list[Reading]:
        """The records of a type in a base; of its index entries the last one and the first one."""
        if (base, owner) not in self._readings:
            image = self.image(Recipe(base))
            last = len(self.bases[base]["tensor_index"]["entries"]) - 1
            found = (self.reading(image, owner, number) for number in dict.fromkeys((max(last, 0), 0)))
            self._readings[base, owner] = [reading for reading in found if reading is not None]
        return self._readings[base, owner]

    def reading(self, image: Image, owner: str, entry: int = 0) -> Reading | None:
        """The record of a type in a file, None when there is none."""
        container = Container(image, lenient=True)
        found = FieldMap(container)
        index = SimpleNamespace(entries=[tensor.entry for tensor in found.tensors])
        root = SimpleNamespace(header=found.header, len_file=image.size, tensor_index=index)
        if owner == "header":
            return Reading(found.header, root, None, 0)
        if owner == "flags":
            return Reading(found.header.flags, root, found.header, 0)
        if owner == "tensor_index_entry" and entry < len(index.entries):
            return Reading(index.entries[entry], root, index, entry)
        return None


def value_of(statement: Statement, reading: Reading) -> int:
    """The number that a field holds."""
    for name, position, width in facts.FLAGS_BITS if statement.owner == "flags" else ():
        if name == statement.field:
            return int(reading.this) >> position & ((1 << width) - 1)
    return int(getattr(reading.this, statement.field))


def edit_path(statement: Statement, entry: int = 0) -> str:
    """The path of a statement's field in a file."""
    if statement.owner == "flags":
        return f"header.flags.{statement.field}"
    if statement.owner == "tensor_index_entry":
        return f"tensor_index.entries[{entry}].{statement.field}"
    return statement.path
