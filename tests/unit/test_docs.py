"""What the README and the page on the API show runs as it stands, and what they list is complete."""

from __future__ import annotations

import dataclasses
import fnmatch
import inspect
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import aprfmt
from aprfmt import (
    Canonical,
    Diff,
    Difference,
    DType,
    Finding,
    Flags,
    Inspection,
    Limits,
    OpenContainer,
    Report,
    Stamp,
    Writer,
)
from aprfmt.files.vectors import read_suite

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("README.md", "docs/api.md")
NOT_RUN = {
    "python3 dev.py demo": "sets up an environment of its own; .ci/run runs it",
    "pip install .": "changes the environment that runs the tests; .ci/run installs the package",
}
"""Blocks of the shell that are not run here, by how they begin, and why."""


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(name: str, language: str) -> list[tuple[int, str]]:
    """The blocks of a page, each with the number of the line before it."""
    text = page(name)
    found = re.finditer(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [(text.count("\n", 0, block.start(1)), block[1]) for block in found]


def one_program(name: str) -> str:
    """All Python of a page, with the lines where they stand in it, so that a traceback points at the page."""
    program = ""
    for before, code in blocks(name, "python"):
        program += "\n" * (before - program.count("\n")) + code
    return program


def run(folder: Path, *command: str) -> None:
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONUTF8": "1", "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Warning" not in done.stderr, done.stderr  # one from a destructor does not end the process


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a model, a folder of models that nothing is wrong with, and a model in another layout."""
    run(tmp_path, sys.executable, str(ROOT / "examples" / "make_sample.py"), "model.apr")
    (tmp_path / "models").mkdir()
    patch = aprfmt.ProvenancePatch(license="MIT", data_source="teacher-only", data_license="MIT")
    aprfmt.stamp_file(tmp_path / "model.apr", tmp_path / "models" / "stamped.apr", patch)
    shutil.copy(ROOT / "tests" / "data" / "golden" / "streaming_order.apr", tmp_path / "odd.apr")
    return tmp_path


# Examples that are tests themselves are run too, for a moment.
_BEFORE = (
    "import hypothesis; hypothesis.settings.register_profile('short', max_examples=10, database=None, deadline=None); "
    "hypothesis.settings.load_profile('short')"
)
_AFTER = "\nfor test in [value for name, value in globals().items() if name.startswith('test_')]:\n    test()\n"


def run_python(name: str, folder: Path) -> None:
    program = one_program(name)
    assert program.startswith("\n"), "the first line of a page is its title"
    (folder / "shown.py").write_text(_BEFORE + program + _AFTER, encoding="utf-8")
    run(folder, sys.executable, "-W", "error", "shown.py")


def run_shell(name: str, folder: Path) -> None:
    shown = [code for _, code in blocks(name, "sh")]
    run(folder, "sh", "-e", "-c", 'aprfmt() { "$PYTHON" -m aprfmt "$@"; }\n' + "".join(filter(is_run, shown)))


def is_run(code: str) -> bool:
    return not code.startswith(tuple(NOT_RUN))


def test_the_readme_runs_from_top_to_bottom(folder: Path) -> None:
    if shutil.which("sh") is None:
        pytest.skip("no shell on this system")
    run_shell("README.md", folder)
    assert {"stamped.apr", "tidy.apr"} <= {path.name for path in folder.iterdir()}
    run_python("README.md", folder)
    assert (folder / "new.apr").exists()


def test_the_readme_shows_every_command() -> None:
    shown = "".join(code for _, code in blocks("README.md", "sh"))
    commands = {path.stem for path in (ROOT / "src" / "aprfmt" / "cli" / "commands").glob("[a-z]*")} - {"__pycache__"}
    assert set(re.findall(r"^aprfmt (\w+)", shown, re.MULTILINE)) == commands


def test_the_page_on_the_api_runs_from_top_to_bottom(folder: Path) -> None:
    assert blocks("docs/api.md", "sh") == []
    run_python("docs/api.md", folder)
    assert {"stamped.apr", "new.apr", "big.apr", "tidy.apr"} <= {path.name for path in folder.iterdir()}


@pytest.mark.parametrize(
    ("wrong", "says"), [("1 / 0", "ZeroDivisionError"), ("f = open('model.apr'); del f", "ResourceWarning")]
)
def test_a_block_that_fails_or_warns_is_noticed(wrong: str, says: str, folder: Path) -> None:
    with pytest.raises(AssertionError, match=says):
        run(folder, sys.executable, "-W", "error", "-c", wrong)


@pytest.mark.parametrize("name", PAGES)
def test_lines_are_run_where_they_stand(name: str) -> None:
    lines, program = page(name).splitlines(), one_program(name).splitlines()
    assert len(program) > 20
    assert [line for number, line in enumerate(program) if line not in ("", lines[number])] == []


def test_what_is_not_run_has_a_reason_and_is_there() -> None:
    shown = [code for _, code in blocks("README.md", "sh") if not is_run(code)]
    assert all(NOT_RUN.values())
    assert len(shown) == len(NOT_RUN)


@pytest.mark.parametrize("name", PAGES)
def test_every_block_is_of_a_language_that_is_run(name: str) -> None:
    fences = re.findall(r"^```(.*)$", page(name), re.MULTILINE)
    assert set(fences[1::2]) == {""}
    drawings = 1 if name == "README.md" else 0
    assert sorted(fences[::2]) == sorted(
        [""] * drawings + ["python"] * len(blocks(name, "python")) + ["sh"] * len(blocks(name, "sh"))
    )


# ---- what is listed is complete ----


def section(title: str) -> str:
    """A section of the page on the API, by its title."""
    return page("docs/api.md").split(f"\n## {title}\n")[1].split("\n## ")[0]


def table(title: str) -> list[list[str]]:
    """The rows of the last table of a section, without its head."""
    lines = section(title).strip().split("\n\n")[-1].splitlines()
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_the_element_types_are_all_there() -> None:
    assert [row[:5] for row in table("Element types")] == [
        [item.name, str(int(item)), str(item), str(item.facts.block_elems), str(item.facts.block_bytes)]
        for item in DType
    ]


def test_the_flags_are_all_there() -> None:
    assert [row[:2] for row in table("Flags")] == [[item.name, f"{int(item):#06x}"] for item in Flags]


def test_the_limits_are_all_there_with_their_defaults() -> None:
    assert [row[:2] for row in table("Limits")] == [
        [item.name, f"{item.default:,}"] for item in dataclasses.fields(Limits)
    ]


@pytest.mark.parametrize(
    ("kind", "title", "unsaid"),
    [
        (Report, "Judge", ()),
        (Finding, "Judge", ("of", "error")),  # how the engine makes one, and what `raise_first` raises
        (Inspection, "Read", ()),
        (Stamp, "Stamp", ()),
        (Diff, "Compare", ()),
        (Difference, "Compare", ()),
        (Canonical, "Lay out anew", ()),
        (Writer, "Create tensor by tensor", ()),
    ],
)
def test_every_attribute_is_shown(kind: type, title: str, unsaid: tuple[str, ...]) -> None:
    names = {name for name in (*dir(kind), *getattr(kind, "__dataclass_fields__", ())) if not name.startswith("_")}
    assert names >= set(unsaid)
    assert sorted(name for name in names - set(unsaid) if not re.search(rf"\b{name}\b", section(title))) == []


CALLS: list[tuple[Callable[..., object], str]] = [
    (aprfmt.open, "Read"),
    (aprfmt.inspect, "Read"),
    (aprfmt.validate_file, "Judge"),
    (OpenContainer.validate, "Judge"),
    (aprfmt.stamp_file, "Stamp"),
    (aprfmt.stamp_bytes, "Stamp"),
    (aprfmt.read_tokenizer_folder, "Stamp"),
    (aprfmt.diff, "Compare"),
    (aprfmt.recover_file, "Stamp"),
    (aprfmt.create_file, "Create"),
    (aprfmt.create_bytes, "Create"),
    (Writer, "Create tensor by tensor"),
    (aprfmt.canonicalise_file, "Lay out anew"),
    (aprfmt.canonicalise_bytes, "Lay out anew"),
]


def test_every_function_with_options_is_held_against_the_page() -> None:
    public = [getattr(aprfmt, name) for name in aprfmt.__all__]
    with_options = {value for value in public if inspect.isfunction(value) and options(value)}
    assert with_options <= {call for call, _ in CALLS}


def options(call: Callable[..., object]) -> list[str]:
    """The arguments that are given by name."""
    return [item.name for item in inspect.signature(call).parameters.values() if item.kind is item.KEYWORD_ONLY]


@pytest.mark.parametrize(("call", "title"), CALLS, ids=lambda value: getattr(value, "__qualname__", None))
def test_every_option_is_shown(call: Callable[..., object], title: str) -> None:
    assert options(call)
    assert [name for name in options(call) if f"{name}=" not in section(title)] == []


def test_what_fuzzing_found_is_shown_by_vectors_that_there_are() -> None:
    shown = re.findall(r"^\| .* \| ([^|]*) \|$", page("docs/conformance/fuzzing.md"), re.MULTILINE)
    patterns = [name for cell in shown for name in re.findall(r"`([a-z_*][\w.*-]+\.[\w.*-]+)`", cell)]
    ids = list(read_suite().vectors)
    assert len(patterns) > 40
    assert [pattern for pattern in patterns if not fnmatch.filter(ids, pattern)] == []
