"""Files as they are on a disk: what is read back, and what a write leaves behind, a failed one above all."""

from __future__ import annotations

import errno
import gc
import gzip
import io
import os
import shutil
import signal
import socket
import stat
import tempfile
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any, BinaryIO, NoReturn, cast
from zlib import crc32

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aprfmt.errors import AprError, FormatError, RequestError, TruncatedError
from aprfmt.files import FileSource, MemorySource, StreamSource, open_source, sources, write_plan, writing
from aprfmt.files.inplace import System, journal_path
from aprfmt.files.inplace.journal import sync_folder
from aprfmt.plan import Copy, Literal, Plan, Seal, plan_bytes
from aprfmt.source import CHUNK_BYTES, BytesSource, Source, range_crc32

DATA = bytes(range(256)) * 20
OLD = b"the file that was there before"
SYSTEM_CALLS = ("preadv", "pread", "link", "posix_fadvise", "O_NOFOLLOW", "O_CLOEXEC", "O_DIRECTORY")


def footer(checksum: int) -> bytes:
    return checksum.to_bytes(4, "little")


PLAN: Plan = (Literal(b"head"), Copy(0, len(DATA)), Literal(memoryview(b"index")), Seal(4, footer))
WHOLE = plan_bytes(PLAN, BytesSource(DATA))


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """An input in a folder of its own."""
    folder = tmp_path / "in"
    folder.mkdir()
    path = folder / "model.apr"
    path.write_bytes(DATA)
    return path


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A path of no file in a folder of its own."""
    folder = tmp_path / "out"
    folder.mkdir()
    return folder / "new.apr"


@pytest.fixture
def old(out: Path) -> Path:
    """The same path with a file there."""
    out.write_bytes(OLD)
    return out


@pytest.fixture(params=["as it is", "without pread", "without preadv"])
def system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ways there are to read by position."""
    for name in {"without pread": ("preadv", "pread"), "without preadv": ("preadv",)}.get(request.param, ()):
        monkeypatch.delattr(os, name, raising=False)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def raising(error: BaseException) -> Callable[..., NoReturn]:
    def do(*_args: object, **_kwargs: object) -> NoReturn:
        raise error

    return do


# Sources ---------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("system")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(st.integers(0, len(DATA)), st.integers(0, len(DATA)))
def test_all_ways_of_reading_give_the_range(origin: Path, first: int, second: int) -> None:
    start, stop = sorted((first, second))
    with FileSource(origin) as source:
        assert source.size == len(DATA)
        assert source.read(start, stop) == DATA[start:stop]
        buffer = bytearray(stop - start)
        source.read_into(start, memoryview(buffer))
        assert buffer == DATA[start:stop]
        view = source.view(start, stop)
        assert view.readonly
        assert view == DATA[start:stop]


@pytest.mark.parametrize(("start", "stop"), [(0, 5121), (5121, 5121), (-1, 3), (5, 4), (1 << 62, 1 << 63)])
@pytest.mark.parametrize("make", [FileSource, lambda _path: StreamSource(io.BytesIO(DATA))])
def test_ranges_that_are_not_there_are_refused_before_memory_is_taken(
    origin: Path, make: Callable[[Path], StreamSource], start: int, stop: int
) -> None:
    with make(origin) as source:
        for read in (source.read, source.view):
            with pytest.raises(TruncatedError, match=r"expected bytes .*, found 5120 bytes"):
                read(start, stop)
        with pytest.raises(TruncatedError):
            source.read_into(5119, memoryview(bytearray(2)))


@pytest.mark.usefixtures("system")
def test_short_reads_are_continued(origin: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "_MAX_READ_BYTES", 7)
    with FileSource(origin) as source:
        assert source.read(3, 1000) == DATA[3:1000]


@pytest.mark.usefixtures("system")
def test_a_file_that_shrinks_is_reported_with_what_was_expected(origin: Path) -> None:
    with FileSource(origin) as source:
        os.truncate(origin, 100)
        assert source.read(0, 100) == DATA[:100]
        with pytest.raises(TruncatedError, match=r"expected 5120 bytes .*, found its end at 0x64"):
            source.read(90, 110)
        with pytest.raises(TruncatedError, match=r"expected 5120 bytes .*, found 100 bytes"):
            source.view(0, 10)
        assert source.size == len(DATA)


def test_a_file_that_grows_keeps_its_size_at_opening(origin: Path) -> None:
    with FileSource(origin) as source:
        with origin.open("ab") as more:
            more.write(b"more")
        assert source.size == len(DATA)
        with pytest.raises(TruncatedError):
            source.read(len(DATA), len(DATA) + 1)


@pytest.mark.usefixtures("system")
def test_an_empty_file_reads_as_nothing(tmp_path: Path) -> None:
    path = tmp_path / "empty"
    path.touch()
    with FileSource(path) as source:
        assert source.size == 0
        assert source.read(0, 0) == b""
        assert len(source.view(0, 0)) == 0


def test_views_outlive_the_source(origin: Path) -> None:
    source = FileSource(origin)
    view = source.view(10, 20)
    source.close()
    assert view == DATA[10:20]
    del view
    gc.collect()


