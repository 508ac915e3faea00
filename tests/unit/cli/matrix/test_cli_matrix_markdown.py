"""Markdown: the verdict first, what is long behind a fold."""

from __future__ import annotations

import pytest
from tests.unit.cli.matrix.forms import FORMS, made_by
from tests.unit.cli.matrix.made import conforming, failing, mixed, result, rules, run, small_runs

from aprfmt.conform import Outcome


def test_the_heading_is_the_verdict() -> None:
    assert made_by("markdown", [conforming()]).startswith("## ✓ `aprfmt 0.3.0` conforms\n\nenforces 26 of 26 rules;")
    assert made_by("markdown", [failing()]).startswith("## ✗ `apr-format 0.72.3` does not conform\n\nenforces 19 of 24")


def test_only_rules_that_are_not_enforced_are_laid_out() -> None:
    made = made_by("markdown", [failing()])
    rows = [line for line in made.splitlines() if line.startswith("| APR-")]
    assert [row.split()[1] for row in rows] == ["APR-M005", "APR-I005", "APR-D001", "APR-D003", "APR-F002"]
    assert rows[2].startswith(
        "| APR-D001 tensor-outside | the data of the tensor lies outside the file | 1 of 7 | 5 | 1 |"
    )
    assert "<details><summary>19 rules enforced</summary>" in made
    assert "<details><summary>2 rules not tested</summary>" in made
    assert "|" not in made_by("markdown", [conforming()])


@pytest.mark.parametrize("number", [50, 51, 70])
def test_a_table_of_failures_has_an_end(number: int) -> None:
    done = run(*(result(f"v{at}", "APR-D001", Outcome.ACCEPTED_INVALID) for at in range(number)))
    made = made_by("markdown", [done])
    assert made.count("\n| `v") == 50
    assert (f"\nand {number - 50} more\n" in made) == (number > 50)
    assert made_by("markdown", [done], verbose=True).count("\n| `v") == number


def test_bars_end_no_cell() -> None:
    done = run(result("a|b", "APR-D001", Outcome.ACCEPTED_INVALID, detail="x || y\\|", code="|"))
    made = made_by("markdown", [done])
    FORMS["markdown"](made, [done])
    assert "| `a\\x7cb` | APR-D001 tensor-outside | accepted-invalid | `x \\x7c\\x7c y\\\\x7c` (code `\\x7c`) |" in made


def test_commands_cannot_end_their_block() -> None:
    done = run(result("a", "APR-D001", Outcome.ACCEPTED_INVALID, reproduce="```` # x"))
    made = made_by("markdown", [done])
    assert "\n`````sh\n```` # x\n`````\n" in made


def test_several_runs_are_a_matrix() -> None:
    made = made_by("markdown", small_runs())
    assert "| | `aprfmt` | `apr-format` | `thirty-lines` |\n" in made
    assert "| APR-D001 tensor-outside | ✓ | ! 1/7 | · |\n" in made
    assert "| APR-D003 tensors-overlap | ✓ | ✗ | · |\n" in made
    assert "| APR-F002 footer-wrong | ✓ | k 0/2 | · |\n" in made
    assert "| APR-H001 magic-wrong | ✓ | ✓ | ✗ |\n" in made
    assert "| APR-H006 header-checksum-wrong | ✓ | – | · |\n" in made
    assert "| valid files accepted | ✓ 5/5 | ! 4/6 | ✓ 1/1 |\n" in made
    assert "| stamps | ✓ 1/1 | ✗ 0/3 | – |\n" in made
    assert "| version | `0.3.0` | `0.72.3` |  |\n" in made
    assert "✓ all as it must be · ~ in part · ✗ not at all · " in made


def test_a_rule_that_is_enforced_in_part_says_how_far() -> None:
    half = run(result("a", "APR-D001"), result("b", "APR-D001", Outcome.ACCEPTED_INVALID))
    made = made_by("markdown", [half, mixed()])
    assert "| APR-D001 tensor-outside | ~ 1/2 | · |\n" in made


def test_quiet_is_the_verdict_and_what_counts() -> None:
    made = made_by("markdown", [failing()], quiet=True)
    assert not [word for word in ("footer-1", "skipped", "enforced</summary>", "How it was run") if word in made]
    assert "`no-such-*: matches nothing`" in made
    assert made_by("markdown", [conforming()], quiet=True).count("\n") == 4


def test_there_are_rules_to_lay_out() -> None:
    assert len(rules()) > 20
