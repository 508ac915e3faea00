"""`spec/metadata.schema.json` becomes the facts of `layout/_generated/metadata_schema.py`.

Rules of this file:
1. A keyword that is in none of the tables below is an error that names its place: a typo must not be silent.
2. The schema is the only source of the facts: nothing about a single key is said here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from .errors import CodegenError

__all__ = ["Key", "Kind", "emit", "read"]

Kind = Literal["string", "integer", "number", "boolean", "object"]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_ROOT_KEYWORDS = {"$schema", "title", "$comment", "description", "type", "properties", "additionalProperties"}
_SHARED_KEYWORDS = {"type", "description", "x-when-absent"}
_KIND_KEYWORDS: Mapping[Kind, set[str]] = {
    "string": set(),
    "boolean": set(),
    "number": {"x-float"},
    "integer": {"minimum", "maximum", "x-integer-bits"},
    "object": {"properties", "required", "additionalProperties"},
}
_WIDTHS = (8, 16, 32, 64)
_LARGEST_PLAIN_WIDTH = 32
"""A `maximum` of more bits than this does not survive a JSON reader that knows only doubles."""

_HEAD = '''"""The known keys of the metadata in serialisation order, as {source} declares them.

Facts only: what judges, reads and writes by them is `aprfmt.metadata`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["KEYS", "MetadataKey"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataKey:
    """One known key of the metadata, or of one of its sub-objects.

    `when_absent` says what a canonical writer does about a key that is absent or null: leave it out (`skip`),
    write `default` (`write`), or nothing, because the key must be there (`required`). `bits` is the width of
    an unsigned integer, None for every other kind; `f32` marks a number that readers round to single
    precision; `keys` are the known keys of a sub-object, in order.
    """

    name: str
    kind: Literal["string", "integer", "number", "boolean", "object"]
    nullable: bool
    when_absent: Literal["skip", "write", "required"]
    description: str
    default: str | int | None = None
    bits: int | None = None
    f32: bool = False
    keys: tuple[MetadataKey, ...] = ()


KEYS: Final[tuple[MetadataKey, ...]] = (
'''


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One known key as the schema declares it; the attributes are those of `MetadataKey` in the generated module."""

    name: str
    kind: Kind
    nullable: bool
    when_absent: Literal["skip", "write", "required"]
    description: str
    default: str | int | None
    bits: int | None
    f32: bool
    keys: tuple[Key, ...]


def read(schema_text: str) -> tuple[Key, ...]:
    """The known keys in the order of the schema.

    Raises `CodegenError`, a `ValueError` whose message starts with the JSON path, when the schema says something that
    this generator does not understand.
    """
    try:
        schema = json.loads(schema_text, object_pairs_hook=_unique)
    except json.JSONDecodeError as error:
        raise CodegenError("$", f"not JSON: {error}") from error
    root = _mapping(schema, "$")
    _only(root, _ROOT_KEYWORDS, "$")
    if root.get("$schema") != _DIALECT:
        raise CodegenError("$.$schema", f"expected {_DIALECT}")
    if root.get("type") != "object":
        raise CodegenError("$.type", "metadata is an object")
    return _keys(root, "$")


def emit(schema_text: str, *, source_name: str) -> str:
    """Python source of the generated module, from its docstring on; `source_name` is how it names its source.

    Raises `CodegenError` as `read` does.
    """
    lines = [line for key in read(schema_text) for line in _record(key, indent=1)]
    return _HEAD.format(source=source_name) + "\n".join(lines) + "\n)\n"


def _record(key: Key, *, indent: int) -> Iterator[str]:
    margin, inner = "    " * indent, "    " * (indent + 1)
    yield f"{margin}MetadataKey("
    yield f"{inner}name={_quote(key.name)},"
    yield f"{inner}kind={_quote(key.kind)},"
    yield f"{inner}nullable={key.nullable},"
    yield f"{inner}when_absent={_quote(key.when_absent)},"
    if key.when_absent == "write":
        yield f"{inner}default={_quote(key.default) if isinstance(key.default, str) else repr(key.default)},"
    yield f"{inner}description={_quote(key.description)},"
    if key.bits is not None:
        yield f"{inner}bits={key.bits},"
    if key.f32:
        yield f"{inner}f32=True,"
    if key.kind == "object":
        yield f"{inner}keys=("
        for child in key.keys:
            yield from _record(child, indent=indent + 2)
        yield f"{inner}),"
    yield f"{margin}),"


def _keys(node: Mapping[str, Any], path: str) -> tuple[Key, ...]:
    """The keys of an object, in the order of its `properties`."""
    if node.get("additionalProperties") is not True:
        raise CodegenError(f"{path}.additionalProperties", "readers keep unknown keys: expected true")
    properties = _mapping(node.get("properties"), f"{path}.properties")
    required = node.get("required", [])
    if not isinstance(required, list) or not all(name in properties for name in required):
        raise CodegenError(f"{path}.required", "expected a list of declared keys")
    return tuple(_key(name, child, f"{path}.properties.{name}", name in required) for name, child in properties.items())


def _key(name: str, child: object, path: str, required: bool) -> Key:
    node = _mapping(child, path)
    kind, nullable = _kind(node.get("type"), f"{path}.type")
    _only(node, _SHARED_KEYWORDS | _KIND_KEYWORDS[kind], path)
    description = node.get("description")
    if not isinstance(description, str) or not description:
        raise CodegenError(f"{path}.description", "every key says what it is")
    when_absent, default = _absence(node, path, kind=kind, nullable=nullable, required=required)
    if node.get("x-float", "f32") != "f32":
        raise CodegenError(f"{path}.x-float", "expected f32")
    return Key(
        name=name,
        kind=kind,
        nullable=nullable,
        when_absent=when_absent,
        description=description,
        default=default,
        bits=_bits(node, path) if kind == "integer" else None,
        f32="x-float" in node,
        keys=_keys(node, path) if kind == "object" else (),
    )


def _kind(declared: object, path: str) -> tuple[Kind, bool]:
    """The one type of a key, and whether null may stand in its place."""
    kinds = declared if isinstance(declared, list) else [declared]
    first, nullable = kinds[0] if kinds else None, kinds[1:] == ["null"]
    known: dict[object, Kind] = {kind: kind for kind in _KIND_KEYWORDS}
    if not isinstance(first, str) or first not in known or (len(kinds) > 1 and not nullable):
        raise CodegenError(path, f"expected one of {', '.join(_KIND_KEYWORDS)}, or a pair of it and null")
    return known[first], nullable


def _absence(
    node: Mapping[str, Any], path: str, *, kind: str, nullable: bool, required: bool
) -> tuple[Literal["skip", "write", "required"], str | int | None]:
    place = f"{path}.x-when-absent"
    rule = node.get("x-when-absent")
    if required:
        if rule is not None or nullable:
            raise CodegenError(place, "a required key is neither absent nor null")
        return "required", None
    if rule == "skip":
        return "skip", None
    if not isinstance(rule, dict) or rule.keys() != {"write"}:
        raise CodegenError(place, 'expected "skip" or {"write": value}')
    value: str | int | None = rule["write"]
    fits = nullable if value is None else type(value) is {"string": str, "integer": int}.get(kind)
    if not fits:
        raise CodegenError(f"{place}.write", "the value is not of the type of the key")
    return "write", value


def _bits(node: Mapping[str, Any], path: str) -> int:
    bits = node.get("x-integer-bits")
    if type(bits) is not int or bits not in _WIDTHS:
        raise CodegenError(f"{path}.x-integer-bits", f"expected one of {_WIDTHS}")
    if node.get("minimum") != 0:
        raise CodegenError(f"{path}.minimum", "integers are unsigned: expected 0")
    if node.get("maximum") != (2**bits - 1 if bits <= _LARGEST_PLAIN_WIDTH else None):
        raise CodegenError(f"{path}.maximum", "does not agree with x-integer-bits")
    return bits


def _mapping(value: object, path: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise CodegenError(path, "expected an object")
    return value


def _only(node: Mapping[str, Any], known: set[str], path: str) -> None:
    for keyword in node:
        if keyword not in known:
            raise CodegenError(f"{path}.{keyword}", "this keyword is not understood here")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object that names nothing twice: the later of two declarations would win in silence."""
    result = dict(pairs)
    if len(result) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise CodegenError(f"$..{twice}", "declared twice")
    return result


def _quote(text: str) -> str:
    """A Python literal in the quotes that the formatter prefers."""
    quote = "'" if '"' in text and "'" not in text else '"'
    body = "".join(char if char in "'\"" else repr(char)[1:-1] for char in text)
    return quote + body.replace(quote, "\\" + quote) + quote
