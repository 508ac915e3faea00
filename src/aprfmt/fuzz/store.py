"""What runs leave on a disk and find there: findings with their files, the list of known ones."""

from __future__ import annotations

import errno
import json
import os
import stat
from pathlib import Path
from typing import Any

from ..conform.store import list_text, replace_text
from ..errors import RequestError
from ..files.vectors import write_image
from ..vectors.image import DENSE_NBYTES, Image
from .findings import Finding
from .known import KnownFindings

__all__ = ["read_document", "read_finding", "read_known", "read_whole", "require_folder", "write_finding"]


def read_known(path: str, *, missing: bool = False) -> KnownFindings:
    """The list of known findings at a path; an empty one where no file is, with `missing`.

    Raises `RequestError` for a list that makes no sense, `OSError` as the system reports it.
    """
    return KnownFindings.of_toml(list_text(path, "findings", missing=missing), path)


def read_finding(path: str) -> Finding:
    """The finding in a JSON file; raises `RequestError` for anything else, `OSError` as the system reports it."""
    try:
        node = json.loads(Path(path).read_bytes())
    except (ValueError, RecursionError) as error:
        raise RequestError(f"{path}: expected the JSON of a finding, found {error}") from error
    try:
        return Finding.of_json(node)
    except RequestError as error:
        raise RequestError(f"{path}: {error}") from error


def read_whole(path: str) -> bytes:
    """The bytes of a file; raises `RequestError` for one too large for memory and for what is none."""
    source = Path(path)
    status = source.stat()
    if not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):  # of a folder the system says enough
        raise RequestError(f"{path}: expected a file, found a device, a pipe or a socket")
    if status.st_size > DENSE_NBYTES:
        raise RequestError(f"{path}: expected a file of at most {DENSE_NBYTES} bytes, found {status.st_size}")
    return source.read_bytes()


def require_folder(path: str) -> None:
    """Raise `OSError` when findings cannot be written below a path: a file in its place, no permission, no parent that
    a folder can be made in."""
    home = Path(path)
    while not os.path.lexists(home) and home != home.parent:
        home = home.parent
    if not home.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path)
    if not os.access(home, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)


def write_finding(folder: str, finding: Finding, text: str, annotated: str) -> None:
    """Write a finding into a folder: its file, its JSON, and its bytes field by field. What is there is replaced."""
    home = Path(folder)
    home.mkdir(parents=True, exist_ok=True)
    file = home / f"{finding.id}.apr"
    file.unlink(missing_ok=True)
    write_image(file, Image.of(finding.raw))
    replace_text(str(home / f"{finding.id}.json"), text)
    if annotated:
        replace_text(str(home / f"{finding.id}.txt"), annotated)


def read_document(path: str) -> dict[str, Any]:
    """The recipe file at a path, an empty one where no file is; raises `RequestError` for what is none."""
    try:
        node = json.loads(Path(path).read_bytes())
    except FileNotFoundError:
        return {}
    except (ValueError, RecursionError) as error:
        raise RequestError(f"{path}: expected JSON, found {error}") from error
    if not isinstance(node, dict) or not _is_document(node):
        raise RequestError(f"{path}: expected a recipe file with a list of vectors, found another document")
    return node


def _is_document(node: dict[str, Any]) -> bool:
    vectors = node.get("vectors", [])
    is_list = isinstance(vectors, list) and all(isinstance(vector, dict) for vector in vectors)
    return is_list and isinstance(node.get("bases", {}), dict) and isinstance(node.get("about", ""), str)
