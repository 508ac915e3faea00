"""What an implementation read, held against what a careful reader reads.

Rules of this file:
1. Whatever a harness says is compared, and what it does not say is no difference; but what it says under a name that
   the protocol does not know is one, because a misspelt key would otherwise never be compared.
2. Nothing that a harness says raises an error: a value of the wrong shape is a difference like any other.
3. Two ways of writing one value are one value: an integer and its decimal digits, an element type and its name, 1 and
   1.0. A bool is never a number.
4. In an object of the metadata, null says as much as no key at all, and a known key that a canonical writer always
   writes may be given by the value that it then writes. apr-format 0.72.3 cannot tell these apart: its typed metadata
   answers null for every optional key that is absent, "" for `model_type` and 0 for the two counts.
5. A known key that the schema calls one of single precision may be given as it is, or as it is in single precision;
   what is infinite then has no number in JSON, and may be null.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from ..jsontext import to_f32
from ..layout import DType, facts
from ..layout._generated.metadata_schema import KEYS
from ..vectors.words import SAFE_INTEGER

__all__ = ["PARTS", "difference"]

PARTS: tuple[str, ...] = ("header", "metadata", "tensors", "crc32", "footer")
"""What can be compared, in this order; `crc32` is that of the tensors' bytes."""

_HEADER_FIELDS = frozenset(facts.FIELDS["header"])
_TENSOR_KEYS = ("name", "dtype", "dims", "ofs_tensor", "len_tensor", "crc32")
_WRITTEN_WHEN_ABSENT = {key.name: key.default for key in KEYS if key.when_absent == "write"}

_SINGLES = frozenset(key.name for key in KEYS if key.f32)

_DIGITS = re.compile(r"0|[1-9][0-9]{0,39}")
_WIDE_DIGITS = re.compile(r"-?[1-9][0-9]{15,399}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}")

_MIN_I64, _MAX_U64 = -(1 << 63), (1 << 64) - 1
"""Beyond these, parsers read an integer as the nearest double."""

_LONGEST_TEXT = 60
_LONGEST = 160
_MOST_ITEMS = 8
_WIDEST_SHOWN = 1 << 200

_Path = tuple["_Path | None", str]
"""A place, as the place around it and the last step."""


def difference(expected: Mapping[str, Any], found: object) -> tuple[str, tuple[str, ...]]:
    """The first difference in words, or nothing, and which parts were compared.

    `expected` is what `aprfmt.vectors.readings.reading` gives; `found` is whatever a harness says under `values`.
    """
    if not isinstance(found, Mapping):
        return _told((None, "values"), "an object", _text(found)), ()
    return next(_differences(expected, found), ""), _compared(expected, found)


def _compared(expected: Mapping[str, Any], found: Mapping[str, Any]) -> tuple[str, ...]:
    header, tensors = found.get("header"), found.get("tensors")
    items = tensors if isinstance(tensors, list | tuple) else ()
    asked = any("crc32" in tensor for tensor in expected["tensors"])
    said = {
        "header": isinstance(header, Mapping) and any(name in expected["header"] for name in header),
        "metadata": "metadata" in found,
        "tensors": "tensors" in found,
        "crc32": asked and any(isinstance(item, Mapping) and "crc32" in item for item in items),
        "footer": "footer" in found,
    }
    return tuple(part for part in PARTS if said[part])


