"""A recipe for bytes that somebody brings: where the file can be taken apart a tree, with as little as builds it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ... import layout
from ...errors import AprError
from ...layout import DType, facts
from ...vectors.words import wide
from ..drawing.objects import FLAGS
from ..drawing.recipe import Recipe, is_sealed, raw_of, words_of

__all__ = ["lifted"]


def lifted(raw: bytes) -> Recipe:
    """A tree that builds the bytes, or the bytes themselves where no tree does."""
    bare = Recipe(raw=raw, seal=is_sealed(raw))
    try:
        tree = _words(layout.parse(raw), "")
    except AprError:
        return bare
    recipe = Recipe(tree)
    if raw_of(recipe) != raw:
        return bare
    for path in _paths(tree):
        shorter = recipe.simply(tree=_without(recipe.tree or {}, path))
        if raw_of(shorter) == raw:
            recipe = shorter
    return recipe


def _words(tree: Mapping[str, Any], type_id: str) -> dict[str, Any]:
    """A tree that was parsed, in the words of a recipe."""
    found: dict[str, Any] = {}
    for key, value in tree.items():
        shape = facts.FIELDS[type_id][key]
        if value is None:
            found[key] = None
        elif shape.type == "flags":
            bits = {name: int(bit) for name, bit in value.items()}
            is_plain = not any(bit for name, bit in bits.items() if name not in FLAGS)
            found[key] = [name for name in FLAGS if bits[name]] if is_plain else bits
        elif shape.repeated:
            found[key] = [_words(item, shape.type) if shape.type is not None else wide(int(item)) for item in value]
        elif shape.type is not None:
            found[key] = _words(value, shape.type)
        elif key == "dtype" and value in facts.DTYPE_CODES:
            found[key] = DType(value).name.lower()
        elif shape.limit is not None:
            found[key] = wide(int(value))
        else:
            found[key] = words_of(value)
    if not type_id and found.get("trailing", 0) is None:
        del found["trailing"]
    return found


def _paths(tree: Mapping[str, Any]) -> Iterator[tuple[str | int, ...]]:
    """What may be left out of a tree because a builder derives it, the largest parts first."""
    yield from ((key,) for key in ("header", "footer", "header_padding", "metadata_padding"))
    yield from (("header", key) for key in tree.get("header") or ())
    yield ("tensor_index", "padding")
    for number, entry in enumerate(tree["tensor_index"]["entries"]):
        yield from (("tensor_index", "entries", number, key) for key in entry)


def _without(tree: Any, path: tuple[str | int, ...]) -> Any:
    """A copy of the tree without what is at a path."""
    if isinstance(tree, list):
        number = int(path[0])
        return [_without(item, path[1:]) if at == number else item for at, item in enumerate(tree)]
    if path[0] not in tree:
        return tree
    if len(path) == 1:
        return {key: value for key, value in tree.items() if key != path[0]}
    return {key: _without(value, path[1:]) if key == path[0] else value for key, value in tree.items()}
