"""Create: a new container from tensors and metadata, in the canonical form of the reference's in-memory writer.

Where the reference cuts or repairs in silence (long names, more than 8 dimensions, duplicates, sizes that do not fit),
this writer refuses.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .. import layout
from ..layout import DType, Flags, TensorIndexEntry
from ..plan import Literal, Plan, Seal, plan_bytes
from .entries import Declared, declare, flat_view, metadata_bytes, name_taken, writable_flags

__all__ = ["NewTensor", "create_bytes", "plan_container"]


@dataclass(frozen=True, slots=True)
class NewTensor:
    """A tensor to be written: `data` holds its bytes in the layout of `dtype`, row by row."""

    name: str
    dtype: DType
    shape: tuple[int, ...]
    data: bytes | memoryview


def plan_container(
    tensors: Iterable[NewTensor],
    metadata: Mapping[str, Any] | bytes,
    *,
    flags: Flags = Flags.LAYOUT_ROW_MAJOR,
) -> Plan:
    """The plan of a new file: tensors sorted by name, each on the 64-byte grid, a footer at the end.

    Arguments and errors are those of `create_bytes`.
    """
    flags = writable_flags(flags)
    raw = metadata_bytes(metadata)
    placed = _place(tensors)
    header = {"num_tensors": len(placed), "flags": layout.flags_tree(flags)}
    index = layout.build_entries(entry for entry, _ in placed)
    parts: list[Literal | Seal] = [*map(Literal, layout.build_head(header, raw, index))]
    for _, data in placed:
        parts += [Literal(data), Literal(bytes(-len(data) % layout.ALIGNMENT))]
    return (*parts, Seal(layout.FOOTER_SIZE, layout.build_footer))


def create_bytes(
    tensors: Iterable[NewTensor],
    metadata: Mapping[str, Any] | bytes,
    *,
    flags: Flags = Flags.LAYOUT_ROW_MAJOR,
) -> bytes:
    """A new container in memory.

    `metadata` is a mapping, written as the reference writes it, or JSON bytes, written as they are. LAYOUT_ROW_MAJOR is
    added to `flags`, and nothing else.

    Raises `RequestError` for names that are empty, too long, not UTF-8 or not unique, for an element type or a shape
    that the format does not have, a number of bytes that does not fit them, metadata that a careful reader would
    refuse, a mapping with an integer beyond 64 bits, the column-major flag and flags that the format does not have;
    `TypeError` for arguments of another kind. `validate` may still warn, of a licence that is missing for example.
    """
    return plan_bytes(plan_container(tensors, metadata, flags=flags))


def _place(tensors: Iterable[NewTensor]) -> list[tuple[TensorIndexEntry, memoryview]]:
    """Index entries in the order of the names as bytes, each with its data."""
    pairs = ((_declare(tensor, number), tensor) for number, tensor in enumerate(tensors))
    declared = sorted(pairs, key=lambda pair: pair[0].name)
    placed: list[tuple[TensorIndexEntry, memoryview]] = []
    at = 0
    for tensor, given in declared:
        if placed and placed[-1][0].name == tensor.name:
            raise name_taken(tensor)
        data = flat_view(given.data, tensor.label)
        placed.append((tensor.entry(at, len(data)), data))
        at = layout.align_up(at + len(data), layout.ALIGNMENT)
    return placed


def _declare(tensor: NewTensor, number: int) -> Declared:
    if not isinstance(tensor, NewTensor):
        raise TypeError(f"tensors[{number}]: expected a NewTensor, found {type(tensor).__name__}")
    return declare(tensor.name, tensor.dtype, tensor.shape)
