"""JSON text as the metadata needs it: a strict scanner that knows where everything stands, and an encoder.

The scanner accepts what serde_json 1.0 accepts, because apr-format 0.72.3 reads with it; the encoder writes
what serde_json writes.

Rules of this file:
1. Nothing recurses into the text before its depth is known to be within bounds.
2. Positions inside are characters; spans that leave are bytes of the file, end exclusive.
"""

from __future__ import annotations

import json
import math
import re
import reprlib
import struct
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any, NamedTuple, NoReturn

from .errors import FormatError, LimitExceededError, RequestError

__all__ = ["MAX_VALUE_NESTING", "JsonText", "RawMember", "encode_value", "shorten", "show", "to_f32"]

MAX_VALUE_NESTING = 126
"""Levels of the deepest value in the metadata: serde_json refuses level 128, and the object is level 1."""

_MAX_DIGITS = 309
"""Decimal digits of the largest double. serde_json reads long integers as doubles, and refuses infinities."""
_NEAR_MAX = 1.797e308  # below it, no way of rounding makes an infinity

_SPACE = re.compile(r"[ \t\n\r]*")
# An unclosed string runs to the end of the text, so that no quote is tried twice.
_STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?'
_STRINGS = re.compile(_STRING, re.DOTALL)
_NOT_BRACKETS = re.compile(r"[^\[\]{}]++")
_BRACKETS = re.compile(rf"{_STRING}|([\[{{])|[\]}}]", re.DOTALL)
_LITERALS = re.compile(rf"{_STRING}|(-?[0-9]++(?:\.[0-9]++)?(?:[eE][-+]?[0-9]++)?|NaN|-?Infinity)", re.DOTALL)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_ESCAPES = re.compile(r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F]|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL)
_STEP = {"[": 1, "{": 1, "]": -1, "}": -1}

_EXPECTED = (
    ("Expecting value", "a JSON value"),
    ("Expecting ',' delimiter", "',' or the closing bracket"),
    ("Expecting property name", "a key in double quotes"),
    ("Illegal trailing comma", "another member after ','"),
    ("Expecting ':'", "':' after the key"),
    ("Unterminated string", "a closing double quote"),
    ("Invalid control character", "control characters escaped"),
    ("Invalid \\u", "four hexadecimal digits after \\u"),
    ("Invalid \\", "an escape that JSON knows"),
)
"""What the standard library's decoder complains about, said the way our messages say it."""


class _BadLiteralError(Exception):
    """A literal that the decoder reads and serde_json does not; the decoder does not say where it stands."""

    def __init__(self, literal: str, expected: str) -> None:
        self.literal, self.expected = literal, expected
        super().__init__(literal)


def _integer(literal: str) -> int | float:
    if literal == "-0":
        return -0.0  # serde_json has no negative zero among its integers
    if len(literal) >= _MAX_DIGITS:
        _number(literal)
    return int(literal)


def _number(literal: str) -> float:
    value = float(literal)
    if not -_NEAR_MAX < value < _NEAR_MAX and (math.isinf(value) or _overflows(literal)):
        raise _BadLiteralError(literal, "a number within the range of a double")
    return value


def _overflows(literal: str) -> bool:
    """Whether serde_json reads an infinity in a number between `_NEAR_MAX` and the largest double.

    It keeps the digits that fit into 64 bits, here the first 20, and multiplies them by a power of ten: the
    number is rounded three times, and some that are finite when rounded once are not.
    """
    digits = literal.lower().partition("e")[0].lstrip("-0.").replace(".", "")[:20]
    return math.isinf(int(digits) * float(f"1e{_MAX_DIGITS - len(digits)}"))


def _constant(literal: str) -> NoReturn:
    raise _BadLiteralError(literal, "a JSON value")


_DECODER = json.JSONDecoder(parse_int=_integer, parse_float=_number, parse_constant=_constant)


class RawMember(NamedTuple):
    """One member of an object. Spans count characters of the text, and include the quotes."""

    key: str
    key_span: tuple[int, int]
    value_span: tuple[int, int]
    value: Any


