"""All effects on files: sources that are read by position, and plans written as new files.

Rules of this file:
1. Until the final step of `write_plan` nothing under the name of the output changes, whatever is raised.
2. A temporary file is named before it exists, so that every way out, an interrupt included, can remove it.
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
from functools import partial
from pathlib import Path
from typing import BinaryIO, Protocol, Self

from .errors import FormatError, RequestError, TruncatedError
from .plan import Literal, Plan, Seal, iter_plan, plan_nbytes
from .source import CHUNK_BYTES, BytesSource, Source, iter_chunks

__all__ = ["FileSource", "MemorySource", "OpenedSource", "StreamSource", "open_source", "write_plan"]

_MAX_READ_BYTES = 1 << 30  # some systems refuse a single read of 2 GiB or more

Identity = tuple[int, int, int, int]
"""Device, inode, size in bytes, time of modification in nanoseconds."""

_Meant = list[tuple[int, bytes | memoryview]]


class OpenedSource(Source, Protocol):
    """A source that holds something until it is closed; also a context manager."""

    def close(self) -> None:
        """Let go of what is held; a second call does nothing."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_exception: object) -> None: ...


class _Closing:
    def close(self) -> None:
        """Let go of what is held; a second call does nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()


def _kind(mode: int) -> str:
    kinds = {
        stat.S_IFDIR: "a directory",
        stat.S_IFIFO: "a pipe",
        stat.S_IFCHR: "a character device",
        stat.S_IFBLK: "a block device",
        stat.S_IFSOCK: "a socket",
    }
    return kinds.get(stat.S_IFMT(mode), "a file of another kind")


def _require_regular(mode: int, name: str) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), name)
    if not stat.S_ISREG(mode):
        raise RequestError(
            f"input is not a regular file: {name}; expected a regular file, found {_kind(mode)}"
        )


def _require_range(start: int, stop: int, size: int) -> None:
    if not 0 <= start <= stop <= size:
        raise TruncatedError(
            "the bytes end too early",
            expected=f"bytes {start:#x}..{stop:#x}",
            found=f"{size} bytes",
            span=(start, stop),
        )


def _identity(status: os.stat_result) -> Identity:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _read_at(file: BinaryIO | io.FileIO, start: int, buffer: memoryview) -> int:
    """Bytes read into `buffer` by moving the position of `file`, which is put back. Needs a lock around it."""
    before = file.tell()
    try:
        file.seek(start)
        readinto = getattr(file, "readinto", None)
        if readinto is not None:
            count: int | None = readinto(buffer)
        else:
            piece = file.read(len(buffer))
            count = None if piece is None else len(piece)
            buffer[: count or 0] = piece or b""
    finally:
        file.seek(before)
    if count is None:
        raise BlockingIOError(errno.EAGAIN, "expected a blocking stream, found one that has no bytes yet")
    return count


class FileSource(_Closing):
    """A source over a regular file, given as a path or as a descriptor that the source takes over and closes.

    Raises `IsADirectoryError` for a directory, `RequestError` for anything else that is not a regular file, and
    `OSError` as the system reports it. Reads may come from several threads.
    """

    def __init__(self, file: int | str | os.PathLike[str]) -> None:
        self._path: Path | None = None
        self._mapping: mmap.mmap | None = None
        self._lock = threading.Lock()
        if isinstance(file, int):
            descriptor, name = file, f"descriptor {file}"
        else:
            self._path = Path(
                file
            ).absolute()  # the working directory may change before the path is used again
            name = os.fspath(file)
            # Before opening: opening a pipe waits for a writer, opening a device may do anything.
            _require_regular(self._path.stat().st_mode, name)
            descriptor = os.open(self._path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        try:
            status = os.fstat(descriptor)
            _require_regular(status.st_mode, name)
            self._file = io.FileIO(descriptor, "rb")
        except BaseException:
            os.close(descriptor)
            raise
        self._at_open = _identity(status)
        # A file without a name is some spool: its bits are nobody's choice.
        self._permissions = stat.S_IMODE(status.st_mode) & 0o777 if status.st_nlink else None

    @property
    def size(self) -> int:
        """Number of bytes when the source was opened."""
        return self._at_open[2]

    @property
    def path(self) -> Path | None:
        """Absolute path the file was opened by; None for a descriptor."""
        return self._path

    @property
    def identity(self) -> Identity:
        """Device, inode, size in bytes and time of modification in nanoseconds, when the source was opened."""
        return self._at_open

    @property
    def permissions(self) -> int | None:
        """Permission bits (0 to 0o777) when the source was opened; None for an unnamed temporary file."""
        return self._permissions

    def fileno(self) -> int:
        """The open descriptor; raises `ValueError` once the source is closed."""
        return self._file.fileno()

    def check_unchanged(self) -> None:
        """Raise `FormatError` unless the open file, and the one under its path, are still what was opened.

        What counts is device, inode, size and time of modification; the bytes are not read again.
        """
        found: Identity | None = _identity(os.fstat(self.fileno()))
        if found == self._at_open and self._path is not None:
            try:
                found = _identity(self._path.stat())
            except FileNotFoundError:
                found = None
        if found != self._at_open:
            where = "" if self._path is None else f": {self._path}"
            raise FormatError(
                f"the input changed while it was read{where}",
                expected="device {}, inode {}, {} bytes, modified at {} ns".format(*self._at_open),
                found="device {}, inode {}, {} bytes, modified at {} ns".format(*found)
                if found
                else "no file",
            )

    def read(self, start: int, stop: int) -> bytes:
        """Copy of bytes `start` to `stop` (absolute, end exclusive).

        Raises `TruncatedError` beyond the size at opening, or when the file has become shorter since.
        """
        _require_range(start, stop, self.size)
        pread = getattr(os, "pread", None)
        if pread is not None:
            whole: bytes = pread(self.fileno(), stop - start, start)
            if len(whole) == stop - start:
                return whole
        buffer = bytearray(stop - start)
        self.read_into(start, memoryview(buffer))
        return bytes(buffer)

    def read_into(self, start: int, buffer: memoryview) -> None:
        """Fill the whole of `buffer` (a view of bytes) from `start` on; errors as for `read`."""
        _require_range(start, start + len(buffer), self.size)
        filled = 0
        while filled < len(buffer):
            count = self._read_some(start + filled, buffer[filled : filled + _MAX_READ_BYTES])
            if count == 0:
                raise TruncatedError(
                    "the file became shorter while it was read",
                    expected=f"{self.size} bytes as when it was opened",
                    found=f"its end at {start + filled:#x} or before",
                    span=(start, start + len(buffer)),
                )
            filled += count

    def _read_some(self, start: int, buffer: memoryview) -> int:
        preadv, pread = getattr(os, "preadv", None), getattr(os, "pread", None)
        if preadv is not None:
            count: int = preadv(self.fileno(), [buffer], start)
            return count
        if pread is not None:
            piece: bytes = pread(self.fileno(), len(buffer), start)
            buffer[: len(piece)] = piece
            return len(piece)
        with self._lock:
            return _read_at(self._file, start, buffer)

    def view(self, start: int, stop: int) -> memoryview:
        """Zero-copy, read-only view of bytes `start` to `stop`, over a mapping made at the first call.

        Raises `TruncatedError` beyond the size at opening, or when the file is too short at the first call. A file
        that shrinks under a view that is in use ends the process on most systems: full passes use `read_into`.
        """
        _require_range(start, stop, self.size)
        descriptor = self.fileno()
        if self.size == 0:
            return memoryview(b"")  # no system maps zero bytes
        with self._lock:
            if self._mapping is None:
                try:
                    self._mapping = mmap.mmap(descriptor, self.size, access=mmap.ACCESS_READ)
                except ValueError as error:
                    raise TruncatedError(
                        "the file became shorter while it was read",
                        expected=f"{self.size} bytes as when it was opened",
                        found=f"{os.fstat(descriptor).st_size} bytes",
                    ) from error
            return memoryview(self._mapping)[start:stop]

    def close(self) -> None:
        """Close the descriptor and the mapping; views that are still held stay valid. Idempotent."""
        self._file.close()
        mapping, self._mapping = self._mapping, None
        if mapping is not None:
            with suppress(BufferError):  # a view is still held: the mapping goes when the last one does
                mapping.close()


class StreamSource(_Closing):
    """A source over a seekable binary file object, whole and from its byte 0, wherever its position is.

    Every read puts the position back. The object stays the caller's: `close` only forgets it.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file: BinaryIO | None = file
        self._lock = threading.Lock()
        before = file.tell()
        try:
            self._size = file.seek(0, os.SEEK_END)
        finally:
            file.seek(before)

    @property
    def size(self) -> int:
        """Number of bytes when the source was opened."""
        return self._size

    def read(self, start: int, stop: int) -> bytes:
        """Copy of bytes `start` to `stop`; raises `TruncatedError` when they are not there (any more)."""
        return bytes(self.view(start, stop))

    def read_into(self, start: int, buffer: memoryview) -> None:
        """Fill the whole of `buffer` from `start` on; errors as for `read`."""
        _require_range(start, start + len(buffer), self._size)
        if self._file is None:
            raise ValueError("expected an open source, found a closed one")
        filled = 0
        with self._lock:
            while filled < len(buffer):
                count = _read_at(self._file, start + filled, buffer[filled:])
                if count == 0:
                    _require_range(start, start + len(buffer), start + filled)
                filled += count

    def view(self, start: int, stop: int) -> memoryview:
        """Read-only view of bytes `start` to `stop`, read into memory: a stream has nothing to map."""
        _require_range(start, stop, self._size)
        buffer = memoryview(bytearray(stop - start))
        self.read_into(start, buffer)
        return buffer.toreadonly()

    def close(self) -> None:
        """Forget the file object, which stays open. Idempotent."""
        self._file = None


