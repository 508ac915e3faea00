"""The journal of a stamp in place: all that is needed to finish it, or to undo it, in a file beside the stamped one.

A journal is a line with the version of its form and the CRC-32 of the rest, a line of JSON with numbers, and behind it
the bytes that they count. It is written and synced before anything else is, and removed when all is done: a whole one
says that a stamp may be half done, a torn one that it has not begun.
"""

from __future__ import annotations

import errno
import json
import os
import stat
from contextlib import suppress
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...checksum import crc32
from ...errors import FormatError
from ...layout import ALIGNMENT, FOOTER_SIZE, HEADER_SIZE
from ...limits import DEFAULT_LIMITS, Limits
from ..sources import StrPath
from .system import System, insist, write_all

if TYPE_CHECKING:
    from ...ops.inplace import InPlace

__all__ = [
    "Journal",
    "journal_of",
    "journal_path",
    "read_journal",
    "refuse_journal",
    "remove_journal",
    "sync_folder",
    "write_journal",
]

_SUFFIX = ".aprfmt-journal"
_TITLE = b"aprfmt-journal"
_VERSION = b"1"
_LONGEST_NAME = 255
_LONGEST_LINE = 4096
"""Bytes of the two lines of a journal, with room to spare."""


@dataclass(frozen=True, slots=True)
class Journal:
    """What a stamp in place does to a file, and what was there before.

    As the fields of the same name of `InPlace`; `inode` is the number of the file, `mtime_ns` the time of its last
    change when that is to be kept.
    """

    inode: int
    input_nbytes: int
    output_nbytes: int
    shift: int
    footer_at: int
    mtime_ns: int | None
    before: bytes = field(repr=False)
    header: bytes = field(repr=False)
    body: bytes = field(repr=False)
    old_footer: bytes
    footer: bytes

    @classmethod
    def of(cls, made: InPlace, status: os.stat_result, *, preserve_mtime: bool) -> Journal:
        """The journal of a planned stamp of the file with this status."""
        return cls(
            inode=status.st_ino,
            input_nbytes=made.input_nbytes,
            output_nbytes=made.output_nbytes,
            shift=made.shift,
            footer_at=made.footer_at,
            mtime_ns=status.st_mtime_ns if preserve_mtime else None,
            before=made.before,
            header=made.header,
            body=made.body,
            old_footer=made.old_footer,
            footer=made.footer,
        )

    @property
    def new_head(self) -> bytes:
        """What the file begins with afterwards, as far as it is written."""
        return self.header + self.body

    @property
    def old_head(self) -> bytes:
        """What the file began with, as far as anything of it is written over."""
        return self.before + bytes(max(0, len(self.header) + len(self.body) - self.shift - len(self.before)))

    @property
    def nbytes(self) -> int:
        """About how many bytes the journal takes, and no fewer."""
        return _LONGEST_LINE + sum(len(getattr(self, name)) for name in _BLOBS)

    def encode(self) -> bytes:
        """The bytes of the journal."""
        numbers = {name: getattr(self, name) for name in _NUMBERS}
        sizes = {name: len(getattr(self, name)) for name in _BLOBS}
        rest = json.dumps({**numbers, **sizes}).encode("ascii") + b"\n"
        rest += b"".join(getattr(self, name) for name in _BLOBS)
        return b"%s %s %08x\n%s" % (_TITLE, _VERSION, crc32(rest), rest)

    @classmethod
    def decode(cls, raw: bytes) -> Journal | None:
        """The journal with these bytes; None when it is torn.

        Raises `FormatError` for one of another version, and for a whole one that no stamp makes.
        """
        title, _, rest = raw.partition(b"\n")
        words = title.split(b" ")
        if words[0] == _TITLE and len(words) == 3 and words[1] != _VERSION:
            found = words[1].decode("ascii", "replace")[:9]
            raise FormatError("a journal of another version", expected=_VERSION.decode(), found=repr(found))
        if words != [_TITLE, _VERSION, b"%08x" % crc32(rest)]:
            return None
        line, _, blobs = rest.partition(b"\n")
        try:
            if len(line) > _LONGEST_LINE:
                raise ValueError("expected a shorter line of numbers")
            found = json.loads(line)
            values: dict[str, Any] = {**_numbers(found), **_split(found, blobs)}
            journal = cls(**values)
            journal._require_sound()
        except (
            ValueError,
            TypeError,
            KeyError,
            RecursionError,
        ) as error:  # with a right checksum: made by somebody else
            raise FormatError(f"a journal that no stamp makes: {error}") from None
        return journal

    def _require_sound(self) -> None:
        """Raise `ValueError` for numbers that do not go together."""
        old_end = self.footer_at - self.shift
        sound = {
            "a head of at least a header": len(self.before) >= len(self.header) == HEADER_SIZE,
            "a shift on the grid": self.shift >= 0 and self.shift % ALIGNMENT == 0,
            "a head that ends before the footer": max(len(self.new_head), len(self.before) + self.shift)
            <= self.footer_at,
            "a footer or none": {len(self.footer), len(self.old_footer)} <= {0, FOOTER_SIZE},
            "no footer that goes": len(self.old_footer) <= len(self.footer),
            "the size of what was there": self.input_nbytes >= old_end + len(self.old_footer),
            "the size of what it becomes": self.output_nbytes == self.footer_at + len(self.footer),
            "numbers of 63 bits": max(self.output_nbytes, self.input_nbytes + self.shift, abs(self.mtime_ns or 0))
            < 1 << 63,
        }
        for expected, found in sound.items():
            if not found:
                raise ValueError(f"expected {expected}")


