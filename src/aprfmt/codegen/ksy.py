"""Reads a ksy file into a typed model, and refuses every key it has not been taught, naming its place.

Rules of this package:
1. A key that is in none of the tables is an error, dash-prefixed keys included: a typo must not be silent.
2. What a key means is decided here, in `fields`, `checks`, `enums` and `rules`, once; the emitters see only the model.
3. What does not agree with the rest of the specification is refused in `verify`, before anything is emitted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import document
from .enums import read_enums
from .errors import CodegenError
from .fields import read_instance, read_param, read_seq_field
from .model import Attr, Spec, Type
from .rules import read_profiles, read_rules
from .values import doc_refs, identifier, items, known, mapping, text
from .verify import verify

__all__ = ["load"]

_ROOT_KEYS = {
    *("meta", "doc", "doc-ref", "seq", "instances", "types", "enums"),
    *("-layout", "-records", "-profiles", "-rules"),
}
_META_KEYS = {"id", "title", "file-extension", "license", "ks-version", "endian", "bit-endian"}
_TYPE_KEYS = {"doc", "doc-ref", "meta", "seq", "instances", "params", "-standalone"}
_TYPE_META_KEYS = {"endian", "bit-endian"}


def load(source: str) -> Spec:
    """The model of a ksy text. Raises `CodegenError`, which names the place, for anything unknown."""
    body = mapping(document.read(source), "")
    known(body, _ROOT_KEYS, "")
    meta = mapping(body.get("meta"), "/meta")
    known(meta, _META_KEYS, "/meta")
    spec_id = identifier(meta.get("id"), "/meta/id")
    if meta.get("endian") != "le":
        raise CodegenError("/meta/endian", f"only little-endian is known, found {meta.get('endian')!r}")
    bit_endian = _bit_endian(meta, None, "/meta")
    root = _type(body, spec_id, "", bit_endian)
    types = {
        identifier(name, f"/types/{name}"): _read_type(node, name, f"/types/{name}", bit_endian)
        for name, node in mapping(body.get("types", {}), "/types").items()
    }
    layout = [
        identifier(name, f"/-layout/{at}")
        for at, name in enumerate(items(body.get("-layout", [attr.id for attr in root.seq]), "/-layout"))
    ]
    records = mapping(body.get("-records", {}), "/-records")
    spec = Spec(
        id=spec_id,
        title=text(meta, "title", "/meta") if "title" in meta else spec_id,
        extension=text(meta, "file-extension", "/meta") if "file-extension" in meta else None,
        licence=text(meta, "license", "/meta") if "license" in meta else None,
        doc=root.doc,
        root=root,
        types=types,
        enums=read_enums(body.get("enums", {})),
        layout=tuple(layout),
        records={name: text(records, name, "/-records") for name in records},
        rules=read_rules(body["-rules"]) if "-rules" in body else {},
        profiles=read_profiles(body["-profiles"]) if "-profiles" in body else {},
    )
    verify(spec)
    return spec


def _bit_endian(meta: Mapping[str, Any], inherited: str | None, path: str) -> str | None:
    """Where bits begin: a type says it, or the file does for all of its types."""
    if "bit-endian" not in meta:
        return inherited
    if meta["bit-endian"] != "le":
        raise CodegenError(
            f"{path}/bit-endian", f"only little-endian bit fields are known, found {meta['bit-endian']!r}"
        )
    return "le"


def _read_type(node: object, type_id: str, path: str, bit_endian: str | None) -> Type:
    body = mapping(node, path)
    known(body, _TYPE_KEYS, path)
    meta = mapping(body.get("meta", {}), f"{path}/meta")
    known(meta, _TYPE_META_KEYS, f"{path}/meta")
    if meta.get("endian", "le") != "le":
        raise CodegenError(f"{path}/meta/endian", f"only little-endian is known, found {meta['endian']!r}")
    return _type(body, type_id, path, _bit_endian(meta, bit_endian, f"{path}/meta"))


def _type(body: Mapping[str, Any], type_id: str, path: str, bit_endian: str | None) -> Type:
    seq = [
        read_seq_field(item, f"{path}/seq/{at}") for at, item in enumerate(items(body.get("seq", []), f"{path}/seq"))
    ]
    instances = {
        name: read_instance(item, name, f"{path}/instances/{name}")
        for name, item in mapping(body.get("instances", {}), f"{path}/instances").items()
    }
    params = [
        read_param(item, f"{path}/params/{at}")
        for at, item in enumerate(items(body.get("params", []), f"{path}/params"))
    ]
    _refuse_mixed_bits(seq, bit_endian, path)
    _refuse_equal_ids([*seq, *instances.values(), *params])
    doc_refs(body, path)
    return Type(
        id=type_id,
        path=path,
        doc=text(body, "doc", path),
        seq=tuple(seq),
        instances=instances,
        params={attr.id: attr for attr in params},
        standalone=text(body, "-standalone", path) if "-standalone" in body else None,
    )


def _refuse_mixed_bits(seq: list[Attr], bit_endian: str | None, path: str) -> None:
    mixed = {attr.kind == "bits" for attr in seq}
    if len(mixed) > 1:
        raise CodegenError(f"{path}/seq", "a type is either all bits or all bytes")
    if True in mixed and bit_endian is None:
        raise CodegenError(f"{path}/meta/bit-endian", "bit fields are little-endian, and say so: expected le")


def _refuse_equal_ids(attrs: list[Attr]) -> None:
    found: set[str] = set()
    for attr in attrs:
        if attr.id in found:
            raise CodegenError(f"{attr.path}/id", f"{attr.id!r} is the id of another field of this type")
        found.add(attr.id)
