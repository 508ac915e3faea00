"""What is done to a function to make it decide something else: a table of operators on nodes of its syntax tree.

Each takes a place and gives what may stand there instead, with a few words that say what is different.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from ...layout import facts
from ...tensors import Tensor
from .deciding import Site, called_name
from .functions import Function, deciding_functions, resolved

__all__ = ["OPERATORS", "Change", "Operator"]

Change = tuple[str, ast.AST]
"""A few words, and what stands in the place."""
Changes = Callable[[Site, Function], Iterator[Change]]


@dataclass(frozen=True)
class Operator:
    """A way of changing a function; `about` says what it stands for."""

    name: str
    about: str
    changes: Changes


_LOAD = ast.Load()
_STRICT: Mapping[type[ast.cmpop], tuple[type[ast.cmpop], str, int]] = {
    ast.Lt: (ast.LtE, "<=", -1),
    ast.LtE: (ast.Lt, "<", 1),
    ast.Gt: (ast.GtE, ">=", 1),
    ast.GtE: (ast.Gt, ">", -1),
}
"""For each comparison the one beside it, and what moves the right side by one the other way."""
_WORD, _HALF, _SIGN = (1 << 64) - 1, (1 << 32) - 1, 1 << 63
_NAMES = frozenset({"name", "before"})
"""Operands that are bytes, to which nothing can be added."""


def _code(text: str, **parts: ast.AST) -> ast.expr:
    """An expression with other expressions in the place of its names."""

    class Fill(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.AST:
            return parts.get(node.id, node)

    return Fill().visit(ast.parse(text, mode="eval").body)  # type: ignore[no-any-return] # ast is loose here


def _moved(node: ast.expr, by: int) -> ast.expr:
    """A number that is larger, or smaller."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return ast.Constant(node.value + by)
    return _code(f"x {'+' if by > 0 else '-'} {abs(by)}", x=node)


def _strictness(site: Site, function: Function) -> Iterator[Change]:
    if isinstance(site.node, ast.Compare) and not any(_is_float(item, function) for item in site.node.comparators):
        for at, op in enumerate(site.node.ops):
            if type(op) in _STRICT:
                other, sign, _ = _STRICT[type(op)]
                ops = [*site.node.ops[:at], other(), *site.node.ops[at + 1 :]]
                yield _which(site.node, at, sign), ast.Compare(site.node.left, ops, site.node.comparators)


def _boundary(site: Site, function: Function) -> Iterator[Change]:
    node = site.node
    if not isinstance(node, ast.Compare) or any(_last(item) in _NAMES for item in (node.left, *node.comparators)):
        return
    if any(_is_float(item, function) for item in (node.left, *node.comparators)):
        return
    for at, op in enumerate(node.ops):
        if type(op) not in _STRICT:
            continue
        by = _STRICT[type(op)][2]
        sides = [node.left, *node.comparators]
        side = at + 1 if at + 1 == len(node.ops) else at  # the middle of three belongs to two comparisons
        if side == 0 and _is_zero(sides[side], site, function):
            continue  # nothing here is negative
        sides[side] = _moved(sides[side], by if side == at + 1 else -by)
        yield _which(node, at, f"{ast.unparse(sides[side])}"), ast.Compare(sides[0], node.ops, sides[1:])


def _is_float(node: ast.expr, function: Function) -> bool:
    """Whether it is a fraction, where the next number is no step away."""
    return isinstance(resolved(node.operand if isinstance(node, ast.UnaryOp) else node, function), float)


def _which(node: ast.Compare, at: int, words: str) -> str:
    return words if len(node.ops) == 1 else f"{words} at the {'lower' if at == 0 else 'upper'} end"


def _one_side(site: Site, function: Function) -> Iterator[Change]:
    node = site.node
    if not isinstance(node, ast.Compare) or len(node.ops) > 1 or type(node.ops[0]) not in _SIDES:
        return
    sides = (node.left, node.comparators[0])
    if any(_is_kind(item, function) for item in sides):
        return
    for op, sign in _SIDES[type(node.ops[0])]:
        if not (sign in "<=" and _is_zero(sides[1], site, function)):
            yield sign, ast.Compare(node.left, [op()], node.comparators)


