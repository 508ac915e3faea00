"""Objects that no careful reader refuses, as trees: flags, metadata, tensors, and where their data lies.

Everything follows from the facts of the specification: its flags, its element types and their blocks, the bounds that
it states of a field. Tensors are a shape and a fill, so that a tree stays small and says what is in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from ... import layout
from ...layout import DType, facts
from ...vectors.derive.claims import bound_of
from ...vectors.words import bytes_of, wide
from .draws import Draws
from .recipe import hexed
from .texts import metadata_words

__all__ = ["FLAGS", "fill", "placed", "tree", "with_data"]

FLAGS: tuple[str, ...] = tuple(name for name, _, width in facts.FLAGS_BITS if width == 1)
_FORBIDDEN = frozenset(
    item.field for item in facts.STATEMENTS if item.owner == "flags" and item.kind == "eq" and item.rule is not None
)
"""Flags that are to be clear; an error or a warning says so."""
_PLAIN_FLAGS = tuple(name for name in FLAGS if name not in _FORBIDDEN)
_ALWAYS_SET = "layout_row_major"
_ALIGNMENT = layout.ALIGNMENT

_CURRENT = tuple(code for code in DType if code.facts.canonical_code == code)
_LEGACY = tuple(code for code in DType if code.facts.canonical_code != code)

_ODD = 8
"""One object in so many is laid out as no good writer would, for each of the ways in which that can be."""
_SMALL_NBYTES, _LARGE_NBYTES, _LARGE = 1 << 9, 1 << 12, 1 << 6
"""The most bytes of a tensor, and of one tensor in so many."""
_MOST_TENSORS = 5

_NAME_PIECES = (
    *("a", "b", "w", "weight", ".", "0", "10", "9", "model.layers.0.", "Z", "_", " "),
    # The order of these differs between UTF-8, UTF-16 and locales.
    *("é", "e\u0301", "ß", "\u0130", "模型", "\uffff", "\U00010000", "😀", "\ue000", "\u200d"),
)


def _most(path: str) -> int:
    """The largest value that the specification allows a field, the same in every file."""
    found = (bound_of(item) for item in facts.STATEMENTS if item.path == path and item.kind == "max")
    return next(bound for bound in found if bound is not None)


_LONGEST_NAME = _most("tensor_index_entry.len_name")
_MOST_DIMS = _most("tensor_index_entry.ndim")


def tree(draws: Draws) -> dict[str, Any]:
    """The tree of a file without an error. Three in four are as a good writer writes them, but for what is in them."""
    entries, fills = _tensors(draws)
    found: dict[str, Any] = {"metadata": metadata_words(draws), **with_data(entries, fills)}
    if draws.chance(2):
        found["header"] = {"flags": [_ALWAYS_SET, *draws.some([f for f in _PLAIN_FLAGS if f != _ALWAYS_SET], 3)]}
    if draws.chance(4):
        _make_odd(draws, found, fills)
    return found


def _tensors(draws: Draws) -> tuple[list[dict[str, Any]], list[int]]:
    """Index entries in the order of their names, and what their data is filled with."""
    names = {_name(draws): None for _ in range(draws.below(_MOST_TENSORS + 1))}
    entries = []
    for name in sorted(names, key=lambda text: text.encode("utf-8")):
        dtype = draws.pick(_LEGACY if draws.chance(4 * _ODD) else _CURRENT)
        dims = _shape(draws, dtype)
        entry: dict[str, Any] = {
            "name": {"text": name},
            "dtype": dtype.name.lower(),
            "dims": [wide(dim) for dim in dims],
        }
        sizes = layout.tensor_nbytes(dtype, dims)
        if len(sizes) > 1 and draws.chance(2):
            entry["len_tensor"] = draws.pick(sizes)
        entries.append(entry)
    return entries, [draws.below(4) for _ in entries]


def _name(draws: Draws) -> str:
    if draws.chance(16):
        nbytes = draws.pick((_LONGEST_NAME, _LONGEST_NAME - 1))
        piece = draws.pick(("n", "é", "模", "😀"))
        return piece * (nbytes // len(piece.encode("utf-8")))
    return "".join(draws.pick(_NAME_PIECES) for _ in range(draws.between(1, 3)))


def _shape(draws: Draws, dtype: DType) -> tuple[int, ...]:
    """A shape around whole blocks of the element type, with few bytes."""
    block = dtype.facts.block_elems
    most = _LARGE_NBYTES if draws.chance(_LARGE) else _SMALL_NBYTES
    sizes = (0, 1, 1, 2, 3, 5, block - 1, block, block + 1, 2 * block)
    ndim = draws.pick((0, 1, 1, 1, 2, 2, 2, 3, 4, _MOST_DIMS))
    dims: list[int] = []
    for number in range(ndim):
        dim = draws.pick(sizes) if number < 3 else draws.pick((1, 1, 1, 2))
        fits = layout.tensor_nbytes(dtype, (*dims, dim))[-1] <= most
        dims.append(dim if fits else 1)
    # Without elements a dimension may say anything.
    if dims and not prod(dims) and draws.chance(4):
        dims[draws.below(len(dims))] = draws.pick((0, 1 << 31, 1 << 53, (1 << 64) - 1))
        dims = [0, *dims[1:]] if prod(dims) else dims
    return tuple(draws.shuffled(dims)) if draws.chance(4) else tuple(dims)


def fill(kind: int, nbytes: int) -> dict[str, Any]:
    """So many bytes that follow from a small number: zeros, bytes that count, or the same byte again and again."""
    if not nbytes:
        return {"zeros": 0}
    if kind < 2:
        return ({"zeros": nbytes}, {"counting": nbytes})[kind]
    return {"repeat": [hexed(bytes((0xFF - kind,))), nbytes]}


def nbytes_of(entry: Mapping[str, Any]) -> int:
    """The size of a tensor that an entry gives or that follows from its element type and shape, 0 for an unknown one.

    A shape of more bytes than any case has counts as none.
    """
    given = entry.get("len_tensor")
    if given is not None:
        return int(given)
    code = entry["dtype"]
    known = DType.__members__.get(str(code).upper()) if isinstance(code, str) else DTYPES.get(int(code))
    if known is None:
        return 0
    nbytes = layout.tensor_nbytes(known, [int(dim) for dim in entry["dims"]])[0]
    return nbytes if nbytes <= _MOST_NBYTES else 0


DTYPES: Mapping[int, DType] = {int(code): code for code in DType}
_MOST_NBYTES = 1 << 20


def with_data(
    entries: Sequence[Mapping[str, Any]], fills: Sequence[int], order: Sequence[int] = (), gaps: Sequence[int] = ()
) -> dict[str, Any]:
    """Index and data section of a tree: tensors on the grid one behind the other, as a good writer places them.

    With an `order` their data lies in that one, and with `gaps` so many bytes are left out before each; then the
    entries say where it lies.
    """
    found = [dict(entry) for entry in entries]
    order = order or range(len(entries))
    pieces: list[dict[str, Any]] = []
    at = 0
    for number, place in enumerate(order):
        entry, nbytes = found[place], nbytes_of(found[place])
        gap = gaps[number] if gaps else 0
        if gaps or list(order) != list(range(len(entries))):
            entry["ofs_tensor"] = at + gap
        filler = -nbytes % _ALIGNMENT
        pieces += [{"zeros": gap}, fill(fills[place], nbytes), {"zeros": filler}]
        at += gap + nbytes + filler
        if gap % _ALIGNMENT and number + 1 < len(order):
            pieces.append({"zeros": -at % _ALIGNMENT})
            at += -at % _ALIGNMENT
    return {"tensor_index": {"entries": found}, "tensor_data": placed(pieces)}


def placed(pieces: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Bytes one behind the other, without those that are none."""
    found = [piece for piece in pieces if piece != {"zeros": 0}] or [{"zeros": 0}]
    return dict(found[0]) if len(found) == 1 else {"join": list(found)}


