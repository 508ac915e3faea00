"""A patch a file: lines `{"file": PATH, "patch": {…}}`, each with a JSON merge patch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from ...errors import RequestError, quoted
from ...jsontext import encode_value
from ...limits import DEFAULT_LIMITS
from ...patch import json_value
from ..options import about
from .places import uri

__all__ = ["MAX_LINE_BYTES", "MAX_MAP_BYTES", "MapLine", "read_patch_map"]

MAX_LINE_BYTES = 1 << 25
"""Bytes of a line. A patch with a tokenizer in it has up to 20 million; what has no lines is not read to its end."""

MAX_MAP_BYTES = DEFAULT_LIMITS.max_metadata_bytes
"""Bytes of all lines, which are in memory together: as many as one file may have of metadata."""

_KEYS = ("file", "patch")
_SHOWN = 40


class MapLine(NamedTuple):
    """A line of the map."""

    line: int
    file: str
    patch: Mapping[str, Any]


def read_patch_map(path: str, standard_input: Callable[[], BinaryIO]) -> list[MapLine]:
    """The lines of a map, in their order; blank ones are left out, and `-` is standard input.

    Values are read as strictly as metadata: integers are exact, a key that occurs twice is an error. A file is the same
    whatever it is called: by another path, or by a link.

    Raises `RequestError`, with the number of the line, for one that is no such object or too long, for a file that has
    two, and for a map that is too large or has none; `OSError` as the system reports it.
    """
    found: list[MapLine] = []
    lines: dict[str, int] = {}
    for number, text in _lines(path, standard_input):
        what = f"--patch-map {path}: line {number}"
        item = MapLine(number, *_members(text, what))
        place = uri(item.file)
        if place in lines:
            raise RequestError(f"{what}: expected each file once, found {quoted(item.file)} in line {lines[place]} too")
        lines[place] = number
        found.append(item)
    if not found:
        raise RequestError(f"--patch-map {path}: expected at least one line, found none")
    return found


def _lines(path: str, standard_input: Callable[[], BinaryIO]) -> Iterator[tuple[int, bytes]]:
    """The lines that are not blank, with their numbers from 1 on."""
    total = 0
    with ExitStack() as stack:
        stack.enter_context(about("standard input" if path == "-" else path))
        stream = standard_input() if path == "-" else stack.enter_context(Path(path).open("rb"))
        for number, line in enumerate(iter(lambda: stream.readline(MAX_LINE_BYTES + 1), b""), 1):
            total += len(line)
            for nbytes, most, what in (
                (len(line), MAX_LINE_BYTES, f"line {number}"),
                (total, MAX_MAP_BYTES, "all lines"),
            ):
                if nbytes > most:
                    raise RequestError(f"--patch-map {path}: {what}: expected at most {most} bytes, found more")
            if not line.isspace():
                yield number, line


def _members(text: bytes, what: str) -> tuple[str, Mapping[str, Any]]:
    """The file and the patch of a line."""
    value = json_value(text.rstrip(b"\r\n"), what)
    if not isinstance(value, Mapping):
        raise RequestError(f"{what}: expected a JSON object, found {_shown(value)}")
    for key in (*_KEYS, *value):
        if key not in value or key not in _KEYS:
            found = f"{quoted(key)} too" if key in value else f"no {key}"
            raise RequestError(f"{what}: expected the keys file and patch, found {found}")
    file, patch = value["file"], value["patch"]
    if not isinstance(file, str) or not file or "\0" in file:
        raise RequestError(f"{what}: file: expected a path, found {_shown(file)}")
    if not isinstance(patch, Mapping):
        raise RequestError(f"{what}: patch: expected a JSON object, which is a merge patch, found {_shown(patch)}")
    return file, patch


def _shown(value: Any) -> str:
    """The beginning of a value, as JSON."""
    text = encode_value(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
