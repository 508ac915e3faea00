"""Commands that are registered, their help, docs/cli.md and the README say the same, all ways."""

from __future__ import annotations

import importlib
import json
import re
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from tests.unit.cli.running import COMMANDS, GOLDEN, REPOSITORY, aprfmt, process
from tests.unit.cli.test_cli_vectors import VECTORS, written
from tests.unit.rules.crafting import craft, entry_a, entry_b

from aprfmt.cli import commands, docs
from aprfmt.cli.exits import EXIT_CODES, KINDS
from aprfmt.cli.group import cli, leaves
from aprfmt.files.inplace import journal_path
from aprfmt.provenance import STAMP_KEYS

PAGE = (REPOSITORY / "docs" / "cli.md").read_text(encoding="utf-8")
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
COMMON = {"--json", "-q", "--quiet", "-v", "--verbose", "-h", "--help"}


def command_of(name: str) -> click.Command:
    return dict(leaves(click.Context(cli)))[name]


def options_of(name: str) -> set[str]:
    return {
        option
        for parameter in command_of(name).params
        if isinstance(parameter, click.Option)
        for option in (*parameter.opts, *parameter.secondary_opts)
    }


def section(name: str) -> str:
    return PAGE.split(f"\n## aprfmt {name}\n")[1].split("\n## ")[0]


def test_the_page_is_what_the_commands_make_of_it() -> None:
    difference = docs.stale()
    assert not difference, f"docs/cli.md is stale. Run: {docs.COMMAND}\n{difference}"


def test_a_stale_page_is_noticed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(docs, "PATH", tmp_path / "cli.md")
    assert docs.main(["--check"]) == 1
    seen = capsys.readouterr()
    assert "+# The command line\n" in seen.out
    assert seen.err == f"docs/cli.md is stale. Run: {docs.COMMAND}\n"
    assert docs.main(["--write"]) == 0
    assert docs.main(["--check"]) == 0
    assert (tmp_path / "cli.md").read_text(encoding="utf-8") == PAGE
    assert docs.main(["--stdout"]) == 0
    assert capsys.readouterr().out == PAGE


def test_the_page_does_not_depend_on_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for width in ("20", "200"):
        monkeypatch.setenv("COLUMNS", width)
        assert docs.page() == PAGE


def test_every_place_knows_the_same_commands() -> None:
    folder = Path(commands.__path__[0])
    modules = {" ".join(path.relative_to(folder).with_suffix("").parts) for path in folder.rglob("*.py")}
    first = list(dict.fromkeys(name.partition(" ")[0] for name in COMMANDS))
    assert {name for name in modules if not name.endswith("__init__")} == set(COMMANDS)
    assert listed() == first
    assert [f"{name} {rest}" for name in first for rest in (listed(name) if name not in COMMANDS else ())] == [
        name for name in COMMANDS if " " in name
    ]
    assert re.findall(r"^## aprfmt ([\w ]+)$", PAGE, re.MULTILINE) == list(COMMANDS)
    assert re.findall(r"^\| \[`aprfmt ([\w ]+)`\]", PAGE, re.MULTILINE) == list(COMMANDS)
    assert set(re.findall(r"^aprfmt (\w+)", README, re.MULTILINE)) == set(first)


def listed(*words: str) -> list[str]:
    """The commands that the help of a group lists."""
    help_text = aprfmt(*words, "--help").out
    return re.findall(r"^  (\w+) {2,}\S", help_text.split("Commands:\n")[1].split("\n\n")[0], re.MULTILINE)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_in_the_help_and_on_the_page(name: str) -> None:
    help_text = aprfmt(*name.split(), "--help").out
    in_help = set(re.findall(r"(?<!\S)(--?[a-z][a-z-]*)", help_text.split("Options:\n")[1]))
    on_page = {
        option
        for row in re.findall(r"^\| (`-.*?) \|", section(name), re.MULTILINE)
        for option in re.findall(r"`(--?[a-z][a-z-]*)", row)
    }
    assert in_help - {"-n"} == options_of(name) - {"-n"}  # -n is mentioned by another option too
    assert on_page == options_of(name)
    assert command_of(name).help
    assert f"| {command_of(name).short_help} |" in PAGE


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_the_common_options(name: str) -> None:
    assert options_of(name) >= COMMON


