"""JSON as strictly as the readers of the format take it: the standard library's decoder, and what it lets pass refused.

Positions are characters of the text; `Text.span` makes bytes of the file of them.
"""

from __future__ import annotations

import json
import math
import re
from itertools import accumulate
from typing import Any, NamedTuple, NoReturn

from ._errors import FormatError, shown
from ._limits import Limits

__all__ = ["Member", "Text"]

_SPACE = re.compile(r"[ \t\n\r]*")
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)  # one that is not closed ends with the text
_NO_BRACKETS = re.compile(r"[^][{}]++")
_STEPS = {"[": 1, "{": 1, "]": -1, "}": -1}
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_ESCAPE = re.compile(r"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|(u[dD][89a-fA-F]..)|.)", re.DOTALL)
_LONGEST_DOUBLE = len(str(int(1.7976931348623157e308)))
"""Digits of the largest double: an integer with fewer is within its range."""
_NEAR_MAX = 1.797e308
"""Below it, no way of rounding makes an infinity."""
_MOST_KEPT = 20
"""Digits of the largest integer of 64 bits."""


_PART = 1 << 20
"""Characters that are encoded at a time: a text of 256 MiB is copied nowhere to say where in it something stands."""


class Member(NamedTuple):
    """The value of a key, and the characters between which it stands."""

    value: Any
    start: int
    stop: int


class _BadLiteralError(Exception):
    """A literal that the decoder hands over and JSON does not have; the decoder does not say where it stands."""


def _integer(literal: str) -> int | float:
    if literal == "-0":
        return -0.0  # there is no negative zero among the integers
    if len(literal) >= _LONGEST_DOUBLE:
        _number(literal)
    return int(literal)


def _number(literal: str) -> float:
    value = float(literal)
    if not -_NEAR_MAX < value < _NEAR_MAX and (math.isinf(value) or _overflows(literal)):
        raise _BadLiteralError(literal)
    return value


def _overflows(literal: str) -> bool:
    """Whether the reference reads an infinity, of a number between `_NEAR_MAX` and the largest double.

    It multiplies the digits that fit into 64 bits by a power of ten: what is rounded three times can be infinite where
    what is rounded once is not.
    """
    digits = literal.lower().partition("e")[0].lstrip("-0.").replace(".", "")[:_MOST_KEPT]
    return math.isinf(int(digits) * float(f"1e{_LONGEST_DOUBLE - len(digits)}"))


def _constant(literal: str) -> NoReturn:
    raise _BadLiteralError(literal)


_DECODER = json.JSONDecoder(parse_int=_integer, parse_float=_number, parse_constant=_constant)


