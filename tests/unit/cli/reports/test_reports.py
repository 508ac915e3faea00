"""Every format of a report against a golden text, and against names that try to break out of it.

After a change that is meant: `APRFMT_WRITE_GOLDENS=1 python -m pytest tests/unit/cli/reports`, then read the
difference.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.cli.reports.made import HOSTILE, finding, interrupted, judged, results, unreadable
from tests.unit.cli.running import REPOSITORY, assert_printable

from aprfmt.cli import render, reports
from aprfmt.cli.exits import FILE, FINDINGS, INTERNAL, OK, Failure
from aprfmt.cli.reports import FORMATS, Result, Tally, Terms, Unreadable, github, jsonl, markdown, text, verdict
from aprfmt.rules import Severity

Pieces = Callable[[Iterable[Result], Terms], Iterator[str]]

GOLDENS = REPOSITORY / "tests" / "data" / "reports"
WRITE = "APRFMT_WRITE_GOLDENS" in os.environ
PLAIN, STRICT = Terms(), Terms(strict=True, require_all=True)
REPORTS: dict[str, Pieces] = {
    name: importlib.import_module(f"{reports.__name__}.{name}").pieces for name in FORMATS if name != "json"
} | {"json": jsonl.array}
VARIANTS: dict[str, tuple[Pieces, Terms]] = {
    **{name: (pieces, PLAIN) for name, pieces in REPORTS.items()},
    **{f"{name}-strict": (pieces, STRICT) for name, pieces in REPORTS.items()},
    "text-quiet": (lambda items, terms: text.pieces(items, terms, quiet=True), PLAIN),
    "markdown-quiet": (lambda items, terms: markdown.pieces(items, terms, quiet=True), PLAIN),
    "github-quiet": (lambda items, terms: github.pieces(items, terms, quiet=True), PLAIN),
    "text-verbose": (lambda items, terms: text.pieces(items, terms, verbose=True), PLAIN),
}


@pytest.mark.parametrize("name", VARIANTS)
def test_a_report_is_the_golden_text(name: str) -> None:
    pieces, terms = VARIANTS[name]
    golden = GOLDENS / f"{name}.txt"
    made = "".join(pieces(results(), terms))
    # The rules that SARIF lists are those of the specification, which has tests of its own.
    made = re.sub(r'"driver": \{.*\}(?=\},\n"results")|(?<="ruleIndex": )\d+', "…", made)
    if WRITE:
        golden.write_text(made, encoding="utf-8", newline="\n")
    assert made == golden.read_text(encoding="utf-8")


def test_every_golden_belongs_to_a_report() -> None:
    assert {path.stem for path in GOLDENS.glob("*.txt")} == set(VARIANTS)


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_of_nothing_is_whole(name: str) -> None:
    made = "".join(REPORTS[name]([], PLAIN))
    if name in ("json", "sarif"):
        json.loads(made)
    assert_printable(made)


@pytest.mark.parametrize("name", REPORTS)
def test_results_go_by_one_at_a_time(name: str) -> None:
    """Law: when a report asks for the next result, everything about the one before is out."""
    out: list[str] = []
    seen: list[bool] = []

    def items() -> Iterator[Result]:
        for number in range(3):
            yield judged(finding(), file=f"file{number}.apr")
            seen.append(f"file{number}.apr" in "".join(out))

    pieces = REPORTS[name](items(), PLAIN)
    while (piece := next(pieces, None)) is not None:
        out.append(piece)
    assert seen == [True] * 3


@pytest.mark.parametrize("name", REPORTS)
def test_memory_does_not_depend_on_the_number_of_files(name: str) -> None:
    def peak(number: int) -> int:
        tracemalloc.start()
        for _ in REPORTS[name]((judged(finding(field="x" * 2000), file=f"{at}.apr") for at in range(number)), PLAIN):
            pass
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(2)
    assert peak(600) < peak(20) + 600_000


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("kind", HOSTILE)
def test_no_name_breaks_out(name: str, kind: str) -> None:
    hold_hostile(name, HOSTILE[kind])


@given(st.sampled_from(sorted(REPORTS)), st.text(st.characters(), max_size=20))
def test_no_name_breaks_out_of_any_report(name: str, hostile: str) -> None:
    """Law: whatever a path, a message, a value or a tensor's name holds, a report has the form of its kind."""
    hold_hostile(name, hostile)


