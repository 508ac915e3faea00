"""The text: short when all is well, what failed first, and the summary last."""

from __future__ import annotations

import pytest
from tests.unit.cli.matrix.forms import made_by
from tests.unit.cli.matrix.made import conforming, failing, mixed, result, run

from aprfmt.conform import Outcome, Run
from aprfmt.conform.results import KnownFailure, Reason


def lines(*runs: Run, **options: bool) -> list[str]:
    return made_by("text", runs, **options).splitlines()


def test_a_conforming_run_is_short() -> None:
    made = lines(conforming())
    assert len(made) < 12
    assert made[-1] == conforming().summary
    assert made[-2] == "conforms: 59 pass, 2 skip"


def test_quiet_leaves_nothing_of_a_conforming_run_but_the_summary() -> None:
    assert lines(conforming(), quiet=True) == [conforming().summary]


def test_quiet_keeps_what_counts() -> None:
    made = "\n".join(lines(failing(), quiet=True))
    assert all(word in made for word in ("outside-6", "deep-2", "broken-1", "stamp-3", "no-such-*: matches nothing"))
    assert not [
        word for word in ("footer-1", "utf8-1", "skipped", "known bug", "right reason", "budget of") if word in made
    ]


def test_quiet_names_who_is_meant_when_there_are_several() -> None:
    made = lines(conforming(), mixed(), quiet=True)
    assert made[:3] == ["aprfmt 0.3.0 (C):", conforming().summary, ""]
    assert made[3] == "thirty-lines:"


def test_failures_stand_below_their_rule_and_outcome_with_a_line_to_see_them_again() -> None:
    done = run(
        result("a", "APR-D001", Outcome.ACCEPTED_INVALID, code="E1", detail="found accept", reproduce="again a"),
        result("b", "APR-D001", reason=Reason.RIGHT),
        result("c", "APR-D001", Outcome.TIMEOUT, detail=""),
    )
    made = lines(done)
    assert made[3:10] == [
        "APR-D001 tensor-outside: the data of the tensor lies outside the file; 1 of 3 refused",
        "  accepted-invalid, 1 vector:",
        "    a: found accept [code E1]",
        "      again a",
        "  timeout, 1 vector:",
        "    c",
        "      aprfmt conform --vector c --cmd './read {file}'",
    ]


@pytest.mark.parametrize("number", [3, 4, 9])
def test_a_group_is_cut_short_unless_all_is_asked_for(number: int) -> None:
    done = run(*(result(f"v{at}", "APR-D001", Outcome.ACCEPTED_INVALID) for at in range(number)))
    made, whole = lines(done), lines(done, verbose=True)
    assert sum(line.startswith("    v") for line in made) == 3
    assert (f"    and {number - 3} more (-v shows them)" in made) == (number > 3)
    assert sum(line.startswith("    v") for line in whole) == number


def test_skips_are_counted_by_reason() -> None:
    reasons = [f"reason {min(at, 7)}" for at in range(10)]
    done = run(*(result(f"v{at}", outcome=Outcome.SKIP, detail=reason) for at, reason in enumerate(reasons)))
    made = [line for line in lines(done) if line.startswith("skipped")]
    assert made[0] == "skipped 3 vectors: reason 7"
    assert made[1] == "skipped 1 vector: reason 0"
    assert made[-1] == "skipped 3 more, for 3 other reasons (-v shows them)"
    assert len([line for line in lines(done, verbose=True) if line.startswith("skipped")]) == 8
    assert "skipped 1 vector: no reason given" in lines(run(result(outcome=Outcome.SKIP, detail="")))


def test_known_failures_are_a_line_an_entry_and_count_for_nothing() -> None:
    bug, wontfix = KnownFailure("bug", "it never reads", "#12"), KnownFailure("wontfix", "")
    done = run(
        result("a", "APR-D001", Outcome.ACCEPTED_INVALID, known=wontfix),
        result("b", "APR-D003", Outcome.CRASH, known=bug),
        result("c", "APR-D003", Outcome.ACCEPTED_INVALID, known=bug),
        result("d"),
    )
    made = lines(done)
    assert made[3:5] == ["known bug, 2 vectors: it never reads (#12)", "known wontfix, 1 vector: no reason given"]
    assert made[-2] == "conforms but for 3 known failures: 1 pass, 2 accepted-invalid (2 known), 1 crash (1 known)"
    assert "    b: expected one thing of b, found another" in lines(done, verbose=True)


def test_wrong_reasons_are_named_when_all_is_asked_for() -> None:
    done = run(result("a", "APR-D001", reason=Reason.WRONG, code="E7"), result("b", "APR-D001", reason=Reason.RIGHT))
    named = "  wrong reason: a, broken APR-D001, code E7"
    assert named in lines(done, verbose=True)
    assert named not in lines(done)


def test_nothing_that_ran_is_no_conformance() -> None:
    assert lines(run())[-2] == "does not conform: nothing was run"
