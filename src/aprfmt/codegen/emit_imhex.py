"""The specification as a pattern of the hex editor ImHex: what lies where, in the editor's own language.

Rules of this file:
1. A pattern looks; it does not judge. No rule of the specification ends it, so that a damaged file is shown as far as
   its index can be followed.
2. What lies outside the file is left out, and a section that does so is named in the editor's console.
3. No library of the editor is imported, so that the one file is enough.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .emit_magic import identity, landmarks
from .errors import CodegenError
from .expr import Binary, Expr, Literal, Member, Name
from .extent import bit_fields, fixed_size
from .imhex_names import RESERVED, Names, maxima_of, rooted, safe
from .model import Attr, Enum, Spec, Type

__all__ = ["emit"]

_ELEMENTS = 1 << 20
"""The longest list that is shown: more tensors than any model has, and as much as a graphical program can hold."""
_WIDTH = 118
_FUNCTIONS = """\
// Whether some bytes are there at all. Signed: a difference of two offsets may be below zero in a damaged file.
fn fits(s128 start, s128 size) {
    return start >= 0 && size > 0 && start + size <= sizeof($);
};

// The same of a section, with a word in the console when it should be there and is not.
fn has(str section, s128 start, s128 size) {
    if (size != 0 && !fits(start, size))
        builtin::std::warning(section + " lies outside the file");
    return fits(start, size);
};
"""


@dataclass(frozen=True, slots=True)
class _View:
    """A look at bytes that belong to a section: the data of one element, where the element says."""

    name: str
    doc: str
    pos: Expr
    size: Expr
    path: str


def _attrs(owner: Type) -> tuple[Attr, ...]:
    return (*owner.seq, *owner.instances.values())


def _type_name(spec: Spec, owner: Type | Enum) -> str:
    return spec.records.get(owner.id, owner.id.title().replace("_", ""))


def _quoted(words: str) -> str:
    flat = " ".join(words.split()).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{flat}"'


def _first_sentence(words: str) -> str:
    return " ".join(words.split()).partition(". ")[0].rstrip(".") + "."


def _comment(words: str, indent: str = "") -> Iterator[str]:
    begin = f"{indent}// "
    yield from textwrap.wrap(" ".join(words.split()), _WIDTH, initial_indent=begin, subsequent_indent=begin)


def _contains(expr: Expr, part: Expr) -> bool:
    if expr == part:
        return True
    match expr:
        case Member(of, _):
            return _contains(of, part)
        case Binary(_, left, right):
            return _contains(left, part) or _contains(right, part)
    return False


def _said(attr: Attr, *, commented: bool) -> Iterator[str]:
    """The doc of a field above it, unless the comment that the editor shows says all of it."""
    if not commented or _first_sentence(attr.doc) != " ".join(attr.doc.split()):
        yield from _comment(attr.doc, "    ")


def _views(spec: Spec) -> dict[str, list[_View]]:
    """The views of each type: second looks at bytes, which only who shows a file takes."""
    found: dict[str, list[_View]] = {}
    for owner in spec.types.values():
        found[owner.id] = [
            _View(attr.id, attr.doc, attr.pos, attr.size, attr.path)
            for attr in owner.instances.values()
            if attr.kind == "kaitai-only" and attr.pos is not None and attr.size is not None
        ]
    return found


@dataclass(frozen=True, slots=True)
class _Pattern:
    """Everything that the pattern is made from."""

    spec: Spec
    names: Names
    views: Mapping[str, list[_View]]

    def enum(self, enum: Enum) -> Iterator[str]:
        """An enum, as wide as the fields that hold it."""
        widths = {attr.width or 0 for attr in self.spec.attrs if attr.enum == enum.id}
        if len(widths) != 1:
            raise CodegenError(enum.path, f"expected fields of one width, found {sorted(widths)}")
        yield f"enum {_type_name(self.spec, enum)} : u{8 * widths.pop()} {{"
        for entry in enum.entries:
            yield from _comment(entry.doc, "    ")
            yield f"    {entry.id.upper()} = {entry.code},"
        yield "};"

    def bits(self, owner: Type) -> Iterator[str]:
        """A set of bits, from the least significant one on, which is the order of the editor too."""
        yield from _comment(owner.doc)
        yield f"bitfield {_type_name(self.spec, owner)} {{"
        for attr, _ in bit_fields(owner):
            yield f"    {safe(attr.id)} : {attr.bits}{self.attributes(attr, comment=True)};"
        yield "};"

    def struct(self, owner: Type) -> Iterator[str]:
        """A type: its fields in order, the views of its elements, and what an element adds to a maximum."""
        users = [attr for user in self.spec.owners for attr in _attrs(user) if attr.user_type == owner.id]
        repeated = any(attr.repeat is not None for attr in users)
        yield from _comment(owner.doc)
        yield f"struct {_type_name(self.spec, owner)} {{"
        for attr in owner.seq:
            yield from _said(attr, commented=not repeated)
            line = f"{self.declared(owner, attr)}{self.attributes(attr, comment=not repeated)};"
            tests = [] if attr.when is None else [self.names.text(attr.when, owner, f"{attr.path}/if")]
            if attr.size_eos:
                # In a damaged file the fields before it may have run over the end.
                tests.append(f"{self.end(owner, attr)} > $")
            for test in tests:
                yield f"    if ({test})"
                line = f"    {line}"
            yield f"    {line}"
        for maximum in self.names.maxima.values():
            if maximum.element is owner:
                value = self.names.text(maximum.value, owner, maximum.path)
                yield f"    if ({value} > {maximum.name})"
                yield f"        {maximum.name} = {value};"
        for view in self.views[owner.id]:
            place, size = (self.names.text(expr, owner, view.path) for expr in (view.pos, view.size))
            yield from _comment(view.doc, "    ")
            yield f"    if (fits({place}, {size}))"
            yield f"        u8 {safe(view.name)}[{size}] @ {place} [[sealed]];"
        label = next((attr.unique_sorted for attr in users if attr.unique_sorted is not None), None)
        # An element is shown by the field that tells the elements apart, not by its number.
        yield "};" if label is None else f"}} [[name({safe(label)})]];"

    def root(self) -> Iterator[str]:
        """The whole file: its sequence, then each section at its place and each value before it is used."""
        spec = self.spec
        yield from _comment(spec.doc)
        yield f"struct {_type_name(spec, spec.root)} {{"
        for attr in spec.root.seq:
            yield from _said(attr, commented=True)
            yield f"    {self.declared(spec.root, attr)}{self.attributes(attr, comment=True)};"
        for attr in spec.root.instances.values():
            if attr.pos is not None:
                yield from self.section(attr)
            elif attr.value is not None and self.names.text(Name(attr.id), spec.root, attr.path) == safe(attr.id):
                yield from _comment(attr.doc, "    ")
                yield f"    u128 {safe(attr.id)} = {self.names.text(attr.value, spec.root, attr.path)};"
        yield "};"

    def section(self, attr: Attr) -> Iterator[str]:
        """A section at its place, when it is in the file."""
        spec = self.spec
        assert attr.pos is not None, attr.path  # noqa: S101 - the caller has looked
        start = self.names.text(attr.pos, spec.root, f"{attr.path}/pos")
        size = str(fixed_size(spec, spec.root, attr))
        if attr.size is not None:
            size = self.names.text(attr.size, spec.root, f"{attr.path}/size")
        more = []
        if any(_contains(view.pos, rooted(attr.pos)) for views in self.views.values() for view in views):
            # Its bytes are those of the views, which have their own colours.
            more = ["sealed", "highlight_hidden"]
        lines = [
            f"if (has({_quoted(attr.id)}, {start}, {size}))",
            f"    {self.declared(spec.root, attr)} @ {start}{self.attributes(attr, *more, comment=True)};",
        ]
        if attr.when is not None:
            test = self.names.text(attr.when, spec.root, f"{attr.path}/if")
            lines = [f"if ({test}) {{", *(f"    {line}" for line in lines), "}"]
        yield from _said(attr, commented=True)
        yield from (f"    {line}" for line in lines)

    def declared(self, owner: Type, attr: Attr) -> str:
        """Type, name and length of a field."""
        name = safe(attr.id)
        if attr.repeat is not None:
            name += f"[{self.names.text(attr.repeat, owner, f'{attr.path}/repeat-expr')}]"
        if attr.user_type is not None:
            return f"{_type_name(self.spec, self.spec.types[attr.user_type])} {name}"
        if attr.width is not None:
            enum = self.spec.enums.get(attr.enum or "")
            return f"{f'u{8 * attr.width}' if enum is None else _type_name(self.spec, enum)} {name}"
        return f"{'char' if attr.is_text else 'u8'} {name}[{self.length(owner, attr)}]"

    def length(self, owner: Type, attr: Attr) -> str:
        """How many bytes a field of bytes has."""
        fixed = fixed_size(self.spec, owner, attr)
        if fixed is not None:
            return str(fixed)
        if attr.size is not None:
            return self.names.text(attr.size, owner, f"{attr.path}/size")
        return f"{self.end(owner, attr)} - $"

    def end(self, owner: Type, attr: Attr) -> str:
        """Where the section ends that is of a type, for the field that takes all the rest."""
        sections = [self.spec.section(name) for name in self.spec.sections_of(owner)]
        if len(sections) != 1 or sections[0].size is None:
            raise CodegenError(f"{attr.path}/size-eos", f"expected one section of type {owner.id}, with a size")
        size = self.names.text(rooted(sections[0].size), owner, f"{sections[0].path}/size")
        return f"addressof(this) + ({size})"

    @staticmethod
    def attributes(attr: Attr, *more: str, comment: bool) -> str:
        """What the editor shows beside the bytes: what they mean, and their name where that is a word of the language.

        An element of a list carries no comment of its own: a hundred thousand copies of it are not free.
        """
        listed = [f"name({_quoted(attr.id)})"] if attr.id in RESERVED else []
        if comment:
            listed.append(f"comment({_quoted(_first_sentence(attr.doc))})")
        listed += more
        return f" [[{', '.join(listed)}]]" if listed else ""


def _in_order(spec: Spec) -> list[Type]:
    """The types that are a part of the file, each behind those that it contains."""
    ordered: list[Type] = []

    def visit(owner: Type) -> None:
        for attr in _attrs(owner):
            if attr.user_type is not None:
                visit(spec.types[attr.user_type])
        if owner not in ordered:
            ordered.append(owner)

    visit(spec.root)
    return [owner for owner in ordered if owner is not spec.root]


def _pragmas(spec: Spec, media_type: str, views: Mapping[str, list[_View]]) -> Iterator[str]:
    marks = {mark.place.offset: mark.raw for mark in landmarks(spec)}
    known = {at + index: f"{byte:02X}" for at, raw in marks.items() for index, byte in enumerate(raw)}
    magic = " ".join(known.get(at, "??") for at in range(max(known) + 1))
    # A struct, its fields and its views, and once more for the arrays among them, which have an element each.
    each = max(2 * (1 + len(owner.seq) + len(views[owner.id])) for owner in spec.types.values())
    yield f"#pragma description {spec.title}"
    yield f"#pragma MIME {media_type}"
    yield f"#pragma magic [ {magic} ] @ 0x00"
    yield "#pragma endian little"
    yield f"#pragma array_limit {_ELEMENTS}"
    yield f"#pragma pattern_limit {each * _ELEMENTS}"


def emit(spec: Spec) -> str:
    """The text of the pattern, without the banner."""
    maxima = maxima_of(spec)
    views = _views(spec)
    pattern = _Pattern(spec, Names(spec, maxima), views)
    named = identity(spec)
    used = _in_order(spec)
    enums = {attr.enum for owner in used for attr in owner.seq}
    lines = [f"// SPDX-License-Identifier: {named.licence}", "", *_pragmas(spec, named.media_type, views), ""]
    for attr in spec.root.instances.values():
        if isinstance(attr.value, Literal):
            lines += [*_comment(attr.doc), f"#define {attr.id.upper()} {attr.value.value}", ""]
    lines += [_FUNCTIONS]
    for maximum in maxima.values():
        lines += [
            *_comment(f"The largest end of the {maximum.name.removeprefix('max_of_')} so far."),
            f"u128 {maximum.name} = 0;",
            "",
        ]
    for enum in spec.enums.values():
        if enum.id in enums:
            lines += [*pattern.enum(enum), ""]
    for owner in used:
        lines += [*(pattern.bits(owner) if owner.is_bits else pattern.struct(owner)), ""]
    lines += [*pattern.root(), "", f"{_type_name(spec, spec.root)} {safe(spec.root.id)} @ 0x00;"]
    return "\n".join(lines) + "\n"
