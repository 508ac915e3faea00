"""Expressions of the specification in the pattern language of the hex editor ImHex, and the names that they use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .errors import CodegenError
from .expr import Binary, Call, Expr, Index, Literal, Member, Name, Not, Ternary
from .model import Attr, Spec, Type

__all__ = ["RESERVED", "Maximum", "Names", "maxima_of", "rooted", "safe"]

RESERVED = frozenset(
    (
        *("_", "addressof", "any", "as", "auto", "be", "bitfield", "bool", "break", "catch", "char", "char16"),
        *("const", "continue", "double", "else", "enum", "false", "float", "fn", "for", "from", "if", "import"),
        *("in", "inf", "is", "le", "match", "namespace", "nan", "null", "out", "padding", "parent", "ref"),
        *("return", "s128", "s16", "s24", "s32", "s48", "s64", "s8", "s96", "signed", "sizeof", "str", "struct"),
        *("this", "true", "try", "typenameof", "u128", "u16", "u24", "u32", "u48", "u64", "u8", "u96", "union"),
        *("unsigned", "using", "while"),
    )
)
"""The words of the pattern language, which cannot be names."""

_OPERATORS = {"or": "||", "and": "&&", "//": "/"}
_TIGHTNESS = (("or",), ("and",), ("==", "!="), ("<", "<=", ">", ">="), ("+", "-"), ("*", "//", "%"))
_LEVELS = {op: level for level, ops in enumerate(_TIGHTNESS, 1) for op in ops}
_ATOM = len(_TIGHTNESS) + 1


@dataclass(frozen=True, slots=True)
class Maximum:
    """The largest value of an expression over the elements of a list: a variable, which every element raises."""

    name: str
    element: Type
    value: Expr
    path: str


@dataclass(frozen=True, slots=True)
class Names:
    """What expressions are called in the pattern language."""

    spec: Spec
    maxima: Mapping[Call, Maximum]

    def text(self, expr: Expr, owner: Type, path: str, outer: int = 0) -> str:
        """An expression that stands in `owner`; `outer` is how tightly what is around it binds."""

        def inner(node: Expr, level: int = 0) -> str:
            return self.text(node, owner, path, level)

        match expr:
            case Literal(value):
                return str(value).lower()
            case Member(Name("_io"), "size"):
                return "sizeof($)"
            case Member(Name("_root"), name):
                return self._name(name, self.spec.root, path, "parent." * _depth(self.spec, owner, path))
            case Member(Name("_"), name):
                return self._name(name, owner, path, "")
            case Name(name):
                return self._name(name, owner, path, "")
            case Member(of, name):
                holder = self._holder(of, owner, path)
                return f"{inner(of, _ATOM)}.{self._name(name, holder, path, '')}"
            case Index(of, at):
                return f"{inner(of, _ATOM)}[{inner(at)}]"
            case Not(of):
                return f"!{inner(of, _ATOM)}"
            case Ternary(test, yes, no):
                return f"({inner(test, 1)} ? {inner(yes)} : {inner(no)})"
            case Binary(op, left, right):
                level = _LEVELS[op]
                words = f"{inner(left, level)} {_OPERATORS.get(op, op)} {inner(right, level + 1)}"
                return f"({words})" if outer > level else words
            case Call("align", (value, grid)):
                up = Binary("+", value, Binary("-", grid, Literal(1)))
                return inner(Binary("*", Binary("//", up, grid), grid), outer)
            case Call("max_of") if expr in self.maxima:
                return self.maxima[expr].name
        raise CodegenError(path, f"the pattern language has no word for {expr!r}")

    def _holder(self, expr: Expr, owner: Type, path: str) -> Type:
        """The type of what an expression names."""
        match expr:
            case Member(Name("_root"), name):
                attr = _part(self.spec.root, name)
            case Member(of, name):
                attr = _part(self._holder(of, owner, path), name)
            case Index(of, _):
                return self._holder(of, owner, path)
            case Name(name):
                attr = _part(owner, name)
            case _:
                attr = None
        if attr is None or attr.user_type is None:
            raise CodegenError(path, f"expected a type before the dot, found {expr!r}")
        return self.spec.types[attr.user_type]

    def _name(self, name: str, owner: Type, path: str, prefix: str) -> str:
        """A field or a section as it is called; a constant by its name; any other value as what it stands for."""
        attr = _part(owner, name)
        if attr is None or attr.kind == "kaitai-only":
            raise CodegenError(path, f"{name!r} is nothing that a pattern shows")
        if attr.value is None:
            return prefix + safe(name)
        if owner is not self.spec.root:
            return self.text(attr.value, owner, attr.path, _ATOM)
        if isinstance(attr.value, Literal):
            return name.upper()
        if attr.value == Member(Name("_io"), "size"):
            return "sizeof($)"
        return prefix + safe(name)


def _part(owner: Type, name: str) -> Attr | None:
    return owner.field(name) or owner.instances.get(name)


def _depth(spec: Spec, owner: Type, path: str) -> int:
    """How many types there are around a type, the whole file included."""
    if owner is spec.root:
        return 0
    around = [
        user
        for user in spec.owners
        if any(attr.user_type == owner.id for attr in (*user.seq, *user.instances.values()))
    ]
    if len(around) != 1:
        raise CodegenError(path, f"expected one type around {owner.id}, found {len(around)}")
    return 1 + _depth(spec, around[0], path)


def safe(name: str) -> str:
    """A name, with an underscore behind it where it is a word of the language."""
    return f"{name}_" if name in RESERVED else name


def rooted(expr: Expr) -> Expr:
    """An expression of the whole file such that it means the same inside a type."""
    match expr:
        case Name(name) if not name.startswith("_"):
            return Member(Name("_root"), name)
        case Member(of, name):
            return Member(rooted(of), name)
        case Binary(op, left, right):
            return Binary(op, rooted(left), rooted(right))
        case Call(function, args):
            return Call(function, tuple(map(rooted, args)))
    return expr


def maxima_of(spec: Spec) -> dict[Call, Maximum]:
    """The maxima in the values of the whole file, each with the type of the elements that it is taken over."""
    found: dict[Call, Maximum] = {}

    def walk(expr: Expr, path: str) -> None:
        match expr:
            case Call("max_of", (items, each)):
                listed = _target(spec, items, path)
                if listed.user_type is None:
                    raise CodegenError(path, f"a pattern takes a maximum over objects, not over {listed.id}")
                name = f"max_of_{listed.id}"
                if any(maximum.name == name for maximum in found.values()):
                    raise CodegenError(path, f"a pattern knows one maximum over {listed.id}, found two")
                found[Call("max_of", (items, each))] = Maximum(name, spec.types[listed.user_type], rooted(each), path)
            case Binary(_, left, right):
                walk(left, path)
                walk(right, path)

    for attr in spec.root.instances.values():
        if attr.value is not None:
            walk(attr.value, attr.path)
    return found


def _target(spec: Spec, expr: Expr, path: str) -> Attr:
    """The list that an expression of the whole file names."""
    match expr:
        case Name(name):
            return spec.section(name)
        case Member(of, name):
            owner = spec.types.get(_target(spec, of, path).user_type or "")
            attr = None if owner is None else _part(owner, name)
            if attr is not None:
                return attr
    raise CodegenError(path, f"expected a path to a list, found {expr!r}")
