"""The hooks and the workflow to copy: their commands run, and fail and pass as they should."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from tests.unit.contracts import contract
from tests.unit.rules.cases import sound
from tests.unit.rules.crafting import lenient

from aprfmt.ops.gate import gate

ROOT = Path(__file__).resolve().parents[2]
HOOKS: list[dict[str, Any]] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
CONFIG: dict[str, Any] = yaml.safe_load((ROOT / "examples" / "pre-commit-config.yaml").read_text(encoding="utf-8"))
WORKFLOW: dict[Any, Any] = yaml.safe_load((ROOT / "examples" / "github-workflow.yml").read_text(encoding="utf-8"))
STEPS: list[dict[str, Any]] = WORKFLOW["jobs"]["models"]["steps"]
PLACE = "https://github.com/OWNER/aprfmt"

MODELS = {
    "good": sound(),
    "bare": sound(metadata=b'{"name":"m"}'),
    "cut": sound()[:100],
    "flipped": sound()[:-5] + b"!" + sound()[-4:],
    "pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n",
}

BASH = shutil.which("bash")
pytestmark = pytest.mark.skipif(BASH is None or os.name == "nt", reason="no bash on this system")


class Done(NamedTuple):
    code: int
    out: str


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """What a shell needs to find the program as an installed one."""
    programs = tmp_path / "programs"
    programs.mkdir()
    program = programs / "aprfmt"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m aprfmt "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    return {
        **os.environ,
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "RUNNER_TEMP": str(temporary),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
    }


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository of git with a model that is in order, and other files."""
    folder = tmp_path / "repository"
    (folder / "models" / "small").mkdir(parents=True)
    (folder / "README.md").write_text("Models.\n", encoding="utf-8")
    (folder / "models" / "small" / "good.apr").write_bytes(MODELS["good"])
    if (git := shutil.which("git")) is not None:
        subprocess.run([git, "init", "--quiet", "."], cwd=folder, check=True)
    return folder


def run(command: Sequence[str], folder: Path, environment: dict[str, str]) -> Done:
    done = subprocess.run(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120
    )
    return Done(done.returncode, done.stdout.decode("utf-8"))


# ---- pre-commit ----


def test_hooks_have_what_pre_commit_asks_for() -> None:
    assert [hook["id"] for hook in HOOKS] == ["aprfmt-validate", "aprfmt-gate"]
    for hook in HOOKS:
        assert hook.keys() == {"id", "name", "description", "entry", "args", "language", "files"}
        assert hook["language"] == "python"
        pattern = re.compile(hook["files"])
        assert [
            name for name in ("m.apr", "a/b.c.apr", "m.apr.txt", "apr", "mapr", "m.APR") if pattern.search(name)
        ] == [
            "m.apr",
            "a/b.c.apr",
        ]


def test_the_configuration_to_copy_names_hooks_that_exist() -> None:
    (place,) = CONFIG["repos"]
    assert (place["repo"], place["rev"]) == (PLACE, "REF")
    assert [hook["id"] for hook in place["hooks"]] == [hook["id"] for hook in HOOKS]


@pytest.mark.parametrize(
    ("models", "codes"),
    [
        (["good"], [0, 0]),
        (["good", "bare"], [0, 1]),
        (["flipped", "good"], [1, 0]),
        (["good", "cut"], [1, 1]),
        (["pointer"], [1, 4]),
        (["pointer", "good"], [1, 1]),
    ],
)
def test_a_hook_fails_for_a_model_that_is_not_in_order(
    models: list[str], codes: list[int], repository: Path, environment: dict[str, str]
) -> None:
    names = [f"{name}.apr" for name in models]
    for name in models:
        (repository / f"{name}.apr").write_bytes(MODELS[name])
    for hook, code in zip(HOOKS, codes, strict=True):
        command = [*shlex.split(hook["entry"]), *hook["args"], *names]
        done = run(command, repository, environment)
        assert done.code == code, done.out
        assert bool(done.out) == bool(code)
        assert "good.apr: " not in done.out


# ---- the workflow ----


def test_the_workflow_uses_what_is_well_known_and_may_only_read() -> None:
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert WORKFLOW[True] == ["push", "pull_request"]  # YAML 1.1 takes the key `on` for a truth value
    assert [step["uses"] for step in STEPS if "uses" in step] == ["actions/checkout@v4", "actions/setup-python@v5"]
    assert STEPS[0]["with"] == {"lfs": True}
    assert all(("uses" in step) != ("run" in step) for step in STEPS)


def installs(step: dict[str, Any]) -> bool:
    return "pip install" in step.get("run", "")


def test_one_step_installs_and_is_left_out_here() -> None:
    (step,) = filter(installs, STEPS)
    assert step["run"] == f'python -m pip install "git+{PLACE}@REF"'
    assert step["id"] == "install"


