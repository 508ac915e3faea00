"""Write a new container from tensors in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..layout import Flags
from ..ops.create import NewTensor, plan_container
from .sources import StrPath
from .writing import write_plan

__all__ = ["create_file"]


def create_file(
    path: StrPath,
    tensors: Iterable[NewTensor],
    metadata: Mapping[str, Any] | bytes,
    *,
    flags: Flags = Flags.LAYOUT_ROW_MAJOR,
    force: bool = False,
) -> int:
    """Write a new container and return its size in bytes; it appears whole or not at all.

    `metadata` is a mapping, written as the reference writes it, or JSON bytes, written as they are. LAYOUT_ROW_MAJOR is
    added to `flags`, and nothing else. With `force`, a file that exists at `path` is replaced.

    Raises `RequestError` for what `aprfmt.create_bytes` would refuse, and for an output that exists; `OSError` as the
    system reports it.
    """
    return write_plan(plan_container(tensors, metadata, flags=flags), path, source=None, force=force)
