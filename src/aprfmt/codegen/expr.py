"""A parser for the closed subset of Kaitai expressions that the specification uses, and its translation to Python.

Names, integers, `true` and `false`, `+ - * / %`, comparisons, `and or not`, the ternary, `.name`, `[index]`, the cast
`.as<type>` (dropped: Python integers do not overflow), and three functions that only dash keys may use: `align(x, n)`,
`max_of(list, expression of _)` and `nbytes(dtype, dims)`. Everything else is an error that names its place.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from .errors import CodegenError

__all__ = [
    "Binary",
    "Call",
    "Expr",
    "Index",
    "Literal",
    "Member",
    "Name",
    "Not",
    "Ternary",
    "parse",
    "to_python",
]


@dataclass(frozen=True, slots=True)
class Literal:
    """An integer or a truth value."""

    value: int | bool


@dataclass(frozen=True, slots=True)
class Name:
    """A bare name: a field, an instance, a parameter, or one of Kaitai's own (`_`, `_root`, `_parent`, `_index`)."""

    id: str


@dataclass(frozen=True, slots=True)
class Member:
    """`of.id`."""

    of: Expr
    id: str


@dataclass(frozen=True, slots=True)
class Index:
    """`of[at]`."""

    of: Expr
    at: Expr


@dataclass(frozen=True, slots=True)
class Not:
    """`not of`."""

    of: Expr


@dataclass(frozen=True, slots=True)
class Binary:
    """`left op right`, with the operator in Python's spelling."""

    op: str
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Ternary:
    """`test ? yes : no`."""

    test: Expr
    yes: Expr
    no: Expr


@dataclass(frozen=True, slots=True)
class Call:
    """One of the generator's own functions."""

    function: str
    args: tuple[Expr, ...]


Expr = Literal | Name | Member | Index | Not | Binary | Ternary | Call

FUNCTIONS = {"align": 2, "max_of": 2, "nbytes": 2}

_TOKEN = re.compile(
    r"\s*(?:(?P<int>0x[0-9a-fA-F]+|\d+)(?!\w|\.\d)|(?P<name>[a-z_][a-z0-9_]*)|(?P<cast>\.as<[a-z0-9_]+>)"
    r"|(?P<op><=|>=|==|!=|[-+*/%<>?:.,()\[\]]))"
)
# From loose to tight; each level is left-associative.
_LEVELS: tuple[dict[str, str], ...] = (
    {"or": "or"},
    {"and": "and"},
    {"==": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="},
    {"+": "+", "-": "-"},
    {"*": "*", "/": "//", "%": "%"},
)
_PRECEDENCE = {python: level for level, ops in enumerate(_LEVELS) for python in ops.values()}


class _Parser:
    def __init__(self, text: str, path: str) -> None:
        self.path = path
        self.text = text
        self.tokens: list[tuple[str, str]] = []
        position = 0
        stripped = text.rstrip()
        while position < len(stripped):
            match = _TOKEN.match(stripped, position)
            if match is None:
                raise CodegenError(path, f"expected an expression, found {stripped[position:]!r} in {text!r}")
            kind = match.lastgroup or ""
            self.tokens.append((kind, match.group(kind)))
            position = match.end()
        self.at = 0

    def peek(self) -> str | None:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else None

    def take(self, wanted: str | None = None) -> tuple[str, str]:
        if self.at >= len(self.tokens) or (wanted is not None and self.tokens[self.at][1] != wanted):
            found = self.peek() or "the end"
            raise CodegenError(self.path, f"expected {wanted or 'a value'!r}, found {found!r} in {self.text!r}")
        self.at += 1
        return self.tokens[self.at - 1]

    def whole(self) -> Expr:
        expr = self.ternary()
        if self.at < len(self.tokens):
            raise CodegenError(self.path, f"expected the end, found {self.peek()!r} in {self.text!r}")
        return expr

    def ternary(self) -> Expr:
        test = self.level(0)
        if self.peek() != "?":
            return test
        self.take("?")
        yes = self.ternary()
        self.take(":")
        return Ternary(test, yes, self.ternary())

    def level(self, depth: int) -> Expr:
        if depth == len(_LEVELS):
            return self.postfix()
        left = self.level(depth + 1)
        while self.peek() in _LEVELS[depth]:
            op = _LEVELS[depth][self.take()[1]]
            left = Binary(op, left, self.level(depth + 1))
            if depth == 2 and self.peek() in _LEVELS[depth]:
                raise CodegenError(self.path, f"comparisons do not chain, in {self.text!r}")
        return left

    def postfix(self) -> Expr:
        expr = self.atom()
        while True:
            token = self.peek()
            if token == ".":
                self.take()
                kind, name = self.take()
                if kind != "name" or self.peek() == "(":
                    raise CodegenError(self.path, f"methods are unknown here: {name!r} in {self.text!r}")
                expr = Member(expr, name)
            elif token == "[":
                self.take()
                expr = Index(expr, self.ternary())
                self.take("]")
            elif token is not None and token.startswith(".as<"):
                self.take()
            else:
                return expr

    def atom(self) -> Expr:
        kind, token = self.take()
        if kind == "int":
            return Literal(int(token, 0))
        if token == "(":
            expr = self.ternary()
            self.take(")")
            return expr
        if kind != "name":
            raise CodegenError(self.path, f"expected a value, found {token!r} in {self.text!r}")
        if token in ("true", "false"):
            return Literal(token == "true")
        if token == "not":
            return Not(self.level(2))
        if self.peek() == "(":
            return self.call(token)
        return Name(token)

    def call(self, function: str) -> Expr:
        if function not in FUNCTIONS:
            raise CodegenError(self.path, f"unknown function {function!r} in {self.text!r}")
        self.take("(")
        args = [self.ternary()]
        while self.peek() == ",":
            self.take()
            args.append(self.ternary())
        self.take(")")
        if len(args) != FUNCTIONS[function]:
            raise CodegenError(self.path, f"{function} takes {FUNCTIONS[function]} values, in {self.text!r}")
        return Call(function, tuple(args))


def parse(value: object, path: str) -> Expr:
    """The tree of an expression as YAML gives it: a text, an integer or a truth value."""
    if isinstance(value, int):
        return Literal(value)
    if not isinstance(value, str):
        raise CodegenError(path, f"expected an expression, found {value!r}")
    return _Parser(value, path).whole()


def to_python(expr: Expr, resolve: Callable[[Expr], str | None]) -> str:
    """Python source of `expr`. `resolve` is asked first about every name and member; `None` means: no special case."""

    def emit(node: Expr, outer: int = -1) -> str:
        special = resolve(node)
        if special is not None:
            return special
        match node:
            case Literal(value):
                return repr(value)
            case Name(name):
                return name
            case Member(of, name):
                return f"{emit(of, 9)}.{name}"
            case Index(of, at):
                return f"{emit(of, 9)}[{emit(at)}]"
            case Not(of):
                return f"(not {emit(of, 9)})"
            case Binary(op, left, right):
                level = _PRECEDENCE[op]
                text = f"{emit(left, level)} {op} {emit(right, level + 1)}"
                return f"({text})" if outer > level else text
            case Ternary(test, yes, no):
                return f"({emit(yes)} if {emit(test)} else {emit(no)})"
            case Call("align", (value, grid)):
                return f"align_up({emit(value)}, {emit(grid)})"
            case Call("max_of", (items, each)):
                return f"max(({emit(each)} for _ in {emit(items)}), default=0)"
            case Call(function, args):
                return f"{function}({', '.join(emit(arg) for arg in args)})"

    return emit(expr)
