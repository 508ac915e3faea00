"""What failures are about."""

from __future__ import annotations

from tests.unit.cli.matrix.made import failing, result

from aprfmt.cli.matrix.subjects import SUBJECTS, by_subject, defect, is_refusal, name, subject
from aprfmt.conform import Outcome
from aprfmt.layout import facts


def test_a_failure_to_refuse_is_about_the_rule_whatever_came_of_it() -> None:
    for outcome in (Outcome.ACCEPTED_INVALID, Outcome.CRASH, Outcome.TIMEOUT, Outcome.BUDGET):
        assert subject(result("a", "APR-D001", outcome)) == "APR-D001"
        assert is_refusal(result("a", "APR-D001", outcome))
    assert subject(result("a", "APR-D001", Outcome.CRASH, verdict="free")) == "crash"


def test_every_other_failure_has_its_subject() -> None:
    made = {
        subject(result("a", op=op, verdict=verdict, outcome=outcome))
        for op in ("read", "stamp", "write")
        for verdict in ("accept", "reject", "free")
        for outcome in set(Outcome) - {Outcome.PASS, Outcome.SKIP}
    }
    assert made == SUBJECTS.keys()


def test_failures_stand_in_the_order_of_the_specification() -> None:
    found = by_subject(item for item in failing().results if item.failed)
    order = [*facts.RULES, *SUBJECTS]
    assert list(found) == sorted(found, key=order.index)
    assert list(found["APR-D001"]) == [Outcome.ACCEPTED_INVALID, Outcome.CRASH]
    assert sum(len(items) for outcomes in found.values() for items in outcomes.values()) == 19
    strange = by_subject([result("a", "APR-X999", Outcome.CRASH), result("b", outcome=Outcome.CRASH)])
    assert list(strange) == ["crash", "APR-X999"]


def test_subjects_have_names_and_defects() -> None:
    assert name("APR-D001") == "APR-D001 tensor-outside"
    assert name("value-misread") == "value-misread"
    assert defect("APR-D001") == facts.RULES["APR-D001"].defect
    assert defect("APR-X999") == "a rule that is not known here"
