"""The rules of the house, as functions from the syntax tree of a module to what breaks them.

`test_house.py` holds them against every module, and shows that each of them can fail.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from aprfmt.layout import facts

MAX_LINES = 400


@dataclass(frozen=True, slots=True)
class Module:
    """A hand-written module: its path from the package, its text and its tree."""

    path: str
    text: str
    tree: ast.Module

    @property
    def room(self) -> str:
        """The first folder of the path; a module of the ground floor is a room of its own."""
        return self.path.partition("/")[0]


def module(path: str, text: str) -> Module:
    return Module(path, text, ast.parse(text))


Fault = tuple[int, str]
"""A line, and what stands there."""
Rule = Callable[[Module], Iterator[Fault]]


def _imports(tree: ast.Module) -> Iterator[Fault]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            yield node.lineno, base
            if not node.module:
                yield from ((node.lineno, base + alias.name) for alias in node.names)


_PARSING_MODULES = ("struct", "construct", "ctypes", "array", "kaitaistruct")


def no_hand_made_parsing(module: Module) -> Iterator[Fault]:
    """Bytes become values in `layout` alone: nobody else unpacks, or reads and writes integers as bytes."""
    if module.room == "layout":
        return
    for line, name in _imports(module.tree):
        if name.partition(".")[0] in _PARSING_MODULES:
            yield line, f"import {name}"
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and (node.attr in ("from_bytes", "to_bytes") or "unpack" in node.attr):
            yield node.lineno, f".{node.attr}"


_RAW = re.compile(
    r"(?:.*_)?(raw|data|header|index|entry|entries|buffer|buf|view|head|footer|bytes|magic|contents?)(?:_bytes)?"
)


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Call):
        return _last_name(node.func)
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _number(node: ast.expr | None) -> int:
    if isinstance(node, ast.UnaryOp):
        return _number(node.operand)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, int) else 0


def no_byte_positions(module: Module) -> Iterator[Fault]:
    """Nobody but `layout` knows at which byte something lies.

    The sign of it is a literal above 1 in a subscript of something that is called like bytes of the container. 0 and 1
    are left out, because `parts[0]` and `[1:]` are everywhere and say nothing; a position that has a name passes,
    because such names come from the facts.
    """
    if module.room == "layout":
        return
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Subscript) and _RAW.fullmatch(_last_name(node.value)):
            where = node.slice
            bounds = (where.lower, where.upper, where.step) if isinstance(where, ast.Slice) else (where,)
            if any(abs(_number(bound)) > 1 for bound in bounds):
                yield node.lineno, ast.unparse(node)


_FORMAT_NUMBERS = {facts.ALIGNMENT, facts.ALIGNMENT - 1, *(code for code in facts.DTYPE_CODES if code > 9)}
"""The grid and the ids of element types; ids of one digit are numbers like any other."""


def no_numbers_of_the_format(module: Module) -> Iterator[Fault]:
    """The size of the header, the grid and the ids of element types have names, which come from the ksy.

    A number of bits, as in `1 << 64`, is not one of them.
    """
    if module.room in ("layout", "codegen"):
        return
    bits = {
        id(node.right)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.LShift | ast.RShift | ast.Pow)
    }
    numbers = [node for node in ast.walk(module.tree) if isinstance(node, ast.Constant) and id(node) not in bits]
    for number in numbers:
        if type(number.value) is int and number.value in _FORMAT_NUMBERS:
            yield number.lineno, str(number.value)


def no_long_modules(module: Module) -> Iterator[Fault]:
    """A module of more than 400 lines wants splitting, by subject."""
    n_lines = len(module.text.splitlines())
    if n_lines > MAX_LINES:
        yield n_lines, f"{n_lines} lines"


def every_module_says_what_it_is(module: Module) -> Iterator[Fault]:
    """A module begins with its docstring."""
    if not ast.get_docstring(module.tree):
        yield 1, "no docstring"


def every_module_lists_its_names(module: Module) -> Iterator[Fault]:
    """`__all__` says what a module offers, once, and each name is there. A module of nothing but words needs none."""
    body = module.tree.body[1:] if ast.get_docstring(module.tree) else module.tree.body
    if not body or module.path == "__main__.py":
        return
    lists = [
        node.value
        for node in body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name) and target.id == "__all__"
    ]
    if len(lists) != 1 or not isinstance(lists[0], ast.List):
        yield 1, "no __all__ of its own"
        return
    names = [item.value for item in lists[0].elts if isinstance(item, ast.Constant) and isinstance(item.value, str)]
    if len(names) != len(lists[0].elts) or len(set(names)) != len(names):
        yield lists[0].lineno, "__all__ is not a list of different names"
    known = {name for node in ast.walk(module.tree) for name in _bound(node)}
    yield from ((lists[0].lineno, f"__all__ names {name}") for name in names if name not in known)


def _bound(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
        yield node.name
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    elif isinstance(node, ast.alias):
        yield (node.asname or node.name).partition(".")[0]


def print_is_at_the_edge(module: Module) -> Iterator[Fault]:
    """The command line prints in one place; the generator is a command of its own."""
    if module.path == "cli/render.py" or module.room == "codegen":
        return
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Name) and node.id == "print":
            yield node.lineno, "print"


_NOQA = re.compile(r"#\s*noqa\b(?P<rest>.*)", re.IGNORECASE)
_IGNORE = re.compile(r"#\s*type:\s*ignore\b(?P<rest>.*)")
_NOQA_REASON = re.compile(r": [A-Z]+\d+(, ?[A-Z]+\d+)* - \S.*")
_IGNORE_REASON = re.compile(r"\[[a-z-]+(, ?[a-z-]+)*\]\s+# \S.*")


def every_exception_has_a_reason(module: Module) -> Iterator[Fault]:
    """`noqa` and `type: ignore` name what they silence, and why."""
    for token in tokenize.generate_tokens(io.StringIO(module.text).readline):
        if token.type != tokenize.COMMENT:
            continue
        for mark, reason in ((_NOQA, _NOQA_REASON), (_IGNORE, _IGNORE_REASON)):
            found = mark.search(token.string)
            if found is not None and not reason.fullmatch(found["rest"]):
                yield token.start[0], token.string


def the_generator_stands_alone(module: Module) -> Iterator[Fault]:
    """Nothing imports the generator, and the generator imports nothing of the product."""
    for line, name in _imports(module.tree):
        if module.room == "codegen":
            outside = "." * (module.path.count("/") + 1)  # one dot is the folder of the module itself
            if name.startswith((outside, "aprfmt")):
                yield line, f"import {name}"
        elif re.match(r"(\.+|aprfmt\.)codegen\b", name):
            yield line, f"import {name}"


RULES: tuple[Rule, ...] = (
    no_hand_made_parsing,
    no_byte_positions,
    no_numbers_of_the_format,
    no_long_modules,
    every_module_says_what_it_is,
    every_module_lists_its_names,
    print_is_at_the_edge,
    every_exception_has_a_reason,
    the_generator_stands_alone,
)
