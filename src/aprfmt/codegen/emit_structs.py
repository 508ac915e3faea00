"""The specification as Construct structs that parse and build: every field is given, or a function of what is given."""

from __future__ import annotations

from collections.abc import Iterator

from .expr import Expr
from .extent import bit_fields, fixed_size, type_size
from .model import Attr, Spec, Type
from .pytext import docstring, inline
from .scope import BUILD, CONSTRUCT, Scope, is_function
from .sections import target_python

__all__ = ["emit"]

_HEADER = '''"""Construct structs of {title}.

A given value wins, an absent one is derived; checksums are a second pass.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from construct import Bytes, Int8ul, Int16ul, Int32ul, Int64ul

from ..model import align_up
from ..runtime import (
    Absent,
    BitFields,
    Counted,
    Derived,
    Exactly,
    Fields,
    Rest,
    Section,
    first_nbytes,
    offset_of,
    size_of_all,
)
'''
_INTEGERS = {1: "Int8ul", 2: "Int16ul", 4: "Int32ul", 8: "Int64ul"}


def _derivation(spec: Spec, owner: Type, attr: Attr) -> str | None:
    """A function of the context that makes the value when none is given."""
    if attr.contents is not None:
        return f"lambda this: {attr.contents!r}"
    if attr.default is not None:
        return f"lambda this: {attr.default!r}"
    if attr.checksum is not None:
        return "lambda this: 0"  # a placeholder of the right width: the second pass writes the checksum
    if attr.build is not None:
        return f"lambda this: {Scope(spec, owner, BUILD).python(attr.build, f'{attr.path}/-build')}"
    for target in (attr.count_of, attr.size_of):
        if target is not None:
            return f"lambda this: len({target_python(owner, target)})"
    if attr.offset_of is not None:
        return f"lambda this: offset_of(this._root, SIZES, {attr.offset_of!r})"
    fixed = fixed_size(spec, owner, attr)
    return f"lambda this: bytes({fixed})" if attr.fill and fixed is not None else None


def _single(spec: Spec, owner: Type, attr: Attr) -> str:
    """The subconstruct of one element of a field."""
    if attr.width is not None:
        return _INTEGERS[attr.width]
    if attr.contents is not None:
        return f"Bytes({len(attr.contents)})"
    if attr.user_type is not None:
        inner = spec.types[attr.user_type]
        if not inner.is_bits:
            return inner.id
        fields = ", ".join(f"({f.id!r}, {at}, {f.bits}, {f.default or 0!r})" for f, at in bit_fields(inner))
        return f"BitFields({type_size(spec, inner)}, ({fields},))"
    if attr.size is None:
        return f"Rest(align={attr.fill_align or 1})" if attr.fill else "Rest()"
    fixed = fixed_size(spec, owner, attr)
    if fixed is not None:
        return f"Bytes({fixed})"
    align = "" if attr.fill_align is None else f", align={attr.fill_align}"
    return f"Exactly(lambda this: {_python(spec, owner, attr.size, f'{attr.path}/size')}{align})"


def _python(spec: Spec, owner: Type, expr: Expr, path: str) -> str:
    return Scope(spec, owner, CONSTRUCT).python(expr, path)


def _field(spec: Spec, owner: Type, attr: Attr) -> str:
    single = _single(spec, owner, attr)
    if attr.repeat is not None:
        count = _python(spec, owner, attr.repeat, f"{attr.path}/repeat-expr")
        return f'"{attr.id}" / Counted({attr.id!r}, {single}, lambda this: {count})'
    derivation = _derivation(spec, owner, attr)
    if derivation is not None:
        return f'"{attr.id}" / Derived({single}, {derivation})'
    return f'"{attr.id}" / {single}'


def _extent(spec: Spec, owner: Type, attr: Attr) -> str:
    """Size in bytes of `value`, which may be absent, when it is to be built at byte `at`."""
    fixed = fixed_size(spec, owner, attr)
    if fixed is not None:
        return str(fixed)
    if attr.repeat is not None and attr.width is not None:
        return f"{attr.width} * len(value or ())"
    if attr.user_type is not None:
        one = type_size(spec, spec.types[attr.user_type])
        if attr.repeat is None:
            return f"size_{attr.user_type}(value, at)"
        return f"size_of_all(size_{attr.user_type}, value, at)" if one is None else f"{one} * len(value or ())"
    if attr.fill_align is not None:
        return f"len(value) if value is not None else -at % {attr.fill_align}"
    return "len(value or b'')"


