"""Headers with one fault: fields that the specification bounds, the checksum, flags that nothing bears out."""

from __future__ import annotations

from hypothesis import strategies as st

from ... import layout
from ...layout import Tree, facts
from ...provenance import FLAG_KEYS
from ..drafts import Draft
from ..outside import bound_of, not_zero, statements_of, wrong_bits, wrong_bytes, wrong_number
from . import breaks

__all__ = ["FIELD_RULES", "wrong_fields"]

FIELD_RULES = tuple(
    dict.fromkeys(
        item.rule
        for item in facts.STATEMENTS
        if item.rule is not None and item.owner in ("header", "flags") and item.kind in ("contents", "eq", "zero")
    )
)
"""The rules that one field of the header breaks, whatever the file is."""


def wrong_fields(draw: st.DrawFn, rule: str) -> tuple[Tree, dict[str, int]]:
    """Fields of the header, and flags, that break a rule of `FIELD_RULES`: at least one of those that it is about."""
    statements = statements_of(rule)
    first = draw(st.sampled_from(statements))
    fields: Tree = {}
    flags: dict[str, int] = {}
    for item in statements:
        if item is not first and not draw(st.booleans()):
            continue
        if item.kind == "contents":
            fields[item.field] = wrong_bytes(draw, facts.MAGIC, tuple(facts.MAGIC_LOOKALIKES))
        elif item.kind == "zero":
            fields[item.field] = not_zero(draw, (item.bits or 0) // _BYTE)
        else:
            (flags if item.owner == "flags" else fields)[item.field] = wrong_number(draw, item, bound_of(item))
    return fields, flags


_BYTE = 8
"""Bits of a byte."""


def _register(rule: str) -> None:
    @breaks(rule)
    def wrong(draw: st.DrawFn, draft: Draft) -> bytes:
        draft.header, draft.flags = wrong_fields(draw, rule)
        return draft.built()


for _rule in FIELD_RULES:
    _register(_rule)


@breaks("APR-H006")
def checksum_wrong(draw: st.DrawFn, draft: Draft) -> bytes:
    """Another checksum than that of the header, one bit off or more."""
    right = layout.parse_header(draft.built()).checksum
    draft.header["checksum"] = right ^ wrong_bits(draw, statements_of("APR-H006")[0])
    return draft.built()


@breaks("APR-H008")
def too_small(draw: st.DrawFn, draft: Draft) -> bytes:
    """The first bytes of a file, or none."""
    return draft.built()[: draw(st.integers(0, facts.HEADER_SIZE - 1))]


@breaks("APR-H009", plain=True)
def quantized_flag_idle(draw: st.DrawFn, draft: Draft) -> bytes:
    """The flag without a tensor of such a type."""
    del draw
    draft.flags["quantized"] = 1
    return draft.built()


@breaks("APR-H011")
def layout_unsaid(draw: st.DrawFn, draft: Draft) -> bytes:
    """Neither layout flag."""
    del draw
    draft.flags["layout_row_major"] = 0
    return draft.built()


@breaks("APR-H012")
def flag_contradicts_metadata(draw: st.DrawFn, draft: Draft) -> bytes:
    """One flag that announces a key, or more, the other way round."""
    said = layout.flags_tree(layout.parse_header(draft.built()).flags)
    names = tuple(str(flag.name).lower() for flag in FLAG_KEYS)
    first = draw(st.sampled_from(names))
    draft.flags |= {name: not said[name] for name in names if name == first or draw(st.booleans())}
    return draft.built()
