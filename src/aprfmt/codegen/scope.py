"""What a name in an expression means: which object of the generated Python it is an attribute of.

Every expression is checked before it is translated: a name that nothing declares, a member of something that has none
and an operator between the wrong kinds end the run, with the path of the expression.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from .errors import CodegenError
from .expr import Binary, Call, Expr, Index, Literal, Member, Name, Not, Ternary, to_python
from .model import Attr, Enum, Spec, Type

__all__ = [
    "BUILD",
    "CONSTRUCT",
    "LOCALS",
    "NUMBER",
    "RECORDS",
    "ROOT_RECORDS",
    "TRUTH",
    "Names",
    "Scope",
    "Shape",
    "is_function",
]


@dataclass(frozen=True, slots=True)
class Names:
    """How the generated code spells Kaitai's own names; None where there is nothing to spell.

    Without `this`, the fields are local variables, with an underscore before their names.
    """

    this: str | None
    root: str
    parent: str
    index: str
    len_file: str | None


CONSTRUCT = Names("this", "this._root", "this._", "this._index", "this._params.len_file")
"""In a struct, while it parses."""
BUILD = replace(CONSTRUCT, len_file=None)
"""In a struct, while it builds: the size of the file is what building finds out."""
RECORDS = Names("this", "root", "parent", "index", "root.len_file")
"""In a function over records."""
ROOT_RECORDS = replace(RECORDS, this="root")
"""In a function over the whole file."""
LOCALS = replace(RECORDS, this=None)
"""In a function that is about to make a record."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What an expression is: a scalar, or an object of one of some types; one of them or a list."""

    scalar: str | None = None
    owners: tuple[str, ...] = ()
    repeated: bool = False
    enum: str | None = None

    def __str__(self) -> str:
        what = self.scalar or f"a {' or '.join(self.owners)}"
        return f"a list of {what}" if self.repeated else what


NUMBER = Shape("a number")
TRUTH = Shape("a truth value")
BYTES = Shape("bytes")


