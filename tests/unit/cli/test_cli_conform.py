"""`aprfmt conform`: an implementation of any kind is held against the vectors, and what came of it is reported."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.unit.cli.running import REPOSITORY, Run, aprfmt
from tests.unit.cli.test_cli_vectors import VECTORS, written

OWN = f"{sys.executable} -m aprfmt.conform.own"
EXIT = f"{sys.executable} -m aprfmt validate -q --profile {{profile}} {{file}}"
JSON = f"{OWN} {{file}} --profile {{profile}}"
STAMP = f"{OWN} {{file}} --stamp {{patch}} --output {{output}}"
WRITE = f"{OWN} --write {{tree}} --output {{output}}"
TAKES_ALL = f"{sys.executable} -c pass {{file}}"
REFUSES_ALL = f"{sys.executable} -c 'raise SystemExit(1)' {{file}}"
CRASHES = f"{sys.executable} -c 'raise SystemExit(9)' {{file}}"
SMALL = [item for item in VECTORS if item["id"] != "large"]


@pytest.fixture
def recipes(tmp_path: Path) -> Path:
    return written(tmp_path / "recipes", SMALL)


def conform(*args: str | Path, recipes: Path) -> Run:
    return aprfmt("conform", *args, "--recipes", recipes)


PLUGS = {
    "exit": ("--cmd", EXIT, "--jobs", "2"),
    "json": ("--plug", "json", "--cmd", JSON, "--stamp-cmd", STAMP, "--write-cmd", WRITE, "--jobs", "2"),
    "ndjson": ("--plug", "ndjson", "--cmd", OWN),
    "call": ("--call", "aprfmt.conform.own:answer"),
}


@pytest.mark.parametrize("plug", PLUGS)
def test_our_own_implementation_conforms_at_every_level(plug: str, recipes: Path) -> None:
    run = conform(*PLUGS[plug], recipes=recipes)
    assert (run.code, run.err) == (0, "")
    assert run.out.splitlines()[-1].startswith(
        "enforces 1 of 1 rules; refuses 0 of 1 valid files; not enforced: none; not tested: 25 rules"
    )
    seen = conform(*PLUGS[plug], "--json", recipes=recipes).json
    outcomes = {item["vector"]: item["outcome"] for item in seen["results"]}
    made = "skip" if plug == "exit" else "pass"
    assert outcomes == {"sound": "pass", "version.3": "pass", "stamp.licence": made, "write.none": made}
    assert seen["implementation"]["plug"] == plug
    assert seen["conforms"] is True


@pytest.mark.parametrize(
    ("command", "outcomes", "last"),
    [
        (TAKES_ALL, {"sound": "pass", "version.3": "accepted-invalid"}, "enforces 0 of 1 rules; refuses 0 of 1 valid"),
        (REFUSES_ALL, {"sound": "rejected-valid", "version.3": "pass"}, "enforces 1 of 1 rules; refuses 1 of 1 valid"),
        (CRASHES, {"sound": "crash", "version.3": "crash"}, "enforces 0 of 1 rules; refuses 0 of 1 valid files"),
    ],
)
def test_what_does_not_conform_exits_with_1(command: str, outcomes: dict[str, str], last: str, recipes: Path) -> None:
    run = conform("--cmd", command, recipes=recipes)
    assert run.code == 1
    assert run.out.splitlines()[-1].startswith(last)
    seen = conform("--cmd", command, "--json", recipes=recipes).json
    found = {item["vector"]: item["outcome"] for item in seen["results"] if item["outcome"] != "skip"}
    assert found == outcomes
    assert all(item["reproduce"] for item in seen["results"] if item["outcome"] not in ("pass", "skip"))


def test_exit_codes_mean_what_they_are_said_to_mean(recipes: Path) -> None:
    run = conform("--cmd", CRASHES, "--reject", "7,9", "--accept", "3", "--json", recipes=recipes)
    found = {item["vector"]: item["outcome"] for item in run.json["results"]}
    assert (found["sound"], found["version.3"]) == ("rejected-valid", "pass")


def test_a_command_out_of_time_is_no_rejection(recipes: Path) -> None:
    slow = f"{sys.executable} -c 'import time; time.sleep(60)' {{file}}"
    run = conform("--cmd", slow, "--only", "version.3", "--seconds", "0.3", "--json", recipes=recipes)
    assert [item["outcome"] for item in run.json["results"]] == ["timeout"]
    assert run.json["settings"]["budget"]["seconds"] == 0.3


def test_a_selection_runs_alone(recipes: Path) -> None:
    run = conform("--cmd", TAKES_ALL, "--only", "so*", "--layer", "structure", "--json", recipes=recipes)
    assert (run.code, [item["vector"] for item in run.json["results"]]) == (0, ["sound"])


@pytest.mark.parametrize("sparse", [True, False])
def test_sparse_files_can_be_left_out(sparse: bool, tmp_path: Path) -> None:
    recipes = written(tmp_path / "r", VECTORS)
    flags = () if sparse else ("--no-sparse",)
    run = conform("--cmd", TAKES_ALL, "--only", "large", "--only", "sound", *flags, "--json", recipes=recipes)
    assert [item["vector"] for item in run.json["results"]] == ["sound", *(["large"] if sparse else [])]


def known(tmp_path: Path, vectors: list[str], outcome: str = "accepted-invalid") -> Path:
    path = tmp_path / "known.toml"
    path.write_text(
        f'[[failure]]\nvectors = {json.dumps(vectors)}\noutcome = "{outcome}"\nkind = "bug"\nreason = "not yet"\n'
    )
    return path


def test_a_known_failure_does_not_count(recipes: Path, tmp_path: Path) -> None:
    run = conform("--cmd", TAKES_ALL, "--known", known(tmp_path, ["version.*"]), recipes=recipes)
    assert run.code == 0
    assert "not yet" in run.out


@pytest.mark.parametrize(
    ("vectors", "outcome", "fault"),
    [
        (["version.3", "sound"], "accepted-invalid", "sound"),
        (["version.3", "no.such.*"], "accepted-invalid", "no.such.*"),
        (["version.3"], "crash", "version.3"),
    ],
)
def test_the_list_of_known_failures_is_strict(
    recipes: Path, tmp_path: Path, vectors: list[str], outcome: str, fault: str
) -> None:
    run = conform("--cmd", TAKES_ALL, "--known", known(tmp_path, vectors, outcome), "--json", recipes=recipes)
    assert run.code == 1
    assert any(fault in text for text in run.json["faults"])


def test_the_list_can_be_brought_up_to_date(recipes: Path, tmp_path: Path) -> None:
    path = tmp_path / "new.toml"
    assert conform("--cmd", TAKES_ALL, "--known", path, recipes=recipes).code == 3
    assert conform("--cmd", TAKES_ALL, "--known", path, "--update-known", recipes=recipes).code == 0
    assert "version.3" in path.read_text()
    assert conform("--cmd", TAKES_ALL, "--known", path, recipes=recipes).code == 0
    assert conform("--cmd", EXIT, "--known", path, recipes=recipes).code == 1
    assert conform("--cmd", EXIT, "--known", path, "--update-known", recipes=recipes).code == 0
    assert "version.3" not in path.read_text()


def test_reports_are_written_and_runs_become_columns(recipes: Path, tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    reports = [f"{kind}={tmp_path / f'run.{kind}'}" for kind in ("json", "junit", "sarif", "html", "text")]
    options = [word for report in (*reports, f"markdown={summary}") for word in ("--report", report)]
    assert conform("--cmd", TAKES_ALL, "--name", "taker", *options, recipes=recipes).code == 1
    assert summary.read_text().startswith("before\n")
    assert "taker" in summary.read_text()
    saved = json.loads((tmp_path / "run.json").read_text())
    assert saved["implementation"]["name"] == "taker"
    shown = aprfmt("conform", "--from", tmp_path / "run.json", "--from", tmp_path / "run.json", "--json")
    assert (shown.code, json.loads(shown.out)) == (1, [saved, saved])
    page = conform(
        "--cmd", EXIT, "--name", "ours", "--from", tmp_path / "run.json", "--format", "html", recipes=recipes
    )
    assert page.code == 1
    assert "taker" in page.out
    assert "ours" in page.out


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--cmd", "true {file}", "--call", "a:b"),
        ("--cmd", "true"),
        ("--cmd", "no-such-program-anywhere {file}"),
        ("--cmd", "true {file}", "--accept", "x"),
        ("--cmd", "true {file}", "--accept", "0", "--reject", "0"),
        ("--cmd", "true {file}", "--report", "pdf=x"),
        ("--cmd", "true {file}", "--report", "html"),
        ("--cmd", "true {file}", "--update-known"),
        ("--cmd", "true {file}", "--profile", "none"),
        ("--cmd", "true {file}", "--only", "none"),
        ("--plug", "ndjson", "--cmd", "cat", "--stamp-cmd", "true {file} {patch} {output}"),
        ("--from", __file__),
        ("--plug", "ndjson", "--cmd", "cat {file}"),
        ("--cmd", "true {file}", "--seconds", "nan"),
        ("--cmd", "true {file}", "--seconds", "inf"),
        ("--cmd", "true {file}", "--report", "html=x", "--report", "json=x"),
    ],
)
def test_a_wrong_request_exits_with_2(options: tuple[str, ...], recipes: Path) -> None:
    run = conform(*options, recipes=recipes)
    assert (run.code, run.out) == (2, "")
    assert run.err
    assert "Traceback" not in run.err


def test_two_formats_at_once_are_a_wrong_request(recipes: Path) -> None:
    assert conform("--cmd", TAKES_ALL, "--json", "--format", "html", recipes=recipes).error["kind"] == "usage"


def test_a_report_that_cannot_be_written_exits_with_3(recipes: Path, tmp_path: Path) -> None:
    for path in (tmp_path / "none" / "x.json", tmp_path):
        run = conform("--cmd", TAKES_ALL, "--report", f"json={path}", recipes=recipes)
        assert (run.code, run.out) == (3, "")
        assert str(path) in run.err


def test_a_command_that_refuses_everything_is_doubted(recipes: Path) -> None:
    assert "does the command itself work?" in conform("--cmd", REFUSES_ALL, recipes=recipes).out
    assert "does the command itself work?" not in conform("--cmd", EXIT, recipes=recipes).out


def test_the_harness_of_the_examples_hears_what_it_lacks() -> None:
    """A reader of 30 lines is plugged in with one command, and the report says which rules it does not enforce."""
    harness = f"{sys.executable} {REPOSITORY / 'examples' / 'harness.py'}"
    run = aprfmt("conform", "--plug", "ndjson", "--cmd", harness, "--no-sparse", "--json")
    assert run.code == 1
    seen: dict[str, Any] = run.json
    assert seen["implementation"]["name"] == "thirty lines"
    assert seen["rules"]["APR-H001"] == "enforced"
    for rule in ("APR-F002", "APR-D003", "APR-I003", "APR-H006"):
        assert seen["rules"][rule] in ("not", "partly")


def test_a_report_that_fails_loses_neither_the_others_nor_the_text(recipes: Path, tmp_path: Path) -> None:
    other = tmp_path / "ok.xml"
    options = ("--report", "html=/dev/full", "--report", f"junit={other}")
    run = conform("--cmd", EXIT, *options, recipes=recipes)
    assert run.code == 3
    assert "/dev/full" in run.err
    assert run.out.splitlines()[-1].startswith("enforces 1 of 1 rules")
    assert other.exists()


def test_a_report_replaces_what_a_link_leads_to(recipes: Path, tmp_path: Path) -> None:
    target, link = tmp_path / "target.json", tmp_path / "link.json"
    target.write_text("before")
    link.symlink_to(target)
    conform("--cmd", EXIT, "--report", f"json={link}", recipes=recipes)
    assert link.is_symlink()
    assert json.loads(target.read_text())["conforms"] is True


def test_no_runs_are_a_wrong_request(tmp_path: Path) -> None:
    (tmp_path / "none.json").write_text("[]")
    assert aprfmt("conform", "--from", tmp_path / "none.json").code == 2


def test_an_end_by_a_signal_is_a_crash_whatever_was_said_before(recipes: Path, tmp_path: Path) -> None:
    script = tmp_path / "crash.sh"
    script.write_text('printf \'{"verdict": "reject"}\\n\'\nkill -SEGV $$\n')
    run = conform("--plug", "json", "--cmd", f"sh {script} {{file}}", "--only", "version.3", "--json", recipes=recipes)
    assert [item["outcome"] for item in run.json["results"]] == ["crash"]


def test_a_skip_without_a_reason_is_a_crash(recipes: Path, tmp_path: Path) -> None:
    script = tmp_path / "skip.sh"
    script.write_text('printf \'{"skip": " "}\\n\'\n')
    run = conform("--plug", "json", "--cmd", f"sh {script} {{file}}", "--only", "sound", "--json", recipes=recipes)
    assert [item["outcome"] for item in run.json["results"]] == ["crash"]
