"""Systems that fail: at one call, in one way. And files to stamp under them."""

from __future__ import annotations

import errno
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from aprfmt import DType, MetadataPatch, NewTensor, create_bytes
from aprfmt import open as open_container
from aprfmt.checksum import crc32
from aprfmt.container import Container
from aprfmt.files.inplace import Refused, System, Written, write_in_place
from aprfmt.files.inplace.system import INSERT_RANGE
from aprfmt.files.sources import FileSource
from aprfmt.layout import FOOTER_SIZE
from aprfmt.ops.inplace import plan_in_place, read_through
from aprfmt.source import BytesSource
from aprfmt.testing import expand

__all__ = [
    "CRASHES",
    "CUTS",
    "ERRORS",
    "SCENARIOS",
    "Chaos",
    "Crash",
    "Emulated",
    "Faulty",
    "Scenario",
    "content",
    "real_system",
    "stamp",
    "stamped_whole",
]


CUTS: Counter[str] = Counter()
"""How often something was cut since the tests began, by what; a line at the end of a run says it."""


class Crash(BaseException):
    """The process ends here: nothing that handles errors may run."""


class Emulated(System):
    """Waits for no disk, and moves blocks by writing the file anew, for file systems that do not."""

    def fsync(self, descriptor: int) -> None:
        self.n_calls += 1
        os.fstat(descriptor)

    def fsync_failed(self, descriptor: int) -> None:
        """What was written before may be lost, and a later call will not say so."""

    def can_insert(self, _descriptor: int) -> bool:
        return True

    def fallocate(self, descriptor: int, mode: int, at: int, nbytes: int) -> None:
        self.n_calls += 1
        size = os.fstat(descriptor).st_size
        raw = os.pread(descriptor, size, 0)
        middle, behind = (bytes(nbytes), at) if mode == INSERT_RANGE else (b"", at + nbytes)
        new = raw[:at] + middle + raw[behind:]
        os.pwrite(descriptor, new, 0)
        os.ftruncate(descriptor, len(new))


@cache
def _inserts(folder: str) -> bool:
    """Whether the file system of a folder inserts blocks."""
    with TemporaryDirectory(dir=folder) as inner:
        path = Path(inner, "probe")
        path.write_bytes(bytes(8192))
        descriptor = os.open(path, os.O_RDWR)
        try:
            System().fallocate(descriptor, INSERT_RANGE, 0, 4096)
        except OSError:
            return False
        finally:
            os.close(descriptor)
    return True


def real_system(folder: Path) -> System:
    """The system itself where it inserts blocks into the files of a folder."""
    return System() if _inserts(str(folder.resolve())) else Emulated()


CRASHES = ("before", "after", "torn at 1", "torn at 63", "torn in the middle", "torn at the last byte")
ERRORS = ("ENOSPC", "EIO", "ENOSPC for ever", "EIO for ever", "half, then EIO", "EINTR", "short")


class Faulty(System):
    """Does what `base` does up to call number `at`, counted from 0, where `kind` happens."""

    def __init__(self, base: System, at: int, kind: str, act: Callable[[], None] | None = None) -> None:
        super().__init__()
        self._base, self._at, self._kind, self._act = base, at, kind, act
        self.seen = 0
        self.hit = False
        self._dead = False

    def _step(self, call: Callable[[], Any], torn: Callable[[float], Any] | None = None) -> Any:
        if self._dead:
            raise Crash
        number, self.seen = self.seen, self.seen + 1
        self.n_calls += 1
        for_ever = self._kind.endswith("for ever")
        if number != self._at and not (for_ever and number > self._at):
            return call()
        self.hit = True
        CUTS["a crash" if self._kind in CRASHES else "an error"] += 1
        if self._kind in CRASHES:
            if self._kind == "after":
                call()
            elif self._kind.startswith("torn") and torn is not None:
                torn(_PARTS[self._kind])
            self._die()
        if self._kind == "short" or self._kind.startswith("half"):
            if torn is None:
                return call()
            if self._kind == "short":
                return torn(0.5)
            torn(0.5)
            raise OSError(errno.EIO, "injected")
        number = getattr(errno, self._kind.split()[0])
        raise OSError(number, f"injected {self._kind}")

    def _die(self) -> None:
        self._dead = True
        if self._act is not None:
            self._act()
        raise Crash

    def open(self, path: str, flags: int, mode: int = 0o600) -> int:
        if not flags & os.O_CREAT:
            return self._base.open(path, flags, mode)
        return int(self._step(lambda: self._base.open(path, flags, mode)))

    def pwrite(self, descriptor: int, data: bytes | memoryview, at: int) -> int:
        def torn(part: float) -> int:
            nbytes = min(len(data), max(1, int(len(data) * part) if part <= 1 else int(part)))
            nbytes = len(data) - 1 if part == -1 else nbytes
            return self._base.pwrite(descriptor, data[:nbytes], at) if nbytes > 0 else 0

        return int(self._step(lambda: self._base.pwrite(descriptor, data, at), torn))

    def fsync(self, descriptor: int) -> None:
        try:
            self._step(lambda: self._base.fsync(descriptor))
        except OSError as error:
            if error.errno != errno.EINTR:
                self.fsync_failed(descriptor)
            raise

    def fsync_failed(self, descriptor: int) -> None:
        if isinstance(self._base, Faulty | Emulated):
            self._base.fsync_failed(descriptor)

    def can_insert(self, descriptor: int) -> bool:
        return self._base.can_insert(descriptor)

    def fallocate(self, descriptor: int, mode: int, at: int, nbytes: int) -> None:
        self._step(lambda: self._base.fallocate(descriptor, mode, at, nbytes))

    def truncate(self, descriptor: int, nbytes: int) -> None:
        self._step(lambda: self._base.truncate(descriptor, nbytes))

    def utime(self, descriptor: int, mtime_ns: int) -> None:
        self._step(lambda: self._base.utime(descriptor, mtime_ns))

    def unlink(self, path: str) -> None:
        self._step(lambda: self._base.unlink(path))


