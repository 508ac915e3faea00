"""A plan written as a new file, whole or not at all.

Rules of this file:
1. Until the final step of `write_plan` nothing under the name of the output changes, whatever is raised.
2. A temporary file is named before it exists, so that every way out, an interrupt included, removes it.
3. A call that only some systems have is looked up when it is needed, and there is a way without it.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ..errors import RequestError
from ..plan import Copy, Observe, Plan, See, carry_out, plan_nbytes
from ..source import Progress, Source
from .attributes import has_list, keep_attributes
from .copying import Meant, copy_range, require_checksum, require_reads_back
from .inplace.journal import refuse_journal, sync_folder
from .inplace.system import System
from .naming import naming
from .sources import FileSource, StrPath

__all__ = ["require_access", "require_folder", "require_space", "require_writable", "write_plan"]

_EXISTS = "output exists: expected a new path, found a file: {} (--force, or force=True, replaces it)"


def write_plan(
    plan: Plan,
    dst: StrPath,
    *,
    source: Source | None,
    force: bool = False,
    progress: Progress | None = None,
    observe: Observe | None = None,
    read_back: bool = False,
    mtime_ns: int | None = None,
) -> int:
    """Write the file that `plan` describes to `dst`, and return its size in bytes.

    The bytes go to a temporary file in the folder of `dst` and are synced; all but copied ranges is read back
    and compared, with `read_back` every byte; the file takes the name `dst` in one step; it is compared once more.
    `progress` is called with bytes done and bytes in all after each piece, of which there are twice as many with
    `read_back`; `observe` with every piece that is written, and the byte of the new file that it begins at. Without it,
    a range whose checksum the plan claims may be copied without being read. `source` may be the very file at `dst`.

    With `force` the final step is an atomic replacement. Without, it is a hard link, which refuses a file
    that appeared meanwhile; on a POSIX file system without hard links it is a check and a rename, a moment
    apart. A symbolic link at `dst` stays, its target is replaced. Permission bits are those of the replaced
    file, and so are extended attributes, and owner and group where this user may give a file away; else they are those
    of a `FileSource`, or 0o666, less the umask. `mtime_ns` is the time of the last change that the file shall have.

    Raises, with `dst` as it was and no temporary file left: `RequestError` when `dst` exists without `force`, or is not
    a regular file; `FormatError` when a `FileSource` changed meanwhile, or the journal of a stamp lies beside `dst`;
    `OSError` of the system, ENOSPC when space does not suffice, EIO when bytes read back differ; `ValueError` for a
    plan whose parts are not as long as they say; what a read, `Copy.check` or `progress` raises. With the new file in
    place: a failure to sync the folder, a difference found after the final step, or an interrupt that late.
    """
    final, kept = _destination(dst, force=force)
    total = plan_nbytes(plan)
    require_space(final.parent, total, final)
    inherited = _inherited(source) if isinstance(source, FileSource) else None
    mode = kept if kept is not None else inherited if inherited is not None else 0o666
    if os.name == "nt":
        mode |= 0o200  # Windows neither renames over a read-only file nor removes one
    temporary = _temporary_path(final)
    try:
        flags = ("O_WRONLY", "O_CREAT", "O_EXCL", "O_CLOEXEC", "O_NOFOLLOW", "O_BINARY")
        with naming(final.parent, instead_of=temporary):
            descriptor = os.open(temporary, sum(getattr(os, flag, 0) for flag in flags), mode)  # less the umask
        try:
            whole = 2 * total if read_back else total
            output = _Output(descriptor, final, source, whole, progress, observe)
            checksum = carry_out(plan, output.put, output.copy)
            if output.done != total:
                raise ValueError(f"expected a plan of {total} bytes, found one that makes {output.done}")
            if kept is not None:
                _keep_status(temporary, final, mode)
            if mtime_ns is not None:
                os.utime(temporary, ns=(mtime_ns, mtime_ns))
            with naming(final):
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
        require_reads_back(temporary, output.meant, total, final)
        if read_back:
            require_checksum(temporary, total, checksum, final, progress=output.told_from(total))
        if isinstance(source, FileSource):
            source.check_unchanged()
        with naming(final, instead_of=temporary):
            _take_name(temporary, final, force=force)
    finally:
        try:
            _remove(temporary)
        finally:  # a signal may arrive in the middle of the clean-up
            _remove(temporary)
    sync_folder(final.parent, System())
    require_reads_back(final, output.meant, total, final)
    return total


class _Output:
    """The parts of a plan on their way into an open file; `done` bytes of it are there, `meant` are not copied."""

    def __init__(
        self,
        descriptor: int,
        final: Path,
        source: Source | None,
        total: int,
        progress: Progress | None,
        observe: Observe | None,
    ) -> None:
        self._descriptor = descriptor
        self._final = final
        self._source = source
        self._total = total
        self._progress = progress
        self._observe = observe
        self.done = 0
        self.meant: list[Meant] = []

    def told_from(self, start: int) -> Callable[[int], None] | None:
        """What tells the progress of something that begins when so many bytes are done."""
        tell = self._progress
        return None if tell is None else lambda done: tell(start + done, self._total)

    def put(self, data: bytes | memoryview) -> None:
        """Write bytes of the plan's own."""
        self.meant.append((self.done, data))
        if self._observe is not None:
            self._observe(self.done, data)
        rest = memoryview(data).cast("B")
        self.done += len(rest)
        with naming(self._final):
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        if self._progress is not None:
            self._progress(self.done, self._total)

    def copy(self, part: Copy, see: See | None) -> None:
        """Copy a range of the source, and show its bytes to all who have to see them."""
        if self._source is None:
            raise ValueError("a plan with a Copy needs the source it copies from")
        seen = start = self.done
        observe = self._observe

        def both(piece: memoryview) -> None:
            nonlocal seen
            if see is not None:
                see(piece)
            if observe is not None:
                observe(seen, piece)
            seen += len(piece)

        copy_range(
            self._source,
            part.start,
            part.stop,
            self._descriptor,
            start,
            name=self._final,
            see=see if observe is None else both,
            progress=self.told_from(start),
        )
        self.done += part.nbytes


