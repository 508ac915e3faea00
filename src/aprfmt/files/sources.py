"""Sources over files: bytes that are read by position.

A call that only some systems have is looked up when it is needed, and there is a way without it.
"""

from __future__ import annotations

import errno
import io
import os
import stat
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, Protocol, Self, TypeAlias

from ..errors import FormatError, RequestError, TruncatedError
from ..source import CHUNK_BYTES, BytesSource, Source

if TYPE_CHECKING:
    from mmap import mmap

__all__ = ["FileSource", "MemorySource", "OpenedSource", "StrPath", "StreamSource", "open_source"]

StrPath: TypeAlias = str | os.PathLike[str]
Look: TypeAlias = Callable[[bytes], None]
_MAX_READ_BYTES = 1 << 30  # some systems refuse a single read of 2 GiB or more
_MOST_READERS = 2  # one alone cannot copy out of the page cache as fast as `cat` and look at the bytes too


class OpenedSource(Source, Protocol):
    """A source that holds something until it is closed; also a context manager."""

    def close(self) -> None:
        """Let go of what is held; a second call does nothing."""
        return

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()


class MemorySource(BytesSource, OpenedSource):
    """A source over bytes in memory, which closing lets go of: a bytearray can be resized again."""

    def close(self) -> None:
        """Release the buffer; views that are still held stay valid. Idempotent."""
        with suppress(BufferError):
            self._view.release()


class StreamSource(OpenedSource):
    """A source over a seekable binary file object, whole and from its byte 0, wherever its position is.

    Every read puts the position back. The object stays the caller's: closing the source does nothing to it.
    """

    def __init__(self, file: BinaryIO) -> None:
        before = file.tell()
        self._size = file.seek(0, os.SEEK_END)
        file.seek(before)
        self._file: BinaryIO | io.FileIO = file
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """Number of bytes when the source was opened."""
        return self._size

    def _require(self, start: int, stop: int) -> None:
        if not 0 <= start <= stop <= self._size:
            wanted = f"bytes {start:#x}..{stop:#x}"
            raise TruncatedError("the bytes end too early", expected=wanted, found=f"{self._size} bytes")

    def read(self, start: int, stop: int) -> bytes:
        """Copy of bytes `start` to `stop` (absolute, end exclusive).

        Raises `TruncatedError` beyond the size at opening or when the input became shorter since, `OSError`
        as the system reports it, and `ValueError` on a closed file.
        """
        self._require(start, stop)  # before memory is taken for it
        buffer = bytearray(stop - start)
        self.read_into(start, memoryview(buffer))
        return bytes(buffer)

    def read_into(self, start: int, buffer: memoryview) -> None:
        """Fill the whole of `buffer` (a view of bytes) from `start` on; errors as for `read`."""
        self._require(start, start + len(buffer))
        filled = 0
        while filled < len(buffer):
            count = self._read_some(start + filled, buffer[filled : filled + _MAX_READ_BYTES])
            if count == 0:
                raise self._shorter(f"its end at {start + filled:#x} or before")
            filled += count

    def _shorter(self, found: str) -> TruncatedError:
        wanted = f"{self._size} bytes as when it was opened"
        return TruncatedError("the input became shorter while it was read", expected=wanted, found=found)

    def _read_some(self, start: int, buffer: memoryview) -> int:
        with self._lock:
            before = self._file.tell()
            try:
                self._file.seek(start)
                piece = self._file.read(len(buffer))
            finally:
                self._file.seek(before)
        buffer[: len(piece)] = piece
        return len(piece)

    def view(self, start: int, stop: int) -> memoryview:
        """Read-only view of bytes `start` to `stop`, read into memory: a stream has nothing to map."""
        return memoryview(self.read(start, stop))


