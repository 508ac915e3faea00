"""The sections of the file and the names by which fields reach them: `-layout`, `-count-of`, `-size-of`."""

from __future__ import annotations

from .errors import CodegenError
from .extent import fixed_size, type_size
from .model import Attr, Spec, Type

__all__ = ["resolve_target", "target_python", "verify_layout", "verify_sections"]


def resolve_target(spec: Spec, owner: Type, attr: Attr, target: str, key: str) -> Attr:
    """The field that `target` names: one beside `attr`, or a path that begins with a section."""
    sibling = owner.field(target)
    if sibling is not None:
        return sibling
    first, *steps = target.split(".")
    if first not in spec.layout:
        raise CodegenError(f"{attr.path}/{key}", f"{target!r} is no field beside this one, and begins with no section")
    found = spec.section(first)
    for step in steps:
        inner = spec.types.get(found.user_type or "")
        field = None if inner is None or found.repeat is not None else inner.field(step)
        if field is None:
            raise CodegenError(f"{attr.path}/{key}", f"{target!r} leads nowhere: {found.id} has no field {step!r}")
        found = field
    return found


def target_python(owner: Type, target: str) -> str:
    """A target that `resolve_target` finds, as Python source in a struct."""
    return f"this.{target}" if owner.field(target) is not None else f"this._root.{target}"


def verify_layout(spec: Spec) -> None:
    """Every part of the file is placed, once, and is something that can be a section."""
    in_sequence = [attr.id for attr in spec.root.seq]
    if list(spec.layout[: len(in_sequence)]) != in_sequence:
        raise CodegenError("/-layout", f"the file begins with its sequence: expected {', '.join(in_sequence)} first")
    for at, name in enumerate(spec.layout):
        attr = spec.section(name)
        if name in spec.layout[:at]:
            raise CodegenError(f"/-layout/{at}", f"{name!r} is placed twice")
        if attr.kind not in ("bytes", "type"):
            raise CodegenError(f"/-layout/{at}", f"a section is bytes or a type, found {name!r} of kind {attr.kind}")
    for attr in spec.root.instances.values():
        if attr.pos is not None and attr.id not in spec.layout:
            raise CodegenError(attr.path, "-layout places every part of the file, but not this one")


def verify_sections(spec: Spec) -> None:
    """Every section has a place and a size that are known, and takes up all of its bytes."""
    for name in spec.layout:
        _section(spec, spec.section(name))


def _section(spec: Spec, attr: Attr) -> None:
    if attr.repeat is not None:
        raise CodegenError(f"{attr.path}/repeat", "a section is not repeated: put the list into a type")
    fixed = fixed_size(spec, spec.root, attr)
    if attr.kind == "bytes":
        if fixed is not None or attr.size is None:
            raise CodegenError(attr.path, "a section of bytes has a computed size: put fixed bytes into a type")
        if attr.pos is None:
            raise CodegenError(f"{attr.path}/size", "a section of the sequence needs a fixed size")
        return
    inner = spec.types[attr.user_type or ""]
    size = type_size(spec, inner)
    if attr.pos is None and (fixed is None or attr.when is not None):
        raise CodegenError(attr.path, "a section of the sequence needs a fixed size and no `if`")
    if size is not None and fixed != size:
        raise CodegenError(f"{attr.path}/size", f"expected the size of {inner.id}, {size}")
    if size is None and (attr.size is None or fixed is not None or not inner.seq[-1].size_eos):
        raise CodegenError(
            f"{attr.path}/size", f"expected a computed size, and {inner.id} to take up all of it by `size-eos`"
        )
