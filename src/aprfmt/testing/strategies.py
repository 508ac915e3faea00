"""Names, element types, shapes, tensors, and whole files that no careful reader refuses.

Rules of this file:
1. Positions, sizes and checksums come from `aprfmt.build`; nothing here knows where a field lies.
2. What a strategy calls valid has no fault of severity error; `canonical` ones have no fault at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import shake_128
from typing import Any

from hypothesis import strategies as st

from .. import layout
from ..layout import DType, Flags, Tree
from ..ops.create import NewTensor
from ..provenance import STAMP_KEYS, ProvenancePatch
from .metadata import metadata_json

__all__ = ["containers", "dtypes", "expand", "patches", "shapes", "tensor_names", "tensors", "trees"]

_ALIASES = tuple(code for code in DType if code.facts.canonical_code != code)
_CANONICAL = tuple(code for code in DType if code.facts.canonical_code == code)

_NAME_PIECES = (
    *("a", "b", "weight", ".", "0", "model.layers.0.", "Z", " ", "\0"),
    *("é", "e\u0301", "\u0130", "ß", "ñ", "\u200d", "עב", "نموذج", "模型", "가", "ไทย"),
    # UTF-16 puts the second and third before the first, bytes and code points do not.
    *("\uffff", "\U00010000", "😀", "\ue000"),
)
_LONG_PIECES = ("n", "é", "模", "😀")
_LONGEST_NAME_NBYTES = 256


def expand(seed: int, nbytes: int) -> bytes:
    """`nbytes` bytes that follow from `seed`: zeros for 0, otherwise the output of SHAKE-128."""
    return shake_128(seed.to_bytes(8, "little")).digest(nbytes) if seed else bytes(nbytes)


def tensor_names() -> st.SearchStrategy[str]:
    """Names of 1 to 256 bytes in many scripts, among them some whose order depends on the encoding."""
    short = st.lists(st.sampled_from(_NAME_PIECES), min_size=1, max_size=4).map("".join)
    long = st.builds(
        lambda piece, nbytes: piece * (nbytes // len(piece.encode())),
        st.sampled_from(_LONG_PIECES),
        st.integers(_LONGEST_NAME_NBYTES - 8, _LONGEST_NAME_NBYTES),
    )
    return short | short | long


def dtypes(*, legacy: bool = False) -> st.SearchStrategy[DType]:
    """Element types that a writer uses; with `legacy`, also the ids that older writers used for the same types."""
    return st.sampled_from(_CANONICAL + _ALIASES if legacy else _CANONICAL)


def shapes(*, max_ndim: int = 8, max_elements: int = 2048) -> st.SearchStrategy[tuple[int, ...]]:
    """Shapes with at most `max_elements` elements: scalars, empty ones, whole and broken blocks."""
    usual = ((), (1,), (0,), (32,), (33,), (256,), (257,), (2, 256), (3, 40), (2, 0, 3), (4, 300))

    def bounded(dims: Sequence[int]) -> tuple[int, ...]:
        kept: list[int] = []
        total = 1
        for dim in dims:
            dim = dim if total * dim <= max_elements else 1
            total *= dim or 1
            kept.append(dim)
        return tuple(kept)

    drawn = st.lists(st.integers(0, 6), max_size=max_ndim)
    return (st.sampled_from(usual) | drawn).map(bounded)


_BROKEN_ROWS = ((3, 40), (4, 300), (2, 257))
_SEEDS = st.integers(0, (1 << 32) - 1)


@st.composite
def _tensor(draw: st.DrawFn, names: st.SearchStrategy[str], canonical: bool) -> NewTensor:
    dtype = draw(dtypes(legacy=not canonical))
    broken_rows = st.sampled_from(_BROKEN_ROWS) if dtype.facts.row_padded else st.nothing()
    shape = draw(broken_rows | shapes(max_ndim=8 if canonical else 10))
    sizes = layout.tensor_nbytes(dtype, shape)
    nbytes = sizes[0] if canonical or len(sizes) == 1 else draw(st.sampled_from(sizes))
    return NewTensor(draw(names), dtype, shape, expand(draw(_SEEDS), nbytes))


def tensors(
    *, min_tensors: int = 0, max_tensors: int = 4, canonical: bool = True
) -> st.SearchStrategy[list[NewTensor]]:
    """Tensors with unique names, in any order; `aprfmt.create_bytes` takes them. Some 700 a second.

    With `canonical` false also legacy ids, rows filled up to whole blocks, more than 8 dimensions, longer names.
    """
    names = tensor_names()
    if not canonical:
        names |= st.just("") | st.integers(257, 300).map(lambda nbytes: "x" * nbytes)
    return st.lists(
        _tensor(names, canonical), min_size=min_tensors, max_size=max_tensors, unique_by=lambda tensor: tensor.name
    )


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


@st.composite
def trees(
    draw: st.DrawFn,
    *,
    canonical: bool = True,
    footer: bool | None = None,
    min_tensors: int = 0,
    max_tensors: int = 4,
    metadata: st.SearchStrategy[bytes] | None = None,
) -> Tree:
    """Trees that `aprfmt.build` turns into the files of `containers`, where the arguments are explained."""
    given = draw(tensors(min_tensors=min_tensors, max_tensors=max_tensors, canonical=canonical))
    raw = draw(metadata_json() if metadata is None else metadata)
    if canonical:
        given.sort(key=lambda tensor: tensor.name.encode())
        placed = _place(given, [0] * len(given), 0)
        known = draw(st.integers(0, Flags.LAYOUT_ROW_MAJOR - 1))
        tree = _tree({"flags": layout.flags_tree(Flags.LAYOUT_ROW_MAJOR | known)}, raw, placed)
        present = footer is not False
    else:
        gaps = [draw(_GAPS) for _ in given]
        placed = _place(given, gaps, draw(_SEEDS))
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


_GAPS = st.sampled_from((0, 0, 0, 64, 1, 130))
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


@cache
def _warm_up() -> None:
    """Pay for what the first file costs here rather than inside a draw, where Hypothesis takes it for slowness."""
    layout.parse(layout.build({"metadata": b"{}", "tensor_index": {"entries": []}}))


def containers(
    *,
    canonical: bool = True,
    footer: bool | None = None,
    min_tensors: int = 0,
    max_tensors: int = 4,
    metadata: st.SearchStrategy[bytes] | None = None,
) -> st.SearchStrategy[bytes]:
    """The bytes of files that every careful reader accepts. Some 300 a second.

    `canonical` ones are as the reference's in-memory writer lays them out. The others may have data in any order and
    with gaps, filler that is longer than needed or not zero, any flags but the column-major one, reserved bytes, a
    minor version, legacy ids, rows of blocks. `footer` is drawn when it is None (canonical files always have one);
    `metadata` replaces `metadata_json()`.
    """
    _warm_up()
    return trees(
        canonical=canonical, footer=footer, min_tensors=min_tensors, max_tensors=max_tensors, metadata=metadata
    ).map(layout.build)


def patches(keys: Sequence[str] = STAMP_KEYS, *, max_keys: int = 4) -> st.SearchStrategy[ProvenancePatch]:
    """Stamps that set 1 to `max_keys` of `keys`."""
    texts = st.sampled_from(("", "MIT", "Apache-2.0", "qwen2", 'a"b\\c\n', "模型 😀")) | st.text(max_size=8)

    def build(values: Any) -> ProvenancePatch:
        return ProvenancePatch(**dict(values))

    pairs = st.tuples(st.sampled_from(tuple(keys)), texts)
    return st.lists(pairs, min_size=1, max_size=max_keys, unique_by=lambda pair: pair[0]).map(build)