def hold_hostile(name: str, hostile: str) -> None:
    for terms in (PLAIN, STRICT):
        items: list[Result] = [
            judged(
                finding(message=hostile, expected=hostile, found=hostile, tensor=hostile),
                finding("APR-D005", Severity.WARNING, message=f"x{hostile}", field=hostile),
                file=hostile,
            ),
            unreadable(hostile),
        ]
        made = "".join(REPORTS[name](items, terms))
        assert_printable(made)
        CHECKS[name](made, hostile)


def check_json(made: str, hostile: str) -> None:
    assert made.isascii()
    first, second = json.loads(made)
    wanted = hostile if not re.search("[\ud800-\udfff]", hostile) else render.escape(hostile)
    assert first["file"] == second["file"] == second["error"]["file"] == wanted
    assert [first["findings"][0][key] for key in ("message", "expected", "found", "tensor")] == [wanted] * 4


def check_jsonl(made: str, hostile: str) -> None:
    assert made.count("\n") == 2
    check_json(f"[{made.rstrip().replace(chr(10), ',')}]", hostile)


def check_sarif(made: str, hostile: str) -> None:
    run = json.loads(made)["runs"][0]
    assert made.isascii()
    for result in run["results"]:
        uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert re.fullmatch(r"(file://)?([A-Za-z0-9._~/-]|%[0-9A-F]{2}|(?<=file://).*:)*", uri)
        message = result["message"]["text"]
        assert "](" not in message
        assert not re.search(r"(?<!\{)\{\d+\}", message)
    assert run["results"][0]["properties"]["tensor"] == json.loads(render.json_text(hostile))


def check_junit(made: str, hostile: str) -> None:
    from xml.etree import ElementTree as ET

    assert made.isascii()
    root = ET.fromstring(made)  # noqa: S314 - made here, a line above
    assert [suite.get("name") for suite in root] == [render.escape(hostile)] * 2
    failure = root.find("testsuite/testcase/failure")
    assert failure is not None
    assert failure.get("message") == render.escape(hostile)


def check_github(made: str, hostile: str) -> None:
    *commands, last = made.splitlines()
    assert last.startswith("2 files: ")
    assert len(commands) == 3
    for command in commands:
        head, _, message = command.removeprefix("::").partition("::")
        kind, _, rest = head.partition(" ")
        assert kind in ("error", "warning")
        given = dict(pair.split("=", 1) for pair in rest.split(","))
        assert list(given) == ["file", "title"]
        assert ":" not in rest
        assert (
            unquote(given["file"], errors="surrogatepass")
            == render.escape(hostile.replace("\r", "%0D").replace("\n", "%0A"))
            .replace("%0D", "\r")
            .replace("%0A", "\n")
            or "%" in hostile
        )
        assert message


def check_markdown(made: str, hostile: str) -> None:
    """Outside of code spans there is nothing but our own words."""
    *lines, head, rule, row = made.splitlines()
    assert (head.count("|"), rule.count("|"), row.count("|")) == (10, 10, 10)
    for line in lines:
        rest = without_code(line)
        assert re.fullmatch(r"(## |- |  - )?(\*\*(error|warning)\*\* )?[A-Za-z0-9 ,;:'()-]*", rest), line
        assert "GH-1" not in rest  # which is a link to an issue
    del hostile


def without_code(line: str) -> str:
    """What is left of a line of Markdown without its code spans, read as CommonMark reads them."""
    left, at = "", 0
    while (start := re.compile("`+").search(line, at)) is not None:
        end = re.compile(rf"(?<!`){start[0]}(?!`)").search(line, start.end())
        assert end is not None, "an opening that nothing closes"
        left, at = left + line[at : start.start()], end.end()
    return left + line[at:]