def test_closing_twice_does_nothing_more(origin: Path) -> None:
    source = FileSource(origin)
    source.view(0, 1)
    source.close()
    source.close()
    for read in (source.read, source.view):
        with pytest.raises(ValueError, match="closed"):
            read(0, 1)


def test_a_closed_source_does_not_read_through_a_reused_descriptor(origin: Path, tmp_path: Path) -> None:
    source = FileSource(origin)
    source.close()
    with (tmp_path / "other").open("wb+"), pytest.raises(ValueError, match="closed"):
        source.read(0, 1)


def test_a_descriptor_is_taken_over(origin: Path) -> None:
    descriptor = os.open(origin, os.O_RDONLY)
    with FileSource(descriptor) as source:
        assert source.fileno() == descriptor
        assert source.path is None
        assert source.read(0, 4) == DATA[:4]
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


def test_a_descriptor_that_is_refused_is_closed_all_the_same() -> None:
    reading, writing = os.pipe()
    os.close(writing)
    with pytest.raises(RequestError, match="expected a regular file"):
        FileSource(reading)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(reading)


def test_identity_and_permissions_are_those_at_opening(origin: Path) -> None:
    origin.chmod(0o640)
    status = origin.stat()
    with FileSource(origin) as source:
        origin.chmod(0o600)
        assert source.identity == (*(status.st_dev, status.st_ino, len(DATA), status.st_mtime_ns, status.st_ctime_ns),)
        assert source.permissions == 0o640


def append(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"x")


def touch(path: Path) -> None:
    os.utime(path, ns=(1, path.stat().st_mtime_ns + 1))


