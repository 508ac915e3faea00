"""Tensor indexes with one fault: names, element types, numbers of dimensions and of entries."""

from __future__ import annotations

from hypothesis import strategies as st

from ... import layout
from ...layout import ALIGNMENT, DType, facts, tensor_nbytes
from ..drafts import SHORT_NAMES, Body, Draft, bodies
from ..outside import RARELY, bound_of, same_in_half, statements_of, unknown_codes, wrong_number
from ..strategies import fitted
from . import breaks

__all__: list[str] = []


def _limit(owner: str, name: str) -> int:
    """How many values a field can hold."""
    return facts.FIELDS[owner][name].limit or 0


def _one_of(draw: st.DrawFn, draft: Draft) -> int:
    """The number of a tensor."""
    return draw(st.integers(0, len(draft.bodies) - 1))


def _counted(draw: st.DrawFn, draft: Draft, nbytes: int) -> bytes:
    """So many entries that even the smallest ones do not fit into these bytes; in half of its bits perhaps as many as
    there are."""
    least = nbytes // facts.TENSOR_INDEX_ENTRY_MIN_SIZE + 1
    limit = _limit("header", "num_tensors")
    count = least + draw(st.integers(0, limit - 1 - least))
    bits = limit.bit_length() - 1
    if least >> bits // 2 == 0 and draw(RARELY):
        count = same_in_half(draw, len(draft.names), bits)
    draft.header["num_tensors"] = count
    return draft.built()


@breaks("APR-I001", tensors=1)
def index_too_small(draw: st.DrawFn, draft: Draft) -> bytes:
    """A count that is too large, a name that is longer than the index, or dimensions that the last entry lacks."""
    header = layout.parse_header(draft.built())
    nbytes = header.ofs_data - header.ofs_tensor_index
    kind = draw(st.sampled_from(("count", "name", "dims")))
    if kind == "count":
        return _counted(draw, draft, nbytes)
    if kind == "name":
        most = _limit("tensor_index_entry", "len_name") - 1
        claimed = draft.bodies[_one_of(draw, draft)].claimed
        claimed["len_name"] = most - draw(st.integers(0, most - nbytes))
        return draft.built()
    last = draft.bodies[-1]
    # What follows the dimensions, and filler that is shorter than a step of the grid, would be taken for more of them.
    least = len(last.dims) + ALIGNMENT // _DIM_NBYTES
    last.claimed["ndim"] = least + draw(st.integers(0, _limit("tensor_index_entry", "ndim") - 1 - least))
    return draft.built()


_DIM_NBYTES = (_limit("tensor_index_entry", "dims") - 1).bit_length() // 8


@breaks("APR-I001", profile="reader")
def count_beyond_file(draw: st.DrawFn, draft: Draft) -> bytes:
    """The reference reads entries up to the end of the file."""
    raw = draft.built()
    return _counted(draw, draft, len(raw) - layout.parse_header(raw).ofs_tensor_index)


@breaks("APR-I002", tensors=1)
def dtype_unknown(draw: st.DrawFn, draft: Draft) -> bytes:
    """An id that stands for no element type."""
    codes = unknown_codes(statements_of("APR-I002")[0])
    draft.bodies[_one_of(draw, draft)].dtype = draw(codes)
    return draft.built()


@breaks("APR-I003", tensors=2)
def names_unsorted(draw: st.DrawFn, draft: Draft) -> bytes:
    """Two names that have changed places, or one that stands there twice."""
    names = draft.names
    number = draw(st.integers(1, len(names) - 1))
    if draw(st.booleans()):
        other = draw(st.integers(0, number - 1))
        names[other], names[number] = names[number], names[other]
    else:
        names[number] = names[number - 1]
    return draft.built()


def _renamed(draw: st.DrawFn, draft: Draft, name: bytes) -> bytes:
    """The file in which a tensor has a name that no other one has, and the names are sorted."""
    draft.names[_one_of(draw, draft)] = name
    draft.names.sort()
    return draft.built()


