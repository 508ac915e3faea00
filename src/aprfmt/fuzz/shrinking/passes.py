"""Ways to make a recipe simpler: each yields recipes that say less than the one it is given, the boldest first.

Nothing here knows what is wrong with a file; whoever shrinks asks that of each recipe, and keeps it or not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from ...container import Container
from ...errors import AprError
from ...layout import ALIGNMENT, align_up
from ...metadata import Metadata
from ...vectors.image import Image
from ...vectors.words import bytes_of, integer_of, wide
from ..drawing.evil import fields_of, numbers
from ..drawing.objects import nbytes_of, with_data
from ..drawing.recipe import SEALS, Damage, Recipe, is_sealed, raw_of, resealed, words_of
from .lift import lifted

__all__ = ["BYTE_PASSES", "TREE_PASSES", "Pass", "chunks"]

T = TypeVar("T")
Pass = Callable[[Recipe], Iterator[Recipe]]

_ENTRY = re.compile(r"tensor_index\.entries\[([0-9]+)\]")
_ENTRY_FIELD = re.compile(_ENTRY.pattern + r"\.([a-z_]+)")
_SIMPLE_METADATA = ({"text": "{}"}, {"text": '{"license":"MIT","data_source":"web","data_license":"CC0-1.0"}'})
_SIMPLE_DTYPES = ("f32", "i8")
_PARTS = ("header", "header_padding", "metadata_padding", "trailing", "footer")
_TEXTS = ("null", "0", '""', "[]", "{}")


def chunks(items: Sequence[T]) -> Iterator[tuple[T, ...]]:
    """The items without a stretch of them: without all, without each half, each quarter, and so on to each one."""
    for start, stop in _stretches(len(items)):
        yield (*items[:start], *items[stop:])


def _stretches(number: int) -> Iterator[tuple[int, int]]:
    size = number
    while size:
        yield from ((start, min(start + size, number)) for start in range(0, number, size))
        size //= 2


def _plain_tree(recipe: Recipe) -> Iterator[Recipe]:
    """Damage and bare bytes as a tree, where they can be taken apart."""
    if recipe.damage or recipe.tree is None:
        raw = raw_of(recipe)
        found = None if raw is None else lifted(raw)
        if found is not None and found.tree is not None:
            yield found
        last = recipe.damage[-1] if recipe.damage and raw is not None else None
        if last is not None and raw is not None and not last.insert and last.at >= len(raw) and len(recipe.damage) == 1:
            yield recipe.simply(damage=(), edits=(*recipe.edits, {"keep": len(raw)}))


def _fewer_damages(recipe: Recipe) -> Iterator[Recipe]:
    for some in chunks(recipe.damage):
        yield recipe.simply(damage=some)


def _smaller_damages(recipe: Recipe) -> Iterator[Recipe]:
    for number, item in enumerate(recipe.damage):
        inserts = [b"", item.insert[: len(item.insert) // 2], item.insert[len(item.insert) // 2 :]]
        others = [item._replace(insert=insert) for insert in inserts if insert != item.insert]
        others += [Damage(item.at, 0, item.insert)] if item.remove else []
        for other in others:
            yield recipe.simply(damage=(*recipe.damage[:number], other, *recipe.damage[number + 1 :]))


def _fewer_edits(recipe: Recipe) -> Iterator[Recipe]:
    for some in chunks(recipe.edits):
        yield recipe.simply(edits=some)
    if recipe.seal != SEALS and (recipe.tree is not None or recipe.damage):  # of bare bytes they say nothing
        yield recipe.simply(seal=SEALS)


def _with(recipe: Recipe, **parts: Any) -> Recipe:
    return recipe.simply(tree={**(recipe.tree or {}), **parts})


def _entries(recipe: Recipe) -> list[dict[str, Any]]:
    return [dict(entry) for entry in (recipe.tree or {}).get("tensor_index", {}).get("entries", [])]


def _simplest(recipe: Recipe) -> Iterator[Recipe]:
    """The plainest file with a wrong checksum, then the plainest trees with the same edits: no tensors, or one."""
    if recipe.tree is None:
        return
    for seal in SEALS if recipe.edits or recipe.damage else ():
        for tree in _laid_out({"metadata": _SIMPLE_METADATA[0]}, []):
            others = tuple(other for other in SEALS if other != seal)
            yield Recipe(tree, ({"flip": seal, "bit": 0},), others)
    entries = _entries(recipe)
    for metadata in (*_SIMPLE_METADATA, recipe.tree.get("metadata")):
        for some in ([], entries[:1]):
            for tree in _laid_out({"metadata": metadata}, some):
                yield recipe.simply(tree=tree)


def _laid_out(tree: Mapping[str, Any], entries: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """The tree with these tensors and as many bytes as they take, all zeros; then with bytes that count."""
    index = {key: value for key, value in tree.get("tensor_index", {}).items() if key != "entries"}
    try:
        yield {
            **tree,
            "tensor_index": {**index, "entries": list(entries)},
            "tensor_data": {"zeros": _data_nbytes(entries)},
        }
        found = with_data(entries, [1] * len(entries))
    except (ArithmeticError, LookupError, ValueError, TypeError):
        return
    yield {**tree, "tensor_index": {**index, **found["tensor_index"]}, "tensor_data": found["tensor_data"]}


def _data_nbytes(entries: Sequence[Mapping[str, Any]]) -> int:
    """The size of the data section: where an entry says no place, its tensor lies behind the one before it."""
    at = end = 0
    for entry in entries:
        start = integer_of(entry.get("ofs_tensor", at), "ofs_tensor")
        at = start + align_up(nbytes_of(entry), ALIGNMENT)
        end = max(end, at)
    return end


def _fewer_parts(recipe: Recipe) -> Iterator[Recipe]:
    tree = recipe.tree
    if tree is None:
        return
    for part in _PARTS:
        if part in tree:
            yield recipe.simply(tree={key: value for key, value in tree.items() if key != part})
    index = tree.get("tensor_index", {})
    if "padding" in index:
        yield _with(recipe, tensor_index={key: value for key, value in index.items() if key != "padding"})
    header = tree.get("header") or {}
    for key, value in header.items():
        yield _with(recipe, header={name: item for name, item in header.items() if name != key})
        if key == "flags" and isinstance(value, list):
            for some in chunks(value):
                yield _with(recipe, header={**header, "flags": list(some)})


def _fewer_tensors(recipe: Recipe) -> Iterator[Recipe]:
    entries = _entries(recipe)
    for some in chunks(list(enumerate(entries))):
        kept = {old: new for new, (old, _) in enumerate(some)}
        edits = tuple(moved for edit in recipe.edits if (moved := _moved(edit, kept)) is not None)
        for tree in _laid_out(recipe.tree or {}, [entry for _, entry in some]):
            yield recipe.simply(tree=tree, edits=edits)


def _moved(edit: Mapping[str, Any], kept: Mapping[int, int]) -> Mapping[str, Any] | None:
    """The edit with the numbers that entries have now; None for one of an entry that is gone."""
    found = dict(edit)
    for key, value in edit.items():
        match = _ENTRY.match(value) if isinstance(value, str) else None
        if match is not None:
            if int(match[1]) not in kept:
                return None
            found[key] = f"tensor_index.entries[{kept[int(match[1])]}]{value[match.end() :]}"
    return found


def _told_edits(recipe: Recipe) -> Iterator[Recipe]:
    """What an edit sets in an entry, said by the entry itself, with as many bytes as the tensors then take."""
    entries = _entries(recipe)
    for at, edit in enumerate(recipe.edits):
        match = _ENTRY_FIELD.fullmatch(str(edit.get("set")))
        if match is None or int(match[1]) >= len(entries):
            continue
        number = int(match[1])
        told = [*entries[:number], {**entries[number], match[2]: edit["to"]}, *entries[number + 1 :]]
        for tree in _laid_out(recipe.tree or {}, told):
            yield recipe.simply(tree=tree, edits=(*recipe.edits[:at], *recipe.edits[at + 1 :]))


def _plainer_tensors(recipe: Recipe) -> Iterator[Recipe]:
    entries = _entries(recipe)
    for number, entry in enumerate(entries):
        for other in _plainer(entry, number):
            changed = [*entries[:number], other, *entries[number + 1 :]]
            for tree in _laid_out(recipe.tree or {}, changed):
                yield recipe.simply(tree=tree)
            index = {**(recipe.tree or {}).get("tensor_index", {}), "entries": changed}
            yield _with(recipe, tensor_index=index)


def _plainer(entry: Mapping[str, Any], number: int) -> Iterator[dict[str, Any]]:
    """A tensor that says less: no place and size of its own, fewer and smaller dimensions, a plain type and name."""
    for key in ("ofs_tensor", "len_tensor", "len_name", "ndim"):
        if key in entry:
            yield {name: value for name, value in entry.items() if name != key}
            yield from ({**entry, key: wide(some)} for some in _smaller(integer_of(entry[key], key)))
    dims = list(entry.get("dims", ()))
    for some in chunks(dims):
        yield {**entry, "dims": list(some)}
    for place, dim in enumerate(dims):
        for smaller in _smaller(integer_of(dim, "dims")):
            yield {**entry, "dims": [*dims[:place], wide(smaller), *dims[place + 1 :]]}
    if entry.get("dtype") not in _SIMPLE_DTYPES:
        yield from ({**entry, "dtype": dtype} for dtype in _SIMPLE_DTYPES)
    name = bytes_of(entry["name"], "name")
    half = len(name) // 2
    for shorter in (chr(ord("a") + number % 26).encode(), name[:half], name[half:], name[:-1]):
        if shorter != name:
            yield {**entry, "name": words_of(shorter)}


def _smaller(number: int) -> Iterator[int]:
    """Smaller numbers: none, one, and ever nearer."""
    seen = {number}
    step = number
    for small in (0, 1, 2):
        if small < number:
            seen.add(small)
            yield small
    while step > 1:
        step = -(-step // 2)
        if number - step not in seen and number > step:
            seen.add(number - step)
            yield number - step


def _fewer_members(recipe: Recipe) -> Iterator[Recipe]:
    """Metadata with fewer members, then with plainer values."""
    words = None if recipe.tree is None else recipe.tree.get("metadata")
    if words is None:
        return
    raw = bytes_of(words, "metadata")
    try:
        metadata = Metadata(raw)
        members = metadata.members
    except AprError:
        yield from (_with(recipe, metadata=words_of(some)) for some in _shorter_bytes(raw))
        return
    texts = [raw[item.key_span[0] : item.value_span[1]].decode("utf-8") for item in members]
    slices = [(raw[slice(*item.key_span)], raw[slice(*item.value_span)]) for item in members]
    compact = [f"{key.decode('utf-8')}:{value.decode('utf-8')}" for key, value in slices]
    for some in (compact, texts, *chunks(texts)):
        yield _with(recipe, metadata={"text": "{" + ",".join(some) + "}"})
    for number, item in enumerate(members):
        key, value = (raw[slice(*span)].decode("utf-8") for span in (item.key_span, item.value_span))
        inner = [text[len('{"":') : -1] for text in _members_of(value)]
        for simple in (*_TEXTS, *inner):
            if len(simple) < len(value):
                some = (*texts[:number], f"{key}:{simple}", *texts[number + 1 :])
                yield _with(recipe, metadata={"text": "{" + ",".join(some) + "}"})
        plain = f'"{chr(ord("a") + number % 26)}"'
        if key != plain:
            some = (*texts[:number], f"{plain}:{value}", *texts[number + 1 :])
            yield _with(recipe, metadata={"text": "{" + ",".join(some) + "}"})


def _members_of(value: str) -> Iterator[str]:
    """An object with fewer members, as the value of an empty key."""
    if not value.startswith("{"):
        return
    try:
        members = Metadata(value.encode("utf-8")).members
    except AprError:
        return
    raw = value.encode("utf-8")
    texts = [raw[item.key_span[0] : item.value_span[1]].decode("utf-8") for item in members]
    for some in chunks(texts):
        yield '{"":{' + ",".join(some) + "}}"


def _shorter_bytes(raw: bytes) -> Iterator[bytes]:
    for start, stop in _stretches(len(raw)):
        yield raw[:start] + raw[stop:]


def _plainer_bytes(recipe: Recipe) -> Iterator[Recipe]:
    """Filler, data and what edits put, shorter or of zeros."""
    tree = recipe.tree
    if tree is None:
        return
    for part in ("header_padding", "metadata_padding", "trailing", "tensor_data"):
        if isinstance(tree.get(part), dict):
            nbytes = len(bytes_of(tree[part], part))
            for words in ({"zeros": nbytes}, *({"zeros": some} for some in _smaller(nbytes))):
                if words != tree[part]:
                    yield _with(recipe, **{part: words})
            if part == "trailing":
                yield from (
                    _with(recipe, trailing=words_of(bytes_of(tree[part], part)[:some])) for some in _smaller(nbytes)
                )


def _smaller_numbers(recipe: Recipe) -> Iterator[Recipe]:
    """Edits with plainer values: numbers at the boundary or smaller ones, shorter bytes."""
    for number, edit in enumerate(recipe.edits):
        for other in _plainer_edit(recipe, edit):
            yield recipe.simply(edits=(*recipe.edits[:number], other, *recipe.edits[number + 1 :]))


def _plainer_edit(recipe: Recipe, edit: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if "keep" in edit and (raw := raw_of(recipe.simply(edits=(), damage=()))) is not None:
        kept = integer_of(edit["keep"], "keep")
        if kept < len(raw):  # counted from the end, the cut stays where it is while the rest becomes smaller
            yield {"drop": len(raw) - kept}
    if "bit" in edit:
        yield from ({**edit, "bit": bit} for bit in _smaller(integer_of(edit["bit"], "bit")))
    for key in ("keep", "drop"):
        if key in edit:
            yield from ({key: wide(some)} for some in _smaller(integer_of(edit[key], key)))
    value = edit.get("to")
    if isinstance(value, dict):
        raw = bytes_of(value, "to")
        yield from ({**edit, "to": words_of(some)} for some in (bytes(len(raw)), *_shorter_bytes(raw)) if some != raw)
    elif isinstance(value, list):
        for place, item in enumerate(value):
            for some in _smaller(integer_of(item, "to")):
                yield {**edit, "to": [*value[:place], wide(some), *value[place + 1 :]]}
    elif value is not None:
        here = integer_of(value, "to")
        grid = (ALIGNMENT, 2 * ALIGNMENT, 4 * ALIGNMENT)
        for some in dict.fromkeys((*_boundaries(recipe, str(edit.get("set"))), *grid, *_smaller(here))):
            if some < here or len(str(some)) < len(str(here)):
                yield {**edit, "to": wide(some)}


def _boundaries(recipe: Recipe, path: str) -> list[int]:
    """The evil values of a field, in ascending order: at a boundary a number says most."""
    raw = raw_of(recipe.simply(edits=(), damage=()))
    if raw is None:
        return []
    try:
        container = Container(Image.of(raw), lenient=True)
        field = next(item for item in fields_of(container) if item.path == path)
        return sorted(numbers(field, container))
    except (AprError, StopIteration, TypeError):
        return []


def _fewer_bytes(recipe: Recipe) -> Iterator[Recipe]:
    """Bytes without stretches of them; checksums that were right are made right again."""
    raw = raw_of(recipe)
    if raw is None:
        return
    seals = is_sealed(raw)
    for some in _shorter_bytes(raw):
        yield Recipe(raw=resealed(some, seals), seal=seals)


def _zero_bytes(recipe: Recipe) -> Iterator[Recipe]:
    """Bytes with stretches of zeros."""
    raw = recipe.raw
    if recipe.tree is not None or recipe.damage:
        return
    for start, stop in _stretches(len(raw)):
        if any(raw[start:stop]):
            zeros = raw[:start] + bytes(stop - start) + raw[stop:]
            yield Recipe(raw=resealed(zeros, recipe.seal), seal=recipe.seal)


TREE_PASSES: tuple[Pass, ...] = (
    _plain_tree,
    _fewer_damages,
    _fewer_edits,
    _simplest,
    _fewer_parts,
    _fewer_tensors,
    _told_edits,
    _fewer_members,
    _plainer_tensors,
    _plainer_bytes,
    _smaller_numbers,
    _smaller_damages,
)
"""Passes over what a recipe says."""

BYTE_PASSES: tuple[Pass, ...] = (_fewer_bytes, _zero_bytes)
"""Passes over the bytes, when nothing is left to be said less of."""
