"""Rules and profiles: what is made of them, and what ends the run because rules, profiles and fields do not agree."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.unit.codegen.made import modules, text_of
from tests.unit.codegen.test_codegen_refusals import GONE, changed, refusal

from aprfmt.codegen import ksy
from aprfmt.codegen.errors import CodegenError
from aprfmt.codegen.pytext import folded
from aprfmt.codegen.rules import in_order_of_needs

ROOT = Path(__file__).resolve().parents[3]
REAL = ksy.load((ROOT / "spec/apr_v2.ksy").read_text(encoding="utf-8"))
H01, H02, H03 = "/-rules/T-H01", "/-rules/T-H02", "/-rules/T-H03"
SEVERITIES = "expected error or info or warning"
LISTED = "expected a rule that /-rules lists, found 'T-NO1'"

REFUSALS: list[tuple[str, Any, str | None, str]] = [
    # where, what, the path of the error when it is another, message
    ("/-rules", {}, None, "expected at least one rule"),
    ("/-rules", [], None, "expected a mapping, found []"),
    ("/-rules", None, None, "expected a mapping, found None"),
    ("/-rules/t-h09", {}, None, "expected an id in capitals such as APR-H001, found 't-h09'"),
    ("/-rules/T", {}, None, "expected an id in capitals"),
    (H01, "the letter is wrong", None, "expected a mapping, found 'the letter is wrong'"),
    *((f"{H01}/{key}", GONE, None, "expected a text, found None") for key in ("name", "defect", "why", "repair")),
    *((f"{H01}/{key}", 5, None, "expected a text, found 5") for key in ("name", "defect", "why", "repair", "example")),
    *((f"{H01}/{key}", " \n", None, "expected a text") for key in ("name", "defect", "why", "repair", "example")),
    (f"{H01}/name", "Letter-wrong", None, "expected lower-case words with hyphens between them, found 'Letter-wrong'"),
    (f"{H01}/name", "letter_wrong", None, "expected lower-case words with hyphens"),
    (f"{H01}/name", "letter wrong", None, "expected lower-case words with hyphens"),
    (f"{H01}/name", "letter--wrong", None, "expected lower-case words with hyphens"),
    (f"{H03}/name", "letter-wrong", None, "'letter-wrong' is the name of T-H01"),
    (f"{H03}/name", "t-h01", None, "'t-h01' is the id of a rule"),
    (f"{H01}/defect", "one\ntwo", None, "expected one line, found 'one\\ntwo'"),
    (f"{H01}/severity", GONE, None, f"{SEVERITIES}, found None"),
    (f"{H01}/severity", "fatal", None, f"{SEVERITIES}, found 'fatal'"),
    (f"{H01}/severity", ["error"], None, f"{SEVERITIES}, found ['error']"),
    (f"{H01}/layer", GONE, None, "expected canonical or integrity or metadata or structure, found None"),
    (f"{H01}/layer", "data", None, "expected canonical or integrity or metadata or structure, found 'data'"),
    (f"{H01}/profiles", ["quick"], None, "expected a mapping, found ['quick']"),
    (f"{H01}/profiles/quick", "bad", None, f"{SEVERITIES}, found 'bad'"),
    (f"{H01}/profiles/quick", True, None, f"{SEVERITIES}, found True"),
    (f"{H01}/profiles/slow", "error", None, "no profile is called so"),
    ("/-profiles/quick", GONE, f"{H01}/profiles/quick", "no profile is called so"),
    ("/-profiles", GONE, "/-rules/T-R01/profiles/strict", "no profile is called so"),
    *((f"{H01}/fatal", value, None, f"expected true, found {value!r}") for value in (False, 1, "true", None)),
    *((f"{H01}/reads-data", value, None, f"expected true, found {value!r}") for value in (False, 1, "true", None)),
    (f"{H02}/needs", "T-H01", None, "expected a list, found 'T-H01'"),
    (f"{H02}/needs/0", 5, None, "expected the id of another rule, found 5"),
    (f"{H02}/needs/1", "T-H01", None, "expected the id of another rule, found 'T-H01'"),
    (f"{H02}/needs/0", "T-NO1", None, LISTED),
    (f"{H02}/needs/0", "letter-wrong", None, "expected a rule that /-rules lists, found 'letter-wrong'"),
    (f"{H03}/needs", ["T-H03"], None, "rules need each other: T-H03 needs T-H03"),
    (f"{H01}/needs", ["T-H02"], f"{H02}/needs", "rules need each other: T-H01 needs T-H02 needs T-H01"),
    (
        f"{H01}/needs",
        ["T-X01"],
        "/-rules/T-H02/needs",
        "rules need each other: T-H01 needs T-X01 needs T-H02 needs T-H01",
    ),
    # profiles
    ("/-profiles", [], None, "expected a mapping, found []"),
    ("/-profiles/Slow", "Words.", None, "expected lower-case words with hyphens between them, found 'Slow'"),
    ("/-profiles/slow", "", None, "expected a text, found ''"),
    ("/-profiles/slow", 5, None, "expected a text, found 5"),
    ("/-profiles/slow", ["Words."], None, "expected a text, found ['Words.']"),
    ("/-profiles/quick/doc", GONE, None, "expected a text, found None"),
    ("/-profiles/quick/listed", False, None, "expected true, found False"),
    ("/-profiles/quick/listed", GONE, None, "expected true; a profile that is not listed is a text"),
    (
        "/-profiles/slow",
        {"doc": "Words.", "listed": True},
        None,
        "no rule names this profile, so everything would pass",
    ),
    # what fields ask of the severity
    (
        f"{H01}/severity",
        "warning",
        "/types/head/seq/0/contents",
        "expected an error, found T-H01, whose severity is warning",
    ),
    (f"{H02}/severity", "info", "/types/head/seq/1/valid", "expected an error, found T-H02, whose severity is info"),
    (
        f"{H03}/severity",
        "error",
        "/types/head/seq/2/-warn/0",
        "expected a warning or an info, found T-H03, whose severity is error",
    ),
    (
        "/types/marks/seq/1/-warn/0/rule",
        "T-X01",
        "/types/marks/seq/1/-warn/0",
        "expected a warning or an info, found T-X01, whose severity is error",
    ),
    (
        "/-rules/T-R01/severity",
        "error",
        "/instances/rest/-warn/0",
        "expected a warning or an info, found T-R01, whose severity is error",
    ),
    (
        "/-rules/T-H05/severity",
        "error",
        "/enums/colour/1/-warn",
        "expected a warning or an info, found T-H05, whose severity is error",
    ),
    # what fields state is listed
    ("/types/head/seq/0/-rule", "T-NO1", "/types/head/seq/0/contents", LISTED),
    ("/types/head/seq/2/valid/-rule", "T-NO1", "/types/head/seq/2/valid", LISTED),
    ("/types/head/seq/2/-warn/0/rule", "T-NO1", "/types/head/seq/2/-warn/0", LISTED),
    ("/types/head/seq/4/-checksum/rule", "T-NO1", "/types/head/seq/4/-checksum", LISTED),
    ("/instances/rest/-warn/0/rule", "T-NO1", "/instances/rest/-warn/0", LISTED),
    ("/enums/colour/1/-warn/rule", "T-NO1", "/enums/colour/1/-warn", LISTED),
]


@pytest.mark.parametrize(("where", "value", "path", "message"), REFUSALS, ids=str)
def test_refusals(where: str, value: Any, path: str | None, message: str) -> None:
    with pytest.raises(CodegenError) as caught:  # when it is read, whatever is made of it
        ksy.load(changed("judged", where, value))
    assert caught.value.path == (path or where)
    assert message in caught.value.message


def test_profiles_go_with_rules() -> None:
    profiles = "-profiles: {default: Words.}\n"
    error = refusal("meta: {id: small, endian: le}\ndoc: Small.\n" + profiles)
    assert (error.path, error.message) == ("/-profiles", "goes with -rules")


def test_a_specification_may_have_no_rules_or_no_profiles() -> None:
    bare = modules(text_of("bits"))[0]
    assert not {"RULES", "RULE_ORDER", "PROFILES", "PROFILE_DOCS"} & vars(bare).keys()
    small = "meta: {id: small, endian: le}\ndoc: Small.\n"
    rule = "{name: odd, defect: it is odd, severity: info, layer: structure, why: W., repair: R., example: E.}"
    facts = modules(f"{small}-rules:\n  T-1: {rule}\n")[0]
    assert (list(facts.RULES), facts.PROFILES, facts.PROFILE_DOCS) == (["T-1"], {}, {})


def test_facts_of_the_rules() -> None:
    facts = modules(text_of("judged"))[0]
    assert list(facts.RULES) == ["T-R01", "T-H01", "T-H02", "T-H03", "T-H04", "T-H05", "T-X01"]
    assert all(rule.id == key for key, rule in facts.RULES.items())
    rule = facts.RULES["T-R01"]
    assert (rule.name, rule.severity, rule.layer) == ("rest-not-zero", "info", "canonical")
    assert (rule.fatal, rule.reads_data, rule.needs) == (False, True, ("T-H01", "T-X01"))
    assert rule.why == 'Two lines of one paragraph.\n\nAnd another with `code`, "quotes" and a \\.'
    assert rule.repair == "In this order:\n\n- look\n- then act"
    assert rule.example == "$ judge it\n  ```\n  indented\n  ```"
    assert facts.RULES["T-H01"].fatal is True


def test_a_listed_profile_holds_what_names_it_and_another_everything() -> None:
    facts = modules(text_of("judged"))[0]
    own = {rule.id: rule.severity for rule in facts.RULES.values()}
    assert facts.PROFILES["default"] == own
    assert facts.PROFILES["quick"] == {"T-H01": "error", "T-H02": "warning"}
    assert facts.PROFILES["strict"] == {**own, "T-R01": "error", "T-H05": "warning"}
    assert [list(held) for held in facts.PROFILES.values()] == [
        [rule for rule in facts.RULES if rule in held] for held in facts.PROFILES.values()
    ]
    assert list(facts.PROFILE_DOCS) == list(facts.PROFILES)
    assert facts.PROFILE_DOCS["default"] == "Every rule, at its own severity."


@pytest.mark.parametrize("source", [text_of("judged"), (ROOT / "spec/apr_v2.ksy").read_text(encoding="utf-8")])
def test_every_rule_stands_behind_those_it_needs(source: str) -> None:
    rules = ksy.load(source).rules
    order = in_order_of_needs(rules)
    assert sorted(order) == sorted(rules)
    for rule in rules.values():
        assert all(order.index(need) < order.index(rule.id) for need in rule.needs)


def test_without_needs_the_order_is_that_of_the_specification() -> None:
    assert in_order_of_needs(ksy.load(text_of("judged")).rules)[-2:] == ("T-H03", "T-H05")


def test_nothing_is_judged_of_what_is_no_apr_file() -> None:
    """Every rule needs the magic, directly or through others, but those that are judged without a header."""

    def needs(rule: str) -> set[str]:
        own = REAL.rules[rule].needs
        return {*own, *(deeper for need in own for deeper in needs(need))}

    assert {rule for rule in REAL.rules if "APR-H001" not in needs(rule)} == {"APR-H001", "APR-H008", "APR-L001"}
    assert needs("APR-H001") == {"APR-H008"}


def test_what_a_fatal_rule_needs_is_fatal_too() -> None:
    """Nothing is read past a fault, so nothing that comes before it can be a lesser one."""
    for rule in REAL.rules.values():
        if rule.fatal:
            assert all(REAL.rules[need].fatal for need in rule.needs), rule.id


def test_every_fatal_rule_is_an_error() -> None:
    assert all(rule.severity == "error" for rule in REAL.rules.values() if rule.fatal)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("one", "one"),
        (" one\ntwo \n", "one two"),
        ("one\ntwo\n\nthree\nfour", "one two\n\nthree four"),
        ("one\n \n\t\n\ntwo", "one\n\ntwo"),
        ("one:\n\n- two\n- three\n  four\n\nfive\nsix", "one:\n\n- two\n- three\n  four\n\nfive six"),
        ("one\n\n  $ two\n  $ three\n\nfour", "one\n\n  $ two\n  $ three\n\nfour"),
        ("a -b\n--c", "a -b --c"),
    ],
)
def test_paragraphs_are_folded(text: str, wanted: str) -> None:
    assert folded(text) == wanted
    assert folded(wanted) == wanted
