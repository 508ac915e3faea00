"""YAML text becomes plain values, and what two YAML readers understand differently is refused.

The Kaitai compiler reads the same file with a JavaScript reader of YAML 1.2, Python with one of YAML 1.1. Whatever the
two could take for different values ends the run here, with its path.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from .errors import CodegenError

__all__ = ["SAFE_INTEGER", "read"]

SAFE_INTEGER = 2**53
"""The Kaitai compiler's YAML reader rounds integers beyond this without a word."""

_INTEGER = re.compile(r"-?(0|[1-9][0-9]*|0x[0-9a-fA-F]+)")
_TAG = "tag:yaml.org,2002:"


def read(text: str) -> Any:
    """The document as dicts, lists, texts, integers, truth values and decimals."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise CodegenError("/", f"not YAML: {' '.join(str(error).split())}") from error
    return None if node is None else _value(node, "", set())


def _value(node: yaml.Node, path: str, seen: set[int]) -> Any:
    place = path or "/"
    if id(node) in seen:
        raise CodegenError(place, f"aliases are unknown here (line {node.start_mark.line + 1})")
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, seen)
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, f"{path}/{at}", seen) for at, item in enumerate(node.value)]
    return _scalar(node, place)


def _mapping(node: yaml.MappingNode, path: str, seen: set[int]) -> dict[Any, Any]:
    """A mapping that names nothing twice: YAML keeps the last of two equal keys without a word."""
    mapping: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        if not isinstance(key_node, yaml.ScalarNode):
            raise CodegenError(path or "/", "expected a text or an integer as a key")
        key = _scalar(key_node, f"{path}/{key_node.value}")
        where = f"{path}/{key}"
        if key in mapping:
            raise CodegenError(where, f"duplicate key (line {key_node.start_mark.line + 1})")
        mapping[key] = _value(value_node, where, seen)
    return mapping


def _scalar(node: yaml.Node, path: str) -> Any:
    tag, text = node.tag.removeprefix(_TAG), str(node.value)
    if tag == "str":
        return text
    if tag == "int" and _INTEGER.fullmatch(text):
        number = int(text, 0)
        if abs(number) > SAFE_INTEGER:
            raise CodegenError(path, "an integer beyond 2^53 is lost by the Kaitai compiler's YAML reader")
        return number
    if tag == "bool" and text in ("true", "false"):
        return text == "true"
    if tag == "null" and text in ("", "null", "~"):
        return None
    if tag == "float" and re.fullmatch(r"[0-9]+\.[0-9]+", text):
        return float(text)
    raise CodegenError(path, f"YAML readers differ about {text!r}: write it in quotes or spell it out")
