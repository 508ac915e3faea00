"""A file read again from the disk: compared with what was written, or as the checksum of a range."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from contextlib import suppress
from typing import TypeAlias

from ...checksum import crc32
from ...source import iter_chunks
from ..sources import FileSource, StrPath
from .transfer import Advance

__all__ = ["Meant", "crc32_from_disk", "require_checksum", "require_reads_back"]

Meant: TypeAlias = tuple[int, bytes | memoryview]
"""A byte of a file, and what belongs there from it on."""

_PAGE_BYTES = 1 << 16
"""Pages of no system are larger; the system forgets whole ones only."""


def crc32_from_disk(path: StrPath, start: int, stop: int, *, progress: Advance | None = None) -> int:
    """CRC-32 of bytes `start` to `stop` of the file at `path` as its disk has them, if all of it is synced.

    The system is told to drop what it has cached of the file, which it does with all that is synced and that no process
    has mapped. Where it cannot be told so, and where there is no disk (tmpfs), the bytes come from memory. `progress`
    is called with the bytes that are read. Memory: 1 MiB. Raises `TruncatedError` when the file is shorter,
    `OSError` as the system reports it, and what `progress` raises.
    """
    value = done = 0
    with FileSource(path) as source:
        _forget(source, 0, 0)
        for piece in iter_chunks(source, start, stop):
            value = crc32(piece, value)
            done += len(piece)
            if progress is not None:
                progress(done)
    return value


def require_checksum(
    path: StrPath, nbytes: int, checksum: int, name: StrPath, *, progress: Advance | None = None
) -> None:
    """Raise `OSError` (EIO) about the file called `name` unless its disk has `nbytes` bytes with this CRC-32.

    Otherwise as `crc32_from_disk`.
    """
    found = crc32_from_disk(path, 0, nbytes, progress=progress)
    if found != checksum:
        text = f"the output reads back wrong: expected the checksum {checksum:#010x}, found {found:#010x}"
        raise OSError(errno.EIO, text, str(name))


def require_reads_back(path: StrPath, meant: Iterable[Meant], nbytes: int, name: StrPath) -> None:
    """Read what was written of the file at `path` again, from the disk where the system can be told so, and compare it.

    What else the page cache has of the file stays there. Raises `OSError` (EIO) about the file called `name` when its
    size is not `nbytes`, and when any bytes differ.
    """
    text = "the output reads back wrong: expected {}, found {}"
    with FileSource(path) as back:
        if back.size != nbytes:
            raise OSError(errno.EIO, text.format(f"{nbytes} bytes", f"{back.size} bytes"), str(name))
        for start, data in meant:
            stop = start + len(data)
            first = start - start % _PAGE_BYTES
            _forget(back, first, stop + -stop % _PAGE_BYTES - first)
            done = 0
            for piece in iter_chunks(back, start, stop):
                if bytes(piece) != bytes(data[done : done + len(piece)]):
                    span = f"{start + done:#x}..{start + done + len(piece):#x}"
                    raise OSError(errno.EIO, text.format(f"what was written at {span}", "others"), str(name))
                done += len(piece)


def _forget(source: FileSource, start: int, nbytes: int) -> None:
    """Have the system drop what it has cached of a range, or to the end for 0 bytes."""
    advise = getattr(os, "posix_fadvise", None)
    if advise is not None:
        with suppress(OSError):
            advise(source.fileno(), start, nbytes, getattr(os, "POSIX_FADV_DONTNEED", 4))