def check_text(made: str, hostile: str) -> None:
    """Every line is one of ours: a file, the two of a finding, the summary."""
    *lines, last = made.splitlines()
    assert last.startswith("2 files: ")
    for line, start in zip(lines, (render.escape(hostile), "  error ", "    ", "  warning ", "    "), strict=True):
        assert line.startswith(start)


CHECKS: dict[str, Callable[[str, str], None]] = {
    "text": check_text,
    "json": check_json,
    "jsonl": check_jsonl,
    "sarif": check_sarif,
    "junit": check_junit,
    "github": check_github,
    "markdown": check_markdown,
}


def test_what_the_program_ends_with() -> None:
    bad, odd = judged(finding()), judged(finding("APR-D005", Severity.WARNING))
    skips = judged(skipped=("APR-D005",))
    ours = Unreadable("x", Failure("internal", "x", INTERNAL))
    cases: list[tuple[Terms, list[Result], int]] = [
        (PLAIN, [], OK),
        (PLAIN, [judged(), odd, skips], OK),
        (PLAIN, [judged(), bad], FINDINGS),
        (Terms(strict=True), [odd], FINDINGS),
        (Terms(strict=True), [skips, judged(finding("APR-F003", Severity.INFO))], OK),
        (Terms(require_all=True), [odd], OK),
        (Terms(require_all=True), [skips], FINDINGS),
        (PLAIN, [bad, unreadable(), judged()], FILE),
        (STRICT, [ours, bad, unreadable()], INTERNAL),
        (STRICT, [ours, bad, unreadable(), interrupted()], 130),
        (PLAIN, [judged(), interrupted()], 130),
    ]
    for terms, items, code in cases:
        tally = Tally(terms)
        assert list(tally.over(items)) == items
        assert tally.exit_code == code


@pytest.mark.parametrize(
    ("items", "rules"),
    [
        ([], "0 rules run, 0 skipped"),
        ([judged(run=("a",), skipped=("b", "c"))], "1 rule run, 2 skipped"),
        ([judged(run=("a",), skipped=("b", "c"))] * 2, "1 rule run, 2 skipped"),
        ([judged(run=("a", "b", "c")), judged(run=("a", "b", "c"))], "3 rules run, 0 skipped"),
        ([judged(run=("a", "b", "c")), judged(run=("a",), skipped=("b", "c"))], "3 rules run, 2 skipped in some files"),
        (
            [judged(run=("a", "b"), skipped=("c",)), judged(run=("a",), skipped=("b", "c"))],
            "2 rules run, 2 skipped in some files, 1 of them in all",
        ),
        ([judged(run=("a",), skipped=("b",)), unreadable()], "1 rule run, 1 skipped"),
    ],
)
def test_a_rule_has_run_when_it_was_judged_in_at_least_one_file(items: list[Result], rules: str) -> None:
    tally = Tally(PLAIN)
    list(tally.over(items))
    assert tally.rules == rules
    assert tally.summary.endswith(f"; {rules}")


def test_findings_that_were_not_kept_are_counted() -> None:
    result = judged(finding(), finding("APR-D005", Severity.WARNING), not_kept={"APR-D005": 9})
    assert verdict(result.report, PLAIN) == "INVALID, 1 error, 10 warnings"


def test_a_verdict_says_what_makes_a_valid_file_fail() -> None:
    odd, absent = finding("APR-D005", Severity.WARNING), finding("APR-F003", Severity.INFO)
    skips = "; 2 rules skipped because of APR-F003"
    behind = ("APR-F002", "APR-F004")
    assert verdict(judged(absent, skipped=behind).report, STRICT) == f"valid, 1 info{skips}; fails with --require-all"
    assert verdict(judged(odd).report, PLAIN) == "valid, 1 warning"
    assert verdict(judged(odd).report, STRICT) == "valid, 1 warning; fails with --strict"
    both = judged(odd, absent, skipped=behind).report
    assert verdict(both, STRICT) == f"valid, 1 warning, 1 info{skips}; fails with --strict and --require-all"
    assert verdict(both, Terms(strict=True)) == f"valid, 1 warning, 1 info{skips}; fails with --strict"


