"""JUnit XML: what counts is a failure, and nothing else is."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from tests.unit.cli.matrix.forms import junit_suites, made_by
from tests.unit.cli.matrix.made import failing, result, run

from aprfmt.conform import Outcome, Run
from aprfmt.conform.results import KnownFailure


def cases(done: Run) -> dict[str | None, Element]:
    (suite,) = junit_suites(made_by("junit", [done]))
    return {case.get("name"): case for case in suite.findall("testcase")}


def child(case: Element, name: str) -> Element:
    (found,) = case
    assert found.tag == name
    return found


def test_a_suite_counts_its_failures_and_takes_its_time() -> None:
    (suite,) = junit_suites(made_by("junit", [failing()]))
    assert suite.get("name") == "apr-format 0.72.3"
    counted = sum(item.counts for item in failing().results)
    assert suite.get("failures") == str(counted + len(failing().faults))
    assert suite.get("skipped") == str(3 + 2)  # known, and not run
    assert suite.get("time") == "4.250"


def test_a_case_is_filed_under_its_rule_or_its_layer() -> None:
    found = cases(
        run(
            result("a", "APR-D001"),
            result("b", layer="metadata"),
            result("c", "APR-M008", Outcome.CRASH, verdict="free", layer="metadata"),
        )
    )
    assert [case.get("classname") for case in found.values()] == ["APR-D001", "metadata", "metadata"]
    assert found["a"].get("time") == "0.013"  # 12.5 ms
    assert list(found["a"]) == []


def test_a_failure_says_what_and_how_to_see_it_again() -> None:
    case = cases(run(result("a", "APR-D001", Outcome.CRASH, detail="signal 11", code="E", reproduce="again")))["a"]
    failure = child(case, "failure")
    assert (failure.get("type"), failure.get("message")) == ("crash", "signal 11")
    assert failure.text == "crash: signal 11\ncode E\nagain"


def test_what_is_known_or_was_not_run_is_skipped_and_says_why() -> None:
    found = cases(
        run(
            result("a", "APR-D001", Outcome.ACCEPTED_INVALID, known=KnownFailure("bug", "nobody reads it", "#1")),
            result("b", outcome=Outcome.SKIP, detail="no room"),
        )
    )
    assert child(found["a"], "skipped").get("message") == "known: nobody reads it (#1)"
    assert child(found["b"], "skipped").get("message") == "no room"


def test_faults_of_the_list_are_failures() -> None:
    case = cases(run(result("a"), faults=("b passes",)))["b passes"]
    assert child(case, "failure").get("message") == "b passes"
