"""A range cloned: the file system is asked to let two files share blocks (XFS, btrfs, and others)."""

from __future__ import annotations

import os
import sys

from ...source import CHUNK_BYTES
from ..naming import naming
from ..sources import FileSource
from .transfer import REFUSALS, Transfer, Way

__all__ = ["CLONE_FROM_BYTES", "STEP_BYTES", "copy_clone"]

CLONE_FROM_BYTES = 1024 * 1024
"""Ranges below are copied: that takes less than asking, and leaves the file in fewer pieces."""

STEP_BYTES = 256 * 1024 * 1024
"""One call to the system: none takes long, so that progress shows and an interrupt is heard."""

_FICLONERANGE = 0x4020940D  # of linux/fs.h, where the standard library does not have it (before Python 3.12)


def copy_clone(transfer: Transfer) -> None:
    """Carry over what can be cloned of the rest; nothing when the system refuses, and never a part of a step.

    Blocks are shared whole: `origin` and `target` must lie equally far behind a boundary of blocks, of which the bytes
    up to the first are copied; those behind the last are left. Whoever has to see the bytes is shown those of the
    source, which may be in the page cache, where those of the clone are not.
    """
    block_bytes = _block_bytes(transfer) if transfer.left >= CLONE_FROM_BYTES else 0
    if not block_bytes:
        return
    lead = -transfer.target % block_bytes
    whole = (transfer.left - lead) // block_bytes * block_bytes
    if (transfer.origin - transfer.target) % block_bytes or whole < CLONE_FROM_BYTES:
        return
    nbytes = min(whole, STEP_BYTES)
    # Before anything is copied to get to the boundary: the answer is no on most systems.
    if not _share(transfer, nbytes, ahead=lead):
        return
    transfer.copy_blocks(lead)
    stop = transfer.done + whole
    while nbytes:
        _hand_over(transfer, nbytes)
        nbytes = min(STEP_BYTES, stop - transfer.done)
        if nbytes and not _share(transfer, nbytes):
            return


def _hand_over(transfer: Transfer, nbytes: int) -> None:
    """Count bytes that are shared, after showing them to those who have to see them."""
    if not transfer.is_watched:
        transfer.wrote(nbytes, Way.CLONE)
        return
    for start in range(0, nbytes, CHUNK_BYTES):
        size = min(CHUNK_BYTES, nbytes - start)
        transfer.show(transfer.origin, transfer.origin + size)
        transfer.wrote(size, Way.CLONE)


def _share(transfer: Transfer, nbytes: int, *, ahead: int = 0) -> bool:
    """Ask the system to share so many bytes, from so many ahead of the next one; False when it cannot."""
    import fcntl

    source = transfer.source
    if not isinstance(source, FileSource):
        return False
    request = getattr(fcntl, "FICLONERANGE", _FICLONERANGE)
    values = source.fileno(), transfer.origin + ahead, nbytes, transfer.target + ahead
    argument = memoryview(bytearray(8 * len(values))).cast("Q")  # struct file_clone_range: numbers of 64 bits
    for index, value in enumerate(values):
        argument[index] = value
    while True:
        try:
            with naming(transfer.name):
                fcntl.ioctl(transfer.descriptor, request, argument)
        except InterruptedError:  # unlike others, this call is not repeated by Python
            continue
        except OSError as error:
            if error.errno not in REFUSALS:
                raise
            return False
        return True


def _block_bytes(transfer: Transfer) -> int:
    """The size of the blocks that a file system shares; 0 where there is no such thing."""
    if sys.platform != "linux" or not hasattr(os, "fstatvfs"):
        return 0
    try:
        import fcntl  # noqa: F401 - whether it is there
    except ImportError:
        return 0
    with naming(transfer.name):
        return os.fstatvfs(transfer.descriptor).f_bsize
