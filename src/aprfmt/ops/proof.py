"""Proof: the digests of a file, or of a file before and after a stamp, taken while its bytes go by.

Rules of this file:
1. A byte is digested where it passes. Of the source of a stamp nothing is read for a proof but what lies before and
   behind the data that is copied.
2. Memory does not depend on the size of a file: what is kept is the index, with a digest for each tensor.
3. What was not seen is not proved: bytes that are missing, or come in another order, are a fault of the caller.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Self

from .. import layout
from ..container import Container
from ..errors import AprError
from ..layout import Header, facts
from ..metadata import Metadata
from ..plan import Copy, Literal, plan_nbytes
from ..source import Progress, iter_chunks
from ..spans import FieldMap
from ..tensors import Tensor
from .digests import NOWHERE, DataDigests, FileProof, Places, Span, Team, WholeDigests
from .stamp import Stamp

__all__ = ["FileProof", "Proof", "Witness", "digest_file"]


@dataclass(frozen=True, slots=True)
class Proof:
    """The digests of a file before and after a stamp.

    Those of the tensors, and of the filler between them, were taken once for both: of the bytes that were read from the
    one file and written to the other.
    """

    before: FileProof
    after: FileProof

    def untouched(self) -> Proof:
        """The proof of a file that was left alone: it is the same before and after."""
        return Proof(self.before, self.before)


class Witness:
    """Sees the bytes of a stamp go by, and says afterwards what they were; also a context manager.

    `container` is the file that is stamped and must stay open until all pieces were seen. Raises `LimitExceededError`
    for tensors that lie over one another too often, what reading the source raises, and `ValueError` for a plan that is
    not that of a stamp. Whoever does not use it as a context has to `close` it, because threads may be waiting.
    """

    def __init__(self, container: Container, stamp: Stamp) -> None:
        copies = [number for number, part in enumerate(stamp.plan) if isinstance(part, Copy)]
        if len(copies) != 1:
            raise ValueError(f"expected a plan with one Copy, found {len(copies)}")
        copy = stamp.plan[copies[0]]
        assert isinstance(copy, Copy)  # noqa: S101 - what was looked for
        self._source = container.source
        self._container = container
        self._metadata = stamp.metadata
        self._start = plan_nbytes(stamp.plan[: copies[0]])
        self._copy = copy
        self._done = 0
        self._nbytes = stamp.output_nbytes
        self._header = _new_header(stamp)
        size = container.source.size
        here = FieldMap(container).located
        tensors = container.tensors
        self._old = WholeDigests(size, here)
        self._new = WholeDigests(self._nbytes, _located(self._header, tensors, self._nbytes))
        self._data = DataDigests(tensors, self._old.data, size, is_complete=True)
        self._end_is_seen = False
        self._see_source(0, copy.start)
        self._team = Team(2)

    def _see_source(self, start: int, stop: int) -> None:
        at = start
        for piece in iter_chunks(self._source, start, stop):
            self._old.feed(at, piece)
            at += len(piece)

    def see(self, at: int, piece: bytes | memoryview) -> None:
        """Look at a piece of the new file, which begins at byte `at` of it; the pieces come in order, without gaps.

        The piece is not looked at any more once this returns. Raises `ValueError` for one that is out of order.
        """
        view = memoryview(piece).cast("B")
        if at != self._done:
            raise ValueError(f"expected the piece at byte {self._done}, found that at {at}")
        stop = self._start + self._copy.nbytes
        if self._start <= at < stop:
            before = at - self._start + self._copy.start
            self._team.feed((self._new.feed, at), (self._old.feed, before), (self._data.feed, before), piece=view)
        else:
            self._new.feed(at, view)
        self._done = at + len(view)
        if self._done >= stop and not self._end_is_seen:
            self._end_is_seen = True
            self._see_source(self._copy.stop, self._source.size)

    def proof(self) -> Proof:
        """What was seen; raises `ValueError` when that is not all of the new file."""
        if self._done != self._nbytes:
            raise ValueError(f"expected all {self._nbytes} bytes of the new file, found {self._done}")
        moved_by = self._start - self._copy.start
        old, new, data = self._old, self._new, self._data
        header, metadata = self._container.header, self._container.metadata
        return Proof(
            old.proof(data, header, metadata, tensors=data.tensors(), is_complete=True),
            new.proof(data, self._header, self._metadata, tensors=data.tensors(moved_by), is_complete=True),
        )

    def close(self) -> None:
        """Let go of the threads. Idempotent."""
        self._team.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()


def _new_header(stamp: Stamp) -> Header:
    """The header that a stamp writes."""
    head = bytearray()
    for part in stamp.plan:
        if not isinstance(part, Literal) or len(head) >= layout.HEADER_SIZE:
            break
        head += memoryview(part.data)[: layout.HEADER_SIZE]
    return layout.parse_header(head)


def _located(header: Header, tensors: Sequence[Tensor], nbytes: int) -> dict[str, Span]:
    """The sections of a file with this header and these entries, which need not be there yet."""
    entries = [tensor.entry for tensor in tensors]
    root = SimpleNamespace(header=header, len_file=nbytes, tensor_index=SimpleNamespace(entries=entries))
    spans = {name: getattr(facts, f"locate_{name}")(root) for name in facts.LAYOUT}
    return {name: span for name, span in spans.items() if span is not None}


def digest_file(container: Container, *, places: Places = NOWHERE, progress: Progress | None = None) -> FileProof:
    """The digests of a file, in one pass over it and constant memory.

    Takes any bytes (`Container(..., lenient=True)`): what cannot be located is left out. `places` are digested beside,
    which costs nothing where the file says itself that its parts lie there. `progress` is called with bytes done and
    bytes in all. Raises `LimitExceededError` for tensors that lie over one another too often,
    `TruncatedError` when the file becomes shorter meanwhile, `OSError` as the system reports it.
    """
    size = container.source.size
    there = FieldMap(container)
    located = there.located
    whole = WholeDigests(size, located)
    data = DataDigests(there.tensors, whole.data, size, is_complete=there.is_complete, places=places)
    team, at = Team(1), 0
    try:
        for piece in iter_chunks(container.source, 0, size):
            team.feed((whole.feed, at), (data.feed, at), piece=piece)
            at += len(piece)
            if progress is not None:
                progress(at, size)
    finally:
        team.close()
    header = container.header if size >= layout.HEADER_SIZE else None
    metadata = _readable(container) if "metadata" in located else None
    return whole.proof(data, header, metadata, tensors=data.tensors(), is_complete=there.is_complete)


def _readable(container: Container) -> Metadata | None:
    try:
        metadata = container.metadata
        _ = metadata.members
    except AprError:
        return None
    return metadata