class MemorySource(BytesSource, _Closing):
    """A source over bytes in memory, which closing lets go of: a bytearray can be resized again."""

    def close(self) -> None:
        """Release the buffer; views that are still held stay valid. Idempotent."""
        with suppress(BufferError):
            self._view.release()


def open_source(file: str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO) -> OpenedSource:
    """A source over a file by path, over bytes, or over a binary file object, to be closed by the caller.

    - A path of a regular file, and a plain file object over one: positioned reads, mapped views. The file is taken
      whole, wherever the object's position is, and the object stays open and where it is.
    - A seekable object: read through `seek`, whole, its position put back.
    - A pipe, by path or as an object: read from where it is to its end into an unnamed temporary file. Opening a
      named pipe waits for its writer; nothing bounds what is read but the disk.

    Raises `IsADirectoryError`, `RequestError` for devices and sockets, `TypeError` for text files and other objects,
    and `OSError` as the system reports it.
    """
    if isinstance(file, bytes | bytearray | memoryview):
        return MemorySource(file)
    if isinstance(file, str | os.PathLike):
        if stat.S_ISFIFO(Path(file).stat().st_mode):
            with io.FileIO(os.fspath(file), "rb") as pipe:
                return _spool(pipe)
        return FileSource(file)
    if isinstance(file, io.TextIOBase) or not hasattr(file, "read"):
        raise TypeError(f"expected a path, bytes or a binary file object, found {type(file).__name__}")
    plain = _plain_file(file)
    if plain is not None and stat.S_ISREG(os.fstat(plain.fileno()).st_mode):
        file.flush()  # what the caller has written but not flushed is part of the file
        return FileSource(os.dup(plain.fileno()))
    seekable = getattr(file, "seekable", None)
    return StreamSource(file) if seekable is not None and seekable() else _spool(file)