class Text:
    """Bytes of the file from `origin` on that are to be one JSON object.

    Raises `FormatError`: APR-M002 when they are not UTF-8.
    """

    def __init__(self, raw: bytes, origin: int, limits: Limits) -> None:
        self._origin, self._limits = origin, limits
        try:
            self._text = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            span = (origin + error.start, origin + error.end)
            found = f"{raw[error.start : error.end].hex(' ')} ({error.reason})"
            raise FormatError("APR-M002", "metadata", span, "UTF-8", found) from error

    def span(self, start: int, stop: int) -> tuple[int, int]:
        """The bytes of the file that characters stand in."""
        first = self._origin + self._nbytes(0, start)
        return first, first + self._nbytes(start, stop)

    def _nbytes(self, start: int, stop: int) -> int:
        parts = (self._text[at : min(at + _PART, stop)] for at in range(start, stop, _PART))
        return sum(len(part.encode()) for part in parts)

    def cut(self, start: int, stop: int) -> str:
        """The beginning of a part of the text, for a message."""
        return shown(self._text[start:stop]) if start < len(self._text) else "the end of the metadata"

    def members(self) -> dict[str, Member]:
        """The members of the object by key; of a key that occurs twice the last one.

        Raises `FormatError`: APR-M005 when it is nested too deeply, APR-M003 when the text is not JSON, APR-M004 when
        it is no object, APR-L001 beyond a limit.
        """
        self._require_bounds()
        start = self._skip(0)
        is_object = self._text.startswith("{", start)
        members: dict[str, Member] = {}
        end = self._object(start, members) if is_object else self._value(start)[1]
        rest = self._skip(end)
        if rest != len(self._text):
            self._refuse(rest, "nothing behind the JSON value")
        self._require_whole_surrogates()
        if not is_object:
            found = self.cut(start, end)
            raise FormatError("APR-M004", "metadata", self.span(start, end), "a JSON object", found)
        return members

    def _require_bounds(self) -> None:
        """Raise for too many values or levels, before anything is read: strings do not count."""
        text, limits = self._text, self._limits
        if text.count("[") + text.count("{") > limits.max_metadata_nesting:
            text = _STRING.sub('""', text)
            depth = max(accumulate(map(_STEPS.__getitem__, _NO_BRACKETS.sub("", text))), default=0)
            if depth > limits.max_metadata_nesting:
                self._refuse_depth()
        n_values = 1 + sum(map(text.count, ",[{"))
        if n_values > limits.max_metadata_values:
            n_values = 1 + sum(map(_STRING.sub('""', text).count, ",[{"))
            self._require_within("max_metadata_values", n_values)

    def _require_within(self, name: str, found: int) -> None:
        most = getattr(self._limits, name)
        if found > most:
            span = self.span(0, len(self._text))
            raise FormatError("APR-L001", "metadata", span, f"at most {most} ({name})", str(found))

    def _refuse_depth(self) -> NoReturn:
        depth, at = 0, 0
        blank = _STRING.sub(lambda match: " " * len(match[0]), self._text)
        while depth <= self._limits.max_metadata_nesting:
            depth += _STEPS.get(blank[at], 0)
            at += 1
        expected = f"at most {self._limits.max_metadata_nesting} levels of arrays and objects"
        raise FormatError("APR-M005", "metadata", self.span(at - 1, at), expected, self.cut(at - 1, at))

    def _object(self, start: int, members: dict[str, Member]) -> int:
        """Read the object that opens at `start`; returns the position behind it."""
        text, at, count = self._text, self._skip(start + 1), 0
        if text.startswith("}", at):
            return at + 1
        while True:
            if not text.startswith('"', at):
                self._refuse(at, "a key in double quotes")
            count += 1
            self._require_within("max_metadata_members", count)
            key, at = self._value(at)
            at = self._skip(at)
            if not text.startswith(":", at):
                self._refuse(at, "':' behind the key")
            at = self._skip(at + 1)
            value, stop = self._value(at)
            members[key] = Member(value, at, stop)
            at = self._skip(stop)
            if text.startswith("}", at):
                return at + 1
            if not text.startswith(",", at):
                self._refuse(at, "',' or '}'")
            at = self._skip(at + 1)

    def _skip(self, at: int) -> int:
        space = _SPACE.match(self._text, at)
        return at if space is None else space.end()

    def _value(self, at: int) -> tuple[Any, int]:
        try:
            return _DECODER.raw_decode(self._text, at)
        except json.JSONDecodeError as error:
            self._refuse(error.pos, f"strict JSON ({error.msg.rstrip(': ')})", error)
        except _BadLiteralError as error:
            (literal,) = error.args
            blank = _STRING.sub(lambda match: " " * len(match[0]), self._text[at:])
            start = at + blank.index(literal)
            expected = "a JSON value" if literal[-1] in "Ny" else "a number within the range of a double"
            self._refuse(start, expected, error, start + len(literal))

    def _refuse(self, at: int, expected: str, cause: Exception | None = None, stop: int | None = None) -> NoReturn:
        span = self.span(at, at + 1 if stop is None else stop)
        found = self.cut(at, len(self._text) if stop is None else stop)
        raise FormatError("APR-M003", "metadata", span, expected, found) from cause

    def _require_whole_surrogates(self) -> None:
        # Backslashes stand in strings alone by now, and four digits behind each \u: the text is known to be JSON.
        if _SURROGATE.search(self._text) is None:
            return
        for match in _ESCAPE.finditer(self._text):
            if match[1]:
                self._refuse(match.start(), "surrogate escapes in pairs", None, match.end())
