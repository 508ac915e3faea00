"""A bench over the bases of the repository, shared by the tests of this folder."""

from __future__ import annotations

from functools import cache

from aprfmt.conform import recipes
from aprfmt.layout import facts
from aprfmt.layout.model import Statement
from aprfmt.vectors.derive.bench import Bench

__all__ = ["bench", "statement"]


@cache
def bench() -> Bench:
    return Bench(recipes.read()["bases.json"]["bases"])


def statement(path: str, kind: str) -> Statement:
    """One statement of the specification."""
    return next(item for item in facts.STATEMENTS if (item.path, item.kind) == (path, kind))
