"""Metadata for cases: the text of a JSON object, as odd as the format allows, or wrong in one way.

The text is put together piece by piece, because encoders hide what has to be tested: literals such as `1E5`, integers
of 30 digits, escapes that nobody needs, keys that occur twice.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...jsontext import MAX_VALUE_NESTING
from ...layout._generated.metadata_schema import KEYS, MetadataKey
from ...provenance import MEANINGLESS, PROVENANCE_KEYS, VOCABULARY
from .draws import Draws
from .recipe import words_of

__all__ = ["evil_metadata", "member", "metadata_words", "object_text"]

_MOST_MEMBERS = 6
_ORIGIN = '"license":"MIT","data_source":"web","data_license":"CC0-1.0"'
_SPACES = ("", "", "", " ", "\n  ", "\t", "\r\n")
_TEXTS = (
    *('""', '"m"', '"MIT"', '"Apache-2.0 OR MIT"', '"no licence"', r'"\u0041\/\b\\\""', r'"\ud83d\ude00"'),
    *('"\U00010000\uffff"', '"e\u0301"', r'"\u0000"', '"模型"', '"\u2028"', '"\x7f"', '"nan"', '"123"'),
)
_FRACTIONS = (
    "0",
    "1E5",
    "1e-6",
    "0.000001",
    "1000000.0",
    "-0",
    "-0.0",
    "1.0",
    "10000",
    "3.4e+38",
    "1e39",
    "1e308",
    "5e-324",
)
_VALUES = (
    *("null", "true", "false", "0", "-1", "-0", "1.0", "1e-7", "1E5", "0.1", "100000000000000000000.0"),
    *("9007199254740993", "18446744073709551615", "18446744073709551616", "-9223372036854775809", "1e16", "1e+22"),
    *("[]", "{}", "[1, [2,[3]] ]", '{"a":1,"b":[{}]}', '{"a":1,"a":2}', '{"":null}', "[null]", '[[],{},""]'),
    "123456789012345678901234567890",
)
_OTHER_KEYS = (
    *(
        '"custom"',
        '"a"',
        '"b"',
        '"c.d"',
        '"num_hidden_layers"',
        '"tokenizer.vocab_size"',
        '""',
        '"ключ"',
        '"\U0001f600"',
    ),
    *(r'"licens\u0065 "', r'"\u006e"', json.dumps(VOCABULARY)),
)


def _nested(depth: int) -> str:
    return "[" * depth + "]" * depth


def member(draws: Draws) -> tuple[str, str]:
    """Key and value of one member, as they are written: a known key with what every reader takes, or another one."""
    if draws.chance(2):
        key = draws.pick(KEYS)
        return json.dumps(key.name), _typed(draws, key)
    value = _nested(draws.between(1, MAX_VALUE_NESTING)) if draws.chance(32) else draws.pick(_VALUES + _TEXTS)
    return draws.pick(_OTHER_KEYS), value


def _typed(draws: Draws, key: MetadataKey) -> str:
    """A value of the type that the schema gives a key."""
    if key.nullable and draws.chance(8):
        return "null"
    if key.kind == "string":
        meaningless = key.name in PROVENANCE_KEYS and draws.chance(8)
        return json.dumps(draws.pick(sorted(MEANINGLESS))) if meaningless else draws.pick(_TEXTS)
    if key.kind == "integer":
        most = (1 << (key.bits or 0)) - 1
        return str(draws.pick((0, 1, most, most - 1, most >> 1, draws.below(most + 1))))
    if key.kind == "number":
        return draws.pick(_FRACTIONS)
    if key.kind == "boolean":
        return draws.pick(("false", "true"))
    return _object(draws, key.keys)


def _object(draws: Draws, keys: Sequence[MetadataKey], left_out: str = "") -> str:
    wanted = [key for key in keys if key.name != left_out and (key.when_absent == "required" or draws.chance(2))]
    found = [f"{json.dumps(key.name)}:{_typed(draws, key)}" for key in wanted]
    return "{" + ",".join([*found, *(['"extra":[]'] if draws.chance(8) else [])]) + "}"


def metadata_words(draws: Draws) -> dict[str, Any]:
    """The bytes of metadata that every reader takes, in the words of a recipe."""
    members = [member(draws) for _ in range(draws.below(_MOST_MEMBERS + 1))]
    if members and draws.chance(8):
        members.append(draws.pick(members))
    return {"text": object_text(members, draws.pick(_SPACES), with_origin=draws.chance(2))}


def object_text(members: Sequence[tuple[str, str]], space: str = "", *, with_origin: bool = False) -> str:
    """The text of an object with these members; with the keys that say where a model comes from, these first."""
    texts = [*([_ORIGIN] if with_origin else []), *(f"{space}{key}{space}:{space}{value}" for key, value in members)]
    return "{" + ",".join(texts) + space + "}" + space


def _wrong_type(draws: Draws) -> str:
    """A known key with a value of another type, or with a part of another type."""
    key = draws.pick(KEYS)
    if key.keys and draws.chance(2):
        required = [child for child in key.keys if child.when_absent == "required"]
        if required and draws.chance(2):
            return object_text([(json.dumps(key.name), _object(draws, key.keys, draws.pick(required).name))])
        child = draws.pick(key.keys)
        others = [f"{json.dumps(other.name)}:{_typed(draws, other)}" for other in key.keys if other != child]
        return object_text(
            [(json.dumps(key.name), "{" + ",".join([*others, f'"{child.name}":{_untyped(draws, child)}']) + "}")]
        )
    return object_text([(json.dumps(key.name), _untyped(draws, key))], with_origin=draws.chance(2))


def _untyped(draws: Draws, key: MetadataKey) -> str:
    """A value that is not of the type of a key."""
    by_kind = {"string": '"x"', "integer": "1", "number": "1.5", "boolean": "true", "object": "{}"}
    beyond = [str(1 << (key.bits or 0)), "-1", "1.0", "1e2"] if key.kind == "integer" else []
    others = [text for kind, text in by_kind.items() if kind != key.kind and (kind, key.kind) != ("integer", "number")]
    others = [text for text in others if not (key.kind == "integer" and text == "1")]
    return draws.pick([*beyond, *others, "[]", *([] if key.nullable else ["null"])])


def _broken(draws: Draws) -> bytes:
    """Text that is no JSON as the format has it, or no object."""
    plain = metadata_words(draws)["text"]
    texts: Sequence[str] = (
        *("[]", "null", '"text"', "1", "{}{}", "{} x", "", " ", "{", "}", "nul", '{"a"}', '{"a":}', '{"a" 1}', "{a:1}"),
        *('{"a":1,}', "[1,]", "{,}", "{'a':1}", '{"a":NaN}', '{"a":Infinity}', '{"a":-Infinity}', '{"a":+1}'),
        *('{"a":01}', '{"a":.5}', '{"a":5.}', '{"a":1e}', '{"a":0x1}', '{"a":1e400}', '{"a":-1e999}', '{"a":--1}'),
        *(r'{"a":"\x41"}', r'{"a":"\u12"}', r'{"a":"\ud800"}', r'{"a":"\ude00\ud83d"}', r'{"\udfff":1}'),
        *('{"a":"\n"}', '{"a":"\t"}', '{"a":"\0"}', '{"a":"x}', '{"a":1}\0', "\ufeff{}", "\xa0{}", "{}\v", "// x\n{}"),
        *("{/**/}", '{"a":tru}', '{"a":True}', '{"a":1 "b":2}', '{"a":[1}', '{"a":1]', '{"a"::1}'),
        '{"a":1' + "0" * 400 + "}",
        plain[:-1] if plain else "",
        plain[: draws.below(len(plain) + 1)],
        plain + draws.pick(("\0", ",", "}", "x", " \n")),
    )
    return draws.pick(texts).encode("utf-8")


def _not_utf8(draws: Draws) -> bytes:
    """A text in which a few bytes are no UTF-8."""
    bad = draws.pick(
        (b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc3", b"\x80", b"\xf8\x88\x80\x80\x80")
    )
    return b'{"a":"' + bad + b'"}' if draws.chance(2) else bad + b"{}"


def _deep(draws: Draws) -> bytes:
    """Text as deep as readers go, and one level more."""
    depth = draws.pick((MAX_VALUE_NESTING, MAX_VALUE_NESTING + 1, MAX_VALUE_NESTING + 2, 1000))
    openings = draws.pick(("[", '{"a":'))
    closings = {"[": "]", '{"a":': "}"}[openings]
    inner = "1" if openings != "[" else ""
    is_closed = not draws.chance(4)
    return ('{"a":' + openings * depth + inner + closings * depth * is_closed + "}").encode("utf-8")


_EVIL: Mapping[str, Callable[[Draws], bytes]] = {
    "a key of another type": lambda draws: _wrong_type(draws).encode("utf-8"),
    "no JSON": _broken,
    "no UTF-8": _not_utf8,
    "deep nesting": _deep,
    "a key twice": lambda draws: object_text([member(draws)] * 2).encode("utf-8"),
}


def evil_metadata(draws: Draws) -> tuple[str, dict[str, Any]]:
    """What is wrong with it, and metadata that readers refuse or warn of."""
    kind = draws.pick(("a key of another type",) * 3 + tuple(_EVIL))
    return kind, words_of(_EVIL[kind](draws))
