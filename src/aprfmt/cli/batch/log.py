"""The log of a run over many files: one JSON object a line, there as soon as the file is done.

A second run with the same log leaves out what the log has as done, and what a look at the file says is still so.

Rules of this file:
1. A line is written in one step and synced; what a crash has left of the last one is cut off before the next.
2. A file that is not such a log is refused before anything is done, and never written to.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from ...errors import AprError, RequestError, quoted
from ...files.locking import try_lock
from .. import render
from .places import path_of, uri

if TYPE_CHECKING:
    from ...container import Container
    from ...patch import MetadataPatch
    from ..exits import Failure

__all__ = ["DONE", "KEYS", "Look", "RunLog", "head_digest", "look", "patch_digest"]

DONE = ("stamped", "unchanged")
"""What the log says of a file that is as it was asked for."""
_STATUSES = (*DONE, "failed")

_VERSION = 1
KEYS: Mapping[str, str] = {
    "run_log": "version of this shape of a line",
    "file": "the file as given",
    "uri": "where it is: absolute, links followed, `file:` and escapes of bytes that are no ASCII",
    "status": "`stamped`, `unchanged` or `failed`",
    "patch": "SHA-256 of what was asked for, so that a run with another patch does the file again",
    "size_bytes": "size of the file when it was done; null when it failed",
    "modified_ns": "when it was modified, in nanoseconds; null when it failed",
    "head_sha256": "SHA-256 of everything before the data section, and of the footer; null when it failed",
    "finished_at": "when it was done",
    "error": "why it failed, with the keys of every error; null otherwise",
    "receipt": "where its receipt is, written as `uri` is; null without one",
}
_LOOKED_AT = ("patch", "size_bytes", "modified_ns", "head_sha256", "receipt")
_INTEGERS = ("run_log", "size_bytes", "modified_ns")
_NEVER_NULL = ("run_log", "file", "uri", "status", "patch", "finished_at")
_BEGINS = f'{{"run_log": {_VERSION}, "file": "'.encode()
_LONGEST_LINE = 1 << 24
"""Bytes of a line. A path and a message have some hundred, with the longest names of tensors a million; what has no
lines is not read to its end."""


@dataclass(frozen=True, slots=True)
class Look:
    """What tells a file from another state of it, without a look at its tensors."""

    size_bytes: int
    modified_ns: int
    head_sha256: str


def head_digest(container: Container) -> str:
    """SHA-256 of everything before the data section, and of the footer where there is one; no tensor is read.

    Raises what reading the index raises, and `TruncatedError` for a file that ends too early.
    """
    from ...source import iter_chunks

    digest = sha256()
    for piece in iter_chunks(container.source, 0, container.header.ofs_data):
        digest.update(piece)
    if (footer := container.sections["footer"]) is not None:
        digest.update(container.source.read(*footer))
    return digest.hexdigest()


def look(file: str) -> Look:
    """The state of a file; raises `OSError` and what `head_digest` raises."""
    from ...files import FileSource, OpenContainer

    with FileSource(file) as source:
        modified_ns = os.fstat(source.fileno()).st_mtime_ns
        container = OpenContainer(source)
        found = Look(source.size, modified_ns, head_digest(container))
        container.check_unchanged()
        return found


def patch_digest(patch: MetadataPatch) -> str:
    """SHA-256 of what a patch asks for; the order in which its keys are named does not count."""
    asked = {
        "set": patch.set,
        "merge": patch.merge,
        "unset": sorted(patch.unset),
        "dedupe": patch.dedupe,
        "tokenizer": None if patch.tokenizer is None else patch.tokenizer.members(),
    }
    return sha256(json.dumps(asked, sort_keys=True, separators=(",", ":"), default=dict).encode()).hexdigest()


class RunLog:
    """A log that is open, and no other run's meanwhile; also a context manager.

    Opening reads what is there; `notes` says what was cut off. Raises `RequestError` for a file that is not such a log
    or that another run has open, `OSError` as the system reports it.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._descriptor = _opened(path)
        self.notes: tuple[str, ...] = ()
        self._done: dict[str, Mapping[str, Any]] = {}
        try:
            self._lock()
            end, size = self._read(), os.fstat(self._descriptor).st_size
            if end < size:
                self.notes = (f"{path}: the last line is cut off, and its file is done again",)
                os.ftruncate(self._descriptor, end)
            self._end = end
        except BaseException:
            os.close(self._descriptor)
            raise

    def _lock(self) -> None:
        if not try_lock(self._descriptor):
            raise RequestError(f"{self._path}: expected a log of this run alone, found another run that has it")

    def _read(self) -> int:
        """Take in every line; returns where the last whole one ends."""
        end = 0
        with os.fdopen(os.dup(self._descriptor), "rb") as stream:
            for number, line in enumerate(iter(lambda: stream.readline(_LONGEST_LINE), b""), 1):
                if not line.endswith(b"\n"):
                    if len(line) == _LONGEST_LINE:
                        raise self._foreign(number, line, f"fewer than {_LONGEST_LINE} bytes")
                    self._require_cut(number, line)
                    break
                self._take(self._entry(number, line))
                end += len(line)
        return end

    def _take(self, entry: Mapping[str, Any]) -> None:
        """Keep what counts of an entry: the last one of a file, and only when it is done."""
        self._done.pop(entry["uri"], None)
        if entry["status"] in DONE:
            self._done[entry["uri"]] = {key: entry[key] for key in _LOOKED_AT}

    def _require_cut(self, number: int, line: bytes) -> None:
        """Raise unless the rest can be what a crash has left of a line."""
        rest = line.rstrip(b"\0")  # which is how some file systems fill up what was not written
        if not (rest.startswith(_BEGINS) or _BEGINS.startswith(rest)):
            raise self._foreign(number, line, "the beginning of an entry")

    def _entry(self, number: int, line: bytes) -> Mapping[str, Any]:
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            raise self._foreign(number, line, "JSON") from None
        if not isinstance(entry, dict) or "run_log" not in entry:
            raise self._foreign(number, line, 'an object with the key "run_log"')
        if entry["run_log"] != _VERSION:
            raise self._foreign(number, line, f"version {_VERSION}")
        for key in KEYS:
            if key not in entry or not _fits(key, entry[key]):
                raise self._foreign(number, line, f'"{key}" as such logs have it')
        return entry

    def _foreign(self, number: int, line: bytes, expected: str) -> RequestError:
        found = quoted(line.decode("utf-8", "surrogateescape").rstrip("\n"), 60)
        return RequestError(
            f"{self._path}: expected the log of a run of aprfmt, found another file, which is left alone; "
            f"line {number}: expected {expected}, found {found}"
        )

    def is_done(self, file: str, patch: str, *, with_receipt: bool = False) -> bool:
        """Whether the log has a file as done with a patch of this digest, and the file is still as it was then.

        `with_receipt`, it is to have one, wherever that lies, and that is to be there.
        """
        entry = self._done.get(uri(file))
        if entry is None or entry["patch"] != patch:
            return False
        if with_receipt and (entry["receipt"] is None or not Path(path_of(entry["receipt"])).is_file()):
            return False
        try:
            status = Path(file).stat()
            if (status.st_size, status.st_mtime_ns) != (entry["size_bytes"], entry["modified_ns"]):
                return False
            return bool(look(file).head_sha256 == entry["head_sha256"])
        except (OSError, AprError):
            return False  # whatever is wrong with it, doing it again will say

    def add(
        self,
        file: str,
        status: str,
        patch: str,
        *,
        seen: Look | None = None,
        error: Failure | None = None,
        receipt: str | None = None,
        finished_at: str | None = None,
    ) -> None:
        """Write that a file is done, or has failed; `seen` is what it is like now, and `finished_at` is now.

        Raises `OSError` as the system reports it; the log has then no half of a line.
        """
        entry = {
            "run_log": _VERSION,
            "file": file,
            "uri": uri(file),
            "status": status,
            "patch": patch,
            "size_bytes": None if seen is None else seen.size_bytes,
            "modified_ns": None if seen is None else seen.modified_ns,
            "head_sha256": None if seen is None else seen.head_sha256,
            "finished_at": finished_at or datetime.now(UTC).isoformat(timespec="seconds"),
            "error": None if error is None else error.as_json(),
            "receipt": None if receipt is None else uri(receipt),
        }
        self._append(f"{render.json_text(entry)}\n".encode())
        self._take(entry)

    def _append(self, line: bytes) -> None:
        try:
            rest = memoryview(line)
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
            os.fsync(self._descriptor)
        except OSError as error:
            with suppress(OSError):
                os.ftruncate(self._descriptor, self._end)
            raise OSError(error.errno, error.strerror, self._path) from error
        self._end += len(line)

    def close(self) -> None:
        """Let go of the log; a second call does nothing."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()


def _fits(key: str, value: Any) -> bool:
    """Whether a value is of the type that a key of an entry has."""
    if value is None:
        return key not in _NEVER_NULL
    if key == "status":
        return value in _STATUSES
    return type(value) is (int if key in _INTEGERS else dict if key == "error" else str)


def _opened(path: str) -> int:
    with suppress(FileNotFoundError):
        mode = Path(path).stat().st_mode  # before opening: a pipe waits, a device may do anything
        if not stat.S_ISREG(mode):
            found = "a folder" if stat.S_ISDIR(mode) else "a device, pipe or socket"
            raise RequestError(f"{path}: expected the log of a run of aprfmt or no file, found {found}")
    flags = ("O_RDWR", "O_CREAT", "O_APPEND", "O_CLOEXEC", "O_BINARY")
    return os.open(path, sum(getattr(os, flag, 0) for flag in flags), 0o666)
