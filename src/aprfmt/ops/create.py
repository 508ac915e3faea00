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
from .entries import declare, flat_view, metadata_bytes, name_taken, writable_flags

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

    `metadata` is a mapping, written as the reference writes it, or JSON bytes, written as they are. LAYOUT_ROW_MAJOR is
    added to `flags`. Raises `RequestError` for whatever a careful reader would refuse or warn about: names that are
    empty, too long, not UTF-8 or not unique, too many dimensions, a size that does not fit, the column-major flag and
    flags that the format does not have.
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
    """A new container in memory; errors as for `plan_container`."""
    return plan_bytes(plan_container(tensors, metadata, flags=flags))


def _place(tensors: Iterable[NewTensor]) -> list[tuple[TensorIndexEntry, memoryview]]:
    """Index entries in the order of the names as bytes, each with its data."""
    declared = sorted(
        ((declare(tensor.name, tensor.dtype, tensor.shape), tensor) for tensor in tensors),
        key=lambda pair: pair[0].name,
    )
    placed: list[tuple[TensorIndexEntry, memoryview]] = []
    at = 0
    for tensor, given in declared:
        if placed and placed[-1][0].name == tensor.name:
            raise name_taken(tensor)
        data = flat_view(given.data, tensor.label)
        placed.append((tensor.entry(at, len(data)), data))
        at = layout.align_up(at + len(data), layout.ALIGNMENT)
    return placed
