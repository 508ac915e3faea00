"""The name of a file in errors of the system, which calls on descriptors leave out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from .sources import StrPath

__all__ = ["naming"]


@contextmanager
def naming(path: StrPath | None, *, instead_of: StrPath | None = None) -> Iterator[None]:
    """Give an error of the system the name of the file that it is about, unless it has one; with None, leave it.

    A name that nobody knows is replaced, that of a temporary file.
    """
    try:
        yield
    except OSError as error:
        unknown = error.filename is None or (instead_of is not None and str(error.filename) == str(instead_of))
        if unknown and path is not None:
            error.filename = os.fspath(path)
        raise