_NOT_UTF8 = (b"\xff", b"\x80", b"\xc3", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80")


@breaks("APR-I005", tensors=1)
def name_not_utf8(draw: st.DrawFn, draft: Draft) -> bytes:
    """Bytes in a name that are part of no character."""
    before, behind = draw(st.sampled_from(_AROUND)), draw(st.sampled_from(_AROUND))
    return _renamed(draw, draft, before.encode() + draw(st.sampled_from(_NOT_UTF8)) + behind.encode())


_AROUND = ("", "a", "weight", "é", "模型", "😀")


@breaks("APR-I006", tensors=1)
def name_length(draw: st.DrawFn, draft: Draft) -> bytes:
    """A name without bytes, or with more than the reference writes."""
    statement = draw(st.sampled_from(statements_of("APR-I006")))
    nbytes = wrong_number(draw, statement, bound_of(statement))
    head = fitted(draw(SHORT_NAMES), nbytes).encode()
    return _renamed(draw, draft, head + b"n" * (nbytes - len(head)))


@breaks("APR-I007", tensors=1)
def dimensions_many(draw: st.DrawFn, draft: Draft) -> bytes:
    """Dimensions of 1 in front of the others, which change nothing but how many there are."""
    statement = statements_of("APR-I007")[0]
    body = draft.bodies[_one_of(draw, draft)]
    ndim = wrong_number(draw, statement, bound_of(statement))
    body.dims = (1,) * (ndim - len(body.dims)) + body.dims
    body.data = body.data[: tensor_nbytes(body.dtype, body.dims)[0]]  # rows are filled in two dimensions alone
    return draft.built()


def _retyped(draw: st.DrawFn, draft: Draft, given: st.SearchStrategy[Body]) -> bytes:
    draft.bodies[_one_of(draw, draft)] = draw(given)
    return draft.built()


_LEGACY = bodies(of=tuple(code for code in DType if code.facts.canonical_code != code))
_AMBIGUOUS = bodies(of=tuple(code for code in DType if code.facts.canonical_code == code and code.facts.ggml_id))


@breaks("APR-I008", tensors=1)
def dtype_id_legacy(draw: st.DrawFn, draft: Draft) -> bytes:
    """A tensor under an id that writers gave up."""
    return _retyped(draw, draft, _LEGACY)


@breaks("APR-I010", tensors=1)
def dtype_id_ambiguous(draw: st.DrawFn, draft: Draft) -> bytes:
    """A tensor of a type whose id means something else elsewhere."""
    return _retyped(draw, draft, _AMBIGUOUS)


_CONTROL = st.sampled_from("\0\a\n\r\t\x1b\x7f\x9b")


@breaks("APR-I011", tensors=1)
def name_control_characters(draw: st.DrawFn, draft: Draft) -> bytes:
    """A control character in a name; the others have none."""
    before, behind = draw(st.sampled_from(_AROUND)), draw(st.sampled_from(_AROUND))
    return _renamed(draw, draft, (before + draw(_CONTROL) + behind).encode())


@breaks("APR-I012")
def entries_uncounted(draw: st.DrawFn, draft: Draft) -> bytes:
    """Entries behind those that are counted, of tensors without elements, so that every byte of data has its tensor."""
    tree = draft.tree()
    tree["header"]["num_tensors"] = len(draft.names)
    before = draft.names[-1] if draft.names else b""
    uncounted = [
        {
            "name": before + b"x" * number,
            "dtype": draw(st.sampled_from(sorted(facts.DTYPE_CODES))),
            "dims": [0],
            "ofs_tensor": len(tree["tensor_data"]),
            "len_tensor": 0,
        }
        for number in range(1, 2 + draw(st.integers(0, 2)))
    ]
    tree["tensor_index"]["entries"] += uncounted
    return layout.build(tree)
