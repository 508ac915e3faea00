"""The metadata is JSON as the readers of the format take it."""

from __future__ import annotations

import pytest

from aprfmt_reader import DEFAULT_LIMITS, FormatError
from aprfmt_reader._json import Text

ORIGIN = 1000


def read(raw: bytes) -> dict[str, object]:
    """The object in these bytes, which stand at `ORIGIN` in their file."""
    return {key: member.value for key, member in Text(raw, ORIGIN, DEFAULT_LIMITS).members().items()}


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"{}", {}),
        (b" \t\r\n{ } \n", {}),
        (b'{"a":1,"a":2}', {"a": 2}),
        (b'{"":null,"__proto__":[true,false]}', {"": None, "__proto__": [True, False]}),
        (b'{"a":"\\ud83d\\ude00\\u0000\\\\ud800"}', {"a": "\U0001f600\0\\ud800"}),
        ('{"ключ":"é\x7f\u2028"}'.encode(), {"ключ": "é\x7f\u2028"}),
        (b'{"a":1e-400,"b":-1E+2,"c":0.5}', {"a": 0.0, "b": -100.0, "c": 0.5}),
        (b'{"a":18446744073709551616}', {"a": 1 << 64}),
        (b'{"a":1.7976931348623155e308,"b":-9%s}' % (b"9" * 307), {"a": 1.7976931348623155e308, "b": 1 - 10**308}),
        (b'{"a":"[{[{","b":"\\"[["}', {"a": "[{[{", "b": '"[['}),
        (b'{"a":' + b"[" * 126 + b"]" * 126 + b',"b":"' + b"[" * 500 + b'"}', None),
    ],
)
def test_what_is_read(raw: bytes, value: dict[str, object] | None) -> None:
    found = read(raw)
    assert value is None or found == value


@pytest.mark.parametrize("literal", [b"1", b"-1", b"1.0", b"1e0", b"-0"])
def test_integers_and_fractions_are_told_apart(literal: bytes) -> None:
    assert isinstance(read(b'{"a":%s}' % literal)["a"], int if literal.lstrip(b"-") == b"1" else float)


BAD = [
    (b"\xef\xbb\xbf{}", "APR-M003", (0, 3)),  # a byte-order mark
    (b"{", "APR-M003", (1, 1)),
    (b"{}{}", "APR-M003", (2, 3)),
    (b"{}\0", "APR-M003", (2, 3)),
    (b" ", "APR-M003", (1, 1)),
    (b"{\x0b}", "APR-M003", (1, 2)),
    (b'{"a"}', "APR-M003", (4, 5)),
    (b"{a:1}", "APR-M003", (1, 2)),
    (b'{"a":1,}', "APR-M003", (7, 8)),
    (b'{"a":1 "b":2}', "APR-M003", (7, 8)),
    (b'{"a":[1,]}', "APR-M003", None),
    (b'{"a":01}', "APR-M003", (6, 7)),
    (b'{"a":+1}', "APR-M003", (5, 6)),
    (b'{"a":.5}', "APR-M003", (5, 6)),
    (b'{"a":1.}', "APR-M003", (6, 7)),
    (b'{"a":"NaN","b":[0,NaN]}', "APR-M003", (18, 21)),
    (b'{"a":-Infinity}', "APR-M003", (5, 14)),
    (b'{"a":"1e999","b":1e999}', "APR-M003", (17, 22)),
    (b'{"a":1%s}' % (b"0" * 309), "APR-M003", (5, 315)),
    (b'{"a":1.7976931348623158e308}', "APR-M003", (5, 27)),  # finite for Python alone
    (b'{"a":-179769313486231570000E288}', "APR-M003", (5, 31)),
    (b'{"a":17976931348623158%s}' % (b"0" * 292), "APR-M003", (5, 314)),
    (b'{"a":"\n"}', "APR-M003", (6, 7)),
    (b'{"a":"\\x41"}', "APR-M003", (6, 7)),
    (b'{"a":"\\u12"}', "APR-M003", None),
    (b'{"a":"\\ud800"}', "APR-M003", (6, 12)),
    (b'{"a":"\\ude00\\ud83d"}', "APR-M003", (6, 12)),
    (b'{"a":"\\\\\\ud83d\\ud83d\\ude00"}', "APR-M003", (8, 14)),
    (b'{"\\udfff":1}', "APR-M003", (2, 8)),
    ('{"é":NaN}'.encode(), "APR-M003", (6, 9)),
    (b'{"a":"\xff"}', "APR-M002", (6, 7)),
    (b'{"a":"\xed\xa0\x80"}', "APR-M002", (6, 7)),
    (b'"a"', "APR-M004", (0, 3)),
    (b" [] ", "APR-M004", (1, 3)),
    (b"nul", "APR-M003", (0, 1)),
    (b'{"a":' + b"[" * 127 + b"]" * 127 + b"}", "APR-M005", (131, 132)),
    (b"[" * 100_000, "APR-M005", (127, 128)),
    (b'{"a":"\\"[","b":' + b"[" * 127, "APR-M005", None),
]


@pytest.mark.parametrize(("raw", "rule", "place"), BAD, ids=[f"{raw[:20]!r}" for raw, _, _ in BAD])
def test_what_is_refused(raw: bytes, rule: str, place: tuple[int, int] | None) -> None:
    with pytest.raises(FormatError) as caught:
        read(raw)
    assert caught.value.rule_id == rule
    start, stop = caught.value.span
    if place is not None:
        assert (start - ORIGIN, stop - ORIGIN) == place
    assert len(str(caught.value)) < 500
