"""The specification as Construct structs that parse and build: every field is given, or a function of what is given."""

from __future__ import annotations

from collections.abc import Iterator

from .errors import CodegenError
from .ksy import Attr, Spec, Type
from .scope import CONSTRUCT, Scope, bit_fields, fixed_size, is_function, type_size

__all__ = ["emit"]

_HEADER = '''"""Construct structs of {title}. A given value wins, an absent one is derived; checksums are a second pass."""

from __future__ import annotations

from typing import Any

from construct import Bytes, Int8ul, Int16ul, Int32ul, Int64ul, Struct

from ..model import align_up
from ..runtime import (
    Absent,
    BitFields,
    Counted,
    Derived,
    Exactly,
    Rest,
    Section,
    first_nbytes,
    offset_of,
)
'''
_INTEGERS = {1: "Int8ul", 2: "Int16ul", 4: "Int32ul", 8: "Int64ul"}


def _dotted(name: str, spec: Spec) -> str:
    """A path from the root, as an expression over the context."""
    steps = name.split(".")
    if steps[0] not in spec.layout:
        raise CodegenError(name, "expected a path that begins with a section")
    return ".".join(["this._root", *steps])


def _derivation(spec: Spec, owner: Type, attr: Attr) -> str | None:
    """A function of the context that makes the value when none is given."""
    scope = Scope(spec, owner, CONSTRUCT)
    siblings = {field.id for field in owner.seq}
    sources = [
        key
        for key in ("default", "count_of", "size_of", "offset_of", "build", "checksum", "contents")
        if getattr(attr, key) is not None
    ]
    if len(sources) > 1:
        raise CodegenError(attr.path, f"derived in more than one way: {', '.join(sources)}")
    if attr.contents is not None:
        return f"lambda this: {attr.contents!r}"
    if attr.default is not None:
        return f"lambda this: {attr.default!r}"
    if attr.checksum is not None:
        return "lambda this: 0"  # a placeholder of the right width: the second pass writes the checksum
    if attr.build is not None:
        python = scope.python(attr.build, f"{attr.path}/-build").replace("nbytes(", "first_nbytes(DTYPE_FACTS, ")
        return f"lambda this: {python}"
    for target in (attr.count_of, attr.size_of):
        if target is not None:
            return f"lambda this: len({f'this.{target}' if target in siblings else _dotted(target, spec)})"
    if attr.offset_of is not None:
        if attr.offset_of not in spec.layout:
            raise CodegenError(f"{attr.path}/-offset-of", "expected the name of a section")
        return f"lambda this: offset_of(this._root, SIZES, {attr.offset_of!r})"
    if attr.fill:
        size = fixed_size(spec, attr)
        return None if size is None else f"lambda this: bytes({size})"
    return None


def _single(spec: Spec, owner: Type, attr: Attr) -> str:
    """The subconstruct of one element of a field."""
    if attr.width is not None:
        return _INTEGERS[attr.width]
    if attr.contents is not None:
        return f"Bytes({len(attr.contents)})"
    if attr.user_type is not None:
        inner = spec.types[attr.user_type]
        if inner.is_bits:
            if attr.size is not None and fixed_size(spec, attr) != type_size(spec, inner):
                raise CodegenError(f"{attr.path}/size", f"differs from the size of {inner.id}")
            fields = ", ".join(f"({f.id!r}, {at}, {f.bits}, {f.default or 0!r})" for f, at in bit_fields(inner))
            return f"BitFields({type_size(spec, inner)}, ({fields},))"
        if attr.size is not None and attr.pos is None and fixed_size(spec, attr) != type_size(spec, inner):
            raise CodegenError(f"{attr.path}/size", f"expected the size of {inner.id}, {type_size(spec, inner)}")
        return inner.id
    if attr.size is not None:
        fixed = fixed_size(spec, attr)
        if fixed is not None:
            return f"Bytes({fixed})"
        python = Scope(spec, owner, CONSTRUCT).python(attr.size, f"{attr.path}/size")
        align = "" if attr.fill_align is None else f", align={attr.fill_align}"
        return f"Exactly(lambda this: {python}{align})"
    if attr.size_eos:
        return f"Rest(align={attr.fill_align or 1})"
    raise CodegenError(attr.path, "the generator does not know how large this field is")


