"""A range of one file copied into another in the fastest way that the system has, and a range read back from the disk.

| way | when | what it costs |
|---|---|---|
| clone | the file system shares blocks; origin and target lie equally far behind a boundary of blocks | a few milliseconds, whatever the size; one read where somebody has to see the bytes |
| direct | 64 MiB or more, and the file system writes past the page cache; a sixth of the memory or more where the source has to come from the disk | the slower of reading and writing; three buffers of 8 MiB |
| blocks | always | reading and writing, one after the other; one buffer of 1 MiB |

A clone moves data by multiples of a block only, most often of 4096 bytes: the data section of a file whose head is
padded so, or whose head kept its size. Otherwise, one head in 64 has the right size by chance.

Rules of this package:
1. Each way goes on where the one before it stopped. No byte is lost or repeated, in the output or before whoever sees
   the bytes go by.
2. A system that refuses a way is no error, only a reason for the next one. A system that fails is one, raised once.
3. A way asks for calls that only some systems have when it needs them.
4. Whoever sees the bytes, and whoever hears of the progress, is called by the caller's thread.
"""  # noqa: E501 - the lines of a table

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from typing import NamedTuple

from ...plan import See
from ...source import Source
from ..naming import naming
from ..sources import StrPath
from .clone import copy_clone
from .direct import copy_direct
from .readback import Meant, crc32_from_disk, require_checksum, require_reads_back
from .transfer import Advance, Transfer, Way

__all__ = [
    "Advance",
    "Copied",
    "Meant",
    "See",
    "Way",
    "copy_range",
    "crc32_from_disk",
    "require_checksum",
    "require_reads_back",
]


class Copied(NamedTuple):
    """How many bytes went which way."""

    clone: int
    direct: int
    blocks: int

    @property
    def nbytes(self) -> int:
        """All of them."""
        return sum(self)


_WAYS: dict[Way, Callable[[Transfer], None]] = {Way.CLONE: copy_clone, Way.DIRECT: copy_direct}


def copy_range(
    source: Source,
    start: int,
    stop: int,
    descriptor: int,
    position: int,
    *,
    name: StrPath | None = None,
    see: See | None = None,
    progress: Advance | None = None,
    ways: Collection[Way] = tuple(Way),
) -> Copied:
    """Copy bytes `start` to `stop` of the source to `position` of the file that is open for writing as `descriptor`.

    `see` is called with every byte, once and in order, in read-only views of at most 1 MiB that are valid during the
    call; without it, bytes may get there that no process reads. A byte is seen before it is written, or after its block
    was cloned: what `see` raises leaves an output that is good for nothing. `progress` is called with the bytes that
    are there, of this range. `ways` are those that may be tried; blocks are always the last.

    Afterwards the descriptor's position is behind the range. What is there is not synced. Memory: 26 MiB.

    Raises `ValueError` for a range that is none; `TruncatedError` when the source does not have the bytes; `OSError` as
    the system reports it, with `name` as its file name when it is about the output; what `see` and `progress` raise. No
    thread is left then, and how much was written is not known.
    """
    if not 0 <= start <= stop:
        raise ValueError(f"expected a range of bytes, found {start}..{stop}")
    transfer = Transfer(source, start, stop, descriptor, position, name=name, see=see, progress=progress)
    for way, copy in _WAYS.items():
        if way in ways:
            copy(transfer)
    transfer.copy_blocks(transfer.left)
    with naming(name):
        os.lseek(descriptor, position + stop - start, os.SEEK_SET)
    return Copied(*(transfer.moved[way] for way in Way))
