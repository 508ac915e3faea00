"""Ranges copied in every way there is: all bytes, once and in order, whatever the system refuses or fails at."""

from __future__ import annotations

import errno
import fcntl
import io
import mmap
import os
import signal
import sys
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from tests.unit.files.mounted import MAKERS, mounted

from aprfmt.checksum import crc32
from aprfmt.errors import TruncatedError
from aprfmt.files import FileSource
from aprfmt.files.copying import Copied, Way, clone, copy_range, direct, transfer
from aprfmt.source import CHUNK_BYTES, BytesSource, Source
from aprfmt.testing import expand

GRID = direct.GRID_BYTES
DATA = expand(1, 20 * GRID + 123)
BEFORE = b"what the output has before the range"


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    """No thread and no descriptor outlives a copy."""
    before = open_descriptors()
    yield
    assert [item.name for item in threading.enumerate() if item.name.startswith("aprfmt")] == []
    assert open_descriptors() == before


def open_descriptors() -> set[str]:
    folder = Path("/proc/self/fd")
    return {entry.name for entry in folder.iterdir()} if folder.exists() else set()


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sizes of a small file, so that it is as a large one to all ways."""
    monkeypatch.setattr(direct, "BUFFER_BYTES", 2 * GRID)
    monkeypatch.setattr(direct, "DIRECT_FROM_BYTES", 3 * GRID)
    monkeypatch.setattr(clone, "CLONE_FROM_BYTES", 2 * GRID)
    monkeypatch.setattr(clone, "STEP_BYTES", 4 * GRID)
    for module in (transfer, clone):
        monkeypatch.setattr(module, "CHUNK_BYTES", GRID // 2 + 100)


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    path = tmp_path / "origin"
    path.write_bytes(DATA)
    return path


def require_direct(folder: Path) -> None:
    path = folder / "probe"
    try:
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_DIRECT))
    except OSError as error:
        pytest.skip(f"the file system has no direct writes: {error}")
    finally:
        path.unlink(missing_ok=True)


class Copying:
    """A copy of a range into a new file, and all that was seen of it."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.seen = bytearray()
        self.sizes: list[int] = []
        self.progress: list[int] = []
        self.at: int | None = None
        self.mode_is_kept: bool | None = None

    def see(self, piece: memoryview) -> None:
        assert piece.readonly
        self.seen += piece
        self.sizes.append(len(piece))

    def run(self, source: Source, start: int, stop: int, position: int, **options: Any) -> Copied:
        """Copy to so many bytes behind the start, which are written first, as the pieces of a plan are."""
        options = {"see": self.see, "progress": self.progress.append, **options}
        with self.out.open("wb", buffering=0) as file:
            file.write((BEFORE * (position // len(BEFORE) + 1))[:position])
            flags = fcntl.fcntl(file, fcntl.F_GETFL)
            try:
                copied = copy_range(source, start, stop, file.fileno(), position, **options)
                self.at = file.tell()
                file.write(b"behind")
            finally:
                self.mode_is_kept = fcntl.fcntl(file, fcntl.F_GETFL) == flags
        return copied

    def assert_whole(self, data: bytes, start: int, stop: int, position: int, *, seen: bool = True) -> None:
        """The file has the range where it belongs, and nothing else changed; all of it was seen, and counted."""
        before = (BEFORE * (position // len(BEFORE) + 1))[:position]
        made = self.out.read_bytes()
        assert made[:position] == before
        assert made[position:] == data[start:stop] + b"behind"
        assert self.at == position + stop - start
        assert self.mode_is_kept
        assert self.seen == (data[start:stop] if seen else b"")
        assert self.progress == sorted(set(self.progress))
        assert self.progress[-1:] == ([stop - start] if stop > start else [])


@pytest.fixture
def copying(tmp_path: Path) -> Copying:
    return Copying(tmp_path / "out")


def fake_clone(blocks: int = GRID, refuse_after: int = 1_000_000) -> Callable[..., int]:
    """The system call of a file system that shares blocks, as far as one can tell from outside."""
    calls = 0

    def ioctl(descriptor: int, request: int, argument: memoryview) -> int:
        nonlocal calls
        calls += 1
        assert request == 0x4020940D
        source, start, nbytes, position = argument
        if calls > refuse_after:
            raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))
        if start % blocks or nbytes % blocks or position % blocks or start + nbytes > os.fstat(source).st_size:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        with suppress(OSError):
            assert os.pwrite(descriptor, os.pread(source, nbytes, start), position) == nbytes
        return 0

    return ioctl


# What is chosen --------------------------------------------------------------------------------------


def test_a_small_range_goes_by_blocks(origin: Path, copying: Copying) -> None:
    with FileSource(origin) as source:
        assert copying.run(source, 5, len(DATA) - 7, 100) == Copied(0, 0, len(DATA) - 12)
    copying.assert_whole(DATA, 5, len(DATA) - 7, 100)


@pytest.mark.usefixtures("small")
def test_a_large_range_is_written_directly(origin: Path, copying: Copying) -> None:
    require_direct(origin.parent)
    with FileSource(origin) as source:
        copied = copying.run(source, 5, len(DATA), 100)
    assert copied == Copied(0, 19 * GRID, len(DATA) - 5 - 19 * GRID)
    assert copied.nbytes == len(DATA) - 5
    copying.assert_whole(DATA, 5, len(DATA), 100)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(("n_missing", "is_direct"), [(0, True), (8, True), (9, False), (16, False)])
@pytest.mark.parametrize("from_bytes", [0, 1 << 40])
def test_a_source_that_comes_from_the_disk_is_not_written_directly(
    origin: Path, copying: Copying, monkeypatch: pytest.MonkeyPatch, n_missing: int, is_direct: bool, from_bytes: int
) -> None:
    """Unless it is so large that the cache does not take it."""
    require_direct(origin.parent)
    monkeypatch.setattr(direct, "COLD_FROM_BYTES", from_bytes)
    preadv, asked = os.preadv, []

    def read(descriptor: int, buffers: list[memoryview], start: int, flags: int = 0) -> int:
        if flags:
            assert flags == os.RWF_NOWAIT
            asked.append(start)
            if len(asked) <= n_missing:
                raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        return preadv(descriptor, buffers, start)

    monkeypatch.setattr(os, "preadv", read)
    with FileSource(origin) as source:
        copied = copying.run(source, 5, len(DATA), 0)
    assert bool(copied.direct) == (is_direct or from_bytes == 0)
    if from_bytes:
        assert len(asked) == 16
        assert (asked[0], asked == sorted(set(asked)), asked[-1] > len(DATA) * 9 // 10) == (5, True, True)
    copying.assert_whole(DATA, 5, len(DATA), 0)


def test_asking_what_is_cached_leaves_the_advice_as_it_was(origin: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[int] = []

    def fail(*_arguments: object) -> int:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "posix_fadvise", lambda _file, _start, _nbytes, advice: given.append(advice))
    with FileSource(origin) as source:
        job = transfer.Transfer(source, 0, len(DATA), 0, 0)
        assert direct._is_cached(job)
        monkeypatch.setattr(os, "preadv", fail)
        assert direct._is_cached(job)
    assert given == [os.POSIX_FADV_RANDOM, os.POSIX_FADV_NORMAL] * 2


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("hidden", ["RWF_NOWAIT", "preadv", "posix_fadvise", ""])
def test_where_nobody_knows_what_is_cached_writes_are_direct(
    origin: Path, copying: Copying, monkeypatch: pytest.MonkeyPatch, hidden: str
) -> None:
    require_direct(origin.parent)
    monkeypatch.setattr(direct, "COLD_FROM_BYTES", 1 << 40)
    preadv = os.preadv

    def read(descriptor: int, buffers: list[memoryview], start: int, flags: int = 0) -> int:
        if flags:
            raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))
        return preadv(descriptor, buffers, start)

    monkeypatch.setattr(os, "preadv", read)
    if hidden:
        monkeypatch.delattr(os, hidden)
    with FileSource(origin) as source:
        assert copying.run(source, 5, len(DATA), 0).direct
    copying.assert_whole(DATA, 5, len(DATA), 0)


def test_what_was_just_written_is_in_the_cache(tmp_path: Path) -> None:
    (tmp_path / "origin").write_bytes(DATA)
    with FileSource(tmp_path / "origin") as source:
        job = transfer.Transfer(source, 0, len(DATA), 0, 0)
        assert direct._is_cached(job)


def test_the_real_sizes_go_directly_too(tmp_path: Path, copying: Copying) -> None:
    require_direct(tmp_path)
    data = expand(2, direct.DIRECT_FROM_BYTES + 2 * GRID + 5)
    (tmp_path / "origin").write_bytes(data)
    with FileSource(tmp_path / "origin") as source:
        copied = copying.run(source, 1, len(data), 24_256)
    assert copied.direct >= direct.DIRECT_FROM_BYTES
    assert copied.blocks < 2 * GRID
    assert max(copying.sizes) == CHUNK_BYTES
    copying.assert_whole(data, 1, len(data), 24_256)


@pytest.mark.usefixtures("small")
def test_any_source_can_be_written_directly(tmp_path: Path, copying: Copying) -> None:
    require_direct(tmp_path)
    assert copying.run(BytesSource(DATA), 0, len(DATA), 0).direct == 20 * GRID
    copying.assert_whole(DATA, 0, len(DATA), 0)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("lead", [0, 1, GRID - 1])
def test_a_range_is_cloned_where_the_places_fit(
    origin: Path, copying: Copying, monkeypatch: pytest.MonkeyPatch, lead: int
) -> None:
    monkeypatch.setattr(fcntl, "ioctl", fake_clone())
    start, position = GRID - lead, 3 * GRID - lead
    with FileSource(origin) as source:
        copied = copying.run(source, start, len(DATA), position)
    assert copied == Copied(19 * GRID, 0, lead + 123)
    copying.assert_whole(DATA, start, len(DATA), position)


@pytest.mark.usefixtures("small")
def test_what_nobody_has_to_see_is_not_read(origin: Path, copying: Copying, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fcntl, "ioctl", fake_clone())
    with FileSource(origin) as source:
        monkeypatch.setattr(source, "read_into", None)
        copied = copying.run(source, GRID, 17 * GRID, 0, see=None)
    assert copied == Copied(16 * GRID, 0, 0)
    assert copying.progress == [4 * GRID, 8 * GRID, 12 * GRID, 16 * GRID]
    copying.assert_whole(DATA, GRID, 17 * GRID, 0, seen=False)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(("start", "position"), [(0, 64), (64, 0), (GRID + 64, 2 * GRID + 128)])
def test_nothing_is_cloned_where_the_places_do_not_fit(
    origin: Path, copying: Copying, monkeypatch: pytest.MonkeyPatch, start: int, position: int
) -> None:
    monkeypatch.setattr(fcntl, "ioctl", fake_clone())
    with FileSource(origin) as source:
        assert copying.run(source, start, len(DATA), position).clone == 0
    copying.assert_whole(DATA, start, len(DATA), position)


@pytest.mark.usefixtures("small")
def test_bytes_that_are_in_no_file_are_not_cloned(copying: Copying, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fcntl, "ioctl", fake_clone())
    assert copying.run(BytesSource(DATA), 0, len(DATA), 0).clone == 0
    copying.assert_whole(DATA, 0, len(DATA), 0)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("ways", [(), (Way.BLOCKS,), (Way.DIRECT,), (Way.CLONE,), tuple(Way)])
def test_only_the_ways_that_are_allowed_are_gone(
    origin: Path, copying: Copying, monkeypatch: pytest.MonkeyPatch, ways: tuple[Way, ...]
) -> None:
    require_direct(origin.parent)
    monkeypatch.setattr(fcntl, "ioctl", fake_clone())
    with FileSource(origin) as source:
        copied = copying.run(source, 0, len(DATA), 0, ways=ways)
    assert bool(copied.clone) == (Way.CLONE in ways)
    assert bool(copied.direct) == (ways == (Way.DIRECT,))
    assert copied.nbytes == len(DATA)
    copying.assert_whole(DATA, 0, len(DATA), 0)


@pytest.mark.parametrize(("start", "stop"), [(0, 0), (5, 5), (len(DATA), len(DATA))])
def test_no_bytes_are_no_trouble(origin: Path, copying: Copying, start: int, stop: int) -> None:
    with FileSource(origin) as source:
        assert copying.run(source, start, stop, 7) == Copied(0, 0, 0)
    copying.assert_whole(DATA, start, stop, 7)


@pytest.mark.parametrize(("start", "stop"), [(-1, 5), (6, 5)])
def test_a_range_that_is_none_is_refused(copying: Copying, start: int, stop: int) -> None:
    with pytest.raises(ValueError, match=f"expected a range of bytes, found {start}..{stop}"):
        copying.run(BytesSource(DATA), start, stop, 0)


def test_pieces_that_are_seen_are_small_and_read_only(copying: Copying) -> None:
    data = bytes(3 * CHUNK_BYTES + 5)
    copying.run(BytesSource(data), 0, len(data), 0)
    assert copying.sizes == [CHUNK_BYTES, CHUNK_BYTES, CHUNK_BYTES, 5]


@pytest.mark.usefixtures("small")
def test_everybody_is_called_by_the_callers_thread(origin: Path, copying: Copying) -> None:
    threads = set()

    def note(_what: object) -> None:
        threads.add(threading.current_thread())

    with FileSource(origin) as source:
        copying.run(source, 0, len(DATA), 0, see=note, progress=note)
    assert threads == {threading.current_thread()}


# What the system refuses -----------------------------------------------------------------------------


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("number", sorted(transfer.REFUSALS))
@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_clone_that_is_refused_goes_on_another_way(
    origin: Path, copying: Copying, monkeypatch: pytest.MonkeyPatch, number: int, after: int
) -> None:
    real, calls = fake_clone(), 0

    def ioctl(*arguments: Any) -> int:
        nonlocal calls
        calls += 1
        if calls > after:
            raise OSError(number, os.strerror(number))
        return real(*arguments)

    monkeypatch.setattr(fcntl, "ioctl", ioctl)
    with FileSource(origin) as source:
        copied = copying.run(source, 0, len(DATA), GRID)
    assert copied.clone == after * 4 * GRID
    assert calls == after + 1
    copying.assert_whole(DATA, 0, len(DATA), GRID)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("number", sorted(transfer.REFUSALS))
@pytest.mark.parametrize("after", [0, 1, 3])
def test_a_direct_write_that_is_refused_is_made_by_way_of_the_cache(
    origin: Path, copying: Copying, monkeypatch: pytest.MonkeyPatch, number: int, after: int
) -> None:
    require_direct(origin.parent)
    pwrite, calls = os.pwrite, 0

    def refusing(descriptor: int, data: memoryview, position: int) -> int:
        nonlocal calls
        calls += 1
        if calls > after and fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_DIRECT:
            raise OSError(number, os.strerror(number))
        return pwrite(descriptor, data, position)

    monkeypatch.setattr(os, "pwrite", refusing)
    with FileSource(origin) as source:
        copying.run(source, 1, len(DATA), 1)
    assert calls > after
    copying.assert_whole(DATA, 1, len(DATA), 1)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("number", sorted(transfer.REFUSALS))
def test_a_file_system_without_direct_writes_gets_blocks(
    origin: Path, copying: Copying, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    real = fcntl.fcntl

    def refusing(descriptor: Any, command: int, argument: int = 0) -> int:
        if command == fcntl.F_SETFL and argument & os.O_DIRECT:
            raise OSError(number, os.strerror(number))
        return real(descriptor, command, argument)

    monkeypatch.setattr(fcntl, "fcntl", refusing)
    with FileSource(origin) as source:
        assert copying.run(source, 0, len(DATA), 3) == Copied(0, 0, len(DATA))
    copying.assert_whole(DATA, 0, len(DATA), 3)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("module", [os, mmap])
@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENOMEM])
def test_what_is_missing_for_direct_writes_is_no_error(
    origin: Path, copying: Copying, monkeypatch: pytest.MonkeyPatch, module: Any, number: int
) -> None:
    def failing(*_arguments: object) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(module, {os: "dup", mmap: "mmap"}[module], failing)
    with FileSource(origin) as source:
        assert copying.run(source, 0, len(DATA), 3).direct == 0
    copying.assert_whole(DATA, 0, len(DATA), 3)


@pytest.mark.usefixtures("small")
def test_no_further_thread_is_no_error(origin: Path, copying: Copying, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", failing)
    with FileSource(origin) as source:
        assert copying.run(source, 0, len(DATA), 3).direct == 0
    copying.assert_whole(DATA, 0, len(DATA), 3)


HIDDEN = {
    # calls that are hidden, and whether direct writes are left
    "fstatvfs": True,
    "preadv": True,
    "pwrite": False,
    "O_DIRECT": False,
    "pwrite O_DIRECT fstatvfs preadv pread posix_fadvise": False,
}


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(("hidden", "is_direct"), HIDDEN.items())
@pytest.mark.parametrize("has_fcntl", [True, False])
def test_a_system_without_the_calls_copies_all_the_same(
    origin: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hidden: str, is_direct: bool, has_fcntl: bool
) -> None:
    require_direct(tmp_path)
    out = tmp_path / "out"
    for name in hidden.split():
        monkeypatch.delattr(os, name, raising=False)
    if not has_fcntl:
        monkeypatch.setitem(sys.modules, "fcntl", None)
    seen = bytearray()
    with FileSource(origin) as source, out.open("wb", buffering=0) as file:
        file.write(b"head")
        copied = copy_range(source, 3, len(DATA), file.fileno(), 4, see=seen.extend)
    assert copied.clone == 0
    assert bool(copied.direct) == (is_direct and has_fcntl)
    assert seen == DATA[3:]
    assert out.read_bytes() == b"head" + DATA[3:]


@pytest.mark.usefixtures("small")
def test_another_system_is_not_asked_to_clone(origin: Path, copying: Copying, monkeypatch: pytest.MonkeyPatch) -> None:
    """The number of the call means something else there."""
    monkeypatch.setattr(sys, "platform", "another")
    monkeypatch.setattr(fcntl, "ioctl", None)
    with FileSource(origin) as source:
        assert copying.run(source, 0, len(DATA), 0).clone == 0
    copying.assert_whole(DATA, 0, len(DATA), 0)


# Writes that are short, or interrupted ---------------------------------------------------------------


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("most", [1000, 512, GRID])
def test_short_writes_are_continued(origin: Path, copying: Copying, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    require_direct(origin.parent)
    write, pwrite = os.write, os.pwrite

    def short(descriptor: int, data: memoryview, position: int) -> int:
        """By way of the cache, because the system refuses direct writes of such lengths, and may stop at them."""
        flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
        fcntl.fcntl(descriptor, fcntl.F_SETFL, flags & ~os.O_DIRECT)
        try:
            return pwrite(descriptor, data[:most], position)
        finally:
            fcntl.fcntl(descriptor, fcntl.F_SETFL, flags)

    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:most]))
    monkeypatch.setattr(os, "pwrite", short)
    with FileSource(origin) as source:
        copying.run(source, 1, len(DATA), 1)
    monkeypatch.undo()
    copying.assert_whole(DATA, 1, len(DATA), 1)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("ways", [(Way.BLOCKS,), (Way.DIRECT,), (Way.CLONE,)])
