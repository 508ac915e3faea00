"""A range written past the page cache by a thread of its own, while the caller's thread reads the next bytes.

Rules of this file:
1. The writing thread has a descriptor of its own: were it ever left behind, it could not write into another file that
   got the caller's.
2. An error of the writing thread is handed over once, in the place of a buffer, and ends it. Whoever waits for a buffer
   gets either.
3. Every way out ends the thread: what it is at is finished, what waits is dropped.
"""

from __future__ import annotations

import io
import mmap
import os
import threading
from queue import SimpleQueue
from typing import NamedTuple

from ..naming import naming
from ..sources import FileSource
from .transfer import REFUSALS, Transfer, Way, nothing_written

__all__ = ["BUFFER_BYTES", "COLD_FROM_BYTES", "DIRECT_FROM_BYTES", "GRID_BYTES", "N_BUFFERS", "copy_direct"]

BUFFER_BYTES = 8 * 1024 * 1024
"""One write: enough that the disk is busy all the time; with more there is nothing gained."""

N_BUFFERS = 3
"""One is filled, one is written, one is ready, so that neither side waits for a moment's delay of the other."""

GRID_BYTES = max(4096, mmap.PAGESIZE)
"""Places, lengths and addresses are multiples of it, which is as much as any disk asks for; no page of the output is
both written directly and cached."""

DIRECT_FROM_BYTES = 8 * BUFFER_BYTES
"""Ranges below are faster by way of the cache, where they stay for whoever reads them next."""


def _memory_bytes() -> int:
    try:
        return os.sysconf("SC_PHYS_PAGES") * mmap.PAGESIZE
    except (AttributeError, ValueError, OSError):
        return 0


COLD_FROM_BYTES = _memory_bytes() // 6
"""The same for a source that has to come from the disk too: a disk that reads and writes at a time does both slowly.
The cache takes all of such a range, and writes it when the reading is over. Linux makes whoever writes wait once a
fifth of the memory that is to be had waits to be written."""

_N_SAMPLES = 16


def copy_direct(transfer: Transfer) -> None:
    """Carry over the rest but the last bytes behind the grid; nothing when the range is small or the system refuses.

    Memory: `N_BUFFERS` times `BUFFER_BYTES`. A write that the system refuses later is made by way of the cache.
    """
    lead = -transfer.target % GRID_BYTES
    whole = (transfer.left - lead) // GRID_BYTES * GRID_BYTES
    if whole < DIRECT_FROM_BYTES or not hasattr(os, "O_DIRECT") or not hasattr(os, "pwrite"):
        return
    if whole < COLD_FROM_BYTES and not _is_cached(transfer):
        return
    try:
        with naming(transfer.name):
            mode = _Mode(transfer.descriptor)
    except ImportError:
        return
    transfer.copy_blocks(lead)  # by way of the cache, so before
    try:
        with naming(transfer.name):
            is_direct = mode.set_direct(transfer.descriptor)
        if is_direct:
            _overlapped(transfer, whole, mode)
    finally:
        mode.restore(transfer.descriptor)


def _is_cached(transfer: Transfer) -> bool:
    """Whether most of the rest is in the page cache, as far as some bytes of it show; True where nobody knows."""
    source, step = transfer.source, transfer.left // _N_SAMPLES
    if not isinstance(source, FileSource):
        return True
    file = source.fileno()
    try:
        # Or else the system begins to read all that stands around the bytes that it is asked for.
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_RANDOM)
        try:
            found = sum(_is_there(file, transfer.origin + number * step) for number in range(_N_SAMPLES))
        finally:
            os.posix_fadvise(file, 0, 0, os.POSIX_FADV_NORMAL)
    except (AttributeError, OSError):  # not on this system; if the trouble is another, reading reports it
        return True
    return 2 * found >= _N_SAMPLES


def _is_there(file: int, at: int) -> bool:
    """Whether a byte can be read without waiting for the disk."""
    try:
        os.preadv(file, [bytearray(1)], at, os.RWF_NOWAIT)
    except BlockingIOError:
        return False
    return True


