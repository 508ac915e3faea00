"""Tables and expressions with something missing or something different."""

from __future__ import annotations

import re

import pytest

from aprfmt.layout import facts
from aprfmt.layout._generated.metadata_schema import KEYS
from aprfmt.provenance import MEANINGLESS, PROVENANCE_KEYS
from aprfmt.vectors.adequacy.tables import TableChange, table_changes

CHANGES = tuple(table_changes())


def of(table: object) -> list[TableChange]:
    return [change for change in CHANGES if change.before is table]


def test_every_table_loses_every_entry() -> None:
    assert [change.after for change in of(MEANINGLESS)] == [MEANINGLESS - {word} for word in sorted(MEANINGLESS)]
    assert [change.after for change in of(PROVENANCE_KEYS)] == [
        tuple(name for name in PROVENANCE_KEYS if name != key) for key in PROVENANCE_KEYS
    ]
    codes = [change.after for change in of(facts.DTYPE_FACTS) if change.operator == "entry"]
    assert codes == [{k: v for k, v in facts.DTYPE_FACTS.items() if k != code} for code in facts.DTYPE_FACTS]


def test_of_the_statements_those_of_the_rules_are_dropped() -> None:
    assert {change.words for change in of(facts.STATEMENTS)} == {
        f"without {item.field}" for item in facts.STATEMENTS if item.rule == "APR-S004"
    }


@pytest.mark.parametrize("code", facts.DTYPE_FACTS)
def test_the_facts_of_an_element_type_change_one_at_a_time(code: int) -> None:
    words = {change.words for change in of(facts.DTYPE_FACTS) if change.words.startswith(f"{code} with ")}
    known = facts.DTYPE_FACTS[code]
    assert {f"{code} with block_bytes {known.block_bytes + by}" for by in (-1, 1)} <= words
    assert f"{code} with quantized {not known.quantized}" in words
    assert (f"{code} with row_padded {not known.row_padded}" in words) == (known.block_elems > 1)
    assert any("canonical_code" in word for word in words)


def test_the_keys_of_the_metadata_change_and_those_inside_of_them() -> None:
    words = {change.words for change in of(KEYS)}
    assert {f"without {key.name}" for key in KEYS} <= words
    assert {f"{key.name} with nullable {not key.nullable}" for key in KEYS} <= words
    assert {"hidden_size with kind number", "hidden_size with bits 63", "rope_theta with kind integer"} <= words
    assert "quantization with keys bits with when_absent skip" in words
    assert "quantization with keys without symmetric" in words


@pytest.mark.parametrize("change", [item for item in CHANGES if item.operator == "expression"], ids=lambda c: c.words)
def test_an_expression_is_narrower_and_of_the_same_kind(change: TableChange) -> None:
    before, after = change.before, change.after
    assert isinstance(before, re.Pattern)
    assert isinstance(after, re.Pattern)
    assert type(before.pattern) is type(after.pattern)
    assert (before.flags, before.groups) == (after.flags, after.groups)
    assert len(after.pattern) < len(before.pattern)


def test_every_change_has_rules_and_places() -> None:
    assert len(CHANGES) > 200
    assert all(change.rules and change.places and change.words for change in CHANGES)