def test_interrupted_calls_are_repeated(
    origin: Path, copying: Copying, monkeypatch: pytest.MonkeyPatch, ways: tuple[Way, ...]
) -> None:
    real: dict[str, Callable[..., Any]] = {"write": os.write, "pwrite": os.pwrite, "ioctl": fake_clone()}
    tries = dict.fromkeys(real, 0)

    def every_other(name: str) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            tries[name] += 1
            if tries[name] % 2:
                raise InterruptedError(errno.EINTR, os.strerror(errno.EINTR))
            return real[name](*arguments)

        return call

    monkeypatch.setattr(os, "write", every_other("write"))
    monkeypatch.setattr(fcntl, "ioctl", every_other("ioctl"))
    if ways != (Way.CLONE,):
        monkeypatch.setattr(os, "pwrite", every_other("pwrite"))
    with FileSource(origin) as source:
        copied = copying.run(source, 0, len(DATA), 0, ways=ways)
    assert tries["ioctl"] == (10 if Way.CLONE in ways else 0)
    assert bool(copied.clone) == (Way.CLONE in ways)
    monkeypatch.undo()
    copying.assert_whole(DATA, 0, len(DATA), 0)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("name", ["write", "pwrite"])
def test_a_write_of_nothing_ends(origin: Path, copying: Copying, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    require_direct(origin.parent)
    monkeypatch.setattr(os, name, lambda *_arguments: 0)
    with FileSource(origin) as source, pytest.raises(OSError, match="the system wrote nothing") as caught:
        copying.run(source, 1, len(DATA), 1)
    assert caught.value.errno == errno.EIO


# What the system fails at ----------------------------------------------------------------------------


class Faults:
    """System calls that are counted, and of which one fails."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls = 0
        self.names: list[str] = []
        self.fails_at: int | None = None
        self.number = 0
        self._lock = threading.Lock()
        for module, name in (
            (os, "write"),
            (os, "pwrite"),
            (os, "lseek"),
            (os, "dup"),
            (os, "fstatvfs"),
            (os, "preadv"),
            (mmap, "mmap"),
            (fcntl, "fcntl"),
            (fcntl, "ioctl"),
        ):
            real = fake_clone(refuse_after=2) if name == "ioctl" else getattr(module, name)
            monkeypatch.setattr(module, name, self._counted(name, real))

    def _counted(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            if sys._getframe(1).f_code.co_filename == __file__:
                return real(*arguments)  # what the test itself calls
            with self._lock:
                index, self.calls = self.calls, self.calls + 1
                self.names.append(name)
            if index == self.fails_at:
                raise OSError(self.number, os.strerror(self.number))
            return real(*arguments)

        return call

    def arm(self, at: int | None, number: int) -> None:
        self.calls, self.fails_at, self.number, self.names = 0, at, number, []


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("ways", [(Way.BLOCKS,), (Way.DIRECT,), tuple(Way)], ids=["blocks", "direct", "all"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_every_call_can_fail(
    origin: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, ways: tuple[Way, ...]
) -> None:
    """The error comes out once, or the copy is whole because there was another way."""
    require_direct(tmp_path)
    faults = Faults(monkeypatch)
    outcomes: dict[str, set[bool]] = {}
    with FileSource(origin) as source:
        faults.arm(None, number)
        Copying(tmp_path / "out").run(source, 64, len(DATA), 64, ways=ways)
        total, wanted = faults.calls, set(faults.names)
        assert total > 20
        for at in range(total):
            copying = Copying(tmp_path / "out")
            faults.arm(at, number)
            try:
                copying.run(source, 64, len(DATA), 64, ways=ways)
            except OSError as error:
                failed, found = True, error.errno
            else:
                failed, found = False, number
                copying.assert_whole(DATA, 64, len(DATA), 64)
            assert found == number
            assert copying.mode_is_kept or faults.names[at] == "fcntl"
            assert copying.seen == DATA[64 : 64 + len(copying.seen)]
            if at < len(faults.names):
                outcomes.setdefault(faults.names[at], set()).add(failed)
    assert outcomes.keys() >= wanted
    assert outcomes["write"] == {True}
    if Way.DIRECT not in ways:
        assert outcomes["preadv"] == {True}
    else:
        assert outcomes["preadv"] == {True, False}  # asking what is cached is no reading
        assert outcomes["pwrite"] == {True}
        assert outcomes["dup"] == outcomes["mmap"] == {False}
    if Way.CLONE in ways:
        assert outcomes["ioctl"] == {True}


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("at", range(1, 11))
def test_a_full_disk_is_reported_once_wherever_it_becomes_full(
    origin: Path, copying: Copying, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    require_direct(origin.parent)
    pwrite, calls = os.pwrite, 0

    def filling(descriptor: int, data: memoryview, position: int) -> int:
        nonlocal calls
        calls += 1
        if calls >= at:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return pwrite(descriptor, data, position)

    monkeypatch.setattr(os, "pwrite", filling)
    with FileSource(origin) as source, pytest.raises(OSError, match="No space left") as caught:
        copying.run(source, 0, len(DATA), 0)
    assert caught.value.errno == errno.ENOSPC
    assert caught.value.filename is None
    assert calls == at  # the thread has not gone on
    assert copying.mode_is_kept
    assert max(copying.progress, default=0) <= (at - 1) * 2 * GRID


@pytest.mark.usefixtures("small")
def test_a_limit_of_the_file_size_is_reported(tmp_path: Path) -> None:
    """The same with the system's own error, from a thread of its own."""
    import resource

    require_direct(tmp_path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10 * GRID, hard))
    try:
        with pytest.raises(OSError, match="too large") as caught:
            Copying(tmp_path / "out").run(BytesSource(DATA), 0, len(DATA), 0, ways=(Way.DIRECT,))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert caught.value.errno == errno.EFBIG


