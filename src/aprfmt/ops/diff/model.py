"""What a comparison of two containers says: differences, each with its place in both files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Any, NamedTuple

from ...container import Container
from ...layout import facts
from ...spans import FieldMap
from ...tensors import Tensor

__all__ = ["Bytes", "Category", "Diff", "Difference", "Pair", "Place", "Side", "Span", "place_of"]

Span = tuple[int, int]

_EVERY_FILE = set(facts.LAYOUT[: facts.LAYOUT.index("tensor_data") + 1])
"""The sections that are never absent."""


class Category(StrEnum):
    """The five kinds of differences that upstream's `diff` counts."""

    FORMAT = "format"
    METADATA = "metadata"
    TENSOR = "tensor"
    QUANTIZATION = "quantization"
    SIZE = "size"

    @property
    def data_type(self) -> str:
        """Upstream's coarser word for it."""
        return {"format": "format", "quantization": "dtype", "size": "size"}.get(self, "data")


class Place(NamedTuple):
    """A field of one file: its path in the specification, and its span in bytes from the start of the file."""

    path: str
    span: Span


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not the same in both files.

    `section` is the section of the container that it is in, or `file`. `field` names it in both files: the path in the
    specification, `tensor.NAME.…` for what belongs to a tensor, because its entry may have another number in the other
    file. `values` are JSON values for members of the metadata, otherwise text; where `places` has None, the file has no
    such field. `n_bytes` counts bytes that differ where those were counted.

    `follows` says that it follows from other differences: offsets, sizes and checksums behind metadata of another size.
    """

    section: str
    field: str
    category: Category
    values: tuple[Any, Any]
    places: tuple[Place | None, Place | None]
    tensor: str | None = None
    n_bytes: int | None = None
    follows: bool = False


class Bytes(NamedTuple):
    """How two ranges of bytes compare, position by position: how many differ, and the range that holds those."""

    n_differing: int
    start: int
    stop: int


def place_of(path: str, span: Span | None, found: Bytes) -> Place | None:
    """The part of a range in which the bytes differ; None for a range that is absent."""
    if span is None:
        return None
    return Place(path, (min(span[0] + found.start, span[1]), min(span[0] + found.stop, span[1])))


class Pair(NamedTuple):
    """A tensor as both files have it; None where a file does not."""

    first: Tensor | None
    second: Tensor | None

    @property
    def name(self) -> str:
        """The name, which is that of both."""
        tensor = self.first or self.second
        return "" if tensor is None else tensor.name


class Side:
    """One of the two files: its container, and how far it can be read."""

    def __init__(self, container: Container) -> None:
        self.container = container
        self.map = FieldMap(container)
        self.size = container.source.size

    @property
    def tensors(self) -> Sequence[Tensor]:
        """The entries of the index that can be read."""
        return self.map.tensors

    @property
    def is_sound(self) -> bool:
        """Whether every byte has its field: nothing between sections, and an index that is whole and unambiguous."""
        located = self.map.located
        if not self.map.is_complete or not located.keys() >= _EVERY_FILE:
            return False
        spans = list(located.values())
        joined = all(before[1] == after[0] for before, after in pairwise(spans))
        names = {tensor.name_bytes for tensor in self.tensors}
        return joined and spans[-1][1] == self.size and len(names) == len(self.tensors)

    def inside(self, section: str) -> Span | None:
        """The part of a section that lies in the file, None when the file has no such section."""
        span = self.map.located.get(section)
        return None if span is None else (min(span[0], self.size), min(span[1], self.size))

    def data_of(self, tensor: Tensor) -> Span:
        """The part of the data of a tensor that lies in the file."""
        start, stop = tensor.file_span
        return min(start, self.size), min(stop, self.size)


@dataclass(frozen=True, slots=True)
class Diff:
    """How two containers compare.

    `n_tensor_bytes` counts the bytes of all tensors that were compared, of a tensor of two sizes the larger one;
    `n_differing_bytes` those of them that differ at their position in the tensor, or that only one file has. Both are
    None when the data was not read because the files are known to differ. `n_pairs` counts tensors by name, `n_moved`
    those that lie elsewhere in the data section. `ignored` are the keys of the metadata that differ and do not count.
    `notes` are sentences about what was found or could not be compared.
    """

    differences: tuple[Difference, ...]
    n_tensor_bytes: int | None
    n_differing_bytes: int | None
    n_pairs: int
    n_left_out: int
    n_moved: int
    ignored: tuple[str, ...]
    notes: tuple[str, ...]
    pairs: tuple[Pair, ...]

    @property
    def identical(self) -> bool:
        """Whether nothing differs of what was compared; without `ignore` and a selection, that is every byte."""
        return not self.differences

    @property
    def payload_identical(self) -> bool | None:
        """Whether the same tensors have the same element types, shapes and bytes; None when they were not read."""
        if self.n_differing_bytes is None:
            return None
        return not self.n_differing_bytes and not any(
            item.category in (Category.TENSOR, Category.QUANTIZATION) for item in self.differences
        )

    @property
    def counts(self) -> Mapping[Category, int]:
        """How many differences there are of each category."""
        found = Counter(item.category for item in self.differences)
        return {category: found[category] for category in Category}

    @property
    def n_structural(self) -> int:
        """Differences of format, metadata and tensors."""
        counts = self.counts
        return counts[Category.FORMAT] + counts[Category.METADATA] + counts[Category.TENSOR]
