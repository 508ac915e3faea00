"""The scanner refuses what serde_json refuses and says where; the encoder writes what serde_json writes."""

from __future__ import annotations

import math
import struct
import sys
from collections.abc import Callable
from typing import Any

import pytest

from aprfmt.errors import FormatError, LimitExceededError, RequestError
from aprfmt.jsontext import MAX_VALUE_NESTING, JsonText, encode_value, shorten, to_f32


def scan(raw: bytes, *, origin: int = 0, max_nesting: int = 127) -> dict[str, Any]:
    members = JsonText(raw, origin=origin).members(max_nesting=max_nesting, max_members=100)
    return {m.key: m.value for m in members}


def refusal(raw: bytes, *, origin: int = 0) -> FormatError:
    with pytest.raises(FormatError) as caught:
        scan(raw, origin=origin)
    assert caught.value.field == "metadata"
    return caught.value


# rule id, bytes, span at fault
REFUSED = {
    "no bytes": ("APR-M001", b"", (0, 0)),
    "latin-1": ("APR-M002", b'{"a":"\xe9"}', (6, 7)),
    "encoded surrogate": ("APR-M002", b'{"a":"\xed\xa0\x80"}', (6, 7)),
    "overlong": ("APR-M002", b'{"a":"\xc0\x80"}', (6, 7)),
    "spaces only": ("APR-M003", b"  ", (2, 2)),
    "byte order mark": ("APR-M003", b"\xef\xbb\xbf{}", (0, 3)),
    "nothing behind the brace": ("APR-M003", b"{", (1, 1)),
    "second object": ("APR-M003", b"{} {}", (3, 4)),
    "zero byte behind": ("APR-M003", b"{}\0", (2, 3)),
    "vertical tab": ("APR-M003", b"{}\x0b", (2, 3)),
    "no-break space": ("APR-M003", b"{\xc2\xa0}", (1, 3)),
    "bare key": ("APR-M003", b"{a:1}", (1, 2)),
    "key of a number": ("APR-M003", b"{1:1}", (1, 2)),
    "no colon": ("APR-M003", b'{"a" 1}', (5, 6)),
    "no value": ("APR-M003", b'{"a":}', (5, 6)),
    "no comma": ("APR-M003", b'{"a":1 "b":2}', (7, 8)),
    "comma at the end": ("APR-M003", b'{"a":1,}', (7, 8)),
    "inner comma at the end": ("APR-M003", b'{"a":[1,]}', None),
    "open string": ("APR-M003", b'{"a":"b', (5, 6)),
    "open list": ("APR-M003", b'{"a":[1', (7, 7)),
    "raw tab": ("APR-M003", b'{"a":"\t"}', (6, 7)),
    "raw newline in a key": ("APR-M003", b'{"a\n":1}', (3, 4)),
    "unknown escape": ("APR-M003", b'{"a":"\\x"}', (6, 7)),
    "short escape": ("APR-M003", b'{"a":"\\u12"}', None),
    "leading zero": ("APR-M003", b'{"a":01}', (6, 7)),
    "plus": ("APR-M003", b'{"a":+1}', (5, 6)),
    "point at the end": ("APR-M003", b'{"a":1.}', (6, 7)),
    "point at the front": ("APR-M003", b'{"a":.5}', (5, 6)),
    "minus alone": ("APR-M003", b'{"a":-}', (5, 6)),
    "comment": ("APR-M003", b'{"a":/**/1}', (5, 6)),
    "NaN": ("APR-M003", '{"é":"NaN","a":[NaN]}'.encode(), (17, 20)),
    "Infinity": ("APR-M003", b'{"a":Infinity}', (5, 13)),
    "minus Infinity": ("APR-M003", b'{"a":-Infinity}', (5, 14)),
    "exponent beyond a double": ("APR-M003", b'{"b":"1e999","a":[0,1e999]}', (20, 25)),
    "integer beyond a double": ("APR-M003", b'{"a":' + b"9" * 309 + b"}", (5, 314)),
    "integer of 5,000 digits": ("APR-M003", b'{"a":-' + b"1" * 5000 + b"}", (5, 5006)),
    "lone high surrogate": ("APR-M003", b'{"a":"\\ud800"}', (6, 12)),
    "lone low surrogate": ("APR-M003", b'{"a":"\\uDFFF"}', (6, 12)),
    "two high surrogates": ("APR-M003", b'{"a":"\\ud83d\\ud83d\\ude00"}', (6, 12)),
    "surrogate behind a backslash": ("APR-M003", b'{"a":"\\\\\\ud800"}', (8, 14)),
    "surrogate in a key": ("APR-M003", b'{"\\ud800":1}', (2, 8)),
    "surrogate in a value that loses": ("APR-M003", b'{"a":"\\ud800","a":1}', (6, 12)),
    "surrogate in an inner value that loses": ("APR-M003", b'{"x":{"a":"\\ud800","a":1}}', (11, 17)),
    "list": ("APR-M004", b" [1] ", (1, 4)),
    "null": ("APR-M004", b"null", (0, 4)),
    "string": ("APR-M004", b'"{}"', (0, 4)),
    "level 128": ("APR-M005", b'{"a":' + b"[" * 127 + b"]" * 127 + b"}", (131, 132)),
    "level 128 of a list": ("APR-M005", b"[" * 128 + b"]" * 128, (127, 128)),
    "100,000 levels": ("APR-M005", b'{"a":' + b"[" * 100_000, (131, 132)),
    "100,000 objects": ("APR-M005", b'{"a":' * 100_000, (635, 636)),
    "levels behind brackets in strings": (
        "APR-M005",
        b'{"s":"' + b"[{" * 99 + b'\\"","a":' + b"[" * 127 + b"]" * 127 + b"}",
        (338, 339),
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refuses_and_says_where(case: str) -> None:
    rule_id, raw, span = REFUSED[case]
    error = refusal(raw)
    assert error.rule_id == rule_id
    if span is not None:
        assert error.span == span
    moved = refusal(raw, origin=64)
    assert error.span is not None
    assert moved.span == (error.span[0] + 64, error.span[1] + 64)


ACCEPTED: dict[str, tuple[bytes, dict[str, Any]]] = {
    "white space": (b' \t\n\r{ "a" : [ 1 , 2 ] }\r\n', {"a": [1, 2]}),
    "empty": (b"{}", {}),
    "pair of surrogates": (b'{"a":"\\ud83D\\uDE00"}', {"a": "😀"}),
    "escaped backslash before u": (b'{"a":"\\\\ud800"}', {"a": "\\ud800"}),
    "zero character": (b'{"a":"\\u0000\\/\x7f"}', {"a": "\0/\x7f"}),
    "beyond 64 bits": (b'{"a":18446744073709551616}', {"a": 2**64}),
    "largest double as an integer": (b'{"a":' + str(2**1023).encode() + b"}", {"a": 2**1023}),
    "vanishing": (b'{"a":1e-99999,"b":0e99999999999}', {"a": 0.0, "b": 0.0}),
    "last value wins, first place counts": (b'{"a":1,"b":2,"a":3}', {"a": 3, "b": 2}),
    "level 127": (b'{"a":' + b"[" * 126 + b"]" * 126 + b"}", {}),
    "brackets in strings": (b'{"a":"' + b"[{" * 500 + b'\\"[["}', {"a": "[{" * 500 + '"[['}),
    "many shallow lists": (b'{"a":[' + b"[]," * 500 + b"[]]}", {"a": [[]] * 501}),
}


@pytest.mark.parametrize("case", ACCEPTED)
def test_accepts(case: str) -> None:
    raw, values = ACCEPTED[case]
    found = scan(raw)
    if values:
        assert found == values
        assert list(found) == list(values)


# What serde_json 1.0.154 says: it scales the first digits by a power of ten, and rounds more than once on the way.
TOO_LARGE = [
    "1.7976931348623158e308",
    "-1.7976931348623158e308",
    "1.7976931348623158E+00308",
    "0.0017976931348623158e311",
    "1797693134862315708e290",
    "17976931348623157081e289",
    "17976931348623157081452742373e280",
    "17976931348623157" + "0" * 292,
    "-17976931348623157" + "0" * 292,
    str(int(sys.float_info.max)),
    "179769313486.231584E297",  # an infinity when it is rounded once; the reference reads the largest double
]
LARGE = [
    "1.7976931348623157e308",
    "-1.7976931348623157e+308",
    "0.00017976931348623157e" + "0" * 5000 + "312",
    "1.797693134862315e308",
    "17976931348623155" + "0" * 292,
    "1.797e308",
    "9" * 308,
]


@pytest.mark.parametrize("literal", TOO_LARGE)
def test_refuses_numbers_that_the_reference_rounds_to_an_infinity(literal: str) -> None:
    error = refusal(f'{{"a":{literal}}}'.encode())
    assert (error.rule_id, error.span) == ("APR-M003", (5, 5 + len(literal)))


@pytest.mark.parametrize("literal", LARGE, ids=lambda literal: literal[:24])
def test_accepts_numbers_up_to_what_the_reference_accepts(literal: str) -> None:
    assert scan(f'{{"a":{literal}}}'.encode()) == {"a": float(literal) if "e" in literal else int(literal)}


def test_no_double_is_written_that_is_not_read() -> None:
    value = sys.float_info.max
    for _ in range(200):
        assert scan(f'{{"a":{encode_value(value)},"b":{encode_value(-value)}}}'.encode()) == {"a": value, "b": -value}
        value = math.nextafter(value, 0)


def test_members_are_counted_while_they_are_read() -> None:
    raw = b'{"a":{"x":1,"\xc3\xbf":2},"a":2,"a"'
    with pytest.raises(LimitExceededError, match=r"at most 2 \(max_metadata_members\), found more") as caught:
        JsonText(raw, origin=5).members(max_nesting=127, max_members=2)
    assert caught.value.span == (5 + raw.rindex(b'"a"'), 5 + len(raw))
    assert len(JsonText(b'{"a":1,"a":2}', origin=0).members(max_nesting=127, max_members=2)) == 2
    assert JsonText(b"{}", origin=0).members(max_nesting=127, max_members=0) == []


def test_more_levels_than_the_interpreter_can_read() -> None:
    levels = 500_000
    with pytest.raises(
        LimitExceededError, match="deeper than this interpreter can read; expected fewer levels"
    ) as caught:
        scan(b'{"a":' + b"[" * levels + b"]" * levels + b"}", max_nesting=levels + 1)
    assert caught.value.span == (5, 2 * levels + 6)
    assert isinstance(caught.value.__cause__, RecursionError)


def test_minus_zero_is_a_double() -> None:
    value = scan(b'{"a":-0}')["a"]
    assert type(value) is float
    assert math.copysign(1, value) == -1


def test_depth_is_refused_on_a_deep_stack() -> None:
    def descend(levels: int, act: Callable[[], FormatError]) -> FormatError:
        return act() if levels == 0 else descend(levels - 1, act)

    frame, depth = sys._getframe(), 0
    while frame.f_back is not None:
        frame, depth = frame.f_back, depth + 1
    spare = sys.getrecursionlimit() - depth - 60
    assert descend(spare, lambda: refusal(b'{"a":' + b"[" * 100_000)).rule_id == "APR-M005"


def test_found_is_short_and_printable() -> None:
    error = refusal(b'{"a":\xe2\x80\xae' + b"x" * 1000)
    assert error.found is not None
    assert "\\u202e" in error.found
    assert len(error.found) < 60
    assert shorten("a" * 40) == repr("a" * 40)


def test_spans_count_bytes() -> None:
    raw = '{"é":"日本","b":[1]}'.encode()
    text = JsonText(raw, origin=100)
    key, value = text.members(max_nesting=127, max_members=2)[1][1:3]
    assert text.byte_positions((*key, *value)) == [115, 118, 119, 122]


# Written by serde_json 1.0.154 with zmij 1.0.23.
DOUBLES = {
    0.0: "0.0",
    1.0: "1.0",
    -2.5: "-2.5",
    0.1: "0.1",
    0.00001: "0.00001",
    0.000012: "0.000012",
    1e-6: "1e-6",
    1.5e-7: "1.5e-7",
    1e15: "1000000000000000.0",
    1234567890123456.0: "1234567890123456.0",
    1e16: "1e+16",
    1.5e300: "1.5e+300",
    1.7976931348623157e308: "1.7976931348623157e+308",
    5e-324: "5e-324",
    2.2250738585072014e-308: "2.2250738585072014e-308",
}
SINGLES = {
    0.0: "0.0",
    1: "1.0",
    -1.5: "-1.5",
    1000000: "1000000.0",
    1e-6: "0.000001",
    0.1: "0.1",
    1e-7: "1e-7",
    1.25e-7: "1.25e-7",
    1e12: "1000000000000.0",
    1e13: "1e+13",
    16777217: "16777216.0",
    2**64 - 1: "1.8446744e+19",
    3.4028234e38: "3.4028235e+38",
    1e-45: "1e-45",
    2.0**-126: "1.1754944e-38",
    229548.375: "229548.38",  # a tie goes to the even digit
    8.589973e9: "8589974000.0",
}


@pytest.mark.parametrize("value", DOUBLES)
def test_doubles_are_written_like_the_reference(value: float) -> None:
    assert encode_value(value) == DOUBLES[value]
    assert encode_value(-value) == str.removeprefix("-" + DOUBLES[value], "--")


@pytest.mark.parametrize("value", SINGLES)
def test_singles_are_written_like_the_reference(value: float) -> None:
    assert encode_value(value, f32=True) == SINGLES[value]


def test_every_power_of_two_in_single_precision_round_trips() -> None:
    for bits in [*range(1, 24), *(e << 23 for e in range(1, 255)), 0x7F7FFFFF]:
        (value,) = struct.unpack("<f", struct.pack("<I", bits))
        assert struct.pack("<f", float(encode_value(value, f32=True))) == struct.pack("<I", bits)


def test_large_integers_are_rounded_once() -> None:
    value = (1 << 60) + (1 << 36) + 1  # a double drops the last bit, and would make a tie of it
    assert to_f32(value) == float((1 << 60) + (1 << 37))
    assert to_f32(1e39) == math.inf
    assert to_f32(-(10**400)) == -math.inf


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("bad\udcff", "the byte 0xff"),  # as the system hands over b"bad\xff" on a command line
        ("\udc80\udcff", "the byte 0x80"),
        ("\udcffx" * 100, "the byte 0xff"),
        ("\udc7f", "the lone surrogate U+DC7F"),
        ("\udd00", "the lone surrogate U+DD00"),
        ("\ud800", "the lone surrogate U+D800"),
    ],
)
def test_text_that_is_not_utf8_is_refused_with_the_byte_it_stands_for(text: str, found: str) -> None:
    for value in (text, [{"a": text}], {text: 1}):
        with pytest.raises(RequestError) as caught:
            encode_value(value)
        assert str(caught.value) == f"the text is not UTF-8: found {found}"


