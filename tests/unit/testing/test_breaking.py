"""The law of broken files: each breaks its rule, as bad as the profile has it, and nothing but its consequences."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.testing.drawing_kit import GENERAL, SEARCH, broken, lenient, many, report_of, rules_of, smallest_of

from aprfmt.errors import RequestError
from aprfmt.layout import facts
from aprfmt.testing import breakable, consequences, containers
from aprfmt.testing.breaking import way_of

LARGE = sorted(set(breakable()) - set(breakable(large=False)))
CASES = [
    *((rule, GENERAL) for rule in breakable()),
    *((rule, ("reader",)) for rule in breakable("reader")),
]


def needing(rule: str, profile: str) -> set[str]:
    """The rules of a profile that cannot be judged where a rule is broken."""

    def needs(other: str) -> bool:
        return rule in facts.RULES[other].needs or any(map(needs, facts.RULES[other].needs))

    return set(filter(needs, facts.PROFILES[profile]))


@pytest.mark.parametrize(("rule", "profiles"), CASES, ids=lambda value: value if isinstance(value, str) else value[0])
def test_every_file_breaks_its_rule_and_nothing_but_its_consequences(rule: str, profiles: tuple[str, ...]) -> None:
    """In every profile that has the rule the findings MUST be of it, at its severity, and of `consequences` alone."""
    files = broken(rule, 1 if rule in LARGE else 10, profiles[0])
    assert len(set(files)) > 1 or rule == "APR-M001" or rule in LARGE
    for raw in files:
        for profile in profiles:
            report = report_of(raw, profile)
            severities = facts.PROFILES[profile]
            found = {finding.rule for finding in report.findings}
            assert rule in found
            assert found <= {rule} | consequences(rule, profile)
            assert all(finding.severity == severities[finding.rule] for finding in report.findings)
            assert report.valid == all(severities[name] != "error" for name in found)
            if rule != "APR-L001":  # what a limit keeps from being judged depends on the limit
                skipped = set[str]().union(*(needing(name, profile) for name in found))
                assert set(report.rules_skipped) == skipped - found


def test_every_rule_of_every_profile_is_broken() -> None:
    for profile in facts.PROFILES:
        assert breakable(profile) == tuple(facts.PROFILES[profile])
    assert LARGE == ["APR-L001", "APR-M007"]


def test_rules_are_listed_by_how_bad_they_are() -> None:
    errors = breakable(severity="error", large=False)
    assert set(errors) == {rule for rule, held in facts.RULES.items() if held.severity == "error"} - set(LARGE)
    assert set(breakable("canonical", severity="error", large=False)) > set(errors)
    assert breakable(severity="info") == ("APR-H011", "APR-H012", "APR-S006", "APR-P003", "APR-D008")
    with pytest.raises(RequestError, match="expected one of error, warning, info as a severity, found 'bad'"):
        breakable(severity="bad")
    with pytest.raises(RequestError, match=r"as a profile, found 'lax'"):
        breakable("lax")


def test_of_several_rules_each_file_breaks_one() -> None:
    found = [rules_of(raw) for raw in many(containers(breaking=["APR-H002", "APR-D006", "APR-F004"]), 40)]
    assert {*map(tuple, found)} == {("APR-H002",), ("APR-D006",), ("APR-F004",)}


def test_consequences_follow_and_are_no_errors_by_themselves() -> None:
    """What breaks along MUST be no error in the default profile, so that an error is always that of the rule."""
    for profile in ("default", "reader"):
        for rule in breakable(profile):
            assert all(facts.RULES[name].severity != "error" for name in consequences(rule, profile)), rule
            assert rule not in consequences(rule, profile)


@pytest.mark.parametrize("rule", [rule for rule in breakable() if consequences(rule)])
def test_every_consequence_is_met(rule: str) -> None:
    """A consequence that never comes is not listed."""
    along = set[str]().union(*map(rules_of, broken(rule, 60))) - {rule}
    assert along == consequences(rule)


@pytest.mark.parametrize("rule", breakable(large=False))
def test_the_smallest_file_has_no_more_than_the_rule_needs(rule: str) -> None:
    """It MUST have as few tensors as the rule is about, and members that say where it comes from, at most one more."""
    raw = smallest_of(rule)
    least = way_of(rule).ask.min_tensors
    assert len(raw) <= 260 + 64 * least + (256 if rule == "APR-M005" else 0)
    if rule not in ("APR-H001", "APR-H008", "APR-I001"):  # of these the count is not there, or is what is wrong
        assert lenient(raw).header.num_tensors == (0 if rule == "APR-I012" else least)


@settings(SEARCH, max_examples=30)
@given(st.data())
def test_numbers_of_tensors_are_kept(data: st.DataObject) -> None:
    rule = data.draw(st.sampled_from(["APR-H002", "APR-P001", "APR-D003", "APR-D006"]))
    raw = data.draw(containers(breaking=rule, min_tensors=3, max_tensors=3))
    assert data.draw(st.just(raw)) is raw
    assert int.from_bytes(raw[8:12], "little") == 3


def test_metadata_can_be_given() -> None:
    given_ = st.just(b'{"license":"MIT","data_source":"mine","data_license":"MIT"}')
    for raw in many(containers(breaking="APR-D002", metadata=given_), 5):
        assert b"mine" in raw
        assert rules_of(raw, "publish") == {"APR-D002"}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"breaking": "APR-X001"}, "breaking: expected the id of a rule, found 'APR-X001'"),
        ({"breaking": "APR-H002", "profile": "reader"}, "it is no rule of the profile reader"),
        ({"breaking": "APR-H002", "profile": "lax"}, "expected one of default, .* as a profile, found 'lax'"),
        ({"breaking": "APR-D003", "max_tensors": 1}, "max_tensors: expected at least 2 to break APR-D003, found 1"),
        ({"breaking": "APR-M003", "metadata": st.just(b"{}")}, "metadata: expected none, as APR-M003 is broken by it"),
        (
            {"breaking": "APR-D003", "canonical": False},
            r"canonical.*; damaged\(containers\(canonical=False\)\) are odd",
        ),
        ({"breaking": "APR-D003", "footer": False}, "files that break one rule alone are canonical, with a footer"),
        ({"breaking": []}, "breaking: expected the id of a rule, or several, found none"),
        ({"sound": True, "footer": False}, "sound files are canonical, with a footer"),
    ],
)
def test_what_cannot_be_had_is_refused_at_once(arguments: dict[str, object], says: str) -> None:
    with pytest.raises(RequestError, match=says):
        containers(**arguments)  # type: ignore[arg-type] # as somebody would who guesses


def test_a_rule_without_a_way_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from aprfmt.testing import breaking

    monkeypatch.delitem(breaking._ways, ("APR-F004", "default"))
    assert "APR-F004" not in breakable()
    with pytest.raises(RequestError, match="APR-F004 cannot be broken here: no way is known that breaks it alone"):
        containers(breaking="APR-F004")
