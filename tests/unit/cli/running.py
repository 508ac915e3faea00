"""The command line as its users start it: in this process for speed, in one of its own where that matters."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import unicodedata
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import click

from aprfmt import build
from aprfmt.cli import main
from aprfmt.cli.group import cli, leaves

__all__ = [
    "COMMANDS",
    "GOLDEN",
    "GOLDENS",
    "REPOSITORY",
    "Run",
    "aprfmt",
    "assert_printable",
    "expected",
    "names",
    "process",
    "sparse_model",
    "stamp_rows",
]

REPOSITORY = Path(__file__).resolve().parents[3]
GOLDEN = REPOSITORY / "tests" / "data" / "golden"
GOLDENS = tuple(sorted(path.name for path in GOLDEN.glob("*.apr")))
COMMANDS = tuple(name for name, _ in leaves(click.Context(cli)))
"""Every command by its words: `validate`, `vectors build`."""


class Run(NamedTuple):
    """What one start of the program came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The object on stdout, which must be all there is."""
        assert self.out.isascii()
        value = json.loads(self.out)
        assert isinstance(value, dict)
        return value

    @property
    def error(self) -> dict[str, Any]:
        """The value of `error`, whose exit code must be that of the program."""
        error = self.json["error"]
        assert isinstance(error, dict)
        assert error["exit_code"] == self.code
        return error


def aprfmt(*args: str | os.PathLike[str]) -> Run:
    """Run the program in this process."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", newline="") for _ in range(2))
    with redirect_stdout(out), redirect_stderr(err):
        code = main([os.fspath(arg) for arg in args])
    texts = []
    for stream in (out, err):
        stream.flush()
        texts.append(stream.detach().getvalue().decode("utf-8"))
    return Run(code, texts[0], texts[1])


def process(
    *args: str | Path | bytes, stdin: bytes = b"", environment: Mapping[str, str] = MappingProxyType({})
) -> Run:
    """Run the program in a process of its own, where every warning is an error."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "aprfmt", *args],
        input=stdin,
        capture_output=True,
        timeout=120,
        env={**os.environ, **environment},
    )
    return Run(done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8"))


def assert_printable(text: str) -> None:
    """Nothing but line feeds and characters that leave a terminal as it is."""
    unsafe = {c for c in text if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}} - {"\n"}
    assert not unsafe, sorted(map(ascii, unsafe))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def expected() -> dict[str, Any]:
    """What apr-format 0.72.3 says about every golden file."""
    value = json.loads((GOLDEN / "expected.json").read_text(encoding="utf-8"))
    assert isinstance(value, dict)
    assert tuple(sorted(value)) == GOLDENS
    return value


def stamp_rows() -> list[dict[str, Any]]:
    """What apr-format 0.72.3 makes of every golden file and patch."""
    rows = json.loads((GOLDEN / "stamp_expected.json").read_text(encoding="utf-8"))
    assert isinstance(rows, list)
    assert rows
    return rows


def sparse_model(path: Path, nbytes: int) -> Path:
    """A valid file of one tensor of zeros, that takes no room on the disk, and has no footer."""
    assert nbytes % 64 == 0
    entry = {"name": b"w", "dtype": 7, "dims": [nbytes], "ofs_tensor": 0, "len_tensor": nbytes}
    head = build({"metadata": b"{}", "tensor_index": {"entries": [entry]}, "tensor_data": b"", "footer": None})
    path.write_bytes(head)
    os.truncate(path, len(head) + nbytes)
    return path
