"""SARIF: each failure at the line of the specification that it is about."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.cli.matrix.forms import made_by, sarif_runs
from tests.unit.cli.matrix.made import failing, result, run, small_runs
from tests.unit.cli.running import REPOSITORY

from aprfmt.cli.matrix.sarif import rule_lines
from aprfmt.conform import Outcome
from aprfmt.conform.results import KnownFailure
from aprfmt.layout import facts

SPEC = (REPOSITORY / "spec" / "apr_v2.ksy").read_text(encoding="utf-8")


def results(*items: Any, **other: Any) -> list[dict[str, Any]]:
    (node,) = sarif_runs(made_by("sarif", [run(*items, **other)]))
    found: list[dict[str, Any]] = node["results"]
    return found


def line_of(node: dict[str, Any]) -> int:
    (location,) = node["locations"]
    assert location["physicalLocation"]["artifactLocation"] == {"uri": "spec/apr_v2.ksy"}
    line = location["physicalLocation"]["region"]["startLine"]
    assert isinstance(line, int)
    return line


def test_every_rule_is_found_at_its_own_entry() -> None:
    lines, found = SPEC.splitlines(), rule_lines(SPEC)
    assert found.keys() == {*facts.RULES, "seq"}
    for rule, fact in facts.RULES.items():
        assert lines[found[rule] - 1 : found[rule] + 1] == [f"  {rule}:", f"    name: {fact.name}"]
    assert lines[found["seq"] - 1] == "seq:"


def test_lines_are_read_off_the_text() -> None:
    text = """# APR-X1:
seq:
  - id: a
    APR-X1: no
-profiles:
  APR-X1: no
-rules:
# a note
  APR-X1:
    why: |
      APR-X2:
  APR-X2:
types:
  APR-X3:
"""
    assert rule_lines(text) == {"seq": 2, "APR-X1": 9, "APR-X2": 12}


@pytest.mark.parametrize("rule", ["APR-H001", "APR-D001", "APR-L001"])
def test_a_failure_stands_at_the_line_of_its_rule(rule: str) -> None:
    (node,) = results(result("a", rule, Outcome.ACCEPTED_INVALID))
    assert (node["ruleId"], node["level"]) == (rule, "error")
    assert SPEC.splitlines()[line_of(node) - 1] == f"  {rule}:"


@pytest.mark.parametrize(
    ("item", "about"),
    [
        (result("a", outcome=Outcome.REJECTED_VALID), "valid-file-refused"),
        (result("a", outcome=Outcome.WRONG_VALUE), "value-misread"),
        (result("a", op="stamp", outcome=Outcome.WRONG_BYTES), "bytes-differ"),
        (result("a", op="stamp", outcome=Outcome.REJECTED_VALID), "request-refused"),
        (result("a", op="stamp", verdict="reject", outcome=Outcome.ACCEPTED_INVALID), "request-accepted"),
        (result("a", outcome=Outcome.CRASH), "crash"),
        (result("a", outcome=Outcome.TIMEOUT), "timeout"),
        (result("a", outcome=Outcome.BUDGET), "budget"),
    ],
    ids=lambda item: item if isinstance(item, str) else "",
)
def test_what_no_rule_stands_behind_has_an_id_of_its_own(item: Any, about: str) -> None:
    (node,) = results(item)
    assert node["ruleId"] == about
    assert SPEC.splitlines()[line_of(node) - 1] == "seq:"


def test_a_vector_that_may_go_either_way_stands_at_its_rule_all_the_same() -> None:
    (node,) = results(result("a", "APR-M008", Outcome.CRASH, verdict="free"))
    assert node["ruleId"] == "crash"
    assert SPEC.splitlines()[line_of(node) - 1] == "  APR-M008:"


def test_a_known_failure_is_a_note_that_is_suppressed() -> None:
    entry = KnownFailure("wontfix", "as it is", "https://example.org/1")
    (node,) = results(result("a", "APR-D001", Outcome.ACCEPTED_INVALID, known=entry))
    assert node["level"] == "note"
    (said,) = node["suppressions"]
    assert said["justification"] == "wontfix: as it is (https://example.org/1)"


def test_a_result_says_how_to_see_it_again_and_is_known_again() -> None:
    first, second = results(
        result("a", "APR-D001", Outcome.ACCEPTED_INVALID, reproduce="again a"),
        result("b", "APR-D001", Outcome.ACCEPTED_INVALID),
    )
    assert first["message"]["text"] == "a: accepted-invalid: expected one thing of a, found another; reproduce: again a"
    assert (first["properties"]["vector"], first["properties"]["reproduce"]) == ("a", "again a")
    (again,) = results(result("a", "APR-D001", Outcome.CRASH))
    assert first["partialFingerprints"] == again["partialFingerprints"]
    assert all(first["partialFingerprints"][key] != value for key, value in second["partialFingerprints"].items())


def test_a_run_says_what_it_came_to() -> None:
    good, bad, _ = sarif_runs(made_by("sarif", small_runs()))
    assert [node["invocations"][0]["exitCode"] for node in (good, bad)] == [0, 1]
    assert bad["properties"]["summary"] == failing().summary
    faults = bad["invocations"][0]["toolExecutionNotifications"]
    assert [said["message"]["text"] for said in faults] == [
        f"list of known failures: {text}" for text in failing().faults
    ]
    assert all("helpUri" not in rule for rule in bad["tool"]["driver"]["rules"])
