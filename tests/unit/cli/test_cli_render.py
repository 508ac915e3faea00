"""What is drawn fits the terminal that it is drawn on."""

from __future__ import annotations

import os

import pytest

from aprfmt.cli import render


@pytest.mark.parametrize(
    ("columns", "text", "shown"),
    [
        (20, "short", "short"),
        (6, "abcdef", "abcde"),
        (7, "abcdef", "abcdef"),
        (6, "漢字漢字", "漢字"),
        (1, "abc", "abc"),  # a terminal that does not tell how wide it is
    ],
)
def test_a_line_fits_its_terminal(columns: int, text: str, shown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with open(os.devnull, "w") as stream:  # noqa: PTH123 - anything with a descriptor
        monkeypatch.setattr("sys.stderr", stream)
        monkeypatch.setattr(os, "get_terminal_size", lambda _descriptor: os.terminal_size((columns, 24)))
        found = render.fitted(text)
        monkeypatch.undo()
    assert found == shown


def test_what_is_no_terminal_has_no_width(monkeypatch: pytest.MonkeyPatch) -> None:
    with open(os.devnull, "w") as stream:  # noqa: PTH123
        monkeypatch.setattr("sys.stderr", stream)
        assert render.fitted("x" * 500) == "x" * 500
    monkeypatch.setattr("sys.stderr", None)
    assert render.fitted("x") == "x"
