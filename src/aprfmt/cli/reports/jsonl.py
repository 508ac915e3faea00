"""The reports for programs: an object, an array of objects, or an object a line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .. import render
from . import Result, Terms, result_json

__all__ = ["array", "objects", "pieces"]


def pieces(results: Iterable[Result], terms: Terms) -> Iterator[str]:
    """JSON Lines: an object a file, each on a line of its own."""
    for result in results:
        yield f"{render.json_text(result_json(result, terms))}\n"


def objects(results: Iterable[Result], terms: Terms) -> Iterator[str]:
    """An object a file, indented unless it is large: for one file."""
    for result in results:
        yield render.json_lines(result_json(result, terms))


def array(results: Iterable[Result], terms: Terms) -> Iterator[str]:
    """One array with an object a file."""
    before = "["
    for result in results:
        yield f"{before}\n{render.json_lines(result_json(result, terms))}".rstrip()
        before = ","
    yield "[]\n" if before == "[" else "\n]\n"
