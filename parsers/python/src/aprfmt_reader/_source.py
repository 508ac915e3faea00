"""Where bytes come from: a regular file that is read by position, never mapped and never held as a whole.

Positioned reads rather than a mapping: memory stays bounded by what is asked for, threads share one descriptor, and a
file that shrinks underneath raises an error where a mapping would kill the process with a signal.
"""

from __future__ import annotations

import errno
import io
import os
import stat
import threading
from collections.abc import Iterator
from typing import TypeAlias
from zlib import crc32

from ._errors import RequestError

__all__ = ["CHUNK_BYTES", "Source", "StrPath"]

StrPath: TypeAlias = str | os.PathLike[str]

CHUNK_BYTES = 1024 * 1024
"""Bytes of one piece of a pass over the data: large enough that calls cost nothing, small enough to stay in a cache."""
_MAX_READ_BYTES = 1 << 30  # some systems refuse a single read of 2 GiB or more
_STREAM_BYTES = 64 * 1024


class Source:
    """An open file of known size.

    Raises `OSError` for what cannot be opened: a folder, a pipe or a device among them.
    """

    def __init__(self, path: StrPath) -> None:
        # Before opening: opening a pipe waits for a writer, opening a device may do anything.
        _require_regular(os.stat(os.fspath(path)), path)  # noqa: PTH116 - the empty path is a Path of the folder
        self._file = io.FileIO(path, "rb")
        try:
            status = os.fstat(self._file.fileno())
            _require_regular(status, path)
        except BaseException:
            self._file.close()
            raise
        self.path = path
        self.size = status.st_size
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        self._file.close()

    def read(self, start: int, stop: int) -> bytes:
        """The bytes from `start` to `stop`, counted from the start of the file.

        Raises `RequestError` when the file is closed, and `OSError` as the system reports it or when the file became
        shorter since it was opened.
        """
        if 0 < stop - start <= _MAX_READ_BYTES:
            part = self._some(start, stop - start)
            if len(part) == stop - start:
                return part
        whole = io.BytesIO(bytes(stop - start))  # all of it at once: what is too much fails before it is read
        with whole.getbuffer() as view:
            done = 0
            while done < len(view):
                part = self._some(start + done, min(len(view) - done, _MAX_READ_BYTES))
                view[done : done + len(part)] = part
                done += len(part)
        return whole.getvalue()

    def _some(self, start: int, nbytes: int) -> bytes:
        """At least one byte from `start` on, and at most so many."""
        if self._file.closed:
            raise RequestError("the model is closed")
        if hasattr(os, "pread"):
            part = os.pread(self._file.fileno(), nbytes, start)
        else:  # Windows: one position for all threads
            with self._lock:
                self._file.seek(start)
                part = self._file.read(nbytes)
        if not part:
            what = f"the file became shorter while it was open: expected {self.size} bytes, found at most {start}"
            raise OSError(errno.EIO, what, os.fspath(self.path))
        return part

    def pieces(self, start: int, stop: int, nbytes: int = CHUNK_BYTES) -> Iterator[bytes]:
        """The bytes from `start` to `stop` in pieces of `nbytes`, the last one shorter; errors as for `read`."""
        for at in range(start, stop, nbytes):
            yield self.read(at, min(at + nbytes, stop))

    def crc32(self, start: int, stop: int, value: int = 0) -> int:
        """CRC-32 of the bytes from `start` to `stop`, continuing from `value`, the checksum of what came before."""
        for piece in self.pieces(start, stop):
            value = crc32(piece, value)
        return value

    def stream(self, start: int, stop: int) -> io.BufferedReader:
        """A seekable stream that begins at `start` and ends at `stop`, whose positions are those of the file."""
        return io.BufferedReader(_Window(self, start, stop), _STREAM_BYTES)


class _Window(io.RawIOBase):
    """A part of a file as a raw stream."""

    def __init__(self, source: Source, start: int, stop: int) -> None:
        super().__init__()
        self._source, self._at, self._stop = source, start, stop

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._stop}[whence]
        self._at = base + offset
        return self._at

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type] # RawIOBase hands over a buffer
        nbytes = max(0, min(len(view), self._stop - self._at))
        view[:nbytes] = self._source.read(self._at, self._at + nbytes)
        self._at += nbytes
        return nbytes


def _require_regular(status: os.stat_result, path: StrPath) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), os.fspath(path))
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "expected a regular file, found a device, pipe or socket", os.fspath(path))
