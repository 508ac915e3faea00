"""`aprfmt shrink`: a smaller file beside the one that is given."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.unit.cli.running import aprfmt

from aprfmt.files.vectors import read_suite


@pytest.fixture
def overlap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "overlap.apr"
    path.write_bytes(read_suite().image("integrity.overlap.identical").whole())
    return path


def test_a_file_is_shrunk_and_stays(overlap: Path) -> None:
    before = overlap.read_bytes()
    run = aprfmt("shrink", "overlap.apr")
    assert run.code == 0
    assert run.out.startswith("overlap.apr.small: 260 bytes, from ")
    assert "stayed: reject / APR-D003" in run.out
    assert overlap.read_bytes() == before
    assert len(Path("overlap.apr.small").read_bytes()) == 260


def test_json_has_the_recipe(overlap: Path) -> None:
    node = aprfmt("shrink", overlap, "-o", "small.apr", "--json").json
    assert node["while"] == "verdict"
    assert node["observed"] == ["", "reject", "APR-D003"]
    assert node["nbytes"] == 260 < node["nbytes_before"]
    assert node["complete"] is True
    assert len(node["recipe"]["tree"]["tensor_index"]["entries"]) == 2


def test_an_output_that_exists_is_kept_unless_forced(overlap: Path) -> None:
    Path("small.apr").write_text("mine", encoding="utf-8")
    run = aprfmt("shrink", overlap, "-o", "small.apr")
    assert run.code == 2
    assert Path("small.apr").read_text(encoding="utf-8") == "mine"
    assert aprfmt("shrink", overlap, "-o", "small.apr", "-f", "-q").code == 0
    assert Path("small.apr").stat().st_size == 260


def test_a_command_is_asked(overlap: Path) -> None:
    run = aprfmt("shrink", overlap, "--cmd", "grep -q model {file}", "--tries", "60", "-v")
    assert run.code == 0
    assert "stayed: exit code 1" in run.out or "stayed: exit code 0" in run.out


@pytest.mark.parametrize(
    "args",
    [
        ("--cmd", "true {file}", "--cmd", "true {file}"),
        ("--text", "x"),
        ("--while", "exit"),
        ("--cmd", "true"),
        ("--profile", "odd"),
        ("--seconds", "nan"),
        ("--seconds", "inf"),
        ("-o", "overlap.apr", "-f"),
        ("-o", "./overlap.apr", "-f"),
    ],
)
def test_what_cannot_be_asked_for_is_a_wrong_request(overlap: Path, args: tuple[str, ...]) -> None:
    assert aprfmt("shrink", overlap, *args).code == 2
    assert list(overlap.parent.iterdir()) == [overlap]


def test_a_file_that_is_not_there(overlap: Path) -> None:
    assert aprfmt("shrink", overlap.parent / "nothing.apr").code == 3


@pytest.mark.parametrize("kind", ["symlink_to", "hardlink_to"])
def test_the_file_stays_under_whatever_name(overlap: Path, kind: str) -> None:
    before = overlap.read_bytes()
    getattr(Path("other.apr"), kind)("overlap.apr")
    assert aprfmt("shrink", "overlap.apr", "-o", "other.apr", "-f").code == 2
    assert overlap.read_bytes() == before


def test_where_nothing_can_be_written_is_said_before_anything_is_tried(overlap: Path) -> None:
    assert aprfmt("shrink", overlap, "--cmd", "no-such-program {file}", "-o", "nowhere/x").code == 3
    assert aprfmt("shrink", overlap, "-o", ".", "-f").code == 3


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no such thing")
def test_what_is_no_file_is_not_waited_for(overlap: Path) -> None:
    os.mkfifo("pipe")
    assert "a device, a pipe or a socket" in aprfmt("shrink", "pipe").err
    assert aprfmt("shrink", overlap.parent).code == 3


@pytest.mark.parametrize("raw", [b"", b"x", b"GGUF" + bytes(60), bytes(range(256)) * 9])
def test_what_is_no_container_is_shrunk_too(overlap: Path, raw: bytes) -> None:
    overlap.write_bytes(raw)
    assert aprfmt("shrink", overlap, "-q").code == 0
    left = Path("overlap.apr.small").read_bytes()
    assert len(left) == (0 if len(raw) < 64 else 64)


def test_a_large_file_is_shrunk_to_the_end(overlap: Path) -> None:
    overlap.write_bytes(b"GGUF" + bytes(200_000))
    node = aprfmt("shrink", overlap, "--json").json
    assert (node["nbytes"], node["complete"], node["again"]) == (64, True, True)


def test_a_program_that_is_not_deterministic_is_told(overlap: Path) -> None:
    Path("fickle.sh").write_text("#!/bin/sh\necho >> asked\nexit $(($(wc -l < asked) > 1))\n", encoding="utf-8")
    Path("fickle.sh").chmod(0o755)
    run = aprfmt("shrink", overlap, "--cmd", "./fickle.sh {file}", "--tries", "3")
    assert run.code == 0
    assert "stayed: exit code 0, and not the last time" in run.out
