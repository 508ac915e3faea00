"""What one part of a specification must agree on with another, so that the emitters can translate it faithfully."""

from __future__ import annotations

import builtins
import re

from .errors import CodegenError
from .expr import Expr
from .extent import fixed_size, min_size, type_size
from .model import Attr, Spec, Type
from .rules import verify_rules
from .scope import BUILD, CONSTRUCT, NUMBER, RECORDS, TRUTH, Names, Scope, Shape
from .sections import resolve_target, verify_layout, verify_sections

__all__ = ["verify"]

_RECORD_NAME = re.compile(r"[A-Z][A-Za-z0-9]*")
_TAKEN_TYPES = {*dir(builtins), "align_up", "between", "first_nbytes", "inside", "offset_of", "show", "this", "value"}
"""Names that the generated modules use themselves."""
_TAKEN_FIELDS = {*dir(dict), "move_to_end", "search", "search_all"}
"""Names that are methods of the trees that Construct makes."""


def verify(spec: Spec) -> None:
    """Raise `CodegenError` for the first thing that does not agree with the rest."""
    _names(spec)
    _records(spec)
    verify_rules(spec)
    for owner in spec.owners:
        for attr in (*owner.seq, *owner.instances.values()):
            _references(spec, attr)
    for owner in spec.types.values():
        _refuse_recursion(spec, owner, (owner.id,))
    for owner in spec.owners:
        _expressions(spec, owner)
    verify_layout(spec)
    for owner in spec.types.values():
        type_size(spec, owner)
        for attr in owner.seq:
            _field(spec, owner, attr)
        _inside_a_type(spec, owner)
    verify_sections(spec)
    for name in spec.layout:
        _field(spec, spec.root, spec.section(name))


def _names(spec: Spec) -> None:
    for place, names in (("/types", spec.types), ("/enums", spec.enums)):
        for name in names:
            if name in _TAKEN_TYPES or name == spec.id:
                raise CodegenError(f"{place}/{name}", "the generated modules use this name themselves")
    for name in spec.types:
        if name in spec.enums:
            raise CodegenError(f"/enums/{name}", "a type is called the same")
    for owner in spec.owners:
        for attr in (*owner.seq, *owner.instances.values()):
            if attr.id in _TAKEN_FIELDS:
                raise CodegenError(f"{attr.path}/id", f"{attr.id!r} is a method of the trees that are built")


def _records(spec: Spec) -> None:
    names: set[str] = set()
    for key, name in spec.records.items():
        path = f"/-records/{key}"
        if key not in spec.types and key not in spec.enums:
            raise CodegenError(path, "no type or enum is called so")
        if not _RECORD_NAME.fullmatch(name) or name in names:
            raise CodegenError(path, f"expected a capitalised name of its own, found {name!r}")
        names.add(name)
    for owner in spec.types.values():
        for attr in owner.seq if owner.id in spec.records else ():
            if attr.user_type is None or attr.user_type not in spec.types:
                continue
            if attr.user_type not in spec.records:
                raise CodegenError(f"{attr.path}/type", f"{attr.user_type!r} has no name under -records")
            if attr.repeat is not None:
                raise CodegenError(f"{attr.path}/repeat", "a record holds no list of records")


def _references(spec: Spec, attr: Attr) -> None:
    if attr.user_type is not None:
        inner = spec.types.get(attr.user_type)
        if inner is None:
            raise CodegenError(f"{attr.path}/type", f"no type is called {attr.user_type!r}")
        if len(attr.arguments) != len(inner.params):
            wanted, found = len(inner.params), len(attr.arguments)
            raise CodegenError(f"{attr.path}/type", f"{inner.id} takes {wanted} parameters, found {found}")
        if inner.standalone is not None:
            raise CodegenError(f"{attr.path}/type", f"{inner.id} stands alone, and is no part of the file")
    if attr.enum is not None:
        enum = spec.enums.get(attr.enum)
        if enum is None:
            raise CodegenError(f"{attr.path}/enum", f"no enum is called {attr.enum!r}")
        for entry in enum.entries:
            if entry.code >= 256 ** (attr.width or 0):
                raise CodegenError(f"{attr.path}/enum", f"{entry.code} ({entry.path}) does not fit into the field")
    for check in attr.checks:
        if "in-enum" in check.kinds and attr.enum is None:
            raise CodegenError(f"{check.path}/in-enum", "goes with an enum")


def _refuse_recursion(spec: Spec, owner: Type, trail: tuple[str, ...]) -> None:
    for attr in owner.seq:
        if attr.user_type in trail:
            raise CodegenError(f"{attr.path}/type", f"{attr.user_type} would contain itself")
        if attr.user_type is not None:
            _refuse_recursion(spec, spec.types[attr.user_type], (*trail, attr.user_type))


