"""The metadata of two containers, member by member and level by level.

Values are compared as JSON: 1, 1.0 and true differ, the order of keys does not count. What is written in another way
and means the same is a difference of its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import replace
from itertools import islice, zip_longest
from typing import Any, NamedTuple

from ...errors import AprError
from ...limits import Limits
from ...metadata import Member, Metadata, same_json
from .model import Category, Difference, Place, Side, Span, place_of
from .payload import ByteComparer

__all__ = ["MetadataDiff", "compare_metadata"]

_MOST_LISTED = 20
"""How many differences in one array or object below the top are listed; more are one difference."""
_SHOWN = 200
_SPACE = re.compile(r"[ \t\n\r]*+")
_MARKS = re.compile(rb"[{},]")
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str)
"""Finds where values end; numbers stay text, because some are too long to be integers."""


class MetadataDiff(NamedTuple):
    """The differences, and the keys that differ and do not count."""

    differences: tuple[Difference, ...]
    ignored: tuple[str, ...]


class _Value(NamedTuple):
    """A value with its place; `raw` is its text."""

    value: Any
    span: Span
    raw: bytes


_Pair = tuple[_Value | None, _Value | None]


class _Object:
    """The members of an object whose text stands at `span`."""

    def __init__(self, metadata: Metadata, span: Span) -> None:
        self.metadata = metadata
        self.span = span
        self.members: tuple[Member, ...] = metadata.members

    def text(self, start: int, stop: int) -> bytes:
        """What stands between two places of the file."""
        return self.metadata.raw[start - self.span[0] : stop - self.span[0]]

    def value(self, member: Member) -> _Value:
        """The value of a member."""
        return _Value(member.value, member.value_span, self.text(*member.value_span))

    def values(self) -> dict[str, _Value]:
        """The values that count."""
        return {member.key: self.value(member) for member in self.members}


def compare_metadata(first: Side, second: Side, ignore: frozenset[str], comparer: ByteComparer) -> MetadataDiff:
    """What differs between the metadata of two files, without the members called as in `ignore`.

    Metadata that cannot be read are compared as bytes; with keys to ignore that is impossible, and the fault is raised.
    """
    try:
        ours, theirs = _outermost(first), _outermost(second)
    except AprError:
        if ignore:
            raise
        return MetadataDiff(tuple(_raw(first, second, comparer)), ())
    if ours.metadata.raw == theirs.metadata.raw:
        return MetadataDiff((), ())
    found: list[Difference] = []
    ignored: list[str] = []
    spelt: list[Difference] = []
    values = ours.values(), theirs.values()
    for key in {**values[0], **values[1]}:
        left, right = values[0].get(key), values[1].get(key)
        if left is not None and right is not None and left.raw == right.raw:
            continue
        if key in ignore:
            ignored.append(key)
            continue
        inside = _differences(f"metadata.{key}", (left, right), first.container.limits)
        found += inside
        if not inside and left is not None and right is not None:
            spelt.append(_spelling(f"metadata.{key}", left, right))
    found += spelt
    found += _text(ours, theirs, ignore, anything=bool(found or ignored))
    return MetadataDiff(tuple(found), tuple(ignored))


def _outermost(side: Side) -> _Object:
    start = side.container.header.ofs_metadata
    metadata = side.container.metadata
    return _Object(metadata, (start, start + len(metadata.raw)))


def _raw(first: Side, second: Side, comparer: ByteComparer) -> Iterator[Difference]:
    """Metadata of which at least one cannot be read, as bytes."""
    spans = first.inside("metadata"), second.inside("metadata")
    found = comparer.compare(spans[0] or (0, 0), spans[1] or (0, 0))
    if found.n_differing:
        left, right = (None if span is None else f"{span[1] - span[0]} bytes" for span in spans)
        places = place_of("metadata", spans[0], found), place_of("metadata", spans[1], found)
        yield Difference("metadata", "metadata", Category.METADATA, (left, right), places, n_bytes=found.n_differing)


def _differences(path: str, pair: _Pair, limits: Limits) -> list[Difference]:
    """What differs in a value, as deep inside as it can be said."""
    ours, theirs = pair
    if ours is None or theirs is None:
        return [_difference(path, pair)]
    if ours.raw == theirs.raw or same_json(ours.value, theirs.value):
        return []
    inside: list[Difference] = []
    for step, inner in _children(ours, theirs, limits):
        inside += _differences(f"{path}{step}", inner, limits)
        if len(inside) > _MOST_LISTED:
            return [_difference(path, pair)]
    return inside or [_difference(path, pair)]


def _difference(path: str, pair: _Pair) -> Difference:
    left, right = (None if item is None else Place(path, item.span) for item in pair)
    values = (None if pair[0] is None else pair[0].value, None if pair[1] is None else pair[1].value)
    return Difference("metadata", path, Category.METADATA, values, (left, right))


def _spelling(path: str, ours: _Value, theirs: _Value) -> Difference:
    """The same value in other words: escapes, white space, the order of keys inside, another form of a number."""
    texts = ours.raw.decode()[:_SHOWN], theirs.raw.decode()[:_SHOWN]
    places = Place(path, ours.span), Place(path, theirs.span)
    return Difference("metadata", f"{path} (spelling)", Category.METADATA, texts, places)


def _children(ours: _Value, theirs: _Value, limits: Limits) -> Iterator[tuple[str, _Pair]]:
    """What two objects, or two arrays, have at the same key or position; nothing for values of other types."""
    values = ours.value, theirs.value
    if all(isinstance(value, Mapping) for value in values):
        inner = replace(limits, max_metadata_members=limits.max_metadata_values)
        left, right = (
            _Object(Metadata(item.raw, limits=inner, file_offset=item.span[0]), item.span).values()
            for item in (ours, theirs)
        )
        for key in {**left, **right}:
            yield f".{key}", (left.get(key), right.get(key))
    elif isinstance(values[0], list) and isinstance(values[1], list):
        first, behind = _common_ends(values[0], values[1])
        middles = [islice(_items(item), first, len(item.value) - behind) for item in (ours, theirs)]
        for number, (before, after) in enumerate(zip_longest(*middles), first):
            yield f"[{number}]", (before, after)


def _common_ends(ours: list[Any], theirs: list[Any]) -> tuple[int, int]:
    """How many items two arrays have in common at the beginning and, when one is longer, at the end."""
    length = min(len(ours), len(theirs))

    def common(pairs: Iterator[tuple[Any, Any]]) -> int:
        return next((number for number, pair in enumerate(pairs) if not same_json(*pair)), length)

    first = common(zip(ours, theirs, strict=False))
    if len(ours) == len(theirs):
        return first, 0
    return first, min(common(zip(reversed(ours), reversed(theirs), strict=False)), length - first)


def _items(array: _Value) -> Iterator[_Value]:
    """The items of an array with their places."""
    text = array.raw.decode()
    at, done, origin = _skip(text, 1), 0, array.span[0]
    for value in array.value:
        _, stop = _DECODER.raw_decode(text, at)
        origin += len(text[done:at].encode())
        raw = text[at:stop].encode()
        yield _Value(value, (origin, origin + len(raw)), raw)
        done, origin = stop, origin + len(raw)
        at = _skip(text, _skip(text, stop) + 1)


def _skip(text: str, position: int) -> int:
    space = _SPACE.match(text, position)
    return position if space is None else space.end()


def _text(ours: _Object, theirs: _Object, ignore: frozenset[str], *, anything: bool) -> Iterator[Difference]:
    """What differs in the text and in no value: order, members that are overridden, white space, escapes in keys."""
    sides = ours, theirs
    common = (ours.metadata.keys() & theirs.metadata.keys()) - ignore
    orders = [list(dict.fromkeys(item.key for item in side.members if item.key in common)) for side in sides]
    repeated = [
        [(item.key, side.value(item).raw) for item in side.metadata.duplicates if item.key not in ignore]
        for side in sides
    ]
    syntax = [_syntax(side, common) for side in sides]
    found: list[tuple[str, str, str]] = []
    if orders[0] != orders[1]:
        left, right = next(pair for pair in zip(*orders, strict=True) if pair[0] != pair[1])
        found.append(("order", f"{left} first", f"{right} first"))
    if repeated[0] != repeated[1]:
        found.append(("overridden members", _listed(repeated[0]), _listed(repeated[1])))
    if syntax[0] != syntax[1]:
        found.append(("white space and escapes", str(sorted(syntax[0])), str(sorted(syntax[1]))))
    if not (found or anything):
        found.append(("spelling", f"{len(ours.metadata.raw)} bytes", f"{len(theirs.metadata.raw)} bytes"))
    places = Place("metadata", ours.span), Place("metadata", theirs.span)
    for what, before, after in found:
        yield Difference("metadata", f"metadata ({what})", Category.METADATA, (before, after), places)


def _listed(repeated: list[tuple[str, bytes]]) -> str:
    return ", ".join(f"{key}: {raw.decode()}" for key, raw in repeated)[:_SHOWN] or "none"


def _syntax(side: _Object, common: Set[str]) -> set[str]:
    """The different ways in which white space stands between members, and in which common keys are escaped."""
    found: set[str] = set()
    at = side.span[0]
    for member in side.members:
        found.add(_MARKS.sub(b"", side.text(at, member.key_span[0])).decode())
        found.add(side.text(member.key_span[1], member.value_span[0]).decode())
        key = side.text(*member.key_span).decode()
        if member.key in common and "\\" in key:
            found.add(key)
        at = member.value_span[1]
    found.add(_MARKS.sub(b"", side.text(at, side.span[1])).decode())
    return found - {":", ""}
