"""How names stand in messages, and what an error makes of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.cli.running import assert_printable

from aprfmt.errors import FormatError, printable, quoted

NAMES = st.text(st.characters(), max_size=20) | st.binary(max_size=20).map(
    lambda raw: raw.decode("utf-8", "surrogateescape")
)


@pytest.mark.parametrize(
    ("name", "shown", "in_quotes"),
    [
        ("a.weight", "a.weight", "'a.weight'"),
        ("", "", "''"),
        ("caf\u00e9 \u540d", "caf\u00e9 \u540d", "'caf\u00e9 \u540d'"),
        ("\udcff\udcfe", "\\xff\\xfe", "'\\xff\\xfe'"),
        ("\u00ff", "\u00ff", "'\u00ff'"),
        ("\x1b[2J\n", "\\x1b[2J\\n", "'\\x1b[2J\\n'"),
        ("a\u202eb", "a\\u202eb", "'a\\u202eb'"),
        ("\ud800", "\\ud800", "'\\ud800'"),
        ("\\udcff", "\\udcff", "'\\\\udcff'"),
        ("\\\udcff", "\\\\xff", "'\\\\\\xff'"),
        ("it's", "it's", '"it\'s"'),
        ("'\"", "'\"", "'\\'\"'"),
    ],
    ids=ascii,
)
def test_a_name_in_a_message(name: str, shown: str, in_quotes: str) -> None:
    assert printable(name) == shown
    assert quoted(name) == in_quotes
    assert str(FormatError("it is wrong", tensor=name)) == f"it is wrong; tensor {in_quotes}"


@given(NAMES)
def test_every_name_can_be_printed(name: str) -> None:
    """Law: nothing that a terminal obeys is left of a name, and its quotes are closed at the end and nowhere else."""
    assert_printable(printable(name))
    text = quoted(name)
    assert_printable(text)
    inside = text[1:-1].replace("\\\\", "").replace(f"\\{text[0]}", "")
    assert text[0] == text[-1]
    assert text[0] not in inside
    # printing what was printed changes nothing
    assert printable(printable(name)) == printable(name)


def test_a_long_name_is_cut_behind_the_quotes() -> None:
    assert quoted("abc", 3) == "'abc'"
    assert quoted("abcd", 3) == "'abc'…"
