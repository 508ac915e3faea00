"""A corpus on the disk.

Rules of this file:
1. Nothing is removed but a file that gets other bytes: what a fuzzer has put beside the seeds is worth days.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ...errors import RequestError
from ...files.vectors import write_image
from ...vectors.image import Image

__all__ = ["write_corpus"]


def write_corpus(files: Iterable[tuple[str, bytes]], folder: str, *, force: bool = False) -> int:
    """Write files, by their path below a folder, which is made when it is not there; how many there were.

    Raises `RequestError` when something is in the folder, unless `force`, and for a folder that is something else;
    `OSError` as the system reports it.
    """
    place = Path(folder)
    if place.exists() and not place.is_dir():
        raise RequestError(f"{folder}: expected a folder, found a file")
    place.mkdir(parents=True, exist_ok=True)
    if not force and any(place.iterdir()):
        raise RequestError(f"{folder}: expected an empty folder, found files (--force writes beside and over them)")
    number = 0
    for name, raw in files:
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        write_image(path, Image.of(raw))
        number += 1
    return number
