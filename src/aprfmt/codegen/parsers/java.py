"""The facts as classes of the package in `parsers/java`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from ..metadata_schema import Key
from .facts import ParserFacts, Place

__all__ = ["emit", "emit_dtype"]

_DTYPE_TAIL = """    static {
        for (DType type : values()) {
            BY_ID[type.id] = type;
        }
    }

    private final int id;
    private final String typeName;
    private final long blockElems;
    private final long blockBytes;
    private final long scaleBytes;
    private final boolean rowPadded;
    private final boolean quantized;

    DType(int id, String typeName, long blockElems, long blockBytes, long scaleBytes, boolean rowPadded,
            boolean quantized) {
        this.id = id;
        this.typeName = typeName;
        this.blockElems = blockElems;
        this.blockBytes = blockBytes;
        this.scaleBytes = scaleBytes;
        this.rowPadded = rowPadded;
        this.quantized = quantized;
    }

    /**
     * The element type with an id.
     *
     * @param id the number in the file
     * @return the element type, empty when no type has this id
     */
    public static Optional<DType> of(int id) {
        return id >= 0 && id < BY_ID.length ? Optional.ofNullable(BY_ID[id]) : Optional.empty();
    }

    /**
     * The id.
     *
     * @return the number in the file
     */
    public int id() {
        return id;
    }

    /**
     * The name of the type; an old id has the name of the type that it stands for.
     *
     * @return the name in lower case
     */
    public String typeName() {
        return typeName;
    }

    /**
     * Elements of a block.
     *
     * @return the number of elements
     */
    public long blockElems() {
        return blockElems;
    }

    /**
     * Bytes of a block.
     *
     * @return the number of bytes
     */
    public long blockBytes() {
        return blockBytes;
    }

    /**
     * Bytes that stand once in front of the blocks.
     *
     * @return the number of bytes
     */
    public long scaleBytes() {
        return scaleBytes;
    }

    /**
     * Whether each row of a matrix may be filled up to whole blocks.
     *
     * @return true when it may
     */
    public boolean isRowPadded() {
        return rowPadded;
    }

    /**
     * Whether the type is a quantised one.
     *
     * @return true when it is
     */
    public boolean isQuantized() {
        return quantized;
    }
}
"""

_FACTS_HEAD = """package org.aprfmt.reader.generated;

import java.util.List;
import java.util.Map;

/** Facts of the {title} that the Kaitai parser does not tell. */
public final class Facts {{
    private Facts() {{
    }}

    /**
     * A stretch of the file, in bytes.
     *
     * @param start the first byte
     * @param end the byte behind the last one
     */
    public record Span(long start, long end) {{
    }}

    /**
     * A field of the flags.
     *
     * @param name its name
     * @param bit its least significant bit
     * @param width its width in bits
     */
    public record Flag(String name, int bit, int width) {{
    }}

    /**
     * A number of bytes that depends on an index entry.
     *
     * @param constant bytes in any case
     * @param perNameByte bytes for each byte of the name
     * @param perDim bytes for each dimension
     */
    public record Place(long constant, long perNameByte, long perDim) {{
        /**
         * The number of bytes for an entry.
         *
         * @param lenName size of its name in bytes
         * @param ndim number of its dimensions
         * @return the number of bytes
         */
        public long at(long lenName, long ndim) {{
            return constant + perNameByte * lenName + perDim * ndim;
        }}
    }}

    /**
     * Where a field of an index entry lies.
     *
     * @param start where it begins, counted from the start of the entry
     * @param size its size
     */
    public record EntryField(Place start, Place size) {{
    }}

    /**
     * What is wrong with a file that breaks a rule.
     *
     * @param name the defect as a name
     * @param defect the defect in words
     */
    public record Rule(String name, String defect) {{
    }}

    /** What the value of a metadata key is. */
    public enum Kind {{
        /** Text. */
        STRING,
        /** An integer without a sign. */
        INTEGER,
        /** Any number. */
        NUMBER,
        /** True or false. */
        BOOLEAN,
        /** An object. */
        OBJECT
    }}