_NUMBERS = tuple(item.name for item in fields(Journal) if item.type != "bytes")
_BLOBS = tuple(item.name for item in fields(Journal) if item.type == "bytes")


def _numbers(found: dict[str, Any]) -> dict[str, int | None]:
    numbers = {name: found[name] for name in _NUMBERS}
    if any(type(number) is not int for name, number in numbers.items() if (name, number) != ("mtime_ns", None)):
        raise ValueError("expected integers")
    return numbers


def _split(sizes: dict[str, Any], blobs: bytes) -> dict[str, bytes]:
    found, at = {}, 0
    for name in _BLOBS:
        nbytes = sizes[name]
        if type(nbytes) is not int or nbytes < 0:
            raise ValueError("expected sizes")
        found[name] = blobs[at : at + nbytes]
        at += nbytes
    if at != len(blobs) or len(found["header"]) != HEADER_SIZE:
        raise ValueError("the sizes are not those of what is there")
    return found


def journal_path(path: StrPath) -> Path:
    """Where the journal of a stamp of the file at `path` lies: beside the file itself, wherever a link leads.

    A name that would be too long is cut, and a digest of it keeps it apart from others.
    """
    final = Path(os.path.realpath(path))
    name = f".{final.name}{_SUFFIX}"
    if len(os.fsencode(name)) > _LONGEST_NAME:
        from hashlib import sha256

        ending = f"-{sha256(os.fsencode(final.name)).hexdigest():.16}{_SUFFIX}"
        name = f".{final.name}"
        while len(os.fsencode(name + ending)) > _LONGEST_NAME:
            name = name[:-1]
        name += ending
    return final.with_name(name)


def journal_of(path: StrPath) -> Path | None:
    """The journal that was left beside the file at `path`; None when there is none. Costs a look at the folder."""
    found = journal_path(path)
    return found if os.path.lexists(found) else None


def refuse_journal(path: StrPath) -> None:
    """Raise `FormatError` when a stamp in place of the file at `path` was not finished: what it holds is not sure."""
    found = journal_of(path)
    if found is not None:
        how = "aprfmt recover, or aprfmt.recover_file, finishes or undoes it"
        text = f"a stamp in place is under way or was not finished ({how})"
        raise FormatError(text, expected="no journal beside the file", found=str(found))


def write_journal(path: Path, journal: Journal, system: System) -> None:
    """Write a journal, and sync it and its folder; raises `OSError`, after which there is none, or a torn one."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    descriptor = insist(system.open, str(path), flags)
    try:
        write_all(system, descriptor, journal.encode(), 0)
        insist(system.fsync, descriptor)
    finally:
        os.close(descriptor)
    sync_folder(path.parent, system)


def read_journal(path: Path, limits: Limits = DEFAULT_LIMITS, *, owner: int | None = None) -> Journal | None:
    """The journal at `path`; None when it is torn. Raises `OSError` of the system, and `FormatError` for what is no
    journal: not a regular file, one of another version, one that is larger than any can be, one that does not begin as
    a journal does, or one that belongs to somebody else than this user, root, or the `owner` of the file."""
    most = 4 * (limits.max_metadata_bytes + limits.max_index_bytes) + _LONGEST_LINE
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > most:
            found = f"{status.st_size} bytes" if stat.S_ISREG(status.st_mode) else "no regular file"
            raise FormatError(f"not a journal: {path}", expected=f"a file of at most {most} bytes", found=found)
        _require_owner(path, status, owner)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            raw = file.read()
    finally:
        os.close(descriptor)
    # What a cut leaves of a journal has zeros where something is missing; any other file is not to be removed for it.
    if any(byte not in (0, ours) for byte, ours in zip(raw, _TITLE, strict=False)):
        raise FormatError(f"not a journal: {path}", expected=_TITLE.decode(), found=repr(raw[: len(_TITLE)]))
    return Journal.decode(raw)


def _require_owner(path: Path, status: os.stat_result, owner: int | None) -> None:
    """Raise `FormatError` for a journal that somebody may have put there to have others write into a file for them."""
    euid = getattr(os, "geteuid", None)
    if euid is None or owner is None or status.st_uid in (trusted := {euid(), 0, owner}):
        return
    names = ", ".join(map(str, sorted(trusted)))
    raise FormatError(f"a journal of another user: {path}", expected=f"user {names}", found=f"user {status.st_uid}")


def remove_journal(path: Path, system: System) -> None:
    """Remove a journal, and sync its folder."""
    insist(system.unlink, str(path))
    sync_folder(path.parent, system)


def sync_folder(folder: Path, system: System) -> None:
    """Wait until the names in a folder are on the disk, where its file system can be told to."""
    with suppress(PermissionError):  # a folder may be writable, and not readable
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            insist(system.fsync, descriptor)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP):
                raise
        finally:
            os.close(descriptor)
