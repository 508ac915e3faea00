"""What was seen of a file decides how the program ends; what JSON calls its values."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.cli.inspection.made import look
from tests.unit.rules.crafting import craft, entry_a

from aprfmt.cli.inspection import flags, json_type, version

NO_FOOTER = craft(footer=None)


@pytest.mark.parametrize(
    ("raw", "checked", "code"),
    [
        (craft(), False, 0),
        (craft(), True, 0),
        (NO_FOOTER, False, 0),
        (NO_FOOTER, True, 1),
        (craft(entry_a(len_tensor=7)), False, 4),
        (craft(entry_a(len_tensor=7), footer=None), True, 4),
    ],
)
def test_exit_codes(raw: bytes, checked: bool, code: int) -> None:
    assert look(raw, checked=checked).exit_code == code


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (None, "null"),
        (True, "boolean"),
        (0, "number"),
        (1.5, "number"),
        ("", "string"),
        ([], "array"),
        ({}, "object"),
    ],
)
def test_types_are_those_of_json(value: Any, name: str) -> None:
    assert json_type(value) == name


def test_flags_and_version_are_those_of_the_header() -> None:
    seen = look(craft(header={"version_minor": 7, "flags": {"has_vocab": True}})).inspection
    assert version(seen) == "2.7"
    assert [name for name, value in flags(seen).items() if value] == ["has_vocab", "layout_row_major"]
