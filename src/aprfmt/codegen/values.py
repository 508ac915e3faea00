"""What a value in the ksy must look like: small readers that name the path of what does not."""

from __future__ import annotations

import keyword
import re
from collections.abc import Collection, Mapping
from typing import Any

from .errors import CodegenError

__all__ = [
    "content_bytes",
    "doc_refs",
    "flag",
    "identifier",
    "items",
    "known",
    "mapping",
    "one_of",
    "text",
    "whole",
]

_IDENTIFIER = re.compile(r"[a-z][a-z0-9_]*")


def known(node: Mapping[Any, Any], allowed: Collection[str], path: str) -> None:
    """Refuse every key that is not among `allowed`."""
    for key in node:
        if key not in allowed:
            raise CodegenError(f"{path}/{key}", "the generator does not know this key here")


def mapping(value: object, path: str) -> dict[str, Any]:
    """A mapping whose keys are texts."""
    if not isinstance(value, dict):
        raise CodegenError(path or "/", f"expected a mapping, found {value!r}")
    for key in value:
        if not isinstance(key, str):
            raise CodegenError(f"{path}/{key}", "expected a text as a key")
    return value


def items(value: object, path: str) -> list[Any]:
    """A list."""
    if not isinstance(value, list):
        raise CodegenError(path, f"expected a list, found {value!r}")
    return value


def text(node: Mapping[str, Any], key: str, path: str) -> str:
    """A text that is not empty."""
    value = node.get(key)
    if not isinstance(value, str) or not value.strip():
        raise CodegenError(f"{path}/{key}", f"expected a text, found {value!r}")
    return value.strip()


def identifier(value: object, path: str) -> str:
    """A name that Kaitai and Python can both use for a field."""
    if not isinstance(value, str) or not _IDENTIFIER.fullmatch(value) or keyword.iskeyword(value):
        raise CodegenError(path, f"expected a lower-case name that Python can use too, found {value!r}")
    return value


def whole(value: object, path: str, *, least: int = 0) -> int:
    """An integer of at least `least`."""
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise CodegenError(path, f"expected an integer of at least {least}, found {value!r}")
    return value


def flag(value: object, path: str) -> bool:
    """A truth value."""
    if not isinstance(value, bool):
        raise CodegenError(path, f"expected true or false, found {value!r}")
    return value


def one_of(value: object, choices: Collection[str], path: str) -> str:
    """One of a few words."""
    if not isinstance(value, str) or value not in choices:
        raise CodegenError(path, f"expected {' or '.join(sorted(choices))}, found {value!r}")
    return value


def content_bytes(value: object, path: str) -> bytes:
    """Bytes as Kaitai writes them: a text, or a list of texts and integers."""
    pieces = [value] if isinstance(value, str) else items(value, path)
    result = b""
    for at, piece in enumerate(pieces):
        if isinstance(piece, str):
            result += piece.encode()
        elif whole(piece, f"{path}/{at}") < 256:
            result += bytes([piece])
        else:
            raise CodegenError(f"{path}/{at}", f"expected a byte, found {piece!r}")
    if not result:
        raise CodegenError(path, "expected at least one byte")
    return result


def doc_refs(node: Mapping[str, Any], path: str) -> None:
    """References are for people: they only have to be texts."""
    if "doc-ref" in node:
        value = node["doc-ref"]
        for item in value if isinstance(value, list) else [value]:
            if not isinstance(item, str):
                raise CodegenError(f"{path}/doc-ref", f"expected a text, found {item!r}")