AFTER_A_FAILURE = "${{ !cancelled() && steps.install.outcome == 'success' }}"


def job(folder: Path, environment: dict[str, str]) -> dict[str, Done]:
    """Run the steps as a runner does: each with `bash -e`, and after a failure only those that ask for it."""
    found: dict[str, Done] = {}
    for step in STEPS:
        if "run" not in step or installs(step):
            continue
        condition = step.get("if", "")
        assert condition in ("", AFTER_A_FAILURE)
        if condition or not any(done.code for done in found.values()):
            script = folder.parent / "step.sh"
            script.write_text(step["run"], encoding="utf-8")
            found[step["name"]] = run([BASH or "bash", "-e", str(script)], folder, environment)
    return found


RULES, GATES = "Hold every byte against the rules", "Provenance gates"


@pytest.mark.parametrize(
    ("model", "codes"),
    [("good", (0, 0)), ("bare", (0, 1)), ("cut", (1, 1)), ("flipped", (1, 0)), ("pointer", (1, 1))],
)
def test_the_workflow_fails_for_a_model_that_is_not_in_order(
    model: str, codes: tuple[int, int], repository: Path, environment: dict[str, str]
) -> None:
    (repository / "models" / f"{model}.apr").write_bytes(MODELS[model])
    done = job(repository, environment)
    assert {name: item.code for name, item in done.items()} == dict(zip((RULES, GATES), codes, strict=True))
    annotations = [line for line in done[RULES].out.splitlines() if line.startswith("::error ")]
    assert bool(annotations) == bool(codes[0])
    assert all(f"file=models/{model}.apr," in line for line in annotations)
    summary = Path(environment["GITHUB_STEP_SUMMARY"]).read_text(encoding="utf-8").splitlines()
    assert all(line.startswith("    ") for line in summary)  # a block of code, whatever is in it
    assert "    models/small/good.apr: passed; gates: 4 passed" in summary
    assert summary[-1].startswith("    2 files: ")
    printed = [line for line in done[GATES].out.splitlines() if not line.startswith("error: ")]
    assert [line.removeprefix("    ") for line in summary] == printed
    if model == "bare":
        assert any("repair: `aprfmt stamp" in line for line in printed)


def test_a_repository_without_models_is_not_clean(repository: Path, environment: dict[str, str]) -> None:
    (repository / "models" / "small" / "good.apr").unlink()
    assert {item.code for item in job(repository, environment).values()} == {2}


def test_names_of_models_are_no_commands(repository: Path, environment: dict[str, str]) -> None:
    for name in ("::error::x.apr", "$(touch broken).apr", "-x.apr", "@x.apr"):
        (repository / name).write_bytes(MODELS["bare"])
    done = job(repository, environment)
    assert (done[RULES].code, done[GATES].code) == (0, 1)
    assert not [line for item in done.values() for line in item.out.splitlines() if line.startswith("::error::")]
    assert not (repository / "broken").exists()
    assert "$(touch broken).apr: NOT PASSED" in done[GATES].out
    assert "5 files: 1 passed, 4 failed; " in done[GATES].out


# ---- the page about them ----

PAGE = (ROOT / "docs" / "gates.md").read_text(encoding="utf-8")


def test_the_page_shows_commands_that_run(repository: Path, environment: dict[str, str]) -> None:
    (script,) = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    (repository / "model.apr").write_bytes(MODELS["bare"])
    done = run([BASH or "bash", "-e", "-c", script], repository, environment)
    assert done.code == 0, done.out
    assert "model.apr: NOT PASSED; gates: 2 passed, 2 failed\n" in done.out
    assert "stamped.apr: passed; gates: 4 passed\n" in done.out


def test_the_page_shows_verdicts_as_they_are() -> None:
    rows = re.findall(r"^\| `(\{.*)` \| ([A-Z]+) \| ([A-Z]+) \| ([A-Z]+) \| ([A-Z]+) \|$", PAGE, re.MULTILINE)
    assert len(rows) == 10
    for metadata, *verdicts in rows:
        assert [item.verdict for item in gate(lenient(sound(metadata=metadata.encode()))).gates] == verdicts


def test_the_page_names_what_there_is() -> None:
    assert re.findall(r"^\| (GATE-APR-PROV-\d+) ([a-z-]+) \|", PAGE, re.MULTILINE) == [
        (name, item["name"]) for name, item in contract()["gates"].items()
    ]
    assert re.findall(r"^\| `([a-z-]+)` \| `(aprfmt [a-z]+ --quiet)` \|", PAGE, re.MULTILINE) == [
        (hook["id"], " ".join([hook["entry"], *hook["args"]])) for hook in HOOKS
    ]
    for path in re.findall(r"\]\((\.\./[^)#]+|[a-z.]+)[)#]", PAGE):
        assert (ROOT / "docs" / path).exists(), path
