"""When two paths mean one file."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit

__all__ = ["path_of", "uri"]


def uri(file: str) -> str:
    """Where a file is, whatever it is called: absolute, links followed, in ASCII. It need not exist.

    A byte of a name that is no UTF-8 is kept, as an escape, which JSON has no way to do.
    """
    return Path(os.path.realpath(file)).as_uri()


def path_of(place: str) -> str:
    """The path that a place made by `uri` stands for; of anything else, some path that need not exist."""
    path = os.fsdecode(unquote_to_bytes(urlsplit(place).path))
    return path.lstrip("/") if os.name == "nt" else path
