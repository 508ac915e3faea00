"""A new file described, not yet written: literal bytes, ranges to copy from a source, and a checksum at the end.

Tensors stay byte-identical by construction: an operation describes them as a `Copy` and never holds their bytes.

Rules of this file:
1. Every byte of a `Copy` goes through one CRC-32, whether or not anybody checks it.
2. A `Copy` whose `check` raises ends the iteration: whoever writes must throw away what it has written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from .checksum import crc32, crc32_combine
from .source import Progress, Source, iter_chunks

__all__ = ["Copy", "Literal", "Observe", "Plan", "Seal", "iter_plan", "plan_bytes", "plan_nbytes", "read_plan"]


@dataclass(frozen=True, slots=True)
class Literal:
    """Bytes that the new file holds as they are here."""

    data: bytes | memoryview

    @property
    def nbytes(self) -> int:
        """Number of bytes this part contributes."""
        return memoryview(self.data).nbytes


@dataclass(frozen=True, slots=True)
class Copy:
    """Bytes `start` to `stop` of the source, absolute, end exclusive.

    `check` is called with the CRC-32 of the copied bytes once all of them have been read, and raises to refuse them.
    """

    start: int
    stop: int
    check: Callable[[int], None] | None = field(default=None, compare=False)

    @property
    def nbytes(self) -> int:
        """Number of bytes this part contributes."""
        return self.stop - self.start


@dataclass(frozen=True, slots=True)
class Seal:
    """`nbytes` bytes that `build` makes of the CRC-32 of everything before this part."""

    nbytes: int
    build: Callable[[int], bytes] = field(compare=False)


Plan = tuple[Literal | Copy | Seal, ...]
Observe: TypeAlias = Callable[[int, bytes | memoryview], None]
"""What sees a new file go by: the byte of it that a piece begins at, and the piece, which is valid during the call."""


def plan_nbytes(plan: Plan) -> int:
    """Size in bytes of the file that the plan describes."""
    return sum(part.nbytes for part in plan)


def iter_plan(plan: Plan, source: Source | None = None) -> Iterator[bytes | memoryview]:
    """The bytes of the new file in order; copied ranges in views that are valid until the next is asked for.

    Raises whatever a `Copy.check` raises, after the last piece of that range was yielded.
    """
    total = 0
    for part in plan:
        if isinstance(part, Literal):
            total = crc32(part.data, total)
            yield part.data
        elif isinstance(part, Seal):
            sealed = part.build(total)
            if len(sealed) != part.nbytes:
                raise ValueError(f"expected a seal of {part.nbytes} bytes, found {len(sealed)}")
            total = crc32(sealed, total)
            yield sealed
        elif source is None:
            raise ValueError("a plan with a Copy needs the source it copies from")
        else:
            # Combining costs as much as hashing many kilobytes: without a check the running checksum goes on.
            copied = total if part.check is None else 0
            for piece in iter_chunks(source, part.start, part.stop):
                copied = crc32(piece, copied)
                yield piece
            if part.check is None:
                total = copied
            else:
                part.check(copied)
                total = crc32_combine(total, copied, part.nbytes)


def read_plan(
    plan: Plan, source: Source | None = None, *, progress: Progress | None = None, observe: Observe | None = None
) -> bytes:
    """Run a plan, with all its checks, and keep nothing of the new file but its last piece, which is returned.

    `progress` is called with bytes done and bytes in all after each piece, `observe` with the piece before. Errors as
    for `iter_plan`.
    """
    done, total = 0, plan_nbytes(plan)
    piece: bytes | memoryview = b""
    for piece in iter_plan(plan, source):
        if observe is not None:
            observe(done, piece)
        done += len(piece)
        if progress is not None:
            progress(done, total)
    return bytes(piece)


def plan_bytes(plan: Plan, source: Source | None = None) -> bytes:
    """The whole new file in memory."""
    whole = bytearray()
    for piece in iter_plan(plan, source):
        whole += piece
    return bytes(whole)