class JsonText:
    """Text that is to be one JSON object; `origin` is where its first byte stands in the file.

    Raises `FormatError` with rules APR-M001 (no bytes) and APR-M002 (not UTF-8).
    """

    def __init__(self, raw: bytes, *, origin: int) -> None:
        self._origin = origin
        if not raw:
            _refuse("the metadata is empty", "APR-M001", (origin, origin), "a JSON object", "0 bytes")
        try:
            self.text = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            found = f"{raw[error.start : error.end].hex(' ')} ({error.reason})"
            span = (origin + error.start, origin + error.end)
            _refuse("the metadata is not UTF-8", "APR-M002", span, "UTF-8", found, error)
        self._one_byte_each = len(self.text) == len(raw)

    def byte_positions(self, positions: Sequence[int]) -> list[int]:
        """Absolute byte positions in the file of ascending positions in the text."""
        if self._one_byte_each:
            return [self._origin + position for position in positions]
        steps = (len(self.text[start:stop].encode()) for start, stop in zip((0, *positions), positions, strict=False))
        return [self._origin + total for total in accumulate(steps)]

    def members(self, *, max_nesting: int, max_members: int) -> list[RawMember]:
        """All members of the object, duplicates included, in the order of the text.

        `max_nesting` bounds the levels of arrays and objects; the object itself is level 1. Raises
        `FormatError` with rules APR-M003 (not JSON), APR-M004 (not an object) and APR-M005 (too deep), and
        `LimitExceededError` for more than `max_members` members or more levels than the interpreter can read.
        """
        self._refuse_depth(max_nesting)
        start = self._skip(0)
        members: list[RawMember] = []
        if self.text[start : start + 1] == "{":
            end = self._object(start, members, max_members)
        else:
            _, end = self._value(start)
        rest = self._skip(end)
        if rest != len(self.text):
            self._refuse(rest, "nothing after the JSON value")
        self._refuse_lone_surrogates()
        if self.text[start] != "{":
            message = "the metadata is not an object"
            self._refuse(start, "a JSON object", rule_id="APR-M004", message=message, stop=end)
        return members

    def _object(self, start: int, members: list[RawMember], limit: int) -> int:
        """Read the object that opens at `start` into `members`; returns the position after it."""
        text, position = self.text, self._skip(start + 1)
        if text[position : position + 1] == "}":
            return position + 1
        while True:
            if text[position : position + 1] != '"':
                self._refuse(position, "a key in double quotes")
            if len(members) >= limit:
                self._exceed(position, "too many members", f"at most {limit} (max_metadata_members)")
            key, key_stop = self._value(position)
            colon = self._skip(key_stop)
            if text[colon : colon + 1] != ":":
                self._refuse(colon, "':' after the key")
            value_start = self._skip(colon + 1)
            value, value_stop = self._value(value_start)
            members.append(RawMember(key, (position, key_stop), (value_start, value_stop), value))
            position = self._skip(value_stop)
            if (delimiter := text[position : position + 1]) == "}":
                return position + 1
            if delimiter != ",":
                self._refuse(position, "',' or '}'")
            position = self._skip(position + 1)

    def _skip(self, position: int) -> int:
        space = _SPACE.match(self.text, position)
        return position if space is None else space.end()

    def _value(self, position: int) -> tuple[Any, int]:
        try:
            return _DECODER.raw_decode(self.text, position)
        except json.JSONDecodeError as error:
            expected = next((ours for theirs, ours in _EXPECTED if error.msg.startswith(theirs)), error.msg)
            self._refuse(error.pos, expected, cause=error)
        except _BadLiteralError as error:
            for match in _LITERALS.finditer(self.text, position):
                if match[1] == error.literal:
                    self._refuse(match.start(), error.expected, stop=match.end(), cause=error)
            raise  # pragma: no cover - the decoder found the literal, so the expression finds it
        except RecursionError as error:
            self._exceed(position, "nested deeper than this interpreter can read", "fewer levels", error)

    def _exceed(self, start: int, message: str, expected: str, cause: Exception | None = None) -> NoReturn:
        first, last = self.byte_positions((start, len(self.text)))
        excess = LimitExceededError(message, field="metadata", span=(first, last), expected=expected, found="more")
        raise excess from cause

    def _refuse_depth(self, max_nesting: int) -> None:
        text = self.text
        if text.count("[") + text.count("{") <= max_nesting:
            return
        brackets = _NOT_BRACKETS.sub("", _STRINGS.sub("", text))
        if max(accumulate(map(_STEP.__getitem__, brackets)), default=0) <= max_nesting:
            return
        depth = 0
        for match in _BRACKETS.finditer(text):
            if match[1]:
                depth += 1
                if depth > max_nesting:
                    message = "the metadata is nested too deeply"
                    expected = f"at most {max_nesting} levels of arrays and objects"
                    self._refuse(match.start(), expected, rule_id="APR-M005", message=message, stop=match.end())
            elif match[0] in "]}":
                depth -= 1

    def _refuse_lone_surrogates(self) -> None:
        # Backslashes stand only inside strings by now: the text is known to be JSON.
        if _SURROGATE.search(self.text) is None:
            return
        for match in _ESCAPES.finditer(self.text):
            if match[1]:
                self._refuse(match.start(), "surrogate escapes in pairs", stop=match.end())

    def _refuse(
        self,
        start: int,
        expected: str,
        *,
        rule_id: str = "APR-M003",
        message: str = "the metadata is not JSON",
        stop: int | None = None,
        cause: Exception | None = None,
    ) -> NoReturn:
        found = self.text[start : start + _SHORT + 1 if stop is None else stop]
        stop = min(start + 1, len(self.text)) if stop is None else stop
        first, last = self.byte_positions((start, stop))
        _refuse(message, rule_id, (first, last), expected, shorten(found) if found else _END, cause)


