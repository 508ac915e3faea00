"""Which parts of a function decide something, as opposed to those that only say what was found.

A part says something when it is an argument of a fault, a finding or an error, a formatted text, or goes into a local
variable that is used for nothing else.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Site", "deciding_sites", "rule_ids"]

_SPEAKERS = frozenset(
    {
        *("Fault", "Violation", "FormatError", "TruncatedError", "LimitExceededError", "RequestError"),
        *("_Fault", "_BadLiteralError", "Place", "_fault", "_flag", "_refuse", "_exceed", "replace", "shorten"),
    }
)
"""What is called to say what was found; the arguments decide nothing."""
_IMPLIED = {"LimitExceededError": "APR-L001", "_exceed": "APR-L001", "_refuse": "APR-M003"}
"""The rule of those that are called without the id of one."""
_RULE = re.compile(r"APR-[A-Z]\d{3}")


@dataclass(frozen=True, eq=False)
class Site:
    """A node of a syntax tree, with its place in the node around it. `inside` are the statements around it, the
    innermost last."""

    node: ast.AST
    parent: ast.AST
    field: str
    at: int | None
    inside: tuple[ast.stmt, ...]

    def put(self, node: ast.AST) -> None:
        """Put another node into the place."""
        if self.at is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.at] = node

    @property
    def lines(self) -> range:
        """The lines of which one runs when the statement around the node does, without what is in its body."""
        statement = self.node if isinstance(self.node, ast.stmt) else self.inside[-1]
        body = getattr(statement, "body", None)
        stop = body[0].lineno if body else (statement.end_lineno or statement.lineno) + 1
        return range(statement.lineno, max(stop, statement.lineno + 1))


def rule_ids(node: ast.AST) -> Iterator[str]:
    """The ids of rules that stand in a piece of code or are implied by what it calls, in its order."""
    for item in ast.walk(node):
        if isinstance(item, ast.Constant) and isinstance(item.value, str) and _RULE.fullmatch(item.value):
            yield item.value
        elif isinstance(item, ast.Call) and (implied := _IMPLIED.get(called_name(item))) is not None:
            named = (part for part in ast.walk(item) if isinstance(part, ast.Constant) and isinstance(part.value, str))
            if not any(_RULE.fullmatch(str(part.value)) for part in named):
                yield implied


def called_name(call: ast.Call) -> str:
    """The last word of what is called."""
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def deciding_sites(function: ast.FunctionDef) -> Iterator[Site]:
    """Every node of the function's body that decides something, each before what is in it."""
    yield from _of_body(function, _spoken_locals(function))


def _of_body(function: ast.FunctionDef, spoken: frozenset[str]) -> Iterator[Site]:
    for at, statement in enumerate(function.body):
        yield from _deciding(Site(statement, function, "body", at, ()), spoken)


def _spoken_locals(function: ast.FunctionDef) -> frozenset[str]:
    """The local variables that are used for saying something, and for nothing else."""
    names = (node for node in ast.walk(function) if isinstance(node, ast.Name))
    spoken = frozenset(node.id for node in names if not isinstance(node.ctx, ast.Load))
    while True:
        nodes = (site.node for site in _of_body(function, spoken))
        deciding = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
        if not spoken & deciding:
            return spoken
        spoken -= deciding


def _deciding(site: Site, spoken: frozenset[str]) -> Iterator[Site]:
    node = site.node
    if _says(node, spoken):
        return
    if isinstance(node, ast.IfExp) and _says(node.body, spoken):  # the same, said in other words
        yield from _deciding(Site(node.orelse, node, "orelse", None, site.inside), spoken)
        return
    yield site
    inside = (*site.inside, node) if isinstance(node, ast.stmt) else site.inside
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "type", "targets", "target"):
            continue
        for at, item in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if isinstance(item, ast.AST):
                yield from _deciding(Site(item, node, name, at, inside), spoken)


def _says(node: ast.AST, spoken: frozenset[str]) -> bool:
    """Whether nothing in a node decides anything."""
    match node:
        case ast.JoinedStr() | ast.Assert() | ast.Expr(value=ast.Constant()):
            return True
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="of")):
            return name in _SPEAKERS
        case ast.Call():
            return called_name(node) in _SPEAKERS
        case ast.Assign(targets=targets):
            return all(_only_names(target, spoken) for target in targets)
        case ast.AugAssign(target=target) | ast.AnnAssign(target=target):
            return _only_names(target, spoken)
        case ast.If(test=ast.Compare(left=ast.Name(id="progress"))):
            return True
        case ast.If(body=body, orelse=orelse):
            return all(isinstance(item, ast.Assign | ast.If) and _says(item, spoken) for item in body + orelse)
    return False


def _only_names(target: ast.expr, names: frozenset[str]) -> bool:
    if isinstance(target, ast.Tuple):
        return all(_only_names(item, names) for item in target.elts)
    return isinstance(target, ast.Name) and target.id in names
