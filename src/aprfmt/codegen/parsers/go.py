"""The facts as packages of the module in `parsers/go`, laid out as gofmt does."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from ..metadata_schema import Key
from .facts import DTypeFacts, ParserFacts, Place

__all__ = ["emit", "emit_dtype"]

_MARK = "// Code generated from the specification. DO NOT EDIT.\n\n"

_HEAD = """// Package facts holds what the Kaitai parser does not tell of the {title}.
package facts

// Span is a stretch of the file in bytes, from Start up to, not including, End.
type Span struct{{ Start, End uint64 }}

// Flag is a field of the flags: its least significant bit, and its width in bits.
type Flag struct {{
	Name       string
	Bit, Width uint
}}

// Place is a number of bytes that depends on an index entry.
type Place struct{{ Constant, PerNameByte, PerDim uint64 }}

// At returns the number of bytes for an entry whose name has lenName bytes and which has ndim dimensions.
func (p Place) At(lenName, ndim uint64) uint64 {{
	return p.Constant + p.PerNameByte*lenName + p.PerDim*ndim
}}

// EntryField says where a field of an index entry begins, counted from the start of the entry, and its size.
type EntryField struct{{ Start, Size Place }}

// DType holds names and geometry of an element type; Name is that of the type which an old id stands for.
type DType struct {{
	ID                                 uint8
	Name, Member                       string
	BlockElems, BlockBytes, ScaleBytes uint64
	RowPadded, Quantized               bool
	Doc                                string
}}

// Rule says what is wrong with a file that breaks it, as a name and in words.
type Rule struct{{ Name, Defect string }}

// Kind is what the value of a metadata key is.
type Kind string

// The kinds of values.
const (
	String  Kind = "string"
	Integer Kind = "integer"
	Number  Kind = "number"
	Boolean Kind = "boolean"
	Object  Kind = "object"
)

