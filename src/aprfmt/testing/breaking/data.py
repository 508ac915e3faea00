"""Data sections with one fault: tensors outside the file, in one another, of the wrong size; bytes of no tensor."""

from __future__ import annotations

from math import prod

from hypothesis import strategies as st

from ... import layout
from ...layout import ALIGNMENT, FOOTER_SIZE, DType, facts, tensor_nbytes
from ..drafts import Body, Draft
from ..outside import not_zero, same_in_half, wrong_place
from . import breaks

__all__: list[str] = []

_LIMIT = facts.FIELDS["tensor_index_entry"]["ofs_tensor"].limit or 0
"""How many values an offset or a size can have."""
_BITS = _LIMIT.bit_length() - 1
_OFF_GRID, _OUT_OF_ORDER = "APR-D005", "APR-D008"


def _one_of(draw: st.DrawFn, draft: Draft) -> int:
    return draw(st.integers(0, len(draft.bodies) - 1))


@breaks("APR-D001", tensors=1, beside=(_OFF_GRID, _OUT_OF_ORDER))
def tensor_outside(draw: st.DrawFn, draft: Draft) -> bytes:
    """An offset behind the end of the file, or a size that goes beyond it, with as many elements as it takes. Either
    may be the right one in half of its bits."""
    raw = draft.built()
    room = len(raw) - layout.parse_header(raw).ofs_data
    number = _one_of(draw, draft)
    body, start = draft.bodies[number], draft.starts()[number]
    kind = draw(st.sampled_from(("offset", "size", "wrap", "half")))
    if kind == "offset":
        body.claimed["ofs_tensor"] = wrong_place(draw, 0, room, _BITS, right=start)
    elif kind == "wrap":  # kept in 64 bits, the end of the tensor is inside the file
        body.claimed["ofs_tensor"] = _LIMIT - draw(st.integers(1, room))
    else:
        width = tensor_nbytes(DType.F16, ())[0]
        least = (room - start) // width + 1
        if kind == "half":
            n_elements = same_in_half(draw, len(body.data), _BITS) // width
        else:
            n_elements = least + draw(st.integers(0, (_LIMIT - 1) // width - least))
        body.dtype, body.dims = DType.F16, (n_elements,)
        body.claimed["len_tensor"] = width * n_elements
    return draft.built()


@breaks("APR-D002", tensors=1)
def size_wrong(draw: st.DrawFn, draft: Draft) -> bytes:
    """Another number of bytes than the shape takes: one more or less, or any other; or a shape of so many elements that
    counting them goes wrong. The bytes lie where they belong."""
    body = draft.bodies[_one_of(draw, draft)]
    kind = draw(st.sampled_from(("near", "any", "shape")))
    if kind == "shape":
        _enlarge(draw, body)
        return draft.built()
    allowed = sorted(tensor_nbytes(body.dtype, body.dims))
    near = [nbytes for size in allowed for nbytes in (size + 1, size - 1) if nbytes >= 0 and nbytes not in allowed]
    if kind == "any":
        nbytes = draw(st.integers(0, allowed[-1] + ALIGNMENT))
        for size in allowed:  # counts those alone that are wrong
            nbytes += nbytes >= size
    else:
        nbytes = draw(st.sampled_from(near))
    body.data = (body.data + bytes(nbytes))[:nbytes]
    return draft.built()


def _enlarge(draw: st.DrawFn, body: Body) -> None:
    """Give a tensor a shape whose elements are as many as it has bytes for in half of the bits of a number, and more in
    all of them; or none in all of the bits, because there are more than a number holds."""
    if draw(st.booleans()):
        half = _BITS // 2
        body.dims = tuple(1 + draw(st.integers(0, (1 << half) - 2)) << half for _ in range(2))
        body.data = b""
    else:
        n_elements = prod(body.dims)
        body.data = body.data[: tensor_nbytes(body.dtype, (n_elements,))[0]]
        body.dims = (same_in_half(draw, n_elements, _BITS),)


@breaks("APR-D003", tensors=2, solid=True, beside=(_OFF_GRID, _OUT_OF_ORDER))
def overlap(draw: st.DrawFn, draft: Draft) -> bytes:
    """A tensor that begins where the one before it does, or another one before that, or up to its last byte."""
    number = draw(st.integers(1, len(draft.bodies) - 1))
    other = number - 1 - draw(st.integers(0, number - 1))
    nbytes = len(draft.bodies[other].data)
    draft.bodies[number].at = draft.starts()[other] + draw(st.integers(0, nbytes - 1))
    return draft.built()


@breaks("APR-D004", tensors=1, ragged=True)
def truncated(draw: st.DrawFn, draft: Draft) -> bytes:
    """The file without its last bytes, of which all are filler: every tensor is there."""
    raw = draft.built()
    filler = -len(draft.bodies[-1].data) % ALIGNMENT
    return raw[: len(raw) - FOOTER_SIZE - draw(st.integers(1, filler))]


@breaks(_OFF_GRID, tensors=1, solid=True)
def off_grid(draw: st.DrawFn, draft: Draft) -> bytes:
    """A tensor off the grid, with less in front of it than the grid takes."""
    number = _one_of(draw, draft)
    starts = draft.starts()
    end = max((start + len(body.data) for start, body in zip(starts[:number], draft.bodies, strict=False)), default=0)
    place = end + draw(st.integers(0, ALIGNMENT - 2))
    # Of the bytes that may follow the end, one is on the grid: it is left out, and what lies behind it moves up.
    draft.bodies[number].at = place + (place >= layout.align_up(end, ALIGNMENT))
    return draft.built()


@breaks("APR-D006", tensors=1, ragged=True)
def filler_not_zero(draw: st.DrawFn, draft: Draft) -> bytes:
    """Something behind a tensor that ends between two places of the grid."""
    starts = draft.starts()
    ragged = [number for number, body in enumerate(draft.bodies) if len(body.data) % ALIGNMENT]
    number = draw(st.sampled_from(ragged[::-1]))
    body = draft.bodies[number]
    end = starts[number] + len(body.data)
    section = bytearray(draft.tree()["tensor_data"])
    section[end : layout.align_up(end, ALIGNMENT)] = not_zero(draw, -end % ALIGNMENT)
    return draft.built(tensor_data=bytes(section))


@breaks("APR-D007", tensors=1)
def gap(draw: st.DrawFn, draft: Draft) -> bytes:
    """Steps of the grid in front of a tensor that no tensor lies on."""
    number = _one_of(draw, draft)
    draft.bodies[number].at = draft.starts()[number] + ALIGNMENT * (1 + draw(st.integers(0, 3)))
    return draft.built()


@breaks(_OUT_OF_ORDER, tensors=2, solid=True)
def out_of_order(draw: st.DrawFn, draft: Draft) -> bytes:
    """The data in any order but that of the index."""
    order = draw(st.permutations(range(len(draft.bodies))))
    if order == sorted(order):
        order[0], order[1] = order[1], order[0]
    draft.order = order
    return draft.built()
