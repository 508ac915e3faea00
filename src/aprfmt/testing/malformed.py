"""Metadata with one fault: for each rule about the metadata alone, what makes sound members break it and no other.

Each function takes members that no rule speaks of, and returns text that breaks its rule. What it draws shrinks towards
the plainest fault there is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from hypothesis import strategies as st

from ..jsontext import MAX_VALUE_NESTING
from ..layout import facts
from ..layout._generated.metadata_schema import MetadataKey
from ..limits import DEFAULT_LIMITS
from ..provenance import MEANINGLESS, PROVENANCE_KEYS
from .members import KEYS_AT, SPACES, WIDEST, Members, joined, quoted_key

__all__ = ["MALFORMED", "NOTHING_SAID", "NO_LICENCE", "required_members", "too_many_members", "wrong_value"]

Malformer = Callable[[st.DrawFn, Members], bytes]

_SPACE = st.sampled_from(SPACES)
_OWN = '"a"'
"""A key that no sound members have."""
_WORDS = st.text("ab e\u0301模", max_size=6)


def _with(draw: st.DrawFn, members: Members, value: str, key: str = _OWN) -> bytes:
    """The object with one member more, or with another value of one that is there."""
    return joined({**members, key: value}.items(), draw(_SPACE))


def _empty(draw: st.DrawFn, members: Members) -> bytes:
    del draw, members
    return b""


_NOT_UTF8 = (b"\xff", b"\x80", b"\xc3", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xfe\xff")
"""A byte that never occurs, parts of characters, an overlong form, half a pair, beyond the last character, a mark."""


def _not_utf8(draw: st.DrawFn, members: Members) -> bytes:
    raw = joined(members.items(), draw(_SPACE))
    at = draw(st.integers(0, len(raw)))
    return raw[:at] + draw(st.sampled_from(_NOT_UTF8)) + raw[at:]


_NO_VALUES = (
    *("NaN", "Infinity", "-Infinity", "1e999", "-1e999", "01", "1.", ".5", "+1", "0x10", "1e", "-"),
    *("'a'", "undefined", "None", "True", "nul", "", "[1,]", '{"a":1,}', "[1 2]", '{"a"}', "{a:1}", "[", "{", '"'),
    *(r'"\ud800"', r'"\udc00\ud800"', r'"\x41"', r'"\u12"', '"\n"', '"\0"', "/**/1", "1//", "1#"),
)
"""What some parsers take for a value, and JSON does not."""
_BEHIND = ("x", "{}", ",", "\0", "null", "/**/")


def _not_json(draw: st.DrawFn, members: Members) -> bytes:
    kind = draw(st.sampled_from(("value", "behind", "mark", "cut", "comma")))
    if kind == "value":
        return _with(draw, members, draw(st.sampled_from(_NO_VALUES)))
    raw = joined(members.items(), draw(_SPACE))
    if kind == "behind":
        return raw + draw(st.sampled_from(_BEHIND)).encode()
    if kind == "mark":
        return "\ufeff".encode() + raw
    body = raw.rstrip()
    if kind == "comma":
        return body.removesuffix(b"}") + b",}"
    # An object without its last bracket never is one, and a cut never parts a character: the text stays UTF-8.
    text = body.decode()
    return text[: draw(st.integers(1, len(text) - 1))].encode()


def _not_object(draw: st.DrawFn, members: Members) -> bytes:
    whole = joined(members.items()).decode()
    texts = ("null", "true", "0", "-1.5e3", '"a"', '""', "[]", "[[]]", f"[{whole}]", json.dumps(whole))
    space = draw(_SPACE)
    return f"{space}{draw(st.sampled_from(texts))}{space}".encode()


_BRACKETS = (("[", "]"), ('{"":', "}"))


def _too_deep(draw: st.DrawFn, members: Members) -> bytes:
    """One level too many, or some more; of arrays, of objects or of both in turn."""
    levels = MAX_VALUE_NESTING + 1 + draw(st.integers(0, 300))
    step = draw(st.integers(1, 3))
    pairs = [_BRACKETS[step > 1 and number % step == 0] for number in range(levels)]
    inner = "" if pairs[-1] is _BRACKETS[0] else "0"
    text = "".join(start for start, _ in pairs) + inner + "".join(stop for _, stop in reversed(pairs))
    if draw(st.booleans()):
        # The outermost object is a level too: without it one more is needed.
        return f"[{text}]".encode()
    return _with(draw, members, text)


_OF_ANOTHER_KIND: Mapping[str, Sequence[str]] = {
    "string": ("0", "true", "[]", "{}", '["a"]'),
    "integer": ('"1"', "1.0", "-1", "1e3", "true", "[]", "-0"),
    "number": ('"1"', "true", "[]", '"NaN"'),
    "boolean": ("0", '"true"', "[]", "{}"),
    "object": ("[]", "0", '""', "true", "[{}]"),
}


def _another_kind(draw: st.DrawFn, key: MetadataKey) -> str:
    """The text of a value that is not of the type of a known key."""
    texts = list(_OF_ANOTHER_KIND[key.kind])
    if key.bits is not None and key.bits < WIDEST:
        texts += [str(1 << key.bits), str(1 << WIDEST - 1)]
    if not key.nullable:
        texts.append("null")
    if any(child.when_absent == "required" for child in key.keys):
        texts.append("{}")
    return draw(st.sampled_from(texts))


_PLAIN = {"string": '""', "integer": "0", "number": "0", "boolean": "false", "object": "{}"}


def wrong_value(draw: st.DrawFn) -> tuple[str, str]:
    """A known key, and the text of a value of another type; of an object perhaps one in which a value has another
    type, or one without what it has to have."""
    path = draw(st.sampled_from(tuple(KEYS_AT)))
    value = _another_kind(draw, KEYS_AT[path])
    if len(path) > 1:
        inner = {**required_members(KEYS_AT[path[:1]]), path[1]: value}
        value = joined((quoted_key(name), text) for name, text in inner.items()).decode()
    return path[0], value


def required_members(key: MetadataKey) -> dict[str, str]:
    """What the object under a known key has to have, with the plainest values as text."""
    return {child.name: _PLAIN[child.kind] for child in key.keys if child.when_absent == "required"}


def _wrong_type(draw: st.DrawFn, members: Members) -> bytes:
    key, value = wrong_value(draw)
    return _with(draw, members, value, quoted_key(key))


def _large(draw: st.DrawFn, members: Members) -> bytes:
    """Blanks behind the object, which are a part of the text."""
    raw = joined(members.items())
    return raw + b" " * (_LARGE - len(raw) + 1 + draw(st.integers(0, 100)))


_LARGE = next(
    item.bound(None, None, None, 0) for item in facts.STATEMENTS if item.rule == "APR-M007" and item.bound is not None
)


def _twice(draw: st.DrawFn, members: Members) -> bytes:
    """A key of the object, of one in it, or of one in an array; the two may be spelt in different ways."""
    kind = draw(st.sampled_from(("inner", "listed", "outer", "spelt")))
    if kind == "outer":
        again = draw(st.sampled_from(list(members.items())))
        return joined([*members.items(), again], draw(_SPACE))
    key = r'"\u0078"' if kind == "spelt" else '"x"'
    value = f'{{"x":1,{key}:{draw(st.sampled_from("12"))}}}'
    return _with(draw, members, f"[{value}]" if kind == "listed" else value)


def _wide(draw: st.DrawFn, members: Members) -> bytes:
    """An integer beyond 64 bits, or below what they hold with a sign."""
    more = draw(st.integers(0, 1 << WIDEST + 1))
    number = -(1 << WIDEST - 1) - 1 - more if draw(st.booleans()) else (1 << WIDEST) + more
    return _with(draw, members, draw(st.sampled_from(("{}", "[{}]", '{{"n":{}}}'))).format(number))


_ORIGIN = tuple(map(quoted_key, PROVENANCE_KEYS))
_LICENCES = tuple(quoted_key(key) for key in PROVENANCE_KEYS if key != "data_source")


def _some(draw: st.DrawFn, keys: Sequence[str]) -> list[str]:
    """One of the keys, or more of them."""
    first = draw(st.sampled_from(keys))
    return [key for key in keys if key == first or draw(st.booleans())]


def _absent(draw: st.DrawFn, members: Members) -> bytes:
    gone = dict.fromkeys(_some(draw, _ORIGIN), draw(st.sampled_from(("", "null"))))
    left = {key: gone.get(key, value) for key, value in members.items()}
    return joined(((key, value) for key, value in left.items() if value), draw(_SPACE))


NOTHING_SAID = st.builds(
    lambda word, blank, shouts: f"{blank}{word.upper() if shouts else word}{blank}",
    st.sampled_from(sorted(MEANINGLESS)),
    st.sampled_from(("", " ", "\t")),
    st.booleans(),
)
"""Texts that fill a provenance key and answer nothing."""


def _meaningless(draw: st.DrawFn, members: Members) -> bytes:
    said = {key: json.dumps(draw(NOTHING_SAID)) for key in _some(draw, _ORIGIN)}
    return joined({**members, **said}.items(), draw(_SPACE))


_NAMES = ("Apache License 2", "my own terms", "MIT, or so", "free", "GPL-9.0-only", "https://example.org/terms")
# Words with blanks between them and no operator are no expression, whatever the lists hold.
NO_LICENCE = st.sampled_from(_NAMES) | _WORDS.map(lambda word: f"see the file {word}")
"""Texts that name no licence of any list."""


def _no_licence(draw: st.DrawFn, members: Members) -> bytes:
    said = {key: json.dumps(draw(NO_LICENCE), ensure_ascii=False) for key in _some(draw, _LICENCES)}
    return joined({**members, **said}.items(), draw(_SPACE))


MALFORMED: Mapping[str, Malformer] = {
    "APR-M001": _empty,
    "APR-M002": _not_utf8,
    "APR-M003": _not_json,
    "APR-M004": _not_object,
    "APR-M005": _too_deep,
    "APR-M006": _wrong_type,
    "APR-M007": _large,
    "APR-M008": _twice,
    "APR-M009": _wide,
    "APR-P001": _absent,
    "APR-P002": _meaningless,
    "APR-P003": _no_licence,
}
"""What breaks a rule, by its id: text that it alone is broken by, from members that none is broken by."""


def too_many_members(draw: st.DrawFn, members: Members) -> bytes:
    """More members than a reader is willing to read, each with a key of its own: about a megabyte."""
    number = DEFAULT_LIMITS.max_metadata_members + 1 + draw(st.integers(0, 100)) - len(members)
    whole = number // _AT_ONCE * _AT_ONCE
    return joined(members.items()).removesuffix(b"}") + _numbered(0, whole) + _numbered(whole, number) + b"}"


_AT_ONCE = 1000
"""Members of which all but the last ones are made once."""


@lru_cache(maxsize=8)
def _numbered(start: int, stop: int) -> bytes:
    """Members behind others, each with a number for its key."""
    return "".join(f',"{number}":0' for number in range(start, stop)).encode()
