"""Where something odd stands in JSON text, at any depth: keys that a later one overrides, integers beyond 64 bits.

The text is known to be JSON as `jsontext` accepts it; of any other text nothing is promised.

Rules of this file:
1. A cheap test that misses nothing comes first, because there is nearly always nothing to find. The text is walked
   through only when the test is positive, and the walk alone decides.
2. Positions are bytes, inside too: everything that gives JSON its structure is ASCII, and no byte of another character
   is.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

__all__ = ["Place", "overridden_members", "path_text", "repeated_keys", "wide_integers"]

_LONGEST_STEP = 100
"""Characters of a key that a path shows."""


class Place(NamedTuple):
    """Where something odd stands, and what it says.

    `path` leads there: keys, decoded, and positions in arrays, as in `("tokenizer.added_tokens", 3, "content")`. `span`
    and `winner` are bytes, end exclusive, counted from the `origin` that the caller gives. `text` is what stands in the
    span as it is written: a key with its quotes and escapes, or a literal. `winner` is the span of the next key that
    overrides this one.
    """

    path: tuple[str | int, ...]
    span: tuple[int, int]
    text: str
    winner: tuple[int, int] | None = None


def repeated_keys(raw: bytes, origin: int = 0) -> Iterator[Place]:
    """Every member that a later member of the same key in the same object overrides, in the order of the later ones.

    Keys are the same when they are so decoded: `"a"` and `"\\u0061"` are. What was found is not kept.
    """
    if not _may_repeat_keys(raw):
        return
    # Of the object that is open at each depth: the last member of each key so far.
    last: defaultdict[int, dict[str | int, tuple[int, int]]] = defaultdict(dict)
    for kind, path, start, stop in _walk(raw):
        depth = len(path)
        if kind == _KEY:
            key, winner = path[-1], (start, stop)
            if (span := last[depth].get(key)) is not None:
                yield Place(tuple(path), _moved(span, origin), raw[slice(*span)].decode(), _moved(winner, origin))
            last[depth][key] = winner
        elif kind == _MARK:
            last.pop(depth, None)


def overridden_members(raw: bytes) -> list[tuple[int, int]]:
    """The bytes of every member that `repeated_keys` finds, from its key to the next key of the same object.

    Without them no key is repeated and the text is JSON as before. One may lie inside another.
    """
    found = {place.span[0] for place in repeated_keys(raw)}
    if not found:
        return []
    spans, open_at = [], defaultdict[int, list[int]](list)
    for kind, path, start, _ in _walk(raw):
        depth = len(path)
        if kind == _KEY:
            spans += [(first, start) for first in open_at.pop(depth, ())]
            if start in found:
                open_at[depth].append(start)
    return spans


def path_text(place: Place) -> str:
    """`metadata.tokenizer.added_tokens[3].content`, in which long keys are cut: a thousand texts may share one."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{_cut(step)}" for step in place.path)
    return "metadata" + "".join(steps)


def _cut(key: str) -> str:
    return key if len(key) <= _LONGEST_STEP else key[:_LONGEST_STEP] + "…"


def wide_integers(raw: bytes, origin: int = 0) -> Iterator[Place]:
    """Every integer literal below -2^63 or from 2^64 on, in the order of the text: apr-format 0.72.3 reads a double."""
    if not _may_hold_wide_integers(raw):
        return
    for kind, path, start, stop in _walk(raw):
        if kind == _INTEGER and _is_wide(raw[start:stop]):
            yield Place(tuple(path), _moved((start, stop), origin), raw[start:stop].decode())


def _moved(span: tuple[int, int], origin: int) -> tuple[int, int]:
    return span[0] + origin, span[1] + origin


_TOKEN = re.compile(
    rb'("[^"\\]*+(?:\\.[^"\\]*+)*+")([ \t\n\r]*+:)?'  # a string, which a colon makes a key
    rb"|(-?[0-9]++)([.eE][-+.eE0-9]*+)?"  # digits, which anything behind them makes a double
    rb"|([\[\]{},])"
)
_KEY, _INTEGER, _MARK = 2, 3, 5
"""The last group of a token, which says what it is."""


