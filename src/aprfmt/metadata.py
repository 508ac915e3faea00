"""The metadata: JSON bytes as a read-only mapping, judged by the schema, edited byte for byte.

Rules of this file:
1. The raw bytes are the truth. Nothing is re-serialised unless somebody asks for the canonical form.
2. Reading a value never depends on the type the schema gives it; `type_errors` judges separately.
3. Everything said about a known key comes from the generated facts of `spec/metadata.schema.json`.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

from .errors import FormatError, LimitExceededError, RequestError
from .jsontext import JsonText, RawMember, encode_value, shorten, show, to_f32
from .layout._generated.metadata_schema import KEYS, MetadataKey
from .limits import DEFAULT_LIMITS, Limits

__all__ = [
    "Member",
    "Metadata",
    "canonical_metadata",
    "edited",
    "encode_value",
    "is_known_key",
    "same_json",
]

_ORDER: Mapping[str, int] = {key.name: number for number, key in enumerate(KEYS)}


@dataclass(frozen=True, slots=True)
class Member:
    """One `"key": value`. Spans are absolute bytes of the file, end exclusive, quotes included."""

    key: str
    key_span: tuple[int, int]
    value_span: tuple[int, int]
    value: Any


class Metadata(Mapping[str, Any]):
    """The JSON object of the metadata section, over `raw` bytes that start at byte `file_offset` of the file.

    Construction does not look at the bytes. The first access to what they say parses them, strictly: it
    accepts what the JSON parser of apr-format 0.72.3 accepts, and raises `FormatError` (APR-M001 to APR-M005)
    or `LimitExceededError` otherwise.

    Of a key that occurs more than once the last value counts, and iteration meets it where it occurs first.
    Integers beyond 64 bits are kept exact, where apr-format reads them as doubles. Do not alter the lists and
    dicts inside.
    """

    def __init__(self, raw: bytes, *, limits: Limits = DEFAULT_LIMITS, file_offset: int = 0) -> None:
        self._raw = raw
        self._limits = limits
        self._file_offset = file_offset
        self._inner: dict[str, Metadata] = {}

    @property
    def raw(self) -> bytes:
        """The bytes as they are in the file, without padding."""
        return self._raw

    @property
    def file_offset(self) -> int:
        """Where the first of the bytes stands in the file."""
        return self._file_offset

    @property
    def limits(self) -> Limits:
        """What reading the bytes may cost."""
        return self._limits

    def replaced(self, raw: bytes) -> Metadata:
        """Other bytes in the same place, within the same limits."""
        return Metadata(raw, limits=self._limits, file_offset=self._file_offset)

    @cached_property
    def _text(self) -> JsonText:
        self._limit("bytes", len(self._raw))
        values = 1 + _most_values(self._raw)
        if values > self._limits.max_metadata_values:  # what stands in strings does not count, which costs to find out
            values = 1 + sum(map(_most_values, _without_strings(self._raw)))
        self._limit("values", values)
        return JsonText(self._raw, origin=self._file_offset)

    def _limit(self, what: str, found: int) -> None:
        name = f"max_metadata_{what}"
        if found > getattr(self._limits, name):
            span = (self._file_offset, self._file_offset + len(self._raw))
            expected = f"at most {getattr(self._limits, name)} ({name})"
            raise LimitExceededError(
                f"too many {what}", field="metadata", span=span, expected=expected, found=str(found)
            )

    @cached_property
    def _parsed(self) -> list[RawMember]:
        limits = self._limits
        return self._text.members(max_nesting=limits.max_json_nesting, max_members=limits.max_metadata_members)

    @cached_property
    def _values(self) -> dict[str, Any]:
        return {member.key: member.value for member in self._parsed}

    def __getitem__(self, key: str) -> Any:
        return self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"<Metadata: {len(self._raw)} bytes at {self._file_offset:#x}>"

    @cached_property
    def members(self) -> tuple[Member, ...]:
        """All members in the order of the file, those that a later one of the same key overrides included."""
        positions = [p for member in self._parsed for p in (*member.key_span, *member.value_span)]
        places = iter(self._text.byte_positions(positions))
        spans = zip(places, places, places, places, strict=True)
        return tuple(
            Member(member.key, (a, b), (c, d), member.value)
            for member, (a, b, c, d) in zip(self._parsed, spans, strict=True)
        )

    @cached_property
    def duplicates(self) -> tuple[Member, ...]:
        """The members that a later one of the same key overrides, in the order of the file."""
        last = self._last
        return tuple(member for member in self.members if last[member.key] is not member)

    def span_of(self, key: str) -> tuple[int, int]:
        """The place in the file of the value that counts for a key; raises `KeyError` when there is none."""
        return self._last[key].value_span

    @cached_property
    def _last(self) -> dict[str, Member]:
        """The member that counts, for each key."""
        return {member.key: member for member in self.members}

    def type_errors(self) -> list[FormatError]:
        """One APR-M006 for every known key whose value is not of its type, in schema order.

        apr-format 0.72.3 refuses the whole file for any of them. The value that counts is judged; the span is
        that of the value at fault, or of the sub-object in which a required key is missing.
        """
        errors = []
        for key in KEYS:
            if key.name not in self:
                continue
            for fault in _faults(key, self[key.name], (key.name,)):
                span = self._span_of(fault.path)
                text = self._raw[span[0] - self._file_offset : span[1] - self._file_offset].decode()
                errors.append(
                    FormatError(
                        "a known key is of the wrong type",
                        rule_id="APR-M006",
                        field=".".join(("metadata", *fault.path)),
                        span=span,
                        expected=fault.expected,
                        found="nothing" if fault.missing else shorten(text),
                    )
                )
        return errors

    def _span_of(self, path: tuple[str, ...]) -> tuple[int, int]:
        """The span of the value at a path of keys, or of the nearest one that exists."""
        start, stop = self.span_of(path[0])
        if len(path) > 1:
            inner: Metadata = self.inside(path[0])
            if path[1] in inner:
                return inner._span_of(path[1:])
        return start, stop

    def inside(self, key: str) -> Metadata:
        """The object that is the value of a key. What bounds members bounds those of the outermost object alone.

        The value that counts must be an object: otherwise reading what is returned raises `FormatError`.
        """
        if key not in self._inner:
            start, stop = self.span_of(key)
            limits = replace(self._limits, max_metadata_members=self._limits.max_metadata_values)
            raw = self._raw[start - self._file_offset : stop - self._file_offset]
            self._inner[key] = Metadata(raw, limits=limits, file_offset=start)
        return self._inner[key]

    def splice(self, patch: Mapping[str, Any], *, typed: bool = True) -> bytes:
        """The bytes with the members of `patch` set, and every other byte as it is.

        The last occurrence of a key is replaced, unless its value is already equal in JSON type and value. A
        known key that is absent goes behind the last member that precedes it in the schema, any other one to
        the end. Raises `RequestError` when a value cannot be written, or is not of the type that the schema
        gives its key. Without `typed` no key is known: the object is one inside the metadata.
        """
        order = _ORDER if typed else {}
        texts = {key: _encode_member(key, value, order) for key, value in patch.items()}
        last = self._last
        edits = [
            (last[key].value_span, text.encode())
            for key, text in texts.items()
            if key in last and not same_json(last[key].value, _as_written(key, patch[key], order))
        ]
        absent = sorted(
            (key for key in texts if key not in last),
            key=lambda key: order.get(key, len(order)),
        )
        inserted: dict[int, list[str]] = {}
        for key in absent:
            inserted.setdefault(self._place_for(key, order), []).append(f"{encode_value(key)}:{texts[key]}")
        front = self._file_offset + self._raw.index(b"{") + 1
        for place, members in inserted.items():
            text = ",".join(members)
            if place != front:
                text = "," + text
            elif self.members:
                text += ","
            edits.append(((place, place), text.encode()))
        return edited(self._raw, edits, origin=self._file_offset)

    def _place_for(self, key: str, order: Mapping[str, int]) -> int:
        """The byte at which an absent key goes in."""
        number = order.get(key)
        before = [
            member.value_span[1] for member in self.members if number is None or order.get(member.key, number) < number
        ]
        return before[-1] if before else self._file_offset + self._raw.index(b"{") + 1


def edited(raw: bytes, edits: Iterable[tuple[tuple[int, int], bytes]], *, origin: int = 0) -> bytes:
    """The bytes with others in the place of some spans, counted from `origin`; a span inside another goes with it."""
    result, done = bytearray(), 0
    for (start, stop), text in sorted(edits):
        result += raw[done : max(start - origin, done)] + text
        done = max(done, stop - origin)
    return bytes(result + raw[done:])


_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_STRINGS = re.compile(_STRING)
_MANY_STRINGS = re.compile(rb'(?:[^"]*+%s){1,10000}+' % _STRING)


def _most_values(raw: bytes) -> int:
    """The most values that follow something in the text: all but the outermost follow a comma or an opening bracket."""
    return sum(map(raw.count, (b",", b"[", b"{")))


def _without_strings(raw: bytes) -> Iterator[bytes]:
    """The text without its strings, in parts, because a string that is cut out costs many times what it holds."""
    at = 0
    while (many := _MANY_STRINGS.match(raw, at)) is not None:
        yield _STRINGS.sub(b"", many[0])
        at = many.end()
    yield raw[at:]


def is_known_key(key: str) -> bool:
    """Whether the schema gives the key a type and a place; every other key is allowed too."""
    return key in _ORDER


def canonical_metadata(values: Mapping[str, Any], *, wide_integers_as_doubles: bool = True) -> bytes:
    """The JSON that apr-format 0.72.3 writes: known keys in schema order, then the other keys of `values`.

    The others keep their order, where apr-format itself writes them in random order. Integers beyond 64 bits are
    written as the doubles that it reads, or digit by digit when the caller says so. Raises `RequestError` naming the
    key when a value is not of the type that the schema gives its key, or cannot be written.
    """
    for key in KEYS:
        if key.name in values:
            _require_type(key, values[key.name])
    parts = _canonical_members(KEYS, values)
    for name, value in values.items():
        if name not in _ORDER:
            text = _encode_of(name, value, wide_integers_as_doubles=wide_integers_as_doubles)
            parts.append(f"{_encode_key(name)}:{text}")
    return f"{{{','.join(parts)}}}".encode()


def _canonical_members(keys: tuple[MetadataKey, ...], values: Mapping[str, Any]) -> list[str]:
    parts = []
    for key in keys:
        value = values.get(key.name)
        if value is None:
            if key.when_absent == "skip":
                continue
            text = encode_value(key.default)
        elif key.keys:
            text = f"{{{','.join(_canonical_members(key.keys, value))}}}"
        elif key.f32 and math.isinf(to_f32(value)) and abs(value) <= sys.float_info.max:
            text = "null"  # the reference reads an infinity and has no other way to write one
        else:
            text = _encode_of(key.name, value, f32=key.f32)
        parts.append(f"{encode_value(key.name)}:{text}")
    return parts


class _Fault(NamedTuple):
    """A value that is not of its type, or a required key that is missing."""

    path: tuple[str, ...]
    expected: str
    missing: bool = False


def _faults(key: MetadataKey, value: Any, path: tuple[str, ...]) -> Iterator[_Fault]:
    if value is None and key.nullable:
        return
    if not _is_of_kind(key, value):
        yield _Fault(path, _KINDS[key.kind].format(bits=key.bits) + (" or null" if key.nullable else ""))
        return
    for child in key.keys:
        if child.name in value:
            yield from _faults(child, value[child.name], (*path, child.name))
        elif child.when_absent == "required":
            yield _Fault((*path, child.name), _KINDS[child.kind].format(bits=child.bits), missing=True)


_KINDS = {
    "string": "a string",
    "boolean": "true or false",
    "number": "a number",
    "integer": "an unsigned integer of {bits} bits",
    "object": "an object",
}


def _is_of_kind(key: MetadataKey, value: Any) -> bool:
    match key.kind:
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "number":
            return isinstance(value, (int, float)) and not isinstance(value, bool)
        case "integer":
            is_integer = isinstance(value, int) and not isinstance(value, bool)
            return is_integer and 0 <= value < 1 << (key.bits or 0)
        case "object":
            return isinstance(value, Mapping)


def _require_type(key: MetadataKey, value: Any) -> None:
    for fault in _faults(key, value, (key.name,)):
        found = value if len(fault.path) == 1 else value.get(fault.path[1])
        instead = "found nothing" if fault.missing else f"not {'null' if found is None else show(found)}"
        raise RequestError(f"{'.'.join(fault.path)}: expected {fault.expected}, {instead}")


def _encode_key(key: object) -> str:
    if not isinstance(key, str):
        raise RequestError(f"a key of the metadata is a string, not {show(key)}")
    return encode_value(key)


def _encode_member(key: str, value: Any, order: Mapping[str, int]) -> str:
    """The text of a patched value, which has to be one that readers of the format accept."""
    _encode_key(key)
    number = order.get(key)
    if number is not None:
        _require_type(KEYS[number], value)
    return _encode_of(key, value, f32=number is not None and KEYS[number].f32)


def _encode_of(key: str, value: Any, **options: bool) -> str:
    """The text of the value of a key, whose name stands in the error."""
    try:
        return encode_value(value, **options)
    except RequestError as error:
        raise RequestError(f"{key}: {error}") from error


def _as_written(key: str, value: Any, order: Mapping[str, int]) -> Any:
    """The patched value as a reader of the written text meets it: single precision is always a fraction."""
    number = order.get(key)
    is_f32 = number is not None and KEYS[number].f32 and value is not None
    return float(value) if is_f32 else value


def same_json(ours: Any, theirs: Any) -> bool:
    """Whether two values are the same JSON: 1, 1.0 and true differ, the order of keys does not count."""
    if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
        return ours.keys() == theirs.keys() and all(same_json(ours[key], theirs[key]) for key in ours)
    if isinstance(ours, (list, tuple)) and isinstance(theirs, (list, tuple)):
        return len(ours) == len(theirs) and all(map(same_json, ours, theirs))
    for kind in (bool, int, float, str):
        if isinstance(ours, kind) or isinstance(theirs, kind):
            same = isinstance(ours, kind) and isinstance(theirs, kind) and ours == theirs
            return bool(same) and (kind is not float or math.copysign(1, ours) == math.copysign(1, theirs))
    return ours is None and theirs is None
