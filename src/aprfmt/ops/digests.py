"""Digests of a file that are taken while its bytes go by: of the whole, of every section, tensor, and what is between.

Rules of this file:
1. Bytes come in order, and each piece is looked at before the next one comes.
2. Memory does not depend on the size of a file: what is kept is a digest for each tensor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from .. import layout
from ..container import payload_digest_of
from ..errors import LimitExceededError
from ..layout import Flags, Header, facts
from ..metadata import Metadata
from ..tensors import Tensor

if TYPE_CHECKING:
    from hashlib import _Hash

__all__ = [
    "DATA",
    "NOWHERE",
    "DataDigests",
    "Digested",
    "FileProof",
    "Filler",
    "Joined",
    "Places",
    "Span",
    "Spans",
    "Team",
    "TensorDigest",
    "WholeDigests",
    "between",
]

Span = tuple[int, int]

DATA = "tensor_data"
_MOST_OVERLAP = 16
"""How often each byte may belong to a tensor, on average over the file. Tensors that share all their bytes, as tied
weights do, count once; an index that lays a million others over one another would take days to digest."""
_ALONE_BYTES = 1 << 16
"""Pieces up to this size are digested without help: waking a thread takes as long."""


class Digested(NamedTuple):
    """Bytes `start` to `end` of a file, and their SHA-256 in hexadecimal."""

    start: int
    end: int
    sha256: str


class Filler(NamedTuple):
    """The bytes of the data section that belong to no tensor: how many there are, and the SHA-256 of all in order."""

    nbytes: int
    sha256: str


class TensorDigest(NamedTuple):
    """A tensor as the index has it. `start` and `end` are bytes of the file; `sha256` is that of the data, in
    hexadecimal, None when they do not all lie in the file."""

    name_bytes: bytes
    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int
    sha256: str | None

    @property
    def name(self) -> str:
        """The name; bytes that are not UTF-8 appear as lone surrogates."""
        return self.name_bytes.decode("utf-8", "surrogateescape")

    @property
    def nbytes(self) -> int:
        """Size of the data in bytes, as the index says."""
        return self.end - self.start


class Places(NamedTuple):
    """Spans of bytes that are digested even where the header or the index of the file places its parts elsewhere: each
    of `spans` by itself, those of `filler`, in ascending order, together."""

    spans: frozenset[Span]
    filler: tuple[Span, ...]


NOWHERE = Places(frozenset(), ())


@dataclass(frozen=True, slots=True)
class FileProof:
    """The digests of one file, which together cover every byte of it.

    `sections` has all sections but the data, None for one that is absent or has no bytes; `data` is where that lies.
    The payload digest is that of `Container.payload_digest`. Of a damaged file, what cannot be located is None, and
    `is_complete` says whether the index could be read to its end. `at_places` has the SHA-256 of what was asked for,
    and `filler_at_places` that of the filler, as far as they lie in the file.
    """

    nbytes: int
    sha256: str
    payload_digest: str | None
    sections: Mapping[str, Digested | None]
    data: Span | None
    filler: Filler | None
    header: Header | None
    metadata: Metadata | None
    tensors: tuple[TensorDigest, ...]
    is_complete: bool = True
    at_places: Mapping[Span, str] = field(default_factory=dict)
    filler_at_places: Filler | None = None

    @property
    def flags(self) -> Flags | None:
        """The flags of the header."""
        return None if self.header is None else self.header.flags

    @property
    def n_tensor_bytes(self) -> int:
        """Bytes of all tensors together."""
        return sum(tensor.nbytes for tensor in self.tensors)


class Spans:
    """SHA-256 of spans of a file. They may overlap; equal ones are digested once."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self._next = sorted(set(spans), reverse=True)
        self._open: list[tuple[Span, _Hash]] = []
        self.found: dict[Span, bytes] = {}

    def feed(self, at: int, piece: memoryview) -> None:
        """Take the next bytes, which begin at byte `at` of the file."""
        stop = at + len(piece)
        while self._next and self._next[-1][0] < stop:
            self._open.append((self._next.pop(), sha256()))
        still = []
        for span, digest in self._open:
            digest.update(piece[max(span[0] - at, 0) : span[1] - at])
            if span[1] > stop:
                still.append((span, digest))
            else:
                self.found[span] = digest.digest()
        self._open = still

    def of(self, span: Span) -> bytes:
        """The digest of a span that has gone by."""
        return self.found[span] if span[0] < span[1] else sha256().digest()


class Joined:
    """One SHA-256 over the bytes of several spans, given in ascending order."""

    def __init__(self, spans: Sequence[Span]) -> None:
        self.nbytes = _nbytes(spans)
        self._left = list(reversed(spans))
        self._digest = sha256()

    def feed(self, at: int, piece: memoryview) -> None:
        """Take the next bytes, which begin at byte `at` of the file."""
        stop = at + len(piece)
        while self._left and self._left[-1][0] < stop:
            span = self._left[-1]
            self._digest.update(piece[max(span[0] - at, 0) : span[1] - at])
            if span[1] > stop:
                return
            self._left.pop()

    @property
    def result(self) -> Filler:
        """What has gone by."""
        return Filler(self.nbytes, self._digest.hexdigest())


