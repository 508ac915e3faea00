"""Sections with one fault: places outside the file or in one another, off the grid, filler that is not empty."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from hypothesis import strategies as st

from ... import layout
from ...layout import ALIGNMENT, Tree, facts
from ..drafts import Draft
from ..outside import not_zero, statements_of, wrong_place
from . import breaks

__all__: list[str] = []

_PLACES = ("APR-S001", "APR-S002", "APR-S003")
_OFF_GRID, _EXCESS = "APR-S005", "APR-S006"


def _misplaced(draw: st.DrawFn, draft: Draft, rule: str, *, is_outside: bool = False) -> bytes:
    """A place before the least one it may be, unless it is to be outside the file; or behind the last one."""
    raw = draft.built()
    header = layout.parse_header(raw)
    root = SimpleNamespace(header=header, len_file=len(raw))
    bounds = {item.kind: item.bound(header, root, None, 0) for item in statements_of(rule, "min", "max") if item.bound}
    field = statements_of(rule, "min")[0]
    least = 0 if is_outside else bounds["min"]
    draft.header[field.field] = wrong_place(
        draw, least, bounds["max"], field.bits or 0, right=getattr(header, field.field)
    )
    return draft.built()


def _register(rule: str) -> None:
    @breaks(rule, beside=(_OFF_GRID,))
    def misplaced(draw: st.DrawFn, draft: Draft) -> bytes:
        return _misplaced(draw, draft, rule)


for _rule in _PLACES:
    _register(_rule)


@breaks("APR-S001", profile="reader")
def metadata_outside(draw: st.DrawFn, draft: Draft) -> bytes:
    """The reference lets the metadata overlap the header, so that only the end of the file remains."""
    return _misplaced(draw, draft, "APR-S001", is_outside=True)


@breaks("APR-S002", profile="reader", tensors=1)
def index_outside(draw: st.DrawFn, draft: Draft) -> bytes:
    """The reference lets the index overlap the metadata, and does not look where one without entries is."""
    return _misplaced(draw, draft, "APR-S002", is_outside=True)


def _fillers(tree: Tree) -> dict[str, int]:
    """How many bytes of filler a file has in each place outside the data section, by the path of the place."""
    header = layout.parse_header(layout.build(tree))
    n_entries = sum(len(layout.build_entries([entry])) for entry in tree["tensor_index"]["entries"])
    return {
        "header_padding": header.ofs_metadata - facts.HEADER_SIZE,
        "metadata_padding": header.ofs_tensor_index - header.ofs_metadata - header.len_metadata,
        "padding": header.ofs_data - header.ofs_tensor_index - n_entries,
    }


def _filled(tree: Tree, fillers: dict[str, int], **given: bytes) -> bytes:
    """The file with so many bytes of filler in each place, zeros unless they are given."""
    texts = {name: given.get(name, bytes(nbytes)) for name, nbytes in fillers.items()}
    index = {**tree["tensor_index"], "padding": texts.pop("padding")}
    return layout.build({**tree, **texts, "tensor_index": index})


def _soiled(draw: st.DrawFn, draft: Draft, place: str, keeps: int = 0) -> bytes:
    """Filler that is not zero; where there is none, a step of the grid is added. `keeps` bytes in front stay zero."""
    tree = draft.tree()
    fillers = _fillers(tree)
    fillers[place] = fillers[place] or ALIGNMENT
    kept = min(keeps, fillers[place] - 1)
    return _filled(tree, fillers, **{place: bytes(kept) + not_zero(draw, fillers[place] - kept)})


@breaks("APR-S004", beside=(_EXCESS,))
def filler_not_zero(draw: st.DrawFn, draft: Draft) -> bytes:
    """Filler behind the metadata, or in front of it, where a file in order has none."""
    statement = draw(st.sampled_from(statements_of("APR-S004")[::-1]))
    return _soiled(draw, draft, statement.path)


@breaks("APR-I009", beside=(_EXCESS,))
def index_filler_not_zero(draw: st.DrawFn, draft: Draft) -> bytes:
    """Filler behind the entries, which begins with an empty name: no entry begins like that."""
    return _soiled(draw, draft, "padding", keeps=_LEN_NAME)


_BLANK: Any = layout.TensorIndexEntry(0, b"", 0, 0, (), 0, 0)
_LEN_NAME = facts.spans_tensor_index_entry(_BLANK, 0)["len_name"][1]


@breaks(_OFF_GRID)
def section_off_grid(draw: st.DrawFn, draft: Draft) -> bytes:
    """One section off the grid, or more, with less filler in front of each than the grid takes."""
    tree = draft.tree()
    fillers = _fillers(tree)
    places = list(fillers)
    first = draw(st.sampled_from(places[::-1]))
    shift = 0  # how far the end of the section before is from where it was
    for place in places:
        ends = shift - fillers[place]  # the section begins on the grid again with so much less than nothing
        rest = -ends % ALIGNMENT
        if place == first or draw(st.booleans()):
            rest = (rest + 1 + draw(st.integers(0, ALIGNMENT - 2))) % ALIGNMENT
        shift += rest - fillers[place]
        fillers[place] = rest
    return _filled(tree, fillers)


@breaks(_EXCESS)
def filler_excess(draw: st.DrawFn, draft: Draft) -> bytes:
    """Some steps of the grid more than it takes, in one place or more."""
    tree = draft.tree()
    fillers = _fillers(tree)
    places = list(fillers)
    first = draw(st.sampled_from(places))
    for place in places:
        if place == first or draw(st.booleans()):
            fillers[place] += ALIGNMENT * (1 + draw(st.integers(0, 3)))
    return _filled(tree, fillers)
