"""Reads a ksy file into a typed model, and refuses every key it has not been taught, naming its place.

Rules of this file:
1. A key that is not in one of the tables below is an error, dash-prefixed keys included: a typo must not be silent.
2. What a key means is decided here once; the emitters see only the model.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from .errors import CodegenError
from .expr import Expr, parse

__all__ = ["Attr", "Check", "Enum", "EnumEntry", "Spec", "Type", "load"]

_ROOT_KEYS = {"meta", "doc", "seq", "instances", "types", "enums", "-layout", "-records"}
_META_KEYS = {"id", "title", "file-extension", "license", "ks-version", "endian", "bit-endian"}
_TYPE_KEYS = {"doc", "meta", "seq", "instances", "params", "-standalone"}
_SHARED_KEYS = {"id", "type", "size", "doc", "enum", "if", "valid", "-orig-id", "-rule", "-warn"}
_DERIVING_KEYS = {"-default", "-count-of", "-size-of", "-offset-of", "-build", "-fill", "-checksum"}
_SEQ_KEYS = (
    _SHARED_KEYS
    | _DERIVING_KEYS
    | {"contents", "size-eos", "repeat", "repeat-expr", "-unique-sorted", "-encoding", "-lookalikes"}
)
_INSTANCE_KEYS = (
    (_SHARED_KEYS - {"id"})
    | _DERIVING_KEYS
    | {"pos", "io", "value", "-value", "-optional", "-kaitai-only", "-type", "-schema"}
)
_PARAM_KEYS = {"id", "type", "doc", "-value", "-kaitai-only"}
_ENUM_KEYS = {
    "id",
    "doc",
    "-orig-id",
    "-block-elems",
    "-block-bytes",
    "-scale-bytes",
    "-row-padded",
    "-quantized",
    "-alias-of",
    "-ggml-id",
    "-warn",
}
_VALID_KINDS = {"eq", "min", "max", "in-enum", "expr"}
_WARN_KINDS = {"eq", "min", "max", "multiple-of", "zero", "present", "absent"}
_INTEGER = re.compile(r"u([1248])$")
_BITS = re.compile(r"b([1-9][0-9]?)$")
_USER_TYPE = re.compile(r"([a-z][a-z0-9_]*)(?:\((.*)\))?$", re.DOTALL)
_SAFE_INTEGER = 2**53


@dataclass(frozen=True, slots=True)
class Check:
    """One statement about one field: `kinds` maps eq, min, max … to an expression or a truth value."""

    rule: str
    severity: str
    kinds: Mapping[str, Expr | bool]
    expected: str | None = None


@dataclass(frozen=True, slots=True)
class Attr:
    """A field of a `seq`, or an instance. Exactly one of `width`, `bits`, `contents`, `user_type`, `size` … is its kind."""

    id: str
    path: str
    doc: str
    orig_id: str | None = None
    width: int | None = None  # bytes of an unsigned integer
    bits: int | None = None
    contents: bytes | None = None
    user_type: str | None = None
    size: Expr | None = None
    size_eos: bool = False
    enum: str | None = None
    repeat: Expr | None = None
    when: Expr | None = None
    pos: Expr | None = None
    value: Expr | None = None
    kaitai_only: str | None = None
    optional: str | None = None
    checks: tuple[Check, ...] = ()
    default: int | bool | None = None
    count_of: str | None = None
    size_of: str | None = None
    offset_of: str | None = None
    build: Expr | None = None
    fill_align: int | None = None
    fill: bool = False
    checksum: Mapping[str, str] | None = None
    encoding: str | None = None
    unique_sorted: str | None = None
    lookalikes: tuple[tuple[bytes, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Type:
    """A user-defined type: its fields in order, the values it offers, the parameters it takes."""

    id: str
    path: str
    doc: str
    seq: tuple[Attr, ...]
    instances: Mapping[str, Attr]
    params: Mapping[str, Attr] = field(default_factory=dict)
    standalone: str | None = None

    @property
    def is_bits(self) -> bool:
        """Whether every field counts bits."""
        return bool(self.seq) and all(attr.bits is not None for attr in self.seq)


@dataclass(frozen=True, slots=True)
class EnumEntry:
    """One member of an enum; the dash keys of the ksy without their dash."""

    code: int
    id: str
    path: str
    doc: str
    keys: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Enum:
    """An enum with its members in the order of the ksy."""

    id: str
    entries: tuple[EnumEntry, ...]


@dataclass(frozen=True, slots=True)
class Spec:
    """The whole specification. `layout` lists the ids of the sections in file order."""

    id: str
    title: str
    doc: str
    root: Type
    types: Mapping[str, Type]
    enums: Mapping[str, Enum]
    layout: tuple[str, ...]
    records: Mapping[str, str]

    def section(self, name: str) -> Attr:
        """The attribute of the root that `layout` calls `name`."""
        for attr in (*self.root.seq, *self.root.instances.values()):
            if attr.id == name:
                return attr
        raise CodegenError("/-layout", f"no field or instance is called {name!r}")


class _UniqueKeyLoader(yaml.SafeLoader):
    """YAML keeps the last of two equal keys without a word; a specification must not lose one."""


def _unique_mapping(loader: _UniqueKeyLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    mapping: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node)  # type: ignore[no-untyped-call] # untyped in types-PyYAML
        if key in mapping:
            raise CodegenError(f"line {key_node.start_mark.line + 1}", f"duplicate key {key!r}")
        mapping[key] = loader.construct_object(value_node, deep=True)  # type: ignore[no-untyped-call] # as above
    return mapping


_UniqueKeyLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _unique_mapping)


def _known(node: Mapping[str, Any], allowed: set[str], path: str) -> None:
    for key in node:
        if key not in allowed:
            raise CodegenError(f"{path}/{key}", "the generator does not know this key")


def _mapping(value: object, path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise CodegenError(path, f"expected a mapping, found {value!r}")
    return value


def _text(node: Mapping[str, Any], key: str, path: str) -> str:
    value = node.get(key)
    if not isinstance(value, str) or not value.strip():
        raise CodegenError(f"{path}/{key}", "expected a text")
    return value.strip()


def _contents(value: object, path: str) -> bytes:
    if isinstance(value, str):
        return value.encode()
    if not isinstance(value, Sequence):
        raise CodegenError(path, f"expected bytes, found {value!r}")
    return b"".join(part.encode() if isinstance(part, str) else bytes([part]) for part in value)


def _check(node: object, allowed: set[str], rule_key: str, path: str, severity: str | None) -> Check:
    entry = dict(_mapping(node, path))
    rule = entry.pop(rule_key, None)
    if not isinstance(rule, str):
        raise CodegenError(f"{path}/{rule_key}", "every check names its rule")
    grade = severity or entry.pop("severity", None)
    if grade not in ("error", "warning", "info"):
        raise CodegenError(f"{path}/severity", "expected error, warning or info")
    expected = entry.pop("-expected", None)
    _known(entry, allowed, path)
    kinds: dict[str, Expr | bool] = {}
    for kind, value in entry.items():
        if severity == "error" and isinstance(value, int) and abs(value) > _SAFE_INTEGER:
            raise CodegenError(f"{path}/{kind}", "a bound above 2^53 is lost by the Kaitai compiler's YAML reader")
        kinds[kind] = value if isinstance(value, bool) and kind != "eq" else parse(value, f"{path}/{kind}")
    if not kinds:
        raise CodegenError(path, "a check says what it checks")
    return Check(rule, grade, kinds, expected)


def _checks(node: Mapping[str, Any], path: str) -> tuple[Check, ...]:
    checks = []
    if "valid" in node:
        checks.append(_check(node["valid"], _VALID_KINDS, "-rule", f"{path}/valid", "error"))
    elif "-rule" in node and "contents" not in node:
        raise CodegenError(f"{path}/-rule", "a rule without `contents` or `valid`")
    warnings = node.get("-warn", [])
    checks += [_check(item, _WARN_KINDS, "rule", f"{path}/-warn/{at}", None) for at, item in enumerate(warnings)]
    return tuple(checks)


def _lookalikes(node: object, path: str) -> tuple[tuple[bytes, str], ...]:
    if not isinstance(node, list):
        raise CodegenError(path, "expected a list")
    pairs = []
    for at, item in enumerate(node):
        entry = _mapping(item, f"{path}/{at}")
        _known(entry, {"bytes", "name"}, f"{path}/{at}")
        pairs.append((_text(entry, "bytes", f"{path}/{at}").encode(), _text(entry, "name", f"{path}/{at}")))
    return tuple(pairs)


def _attr(node: Mapping[str, Any], attr_id: str, path: str) -> Attr:
    width = bits = user_type = None
    kind = node.get("type")
    if isinstance(kind, str):
        if match := _INTEGER.match(kind):
            width = int(match[1])
        elif match := _BITS.match(kind):
            bits = int(match[1])
        elif (match := _USER_TYPE.match(kind.strip())) and match[1] not in ("str", "strz"):
            user_type = match[1]
        else:
            raise CodegenError(f"{path}/type", f"the generator does not know the type {kind!r}")
    elif kind is not None:
        raise CodegenError(f"{path}/type", "switches are unknown here")
    if "repeat" in node and node["repeat"] != "expr":
        raise CodegenError(f"{path}/repeat", "only `repeat: expr` is known")
    if ("repeat" in node) != ("repeat-expr" in node):
        raise CodegenError(f"{path}/repeat-expr", "goes with `repeat: expr`")
    if "enum" in node and width is None:
        raise CodegenError(f"{path}/enum", "goes with an integer type")
    contents = _contents(node["contents"], f"{path}/contents") if "contents" in node else None
    if contents is not None and not isinstance(node.get("-rule"), str):
        raise CodegenError(f"{path}/-rule", "every check names its rule")
    fill = _mapping(node.get("-fill", {}), f"{path}/-fill")
    _known(fill, {"byte", "align"}, f"{path}/-fill")
    if fill and fill.get("byte") != 0:
        raise CodegenError(f"{path}/-fill/byte", "only zero filler is known")
    checksum = None
    if "-checksum" in node:
        checksum = _mapping(node["-checksum"], f"{path}/-checksum")
        _known(checksum, {"algorithm", "covers", "rule"}, f"{path}/-checksum")
        if checksum.get("algorithm") != "crc32":
            raise CodegenError(f"{path}/-checksum/algorithm", "only crc32 is known")
    value = node.get("-value", node.get("value"))

    def expression(key: str) -> Expr | None:
        return parse(node[key], f"{path}/{key}") if key in node else None

    checks = _checks(node, path)
    if contents is not None:
        checks = (Check(node["-rule"], "error", {"contents": True}), *checks)
    only = node.get("-kaitai-only")
    return Attr(
        id=attr_id,
        path=path,
        doc=_text(node, "doc", path),
        orig_id=node.get("-orig-id"),
        width=width,
        bits=bits,
        contents=contents,
        user_type=user_type,
        size=expression("size"),
        size_eos=bool(node.get("size-eos", False)),
        enum=node.get("enum"),
        repeat=expression("repeat-expr"),
        when=expression("if"),
        pos=None if only else expression("pos"),
        value=None if only or value is None else parse(value, f"{path}/value"),
        kaitai_only=only,
        optional=node.get("-optional"),
        checks=checks,
        default=node.get("-default"),
        count_of=node.get("-count-of"),
        size_of=node.get("-size-of"),
        offset_of=node.get("-offset-of"),
        build=expression("-build"),
        fill_align=fill.get("align"),
        fill=bool(fill),
        checksum=checksum,
        encoding=node.get("-encoding"),
        unique_sorted=node.get("-unique-sorted"),
        lookalikes=_lookalikes(node.get("-lookalikes", []), f"{path}/-lookalikes"),
    )


def _type(node: object, type_id: str, path: str, *, root: bool = False) -> Type:
    body = _mapping(node, path)
    _known(body, _ROOT_KEYS if root else _TYPE_KEYS, path)
    seq = []
    for at, item in enumerate(body.get("seq", [])):
        _known(_mapping(item, f"{path}/seq/{at}"), _SEQ_KEYS, f"{path}/seq/{at}")
        seq.append(_attr(item, _text(item, "id", f"{path}/seq/{at}"), f"{path}/seq/{at}"))
    instances = {}
    for name, item in body.get("instances", {}).items():
        _known(_mapping(item, f"{path}/instances/{name}"), _INSTANCE_KEYS, f"{path}/instances/{name}")
        instances[name] = _attr(item, name, f"{path}/instances/{name}")
    params = {}
    for at, item in enumerate(body.get("params", [])):
        _known(_mapping(item, f"{path}/params/{at}"), _PARAM_KEYS, f"{path}/params/{at}")
        name = _text(item, "id", f"{path}/params/{at}")
        params[name] = _attr(item, name, f"{path}/params/{at}")
    mixed = {attr.bits is None for attr in seq}
    if len(mixed) > 1:
        raise CodegenError(path, "a type is either all bits or all bytes")
    if seq and seq[0].bits is not None and body.get("meta", {}).get("bit-endian") != "le":
        raise CodegenError(f"{path}/meta/bit-endian", "only little-endian bit fields are known")
    return Type(type_id, path, _text(body, "doc", path), tuple(seq), instances, params, body.get("-standalone"))


def load(text: str) -> Spec:
    """The model of a ksy text. Raises `CodegenError`, which names the place, for anything unknown."""
    document = _mapping(yaml.load(text, _UniqueKeyLoader), "/")  # noqa: S506 - a SafeLoader that refuses duplicates
    meta = _mapping(document.get("meta"), "/meta")
    _known(meta, _META_KEYS, "/meta")
    if meta.get("endian") != "le":
        raise CodegenError("/meta/endian", "only little-endian is known")
    enums = {}
    for enum_id, entries in document.get("enums", {}).items():
        members = []
        for code, item in _mapping(entries, f"/enums/{enum_id}").items():
            path = f"/enums/{enum_id}/{code}"
            entry = _mapping(item, path)
            _known(entry, _ENUM_KEYS, path)
            keys = {key[1:]: value for key, value in entry.items() if key.startswith("-")}
            members.append(EnumEntry(int(code), _text(entry, "id", path), path, _text(entry, "doc", path), keys))
        enums[enum_id] = Enum(enum_id, tuple(members))
    root = _type(document, str(meta.get("id")), "", root=True)
    types = {name: _type(node, name, f"/types/{name}") for name, node in document.get("types", {}).items()}
    layout = tuple(document.get("-layout", [attr.id for attr in root.seq]))
    spec = Spec(
        id=_text(meta, "id", "/meta"),
        title=str(meta.get("title", meta["id"])),
        doc=root.doc,
        root=root,
        types=types,
        enums=enums,
        layout=layout,
        records=document.get("-records", {}),
    )
    for owner in (root, *types.values()):
        for attr in (*owner.seq, *owner.instances.values()):
            if attr.user_type is not None and attr.user_type not in types:
                raise CodegenError(f"{attr.path}/type", f"no type is called {attr.user_type!r}")
            if attr.enum is not None and attr.enum not in enums:
                raise CodegenError(f"{attr.path}/enum", f"no enum is called {attr.enum!r}")
    for name in layout:
        spec.section(name)
    return spec
