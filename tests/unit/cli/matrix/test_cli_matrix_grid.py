"""The matrix: what stands in which cell, and which mark that makes."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.cli.matrix.made import conforming, failing, mixed, result, rules, run, small_runs

from aprfmt.cli.matrix.grid import SYMBOLS, Cell, Mark, Row, bands
from aprfmt.conform import Outcome, Settings
from aprfmt.conform.results import KnownFailure, Reason

KNOWN = KnownFailure("bug", "x")
GOOD, BAD = result("good", "APR-D001"), result("bad", "APR-D001", Outcome.ACCEPTED_INVALID)
CRASH = result("crash", "APR-D001", Outcome.CRASH)
KNOWN_BAD = result("known", "APR-D001", Outcome.ACCEPTED_INVALID, known=KNOWN)
KNOWN_CRASH = result("known crash", "APR-D001", Outcome.CRASH, known=KNOWN)
SKIPPED = result("skipped", "APR-D001", Outcome.SKIP)


def rows(*runs: Any) -> dict[str, Row]:
    return {row.rule or row.title: row for band in bands(runs) for row in band.rows}


@pytest.mark.parametrize(
    ("items", "mark", "ratio"),
    [
        ([], Mark.UNTESTED, ""),
        ([SKIPPED], Mark.UNTESTED, ""),
        ([GOOD, GOOD], Mark.HELD, "2/2"),
        ([GOOD, SKIPPED], Mark.HELD, "1/1"),
        ([BAD], Mark.NOT, "0/1"),
        ([GOOD, BAD], Mark.PARTLY, "1/2"),
        ([GOOD, BAD, CRASH], Mark.BROKE, "1/3"),
        ([CRASH], Mark.BROKE, "0/1"),
        ([KNOWN_BAD], Mark.KNOWN, "0/1"),
        ([GOOD, KNOWN_BAD, KNOWN_CRASH], Mark.KNOWN, "1/3"),
        ([BAD, KNOWN_BAD], Mark.NOT, "0/2"),
        ([GOOD, BAD, KNOWN_CRASH], Mark.PARTLY, "1/3"),
    ],
)
def test_the_mark_of_a_rule(items: list[Any], mark: Mark, ratio: str) -> None:
    (cell,) = rows(run(*items))["APR-D001"].cells
    assert (cell.mark, cell.ratio) == (mark, ratio)


def test_every_mark_has_a_sign_of_its_own() -> None:
    assert SYMBOLS.keys() == set(Mark)
    assert len({symbol.sign for symbol in SYMBOLS.values()}) == len(Mark)


def test_every_rule_of_the_run_has_a_row_below_its_layer() -> None:
    found = {band.title: [row.rule for row in band.rows] for band in bands([conforming()])}
    assert list(found)[:3] == ["structure rules", "integrity rules", "metadata rules"]
    assert found["integrity rules"] == rules("integrity")
    assert sum(map(len, found.values())) == len(rules()) + 5


def test_a_rule_that_one_run_was_not_asked_about_is_outside() -> None:
    found = rows(*small_runs())
    assert [cell.mark for cell in found["APR-M001"].cells] == [Mark.HELD, Mark.HELD, Mark.OUTSIDE]
    assert [cell.mark for cell in found["APR-D007"].cells] == [Mark.OUTSIDE, Mark.OUTSIDE, Mark.HELD]
    assert found["APR-M001"].is_clean
    assert not found["APR-D001"].is_clean


def test_what_else_an_implementation_owes() -> None:
    found = {name: row.cells[0] for name, row in rows(failing()).items() if not row.rule}
    assert {name: (cell.mark, cell.ratio) for name, cell in found.items()} == {
        "valid files accepted": (Mark.BROKE, "4/6"),
        "values read right": (Mark.PARTLY, "3/4"),
        "files open to judgement": (Mark.BROKE, "0/1"),
        "stamps": (Mark.NOT, "0/3"),
        "writers": (Mark.UNTESTED, ""),
        "refused for the right reason": (Mark.PARTLY, "38/39"),
    }


def test_values_that_were_not_compared_are_not_read_right() -> None:
    assert "values read right" not in rows(run(result("a"), result("b", "APR-D001")))
    (cell,) = rows(run(result("a", compared=("header",)), result("b")))["values read right"].cells
    assert [item.vector for item in cell.held] == ["a"]


def test_an_unsaid_reason_is_neither_right_nor_wrong() -> None:
    reasons = [Reason.RIGHT, Reason.UNSAID, Reason.WRONG]
    done = run(*(result(str(reason), "APR-D001", reason=reason) for reason in reasons))
    (cell,) = rows(done)["refused for the right reason"].cells
    assert ([item.vector for item in cell.held], [item.vector for item in cell.failed]) == (["right"], ["wrong"])


def test_a_stamp_that_a_rule_forbids_decides_about_both() -> None:
    found = rows(run(result("a", "APR-D001", Outcome.ACCEPTED_INVALID, op="stamp")))
    assert [found[name].cells[0].mark for name in ("APR-D001", "stamps")] == [Mark.NOT, Mark.NOT]


def test_what_belongs_nowhere_is_shown_all_the_same() -> None:
    strange = result("a", "APR-X999", Outcome.ACCEPTED_INVALID)
    off_layer = result("b", "APR-D001", Outcome.CRASH)
    (cell,) = rows(run(strange, off_layer, settings=Settings(layers=("metadata",))))["other vectors"].cells
    assert (cell.mark, cell.failed) == (Mark.BROKE, (strange, off_layer))
    assert "other vectors" not in rows(conforming(), failing(), mixed())


def test_a_cell_knows_all_its_vectors() -> None:
    assert Cell((GOOD,), (BAD,), (SKIPPED,)).results == (GOOD, BAD, SKIPPED)
    assert bands([]) == []
