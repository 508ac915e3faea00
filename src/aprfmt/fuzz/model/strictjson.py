"""A second reader of JSON, as strict as the format wants it, that shares nothing with the first one.

It is slow and plain on purpose: the reader of this package is held against it. Where it cannot decide for certain, it
says so: whether a number near the largest double is finite for a reader that rounds in another way.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

__all__ = ["Pairs", "RefusedError", "UndecidedError", "depth_of", "value_of"]

_TOKEN = re.compile(
    r"[ \t\n\r]*(?:(?P<mark>[\[\]{},:])"
    r'|(?P<string>"(?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*")'
    r"|(?P<number>-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)"
    r"|(?P<word>true|false|null)"
    r"|(?P<end>$))"
)
_ESCAPE = re.compile(r'\\(?:u([0-9a-fA-F]{4})|(["\\/bfnrt]))')
_SHORT = dict(zip('"\\/bfnrt', '"\\/\b\f\n\r\t', strict=True))
_WORDS = {"true": True, "false": False, "null": None}
_SURE = 1.79e308
_MOST_DIGITS = 300


class RefusedError(Exception):
    """The text is not JSON."""


class UndecidedError(Exception):
    """Readers that are both right may differ."""


class Pairs(NamedTuple):
    """An object: its members in the order of the text, keys that occur twice included."""

    items: list[tuple[str, Any]]

    def last(self) -> dict[str, Any]:
        """The members that count."""
        return dict(self.items)


def value_of(text: str) -> Any:
    """The value of a text: `Pairs`, lists, texts, numbers, booleans, None.

    Raises `RefusedError` when it is no JSON, `UndecidedError` when that cannot be said.
    """
    tokens = _tokens(text)
    undecided: list[str] = []
    value = _value(next(tokens), tokens, undecided)
    if next(tokens)[0] != "end":
        raise RefusedError("something behind the value")
    if undecided:
        raise UndecidedError(undecided[0])
    return value


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while True:
        match = _TOKEN.match(text, at)
        if match is None:
            raise RefusedError(f"no token at {at}")
        kind = str(match.lastgroup)
        # `$` matches in front of a line feed at the end, too, which is white space.
        yield kind, match[kind]
        if kind == "end":
            return
        at = match.end()


def _value(first: tuple[str, str], tokens: Iterator[tuple[str, str]], undecided: list[str]) -> Any:
    """The value that begins with a token; without recursion, because depth is judged elsewhere."""
    stack: list[Any] = []
    token = first
    while True:
        kind, text = token
        if (kind, text) in (("mark", "["), ("mark", "{")):
            is_list = text == "["
            inner: Any = [] if is_list else Pairs([])
            token = next(tokens)
            if token == ("mark", "]" if is_list else "}"):
                value = inner
            else:
                if not is_list:
                    inner.items.append((_key(token, tokens), None))
                    token = next(tokens)
                stack.append(inner)
                continue
        else:
            value = _scalar(kind, text, undecided)
        while stack:
            around = stack[-1]
            if isinstance(around, list):
                around.append(value)
            else:
                around.items[-1] = (around.items[-1][0], value)
            token = next(tokens)
            if token == ("mark", ","):
                token = next(tokens)
                if not isinstance(around, list):
                    around.items.append((_key(token, tokens), None))
                    token = next(tokens)
                break
            if token != ("mark", "]" if isinstance(around, list) else "}"):
                raise RefusedError("neither a comma nor the closing bracket")
            value = stack.pop()
        else:
            return value


def _key(token: tuple[str, str], tokens: Iterator[tuple[str, str]]) -> str:
    if token[0] != "string" or next(tokens) != ("mark", ":"):
        raise RefusedError("no key")
    return _string(token[1])


def _scalar(kind: str, text: str, undecided: list[str]) -> Any:
    if kind == "string":
        return _string(text)
    if kind == "word":
        return _WORDS[text]
    if kind != "number":
        raise RefusedError("no value")
    is_integer = text.lstrip("-").isdigit()
    if is_integer and len(text) < _MOST_DIGITS:
        return int(text) if text != "-0" else -0.0
    value = float(text)
    if abs(value) == float("inf") and not is_integer:
        raise RefusedError("a number without end")
    if abs(value) > _SURE:
        undecided.append(text)
    return value


def _string(text: str) -> str:
    def decoded(match: re.Match[str]) -> str:
        return _SHORT[match[2]] if match[2] else chr(int(match[1], 16))

    found = _ESCAPE.sub(decoded, text[1:-1])
    try:
        # Pairs of escaped surrogates are one character; one that is alone is none.
        return found.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
    except UnicodeDecodeError as error:
        raise RefusedError("half a surrogate pair") from error


def depth_of(text: str) -> int:
    """How deep arrays and objects are in one another, by their opening brackets; of text that is no JSON, too."""
    depth = most = 0
    inside = False
    skip = False
    for character in text:
        if skip:
            skip = False
        elif inside:
            skip = character == "\\"
            inside = character != '"'
        elif character == '"':
            inside = True
        elif character in "[{":
            depth += 1
            most = max(most, depth)
        elif character in "]}":
            depth -= 1
    return most
