"""The specification as plain Python facts: constants, enums, records, spans, places of sections, field rules."""

from __future__ import annotations

from collections.abc import Iterator

from .errors import CodegenError
from .expr import Literal
from .ksy import Attr, Check, Enum, Spec, Type
from .scope import RECORDS, ROOT_RECORDS, Scope, bit_fields, fixed_size, is_function, min_size, type_size

__all__ = ["emit"]

_HEADER = '''"""Facts of {title}: everything that hand-written code may know about its bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import KEEP, IntEnum, IntFlag
from typing import Any

from ..model import BlockFacts, ChecksumFact, FieldRule, Violation, align_up, inside, show
'''


def _first_sentence(doc: str) -> str:
    """The beginning of a text as one docstring line."""
    flat = " ".join(doc.split())
    return flat.partition(". ")[0].rstrip(".") + "."


def _constants(spec: Spec) -> Iterator[str]:
    scope = Scope(spec, spec.root, RECORDS)
    for attr in spec.root.instances.values():
        if attr.value is not None and isinstance(attr.value, Literal):
            yield f"{attr.id.upper()} = {scope.constant(attr.value, attr.path)}"
            yield f'"""{_first_sentence(attr.doc)}"""'
    for owner in spec.types.values():
        size = type_size(spec, owner)
        if size is not None:
            yield f"{owner.id.upper()}_SIZE = {size}"
            yield f'"""Size in bytes of `{owner.id}`."""'
        else:
            yield f"{owner.id.upper()}_MIN_SIZE = {min_size(spec, owner)}"
            yield f'"""The fewest bytes of `{owner.id}`."""'
    for owner in (spec.root, *spec.types.values()):
        for attr in owner.seq:
            if attr.contents is not None:
                yield f"{attr.id.upper()} = {attr.contents!r}"
                yield f'"""{_first_sentence(attr.doc)}"""'
            if attr.lookalikes:
                yield f"{attr.id.upper()}_LOOKALIKES: Mapping[bytes, str] = {dict(attr.lookalikes)!r}"
                yield f'"""Other formats by what stands in the place of `{attr.id}`."""'
            if isinstance(attr.default, int) and not isinstance(attr.default, bool):
                yield f"{attr.id.upper()} = {attr.default}"
                yield f'"""What a writer puts into `{owner.id}.{attr.id}`."""'
    if spec.layout:
        yield f"LAYOUT = {spec.layout!r}"
        yield '"""The sections, in the order in which they lie in the file."""'


def _enum(spec: Spec, enum: Enum) -> Iterator[str]:
    name = spec.records.get(enum.id, enum.id.title().replace("_", ""))
    yield ""
    yield ""
    yield f"class {name}(IntEnum):"
    yield f'    """The enum `{enum.id}`; the value is the id in the file."""'
    yield ""
    for entry in enum.entries:
        yield f"    {entry.id.upper()} = {entry.code}"
        yield f'    """{_first_sentence(entry.doc)}"""'
    yield ""
    yield "    def __str__(self) -> str:"
    if not any("block-elems" in entry.keys for entry in enum.entries):
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
        yield f"        block_elems={int(keys['block-elems'])},"
        yield f"        block_bytes={int(keys['block-bytes'])},"
        yield f"        scale_bytes={int(keys.get('scale-bytes', 0))},"
        yield f"        row_padded={bool(keys.get('row-padded', False))},"
        yield f"        quantized={bool(keys.get('quantized', False))},"
        yield f"        canonical_code={target.code},"
        yield f"        ggml_id={entry.keys.get('ggml-id')!r},"
        yield f"        doc={entry.doc!r},"
        yield "    ),"
    yield "}"


def _bit_type(spec: Spec, owner: Type) -> Iterator[str]:
    yield ""
    yield ""
    yield f"class {spec.records[owner.id]}(IntFlag, boundary=KEEP):"
    yield f'    """{_first_sentence(owner.doc)}"""'
    yield ""
    for attr, position in bit_fields(owner):
        if attr.bits == 1:
            yield f"    {attr.id.upper()} = {1 << position:#06x}"
            yield f'    """{_first_sentence(attr.doc)}"""'
    yield ""
    yield ""
    yield f"{owner.id.upper()}_BITS: tuple[tuple[str, int, int], ...] = ("
    for attr, position in bit_fields(owner):
        yield f"    ({attr.id!r}, {position}, {attr.bits}),"
    yield ")"
    yield f'"""The fields of `{owner.id}`: name, position of the least significant bit, width in bits."""'


