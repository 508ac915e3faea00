"""Coverage of the specification: which rules cases broke, on which sides of its statements files were, which fields
took more than one value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple
from zlib import crc32

from ..layout import facts
from ..vectors.derive.claims import bound_of
from .model.judge import Model, Side, key_of

__all__ = ["Coverage", "Covered", "every_field", "every_side"]

_ASKED = frozenset({"eq", "ne", "min", "max", "multiple-of", "zero", "contents", "in-enum", "sorted", "checksum"})
_NAMES = {True: "holds", False: "broken"}


class Covered(NamedTuple):
    """How much of a list was reached, and what was not."""

    reached: int
    of: int
    missing: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """As an object."""
        return {"covered": self.reached, "of": self.of, "missing": list(self.missing)}


@dataclass(slots=True)
class Coverage:
    """What cases have reached. Two of them can be made one, in any order."""

    rules: Counter[str] = field(default_factory=Counter)
    """How many cases broke each rule, in the eyes of the validator."""
    drawn: Counter[str] = field(default_factory=Counter)
    """The same of the cases that were drawn, without those of the boundary phase."""
    sides: set[Side] = field(default_factory=set)
    fields: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """Up to two different values of each field, as numbers."""

    def see(self, rules: Iterable[str], model: Model, *, drawn: bool) -> None:
        """Count a case."""
        found = set(rules)
        self.rules.update(found)
        if drawn:
            self.drawn.update(found)
        self.sides |= model.sides
        for path, value in model.values:
            self._add(path, value if isinstance(value, int) else crc32(repr(value).encode()))

    def _add(self, path: str, number: int) -> None:
        known = self.fields.get(path, ())
        if len(known) < 2 and number not in known:
            self.fields[path] = (*known, number)

    def add(self, other: Coverage) -> None:
        """Take in what others have reached."""
        self.rules.update(other.rules)
        self.drawn.update(other.drawn)
        self.sides |= other.sides
        for path, values in other.fields.items():
            for value in values:
                self._add(path, value)

    def of_rules(self, *, drawn: bool = False) -> Covered:
        """The rules that a case broke, of all rules."""
        seen = self.drawn if drawn else self.rules
        return _covered(facts.RULES, {rule for rule in facts.RULES if seen[rule]})

    def of_sides(self) -> Covered:
        """The sides of statements that a file was on, of all on which one can be."""
        names = {side: f"{side[0]} {_NAMES[side[1]]}" for side in every_side()}
        return _covered(names.values(), {name for side, name in names.items() if side in self.sides})

    def of_fields(self) -> Covered:
        """The fields that took more than one value, of all fields."""
        return _covered(every_field(), {path for path, values in self.fields.items() if len(values) > 1})

    def as_json(self) -> dict[str, Any]:
        """The three of them as an object, and the rules that drawn cases alone broke."""
        return {
            "rules": self.of_rules().as_json(),
            "rules_drawn": self.of_rules(drawn=True).as_json(),
            "statements": self.of_sides().as_json(),
            "fields": self.of_fields().as_json(),
        }


def _covered(all_of_them: Iterable[str], reached: set[str]) -> Covered:
    names = tuple(all_of_them)
    missing = tuple(name for name in names if name not in reached)
    return Covered(len(names) - len(missing), len(names), missing)


@cache
def every_side() -> tuple[Side, ...]:
    """Every statement that files can be held against, once as one that holds and once as one that is broken."""
    found: list[Side] = []
    for item in facts.STATEMENTS:
        if item.kind in _ASKED or item.kind in ("present", "absent"):
            is_total = item.kind == "min" and bound_of(item) == 0  # no unsigned integer is less
            found += [(key_of(item), True), *([] if is_total else [(key_of(item), False)])]
    return tuple(dict.fromkeys(found))


@cache
def every_field() -> tuple[str, ...]:
    """Every field that has a value of its own, by its path in the specification."""
    found = [f"header.{name}" for name in facts.FIELDS["header"] if name != "flags"]
    found += [f"flags.{name}" for name in facts.FIELDS["flags"]]
    found += [f"tensor_index_entry.{name}" for name in facts.FIELDS["tensor_index_entry"]]
    return (*found, "footer.checksum", "metadata", "tensor_data")
