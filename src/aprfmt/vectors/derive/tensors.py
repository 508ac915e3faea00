"""Statements about index entries: the order of names, known and unknown element types, how wide a dimension is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from ...layout import DType, facts
from ...layout.model import Statement
from ..words import SAFE_INTEGER, wide
from .bench import Bench, Recipe
from .claims import Claim, Mark, Try, bound_of, inside, outside
from .staging import with_entries

__all__ = ["dims_claims", "dtype_claims", "n_whole", "name_claims"]

_LOW, _HIGH = "\uff5e", "\U0001f600"
_NAMES: Sequence[tuple[str, str, tuple[str, ...]]] = (
    ("sorted", "Two names in the order of bytes.", ("a", "c")),
    ("swapped", "Two names in the wrong order.", ("c", "a")),
    ("equal", "A name that occurs twice.", ("a", "a")),
    ("prefix-first", "A name behind one that it begins with.", ("a", "a.b")),
    ("prefix-last", "A name in front of one that it begins with.", ("a.b", "a")),
    ("beyond-ascii", "A letter beyond ASCII behind z: bytes count from 0 to 255, not from -128.", ("z", "é")),
    ("beyond-ascii-first", "A letter beyond ASCII in front of z.", ("é", "z")),
    ("beyond-16-bits", "U+FF5E in front of U+1F600, as UTF-8 has it and UTF-16 has not.", (_LOW, _HIGH)),
    ("beyond-16-bits-first", "U+1F600 in front of U+FF5E, as UTF-16 has it and UTF-8 has not.", (_HIGH, _LOW)),
    ("third-last", "Three names in the order of bytes.", ("a", "b", "d")),
    ("third-first", "Three names, and only the last one is out of order.", ("b", "c", "a")),
    ("third-equal", "Three names, and the last two are equal.", ("a", "b", "b")),
    ("empty-first", "An empty name in front of another one.", ("", "a")),
    ("empty-last", "An empty name behind another one.", ("a", "")),
)


def name_claims(bench: Bench) -> Iterator[Claim]:
    """Names in the order of bytes, and in every other order that a program may have."""
    for statement in bench.of_kinds("sorted"):
        for number, (label, about, names) in enumerate(_NAMES):
            entries = [{"name": {"text": name}, "dtype": "f32", "dims": [1]} for name in names]
            is_sorted = all(left.encode() < right.encode() for left, right in pairwise(names))
            recipe = Recipe("two", with_entries(entries))
            broken = () if is_sorted or statement.rule is None else (statement.rule,)
            mark = inside(statement) if is_sorted else outside(statement)
            yield Claim.of(statement.rule, Try(f"{statement.path}.{label}", about, recipe, broken, (mark,), number))


def n_whole(code: int) -> int:
    """How many elements a tensor of an element type has here: a whole block, and more than one."""
    return max(facts.DTYPE_FACTS[code].block_elems, 3)


def dtype_claims(bench: Bench) -> Iterator[Claim]:
    """Every element type there is, and the ids beside them that stand for none."""
    for statement in bench.of_kinds("in-enum"):
        given_up = [item for item in bench.of_kinds("ne") if item.path == statement.path]
        for code in facts.DTYPE_FACTS:
            yield _known(statement, given_up, code)
        for code in _gaps(statement):
            recipe = Recipe("two", edits=({"set": "tensor_index.entries[1].dtype", "to": code},))
            about = f"The element type is {code}, which is the id of none."
            rule = statement.rule or ""
            yield Claim.of(rule, Try(f"{statement.path}.{code}", about, recipe, (rule,), (outside(statement),), code))


def _known(statement: Statement, given_up: Sequence[Statement], code: int) -> Claim:
    marks: list[Mark] = [inside(statement)]
    broken: list[str] = []
    rule = statement.rule
    for item in given_up:
        old = bound_of(item)
        is_successor = old is not None and facts.DTYPE_FACTS[old].canonical_code == code
        if old == code:
            marks.append(outside(item))
            broken += [item.rule] if item.rule else []
        elif is_successor:
            marks.append(inside(item))
        if old == code or is_successor:
            rule = item.rule
    name = DType(code).name.lower()
    entry = {"name": {"text": "a"}, "dtype": name, "dims": [n_whole(code)]}
    about = f"The element type is {code}, {name}."
    recipe = Recipe("one", with_entries([entry]))
    return Claim.of(rule, Try(f"{statement.path}.{name}", about, recipe, tuple(broken), tuple(marks), code))


def _gaps(statement: Statement) -> Iterator[int]:
    """The ids beside known ones, and the last one that fits the field."""
    limit = 1 << (statement.bits or 0)
    beside = {code + step for code in facts.DTYPE_FACTS for step in (-1, 1)} | {limit - 1}
    yield from sorted(code for code in beside - facts.DTYPE_FACTS.keys() if 0 <= code < limit)


def dims_claims(bench: Bench) -> Iterator[Claim]:
    """The widest dimensions, of tensors that have no elements all the same; and products that do not fit 64 bits."""
    del bench
    limit = facts.FIELDS["tensor_index_entry"]["dims"].limit or 1
    for label, value in (
        ("2-to-32", 1 << 32),
        ("2-to-53-plus-1", SAFE_INTEGER + 1),
        ("2-to-63", limit >> 1),
        ("2-to-64-minus-1", limit - 1),
    ):
        about = f"A tensor without elements has a dimension of {value}."
        yield Claim.of(None, Try(f"tensor_index_entry.dims.{label}", about, _shaped([0, value], 0)))
    half = 1 << limit.bit_length() // 2
    wraps = (
        ("elements", [half, half], "The product of the dimensions is 2^64, which is 0 when 64 bits are kept of it"),
        ("bytes", [limit >> 2], "Four bytes an element make 2^64, which is 0 when 64 bits are kept of it"),
    )
    for label, dims, words in wraps:
        about = f"{words}: the size of the tensor is 0."
        recipe = _shaped(dims, 0)
        yield Claim.of("APR-D002", Try(f"tensor_index_entry.dims.{label}-wrap", about, recipe, ("APR-D002",)))


def _shaped(dims: Sequence[int], nbytes: int) -> Recipe:
    entry: dict[str, Any] = {"name": {"text": "a"}, "dtype": "f32", "dims": [wide(dim) for dim in dims]}
    return Recipe("empty-tensor", with_entries([{**entry, "ofs_tensor": 0, "len_tensor": nbytes}]))
