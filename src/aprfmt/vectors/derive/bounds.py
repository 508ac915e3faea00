"""Statements about numbers: the values right at a bound, one beside it, and those where integers of a machine end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import NamedTuple

from ...errors import RequestError
from ...layout import facts
from ...layout.model import Statement
from .bench import BASES, Bench, Reading, Recipe, value_of
from .claims import Claim, Mark, Try, bound_of, inside, outside, said
from .staging import staged

__all__ = ["bound_claims"]

_KINDS = ("eq", "min", "max", "multiple-of", "bit")
_WORD = 32
_WIDE = 2 * _WORD
"""Bits of the integers that languages have: what is read into fewer of them is cut, or becomes negative."""
_NEAREST = 8
"""How far from a bound that no valid file can reach the nearest one is looked for."""

_NOUNS = {
    "header.version_major": "The major version",
    "header.version_minor": "The minor version",
    "header.ofs_metadata": "The offset of the metadata",
    "header.len_metadata": "The size of the metadata",
    "header.ofs_tensor_index": "The offset of the tensor index",
    "header.ofs_data": "The offset of the data section",
    "flags.reserved": "The number in the undefined flag bits",
    "tensor_index_entry.len_name": "The size of a name",
    "tensor_index_entry.ndim": "The number of dimensions",
    "tensor_index_entry.ofs_tensor": "The offset of a tensor",
    "tensor_index_entry.len_tensor": "The size of a tensor",
}


class Aim(NamedTuple):
    """A value to reach: its name, what is special about it, the value that may reach it by the one that is there, and
    whether a value has reached it in its file."""

    label: str
    words: str
    target: Callable[[int, Reading], int]
    reached: Callable[[int, Reading], bool]


def bound_claims(bench: Bench) -> Iterator[Claim]:
    """Both sides of every bound of a number, field by field."""
    fields: dict[str, list[Statement]] = {}
    for statement in bench.of_kinds(*_KINDS):
        fields.setdefault(statement.path, []).append(statement)
    for statements in fields.values():
        for statement in statements:
            for chain in _aims(statement):
                yield Claim(statement.rule, partial(_tries, bench, statements, chain))
        for chain in _limits(statements):
            yield Claim(statements[0].rule, partial(_tries, bench, statements, chain))
    yield from _alone(bench)


def _alone(bench: Bench) -> Iterator[Claim]:
    """A flag that may not be set, and no other flag with it."""
    for item in bench.of_kinds("eq"):
        rule = item.rule or ""
        if item.owner == "flags" and facts.RULES[rule].severity == "error":
            names = [name for name, _, _ in facts.FLAGS_BITS]
            edits = tuple({"set": f"header.flags.{name}", "to": int(name == item.field)} for name in names)
            about = f"The flag {item.field} is set, and no other one."
            recipe = Recipe("two", edits=edits)
            yield Claim.of(rule, Try(f"{item.path}.alone", about, recipe, (rule,), (outside(item),), 1))


def _tries(bench: Bench, statements: Sequence[Statement], chain: Sequence[Aim]) -> Iterator[Try]:
    """Files that reach one of the aims: those of an aim before those of the next, bases as they are before others."""
    first = statements[0]
    for aim in chain:
        for base in BASES:
            for before in bench.readings(base, first.owner):
                if aim.reached(value_of(first, before), before):
                    yield _try(statements, aim, Recipe(base, entry=before.number), before)
        for base in BASES:
            for before in bench.readings(base, first.owner):
                value = aim.target(value_of(first, before), before)
                for recipe in staged(bench, first, base, value, before):
                    with suppress(RequestError):  # the value does not fit the field
                        after = bench.reading(bench.image(recipe), first.owner, recipe.entry)
                        if after is not None and aim.reached(value_of(first, after), after):
                            yield _try(statements, aim, recipe, after)


def _try(statements: Sequence[Statement], aim: Aim, recipe: Recipe, reading: Reading) -> Try:
    """A file in which a field has the value that was aimed at, and what each statement about the field says of it."""
    first = statements[0]
    value = value_of(first, reading)
    marks = tuple(_mark(item, value, reading) for item in statements)
    broken = tuple(dict.fromkeys(mark.rule for mark in marks if not mark.is_inside and mark.rule))
    about = f"{_noun(first)} is {_shown(first, value)}{aim.words}."
    return Try(f"{first.path}.{aim.label}", about, recipe, broken, marks, value)


def _mark(statement: Statement, value: int, reading: Reading) -> Mark:
    return inside(statement) if statement.kind == "bit" else said(statement, value, reading)


def _noun(statement: Statement) -> str:
    words = f"The flag {statement.field}" if statement.owner == "flags" else f"The field {statement.path}"
    return _NOUNS.get(statement.path, words)


def _shown(statement: Statement, value: int) -> str:
    if statement.bits == 1:
        return "set" if value else "clear"
    if (1 << _WIDE) - value < 1 << _WORD:
        return f"2^{_WIDE} - {(1 << _WIDE) - value}"
    return _power(value) or str(value)


def _power(value: int) -> str:
    """A number as a power of two, when it is one at which integers of some width end, or the last before one."""
    for bits in (_WORD - 1, _WORD, _WIDE - 1, _WIDE):
        if value in ((1 << bits) - 1, 1 << bits):
            return f"2^{bits}" if value >> bits else f"2^{bits} - 1"
    return ""


def _fixed(value: int, words: str = "", label: str = "") -> Aim:
    """One value, whatever the file."""
    label = label or _power(value).replace(" - ", "-minus-").replace("^", "-to-") or str(value)
    return Aim(label, words, lambda _found, _reading: value, lambda found, _: found == value)


def _relative(statement: Statement, offset: int, label: str, words: str) -> Aim:
    """So much more than a bound, which may move with the file."""
    bound = statement.bound
    assert bound is not None, statement  # noqa: S101 - the kinds that come here have one
    return Aim(
        label,
        words,
        lambda _, reading: bound(*reading) + offset,
        lambda found, reading: found == bound(*reading) + offset,
    )


def _aims(statement: Statement) -> Iterator[list[Aim]]:
    """What is to be reached for one statement, each with what stands in where nothing reaches it."""
    if statement.kind == "bit":
        yield from ([_fixed(value, label=f"{value}")] for value in (0, 1))
    elif statement.kind == "multiple-of":
        yield from _grid_aims(statement)
    elif statement.kind == "eq":
        yield from ([aim] for aim in _equal_aims(statement))
    else:
        yield from _bound_aims(statement)


def _equal_aims(statement: Statement) -> Iterator[Aim]:
    bound = bound_of(statement) or 0
    bits = statement.bits or 1
    yield _fixed(bound, ", which it has to be" if bits > 1 else "")
    for value in (bound - 1, bound + 1):
        if 0 <= value < 1 << bits:
            how = "more" if value > bound else "less"
            yield _fixed(value, f", one {how} than it has to be" if bits > 1 else "")
    is_error = statement.rule is not None and facts.RULES[statement.rule].severity == "error"
    for bit in range(bits if bits > 1 and (is_error or statement.owner == "flags") else 0):
        yield _fixed(bound ^ 1 << bit, f", one bit other than {bound}")


def _bound_aims(statement: Statement) -> Iterator[list[Aim]]:
    is_min = statement.kind == "min"
    constant = bound_of(statement)
    name, most, out = ("least", "least", -1) if is_min else ("end", "most", 1)

    def aim(offset: int, words: str) -> Aim:
        if constant is not None:
            return _relative(statement, offset, str(constant + offset), words)
        return _relative(statement, offset, name + _plus(offset), words)

    nearest = [
        aim(-out * offset, f", {offset} {'more' if is_min else 'less'} than the bound: nothing nearer is valid")
        for offset in range(1, _NEAREST)
    ]
    yield [aim(0, f", the {most} it may be"), *nearest]
    yield [aim(out, f", one {'less' if is_min else 'more'} than it may be")]


def _plus(offset: int) -> str:
    return "" if not offset else f"-plus-{offset}" if offset > 0 else f"-minus-{-offset}"


def _grid_aims(statement: Statement) -> Iterator[list[Aim]]:
    grid = bound_of(statement) or 1

    def aim(offset: int, label: str, words: str) -> Aim:
        return Aim(
            f"grid{label}",
            words,
            lambda found, _: found + offset,
            lambda found, _: found % grid == offset % grid,
        )

    yield [aim(0, "", ", on the grid")]
    yield [aim(1, "-plus-1", ", one byte behind a place on the grid")]
    yield [aim(-1, "-minus-1", ", one byte before a place on the grid")]
    yield [aim(offset, "-half", ", half-way between two places on the grid") for offset in (-grid // 2, grid // 2)]


def _limits(statements: Sequence[Statement]) -> Iterator[list[Aim]]:
    """The values at which integers of some width end, as far as the field can hold them."""
    bits = statements[0].bits or 1
    if bits == 1:
        return
    yield [_fixed(0)]
    if bits >= _WORD:
        yield [_fixed((1 << bits - 1) - 1, ", the largest signed integer")] if bits == _WIDE else []
        yield [_fixed(1 << bits - 1, ", which is negative as a signed integer")]
    yield [_fixed((1 << bits) - 1, ", all bits set")]
    if bits == _WIDE:
        yield [
            Aim(
                "2-to-32-too-much",
                f", 2^{_WORD} too much: cut to {_WORD} bits it is right",
                lambda found, _: found + (1 << _WORD),
                lambda found, _: found >> _WORD == 1,
            )
        ]
        yield [_wrapping(statement) for statement in statements if statement.kind == "max"]


def _wrapping(statement: Statement) -> Aim:
    """What makes the sum of the field and of what it is counted from begin again at 0."""
    bound = statement.bound
    assert bound is not None, statement  # noqa: S101 - a `max` has one

    def wraps(reading: Reading) -> int:
        return (1 << _WIDE) - int(reading.root.len_file) + bound(*reading)

    words = f", with which a sum of {_WIDE} bits wraps to 0"
    return Aim("wraps", words, lambda _, reading: wraps(reading), lambda found, reading: found == wraps(reading))
