"""The rule model: a second judge, which shares neither readers nor checks with the first one.

What the specification says as data is evaluated here as data: the layout of records from `facts.FIELDS`, every
statement of `facts.STATEMENTS` on what was read so. What relates fields is said again in `relations`. The validator of
this package reads with a generated codec and checks with generated functions; a rule that one of the two gets wrong is
seen where they differ.

Rules of this file:
1. Nothing of `rules`, `container`, `metadata`, `jsontext` or the codec is used.
2. Of a rule that cannot be decided nothing is claimed. Of those that are errors by default, that is only APR-L001.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...layout import facts
from ...layout.model import Statement
from .records import ModelFile
from .relations import TOLD

__all__ = ["Model", "Side", "key_of", "model_of"]

_UNDECIDED = frozenset({"APR-L001", "APR-M009", "APR-P003", "APR-S006", "APR-I009", "APR-I012", "APR-D006", "APR-D007"})
"""Rules that the model does not decide: limits, and what is no error and takes as long to say as the first time."""

Side = tuple[str, bool]
"""A statement by its key, and whether it holds."""


@dataclass(slots=True)
class Model:
    """What follows for one file: the rules that are broken, those that nothing is claimed of, and on which sides of the
    statements that were evaluated it is. `values` are the fields that were read, by their path in the specification."""

    broken: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    sides: set[Side] = field(default_factory=set)
    values: tuple[tuple[str, Any], ...] = ()

    @property
    def errors(self) -> set[str]:
        """The broken rules that every careful reader refuses."""
        return {rule for rule in self.broken if facts.RULES[rule].severity == "error"}


def model_of(raw: bytes) -> Model:
    """What the specification, evaluated as data, says of a file."""
    return _Judge(ModelFile(raw)).model()


def key_of(item: Statement) -> str:
    """A name for a statement; those that forbid one value each have it in their name."""
    forbidden = f" {item.bound(None, None, None, 0)}" if item.kind == "ne" and item.bound is not None else ""
    return f"{item.path} {item.kind}{forbidden}"


class _Judge:
    """Asks every rule about one file, each behind those that it needs."""

    def __init__(self, file: ModelFile) -> None:
        self._file = file
        self._found = Model(sides=file.sides)
        self._holds: dict[str, bool | None] = {}

    def model(self) -> Model:
        """Ask all of them."""
        for rule in facts.RULE_ORDER:
            self._judged(rule)
        file = self._file
        if file.whole_index:  # the rule about it is not decided here, but the statement is one to be covered
            start = file.ends[-1] if file.ends else file.head.ofs_tensor_index
            file.zero("tensor_index.padding", start, file.head.ofs_data)
        self._found.values = tuple(file.fields())
        return self._found

    def _judged(self, rule: str) -> bool | None:
        """Whether a rule holds, and all that it needs; None when that cannot be said."""
        if rule not in self._holds:
            needs = [self._judged(need) for need in facts.RULES[rule].needs]
            broken: bool | None = None
            if all(needs):
                broken = None if rule in _UNDECIDED else self._is_broken(rule)
            if broken is None and False not in needs:
                self._found.unknown.add(rule)
            elif broken:
                self._found.broken.add(rule)
            self._holds[rule] = False if False in needs else None if broken is None else not broken
        return self._holds[rule]

    def _is_broken(self, rule: str) -> bool | None:
        stated = self._statements(rule)
        told = TOLD.get(rule)
        related = told(self._file) if told is not None else False
        return None if related is None else related or stated

    def _statements(self, rule: str) -> bool:
        """Whether a statement of the rule does not hold; every one of them is evaluated, for the coverage."""
        broken = False
        for item in facts.STATEMENTS:
            if item.rule == rule:
                for holds in self._evaluated(item):
                    self._found.sides.add((key_of(item), holds))
                    broken |= not holds
        return broken

    def _evaluated(self, item: Statement) -> Iterator[bool]:
        file = self._file
        if item.owner == "tensor_index_entry":
            for number, entry in enumerate(file.entries):
                yield from self._about(item, entry, file.root.tensor_index, number)
        elif item.owner == "header" and file.header is not None:
            yield from self._about(item, file.header, file.root, 0)
        elif item.owner == "flags" and file.header is not None:
            yield from self._about(item, file.header.flags, file.header, 0)

    def _about(self, item: Statement, this: Any, parent: Any, number: int) -> Iterator[bool]:
        value = getattr(this, item.field)
        if item.kind == "sorted":
            if number:
                yield bool(parent.entries[number - 1].name < value)
            return
        holds = _HOLDS.get(item.kind)
        if holds is not None:
            yield holds(value, 0 if item.bound is None else item.bound(this, self._file.root, parent, number))


_HOLDS: Mapping[str, Callable[[Any, int], bool]] = {
    "eq": lambda value, bound: value == bound,
    "ne": lambda value, bound: value != bound,
    "min": lambda value, bound: value >= bound,
    "max": lambda value, bound: value <= bound,
    "multiple-of": lambda value, bound: value % bound == 0,
    "zero": lambda value, _: not any(value),
    "contents": lambda value, _: value == facts.MAGIC,
    "in-enum": lambda value, _: value in facts.DTYPE_CODES,
}