def _plain_file(file: object) -> io.FileIO | None:
    """The unbuffered file below `file`, when its bytes are the file's bytes.

    `fileno()` does not tell: a GzipFile answers with the descriptor of the compressed file.
    """
    if isinstance(file, getattr(tempfile, "_TemporaryFileWrapper", ())):
        file = getattr(file, "file", None)
    if type(file) in (io.BufferedReader, io.BufferedRandom):
        file = getattr(file, "raw", None)
    return file if type(file) is io.FileIO and file.readable() else None


def _spool(stream: BinaryIO | io.FileIO) -> FileSource:
    with tempfile.TemporaryFile() as spool:
        while (piece := stream.read(CHUNK_BYTES)) != b"":
            if piece is None:
                raise BlockingIOError(
                    errno.EAGAIN, "expected a blocking stream, found one that has no bytes yet"
                )
            spool.write(piece)
        spool.flush()
        return FileSource(os.dup(spool.fileno()))


def write_plan(
    plan: Plan,
    dst: str | os.PathLike[str],
    *,
    source: Source | None,
    force: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Write the file that `plan` describes to `dst`, and return its size in bytes.

    The bytes go to a temporary file in the folder of `dst`; they are synced, everything but copied ranges is read
    back and compared, and then the file takes the name `dst` in one step, after which it is compared once more.
    `progress` is called with bytes done and bytes in all after each piece. `source` may be the very file at `dst`.

    With `force` the final step is an atomic replacement. Without, it is a hard link, which atomically refuses a
    file that appeared meanwhile; where there are no hard links, on POSIX a check and a rename, with a moment in between.
    A symbolic link at `dst` stays and its target is replaced. Permission bits are those of the replaced file, or of
    the source under the umask, or 0o666 under the umask; owner, extended attributes and other hard links of a replaced
    file are not carried over.

    Raises, with `dst` as it was and no temporary file left: `RequestError` when `dst` exists and `force` is not
    set, or is not a regular file; `FormatError` when a `FileSource` changed meanwhile, `TruncatedError` when it became
    shorter; `OSError` from the system, with ENOSPC when the space does not suffice and EIO when the bytes read back
    differ; and whatever a `Copy.check` or `progress` raises. Only a failure to sync the folder, a difference found
    after the final step, or an interrupt at that point is raised with the new file in place.
    """
    final, replaced = _destination(dst, force=force)
    total = plan_nbytes(plan)
    if isinstance(source, FileSource):
        source.check_unchanged()
    _require_space(final.parent, total)
    meant: _Meant = []
    kept = None if replaced is None else stat.S_IMODE(replaced.st_mode) & 0o777
    inherited = source.permissions if isinstance(source, FileSource) else None
    asked = kept if kept is not None else inherited if inherited is not None else 0o666
    temporary: Path | None = _temporary_path(final)
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        for name in ("O_CLOEXEC", "O_NOFOLLOW", "O_BINARY"):
            flags |= getattr(os, name, 0)
        try:
            descriptor = os.open(temporary, flags, asked)  # the system takes the umask off
        except FileExistsError:
            temporary = None  # somebody else's file: not ours to remove
            raise
        try:
            done = 0
            for piece in iter_plan(_recorded(plan, meant), source):
                done += _write_whole(descriptor, piece)
                if progress is not None:
                    progress(done, total)
            if done != total:
                raise ValueError(f"expected a plan of {total} bytes, found one that makes {done}")
            fchmod = getattr(os, "fchmod", None)
            if kept is not None and fchmod is not None:
                fchmod(descriptor, kept)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if kept is not None and fchmod is None:
            temporary.chmod(kept)
        _compare(temporary, meant, total, final)
        if isinstance(source, FileSource):
            source.check_unchanged()
        _take_name(temporary, final, force=force)
    finally:
        if temporary is not None:
            _discard(temporary)
    _sync_folder(final.parent)
    _compare(final, meant, total, final)
    return total


def _destination(dst: str | os.PathLike[str], *, force: bool) -> tuple[Path, os.stat_result | None]:
    """The path behind any symbolic links, and what is there now."""
    final = Path(os.path.realpath(dst))
    try:
        found = final.stat()
    except FileNotFoundError:
        final.parent.stat()  # an error about the folder names the folder
        if os.fspath(dst).endswith(("/", os.sep)):
            raise RequestError(f"output is a directory: {dst}; expected the path of a regular file") from None
        return final, None
    if not stat.S_ISREG(found.st_mode):
        what = "a directory" if stat.S_ISDIR(found.st_mode) else "not a regular file"
        raise RequestError(f"output is {what}: {dst}; expected a regular file, found {_kind(found.st_mode)}")
    if not force:
        raise _output_exists(final)
    return final, found


def _output_exists(path: Path) -> RequestError:
    return RequestError(f"output exists: {path} (pass force=True / --force to overwrite)")


def _require_space(folder: Path, needed_bytes: int) -> None:
    try:
        usage = shutil.disk_usage(folder)
    except OSError:
        return  # unknown; the system says so itself when the disk is full
    if usage.total and usage.free < needed_bytes:  # a total of 0 is a file system that does not tell
        text = (
            f"not enough free space: expected {needed_bytes} bytes for the output, found {usage.free} bytes"
        )
        raise OSError(errno.ENOSPC, text, str(folder))


def _temporary_path(final: Path) -> Path:
    """A name nobody uses beside `final`, shortened by whole characters to what the file system takes."""
    limit = -1
    with suppress(AttributeError, OSError, ValueError):
        limit = os.pathconf(final.parent, "PC_NAME_MAX")
    limit = limit if limit > 0 else 255
    name, suffix = f".{final.name}", f".{secrets.token_hex(8)}.tmp"
    while len(name) > 1 and len(os.fsencode(name + suffix)) > limit:
        name = name[:-1]
    return final.with_name(name + suffix)


def _recorded(plan: Plan, meant: _Meant) -> Plan:
    """The same plan; `meant` comes to hold offset and bytes of every literal at once, of every seal when it is built."""

    def build(seal: Seal, start: int, checksum: int) -> bytes:
        sealed = seal.build(checksum)
        if len(sealed) != seal.nbytes:
            raise ValueError(
                f"expected a seal of {seal.nbytes} bytes at {start:#x}, found {len(sealed)} bytes"
            )
        meant.append((start, sealed))
        return sealed

    parts, start = [], 0
    for part in plan:
        if isinstance(part, Literal):
            meant.append((start, part.data))
        elif isinstance(part, Seal):
            part = Seal(part.nbytes, partial(build, part, start))
        parts.append(part)
        start += part.nbytes
    return tuple(parts)


def _write_whole(descriptor: int, piece: bytes | memoryview) -> int:
    rest = memoryview(piece).cast("B")
    nbytes = len(rest)
    while rest:
        count = os.write(descriptor, rest)
        if count <= 0:
            raise OSError(errno.EIO, f"expected to write {len(rest)} bytes, the system wrote {count}")
        rest = rest[count:]
    return nbytes


def _compare(path: Path, meant: _Meant, nbytes: int, final: Path) -> None:
    """Read the file at `path` back, from the disk where the system can be told to, and compare what is `meant`."""

    def differs(expected: str, found: str) -> OSError:
        text = f"the output reads back wrong: expected {expected}, found {found}"
        return OSError(errno.EIO, text, str(final))

    with FileSource(path) as back:
        advise = getattr(os, "posix_fadvise", None)
        if advise is not None:
            with suppress(OSError):
                advise(back.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        if back.size != nbytes:
            raise differs(f"{nbytes} bytes", f"{back.size} bytes")
        for start, data in meant:
            position, rest = start, memoryview(data)
            for piece in iter_chunks(back, start, start + len(rest)):
                wanted, rest = rest[: len(piece)], rest[len(piece) :]
                found, expected = bytes(piece), bytes(wanted)
                if found != expected:
                    at = next(i for i, (a, b) in enumerate(zip(expected, found, strict=True)) if a != b)
                    raise differs(f"{expected[at]:#04x} at {position + at:#x}", f"{found[at]:#04x}")
                position += len(piece)


def _take_name(temporary: Path, final: Path, *, force: bool) -> None:
    if force:
        temporary.replace(final)
        return
    # Windows needs no link: its rename refuses a name that is taken.
    link = None if os.name == "nt" else getattr(os, "link", None)
    if link is not None:
        try:
            link(temporary, final)
        except FileExistsError:
            raise _output_exists(final) from None
        except OSError:
            pass  # a file system without hard links; if the trouble is another, the rename reports it
        else:
            _discard(temporary)
            return
    if os.path.lexists(final):
        raise _output_exists(final)
    try:
        temporary.rename(final)
    except FileExistsError:
        raise _output_exists(final) from None


def _discard(temporary: Path) -> None:
    """Remove the temporary file if it is still there; what went wrong before is the error worth reporting."""
    try:
        temporary.unlink(missing_ok=True)
    except PermissionError:  # Windows refuses to remove a read-only file
        with suppress(OSError):
            temporary.chmod(0o600)
            temporary.unlink()
    except OSError:
        pass


def _sync_folder(folder: Path) -> None:
    """Make the new name survive a power cut, where folders can be synced."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    except PermissionError:  # Windows opens no folders; elsewhere a folder may be writable and not readable
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP):
            raise
    finally:
        os.close(descriptor)
