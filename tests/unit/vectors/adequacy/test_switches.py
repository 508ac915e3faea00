"""Whole rules, off and of another severity, and readers that look at nothing."""

from __future__ import annotations

from collections import Counter

import pytest
from tests.unit.rules.cases import CASES, READER_CASES

from aprfmt.container import Container
from aprfmt.errors import FormatError
from aprfmt.layout import facts
from aprfmt.rules import Report, run
from aprfmt.source import BytesSource
from aprfmt.vectors.adequacy.patches import patched
from aprfmt.vectors.adequacy.switches import CONTROLS, Switch, switches

SWITCHES = tuple(switches())
LARGE = ("APR-M007", "APR-L001")


def judged(raw: bytes, profile: str = "default") -> Report:
    return run(Container(BytesSource(raw), lenient=True), profile=profile, read_data=True)


def found(report: Report) -> set[str]:
    return {finding.rule for finding in report.findings}


def switch(operator: str, rule: str, profile: str = "default") -> Switch:
    (item,) = (s for s in SWITCHES if (s.operator, s.rule) == (operator, rule) and profile in s.profiles)
    return item


@pytest.mark.parametrize("operator", ["off", "severity"])
def test_every_rule_of_every_profile_is_switched_once(operator: str) -> None:
    pairs = Counter((item.rule, profile) for item in SWITCHES if item.operator == operator for profile in item.profiles)
    assert set(pairs) == {(rule, profile) for profile, rules in facts.PROFILES.items() for rule in rules}
    assert set(pairs.values()) == {1}


def test_profiles_that_judge_a_rule_alike_are_switched_together() -> None:
    assert switch("off", "APR-H002").profiles == ("default", "canonical", "publish")
    assert switch("off", "APR-D006").profiles == ("default", "publish")
    assert switch("off", "APR-D006", "canonical").profiles == ("canonical",)
    assert switch("off", "APR-I003", "reader").profiles == ("reader",)
    assert "reader" in switch("off", "APR-H001").profiles


@pytest.mark.parametrize("rule", [rule for rule in CASES if rule not in (*LARGE, "APR-H008")])
def test_a_rule_that_is_off_finds_nothing(rule: str) -> None:
    raw = CASES[rule].broken()
    with patched(switch("off", rule).patches()):
        try:
            report = judged(raw)
        except FormatError:  # what the rule keeps from being read cannot be read
            assert facts.RULES[rule].fatal
        else:
            assert rule not in found(report)
            assert rule in report.rules_run
    assert rule in found(judged(raw))


def test_a_rule_is_off_in_its_profiles_alone() -> None:
    raw = CASES["APR-D006"].broken()
    with patched(switch("off", "APR-D006", "canonical").patches()):
        assert "APR-D006" in found(judged(raw))
        assert "APR-D006" not in found(judged(raw, "canonical"))
    raw = READER_CASES["APR-I003"].broken()
    with patched(switch("off", "APR-I003").patches()):
        assert "APR-I003" in found(judged(raw, "reader"))


def test_limits_are_off() -> None:
    raw = CASES["APR-L001"].broken()
    with patched(switch("off", "APR-L001").patches()):
        assert judged(raw).valid
    assert found(judged(raw)) == {"APR-L001"}


@pytest.mark.parametrize("rule", [rule for rule in CASES if rule not in LARGE])
def test_another_severity_makes_another_verdict(rule: str) -> None:
    raw = CASES[rule].broken()
    before = judged(raw)
    with patched(switch("severity", rule).patches()):
        after = judged(raw)
    assert after.valid != before.valid
    assert found(after) == found(before)


def test_the_controls_look_at_nothing() -> None:
    good, bad = CASES["APR-H002"].twin(), CASES["APR-H002"].broken()
    with patched(CONTROLS["accept everything"]()):
        assert [judged(raw).valid for raw in (good, bad, b"")] == [True, True, True]
    with patched(CONTROLS["reject everything"]()):
        assert [judged(raw).valid for raw in (good, bad, b"")] == [False, False, False]
    assert [judged(raw).valid for raw in (good, bad, b"")] == [True, False, False]
