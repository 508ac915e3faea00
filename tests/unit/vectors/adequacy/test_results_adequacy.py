"""What the rows say together."""

from __future__ import annotations

import pickle

from aprfmt.vectors.adequacy.mutants import Mutant
from aprfmt.vectors.adequacy.results import AdequacyReport, Row


def row(name: str, **what: str) -> Row:
    return Row(Mutant(name, ("APR-D003",), "off", "default", f"{name} is off"), **what)  # type: ignore[arg-type] # words


KILLED, EQUIVALENT = row("a", killed_by="v", by="verdict"), row("b", equivalent="it is the same")
FREE, ALIVE = row("c", free="either will do"), row("d")


def test_a_report_of_what_is_killed_is_complete() -> None:
    report = AdequacyReport((KILLED, EQUIVALENT, FREE))
    assert report.complete
    assert report.summary == "1 of 1 mutants killed; 1 equivalent; 1 free"
    assert (report.killed, report.equivalents, report.free, report.survivors) == ((KILLED,), (EQUIVALENT,), (FREE,), ())


def test_what_survives_is_missing() -> None:
    report = AdequacyReport((KILLED, ALIVE))
    assert not report.complete
    assert report.survivors == (ALIVE,)
    assert report.summary == "1 of 2 mutants killed"


def test_nothing_tried_is_nothing_proved() -> None:
    assert not AdequacyReport(()).complete


def test_a_wrong_recipe_and_a_wrong_reason_are_not_passed_over() -> None:
    assert not AdequacyReport((KILLED,), flawed=("v",)).complete
    stale = AdequacyReport((KILLED,), stale=("x",))
    assert not stale.complete
    assert stale.summary == "1 of 1 mutants killed; 1 stale"


def test_reports_are_joined_and_divided() -> None:
    both = AdequacyReport((KILLED,), ("v",), ("a", "x"), 5).joined(AdequacyReport((ALIVE,), ("v", "w"), ("x",), 6))
    assert both == AdequacyReport((KILLED, ALIVE), ("v", "w"), ("a", "x"), 6)
    assert both.of_these(["a"]) == AdequacyReport((KILLED,), ("v", "w"), ("a",), 6)
    assert pickle.loads(pickle.dumps(both)) == both  # noqa: S301 - our own bytes


def test_a_row_is_a_line() -> None:
    assert [item.text for item in (KILLED, EQUIVALENT, FREE, ALIVE)] == [
        "killed by v (verdict): a",
        "equivalent: b: it is the same",
        "free: c: either will do",
        "survives: d: d is off",
    ]


def test_a_report_as_json() -> None:
    node = AdequacyReport((KILLED, ALIVE), n_vectors=3).as_json()
    assert (node["complete"], node["vectors"], node["mutants"], node["killed"]) == (False, 3, 2, 1)
    assert node["survivors"] == [{"id": "d", "rules": ["APR-D003"], "operator": "off", "about": "d is off"}]
    assert node["rows"][0]["killed_by"] == "v"
