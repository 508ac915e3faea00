"""What `import aprfmt` gives, and what it costs."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from types import FunctionType

import pytest

import aprfmt

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("construct", "kaitaistruct", "click", "json", "hypothesis", "yaml", "isal", "aprfmt.codegen", "aprfmt.testing")


def python(*arguments: str) -> str:
    """What a fresh interpreter prints."""
    run = subprocess.run(
        [sys.executable, *arguments],
        env={"PYTHONPATH": str(ROOT / "src"), "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def loaded(script: str) -> set[str]:
    """The modules that a script makes a fresh interpreter load."""
    return set(python("-c", f"{script}\nimport sys\nprint(*sys.modules)").splitlines()[-1].split())


def type_checking_imports() -> dict[str, tuple[str, ...]]:
    """The imports that only type checkers see: module, and the names taken from it."""
    tree = ast.parse(inspect.getsource(aprfmt))
    guarded = next(node for node in tree.body if isinstance(node, ast.If))
    assert isinstance(guarded.test, ast.Name)
    assert guarded.test.id == "TYPE_CHECKING"
    return {
        node.module or "": tuple(alias.name for alias in node.names)
        for node in guarded.body
        if isinstance(node, ast.ImportFrom)
    }


@pytest.mark.parametrize("name", aprfmt.__all__)
def test_every_name_is_there(name: str) -> None:
    value = getattr(aprfmt, name)
    assert vars(aprfmt)[name] is value
    if isinstance(value, type | FunctionType):
        assert value.__doc__, f"{name} says nothing of itself"


def test_names_are_declared_alike_three_times() -> None:
    homes = {home: tuple(names) for home, names in aprfmt._HOMES.items()}
    named = [name for names in homes.values() for name in names]
    assert {home: set(names) for home, names in homes.items()} == {
        home: set(names) for home, names in type_checking_imports().items()
    }
    assert sorted(named) == sorted(aprfmt.__all__)
    assert len(set(named)) == len(named)


def test_other_names_are_not_there() -> None:
    with pytest.raises(AttributeError, match=r"^module 'aprfmt' has no attribute 'nothing'$"):
        aprfmt.nothing  # noqa: B018 - this is what is under test
    assert not hasattr(aprfmt, "_private")


def test_dir_lists_the_names_before_they_are_used() -> None:
    printed = python("-c", "import aprfmt; print(*dir(aprfmt))").split()
    assert set(printed) >= set(aprfmt.__all__)
    assert printed == sorted(printed)


def test_importing_is_cheap() -> None:
    found = loaded("import aprfmt")
    assert [name for name in HEAVY if name in found] == []
    assert {name for name in found if name.startswith("aprfmt")} == {"aprfmt"}


@pytest.mark.parametrize("script", ["import aprfmt.layout", "import aprfmt.container", "import aprfmt.errors"])
def test_construct_is_loaded_when_bytes_are_parsed(script: str) -> None:
    assert "construct" not in loaded(script)
    assert "construct" in loaded("import aprfmt\naprfmt.build({'metadata': b'{}', 'tensor_index': {'entries': []}})")


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["inspect", "--help"], ["stamp", "--help"]])
def test_help_loads_nothing_that_parses(arguments: list[str]) -> None:
    script = (
        "import runpy, sys\n"
        f"sys.argv = ['aprfmt', *{arguments!r}]\n"
        "try:\n    runpy.run_module('aprfmt', run_name='__main__')\n"
        "except SystemExit as end:\n    assert not end.code, end.code\n"
    )
    found = loaded(script)
    assert "click" in found
    assert [name for name in ("construct", "kaitaistruct", "hypothesis", "yaml") if name in found] == []


def test_the_module_runs_as_a_command() -> None:
    assert python("-m", "aprfmt", "--help").startswith("Usage: ")


def test_the_api_page_names_everything_and_nothing_else() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text("utf-8")
    listed = re.findall(r"`(\w+)`", page.split("## All names")[1])
    assert listed == sorted(aprfmt.__all__)


def test_the_package_knows_its_version() -> None:
    assert aprfmt.__version__ == version("aprfmt")
