"""The conformance vectors on the disk: recipes that are read, and files that are made of them, with holes.

Rules of this file:
1. A file that exists is never touched, and nothing is left of one that could not be made.
2. A sparse file takes no more room than `SPARSE_NBYTES`; where the file system makes no holes there is no file.
"""

from __future__ import annotations

import errno
import json
import os
from contextlib import suppress
from importlib.resources import files as package_files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from ..errors import RequestError
from ..vectors import Suite
from ..vectors.image import Image
from .naming import naming
from .sources import StrPath

__all__ = ["SPARSE_NBYTES", "read_suite", "write_image"]

SPARSE_NBYTES = 1024 * 1024
"""What a sparse file may take on the disk."""
_BLOCK_NBYTES = 512  # the unit of `st_blocks` on every system that has it


def read_suite(folder: StrPath | None = None) -> Suite:
    """The recipes of a folder; without one, those that belong to this package.

    Raises `RequestError` for a folder without recipes, for a file that is not JSON, which it names, and for a recipe
    that makes no sense; `OSError` as the system reports it.
    """
    home: Traversable = _own_recipes() if folder is None else Path(folder)
    found = sorted((item for item in home.iterdir() if item.name.endswith(".json")), key=lambda item: item.name)
    if not found:
        raise RequestError(f"{home}: expected recipes (*.json), found none")
    documents = {item.name: _document(item) for item in found}
    try:
        return Suite(documents)
    except RequestError:
        raise
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise RequestError(f"{home}: expected recipes as in spec/vectors, found {error}") from error


def _own_recipes() -> Traversable:
    shipped = package_files("aprfmt").joinpath("_spec", "vectors")
    # A checkout that is not built as a wheel has the specification at its root.
    return shipped if shipped.is_dir() else Path(__file__).resolve().parents[3] / "spec" / "vectors"


def _document(file: Traversable) -> dict[str, Any]:
    try:
        document = json.loads(file.read_bytes().decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise RequestError(f"{file}: expected JSON, found {error}") from error
    kinds = {"vectors": (list, "a list of objects"), "bases": (dict, "an object of objects")}
    if not isinstance(document, dict):
        raise RequestError(f"{file}: expected a JSON object, found {type(document).__name__}")
    for key, (kind, words) in kinds.items():
        value = document.get(key, kind())
        items = value.values() if isinstance(value, dict) else value
        if not isinstance(value, kind) or not all(isinstance(item, dict) for item in items):
            raise RequestError(f"{file}: expected {words} under {key}, found another")
    return document


def write_image(path: StrPath, image: Image) -> None:
    """Write a new file; of a sparse image with holes, so that it takes at most `SPARSE_NBYTES` of the disk.

    Raises `RequestError` for a path that exists, and for a sparse image of which more is written than that; `OSError`
    of the system: ENOSPC and EFBIG for a file that does not fit, EOPNOTSUPP where no holes are made. There is no new
    file after an error.
    """
    where = Path(path)
    written = sum(len(raw) for _, raw in image.extents)
    if image.is_sparse and written > SPARSE_NBYTES:
        raise RequestError(f"{where}: expected at most {SPARSE_NBYTES} bytes between holes, found {written} bytes")
    names = ("O_WRONLY", "O_CREAT", "O_EXCL", "O_CLOEXEC", "O_NOFOLLOW", "O_BINARY")
    try:
        descriptor = os.open(where, sum(getattr(os, name, 0) for name in names), 0o666)
    except FileExistsError:
        raise RequestError(f"output exists: expected a new path, found a file: {where}") from None
    try:
        try:
            with naming(where):
                _fill(descriptor, image)
        finally:
            os.close(descriptor)
    except BaseException:
        with suppress(OSError):  # what went wrong before is the error worth reporting
            where.unlink()
        raise


def _fill(descriptor: int, image: Image) -> None:
    if image.is_sparse:
        os.ftruncate(descriptor, image.size)
    for start, raw in image.extents:
        os.lseek(descriptor, start, os.SEEK_SET)
        rest = memoryview(raw)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
    if image.is_sparse and image.size > SPARSE_NBYTES:
        blocks = getattr(os.fstat(descriptor), "st_blocks", None)
        if blocks is None or blocks * _BLOCK_NBYTES > SPARSE_NBYTES:
            raise OSError(errno.EOPNOTSUPP, "the file system makes no holes")
