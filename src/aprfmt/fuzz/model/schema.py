"""Whether a value of the metadata is of the type that the schema gives its key, said a second time for the model."""

from __future__ import annotations

from typing import Any

from ...layout._generated.metadata_schema import MetadataKey
from .strictjson import Pairs

__all__ = ["has_type"]


def has_type(key: MetadataKey, value: Any) -> bool:
    """Whether a careful reader takes the value, and everything inside that the schema knows."""
    if value is None:
        return key.nullable
    if key.kind == "object":
        if not isinstance(value, Pairs):
            return False
        inner = value.last()
        return all(
            has_type(child, inner[child.name]) if child.name in inner else child.when_absent != "required"
            for child in key.keys
        )
    if isinstance(value, bool) or key.kind == "boolean":
        return isinstance(value, bool) and key.kind == "boolean"
    if key.kind == "string":
        return isinstance(value, str)
    if key.kind == "integer":
        return isinstance(value, int) and 0 <= value < 1 << (key.bits or 0)
    return isinstance(value, int | float)
