"""Raw JSON for the metadata section: valid in every reader of the format, and as odd as the format allows.

The text is drawn piece by piece instead of being encoded from a value, because encoders hide what has to be tested:
literals such as `1E5`, integers of 30 digits, escapes that nobody needs, keys that occur twice.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from hypothesis import strategies as st

from ..layout._generated.metadata_schema import KEYS, MetadataKey

__all__ = ["metadata_json"]

_WORDS = st.text(max_size=6)
_QUOTED = (
    '""',
    '"MIT"',
    r'"\u0041\/\b"',  # escapes where none is needed
    r'"\ud83d\ude00"',  # one character as two escapes
    '"\U00010000\uffff"',
    '"e\u0301"',
    r'"\u0000"',
)
_STRINGS = st.sampled_from(_QUOTED) | st.builds(json.dumps, _WORDS, ensure_ascii=st.booleans())
_FRACTIONS = ("0", "1E5", "1e-6", "0.000001", "1000000.0", "-0", "1.0", "10000", "12345678901234567890.5", "3.4e+38")
_ODD = (
    "null",
    "true",
    "false",
    "-1",
    "1E5",
    "-0",
    "-0.0",
    "1e-7",
    "100000000000000000000.0",
    "18446744073709551616",
    "123456789012345678901234567890",
    "[]",
    "{}",
    "[1, [2,[3]] ]",
    '{"a":1,"a":2}',
    '{"":null}',
    "[" * 60 + "]" * 60,
)
_UNKNOWN_VALUES = st.one_of(
    st.sampled_from(_ODD),
    _STRINGS,
    st.integers().map(str),
    st.lists(st.sampled_from(_ODD) | _STRINGS, max_size=3).map(lambda items: "[" + " ,".join(items) + "]"),
)
_UNKNOWN_KEYS = st.sampled_from(
    (
        '"custom"',
        '"tokenizer.vocab_size"',
        '"num_hidden_layers"',  # another ecosystem's name of a known key
        r'"licens\u0065 "',
        '""',
        '"ключ"',
    )
)
_SPACES = ("", "", " ", "\n  ", "\t", "\r\n")


def _typed(key: MetadataKey) -> st.SearchStrategy[str]:
    """The text of a value that every reader accepts for a known key."""
    values: st.SearchStrategy[str]
    if key.kind == "string":
        values = _STRINGS
    elif key.kind == "integer":
        values = st.integers(0, (1 << (key.bits or 64)) - 1).map(str)
    elif key.kind == "number":
        values = st.sampled_from(_FRACTIONS)
    elif key.kind == "boolean":
        values = st.sampled_from(("false", "true"))
    else:
        values = _objects(key.keys)
    return values | st.just("null") if key.nullable else values


@st.composite
def _objects(draw: st.DrawFn, keys: Sequence[MetadataKey]) -> str:
    members = [
        f'"{key.name}": {draw(_VALUES[key])}' for key in keys if key.when_absent == "required" or draw(st.booleans())
    ]
    if draw(st.booleans()):
        members.append(f'"extra":{draw(st.sampled_from(_ODD))}')
    return "{" + ",".join(members) + "}"


def _all(keys: Sequence[MetadataKey]) -> list[MetadataKey]:
    return [inner for key in keys for inner in (key, *_all(key.keys))]


_VALUES = {key: _typed(key) for key in _all(KEYS)}
_KEYS = st.sampled_from(KEYS)


@st.composite
def metadata_json(draw: st.DrawFn, *, max_members: int = 5) -> bytes:
    """The bytes of one JSON object: known keys of their type in any order, unknown keys, odd literals, duplicates.

    Known keys always hold what every reader accepts; what is odd is the text. Some 1,000 a second.
    """
    space = draw(st.sampled_from(_SPACES))
    members = []
    for _ in range(draw(st.integers(0, max_members))):
        if draw(st.booleans()):
            known = draw(_KEYS)
            key, value = f'"{known.name}"', draw(_VALUES[known])
        else:
            key, value = draw(_UNKNOWN_KEYS), draw(_UNKNOWN_VALUES)
        members.append(f"{space}{key}{space}:{space}{value}")
    if draw(st.booleans()) and members:
        members.append(draw(st.sampled_from(members)))
    return f"{space}{{{','.join(members)}{space}}}{space}".encode()
