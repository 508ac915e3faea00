"""Fields that count, measure or locate something else: what follows when they say another number than is there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import NamedTuple

from ...errors import RequestError
from ...layout import ALIGNMENT
from ...layout.model import Statement
from ..words import wide
from .bench import BASES, Bench, Recipe, edit_path, value_of
from .claims import Claim, Try, outside, right

__all__ = ["tell_claims"]

_PADDED = {"header_padding": {"zeros": ALIGNMENT}}
_NO_FILLER = {"metadata_padding": {"zeros": 0}}
_ZERO_INDEX = {"tensor_index": {"padding": {"zeros": ALIGNMENT}}}


class Lie(NamedTuple):
    """A wrong number and what it breaks: so much more than is there, or as large as `bits` allow.

    Without files of its own it is tried on every base.
    """

    label: str
    words: str
    rule: str
    more: int = 0
    bits: int = 0
    plain: Sequence[Recipe] = tuple(map(Recipe, BASES))


_LIES: dict[str, tuple[Lie, ...]] = {
    "header.num_tensors": (
        Lie("plus-1", "counts one tensor more than the index has room for", "APR-I001", 1),
        Lie("minus-1", "counts all tensors but the last one", "APR-I012", -1),
        Lie("none-of-1", "counts no tensors, and the index holds one", "APR-I012", -1, plain=(Recipe("empty-tensor"),)),
        Lie(
            "filler",
            "counts filler as an entry: a scalar without bytes",
            "APR-D002",
            1,
            plain=(Recipe("empty", _ZERO_INDEX),),
        ),
        Lie("31-bits", "counts 2^31 tensors", "APR-I001", bits=31),
        Lie("32-bits", "counts 2^32 - 1 tensors", "APR-I001", bits=32),
    ),
    "header.len_metadata": (
        Lie("plus-1", "counts one byte of filler to the metadata", "APR-M003", 1),
        Lie("minus-1", "leaves out the last byte of the metadata", "APR-M003", -1),
        Lie(
            "into-the-index",
            "counts one byte of the index to the metadata",
            "APR-S002",
            1,
            plain=(Recipe("two", _NO_FILLER),),
        ),
        Lie("31-bits", "says that the metadata has 2^31 bytes", "APR-S002", bits=31),
        Lie("32-bits", "says that the metadata has 2^32 - 1 bytes", "APR-S002", bits=32),
    ),
    "header.ofs_metadata": (
        Lie("plus-1", "points one byte into the metadata", "APR-M003", 1),
        Lie("minus-1", "points one byte in front of the metadata", "APR-M003", -1, plain=(Recipe("two", _PADDED),)),
    ),
    "header.ofs_tensor_index": (
        Lie("plus-1", "points one byte into the tensor index", "APR-I001", 1),
        Lie("minus-1", "points one byte in front of the tensor index", "APR-I001", -1),
    ),
    "header.ofs_data": (
        Lie("plus-1", "points one byte into the data, so that the footer is one byte short", "APR-F001", 1),
        Lie("minus-1", "points one byte in front of the data, so that the footer is not where it is", "APR-F002", -1),
    ),
    "tensor_index_entry.len_name": (
        Lie("plus-1", "counts one byte too many to a name", "APR-I001", 1),
        Lie("minus-1", "leaves out the last byte of a name", "APR-I001", -1),
        Lie("16-bits", "says that a name has 2^16 - 1 bytes, which are not there", "APR-I001", bits=16),
    ),
    "tensor_index_entry.ndim": (
        Lie("plus-1", "counts one dimension too many", "APR-I001", 1),
        Lie("minus-1", "leaves out the last dimension", "APR-D002", -1),
        Lie("8-bits", "says that there are 255 dimensions, which are not there", "APR-I001", bits=8),
    ),
}
"""What is said wrong of each field, and which rule tells: what the number is for is looked for elsewhere."""


def tell_claims(bench: Bench) -> Iterator[Claim]:
    """One more and one less than there is, and the largest numbers that a field can hold."""
    for statement in bench.of_kinds("count-of", "size-of", "offset-of"):
        yield right(statement)
        for lie in _LIES.get(statement.path, ()):
            yield Claim(lie.rule, partial(_tries, bench, statement, lie))


def _tries(bench: Bench, statement: Statement, lie: Lie) -> Iterator[Try]:
    for plain in lie.plain:
        last = max(0, len(bench.entries(plain.base)) - 1)
        for entry in dict.fromkeys((last, 0)) if statement.owner == "tensor_index_entry" else (0,):
            reading = bench.reading(bench.image(plain), statement.owner, entry)
            if reading is None:
                continue
            value = (1 << lie.bits) - (lie.bits % 8 == 0) if lie.bits else value_of(statement, reading) + lie.more
            edit = {"set": edit_path(statement, entry), "to": wide(value)}
            recipe = Recipe(plain.base, plain.given, (edit,), entry=entry)
            with suppress(RequestError):
                bench.image(recipe)
                about = f"The field {statement.field} {lie.words}."
                kind = "count" if statement.kind == "count-of" else statement.kind.partition("-")[0]
                marks = (outside(statement, lie.bits or 1),)
                yield Try(f"{statement.path}.{kind}-{lie.label}", about, recipe, (lie.rule,), marks, value)
