"""Names, element types, shapes, tensors, and the trees of files that no careful reader refuses.

Rules of this file:
1. Positions, sizes and checksums come from `aprfmt.build`; nothing here knows where a field lies.
2. What a strategy calls valid has no fault of severity error; `canonical` ones have no fault at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import shake_128
from typing import TypeVar

from hypothesis import strategies as st

from .. import layout
from ..layout import DType, Flags, Tree
from ..ops.create import NewTensor
from .asked import counts_asked, number_asked, strategy_asked
from .metadata import metadata_json

__all__ = [
    "LONGEST_NAME_NBYTES",
    "NAME_PIECES",
    "USUAL_SHAPES",
    "dtypes",
    "expand",
    "fitted",
    "names_of",
    "several",
    "shapes",
    "tensor_names",
    "tensors",
    "trees",
    "unique",
]

T = TypeVar("T")

_ALIASES = tuple(code for code in DType if code.facts.canonical_code != code)
_CANONICAL = tuple(code for code in DType if code.facts.canonical_code == code)

NAME_PIECES = (
    *("a", "b", "weight", ".", "0", "model.layers.0.", "Z", " ", "\0"),
    *("é", "e\u0301", "\u0130", "ß", "ñ", "\u200d", "עב", "نموذج", "模型", "가", "ไทย"),
    # UTF-16 puts the second and third before the first, bytes and code points do not.
    *("\uffff", "\U00010000", "😀", "\ue000"),
)
"""What names are made of."""
LONGEST_NAME_NBYTES = 256
"""The longest name that the reference writes."""


_LAST_SEED = (1 << 64) - 1


def expand(seed: int, nbytes: int) -> bytes:
    """`nbytes` bytes that follow from `seed`, a number of 64 bits: zeros for 0, otherwise the output of SHAKE-128."""
    number_asked("seed", seed, most=_LAST_SEED)
    number_asked("nbytes", nbytes)
    return shake_128(seed.to_bytes(8, "little")).digest(nbytes) if seed else bytes(nbytes)


_TAILS = ("", "", "", ".bias", *(piece * LONGEST_NAME_NBYTES for piece in ("n", "é", "模", "😀")))
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def names_of(pieces: Sequence[str]) -> st.SearchStrategy[str]:
    """Names that are made of some pieces, of 256 bytes at most; a long one takes as many choices as a short one."""
    parts = st.tuples(st.sampled_from(pieces), st.sampled_from(("", *pieces)), st.sampled_from(_TAILS))
    return parts.map("".join).map(fitted)


def fitted(name: str, nbytes: int = LONGEST_NAME_NBYTES) -> str:
    """As many characters of a name as fit into so many bytes."""
    return name.encode()[:nbytes].decode(errors="ignore")


def unique(names: Sequence[str]) -> list[str]:
    """The names; in the place of one that was there before stands a letter, or a number."""
    taken = set(names)
    free = (name for name in (*_LETTERS, *map(str, range(len(names)))) if name not in taken)
    seen: dict[str, None] = {}
    for name in names:
        seen[next(free) if name in seen else name] = None
    return list(seen)


_NAMES = names_of(NAME_PIECES)


def tensor_names() -> st.SearchStrategy[str]:
    """Names of 1 to 256 bytes in many scripts, among them some whose order depends on the encoding."""
    return _NAMES


@cache
def dtypes(*, legacy: bool = False) -> st.SearchStrategy[DType]:
    """Element types that a writer uses; with `legacy`, also the ids that older writers used for the same types."""
    return st.sampled_from(_CANONICAL + _ALIASES if legacy else _CANONICAL)


USUAL_SHAPES = ((), (1,), (0,), (32,), (33,), (256,), (257,), (2, 256), (3, 40), (2, 0, 3), (4, 300))
"""A scalar, nothing, whole and broken blocks, and rows of them."""


def shapes(*, max_ndim: int = 8, max_elements: int = 2048) -> st.SearchStrategy[tuple[int, ...]]:
    """Shapes of at most `max_ndim` dimensions and `max_elements` elements: scalars, empty ones, whole and broken
    blocks. Raises `RequestError` for numbers below 0, and for no elements, as a scalar has one."""
    number_asked("max_ndim", max_ndim)
    number_asked("max_elements", max_elements, 1)
    return _shapes(max_ndim, max_elements)


@cache
def _shapes(max_ndim: int, max_elements: int) -> st.SearchStrategy[tuple[int, ...]]:
    def bounded(dims: Sequence[int]) -> tuple[int, ...]:
        kept: list[int] = []
        total = 1
        for dim in dims[max(0, len(dims) - max_ndim) :]:
            dim = dim if total * dim <= max_elements else 1
            total *= dim or 1
            kept.append(dim)
        return tuple(kept)

    drawn = st.lists(st.integers(0, 6), max_size=max_ndim)
    return (st.sampled_from(USUAL_SHAPES) | drawn).map(bounded)


_SEEDS = st.integers(0, (1 << 32) - 1)


_BROKEN_ROWS: st.SearchStrategy[tuple[int, ...]] = st.sampled_from(((), (), (3, 40), (4, 300), (2, 257)))


_ODD_DTYPES = (*_CANONICAL, *_ALIASES, *[code for code in _CANONICAL if code.facts.row_padded] * 4)
"""Types whose rows are filled up more often than others: they are few, and readers go wrong there."""


@st.composite
def _body(draw: st.DrawFn, canonical: bool) -> tuple[DType, tuple[int, ...], bytes]:
    dtype = draw(dtypes() if canonical else st.sampled_from(_ODD_DTYPES))
    shape = draw(shapes() if canonical else shapes(max_ndim=10))
    if dtype.facts.row_padded:
        shape = draw(_BROKEN_ROWS) or shape
    sizes = layout.tensor_nbytes(dtype, shape)
    nbytes = sizes[0] if canonical or len(sizes) == 1 else draw(st.sampled_from(sizes))
    return dtype, shape, expand(draw(_SEEDS), nbytes)


_Given = tuple[str, tuple[DType, tuple[int, ...], bytes]]
"""A name that may be taken, and what else a tensor is."""


@st.composite
def several(draw: st.DrawFn, items: st.SearchStrategy[T], least: int, most: int) -> list[T]:
    """From `least` to `most` items. Where an item takes many choices, Hypothesis drops items of such a list one by one,
    and of its own kind of list often does not."""
    return [draw(items) for _ in range(draw(st.integers(least, most)))]


_ODD_NAMES = _NAMES | _NAMES | st.sampled_from(("", "x" * (LONGEST_NAME_NBYTES + 1), "x" * 300))


def tensors(
    *, min_tensors: int = 0, max_tensors: int = 4, canonical: bool = True
) -> st.SearchStrategy[list[NewTensor]]:
    """Tensors with unique names, in any order; `aprfmt.create_bytes` takes them. Some 1,000 a second.

    With `canonical` false also legacy ids, rows filled up to whole blocks, more than 8 dimensions, longer names. Raises
    `RequestError` for numbers that are none, or in the wrong order.
    """
    counts_asked(min_tensors, max_tensors)
    return several(_given(canonical), min_tensors, max_tensors).map(_named)


@cache
def _given(canonical: bool) -> st.SearchStrategy[_Given]:
    return st.tuples(_NAMES if canonical else _ODD_NAMES, _body(canonical))


def _named(given: Sequence[_Given]) -> list[NewTensor]:
    names = unique([name for name, _ in given])
    return [NewTensor(name, *body) for name, (_, body) in zip(names, given, strict=True)]


@dataclass(frozen=True, slots=True)
class _Placement:
    """Index entries in the order of their names, and the data section that they describe."""

    entries: list[Tree]
    data: bytes


def _place(given: Sequence[NewTensor], gaps: Sequence[int], filler: int) -> _Placement:
    """Lay data in the order of `given`; a gap before a tensor may put it off the grid."""
    entries: list[Tree] = []
    at = end = 0
    pieces: list[tuple[int, bytes]] = []
    for tensor, gap in zip(given, gaps, strict=True):
        start = at + gap
        data = bytes(tensor.data)
        entries.append(
            {
                "name": tensor.name.encode(),
                "dtype": int(tensor.dtype),
                "dims": list(tensor.shape),
                "ofs_tensor": start,
                "len_tensor": len(data),
            }
        )
        pieces.append((start, data))
        at = layout.align_up(start + len(data), layout.ALIGNMENT)
        end = max(end, start + layout.align_up(len(data), layout.ALIGNMENT))
    section = bytearray(expand(filler, end))
    for start, data in pieces:
        section[start : start + len(data)] = data
    entries.sort(key=lambda entry: entry["name"])
    return _Placement(entries, bytes(section))


def trees(
    *,
    canonical: bool = True,
    footer: bool | None = None,
    min_tensors: int = 0,
    max_tensors: int = 4,
    metadata: st.SearchStrategy[bytes] | None = None,
) -> st.SearchStrategy[Tree]:
    """Trees that `aprfmt.build` turns into the files of `containers`, where arguments and errors are explained."""
    counts_asked(min_tensors, max_tensors)
    if metadata is not None:
        strategy_asked("metadata", metadata)
    return _trees(canonical, footer, min_tensors, max_tensors, metadata_json() if metadata is None else metadata)


@st.composite
def _trees(
    draw: st.DrawFn,
    canonical: bool,
    footer: bool | None,
    min_tensors: int,
    max_tensors: int,
    metadata: st.SearchStrategy[bytes],
) -> Tree:
    # A gap is drawn with its tensor, so that it goes with it when a file shrinks.
    pairs = draw(several(st.tuples(_given(canonical), _NO_GAP if canonical else _GAPS), min_tensors, max_tensors))
    given = _named([tensor for tensor, _ in pairs])
    raw = draw(metadata)
    if canonical:
        given.sort(key=lambda tensor: tensor.name.encode())
        placed = _place(given, [0] * len(given), 0)
        known = draw(st.integers(0, Flags.LAYOUT_ROW_MAJOR - 1))
        tree = _tree({"flags": layout.flags_tree(Flags.LAYOUT_ROW_MAJOR | known)}, raw, placed)
        present = footer is not False
    else:
        placed = _place(given, [gap for _, gap in pairs], draw(_SEEDS))
        tree = _tree(draw(_odd_headers()), raw, placed)
        for section in ("header_padding", "metadata_padding"):
            if draw(st.booleans()):
                tree[section] = draw(_FILLERS)
        if draw(st.booleans()):
            tree["tensor_index"]["padding"] = draw(_FILLERS)
        present = draw(st.booleans()) if footer is None else footer
    if not present:
        tree["footer"] = None
    return tree


_GAPS, _NO_GAP = st.sampled_from((0, 0, 0, 64, 1, 130)), st.just(0)
_FILLERS = st.builds(expand, st.sampled_from((0, 0, 1, 2)), st.integers(0, 140))


@st.composite
def _odd_headers(draw: st.DrawFn) -> Tree:
    """Header fields that readers accept: every flag but the one they refuse, any minor version, reserved bytes."""
    bits = draw(st.integers(0, 0xFFFF)) & ~int(Flags.LAYOUT_COLUMN_MAJOR)  # ~ of a Flags drops undefined bits
    return {
        "flags": layout.flags_tree(Flags(bits)),
        "version_minor": draw(st.sampled_from((0, 1, 255))),
        "reserved": expand(draw(st.sampled_from((0, 1, 2))), len(_BLANK.reserved)),
    }


_BLANK = layout.parse_header(bytes(layout.HEADER_SIZE))


def _tree(header: Tree, metadata: bytes, placed: _Placement) -> Tree:
    return {
        "header": header,
        "metadata": metadata,
        "tensor_index": {"entries": placed.entries},
        "tensor_data": placed.data,
    }