_SIDES: Mapping[type[ast.cmpop], tuple[tuple[type[ast.cmpop], str], ...]] = {
    ast.Eq: ((ast.GtE, ">="), (ast.LtE, "<=")),
    ast.NotEq: ((ast.Gt, ">"), (ast.Lt, "<")),
}


def _is_kind(node: ast.expr, function: Function) -> bool:
    """Whether it is a mark that things are told apart by, which is no quantity: a character, or a named number."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str) or (isinstance(node.value, bytes) and len(node.value) == 1)
    return type(resolved(node, function)) is int


def _is_zero(node: ast.expr, site: Site, function: Function) -> bool:
    """Whether it is 0, or a local that was set to 0 in the last assignment before the place."""
    if not isinstance(node, ast.Name):
        return isinstance(node, ast.Constant) and node.value == 0
    statements: list[ast.AST] = [*function.node.body]
    first = site.inside[0] if site.inside else site.node
    for statement in reversed(statements[: statements.index(first)]):
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name == node.id:
                return isinstance(value, ast.Constant) and value.value == 0
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)):
                for target, value in zip(targets, values, strict=True):
                    if isinstance(target, ast.Name) and target.id == node.id:
                        return isinstance(value, ast.Constant) and value.value == 0
    return False


def _condition(site: Site, function: Function) -> Iterator[Change]:
    del function
    if site.field in ("test", "ifs") and isinstance(site.parent, ast.If | ast.IfExp | ast.While | ast.comprehension):
        yield "never", ast.Constant(False)
        if not isinstance(site.parent, ast.While):
            yield "always", ast.Constant(True)


def _junct(site: Site, function: Function) -> Iterator[Change]:
    del function
    node = site.node
    if isinstance(node, ast.BoolOp):
        for at, item in enumerate(node.values):
            rest = [*node.values[:at], *node.values[at + 1 :]]
            yield f"without {ast.unparse(item)}", rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)


def _operand(site: Site, function: Function) -> Iterator[Change]:
    del function
    match site.node:
        case ast.BinOp(left=left, op=ast.Add() | ast.Mult() | ast.BitOr() | ast.BitXor(), right=right):
            yield f"without {ast.unparse(right)}", left
            yield f"without {ast.unparse(left)}", right
        case ast.BinOp(left=left, op=ast.Sub(), right=right):
            yield f"without {ast.unparse(right)}", left


def _number(site: Site, function: Function) -> Iterator[Change]:
    node, parent = site.node, site.parent
    compared = isinstance(parent, ast.Compare) and (isinstance(node, ast.Name) or type(parent.ops[0]) in _STRICT)
    masked = isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.BitAnd | ast.Mod)
    if compared or masked or isinstance(parent, ast.Subscript | ast.Slice | ast.UnaryOp) or site.field == "func":
        return
    value = node.value if isinstance(node, ast.Constant) else resolved(node, function)
    if type(value) is int and isinstance(node, ast.expr):
        for by in (-1, 1) if value else (1,):  # nothing here is negative
            new = _moved(node, by)
            yield ast.unparse(new), new


def _index(site: Site, function: Function) -> Iterator[Change]:
    del function
    match site.node:
        case ast.Subscript(value=value, slice=ast.Constant(value=int(at))):
            other = at - 1 if at else 1
        case ast.Subscript(value=value, slice=ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(at)))):
            other = at - 1
        case _:
            return
    yield f"[{other}]", ast.Subscript(value, ast.Constant(other), _LOAD)


def _slice(site: Site, function: Function) -> Iterator[Change]:
    del function
    node = site.node
    if isinstance(node, ast.Slice):
        lower = ast.Constant(1) if node.lower is None else _moved(node.lower, 1)
        upper = ast.Constant(-1) if node.upper is None else _moved(node.upper, -1)
        yield "without the first", ast.Slice(lower, node.upper, node.step)
        yield "without the last", ast.Slice(node.lower, upper, node.step)


def _mask(site: Site, function: Function) -> Iterator[Change]:
    node = site.node
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitAnd):
        mask = node.right.value if isinstance(node.right, ast.Constant) else resolved(node.right, function)
        if type(mask) is int:
            for bit in range(mask.bit_length()):
                if mask >> bit & 1:
                    yield f"without bit {bit}", ast.BinOp(node.left, node.op, ast.Constant(mask & ~(1 << bit)))


def _modulus(site: Site, function: Function) -> Iterator[Change]:
    del function
    match site.node:
        case ast.BinOp(left=left, op=ast.Mod(), right=right):
            yield "half the modulus", _code("x % (y // 2)", x=left, y=right)
            yield "twice the modulus", _code("x % (y * 2)", x=left, y=right)


def _rounding(site: Site, function: Function) -> Iterator[Change]:
    del function
    match site.node:
        case ast.UnaryOp(
            op=ast.USub(), operand=ast.BinOp(left=ast.UnaryOp(op=ast.USub(), operand=x), op=ast.FloorDiv(), right=y)
        ):
            yield "rounded down", _code("x // y", x=x, y=y)


def _wide_names() -> frozenset[str]:
    """Fields of 64 bits, and what a tensor calls what it takes from them."""
    names = {name for shapes in facts.FIELDS.values() for name, shape in shapes.items() if shape.limit == _WORD + 1}
    for function, _ in deciding_functions().values():
        if function.owner is Tensor and any(_last(site.node) in names for site in function.sites):
            names.add(function.node.name)
    return frozenset(names)


def _wrap(site: Site, function: Function) -> Iterator[Change]:
    if function.key.startswith("facts.") and not function.key.startswith("facts.check_"):
        return  # the places of sections are asked for when they are known to lie in the file
    match site.node:
        case ast.BinOp(op=ast.Add() | ast.Sub() | ast.Mult()) if _is_wide(site.node, function):
            yield "modulo 2^64", ast.BinOp(site.node, ast.BitAnd(), ast.Constant(_WORD))
        case ast.Call(func=ast.Name(id="prod")):
            yield "modulo 2^64", ast.BinOp(site.node, ast.BitAnd(), ast.Constant(_WORD))


def _is_wide(node: ast.expr, function: Function) -> bool:
    """Whether a sum may come near 2^64: a field of 64 bits is in it, or a local that holds one."""
    names = set(_wide_names())
    for statement in ast.walk(function.node):
        if isinstance(statement, ast.Assign) and any(_last(item) in names for item in ast.walk(statement.value)):
            targets = (item for target in statement.targets for item in ast.walk(target))
            names |= {item.id for item in targets if isinstance(item, ast.Name)}
    words = {_last(item) for item in ast.walk(node)}
    return bool(words & names) and "bit_length" not in words


def _last(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _narrow(site: Site, function: Function) -> Iterator[Change]:
    """Of the fields that the specification judges, as it judges them, and of those that the reader looks at.

    Where a field has a lower bound, a sign is noticed; that a double is not exact shows where a remainder is taken.
    """
    judged = function.key.startswith("facts.check_") and isinstance(site.parent, ast.Assign)
    if isinstance(site.node, ast.Attribute) and (judged or function.key.startswith("rules.reader.")):
        type_id = "tensor_index_entry" if "entry" in function.key else "header"
        shape = facts.FIELDS[type_id].get(site.node.attr)
        if shape is None or shape.limit != _WORD + 1:
            return
        yield "the lower 32 bits", _code(f"x & {_HALF}", x=site.node)
        if not judged:
            yield "as a signed integer", _code(f"(x ^ {_SIGN}) - {_SIGN}", x=site.node)
        elif site.node.attr.startswith("ofs_"):
            yield "as a double", _code("int(float(x))", x=site.node)


def _range(site: Site, function: Function) -> Iterator[Change]:
    if isinstance(resolved(site.node, function), tuple):
        return  # what an entry of a table decides is looked at entry by entry
    iterated = site.field == "iter" and isinstance(site.parent, ast.For | ast.comprehension)
    asked = isinstance(site.parent, ast.Call) and called_name(site.parent) in ("any", "all") and site.field == "args"
    if (iterated or asked) and not isinstance(site.node, ast.GeneratorExp):
        yield "without the first", _code("list(x)[1:]", x=site.node)
        yield "without the last", _code("list(x)[:-1]", x=site.node)


_OTHER_END = {"max": "min", "min": "max", "any": "all", "all": "any"}


def _extreme(site: Site, function: Function) -> Iterator[Change]:
    del function
    if isinstance(site.node, ast.Name) and site.node.id in _OTHER_END and site.field == "func":
        yield _OTHER_END[site.node.id], ast.Name(_OTHER_END[site.node.id], _LOAD)


def _order(site: Site, function: Function) -> Iterator[Change]:
    del function
    match site.node:
        case ast.Call(func=ast.Name(id="sorted"), args=[items, *_]):
            yield "not sorted", _code("list(x)", x=items)


def _memory(site: Site, function: Function) -> Iterator[Change]:
    del function
    if isinstance(site.node, ast.Assign | ast.AugAssign):
        targets = site.node.targets if isinstance(site.node, ast.Assign) else [site.node.target]
        kept = {item.id for target in targets for item in ast.walk(target) if isinstance(item, ast.Name)}
        loop = next((item for item in site.inside if isinstance(item, ast.For | ast.While)), None)
        if loop is not None and kept <= _used_in(loop):
            yield "left out", ast.Pass()


def _used_in(loop: ast.stmt) -> set[str]:
    """The variables that a loop reads."""
    names = (node for node in ast.walk(loop) if isinstance(node, ast.Name))
    return {node.id for node in names if isinstance(node.ctx, ast.Load)}


def _handler(site: Site, function: Function) -> Iterator[Change]:
    del function
    node = site.node
    if isinstance(node, ast.ExceptHandler) and not isinstance(node.body[0], ast.Pass):
        yield "ignored", ast.ExceptHandler(node.type, node.name, [ast.Pass()])


def _text(site: Site, function: Function) -> Iterator[Change]:
    del function
    match site.node:
        case ast.Call(func=ast.Attribute(value=value, attr="strip" | "lstrip" | "lower" as name)):
            yield f"without {name}", value
        case ast.Call(func=ast.Attribute(attr="decode") as decode, args=[ast.Constant(value="utf-8")]):
            lenient: list[ast.expr] = [ast.Constant("utf-8"), ast.Constant("surrogatepass")]
            yield "surrogates are taken", ast.Call(decode, lenient, [])


OPERATORS: tuple[Operator, ...] = (
    Operator("strictness", "`<` for `<=` and the reverse, so for `>`", _strictness),
    Operator("boundary", "a bound moved by one, the other way", _boundary),
    Operator("one side", "`==` and `!=` that look at one side only", _one_side),
    Operator("condition", "a condition that never or always holds", _condition),
    Operator("junct", "one part of `and` or `or` dropped", _junct),
    Operator("operand", "one operand of a sum or product dropped", _operand),
    Operator("number", "a number larger or smaller by one", _number),
    Operator("index", "the element beside the one that is taken", _index),
    Operator("slice", "a slice without its first or last element", _slice),
    Operator("mask", "one bit of a mask dropped", _mask),
    Operator("modulus", "a modulus halved or doubled", _modulus),
    Operator("rounding", "a quotient rounded down instead of up", _rounding),
    Operator("wrap", "arithmetic modulo 2^64", _wrap),
    Operator("narrow", "a field of 64 bits in 32, signed, or as a double", _narrow),
    Operator("range", "the first or last element not looked at", _range),
    Operator("extreme", "`max` for `min`, `any` for `all`, and the reverse", _extreme),
    Operator("order", "elements in the order in which they come", _order),
    Operator("memory", "something that is carried through a loop is forgotten", _memory),
    Operator("handler", "an exception ignored", _handler),
    Operator("text", "text compared as it stands; surrogates taken for UTF-8", _text),
)
"""Every operator on a syntax tree. Those on tables and whole rules are in `tables` and `switches`."""
