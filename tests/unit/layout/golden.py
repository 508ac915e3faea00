"""The golden files, whole and as trees."""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from pathlib import Path

from aprfmt import layout

FOLDER = Path(__file__).resolve().parents[2] / "data" / "golden"
NAMES = sorted(path.name for path in FOLDER.glob("*.apr"))
SMALL = [name for name in NAMES if (FOLDER / name).stat().st_size < 4096]


@cache
def raw(name: str) -> bytes:
    """The bytes of a golden file."""
    return (FOLDER / name).read_bytes()


@cache
def _tree(name: str) -> layout.Tree:
    return layout.parse(raw(name))


def tree(name: str) -> layout.Tree:
    """A golden file as a tree of its own, to change at will."""
    return deepcopy(_tree(name))
