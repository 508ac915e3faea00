"""A parser for the closed subset of Kaitai expressions that the specification uses, and its translation to Python.

Names, integers, `true` and `false`, `+ - * / %`, comparisons, `and or not`, the ternary, `.name`, `[index]`, the cast
`.as<u4>` and `.as<u8>` (dropped: they widen, and Python integers do not overflow), and three functions that only dash
keys may use: `align(x, n)`, `max_of(list, expression of _)` and `nbytes(dtype, dims)`. Everything else is an error that
names its place.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from .document import SAFE_INTEGER
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
    "names_in",
    "parse",
    "parse_list",
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
    r"\s*(?:(?P<int>0x[0-9a-fA-F]+|0|[1-9][0-9]*)(?!\w|\.\d)|(?P<name>[a-z_][a-z0-9_]*)|(?P<cast>\.as<[a-z0-9_]+>)"
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
_COMPARISON = 2
_POSTFIX = len(_LEVELS)
_KEYWORDS = {"and", "or", "not"}
_CASTS = {".as<u4>", ".as<u8>"}
_PRECEDENCE = {python: level for level, ops in enumerate(_LEVELS) for python in ops.values()}


class _Parser:
    """Recursive descent over the tokens of one expression."""

    def __init__(self, text: str, path: str, *, functions: bool) -> None:
        self.path = path
        self.text = text
        self.functions = functions
        self.words: list[tuple[str, str]] = []
        position = 0
        stripped = text.rstrip()
        while position < len(stripped):
            match = _TOKEN.match(stripped, position)
            if match is None:
                raise self.error(f"expected an expression, found {stripped[position:]!r}")
            kind = match.lastgroup or ""
            self.words.append((kind, match.group(kind)))
            position = match.end()
        self.at = 0

    def error(self, message: str) -> CodegenError:
        return CodegenError(self.path, f"{message} in {self.text!r}")

    def peek(self) -> str | None:
        return self.words[self.at][1] if self.at < len(self.words) else None

    def take(self, wanted: str | None = None) -> tuple[str, str]:
        if self.at >= len(self.words) or (wanted is not None and self.peek() != wanted):
            raise self.error(f"expected {wanted or 'a value'!r}, found {self.peek() or 'the end'!r}")
        self.at += 1
        return self.words[self.at - 1]

    def whole(self) -> Expr:
        expr = self.ternary()
        self.end()
        return expr

    def end(self) -> None:
        if self.at < len(self.words):
            raise self.error(f"expected the end, found {self.peek()!r}")

    def listed(self) -> tuple[Expr, ...]:
        found = [self.ternary()]
        while self.peek() == ",":
            self.take()
            found.append(self.ternary())
        return tuple(found)

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
        if depth == _COMPARISON and self.peek() == "not":
            self.take()
            return Not(self.level(depth))
        left = self.level(depth + 1)
        while self.peek() in _LEVELS[depth]:
            op = _LEVELS[depth][self.take()[1]]
            left = Binary(op, left, self.level(depth + 1))
            if depth == _COMPARISON and self.peek() in _LEVELS[depth]:
                raise self.error("comparisons do not chain,")
        return left

    def postfix(self) -> Expr:
        expr = self.atom()
        while True:
            word = self.peek() or ""
            if word == ".":
                self.take()
                kind, name = self.take()
                if kind != "name" or self.peek() == "(":
                    raise self.error(f"methods are unknown here: {name!r}")
                expr = Member(expr, name)
            elif word == "[":
                self.take()
                expr = Index(expr, self.ternary())
                self.take("]")
            elif word.startswith(".as<"):
                if word not in _CASTS:
                    raise self.error(f"only casts that widen are known, to u4 or u8, found {word!r}")
                if word == ".as<u4>" and expr != Name("_index"):
                    raise self.error("a cast to u4 may cut a number off, so it is known for `_index` only")
                self.take()
            else:
                return expr

    def atom(self) -> Expr:
        kind, word = self.take()
        if kind == "int":
            number = int(word, 0)
            if number > SAFE_INTEGER:
                raise self.error("an integer beyond 2^53 means something else in other languages,")
            return Literal(number)
        if word == "(":
            expr = self.ternary()
            self.take(")")
            return expr
        if kind != "name" or word in _KEYWORDS:
            raise self.error(f"expected a value, found {word!r}")
        if word in ("true", "false"):
            return Literal(word == "true")
        return self.call(word) if self.peek() == "(" else Name(word)

    def call(self, function: str) -> Expr:
        if function not in FUNCTIONS:
            raise self.error(f"unknown function {function!r}")
        if not self.functions:
            raise self.error(f"{function} stands under dash keys only: Kaitai does not know it,")
        self.take("(")
        args = self.listed()
        self.take(")")
        if len(args) != FUNCTIONS[function]:
            raise self.error(f"{function} takes {FUNCTIONS[function]} values,")
        return Call(function, args)


def parse(value: object, path: str, *, functions: bool = True) -> Expr:
    """The tree of an expression as YAML gives it: a text, an integer or a truth value.

    `functions`: whether the generator's own functions may be used, as only dash keys may.
    """
    if isinstance(value, bool) or (isinstance(value, int) and value >= 0):
        return Literal(value)
    if not isinstance(value, str):
        raise CodegenError(path, f"expected an expression, found {value!r}")
    return _Parser(value, path, functions=functions).whole()


def parse_list(text: str, path: str) -> tuple[Expr, ...]:
    """The trees of expressions with commas between them: what a type is given as its parameters."""
    parser = _Parser(text, path, functions=False)
    found = parser.listed()
    parser.end()
    return found


def names_in(expr: Expr) -> set[str]:
    """Every bare name in an expression."""
    match expr:
        case Name(name):
            return {name}
        case Literal():
            return set()
        case Member(of, _) | Not(of):
            return names_in(of)
        case Index(left, right) | Binary(_, left, right):
            return names_in(left) | names_in(right)
        case Ternary(test, yes, no):
            return names_in(test) | names_in(yes) | names_in(no)
        case Call(_, args):
            return {name for arg in args for name in names_in(arg)}


def to_python(expr: Expr, resolve: Callable[[Expr], str | None]) -> str:
    """Python source of `expr`. `resolve` is asked first about every node; `None` means: no special case."""

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
                return f"{emit(of, _POSTFIX)}.{name}"
            case Index(of, at):
                return f"{emit(of, _POSTFIX)}[{emit(at)}]"
            case Not(of):
                return f"(not {emit(of, _POSTFIX)})"
            case Binary(op, left, right):
                level = _PRECEDENCE[op]
                # Python chains comparisons, Kaitai does not: brackets keep one inside another apart.
                first = emit(left, level + 1 if level == _COMPARISON else level)
                text = f"{first} {op} {emit(right, level + 1)}"
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
