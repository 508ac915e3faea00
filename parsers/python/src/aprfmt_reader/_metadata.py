"""The metadata: one strict JSON object whose known keys have their types."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ._errors import FormatError
from ._generated.facts import HEADER_FIELDS, METADATA_KEYS, MetadataKey
from ._header import Header
from ._json import Text
from ._limits import Limits
from ._source import Source

__all__ = ["read_metadata"]


def read_metadata(source: Source, header: Header, limits: Limits) -> Mapping[str, Any]:
    """The metadata as a read-only mapping; raises `FormatError` with APR-M002 to APR-M006, and APR-L001."""
    if header.len_metadata > limits.max_metadata_bytes:
        expected = f"at most {limits.max_metadata_bytes} bytes (max_metadata_bytes)"
        span = HEADER_FIELDS["len_metadata"]
        raise FormatError("APR-L001", "header.len_metadata", span, expected, f"{header.len_metadata} bytes")
    start = header.ofs_metadata
    text = Text(source.read(start, start + header.len_metadata), start, limits)
    members = text.members()
    for key in METADATA_KEYS:
        member = members.get(key.name)
        fault = None if member is None else _fault(key, member.value, key.name)
        if member is not None and fault is not None:
            path, expected, is_there = fault
            found = text.cut(member.start, member.stop) if is_there else "nothing"
            raise FormatError("APR-M006", f"metadata.{path}", text.span(member.start, member.stop), expected, found)
    return MappingProxyType({key: member.value for key, member in members.items()})


def _fault(key: MetadataKey, value: Any, path: str) -> tuple[str, str, bool] | None:
    """What is wrong with the value of a known key: where, what is expected there, and whether something is there."""
    if value is None and key.nullable:
        return None
    if not _is_of_kind(key, value):
        return path, _KINDS[key.kind].format(bits=key.bits) + (" or null" if key.nullable else ""), True
    for child in key.keys:
        inner = f"{path}.{child.name}"
        if child.name in value:
            fault = _fault(child, value[child.name], inner)
            if fault is not None:
                return fault
        elif child.required:
            return inner, _KINDS[child.kind].format(bits=child.bits), False
    return None


_KINDS = {
    "string": "a string",
    "boolean": "true or false",
    "number": "a number",
    "integer": "an unsigned integer of {bits} bits",
    "object": "an object",
}


def _is_of_kind(key: MetadataKey, value: Any) -> bool:
    if isinstance(value, bool):  # which Python counts among the integers
        return key.kind == "boolean"
    match key.kind:
        case "integer":
            return isinstance(value, int) and 0 <= value < 1 << key.bits
        case "number":
            return isinstance(value, int | float)
        case "string":
            return isinstance(value, str)
        case "object":
            return isinstance(value, dict)
    return False
