"""`rules` and `explain`: the declarations of the rules, as people and programs ask for them."""

from __future__ import annotations

import pytest
from tests.unit.cli.running import aprfmt, assert_printable

from aprfmt.layout import facts


def test_every_rule_is_listed() -> None:
    run = aprfmt("rules")
    head, *rows = run.out.splitlines()
    assert (run.code, run.err) == (0, "")
    assert head.split() == ["ID", "NAME", "SEVERITY", "LAYER", "DEFECT"]
    assert [row.split()[:4] for row in rows] == [
        [rule.id, rule.name, facts.PROFILES["default"].get(rule.id, "--"), rule.layer] for rule in facts.RULES.values()
    ]


@pytest.mark.parametrize("profile", [*facts.PROFILES, "READER"])
def test_severities_are_those_of_the_profile(profile: str) -> None:
    said = aprfmt("rules", "--profile", profile, "--json").json
    assert said["profile"] == profile.lower()
    assert said["profiles"] == dict(facts.PROFILE_DOCS)
    held = facts.PROFILES[profile.lower()]
    assert [(rule["id"], rule["severity"]) for rule in said["rules"]] == [
        (name, held.get(name)) for name in facts.RULES
    ]
    rows = aprfmt("rules", "--profile", profile).out.splitlines()[1:]
    assert [row.split()[2] for row in rows] == [held.get(name, "--") for name in facts.RULES]


def test_a_profile_that_does_not_exist() -> None:
    run = aprfmt("rules", "--profile", "canonicla", "--json")
    assert run.code == 2
    assert run.error["message"] == "expected a profile, found 'canonicla'; did you mean canonical?"
    message = "expected a profile, found 'nope'; there are default, reader, canonical and publish"
    assert aprfmt("rules", "--profile", "nope", "--json").error["message"] == message


def test_quiet_and_verbose() -> None:
    assert aprfmt("rules", "-q") == (0, "", "")
    assert aprfmt("explain", "APR-H001", "-q") == (0, "", "")
    err = aprfmt("rules", "-v").err
    assert [line.split(":")[1].split()[-1] for line in err.splitlines()] == list(facts.PROFILE_DOCS)


@pytest.mark.parametrize("rule", facts.RULES)
def test_every_rule_is_explained(rule: str) -> None:
    fact = facts.RULES[rule]
    run = aprfmt("explain", rule)
    assert (run.code, run.err) == (0, "")
    assert run.out.startswith(f"{rule} {fact.name}: {fact.defect}\n\nWhy:\n  ")
    for title in ("\nRepair:\n  ", "\nExample:\n  ", "\nSeverity: default ", f"\nLayer: {fact.layer}\n"):
        assert title in run.out
    assert_printable(run.out)
    (said,) = aprfmt("explain", fact.name, "--json").json["rules"]
    for key in ("id", "name", "defect", "layer", "fatal", "reads_data"):
        assert said[key] == getattr(fact, key)
    for key in ("why", "repair", "example"):
        assert said[key] == getattr(fact, key).strip() != ""
    assert said["severity"] == {name: held.get(rule) for name, held in facts.PROFILES.items()}


def test_fields_are_those_of_the_specification() -> None:
    wanted = {"APR-H006": ["header.checksum"], "APR-H001": ["header.magic"]}
    for rule, fields in wanted.items():
        assert aprfmt("explain", rule, "--json").json["rules"][0]["fields"] == fields
        assert f"Fields: {', '.join(fields)}\n" in aprfmt("explain", rule).out


def test_several_rules_by_any_spelling() -> None:
    run = aprfmt("explain", "apr-h006", "MAGIC-WRONG,APR-H006,H006,h001", "--json")
    assert [rule["id"] for rule in run.json["rules"]] == ["APR-H006", "APR-H001"]
    text = aprfmt("explain", "APR-H001", "APR-H006").out
    assert "\n\nAPR-H006 " in text


@pytest.mark.parametrize(
    ("name", "close"),
    [
        ("H06", "APR-H006"),
        ("APR-H06", "APR-H006"),
        ("APR-APR-H006", "APR-H006"),
        ("header-checksum", "header-checksum-wrong"),
        ("magic-wrongg", "magic-wrong"),
        ("nothing like it at all", None),
        ("", None),
        ("\x1b[31m", None),
    ],
)
def test_a_rule_that_does_not_exist(name: str, close: str | None) -> None:
    run = aprfmt("explain", "APR-H001", name)
    assert (run.code, run.out) == (2, "")
    assert run.err.startswith(f"error: expected the id or name of a rule, found {name!a}")
    assert ("did you mean" in run.err) == (close is not None)
    assert close is None or close in run.err.split("did you mean")[1]
    said = aprfmt("explain", name, "--json")
    assert (said.code, said.error["kind"]) == (2, "request")


def test_explain_needs_a_rule() -> None:
    run = aprfmt("explain")
    assert run.code == 2
    assert "Missing argument" in run.err
