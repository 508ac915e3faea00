"""What the laws in this folder are said with: golden files, a container over bytes, and its parts as plain values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aprfmt.container import Container
from aprfmt.errors import AprError
from aprfmt.metadata import Metadata
from aprfmt.provenance import ProvenancePatch
from aprfmt.rules import run
from aprfmt.source import BytesSource

__all__ = ["GOLDEN", "SMALL_GOLDEN", "golden", "kept_members", "opened", "refused", "tensor_facts", "values"]

_FOLDER = Path(__file__).resolve().parents[1] / "data" / "golden"
GOLDEN = sorted(path.name for path in _FOLDER.glob("*.apr"))
SMALL_GOLDEN = [name for name in GOLDEN if (_FOLDER / name).stat().st_size < 4096]
assert SMALL_GOLDEN, "a glob that matches nothing tests nothing"


def golden(name: str) -> bytes:
    return (_FOLDER / name).read_bytes()


def opened(raw: bytes) -> Container:
    return Container(BytesSource(raw))


def refused(raw: bytes) -> bool:
    """Whether our reader reports an error: on opening, or as a finding."""
    try:
        return bool(run(opened(raw)).errors)
    except AprError:
        return True


def tensor_facts(raw: bytes) -> list[tuple[Any, ...]]:
    """Everything that a file says of its tensors, bytes included, in the order of the index."""
    return [
        (tensor.name_bytes, tensor.entry.dtype, tensor.shape, tensor.data_offset, tensor.nbytes, bytes(tensor.data))
        for tensor in opened(raw).tensors
    ]


def kept_members(metadata: Metadata, patch: ProvenancePatch) -> list[bytes]:
    """The text of each member that a patch does not touch: of a patched key only the last one is replaced."""
    losing = set(map(id, metadata.duplicates))
    return [
        metadata.raw[member.key_span[0] - start : member.value_span[1] - start]
        for start in [metadata._file_offset]
        for member in metadata.members
        if member.key not in patch.values() or id(member) in losing
    ]


def values(raw: bytes) -> dict[str, Any]:
    return dict(opened(raw).metadata)
