"""How many bytes and bits fields and types take, as far as the specification fixes it."""

from __future__ import annotations

from dataclasses import dataclass

from .errors import CodegenError
from .model import Attr, Spec, Type
from .scope import RECORDS, Scope

__all__ = ["FixedPlace", "bit_fields", "fixed_places", "fixed_size", "min_size", "type_size"]


@dataclass(frozen=True, slots=True)
class FixedPlace:
    """A field whose place, counted from the start of the file, is the same in every file."""

    offset: int
    size: int
    owner: Type
    attr: Attr


def bit_fields(owner: Type) -> list[tuple[Attr, int]]:
    """The fields of a type of bits with the position of each one's least significant bit."""
    position = 0
    fields = []
    for attr in owner.seq:
        fields.append((attr, position))
        position += attr.bits or 0
    return fields


def fixed_size(spec: Spec, owner: Type, attr: Attr) -> int | None:
    """Size in bytes of a field of `owner` when the specification fixes it, else None."""
    if attr.repeat is not None or attr.size_eos:
        return None
    if attr.width is not None:
        return attr.width
    if attr.contents is not None:
        return len(attr.contents)
    if attr.size is not None:
        return Scope(spec, owner, RECORDS).constant(attr.size, f"{attr.path}/size")
    if attr.user_type is not None:
        return type_size(spec, spec.types[attr.user_type])
    return None


def type_size(spec: Spec, owner: Type) -> int | None:
    """Size in bytes of a type when every field has a fixed one, else None."""
    if owner.is_bits:
        total = sum(attr.bits or 0 for attr in owner.seq)
        if total % 8:
            raise CodegenError(f"{owner.path}/seq", f"expected whole bytes, found {total} bits")
        return total // 8
    sizes = [fixed_size(spec, owner, attr) for attr in owner.seq]
    return None if any(size is None for size in sizes) else sum(size or 0 for size in sizes)


def min_size(spec: Spec, owner: Type) -> int:
    """The fewest bytes a value of the type can take."""
    total = 0
    for attr in owner.seq:
        fixed = fixed_size(spec, owner, attr)
        if fixed is None and attr.user_type is not None and attr.repeat is None:
            fixed = min_size(spec, spec.types[attr.user_type])
        total += fixed or 0
    return type_size(spec, owner) or 0 if owner.is_bits else total


def fixed_places(spec: Spec) -> list[FixedPlace]:
    """The fields from the start of the file on, down to integers, bytes and sets of bits, while their size is fixed."""
    places: list[FixedPlace] = []

    def walk(owner: Type, at: int) -> int | None:
        for attr in owner.seq:
            size = fixed_size(spec, owner, attr)
            inner = spec.types.get(attr.user_type or "")
            if inner is not None and not inner.is_bits and attr.repeat is None:
                end = walk(inner, at)
                if end is None or size is None:
                    return None
            elif size is None:
                return None
            else:
                places.append(FixedPlace(at, size, owner, attr))
            at += size
        return at

    walk(spec.root, 0)
    return places
