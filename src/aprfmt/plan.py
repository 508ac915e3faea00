"""A new file described, not yet written: literal bytes, ranges to copy from a source, and a checksum at the end.

Tensors stay byte-identical by construction: an operation describes them as a `Copy` and never holds their bytes.

Rules of this file:
1. Every byte of a `Copy` goes through one CRC-32, whether or not anybody checks it, unless the plan claims to know it.
2. A `Copy` whose `check` raises ends the iteration: whoever writes must throw away what it has written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from .checksum import crc32, crc32_combine
from .source import Progress, Source, iter_chunks

__all__ = [
    "Copy",
    "Literal",
    "Observe",
    "Plan",
    "Seal",
    "See",
    "carry_out",
    "iter_plan",
    "plan_bytes",
    "plan_nbytes",
    "read_plan",
]


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
    `claimed` is the CRC-32 that they are taken to have; nobody has to read them for it then, and nothing is checked.
    """

    start: int
    stop: int
    check: Callable[[int], None] | None = field(default=None, compare=False)
    claimed: int | None = None

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
See: TypeAlias = Callable[[memoryview], None]
"""What sees a range go by, in pieces that are valid during the call."""

_NO_SOURCE = "a plan with a Copy needs the source it copies from"


def plan_nbytes(plan: Plan) -> int:
    """Size in bytes of the file that the plan describes."""
    return sum(part.nbytes for part in plan)


class _Range:
    """The CRC-32 of a range that is copied, of which the pieces are shown as they go by."""

    def __init__(self, part: Copy, before: int) -> None:
        self._part = part
        self._before = before
        # Combining costs as much as hashing many kilobytes: without a check the running checksum goes on.
        self._is_apart = part.check is not None or part.claimed is not None
        self._value = 0 if self._is_apart else before

    def see(self, piece: memoryview) -> None:
        """Take the next piece in."""
        self._value = crc32(piece, self._value)

    def end(self) -> int:
        """The CRC-32 of everything up to the end of the range; raises what its check raises."""
        part = self._part
        value = self._value if part.claimed is None else part.claimed
        if part.claimed is None and part.check is not None:
            part.check(value)
        return crc32_combine(self._before, value, part.nbytes) if self._is_apart else value


def _sealed(part: Seal, total: int) -> bytes:
    sealed = part.build(total)
    if len(sealed) != part.nbytes:
        raise ValueError(f"expected a seal of {part.nbytes} bytes, found {len(sealed)}")
    return sealed


def carry_out(plan: Plan, put: Callable[[bytes | memoryview], None], copy: Callable[[Copy, See | None], None]) -> int:
    """Have a plan made by whoever can write: `put` gets bytes, `copy` a range and who has to see its bytes, or nobody.

    Returns the CRC-32 of the whole file, as far as nothing was claimed. Raises what they raise, and what a `Copy.check`
    raises, after its range was copied.
    """
    total = 0
    for part in plan:
        if isinstance(part, Copy):
            through = _Range(part, total)
            copy(part, None if part.claimed is not None else through.see)
            total = through.end()
        else:
            data = part.data if isinstance(part, Literal) else _sealed(part, total)
            put(data)
            total = crc32(data, total)
    return total


def iter_plan(plan: Plan, source: Source | None = None) -> Iterator[bytes | memoryview]:
    """The bytes of the new file in order; copied ranges in views that are valid until the next is asked for.

    Raises whatever a `Copy.check` raises, after the last piece of that range was yielded.
    """
    total = 0
    for part in plan:
        if not isinstance(part, Copy):
            data = part.data if isinstance(part, Literal) else _sealed(part, total)
            total = crc32(data, total)
            yield data
        elif source is None:
            raise ValueError(_NO_SOURCE)
        else:
            through = _Range(part, total)
            for piece in iter_chunks(source, part.start, part.stop):
                through.see(piece)
                yield piece
            total = through.end()


def read_plan(
    plan: Plan, source: Source | None = None, *, progress: Progress | None = None, observe: Observe | None = None
) -> tuple[bytes, int]:
    """Run a plan, with all its checks, and keep nothing of the new file; its last piece, and the CRC-32 of all of it.

    `progress` is called with bytes done and bytes in all after each piece, `observe` with the piece before. A range
    whose checksum the plan claims is read only for `observe`. Errors as for `iter_plan`.
    """
    done, total = 0, plan_nbytes(plan)
    last: bytes | memoryview = b""

    def put(piece: bytes | memoryview) -> None:
        nonlocal done, last
        if observe is not None:
            observe(done, piece)
        done, last = done + len(piece), piece
        if progress is not None:
            progress(done, total)

    def copy(part: Copy, see: See | None) -> None:
        nonlocal done
        if source is None:
            raise ValueError(_NO_SOURCE)
        if see is None and observe is None:
            done += part.nbytes
            return
        for piece in iter_chunks(source, part.start, part.stop):
            if see is not None:
                see(piece)
            put(piece)

    checksum = carry_out(plan, put, copy)
    return bytes(last), checksum


def plan_bytes(plan: Plan, source: Source | None = None) -> bytes:
    """The whole new file in memory."""
    whole = bytearray()
    for piece in iter_plan(plan, source):
        whole += piece
    return bytes(whole)