CALLS = [(os, "write"), (os, "pwrite"), (os, "lseek"), (os, "fstatvfs"), (fcntl, "fcntl"), (fcntl, "ioctl")]


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(("module", "call"), CALLS)
def test_errors_about_the_output_have_its_name(
    origin: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: Any, call: str
) -> None:
    require_direct(tmp_path)
    out = tmp_path / "out"

    def fail(*_arguments: object) -> int:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with FileSource(origin) as source, out.open("wb", buffering=0) as file:
        monkeypatch.setattr(module, call, fail)
        with pytest.raises(OSError, match="Input/output") as caught:
            copy_range(source, 1, len(DATA), file.fileno(), 1, name="the output")
    assert caught.value.filename == "the output"


@pytest.mark.usefixtures("small")
def test_errors_about_the_source_do_not_have_the_name_of_the_output(
    origin: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> int:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with FileSource(origin) as source, (tmp_path / "out").open("wb", buffering=0) as file:
        monkeypatch.setattr(os, "preadv", fail)
        with pytest.raises(OSError, match="Input/output") as caught:
            copy_range(source, 1, len(DATA), file.fileno(), 1, name="the output")
    assert caught.value.filename is None


WAYS = pytest.mark.parametrize("ways", [(Way.BLOCKS,), (Way.DIRECT,), (Way.CLONE,)], ids=lambda ways: ways[0].value)


@WAYS
@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(3), ValueError("no")], ids=repr)
@pytest.mark.parametrize("who", ["see", "progress"])
@pytest.mark.parametrize("at", [1, 4])
def test_whoever_is_called_may_raise(
    origin: Path,
    copying: Copying,
    monkeypatch: pytest.MonkeyPatch,
    ways: tuple[Way, ...],
    error: BaseException,
    who: str,
    at: int,
) -> None:
    monkeypatch.setattr(fcntl, "ioctl", fake_clone())
    calls = 0

    def cancel(_what: object) -> None:
        nonlocal calls
        calls += 1
        if calls == at:
            raise error

    with FileSource(origin) as source, pytest.raises(type(error)) as caught:
        copying.run(source, 0, len(DATA), 0, ways=ways, **{who: cancel})
    assert caught.value is error
    assert calls == at
    assert copying.mode_is_kept