    /**
     * A known key of the metadata.
     *
     * @param name the key
     * @param kind what its value is
     * @param nullable whether the value may be null
     * @param required whether its object must have it
     * @param bits width of an integer, 0 for every other kind
     * @param keys the known keys of an object
     */
    public record MetadataKey(String name, Kind kind, boolean nullable, boolean required, int bits,
            List<MetadataKey> keys) {{
    }}
"""


def emit_dtype(facts: ParserFacts) -> str:
    """Source of the enum `DType`, without the banner."""
    lines = [
        "package org.aprfmt.reader;",
        "",
        "import java.util.Optional;",
        "",
        "/** Element type of a tensor. */",
        "public enum DType {",
    ]
    for number, dtype in enumerate(facts.dtypes):
        end = ";" if number + 1 == len(facts.dtypes) else ","
        lines.append(f"    /** {dtype.doc} */")
        lines.append(
            f"    {dtype.member.upper()}({dtype.code}, {_text(dtype.name)}, {dtype.block_elems}, {dtype.block_bytes}, "
            f"{dtype.scale_bytes}, {_truth(dtype.row_padded)}, {_truth(dtype.quantized)}){end}"
        )
    room = max(dtype.code for dtype in facts.dtypes) + 1
    lines += ["", f"    private static final DType[] BY_ID = new DType[{room}];", ""]
    return "\n".join(lines) + "\n" + _DTYPE_TAIL


def emit(facts: ParserFacts) -> str:
    """Source of the class `Facts`, without the banner."""
    return _FACTS_HEAD.format(title=facts.title) + "\n".join(_lines(facts)) + "\n"


def _lines(facts: ParserFacts) -> Iterator[str]:
    yield from _constant("String SPEC_SHA256", _text(facts.spec_sha256), "SHA-256 of spec/apr_v2.ksy.")
    yield from _constant("int HEADER_SIZE", str(facts.header_size), "Size of the header in bytes.")
    yield from _constant("int FOOTER_SIZE", str(facts.footer_size), "Size of the footer in bytes.")
    yield from _map(
        "String, String> LOOKALIKES",
        (f"{_text(magic.hex())}, {_text(name)}" for magic, name in facts.lookalikes),
        "Other formats by what stands in the place of the magic, in hexadecimal digits.",
    )
    yield from _map(
        "String, Span> HEADER_FIELDS",
        (f"{_text(name)}, new Span({start}, {stop})" for name, start, stop in facts.header_fields),
        "Where each field of the header lies in the file.",
    )
    yield from _list(
        "Flag> FLAGS",
        [f"new Flag({_text(flag.name)}, {flag.bit}, {flag.width})" for flag in facts.flags],
        "The fields of {@code header.flags}.",
    )
    yield from _map(
        "String, EntryField> ENTRY_FIELDS",
        (
            f"{_text(field.name)}, new EntryField({_place(field.start)}, {_place(field.size)})"
            for field in facts.entry_fields
        ),
        "The fields of an index entry.",
    )
    yield from _constant("Place ENTRY_SIZE", _place(facts.entry_size), "Size of an index entry.")
    yield from _map(
        "String, String> RULE_AT",
        (f"{_text(item.source)}, {_text(item.rule)}" for item in facts.statements if item.rule is not None),
        "The rule that a field breaks which the Kaitai parser refuses, by the field's place in the ksy.",
    )
    yield from _map(
        "String, String> FIELD_AT",
        (f"{_text(item.source)}, {_text(item.field)}" for item in facts.statements),
        "The path of a field, by its place in the ksy.",
    )
    yield from _map(
        "String, Rule> RULES",
        (f"{_text(rule)}, new Rule({_text(name)}, {_text(defect)})" for rule, name, defect in facts.rules),
        "What every careful reader refuses, by the id of the rule.",
    )
    yield from _list(
        "MetadataKey> METADATA_KEYS",
        ["\n".join(_key(key, "            ")).strip() for key in facts.metadata_keys],
        "The known keys of the metadata.",
    )
    yield "}"


def _constant(declared: str, value: str, doc: str) -> Iterator[str]:
    yield ""
    yield f"    /** {doc} */"
    yield f"    public static final {declared} = {value};"


def _map(declared: str, items: Iterable[str], doc: str) -> Iterator[str]:
    entries = [f"            Map.entry({item})" for item in items]
    yield ""
    yield f"    /** {doc} */"
    yield f"    public static final Map<{declared} = Map.ofEntries("
    yield ",\n".join(entries) + ");"


def _list(declared: str, items: Iterable[str], doc: str) -> Iterator[str]:
    yield ""
    yield f"    /** {doc} */"
    yield f"    public static final List<{declared} = List.of("
    yield ",\n".join(f"            {item}" for item in items) + ");"


def _place(place: Place) -> str:
    return f"new Place({place.constant}, {place.per_name_byte}, {place.per_dim})"


def _text(text: str) -> str:
    return json.dumps(text)


def _truth(value: bool) -> str:
    return "true" if value else "false"


def _key(key: Key, margin: str) -> Iterator[str]:
    head = (
        f"new MetadataKey({_text(key.name)}, Kind.{key.kind.upper()}, {_truth(key.nullable)}, "
        f"{_truth(key.when_absent == 'required')}, {key.bits or 0}"
    )
    if not key.keys:
        yield f"{margin}{head}, List.of())"
        return
    yield f"{margin}{head}, List.of("
    yield ",\n".join("\n".join(_key(child, margin + "        ")) for child in key.keys) + "))"
