"""The list of mutants that no file tells from the original."""

from __future__ import annotations

from aprfmt.vectors.adequacy.equivalent import EQUIVALENT
from aprfmt.vectors.adequacy.mutants import mutants

ALL = {mutant.id: mutant for mutant in mutants()}


def test_every_entry_belongs_to_a_mutant_and_has_a_reason() -> None:
    assert EQUIVALENT.keys() - ALL.keys() == set()
    assert all(EQUIVALENT.values())


def test_no_rule_as_a_whole_is_called_equivalent() -> None:
    assert {ALL[name].operator for name in EQUIVALENT}.isdisjoint({"off", "severity", "control", "fact", "entry"})


def test_they_are_few() -> None:
    assert len(EQUIVALENT) < len(ALL) / 15
