"""How a mutant gets into the process and out of it again: attributes that are replaced for a while.

Rules of this file:
1. What was replaced is put back, whatever happens in between, in the reverse order.
2. A function keeps its identity: its code is replaced, so that everybody who holds it runs the other code.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from types import FunctionType, ModuleType
from typing import Any, NamedTuple

from ...limits import DEFAULT_LIMITS

__all__ = ["Patch", "bounded_loops", "patched", "replaced_everywhere"]


class Patch(NamedTuple):
    """An attribute of a module, a class or a function, and what it is to be."""

    owner: Any
    name: str
    value: Any


@contextmanager
def patched(patches: Iterable[Patch]) -> Iterator[None]:
    """The process with some attributes replaced; without them again when the context ends, by an exception too."""
    before: list[Patch] = []
    try:
        for owner, name, value in patches:
            before.append(Patch(owner, name, _own(owner, name)))
            setattr(owner, name, value)
        yield
    finally:
        for owner, name, value in reversed(before):
            setattr(owner, name, value)


def _own(owner: Any, name: str) -> Any:
    """The attribute as it stands in its owner: a property of a class, not its value."""
    return getattr(owner, name) if isinstance(owner, FunctionType) else vars(owner)[name]


def replaced_everywhere(before: object, after: object) -> list[Patch]:
    """Patches of every module of the package that has this very object under a name."""
    modules = [module for name, module in sorted(sys.modules.items()) if name.partition(".")[0] == _PACKAGE]
    return [
        Patch(module, name, after)
        for module in modules
        if isinstance(module, ModuleType)
        for name, value in vars(module).items()
        if value is before
    ]


_PACKAGE = __name__.partition(".")[0]
_MOST_ROUNDS = DEFAULT_LIMITS.max_metadata_members + 1_000
"""More rounds of a `while` than any vector takes: a mutant that takes them has lost its way out."""


class _Bounded(ast.NodeTransformer):
    """`while` loops as `for` loops that raise when they go on and on; every line keeps its number."""

    def visit_While(self, node: ast.While) -> ast.For:
        self.generic_visit(node)
        left = ast.If(ast.UnaryOp(ast.Not(), node.test), [ast.Break()], [])
        stuck = ast.parse("raise RuntimeError('a loop that does not end')").body
        rounds = ast.parse(f"range({_MOST_ROUNDS})", mode="eval").body
        made = ast.For(ast.Name("_round", ast.Store()), rounds, [left, *node.body], stuck)
        for new in (made, made.target, *ast.walk(rounds), left, *(item for part in stuck for item in ast.walk(part))):
            ast.copy_location(new, node)
        return made


def bounded_loops(body: list[ast.stmt]) -> list[ast.stmt]:
    """The statements of a function with an end to every loop; the tree itself stays as it is."""
    if not any(isinstance(node, ast.While) for statement in body for node in ast.walk(statement)):
        return body
    return [_Bounded().visit(deepcopy(statement)) for statement in body]