class DataDigests:
    """The digests of all tensors of a file, and of the filler between them."""

    def __init__(
        self,
        tensors: Sequence[Tensor],
        section: Span | None,
        nbytes: int,
        *,
        is_complete: bool,
        places: Places = NOWHERE,
    ) -> None:
        self._tensors = tensors
        self._is_complete = is_complete
        self._nbytes = nbytes
        whole = {tensor.file_span for tensor in tensors if tensor.nbytes and self._is_inside(tensor)}
        if (total := _nbytes(whole)) > _MOST_OVERLAP * nbytes:
            expected = f"at most {_MOST_OVERLAP} times the {nbytes} bytes of the file"
            raise LimitExceededError(
                "too many tensors lie over one another", field="tensor_index", expected=expected, found=f"{total} bytes"
            )
        self._asked = {span for span in places.spans if 0 <= span[0] < span[1] <= nbytes}
        if _nbytes(whole | self._asked) > _MOST_OVERLAP * nbytes:
            self._asked.clear()
        self._spans = Spans(whole | self._asked)
        known = section is not None and is_complete
        gaps = between((tensor.file_span for tensor in tensors), section) if section is not None and known else None
        self._filler = None if gaps is None else Joined(gaps)
        there = all(0 <= start <= stop <= nbytes for start, stop in places.filler)
        self._asked_filler = Joined(places.filler) if there else None

    def _is_inside(self, tensor: Tensor) -> bool:
        return tensor.file_span[1] <= self._nbytes

    def feed(self, at: int, piece: memoryview) -> None:
        """Take the next bytes, which begin at byte `at` of the file."""
        self._spans.feed(at, piece)
        for filler in (self._filler, self._asked_filler):
            if filler is not None:
                filler.feed(at, piece)

    @property
    def filler(self) -> Filler | None:
        """None when it cannot be told from tensors."""
        return None if self._filler is None else self._filler.result

    def at_places(self) -> tuple[Mapping[Span, str], Filler | None]:
        """What was asked for beside, as far as it lies in the file."""
        filler = None if self._asked_filler is None else self._asked_filler.result
        return {span: self._spans.of(span).hex() for span in self._asked}, filler

    def tensors(self, moved_by: int = 0) -> tuple[TensorDigest, ...]:
        """The tensors, so many bytes further on in the file."""
        return tuple(
            TensorDigest(
                tensor.name_bytes,
                tensor.dtype_name,
                tensor.shape,
                tensor.file_span[0] + moved_by,
                tensor.file_span[1] + moved_by,
                self._spans.of(tensor.file_span).hex() if self._is_inside(tensor) else None,
            )
            for tensor in self._tensors
        )

    @cached_property
    def payload_digest(self) -> str | None:
        """None when a tensor is not whole, or of an element type that nobody knows."""
        if not (self._is_complete and all(map(self._is_inside, self._tensors))):
            return None
        if any(layout.dtype_facts(tensor.entry.dtype) is None for tensor in self._tensors):
            return None
        return payload_digest_of(self._tensors, lambda tensor: self._spans.of(tensor.file_span))


def _nbytes(spans: Iterable[Span]) -> int:
    return sum(stop - start for start, stop in spans)


def between(tensors: Iterable[Span], section: Span) -> list[Span]:
    """The parts of the data section that belong to no tensor, in ascending order."""
    found, (at, end) = [], section
    for start, stop in sorted(tensors):
        if at < start:
            found.append((at, min(start, end)))
        at = max(at, stop)
        if at >= end:
            return found
    return [*found, (at, end)] if at < end else found


class WholeDigests:
    """The digests of a file and of its sections but the data, whose bytes come in order."""

    def __init__(self, nbytes: int, located: Mapping[str, Span]) -> None:
        inside = {name: (span[0], min(span[1], nbytes)) for name, span in located.items()}
        self.nbytes = nbytes
        self.data = inside.pop(DATA, None)
        self._located = inside
        self._digest = sha256()
        self._sections = Spans(span for span in inside.values() if span[0] < span[1])

    def feed(self, at: int, piece: memoryview) -> None:
        """Take the next bytes, which begin at byte `at` of the file."""
        self._digest.update(piece)
        self._sections.feed(at, piece)

    def proof(
        self,
        data: DataDigests,
        header: Header | None,
        metadata: Metadata | None,
        *,
        tensors: tuple[TensorDigest, ...],
        is_complete: bool,
    ) -> FileProof:
        """What has gone by, with what is known of the file beside."""
        sections: dict[str, Digested | None] = {}
        for name in facts.LAYOUT:
            span = self._located.get(name, (0, 0))
            if name != DATA:
                sections[name] = Digested(*span, self._sections.of(span).hex()) if span[0] < span[1] else None
        places, filler = data.at_places()
        return FileProof(
            nbytes=self.nbytes,
            sha256=self._digest.hexdigest(),
            payload_digest=data.payload_digest,
            sections=sections,
            data=self.data,
            filler=data.filler,
            header=header,
            metadata=metadata,
            tensors=tensors,
            is_complete=is_complete,
            at_places=places,
            filler_at_places=filler,
        )


class Team:
    """Runs jobs over one piece side by side: the standard library digests without holding the interpreter."""

    def __init__(self, n_helpers: int) -> None:
        self._helpers = ThreadPoolExecutor(n_helpers, thread_name_prefix="aprfmt-digest")

    def feed(self, *jobs: tuple[Callable[[int, memoryview], None], int], piece: memoryview) -> None:
        """Hand a piece to each job, with the place that it has there; returns when all of them are done with it."""
        if len(piece) <= _ALONE_BYTES:
            for job, at in jobs:
                job(at, piece)
            return
        (own, own_at), *others = jobs
        asked: list[Future[None]] = []
        try:
            asked += [self._helpers.submit(job, at, piece) for job, at in others]
            own(own_at, piece)
        finally:
            wait(asked)  # whatever happens: the piece is somebody else's afterwards
        for future in asked:
            future.result()

    def close(self) -> None:
        """Let go of the threads, when they are done. Idempotent."""
        self._helpers.shutdown()