def test_text_is_compact_and_escapes_only_what_it_must() -> None:
    value = {"a": [1, True, None, 2.0], "é": '"\\/\b\f\n\r\t\x00\x1f\x7f\u2028😀', "t": ()}
    expected = '{"a":[1,true,null,2.0],"é":"\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\x7f\u2028😀","t":[]}'
    assert encode_value(value) == expected


def test_wide_integers() -> None:
    assert encode_value(2**64) == "18446744073709551616"
    assert encode_value([2**64, -(2**63) - 1], wide_integers_as_doubles=True) == (
        "[1.8446744073709552e+19,-9.223372036854776e+18]"
    )
    assert encode_value([2**64 - 1, -(2**63)], wide_integers_as_doubles=True) == (
        "[18446744073709551615,-9223372036854775808]"
    )


def nested(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels - 1):
        value = [value]
    return value


def test_writes_what_it_reads_and_no_deeper() -> None:
    text = encode_value(nested(MAX_VALUE_NESTING))
    assert scan(f'{{"a":{text}}}'.encode()) == {"a": nested(MAX_VALUE_NESTING)}
    with pytest.raises(RequestError, match="126 levels"):
        encode_value(nested(MAX_VALUE_NESTING + 1))
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(RequestError, match="126 levels"):
        encode_value(endless)


@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        math.inf,
        [-math.inf],
        "\ud800",
        {"\udfff": 1},
        {1: 2},
        {None: 2},
        b"x",
        {1, 2},
        10**309,
        10**5000,
        int(sys.float_info.max),
        -int(sys.float_info.max),
        1j,
    ],
    ids=lambda value: type(value).__name__,
)
def test_refuses_to_write(value: object) -> None:
    with pytest.raises(RequestError):
        encode_value(value)


@pytest.mark.parametrize("value", [math.nan, math.inf, 1e39, 3.4028236e38, -(10**400)])
def test_refuses_to_write_single(value: float) -> None:
    with pytest.raises(RequestError):
        encode_value(value, f32=True)