def test_stamp_has_an_option_for_every_key() -> None:
    assert options_of("stamp") >= {f"--{key.replace('_', '-')}" for key in STAMP_KEYS} - {"--version"} | {
        "--model-version"
    }


@pytest.mark.parametrize("name", COMMANDS)
def test_options_of_the_readme_exist(name: str) -> None:
    for line in re.findall(rf"^aprfmt {name}\b.*$", README, re.MULTILINE):
        assert set(re.findall(r"(?<!\S)--?[a-z][a-z-]*", line.partition(" # ")[0])) <= options_of(name)


def test_every_place_knows_the_same_exit_codes() -> None:
    rows = re.findall(r"^\| (\d+) \| (.*) \|$", PAGE.split("## Exit codes")[1].split("\n## ")[0], re.MULTILINE)
    assert [(int(code), text) for code, text in rows] == list(EXIT_CODES.items())
    assert [int(code) for code in re.findall(r"^ +(\d+)  ", aprfmt("-h").out, re.MULTILINE)] == list(EXIT_CODES)
    readme = {int(code) for row in re.findall(r"^\| ([\d, ]+) \|", README, re.MULTILINE) for code in row.split(", ")}
    assert readme <= set(EXIT_CODES)
    assert {0, 1, 2, 3, 4, 130, 143} <= readme
    assert {code for code, _ in KINDS.values()} <= set(EXIT_CODES)


def examples(name: str, tmp_path: Path) -> list[dict[str, Any]]:
    """Objects that the command prints, together with every key that it can print."""
    if name.startswith("vectors"):
        return examples_of_vectors(name, tmp_path)
    if name == "conform":
        command = f"{sys.executable} -c pass {{file}}"
        return [aprfmt("conform", "--cmd", command, "--only", "structure.*", "--no-sparse", "--json").json]
    if name == "fuzz corpus":
        return [aprfmt("fuzz", "corpus", tmp_path / "corpus", "--json").json]
    if name.startswith("fuzz"):
        return examples_of_fuzz(name, tmp_path)
    if name == "shrink":
        return [aprfmt("shrink", GOLDEN / "sharded.apr", "-o", tmp_path / "small.apr", "--tries", "3", "--json").json]
    if name == "spec":
        return [aprfmt("spec", "--json").json]
    if name == "stamp":
        return examples_of_stamp(tmp_path)
    if name == "recover":
        return examples_of_recover(tmp_path)
    if name == "verify":
        receipt = tmp_path / "r.json"
        aprfmt("stamp", GOLDEN / "sharded.apr", "--license", "MIT", "-o", tmp_path / "o.apr", "--receipt", receipt)
        return [
            aprfmt("verify", path, "--receipt", receipt, "--json").json
            for path in (tmp_path / "o.apr", GOLDEN / "sharded.apr")
        ]
    if name == "diff":
        return [aprfmt("diff", GOLDEN / "sharded.apr", GOLDEN / "stamped.apr", "--json").json]
    if name == "licenses":
        return [aprfmt("licenses", "MIT", "--json").json]
    if name in ("rules", "explain"):
        return [aprfmt(name, *(["APR-H006"] if name == "explain" else []), "--json").json]
    rest = {"canonicalise": ["-n"], "validate": ["--strict"]}.get(name, [])
    broken = tmp_path / "broken.apr"
    broken.write_bytes(craft(entry_a(), entry_b(name=b"\xff")))
    found = [aprfmt(name, path, "--json", *rest).json for path in sorted(GOLDEN.glob("*.apr"))]
    if name == "inspect":
        found.append(aprfmt(name, broken, "--json", "--digest", "--quality").json)
    if name in ("gate", "validate"):
        found.append(aprfmt(name, "none.apr", "--json").json)
    return found if name == "canonicalise" else [*found, aprfmt(name, broken, "--json").json]


def examples_of_fuzz(name: str, tmp_path: Path) -> list[dict[str, Any]]:
    """A run that finds something, one of its cases again, and the vector of what it found."""
    asked = ("fuzz", "run", "--cmd", f"{sys.executable} -S -c pass {{file}}", "--json")
    run = aprfmt(*asked, "--cases", "1", "--start", "149", "--jobs", "1", "--tries", "0", "--out", tmp_path / "found")
    if name == "fuzz run":
        return [run.json, aprfmt(*asked, "--case", "149").json]
    (finding,) = (tmp_path / "found").glob("*.json")
    return [aprfmt("fuzz", "promote", finding, "--json").json]