def _refuse(
    message: str, rule_id: str, span: tuple[int, int], expected: str, found: str, cause: Exception | None = None
) -> NoReturn:
    error = FormatError(message, rule_id=rule_id, field="metadata", span=span, expected=expected, found=found)
    raise error from cause


_END = "the end of the metadata"
_SHORT = 40


def shorten(text: str) -> str:
    """The beginning of a text for an error message, with everything unprintable escaped."""
    return repr(text) if len(text) <= _SHORT else repr(text[:_SHORT]) + "…"


def show(value: object) -> str:
    """A value of the caller's for an error message."""
    try:
        return reprlib.repr(value)
    except ValueError:  # Python refuses to print integers of some thousand digits
        return f"a very large {type(value).__name__}"


_ENCODE_STRING = json.JSONEncoder(ensure_ascii=False).encode
_F32_FIXED = range(-6, 13)
_F64_FIXED = range(-5, 16)
"""Decimal exponents that zmij 1.0, the number formatter of serde_json, writes without an exponent."""


def encode_value(value: Any, *, f32: bool = False, wide_integers_as_doubles: bool = False) -> str:
    """The compact JSON text that serde_json writes for a str, int, float, bool, None, list, tuple or mapping.

    `f32` writes the number `value` in the fewest digits that identify it in single precision. With
    `wide_integers_as_doubles`, integers beyond 64 bits are written as the doubles that apr-format 0.72.3
    reads. Raises `RequestError` for what JSON cannot carry, and for what the scanner here would refuse.
    """
    if f32 and isinstance(value, (int, float)) and not isinstance(value, bool):
        return _encode_f32(value)
    parts: list[str] = []
    _encode(value, parts, MAX_VALUE_NESTING, wide_integers_as_doubles)
    text = "".join(parts)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        code = ord(text[error.start])  # Python keeps a byte of a foreign encoding as a surrogate, 0xDC00 above it
        found = f"the byte {code - 0xDC00:#04x}" if 0xDC80 <= code < 0xDD00 else f"the lone surrogate U+{code:04X}"
        raise RequestError(f"the text is not UTF-8: found {found}") from error
    return text


def _encode(value: Any, parts: list[str], levels: int, doubles: bool) -> None:
    if isinstance(value, str):
        parts.append(_ENCODE_STRING(value))
    elif value is None:
        parts.append("null")
    elif isinstance(value, bool):
        parts.append("true" if value else "false")
    elif isinstance(value, int):
        parts.append(_encode_integer(value, doubles))
    elif isinstance(value, float):
        parts.append(_encode_f64(value))
    elif levels == 0 and isinstance(value, (Mapping, list, tuple)):
        raise RequestError(f"a value of more than {MAX_VALUE_NESTING} levels cannot be written")
    elif isinstance(value, Mapping):
        parts.append("{")
        for number, (key, item) in enumerate(value.items()):
            if not isinstance(key, str):
                raise RequestError(f"a key of an object is a string, not {show(key)}")
            parts.append(f"{',' if number else ''}{_ENCODE_STRING(key)}:")
            _encode(item, parts, levels - 1, doubles)
        parts.append("}")
    elif isinstance(value, (list, tuple)):
        parts.append("[")
        for number, item in enumerate(value):
            parts.append("," if number else "")
            _encode(item, parts, levels - 1, doubles)
        parts.append("]")
    else:
        raise RequestError(f"a value of type {type(value).__name__} cannot be written as JSON")