class FileSource(StreamSource):
    """A source over a regular file, given as a path or as a descriptor that the source takes over and closes.

    `path` is absolute, None for a descriptor. `identity` is device, inode, size in bytes and modification
    time in nanoseconds at opening; `permissions` the bits then (0 to 0o777), None for an unnamed temporary
    file.

    Raises `IsADirectoryError`, `RequestError` for a device, pipe or socket, and other `OSError` of the
    system.
    """

    def __init__(self, file: int | StrPath) -> None:
        # Absolute, because the working directory may change before the path is used again.
        self.path: Final = None if isinstance(file, int) else Path(file).absolute()
        if not isinstance(file, int):
            # Before opening: opening a pipe waits for a writer, opening a device may do anything.
            _require_regular(Path(file).stat(), file)
            file = os.open(file, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        try:
            status = os.fstat(file)
            _require_regular(status, self.path or f"descriptor {file}")
        except BaseException:
            os.close(file)
            raise
        self._file = io.FileIO(file, "rb")  # which closes the descriptor from here on, whatever happens
        self.identity: Final = _identity(status)
        self.permissions: Final = status.st_mode & 0o777 if status.st_nlink else None
        self._size = status.st_size
        self._mapping: mmap | None = None
        self._lock = threading.Lock()

    def fileno(self) -> int:
        """The open descriptor; raises `ValueError` once the source is closed."""
        return self._file.fileno()

    def begin_pass(self, start: int, stop: int) -> int:
        """Tell the system that these bytes will be read in their order; returns how many threads are to read them."""
        if self.path is not None:  # of a descriptor that was given, others may read something else
            with suppress(AttributeError, OSError):  # not on this system; if the trouble is another, reading reports it
                os.posix_fadvise(self.fileno(), start, stop - start, os.POSIX_FADV_SEQUENTIAL)
        return min(_MOST_READERS, _n_processors()) if hasattr(os, "pread") else 1  # or they would wait for one another

    def check_unchanged(self) -> None:
        """Raise `FormatError` unless the open file and the one under its path still have the `identity`."""
        self.require_same(os.fstat(self.fileno()))
        if self.path is not None:
            self.require_same(self.path.stat() if self.path.exists() else None)

    def require_same(self, status: os.stat_result | None) -> None:
        """Raise `FormatError` unless this is the status of the file as it was at opening; None is that of no file."""
        found = "no file" if status is None else _identity(status)
        if found != self.identity:
            text = f"the input changed while it was read: {self.path or 'an open file'}"
            expected = f"(device, inode, bytes, ns modified, ns changed) {self.identity}"
            raise FormatError(text, expected=expected, found=str(found))

    def _read_some(self, start: int, buffer: memoryview) -> int:
        if (preadv := getattr(os, "preadv", None)) is not None:
            return int(preadv(self.fileno(), [buffer], start))
        if (pread := getattr(os, "pread", None)) is not None:
            piece = pread(self.fileno(), len(buffer), start)
            buffer[: len(piece)] = piece
            return len(piece)
        return super()._read_some(start, buffer)

    def view(self, start: int, stop: int) -> memoryview:
        """Zero-copy, read-only view of bytes `start` to `stop`, over a mapping made at the first call.

        Errors as for `read`. A file that shrinks under a view in use ends the process on most systems: full
        passes use `read_into`.
        """
        self._require(start, stop)
        if self._size == 0:
            return memoryview(b"")  # no system maps zero bytes
        with self._lock:
            if self._mapping is None:
                if (nbytes := os.fstat(self.fileno()).st_size) < self._size:
                    raise self._shorter(f"{nbytes} bytes")
                from mmap import ACCESS_READ, mmap

                self._mapping = mmap(self.fileno(), self._size, access=ACCESS_READ)
            return memoryview(self._mapping)[start:stop]

    def close(self) -> None:
        """Close the descriptor and the mapping; views that are still held stay valid. Idempotent."""
        self._file.close()
        mapping, self._mapping = self._mapping, None
        if mapping is not None:
            with suppress(BufferError):  # a view is still held: the mapping goes when the last one does
                mapping.close()


def open_source(file: StrPath | bytes | bytearray | memoryview | BinaryIO, *, look: Look | None = None) -> OpenedSource:
    """A source over a file by path, over bytes, or over a binary file object, to be closed by the caller.

    A file, by path or as an object that can seek, is taken whole wherever the object's position is; the
    object stays open and where it is. A pipe, by path or as an object, is read from where it is to its end
    into an unnamed temporary file: opening a named one waits for its writer, and only the disk bounds what is
    read. `look` sees the first bytes that come out of a pipe, before anything is kept, and may raise to refuse them.

    Raises `IsADirectoryError`, `RequestError` for a device or socket, `TypeError` for a text file or another
    object, `FormatError` for a path beside which a stamp in place has left its journal, and other `OSError` of the
    system.
    """
    if isinstance(file, bytes | bytearray | memoryview):
        return MemorySource(file)
    if isinstance(file, str | os.PathLike):
        from .inplace import refuse_journal

        refuse_journal(file)
        if not stat.S_ISFIFO(Path(file).stat().st_mode):
            return FileSource(file)
        with io.FileIO(os.fspath(file), "rb") as pipe:
            return _spool(pipe, look)
    if isinstance(file, io.TextIOBase) or not hasattr(file, "read"):
        raise TypeError(f"expected a path, bytes or a binary file object, found {type(file).__name__}")
    # Types rather than `fileno()`: a GzipFile answers that with the descriptor of the compressed file.
    raw = getattr(file, "raw", None) if type(file) in (io.BufferedReader, io.BufferedRandom) else file
    if type(raw) is io.FileIO and raw.readable() and stat.S_ISREG(os.fstat(raw.fileno()).st_mode):
        file.flush()  # what the caller has written but not flushed is part of the file
        return FileSource(os.dup(raw.fileno()))
    return StreamSource(file) if getattr(file, "seekable", bool)() else _spool(file, look)


def _spool(stream: BinaryIO | io.FileIO, look: Look | None) -> FileSource:
    from tempfile import TemporaryFile  # pipes alone pay for it

    with TemporaryFile() as spool:
        while (piece := stream.read(CHUNK_BYTES)) != b"":
            if piece is None:  # taking this for the end would cut the input
                raise BlockingIOError(errno.EAGAIN, "expected a blocking stream, found one with no bytes yet")
            if look is not None and spool.tell() == 0:
                look(piece)
            spool.write(piece)
        spool.flush()
        return FileSource(os.dup(spool.fileno()))


def _n_processors() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except (AttributeError, OSError):
        return os.cpu_count() or 1


def _identity(status: os.stat_result) -> tuple[int, int, int, int, int]:
    """What a change of the content changes; the time of the last change cannot be set back, unlike that of the data."""
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _require_regular(status: os.stat_result, name: StrPath) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(name))
    if not stat.S_ISREG(status.st_mode):
        raise RequestError(f"input: expected a regular file, found a device, pipe or socket: {name}")
