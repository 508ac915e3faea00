"""The example project that is fuzzed in CI: its tests and workflows run, and fail when they should."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "fuzz-ci"
BASH = shutil.which("bash")
pytestmark = pytest.mark.skipif(BASH is None or os.name == "nt", reason="no bash on this system")

WORKFLOWS: dict[str, dict[Any, Any]] = {
    path.stem: yaml.safe_load(path.read_text(encoding="utf-8"))
    for path in sorted((EXAMPLE / ".github" / "workflows").glob("*.yml"))
}
EVENTS = {"nightly": {"schedule", "workflow_dispatch"}, "pull-request": {"pull_request"}}
ACTIONS = {"checkout@v4", "setup-python@v5", "cache/restore@v4", "cache/save@v4", "upload-artifact@v4"}
AFTER_A_FAILURE = "${{ !cancelled() && steps.install.outcome == 'success' }}"
BUDGET = {"FUZZ_SECONDS": "6", "FUZZ_CASES": "20"}
"""In the place of the minutes and hours of the workflows: what is broken below shows in the first 20 cases."""
FEW = {"PYTEST_ADDOPTS": "-k 'APR-H001 or refused'"}
"""For runs of pytest that are not about the vectors: the page has one that runs them all."""

ATHERIS = """
import contextlib, os, pathlib, sys

def instrument_imports(**named):
    return contextlib.nullcontext()

def Setup(argv, law, **named):
    global given, target
    given, target = argv, law

def Fuzz():
    folders = [pathlib.Path(text) for text in given[1:] if not text.startswith("-")]
    found = [path for folder in folders for path in sorted(folder.iterdir())]
    for path in found:
        try:
            target(path.read_bytes())
        except Exception as error:
            pathlib.Path("crash-stand-in").write_bytes(path.read_bytes())
            print(f" === Uncaught Python exception: ===\\n{type(error).__name__}: {error}", flush=True)
            os._exit(77)
    (folders[0] / "new").write_bytes(b"APR")
    print(f"stat::number_of_executed_units: {len(found)}")
