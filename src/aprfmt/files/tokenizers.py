"""The tokenizer in a folder: the files that describe it, read whole within limits."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from ..errors import RequestError
from ..limits import DEFAULT_LIMITS, Limits
from ..tokenizer import NAMES, Tokenizer, read_tokenizer
from .sources import FileSource, StrPath

__all__ = ["read_tokenizer_folder"]


def read_tokenizer_folder(
    folder: StrPath, *, fill_gaps: str | None = None, limits: Limits = DEFAULT_LIMITS
) -> Tokenizer:
    """The tokenizer that the files in a folder describe, as `aprfmt.tokenizer.read_tokenizer` reads them.

    A file of more than `limits.max_metadata_bytes` is refused before it is read: what the metadata cannot hold need not
    be looked at. No other file in the folder is touched, nor are `vocab.json` and `merges.txt` beside `tokenizer.json`.

    Raises `RequestError`, which begins with the path of the file, for what `read_tokenizer` refuses, and for a device,
    pipe or socket; `NotADirectoryError` and other `OSError` as the system reports them.
    """
    place = Path(folder)
    if not stat.S_ISDIR(place.stat().st_mode):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(place))
    try:
        return read_tokenizer(dict(_files(place, limits)), fill_gaps=fill_gaps, limits=limits)
    except RequestError as error:
        if not str(error).startswith(NAMES):
            raise
        raise RequestError(f"{place}{os.sep}{error}") from error


def _files(place: Path, limits: Limits) -> Iterator[tuple[str, bytes]]:
    for name in NAMES:
        if not _is_there(place / name):
            continue
        yield name, _whole(place / name, limits.max_metadata_bytes)
        if name == NAMES[0]:  # which is read alone
            return


def _is_there(path: Path) -> bool:
    """Whether there is something under a path, a link that leads nowhere included: opening it says what is wrong."""
    try:
        path.lstat()
    except FileNotFoundError:
        return False
    return True


def _whole(path: Path, most: int) -> bytes:
    try:
        source = FileSource(path)
    except RequestError as error:
        raise RequestError(f"{path.name}: expected a regular file, found a device, pipe or socket") from error
    with source:
        if source.size > most:
            found = f"{source.size} bytes"
            raise RequestError(f"{path.name}: expected at most {most} bytes (max_metadata_bytes), found {found}")
        return source.read(0, source.size)
