"""Targets: implementations that cases are put to, by the same four plugs as the conformance vectors.

Rules of this file:
1. A target sees a file of its own for every question, under a name that says nothing, and nothing is left of it.
2. What a target leaves on the disk may be anything, and is looked at with care; what it removes is made again.
3. Every question has an id of its own: an answer that is about another one is no answer.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from ..conform.judging import content_at
from ..conform.plugs import Answer, CallPlug, ExitPlug, JsonPlug, NdjsonPlug, Plug
from ..conform.results import Budget, Outcome
from ..errors import RequestError
from .watch import unwatched

__all__ = ["LateError", "Made", "Target", "TargetSpec", "make_folder", "put"]

_PLUGS = ("exit", "json", "ndjson", "call")
_CASE, _OUTPUT = "case.apr", "case-out.apr"
_MOST_NBYTES = 1 << 26
"""What is read of a file that a target made."""


@dataclass(frozen=True, slots=True)
class TargetSpec:
    """How to reach an implementation: which plug, the command or callable, exit codes, commands to stamp and write."""

    plug: str
    command: str
    accept: tuple[int, ...] = (0,)
    reject: tuple[int, ...] = (1,)
    stamp: str | None = None
    write: str | None = None
    name: str | None = None

    def make(self) -> Plug:
        """A plug that has not started; raises `RequestError` for a command that makes no sense."""
        if self.plug == "call":
            return CallPlug(self.command, name=self.name)
        if self.plug == "ndjson":
            return NdjsonPlug(self.command, name=self.name)
        if self.plug == "json":
            return JsonPlug(self.command, stamp=self.stamp, write=self.write, name=self.name)
        if self.plug != "exit":
            raise RequestError(f"expected a plug out of {', '.join(_PLUGS)}, found {self.plug!a}")
        return ExitPlug(
            self.command, accept=self.accept, reject=self.reject, stamp=self.stamp, write=self.write, name=self.name
        )

    def options(self) -> list[str]:
        """The options of the command line that mean this target."""
        found = ["--call", self.command] if self.plug == "call" else ["--cmd", f"{self.plug}:{self.command}"]
        if self.plug == "exit":
            found += [] if self.accept == (0,) else ["--accept", ",".join(map(str, self.accept))]
            found += [] if self.reject == (1,) else ["--reject", ",".join(map(str, self.reject))]
        found += [] if self.stamp is None else ["--stamp-cmd", self.stamp]
        return found + ([] if self.write is None else ["--write-cmd", self.write])


class Made(NamedTuple):
    """The answer to a stamp or a writer, what it left in words when it is not a file, and the file."""

    answer: Answer
    left: str = ""
    raw: bytes = b""
    input_changed: bool = False


class LateError(BaseException):
    """The run is over, and what would be asked is not; no `Exception`, so that nobody takes it for an answer."""


class Target:
    """One implementation that has started. Its files are in the folder while it is asked."""

    def __init__(self, spec: TargetSpec, name: str, folder: Path, budget: Budget, profile: str) -> None:
        self.spec = spec
        self.name = name
        self._folder = folder
        self._budget = budget
        self._profile = profile
        self._questions = 0
        self._stopped = False
        self.plug = spec.make()
        self.plug.start()

    @property
    def can(self) -> frozenset[str]:
        """The operations that it has."""
        return self.plug.can

    def skip_of(self, tags: set[str]) -> str:
        """Why it is not asked about a case with these tags; nothing when it is."""
        return next((skip.reason for skip in self.plug.skips if skip.tag in tags), "")

    def read(self, raw: bytes) -> Made:
        """Have a file read."""
        with self._files(raw) as (file, output):
            return self._asked({"op": "read", "file": str(file), "crc32": True}, raw, file, output)

    def stamp(self, raw: bytes, patch: Mapping[str, str]) -> Made:
        """Have a file stamped."""
        with self._files(raw) as (file, output):
            request = {"op": "stamp", "file": str(file), "patch": dict(patch), "output": str(output)}
            return self._asked(request, raw, file, output)

    def write(self, tree: Mapping[str, Any]) -> Made:
        """Have a file written."""
        with self._files(None) as (file, output):
            return self._asked({"op": "write", "tree": tree, "output": str(output)}, None, file, output)

    @contextmanager
    def _files(self, raw: bytes | None) -> Iterator[tuple[Path, Path]]:
        file, output = self._folder / _CASE, self._folder / _OUTPUT
        try:
            make_folder(self._folder)
            if raw is not None:
                put(file, raw)
            yield file, output
        finally:
            for path in (file, output):
                _remove(path)

    def _answer(self, request: dict[str, Any]) -> Answer:
        """Ask; what cannot be started any more is a crash like any other. Raises `LateError` when the run is over."""
        if self._stopped:
            raise LateError
        try:
            with unwatched():
                answer = self.plug.ask(request, self._budget)
        except RequestError as error:
            answer = Answer(outcome=Outcome.CRASH, detail=str(error))
        if self._stopped:
            raise LateError
        return answer

    def _asked(self, request: dict[str, Any], raw: bytes | None, file: Path, output: Path) -> Made:
        budget = self._budget
        self._questions += 1
        head = {"cmd": "run", "id": f"case-{self._questions}", "profile": self._profile}
        node = {**head, **request, "budget": {"seconds": budget.seconds, "bytes": budget.nbytes}}
        answer = self._answer(node)
        changed = raw is not None and content_at(file, len(raw) + 1) != raw
        if request["op"] == "read" or not os.path.lexists(output):
            return Made(answer, "no file", input_changed=changed)
        found = content_at(output, _MOST_NBYTES)
        if isinstance(found, str):
            return Made(answer, found, input_changed=changed)
        return Made(answer, "", found, changed)

    def shell(self, op: str, file: str, patch: Mapping[str, str] | None, tree: Mapping[str, Any] | None) -> str:
        """A line for a shell that asks the same about a file at a path."""
        output = f"{Path(file).stem}-out.apr"
        request: dict[str, Any] = {
            "cmd": "run",
            "id": "case",
            "op": op,
            "profile": self._profile,
            "budget": {"seconds": self._budget.seconds, "bytes": self._budget.nbytes},
            **({"file": file} if op != "write" else {}),
            **({"crc32": True} if op == "read" else {"output": output}),
            **({"patch": dict(patch or {})} if op == "stamp" else {}),
            **({"tree": tree} if op == "write" else {}),
        }
        return self.plug.shell(request)

    def stop(self) -> None:
        """Have nothing asked any more, from another thread; who waits for an answer gets `LateError`."""
        self._stopped = True
        self.plug.close()

    def close(self) -> None:
        """End the implementation; may be called from any thread."""
        self.plug.close()


def make_folder(folder: Path) -> None:
    """Make a folder again, which a target may have removed, or have put something else in its place."""
    with suppress(OSError):
        if stat.S_ISDIR(folder.lstat().st_mode):
            return
        _remove(folder)
    folder.mkdir(parents=True, exist_ok=True)


def put(file: Path, raw: bytes) -> None:
    """Write a file for a target, in the place of whatever is there."""
    make_folder(file.parent)
    _remove(file)
    file.write_bytes(raw)


def _remove(path: Path) -> None:
    """Remove whatever is there."""
    try:
        path.unlink(missing_ok=True)
    except OSError:
        with suppress(OSError):
            shutil.rmtree(path)
