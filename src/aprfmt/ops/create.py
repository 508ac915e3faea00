"""Create: a new container from tensors and metadata, in the canonical form of the reference's in-memory writer.

Where the reference cuts or repairs in silence (long names, more than 8 dimensions, duplicates, sizes that do not fit),
this writer refuses.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from .. import layout
from ..errors import RequestError
from ..jsontext import shorten
from ..layout import DType, Flags, TensorIndexEntry, facts
from ..metadata import Metadata, canonical_metadata
from ..plan import Literal, Plan, Seal, plan_bytes

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
    if int(flags) & ~sum(Flags):
        raise RequestError(f"flags: expected members of Flags, found {int(flags):#x}")
    flags = Flags(flags) | Flags.LAYOUT_ROW_MAJOR
    for violation in facts.check_flags(flags):
        raise RequestError(f"flags.{violation.field}: expected {violation.expected}, found {violation.found}")
    raw = _metadata_bytes(metadata)
    placed = _place(tensors)
    header = {"num_tensors": len(placed), "flags": layout.flags_tree(flags)}
    index = layout.build_entries(_entry_tree(entry) for entry, _ in placed)
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


def _metadata_bytes(metadata: Mapping[str, Any] | bytes) -> bytes:
    if not isinstance(metadata, bytes | bytearray | memoryview):
        return canonical_metadata(metadata)
    raw = bytes(metadata)
    parsed = Metadata(raw)
    try:
        faults = parsed.type_errors()
    except ValueError as error:
        raise RequestError(f"the metadata cannot be written: {error}") from error
    if faults:
        raise RequestError(f"the metadata cannot be written: {faults[0]}")
    return raw


def _place(tensors: Iterable[NewTensor]) -> list[tuple[TensorIndexEntry, memoryview]]:
    """Index entries in the order of the names as bytes, each with its data."""
    encoded = sorted(((_encoded(tensor.name), tensor) for tensor in tensors), key=lambda pair: pair[0])
    placed: list[tuple[TensorIndexEntry, memoryview]] = []
    parent = SimpleNamespace(entries=[])
    at = 0
    for index, (name, tensor) in enumerate(encoded):
        data = _flat(tensor)
        code = _dtype(tensor).facts.canonical_code
        shape = tuple(tensor.shape)
        entry = TensorIndexEntry(len(name), name, code, len(shape), shape, at, len(data))
        _refuse(entry, parent, index)
        parent.entries.append(entry)
        placed.append((entry, data))
        at = layout.align_up(at + len(data), layout.ALIGNMENT)
    return placed


def _encoded(name: str) -> bytes:
    try:
        return name.encode("utf-8")
    except UnicodeEncodeError as error:
        raise RequestError(f"tensor {shorten(name)}: the name cannot be written as UTF-8: {error.reason}") from error


def _dtype(tensor: NewTensor) -> DType:
    try:
        return DType(tensor.dtype)
    except ValueError as error:
        raise RequestError(
            f"tensor {shorten(tensor.name)}: expected a member of DType, found {tensor.dtype!r}"
        ) from error


def _flat(tensor: NewTensor) -> memoryview:
    view = memoryview(tensor.data)
    if not view.c_contiguous:
        raise RequestError(f"tensor {shorten(tensor.name)}: expected data without gaps, found a strided view")
    return view.cast("B") if view.nbytes else memoryview(b"")  # a shape with a zero cannot be cast


def _refuse(entry: TensorIndexEntry, parent: SimpleNamespace, index: int) -> None:
    label = shorten(entry.name.decode())
    # The extent is right by construction; a root of this size keeps its rule out of the way.
    root = SimpleNamespace(len_file=entry.ofs_tensor + entry.len_tensor, header=SimpleNamespace(ofs_data=0))
    if any(dim < 0 for dim in entry.dims):
        raise RequestError(f"tensor {label}: expected dimensions of at least 0, found {list(entry.dims)}")
    if index and parent.entries[index - 1].name == entry.name:
        raise RequestError(f"tensor {label}: the name occurs more than once")
    for violation in facts.check_tensor_index_entry(entry, root=root, parent=parent, index=index):
        raise RequestError(
            f"tensor {label}: {violation.field}: expected {violation.expected}, found {violation.found} "
            f"[{violation.rule}]"
        )
    allowed = layout.tensor_nbytes(entry.dtype, entry.dims)
    if entry.len_tensor not in allowed:
        raise RequestError(
            f"tensor {label}: {DType(entry.dtype)} {list(entry.dims)} takes {' or '.join(map(str, allowed))} bytes, "
            f"found {entry.len_tensor}"
        )


def _entry_tree(entry: TensorIndexEntry) -> dict[str, Any]:
    return {
        "name": entry.name,
        "dtype": entry.dtype,
        "dims": list(entry.dims),
        "ofs_tensor": entry.ofs_tensor,
        "len_tensor": entry.len_tensor,
    }