def _encode_integer(value: int, doubles: bool) -> str:
    try:
        double = float(value)
    except OverflowError:
        double = math.inf
    if doubles and not -(2**63) <= value < 2**64 and math.isfinite(double):
        return _encode_f64(double)
    if abs(double) >= _NEAR_MAX and (math.isinf(double) or _overflows(int.__repr__(value))):
        raise RequestError("an integer beyond the range of a double cannot be written; write it as a string")
    return int.__repr__(value)


def _encode_f64(value: float) -> str:
    if not math.isfinite(value):
        raise RequestError(f"JSON has no {float.__repr__(value)}")
    digits, _, exponent = float.__repr__(abs(value)).partition("e")
    whole, _, fraction = digits.partition(".")
    power = int(exponent or 0) + len(whole) - 1
    significant = (whole + fraction).lstrip("0")
    power -= len(whole + fraction) - len(significant) if value else 0
    return _layout(value, significant.rstrip("0"), power, _F64_FIXED)


def to_f32(value: float) -> float:
    """The value as the reference reads it in single precision; an infinity when it is out of range."""
    if isinstance(value, int) and -(2**63) <= value < 2**64 and (excess := value.bit_length() - 24) > 0:
        # Rounded once, half to even: on its way through a double it would be rounded twice.
        magnitude = abs(value) + (1 << excess - 1) - 1 + (abs(value) >> excess & 1)
        value = math.copysign(magnitude >> excess << excess, value)
    try:
        return float(struct.unpack("<f", struct.pack("<f", float(value)))[0])
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _encode_f32(value: float) -> str:
    single = to_f32(value)
    if not math.isfinite(single):
        raise RequestError(f"{show(value)} is beyond the range of single precision")
    digits, power = _shortest_f32(abs(single)) if single else ("", 0)
    return _layout(single, digits, power, _F32_FIXED)


def _shortest_f32(single: float) -> tuple[str, int]:
    """The fewest digits that identify a positive number, and the power of ten of the first one."""
    (bits,) = struct.unpack("<I", struct.pack("<f", single))
    biased = bits >> 23
    mantissa = bits & 0x7FFFFF | (0x800000 if biased else 0)
    exponent = max(biased, 1) - 152  # in quarters of the last place, the middles between neighbours are whole
    low = 4 * mantissa - (1 if mantissa == 0x800000 and biased > 1 else 2)
    interval = (low, 4 * mantissa, 4 * mantissa + 2)
    decade = int(f"{single:.8e}".partition("e")[2])
    for power in range(decade, decade - 9, -1):
        unit = 10 ** max(power, 0) << max(-exponent, 0)
        low, middle, high = (x * 10 ** max(-power, 0) << max(exponent, 0) for x in interval)
        near = (middle // unit, middle // unit + 1)
        # Readers round halves to even: an even mantissa owns the ends of its interval.
        inside = [n for n in near if low < n * unit < high or (mantissa % 2 == 0 and n * unit in (low, high))]
        if inside:
            digits = str(min(inside, key=lambda n: (abs(n * unit - middle), n % 2)))
            return digits.rstrip("0"), power + len(digits) - 1
    raise AssertionError("nine digits identify every number of single precision")  # pragma: no cover


def _layout(value: float, digits: str, power: int, fixed: range) -> str:
    """Lay out significant digits, without zeros at either end, whose first one stands for 10 ** power."""
    sign = "-" if math.copysign(1, value) < 0 else ""
    digits = digits or "0"
    if power not in fixed:
        mantissa = digits[0] + ("." + digits[1:] if len(digits) > 1 else "")
        return f"{sign}{mantissa}e{power:+d}" if power >= 0 else f"{sign}{mantissa}e{power}"
    if power < 0:
        return f"{sign}0.{'0' * (-power - 1)}{digits}"
    digits = digits.ljust(power + 1, "0")
    return f"{sign}{digits[: power + 1]}.{digits[power + 1 :] or '0'}"