// MetadataKey is a known key of the metadata. Bits is the width of an unsigned integer, 0 for every other kind.
type MetadataKey struct {{
	Name               string
	Kind               Kind
	Nullable, Required bool
	Bits               int
	Keys               []MetadataKey
}}
"""


def emit_dtype(facts: ParserFacts) -> str:
    """Source of the constants of the element types, without the banner."""
    return _MARK + "package apr\n\n" + "\n".join(_constants(facts)) + "\n"


def _constants(facts: ParserFacts) -> Iterator[str]:
    yield "// DType is the element type of a tensor; the value is the id in the file."
    yield "type DType uint8"
    yield ""
    yield "// The element types."
    yield "const ("
    for dtype in facts.dtypes:
        yield f"\t// {_camel(dtype.member)}: {dtype.doc}"
        yield f"\t{_camel(dtype.member)} DType = {dtype.code}"
    yield ")"


def emit(facts: ParserFacts) -> str:
    """Source of the package, without the banner."""
    return _MARK + _HEAD.format(title=facts.title) + "\n".join(_lines(facts)) + "\n"


def _lines(facts: ParserFacts) -> Iterator[str]:
    yield from (
        "",
        "// SpecSHA256 is the SHA-256 of spec/apr_v2.ksy.",
        f"const SpecSHA256 = {_text(facts.spec_sha256)}",
    )
    yield from ("", "// HeaderSize is the size of the header in bytes.", f"const HeaderSize = {facts.header_size}")
    yield from ("", "// FooterSize is the size of the footer in bytes.", f"const FooterSize = {facts.footer_size}")
    yield from _map(
        "Lookalikes",
        "string",
        ((_bytes(magic), _text(name)) for magic, name in facts.lookalikes),
        "maps what stands in the place of the magic to the name of another format.",
    )
    yield from _map(
        "HeaderFields",
        "Span",
        ((_text(name), f"{{{start}, {stop}}}") for name, start, stop in facts.header_fields),
        "says where each field of the header lies in the file.",
    )
    yield from _list(
        "Flags",
        "Flag",
        (f"{{{_text(flag.name)}, {flag.bit}, {flag.width}}}" for flag in facts.flags),
        "are the fields of header.flags.",
    )
    yield from _map(
        "EntryFields",
        "EntryField",
        (
            (_text(field.name), f"{{Place{_place(field.start)}, Place{_place(field.size)}}}")
            for field in facts.entry_fields
        ),
        "are the fields of an index entry.",
    )
    yield ""
    yield "// EntrySize is the size of an index entry."
    yield f"var EntrySize = Place{_place(facts.entry_size)}"
    yield from _map(
        "DTypes",
        "DType",
        (
            (
                str(dtype.code),
                _dtype(dtype),
            )
            for dtype in facts.dtypes
        ),
        "are the element types by their id.",
        key="uint8",
    )
    yield from _map(
        "RuleAt",
        "string",
        ((_text(item.source), _text(item.rule)) for item in facts.statements if item.rule is not None),
        "is the rule that a field breaks which the Kaitai parser refuses, by the field's place in the ksy.",
    )
    yield from _map(
        "FieldAt",
        "string",
        ((_text(item.source), _text(item.field)) for item in facts.statements),
        "is the path of a field, by its place in the ksy.",
    )
    yield from _map(
        "Rules",
        "Rule",
        ((_text(rule), f"{{{_text(name)}, {_text(defect)}}}") for rule, name, defect in facts.rules),
        "is what every careful reader refuses, by the id of the rule.",
    )
    yield ""
    yield "// MetadataKeys are the known keys of the metadata."
    yield "var MetadataKeys = []MetadataKey{"
    for key in facts.metadata_keys:
        yield from _key(key, "\t")
    yield "}"


def _map(name: str, value: str, items: Iterable[tuple[str, str]], doc: str, *, key: str = "string") -> Iterator[str]:
    """A table whose values stand in one column, as gofmt wants them."""
    pairs = list(items)
    width = max(len(left) for left, _ in pairs) + 1
    yield ""
    yield f"// {name} {doc}"
    yield f"var {name} = map[{key}]{value}{{"
    for left, right in pairs:
        yield f"\t{(left + ':').ljust(width)} {right},"
    yield "}"


def _list(name: str, value: str, items: Iterable[str], doc: str) -> Iterator[str]:
    yield ""
    yield f"// {name} {doc}"
    yield f"var {name} = []{value}{{"
    for item in items:
        yield f"\t{item},"
    yield "}"


def _dtype(dtype: DTypeFacts) -> str:
    names = f"{_text(dtype.name)}, {_text(dtype.member)}"
    geometry = f"{dtype.block_elems}, {dtype.block_bytes}, {dtype.scale_bytes}"
    kind = f"{_truth(dtype.row_padded)}, {_truth(dtype.quantized)}"
    return f"{{{dtype.code}, {names}, {geometry}, {kind}, {_text(dtype.doc)}}}"


def _place(place: Place) -> str:
    return f"{{{place.constant}, {place.per_name_byte}, {place.per_dim}}}"


def _camel(name: str) -> str:
    """`apr_q4_legacy` as `APRQ4Legacy`, and `q4_k` as `Q4K`: what is an abbreviation stays in capitals."""
    words = name.split("_")
    return "".join(word.upper() if len(word) <= _ABBREVIATION else word.capitalize() for word in words)


_ABBREVIATION = 4
"""Letters of the longest word of a name that is written in capitals: bf16."""


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)  # of the escapes of JSON, Go does not know the pairs of surrogates


def _bytes(raw: bytes) -> str:
    """Bytes as a string of Go, which is made of bytes."""
    return (
        '"'
        + "".join(chr(byte) if chr(byte).isascii() and chr(byte).isalnum() else f"\\x{byte:02x}" for byte in raw)
        + '"'
    )


def _truth(value: bool) -> str:
    return "true" if value else "false"


def _key(key: Key, margin: str) -> Iterator[str]:
    head = (
        f"{{{_text(key.name)}, {key.kind.capitalize()}, {_truth(key.nullable)}, "
        f"{_truth(key.when_absent == 'required')}, {key.bits or 0}"
    )
    if not key.keys:
        yield f"{margin}{head}, nil}},"
        return
    yield f"{margin}{head}, []MetadataKey{{"
    for child in key.keys:
        yield from _key(child, margin + "\t")
    yield f"{margin}}}}},"
