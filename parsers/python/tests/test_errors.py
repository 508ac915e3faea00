"""What messages say, and that errors travel between processes."""

from __future__ import annotations

import pickle

import pytest

import aprfmt_reader
from aprfmt_reader import AprError, FormatError, RequestError, UnknownTensorError
from aprfmt_reader._errors import printable
from conftest import Write
from crafting import Item, file_of

ERROR = FormatError("APR-F002", "footer.checksum", (0x180, 0x184), "0x00000001 for these bytes", "0x00000002")


def test_the_message() -> None:
    assert str(ERROR) == (
        "the footer does not match the file: footer.checksum @0x180..0x184: "
        "expected 0x00000001 for these bytes, found 0x00000002 [APR-F002]"
    )


@pytest.mark.parametrize("error", [ERROR, UnknownTensorError("a"), RequestError("no")])
def test_errors_are_pickled(error: AprError) -> None:
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - what was pickled the line before
    assert (type(copy), str(copy), vars(copy)) == (type(error), str(error), vars(error))


def test_the_tree() -> None:
    assert issubclass(FormatError, AprError)
    assert issubclass(FormatError, ValueError)
    assert issubclass(UnknownTensorError, RequestError)
    assert not issubclass(FormatError, RequestError)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain слой 層", "plain слой 層"),
        ("\x1b[31m\n\t\0", "\\x1b[31m\\n\\t\\x00"),
        ("\u202e\u2028", "\\u202e\\u2028"),
        ("\ud800", "\\ud800"),
    ],
)
def test_what_could_alter_a_terminal_is_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_values_of_the_file_are_escaped_and_cut_in_messages(write: Write) -> None:
    names = [b"b\x1b[31m" + b"x" * 60_000, b"a"]
    with pytest.raises(FormatError) as caught:
        aprfmt_reader.open(write(file_of([Item(names[0]), Item(b"a\x1b" + b"y" * 60_000)])))
    assert caught.value.rule_id == "APR-I003"
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 400
