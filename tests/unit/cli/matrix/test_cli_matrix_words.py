"""The sentences that reports share."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.cli.matrix.made import conforming, failing, mixed, result, run

from aprfmt.cli.matrix import words
from aprfmt.conform import Outcome, Run
from aprfmt.conform.results import Reason


def quoted(text: str) -> str:
    return f"<{text}>"


def figure(done: Run, label: str) -> str:
    return dict(words.figures(done, quoted))[label]


def test_who_was_asked_and_how() -> None:
    assert words.who(conforming(), quoted) == "<aprfmt 0.3.0> (<C>)"
    assert words.plug(conforming(), quoted) == "over NDJSON: <./harness --fast>"
    assert words.who(mixed(), quoted) == "<thirty-lines>"
    assert words.plug(mixed(), quoted) == "by exit code: <./thirty {file}>"
    other = replace(mixed(), implementation=replace(mixed().implementation, plug="telepathy", command=""))
    assert words.plug(other, quoted) == "<telepathy>"


def test_what_was_asked() -> None:
    assert words.asked(conforming(), str) == (
        "profile default, all layers; 61 vectors; suite 3f2a9c01b7de; aprfmt 0.3.0; 2026-11-24T17:55:01Z"
    )
    assert words.asked(mixed(), quoted).startswith(
        "profile <canonical>, layers <canonical>, <structure>, operation <read>, huge files too; 3 vectors; "
    )
    assert words.setup(conforming()) == "budget of a case 20 s, 512.0 MiB; 2 jobs"
    assert words.setup(mixed()) == "budget of a case 500 ms, no bound on memory, which is not measured; 1 job"


def test_reasons_are_counted_over_refusals() -> None:
    assert figure(failing(), "right reason") == "38 of 40 refusals; wrong 1; unsaid 1"
    assert figure(mixed(), "right reason") == "unsaid for all of 1 refusal"
    assert figure(run(result()), "right reason") == "no file was refused"
    assert figure(run(result("a", "APR-D001", reason=Reason.RIGHT)), "right reason") == (
        "1 of 1 refusal; wrong 0; unsaid 0"
    )


def test_values_are_counted_over_accepted_files() -> None:
    assert figure(failing(), "values compared") == (
        "header 3, metadata 0, tensors 4, crc32 0, footer 0 of 4 accepted files"
    )
    assert figure(mixed(), "values not compared") == "the implementation gives none"
    refused = run(result("a", outcome=Outcome.REJECTED_VALID), result("b", "APR-D001"))
    assert figure(refused, "values not compared") == "no valid file was accepted"


def test_what_was_made() -> None:
    label = "stamps and writers"
    assert figure(failing(), label) == "0 of 3 stamps right; 1 written file skipped"
    assert figure(mixed(), label) == "no stamp was asked for; no written file was asked for"


def test_what_it_cost() -> None:
    slow = result("slow", seconds=2.5)
    large = result("large", nbytes=3 * 1024 * 1024 * 1024)
    assert figure(run(result("a"), slow, large), "time") == (
        "4.2 s; slowest case 2.5 s (<slow>); largest memory 3.0 GiB (<large>)"
    )
    assert figure(run(result("a", sparse=True)), "time").startswith("4.2 s, sparse files 1.5 s; ")
    assert figure(mixed(), "time").endswith("; memory not measured")
    assert figure(run(), "time") == "4.2 s; memory not measured"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 ms"), (0.0004, "0 ms"), (0.25, "250 ms"), (1, "1 s"), (1.25, "1.2 s"), (90, "90 s")]
)
def test_times(seconds: float, text: str) -> None:
    assert words.duration(seconds) == text


def test_what_an_implementation_said() -> None:
    assert words.beside(result("a", "APR-D001", reason=Reason.WRONG, code="E1"), quoted) == "code <E1>, reason wrong"
    assert words.beside(result("a"), quoted) == ""
