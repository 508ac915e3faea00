"""What a run came to, as the reports count it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aprfmt.conform.results import Enforcement, Implementation, KnownFailure, Outcome, Result, Run, Settings


def result(vector: str, outcome: Outcome = Outcome.PASS, rule: str | None = None, verdict: str = "") -> Result:
    return Result(vector, "read", verdict or ("reject" if rule else "accept"), rule, "structure", outcome)


def run(*results: Result, faults: tuple[str, ...] = (), layers: tuple[str, ...] = ()) -> Run:
    settings = Settings(layers=layers)
    return Run(Implementation("x"), results, settings, "0" * 64, "1", "2026-01-01T00:00:00+00:00", 1.0, faults=faults)


KNOWN = KnownFailure("bug", "not yet")
FAILURES = [item for item in Outcome if item not in (Outcome.PASS, Outcome.SKIP)]


def test_a_run_in_which_everything_passes_conforms() -> None:
    assert run(result("a"), result("b", Outcome.SKIP)).conforms


@pytest.mark.parametrize("outcome", FAILURES)
def test_every_failure_counts_unless_it_is_known(outcome: Outcome) -> None:
    assert not run(result("a"), result("b", outcome)).conforms
    assert run(result("a"), replace(result("b", outcome), known=KNOWN)).conforms


def test_a_run_of_nothing_does_not_conform() -> None:
    assert not run().conforms
    assert not run(result("a", Outcome.SKIP)).conforms


def test_a_fault_of_the_list_keeps_a_run_from_conforming() -> None:
    assert not run(result("a"), faults=("x",)).conforms


@pytest.mark.parametrize(
    ("outcomes", "enforcement"),
    [
        ((Outcome.PASS, Outcome.PASS), Enforcement.ENFORCED),
        ((Outcome.PASS, Outcome.SKIP), Enforcement.ENFORCED),
        ((Outcome.PASS, Outcome.ACCEPTED_INVALID), Enforcement.PARTLY),
        ((Outcome.PASS, Outcome.CRASH), Enforcement.PARTLY),
        ((Outcome.TIMEOUT, Outcome.CRASH), Enforcement.NOT),
        ((Outcome.SKIP, Outcome.SKIP), Enforcement.UNTESTED),
        ((), Enforcement.UNTESTED),
    ],
)
def test_a_rule_is_enforced_when_every_file_is_refused(outcomes: tuple[Outcome, ...], enforcement: Enforcement) -> None:
    results = [result(f"v{number}", outcome, "APR-D003") for number, outcome in enumerate(outcomes)]
    assert run(result("a"), *results).enforcement()["APR-D003"] is enforcement


def test_a_known_failure_is_still_not_enforced() -> None:
    known = replace(result("b", Outcome.ACCEPTED_INVALID, "APR-D003"), known=KNOWN)
    assert run(known).enforcement()["APR-D003"] is Enforcement.NOT


def test_rules_of_other_layers_are_not_asked_for() -> None:
    assert "APR-H001" not in run(result("a"), layers=("integrity",)).enforcement()
    assert "APR-H001" in run(result("a"), layers=("structure",)).enforcement()


def test_a_rule_of_which_both_answers_are_right_is_none_to_enforce() -> None:
    assert "APR-L001" in run(result("a")).enforcement()
    assert "APR-L001" not in run(result("a"), result("b", rule="APR-L001", verdict="free")).enforcement()
    both = (result("b", rule="APR-M003", verdict="free"), result("c", rule="APR-M003"))
    assert run(*both).enforcement()["APR-M003"] is Enforcement.ENFORCED


def test_the_last_line_says_what_people_want() -> None:
    line = run(
        result("a"),
        result("b", Outcome.REJECTED_VALID),
        result("c", Outcome.PASS, "APR-H001"),
        result("d", Outcome.ACCEPTED_INVALID, "APR-D003"),
        result("e", Outcome.PASS, "APR-D002"),
        result("f", Outcome.CRASH, "APR-D002"),
        result("g", Outcome.PASS, verdict="free"),
    ).summary
    assert line.startswith(
        "enforces 1 of 3 rules; refuses 1 of 2 valid files; not enforced: APR-D002 (in part), APR-D003; not tested: "
    )
