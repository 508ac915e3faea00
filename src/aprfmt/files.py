"""All effects on files: sources that are read by position, and plans written as new files.

Rules of this file:
1. Until the final step of `write_plan` nothing under the name of the output changes, whatever is raised.
2. A temporary file is named before it exists, so that every way out, an interrupt included, removes it.
3. A call that only some systems have is looked up when it is needed, and there is a way without it.
"""

from __future__ import annotations

import errno
import io
import mmap
import os
import secrets
import shutil
import stat
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from itertools import accumulate
from pathlib import Path
from typing import BinaryIO, Final, Protocol, Self, TypeAlias

from .errors import FormatError, RequestError, TruncatedError
from .plan import Copy, Plan, iter_plan, plan_nbytes
from .source import CHUNK_BYTES, BytesSource, Source, iter_chunks

__all__ = ["FileSource", "MemorySource", "OpenedSource", "StreamSource", "open_source", "write_plan"]

StrPath: TypeAlias = str | os.PathLike[str]
Progress: TypeAlias = Callable[[int, int], None]
_Meant: TypeAlias = tuple[int, bytes | memoryview]  # an offset in the new file, and what belongs there

_EXISTS = "output exists: {} (pass force=True / --force to overwrite)"
_MAX_READ_BYTES = 1 << 30  # some systems refuse a single read of 2 GiB or more


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
            self._file = io.FileIO(file, "rb")
        except BaseException:
            os.close(file)
            raise
        self.identity: Final = _identity(status)
        self.permissions: Final = status.st_mode & 0o777 if status.st_nlink else None
        self._size = status.st_size
        self._mapping: mmap.mmap | None = None
        self._lock = threading.Lock()

    def fileno(self) -> int:
        """The open descriptor; raises `ValueError` once the source is closed."""
        return self._file.fileno()

    def check_unchanged(self) -> None:
        """Raise `FormatError` unless the open file and the one under its path still have the `identity`."""
        found: object = _identity(os.fstat(self.fileno()))
        if found == self.identity and self.path is not None:
            found = _identity(self.path.stat()) if self.path.exists() else "no file"
        if found != self.identity:
            text = f"the input changed while it was read: {self.path or 'an open file'}"
            raise FormatError(text, expected=f"(device, inode, bytes, ns) {self.identity}", found=str(found))

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
                self._mapping = mmap.mmap(self.fileno(), self._size, access=mmap.ACCESS_READ)
            return memoryview(self._mapping)[start:stop]

    def close(self) -> None:
        """Close the descriptor and the mapping; views that are still held stay valid. Idempotent."""
        self._file.close()
        mapping, self._mapping = self._mapping, None
        if mapping is not None:
            with suppress(BufferError):  # a view is still held: the mapping goes when the last one does
                mapping.close()


def open_source(file: StrPath | bytes | bytearray | memoryview | BinaryIO) -> OpenedSource:
    """A source over a file by path, over bytes, or over a binary file object, to be closed by the caller.

    A file, by path or as an object that can seek, is taken whole wherever the object's position is; the
    object stays open and where it is. A pipe, by path or as an object, is read from where it is to its end
    into an unnamed temporary file: opening a named one waits for its writer, and only the disk bounds what is
    read.

    Raises `IsADirectoryError`, `RequestError` for a device or socket, `TypeError` for a text file or another
    object, and other `OSError` of the system.
    """
    if isinstance(file, bytes | bytearray | memoryview):
        return MemorySource(file)
    if isinstance(file, str | os.PathLike):
        if not stat.S_ISFIFO(Path(file).stat().st_mode):
            return FileSource(file)
        with io.FileIO(os.fspath(file), "rb") as pipe:
            return _spool(pipe)
    if isinstance(file, io.TextIOBase) or not hasattr(file, "read"):
        raise TypeError(f"expected a path, bytes or a binary file object, found {type(file).__name__}")
    # Types rather than `fileno()`: a GzipFile answers that with the descriptor of the compressed file.
    raw = getattr(file, "raw", None) if type(file) in (io.BufferedReader, io.BufferedRandom) else file
    if type(raw) is io.FileIO and raw.readable() and stat.S_ISREG(os.fstat(raw.fileno()).st_mode):
        file.flush()  # what the caller has written but not flushed is part of the file
        return FileSource(os.dup(raw.fileno()))
    return StreamSource(file) if getattr(file, "seekable", bool)() else _spool(file)


