"""The specification as plain Python facts: constants, enums, records, shapes of trees, statements."""

from __future__ import annotations

from collections.abc import Iterator

from .emit_functions import check_function, nbytes_function, place_functions, spans_function
from .emit_rules import rule_facts
from .emit_statements import statement_facts
from .errors import CodegenError
from .expr import Literal
from .extent import bit_fields, min_size, type_size
from .model import Attr, Enum, Spec, Type
from .pytext import docstring, inline

__all__ = ["emit"]

_HEADER = '''"""Facts of {title}: everything that hand-written code may know about its bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import KEEP, IntEnum, IntFlag
from typing import Any

from msgspec import Struct

from ..model import (
    BlockFacts,
    ChecksumFact,
    FieldShape,
    RuleFacts,
    Statement,
    Violation,
    align_up,
    between,
    inside,
    show,
)
'''


def _constants(spec: Spec) -> Iterator[str]:
    paths: dict[str, str] = {}
    for path, name, value, doc in (*_root_constants(spec), *_size_constants(spec), *_field_constants(spec)):
        if name.partition(":")[0] in paths:
            raise CodegenError(path, f"{name} is a constant already, made from {paths[name]}")
        paths[name.partition(":")[0]] = path
        yield f"{name} = {value}"
        yield doc
    if spec.layout:
        yield f"LAYOUT = {spec.layout!r}"
        yield '"""The sections, in the order in which they lie in the file."""'


Constant = tuple[str, str, str, str]
"""Path of its origin, name, value and docstring."""


def _root_constants(spec: Spec) -> Iterator[Constant]:
    for attr in spec.root.instances.values():
        if isinstance(attr.value, Literal):
            yield attr.path, attr.id.upper(), repr(attr.value.value), docstring(attr.doc)


def _size_constants(spec: Spec) -> Iterator[Constant]:
    for owner in spec.types.values():
        size = type_size(spec, owner)
        if size is not None:
            yield owner.path, f"{owner.id.upper()}_SIZE", str(size), f'"""Size in bytes of `{owner.id}`."""'
        else:
            least = str(min_size(spec, owner))
            yield owner.path, f"{owner.id.upper()}_MIN_SIZE", least, f'"""The fewest bytes of `{owner.id}`."""'


def _field_constants(spec: Spec) -> Iterator[Constant]:
    for owner in spec.types.values():
        for attr in owner.seq:
            name = attr.id.upper()
            if attr.contents is not None:
                yield attr.path, name, repr(attr.contents), docstring(attr.doc)
            if attr.lookalikes:
                value = repr(dict(attr.lookalikes))
                doc = f'"""Other formats by what stands in the place of `{attr.id}`."""'
                yield attr.path, f"{name}_LOOKALIKES: Mapping[bytes, str]", value, doc
            if attr.default is not None and attr.width is not None:
                doc = f'"""What a writer puts into `{owner.id}.{attr.id}`."""'
                yield attr.path, name, str(int(attr.default)), doc


def _enum(spec: Spec, enum: Enum) -> Iterator[str]:
    name = spec.records.get(enum.id, enum.id.title().replace("_", ""))
    yield ""
    yield ""
    yield f"class {name}(IntEnum):"
    yield f'    """The enum `{enum.id}`; the value is the id in the file."""'
    yield ""
    for entry in enum.entries:
        yield f"    {entry.id.upper()} = {entry.code}"
        yield f"    {docstring(entry.doc)}"
    yield ""
    yield "    def __str__(self) -> str:"
    if not enum.has_geometry:
        yield "        return self.name.lower()"
        return
    yield "        return self.facts.id"
    yield ""
    yield "    def __format__(self, format_spec: str) -> str:"
    yield "        return format(str(self), format_spec)"
    yield ""
    yield "    @property"
    yield "    def facts(self) -> BlockFacts:"
    yield '        """Geometry and names of this element type."""'
    yield f"        return {enum.id.upper()}_FACTS[self]"
    by_id = {entry.id: entry for entry in enum.entries}
    yield ""
    yield ""
    yield f"{enum.id.upper()}_FACTS: Mapping[int, BlockFacts] = {{"
    for entry in enum.entries:
        target = by_id.get(entry.keys.get("alias-of", entry.id))
        if target is None or "block-elems" not in target.keys or "block-bytes" not in target.keys:
            raise CodegenError(entry.path, "expected -block-elems and -block-bytes, or -alias-of a member with them")
        keys = target.keys
        yield f"    {entry.code}: BlockFacts("
        yield f"        code={entry.code},"
        yield f"        id={target.id!r},"
        yield f"        orig_id={keys.get('orig-id', target.id)!r},"
        yield f"        block_elems={keys['block-elems']},"
        yield f"        block_bytes={keys['block-bytes']},"
        yield f"        scale_bytes={keys.get('scale-bytes', 0)},"
        yield f"        row_padded={keys.get('row-padded', False)},"
        yield f"        quantized={keys.get('quantized', False)},"
        yield f"        canonical_code={target.code},"
        yield f"        ggml_id={entry.keys.get('ggml-id')!r},"
        yield f"        doc={entry.doc!r},"
        yield "    ),"
    yield "}"


