"""A lock on an open file: whose it is, how it ends, where there is none."""

from __future__ import annotations

import builtins
import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from aprfmt.files.locking import try_lock

fcntl = pytest.importorskip("fcntl", reason="POSIX locks")


@contextmanager
def opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(b"x")
    return path


def test_a_lock_is_one_descriptors_until_it_closes(file: Path) -> None:
    with opened(file) as second:
        with opened(file) as first:
            assert try_lock(first)
            assert try_lock(first)
            assert not try_lock(second)
        assert try_lock(second)


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EINVAL, errno.EBADF, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_no_fault(number: int, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with opened(file) as descriptor:
        assert try_lock(descriptor)


def test_another_error_is_one(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with opened(file) as descriptor, pytest.raises(OSError, match=os.strerror(errno.EIO)):
        try_lock(descriptor)


def test_a_system_without_locks_is_no_fault(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import_module = builtins.__import__

    def without(name: str, *arguments: Any) -> Any:
        if name == "fcntl":
            raise ImportError(name)
        return import_module(name, *arguments)

    monkeypatch.setattr(builtins, "__import__", without)
    with opened(file) as first, opened(file) as second:
        assert try_lock(first)
        assert try_lock(second)
