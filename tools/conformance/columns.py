"""The implementations that this repository builds and holds against the format: one table, and what is done with it.

    python tools/conformance/columns.py build|test|conform|missing [NAME…] [--require]

`build` makes the harness of each column, `test` runs the column's own tests, `conform` puts the vectors to it; both
build first, so that nothing old is asked. `missing` names the columns that this machine cannot run. A NAME is one of
the table, `parsers` for all that have a folder under parsers/; without one, every column takes part. A toolchain that
is missing is said loudly and is no failure, unless `--require` or APRFMT_REQUIRE_TOOLCHAINS=1 is set.

Exit code 0: nothing failed; 1: something did; 2: the request is wrong.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["COLUMNS", "PARSERS", "ROOT", "Column", "Step", "carry_out", "environment"]

ROOT = Path(__file__).resolve().parents[2]
REQUIRED = os.environ.get("APRFMT_REQUIRE_TOOLCHAINS") == "1"
GROUP = "parsers"
"""Stands for every column that has a folder under parsers/."""


@dataclass(frozen=True, slots=True)
class Step:
    """One command, the folder that it runs in, from the root on, and what it finds in its environment besides."""

    command: tuple[str, ...]
    folder: str = "."
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The command as somebody would type it at the root."""
        words = [*(f"{name}={value}" for name, value in self.environment.items()), *self.command]
        line = " ".join(words)
        return line if self.folder == "." else f"(cd {self.folder} && {line})"


@dataclass(frozen=True, slots=True)
class Column:
    """One implementation. Every command is one that anybody can type at the root of a checkout: reports show them.

    `conform` has the options of each run of `aprfmt conform`, by what the report calls it; the first run is the column
    of the matrix. `toolchain` is a command that prints a version.
    """

    name: str
    title: str
    about: str
    folder: str
    needs: tuple[str, ...]
    toolchain: tuple[str, ...]
    build: tuple[Step, ...]
    tests: tuple[Step, ...]
    conform: Mapping[str, tuple[str, ...]]

    @property
    def harness(self) -> str:
        """The command that answers line by line."""
        options = self.conform[self.title]
        return options[options.index("--cmd") + 1]

    @property
    def known(self) -> str | None:
        """The list of known failures, None when there are none."""
        options = self.conform[self.title]
        return options[options.index("--known") + 1] if "--known" in options else None

    @property
    def missing(self) -> str:
        """The first program that this machine does not have; empty when it has all."""
        path = environment()["PATH"]
        return next((program for program in self.needs if shutil.which(program, path=path) is None), "")

    def steps(self, action: str) -> Iterator[Step]:
        """The commands of `build`, `test` or `conform`; what is asked is built before."""
        yield from self.build
        if action != "conform":
            yield from self.tests if action == "test" else ()
            return
        for number, (title, options) in enumerate(self.conform.items()):
            yield Step(("python", "-m", "aprfmt", "conform", *options, "--name", title, *(["-q"] if number else [])))


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """What the commands of the table run in: `python` and `aprfmt` are those of the Python that runs this."""
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
    return {**os.environ, "PATH": path, **(more or {})}


def _answers(harness: str, *more: str) -> tuple[str, ...]:
    return "--plug", "ndjson", "--cmd", harness, *more


_OWN = "python -m aprfmt.conform.own"
_PYTHON = f"build/parsers/python/venv/{'Scripts' if os.name == 'nt' else 'bin'}/python"
_GO = {"GOFLAGS": "-mod=readonly", "GOTOOLCHAIN": "local", "GOWORK": "off"}
_CORPUS = "build/fuzz/corpus"
_CARGO = {"CARGO_TARGET_DIR": "../../build/reference"}
_REFERENCE = "build/reference/release/apr-reference"
_JAR = "parsers/java/target/aprfmt-reader-0.1.0.jar"

