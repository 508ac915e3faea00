"""Where bytes come from: a window of known size that is read by position.

The core never opens anything. `aprfmt.files` supplies a source over a file descriptor; `BytesSource` serves
whatever is in memory already.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, suppress
from queue import SimpleQueue
from threading import Lock, Thread
from typing import BinaryIO, Generic, Protocol, TypeAlias, TypeVar, cast

from .checksum import crc32, crc32_combine
from .errors import TruncatedError

__all__ = [
    "CHUNK_BYTES",
    "BytesSource",
    "Progress",
    "Source",
    "begin_pass",
    "iter_chunks",
    "map_chunks",
    "open_stream",
    "range_crc32",
    "used_nbytes",
]

CHUNK_BYTES = 1024 * 1024
"""Block of a full pass over the data: large enough that calls cost nothing, small enough to stay in cache."""

_MOST_AHEAD = 256
"""By how many chunks one of two reading threads may be ahead while the other one is held up: as many as it reads while
that one waits for a processor."""

_T = TypeVar("_T")

Progress: TypeAlias = Callable[[int, int], None]
"""What hears how far a pass is: bytes done, and bytes in all."""


class Source(Protocol):
    """Random access to the bytes of one container.

    A source that several threads may read at a time has a method `begin_pass(start, stop)`, too: it is told of bytes
    that will be read in their order, and returns how many threads are to read them.
    """

    @property
    def size(self) -> int:
        """Number of bytes when the source was opened."""

    def read(self, start: int, stop: int) -> bytes:
        """Copy of bytes `start` to `stop` (absolute, end exclusive).

        Raises `TruncatedError` when the bytes are not there (any more), and `OSError` as the system reports it.
        """

    def read_into(self, start: int, buffer: memoryview) -> None:
        """Fill the whole of `buffer` from `start` on; errors as for `read`."""

    def view(self, start: int, stop: int) -> memoryview:
        """Zero-copy, read-only view of bytes `start` to `stop`."""


class BytesSource:
    """A source over bytes in memory."""

    def __init__(self, data: bytes | bytearray | memoryview) -> None:
        self._view = memoryview(data).cast("B").toreadonly()

    @property
    def size(self) -> int:
        """Number of bytes."""
        return len(self._view)

    def read(self, start: int, stop: int) -> bytes:
        """Copy of bytes `start` to `stop`; raises `TruncatedError` beyond the end."""
        return bytes(self.view(start, stop))

    def read_into(self, start: int, buffer: memoryview) -> None:
        """Fill `buffer` from `start` on; raises `TruncatedError` beyond the end."""
        buffer[:] = self.view(start, start + len(buffer))

    def view(self, start: int, stop: int) -> memoryview:
        """View of bytes `start` to `stop`; raises `TruncatedError` beyond the end."""
        if not 0 <= start <= stop <= len(self._view):
            raise TruncatedError(
                "the bytes end too early",
                expected=f"bytes {start:#x}..{stop:#x}",
                found=f"{len(self._view)} bytes",
            )
        return self._view[start:stop]


def iter_chunks(source: Source, start: int, stop: int, chunk_bytes: int = CHUNK_BYTES) -> Iterator[memoryview]:
    """Bytes `start` to `stop` in views of one reused buffer; each view is valid until the next is asked for.

    Positioned reads rather than a mapping: memory stays bounded by the buffer, and a file that shrinks underneath
    raises `TruncatedError` instead of killing the process with a signal.
    """
    if stop <= start:
        return
    buffer = memoryview(bytearray(min(chunk_bytes, stop - start)))
    position = start
    while position < stop:
        piece = buffer[: min(len(buffer), stop - position)]
        source.read_into(position, piece)
        yield piece
        position += len(piece)


def begin_pass(source: Source, start: int, stop: int) -> int:
    """Tell a source that bytes `start` to `stop` will be read in their order; how many threads are to read them.

    A source that makes no difference between orders has no `begin_pass` of its own, and is read by one.
    """
    begin = getattr(source, "begin_pass", None)
    return 1 if begin is None else int(begin(start, stop))


def map_chunks(source: Source, start: int, stop: int, make: Callable[[int, memoryview], _T]) -> Generator[_T]:
    """What `make(at, piece)` returns for each chunk of bytes `start` to `stop`, in order; every byte is read once.

    `at` is where the piece begins, which is valid until `make` returns. A source that several threads may read is read
    by two: `make` has to bear that, and sees the chunks nearly in order. It is fast when most of what it does goes on
    without the interpreter, as reading and checksums do. Whoever may stop before the end closes the generator. Raises
    what reading and `make` raise, for the chunk that is next or for one behind it.
    """
    if begin_pass(source, start, stop) > 1 and stop - start > 2 * CHUNK_BYTES:
        yield from _Pair(source, start, stop, make).results()
        return
    at = start
    for piece in iter_chunks(source, start, stop):
        yield make(at, piece)
        at += len(piece)


class _Pair(Generic[_T]):
    """Two threads that read the chunks of a range: each takes the next one that nobody has. One is the caller's.

    Locks and queues are those that a signal cannot leave half taken: its exception ends both threads, and hangs none.
    """

    def __init__(self, source: Source, start: int, stop: int, make: Callable[[int, memoryview], _T]) -> None:
        self._source, self._stop, self._make = source, stop, make
        self._lock = Lock()
        self._next = self._handed_on = start
        self._permits = SimpleQueue[bool]()
        self._from_helper = SimpleQueue[tuple[int, _T] | BaseException]()
        self._is_over = False

    def results(self) -> Iterator[_T]:
        """The results in order; whichever way this ends, the other thread ends first."""
        helper = Thread(target=self._help, name="aprfmt-reader", daemon=True)
        buffer = memoryview(bytearray(CHUNK_BYTES))
        made: dict[int, _T] = {}
        try:
            for _ in range(_MOST_AHEAD):
                self._permits.put(True)
            with suppress(RuntimeError):  # there can be no further thread: this one reads it all
                helper.start()
            while self._handed_on < self._stop:
                at = self._claim(self._handed_on + _MOST_AHEAD * CHUNK_BYTES)
                if at is not None:
                    made[at] = self._read(at, buffer)
                while at is None or not self._from_helper.empty():
                    at, result = self._receive()
                    made[at] = result
                while self._handed_on in made:
                    yield made.pop(self._handed_on)
                    self._handed_on += CHUNK_BYTES
        finally:
            self._is_over = True
            self._permits.put(False)
            if helper.is_alive():
                helper.join()

    def _help(self) -> None:
        try:
            buffer = memoryview(bytearray(CHUNK_BYTES))
            while self._permits.get() and not self._is_over and (at := self._claim(self._stop)) is not None:
                self._from_helper.put((at, self._read(at, buffer)))
        except BaseException as error:  # whatever it is, it belongs to who waits for the chunk
            self._from_helper.put(error)

    def _receive(self) -> tuple[int, _T]:
        found = self._from_helper.get()
        if isinstance(found, BaseException):
            raise found
        self._permits.put(True)
        return found

    def _claim(self, before: int) -> int | None:
        """Where the next chunk begins that nobody has; None when that is not `before` a place, or there is none."""
        with self._lock:
            at = self._next
            if at >= min(before, self._stop):
                return None
            self._next = at + CHUNK_BYTES
            return at

    def _read(self, at: int, buffer: memoryview) -> _T:
        piece = buffer[: min(CHUNK_BYTES, self._stop - at)]
        self._source.read_into(at, piece)
        return self._make(at, piece)


def range_crc32(source: Source, start: int, stop: int, value: int = 0) -> int:
    """CRC-32 of bytes `start` to `stop`, continuing from `value`, the checksum of what came before them."""
    with closing(map_chunks(source, start, stop, lambda _at, piece: (len(piece), crc32(piece)))) as seen:
        for nbytes, crc in seen:
            value = crc32_combine(value, crc, nbytes)
    return value


_ZEROS = bytes(CHUNK_BYTES)


def used_nbytes(piece: memoryview) -> int:
    """How many bytes of the piece there are up to the last one that is not zero; 0 when all of them are zero."""
    raw = bytes(piece)
    if len(raw) <= len(_ZEROS) and _ZEROS.startswith(raw):  # some thirty times as fast as looking for the last one
        return 0
    return len(raw.rstrip(b"\0"))


class _Window(io.RawIOBase):
    """A forward stream over a part of a source."""

    def __init__(self, source: Source, start: int, stop: int) -> None:
        super().__init__()
        self._source, self._at, self._stop = source, start, stop

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: object) -> int:
        """Fill `buffer` as far as the window goes; 0 at its end."""
        view = memoryview(buffer)[: self._stop - self._at]  # type: ignore[arg-type] # RawIOBase hands over a buffer
        if len(view):
            self._source.read_into(self._at, view)
            self._at += len(view)
        return len(view)


def open_stream(source: Source, start: int, stop: int) -> BinaryIO:
    """A buffered forward stream over bytes `start` to `stop` that never holds more than a block of them."""
    return cast("BinaryIO", io.BufferedReader(_Window(source, start, stop), 64 * 1024))
