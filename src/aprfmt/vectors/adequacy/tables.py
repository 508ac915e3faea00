"""Mutants of what rules look up: an entry of a table dropped, a fact of an entry changed, a choice of an expression
dropped."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from functools import cache
from typing import Any, NamedTuple

from ...layout._generated.metadata_schema import MetadataKey
from ...layout.model import BlockFacts
from .functions import NOTHING, Place, deciding_functions, place_of, resolved

__all__ = ["TableChange", "table_changes"]

_DESCRIBES = {"LAYOUT": "names the sections, of which a run asks for those that it needs"}
"""Tables that decide nothing, each with what it is for."""


class TableChange(NamedTuple):
    """A table, by the name that the first function has for it, and what it is to be."""

    operator: str
    where: str
    words: str
    rules: tuple[str, ...]
    before: object
    after: object
    places: tuple[Place, ...]


class _Table(NamedTuple):
    where: str
    value: Any
    rules: tuple[str, ...]
    places: tuple[Place, ...]


@cache
def _tables() -> tuple[_Table, ...]:
    """The tables and expressions that deciding functions use, with the rules of all these functions."""
    found: dict[int, _Table] = {}
    for function, rules in deciding_functions().values():
        for site in function.mutable_sites:
            value = resolved(site.node, function) if isinstance(site.node, ast.expr) else NOTHING
            if isinstance(value, tuple | frozenset | dict | re.Pattern) and site.field != "func":
                name = ast.unparse(site.node).rpartition(".")[2]
                home = "facts" if isinstance(site.node, ast.Attribute) else place_of(function.module)
                if name not in _DESCRIBES:
                    before = found.get(id(value), _Table(f"{home}.{name}", value, (), ()))
                    found[id(value)] = before._replace(
                        rules=tuple(dict.fromkeys((*before.rules, *rules))),
                        places=(*before.places, *function.places(site)),
                    )
    return tuple(found.values())


@cache
def _attributes() -> frozenset[str]:
    """The attributes that deciding functions read."""
    nodes = (site.node for function, _ in deciding_functions().values() for site in function.sites)
    return frozenset(node.attr for node in nodes if isinstance(node, ast.Attribute))


def table_changes() -> Iterator[TableChange]:
    """Every change of every table, in the order in which functions use them."""
    for where, value, rules, places in _tables():
        for operator, words, after in _changed(value, rules):
            yield TableChange(operator, where, words, rules, value, after, places)


def _changed(table: Any, rules: tuple[str, ...]) -> Iterator[tuple[str, str, Any]]:
    """What a table may be instead: without one entry, or with an entry that is different."""
    if isinstance(table, re.Pattern):
        for words, pattern in _narrower(table):
            yield "expression", words, pattern
        return
    if isinstance(table, frozenset):
        for item in sorted(table):
            yield "entry", f"without {item!r}", table - {item}
    elif isinstance(table, dict):
        for key, item in table.items():
            yield "entry", f"without {key!r}", {name: other for name, other in table.items() if name != key}
            for words, other in _other_facts(item):
                yield "fact", f"{key!r} with {words}", {**table, key: other}
    else:
        for at, item in enumerate(table):
            if hasattr(item, "rule") and item.rule not in rules:
                continue  # a statement of the specification that another function judges
            yield "entry", f"without {_name(item)}", (*table[:at], *table[at + 1 :])
            for words, other in _other_facts(item):
                yield "fact", f"{_name(item)} with {words}", (*table[:at], other, *table[at + 1 :])


def _name(item: Any) -> str:
    if is_dataclass(item):
        return str(getattr(item, "name", None) or getattr(item, "field", item))
    return str(item[-1]) if isinstance(item, tuple) else repr(item)


def _other_facts(item: Any) -> Iterator[tuple[str, Any]]:
    """An entry with one of the facts changed that rules read: a number by one, a truth, a name that is not there."""
    if not isinstance(item, BlockFacts | MetadataKey):
        return
    entry: Any = item
    for field in fields(item):
        value: Any = getattr(entry, field.name)
        if field.name in _attributes() and field.name not in ("name", "code", "id"):
            for words, other in _other_values(field.name, value, entry):
                yield words, replace(entry, **{field.name: other})


def _other_values(name: str, value: Any, entry: Any) -> Iterator[tuple[str, Any]]:
    if name == "row_padded" and entry.block_elems == 1:
        return  # its rows are whole blocks in any case
    if isinstance(value, bool):
        yield f"{name} {not value}", not value
    elif name == "canonical_code":
        other = entry.code if value != entry.code else value + 1
        yield f"{name} {other}", other
    elif name == "bits" and value is not None:
        yield f"{name} {value - 1}", value - 1  # a wider one is what `_is_of_kind` is changed for, at all keys together
    elif isinstance(value, int):
        yield from ((f"{name} {other}", other) for other in ((value - 1, value + 1) if value else (1,)))
    elif value in _OTHER_WORDS:
        yield f"{name} {_OTHER_WORDS[value]}", _OTHER_WORDS[value]
    elif name == "ggml_id" and entry.canonical_code == entry.code:
        yield (f"{name} None", None) if value else (f"{name} {entry.id}", entry.id)
    elif isinstance(value, tuple) and value and is_dataclass(value[0]):
        yield from ((f"{name} {words}", others) for _, words, others in _changed(value, ()))


_OTHER_WORDS = {"integer": "number", "number": "integer", "required": "skip"}
"""What a key of the metadata may be held for instead, by its kind or by what its absence means."""

_CHOICES = re.compile(rb"\[(\^?)((?:\\.|[^\]\\])+)\]")
_ITEM = re.compile(rb"(?:\\.|[^\\])(?:-(?:\\.|[^\\]))?", re.DOTALL)


def _narrower(pattern: re.Pattern[Any]) -> Iterator[tuple[str, re.Pattern[Any]]]:
    """The expression with one character, or one range, of one of its sets dropped."""
    text = pattern.pattern if isinstance(pattern.pattern, bytes) else pattern.pattern.encode()
    for choices in _CHOICES.finditer(text):
        if choices[1]:
            continue  # what is not in such a set ends a match: another set makes another grammar, not a weaker one
        for item in _ITEM.finditer(choices[2]):
            rest = choices[2][: item.start()] + choices[2][item.end() :]
            if not rest:
                continue
            new = text[: choices.start(2)] + rest + text[choices.end(2) :]
            other: Any = new if isinstance(pattern.pattern, bytes) else new.decode()
            words = f"{choices[0].decode()} without {item[0].decode()}"
            yield words, re.compile(other, pattern.flags & ~re.UNICODE if isinstance(other, bytes) else pattern.flags)
