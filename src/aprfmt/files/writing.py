"""A plan written as a new file, whole or not at all.

Rules of this file:
1. Until the final step of `write_plan` nothing under the name of the output changes, whatever is raised.
2. A temporary file is named before it exists, so that every way out, an interrupt included, removes it.
3. A call that only some systems have is looked up when it is needed, and there is a way without it.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import accumulate
from pathlib import Path
from typing import TypeAlias

from ..errors import RequestError
from ..plan import Copy, Observe, Plan, iter_plan, plan_nbytes
from ..source import Progress, Source, iter_chunks
from .sources import FileSource, StrPath

__all__ = ["naming", "require_space", "require_writable", "write_plan"]

_Meant: TypeAlias = tuple[int, bytes | memoryview]  # an offset in the new file, and what belongs there

_EXISTS = "output exists: expected a new path, found a file: {} (--force, or force=True, replaces it)"


def write_plan(
    plan: Plan,
    dst: StrPath,
    *,
    source: Source | None,
    force: bool = False,
    progress: Progress | None = None,
    observe: Observe | None = None,
) -> int:
    """Write the file that `plan` describes to `dst`, and return its size in bytes.

    The bytes go to a temporary file in the folder of `dst` and are synced; all but copied ranges is read back
    and compared; the file takes the name `dst` in one step; it is compared once more. `progress` is called
    with bytes done and bytes in all after each piece; `observe` with every piece that is written, and the byte of the
    new file that it begins at. `source` may be the very file at `dst`.

    With `force` the final step is an atomic replacement. Without, it is a hard link, which refuses a file
    that appeared meanwhile; on a POSIX file system without hard links it is a check and a rename, a moment
    apart. A symbolic link at `dst` stays, its target is replaced. Permission bits are those of the replaced
    file, and so are owner and group where this user may give a file away; else of a `FileSource`, or 0o666, less the
    umask.

    Raises, with `dst` as it was and no temporary file left: `RequestError` when `dst` exists without `force`,
    or is not a regular file; `FormatError` when a `FileSource` changed meanwhile; `OSError` of the system,
    ENOSPC when space does not suffice, EIO when bytes read back differ; `ValueError` for a plan whose parts
    are not as long as they say; what a read, `Copy.check` or `progress` raises. With the new file in place: a
    failure to sync the folder, a difference found after the final step, or an interrupt that late.
    """
    final, kept = _destination(dst, force=force)
    total = plan_nbytes(plan)
    require_space(final.parent, total)
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
        with naming(final.parent, instead_of=temporary):
            descriptor = os.open(temporary, sum(getattr(os, flag, 0) for flag in flags), mode)  # less the umask
        try:
            done = 0
            for piece in iter_plan(plan, source):
                if (done, len(piece)) in own:
                    meant.append((done, piece))
                rest = memoryview(piece).cast("B")
                if observe is not None:
                    observe(done, piece)
                done += len(rest)
                with naming(final):
                    while rest:
                        rest = rest[os.write(descriptor, rest) :]
                if progress is not None:
                    progress(done, total)
            if done != total:
                raise ValueError(f"expected a plan of {total} bytes, found one that makes {done}")
            if kept is not None:
                _keep_owner(temporary, final)
                temporary.chmod(mode)
            with naming(final):
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
        _compare(temporary, meant, total, final)
        if isinstance(source, FileSource):
            source.check_unchanged()
        _take_name(temporary, final, force=force)
    finally:
        try:
            _remove(temporary)
        finally:  # a signal may arrive in the middle of the clean-up
            _remove(temporary)
    _sync_folder(final.parent)
    _compare(final, meant, total, final)
    return total


@contextmanager
def naming(path: Path, *, instead_of: Path | None = None) -> Iterator[None]:
    """Give an error of the system the name of the file, which calls on descriptors leave out.

    A name that nobody knows is replaced, that of a temporary file.
    """
    try:
        yield
    except OSError as error:
        if error.filename is None or (instead_of is not None and str(error.filename) == str(instead_of)):
            error.filename = str(path)
        raise


def require_writable(dst: StrPath, nbytes: int, *, force: bool) -> None:
    """Raise what `write_plan` would raise before it writes a file of this size, and write nothing."""
    final, _kept = _destination(dst, force=force)
    require_space(final.parent, nbytes)
    if not os.access(final.parent, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(final.parent))


def _keep_owner(temporary: Path, replaced: Path) -> None:
    """Give a file owner and group of the one that it is to replace, as far as the system lets this user."""
    chown = getattr(os, "chown", None)
    if chown is None:
        return
    wanted, found = replaced.stat(), temporary.stat()
    for uid, gid in ((wanted.st_uid, wanted.st_gid), (-1, wanted.st_gid)):
        if (wanted.st_uid, wanted.st_gid) != (found.st_uid, found.st_gid):
            with suppress(OSError):
                chown(temporary, uid, gid)
                return


def _remove(path: Path) -> None:
    with suppress(OSError):  # what went wrong before is the error worth reporting
        path.unlink()


def _destination(dst: StrPath, *, force: bool) -> tuple[Path, int | None]:
    """The path behind any symbolic links, and the permission bits of the file to be replaced."""
    final = Path(os.path.realpath(dst))
    try:
        mode = Path(dst).stat().st_mode  # through links: what stands behind /dev/stdout may have no path of its own
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


def require_space(folder: Path, needed_bytes: int) -> None:
    """Raise `OSError` (ENOSPC) when the file system of a folder says that it has no room for so many bytes."""
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
