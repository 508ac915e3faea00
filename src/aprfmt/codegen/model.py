"""The specification as the emitters see it: frozen values, every one with the path of its place in the ksy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from .errors import CodegenError
from .expr import Expr

__all__ = ["Attr", "Check", "Checksum", "Enum", "EnumEntry", "Kind", "Profile", "Rule", "Spec", "Type"]

Kind = Literal["integer", "bits", "contents", "type", "bytes", "value", "kaitai-only"]


@dataclass(frozen=True, slots=True)
class Check:
    """One statement about one field: `kinds` maps eq, min, max … to an expression or a truth value.

    `refuses`: it stands under `valid` or `contents`, where generated parsers refuse what breaks it.
    """

    rule: str
    kinds: Mapping[str, Expr | bool]
    path: str
    refuses: bool
    expected: str | None = None


@dataclass(frozen=True, slots=True)
class Checksum:
    """What a checksum field covers: `header` (its own type without itself) or `all-before`."""

    algorithm: str
    covers: str
    rule: str


@dataclass(frozen=True, slots=True)
class Attr:
    """A field of a `seq`, an instance or a parameter; `kind` says which of the other attributes tell its bytes."""

    id: str
    path: str
    doc: str
    kind: Kind
    orig_id: str | None = None
    width: int | None = None  # bytes of an unsigned integer
    bits: int | None = None
    contents: bytes | None = None
    user_type: str | None = None
    arguments: tuple[Expr, ...] = ()  # what the type's parameters are given
    size: Expr | None = None
    size_eos: bool = False
    enum: str | None = None
    repeat: Expr | None = None
    when: Expr | None = None
    pos: Expr | None = None
    value: Expr | None = None
    optional: str | None = None
    checks: tuple[Check, ...] = ()
    default: int | bool | None = None
    count_of: str | None = None
    size_of: str | None = None
    offset_of: str | None = None
    build: Expr | None = None
    fill_align: int | None = None
    fill: bool = False
    checksum: Checksum | None = None
    unique_sorted: str | None = None
    lookalikes: tuple[tuple[bytes, str], ...] = ()
    is_text: bool = False  # bytes that are read as text, whatever they hold


@dataclass(frozen=True, slots=True)
class Type:
    """A user-defined type: its fields in order, the values it offers, the parameters it takes."""

    id: str
    path: str
    doc: str
    seq: tuple[Attr, ...]
    instances: Mapping[str, Attr]
    params: Mapping[str, Attr] = field(default_factory=dict)
    standalone: str | None = None

    @property
    def is_bits(self) -> bool:
        """Whether every field counts bits."""
        return bool(self.seq) and all(attr.bits is not None for attr in self.seq)

    def field(self, name: str) -> Attr | None:
        """The field of the sequence that is called `name`."""
        return next((attr for attr in self.seq if attr.id == name), None)


@dataclass(frozen=True, slots=True)
class EnumEntry:
    """One member of an enum; the dash keys of the ksy without their dash."""

    code: int
    id: str
    path: str
    doc: str
    keys: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Enum:
    """An enum with its members in the order of the ksy."""

    id: str
    path: str
    entries: tuple[EnumEntry, ...]

    @property
    def has_geometry(self) -> bool:
        """Whether the members are element types, with a size in bytes for so many elements."""
        return any("block-elems" in entry.keys for entry in self.entries)


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that can be wrong with a file. `profiles` maps the profiles that it names to its severity in them."""

    id: str
    path: str
    name: str
    defect: str
    severity: str
    layer: str
    profiles: Mapping[str, str]
    fatal: bool
    reads_data: bool
    needs: tuple[str, ...]
    why: str
    repair: str
    example: str


@dataclass(frozen=True, slots=True)
class Profile:
    """What a file can be judged for. A `listed` one holds only the rules that name it, every other one all rules."""

    id: str
    path: str
    doc: str
    listed: bool


@dataclass(frozen=True, slots=True)
class Spec:
    """The whole specification. `layout` lists the ids of the sections in file order."""

    id: str
    title: str
    doc: str
    root: Type
    types: Mapping[str, Type]
    enums: Mapping[str, Enum]
    layout: tuple[str, ...]
    records: Mapping[str, str]
    rules: Mapping[str, Rule] = field(default_factory=dict)
    profiles: Mapping[str, Profile] = field(default_factory=dict)
    extension: str | None = None  # of the names of files, without a dot
    licence: str | None = None

    @property
    def owners(self) -> tuple[Type, ...]:
        """The root and every type, in the order of the ksy."""
        return (self.root, *self.types.values())

    @property
    def attrs(self) -> tuple[Attr, ...]:
        """Every field and instance, in the order of the ksy."""
        return tuple(attr for owner in self.owners for attr in (*owner.seq, *owner.instances.values()))

    def severities(self, profile: str) -> dict[str, str]:
        """The rules that a profile holds, in the order of the ksy, each with its severity there."""
        listed = self.profiles[profile].listed
        return {
            rule.id: rule.profiles.get(profile, rule.severity)
            for rule in self.rules.values()
            if not listed or profile in rule.profiles
        }

    def section(self, name: str) -> Attr:
        """The part of the file that `layout` calls `name`."""
        found = self.root.field(name) or self.root.instances.get(name)
        if found is None:
            raise CodegenError("/-layout", f"no field or instance is called {name!r}")
        return found

    def sections_of(self, owner: Type) -> tuple[str, ...]:
        """The sections that are of a type."""
        return tuple(name for name in self.layout if self.section(name).user_type == owner.id)