def _spool(stream: BinaryIO | io.FileIO) -> FileSource:
    with tempfile.TemporaryFile() as spool:
        while (piece := stream.read(CHUNK_BYTES)) != b"":
            if piece is None:  # taking this for the end would cut the input
                raise BlockingIOError(errno.EAGAIN, "expected a blocking stream, found one with no bytes yet")
            spool.write(piece)
        spool.flush()
        return FileSource(os.dup(spool.fileno()))


def _identity(status: os.stat_result) -> tuple[int, int, int, int]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _require_regular(status: os.stat_result, name: StrPath) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(name))
    if not stat.S_ISREG(status.st_mode):
        raise RequestError(f"input: expected a regular file, found a device, pipe or socket: {name}")


def write_plan(
    plan: Plan, dst: StrPath, *, source: Source | None, force: bool = False, progress: Progress | None = None
) -> int:
    """Write the file that `plan` describes to `dst`, and return its size in bytes.

    The bytes go to a temporary file in the folder of `dst` and are synced; all but copied ranges is read back
    and compared; the file takes the name `dst` in one step; it is compared once more. `progress` is called
    with bytes done and bytes in all after each piece. `source` may be the very file at `dst`.

    With `force` the final step is an atomic replacement. Without, it is a hard link, which refuses a file
    that appeared meanwhile; on a POSIX file system without hard links it is a check and a rename, a moment
    apart. A symbolic link at `dst` stays, its target is replaced. Permission bits are those of the replaced
    file, of which nothing else is kept; else of a `FileSource`, or 0o666, less the umask.

    Raises, with `dst` as it was and no temporary file left: `RequestError` when `dst` exists without `force`,
    or is not a regular file; `FormatError` when a `FileSource` changed meanwhile; `OSError` of the system,
    ENOSPC when space does not suffice, EIO when bytes read back differ; `ValueError` for a plan whose parts
    are not as long as they say; what a read, `Copy.check` or `progress` raises. With the new file in place: a
    failure to sync the folder, a difference found after the final step, or an interrupt that late.
    """
    final, kept = _destination(dst, force=force)
    total = plan_nbytes(plan)
    _require_space(final.parent, total)
    inherited = source.permissions if isinstance(source, FileSource) else None
    mode = kept if kept is not None else inherited if inherited is not None else 0o666
    if os.name == "nt":
        mode |= 0o200  # Windows neither renames over a read-only file nor removes one
    # Offset and size of what is not copied; no piece of a copy can have both in common with one of these.
    starts = accumulate((part.nbytes for part in plan), initial=0)
    own = {(at, part.nbytes) for at, part in zip(starts, plan, strict=False) if not isinstance(part, Copy)}
    meant: list[_Meant] = []
    temporary = _temporary_path(final)
    try:
        flags = ("O_WRONLY", "O_CREAT", "O_EXCL", "O_CLOEXEC", "O_NOFOLLOW", "O_BINARY")
        descriptor = os.open(temporary, sum(getattr(os, flag, 0) for flag in flags), mode)  # less the umask
        try:
            done = 0
            for piece in iter_plan(plan, source):
                if (done, len(piece)) in own:
                    meant.append((done, piece))
                rest = memoryview(piece).cast("B")
                done += len(rest)
                while rest:
                    rest = rest[os.write(descriptor, rest) :]
                if progress is not None:
                    progress(done, total)
            if done != total:
                raise ValueError(f"expected a plan of {total} bytes, found one that makes {done}")
            if kept is not None:
                temporary.chmod(mode)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        _compare(temporary, meant, total, final)
        if isinstance(source, FileSource):
            source.check_unchanged()
        _take_name(temporary, final, force=force)
    finally:
        with suppress(OSError):  # what went wrong before is the error worth reporting
            temporary.unlink()
    _sync_folder(final.parent)
    _compare(final, meant, total, final)
    return total


