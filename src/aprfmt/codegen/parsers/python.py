"""The facts as a module of the package in `parsers/python`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..metadata_schema import Key
from .facts import ParserFacts, Place

__all__ = ["emit", "emit_package"]

_HEAD = '''"""Facts of the {title} that the Kaitai parser does not tell."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Final, Literal, NamedTuple


class Place(NamedTuple):
    """A number of bytes that depends on an index entry."""

    constant: int
    per_name_byte: int
    per_dim: int

    def at(self, len_name: int, ndim: int) -> int:
        """The number of bytes for an entry whose name has `len_name` bytes and which has `ndim` dimensions."""
        return self.constant + self.per_name_byte * len_name + self.per_dim * ndim


class EntryField(NamedTuple):
    """Where a field of an index entry begins, counted from the start of the entry, and its size in bytes."""

    start: Place
    size: Place


class Flag(NamedTuple):
    """A field of the flags: its name, its least significant bit, its width in bits."""

    name: str
    bit: int
    width: int


class DTypeFacts(NamedTuple):
    """Names and geometry of an element type; `name` is that of the type which an old id stands for."""

    name: str
    member: str
    block_elems: int
    block_bytes: int
    scale_bytes: int
    row_padded: bool
    quantized: bool
    doc: str


class Rule(NamedTuple):
    """What is wrong with a file that breaks the rule, as a name and in words."""

    name: str
    defect: str


class MetadataKey(NamedTuple):
    """A known key of the metadata. `bits` is the width of an unsigned integer, 0 for every other kind."""

    name: str
    kind: Literal["string", "integer", "number", "boolean", "object"]
    nullable: bool
    required: bool
    bits: int
    keys: tuple[MetadataKey, ...]


'''


def emit_package(facts: ParserFacts) -> str:
    """Source of the package that holds what is generated."""
    return f'"""Made from the specification of the {facts.title}; see the banner of each module."""\n'


def emit(facts: ParserFacts) -> str:
    """Source of the module `facts`, without the banner."""
    return _HEAD.format(title=facts.title) + "\n".join(_lines(facts)) + "\n"


def _lines(facts: ParserFacts) -> Iterator[str]:
    yield from _constant("SPEC_SHA256: Final", repr(facts.spec_sha256), "SHA-256 of spec/apr_v2.ksy.")
    yield from _constant("HEADER_SIZE: Final", str(facts.header_size), "Size of the header in bytes.")
    yield from _constant("FOOTER_SIZE: Final", str(facts.footer_size), "Size of the footer in bytes.")
    yield from _table(
        "LOOKALIKES: Final[Mapping[bytes, str]]",
        (f"{magic!r}: {name!r}" for magic, name in facts.lookalikes),
        "Other formats by what stands in the place of the magic.",
    )
    yield from _table(
        "HEADER_FIELDS: Final[Mapping[str, tuple[int, int]]]",
        (f"{name!r}: ({start}, {stop})" for name, start, stop in facts.header_fields),
        "Start and end of each field of the header, in bytes of the file.",
    )
    yield from _table(
        "FLAGS: Final[tuple[Flag, ...]]",
        (f"Flag({flag.name!r}, {flag.bit}, {flag.width})" for flag in facts.flags),
        "The fields of `header.flags`.",
        "()",
    )
    yield from _table(
        "ENTRY_FIELDS: Final[Mapping[str, EntryField]]",
        (f"{field.name!r}: EntryField({_place(field.start)}, {_place(field.size)})" for field in facts.entry_fields),
        "The fields of an index entry, in their order.",
    )
    yield from _constant("ENTRY_SIZE: Final", _place(facts.entry_size), "Size of an index entry in bytes.")
    yield from _dtypes(facts)
    sourced = [item for item in facts.statements if item.rule is not None]
    yield from _table(
        "RULE_AT: Final[Mapping[str, str]]",
        (f"{item.source!r}: {item.rule!r}" for item in sourced),
        "The rule that a field breaks which the Kaitai parser refuses, by the field's place in the ksy.",
    )
    yield from _table(
        "FIELD_AT: Final[Mapping[str, str]]",
        (f"{item.source!r}: {item.field!r}" for item in facts.statements),
        "The path of a field, by its place in the ksy.",
    )
    yield from _table(
        "RULES: Final[Mapping[str, Rule]]",
        (f"{rule!r}: Rule({name!r}, {defect!r})" for rule, name, defect in facts.rules),
        "What every careful reader refuses, by the id of the rule.",
    )
    yield "METADATA_KEYS: Final[tuple[MetadataKey, ...]] = ("
    for key in facts.metadata_keys:
        yield from _key(key, "    ")
    yield ")"
    yield '"""The known keys of the metadata."""'


def _constant(declared: str, value: str, doc: str) -> Iterator[str]:
    yield f"{declared} = {value}"
    yield f'"""{doc}"""'


def _table(declared: str, items: Iterable[str], doc: str, brackets: str = "{}") -> Iterator[str]:
    yield f"{declared} = {brackets[0]}"
    for item in items:
        yield f"    {item},"
    yield brackets[1]
    yield f'"""{doc}"""'


def _place(place: Place) -> str:
    return f"Place({place.constant}, {place.per_name_byte}, {place.per_dim})"


def _dtypes(facts: ParserFacts) -> Iterator[str]:
    yield from (
        "",
        "",
        "class DType(IntEnum):",
        '    """Element type of a tensor; the value is the id in the file."""',
        "",
    )
    for dtype in facts.dtypes:
        yield f"    {dtype.member.upper()} = {dtype.code}"
        yield f'    """{dtype.doc}"""'
    yield ""
    yield "    def __str__(self) -> str:"
    yield "        return self.facts.name"
    yield ""
    yield "    def __format__(self, format_spec: str) -> str:"
    yield "        return format(str(self), format_spec)"
    yield ""
    yield "    @property"
    yield "    def facts(self) -> DTypeFacts:"
    yield '        """Names and geometry."""'
    yield "        return DTYPES[self]"
    yield from ("", "")
    yield from _table(
        "DTYPES: Final[Mapping[int, DTypeFacts]]",
        (
            f"{dtype.code}: DTypeFacts({dtype.name!r}, {dtype.member!r}, {dtype.block_elems}, {dtype.block_bytes}, "
            f"{dtype.scale_bytes}, {dtype.row_padded}, {dtype.quantized}, {dtype.doc!r})"
            for dtype in facts.dtypes
        ),
        "The element types by their id.",
    )


def _key(key: Key, margin: str) -> Iterator[str]:
    head = f"{key.name!r}, {key.kind!r}, {key.nullable}, {key.when_absent == 'required'}, {key.bits or 0}"
    if not key.keys:
        yield f"{margin}MetadataKey({head}, ()),"
        return
    yield f"{margin}MetadataKey({head}, ("
    for child in key.keys:
        yield from _key(child, margin + "    ")
    yield f"{margin})),"
