"""`pytest --apr-impl`, as another project meets it: a pytest of its own, in a folder of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

import aprfmt.pytest_plugin

ROOT = Path(__file__).resolve().parents[2]

RECIPES: dict[str, Any] = {
    "bases": {
        "one": {
            "metadata": {"text": '{"name":"m","license":"MIT","data_source":"web","data_license":"CC0-1.0"}'},
            "tensor_index": {"entries": [{"name": {"text": "a"}, "dtype": "f32", "dims": [2]}]},
            "tensor_data": {"join": [{"counting": 8}, {"zeros": 56}]},
        }
    },
    "vectors": [
        {"id": "ok.one", "about": "A good file.", "verdict": "accept", "base": "one", "origin": "hand"},
        {
            "id": "magic.gguf",
            "about": "The magic of another format.",
            "verdict": "reject",
            "rule": "APR-H001",
            "base": "one",
            "edits": [{"set": "header.magic", "to": {"text": "GGUF"}}],
            "tags": ["disguise"],
            "origin": "hand",
        },
        {
            "id": "footer.flipped",
            "about": "One bit of the footer is wrong.",
            "verdict": "reject",
            "rule": "APR-F002",
            "base": "one",
            "edits": [{"flip": "footer.checksum", "bit": 3}],
            "seal": [],
            "origin": "hand",
        },
        {
            "id": "stamp.license",
            "about": "Another licence.",
            "op": "stamp",
            "verdict": "accept",
            "base": "one",
            "patch": {"license": "Apache-2.0"},
            "origin": "hand",
        },
    ],
}
READER = """
import sys
raw = open(sys.argv[1], "rb").read()
sys.exit(0 if raw[:4] == b"APR\\0" else 1)
"""
"""A reader that looks at nothing but the magic."""
HARNESS = """
import json, os, pathlib, sys
pathlib.Path("starts").open("a").write("started\\n")
for line in sys.stdin:
    ask = json.loads(line)
    if ask["cmd"] == "start":
        answer = {"protocol": 1, "implementation": {"name": "magic", "version": "1.0"}}
    elif ask["cmd"] == "stop":
        pathlib.Path("starts").open("a").write("stopped\\n")
        break
    else:
        raw = open(ask["file"], "rb").read()
        answer = {"id": ask["id"], "verdict": "accept" if raw[:4] == b"APR\\0" else "reject"}
        if answer["verdict"] == "accept":
            answer["values"] = {"footer": 7}
    print(json.dumps(answer), flush=True)
