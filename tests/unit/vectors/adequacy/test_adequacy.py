"""The public names, on a suite of a few vectors."""

from __future__ import annotations

from tests.unit.vectors.adequacy.toys import suite, vector

from aprfmt.vectors.adequacy import adequacy, mutants, table


def test_a_report_over_some_mutants_becomes_a_page() -> None:
    made = suite(vector("sound"), vector("version", "APR-H002", edits=[{"set": "header.version_major", "to": 3}]))
    names = [mutant.id for mutant in mutants() if mutant.rules == ("APR-H002",)]
    report = adequacy(made, names)
    assert [row.mutant.id for row in report.rows] == names
    page = table(report)
    assert report.summary in page
    # Only a version below 2 tells `<=` from `==`.
    assert [row.mutant.id for row in report.survivors] == ["APR-H002 facts.check_header: value == wanted → <="]


def test_the_same_question_has_the_same_answer() -> None:
    made = suite(vector("sound"), vector("version", "APR-H002", edits=[{"set": "header.version_major", "to": 3}]))
    names = [mutant.id for mutant in mutants() if mutant.operator == "mask"]
    assert adequacy(made, names) == adequacy(made, names)
