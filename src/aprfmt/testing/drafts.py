"""Sound files in parts: what is to be written, before it has places, sizes and checksums.

Rules of this file:
1. A draft that nobody changes is a file that no rule speaks of, in any profile.
2. What follows from other parts is computed when the file is built, so that a change of one part breaks nothing else:
   places of tensors, flags that announce something, the order of the index, every checksum.
3. Nothing is drawn again because it does not fit: names that are taken are replaced, sizes follow from what is asked.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from math import prod
from typing import Any, NamedTuple

from hypothesis import strategies as st

from .. import layout
from ..layout import ALIGNMENT, DType, Flags, Tree, align_up, dtype_facts, facts, tensor_nbytes
from ..provenance import FLAG_KEYS
from .metadata import metadata_json
from .strategies import NAME_PIECES, USUAL_SHAPES, expand, names_of, several, unique

__all__ = ["SHORT_NAMES", "Ask", "Body", "Draft", "bodies", "drafts"]


class Ask(NamedTuple):
    """What a draft has to be like.

    `solid`: no tensor is without elements. `ragged`: the last tensor ends between two places of the grid. `plain`: no
    tensor is of a quantised type.
    """

    min_tensors: int = 0
    max_tensors: int = 4
    solid: bool = False
    ragged: bool = False
    plain: bool = False


@dataclass(slots=True)
class Body:
    """What a tensor is apart from its name. `at` is where its bytes lie in the data section, None for the next place on
    the grid; `claimed` has fields of its index entry that say something else."""

    dtype: int
    dims: tuple[int, ...]
    data: bytes
    at: int | None = None
    claimed: Tree = field(default_factory=dict)


@dataclass(slots=True)
class Draft:
    """A file in parts. `order` has the numbers of the tensors in the order of their data; `idle_flags` are those that
    announce nothing which could be looked up; with `says_quantized` the flag is set where a tensor is of such a type.
    """

    metadata: bytes
    names: list[bytes]
    bodies: list[Body]
    idle_flags: Flags
    says_quantized: bool
    order: list[int] = field(default_factory=list)
    flags: dict[str, int] = field(default_factory=dict)
    header: Tree = field(default_factory=dict)

    def starts(self) -> list[int]:
        """Where the data of each tensor lies, counted from the start of the data section."""
        found = [0] * len(self.bodies)
        end = 0
        for number in self.order or range(len(self.bodies)):
            body = self.bodies[number]
            found[number] = align_up(end, ALIGNMENT) if body.at is None else body.at
            end = max(end, found[number] + len(body.data))
        return found

    def tree(self, **sections: Any) -> Tree:
        """The file as `aprfmt.build` takes it, with other sections in the place of some."""
        starts = self.starts()
        return {
            "header": {**self.header, "flags": layout.flags_tree(self._flags()) | self.flags},
            "metadata": self.metadata,
            "tensor_index": {"entries": list(map(_entry, self.names, self.bodies, starts))},
            "tensor_data": _data(self.bodies, starts),
            **sections,
        }

    def built(self, **sections: Any) -> bytes:
        """The file, with other sections in the place of some."""
        return layout.build(self.tree(**sections))

    def _flags(self) -> Flags:
        flags = Flags.LAYOUT_ROW_MAJOR | self.idle_flags
        known = (dtype_facts(body.dtype) for body in self.bodies)
        if self.says_quantized and any(item is not None and item.quantized for item in known):
            flags |= Flags.QUANTIZED
        return flags | _announced(self.metadata)


def _announced(metadata: bytes) -> Flags:
    """The flags that announce keys of the metadata; none where it cannot be read, because no flag can be right then."""
    flags = Flags(0)
    if b"\\" not in metadata and not any(key.encode() in metadata for key in FLAG_KEYS.values()):
        return flags  # without escapes every key stands there as it is; metadata may have many mebibytes
    try:
        members = json.loads(metadata.rstrip())  # much faster than `Metadata`, and as good for what can be read at all
    except (ValueError, RecursionError):
        return flags
    for flag, key in FLAG_KEYS.items():
        if isinstance(members, Mapping) and members.get(key) is not None:
            flags |= flag
    return flags


def _entry(name: bytes, body: Body, start: int) -> Tree:
    return {
        "name": name,
        "dtype": body.dtype,
        "dims": list(body.dims),
        "ofs_tensor": start,
        "len_tensor": len(body.data),
        **body.claimed,
    }


def _data(given: Sequence[Body], starts: Sequence[int]) -> bytes:
    """The data section: the bytes of each tensor where it starts, zeros between them and up to the grid."""
    places = list(zip(starts, given, strict=True))
    section = bytearray(max((start + align_up(len(body.data), ALIGNMENT) for start, body in places), default=0))
    for start, body in places:
        section[start : start + len(body.data)] = body.data
    return bytes(section)


_PIECES = tuple(piece for piece in NAME_PIECES if unicodedata.category(piece[0]) != "Cc")
SHORT_NAMES = st.tuples(st.sampled_from(_PIECES), st.sampled_from(("", *_PIECES))).map("".join)
"""Names of a few characters."""
_NAMES = names_of(_PIECES)


_IDLE = tuple(
    Flags[item.field.upper()]
    for item in facts.STATEMENTS
    if item.kind == "bit" and Flags[item.field.upper()] not in (Flags.LAYOUT_ROW_MAJOR, Flags.QUANTIZED, *FLAG_KEYS)
)
"""The flags that announce nothing which a rule could look up."""
_SIMPLE_FLAGS = st.lists(st.sampled_from(_IDLE), max_size=2).map(lambda flags: Flags(sum(set(flags))))
_TYPES = tuple(code for code in DType if code.facts.canonical_code == code and code.facts.ggml_id is None)
_SEEDS = st.integers(0, (1 << 32) - 1)
_MOST_ELEMENTS = 2048
_MOST_DIMS = next(
    item.bound(None, None, None, 0) for item in facts.STATEMENTS if item.rule == "APR-I007" and item.bound is not None
)
_ODD_SHAPES = st.lists(st.integers(0, 6), max_size=_MOST_DIMS).map(tuple)


@cache
def bodies(*, solid: bool = False, plain: bool = False, of: Sequence[DType] = _TYPES) -> st.SearchStrategy[Body]:
    """Tensors of some element types and any shape, as a writer makes them; `solid` and `plain` are those of `Ask`."""
    types = tuple(code for code in of if not (plain and code.facts.quantized))
    shapes = st.sampled_from(USUAL_SHAPES) | _ODD_SHAPES

    def body(drawn: tuple[DType, tuple[int, ...], int, bool]) -> Body:
        dtype, dims, seed, is_filled = drawn
        dims = tuple(dim or solid for dim in dims)
        while prod(dims) > _MOST_ELEMENTS:
            dims = dims[1:]
        return Body(int(dtype), tuple(map(int, dims)), expand(seed, tensor_nbytes(dtype, dims)[-is_filled]))

    return st.tuples(st.sampled_from(types), shapes, _SEEDS, st.booleans()).map(body)


_RAGGED = st.builds(
    lambda seed, n_elements: Body(
        int(DType.F32), (n_elements,), expand(seed, tensor_nbytes(DType.F32, (n_elements,))[0])
    ),
    _SEEDS,
    st.integers(1, ALIGNMENT // tensor_nbytes(DType.F32, ())[0] - 1),
)
"""Tensors that are smaller than a step of the grid."""


@st.composite
def drafts(draw: st.DrawFn, ask: Ask = Ask(), *, metadata: st.SearchStrategy[bytes] | None = None) -> Draft:  # noqa: B008 - a tuple
    """Sound files in parts; `metadata` replaces sound metadata."""
    pairs = st.tuples(_NAMES, bodies(solid=ask.solid, plain=ask.plain))
    drawn = draw(several(pairs, ask.min_tensors, ask.max_tensors))
    given = [body for _, body in drawn]
    if ask.ragged and given and len(given[-1].data) % ALIGNMENT == 0:
        given[-1] = draw(_RAGGED)
    raw = draw(_SOUND if metadata is None else metadata)
    return Draft(
        raw,
        sorted(name.encode() for name in unique([name for name, _ in drawn])),
        given,
        draw(_SIMPLE_FLAGS),
        draw(st.booleans()),
    )


_SOUND = metadata_json(sound=True, max_members=3)