def require_writable(dst: StrPath, nbytes: int, *, force: bool) -> None:
    """Raise what `write_plan` would raise before it writes a file of this size, and write nothing."""
    final, _kept = _destination(dst, force=force)
    require_space(final.parent, nbytes, final)
    require_folder(final.parent)


def require_folder(folder: Path) -> None:
    """Raise `PermissionError` for a folder that no file can be made in."""
    require_access(folder, os.W_OK | os.X_OK, folder)


def require_access(path: Path, mode: int, name: StrPath) -> None:
    """Raise `PermissionError` about the file called `name` when this user has no such access (`os.access`) to it."""
    if not os.access(path, mode):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(name))


def _inherited(source: FileSource) -> int | None:
    """The permission bits that a copy has. A list of access rights is not copied, and where there is one, the bits of
    the group are the most that anybody in it has."""
    if source.permissions is None or source.path is None or not has_list(source.path):
        return source.permissions
    return source.permissions & ~stat.S_IRWXG


def _keep_owner(temporary: Path, replaced: Path) -> bool:
    """Give a file owner and group of the one that it is to replace, as far as the system lets this user; whether it
    has both."""
    chown = getattr(os, "chown", None)
    wanted, found = replaced.stat(), temporary.stat()
    for uid in (wanted.st_uid, -1):
        if chown is not None and (wanted.st_uid, wanted.st_gid) != (found.st_uid, found.st_gid):
            with suppress(OSError):
                chown(temporary, uid, wanted.st_gid)
                break
    found = temporary.stat()
    return (wanted.st_uid, wanted.st_gid) == (found.st_uid, found.st_gid)


def _keep_status(temporary: Path, replaced: Path, mode: int) -> None:
    """Give a file owner, attributes and mode of the one that it is to replace, and no right that nobody had."""
    if not _keep_owner(temporary, replaced):
        mode &= ~(stat.S_ISUID | stat.S_ISGID)  # it would run as somebody else
    if not keep_attributes(temporary, replaced):
        mode &= ~stat.S_IRWXG
    temporary.chmod(mode)


def _remove(path: Path) -> None:
    with suppress(OSError):  # what went wrong before is the error worth reporting
        path.unlink()


def _destination(dst: StrPath, *, force: bool) -> tuple[Path, int | None]:
    """The path behind any symbolic links, and the permission bits of the file to be replaced."""
    final = Path(os.path.realpath(dst))
    refuse_journal(final)  # what is put there would be taken for what the journal is about
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
    return final, stat.S_IMODE(mode)


def require_space(folder: Path, needed_bytes: int, name: StrPath) -> None:
    """Raise `OSError` (ENOSPC) about the file called `name` when the file system of its folder has no room for so many
    bytes, and says so."""
    free = needed_bytes
    with suppress(OSError):  # unknown is not full
        if (usage := getattr(shutil, "disk_usage", None)) is not None:  # a system may not tell at all
            total, _used, found = usage(folder)
            free = found if total else free  # a total of 0 is a file system that does not tell
    if free < needed_bytes:
        text = f"not enough free space: expected {needed_bytes} bytes, found {free} bytes"
        raise OSError(errno.ENOSPC, text, str(name))


def _temporary_path(final: Path) -> Path:
    """A name nobody uses beside `final`, cut by whole characters to be no longer, or within 100 bytes."""
    limit = min(255, max(100, len(os.fsencode(final.name))))
    name, suffix = f".{final.name}", f".{os.urandom(8).hex()}.tmp"
    while len(os.fsencode(name + suffix)) > limit:
        name = name[:-1]
    return final.with_name(name + suffix)


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
