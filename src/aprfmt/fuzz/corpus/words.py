"""The words of the format that a fuzzer puts into files: numbers at boundaries, ids, flags, entries, pieces of JSON.

Everything comes from the facts of the specification, each number in the width and order of bytes of a field that it is
meant for. `dictionary_text` writes them as AFL++, libFuzzer and Honggfuzz read dictionaries.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import NamedTuple

from ... import layout
from ...layout import facts
from ...layout._generated.metadata_schema import KEYS, MetadataKey

__all__ = ["LONGEST_WORD", "Word", "dictionary_text", "words"]

LONGEST_WORD = 1 << 7
"""Bytes of the longest word that AFL++ takes."""

_DOUBLE = 53
"""Bits of the integers that a binary64 holds."""
_PLACES = 4
"""Steps of the grid from the start of a file: the sections of small files begin there."""

_VALUES = {"string": '"a"', "integer": "1", "number": "0.5", "boolean": "true", "object": "{}"}
"""A value of each kind of known key."""

_JSON = {
    "null": "null",
    "true": "true",
    "nothing": '"":null,',
    "object": '"a":{"b":[]},',
    "array": "[[],{}]",
    "minus_zero": "-0",
    "whole": "1.0",
    "exponent": "1E5",
    "beyond_double": "1e309",
    "beyond_2_53": "9007199254740993",
    "beyond_2_64": "18446744073709551616",
    "not_a_number": "NaN",
    "escape": "\\u0041",
    "pair": "\\ud83d\\ude00",
    "half_a_pair": "\\ud800",
    "nul": "\\u0000",
    "character": "\U0001f600",
    "byte_order_mark": "\ufeff",
    "deep": "[" * (LONGEST_WORD // 2),
    "deep_objects": '{"":' * (LONGEST_WORD // 4),
}
"""What JSON has that parsers disagree about."""
_NO_UTF8 = b'"\xed\xa0\x80\xff"'


class Word(NamedTuple):
    """Bytes that mean something in a file, and what: letters, digits and `_`."""

    name: str
    raw: bytes


def words() -> tuple[Word, ...]:
    """The words in an order that is always the same; no bytes occur twice, and a name occurs once."""
    found: dict[bytes, str] = {}
    taken: set[str] = set()
    for name, raw in _all():
        plain = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")
        if 0 < len(raw) <= LONGEST_WORD and raw not in found and plain not in taken:
            taken.add(plain)
            found[raw] = plain
    return tuple(Word(name, raw) for raw, name in found.items())


def dictionary_text(found: Iterable[Word]) -> str:
    """The words as lines `name="bytes"`, everything but printable ASCII escaped."""
    lines = [f'{name}="{"".join(map(_escaped, raw))}"' for name, raw in found]
    return "\n".join(("# Words of the APR v2 model container, made from its specification.", *lines, ""))


def _escaped(byte: int) -> str:
    text = chr(byte)
    if text in '"\\':
        return "\\" + text
    return text if " " <= text <= "~" else f"\\x{byte:02x}"


def _all() -> Iterator[tuple[str, bytes]]:
    yield "magic", facts.MAGIC
    for magic in facts.MAGIC_LOOKALIKES:
        yield f"magic of {magic.decode('ascii', 'replace')}", magic
    yield "beginning", _beginning()
    yield from _flags()
    yield from _dtypes()
    for field, numbers in _numbers().items():
        for name, number in numbers.items():
            with suppress(OverflowError):
                yield f"{field} {name}", _spelt(field, number)
    yield from _metadata()


def _beginning() -> bytes:
    """Magic and version, as a good writer writes them."""
    spans = facts.spans_header(layout.parse_header(_head({})), 0)
    return _head({})[: spans["version_minor"][1]]


def _flags() -> Iterator[tuple[str, bytes]]:
    every = (1 << 8 * facts.FLAGS_SIZE) - 1
    for flag in layout.Flags:
        yield f"flag {flag.name}", _spelt("header.flags", int(flag))
    yield "flags good", _spelt("header.flags", int(layout.Flags.LAYOUT_ROW_MAJOR | layout.Flags.QUANTIZED))
    yield "flags undefined", _spelt("header.flags", every & ~sum(layout.Flags))
    yield "flags all", _spelt("header.flags", every)


def _dtypes() -> Iterator[tuple[str, bytes]]:
    """The id of each element type, a whole index entry of one block of it, and the sizes of that block."""
    for code, dtype in facts.DTYPE_FACTS.items():
        yield f"dtype {code} {dtype.id}", _spelt("tensor_index_entry.dtype", code)
        nbytes = layout.tensor_nbytes(code, (dtype.block_elems,))[0]
        entry = _entry(dtype=code, ndim=1, dims=(dtype.block_elems,), len_tensor=nbytes)
        yield f"entry {code} {dtype.id}", layout.build_entries([entry])
        yield f"block {dtype.id} elements", _spelt("tensor_index_entry.dims", dtype.block_elems)
        yield f"block {dtype.id} bytes", _spelt("tensor_index_entry.len_tensor", nbytes)


def _numbers() -> dict[str, dict[str, int]]:
    """For each field that is a number, the numbers at which readers go wrong: bounds, sizes of sections, widths."""
    sizes = {"header": facts.HEADER_SIZE, "footer": facts.FOOTER_SIZE, "entry": facts.TENSOR_INDEX_ENTRY_MIN_SIZE}
    widths = _widths()
    found: dict[str, dict[str, int]] = {}
    for owner in ("header", "tensor_index_entry", "footer"):
        for name, shape in facts.FIELDS[owner].items():
            if shape.limit is not None and f"{owner}.{name}" not in _SUMS:
                found[f"{owner}.{name}"] = numbers = {"0": 0, "1": 1}
                for bits in widths:
                    if (1 << bits) <= shape.limit:
                        numbers |= {f"2 {bits} less 1": (1 << bits) - 1, f"2 {bits}": 1 << bits}
    for item in facts.STATEMENTS:
        if item.path in found and item.bound is not None:
            with suppress(AttributeError):  # a bound that depends on the file asks for it, and there is none
                bound = item.bound(None, None, None, 0)
                found[item.path] |= {f"{item.kind} {n}": n for n in (bound - 1, bound, bound + 1)}
    for numbers in (numbers for path, numbers in found.items() if _is_place(path)):
        numbers |= {f"size of {name}": size for name, size in sizes.items()}
        numbers |= {f"place {step}": step * facts.ALIGNMENT for step in range(1, _PLACES + 1)}
        numbers |= {f"beside {n}": n for n in (facts.ALIGNMENT - 1, facts.ALIGNMENT + 1)}
        # A place from which on nothing fits before integers end.
        numbers |= {f"wraps by {n}": (1 << widths[-1]) - n for n in (facts.FOOTER_SIZE, facts.ALIGNMENT)}
    return found


_SUMS = frozenset(item.field for item in facts.CHECKSUMS)


def _is_place(path: str) -> bool:
    """Whether a field says where something lies or how large it is."""
    return path.rpartition(".")[2].startswith(("ofs_", "len_")) or path.endswith(".dims")


def _widths() -> list[int]:
    """Bits at which integers end: those of the fields, without a sign and with one, and those of a double."""
    fields = (shape for shapes in facts.FIELDS.values() for shape in shapes.values())
    limits = {shape.limit for shape in fields if shape.limit is not None and shape.limit >> 8}
    bits = {limit.bit_length() - 1 for limit in limits}
    return sorted({_DOUBLE, *bits, *(width - 1 for width in bits)})


def _spelt(path: str, number: int) -> bytes:
    """The bytes of a number in the width of a field; raises `OverflowError` when it does not fit."""
    owner, _, field = path.partition(".")
    shape = facts.FIELDS[owner][field]
    limit = 1 << 8 * facts.FLAGS_SIZE if field == "flags" else shape.limit
    if limit is None or not 0 <= number < limit:
        raise OverflowError(f"{path}: {number}")
    if owner == "header":
        raw = _head({field: layout.flags_tree(layout.Flags(number)) if field == "flags" else number})
        start, stop = facts.spans_header(layout.parse_header(raw), 0)[field]
    elif owner == "tensor_index_entry":
        entry = _entry(**{field: (number,) if shape.repeated else number})
        raw = layout.build_entries([entry])
        start, stop = facts.spans_tensor_index_entry(entry, 0)[field]
    else:
        raw = layout.build_footer(number)
        start, stop = 0, len(raw)
    return raw[start:stop]


def _entry(**given: object) -> layout.TensorIndexEntry:
    name = b"a"
    blank = {"len_name": len(name), "name": name, "dtype": 0, "ndim": 0, "dims": (), "ofs_tensor": 0, "len_tensor": 0}
    return layout.TensorIndexEntry(**{**blank, **given})  # type: ignore[arg-type] # a number for each field that is one


def _head(header: Mapping[str, object]) -> bytes:
    return layout.build(
        {"header": header, "metadata": b"{}", "tensor_index": {"entries": []}, "tensor_data": b"", "footer": None}
    )


def _metadata() -> Iterator[tuple[str, bytes]]:
    """Members of known keys with a value of their kind and with null, and literals that parsers disagree about."""
    for key in _known(KEYS):
        quoted = json.dumps(key.name)
        yield f"key {key.name}", f"{quoted}:{_VALUES[key.kind]},".encode()
        yield f"null {key.name}", f"{quoted}:null,".encode()
        if key.bits is not None:
            yield f"wide {key.name}", f"{quoted}:{1 << key.bits},".encode()
    for name, text in _JSON.items():
        yield f"json {name}", text.encode()
    yield "json no utf8", _NO_UTF8


def _known(keys: Iterable[MetadataKey]) -> Iterator[MetadataKey]:
    for key in keys:
        yield key
        yield from _known(key.keys)
