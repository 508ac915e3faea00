"""What is odd in JSON text is found at any depth, with its path, its bytes and its text; what looks odd is not."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import pytest

from aprfmt import jsonwalk
from aprfmt.jsontext import JsonText
from aprfmt.jsonwalk import Place, repeated_keys, wide_integers
from aprfmt.metadata import Metadata

SPACES = b" " * 20_000
"""Behind a text they make its marks few, so that only they are looked at; without them the whole text is read."""


def accepted(raw: bytes) -> bytes:
    """The bytes, once the scanner has accepted them."""
    JsonText(raw, origin=0).members(max_nesting=127, max_members=1000)
    return raw


# text, then for each place: path, what stands there, where the winner begins
REPEATED: dict[str, tuple[bytes, list[tuple[tuple[str | int, ...], str, int]]]] = {
    "at the top": (b'{"a":1,"b":2,"a":3}', [(("a",), '"a"', 13)]),
    "three times": (b'{"a":1,"a":2,"a":3}', [(("a",), '"a"', 7), (("a",), '"a"', 13)]),
    "escaped": (b'{"\\u0061":1,"a":3}', [(("a",), '"\\u0061"', 12)]),
    "escaped both": (b'{"\\u006a\\/":1,"j\\u002F":3}', [(("j/",), '"\\u006a\\/"', 14)]),
    "pair of surrogates": ('{"😀":1,"\\ud83d\\uDE00":2}'.encode(), [(("😀",), '"😀"', 10)]),
    "escaped quote": (b'{"\\"a":1,"\\"a":3}', [(('"a',), '"\\"a"', 9)]),
    "backslash": (b'{"a\\\\":1,"a\\\\":3}', [(("a\\",), '"a\\\\"', 9)]),
    "empty key": (b'{"":1,"":3}', [(("",), '""', 6)]),
    "inner object": (b'{"x":{"a":1,"a":3}}', [(("x", "a"), '"a"', 12)]),
    "object in an array": (b'{"x":[1,[2,{"y":0},{"a":1,"a":3}]]}', [(("x", 1, 2, "a"), '"a"', 26)]),
    "behind other objects": (b'{"x":[{"a":1},{"b":{"a":1},"a":1,"a":2}]}', [(("x", 1, "a"), '"a"', 33)]),
    "inside a member that loses": (
        b'{"x":{"a":1,"a":2},"x":{"a":3}}',
        [(("x", "a"), '"a"', 12), (("x",), '"x"', 19)],
    ),
    "around its own value": (b'{"a":{"a":{"a":1},"a":2},"a":3}', [(("a", "a"), '"a"', 18), (("a",), '"a"', 25)]),
    "white space": (b' { "a" \n: [ ] ,\t"b" :{ "c"\r:1 }, "a" : 3 }', [(("a",), '"a"', 33)]),
    "keys of structure": (b'{",":1,":":2,",":3,"{":4,"}":5,"[":6,"]":7}', [((",",), '","', 13)]),
    "not ASCII": ('{"é":["日本",{"ключ":1,"ключ":2}]}'.encode(), [(("é", 1, "ключ"), '"ключ"', 30)]),
}


@pytest.mark.parametrize("behind", [b"", SPACES], ids=["read", "seen"])
@pytest.mark.parametrize("case", REPEATED)
def test_repeated_keys_are_found(case: str, behind: bytes) -> None:
    raw, expected = REPEATED[case]
    places = list(repeated_keys(accepted(raw) + behind))
    assert [(place.path, place.text) for place in places] == [(path, text) for path, text, _ in expected]
    for place, (path, text, winner) in zip(places, expected, strict=True):
        assert raw[slice(*place.span)] == text.encode()
        assert place.winner is not None
        assert place.winner[0] == winner > place.span[0]
        assert json.loads(raw[slice(*place.winner)]) == path[-1]
    assert sorted(places, key=lambda place: place.winner or (0, 0)) == places


DIFFERENT = {
    "nothing": b"{}",
    "different keys": b'{"a":1,"b":2}',
    "in different objects": b'{"a":{"a":1},"b":{"a":1},"c":[{"a":1},{"a":1},["a","a"]]}',
    "in strings": b'{"a":"{\\"a\\":1,\\"a\\":2}","b":"\\"a\\":1,\\"a\\":2"}',
    "string like an end": b'{"a":":","b":"::","c":["\\":","\\\\",":"],"d":"}","e":"{"}',
    "letter case": b'{"a":1,"A":2}',
    "escapes that are none": b'{"\\\\u0061":1,"a":2}',
    "forms of one letter": '{"e\u0301":1,"é":2}'.encode(),
    "prefix": b'{"a":1,"a ":2,"\\"a":3}',
    "values": b'{"a":"b","b":"a"}',
}


@pytest.mark.parametrize("behind", [b"", SPACES], ids=["read", "seen"])
@pytest.mark.parametrize("case", DIFFERENT)
def test_different_keys_are_not(case: str, behind: bytes) -> None:
    raw = accepted(DIFFERENT[case]) + behind
    assert list(repeated_keys(raw)) == []
    assert not jsonwalk._may_repeat_keys(raw), "the test is exact, so that nothing is walked through in vain"


# text, then for each place: path, literal
WIDE: dict[str, tuple[bytes, list[tuple[tuple[str | int, ...], str]]]] = {
    "2^64": (b'{"a":18446744073709551616}', [(("a",), "18446744073709551616")]),
    "below -2^63": (b'{"a":-9223372036854775809}', [(("a",), "-9223372036854775809")]),
    "300 digits": (b'{"a":-' + b"7" * 300 + b"}", [(("a",), "-" + "7" * 300)]),
    "in arrays": (
        b'{"a":[1,[18446744073709551615,99999999999999999999 ],\n99999999999999999998]}',
        [(("a", 1, 1), "99999999999999999999"), (("a", 2), "99999999999999999998")],
    ),
    "in an object in an array": (b'{"a":[{},{"b\\n": 1' + b"0" * 20 + b"\t}]}", [(("a", 1, "b\n"), "1" + "0" * 20)]),
    "behind a string like it": (
        b'{"a":"18446744073709551616","b":", 18446744073709551616,","c":18446744073709551616}',
        [(("c",), "18446744073709551616")],
    ),
    "not ASCII": ('{"é":["日本",-10000000000000000000]}'.encode(), [(("é", 1), "-10000000000000000000")]),
}


@pytest.mark.parametrize("case", WIDE)
def test_wide_integers_are_found(case: str) -> None:
    raw, expected = WIDE[case]
    places = list(wide_integers(accepted(raw)))
    assert [(place.path, place.text) for place in places] == expected
    assert all(raw[slice(*place.span)].decode() == place.text for place in places)
    assert all(place.winner is None for place in places)


NARROW = {
    "nothing": b"{}",
    "largest of 64 bits": b'{"a":18446744073709551615,"b":[-9223372036854775808]}',
    "fraction": b'{"a":18446744073709551616.0,"b":0.18446744073709551616,"c":-18446744073709551616.5e1}',
    "exponent": b'{"a":18446744073709551616e0,"b":18446744073709551616E+1,"c":1e00000000000000000001}',
    "string": b'{"a":"18446744073709551616","18446744073709551616":[" 18446744073709551616 "]}',
    "string of thousands of digits": b'{"a":"' + b"1" * 5000 + b" " + b"1" * 5000 + b'"}',
    "thousands of digits between commas in a string": b'{"a":", ' + b"1" * 5000 + b',"}',
    "digits in a string like an array": b'{"a":"\\",[18446744073709551616,18446744073709551616]"}',
}


@pytest.mark.parametrize("case", NARROW)
def test_other_numbers_are_not(case: str) -> None:
    assert list(wide_integers(accepted(NARROW[case]))) == []


@pytest.mark.parametrize(
    ("text", "walked"),
    [
        ('"18446744073709551616"', False),
        ('"x18446744073709551616, y"', False),
        ("18446744073709551615", False),
        ("0.18446744073709551616", False),
        ('", 18446744073709551616, "', True),
        ("18446744073709551616", True),
    ],
)
def test_few_texts_without_wide_integers_are_walked_through(text: str, walked: bool) -> None:
    assert jsonwalk._may_hold_wide_integers(accepted(f'{{"a":[{text}]}}'.encode())) == walked


def test_spans_count_from_the_origin() -> None:
    raw = accepted('{"é":1,"é":18446744073709551616}'.encode())
    assert list(repeated_keys(raw, 64)) == [Place(("é",), (65, 69), '"é"', (72, 76))]
    assert list(repeated_keys(raw)) == [Place(("é",), (1, 5), '"é"', (8, 12))]
    assert list(wide_integers(raw, 64)) == [Place(("é",), (77, 97), "18446744073709551616")]


def test_members_that_lose_are_those_of_the_metadata() -> None:
    raw = b'{"a":1,"b":{"c":1,"c":2},"\\u0061":3,"b":4,"a":5}'
    duplicates = Metadata(raw, file_offset=64).duplicates
    at_the_top = [place for place in repeated_keys(raw, 64) if len(place.path) == 1]
    assert [place.span for place in at_the_top] == [member.key_span for member in duplicates]


def test_the_deepest_level() -> None:
    raw = accepted(b'{"a":' * 126 + b'{"x":1,"x":18446744073709551616}' + b"}" * 126)
    path = ("a",) * 126 + ("x",)
    assert [place.path for place in repeated_keys(raw)] == [path]
    assert [place.path for place in repeated_keys(raw + SPACES)] == [path]
    assert [place.path for place in wide_integers(raw)] == [path]


def test_a_stack_that_is_full_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    def overflow(*_: object, **__: object) -> Any:
        raise RecursionError

    monkeypatch.setattr(json, "loads", overflow)
    assert [place.path for place in repeated_keys(b'{"x":[{"a":1,"a":2}]}')] == [("x", 0, "a")]
    assert list(repeated_keys(b'{"x":[{"a":1,"b":2}]}')) == []


def large(**more: Any) -> bytes:
    """Metadata with a tokenizer in it: long arrays of strings, some of which look like structure."""
    words = [f"{mark}{number}" for number in range(2_000) for mark in ("", " ", "x", "é")]
    words += ['":', ":", "{", '{"', "}", ",", '"', "\\", "0" * 30]
    values = {"name": "n", "tokenizer.vocabulary": words, "tokenizer.merges": [f"{word} {word}" for word in words]}
    return json.dumps({**values, **more}, ensure_ascii=False).encode()


def test_a_tokenizer_is_not_walked_through(monkeypatch: pytest.MonkeyPatch) -> None:
    def walk(_raw: bytes) -> Any:
        raise AssertionError("walked through in vain")

    def read(_raw: bytes) -> bool:
        raise AssertionError("read in vain")

    monkeypatch.setattr(jsonwalk, "_walk", walk)
    monkeypatch.setattr(jsonwalk, "_repeats_keys_read", read)
    raw = accepted(large(added_tokens=[{"id": 1, "content": "<s>"}, {"id": 2, "content": "</s>"}]))
    assert list(repeated_keys(raw)) == []
    assert list(wide_integers(raw)) == []


@pytest.mark.parametrize("mark", ["{", "}", ":", '\\"'])
def test_strings_full_of_marks_cost_no_memory(mark: str) -> None:
    raw = f'{{"a":"{mark * 1_000_000}"}}'.encode()
    tracemalloc.start()
    try:
        assert list(repeated_keys(raw)) == []
        assert tracemalloc.get_traced_memory()[1] < 5 * len(raw)
    finally:
        tracemalloc.stop()


def test_what_is_odd_is_found_in_a_tokenizer() -> None:
    raw = accepted(large(x=2**64)[:-1] + b',"name":1}')
    assert [(place.path, place.span[0]) for place in repeated_keys(raw)] == [(("name",), 1)]
    assert [place.path for place in wide_integers(raw)] == [("x",)]


def test_a_vocabulary_of_many_keys() -> None:
    vocabulary = {f'"{number}:': number for number in range(5_000)}
    raw = accepted(large(vocabulary=vocabulary))
    assert list(repeated_keys(raw)) == []
    twice = raw.replace(b'"\\"77:": 77', b'"\\"77:": 77, "\\u002277:": 18446744073709551616')
    assert [place.path for place in repeated_keys(accepted(twice))] == [("vocabulary", '"77:')]
    assert [place.path for place in wide_integers(twice)] == [("vocabulary", '"77:')]
