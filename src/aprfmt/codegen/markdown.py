"""Text of a specification inside Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["cell", "code_block"]


def cell(text: object) -> str:
    """A text on one line, such that it ends no cell of a table."""
    return " ".join(str(text).split()).replace("|", "\\|")


def code_block(text: str) -> Iterator[str]:
    """The lines of a text between fences that are longer than any run of backticks in it."""
    fence = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", text)), 3)
    yield f"{fence}text"
    yield from text.splitlines()
    yield fence