def _destination(dst: StrPath, *, force: bool) -> tuple[Path, int | None]:
    """The path behind any symbolic links, and the permission bits of the file to be replaced."""
    final = Path(os.path.realpath(dst))
    try:
        mode = final.stat().st_mode
    except FileNotFoundError:
        final.parent.stat()  # an error about the folder names the folder
        if not os.fspath(dst).endswith(("/", os.sep)):
            return final, None
        mode = stat.S_IFDIR
    if not stat.S_ISREG(mode):
        found = "a directory" if stat.S_ISDIR(mode) else "a device, pipe or socket"
        raise RequestError(f"output: expected a regular file or no file, found {found}: {dst}")
    if not force:
        raise RequestError(_EXISTS.format(final))
    return final, mode & 0o777


def _require_space(folder: Path, needed_bytes: int) -> None:
    free = needed_bytes
    with suppress(OSError):  # unknown is not full
        total, _used, found = shutil.disk_usage(folder)
        free = found if total else free  # a total of 0 is a file system that does not tell
    if free < needed_bytes:
        text = f"not enough free space: expected {needed_bytes} bytes, found {free} bytes"
        raise OSError(errno.ENOSPC, text, str(folder))


def _temporary_path(final: Path) -> Path:
    """A name nobody uses beside `final`, cut by whole characters to be no longer, or within 100 bytes."""
    limit = min(255, max(100, len(os.fsencode(final.name))))
    name, suffix = f".{final.name}", f".{secrets.token_hex(8)}.tmp"
    while len(os.fsencode(name + suffix)) > limit:
        name = name[:-1]
    return final.with_name(name + suffix)


def _compare(path: Path, meant: list[_Meant], nbytes: int, final: Path) -> None:
    """Read the file at `path` back, from the disk where the system can be told so, and compare it."""
    text = "the output reads back wrong: expected {}, found {}"
    with FileSource(path) as back:
        if (advise := getattr(os, "posix_fadvise", None)) is not None:
            with suppress(OSError):
                advise(back.fileno(), 0, 0, getattr(os, "POSIX_FADV_DONTNEED", 4))
        if back.size != nbytes:
            raise OSError(errno.EIO, text.format(f"{nbytes} bytes", f"{back.size} bytes"), str(final))
        for start, data in meant:
            done = 0
            for piece in iter_chunks(back, start, start + len(data)):
                if bytes(piece) != bytes(data[done : done + len(piece)]):
                    span = f"{start + done:#x}..{start + done + len(piece):#x}"
                    raise OSError(errno.EIO, text.format(f"what was written at {span}", "others"), str(final))
                done += len(piece)


def _take_name(temporary: Path, final: Path, *, force: bool) -> None:
    if force:
        temporary.replace(final)
        return
    try:
        if os.name != "nt" and hasattr(os, "link"):  # the rename of Windows refuses a name that is taken
            os.link(temporary, final)
            return
    except FileExistsError:
        raise RequestError(_EXISTS.format(final)) from None
    except OSError:
        pass  # no hard links here; if the trouble is another, the rename reports it
    if os.path.lexists(final):
        raise RequestError(_EXISTS.format(final))
    temporary.rename(final)


def _sync_folder(folder: Path) -> None:
    with suppress(PermissionError):  # Windows opens no folders; elsewhere one may be writable, not readable
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP):
                raise
        finally:
            os.close(descriptor)