def _differences(expected: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[str]:
    if "header" in found:
        yield from _header(expected["header"], found["header"])
    if "metadata" in found:
        yield from _metadata(expected["metadata"], found["metadata"])
    if "tensors" in found:
        yield from _tensors(expected["tensors"], found["tensors"])
    if "footer" in found and not _same_footer(expected["footer"], found["footer"]):
        yield _words((None, "footer"), expected["footer"], found["footer"])
    known = [key for key in expected if key in PARTS]
    yield from _unknown((None, "values"), known, found)


def _same_footer(expected: Any, found: Any) -> bool:
    return found is None if expected is None else _same_integer(expected, found)


def _header(expected: Mapping[str, Any], found: Any) -> Iterator[str]:
    place: _Path = (None, "header")
    if not isinstance(found, Mapping):
        yield _told(place, "an object", _text(found))
        return
    for name, value in expected.items():
        if name in found and not _same_integer(value, found[name]):
            yield _words((place, _step(name)), value, found[name])
    yield from _unknown(place, _HEADER_FIELDS, found)


def _tensors(expected: list[Mapping[str, Any]], found: Any) -> Iterator[str]:
    place: _Path = (None, "tensors")
    if not isinstance(found, list | tuple):
        yield _told(place, "a list", _text(found))
        return
    if len(found) != len(expected):
        yield _told(place, f"{len(expected)} of them", str(len(found)))
        return
    for number, (tensor, item) in enumerate(zip(expected, found, strict=True)):
        yield from _tensor((place, f"[{number}]"), tensor, item)


def _tensor(place: _Path, expected: Mapping[str, Any], found: Any) -> Iterator[str]:
    if not isinstance(found, Mapping):
        yield _told(place, "an object", _text(found))
        return
    for name, value in expected.items():
        if name in found and not _same_in_tensor(name, value, found[name]):
            yield from _tensor_words((place, _step(name)), name, value, found[name])
    yield from _unknown(place, _TENSOR_KEYS, found)


def _tensor_words(place: _Path, name: str, expected: Any, found: Any) -> Iterator[str]:
    """What differs in a tensor; of shapes that are too long to show, the first dimension that differs."""
    if name == "dtype":
        yield _told(place, _dtype_text(expected), _text(found))
    elif name != "dims" or not isinstance(found, list | tuple) or len(expected) <= _MOST_ITEMS:
        yield _words(place, expected, found)
    elif len(found) != len(expected):
        yield _told(place, f"{len(expected)} dimensions", str(len(found)))
    else:
        pairs = enumerate(zip(expected, found, strict=True))
        yield from (_words((place, f"[{at}]"), *pair) for at, pair in pairs if not _same_integer(*pair))


def _same_in_tensor(name: str, expected: Any, found: Any) -> bool:
    if name == "name":
        return isinstance(found, str) and found == expected
    if name == "crc32":
        return isinstance(found, str) and found.lower() == expected
    if name == "dtype":
        return _same_dtype(expected, found)
    if name == "dims":
        is_list = isinstance(found, list | tuple) and len(found) == len(expected)
        return is_list and all(map(_same_integer, expected, found))
    return _same_integer(expected, found)


def _same_dtype(code: int, found: Any) -> bool:
    """Whether it is the number in the file, the number that writers use for that type, or one of its names."""
    known = facts.DTYPE_FACTS.get(code)
    number = _integer(found)
    if number is not None:
        return number == code or (known is not None and number == known.canonical_code)
    if known is None or not isinstance(found, str):
        return False
    return found.lower() in {known.id.lower(), known.orig_id.lower(), DType(code).name.lower()}


def _dtype_text(code: int) -> str:
    known = facts.DTYPE_FACTS.get(code)
    return str(code) if known is None else f"{code} or {_text(known.id)}"


def _unknown(place: _Path, known: Any, found: Mapping[Any, Any]) -> Iterator[str]:
    for key in found:
        if key not in known:
            yield f"{_place((place, _step(key)))}: expected one of {', '.join(sorted(known))}"


def _metadata(expected: Mapping[str, Any], found: Any) -> Iterator[str]:
    """Level by level without recursion: how many there are is for the file and the harness to say."""
    left: list[tuple[_Path, Any, Any]] = [((None, "metadata"), expected, found)]
    defaults: Mapping[str, Any] = _WRITTEN_WHEN_ABSENT
    singles = _SINGLES
    while left:
        place, wanted, given = left.pop()
        if isinstance(wanted, Mapping) and isinstance(given, Mapping):
            yield from _missing(place, wanted, given)
            yield from _extra(place, wanted, given, defaults)
            inside = [
                ((place, _step(key)), value, given[key])
                for key, value in wanted.items()
                if key in given and not (key in singles and _same_single(value, given[key]))
            ]
            left.extend(reversed(inside))
        elif isinstance(wanted, list | tuple) and isinstance(given, list | tuple):
            if len(wanted) != len(given):
                yield _told(place, f"{len(wanted)} items", str(len(given)))
                return
            pairs = enumerate(zip(wanted, given, strict=True))
            left.extend(reversed([((place, f"[{number}]"), *pair) for number, pair in pairs]))
        elif not _same_scalar(wanted, given):
            yield _words(place, wanted, given)
        defaults, singles = {}, frozenset()  # known keys of other objects have none but null


def _missing(place: _Path, expected: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[str]:
    for key, value in expected.items():
        if key not in found and value is not None:
            yield _told((place, _step(key)), _text(value), "nothing")


def _extra(
    place: _Path, expected: Mapping[str, Any], found: Mapping[str, Any], defaults: Mapping[str, Any]
) -> Iterator[str]:
    for key, value in found.items():
        if key not in expected and value is not None and not _same_scalar(defaults.get(key), value):
            yield _told((place, _step(key)), "nothing", _text(value))


def _same_scalar(expected: Any, found: Any) -> bool:
    """Whether two values that are no objects and no lists are one JSON value; digits stand for integers beyond 2^53."""
    if isinstance(expected, bool) or isinstance(found, bool) or expected is None or found is None:
        return expected is found
    if isinstance(expected, str) and isinstance(found, str):
        return expected == found
    left, right = _number(expected), _number(found)
    if left is None or right is None:
        return False
    if left == right or (left != left and right != right):
        return True
    if isinstance(left, float):
        return left == _double(right)
    return not _MIN_I64 <= left <= _MAX_U64 and _double(left) == _double(right)


def _same_single(expected: Any, found: Any) -> bool:
    """Whether the second is the first as a number of single precision."""
    number = _number(expected)
    if number is None or isinstance(expected, bool):
        return False
    single = to_f32(number)
    return found is None if math.isinf(single) else _same_scalar(single, found)


def _number(value: Any) -> int | float | None:
    if isinstance(value, int | float):
        return value
    if isinstance(value, str) and _WIDE_DIGITS.fullmatch(value) and abs(int(value)) > SAFE_INTEGER:
        return int(value)
    return None


def _double(value: int | float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.nan


def _same_integer(expected: Any, found: Any) -> bool:
    left, right = _integer(expected), _integer(found)
    return left is not None and left == right


def _integer(value: Any) -> int | None:
    """The integer that a number or its decimal digits say; 3.0 is one in JSON."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    return int(value) if isinstance(value, str) and _DIGITS.fullmatch(value) else None


def _words(place: _Path, expected: Any, found: Any) -> str:
    """What was expected at a place, and what was found; of long texts what follows the part that is equal."""
    if isinstance(expected, str) and isinstance(found, str):
        same = _n_common(expected, found)
        if same > _LONGEST_TEXT // 2:
            place = (place, f" from character {same} on")
            expected, found = expected[same:], found[same:]
    return _told(place, _text(expected), _text(found))


def _told(place: _Path, expected: str, found: str) -> str:
    return f"{_place(place)}: expected {expected}, found {found}"


def _n_common(left: str, right: str) -> int:
    pairs = enumerate(zip(left, right, strict=False))
    return next((number for number, (a, b) in pairs if a != b), min(len(left), len(right)))


def _step(key: object) -> str:
    return f".{key}" if isinstance(key, str) and _NAME.fullmatch(key) else f"[{_text(key)}]"


def _place(path: _Path | None) -> str:
    steps = []
    while path is not None:
        path, step = path
        steps.append(step)
    text = "".join(reversed(steps))
    half = _LONGEST // 2
    return text if len(text) <= _LONGEST else f"{text[:half]}…{text[-half:]}"


def _text(value: Any) -> str:
    """The beginning of a value as JSON, with all that could move a cursor escaped."""
    if isinstance(value, list | tuple):
        shown = ["…" if isinstance(item, list | tuple | Mapping) else _text(item) for item in value[:_MOST_ITEMS]]
        return _cut(f"[{', '.join(shown)}{', …' * (len(value) > _MOST_ITEMS)}]")
    if isinstance(value, Mapping):
        shown = [f"{_text(key)}: …" for key in islice(value, _MOST_ITEMS)]
        return _cut(f"{{{', '.join(shown)}{', …' * (len(value) > _MOST_ITEMS)}}}")
    if isinstance(value, str):
        return _cut(json.dumps(value[:_LONGEST_TEXT]) + "…" * (len(value) > _LONGEST_TEXT))
    if isinstance(value, int) and not isinstance(value, bool):
        return str(int(value)) if abs(value) < _WIDEST_SHOWN else f"an integer of {value.bit_length()} bits"
    if value is None or isinstance(value, bool | float):
        return json.dumps(value)
    return _cut(f"a value of the type {json.dumps(type(value).__name__)}")


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