@dataclass(frozen=True, slots=True)
class Scope:
    """The names visible inside `owner`; value instances and parameters are replaced by what they stand for.

    `value` is how the generated code spells `_`, the value under test, and `value_shape` what it is.
    """

    spec: Spec
    owner: Type
    names: Names
    value: str = "_"
    value_shape: Shape | None = None

    @property
    def is_root(self) -> bool:
        """Whether the expression stands at the top level."""
        return self.owner is self.spec.root

    def python(self, expr: Expr, path: str, wanted: Shape | None = None) -> str:
        """Python source of `expr`, which is to be `wanted`; `path` names its place in an error."""
        found = self.shape(expr, path)
        if wanted is not None and found != wanted:
            raise CodegenError(path, f"expected {wanted}, found {found}")
        return self._python(expr, path)

    def _python(self, expr: Expr, path: str) -> str:
        return to_python(expr, lambda node: self._resolve(node, path))

    def constant(self, expr: Expr, path: str, seen: frozenset[str] = frozenset()) -> int | None:
        """The value of an expression that is a literal, or a name that stands for one."""
        match expr:
            case Literal(value):
                return int(value)
            case Name(name) if self.owner.field(name) is None and f"{self.owner.path}.{name}" not in seen:
                attr = self.owner.instances.get(name)
                inner = seen | {f"{self.owner.path}.{name}"}
                return None if attr is None or attr.value is None else self.constant(attr.value, path, inner)
            case Member(Name("_root"), name):
                return replace(self, owner=self.spec.root).constant(Name(name), path, seen)
        return None

    def attr_shape(self, attr: Attr) -> Shape:
        """What a field holds."""
        if attr.user_type is not None:
            return Shape(owners=(attr.user_type,), repeated=attr.repeat is not None)
        scalar = BYTES if attr.width is None and attr.bits is None else TRUTH if attr.bits == 1 else NUMBER
        return replace(scalar, repeated=attr.repeat is not None, enum=attr.enum)

    def shape(self, expr: Expr, path: str) -> Shape:
        """What an expression is; raises `CodegenError` when it is nothing."""
        return replace(self._shape(expr, path, frozenset()), enum=None)

    def _shape(self, expr: Expr, path: str, seen: frozenset[str]) -> Shape:
        def want(node: Expr, *wanted: Shape) -> Shape:
            found = self._shape(node, path, seen)
            if replace(found, enum=None) not in wanted:
                raise CodegenError(path, f"expected {' or '.join(map(str, wanted))}, found {found}")
            return found

        match expr:
            case Literal(value):
                return TRUTH if isinstance(value, bool) else NUMBER
            case Name("_") if self.value_shape is not None:
                return self.value_shape
            case Name("_root"):
                return Shape(owners=(self.spec.root.id,))
            case Name("_parent"):
                return self._parents(path)
            case Name("_index") if self._is_repeated():
                return NUMBER
            case Name(name):
                return self._name_shape(name, path, seen)
            case Member(Name("_io"), name):
                if name != "size" or not self.is_root:
                    raise CodegenError(path, "only the size of the whole file is known of `_io`")
                if self.names.len_file is None:
                    raise CodegenError(path, "the size of the file is not known while it is built")
                return NUMBER
            case Member(Name("_root"), name):
                return replace(self, owner=self.spec.root)._name_shape(name, path, seen)  # noqa: SLF001 - the same class
            case Member(of, name):
                return self._member(self._shape(of, path, seen), name, path)
            case Index(of, at):
                want(at, NUMBER)
                found = self._shape(of, path, seen)
                if not found.repeated:
                    raise CodegenError(path, f"expected a list before [, found {found}")
                return replace(found, repeated=False)
            case Not(of):
                return want(of, TRUTH)
            case Binary("and" | "or", left, right):
                want(left, TRUTH)
                return want(right, TRUTH)
            case Binary("<" | "<=" | ">" | ">=" | "==" | "!=", left, right):
                want(right, want(left, NUMBER, BYTES, TRUTH))
                return TRUTH
            case Binary(op, left, right):
                want(left, NUMBER)
                want(right, NUMBER)
                if op in ("//", "%") and not self.constant(right, path):
                    raise CodegenError(path, "expected a constant that is not zero as the divisor")
                return NUMBER
            case Ternary(test, yes, no):
                want(test, TRUTH)
                return want(no, want(yes, NUMBER, BYTES, TRUTH))
            case Call("align", (value, grid)):
                want(value, NUMBER)
                if not self.constant(grid, path):
                    raise CodegenError(path, "expected a constant that is not zero as the grid")
                return NUMBER
            case Call("max_of", (items, each)):
                inner = self._each(items, path, seen)
                return inner._shape_number(each, path, seen)  # noqa: SLF001 - the same class
            case Call(_, (code, dims)):
                want(dims, replace(NUMBER, repeated=True))
                self._geometry(code, path)
                return want(code, NUMBER)
        raise CodegenError(path, f"{expr!r} is unknown here")

    def _shape_number(self, expr: Expr, path: str, seen: frozenset[str]) -> Shape:
        found = self._shape(expr, path, seen)
        if found != NUMBER:
            raise CodegenError(path, f"expected a number, found {found}")
        return found

    def _each(self, items: Expr, path: str, seen: frozenset[str]) -> Scope:
        """The scope of the second value of `max_of`, where `_` is one of the items."""
        found = self._shape(items, path, seen)
        if not found.repeated:
            raise CodegenError(path, f"expected a list, found {found}")
        return replace(self, value="_", value_shape=replace(found, repeated=False))

    def _geometry(self, code: Expr, path: str) -> Enum:
        """The enum of the first value of `nbytes`, which says how many bytes an element takes."""
        enum = self.spec.enums.get(self._shape(code, path, frozenset()).enum or "")
        if enum is None or not enum.has_geometry:
            raise CodegenError(path, "expected a field of an enum with -block-elems as the first value of nbytes")
        if self.names.len_file is not None:
            raise CodegenError(path, "nbytes stands under -build only")
        return enum

    def _users(self) -> list[tuple[Type, Attr]]:
        """The fields and sections that are of the owner's type, each with the type it stands in."""
        return [
            (outer, attr)
            for outer in self.spec.owners
            for attr in (*outer.seq, *outer.instances.values())
            if attr.user_type == self.owner.id and not self.is_root
        ]

    def _is_repeated(self) -> bool:
        users = self._users()
        return bool(users) and all(attr.repeat is not None for _, attr in users)

    def _parents(self, path: str) -> Shape:
        parents = tuple(dict.fromkeys(outer.id for outer, _ in self._users()))
        if not parents:
            raise CodegenError(path, f"{self.owner.id} has no parent")
        return Shape(owners=parents)

    def _member(self, of: Shape, name: str, path: str) -> Shape:
        if not of.owners or of.repeated:
            raise CodegenError(path, f"expected an object before .{name}, found {of}")
        shapes = set()
        for owner in (self.spec.types.get(owner_id, self.spec.root) for owner_id in of.owners):
            attr = (
                self.spec.section(name) if owner is self.spec.root and name in self.spec.layout else owner.field(name)
            )
            if attr is None:
                raise CodegenError(path, f"{name!r} is no field of {owner.id}")
            if attr.bits is not None:
                raise CodegenError(path, f"{name!r} is a bit: bits cannot be used in an expression")
            shapes.add(self.attr_shape(attr))
        if len(shapes) > 1:
            raise CodegenError(path, f"{name!r} is not the same in every type that this may be")
        return shapes.pop()

    def _name_shape(self, name: str, path: str, seen: frozenset[str]) -> Shape:
        attr = self.owner.field(name) or self.owner.instances.get(name) or self.owner.params.get(name)
        if attr is None:
            raise CodegenError(path, f"{name!r} is no field of {self.owner.id}")
        if attr.kind == "kaitai-only":
            raise CodegenError(path, f"{name!r} cannot be used here: it exists for Kaitai alone")
        if attr.value is not None:
            place = f"{self.owner.path}.{name}"
            if place in seen:
                raise CodegenError(attr.path, f"{name!r} is defined by itself")
            return self._shape(attr.value, path, seen | {place})
        if attr.bits is not None:
            raise CodegenError(path, f"{name!r} is a bit: bits cannot be used in an expression")
        return self.attr_shape(attr)

    def _resolve(self, node: Expr, path: str) -> str | None:
        match node:
            case Name("_"):
                return self.value
            case Name("_root"):
                return self.names.root
            case Name("_parent"):
                return self.names.parent
            case Name("_index"):
                return self.names.index
            case Name(name):
                return self._name(name, self.names.this, path)
            case Member(Name("_io"), "size"):
                return self.names.len_file
            case Member(Name("_root"), name):
                outer = replace(self, owner=self.spec.root, names=replace(self.names, this=self.names.root))
                return outer._name(name, self.names.root, path)  # noqa: SLF001 - the same class
            case Call("max_of", (items, each)):
                inner = self._each(items, path, frozenset())
                text = inner._python(each, path)  # noqa: SLF001 - the same class
                return f"max(({text} for _ in {self._python(items, path)}), default=0)"
            case Call("nbytes", (code, dims)):
                table = f"{self._geometry(code, path).id.upper()}_FACTS"
                return f"first_nbytes({table}, {self._python(code, path)}, {self._python(dims, path)})"
        return None

    def _name(self, name: str, prefix: str | None, path: str) -> str:
        attr = None if self.owner.field(name) else self.owner.instances.get(name) or self.owner.params.get(name)
        if attr is None or attr.value is None:
            return f"_{name}" if prefix is None else f"{prefix}.{name}"
        if self.is_root and is_function(self.spec, attr):
            return f"{attr.id}({prefix})"
        text = self._python(attr.value, path)
        atom = isinstance(attr.value, Literal | Name | Member | Index) or text.startswith("max(")
        return text if atom else f"({text})"


def is_function(spec: Spec, attr: Attr) -> bool:
    """Whether a value instance of the root is computed from the file, and so becomes a function."""
    if attr.value is None or attr.value == Member(Name("_io"), "size"):
        return False
    return Scope(spec, spec.root, RECORDS).constant(attr.value, attr.path) is None