def _overlapped(transfer: Transfer, nbytes: int, mode: _Mode) -> None:
    """Carry over so many bytes, all of them on the grid; none when there is no memory, descriptor or thread for it."""
    try:
        free = [memoryview(mmap.mmap(-1, BUFFER_BYTES)) for _ in range(N_BUFFERS)]  # begins with a page
        writer = _Writer(transfer.descriptor, mode)
    except OSError:
        return
    try:
        if not writer.start():
            return
        transfer.begin_pass()
        # Where the next bytes are read and where they belong, which is ahead of what is written.
        start, target, ahead = transfer.origin, transfer.target, 0
        stop = transfer.done + nbytes
        while transfer.done < stop:
            if free and ahead < nbytes:
                buffer = free.pop()
                size = min(len(buffer), nbytes - ahead)
                transfer.fill(start + ahead, buffer[:size])
                writer.put(_Filled(buffer, size, target + ahead))
                ahead += size
            else:
                with naming(transfer.name):
                    written = writer.get()
                free.append(written.buffer)
                transfer.wrote(written.nbytes, Way.DIRECT)
    finally:
        writer.end()


class _Mode:
    """Whether writes go past the cache, which is a mode of the open file: all its descriptors have it in common."""

    def __init__(self, descriptor: int) -> None:
        import fcntl

        self._fcntl = fcntl
        self._flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
        self.is_direct = False

    def set_direct(self, descriptor: int) -> bool:
        """Ask for it; False when the file system does not have it."""
        try:
            self._fcntl.fcntl(descriptor, self._fcntl.F_SETFL, self._flags | os.O_DIRECT)
        except OSError as error:
            if error.errno not in REFUSALS:
                raise
            return False
        self.is_direct = True
        return True

    def restore(self, descriptor: int) -> None:
        """Back to what it was."""
        self.is_direct = False
        self._fcntl.fcntl(descriptor, self._fcntl.F_SETFL, self._flags)


class _Filled(NamedTuple):
    buffer: memoryview
    nbytes: int
    position: int


class _Writer:
    """A thread that writes buffers in the order in which they come, and hands them back."""

    def __init__(self, descriptor: int, mode: _Mode) -> None:
        self._mode = mode
        self._filled: SimpleQueue[_Filled | None] = SimpleQueue()
        self._written: SimpleQueue[_Filled | BaseException] = SimpleQueue()
        self._is_ended = False
        self._thread = threading.Thread(target=self._run, name="aprfmt-writer")
        self._file = io.FileIO(os.dup(descriptor), "wb")

    def start(self) -> bool:
        """Begin; False when there can be no further thread."""
        try:
            self._thread.start()
        except RuntimeError:
            return False
        return True

    def put(self, filled: _Filled) -> None:
        """Hand over a buffer, which is the writer's until it comes back."""
        self._filled.put(filled)

    def get(self) -> _Filled:
        """Wait for the next buffer that is written; raises what writing raised."""
        found = self._written.get()
        if isinstance(found, BaseException):
            raise found
        return found

    def end(self) -> None:
        """End the thread and wait for it. Idempotent."""
        self._is_ended = True
        self._filled.put(None)
        if self._thread.is_alive():
            self._thread.join()
        self._file.close()

    def _run(self) -> None:
        try:
            while (filled := self._filled.get()) is not None and not self._is_ended:
                self._write(filled.buffer[: filled.nbytes], filled.position)
                self._written.put(filled)
        except BaseException as error:  # whatever it is, somebody waits for an answer
            self._written.put(error)
        finally:
            self._file.close()  # here, should the wait for this thread be interrupted

    def _write(self, rest: memoryview, position: int) -> None:
        while rest:
            try:
                count = os.pwrite(self._file.fileno(), rest, position)
            except InterruptedError:
                continue
            except OSError as error:
                if not self._mode.is_direct or error.errno not in REFUSALS:
                    raise
                self._mode.restore(self._file.fileno())
                continue
            if count == 0:
                raise nothing_written(len(rest))
            rest, position = rest[count:], position + count
            if self._mode.is_direct and position % GRID_BYTES:  # the rest is off the grid
                self._mode.restore(self._file.fileno())
