"""How a recipe, which is JSON, says bytes, wide integers and trees.

Bytes are an object with one of the keys of `BYTES`; an integer beyond 2^53 is a decimal string, because most JSON
parsers round it; an element type is its name in the specification, and flags are a list of names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..errors import RequestError
from ..layout import DType, facts
from .image import DENSE_NBYTES

__all__ = ["BYTES", "SAFE_INTEGER", "bytes_of", "integer_of", "tree_of", "wide"]

SAFE_INTEGER = 2**53
"""The last integer up to which every one is a double of its own."""


def wide(value: int) -> int | str:
    """An integer for JSON that any language reads: a decimal string beyond 2^53."""
    return value if value <= SAFE_INTEGER else str(value)


_MOST_DIGITS = 40
"""Of an integer: no field holds more."""


def integer_of(node: object, where: str) -> int:
    """The integer that a recipe says, as a number or as decimal digits; raises `RequestError`."""
    if isinstance(node, str) and node.isascii() and node.isdigit() and len(node) <= _MOST_DIGITS:
        return int(node)
    if isinstance(node, bool) or not isinstance(node, int):
        raise RequestError(f"{where}: expected an integer, or its decimal digits beyond 2^53, found {node!a:.80}")
    return node


def _hex(node: Any, where: str) -> bytes:
    try:
        return bytes.fromhex(node)
    except (TypeError, ValueError) as error:
        raise RequestError(f"{where}: expected hexadecimal digits, found {node!a:.80}") from error


def _text(node: Any, where: str) -> bytes:
    if not isinstance(node, str):
        raise RequestError(f"{where}: expected a text, found {node!a:.80}")
    return node.encode("utf-8")


def _number(node: object, where: str, each: int = 1) -> int:
    """How many bytes, or how often so many; raises `RequestError` beyond what is held in memory: an attack."""
    number = integer_of(node, where)
    if not 0 <= number * each <= DENSE_NBYTES:
        raise RequestError(f"{where}: expected at most {DENSE_NBYTES} bytes, found {number!a:.40} times {each}")
    return number


def _zeros(node: Any, where: str) -> bytes:
    return bytes(_number(node, where))


def _counting(node: Any, where: str) -> bytes:
    return bytes(number % 256 for number in range(_number(node, where)))


def _join(node: Any, where: str) -> bytes:
    if not isinstance(node, list):
        raise RequestError(f"{where}: expected a list of bytes, found {node!a:.80}")
    pieces, total = [], 0
    for number, item in enumerate(node):
        pieces.append(bytes_of(item, f"{where}[{number}]"))
        total += len(pieces[-1])
        if total > DENSE_NBYTES:
            raise RequestError(f"{where}: expected at most {DENSE_NBYTES} bytes, found more")
    return b"".join(pieces)


def _repeat(node: Any, where: str) -> bytes:
    if not isinstance(node, list) or len(node) != 2:
        raise RequestError(f"{where}: expected [bytes, times], found {node!a:.80}")
    raw = bytes_of(node[0], where)
    return raw * _number(node[1], where, len(raw))


BYTES: Mapping[str, Callable[[Any, str], bytes]] = {
    "text": _text,  # in UTF-8
    "hex": _hex,
    "zeros": _zeros,  # so many zero bytes
    "counting": _counting,  # so many bytes 0, 1, … 255, 0, …
    "repeat": _repeat,  # [bytes, times]
    "join": _join,  # a list of bytes
}


def bytes_of(node: object, where: str) -> bytes:
    """The bytes that a recipe says; raises `RequestError`."""
    if isinstance(node, dict) and len(node) == 1:
        ((kind, value),) = node.items()
        if kind in BYTES:
            return BYTES[kind](value, f"{where}.{kind}")
    raise RequestError(f"{where}: expected bytes as an object with one of {', '.join(BYTES)}, found {node!a:.80}")


_DTYPES = {dtype.name.lower(): int(dtype) for dtype in DType}
_FLAGS = tuple(name for name, _, width in facts.FLAGS_BITS if width == 1)


def tree_of(node: object, type_id: str = "", where: str = "tree") -> dict[str, Any]:
    """The tree that `aprfmt.build` takes, from its form in JSON; raises `RequestError`.

    Keys are those of `aprfmt.build`. A section that is null is left out of the file.
    """
    if not isinstance(node, dict):
        raise RequestError(f"{where}: expected an object, found {node!a:.80}")
    shapes = facts.FIELDS[type_id]
    tree: dict[str, Any] = {}
    for key, value in node.items():
        path = f"{where}.{key}"
        if key not in shapes:
            raise RequestError(f"{path}: expected one of {', '.join(shapes)}")
        shape = shapes[key]
        if value is None:
            tree[key] = None
        elif shape.type == "flags":
            tree[key] = _flags(value, path)
        elif shape.repeated:
            if not isinstance(value, list):
                raise RequestError(f"{path}: expected a list, found {value!a:.80}")
            items = [(item, f"{path}[{number}]") for number, item in enumerate(value)]
            tree[key] = [
                tree_of(item, shape.type, at) if shape.type is not None else integer_of(item, at) for item, at in items
            ]
        elif shape.type is not None:
            tree[key] = tree_of(value, shape.type, path)
        elif key == "dtype" and value in _DTYPES:
            tree[key] = _DTYPES[value]
        elif shape.limit is not None:
            tree[key] = integer_of(value, path)
        else:
            tree[key] = bytes_of(value, path)
    return tree


def _flags(node: object, where: str) -> dict[str, Any]:
    """Flags: a list of the names that are set, all others clear; or an object of bits, the others as a writer sets."""
    if isinstance(node, dict):
        return tree_of(node, "flags", where)
    if not isinstance(node, list) or not set(node) <= set(_FLAGS):
        raise RequestError(f"{where}: expected a list of {', '.join(_FLAGS)}, found {node!a:.80}")
    return {name: name in node for name in _FLAGS}