def _annotation(spec: Spec, attr: Attr) -> str:
    if attr.user_type is not None:
        inner = spec.records.get(attr.user_type)
        if inner is None:
            raise CodegenError(f"{attr.path}/type", f"{attr.user_type!r} has no name under -records")
        single = inner
    elif attr.width is not None:
        single = "int"
    else:
        single = "bytes"
    return f"tuple[{single}, ...]" if attr.repeat is not None else single


def _record(spec: Spec, owner: Type) -> Iterator[str]:
    yield ""
    yield ""
    yield "@dataclass(frozen=True, slots=True)"
    yield f"class {spec.records[owner.id]}:"
    yield f'    """{_first_sentence(owner.doc)}"""'
    yield ""
    for attr in owner.seq:
        yield f"    {attr.id}: {_annotation(spec, attr)}"
        yield f'    """{_first_sentence(attr.doc)}"""'


def _extent(spec: Spec, attr: Attr) -> str:
    fixed = fixed_size(spec, attr)
    if fixed is not None:
        return str(fixed)
    if attr.repeat is not None and attr.width is not None:
        return f"{attr.width} * len(this.{attr.id})"
    if attr.user_type is None:
        return f"len(this.{attr.id})"
    raise CodegenError(attr.path, "the size of this field in a record is not known")


def _spans(spec: Spec, owner: Type) -> Iterator[str]:
    name = spec.records[owner.id]
    yield ""
    yield ""
    yield f"def spans_{owner.id}(this: {name}, start: int) -> dict[str, tuple[int, int]]:"
    yield f'    """Span of each field of a `{name}` that begins at byte `start`."""'
    yield "    at = start"
    yield "    spans = {}"
    for attr in owner.seq:
        yield f"    end = at + {_extent(spec, attr)}"
        yield f"    spans[{attr.id!r}] = (at, end)"
        yield "    at = end"
    yield "    return spans"


def _places(spec: Spec) -> Iterator[str]:
    """Functions that say where each section lies, from a root with `header`, `tensor_index` … and `len_file`."""
    root_names = Scope(spec, spec.root, ROOT_RECORDS)
    for attr in spec.root.instances.values():
        if attr.value is not None and is_function(spec, attr):
            yield ""
            yield ""
            yield f"def {attr.id}(root: Any) -> int:"
            yield f'    """{_first_sentence(attr.doc)}"""'
            yield f"    return int({root_names.python(attr.value, attr.path)})"
    at = 0
    for name in spec.layout:
        attr = spec.section(name)
        yield ""
        yield ""
        yield f"def locate_{name}(root: Any) -> tuple[int, int] | None:"
        yield f'    """Start and end of `{name}`, counted from the start of the file; None when it is absent."""'
        if attr.when is not None:
            yield f"    if not {root_names.python(attr.when, attr.path)}:"
            yield "        return None"
        fixed = fixed_size(spec, attr)
        if attr.pos is None:
            if fixed is None:
                raise CodegenError(attr.path, "a section of the sequence needs a fixed size")
            yield f"    return {at}, {at + fixed}"
            at += fixed
            continue
        yield f"    start = {root_names.python(attr.pos, attr.path)}"
        if attr.size is not None:
            yield f"    return start, start + {root_names.python(attr.size, attr.path)}"
        elif fixed is not None:
            yield f"    return start, start + {fixed}"
        else:
            raise CodegenError(attr.path, "a section needs a size")


def _getter(owner: Type, attr: Attr) -> str:
    if attr.bits is None:
        return f"this.{attr.id}"
    position = dict((field.id, at) for field, at in bit_fields(owner))[attr.id]
    return f"this >> {position} & {(1 << attr.bits) - 1:#x}"


