"""Reads one field, instance or parameter of a ksy: decides its kind, and refuses every key that does not go with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .checks import read_checks
from .errors import CodegenError
from .expr import Expr, parse, parse_list
from .model import Attr, Checksum, Kind
from .values import content_bytes, doc_refs, identifier, items, known, mapping, one_of, text, whole

__all__ = ["read_instance", "read_param", "read_seq_field"]

_COMMON = {"doc", "doc-ref", "-orig-id", "type", "if"}
_BY_KIND: Mapping[Kind, set[str]] = {
    "integer": {
        *("enum", "repeat", "repeat-expr", "valid", "-warn"),
        *("-default", "-count-of", "-size-of", "-offset-of", "-build", "-checksum"),
    },
    "bits": {"valid", "-warn", "-default"},
    "contents": {"contents", "-rule", "-lookalikes"},
    "type": {"size", "repeat", "repeat-expr", "-unique-sorted", "-warn"},
    "bytes": {"size", "size-eos", "valid", "-warn", "-fill", "-encoding", "-type", "-schema"},
    "value": {"value", "-value"},
    "kaitai-only": {"value", "pos", "io", "size", "enum", "-kaitai-only"},
}
"""The keys that go with each kind of field, beside those that go with all."""
_KNOWN = _COMMON.union(*_BY_KIND.values(), {"id", "pos", "-optional"})
_PARAM_KEYS = {"id", "type", "doc", "doc-ref", "-value", "-kaitai-only"}
_DERIVING = ("-default", "-count-of", "-size-of", "-offset-of", "-build", "-checksum")
_INTEGER = re.compile(r"u([1248])")
_BITS = re.compile(r"b([1-9]|[1-5][0-9]|6[0-4])")
_USER_TYPE = re.compile(r"([a-z][a-z0-9_]*)\s*(?:\((.*)\))?", re.DOTALL)
_BUILT_IN = re.compile(r"strz?|[usf][1248](le|be)?|b\d+(le|be)?")


def read_seq_field(node: object, path: str) -> Attr:
    """A field of a `seq`."""
    body = mapping(node, path)
    return _read(body, identifier(body.get("id"), f"{path}/id"), path, extra={"id"})


def read_instance(node: object, name: str, path: str) -> Attr:
    """An instance: a value, or a part of the file at a place of its own."""
    body = mapping(node, path)
    attr = _read(body, identifier(name, path), path, extra={"pos", "-optional"})
    if attr.kind != "value" and attr.kind != "kaitai-only" and attr.pos is None:
        raise CodegenError(f"{path}/pos", "an instance has a value or a place")
    return attr


def read_param(node: object, path: str) -> Attr:
    """A parameter: an integer that Kaitai hands on, and what the generator puts in its place."""
    body = mapping(node, path)
    name = identifier(body.get("id"), f"{path}/id")
    known(body, _PARAM_KEYS, path)
    doc_refs(body, path)
    if not _INTEGER.fullmatch(text(body, "type", path)):
        raise CodegenError(f"{path}/type", f"the generator does not know the type {body['type']!r} here")
    if ("-value" in body) == ("-kaitai-only" in body):
        raise CodegenError(path, "expected either -value or -kaitai-only")
    if "-kaitai-only" in body:
        text(body, "-kaitai-only", path)
        return Attr(id=name, path=path, doc=text(body, "doc", path), kind="kaitai-only")
    value = parse(body["-value"], f"{path}/-value")
    return Attr(id=name, path=path, doc=text(body, "doc", path), kind="value", value=value)


def _type(node: Mapping[str, Any], path: str) -> tuple[int | None, int | None, str | None, tuple[Expr, ...]]:
    """Width in bytes, number of bits, or name and arguments of a type: one of the three."""
    if "type" not in node:
        return None, None, None, ()
    kind = node["type"]
    where = f"{path}/type"
    if not isinstance(kind, str):
        raise CodegenError(where, f"switches are unknown here, found {kind!r}")
    kind = kind.strip()
    if match := _INTEGER.fullmatch(kind):
        return int(match[1]), None, None, ()
    if match := _BITS.fullmatch(kind):
        return None, int(match[1]), None, ()
    match = _USER_TYPE.fullmatch(kind)
    if match is None or _BUILT_IN.fullmatch(kind):
        raise CodegenError(where, f"the generator does not know the type {kind!r}")
    return None, None, match[1], () if match[2] is None else parse_list(match[2], where)


def _kind(node: Mapping[str, Any], path: str) -> Kind:
    if "-kaitai-only" in node:
        return "kaitai-only"
    if "value" in node:
        return "value"
    if "contents" in node:
        return "contents"
    width, bits, user_type, _ = _type(node, path)
    if width is not None:
        return "integer"
    if bits is not None:
        return "bits"
    return "type" if user_type is not None else "bytes"


def _read(node: Mapping[str, Any], name: str, path: str, *, extra: set[str]) -> Attr:
    known(node, _KNOWN, path)
    kind = _kind(node, path)
    for key in node:
        if key not in _COMMON and key not in extra and key not in _BY_KIND[kind]:
            what = "a field for Kaitai alone" if kind == "kaitai-only" else f"a field of kind {kind}"
            raise CodegenError(f"{path}/{key}", f"does not go with {what}")
    doc_refs(node, path)
    doc = text(node, "doc", path)
    if kind == "kaitai-only":
        text(node, "-kaitai-only", path)
        # Where it looks is of use to whoever shows the bytes; what it computes is in Kaitai's own words.
        pos, size = (_expression(node, key, path) if "pos" in node else None for key in ("pos", "size"))
        return Attr(id=name, path=path, doc=doc, kind=kind, pos=pos, size=size)
    if kind in ("contents", "bytes", "value") and "type" in node:
        raise CodegenError(f"{path}/type", f"does not go with a field of kind {kind}")
    if kind == "value":
        _refuse(node, ("if", "pos", "-optional"), path, "does not go with a value")
        own = _expression(node, "value", path)
        value = parse(node["-value"], f"{path}/-value") if "-value" in node else own
        return Attr(id=name, path=path, doc=doc, kind=kind, orig_id=_orig_id(node, path), value=value)
    width, bits, user_type, arguments = _type(node, path)
    if kind == "bytes" and ("size" in node) == ("size-eos" in node):
        raise CodegenError(path, "expected a type, `size` or `size-eos`: the size of this field is not known")
    if "size-eos" in node and node["size-eos"] is not True:
        raise CodegenError(f"{path}/size-eos", f"expected true, found {node['size-eos']!r}")
    fill, fill_align = _fill(node, path)
    return Attr(
        id=name,
        path=path,
        doc=doc,
        kind=kind,
        orig_id=_orig_id(node, path),
        width=width,
        bits=bits,
        contents=content_bytes(node["contents"], f"{path}/contents") if kind == "contents" else None,
        user_type=user_type,
        arguments=arguments,
        size=_expression(node, "size", path),
        size_eos="size-eos" in node,
        enum=identifier(node["enum"], f"{path}/enum") if "enum" in node else None,
        repeat=_repeat(node, path),
        when=_expression(node, "if", path),
        pos=_expression(node, "pos", path),
        optional=_optional(node, path),
        checks=read_checks(node, kind, path),
        fill=fill,
        fill_align=fill_align,
        unique_sorted=_unique_sorted(node, path),
        is_text=_is_text(node, path),
        lookalikes=_lookalikes(node.get("-lookalikes", []), f"{path}/-lookalikes"),
        **_derivation(node, path),
    )


def _refuse(node: Mapping[str, Any], keys: tuple[str, ...], path: str, message: str) -> None:
    for key in keys:
        if key in node:
            raise CodegenError(f"{path}/{key}", message)


def _expression(node: Mapping[str, Any], key: str, path: str) -> Expr | None:
    return parse(node[key], f"{path}/{key}", functions=False) if key in node else None


def _orig_id(node: Mapping[str, Any], path: str) -> str | None:
    return text(node, "-orig-id", path) if "-orig-id" in node else None


def _repeat(node: Mapping[str, Any], path: str) -> Expr | None:
    if "repeat" in node and node["repeat"] != "expr":
        raise CodegenError(f"{path}/repeat", f"only `repeat: expr` is known, found {node['repeat']!r}")
    if ("repeat" in node) != ("repeat-expr" in node):
        raise CodegenError(f"{path}/repeat-expr", "goes with `repeat: expr`")
    if "repeat" in node:
        _refuse(
            node,
            ("valid", "-warn", *_DERIVING),
            path,
            "does not go with a repeated field: it would hold for each element",
        )
    return _expression(node, "repeat-expr", path)


def _unique_sorted(node: Mapping[str, Any], path: str) -> str | None:
    if "-unique-sorted" not in node:
        return None
    if "repeat" not in node:
        raise CodegenError(f"{path}/-unique-sorted", "goes with `repeat: expr`")
    return text(node, "-unique-sorted", path)


def _optional(node: Mapping[str, Any], path: str) -> str | None:
    if ("-optional" in node) != ("if" in node and "pos" in node):
        raise CodegenError(f"{path}/-optional", "goes with `if` on a section, and `if` with it")
    return one_of(node["-optional"], ("derived", "absent"), f"{path}/-optional") if "-optional" in node else None


def _fill(node: Mapping[str, Any], path: str) -> tuple[bool, int | None]:
    if "-fill" not in node:
        return False, None
    fill = mapping(node["-fill"], f"{path}/-fill")
    known(fill, {"byte", "align"}, f"{path}/-fill")
    if whole(fill.get("byte"), f"{path}/-fill/byte") != 0:
        raise CodegenError(f"{path}/-fill/byte", "only zero filler is known")
    return True, whole(fill["align"], f"{path}/-fill/align", least=1) if "align" in fill else None


def _is_text(node: Mapping[str, Any], path: str) -> bool:
    """Whether the bytes are contents, or have an encoding or a kind of text of their own."""
    if "-encoding" in node:
        one_of(node["-encoding"], ("UTF-8",), f"{path}/-encoding")
    if "-type" in node:
        one_of(node["-type"], ("json",), f"{path}/-type")
    if ("-schema" in node) and text(node, "-schema", path) and "-type" not in node:
        raise CodegenError(f"{path}/-schema", "goes with `-type: json`")
    return not {"contents", "-encoding", "-type"}.isdisjoint(node)


def _derivation(node: Mapping[str, Any], path: str) -> dict[str, Any]:
    """What makes the value when none is given: at most one of six ways."""
    found = [key for key in _DERIVING if key in node]
    if len(found) > 1:
        raise CodegenError(f"{path}/{found[1]}", f"derived in more than one way: {', '.join(found)}")
    if not found:
        return {}
    key = found[0]
    if key == "-default":
        value = node[key]
        return {"default": value if isinstance(value, bool) else whole(value, f"{path}/{key}")}
    if key == "-build":
        return {"build": parse(node[key], f"{path}/{key}")}
    if key == "-checksum":
        return {"checksum": _checksum(node[key], f"{path}/{key}")}
    return {key[1:].replace("-", "_"): text(node, key, path)}


def _checksum(node: object, path: str) -> Checksum:
    body = mapping(node, path)
    known(body, {"algorithm", "covers", "rule"}, path)
    return Checksum(
        algorithm=one_of(body.get("algorithm"), ("crc32",), f"{path}/algorithm"),
        covers=one_of(body.get("covers"), ("header", "all-before"), f"{path}/covers"),
        rule=text(body, "rule", path),
    )


def _lookalikes(node: object, path: str) -> tuple[tuple[bytes, str], ...]:
    pairs = []
    for at, item in enumerate(items(node, path)):
        entry = mapping(item, f"{path}/{at}")
        known(entry, {"bytes", "name"}, f"{path}/{at}")
        pairs.append((content_bytes(entry.get("bytes"), f"{path}/{at}/bytes"), text(entry, "name", f"{path}/{at}")))
    return tuple(pairs)