def _bit_type(spec: Spec, owner: Type) -> Iterator[str]:
    yield ""
    yield ""
    yield f"class {spec.records[owner.id]}(IntFlag, boundary=KEEP):"
    yield f"    {docstring(owner.doc)}"
    yield ""
    for attr, position in bit_fields(owner):
        if attr.bits == 1:
            yield f"    {attr.id.upper()} = {1 << position:#06x}"
            yield f"    {docstring(attr.doc)}"
    yield ""
    yield ""
    yield f"{owner.id.upper()}_BITS: tuple[tuple[str, int, int], ...] = ("
    for attr, position in bit_fields(owner):
        yield f"    ({attr.id!r}, {position}, {attr.bits}),"
    yield ")"
    yield f'"""The fields of `{owner.id}`: name, position of the least significant bit, width in bits."""'


def _annotation(spec: Spec, attr: Attr) -> str:
    if attr.user_type is not None:
        single = spec.records[attr.user_type]
    elif attr.width is not None:
        single = "int"
    else:
        single = "bytes"
    return f"tuple[{single}, ...]" if attr.repeat is not None else single


def _record(spec: Spec, owner: Type) -> Iterator[str]:
    yield ""
    yield ""
    # Without the garbage collector, which costs more than reading a long list does: a record holds no cycle.
    yield f"class {spec.records[owner.id]}(Struct, frozen=True, gc=False):"
    yield f"    {docstring(owner.doc)}"
    yield ""
    for attr in owner.seq:
        yield f"    {attr.id}: {_annotation(spec, attr)}"
        yield f"    {docstring(attr.doc)}"


def _shape(attr: Attr) -> str:
    options = []
    if attr.user_type is not None:
        options.append(f"type={attr.user_type!r}")
    elif attr.width is not None or attr.bits is not None:
        options.append(f"limit=1 << {(attr.width or 0) * 8 or attr.bits}")
    if attr.repeat is not None:
        options.append("repeated=True")
    return f"FieldShape({', '.join(options)})"


def _fields(spec: Spec) -> Iterator[str]:
    yield ""
    yield ""
    yield "FIELDS: Mapping[str, Mapping[str, FieldShape]] = {"
    sections = [spec.section(name) for name in spec.layout]
    for name, attrs in (("", sections), *((owner.id, owner.seq) for owner in spec.types.values())):
        yield f"    {name!r}: {{"
        for attr in attrs:
            yield f"        {attr.id!r}: {_shape(attr)},"
        yield "    },"
    yield "}"
    yield '"""The keys a tree may have at each type (the root is ""), each with what its value must be."""'


def emit(spec: Spec) -> str:
    """Source of the module `facts`, without the banner."""
    lines = [_HEADER.format(title=inline(spec.title)).rstrip("\n"), ""]
    lines += _constants(spec)
    for enum in spec.enums.values():
        lines += _enum(spec, enum)
        lines += [
            "",
            f"{enum.id.upper()}_CODES = frozenset({sorted(entry.code for entry in enum.entries)!r})",
        ]
    for owner in sorted(spec.types.values(), key=lambda item: not item.is_bits):
        if owner.id in spec.records:
            lines += _bit_type(spec, owner) if owner.is_bits else _record(spec, owner)
    for owner in spec.types.values():
        if owner.id in spec.records:
            if not owner.is_bits:
                lines += spans_function(spec, owner)
                lines += nbytes_function(spec, owner)
            lines += check_function(spec, owner)
    if spec.layout:
        lines += place_functions(spec)
    lines += _fields(spec)
    lines += ["", "", *rule_facts(spec), *statement_facts(spec)]
    return "\n".join(lines) + "\n"