@WAYS
@pytest.mark.usefixtures("small")
def test_a_source_that_becomes_shorter_ends_the_copy(
    origin: Path, copying: Copying, monkeypatch: pytest.MonkeyPatch, ways: tuple[Way, ...]
) -> None:
    monkeypatch.setattr(fcntl, "ioctl", fake_clone())

    def cut(piece: memoryview) -> None:
        copying.see(piece)
        os.truncate(origin, 9 * GRID)

    with FileSource(origin) as source, pytest.raises(TruncatedError, match="became shorter while it was read"):
        copying.run(source, 0, len(DATA), 0, ways=ways, see=cut)
    assert copying.seen == DATA[: len(copying.seen)]


@WAYS
@pytest.mark.usefixtures("small")
def test_a_range_that_the_source_does_not_have_is_refused(
    origin: Path, copying: Copying, monkeypatch: pytest.MonkeyPatch, ways: tuple[Way, ...]
) -> None:
    monkeypatch.setattr(fcntl, "ioctl", fake_clone())
    with FileSource(origin) as source, pytest.raises(TruncatedError):
        copying.run(source, 0, len(DATA) + GRID, 0, ways=ways)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("at", [1, 2, 5])
def test_a_real_interrupt_is_heard_while_the_thread_writes(
    origin: Path, copying: Copying, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    require_direct(origin.parent)
    pwrite, calls = os.pwrite, 0

    def interrupting(descriptor: int, data: memoryview, position: int) -> int:
        nonlocal calls
        calls += 1
        if calls == at:
            os.kill(os.getpid(), signal.SIGINT)
        return pwrite(descriptor, data, position)

    monkeypatch.setattr(os, "pwrite", interrupting)
    with FileSource(origin) as source, pytest.raises(KeyboardInterrupt):
        copying.run(source, 0, len(DATA), 0)
    assert copying.seen == DATA[: len(copying.seen)]


@pytest.mark.usefixtures("small")
def test_an_interrupt_while_the_thread_begins_leaves_nothing(
    origin: Path, copying: Copying, monkeypatch: pytest.MonkeyPatch
) -> None:
    require_direct(origin.parent)
    real, started = threading.Thread.start, []

    def interrupted(thread: threading.Thread) -> None:
        real(thread)
        started.append(thread)
        raise KeyboardInterrupt

    monkeypatch.setattr(threading.Thread, "start", interrupted)
    with FileSource(origin) as source, pytest.raises(KeyboardInterrupt):
        copying.run(source, 0, len(DATA), 0)
    assert [thread.is_alive() for thread in started] == [False]


@pytest.mark.usefixtures("small")
def test_an_interrupt_while_the_thread_ends_leaves_it_harmless(
    origin: Path, copying: Copying, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twice interrupted, the copy does not wait; the thread writes to nothing but its own descriptor, and ends."""
    require_direct(origin.parent)
    join, pwrite = threading.Thread.join, os.pwrite
    entered, go = threading.Event(), threading.Event()
    written_to: list[int] = []
    threads: list[threading.Thread] = []

    def waiting(descriptor: int, data: memoryview, position: int) -> int:
        entered.set()
        go.wait(60)
        written_to.append(os.fstat(descriptor).st_ino)
        return pwrite(descriptor, data, position)

    def interrupted(thread: threading.Thread) -> None:
        threads.append(thread)
        raise KeyboardInterrupt

    def refuse(_piece: memoryview) -> None:
        copying.sizes.append(0)
        if len(copying.sizes) == 6:  # of which the first buffer has four
            entered.wait(60)
            raise ValueError("no")

    monkeypatch.setattr(os, "pwrite", waiting)
    monkeypatch.setattr(threading.Thread, "join", interrupted)
    with FileSource(origin) as source, pytest.raises(KeyboardInterrupt):
        copying.run(source, 0, len(DATA), 0, see=refuse)
    monkeypatch.setattr(threading.Thread, "join", join)
    with io.FileIO(origin.parent / "another", "w"):  # which may get the number of the descriptor that was closed
        go.set()
        join(threads[0])
    assert set(written_to) == {copying.out.stat().st_ino}
    assert (origin.parent / "another").read_bytes() == b""


# Memory, and real file systems -----------------------------------------------------------------------


def test_memory_is_a_few_buffers_whatever_the_size(
    tmp_path: Path, copying: Copying, monkeypatch: pytest.MonkeyPatch
) -> None:
    require_direct(tmp_path)
    assert direct.N_BUFFERS * direct.BUFFER_BYTES + 2 * CHUNK_BYTES <= 26 * 1024 * 1024
    real, taken = mmap.mmap, []

    def noted(file: int, nbytes: int) -> mmap.mmap:
        taken.append(nbytes)
        return real(file, nbytes)

    monkeypatch.setattr(mmap, "mmap", noted)
    with (tmp_path / "origin").open("wb") as file:
        file.truncate(20 * direct.BUFFER_BYTES)
    seen = 0

    def see(piece: memoryview) -> None:
        nonlocal seen
        seen = crc32(piece, seen)

    with FileSource(tmp_path / "origin") as source:
        assert copying.run(source, 0, source.size, 0, see=see).direct == source.size
    assert taken == [direct.BUFFER_BYTES] * direct.N_BUFFERS
    assert seen == zlib.crc32(bytes(20 * direct.BUFFER_BYTES))


@pytest.fixture(scope="module", params=MAKERS)
def file_system(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    with mounted(request.param, tmp_path_factory.mktemp("image")) as place:
        yield request.param, place


@pytest.mark.parametrize("watched", [True, False])
@pytest.mark.parametrize("shift", [0, 3 * 4096, 64, -64, 1])
@pytest.mark.usefixtures("small")
def test_on_real_file_systems(file_system: tuple[str, Path], watched: bool, shift: int) -> None:
    kind, place = file_system
    (place / "origin").write_bytes(DATA)
    copying = Copying(place / "out")
    start = 5 * 64
    with FileSource(place / "origin") as source:
        copied = copying.run(source, start, len(DATA), start + shift, **({} if watched else {"see": None}))
        source.check_unchanged()  # a clone takes nothing from the file that it shares blocks with
    assert bool(copied.clone) == (kind.startswith(("xfs", "btrfs")) and shift % 4096 == 0)
    if copied.clone == 0:
        assert copied.direct
    copying.assert_whole(DATA, start, len(DATA), start + shift, seen=watched)
    copying.out.unlink()
    assert (place / "origin").read_bytes() == DATA


@pytest.mark.usefixtures("small")
def test_a_clone_and_its_origin_change_apart(file_system: tuple[str, Path]) -> None:
    _, place = file_system
    (place / "origin").write_bytes(DATA)
    copying = Copying(place / "out")
    with FileSource(place / "origin") as source:
        copying.run(source, 0, len(DATA), 0)
    with (place / "origin").open("r+b") as file:
        file.write(bytes(10 * GRID))
    copying.assert_whole(DATA, 0, len(DATA), 0)
    copying.out.unlink()


@pytest.mark.usefixtures("small")
def test_files_of_two_file_systems(file_system: tuple[str, Path], origin: Path) -> None:
    _, place = file_system
    copying = Copying(place / "out")
    with FileSource(origin) as source:
        assert copying.run(source, 0, len(DATA), 0).clone == 0
    copying.assert_whole(DATA, 0, len(DATA), 0)
    copying.out.unlink()


@pytest.mark.usefixtures("small")
def test_a_file_system_that_becomes_full(file_system: tuple[str, Path]) -> None:
    _, place = file_system
    room = 16 * 1024 * 1024
    status = os.statvfs(place)
    with (place / "filler").open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, status.f_bavail * status.f_frsize - room)
    try:
        for way in (Way.DIRECT, Way.BLOCKS):
            copying = Copying(place / "out")
            with pytest.raises(OSError, match="No space left") as caught:
                copying.run(BytesSource(bytes(4 * room)), 0, 4 * room, 64, ways=(way,), see=None)
            assert caught.value.errno == errno.ENOSPC
            assert copying.mode_is_kept
            copying.out.unlink()
    finally:
        (place / "filler").unlink()


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="there is no tmpfs at /dev/shm")  # noqa: S108 - what is tested
@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("ways", [(Way.BLOCKS,), (Way.DIRECT,), (Way.CLONE,), tuple(Way)])
def test_in_memory(origin: Path, ways: tuple[Way, ...]) -> None:
    copying = Copying(Path("/dev/shm") / f"aprfmt-test-{os.getpid()}")  # noqa: S108 - as above
    try:
        with FileSource(origin) as source:
            assert copying.run(source, 64, len(DATA), 64, ways=ways).clone == 0
        copying.assert_whole(DATA, 64, len(DATA), 64)
    finally:
        copying.out.unlink(missing_ok=True)


@pytest.mark.parametrize("ways", [(Way.DIRECT,), (Way.BLOCKS,)])
def test_the_system_is_told_that_the_source_is_read_in_order(
    ways: tuple[Way, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[int, int]] = []
    begin_pass = FileSource.begin_pass

    def begun(self: FileSource, start: int, stop: int) -> int:
        told.append((start, stop))
        return begin_pass(self, start, stop)

    monkeypatch.setattr(FileSource, "begin_pass", begun)
    origin, out = tmp_path / "origin", tmp_path / "out"
    origin.write_bytes(bytes(65 << 20))
    with FileSource(origin) as source, out.open("xb", buffering=0) as file:
        copy_range(source, 5, source.size, file.fileno(), 0, ways=ways)
    assert told[0] == (5, 65 << 20)