def _size(spec: Spec, owner: Type) -> Iterator[str]:
    yield ""
    yield ""
    yield f"def size_{owner.id}(this: Any, start: int) -> int:"
    yield f'    """Size in bytes of a `{owner.id}` to be built at byte `start`."""'
    fixed = type_size(spec, owner)
    if fixed is not None:
        yield "    del this, start"
        yield f"    return {fixed}"
        return
    yield "    tree = this or {}"
    yield "    at = start"
    for attr in owner.seq:
        if fixed_size(spec, owner, attr) is None:
            yield f"    value = tree.get({attr.id!r})"
        yield f"    at += {_extent(spec, owner, attr)}"
    yield "    return at - start"


def _struct(spec: Spec, owner: Type) -> Iterator[str]:
    yield ""
    yield f"{owner.id} = Fields("
    for attr in owner.seq:
        yield f"    {_field(spec, owner, attr)},"
    yield ")"


def _root(spec: Spec) -> Iterator[str]:
    scope = Scope(spec, spec.root, CONSTRUCT)
    for attr in spec.root.instances.values():
        if attr.value is not None and is_function(spec, attr):
            yield ""
            yield ""
            yield f"def {attr.id}(this: Any) -> int:"
            yield f"    {docstring(attr.doc)}"
            yield f"    return int({scope.python(attr.value, f'{attr.path}/value')})"
    yield ""
    yield ""
    yield "SIZES: dict[str, Callable[[Any, int], int]] = {"
    for name in spec.layout:
        attr = spec.section(name)
        text = _extent(spec, spec.root, attr)
        if attr.optional == "absent":
            text = f"{text} if value is not None else 0"
        yield f"    {name!r}: lambda value, at: {text},"
    yield "}"
    yield ""
    yield f"{spec.id} = Fields("
    at = 0
    for name in spec.layout:
        attr = spec.section(name)
        fixed = fixed_size(spec, spec.root, attr)
        pos = str(at) if attr.pos is None else scope.python(attr.pos, f"{attr.path}/pos")
        at += fixed or 0
        size = str(fixed) if fixed is not None or attr.size is None else scope.python(attr.size, f"{attr.path}/size")
        options = []
        if attr.user_type is not None:
            options.append(f"subcon={_single(spec, spec.root, attr)}")
        if attr.when is not None:
            options.append(f"when=lambda this: {scope.python(attr.when, f'{attr.path}/if')}")
        if attr.optional is not None:
            options.append(f"optional=Absent.{attr.optional.upper()}")
        if attr.fill_align is not None:
            options.append(f"align={attr.fill_align}")
        tail = "".join(f", {option}" for option in options)
        yield f'    "{name}" / Section({name!r}, lambda this: {pos}, lambda this: {size}{tail}),'
    yield ")"


def _in_order(spec: Spec) -> list[Type]:
    """Types with what they contain before them."""
    ordered: list[Type] = []

    def visit(owner: Type) -> None:
        for attr in owner.seq:
            if attr.user_type is not None and spec.types[attr.user_type] not in ordered:
                visit(spec.types[attr.user_type])
        if owner not in ordered:
            ordered.append(owner)

    for owner in spec.types.values():
        visit(owner)
    return [owner for owner in ordered if not owner.is_bits]


def emit(spec: Spec) -> str:
    """Source of the module `structs`, without the banner."""
    lines = [_HEADER.format(title=inline(spec.title)).rstrip("\n")]
    lines += [f"from .facts import {enum.id.upper()}_FACTS" for enum in spec.enums.values() if enum.has_geometry]
    for owner in _in_order(spec):
        lines += _size(spec, owner)
    for owner in _in_order(spec):
        lines += _struct(spec, owner)
    if spec.layout:
        lines += _root(spec)
    return "\n".join(lines) + "\n"
