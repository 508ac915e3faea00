"""What generated facts are made of: shapes of records that hold for any declared format, and the block arithmetic.

Nothing here knows APR; the numbers come from `_generated/facts.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

__all__ = [
    "BlockFacts",
    "Bound",
    "ChecksumFact",
    "FieldShape",
    "RuleFacts",
    "Statement",
    "Violation",
    "align_up",
    "between",
    "block_nbytes",
    "inside",
    "show",
]


@dataclass(frozen=True, slots=True)
class BlockFacts:
    """Geometry of an element type: `block_bytes` bytes for every `block_elems` elements, plus `scale_bytes` once.

    `row_padded`: the rows of a two-dimensional tensor may each be filled up to whole blocks.
    """

    code: int
    id: str
    orig_id: str
    block_elems: int
    block_bytes: int
    scale_bytes: int
    row_padded: bool
    quantized: bool
    canonical_code: int
    ggml_id: str | None
    doc: str


@dataclass(frozen=True, slots=True)
class ChecksumFact:
    """Which bytes a checksum field covers: `header` (its own type without itself) or `all-before`."""

    field: str
    algorithm: str
    covers: str
    rule: str


@dataclass(frozen=True, slots=True)
class FieldShape:
    """What the value of a field must be in a tree: an integer below `limit`, the fields of `type`, or bytes.

    `repeated`: a list of such values.
    """

    limit: int | None = None
    type: str | None = None
    repeated: bool = False


Bound = Callable[[Any, Any, Any, int], int]
"""From a record, the file it is in, what holds it and its position there to a number that the record's field is held
against."""

_CHECKED = frozenset({"contents", "eq", "expr", "in-enum", "max", "min", "multiple-of", "sorted", "zero"})


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing that the specification says of one field of the type `owner`, which is "" for a section of the file.

    `kind` is what is said: `eq`, `ne`, `min`, `max` and `multiple-of` compare the field with `bound`; `zero` and
    `contents` say what its bytes are; `in-enum` and `sorted` hold it against `target`, an enum or a list; `expr` stands
    for any other condition; a section is to be `present` or `absent`; a `checksum` covers `target`; `count-of`,
    `size-of` and `offset-of` say what of `target` the field tells; a `bit` may be set or clear.

    `rule` is the one that a file breaks for which it does not hold, None when rules that relate fields judge that.
    `bits` is the width of the field, None when it varies.
    """

    rule: str | None
    owner: str
    field: str
    kind: str
    bits: int | None
    bound: Bound | None = None
    target: str = ""

    @property
    def path(self) -> str:
        """The field in the specification: its type and its name."""
        return f"{self.owner}.{self.field}" if self.owner else self.field

    @property
    def is_checked(self) -> bool:
        """Whether the check function of the type judges it."""
        return bool(self.owner) and self.kind in _CHECKED


@dataclass(frozen=True, slots=True)
class RuleFacts:
    """One thing that can be wrong with a file, under an id that is never reused and a name that says the defect.

    `needs`: rules that must have no finding before this one can be judged. `fatal`: the file cannot be read past it.
    `reads_data`: every byte of the file is read for it. In `why` and `repair` each paragraph is one line.
    """

    id: str
    name: str
    defect: str
    severity: str
    layer: str
    fatal: bool
    reads_data: bool
    needs: tuple[str, ...]
    why: str
    repair: str
    example: str


@dataclass(frozen=True, slots=True)
class Violation:
    """A field that breaks what the specification says of it; `field` is relative to the record."""

    rule: str
    field: str
    expected: str
    found: str


def align_up(value: int, alignment: int) -> int:
    """The smallest multiple of `alignment` that is not below `value`."""
    return -(-value // alignment) * alignment


def block_nbytes(facts: BlockFacts, shape: Sequence[int]) -> tuple[int, ...]:
    """The sizes in bytes that a tensor of this shape may have, the one a writer uses first.

    Blocks count over all elements (flat); where the type allows it, the rows of a matrix may be filled up to whole
    blocks. A tensor without elements has no bytes; the scale of a type that has one may stand alone.
    """
    n_elements = prod(shape)
    if n_elements == 0:
        return (0,) if facts.scale_bytes == 0 else (0, facts.scale_bytes)
    flat = -(-n_elements // facts.block_elems) * facts.block_bytes + facts.scale_bytes
    if not facts.row_padded or len(shape) != 2:
        return (flat,)
    rows, columns = shape
    by_row = rows * -(-columns // facts.block_elems) * facts.block_bytes + facts.scale_bytes
    return (flat,) if by_row == flat else (flat, by_row)


def inside(field: str, violations: Iterator[Violation]) -> Iterator[Violation]:
    """The violations of a nested record, with the path that leads to it."""
    for violation in violations:
        yield replace(violation, field=f"{field}.{violation.field}")


def between(low: int, high: int) -> str:
    """A range for a message; one that nothing fits into says so."""
    return f"{low} to {high}" if low <= high else f"at least {low} and at most {high}, which no value is"


def show(value: object) -> str:
    """A value for a message: short, printable ASCII, whatever the file holds."""
    if isinstance(value, bytes):
        if len(value) > 64:
            return f"{value[:64]!a}… ({len(value)} bytes)"
        return ascii(value)
    return str(value)
