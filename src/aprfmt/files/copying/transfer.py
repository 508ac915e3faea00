"""A range of bytes on its way into another file, the state that all ways of copying share, and the plain way."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from enum import Enum
from typing import TypeAlias

from ...plan import See
from ...source import CHUNK_BYTES, Source, begin_pass, iter_chunks
from ..naming import naming
from ..sources import StrPath

__all__ = ["REFUSALS", "Advance", "Transfer", "Way", "nothing_written"]

Advance: TypeAlias = Callable[[int], None]

REFUSALS = frozenset(
    getattr(errno, name)
    for name in ("EINVAL", "EOPNOTSUPP", "ENOTSUP", "EXDEV", "ENOSYS", "ENOTTY", "EPERM", "ETXTBSY")
    if hasattr(errno, name)
)
"""The error numbers by which a system says that it cannot do a thing this way, rather than that it failed."""


class Way(Enum):
    """How bytes get into the output."""

    CLONE = "clone"
    """The file system lets both files have the same blocks; nothing is written."""
    DIRECT = "direct"
    """Written past the page cache, while the next bytes are read."""
    BLOCKS = "blocks"
    """Read and written, a block at a time."""


class Transfer:
    """Bytes `start` to `stop` of `source` on their way to `position` in the file open as `descriptor`.

    `done` bytes of them are there. Whoever carries some over reads them with `fill`, or shows them with `show`, in
    order and once, and counts them with `wrote`; the next one goes on from there. `name` is that of the output, for
    errors about it.
    """

    def __init__(
        self,
        source: Source,
        start: int,
        stop: int,
        descriptor: int,
        position: int,
        *,
        name: StrPath | None = None,
        see: See | None = None,
        progress: Advance | None = None,
    ) -> None:
        self.source = source
        self.descriptor = descriptor
        self.name = name
        self.done = 0
        self.moved = dict.fromkeys(Way, 0)
        self._start = start
        self._nbytes = stop - start
        self._position = position
        self._see = see
        self._progress = progress

    @property
    def left(self) -> int:
        """Number of bytes that are not there yet."""
        return self._nbytes - self.done

    @property
    def origin(self) -> int:
        """The byte of the source that comes next."""
        return self._start + self.done

    @property
    def target(self) -> int:
        """The byte of the output that it belongs at."""
        return self._position + self.done

    @property
    def is_watched(self) -> bool:
        """Whether somebody has to see the bytes."""
        return self._see is not None

    def begin_pass(self) -> None:
        """Tell the system that the rest of the source is read in order: it then reads further ahead from the disk."""
        begin_pass(self.source, self.origin, self.origin + self.left)

    def fill(self, start: int, buffer: memoryview) -> None:
        """Read the bytes of the source from `start` on into all of `buffer`, and show them.

        In blocks that the processor's cache holds, so that looking at them does not read them from memory again.
        """
        for at in range(0, len(buffer), CHUNK_BYTES):
            piece = buffer[at : at + CHUNK_BYTES]
            self.source.read_into(start + at, piece)
            if self._see is not None:
                self._see(piece.toreadonly())

    def show(self, start: int, stop: int) -> None:
        """Read bytes of the source that are in the output already, for those who have to see them."""
        if self._see is not None:
            for piece in iter_chunks(self.source, start, stop):
                self._see(piece.toreadonly())

    def wrote(self, nbytes: int, way: Way) -> None:
        """Count bytes that are in the output now."""
        self.done += nbytes
        self.moved[way] += nbytes
        if self._progress is not None and nbytes:
            self._progress(self.done)

    def copy_blocks(self, nbytes: int) -> None:
        """Carry over the next bytes, a block at a time. What every system can, and the way to the next boundary."""
        if nbytes <= 0:
            return
        with naming(self.name):
            os.lseek(self.descriptor, self.target, os.SEEK_SET)
        if nbytes > CHUNK_BYTES:
            self.begin_pass()
        buffer = memoryview(bytearray(min(CHUNK_BYTES, nbytes)))
        stop = self.done + nbytes
        while self.done < stop:
            piece = buffer[: min(len(buffer), stop - self.done)]
            self.fill(self.origin, piece)
            with naming(self.name):
                _write_all(self.descriptor, piece)
            self.wrote(len(piece), Way.BLOCKS)


def _write_all(descriptor: int, piece: memoryview) -> None:
    rest = piece
    while rest:
        try:
            count = os.write(descriptor, rest)
        except InterruptedError:
            continue
        if count == 0:
            raise nothing_written(len(rest))
        rest = rest[count:]


def nothing_written(nbytes: int) -> OSError:
    """The error of a write that the system calls a success, and that wrote nothing: trying again would never end."""
    return OSError(errno.EIO, f"the system wrote nothing: expected up to {nbytes} bytes, found 0")
