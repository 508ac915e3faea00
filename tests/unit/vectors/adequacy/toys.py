"""Functions of a few lines for the operators to change, and suites of a few vectors."""

from __future__ import annotations

import ast
from types import CodeType, FunctionType, ModuleType
from typing import Any

from aprfmt.vectors import Suite
from aprfmt.vectors.adequacy.functions import Function

__all__ = ["TWO", "function", "suite", "vector"]


def function(source: str, key: str = "toys.toy", **names: Any) -> Function:
    """The function `toy` of a source text, in a module that has these names."""
    module = ModuleType("aprfmt.toys")
    vars(module).update(names)
    tree = ast.parse(source)
    (node,) = (item for item in tree.body if isinstance(item, ast.FunctionDef))
    (code,) = (item for item in compile(tree, "toys", "exec").co_consts if isinstance(item, CodeType))
    live = FunctionType(code, vars(module))
    vars(module)[node.name] = live
    return Function(key, node, live, module, None)


TWO = {
    "metadata": {"text": '{"license":"MIT","data_source":"web","data_license":"CC0-1.0"}'},
    "tensor_index": {
        "entries": [
            {"name": {"text": "a"}, "dtype": "f32", "dims": [2]},
            {"name": {"text": "b"}, "dtype": "f16", "dims": [3]},
        ]
    },
    "tensor_data": {"join": [{"counting": 8}, {"zeros": 56}, {"counting": 6}, {"zeros": 58}]},
}
"""A file in order."""


def vector(name: str, rule: str | None = None, **more: Any) -> dict[str, Any]:
    """A recipe on the file of two tensors."""
    node = {"id": name, "about": "A file.", "base": "two", "origin": "hand", **more}
    return node | ({"verdict": "reject", "rule": rule, "twin": "sound"} if rule else {"verdict": "accept"}) | more


def suite(*vectors: dict[str, Any]) -> Suite:
    return Suite({"toys.json": {"about": "Toys.", "bases": {"two": TWO}, "vectors": list(vectors)}})
