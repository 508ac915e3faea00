"""The reference implementation, built from parsers/rust-reference, as a session fixture."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.line_server import Answer, LineServer

REPOSITORY = Path(__file__).resolve().parents[2]
TOOL = REPOSITORY / "parsers" / "rust-reference"


class Reference:
    """Asks the reference implementation; what it refuses is an answer with `ok` false, never an exception."""

    def __init__(self, program: Path) -> None:
        self._program = program
        self._server = LineServer([program, "serve"])

    def read(self, path: Path | str) -> Answer:
        """What the reference makes of a file: the fields of expected.json (without sha256), and `file`."""
        return _verdict(self._server.ask(path))

    def stamp(self, source: Path, target: Path, patch: Mapping[str, str]) -> Answer:
        """Let the reference stamp `source` into `target`; gives `out` and `bytes`."""
        return self._run("stamp", source, target, *(f"{key}={value}" for key, value in patch.items()))

    def write(self, target: Path, description: Mapping[str, Any], *, streaming: bool = False) -> Answer:
        """Let the reference write a described file (see parsers/rust-reference/README.md); gives `bytes`."""
        option = ["--streaming"] if streaming else []
        return self._run("write", target, *option, stdin=json.dumps(description))

    def close(self) -> None:
        """End the server; harmless when there is none."""
        self._server.close()

    def _run(self, *arguments: str | Path, stdin: str = "") -> Answer:
        done = subprocess.run(
            [self._program, *arguments], input=stdin, stdout=subprocess.PIPE, encoding="utf-8", check=True
        )
        return _verdict(json.loads(done.stdout))


def _verdict(answer: Answer) -> Answer:
    if answer.get("kind") == "io":  # a file out of reach is the test's mistake, not the reference's verdict
        raise OSError(f"{answer['file']}: {answer['error']}")
    return answer


@pytest.fixture(scope="session")
def program() -> Path:
    """The program that runs the reference implementation, built once a session."""
    cargo = shutil.which("cargo")
    if cargo is None:
        pytest.skip("the reference implementation is built with cargo, which is not installed")
    target = Path(os.environ.get("CARGO_TARGET_DIR") or REPOSITORY / "build" / "reference").absolute()
    subprocess.run([cargo, "build", "--release", "--target-dir", target], cwd=TOOL, check=True)
    suffix = ".exe" if os.name == "nt" else ""
    return target / "release" / f"apr-reference{suffix}"


@pytest.fixture(scope="session")
def reference(program: Path) -> Iterator[Reference]:
    """The reference implementation, to be asked file by file."""
    oracle = Reference(program)
    try:
        yield oracle
    finally:
        oracle.close()