def replace(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(DATA)
    other.replace(path)


@pytest.mark.parametrize("change", [append, touch, replace, Path.unlink])
def test_every_kind_of_change_is_noticed(origin: Path, change: Callable[[Path], object]) -> None:
    with FileSource(origin) as source:
        source.check_unchanged()
        change(origin)
        with pytest.raises(FormatError, match=r"the input changed while it was read: .*model\.apr; expected .*found"):
            source.check_unchanged()


def test_a_change_is_noticed_through_a_descriptor_too(origin: Path) -> None:
    with FileSource(os.open(origin, os.O_RDONLY)) as source:
        source.check_unchanged()
        append(origin)
        with pytest.raises(FormatError, match="an open file"):
            source.check_unchanged()


def test_a_relative_path_survives_a_change_of_folder(
    origin: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(origin.parent)
    with FileSource("model.apr") as source:
        monkeypatch.chdir(tmp_path)
        assert source.path == origin
        source.check_unchanged()


@pytest.mark.usefixtures("system")
def test_threads_read_without_disturbing_each_other(origin: Path) -> None:
    wrong: list[int] = []
    with FileSource(origin) as source:

        def work(seed: int) -> None:
            for step in range(200):
                start = (seed * 97 + step * 31) % (len(DATA) - 64)
                if source.read(start, start + 64) != DATA[start : start + 64]:
                    wrong.append(start)

        threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert wrong == []


# open_source -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [str, Path, os.fspath])
def test_paths_are_read_by_position(origin: Path, kind: Callable[[Path], str | Path]) -> None:
    with open_source(kind(origin)) as source:
        assert isinstance(source, FileSource)
        assert source.read(0, source.size) == DATA


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_bytes_are_the_data_itself(kind: Callable[[bytes], bytes | bytearray | memoryview]) -> None:
    with open_source(kind(DATA)) as source:
        assert source.read(0, source.size) == DATA


def test_closing_lets_go_of_a_bytearray() -> None:
    data = bytearray(DATA)
    source = open_source(data)
    with pytest.raises(BufferError):
        data.append(1)
    source.close()
    source.close()
    data.append(1)


def test_views_over_memory_outlive_the_source() -> None:
    source = MemorySource(DATA)
    view = source.view(1, 3)
    source.close()
    assert view == DATA[1:3]


@pytest.mark.usefixtures("system")
@pytest.mark.parametrize("buffering", [-1, 0])
def test_a_plain_file_object_is_read_whole_and_left_where_it_is(origin: Path, buffering: int) -> None:
    with origin.open("rb", buffering=buffering) as file:
        file.seek(100)
        with open_source(file) as source:
            assert isinstance(source, FileSource)
            assert source.read(0, source.size) == DATA
        assert file.tell() == 100
        assert file.read(4) == DATA[100:104]


def test_what_was_written_but_not_flushed_is_part_of_the_file(tmp_path: Path) -> None:
    with (tmp_path / "new").open("wb+") as file:
        file.write(b"pending")
        with open_source(cast("BinaryIO", file)) as source:
            assert source.read(0, source.size) == b"pending"


@pytest.mark.parametrize("make", [io.BytesIO, lambda data: io.BufferedReader(cast("Any", io.BytesIO(data)))])
def test_a_seekable_object_is_read_whole_and_left_where_it_is(make: Callable[[bytes], BinaryIO]) -> None:
    file = make(DATA)
    file.seek(100)
    with open_source(file) as source:
        assert source.size == len(DATA)
        assert source.read(3, 50) == DATA[3:50]
        assert source.view(5, 9) == DATA[5:9]
        assert source.view(5, 9).readonly
        assert file.tell() == 100
    assert not file.closed
    assert file.read() == DATA[100:]


def test_a_seekable_object_that_shrinks_is_reported() -> None:
    file = io.BytesIO(DATA)
    with open_source(file) as source:
        file.truncate(10)
        with pytest.raises(TruncatedError, match="found its end at 0xa"):
            source.read(0, 20)


def test_a_compressed_file_is_read_as_what_it_decompresses_to(tmp_path: Path) -> None:
    path = tmp_path / "model.apr.gz"
    path.write_bytes(gzip.compress(DATA))
    with gzip.open(path, "rb") as file, open_source(cast("BinaryIO", file)) as source:
        assert source.read(0, source.size) == DATA


def test_a_named_temporary_file_is_read() -> None:
    with tempfile.NamedTemporaryFile() as file:
        file.write(DATA)
        with open_source(cast("BinaryIO", file)) as source:
            assert source.read(0, source.size) == DATA


def feed(write: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=write)
    thread.start()
    return thread


def test_a_pipe_is_read_to_its_end() -> None:
    reading, writing = os.pipe()
    large = DATA * 40  # more than a pipe holds at once

    def write() -> None:
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(large)

    thread = feed(write)
    with os.fdopen(reading, "rb") as pipe, open_source(pipe) as source:
        assert source.size == len(large)
        assert source.read(0, source.size) == large
        assert source.view(0, 8) == large[:8]
        assert isinstance(source, FileSource)
        assert source.permissions is None or os.name == "nt"
        source.check_unchanged()
    thread.join()


def test_a_named_pipe_is_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    thread = feed(lambda: path.write_bytes(DATA))
    with open_source(path) as source:
        assert source.read(0, source.size) == DATA
    thread.join()


def test_a_pipe_without_bytes_yet_is_not_taken_for_its_end() -> None:
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    with (
        os.fdopen(reading, "rb", buffering=0) as pipe,
        pytest.raises(BlockingIOError, match="blocking stream"),
    ):
        open_source(cast("BinaryIO", pipe))
    os.close(writing)


class Forward:
    """The least a stream can be."""

    def __init__(self) -> None:
        self._data = io.BytesIO(DATA)

    def read(self, nbytes: int) -> bytes:
        return self._data.read(min(nbytes, 7))


def test_an_object_that_only_reads_is_enough() -> None:
    with open_source(cast("BinaryIO", Forward())) as source:
        assert source.read(0, source.size) == DATA


def test_folders_are_refused_as_the_system_does(tmp_path: Path) -> None:
    for make in (open_source, FileSource):
        with pytest.raises(IsADirectoryError, match=tmp_path.name):
            make(tmp_path)


def test_a_missing_file_is_refused_as_the_system_does(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        open_source(tmp_path / "absent")


def test_devices_and_sockets_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RequestError, match="expected a regular file, found a device, pipe or socket: /dev/zero"):
        open_source("/dev/zero")
    monkeypatch.chdir(tmp_path)  # the path of a socket must be short
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind("s")
        with pytest.raises(RequestError):
            open_source(tmp_path / "s")


def test_a_named_pipe_is_no_file_source(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(RequestError):  # and does not wait for a writer
        FileSource(tmp_path / "pipe")


@pytest.mark.parametrize("wrong", [io.StringIO("text"), 3, None, object()])
def test_other_objects_are_refused(wrong: object) -> None:
    with pytest.raises(TypeError, match="expected a path, bytes or a binary file object, found"):
        open_source(cast("BinaryIO", wrong))


# write_plan: the good ways ---------------------------------------------------------------------------


def test_a_new_file_is_what_the_plan_says(origin: Path, out: Path) -> None:
    seen: list[tuple[int, int]] = []
    with FileSource(origin) as source:
        written = write_plan(PLAN, out, source=source, progress=lambda done, total: seen.append((done, total)))
    assert written == len(WHOLE) == out.stat().st_size
    assert out.read_bytes() == WHOLE
    assert names(out.parent) == ["new.apr"]
    done = [4, 4 + len(DATA), 9 + len(DATA), 13 + len(DATA)]
    assert seen == [(count, len(WHOLE)) for count in done]


@pytest.mark.parametrize("kind", [str, Path])
def test_any_source_and_any_path_will_do(out: Path, kind: Callable[[Path], str | Path]) -> None:
    assert write_plan(PLAN, kind(out), source=BytesSource(DATA)) == len(WHOLE)
    assert out.read_bytes() == WHOLE


def test_a_plan_without_copies_needs_no_source(out: Path) -> None:
    assert write_plan((Literal(b""), Literal(b"abc"), Seal(4, footer)), out, source=None) == 7
    assert write_plan((), out, source=None, force=True) == 0
    assert out.read_bytes() == b""


PARTS = st.one_of(
    st.builds(Literal, st.binary(max_size=40)),
    st.tuples(st.integers(0, len(DATA)), st.integers(0, len(DATA))).map(lambda pair: Copy(min(pair), max(pair))),
    st.just(Seal(4, footer)),
    st.just(Seal(0, lambda _checksum: b"")),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(st.lists(PARTS, max_size=6).map(tuple))
def test_any_plan_is_written_as_it_is_made_in_memory(out: Path, plan: Plan) -> None:
    source = BytesSource(DATA)
    write_plan(plan, out, source=source, force=True)
    assert out.read_bytes() == plan_bytes(plan, source)
    assert names(out.parent) == ["new.apr"]


def test_force_replaces_and_keeps_the_mode(old: Path) -> None:
    old.chmod(0o604)
    before = old.stat().st_ino
    write_plan(PLAN, old, source=BytesSource(DATA), force=True)
    assert old.read_bytes() == WHOLE
    assert stat.S_IMODE(old.stat().st_mode) == 0o604
    assert old.stat().st_ino != before


def test_a_kept_mode_is_not_cut_by_the_umask(old: Path) -> None:
    old.chmod(0o666)
    before = os.umask(0o077)
    try:
        write_plan(PLAN, old, source=BytesSource(DATA), force=True)
    finally:
        os.umask(before)
    assert stat.S_IMODE(old.stat().st_mode) == 0o666


@pytest.mark.parametrize(
    ("bits", "umask", "expected"), [(0o640, 0o022, 0o640), (0o666, 0o027, 0o640), (0o444, 0, 0o444)]
)
def test_a_new_file_has_the_mode_of_its_source_less_the_umask(
    origin: Path, out: Path, bits: int, umask: int, expected: int
) -> None:
    origin.chmod(bits)
    before = os.umask(umask)
    try:
        with FileSource(origin) as source:
            write_plan(PLAN, out, source=source)
    finally:
        os.umask(before)
    assert stat.S_IMODE(out.stat().st_mode) == expected
    assert names(out.parent) == ["new.apr"]


def test_a_source_without_a_mode_gives_the_usual_one(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        write_plan(PLAN, tmp_path / "a", source=BytesSource(DATA))
        with open_source(cast("BinaryIO", Forward())) as spooled:
            write_plan(PLAN, tmp_path / "b", source=spooled)
    finally:
        os.umask(before)
    assert [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in "ab"] == [0o644, 0o644]


def test_the_temporary_file_is_never_more_open_than_the_output(old: Path) -> None:
    old.chmod(0o600)
    modes: set[int] = set()

    def look(_done: int, _total: int) -> None:
        modes.update(stat.S_IMODE(path.stat().st_mode) for path in old.parent.iterdir())

    write_plan(PLAN, old, source=BytesSource(DATA), force=True, progress=look)
    assert modes == {0o600}


def test_the_source_may_be_the_output(origin: Path) -> None:
    with FileSource(origin) as source:
        view = source.view(0, len(DATA))
        plan = (Literal(view[:10]), Copy(10, len(DATA)), Literal(b"tail"))
        write_plan(plan, origin, source=source, force=True)
        assert source.read(0, len(DATA)) == DATA  # still the file that was opened
        assert view == DATA
        with pytest.raises(FormatError, match="changed"):
            source.check_unchanged()
        del view, plan
    assert origin.read_bytes() == DATA + b"tail"
    assert names(origin.parent) == ["model.apr"]


def test_a_symbolic_link_stays_and_its_target_is_replaced(old: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to("out/new.apr")
    with pytest.raises(RequestError, match="output exists"):
        write_plan(PLAN, link, source=BytesSource(DATA))
    write_plan(PLAN, link, source=BytesSource(DATA), force=True)
    assert link.readlink() == Path("out/new.apr")
    assert old.read_bytes() == WHOLE
    assert names(old.parent) == ["new.apr"]


def test_a_link_to_nothing_yet_makes_its_target(out: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(out)
    write_plan(PLAN, link, source=BytesSource(DATA))
    assert link.is_symlink()
    assert out.read_bytes() == WHOLE


def test_a_link_to_itself_is_refused_as_the_system_does(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(link)
    with pytest.raises(OSError, match="symbolic links"):
        write_plan(PLAN, link, source=BytesSource(DATA), force=True)


@pytest.mark.parametrize("name", ["n" * 255, "é" * 127, "模" * 85, "n", "." + "n" * 254, "-" * 100])
@pytest.mark.parametrize("force", [False, True])
def test_names_of_every_length_work(tmp_path: Path, name: str, force: bool) -> None:
    during: list[str] = []

    def look(_done: int, _total: int) -> None:
        during.extend(names(tmp_path))

    write_plan(PLAN, tmp_path / name, source=BytesSource(DATA), force=force, progress=look)
    assert (tmp_path / name).read_bytes() == WHOLE
    assert names(tmp_path) == [name]
    (temporary,) = set(during)
    assert temporary.startswith("." + name[:30])
    assert temporary.endswith(".tmp")
    assert len(os.fsencode(temporary)) <= max(len(os.fsencode(name)), 100)
    temporary.encode()  # cut between characters


def test_short_writes_are_continued(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:3]))
    write_plan(PLAN, out, source=BytesSource(DATA))
    monkeypatch.undo()
    assert out.read_bytes() == WHOLE


def test_file_and_folder_are_synced_in_that_order(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    fsync = os.fsync

    def note(descriptor: int) -> None:
        synced.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        assert out.exists() == (synced[-1] == "folder")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    write_plan(PLAN, out, source=BytesSource(DATA))
    assert synced == ["file", "folder"]


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP])
def test_a_folder_that_cannot_be_synced_is_no_error(out: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    failing_folder_sync(monkeypatch, number)
    write_plan(PLAN, out, source=BytesSource(DATA))
    assert out.read_bytes() == WHOLE


def failing_folder_sync(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    fsync = os.fsync

    def fail(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(number, os.strerror(number))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", fail)


def test_memory_stays_constant_whatever_is_copied(tmp_path: Path) -> None:
    size = 200_000_000
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.truncate(size)
    with FileSource(path) as source:
        tracemalloc.start()
        try:
            write_plan((Literal(b"head"), Copy(0, size), Seal(4, footer)), tmp_path / "copy", source=source)
            _now, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert (tmp_path / "copy").stat().st_size == size + 8
    assert peak < 8_000_000
    (tmp_path / "copy").unlink()


def test_copied_ranges_of_many_pieces_are_not_held_and_not_read_again(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = b"".join(index.to_bytes(4, "big") for index in range(3 * CHUNK_BYTES // 4))
    back: list[tuple[int, int]] = []
    read_into = FileSource.read_into

    def note(self: FileSource, start: int, buffer: memoryview) -> None:
        back.append((start, len(buffer)))
        read_into(self, start, buffer)

    monkeypatch.setattr(FileSource, "read_into", note)
    plan = (Literal(b"head"), Copy(0, len(data)), Seal(4, footer))
    write_plan(plan, out, source=BytesSource(data))
    assert out.read_bytes() == plan_bytes(plan, BytesSource(data))
    assert back == [(0, 4), (4 + len(data), 4)] * 2


def test_no_descriptor_is_left_open(origin: Path, out: Path) -> None:
    folder = Path("/proc/self/fd")
    if not folder.exists():
        pytest.skip("needs /proc")
    before = len(names(folder))
    with FileSource(origin) as source:
        write_plan(PLAN, out, source=source)
        with pytest.raises(RequestError):
            write_plan(PLAN, out, source=source)
        with pytest.raises(ZeroDivisionError):
            write_plan(PLAN, out, source=source, force=True, progress=raising(ZeroDivisionError()))
    assert len(names(folder)) == before


# write_plan: requests that are refused ---------------------------------------------------------------


def test_an_output_that_exists_is_refused(old: Path) -> None:
    with pytest.raises(RequestError, match=r"^output exists: expected a new path, found a file: .*new\.apr \(--force"):
        write_plan(PLAN, old, source=BytesSource(DATA))
    assert old.read_bytes() == OLD
    assert names(old.parent) == ["new.apr"]


@pytest.mark.parametrize("force", [False, True])
def test_anything_but_a_regular_file_is_refused_as_output(tmp_path: Path, force: bool) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(RequestError, match="expected a regular file or no file, found a directory"):
        write_plan(PLAN, tmp_path / "folder", source=BytesSource(DATA), force=force)
    with pytest.raises(RequestError, match="found a device, pipe or socket"):
        write_plan(PLAN, tmp_path / "pipe", source=BytesSource(DATA), force=force)
    with pytest.raises(RequestError, match="found a directory"):
        write_plan(PLAN, f"{tmp_path}/absent/", source=BytesSource(DATA), force=force)
    assert names(tmp_path) == ["folder", "pipe"]


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        write_plan(PLAN, tmp_path / "absent" / "new.apr", source=BytesSource(DATA))
    assert Path(caught.value.filename) == tmp_path / "absent"


def test_a_folder_that_cannot_be_written_is_refused(old: Path) -> None:
    old.parent.chmod(0o500)
    try:
        if os.access(old.parent, os.W_OK):
            pytest.skip("this user writes everywhere")
        with pytest.raises(PermissionError):
            write_plan(PLAN, old, source=BytesSource(DATA), force=True)
    finally:
        old.parent.chmod(0o700)
    assert old.read_bytes() == OLD
    assert names(old.parent) == ["new.apr"]


def test_a_temporary_file_that_cannot_be_made_is_no_name_for_users(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    system_open = os.open

    def refuse(path: Any, flags: int, *rest: Any) -> int:
        if flags & os.O_CREAT:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        return system_open(path, flags, *rest)

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(PermissionError) as caught:
        write_plan(PLAN, old, source=BytesSource(DATA), force=True)
    assert Path(caught.value.filename) == old.parent


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files away")
def test_owner_and_group_are_those_of_the_replaced_file(old: Path) -> None:
    os.chown(old, 12345, 23456)
    old.chmod(0o640)
    write_plan(PLAN, old, source=BytesSource(DATA), force=True)
    status = old.stat()
    assert (status.st_uid, status.st_gid, status.st_mode & 0o777) == (12345, 23456, 0o640)


def test_a_system_that_lets_nobody_give_files_away(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "chown", raising(PermissionError(errno.EPERM, "no")), raising=False)
    write_plan(PLAN, old, source=BytesSource(DATA), force=True)
    monkeypatch.delattr(os, "chown", raising=False)
    write_plan(PLAN, old, source=BytesSource(DATA), force=True)
    assert old.read_bytes().startswith(b"head")


def test_too_little_space_is_refused_with_numbers(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = type(shutil.disk_usage("/"))
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: usage(10_000, 9_000, 1_000))
    with pytest.raises(OSError, match="expected 5133 bytes, found 1000 bytes") as caught:
        write_plan(PLAN, old, source=BytesSource(DATA), force=True)
    assert caught.value.errno == errno.ENOSPC
    assert old.read_bytes() == OLD
    assert names(old.parent) == ["new.apr"]


@pytest.mark.parametrize("answer", [raising(OSError(errno.ENOSYS, "no")), lambda _folder: (0, 0, 0)])
def test_unknown_space_is_not_too_little(
    out: Path, monkeypatch: pytest.MonkeyPatch, answer: Callable[[Path], object]
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", answer)
    write_plan(PLAN, out, source=BytesSource(DATA))
    assert out.read_bytes() == WHOLE


# write_plan: failures midway -------------------------------------------------------------------------


class Stop(BaseException):
    """What a handler of SIGTERM may raise."""


def refuse(_checksum: int) -> None:
    raise FormatError("the data is not what the footer says")


def on_piece(number: int, act: Callable[[], object]) -> Callable[[int, int], None]:
    """A progress function that acts after piece `number`, counted from 1."""
    count = iter(range(1, 100))
    return lambda _done, _total: act() if next(count) == number else None  # type: ignore[return-value]


@pytest.fixture(params=["new", "existing"])
def target(request: pytest.FixtureRequest, out: Path) -> Iterator[tuple[Path, bool]]:
    """An output to be made and one to be replaced; afterwards nothing has happened to either."""
    existing = request.param == "existing"
    if existing:
        out.write_bytes(OLD)
        out.chmod(0o640)
        os.utime(out, ns=(5, 5))
    yield out, existing
    assert names(out.parent) == (["new.apr"] if existing else [])
    if existing:
        assert out.read_bytes() == OLD
        assert out.stat().st_mtime_ns == 5
        assert stat.S_IMODE(out.stat().st_mode) == 0o640


@pytest.mark.parametrize("error", [ZeroDivisionError(), KeyboardInterrupt(), SystemExit(3), Stop()])
@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_whatever_progress_raises_nothing_happens(target: tuple[Path, bool], error: BaseException, number: int) -> None:
    with pytest.raises(type(error)):
        write_plan(
            PLAN,
            target[0],
            source=BytesSource(DATA),
            force=target[1],
            progress=on_piece(number, raising(error)),
        )


def test_nothing_happens_when_a_signal_ends_the_program(target: tuple[Path, bool]) -> None:
    def stop(_number: int, _frame: FrameType | None) -> None:
        raise Stop

    before = signal.signal(signal.SIGTERM, stop)
    try:
        kill = on_piece(2, lambda: os.kill(os.getpid(), signal.SIGTERM))
        with pytest.raises(Stop):
            write_plan(PLAN, target[0], source=BytesSource(DATA), force=target[1], progress=kill)
    finally:
        signal.signal(signal.SIGTERM, before)


def test_nothing_happens_when_the_interrupt_comes_while_the_temporary_file_is_made(
    target: tuple[Path, bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.open

    def interrupted(path: Path, flags: int, mode: int = 0o777) -> int:
        os.close(real(path, flags, mode))
        assert path.name.endswith(".tmp")
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "open", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_plan(PLAN, target[0], source=BytesSource(DATA), force=target[1])


def test_nothing_happens_when_the_final_step_is_interrupted(
    target: tuple[Path, bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "replace" if target[1] else "link", raising(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        write_plan(PLAN, target[0], source=BytesSource(DATA), force=target[1])


def test_nothing_happens_when_a_check_refuses(target: tuple[Path, bool]) -> None:
    plan = (Literal(b"head"), Copy(0, len(DATA), refuse))
    with pytest.raises(FormatError, match="footer"):
        write_plan(plan, target[0], source=BytesSource(DATA), force=target[1])


@pytest.mark.parametrize(
    ("plan", "error"),
    [
        ((Literal(b"head"), Seal(4, lambda _checksum: b"abc")), ValueError),
        ((Seal(4, raising(ZeroDivisionError())),), ZeroDivisionError),
        ((Copy(0, len(DATA) + 1),), TruncatedError),
    ],
)
def test_nothing_happens_when_the_plan_is_wrong(target: tuple[Path, bool], plan: Plan, error: type[Exception]) -> None:
    with pytest.raises(error):
        write_plan(plan, target[0], source=BytesSource(DATA), force=target[1])


def test_nothing_happens_without_the_source(target: tuple[Path, bool]) -> None:
    with pytest.raises(ValueError, match="needs the source"):
        write_plan(PLAN, target[0], source=None, force=target[1])


def test_nothing_happens_when_the_disk_is_full_midway(
    target: tuple[Path, bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    write, room = os.write, [1000]

    def limited(descriptor: int, data: memoryview) -> int:
        if not room[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        count = write(descriptor, data[: room[0]])
        room[0] -= count
        return count

    monkeypatch.setattr(os, "write", limited)
    with pytest.raises(OSError, match="No space left") as caught:
        write_plan(PLAN, target[0], source=BytesSource(DATA), force=target[1])
    assert caught.value.errno == errno.ENOSPC
    assert caught.value.filename == str(target[0])


@pytest.mark.parametrize("call", ["fsync", "close"])
def test_nothing_happens_when_the_system_fails_at_the_end(
    target: tuple[Path, bool], monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    real = getattr(os, call)

    def fail(descriptor: int) -> None:
        if call == "close":
            real(descriptor)
        raise OSError(errno.EIO, "disk on fire")

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(OSError, match="on fire"):
        write_plan(PLAN, target[0], source=BytesSource(DATA), force=target[1])
    monkeypatch.undo()


def test_nothing_happens_when_the_source_becomes_shorter(target: tuple[Path, bool], origin: Path) -> None:
    shrink = on_piece(1, lambda: os.truncate(origin, 100))
    with FileSource(origin) as source, pytest.raises(TruncatedError, match="became shorter"):
        write_plan(PLAN, target[0], source=source, force=target[1], progress=shrink)


@pytest.mark.parametrize("change", [append, touch, replace, Path.unlink])
def test_nothing_happens_when_the_source_changes(
    target: tuple[Path, bool], origin: Path, change: Callable[[Path], object]
) -> None:
    with (
        FileSource(origin) as source,
        pytest.raises(FormatError, match="the input changed while it was read"),
    ):
        write_plan(PLAN, target[0], source=source, force=target[1], progress=on_piece(3, lambda: change(origin)))


def test_the_original_survives_a_failure_when_it_is_the_source(origin: Path) -> None:
    with FileSource(origin) as source, pytest.raises(KeyboardInterrupt):
        write_plan(PLAN, origin, source=source, force=True, progress=on_piece(2, raising(KeyboardInterrupt())))
    assert origin.read_bytes() == DATA
    assert names(origin.parent) == ["model.apr"]


def flip(path: Path, at: int) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 1]))


@pytest.mark.parametrize("at", [0, 3, 4 + len(DATA), len(WHOLE) - 4, len(WHOLE) - 1])
def test_nothing_happens_when_a_part_reads_back_wrong(target: tuple[Path, bool], at: int) -> None:
    def damage() -> None:
        (temporary,) = target[0].parent.glob(".*.tmp")
        flip(temporary, at)

    with pytest.raises(OSError, match="the output reads back wrong: expected what was written at 0x") as caught:
        write_plan(PLAN, target[0], source=BytesSource(DATA), force=target[1], progress=on_piece(4, damage))
    assert caught.value.errno == errno.EIO
    assert caught.value.filename == str(target[0])
    assert not isinstance(caught.value, AprError)


def test_nothing_happens_when_the_size_reads_back_wrong(target: tuple[Path, bool]) -> None:
    def damage() -> None:
        (temporary,) = target[0].parent.glob(".*.tmp")
        append(temporary)

    with pytest.raises(OSError, match="expected 5133 bytes, found 5134 bytes"):
        write_plan(PLAN, target[0], source=BytesSource(DATA), force=target[1], progress=on_piece(4, damage))


@pytest.mark.parametrize("force", [False, True])
def test_a_difference_after_the_final_step_is_reported(out: Path, monkeypatch: pytest.MonkeyPatch, force: bool) -> None:
    def damage(folder: Path, system: System) -> None:
        flip(out, 2)
        sync_folder(folder, system)

    monkeypatch.setattr(writing, "sync_folder", damage)
    with pytest.raises(OSError, match=r"reads back wrong: .*0x0\.\.0x4"):
        write_plan(PLAN, out, source=BytesSource(DATA), force=force)
    assert names(out.parent) == ["new.apr"]


def test_a_folder_that_fails_to_sync_is_reported_with_the_file_in_place(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing_folder_sync(monkeypatch, errno.EIO)
    with pytest.raises(OSError, match="Input/output"):
        write_plan(PLAN, out, source=BytesSource(DATA))
    assert out.read_bytes() == WHOLE
    assert names(out.parent) == ["new.apr"]


@pytest.mark.parametrize("linking", ["links", "no call", "not on this file system"])
def test_a_file_that_appears_meanwhile_is_not_overwritten(
    out: Path, monkeypatch: pytest.MonkeyPatch, linking: str
) -> None:
    if linking == "no call":
        monkeypatch.delattr(os, "link")
    elif linking != "links":
        monkeypatch.setattr(os, "link", raising(PermissionError(errno.EPERM, "no hard links")))
    with pytest.raises(RequestError, match="output exists"):
        write_plan(PLAN, out, source=BytesSource(DATA), progress=on_piece(4, lambda: out.write_bytes(OLD)))
    assert out.read_bytes() == OLD
    assert names(out.parent) == ["new.apr"]


def test_a_link_that_appears_meanwhile_is_not_followed(
    out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "link", raising(OSError(errno.ENOTSUP, "no hard links")))
    with pytest.raises(RequestError, match="output exists"):
        write_plan(
            PLAN,
            out,
            source=BytesSource(DATA),
            progress=on_piece(4, lambda: out.symlink_to(tmp_path / "victim")),
        )
    assert out.is_symlink()
    assert not (tmp_path / "victim").exists()


# Other systems ---------------------------------------------------------------------------------------


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """No positioned reads, no links, no advice, and folders that cannot be opened."""
    for name in SYSTEM_CALLS:
        monkeypatch.delattr(os, name, raising=False)
    real = os.open

    def no_folders(path: str | Path, flags: int, mode: int = 0o777) -> int:
        if Path(path).is_dir():
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return real(path, flags, mode)

    monkeypatch.setattr(os, "open", no_folders)


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize("force", [False, True])
def test_everything_works_on_a_system_with_less(origin: Path, out: Path, force: bool) -> None:
    with FileSource(origin) as source:
        assert source.read(0, 10) == DATA[:10]
        write_plan(PLAN, out, source=source, force=force)
        write_plan(PLAN, out, source=source, force=True)
        with pytest.raises(RequestError, match="output exists"):
            write_plan(PLAN, out, source=source)
        with pytest.raises(KeyboardInterrupt):
            write_plan(PLAN, out, source=source, force=True, progress=raising(KeyboardInterrupt()))
    assert out.read_bytes() == WHOLE
    assert names(out.parent) == ["new.apr"]


@pytest.mark.usefixtures("elsewhere")
def test_reading_leaves_a_shared_position_where_it_is(origin: Path) -> None:
    with origin.open("rb") as file:
        file.seek(7)
        source: Source
        with open_source(cast("BinaryIO", file)) as source:
            assert source.read(100, 200) == DATA[100:200]
        assert file.read(3) == DATA[7:10]


def test_a_stream_of_another_format_is_refused_before_it_is_kept() -> None:
    read, write = os.pipe()
    kept: list[bytes] = []

    def look(head: bytes) -> None:
        kept.append(head)
        raise FormatError("not this one")

    os.write(write, b"y\n" * 500)
    with os.fdopen(read, "rb", buffering=0) as stream, pytest.raises(FormatError, match="not this one"):
        open_source(stream, look=look)
    os.close(write)  # the stream never ended, and was not waited for
    assert kept == [b"y\n" * 500]


def test_a_change_with_its_time_set_back_is_noticed(origin: Path) -> None:
    with FileSource(origin) as source:
        before = origin.stat()
        origin.write_bytes(DATA[::-1])
        os.utime(origin, ns=(before.st_atime_ns, before.st_mtime_ns))
        with pytest.raises(FormatError, match="changed"):
            source.check_unchanged()


def test_a_pipe_behind_a_link_is_no_place_for_an_output() -> None:
    read, write = os.pipe()
    try:
        with pytest.raises(RequestError, match="a device, pipe or socket"):
            write_plan(PLAN, f"/dev/fd/{write}", source=BytesSource(DATA), force=True)
    finally:
        os.close(read)
        os.close(write)


# Passes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n_processors", "n_readers"), [(1, 1), (2, 2), (64, 2)])
def test_two_threads_read_where_there_are_two_processors(
    origin: Path, n_processors: int, n_readers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: set(range(n_processors)), raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: n_processors)
    with FileSource(origin) as source:
        assert source.begin_pass(0, len(DATA)) == n_readers
        monkeypatch.delattr(os, "sched_getaffinity")
        assert source.begin_pass(0, len(DATA)) == n_readers
        for name in ("preadv", "pread"):
            monkeypatch.delattr(os, name, raising=False)
        assert source.begin_pass(0, len(DATA)) == 1  # reading one after the other, they would wait for one another


def test_the_system_is_told_of_a_pass_over_a_file_of_ours(origin: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[int, ...]] = []
    monkeypatch.setattr(os, "posix_fadvise", lambda *given: told.append(given[1:]), raising=False)
    monkeypatch.setattr(os, "POSIX_FADV_SEQUENTIAL", 2, raising=False)
    with FileSource(origin) as source, origin.open("rb") as file, FileSource(os.dup(file.fileno())) as given:
        source.begin_pass(3, 10)
        assert told == [(3, 7, 2)]
        given.begin_pass(3, 10)  # its owner may go on to read it in another way
        assert told == [(3, 7, 2)]


@pytest.mark.parametrize("error", [OSError(errno.EINVAL, "Invalid argument"), None])
def test_a_system_that_takes_no_advice_is_read_all_the_same(
    origin: Path, error: OSError | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if error is None:
        monkeypatch.delattr(os, "posix_fadvise", raising=False)
    else:
        monkeypatch.setattr(os, "posix_fadvise", raising(error), raising=False)
    with FileSource(origin) as source:
        assert source.begin_pass(0, len(DATA)) in (1, 2)
        assert range_crc32(source, 0, len(DATA)) == crc32(DATA)


def test_nothing_is_written_beside_the_journal_of_a_stamp_that_was_cut(tmp_path: Path) -> None:
    out = tmp_path / "out.apr"
    out.write_bytes(b"half")
    journal_path(out).write_bytes(b"")
    with pytest.raises(FormatError, match="not finished"):
        write_plan((Literal(b"new"),), out, source=None, force=True)
    assert out.read_bytes() == b"half"
