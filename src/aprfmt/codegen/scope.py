"""What a name in an expression means: which object of the generated Python it is an attribute of."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .errors import CodegenError
from .expr import Expr, Index, Literal, Member, Name, to_python
from .ksy import Attr, Spec, Type

__all__ = [
    "CONSTRUCT",
    "RECORDS",
    "ROOT_RECORDS",
    "Names",
    "Scope",
    "bit_fields",
    "fixed_size",
    "is_function",
    "min_size",
    "type_size",
]


@dataclass(frozen=True, slots=True)
class Names:
    """How the generated code spells Kaitai's own names."""

    this: str
    root: str
    parent: str
    index: str
    len_file: str


CONSTRUCT = Names("this", "this._root", "this._", "this._index", "this._params.len_file")
RECORDS = Names("this", "root", "parent", "index", "root.len_file")
ROOT_RECORDS = Names("root", "root", "parent", "index", "root.len_file")


@dataclass(frozen=True, slots=True)
class Scope:
    """The names visible inside `owner`; value instances and parameters are replaced by what they stand for."""

    spec: Spec
    owner: Type
    names: Names

    @property
    def is_root(self) -> bool:
        """Whether the expression stands at the top level."""
        return self.owner is self.spec.root

    def python(self, expr: Expr, path: str) -> str:
        """Python source of `expr`; `path` names its place in an error."""
        return to_python(expr, lambda node: self._resolve(node, path))

    def constant(self, expr: Expr, path: str) -> int | None:
        """The value of an expression that is a literal, or a name that stands for one."""
        if isinstance(expr, Literal):
            return int(expr.value)
        if isinstance(expr, Name):
            attr = self.owner.instances.get(expr.id)
            return None if attr is None or attr.value is None else self.constant(attr.value, path)
        if isinstance(expr, Member) and expr.of == Name("_root"):
            return replace(self, owner=self.spec.root).constant(Name(expr.id), path)
        return None

    def _resolve(self, node: Expr, path: str) -> str | None:
        match node:
            case Name("_"):
                return "_"
            case Name("_root"):
                return self.names.root
            case Name("_parent"):
                return self.names.parent
            case Name("_index"):
                return self.names.index
            case Name(name):
                return self._name(name, self.names.this, path)
            case Member(Name("_io"), "size") if self.is_root:
                return self.names.len_file
            case Member(Name("_root"), name):
                outer = replace(self, owner=self.spec.root, names=replace(self.names, this=self.names.root))
                return outer._name(name, self.names.root, path)  # noqa: SLF001 - the same class
            case Member(Name("_io"), _):
                raise CodegenError(path, "only the size of the whole file is known of `_io`")
        return None

    def _name(self, name: str, prefix: str, path: str) -> str:
        if any(attr.id == name for attr in self.owner.seq):
            return f"{prefix}.{name}"
        attr = self.owner.instances.get(name) or self.owner.params.get(name)
        if attr is None:
            raise CodegenError(path, f"{name!r} is no field of {self.owner.id}")
        if attr.value is not None:
            if self.is_root and is_function(self.spec, attr):
                return f"{attr.id}({prefix})"
            return self._inline(attr.value, path)
        if attr.kaitai_only is not None or not self.is_root:
            raise CodegenError(path, f"{name!r} cannot be used here: the generator builds nothing from it")
        return f"{prefix}.{name}"

    def _inline(self, value: Expr, path: str) -> str:
        text = self.python(value, path)
        atom = isinstance(value, Literal | Name | Member | Index) or text.startswith("max(")
        return text if atom else f"({text})"


def is_function(spec: Spec, attr: Attr) -> bool:
    """Whether a value instance of the root is computed from the file, and so becomes a function."""
    if attr.value is None or attr.value == Member(Name("_io"), "size"):
        return False
    return Scope(spec, spec.root, RECORDS).constant(attr.value, attr.path) is None


def bit_fields(owner: Type) -> list[tuple[Attr, int]]:
    """The fields of a type of bits with the position of each one's least significant bit."""
    position = 0
    fields = []
    for attr in owner.seq:
        fields.append((attr, position))
        position += attr.bits or 0
    return fields


def fixed_size(spec: Spec, attr: Attr) -> int | None:
    """Size in bytes of a field when the specification fixes it, else None."""
    if attr.repeat is not None or attr.size_eos:
        return None
    if attr.width is not None:
        return attr.width
    if attr.contents is not None:
        return len(attr.contents)
    if attr.size is not None:
        return Scope(spec, spec.root, RECORDS).constant(attr.size, attr.path)
    if attr.user_type is not None:
        return type_size(spec, spec.types[attr.user_type])
    return None


def type_size(spec: Spec, owner: Type) -> int | None:
    """Size in bytes of a type when every field has a fixed one, else None."""
    if owner.is_bits:
        total = sum(attr.bits or 0 for attr in owner.seq)
        if total % 8:
            raise CodegenError(owner.path, f"expected whole bytes, found {total} bits")
        return total // 8
    sizes = [fixed_size(spec, attr) for attr in owner.seq]
    return None if any(size is None for size in sizes) else sum(size or 0 for size in sizes)


def min_size(spec: Spec, owner: Type) -> int:
    """The fewest bytes a value of the type can take."""
    return sum(fixed_size(spec, attr) or 0 for attr in owner.seq)
