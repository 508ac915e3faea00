"""The fixture `apr_fuzz`, as another project meets it: a pytest of its own, with a stand-in for the fuzzer."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from aprfmt.pytest_fuzz import command

ROOT = Path(__file__).resolve().parents[2]

CONFTEST = """
import sys
import aprfmt.pytest_fuzz as fuzz
real = fuzz.command
fuzz.command = lambda *given, **named: [sys.executable, "fuzzer.py", *real(*given, **named)[1:]]
fuzz._GRACE_SECONDS = 0.5
"""
FUZZER = """
import json, pathlib, sys, time
with open("asked", "a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
behaviour = pathlib.Path("behaviour").read_text() if pathlib.Path("behaviour").exists() else "clean"
if behaviour == "hang":
    print("began", flush=True)
    time.sleep(600)
told = {"clean": "nothing found", "finding": "APR-D003: accepted-invalid \\u6a21", "usage": "error: no such option"}
print(told[behaviour])
sys.exit(list(told).index(behaviour))
"""
"""Stands for `aprfmt fuzz`: writes down what it was asked, and ends as it is told to."""
TEST = """
def test_reader(apr_fuzz):
    apr_fuzz({arguments})
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with one test that asks for the fixture."""
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "fuzzer.py").write_text(FUZZER)
    (tmp_path / "test_it.py").write_text(TEST.format(arguments='"call:mine:answer"'))
    return tmp_path


def run(folder: Path, *arguments: str, code: int) -> str:
    """What a pytest prints that knows only our plugins, and ends with this code."""
    plugins = ("-p", "aprfmt.pytest_plugin", "-p", "aprfmt.pytest_fuzz", "-p", "no:cacheprovider")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *plugins, "-rA", *arguments],
        cwd=folder,
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV"))},
            "PYTHONPATH": str(ROOT / "src"),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUTF8": "1",
            "COLUMNS": "300",
        },
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    return done.stdout + done.stderr


def asked(folder: Path) -> list[list[str]]:
    """The options of each run of the fuzzer, without those that name a folder of pytest's own."""
    if not (folder / "asked").exists():
        return []
    found = []
    for line in (folder / "asked").read_text().splitlines():
        words = json.loads(line)
        assert words[:5] == ["-m", "aprfmt", "fuzz", "--mode", "pr"]
        found.append([word for word in words[5:] if not re.search(r"aprfmt-fuzz\d+$", word)])
    return found


def test_a_test_without_a_budget_is_skipped(project: Path) -> None:
    assert "no budget: --apr-fuzz-seconds gives one" in run(project, code=0)
    assert asked(project) == []


@pytest.mark.parametrize("option", ["--aprfmt-fuzz-seconds", "--apr-fuzz-seconds"])
def test_a_budget_is_spent_on_the_target(project: Path, option: str) -> None:
    assert "1 passed" in run(project, option, "2.5", code=0)
    assert asked(project) == [["--seconds", "2.5", "--call", "mine:answer", "--out"]]


def test_what_is_found_fails_the_test_in_words_and_with_a_command(project: Path) -> None:
    (project / "behaviour").write_text("finding")
    text = run(project, "--aprfmt-fuzz-seconds", "1", code=1)
    assert "APR-D003: accepted-invalid 模" in text
    assert re.search(r"reproduce: \S+ fuzzer\.py -m aprfmt fuzz --mode pr --seconds 1 --call mine:answer", text)


def test_a_request_that_is_wrong_fails_the_test(project: Path) -> None:
    (project / "behaviour").write_text("usage")
    assert "error: no such option" in run(project, "--aprfmt-fuzz-seconds", "1", code=1)


def test_a_fuzzer_that_does_not_end_is_ended(project: Path) -> None:
    (project / "behaviour").write_text("hang")
    text = run(project, "--aprfmt-fuzz-seconds", "0.2", code=1)
    assert "expected an end within 0.7 s, found none" in text
    assert "began" in text


@pytest.mark.parametrize("text", ["0", "nan", "soon"])
def test_a_budget_that_is_none_is_a_wrong_usage(project: Path, text: str) -> None:
    told = run(project, f"--aprfmt-fuzz-seconds={text}", code=4)
    assert f"apr-fuzz-seconds: expected a number of seconds above 0, found '{text}'" in told


def test_an_ini_file_says_all_of_it_and_paths_count_from_there(project: Path) -> None:
    (project / "pytest.ini").write_text(
        "[pytest]\napr_impl = ndjson:mine --lines\napr_fuzz_seconds = 3\napr_fuzz_seed = 7\n"
        "apr_fuzz_known = lists/known.toml\napr_fuzz_findings = found\n"
    )
    (project / "test_it.py").write_text(TEST.format(arguments=""))
    run(project, "test_it.py", code=0)
    run(project, "test_it.py", "--apr-fuzz-seed", "8", "--apr-fuzz-known", "mine.toml", code=0)
    target = ["--seconds", "3", "--cmd", "ndjson:mine --lines"]
    assert asked(project) == [
        [*target, "--seed", "7", "--known", str(project / "lists/known.toml"), "--out", str(project / "found")],
        [*target, "--seed", "8", "--known", "mine.toml", "--out", str(project / "found")],
    ]


def test_a_test_may_have_a_budget_and_a_list_of_its_own(project: Path) -> None:
    arguments = '"exit:mine {file}", "other {file}", seconds=1, known="own.toml"'
    (project / "test_it.py").write_text(TEST.format(arguments=arguments))
    run(project, code=0)
    assert asked(project) == [
        ["--seconds", "1", "--cmd", "exit:mine {file}", "--cmd", "exit:other {file}", "--known", "own.toml", "--out"]
    ]


def test_what_the_vectors_are_told_holds_for_fuzzing(project: Path) -> None:
    (project / "pytest.ini").write_text(
        "[pytest]\napr_impl = mine {file}\napr_accept = 0, 3\napr_reject = 4 5\n"
        "apr_profile = reader\napr_recipes = own\n"
    )
    (project / "test_it.py").write_text(TEST.format(arguments="seconds=1"))
    run(project, "test_it.py", code=0)
    assert asked(project) == [
        [
            *("--seconds", "1", "--cmd", "exit:mine {file}", "--accept", "0,3", "--reject", "4,5"),
            *("--profile", "reader", "--recipes", str(project / "own"), "--out"),
        ]
    ]


def test_a_test_without_a_target_fails(project: Path) -> None:
    (project / "test_it.py").write_text(TEST.format(arguments=""))
    assert "expected a target, or --apr-impl: found neither" in run(project, "--aprfmt-fuzz-seconds", "1", code=1)


@pytest.mark.parametrize(
    ("target", "options"),
    [
        ("call:a.b:c", ["--call", "a.b:c"]),
        ("json:t --json {file}", ["--cmd", "json:t --json {file}"]),
        ("ndjson:t", ["--cmd", "ndjson:t"]),
        ("exit:t {file}", ["--cmd", "exit:t {file}"]),
        ("t:x {file}", ["--cmd", "exit:t:x {file}"]),
    ],
)
def test_targets_are_those_of_the_vectors(target: str, options: list[str]) -> None:
    words = command([target], 60.0)
    assert words[words.index("60") + 1 :] == options


def test_exit_codes_are_for_commands() -> None:
    assert "--accept" not in command(["call:a.b:c", "ndjson:t"], 1.0, {"--accept": "0"})
    assert "--accept" in command(["call:a.b:c", "t {file}"], 1.0, {"--accept": "0"})
