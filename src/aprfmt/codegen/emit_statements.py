"""What the specification says of each field, as data: statements with their bounds as functions."""

from __future__ import annotations

from collections.abc import Iterator

from .emit_functions import bound_source
from .extent import fixed_size
from .model import Attr, Spec, Type

__all__ = ["statement_facts"]

_NUMERIC = ("eq", "min", "max", "multiple-of")
_LAMBDA = "lambda this, root, parent, index:"


def statement_facts(spec: Spec) -> Iterator[str]:
    """Lines of the module `facts`: every statement about a field of the file."""
    yield ""
    yield "STATEMENTS: tuple[Statement, ...] = ("
    for owner in spec.owners:
        if owner.standalone is None:
            for attr in (*owner.seq, *owner.instances.values()):
                yield from _about(spec, owner, attr)
    yield ")"
    yield '"""Everything that is said of one field of the file, in the order of the specification."""'


def _about(spec: Spec, owner: Type, attr: Attr) -> Iterator[str]:
    """One line a statement about a field: those that name a rule, then what the field tells of others."""

    def line(rule: str | None, kind: str, bound: str = "", target: str = "") -> str:
        size = fixed_size(spec, owner, attr)
        bits = attr.bits if attr.bits is not None else None if size is None else 8 * size
        more = [f"{_LAMBDA} {bound}"] if bound else []
        more += [f"target={target!r}"] if target else []
        place = "" if owner is spec.root else owner.id
        return f"    Statement({', '.join([*map(repr, (rule, place, attr.id, kind, bits)), *more])}),"

    lists = _lists_sorted_by(spec, owner, attr)
    for check in attr.checks:
        for kind in check.kinds:
            if kind in _NUMERIC:
                yield line(check.rule, kind, bound_source(spec, owner, attr, check, kind))
            elif kind == "in-enum":
                yield line(check.rule, kind, target=attr.enum or "")
            else:
                is_order = kind == "expr" and lists
                yield line(check.rule, "sorted" if is_order else kind, target=lists[0] if is_order else "")
    if lists and not any("expr" in check.kinds for check in attr.checks):
        yield line(None, "sorted", target=lists[0])
    for entry in spec.enums[attr.enum].entries if attr.enum else ():
        if "warn" in entry.keys:
            yield line(entry.keys["warn"]["rule"], "ne", str(entry.code), attr.enum or "")
    if attr.checksum is not None:
        yield line(attr.checksum.rule, "checksum", target=attr.checksum.covers)
    for kind, target in (("count-of", attr.count_of), ("size-of", attr.size_of), ("offset-of", attr.offset_of)):
        if target is not None:
            yield line(None, kind, target=target)
    if owner.is_bits and not attr.checks:
        yield line(None, "bit")


def _lists_sorted_by(spec: Spec, owner: Type, attr: Attr) -> list[str]:
    """The lists that are in strictly increasing order of a field."""
    return [
        outer_attr.id if outer is spec.root else f"{outer.id}.{outer_attr.id}"
        for outer in spec.owners
        for outer_attr in (*outer.seq, *outer.instances.values())
        if outer_attr.user_type == owner.id and outer_attr.unique_sorted == attr.id
    ]
