"""Reads the enums of a ksy: members with their ids, and the geometry of element types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .errors import CodegenError
from .model import Enum, EnumEntry
from .values import doc_refs, flag, identifier, known, mapping, text, whole

__all__ = ["read_enums"]

_INTEGERS = {"-block-elems": 1, "-block-bytes": 1, "-scale-bytes": 0}
"""Keys with an integer, and the least it may be."""
_FLAGS = {"-row-padded", "-quantized"}
_TEXTS = {"-orig-id", "-alias-of", "-ggml-id"}
_GEOMETRY = {*_INTEGERS, *_FLAGS}
_KEYS = {"id", "doc", "doc-ref", "-warn", *_GEOMETRY, *_TEXTS}


def read_enums(node: object) -> dict[str, Enum]:
    """Every enum of the specification."""
    return {
        identifier(name, f"/enums/{name}"): Enum(name, f"/enums/{name}", _entries(entries, f"/enums/{name}"))
        for name, entries in mapping(node, "/enums").items()
    }


def _entries(node: object, path: str) -> tuple[EnumEntry, ...]:
    if not isinstance(node, dict) or not node:
        raise CodegenError(path, f"expected a mapping of integers to members, found {node!r}")
    entries: dict[str, EnumEntry] = {}
    for code, item in node.items():
        where = f"{path}/{code}"
        entry = _entry(whole(code, where), mapping(item, where), where)
        if entry.id in entries:
            raise CodegenError(f"{where}/id", f"{entry.id!r} is the id of another member")
        entries[entry.id] = entry
    geometric = any("block-elems" in entry.keys for entry in entries.values())
    for entry in entries.values():
        _agree(entry, entries, geometric=geometric)
    return tuple(entries.values())


def _entry(code: int, node: Mapping[str, Any], path: str) -> EnumEntry:
    known(node, _KEYS, path)
    doc_refs(node, path)
    for key in node:
        if key in _INTEGERS:
            whole(node[key], f"{path}/{key}", least=_INTEGERS[key])
        elif key in _FLAGS:
            flag(node[key], f"{path}/{key}")
        elif key in _TEXTS:
            text(node, key, path)
    if "-warn" in node:
        warning = mapping(node["-warn"], f"{path}/-warn")
        known(warning, {"rule"}, f"{path}/-warn")
        text(warning, "rule", f"{path}/-warn")
    keys = {key[1:]: value for key, value in node.items() if key.startswith("-")}
    return EnumEntry(code, identifier(node.get("id"), f"{path}/id"), path, text(node, "doc", path), keys)


def _agree(entry: EnumEntry, entries: Mapping[str, EnumEntry], *, geometric: bool) -> None:
    """An alias takes everything from the member it stands for; of element types, every member has a geometry."""
    own = [key for key in entry.keys if f"-{key}" in _GEOMETRY]
    target = entry.keys.get("alias-of")
    if target is not None:
        if own:
            raise CodegenError(f"{entry.path}/-{own[0]}", "an alias takes this from the member it stands for")
        if target not in entries or "alias-of" in entries[target].keys:
            raise CodegenError(f"{entry.path}/-alias-of", f"{target!r} is no member with a place of its own")
    elif geometric or own:
        for key in ("block-elems", "block-bytes"):
            if key not in entry.keys:
                raise CodegenError(entry.path, f"expected -{key}, or -alias-of a member that has it")