def _expressions(spec: Spec, owner: Type) -> None:
    """Every expression means something, whether or not something is emitted for it."""

    def check(expr: Expr | None, path: str, names: Names, wanted: Shape, value: Shape | None = None) -> None:
        if expr is not None:
            Scope(spec, owner, names, value_shape=value).python(expr, path, wanted)

    for attr in (*owner.instances.values(), *owner.params.values()):
        if attr.value is not None:
            check(attr.value, f"{attr.path}/value", CONSTRUCT, NUMBER)
    for attr in (*owner.seq, *owner.instances.values()):
        check(attr.size, f"{attr.path}/size", CONSTRUCT, NUMBER)
        check(attr.repeat, f"{attr.path}/repeat-expr", CONSTRUCT, NUMBER)
        check(attr.pos, f"{attr.path}/pos", CONSTRUCT, NUMBER)
        check(attr.when, f"{attr.path}/if", CONSTRUCT, TRUTH)
        check(attr.build, f"{attr.path}/-build", BUILD, NUMBER)
        shape = Scope(spec, owner, RECORDS).attr_shape(attr)
        for item in attr.checks:
            for kind, bound in item.kinds.items():
                if not isinstance(bound, bool):
                    wanted = TRUTH if kind == "expr" or (kind == "eq" and shape == TRUTH) else NUMBER
                    under_test = shape if kind == "expr" else None
                    check(bound, f"{item.path}/{kind}", RECORDS, wanted, under_test)


def _field(spec: Spec, owner: Type, attr: Attr) -> None:
    """What holds for one field wherever it stands."""
    fixed = fixed_size(spec, owner, attr)
    if attr.default is not None:
        limit = 2**attr.bits if attr.bits is not None else 256 ** (attr.width or 0)
        if int(attr.default) >= limit:
            raise CodegenError(f"{attr.path}/-default", f"{attr.default} does not fit into the field")
        if isinstance(attr.default, bool) and attr.bits != 1:
            raise CodegenError(f"{attr.path}/-default", "a truth value goes with a single bit")
    if attr.fill and (fixed is None) == (attr.fill_align is None):
        message = "goes with a size that the specification does not fix" if fixed is not None else "expected: how far?"
        raise CodegenError(f"{attr.path}/-fill/align", message)
    if attr.count_of is not None and resolve_target(spec, owner, attr, attr.count_of, "-count-of").repeat is None:
        raise CodegenError(f"{attr.path}/-count-of", f"{attr.count_of!r} is not repeated")
    if attr.size_of is not None:
        target = resolve_target(spec, owner, attr, attr.size_of, "-size-of")
        if target.kind != "bytes" or target.fill:
            raise CodegenError(f"{attr.path}/-size-of", f"{attr.size_of!r} is not bytes that are always given")
    if attr.offset_of is not None and attr.offset_of not in spec.layout:
        raise CodegenError(f"{attr.path}/-offset-of", f"{attr.offset_of!r} is no section")
    for at, (lookalike, _) in enumerate(attr.lookalikes):
        if len(lookalike) != len(attr.contents or b"") or lookalike == attr.contents:
            raise CodegenError(f"{attr.path}/-lookalikes/{at}/bytes", "expected other bytes in the same place")
    if attr.unique_sorted is not None:
        element = spec.types.get(attr.user_type or "")
        key = None if element is None else element.field(attr.unique_sorted)
        if key is None or key.kind != "bytes":
            raise CodegenError(f"{attr.path}/-unique-sorted", f"{attr.unique_sorted!r} is no field of bytes")


def _inside_a_type(spec: Spec, owner: Type) -> None:
    """What holds for the fields of a type, which lie one behind the other."""
    for attr in owner.instances.values():
        if attr.pos is not None and attr.kind != "kaitai-only":
            raise CodegenError(f"{attr.path}/pos", "`pos` is known at the top level only")
    for at, attr in enumerate(owner.seq):
        if attr.when is not None:
            raise CodegenError(f"{attr.path}/if", "`if` is known at the top level only")
        if attr.size_eos and at + 1 < len(owner.seq):
            raise CodegenError(f"{attr.path}/size-eos", "takes everything, so nothing can stand behind it")
        if attr.checksum is not None and (attr.width != 4 or len(spec.sections_of(owner)) != 1):
            raise CodegenError(f"{attr.path}/-checksum", "goes with a u4 of a type that is one section")
        if attr.user_type is None:
            continue
        inner = spec.types[attr.user_type]
        if inner.seq and inner.seq[-1].size_eos:
            raise CodegenError(f"{attr.path}/type", f"{inner.id} reads up to the end: it can be a section only")
        if attr.size is not None and fixed_size(spec, owner, attr) != type_size(spec, inner):
            raise CodegenError(f"{attr.path}/size", f"expected the size of {inner.id}, {type_size(spec, inner)}")
        if attr.size is not None and type_size(spec, inner) is None:
            raise CodegenError(f"{attr.path}/size", f"{inner.id} has no fixed size: it can have one in a section only")
        if attr.repeat is not None and min_size(spec, inner) == 0:
            raise CodegenError(f"{attr.path}/repeat", f"{inner.id} may be empty, so a count could ask for anything")
