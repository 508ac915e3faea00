"""Every rule by two files: one that breaks it and nothing else, and a twin that breaks nothing."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from tests.unit.rules.cases import CASES, READER_CASES, Case
from tests.unit.rules.crafting import lenient

from aprfmt.files import validate_file
from aprfmt.layout import facts
from aprfmt.rules import Report, run

GOLDEN = sorted((Path(__file__).resolve().parents[2] / "data" / "golden").glob("*.apr"))
GENERAL = ("default", "canonical", "publish")


@cache
def made(name: str, kind: str) -> bytes:
    case: Case = {**CASES}[name]
    raw: bytes = getattr(case, kind)()
    return raw


def judged(raw: bytes, profile: str = "default") -> Report:
    """What `validate_file` says, and a run over a lenient container says the same."""
    report = validate_file(raw, profile=profile)
    assert run(lenient(raw), profile=profile, read_data=True) == report
    return report


def dependents(name: str, profile: str) -> set[str]:
    """The rules of a profile that need a rule, directly or indirectly."""

    def needs(other: str) -> bool:
        return name in facts.RULES[other].needs or any(map(needs, facts.RULES[other].needs))

    return set(filter(needs, facts.PROFILES[profile]))


def unjudged(name: str, profile: str) -> set[str]:
    if name == "APR-L001":  # its file counts too many tensors, so that the index is not read
        return {"APR-I001", *dependents("APR-I001", profile)}
    return dependents(name, profile)


def test_every_rule_has_its_files() -> None:
    assert set(CASES) == set(facts.RULES)
    assert set(READER_CASES) == set(facts.PROFILES["reader"])


@pytest.mark.parametrize("profile", GENERAL)
@pytest.mark.parametrize("name", facts.RULES)
def test_the_broken_file_breaks_its_rule_and_no_other(name: str, profile: str) -> None:
    report = judged(made(name, "broken"), profile)
    severities = facts.PROFILES[profile]
    broken = {name} | CASES[name].beside
    assert {(finding.rule, str(finding.severity)) for finding in report.findings} == {
        (rule, severities[rule]) for rule in broken
    }
    assert report.valid == ("error" not in {severities[rule] for rule in broken})
    skipped = set[str]().union(*(unjudged(rule, profile) for rule in broken))
    assert set(report.rules_skipped) == skipped
    assert set(report.rules_run) == set(severities) - skipped


def test_what_breaks_along_is_no_error() -> None:
    for name, case in CASES.items():
        assert "error" not in {facts.PROFILES["default"][rule] for rule in case.beside}, name


@pytest.mark.parametrize("profile", GENERAL)
@pytest.mark.parametrize("name", facts.RULES)
def test_its_twin_breaks_nothing(name: str, profile: str) -> None:
    report = judged(made(name, "twin"), profile)
    assert (report.findings, report.rules_skipped, report.not_kept) == ((), (), {})


@pytest.mark.parametrize("name", facts.PROFILES["reader"])
def test_each_rule_of_the_reader_has_files_of_its_own(name: str) -> None:
    broken, twin = judged(READER_CASES[name].broken(), "reader"), judged(READER_CASES[name].twin(), "reader")
    assert {(finding.rule, str(finding.severity)) for finding in broken.findings} == {(name, "error")}
    assert set(broken.rules_skipped) == unjudged(name, "reader")
    assert (twin.findings, twin.rules_skipped) == ((), ())


@pytest.mark.parametrize("name", facts.RULES)
def test_a_finding_says_expected_found_and_where(name: str) -> None:
    raw = made(name, "broken")
    for finding in validate_file(raw).findings:
        assert finding.message
        assert finding.field.partition(".")[0].partition("[")[0] in facts.LAYOUT
        assert finding.expected
        assert finding.found
        assert finding.expected != finding.found
        assert 0 <= finding.span[0] <= finding.span[1] <= len(raw)


SAID_OF_GOLDEN = {
    "every_dtype.apr": {"APR-P001": 3, "APR-I010": 3},
    "stamped.apr": {"APR-H012": 1},
    "streaming_order.apr": {"APR-P001": 3, "APR-D008": 1},
}


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.name)
def test_golden_files_have_no_error(path: Path) -> None:
    report = validate_file(path)
    assert report.valid
    assert report.rules_skipped == ()
    assert Counter(finding.rule for finding in report.findings) == SAID_OF_GOLDEN.get(path.name, {"APR-P001": 3})
    assert validate_file(path, profile="reader").findings == ()
    assert validate_file(path, profile="canonical").valid == (path.name != "streaming_order.apr")
    assert validate_file(path, profile="publish").valid == (path.name == "stamped.apr")


def test_there_are_golden_files() -> None:
    assert {path.name for path in GOLDEN} > set(SAID_OF_GOLDEN)


@pytest.mark.parametrize(
    ("name", "cases", "profile"),
    [
        *((name, CASES, "default") for name in CASES),
        *((name, READER_CASES, "reader") for name in READER_CASES),
    ],
)
def test_a_finding_about_an_entry_names_its_tensor(name: str, cases: dict[str, Case], profile: str) -> None:
    """And every finding says in words what was expected and what was found."""
    raw = cases[name].broken()
    for finding in validate_file(raw, profile=profile).findings:
        assert finding.expected
        assert finding.found
        about = re.match(r"tensor_index\.entries\[(\d+)\]\.", finding.field)
        assert (finding.tensor is not None) == (about is not None)
        if about is not None:
            assert str(finding.tensor).removesuffix("…") in lenient(raw).tensors[int(about[1])].name
