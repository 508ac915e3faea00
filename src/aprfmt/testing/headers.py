"""Headers and tensor indexes by themselves, for the tests of what reads one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from hypothesis import strategies as st

from .. import layout
from ..container import Container
from ..layout import ALIGNMENT, HEADER_SIZE, Flags, Tree, align_up, facts
from ..source import BytesSource
from .asked import counts_asked, rule_asked, rules_asked
from .breaking import breakable, broken
from .breaking.header import FIELD_RULES, wrong_fields
from .drafts import Ask, Draft, drafts
from .outside import bound_of, statements_of, wrong_bits, wrong_place

__all__ = ["Index", "headers", "indexes"]

_MOST_STEPS = 1 << 55
"""Steps of the grid that a section is long at most: three of them and the largest index fit into 64 bits."""
_STEPS = st.integers(0, 3) | st.integers(0, _MOST_STEPS)
_LARGEST = bound_of(statements_of("APR-M007")[0])


def headers(*, breaking: str | Iterable[str] | None = None) -> st.SearchStrategy[bytes]:
    """The bytes of headers, with fields from all of their range: files of `ofs_data` bytes or more may begin with them.

    `breaking` is the id of a rule that a header breaks by itself, without a look at the rest of the file; it breaks no
    other one, but for APR-S005 beside those about places. Of several ids each header breaks one.

    Raises `RequestError` for any other rule; it lists those that can be broken.
    """
    if breaking is None:
        return _headers(None)
    rules = rules_asked(breaking)
    for rule in rules:
        rule_asked(rule, _WRONG, "is about more than the header")
    return st.one_of([_headers(rule) for rule in rules])


@st.composite
def _headers(draw: st.DrawFn, breaking: str | None) -> bytes:
    count = draw(st.integers(0, 9) | st.integers(0, (facts.FIELDS["header"]["num_tensors"].limit or 1) - 1))
    len_metadata = draw(st.integers(2, 99) | st.integers(2, _LARGEST))
    if breaking == "APR-M007":
        len_metadata = _LARGEST + 1 + draw(st.integers(0, _LARGEST))
    ofs_metadata = HEADER_SIZE + ALIGNMENT * draw(_STEPS)
    ofs_tensor_index = align_up(ofs_metadata + len_metadata, ALIGNMENT) + ALIGNMENT * draw(_STEPS)
    nbytes = align_up(count * facts.TENSOR_INDEX_ENTRY_MIN_SIZE, ALIGNMENT)
    header: Tree = {
        "flags": layout.flags_tree(Flags.LAYOUT_ROW_MAJOR | _announced(draw)),
        "num_tensors": count,
        "ofs_metadata": ofs_metadata,
        "len_metadata": len_metadata,
        "ofs_tensor_index": ofs_tensor_index,
        "ofs_data": ofs_tensor_index + nbytes + ALIGNMENT * draw(_STEPS),
    }
    if breaking is not None:
        _WRONG[breaking](draw, header)
    return _built(header)


_ANNOUNCING = tuple(Flags[item.field.upper()] for item in facts.STATEMENTS if item.kind == "bit")


def _announced(draw: st.DrawFn) -> Flags:
    """Flags that a header may have; whether they are right is said elsewhere in the file."""
    return Flags(sum({*draw(st.lists(st.sampled_from(_ANNOUNCING), max_size=3))}))


def _built(header: Tree) -> bytes:
    return layout.build({"header": header, "metadata": b"{}", "tensor_index": {"entries": []}})[:HEADER_SIZE]


def _fields(rule: str) -> Callable[[st.DrawFn, Tree], None]:
    def change(draw: st.DrawFn, header: Tree) -> None:
        fields, flags = wrong_fields(draw, rule)
        header.update(fields)
        header["flags"] |= flags

    return change


def _place(rule: str) -> Callable[[st.DrawFn, Tree], None]:
    """A place before the least one: what is beyond the file only the file can tell."""

    def change(draw: st.DrawFn, header: Tree) -> None:
        [item] = statements_of(rule, "min")
        assert item.bound is not None, rule  # noqa: S101 - a `min` has one
        least = item.bound(layout.parse_header(_built(header)), None, None, 0)
        bits = item.bits or 0
        header[item.field] = wrong_place(draw, least, (1 << bits) - 1, bits)

    return change


def _off_grid(draw: st.DrawFn, header: Tree) -> None:
    """Some sections off the grid; what follows is moved out of their way by a step."""
    fields = [item.field for item in statements_of("APR-S005")]
    first = draw(st.sampled_from(fields))
    moved = 0
    for field in fields:
        off = field == first or draw(st.booleans())
        header[field] += moved + (1 + draw(st.integers(0, ALIGNMENT - 2)) if off else 0)
        moved += ALIGNMENT * off


def _checksum(draw: st.DrawFn, header: Tree) -> None:
    header["checksum"] = layout.parse_header(_built(header)).checksum ^ wrong_bits(draw, statements_of("APR-H006")[0])


def _unsaid(draw: st.DrawFn, header: Tree) -> None:
    del draw
    header["flags"]["layout_row_major"] = 0


def _empty(draw: st.DrawFn, header: Tree) -> None:
    del draw
    header["len_metadata"] = 0


def _as_it_is(draw: st.DrawFn, header: Tree) -> None:
    """The fault is there already."""
    del draw, header


_WRONG: Mapping[str, Callable[[st.DrawFn, Tree], None]] = {
    **{rule: _fields(rule) for rule in FIELD_RULES},
    "APR-H006": _checksum,
    "APR-H011": _unsaid,
    **{rule: _place(rule) for rule in ("APR-S001", "APR-S002", "APR-S003")},
    "APR-S005": _off_grid,
    "APR-M001": _empty,
    "APR-M007": _as_it_is,
}


class Index(NamedTuple):
    """A tensor index by itself: how many entries the header counts, and the bytes of the section, filler included."""

    num_tensors: int
    raw: bytes


_DATA_RULES = ("APR-D002", "APR-D003", "APR-D005", "APR-D008")
_INDEX_RULES = tuple(rule for rule in breakable() if rule.startswith("APR-I") or rule in _DATA_RULES)


def indexes(
    *, min_tensors: int = 0, max_tensors: int = 4, breaking: str | Iterable[str] | None = None
) -> st.SearchStrategy[Index]:
    """Tensor indexes of sound files; or of files that break one rule, or one of several, which the index by itself
    breaks.

    Raises `RequestError` for any other rule, and for fewer tensors than the rule is about.
    """
    counts_asked(min_tensors, max_tensors)
    if breaking is None:
        return drafts(Ask(min_tensors, max_tensors)).map(Draft.built).map(_index_of)
    rules = rules_asked(breaking)
    for rule in rules:
        rule_asked(rule, _INDEX_RULES, "is about more than the tensor index")
    files = [broken(rule, min_tensors=min_tensors, max_tensors=max_tensors) for rule in rules]
    return st.one_of(files).map(_index_of)


def _index_of(raw: bytes) -> Index:
    header = Container(BytesSource(raw), lenient=True).header
    return Index(header.num_tensors, raw[header.ofs_tensor_index : header.ofs_data])