def _make_odd(draws: Draws, found: dict[str, Any], fills: Sequence[int]) -> None:
    """Lay a tree out as readers must take it, and as no good writer makes it."""
    entries = found["tensor_index"]["entries"]
    if entries and draws.chance(2):
        order = draws.shuffled(range(len(entries))) if draws.chance(2) else list(range(len(entries)))
        gaps = [draws.pick((0, 0, _ALIGNMENT, 1, 3 * _ALIGNMENT)) for _ in entries]
        found |= with_data(entries, fills, order, gaps)
    for section in ("header_padding", "metadata_padding"):
        if draws.chance(_ODD):
            found[section] = _filler(draws)
    if draws.chance(_ODD):
        found["tensor_index"] = {**found["tensor_index"], "padding": _filler(draws)}
    if draws.chance(_ODD):
        found["header"] = {**found.get("header", {}), "flags": draws.some(_PLAIN_FLAGS, 4)}
    if draws.chance(2 * _ODD):
        found["header"] = {**found.get("header", {}), "version_minor": draws.pick((1, 0xFF))}
    if draws.chance(4):
        found["footer"] = None
    elif draws.chance(2 * _ODD):
        found["trailing"] = draws.pick(({"zeros": 1}, hexed(b"\xff"), {"zeros": _ALIGNMENT}, {"counting": 5}))
    if entries:
        _make_wide(draws, found["tensor_index"]["entries"])


def _make_wide(draws: Draws, entries: list[dict[str, Any]]) -> None:
    """Give a name or a shape one more than a good writer does: the last name, so that the order stays."""
    last = entries[-1]
    if draws.chance(_ODD):
        name = bytes_of(last["name"], "name").decode("utf-8")
        last["name"] = {"text": name + "n" * (_LONGEST_NAME + 1 - len(name.encode("utf-8")))}
    if draws.chance(_ODD) and last["dims"]:
        last["dims"] = [1] * (_MOST_DIMS + 1 - len(last["dims"])) + last["dims"]


def _filler(draws: Draws) -> dict[str, Any]:
    nbytes = draws.pick((0, 1, _ALIGNMENT - 1, _ALIGNMENT, _ALIGNMENT + 1, 2 * _ALIGNMENT))
    return fill(draws.pick((0, 0, 0, 1, 3)), nbytes)
