"""Laws: what is odd in JSON text is found exactly, and where it is said to be; the slow way to find it is obvious."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from aprfmt import jsonwalk
from aprfmt.jsontext import JsonText
from aprfmt.jsonwalk import Place, repeated_keys, wide_integers
from aprfmt.metadata import Metadata
from aprfmt.testing import metadata_json

Path = tuple[str | int, ...]

SPACE = st.sampled_from(["", "", "", " ", "\n\t", "\r "])
PLAIN_KEYS = ['"a"', '"A"', '""', '":"', '","', '"{"', '"é"', '"😀"']
ESCAPED_KEYS = [r'"\u0061"', r'"\""', r'"\u0022"', r'"\\"', r'"\u00e9"', r'"\ud83d\uDE00"', r'"a\":"']
KEYS = st.sampled_from([*PLAIN_KEYS, *ESCAPED_KEYS])
LIKE_NUMBERS = ['"[18446744073709551616]"', '" 18446744073709551616,"', '"1111111111111111111111"', '":0"']
LIKE_STRUCTURE = [r'"{\"a\":1,\"a\":2}"', r'"\\\":"', '"}"', '"]"', '": "', r'"\\"', r'"\n"', '"日本"']
STRINGS = KEYS | st.sampled_from([*LIKE_NUMBERS, *LIKE_STRUCTURE])
INTEGERS = st.sampled_from([2**63, 2**64, 10**18, 10**19, 10**20, 10**300]).flatmap(
    lambda near: st.integers(near - 2, near + 1) | st.integers(-near - 2, -near + 1)
)
LITERALS = st.one_of(
    INTEGERS.map(str),
    st.integers(-9, 9).map(str),
    st.sampled_from(["-0", "null", "true", "false", "18446744073709551616.0", "0.18446744073709551616"]),
    st.sampled_from(["18446744073709551616e1", "-18446744073709551616E-1", "1e-18446744073709551616"]),
)


def joined(opening: str, items: list[str], closing: str, space: str) -> str:
    return opening + space + f"{space},{space}".join(items) + space + closing


def objects(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    members = st.builds(lambda key, space, value: f"{key}{space}:{space}{value}", KEYS, SPACE, values)
    return st.builds(joined, st.just("{"), st.lists(members, max_size=4), st.just("}"), SPACE)


def arrays(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(joined, st.just("["), st.lists(values, max_size=4), st.just("]"), SPACE)


VALUES = st.recursive(STRINGS | LITERALS, lambda inner: objects(inner) | arrays(inner), max_leaves=12)


def accepted(text: str) -> bytes:
    """The bytes of a text, once the scanner has accepted them."""
    raw = text.encode()
    JsonText(raw, origin=0).members(max_nesting=127, max_members=99)
    return raw


DOCUMENTS = st.builds("{}{}{}".format, SPACE, objects(VALUES), SPACE).map(accepted)
RAW = DOCUMENTS | metadata_json()


class Pairs(list[tuple[str, Any]]):
    """An object as it is written: its members in order, whether or not a later one has the same key."""


def pairs(raw: bytes) -> Any:
    return json.loads(raw, object_pairs_hook=Pairs)


def steps(value: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(value, Pairs):
        yield from value
    elif isinstance(value, list):
        yield from enumerate(value)


def slow_repeated(value: Any, path: Path = ()) -> Iterator[Path]:
    """The path of each member that a later one of its object overrides, in the order of the later ones."""
    for number, (step, inner) in enumerate(steps(value)):
        if isinstance(value, Pairs) and step in [key for key, _ in value[:number]]:
            yield (*path, step)
        yield from slow_repeated(inner, (*path, step))


def slow_wide(value: Any, path: Path = ()) -> Iterator[tuple[Path, int]]:
    """The path and the value of each integer that 64 bits cannot hold, in the order of the text."""
    if isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**64:
        yield path, value
    for step, inner in steps(value):
        yield from slow_wide(inner, (*path, step))


def replaced(raw: bytes, span: tuple[int, int] | None, text: bytes) -> Any:
    assert span is not None
    return pairs(raw[: span[0]] + text + raw[span[1] :])


def objects_with(value: Any, key: str, path: Path = ()) -> Iterator[tuple[Path, Pairs]]:
    """The objects that have this key, each with its path."""
    if isinstance(value, Pairs) and key in [name for name, _ in value]:
        yield path, value
    for step, inner in steps(value):
        yield from objects_with(inner, key, (*path, step))


def sparse(raw: bytes) -> bytes:
    """The same text among so much white space that only its keys and braces are looked at."""
    return raw + b" " * (len(raw) * jsonwalk._BYTES_PER_MARK)


@given(RAW)
@example(b'{"a":{"a":1,"a":2},"\\u0061":[{"a":1},{"b":1,"b":2}]}')
def test_repeated_keys_are_those_that_a_decoder_drops(raw: bytes) -> None:
    """The members found MUST be those that lose, in the order of those that win, whichever cheap test comes first."""
    expected = list(slow_repeated(pairs(raw)))
    places = list(repeated_keys(raw))
    assert [place.path for place in places] == expected
    assert list(repeated_keys(sparse(raw))) == places
    assert jsonwalk._repeats_keys_read(raw) == jsonwalk._may_repeat_keys(sparse(raw)) == bool(expected)


@given(RAW)
def test_repeated_keys_are_where_they_are_said_to_be(raw: bytes) -> None:
    """Another key in a span MUST rename the member at its path; the winner MUST be the next one of the same key."""
    places = list(repeated_keys(raw))
    winners = [place.winner or (0, 0) for place in places]
    assert winners == sorted(set(winners))
    for place in places:
        assert raw[slice(*place.span)] == place.text.encode()
        assert json.loads(place.text) == place.path[-1]
        [(path, members)] = objects_with(replaced(raw, place.span, b'"fresh"'), "fresh")
        assert path == place.path[:-1]
        keys = [key for key, _ in members]
        number = keys.index("fresh")
        following = keys.index(str(place.path[-1]), number)
        [(path, members)] = objects_with(replaced(raw, place.winner, b'"fresh"'), "fresh")
        assert [key for key, _ in members].index("fresh") == following
        assert members[number][0] == place.path[-1]


@given(RAW)
def test_repeated_keys_at_the_top_are_the_duplicates_of_the_metadata(raw: bytes) -> None:
    """At the top of the text, the spans MUST be those that the scanner gives."""
    found = sorted(place.span for place in repeated_keys(raw, 64) if len(place.path) == 1)
    assert found == [member.key_span for member in Metadata(raw, file_offset=64).duplicates]


@given(RAW)
@example(b'{"a":[-9223372036854775809,-9223372036854775808,18446744073709551615,18446744073709551616]}')
def test_wide_integers_are_those_that_are_read(raw: bytes) -> None:
    """The integers found MUST be those beyond 64 bits, in the order of the text; another one MUST go to its path."""
    places = list(wide_integers(raw))
    assert [(place.path, int(place.text)) for place in places] == list(slow_wide(pairs(raw)))
    for place in places:
        assert raw[slice(*place.span)] == place.text.encode()
        other = 7 * 10**200
        changed = dict(enumerate(slow_wide(replaced(raw, place.span, str(other).encode()))))
        assert changed[places.index(place)] == (place.path, other)


@given(RAW, st.integers(0, 2**40))
def test_the_origin_moves_every_span(raw: bytes, origin: int) -> None:
    """Counting from another byte MUST change nothing but the spans."""

    def moved(place: Place) -> Place:
        span = (place.span[0] + origin, place.span[1] + origin)
        return place._replace(span=span, winner=place.winner and (place.winner[0] + origin, place.winner[1] + origin))

    assert list(repeated_keys(raw, origin)) == [moved(place) for place in repeated_keys(raw)]
    assert list(wide_integers(raw, origin)) == [moved(place) for place in wide_integers(raw)]
