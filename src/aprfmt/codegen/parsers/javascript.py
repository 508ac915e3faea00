"""The facts as a module of the package in `parsers/javascript`, and its types."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from ..metadata_schema import Key
from .facts import ParserFacts, Place

__all__ = ["emit", "emit_types"]

_TYPES = """export interface Place {
  readonly constant: number;
  readonly perNameByte: number;
  readonly perDim: number;
}
export interface EntryField {
  readonly start: Place;
  readonly size: Place;
}
export interface Flag {
  readonly name: string;
  readonly bit: number;
  readonly width: number;
}
export interface DTypeFacts {
  readonly id: number;
  readonly name: string;
  readonly member: string;
  readonly blockElems: number;
  readonly blockBytes: number;
  readonly scaleBytes: number;
  readonly rowPadded: boolean;
  readonly quantized: boolean;
  readonly doc: string;
}
export interface Rule {
  readonly name: string;
  readonly defect: string;
}
export interface MetadataKey {
  readonly name: string;
  readonly kind: 'string' | 'integer' | 'number' | 'boolean' | 'object';
  readonly nullable: boolean;
  readonly required: boolean;
  readonly bits: number;
  readonly keys: readonly MetadataKey[];
}
export const SPEC_SHA256: string;
export const HEADER_SIZE: number;
export const FOOTER_SIZE: number;
export const LOOKALIKES: ReadonlyMap<string, string>;
export const HEADER_FIELDS: ReadonlyMap<string, readonly [number, number]>;
export const FLAGS: readonly Flag[];
export const ENTRY_FIELDS: ReadonlyMap<string, EntryField>;
export const ENTRY_SIZE: Place;
export const DTYPES: ReadonlyMap<number, DTypeFacts>;
export const RULE_AT: ReadonlyMap<string, string>;
export const FIELD_AT: ReadonlyMap<string, string>;
export const RULES: ReadonlyMap<string, Rule>;
export const METADATA_KEYS: readonly MetadataKey[];
"""


def emit_types(facts: ParserFacts) -> str:
    """Declarations of the module, without the banner."""
    lines = [_TYPES, "/** Element type of a tensor; the value is the id in the file. */", "export const DType: {"]
    for dtype in facts.dtypes:
        lines += [f"  /** {dtype.doc} */", f"  readonly {dtype.member.upper()}: {dtype.code};"]
    return "\n".join([*lines, "};"]) + "\n"


def emit(facts: ParserFacts) -> str:
    """Source of the module, without the banner."""
    return "\n".join(_lines(facts)) + "\n"


def _lines(facts: ParserFacts) -> Iterator[str]:
    yield f"/** @file Facts of the {facts.title} that the Kaitai parser does not tell. */"
    yield from _constant("SPEC_SHA256", _text(facts.spec_sha256), "SHA-256 of spec/apr_v2.ksy.")
    yield from _constant("HEADER_SIZE", str(facts.header_size), "Size of the header in bytes.")
    yield from _constant("FOOTER_SIZE", str(facts.footer_size), "Size of the footer in bytes.")
    yield from _map(
        "LOOKALIKES",
        (f"[{_text(magic.hex())}, {_text(name)}]" for magic, name in facts.lookalikes),
        "Other formats by what stands in the place of the magic, in hexadecimal digits.",
    )
    yield from _map(
        "HEADER_FIELDS",
        (f"[{_text(name)}, Object.freeze([{start}, {stop}])]" for name, start, stop in facts.header_fields),
        "Start and end of each field of the header, in bytes of the file.",
    )
    yield from _list(
        "FLAGS",
        (f"{{name: {_text(flag.name)}, bit: {flag.bit}, width: {flag.width}}}" for flag in facts.flags),
        "The fields of `header.flags`: least significant bit, and width in bits.",
    )
    yield from _map(
        "ENTRY_FIELDS",
        (
            f"[{_text(field.name)}, {{start: {_place(field.start)}, size: {_place(field.size)}}}]"
            for field in facts.entry_fields
        ),
        "The fields of an index entry, in their order: start, counted from that of the entry, and size.",
    )
    yield from _constant("ENTRY_SIZE", f"Object.freeze({_place(facts.entry_size)})", "Size of an index entry in bytes.")
    yield ""
    yield "/** Element type of a tensor; the value is the id in the file. */"
    yield "export const DType = Object.freeze({"
    for dtype in facts.dtypes:
        yield f"  /** {dtype.doc} */"
        yield f"  {dtype.member.upper()}: {dtype.code},"
    yield "});"
    yield from _map(
        "DTYPES",
        (
            f"[{dtype.code}, Object.freeze({{id: {dtype.code}, name: {_text(dtype.name)}, "
            f"member: {_text(dtype.member)}, blockElems: {dtype.block_elems}, blockBytes: {dtype.block_bytes}, "
            f"scaleBytes: {dtype.scale_bytes}, rowPadded: {_truth(dtype.row_padded)}, "
            f"quantized: {_truth(dtype.quantized)}, doc: {_text(dtype.doc)}}})]"
            for dtype in facts.dtypes
        ),
        "Names and geometry of the element types by their id; `name` is that of the type which an old id stands for.",
    )
    yield from _map(
        "RULE_AT",
        (f"[{_text(item.source)}, {_text(item.rule)}]" for item in facts.statements if item.rule is not None),
        "The rule that a field breaks which the Kaitai parser refuses, by the field's place in the ksy.",
    )
    yield from _map(
        "FIELD_AT",
        (f"[{_text(item.source)}, {_text(item.field)}]" for item in facts.statements),
        "The path of a field, by its place in the ksy.",
    )
    yield from _map(
        "RULES",
        (
            f"[{_text(rule)}, Object.freeze({{name: {_text(name)}, defect: {_text(defect)}}})]"
            for rule, name, defect in facts.rules
        ),
        "What every careful reader refuses, by the id of the rule.",
    )
    yield ""
    yield "/** The known keys of the metadata; `bits` is the width of an unsigned integer, 0 for every other kind. */"
    yield "export const METADATA_KEYS = Object.freeze(["
    for key in facts.metadata_keys:
        yield from _key(key, "  ")
    yield "]);"


def _constant(name: str, value: str, doc: str) -> Iterator[str]:
    yield ""
    yield f"/** {doc} */"
    yield f"export const {name} = {value};"


def _map(name: str, items: Iterable[str], doc: str) -> Iterator[str]:
    yield ""
    yield f"/** {doc} */"
    yield f"export const {name} = new Map(["
    for item in items:
        yield f"  {item},"
    yield "]);"


def _list(name: str, items: Iterable[str], doc: str) -> Iterator[str]:
    yield ""
    yield f"/** {doc} */"
    yield f"export const {name} = Object.freeze(["
    for item in items:
        yield f"  {item},"
    yield "]);"


def _place(place: Place) -> str:
    return f"{{constant: {place.constant}, perNameByte: {place.per_name_byte}, perDim: {place.per_dim}}}"


def _text(text: str) -> str:
    body = json.dumps(text)[1:-1].replace('\\"', '"').replace("'", "\\'")
    return f"'{body}'"


def _truth(value: bool) -> str:
    return "true" if value else "false"


def _key(key: Key, margin: str) -> Iterator[str]:
    head = (
        f"name: {_text(key.name)}, kind: {_text(key.kind)}, nullable: {_truth(key.nullable)}, "
        f"required: {_truth(key.when_absent == 'required')}, bits: {key.bits or 0}"
    )
    if not key.keys:
        yield f"{margin}{{{head}, keys: []}},"
        return
    yield f"{margin}{{{head}, keys: ["
    for child in key.keys:
        yield from _key(child, margin + "  ")
    yield f"{margin}]}},"
