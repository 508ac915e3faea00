"""Members of the metadata as text: values of the type of a known key, odd values, and sets that no rule speaks of.

The text is drawn piece by piece instead of being encoded from a value, because encoders hide what has to be tested:
literals such as `1E5`, integers of 30 digits, escapes that nobody needs, keys that occur twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

from hypothesis import strategies as st

from ..layout._generated.metadata_schema import KEYS, MetadataKey
from ..provenance import FLAG_KEYS, PROVENANCE_KEYS

__all__ = [
    "FREE_KEYS",
    "KEYS_AT",
    "ODD",
    "ORIGIN",
    "SOUND_ODD",
    "SPACES",
    "STRINGS",
    "VALUES",
    "WIDEST",
    "WORDS",
    "Members",
    "joined",
    "quoted_key",
    "sound_members",
]

Members = dict[str, str]
"""The text of each key, quotes included, and of its value."""

WORDS = st.text(max_size=6)
"""Short texts."""
_QUOTED = (
    '""',
    '"MIT"',
    r'"\u0041\/\b"',  # escapes where none is needed
    r'"\ud83d\ude00"',  # one character as two escapes
    '"\U00010000\uffff"',
    '"e\u0301"',
    r'"\u0000"',
)
STRINGS = st.sampled_from(_QUOTED) | st.builds(json.dumps, WORDS, ensure_ascii=st.booleans())
"""Strings as text, in several spellings."""
_FRACTIONS = ("0", "1E5", "1e-6", "0.000001", "1000000.0", "-0", "1.0", "10000", "12345678901234567890.5", "3.4e+38")
_DEEP = 60
SOUND_ODD = (
    "null",
    "true",
    "false",
    "-1",
    "1E5",
    "-0",
    "-0.0",
    "1e-7",
    "100000000000000000000.0",
    "18446744073709551615",
    "[]",
    "{}",
    "[1, [2,[3]] ]",
    '{"a":1,"A":2}',
    '{"":null}',
    "[" * _DEEP + "]" * _DEEP,
)
"""Values that no rule speaks of, as odd as JSON allows."""
ODD = (*SOUND_ODD, "18446744073709551616", "123456789012345678901234567890", '{"a":1,"a":2}')
"""The same, and those that parsers disagree about."""
SPACES = ("", "", " ", "\n  ", "\t", "\r\n")
"""White space between the parts of an object."""


def quoted_key(key: str) -> str:
    """The text of a key."""
    return json.dumps(key)


FREE_KEYS = (
    '"custom"',
    '"tokenizer.vocab_size"',
    '"num_hidden_layers"',  # another ecosystem's name of a known key
    r'"licens\u0065 "',
    '""',
    '"ключ"',
)
"""Keys that the schema does not know."""


def joined(members: Iterable[tuple[str, str]], space: str = "") -> bytes:
    """The object with these members."""
    parts = (f"{space}{key}{space}:{space}{value}" for key, value in members)
    return f"{space}{{{','.join(parts)}{space}}}{space}".encode()


def _all(keys: Sequence[MetadataKey], path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], MetadataKey]]:
    for key in keys:
        yield (*path, key.name), key
        yield from _all(key.keys, (*path, key.name))


KEYS_AT: Mapping[tuple[str, ...], MetadataKey] = dict(_all(KEYS, ()))
"""Every known key by its path, those of sub-objects behind their object."""
WIDEST = max(key.bits or 0 for key in KEYS_AT.values())
"""Bits of the widest integers that a known key holds; wider ones break a rule of their own."""


def _typed(key: MetadataKey, odd: Sequence[str]) -> st.SearchStrategy[str]:
    """The text of a value that every reader accepts for a known key."""
    values: st.SearchStrategy[str]
    if key.kind == "string":
        values = STRINGS
    elif key.kind == "integer":
        values = st.integers(0, (1 << (key.bits or WIDEST)) - 1).map(str)
    elif key.kind == "number":
        values = st.sampled_from(_FRACTIONS)
    elif key.kind == "boolean":
        values = st.sampled_from(("false", "true"))
    else:
        values = _objects(key.keys, odd)
    return values | st.just("null") if key.nullable else values


@st.composite
def _objects(draw: st.DrawFn, keys: Sequence[MetadataKey], odd: Sequence[str]) -> str:
    values = VALUES if odd is ODD else _SOUND_VALUES
    members = [
        f"{quoted_key(key.name)}: {draw(values[key])}"
        for key in keys
        if key.when_absent == "required" or draw(st.booleans())
    ]
    if draw(st.booleans()):
        members.append(f'"extra":{draw(st.sampled_from(odd))}')
    return "{" + ",".join(members) + "}"


VALUES = {key: _typed(key, ODD) for key in KEYS_AT.values()}
"""The text of a value for each known key, with what parsers disagree about in the sub-objects."""
_SOUND_VALUES = {key: _typed(key, SOUND_ODD) for key in KEYS_AT.values()}
_FREE_VALUES = st.one_of(
    st.sampled_from(SOUND_ODD),
    STRINGS,
    st.integers(-(1 << WIDEST - 1), (1 << WIDEST) - 1).map(str),
    st.lists(st.sampled_from(SOUND_ODD) | STRINGS, max_size=3).map(lambda items: "[" + " ,".join(items) + "]"),
)
_KNOWN = [key for key in KEYS if key.name not in PROVENANCE_KEYS]
_OTHERS = st.sampled_from([*_KNOWN, *(key for key in _KNOWN if key.keys), *(key for key in _KNOWN if key.keys)])
_FREE = st.sampled_from(FREE_KEYS)
_ANNOUNCED = st.sampled_from(tuple(FLAG_KEYS.values()))
_KINDS = st.sampled_from(("known", "free", "announced"))

_LICENCES = st.sampled_from(
    ("MIT", "Apache-2.0", "CC-BY-4.0", "MIT OR Apache-2.0", "llama3.1", "LicenseRef-mine", "gpl-3.0-only")
)
_SOURCES = st.sampled_from(("web", "teacher-only", "模型 😀", "https://example.org/data"))
ORIGIN: Mapping[str, st.SearchStrategy[str]] = {
    key: _SOURCES if key == "data_source" else _LICENCES for key in PROVENANCE_KEYS
}
"""What a sound file says of its origin."""


def sound_members(draw: st.DrawFn, *, max_members: int = 3) -> Members:
    """Members that no rule speaks of in any profile: where the model comes from, and `max_members` others at most."""
    others: Members = {}
    for _ in range(draw(st.integers(0, max_members))):
        kind = draw(_KINDS)
        if kind == "known":
            known = draw(_OTHERS)
            others[quoted_key(known.name)] = draw(_SOUND_VALUES[known])
        elif kind == "announced":
            name = draw(_ANNOUNCED)
            others[quoted_key(name)] = draw(_SOUND_VALUES[KEYS_AT[name,]] if (name,) in KEYS_AT else _FREE_VALUES)
        else:
            others[draw(_FREE)] = draw(_FREE_VALUES)
    origin = {quoted_key(key): json.dumps(draw(texts), ensure_ascii=False) for key, texts in ORIGIN.items()}
    return {**origin, **others} if not others or draw(st.booleans()) else {**others, **origin}