def _walk(raw: bytes) -> Iterator[tuple[int, list[str | int], int, int]]:
    """Each key, each integer, and each bracket that closes: its kind, its path and its span.

    The path is one list that changes from step to step. Its last item is where the innermost array or object stands: at
    a key this key, at a bracket that closes whatever was last inside.
    """
    path: list[str | int] = []
    for token in _TOKEN.finditer(raw):
        kind = token.lastindex
        if kind == _KEY:
            path[-1] = _decoded(token[1])
            yield kind, path, *token.span(1)
        elif kind == _INTEGER:
            yield kind, path, *token.span()
        elif kind == _MARK:
            mark = token[0]
            if mark == b",":
                place = path[-1]
                if isinstance(place, int):
                    path[-1] = place + 1
            elif mark in b"[{":
                path.append(0 if mark == b"[" else "")
            else:
                yield kind, path, *token.span()
                path.pop()


def _decoded(key: bytes) -> str:
    text = key.decode()
    return str(json.loads(text)) if "\\" in text else text[1:-1]


_OPEN, _CLOSE = b"{}"
_ESCAPE = re.compile(rb"\\.")
_BYTES_PER_MARK = 256
"""Looking at one mark takes as long as reading some 200 bytes of text with the decoder of the standard library."""


def _may_repeat_keys(raw: bytes) -> bool:
    most = len(raw) // _BYTES_PER_MARK
    marks: list[int] = []
    for kind in (b"{", b"}", b":"):
        marks += (mark.start() for mark in islice(re.finditer(kind, raw), most + 1 - len(marks)))
    # Without its escapes, every quote in the text begins or ends a string.
    plain, escapes = _ESCAPE.subn(b"..", raw, count=most + 1)
    few = len(marks) + escapes <= most
    return _repeats_keys_seen(raw, plain, sorted(marks)) if few else _repeats_keys_read(raw)


def _repeats_keys_read(raw: bytes) -> bool:
    """Whether a key is repeated, for text of many objects or keys: everything is read, and nothing is kept."""
    repeated = False

    def look(pairs: list[tuple[str, Any]]) -> None:
        nonlocal repeated
        repeated = repeated or len(dict(pairs)) < len(pairs)

    try:
        json.loads(raw.decode(), object_pairs_hook=look)
    except RecursionError:  # on a stack that is nearly full; the walk needs none
        return True
    return repeated


def _repeats_keys_seen(raw: bytes, plain: bytes, marks: list[int]) -> bool:
    """Whether a key is repeated, for text of long arrays and strings: only its keys and braces are looked at."""
    objects: list[set[str]] = []
    inside, done = 0, 0
    for at in marks:
        inside ^= plain.count(b'"', done, at) & 1
        done = at
        if inside:
            continue
        if plain[at] == _OPEN:
            objects.append(set())
        elif plain[at] == _CLOSE:
            objects.pop()
        else:
            stop = plain.rindex(b'"', 0, at)
            key = _decoded(raw[plain.rindex(b'"', 0, stop) : stop + 1])
            if key in objects[-1]:
                return True
            objects[-1].add(key)
    return False


_LOWEST, _END = -(2**63), 2**64
_MAX_DIGITS = len(str(_END))
_TO_ZEROS = bytes.maketrans(b"123456789", b"000000000")
_ENOUGH_ZEROS = b"0" * len(str(-_LOWEST))
_ZEROS = re.compile(b"0*+")
_BEFORE, _BEHIND = b",:[ \t\n\r", b",]} \t\n\r"
"""What stands at the ends of a number; a hash or a token of many digits in a string has other neighbours."""


def _is_wide(literal: bytes) -> bool:
    return len(literal.lstrip(b"-")) > _MAX_DIGITS or not _LOWEST <= int(literal) < _END


def _may_hold_wide_integers(raw: bytes) -> bool:
    """Whether so many digits stand together, in a string perhaps, with the neighbours of a number."""
    zeros = raw.translate(_TO_ZEROS)
    start, stop = zeros.find(_ENOUGH_ZEROS), 0
    while start >= 0:
        found = _ZEROS.match(zeros, start)
        stop = start if found is None else found.end()
        start -= raw[start - 1 : start] == b"-"
        if raw[start - 1 : start] in _BEFORE and raw[stop : stop + 1] in _BEHIND and _is_wide(raw[start:stop]):
            return True
        start = zeros.find(_ENOUGH_ZEROS, stop)
    return False
