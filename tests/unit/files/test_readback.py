"""What is read again comes from the disk, where there is one and the system can be told so."""

from __future__ import annotations

import errno
import os
import zlib
from pathlib import Path
from typing import Any

import pytest

from aprfmt.errors import TruncatedError
from aprfmt.files.copying import crc32_from_disk
from aprfmt.source import CHUNK_BYTES

DATA = bytes(range(256)) * 5000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(DATA)
    return path


@pytest.mark.parametrize(("start", "stop"), [(0, len(DATA)), (3, 3), (1, 2), (77, len(DATA) - 5)])
def test_a_range_has_its_checksum(path: Path, start: int, stop: int) -> None:
    seen: list[int] = []
    assert crc32_from_disk(path, start, stop, progress=seen.append) == zlib.crc32(DATA[start:stop])
    assert seen[-1:] == ([stop - start] if stop > start else [])


def test_progress_is_told_in_steps(path: Path) -> None:
    seen: list[int] = []
    crc32_from_disk(path, 0, len(DATA), progress=seen.append)
    assert seen == [CHUNK_BYTES, len(DATA)]


def test_what_the_system_has_cached_is_dropped_first(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Any] = []
    real = os.preadv

    def read(*arguments: Any) -> int:
        calls.append("read")
        return real(*arguments)

    monkeypatch.setattr(os, "posix_fadvise", lambda _file, *arguments: calls.append(arguments), raising=False)
    monkeypatch.setattr(os, "preadv", read)
    crc32_from_disk(path, 5, 50)
    assert calls == [(0, 0, getattr(os, "POSIX_FADV_DONTNEED", 4)), "read"]


@pytest.mark.parametrize("is_there", [True, False])
def test_a_system_that_cannot_be_told_reads_all_the_same(
    path: Path, monkeypatch: pytest.MonkeyPatch, is_there: bool
) -> None:
    def refuse(*_arguments: object) -> None:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

    if is_there:
        monkeypatch.setattr(os, "posix_fadvise", refuse, raising=False)
    else:
        monkeypatch.delattr(os, "posix_fadvise", raising=False)
    assert crc32_from_disk(path, 0, len(DATA)) == zlib.crc32(DATA)


def test_a_file_that_is_shorter_is_refused(path: Path) -> None:
    with pytest.raises(TruncatedError):
        crc32_from_disk(path, 0, len(DATA) + 1)


def test_errors_and_interrupts_come_out(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        crc32_from_disk(path, 0, len(DATA), progress=interrupt)

    def fail(*_arguments: object) -> int:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "preadv", fail)
    with pytest.raises(OSError, match="Input/output"):
        crc32_from_disk(path, 0, len(DATA))
