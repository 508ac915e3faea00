"""Errors of calls on descriptors say which file they are about."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from aprfmt.files.naming import naming


def failing(filename: str | None = None) -> OSError:
    error = OSError(errno.EIO, os.strerror(errno.EIO))
    if filename is not None:
        error.filename = filename
    return error


@pytest.mark.parametrize("path", ["out.apr", Path("out.apr")])
def test_an_error_without_a_name_gets_one(path: str | Path) -> None:
    with pytest.raises(OSError, match=r"Input/output error: 'out\.apr'"), naming(path):
        raise failing()


def test_an_error_that_has_a_name_keeps_it() -> None:
    with pytest.raises(OSError, match=r"error: 'other\.apr'"), naming("out.apr"):
        raise failing("other.apr")


def test_without_a_name_nothing_changes() -> None:
    with pytest.raises(OSError, match=r"error$"), naming(None):
        raise failing()


def test_the_name_of_a_temporary_file_is_replaced() -> None:
    for temporary in (".out.tmp", Path(".out.tmp")):
        with pytest.raises(OSError, match=r"error: 'out\.apr'"), naming("out.apr", instead_of=temporary):
            raise failing(".out.tmp")
    with pytest.raises(OSError, match=r"error: 'other\.apr'"), naming("out.apr", instead_of=".out.tmp"):
        raise failing("other.apr")


def test_other_errors_are_left_alone() -> None:
    with pytest.raises(KeyboardInterrupt), naming("out.apr"):
        raise KeyboardInterrupt