def _field(spec: Spec, owner: Type, attr: Attr) -> str:
    if attr.when is not None or attr.pos is not None:
        raise CodegenError(attr.path, "`if` and `pos` are known at the top level only")
    single = _single(spec, owner, attr)
    if attr.repeat is not None:
        count = Scope(spec, owner, CONSTRUCT).python(attr.repeat, f"{attr.path}/repeat-expr")
        return f'"{attr.id}" / Counted({attr.id!r}, {single}, lambda this: {count})'
    derivation = _derivation(spec, owner, attr)
    if derivation is not None:
        return f'"{attr.id}" / Derived({single}, {derivation})'
    return f'"{attr.id}" / {single}'


def _extent(spec: Spec, attr: Attr, value: str, at: str) -> str:
    """Size in bytes of a value that may be absent, at position `at`."""
    fixed = fixed_size(spec, attr)
    if fixed is not None:
        return str(fixed)
    if attr.repeat is not None and attr.width is not None:
        return f"{attr.width} * len({value} or ())"
    if attr.repeat is not None and attr.user_type is not None:
        return f"sum(size_{attr.user_type}(item, 0) for item in {value} or ())"
    if attr.user_type is not None:
        return f"size_{attr.user_type}({value}, {at})"
    if attr.fill_align is not None:
        return f"len({value}) if {value} is not None else -({at}) % {attr.fill_align}"
    return f"len({value} or b'')"


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
    yield "    at = start"
    for attr in owner.seq:
        if fixed_size(spec, attr) is None:
            yield f"    value = this.get({attr.id!r})"
            yield f"    at += {_extent(spec, attr, 'value', 'at')}"
        else:
            yield f"    at += {fixed_size(spec, attr)}"
    yield "    return at - start"


def _struct(spec: Spec, owner: Type) -> Iterator[str]:
    yield ""
    yield f"{owner.id} = Struct("
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
            yield f'    """The value instance `{attr.id}`, from the context of the root."""'
            yield f"    return int({scope.python(attr.value, attr.path)})"
    yield ""
    yield ""
    yield "SIZES = {"
    for name in spec.layout:
        attr = spec.section(name)
        if attr.optional == "absent":
            text = "len(value or b'')"
        elif attr.user_type is None and attr.fill_align is not None:
            text = f"len(value) if value is not None else -at % {attr.fill_align}"
        else:
            text = _extent(spec, attr, "value", "at")
        yield f"    {name!r}: lambda value, at: {text},"
    yield "}"
    yield ""
    yield f"{spec.id} = Struct("
    at = 0
    for name in spec.layout:
        attr = spec.section(name)
        fixed = fixed_size(spec, attr)
        if attr.pos is None:
            pos = str(at)
            at += fixed or 0
        else:
            pos = scope.python(attr.pos, f"{attr.path}/pos")
        size = str(fixed) if fixed is not None or attr.size is None else scope.python(attr.size, f"{attr.path}/size")
        options = []
        if attr.user_type is not None:
            options.append(f"subcon={attr.user_type}")
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
    lines = [_HEADER.format(title=spec.title).rstrip("\n")]
    if any("block-elems" in entry.keys for enum in spec.enums.values() for entry in enum.entries):
        lines.append("from .facts import DTYPE_FACTS")
    for owner in _in_order(spec):
        lines += _size(spec, owner)
    for owner in _in_order(spec):
        lines += _struct(spec, owner)
    if spec.layout and spec.section(spec.layout[0]).user_type is not None:
        lines += _root(spec)
    return "\n".join(lines) + "\n"
