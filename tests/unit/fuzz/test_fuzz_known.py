"""The list of known findings: what it matches, what it refuses, how it grows."""

from __future__ import annotations

import pytest
from tests.unit.fuzz.toys import Toy, ignoring, run_of

from aprfmt.errors import RequestError
from aprfmt.fuzz.judging.symptoms import Symptom
from aprfmt.fuzz.known import KnownFindings

SEEN = Symptom("toy", "read", "verdict", "accepted-invalid", "APR-F002", "footer.checksum")
CRASH = Symptom("toy", "read", "crash", said="IndexError: list[N]")
LIST = """
[[finding]]
signatures = ["verdict/read/accepted-invalid/APR-F002/*"]
target = "toy"
kind = "wontfix"
reason = "the reader never looks at the footer"
issue = "https://example.org/7"
"""


def test_an_entry_is_about_what_its_patterns_match() -> None:
    known = KnownFindings.of_toml(LIST, "known.toml")
    entry = known.of(SEEN)
    assert entry is not None
    assert (entry.kind, entry.issue) == ("wontfix", "https://example.org/7")
    assert known.of(CRASH) is None
    assert known.of(Symptom("other", "read", "verdict", "accepted-invalid", "APR-F002", "footer.checksum")) is None


def test_without_a_target_it_is_about_any() -> None:
    known = KnownFindings.of_toml(LIST.replace('target = "toy"', ""), "known.toml")
    assert known.of(Symptom("other", "read", "verdict", "accepted-invalid", "APR-F002", "x")) is not None


def test_what_is_new_is_added_and_matched_to_the_letter() -> None:
    known = KnownFindings.of_toml(LIST, "known.toml")
    text = known.updated([SEEN, CRASH])
    again = KnownFindings.of_toml(text, "known.toml")
    assert again.of(CRASH) is not None
    assert again.of(Symptom("toy", "read", "crash", said="IndexError: listN")) is None
    assert again.of(SEEN) == known.of(SEEN)
    assert again.updated([SEEN, CRASH]) == text


def test_more_of_what_nobody_explained_joins_it() -> None:
    once = KnownFindings.of_toml(KnownFindings().updated([SEEN]), "known.toml")
    twice = KnownFindings.of_toml(once.updated([SEEN, CRASH]), "known.toml")
    assert len(twice.entries) == 1
    assert len(twice.entries[0].signatures) == 2


def test_what_a_person_has_written_stays() -> None:
    """Comments, order, and the way in which it is written."""
    text = f"# mine\n{LIST}# between\n[[finding]]\nkind='bug'\nreason='r'  # why\nsignatures=['crash/read/x*']"
    known = KnownFindings.of_toml(text, "known.toml")
    assert known.updated([SEEN]) == text
    added = known.updated([SEEN, CRASH])
    assert added.startswith(f"{text}\n\n[[finding]]\n")
    again = KnownFindings.of_toml(added, "known.toml")
    assert again.of(CRASH) is not None
    assert again.updated([SEEN, CRASH]) == added


def test_a_list_that_cannot_be_added_to_is_written_anew() -> None:
    text = 'finding = [{signatures = ["crash/read/x"], kind = "bug", reason = "r"}]'
    added = KnownFindings.of_toml(text, "known.toml").updated([CRASH])
    reasons = [entry.reason for entry in KnownFindings.of_toml(added, "known.toml").entries]
    assert reasons == ["r", "not looked into yet"]


def test_an_empty_list_gets_a_head() -> None:
    assert KnownFindings().updated([SEEN]).startswith("# Findings of `aprfmt fuzz` that are known")


@pytest.mark.parametrize(
    ("signature", "doubt"),
    [
        ("*", "matches whatever is found"),
        ("*/*", "matches whatever is found"),
        ("verdct/read/accepted-invalid/APR-F002/*", "expected a judge out of crash, "),
        ("verdict/raed/*", "expected an operation out of read, "),
        ("verdict/read/acepted-invalid/*", "expected a kind out of accepted-invalid, "),
        ("verdict/read/accepted-invalid/APR-F022/*", "expected the id of a rule, found 'APR-F022'"),
        ("*/APR-X*", "expected the id of a rule, found 'APR-X*'"),
    ],
)
def test_a_pattern_that_means_nothing_or_everything_is_in_doubt(signature: str, doubt: str) -> None:
    text = LIST.replace("verdict/read/accepted-invalid/APR-F002/*", signature)
    (said,) = KnownFindings.of_toml(text, "known.toml").doubts()
    assert said.startswith("known.toml: finding 1: ")
    assert doubt in said.replace('"', "'")


@pytest.mark.parametrize(
    "signature",
    [
        "verdict/read/accepted-invalid/APR-F002/*",
        "verdict/*",
        "*APR-F00[12]*",
        "crash/read/ZeroDivisionError: boom",
        "timeout/stamp",
        "stamp/stamp/invalid-output/APR-H006 header.checksum",
        "verdict/stamp/accepted-invalid/APR-F00?",
    ],
)
def test_other_patterns_are_not(signature: str) -> None:
    text = LIST.replace("verdict/read/accepted-invalid/APR-F002/*", signature)
    assert list(KnownFindings.of_toml(text, "known.toml").doubts()) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[", "expected TOML"),
        ("a = 1", "nothing else"),
        ("[[finding]]\nsignatures = ['x']", "kind, reason"),
        ("[[finding]]\nsignatures = []\nkind = 'bug'\nreason = 'r'", "list of signatures"),
        ("[[finding]]\nsignatures = ['x']\nkind = 'odd'\nreason = 'r'", "bug, wontfix"),
        ("[[finding]]\nsignatures = ['x']\nkind = 'bug'\nreason = ' '", "expected a text"),
        ("[[finding]]\nsignatures = ['x']\nkind = 'bug'\nreason = 'r'\nmore = 1", "expected keys out of"),
    ],
)
def test_a_list_without_sense_is_refused(text: str, said: str) -> None:
    with pytest.raises(RequestError, match=said):
        KnownFindings.of_toml(text, "known.toml")


def test_a_known_finding_is_listed_and_not_shrunk() -> None:
    toy = Toy(reply=ignoring("APR-F002"))
    found = run_of(toy, cases=14, start=148, known=KnownFindings.of_toml(LIST, "known.toml"))
    assert found.findings == ()
    assert [item.seen.symptom.signature for item in found.known] == [SEEN.signature]
    assert found.known[0].seen.count > 1
