"""The reference implementation, built from tools/reference, as a session fixture."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
TOOL = REPOSITORY / "tools" / "reference"

Answer = dict[str, Any]


class Reference:
    """Asks the reference implementation; what it refuses is an answer with `ok` false, never an exception."""

    def __init__(self, program: Path) -> None:
        self._program = program
        self._server: subprocess.Popen[str] | None = None

    def read(self, path: Path | str) -> Answer:
        """What the reference makes of a file: the fields of expected.json (without sha256), and `file`."""
        line = str(Path(path).absolute())  # the server keeps the directory it was started in
        if "\n" in line:
            raise ValueError(f"the server takes one path a line: {line!r}")
        if self._server is None:
            # Standard error is inherited: a pipe that nobody empties would stop the server one day.
            self._server = subprocess.Popen(
                [self._program, "serve"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                encoding="utf-8",
            )
        server = self._server
        if server.stdin is None or server.stdout is None:
            raise AssertionError("both were asked for")
        try:
            server.stdin.write(line + "\n")
            server.stdin.flush()
            answer = server.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer.endswith("\n"):
            # An abort (stack, memory) cannot be caught over there; the next question gets a new server.
            self.close()
            raise RuntimeError(f"the reference died (exit {server.returncode}) on {line}")
        return _verdict(answer)

    def stamp(self, source: Path, target: Path, patch: Mapping[str, str]) -> Answer:
        """Let the reference stamp `source` into `target`; gives `out` and `bytes`."""
        return self._run("stamp", source, target, *(f"{key}={value}" for key, value in patch.items()))

    def write(self, target: Path, description: Mapping[str, Any], *, streaming: bool = False) -> Answer:
        """Let the reference write a described file (see tools/reference/README.md); gives `bytes`."""
        option = ["--streaming"] if streaming else []
        return self._run("write", target, *option, stdin=json.dumps(description))

    def close(self) -> None:
        """End the server and close its pipes; harmless when there is none."""
        server, self._server = self._server, None
        if server is not None:
            server.communicate(timeout=60)

    def _run(self, *arguments: str | Path, stdin: str = "") -> Answer:
        done = subprocess.run(
            [self._program, *arguments], input=stdin, stdout=subprocess.PIPE, encoding="utf-8", check=True
        )
        return _verdict(done.stdout)


def _verdict(line: str) -> Answer:
    answer: Answer = json.loads(line)
    if answer.get("kind") == "io":  # a file out of reach is the test's mistake, not the reference's verdict
        raise OSError(f"{answer['file']}: {answer['error']}")
    return answer


@pytest.fixture(scope="session")
def reference() -> Iterator[Reference]:
    """The reference implementation, built once a session."""
    cargo = shutil.which("cargo")
    if cargo is None:
        pytest.skip("the reference implementation is built with cargo, which is not installed")
    target = Path(os.environ.get("CARGO_TARGET_DIR") or REPOSITORY / "build" / "reference").absolute()
    subprocess.run([cargo, "build", "--release", "--locked", "--target-dir", target], cwd=TOOL, check=True)
    suffix = ".exe" if os.name == "nt" else ""
    oracle = Reference(target / "release" / f"apr-reference{suffix}")
    try:
        yield oracle
    finally:
        oracle.close()
