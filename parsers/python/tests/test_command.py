"""`apr-tensors` as a user runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import aprfmt_reader
from aprfmt_reader import DType
from conftest import Write
from crafting import GOLDEN, Item, file_of


def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command with these arguments."""
    return subprocess.run(
        [sys.executable, "-m", "aprfmt_reader", *map(str, arguments)],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **environment},
    )


def test_one_line_a_tensor() -> None:
    done = run(GOLDEN / "unicode_names.apr")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "plain\tf32\t[2]\t8\nслой.0.вес\tf32\t[2]\t8\n層.1.重み\tf32\t[2]\t8\n"


def test_scalars_and_old_ids(write: Write) -> None:
    nbytes = DType.APR_Q4.facts.block_bytes
    raw = file_of([Item(b"q", bytes(nbytes), (1,), DType.APR_Q4_LEGACY), Item(b"s", dims=())])
    assert run(write(raw), "--verify").stdout == f"q\tapr_q4\t[1]\t{nbytes}\ns\tf32\t[]\t4\n"


def test_names_cannot_alter_the_terminal_or_add_lines(write: Write) -> None:
    done = run(write(file_of([Item(b"a\n\t\x1b[31m\xe2\x80\xae")])))
    assert done.stdout == "a\\n\\t\\x1b[31m\\u202e\tf32\t[1]\t4\n"


def test_a_terminal_that_knows_no_unicode() -> None:
    done = run(GOLDEN / "unicode_names.apr", PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert "\\u5c64.1" in done.stdout


def test_damage_is_one_line_and_exit_code_4(write: Write) -> None:
    raw = bytearray(file_of([Item(b"a")]))
    raw[-1] ^= 1
    path = write(bytes(raw))
    assert run(path).returncode == 0
    done = run(path, "--verify")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (4, "", 1)
    assert done.stderr.startswith(f"apr-tensors: {path}: the footer does not match the file")
    assert done.stderr.endswith("[APR-F002]\n")


def test_what_cannot_be_read_is_exit_code_3(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "absent\x1b.apr"):
        done = run(path)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (3, "", 1)
        assert "\x1b" not in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="a shell of another kind")
@pytest.mark.parametrize(
    ("redirection", "code", "shown"),
    [(">&-", 3, b"apr-tensors: there is no standard output\n"), ("2>&-", 0, b""), (">&- 2>&- <&-", 3, b"")],
)
def test_streams_that_are_closed(redirection: str, code: int, shown: bytes) -> None:
    command = f'"$0" -m aprfmt_reader "$1" {redirection}'
    done = subprocess.run(
        ["/bin/sh", "-c", command, sys.executable, str(GOLDEN / "sharded.apr")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert (done.returncode, done.stderr) == (code, shown)
    done = subprocess.run(["/bin/sh", "-c", command, sys.executable, "absent"], stdout=subprocess.DEVNULL, stderr=-1)
    assert (done.returncode, b"Traceback" in done.stderr) == (3, False)


@pytest.mark.parametrize("arguments", [(), ("--no-such-option", "x"), ("a", "b")])
def test_wrong_usage_is_exit_code_2(arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr


def test_the_version() -> None:
    assert run("--version").stdout == f"{aprfmt_reader.__version__}\n"


@pytest.mark.skipif(os.name == "nt", reason="a pipe that nobody reads ends no program there")
def test_a_reader_that_leaves_ends_it_quietly(write: Write) -> None:
    path = write(file_of([Item(b"%06d" % number) for number in range(20_000)]))
    with subprocess.Popen(
        [sys.executable, "-m", "aprfmt_reader", str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"000000\tf32\t[1]\t4\n"
        process.stdout.close()
        assert process.stderr.read() == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no device that is full")
def test_output_that_cannot_be_written() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "aprfmt_reader", str(GOLDEN / "sharded.apr")],
            stdout=full,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
    assert done.returncode == 3
    assert done.stderr.count("\n") == 1
