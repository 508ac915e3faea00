"""What runs leave on a disk and find there: reports, the JSON of earlier runs, lists of known failures."""

from __future__ import annotations

import errno
import json
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from ..errors import RequestError
from .known import Known
from .results import Run

__all__ = ["append_text", "list_text", "read_known", "read_runs", "replace_text", "require_place"]


def read_runs(path: str) -> list[Run]:
    """The runs of a JSON report, one or an array; raises `RequestError` for anything else, `OSError` of the system."""
    try:
        node = json.loads(Path(path).read_bytes())
        runs = [Run.of_json(item) for item in (node if isinstance(node, list) else [node])]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        found = f"{type(error).__name__}: {error}"
        raise RequestError(f"{path}: expected the JSON of a run of `aprfmt conform`, found {found!a:.120}") from error
    if not runs:
        raise RequestError(f"{path}: expected the JSON of a run of `aprfmt conform`, found an empty array")
    return runs


def read_known(path: str, *, missing: bool = False) -> Known:
    """The list of known failures at a path; an empty one where no file is, with `missing`.

    Raises `RequestError` for a list that makes no sense, `OSError` as the system reports it.
    """
    return Known.of_toml(list_text(path, "failures", missing=missing), path)


def list_text(path: str, of: str, *, missing: bool = False) -> str:
    """The text of a list of what is known, which is `of` that; empty where no file is, with `missing`.

    Raises `RequestError` for what is not UTF-8, `OSError` as the system reports it.
    """
    try:
        return Path(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        if not missing:
            raise
        return ""
    except UnicodeDecodeError as error:
        raise RequestError(f"{path}: expected a list of known {of} in UTF-8, found {error.reason}") from error


def require_place(path: str) -> None:
    """Raise `OSError` when no file can be written at a path: no folder, a folder in its place, no permission."""
    final = Path(path)
    code = 0
    if final.is_dir():
        code = errno.EISDIR
    elif not final.parent.is_dir():
        code = errno.ENOENT
    elif not os.access(final if final.exists() else final.parent, os.W_OK):
        code = errno.EACCES
    if code:
        raise OSError(code, os.strerror(code), path)


def replace_text(path: str, text: str) -> None:
    """Write a file that appears whole or not at all; one that is there is replaced, and keeps its permissions."""
    final = Path(path).resolve()  # where a link leads, what it leads to is replaced
    if final.exists() and not final.is_file():  # a device or a pipe has no neighbour that could take its place
        final.write_text(text, encoding="utf-8")
        return
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=f".{final.name}.", dir=final.parent)
    except OSError as error:
        error.filename = path  # the other name is ours, and says nothing to whoever asked for this one
        raise
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
        Path(temporary).chmod(final.stat().st_mode & 0o777 if final.exists() else 0o666 & ~_umask())
        Path(temporary).replace(final)
    except BaseException:
        with suppress(OSError):
            Path(temporary).unlink()
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def append_text(path: str, text: str) -> None:
    """Add to a file that other steps of a CI job add to."""
    with Path(path).open("a", encoding="utf-8") as stream:
        stream.write(text)