def _check_lines(spec: Spec, owner: Type, attr: Attr, check: Check) -> Iterator[str]:
    """Lines of a check function; `value` holds the field."""
    scope = Scope(spec, owner, RECORDS)

    def python(kind: str) -> str:
        bound = check.kinds[kind]
        if isinstance(bound, bool):
            return repr(bound)
        return scope.python(bound, f"{attr.path}/{kind}")

    known = set(check.kinds)
    found = "show(value)"
    if "expr" in known:
        test = python("expr")
        condition, expected = _replace_underscore(test), repr(check.expected or test)
    elif known == {"contents"}:
        condition, expected = f"value == {attr.contents!r}", f"show({attr.contents!r})"
    elif known == {"in-enum"}:
        condition, expected = (
            f"value in {(attr.enum or '').upper()}_CODES",
            repr(f"an id of the enum {attr.enum}"),
        )
    elif known == {"min", "max"}:
        yield f"    low, high = {python('min')}, {python('max')}"
        condition, expected = "low <= value <= high", 'f"{low} to {high}"'
    elif known == {"eq"}:
        yield f"    wanted = {python('eq')}"
        condition, expected = "value == wanted", "show(wanted)"
    elif known == {"min"}:
        yield f"    low = {python('min')}"
        condition, expected = "value >= low", 'f"at least {low}"'
    elif known == {"max"}:
        yield f"    high = {python('max')}"
        condition, expected = "value <= high", 'f"at most {high}"'
    elif known == {"multiple-of"}:
        yield f"    grid = {python('multiple-of')}"
        condition, expected = "value % grid == 0", 'f"a multiple of {grid}"'
    elif known == {"zero"}:
        condition, expected = "not any(value)", repr("zero bytes")
    else:
        raise CodegenError(attr.path, f"the checks {sorted(known)} do not go together")
    yield f"    if not ({condition}):"
    yield f"        yield Violation({check.rule!r}, {check.severity!r}, {attr.id!r}, {expected}, {found})"


def _replace_underscore(text: str) -> str:
    """Kaitai calls the value under test `_`; the generated function calls it `value`."""
    return " ".join("value" if word == "_" else word for word in text.split(" "))


def _checks(spec: Spec, owner: Type) -> Iterator[str]:
    name = spec.records[owner.id]
    yield ""
    yield ""
    yield f"def check_{owner.id}("
    yield f"    this: {name}, *, root: Any = None, parent: Any = None, index: int = 0"
    yield ") -> Iterator[Violation]:"
    yield f'    """Every statement of the specification that a `{name}` breaks."""'
    lines = []
    for attr in owner.seq:
        own = [line for check in attr.checks for line in _check_lines(spec, owner, attr, check)]
        inner = spec.types.get(attr.user_type or "")
        if inner is not None and inner.id in spec.records and attr.repeat is None:
            call = f"check_{inner.id}(this.{attr.id}, root=root, parent=this, index=index)"
            lines.append(f"    yield from inside({attr.id!r}, {call})")
        if own:
            lines.append(f"    value = {_getter(owner, attr)}")
            lines += own
    yield from lines or ["    yield from ()"]


def _fields(spec: Spec) -> Iterator[str]:
    yield ""
    yield ""
    yield "FIELDS: Mapping[str, Mapping[str, str | None]] = {"
    for name, attrs in (
        ("", [spec.section(name) for name in spec.layout]),
        *((t.id, t.seq) for t in spec.types.values()),
    ):
        yield f"    {name!r}: {{"
        for attr in attrs:
            yield f"        {attr.id!r}: {attr.user_type!r},"
        yield "    },"
    yield "}"
    yield '"""The keys a tree may have at each type (the root is ""), each with the type that its value has, if any."""'


def _rules(spec: Spec) -> Iterator[str]:
    yield ""
    yield ""
    yield "FIELD_RULES: tuple[FieldRule, ...] = ("
    for owner in (spec.root, *spec.types.values()):
        for attr in (*owner.seq, *owner.instances.values()):
            for check in attr.checks:
                where = attr.id if owner is spec.root else f"{owner.id}.{attr.id}"
                expected = ", ".join(sorted(check.kinds))
                yield f"    FieldRule({check.rule!r}, {check.severity!r}, {where!r}, {expected!r}),"
    yield ")"
    yield '"""Every statement about one field, in the order of the specification."""'
    yield ""
    yield "CHECKSUMS: tuple[ChecksumFact, ...] = ("
    for owner in spec.types.values():
        for attr in owner.seq:
            if attr.checksum is not None:
                fact = attr.checksum
                yield (
                    f"    ChecksumFact({owner.id + '.' + attr.id!r}, {fact['algorithm']!r}, "
                    f"{fact['covers']!r}, {fact['rule']!r}),"
                )
    yield ")"
    yield '"""The checksums, in the order in which a builder computes them."""'


def emit(spec: Spec) -> str:
    """Source of the module `facts`, without the banner."""
    lines = [_HEADER.format(title=spec.title).rstrip("\n"), ""]
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
                lines += _spans(spec, owner)
            lines += _checks(spec, owner)
    if spec.layout:
        lines += _places(spec)
    lines += _fields(spec)
    lines += _rules(spec)
    return "\n".join(lines) + "\n"