def examples_of_recover(tmp_path: Path) -> list[dict[str, Any]]:
    """A file with what a stamp has left beside it, and with what is no journal."""
    found = []
    for name, leave in (("cut.apr", Path.touch), ("foreign.apr", Path.mkdir)):
        path = tmp_path / name
        path.write_bytes(craft())
        leave(journal_path(path))
        found.append(aprfmt("recover", path, "--json").json)
    return found


def examples_of_stamp(tmp_path: Path) -> list[dict[str, Any]]:
    """A stamp of every file, and of many of them one that fails with the summary behind it."""
    found = [aprfmt("stamp", path, "--license", "MIT", "-n", "--json").json for path in sorted(GOLDEN.glob("*.apr"))]
    (tmp_path / "bad.apr").write_bytes(b"junk")
    many = aprfmt("stamp", "-i", "-n", tmp_path, "--license", "MIT", "--json")
    return [*found, *map(json.loads, many.out.splitlines())]


def examples_of_vectors(name: str, tmp_path: Path) -> list[dict[str, Any]]:
    words = name.split()
    if name == "vectors list":
        found: list[dict[str, Any]] = json.loads(aprfmt(*words, "--json").out)
        return found
    recipes = written(tmp_path / "recipes", [{**VECTORS[0], "nbytes": 1}, *VECTORS[1:]])
    choices: dict[str, list[str | Path]] = {
        "show": ["sound", "--recipes", recipes],
        "check": ["--recipes", recipes],
        "build": [tmp_path / "built", "--only", "sound", "--recipes", recipes],
        "export": [tmp_path / "out", "--recipes", recipes],
        "adequacy": ["--only", "APR-H00? off*", "--jobs", "1"],
    }
    return [aprfmt(*words, *choices[words[1]], "--json").json]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_json_key_is_documented_and_every_documented_key_exists(name: str, tmp_path: Path) -> None:
    table = importlib.import_module(".".join((commands.__name__, *name.split()))).JSON_KEYS
    documented = {key for keys in table for key in keys.split(", ")}
    printed = set()
    for value in examples(name, tmp_path):
        for key, item in value.items():
            listed = any(name.startswith(f"{key}[].") for name in documented)
            printed |= {f"{key}[].{name}" for part in item for name in part} if listed else {key}
    assert printed == documented
    for key in documented:
        assert f"`{key}`" in section(name)


def test_every_key_of_an_error_is_documented(tmp_path: Path) -> None:
    rows = PAGE.split("| key of `error` |")[1].split("\n\n")[0]
    documented = [key for row in rows.splitlines()[2:] for key in re.findall(r"`(\w+)`", row.split(" | ")[0])]
    path = tmp_path / "m.apr"
    path.write_bytes(craft(entry_a(dtype=13)))
    errors = [aprfmt("tensors", path, "--json"), aprfmt("tensors", "none", "--json"), aprfmt("tensors", "--json")]
    for run in errors:
        assert list(run.error) == documented
    assert None not in errors[0].error.values()
    kinds = re.findall(r"^\| `(\w+)` \| \d+ \|", PAGE, re.MULTILINE)
    assert kinds == list(KINDS)
    assert {run.error["kind"] for run in errors} <= set(kinds)


def test_the_generator_runs_as_a_module() -> None:
    import subprocess

    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "aprfmt.cli.docs", "--check"], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_help_and_version_import_nothing_heavy() -> None:
    program = "import sys; from aprfmt.cli import main; main(['{}']); print(sorted(sys.modules), file=sys.stderr)"
    import subprocess

    for option in ("--version", "-h"):
        done = subprocess.run(
            [sys.executable, "-c", program.format(option)], capture_output=True, text=True, timeout=60
        )
        loaded = set(re.findall(r"'([\w.]+)'", done.stderr))
        assert not loaded & {
            "construct",
            "kaitaistruct",
            "aprfmt.layout",
            "aprfmt.files",
            "aprfmt.rules",
            "mmap",
            "packaging",
        }
    assert process("--version").code == 0
