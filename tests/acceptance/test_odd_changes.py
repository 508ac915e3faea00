"""Files that grow, shrink or are replaced while they are stamped: seen in time, and left to whoever changed them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.models import large_model
from tests.unit.cli.running import aprfmt, names

STAMP = ("--license", "Apache-2.0", "--data-source", "teacher-only", "--data-license", "CC-BY-4.0")
FITS = ("--set", "a=1")
WAYS = [
    ("-i",),
    ("-i", "--verify", "full"),
    ("-i", "--layout", "canonical"),
    ("-o", "out.apr"),
    ("-o", "out.apr", "--layout", "growable"),
]


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model of 4 MiB, whose folder is the working directory."""
    monkeypatch.chdir(tmp_path)
    return large_model(tmp_path / "model.apr", 4 << 20)


def _append(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def _cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 100_000)


def _replace(path: Path) -> None:
    other = path.with_name("other")
    shutil.copyfile(path, other)
    other.replace(path)


CHANGES: dict[str, Callable[[Path], None]] = {"grows": _append, "shrinks": _cut, "is replaced": _replace}


def change_while(
    monkeypatch: pytest.MonkeyPatch, path: Path, change: Callable[[Path], None], *, when: Callable[[int, int], bool]
) -> list[int]:
    """Change a file at the first read of it for which `when`, of its place and length, is true; what was read then."""
    done: list[int] = []
    inode = path.stat().st_ino

    def look(descriptor: int, at: int, nbytes: int) -> None:
        if not done and os.fstat(descriptor).st_ino == inode and when(at, nbytes):
            done.append(at)
            change(path)

    preadv, pread = os.preadv, os.pread

    def read_into(descriptor: int, buffers: list[Any], at: int, *flags: int) -> int:
        look(descriptor, at, len(buffers[0]))
        return preadv(descriptor, buffers, at, *flags)

    def read(descriptor: int, nbytes: int, at: int) -> bytes:
        look(descriptor, at, nbytes)
        return pread(descriptor, nbytes, at)

    monkeypatch.setattr(os, "preadv", read_into)
    monkeypatch.setattr(os, "pread", read)
    return done


@pytest.mark.skipif(not hasattr(os, "preadv"), reason="the reads that are watched are others on this system")
@pytest.mark.parametrize("what", CHANGES)
@pytest.mark.parametrize("way", WAYS, ids=" ".join)
def test_a_file_that_changes_while_it_is_read_is_refused(
    way: tuple[str, ...], what: str, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the head or in the data: an error of the format, no output, and the file is what the other made of it."""
    for early in (True, False):
        if not early and way == WAYS[0]:
            continue  # which reads nothing of the data
        large_model(source, 4 << 20)
        inside = (lambda at, _nbytes: at < 128) if early else (lambda at, nbytes: at > 1 << 20 and nbytes > 4096)
        with monkeypatch.context() as patched:
            done = change_while(patched, source, CHANGES[what], when=inside)
            run = aprfmt("stamp", source, *STAMP, *way, "--json")
        assert len(done) == 1
        assert (run.code, run.error["kind"]) == (4, "format")
        left = source.read_bytes()
        assert names(source.parent) == ["model.apr"]
        large_model(source, 4 << 20)
        CHANGES[what](source)
        assert source.read_bytes() == left


@pytest.mark.skipif(os.name == "nt", reason="nothing is written into files on this system")
@pytest.mark.parametrize("what", CHANGES)
@pytest.mark.parametrize("patch", [FITS, STAMP], ids=["fits", "grows"])
def test_a_file_that_changes_before_it_is_written_into_is_refused(
    patch: tuple[str, ...], what: str, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the plan and the lock, somebody else was there: nothing is written into what they left."""
    opened = os.open
    done: list[Any] = []

    def change_first(path: Any, flags: int, *rest: Any, **more: Any) -> int:
        if flags & os.O_RDWR and not done and Path(os.fsdecode(path)).name == source.name:
            done.append(path)
            CHANGES[what](source)
        return opened(path, flags, *rest, **more)

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", change_first)
        run = aprfmt("stamp", source, *patch, "-i", "--json")
    assert len(done) == 1
    assert (run.code, run.error["kind"]) == (4, "format")
    assert "changed while it was read" in run.error["message"]
    left = source.read_bytes()
    assert names(source.parent) == ["model.apr"]
    large_model(source, 4 << 20)
    CHANGES[what](source)
    assert source.read_bytes() == left