COLUMNS: tuple[Column, ...] = (
    Column(
        name="aprfmt",
        title="aprfmt",
        about="this project's own reader, stamp and writer",
        folder="src/aprfmt",
        needs=("python",),
        toolchain=("python", "--version"),
        build=(),
        tests=(Step(("python", "-m", "pytest", "-q")),),
        conform={
            "aprfmt": _answers(_OWN),
            "aprfmt, exit code": ("--cmd", "aprfmt validate -q --profile {profile} {file}"),
            "aprfmt, JSON": (
                *("--plug", "json", "--cmd", f"{_OWN} {{file}} --profile {{profile}}"),
                *("--stamp-cmd", f"{_OWN} {{file}} --stamp {{patch}} --output {{output}}"),
                *("--write-cmd", f"{_OWN} --write {{tree}} --output {{output}}"),
            ),
            "aprfmt, callable": ("--call", "aprfmt.conform.own:answer"),
        },
    ),
    Column(
        name="python",
        title="Python",
        about="aprfmt-reader for Python, around what the Kaitai compiler makes of the specification",
        folder="parsers/python",
        needs=("python",),
        toolchain=(_PYTHON, "--version"),
        # An environment of its own: nothing that aprfmt brings along is there to lean on.
        build=(
            Step(("python", "-m", "venv", "build/parsers/python/venv")),
            Step(
                (_PYTHON, "-m", "pip", "install", "-q", "--disable-pip-version-check", "-e", "parsers/python", "pytest")
            ),
        ),
        tests=(Step((f"../../{_PYTHON}", "-m", "pytest", "-q"), "parsers/python"),),
        conform={"Python": _answers(f"{_PYTHON} -m aprfmt_reader.harness")},
    ),
    Column(
        name="javascript",
        title="JavaScript",
        about="aprfmt-reader for JavaScript, around what the Kaitai compiler makes of the specification",
        folder="parsers/javascript",
        needs=("node", "npm"),
        toolchain=("node", "-p", "'Node ' + process.versions.node"),
        build=(Step(("npm", "ci", "--silent", "--no-audit", "--no-fund"), "parsers/javascript"),),
        tests=(Step(("npm", "test", "--silent"), "parsers/javascript"),),
        conform={"JavaScript": _answers("node parsers/javascript/bin/harness.js")},
    ),
    Column(
        name="java",
        title="Java",
        about="aprfmt-reader for Java, around what the Kaitai compiler makes of the specification",
        folder="parsers/java",
        needs=("java", "mvn"),
        toolchain=("java", "--version"),
        build=(Step(("mvn", "-q", "-B", "-f", "parsers/java/pom.xml", "-DskipTests", "package")),),
        tests=(Step(("mvn", "-q", "-B", "-f", "parsers/java/pom.xml", "verify")),),
        conform={"Java": _answers(f"java -Xmx256m -cp {_JAR} org.aprfmt.reader.cli.ConformHarness")},
    ),
    Column(
        name="go",
        title="Go",
        about="aprfmt-reader for Go, around what the Kaitai compiler makes of the specification",
        folder="parsers/go",
        needs=("go",),
        toolchain=("go", "version"),
        build=(Step(("go", "build", "-o", "../../build/parsers/go/", "./cmd/..."), "parsers/go", _GO),),
        tests=(
            # The compiler assigns its temporaries to themselves.
            Step(("go", "vet", "-assign=false", "./..."), "parsers/go", _GO),
            # The native fuzz target tries every file of the corpus once.
            Step(("python", "-m", "aprfmt", "fuzz", "corpus", _CORPUS, "--force", "-q")),
            Step(("go", "test", "./..."), "parsers/go", {**_GO, "APR_FUZZ_CORPUS": f"../../../{_CORPUS}/seeds"}),
        ),
        conform={"Go": _answers("build/parsers/go/apr-harness")},
    ),
    Column(
        name="rust",
        title="apr-format",
        about="the reference: the published crate apr-format, with a harness around it",
        folder="parsers/rust-reference",
        needs=("cargo", "rustc"),
        toolchain=("rustc", "--version"),
        build=(Step(("cargo", "build", "--quiet", "--release"), "parsers/rust-reference", _CARGO),),
        tests=(Step(("cargo", "test", "--quiet", "--release"), "parsers/rust-reference", _CARGO),),
        conform={
            "apr-format": _answers(f"{_REFERENCE} conform", "--known", "parsers/rust-reference/known-failures.toml"),
            "apr-format, streaming writer": _answers(
                f"{_REFERENCE} conform --streaming",
                *("--only", "write.*", "--known", "parsers/rust-reference/known-failures-streaming.toml"),
            ),
        },
    ),
)
"""The table. A parser that is added has a folder under parsers/, and a row here; everything else follows."""
PARSERS = tuple(column for column in COLUMNS if column.folder.startswith("parsers/"))


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one column: `failure` and `not_run` say why, and are empty otherwise."""

    column: Column
    seconds: float = 0.0
    failure: str = ""
    not_run: str = ""

    @property
    def text(self) -> str:
        """One row of the table that is printed at the end."""
        if self.not_run:
            return f"NOT RUN: {self.not_run}"
        return f"FAILED: {self.failure}" if self.failure else f"run, {self.seconds:.0f} s"


def carry_out(column: Column, action: str) -> Done:
    """Do one thing with one column, up to the first command that fails."""
    if column.missing:
        reason = f"no {column.missing} on this machine"
        print(f"NOT RUN: column {column.name}, {reason}", flush=True)
        return Done(column, not_run=reason)
    began = time.perf_counter()
    for step in column.steps(action):
        print(f"$ {step.text}", flush=True)
        code = _code(step)
        if code:
            return Done(column, failure=f"exit code {code} of {step.text}")
    return Done(column, time.perf_counter() - began)


def _code(step: Step) -> int:
    inside = environment(step.environment)
    program = shutil.which(step.command[0], path=inside["PATH"]) or step.command[0]
    if step.folder == "." and not Path(program).is_absolute():
        program = str(ROOT / program)
    try:
        return subprocess.run((program, *step.command[1:]), cwd=ROOT / step.folder, env=inside, check=False).returncode
    except OSError as error:
        print(f"{step.command[0]}: {error.strerror}", file=sys.stderr)
        return 1


def selected(names: Sequence[str]) -> tuple[Column, ...]:
    """The columns of these names in the order of the table, all for none; raises `ValueError` for an unknown one."""
    known = {column.name for column in COLUMNS}
    if unknown := sorted(set(names) - known - {GROUP}):
        raise ValueError(f"expected {', '.join(sorted(known))} or {GROUP}, found {unknown[0]!a}")
    wanted = {*names, *((column.name for column in PARSERS) if GROUP in names else ())}
    return tuple(column for column in COLUMNS if not names or column.name in wanted)


def main(argv: Sequence[str] | None = None) -> int:
    """Do one thing with some columns, and say at the end what was done with each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=("build", "test", "conform", "missing"))
    parser.add_argument("names", nargs="*", metavar="NAME", help="columns; all of them unless given")
    parser.add_argument("--require", action="store_true", default=REQUIRED, help="fail where a toolchain is missing")
    options = parser.parse_args(argv)
    try:
        columns = selected(options.names)
    except ValueError as error:
        parser.error(str(error))
    if options.action == "missing":
        for column in columns:
            if column.missing:
                print(f"{column.name}: no {column.missing} on this machine")
        return 0
    done = []
    for column in columns:
        print(f"--- {options.action} {column.name}: {column.about}", flush=True)
        done.append(carry_out(column, options.action))
    width = max(len(item.column.name) for item in done)
    print(f"\n{options.action}:")
    for item in done:
        print(f"  {item.column.name:{width}}  {item.text}")
    return int(any(item.failure or (item.not_run and options.require) for item in done))


if __name__ == "__main__":
    raise SystemExit(main())