def test_a_verdict_names_every_rule_that_kept_others_from_being_judged() -> None:
    empty, early, far = (finding(name) for name in ("APR-M001", "APR-S003", "APR-D001"))
    skipped = ("APR-M004", "APR-I002")
    for found, named in (
        ([empty], "APR-M001"),
        ([empty, early], "APR-S003 and APR-M001"),
        ([empty, early, far], "APR-S003, APR-M001 and APR-D001"),
    ):
        names = skipped if far not in found else (*skipped, "APR-D004")
        said = verdict(judged(*found, run=(), skipped=names).report, PLAIN)
        assert said.endswith(f"; {len(names)} rules skipped because of {named}")
    assert verdict(judged(skipped=("APR-D004",)).report, PLAIN) == "valid; 1 rule skipped"  # nobody knows why


# --- what a signal leaves


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_that_is_interrupted_is_whole(name: str) -> None:
    made = "".join(REPORTS[name]([judged(finding()), interrupted()], PLAIN))
    assert_printable(made)
    if name == "json":
        first, last = json.loads(made)
        assert (first["valid"], last["file"]) == (False, "big.apr")
        assert {"kind": "interrupted", "exit_code": 130, "message": "big.apr: interrupted"}.items() <= last[
            "error"
        ].items()
    if name == "jsonl":
        assert [json.loads(line)["file"] for line in made.splitlines()] == ["model.apr", "big.apr"]
    if name == "markdown":
        assert "\n## `big.apr`: interrupted\n\n- **error** `big.apr: interrupted`\n" in made
    if name == "github":
        assert "\n::error file=big.apr,title=interrupted::big.apr: interrupted\n" in made
    if name == "text":
        assert made.endswith("2 files: 0 valid, 1 invalid, 1 unreadable; 5 rules run, 0 skipped\n")


# --- order and quiet


def test_what_is_not_shown_of_a_rule_is_counted_behind_it() -> None:
    sizes = [finding(tensor=f"{number}") for number in range(9)]
    odd = finding("APR-D005", Severity.WARNING)
    lines = "".join(text.pieces([judged(odd, *sizes, not_kept={"APR-D002": 3})], PLAIN)).splitlines()
    starts = [line.split(":")[0].strip() for line in lines[1::2]]
    assert starts[:5] == ["error APR-D002 tensor-size-wrong"] * 5
    assert lines[11:13] == ["  7 more of APR-D002 (-v shows more)", lines[12]]
    assert lines[12].startswith("  warning APR-D005 ")
    for name, last in (("markdown", "- **warning** APR-D005 "), ("github", "::warning ")):
        made = "".join(REPORTS[name]([judged(odd, *sizes, not_kept={"APR-D002": 3})], PLAIN))
        assert made.index("3 more of APR-D002 were counted, not kept") < made.index(last)


@pytest.mark.parametrize("name", ["text", "markdown", "github"])
def test_a_quiet_report_has_nothing_but_what_makes_files_fail(name: str) -> None:
    module = importlib.import_module(f"{reports.__name__}.{name}")
    odd = finding("APR-D005", Severity.WARNING)
    fine = [judged(), judged(odd), judged(skipped=("APR-D004",))]
    assert "".join(module.pieces(fine, PLAIN, quiet=True)) == ""
    bad = judged(finding(), odd, finding("APR-F003", Severity.INFO), file="bad.apr", skipped=("APR-D004",))
    made = "".join(module.pieces([*fine, bad], PLAIN, quiet=True))
    assert "APR-D002" in made
    assert not [word for word in ("APR-D005", "APR-F003", "APR-D004", "model.apr") if word in made]
    strict = "".join(module.pieces([*fine, bad], STRICT, quiet=True))
    assert "APR-D005" in strict
    assert "APR-F003" not in strict
    assert ("APR-D004" in strict) == (name != "text")  # where -v lists them