class Chaos(Faulty):
    """Does what `base` does, but that any call may fail, in any way, and the process may end at any."""

    def __init__(self, base: System, random: Random, *, crashes: float, errors: float) -> None:
        super().__init__(base, -1, "")
        self._random, self._crashes, self._errors = random, crashes, errors

    def _step(self, call: Callable[[], Any], torn: Callable[[float], Any] | None = None) -> Any:
        drawn = self._random.random()
        if drawn < self._crashes + self._errors and not self._dead:
            self._at = self.seen
            self._kind = self._random.choice(CRASHES if drawn < self._crashes else _PASSING)
        return super()._step(call, torn)


_PASSING = tuple(kind for kind in ERRORS if not kind.endswith("for ever"))
_PARTS = {"torn at 1": 1.5, "torn at 63": 63.5, "torn in the middle": 0.5, "torn at the last byte": -1}


@dataclass(frozen=True, slots=True)
class Scenario:
    """A file and a stamp of it; `shifts` is whether its data has to move."""

    name: str
    raw: bytes = field(repr=False)
    patch: MetadataPatch
    shifts: bool
    options: dict[str, Any] = field(default_factory=dict)
    preserve_mtime: bool = False


def _file() -> bytes:
    tensors = [
        NewTensor("a", DType.U8, (9000,), expand(1, 9000)),
        NewTensor("b", DType.F32, (50, 2), expand(2, 400)),
    ]
    return create_bytes(tensors, {"model_type": "tiny", "license": "Apache-2.0", "name": "n" * 3000})


def _scenarios() -> tuple[Scenario, ...]:
    raw = _file()
    fits = MetadataPatch(set={"license": "MIT"})
    same_length = MetadataPatch(set={"license": "Apache-1.1"})
    grows = MetadataPatch(set={"license": "MIT", "data_source": "x" * 5000})
    bare = raw[:-FOOTER_SIZE]
    return (
        Scenario("fits", raw, fits, False),
        Scenario("fits, same header", raw, same_length, False),
        Scenario("grows", raw, grows, True),
        Scenario("grows, time kept", raw, grows, True, preserve_mtime=True),
        Scenario("reserves", raw, fits, True, {"reserve": 10_000}),
        Scenario("fits, footer added", bare, fits, False),
        Scenario("grows, footer added", bare, grows, True),
        Scenario("grows, no footer", bare, grows, True, {"footer": "keep"}),
        Scenario("fits, tail dropped", raw + expand(3, 100), fits, False, {"drop_trailing": True}),
        Scenario("grows, tail of a block dropped", raw + expand(3, 8192), grows, True, {"drop_trailing": True}),
    )


SCENARIOS = _scenarios()


def stamp(path: Path, scenario: Scenario, system: System) -> Written | Refused:
    with open_container(path) as container:
        made = plan_in_place(container, scenario.patch, **scenario.options)
        made = read_through(made, container) if made.must_read else made
        assert bool(made.shift) == scenario.shifts
        assert isinstance(container.source, FileSource)
        return write_in_place(path, made, container.source, system=system, preserve_mtime=scenario.preserve_mtime)


@cache
def _whole(name: str) -> bytes:
    scenario = next(item for item in SCENARIOS if item.name == name)
    with TemporaryDirectory() as folder:
        path = Path(folder, "whole.apr")
        path.write_bytes(scenario.raw)
        assert isinstance(stamp(path, scenario, Emulated()), Written)
        return path.read_bytes()


def stamped_whole(scenario: Scenario) -> bytes:
    """The file that the stamp makes when nothing fails."""
    return _whole(scenario.name)


def content(raw: bytes) -> dict[str, Any]:
    """What a file says: its metadata, its tensors with their bytes, and by how much its footer is wrong."""
    container = Container(BytesSource(raw))
    footer = container.footer
    return {
        "metadata": container.metadata.raw,
        "tensors": [(item.name, item.entry.dtype, item.shape, bytes(item.data)) for item in container.tensors],
        "wrong by": None if footer is None else footer.checksum ^ crc32(raw[: container.required_len]),
    }