"""
"""Stands for atheris, which not every machine has: tries the files of the folders, and ends as libFuzzer does."""


class Done(NamedTuple):
    code: int
    out: str


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The example in a folder of its own."""
    return shutil.copytree(EXAMPLE, tmp_path / "project", ignore=shutil.ignore_patterns("__pycache__"))


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """What a shell needs to find the programs as installed ones."""
    programs, modules = tmp_path / "programs", tmp_path / "modules"
    programs.mkdir()
    modules.mkdir()
    (modules / "atheris.py").write_text(ATHERIS, encoding="utf-8")
    for name, words in {"aprfmt": " -m aprfmt", "python": ""}.items():
        (programs / name).write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)}{words} "$@"\n', encoding="utf-8")
        (programs / name).chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV"))}
    return {
        **kept,
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join([str(modules), *filter(None, [os.environ.get("PYTHONPATH")])]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
        "GITHUB_RUN_NUMBER": "17",
    }


def run(words: list[str], folder: Path, environment: dict[str, str]) -> Done:
    done = subprocess.run(
        words, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300
    )
    return Done(done.returncode, done.stdout.decode("utf-8"))


def steps(workflow: str) -> list[dict[str, Any]]:
    (job,) = WORKFLOWS[workflow]["jobs"].values()
    found: list[dict[str, Any]] = job["steps"]
    return found


def job(workflow: str, project: Path, environment: dict[str, str]) -> dict[str, Done]:
    """Run the steps as a runner does: after a failure only those that ask for it."""
    given = {name: BUDGET[name] for name in WORKFLOWS[workflow]["env"]}
    found: dict[str, Done] = {}
    for step in steps(workflow):
        if "run" not in step or step.get("id") == "install":
            continue
        condition = step.get("if", "")
        assert condition in ("", AFTER_A_FAILURE)
        if condition or not any(done.code for done in found.values()):
            script = project.parent / "step.sh"
            script.write_text(step["run"], encoding="utf-8")
            # What a runner starts when a step names its shell, and when it does not.
            options = ["-eo", "pipefail"] if step.get("shell") == "bash" else ["-e"]
            found[step["name"]] = run([BASH or "bash", *options, str(script)], project, {**environment, **given, **FEW})
    return found


def summary(environment: dict[str, str]) -> str:
    return Path(environment["GITHUB_STEP_SUMMARY"]).read_text(encoding="utf-8")


def broken(project: Path, old: str, new: str) -> None:
    """Put a fault into the reader."""
    path = project / "toy_reader.py"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize("workflow", EVENTS)
def test_a_workflow_uses_what_is_well_known_and_may_only_read(workflow: str) -> None:
    assert WORKFLOWS.keys() == EVENTS.keys()
    node = WORKFLOWS[workflow]
    assert node["permissions"] == {"contents": "read"}
    events = node[True]  # YAML 1.1 takes the key `on` for a truth value
    assert {events} if isinstance(events, str) else set(events) == EVENTS[workflow]
    assert {step["uses"].removeprefix("actions/") for step in steps(workflow) if "uses" in step} <= ACTIONS
    assert all(("uses" in step) != ("run" in step) for step in steps(workflow))
    (install,) = [step["run"] for step in steps(workflow) if step.get("id") == "install"]
    assert install == 'python -m pip install "aprfmt[testing,fuzz] @ git+https://github.com/OWNER/aprfmt@REF"'


def test_both_workflows_share_what_was_found() -> None:
    caches = {name: [step for step in steps(name) if "cache" in step.get("uses", "")] for name in EVENTS}
    restored = [found[0] for found in caches.values()]
    assert {step["uses"] for step in restored} == {"actions/cache/restore@v4"}
    assert restored[0]["with"] == restored[1]["with"]
    # A pull request takes what was found and leaves nothing there. A night leaves it also when it fails, which
    # `actions/cache` does not.
    assert len(caches["pull-request"]) == 1
    _, saved = caches["nightly"]
    assert saved["uses"] == "actions/cache/save@v4"
    assert saved["if"] == AFTER_A_FAILURE
    assert saved["with"] == {name: restored[0]["with"][name] for name in ("path", "key")}
    names = [step.get("name", step.get("uses")) for step in steps("nightly")]
    assert names.index(saved["uses"]) == names.index("Where coverage leads") + 1


@pytest.mark.parametrize("workflow", EVENTS)
def test_what_is_found_is_kept(workflow: str) -> None:
    *others, upload = steps(workflow)
    assert upload["if"] == "failure()"
    kept = upload["with"]["path"].split()
    told = "\n".join(step.get("run", "") for step in others)
    assert {"findings", "findings.sarif", "crash-*", "timeout-*", "oom-*"} == set(kept)
    assert "--out findings " in told
    assert "sarif=findings.sarif" in told


@pytest.mark.parametrize("workflow", EVENTS)
def test_the_workflow_passes(workflow: str, project: Path, environment: dict[str, str]) -> None:
    done = job(workflow, project, environment)
    assert {name: item.code for name, item in done.items()} == dict.fromkeys(done, 0), done
    assert len(done) == len([step for step in steps(workflow) if "run" in step]) - 1
    assert (project / "found" / "new").exists()
    assert (project / "corpus" / "apr_v2.dict").exists()
    assert summary(environment)


def told(project: Path, environment: dict[str, str], done: Done) -> bool:
    """Whether the last step failed, said so where people look, and left the files."""
    assert done.code == 1, done.out
    assert "APR-H001" in summary(environment)
    assert (project / "findings.sarif").exists()
    return any((project / "findings").iterdir())


def test_a_pull_request_that_gives_up_a_rule_fails(project: Path, environment: dict[str, str]) -> None:
    broken(project, 'magic != b"APR\\0" or ', "")
    done = job("pull-request", project, environment)
    assert list(done) == ["Tests and vectors", "New files"]
    vectors, fuzz = done.values()
    assert vectors.code == 1
    assert "expected reject because of APR-H001" in vectors.out
    assert told(project, environment, fuzz)


def test_a_crash_under_coverage_fails_the_night_and_does_not_end_it(project: Path, environment: dict[str, str]) -> None:
    broken(project, 'magic != b"APR\\0" or ', "")
    broken(project, "if len(raw) < HEADER.size:", "if False:")
    coverage, fuzz = job("nightly", project, environment).values()
    assert coverage.code == 77
    assert (project / "crash-stand-in").exists()
    assert "    error: unpack_from requires a buffer" in summary(environment)
    assert told(project, environment, fuzz)


def test_the_page_shows_commands_that_run(project: Path, environment: dict[str, str]) -> None:
    page = (project / "README.md").read_text(encoding="utf-8")
    first, second = re.findall(r"^```sh\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    script = (first + second).replace("seconds 10", "seconds 6")
    done = run([BASH or "bash", "-e", "-c", script], project, {**environment, "PYTEST_ADDOPTS": "-rs"})
    assert done.code == 0, done.out
    assert re.search(r"enforces 21 of 25 rules; refuses 0 of \d+ valid files", done.out)
    # The first one of the two has no budget, the second one skips nothing.
    assert done.out.count("no budget: --apr-fuzz-seconds gives one") == 1
    assert re.search(r"=+ \d+ passed in", done.out), done.out
    for path in re.findall(r"\]\(([^)#]+)\)", page):
        assert (project / path).exists(), path
