"""The page about the mutants."""

from __future__ import annotations

from aprfmt.layout import facts
from aprfmt.vectors.adequacy.mutants import Mutant
from aprfmt.vectors.adequacy.report import table
from aprfmt.vectors.adequacy.results import AdequacyReport, Row

ROWS = (
    Row(Mutant("control: accept everything", tuple(facts.RULES), "control", "rules.run", ""), "v", "verdict"),
    Row(Mutant("APR-D003 off", ("APR-D003",), "off", "default", ""), "v", "verdict"),
    Row(Mutant("APR-D003 x: a | b → a", ("APR-D003", "APR-D006"), "operand", "x", ""), equivalent="the same"),
    Row(Mutant("APR-D006 y: c → never", ("APR-D006",), "condition", "y", ""), equivalent="the same"),
    Row(Mutant("APR-L001 z: d → never", ("APR-L001",), "condition", "z", ""), free="either will do"),
)
REPORT = AdequacyReport(ROWS, n_vectors=7)


def test_the_page_begins_with_the_numbers() -> None:
    lines = table(REPORT).splitlines()
    assert lines[0] == "# Adequacy of the vectors"
    assert "**2 of 2 mutants killed; 2 equivalent; 1 free**, on 7 vectors." in lines
    assert "## Not as it should be" not in lines
    assert table(REPORT).endswith("\n")


def test_operators_and_rules_are_counted() -> None:
    lines = table(REPORT).splitlines()
    assert "| condition | a condition that never or always holds | 2 | 0 | 0 | 0 | 1 | 1 |" in lines
    assert f"| APR-D003 | {facts.RULES['APR-D003'].defect} | 2 | 1 | 0 | 0 | 1 | 0 |" in lines
    assert f"| APR-D006 | {facts.RULES['APR-D006'].defect} | 2 | 0 | 0 | 0 | 2 | 0 |" in lines


def test_controls_and_reasons_are_listed() -> None:
    page = table(REPORT)
    assert "- accept everything: killed by `v` (verdict)" in page
    assert "- the same:\n  - `APR-D003 x: a | b → a`\n  - `APR-D006 y: c → never`\n" in page
    assert "- either will do:\n  - `APR-L001 z: d → never`\n" in page


def test_what_is_wrong_comes_first() -> None:
    alive = Row(Mutant("APR-H001 off", ("APR-H001",), "off", "default", ""))
    page = table(AdequacyReport((alive,), flawed=("w",), stale=("e",)))
    assert page.index("## Not as it should be") < page.index("## By operator")
    assert "- survives: `APR-H001 off`" in page
    assert "`w`" in page
    assert "`e`" in page


def test_the_page_is_the_same_every_time() -> None:
    assert table(REPORT) == table(AdequacyReport(ROWS[:2], n_vectors=7).joined(AdequacyReport(ROWS[2:])))
