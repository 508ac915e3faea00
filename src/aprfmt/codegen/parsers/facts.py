"""The facts themselves, in no language: gathered from the specification, and written down by the other modules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..errors import CodegenError
from ..expr import Name
from ..extent import bit_fields, fixed_places, fixed_size, type_size
from ..metadata_schema import Key
from ..model import Attr, Check, Spec, Type

__all__ = ["DTypeFacts", "EntryField", "Flag", "ParserFacts", "Place", "Statement", "gather"]

_PROFILE = "default"
_NOT_IN_COMMENTS = ("*/", '"""', "\\")
_ENTRY, _NAME_SIZE, _DIMS_COUNT = "tensor_index_entry", "len_name", "ndim"


@dataclass(frozen=True, slots=True)
class Place:
    """A number of bytes that depends on the entry: a constant, so many a byte of the name, so many a dimension."""

    constant: int
    per_name_byte: int
    per_dim: int

    def __add__(self, other: Place) -> Place:
        return Place(
            self.constant + other.constant,
            self.per_name_byte + other.per_name_byte,
            self.per_dim + other.per_dim,
        )


@dataclass(frozen=True, slots=True)
class EntryField:
    """Where a field of an index entry begins, counted from the start of the entry, and its size."""

    name: str
    start: Place
    size: Place


@dataclass(frozen=True, slots=True)
class Flag:
    """A field of the flags: its least significant bit, and its width in bits."""

    name: str
    bit: int
    width: int


@dataclass(frozen=True, slots=True)
class DTypeFacts:
    """Geometry and names of an element type; `name` is that of the type which an old id stands for."""

    code: int
    member: str
    name: str
    block_elems: int
    block_bytes: int
    scale_bytes: int
    row_padded: bool
    quantized: bool
    doc: str


@dataclass(frozen=True, slots=True)
class Statement:
    """A field by its place in the ksy, as a Kaitai parser names it: its path, and the rule that a refusal breaks."""

    source: str
    field: str
    rule: str | None


@dataclass(frozen=True, slots=True)
class ParserFacts:
    """Everything that a parser's hand-written layer may know about the bytes."""

    title: str
    spec_sha256: str
    header_size: int
    footer_size: int
    lookalikes: tuple[tuple[bytes, str], ...]
    header_fields: tuple[tuple[str, int, int], ...]
    flags: tuple[Flag, ...]
    entry_fields: tuple[EntryField, ...]
    entry_size: Place
    dtypes: tuple[DTypeFacts, ...]
    statements: tuple[Statement, ...]
    rules: tuple[tuple[str, str, str], ...]
    metadata_keys: tuple[Key, ...]


def gather(spec: Spec, keys: tuple[Key, ...], spec_sha256: str) -> ParserFacts:
    """The facts of a specification, whose ksy has this digest.

    Raises `CodegenError` for a specification that the facts cannot tell.
    """
    fields = tuple(_entry_fields(spec))
    last = fields[-1]
    return ParserFacts(
        title=spec.title,
        spec_sha256=spec_sha256,
        header_size=_size(spec, "header"),
        footer_size=_size(spec, "footer"),
        lookalikes=tuple(item for attr in spec.attrs for item in attr.lookalikes),
        header_fields=tuple(_header_fields(spec)),
        flags=tuple(Flag(attr.id, bit, attr.bits or 0) for attr, bit in bit_fields(_type(spec, "flags"))),
        entry_fields=fields,
        entry_size=last.start + last.size,
        dtypes=tuple(_dtypes(spec)),
        statements=tuple(_statements(spec)),
        rules=tuple(
            (rule.id, rule.name, rule.defect)
            for rule in spec.rules.values()
            if spec.severities(_PROFILE).get(rule.id) == "error"
        ),
        metadata_keys=keys,
    )


def _type(spec: Spec, name: str) -> Type:
    if name not in spec.types:
        raise CodegenError("/types", f"the parsers need a type {name}, found none")
    return spec.types[name]


def _size(spec: Spec, name: str) -> int:
    owner = _type(spec, name)
    size = type_size(spec, owner)
    if size is None:
        raise CodegenError(owner.path, "expected a size that the specification fixes")
    return size


def _header_fields(spec: Spec) -> Iterator[tuple[str, int, int]]:
    """The fields of the header with their bytes in the file; its size is fixed, so that each has a place."""
    for place in fixed_places(spec):
        if place.owner.id == "header":
            yield place.attr.id, place.offset, place.offset + place.size


def _entry_fields(spec: Spec) -> Iterator[EntryField]:
    owner, at = _type(spec, _ENTRY), Place(0, 0, 0)
    for attr in owner.seq:
        size = _entry_place(spec, owner, attr)
        yield EntryField(attr.id, at, size)
        at += size


def _entry_place(spec: Spec, owner: Type, attr: Attr) -> Place:
    fixed = fixed_size(spec, owner, attr)
    if fixed is not None:
        return Place(fixed, 0, 0)
    if attr.size == Name(_NAME_SIZE):
        return Place(0, 1, 0)
    if attr.width is not None and attr.repeat == Name(_DIMS_COUNT):
        return Place(0, 0, attr.width)
    raise CodegenError(attr.path, f"expected a size that is fixed, {_NAME_SIZE}, or a multiple of {_DIMS_COUNT}")


def _dtypes(spec: Spec) -> Iterator[DTypeFacts]:
    if "dtype" not in spec.enums:
        raise CodegenError("/enums", "the parsers need an enum dtype, found none")
    by_id = {entry.id: entry for entry in spec.enums["dtype"].entries}
    for entry in by_id.values():
        doc = " ".join(entry.doc.split())
        if any(part in doc for part in _NOT_IN_COMMENTS):
            raise CodegenError(f"{entry.path}/doc", f"expected a text for a comment of any language, found {doc!r}")
        target = by_id[entry.keys.get("alias-of", entry.id)]
        yield DTypeFacts(
            code=entry.code,
            member=entry.id,
            name=target.id,
            block_elems=target.keys["block-elems"],
            block_bytes=target.keys["block-bytes"],
            scale_bytes=target.keys.get("scale-bytes", 0),
            row_padded=target.keys.get("row-padded", False),
            quantized=target.keys.get("quantized", False),
            doc=doc,
        )


def _statements(spec: Spec) -> Iterator[Statement]:
    paths = dict(_owners(spec, spec.root, ""))
    for owner in spec.owners:
        prefix = paths.get(owner.id)
        if prefix is None or owner.standalone is not None:
            continue
        place = "" if owner is spec.root else f"/types/{owner.id}"
        for number, attr in enumerate(owner.seq):
            yield Statement(f"{place}/seq/{number}", f"{prefix}{attr.id}", _refusal(attr.checks))


def _owners(spec: Spec, owner: Type, prefix: str) -> Iterator[tuple[str, str]]:
    """Every type that the file holds, with what stands before the names of its fields."""
    yield owner.id, prefix
    for attr in (*owner.seq, *owner.instances.values()):
        inner = spec.types.get(attr.user_type or "")
        if inner is not None:
            yield from _owners(spec, inner, f"{prefix}{attr.id}.")


def _refusal(checks: tuple[Check, ...]) -> str | None:
    rules = {check.rule for check in checks if check.refuses}
    if len(rules) > 1:
        raise CodegenError(checks[0].path, "a parser that refuses a field can name one rule only")
    return next(iter(rules), None)
