"""Findings that differ in words alone: some are told apart, the others are counted."""

from __future__ import annotations

from itertools import cycle

from tests.unit.fuzz.toys import Toy, run_of

from aprfmt.conform.plugs import Answer
from aprfmt.fuzz.alike import MOST_ALIKE, told_apart
from aprfmt.fuzz.desk import Seen
from aprfmt.fuzz.judging.symptoms import Symptom
from aprfmt.fuzz.known import KnownFinding, KnownFindings


def refused(said: str, target: str = "toy") -> Symptom:
    return Symptom(target, "read", "verdict", "rejected-valid", None, "tensors[].name", said)


def test_the_most_frequent_ones_stay_and_the_others_are_one_pattern() -> None:
    many = [Seen(refused(f"word {chr(97 + number)}"), number, count=number + 1) for number in range(MOST_ALIKE + 3)]
    other = Seen(refused("word a", "other"), 0)
    listed, more = told_apart([*many, other])
    assert {item.index for item in listed if item.symptom.target == "toy"} == set(range(3, MOST_ALIKE + 3))
    assert other in listed
    (left,) = more
    assert (left.target, left.findings, left.cases) == ("toy", 3, 1 + 2 + 3)
    entry = KnownFinding((left.pattern,), "bug", "names in messages")
    assert all(entry.fits(item.symptom) for item in many)
    assert not entry.fits(Symptom("toy", "read", "crash"))


def test_crashes_of_different_kinds_are_told_apart() -> None:
    crashes = [Seen(Symptom("toy", "read", "crash", said=f"{kind}Error: x"), 0) for kind in "ABCDEFGHIJKLMNOP"]
    assert told_apart(crashes) == (crashes, [])
    same = [Seen(Symptom("toy", "read", "crash", said=f"KeyError: {word}"), 0) for word in "abcdefghijklmnop"]
    assert len(told_apart(same)[0]) == MOST_ALIKE
    assert told_apart(same)[1][0].pattern == "crash/read/KeyError:*"


def test_a_run_says_what_it_leaves_out_and_one_entry_knows_all_of_it() -> None:
    words = cycle("abcdefghijklmnopqrstuvwxyz")
    toy = Toy(reply=lambda _request: Answer("reject", message=f"no {next(words)}"))
    run = run_of(toy, cases=36, tries=0)
    assert len(run.findings) == MOST_ALIKE
    (more,) = run.as_json()["more"]
    assert (more["target"], more["pattern"]) == ("toy", "verdict/read/rejected-valid/*")
    assert 0 < more["findings"] <= more["cases"] < run.verdicts["accept"]
    known = KnownFindings("", (KnownFinding((more["pattern"],), "bug", "its words"),))
    again = run_of(toy, cases=36, tries=0, known=known)
    assert (again.findings, again.more) == ((), ())