"""
KNOWN = """
[[failure]]
rule = "APR-F002"
vectors = ["footer.*"]
outcome = "accepted-invalid"
kind = "wontfix"
reason = "never looks at the footer"
issue = "https://example.org/7"
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with a reader, a harness and recipes, and no tests."""
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes" / "small.json").write_text(json.dumps(RECIPES))
    (tmp_path / "reader.py").write_text(READER)
    (tmp_path / "harness.py").write_text(HARNESS)
    (tmp_path / "known.toml").write_text(KNOWN)
    return tmp_path


EXIT = f"{sys.executable} reader.py {{file}}"
NDJSON = f"ndjson:{sys.executable} harness.py"


def run(folder: Path, *arguments: str, code: int, recipes: bool = True) -> str:
    """What a pytest prints that knows only our plugin, and ends with this code."""
    given = [*arguments, *(["--apr-recipes", "recipes"] if recipes else [])]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "aprfmt.pytest_plugin", "-p", "no:cacheprovider", "-rA", *given],
        cwd=folder,
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV"))},
            "PYTHONPATH": str(ROOT / "src"),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUTF8": "1",
            "COLUMNS": "200",
        },
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert not re.search("Traceback|another exception|the above exception", done.stdout + done.stderr, re.IGNORECASE)
    return done.stdout + done.stderr


def outcomes(text: str) -> dict[str, str]:
    """The outcome of each test, by its node id."""
    return {
        name: what
        for what, name in re.findall(r"^(PASSED|FAILED|XFAIL|ERROR) (?:\.\./)?(aprfmt::\S+)", text, re.MULTILINE)
    }


def test_the_plugin_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["entry-points"]["pytest11"] == {"aprfmt": aprfmt.pytest_plugin.__name__}


def test_every_vector_is_a_test(project: Path) -> None:
    text = run(project, "--apr-impl", EXIT, code=1)
    assert outcomes(text) == {
        "aprfmt::ok.one": "PASSED",
        "aprfmt::magic.gguf": "PASSED",
        "aprfmt::footer.flipped": "FAILED",
    }
    assert "collected 4 items" in text
    assert "2 passed, 1 failed, 1 skipped" in text or "1 failed, 2 passed, 1 skipped" in text
    assert re.search(r"^SKIPPED .*: does not stamp$", text, re.MULTILINE)
    said = "accepted-invalid: expected reject because of APR-F002, found accept"
    assert f"\n{said}\nfooter.flipped: One bit of the footer is wrong.\nreproduce: aprfmt vectors build " in text
    assert re.search(rf"^FAILED aprfmt::footer\.flipped - .*{re.escape(said)}$", text, re.MULTILINE)
    assert "enforces 1 of 2 rules; refuses 0 of 1 valid files; not enforced: APR-F002" in text


def test_a_harness_is_started_once_and_stopped(project: Path) -> None:
    text = run(project, "--apr-impl", NDJSON, code=1)
    assert outcomes(text) == {
        "aprfmt::ok.one": "FAILED",
        "aprfmt::magic.gguf": "PASSED",
        "aprfmt::footer.flipped": "FAILED",
    }
    assert re.search(r"wrong-value: footer: expected \d+, found 7$", text, re.MULTILINE)
    assert "magic 1.0: enforces 1 of 2 rules" in text
    assert (project / "starts").read_text() == "started\nstopped\n"


def test_a_callable_is_an_implementation(project: Path) -> None:
    text = run(project, "--apr-impl", "call:aprfmt.conform.own:answer", code=0)
    assert set(outcomes(text).values()) == {"PASSED"}
    assert len(outcomes(text)) == 4
    assert "enforces 2 of 2 rules" in text


def test_json_is_compared(project: Path) -> None:
    (project / "cat.py").write_text(
        'print(\'{"verdict": "accept", "values": {"tensors": [{"name": "b"}]}}\')'  # whatever the file is
    )
    text = run(project, "--apr-impl", f"json:{sys.executable} cat.py {{file}}", code=1)
    assert 'wrong-value: tensors[0].name: expected "a", found "b"' in text
    assert outcomes(text)["aprfmt::magic.gguf"] == "FAILED"


def test_the_shipped_vectors_are_put(project: Path) -> None:
    text = run(project, "--apr-impl", EXIT, "-k", "APR-H001", "--collect-only", "-q", code=0, recipes=False)
    named = re.findall(r"^aprfmt::(\S+)$", text, re.MULTILINE)
    assert named
    text = run(project, "--apr-impl", EXIT, f"aprfmt::{named[0]}", code=0, recipes=False)
    assert outcomes(text) == {f"aprfmt::{named[0]}": "PASSED"}
    assert "enforces" not in text


def test_sparse_files_only_when_asked(project: Path) -> None:
    from aprfmt.files.vectors import read_suite

    sparse = {name for name, vector in read_suite().vectors.items() if vector.is_sparse and not vector.is_huge}
    assert sparse
    listed = [
        set(
            re.findall(
                r"^aprfmt::(\S+)$",
                run(project, "--apr-impl", EXIT, "--collect-only", "-q", *more, code=0, recipes=False),
                re.MULTILINE,
            )
        )
        for more in ([], ["--apr-sparse"])
    ]
    assert not listed[0] & sparse
    assert listed[1] - listed[0] == {name for name in sparse if read_suite()[name].profile == "default"}


def test_a_known_failure_is_expected(project: Path) -> None:
    text = run(project, "--apr-impl", EXIT, "--apr-known", "known.toml", "--xfail-tb", code=0)
    assert "def runtest" not in text  # the reason is enough
    assert outcomes(text) == {
        "aprfmt::ok.one": "PASSED",
        "aprfmt::magic.gguf": "PASSED",
        "aprfmt::footer.flipped": "XFAIL",
        "aprfmt::known-failures": "PASSED",
    }
    assert "XFAIL aprfmt::footer.flipped - wontfix: never looks at the footer (https://example.org/7)" in text


def test_an_unexpected_pass_and_an_idle_pattern_fail(project: Path) -> None:
    (project / "known.toml").write_text(KNOWN.replace('"footer.*"', '"footer.*", "magic.gguf", "gone.*"'))
    text = run(project, "--apr-impl", EXIT, "--apr-known", "known.toml", code=1)
    assert outcomes(text) == {
        "aprfmt::ok.one": "PASSED",
        "aprfmt::magic.gguf": "FAILED",
        "aprfmt::footer.flipped": "XFAIL",
        "aprfmt::known-failures": "FAILED",
    }
    where = "known.toml: failure 1"
    assert f"\n{where}: magic.gguf: expected accepted-invalid, found unexpected pass\n" in text
    assert f"\n{where}.vectors: expected vectors of the suite, found none for 'gone.*'\n" in text


def test_another_outcome_than_the_known_one_fails(project: Path) -> None:
    (project / "known.toml").write_text(KNOWN.replace("accepted-invalid", "crash"))
    text = run(project, "--apr-impl", EXIT, "--apr-known", "known.toml", "-k", "footer", code=1)
    assert outcomes(text) == {"aprfmt::footer.flipped": "FAILED"}
    assert "known.toml: failure 1: footer.flipped: expected crash, found accepted-invalid" in text


def test_a_known_failure_under_the_wrong_rule_fails(project: Path) -> None:
    (project / "known.toml").write_text(KNOWN.replace("APR-F002", "APR-F001"))
    text = run(project, "--apr-impl", EXIT, "--apr-known", "known.toml", "-k", "footer", code=1)
    assert outcomes(text) == {"aprfmt::footer.flipped": "FAILED"}
    assert "known.toml: failure 1: footer.flipped: expected a vector of APR-F001, found one of APR-F002" in text


def test_paths_of_an_ini_file_count_from_there(project: Path) -> None:
    command = f"{sys.executable} {project / 'reader.py'} {{file}}"
    (project / "pytest.ini").write_text(
        f"[pytest]\napr_impl = {command}\napr_known = known.toml\napr_recipes = recipes\n"
    )
    (project / "below").mkdir()
    text = run(project / "below", code=0, recipes=False)
    assert len(outcomes(text)) == 4
    text = run(project / "below", "../aprfmt::ok.one", code=0, recipes=False)
    assert outcomes(text) == {"aprfmt::ok.one": "PASSED"}
    text = run(project / "below", "--apr-known", "known.toml", code=4, recipes=False)
    assert "No such file or directory: 'known.toml'" in text


def test_an_ini_file_says_the_same(project: Path) -> None:
    (project / "pytest.ini").write_text(
        f"[pytest]\napr_impl = {EXIT}\napr_accept = 1\napr_reject = 0, 3\napr_layers = structure integrity\n"
        "apr_profile = default\napr_known = lists/known.toml\napr_recipes = recipes\n"
    )
    (project / "lists").mkdir()
    (project / "lists" / "known.toml").write_text(KNOWN)
    (project / "test_own.py").write_text("def test_own():\n    pass\n")
    text = run(project, code=1, recipes=False)
    assert "PASSED test_own.py::test_own" in text
    assert outcomes(text) == {
        "aprfmt::ok.one": "FAILED",
        "aprfmt::magic.gguf": "FAILED",
        "aprfmt::footer.flipped": "FAILED",
        "aprfmt::known-failures": "PASSED",
    }
    assert outcomes(run(project, "test_own.py", code=0, recipes=False)) == {}
    assert outcomes(run(project, "--apr-impl=", code=0, recipes=False)) == {}
    text = run(project, "test_own.py", "aprfmt::known-failures", code=0, recipes=False)
    assert "PASSED test_own.py::test_own" in text
    assert outcomes(text) == {"aprfmt::known-failures": "PASSED"}
    text = run(project, "test_own.py", "--apr-impl", EXIT, "--apr-accept=0", "--apr-reject=1", code=0, recipes=False)
    assert outcomes(text)["aprfmt::magic.gguf"] == "PASSED"


def test_vectors_are_selected_by_what_they_are_about(project: Path) -> None:
    for words, chosen in {
        "APR-F002": "footer.flipped",
        "accept and not stamp": "ok.one",
        "disguise": "magic.gguf",
    }.items():
        text = run(project, "--apr-impl", EXIT, "--apr-known", "known.toml", "-k", words, code=0)
        assert list(outcomes(text)) == [f"aprfmt::{chosen}"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--apr-impl", "no-such-program {file}"], "no-such-program: expected a program that can be started"),
        (["--apr-impl", "exit:true"], "the command to read: expected the placeholders {file}, found none"),
        (["--apr-impl", "call:nothing"], "expected a callable as package.module:function, found 'nothing'"),
        (
            ["--apr-impl", EXIT, "--apr-accept", "zero"],
            "apr-accept: expected exit codes separated by commas, found 'zero'",
        ),
        (["--apr-impl", EXIT, "--apr-accept", "1"], "expected exit codes to accept and others to reject"),
        (["--apr-impl", NDJSON, "--apr-reject", "1"], "expected them with a command by its exit code, found ndjson"),
        (["--apr-impl", EXIT, "--apr-profile", "lax"], "apr-profile: expected one of default, "),
        (["--apr-impl", EXIT, "--apr-layers", "data"], "apr-layers: expected some of canonical, "),
        (["--apr-impl", EXIT, "--apr-profile", "publish"], "expected vectors of the profile publish"),
        (["--apr-impl", EXIT, "aprfmt::nothing"], "expected the id of a vector, found 'nothing'"),
        (["--apr-impl", EXIT, "--apr-known", "reader.py"], "reader.py: expected TOML, found TOMLDecodeError"),
        (["--apr-impl", EXIT, "--apr-known", "gone.toml"], "No such file or directory: 'gone.toml'"),
    ],
)
def test_what_makes_no_sense_is_a_usage_error(project: Path, arguments: list[str], said: str) -> None:
    text = run(project, *arguments, code=4)
    assert re.search(rf"^ERROR: aprfmt: .*{re.escape(said)}", text, re.MULTILINE)


def test_an_implementation_that_does_not_start_is_told_once(project: Path) -> None:
    text = run(project, "--apr-impl", f"ndjson:{sys.executable} reader.py", code=1)
    assert list(outcomes(text).values()) == ["FAILED"]
    assert "expected an answer to `start`, one line that is flushed, found: " in text
    assert "the implementation could not be started" in text
    assert "1 failed, 3 skipped" in text


def test_nothing_of_aprfmt_is_imported_without_an_implementation(project: Path) -> None:
    (project / "test_own.py").write_text(
        "import sys\n\n\n"
        "def test_own():\n"
        "    ours = {name for name in sys.modules if name.partition('.')[0] == 'aprfmt'}\n"
        "    assert ours == {'aprfmt', 'aprfmt.pytest_plugin', 'aprfmt.pytest_fuzz'}\n"
    )
    text = run(project, code=0)
    assert "collected 1 item" in text
    (project / "test_own.py").unlink()
    assert "no tests ran" in run(project, code=5)


def test_nothing_is_left_behind(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(project / "tmp"))
    run(project, "--apr-impl", NDJSON, "-x", code=1)
    assert list((project / "tmp").iterdir()) == []
    assert (project / "starts").read_text() == "started\nstopped\n"
