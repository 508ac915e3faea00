"""Statements about single fields: `valid`, `contents` and `-warn`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .document import SAFE_INTEGER
from .errors import CodegenError
from .expr import Expr, Literal, parse
from .model import Check, Kind
from .values import items, known, mapping, text

__all__ = ["read_checks"]

_VALID: Mapping[str, frozenset[str]] = {
    "integer": frozenset({"eq", "min", "max", "in-enum", "expr"}),
    "bits": frozenset({"eq", "min", "max", "expr"}),
    "bytes": frozenset({"expr"}),
}
_WARN: Mapping[str, frozenset[str]] = {
    "integer": frozenset({"eq", "min", "max", "multiple-of"}),
    "bits": frozenset({"eq", "min", "max"}),
    "bytes": frozenset({"zero"}),
}
_SECTION = frozenset({"present", "absent"})
_MARKERS = frozenset({"in-enum", "zero", "present", "absent"})
"""Statements without a bound: they are `true`, or not made."""


def read_checks(node: Mapping[str, Any], kind: Kind, path: str) -> tuple[Check, ...]:
    """Every statement that a field makes about itself, in the order of the specification."""
    checks = []
    if kind == "contents":
        checks.append(Check(text(node, "-rule", path), {"contents": True}, f"{path}/contents", refuses=True))
    if "valid" in node:
        entry = mapping(node["valid"], f"{path}/valid")
        rule = text(entry, "-rule", f"{path}/valid")
        words = text(entry, "-expected", f"{path}/valid") if "-expected" in entry else None
        bounds = {key: value for key, value in entry.items() if key not in ("-rule", "-expected")}
        if words is not None and "expr" not in bounds:
            raise CodegenError(f"{path}/valid/-expected", "goes with `expr`")
        kinds = _kinds(bounds, _VALID.get(kind, frozenset()), f"{path}/valid", functions=False)
        checks.append(Check(rule, kinds, f"{path}/valid", refuses=True, expected=words))
    optional = _SECTION if "if" in node else frozenset()
    for at, item in enumerate(items(node.get("-warn", []), f"{path}/-warn")):
        where = f"{path}/-warn/{at}"
        entry = mapping(item, where)
        rule = text(entry, "rule", where)
        bounds = {key: value for key, value in entry.items() if key != "rule"}
        kinds = _kinds(bounds, _WARN.get(kind, frozenset()) | optional, where, functions=True)
        checks.append(Check(rule, kinds, where, refuses=False))
    return tuple(checks)


def _kinds(bounds: Mapping[str, Any], allowed: frozenset[str], path: str, *, functions: bool) -> dict[str, Expr | bool]:
    known(bounds, allowed, path)
    if not bounds:
        raise CodegenError(path, "a check says what it checks")
    if len(bounds) > 1 and bounds.keys() != {"min", "max"}:
        raise CodegenError(path, f"{' and '.join(bounds)} do not go together")
    return {kind: _bound(kind, value, f"{path}/{kind}", functions=functions) for kind, value in bounds.items()}


def _bound(kind: str, value: object, path: str, *, functions: bool) -> Expr | bool:
    if kind in _MARKERS:
        if value is not True:
            raise CodegenError(path, f"expected true, found {value!r}")
        return True
    bound = parse(value, path, functions=functions)
    if kind == "multiple-of" and not (isinstance(bound, Literal) and 0 < bound.value <= SAFE_INTEGER):
        raise CodegenError(path, "expected an integer of at least 1")
    return bound
