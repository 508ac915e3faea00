"""Values in receipts: short ones as they are, long ones by their digest, and nothing that strict readers refuse."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import pytest

from aprfmt import Flags
from aprfmt.errors import readable
from aprfmt.metadata import Metadata
from aprfmt.ops.receipt.values import changes, flag_names, said, said_value, text_of


@pytest.mark.parametrize("text", [b'"MIT"', b"null", b"1.0", b"[1, {}]", b'{"a":1}', b'"' + b"x" * 2046 + b'"'])
def test_short_values_are_said_in_full(text: bytes) -> None:
    assert said(text) == json.loads(text)


@pytest.mark.parametrize(
    "text",
    [b'"' + b"x" * 2047 + b'"', b"[%s]" % (b"1," * 99_999 + b"1"), b'{"omitted":{"size_bytes":1}}', b'{"omitted":1}'],
)
def test_long_values_are_said_by_their_digest(text: bytes) -> None:
    """So is an object that looks as if it stood for one."""
    assert said(text) == {"omitted": {"size_bytes": len(text), "sha256": sha256(text).hexdigest()}}


def test_a_value_is_said_as_it_is_written() -> None:
    assert said_value({"a": [1, None]}) == {"a": [1, None]}
    text = json.dumps(["模" * 2000], ensure_ascii=False).encode()
    assert (
        said_value(["模" * 2000]) == said(text) == {"omitted": {"size_bytes": 6004, "sha256": sha256(text).hexdigest()}}
    )


def test_the_text_of_a_key_is_that_which_counts() -> None:
    metadata = Metadata(b'{"a": 1, "b": "\xc3\xa9",\n"a" : [ 2 ]}', file_offset=64)
    assert [text_of(metadata, key) for key in ("a", "b", "c")] == [b"[ 2 ]", b'"\xc3\xa9"', None]


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        (b'{"a":1}', b'{"a": 1}', {}),
        (b'{"a":{"b":1,"c":2}}', b'{"a":{"c":2,"b":1}}', {}),
        (b'{"a":1}', b'{"a":1.0}', {"a": {"before": 1, "after": 1.0}}),
        (b'{"a":null}', b"{}", {"a": {"before": None}}),
        (b"{}", b'{"a":null}', {"a": {"after": None}}),
        (b'{"a":1,"a":2}', b'{"a":1}', {"a": {"before": 2, "after": 1}}),
        (b'{"a":1,"a":2}', b'{"a":2}', {}),
    ],
)
def test_changes_are_of_values_and_not_of_spelling(before: bytes, after: bytes, found: Any) -> None:
    assert changes(Metadata(before), Metadata(after)) == found


def test_flags_have_names_as_far_as_they_are_defined() -> None:
    assert flag_names(Flags(0x8000) | Flags.HAS_VOCAB | Flags.LAYOUT_ROW_MAJOR) == ["has_vocab", "layout_row_major"]
    assert flag_names(Flags(0)) == []


def test_texts_in_no_encoding_are_escaped_and_others_are_not() -> None:
    value = {"a\udcff": ["b\udc80", "\x1b", ("c",), 1, None, "é"]}
    assert readable(value) == {"a\\xff": ["b\\x80", "\x1b", ["c"], 1, None, "é"]}
