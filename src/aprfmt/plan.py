"""A new file described, not yet written: literal bytes, and ranges to copy from a source.

Tensors stay byte-identical by construction: an operation describes them as a `Copy` and never holds their bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .source import Source, iter_chunks

__all__ = ["Copy", "Literal", "Plan", "iter_plan"]


@dataclass(frozen=True, slots=True)
class Literal:
    """Bytes that the new file holds as they are here."""

    data: bytes | memoryview

    @property
    def nbytes(self) -> int:
        """Number of bytes this part contributes."""
        return len(self.data)


@dataclass(frozen=True, slots=True)
class Copy:
    """Bytes `start` to `stop` of the source, absolute, end exclusive."""

    start: int
    stop: int

    @property
    def nbytes(self) -> int:
        """Number of bytes this part contributes."""
        return self.stop - self.start


Plan = tuple[Literal | Copy, ...]


def iter_plan(plan: Plan, source: Source | None) -> Iterator[bytes | memoryview]:
    """The bytes of the new file in order; copied ranges in views that are valid until the next is asked for."""
    for part in plan:
        if isinstance(part, Literal):
            yield part.data
        elif source is None:
            raise ValueError("a plan with a Copy needs the source it copies from")
        else:
            yield from iter_chunks(source, part.start, part.stop)
