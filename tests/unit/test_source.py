"""Sources over memory, and the passes that are built on any source."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from contextlib import closing
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aprfmt import source as source_module
from aprfmt.errors import TruncatedError
from aprfmt.source import CHUNK_BYTES, BytesSource, iter_chunks, map_chunks, open_stream, range_crc32

DATA = bytes(range(256))


class Counting(BytesSource):
    """Notes every positioned read."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.reads: list[tuple[int, int]] = []

    def read_into(self, start: int, buffer: memoryview) -> None:
        self.reads.append((start, len(buffer)))
        super().read_into(start, buffer)


@pytest.mark.parametrize("data", [DATA, bytearray(DATA), memoryview(DATA), memoryview(DATA).cast("I")])
def test_bytes_of_any_kind(data: bytes | bytearray | memoryview) -> None:
    source = BytesSource(data)
    assert source.size == 256
    assert source.read(3, 7) == DATA[3:7]
    assert source.view(0, 256) == DATA
    buffer = bytearray(4)
    source.read_into(252, memoryview(buffer))
    assert buffer == DATA[252:]


def test_a_view_is_read_only_and_not_a_copy() -> None:
    data = bytearray(DATA)
    view = BytesSource(data).view(10, 12)
    assert view.readonly
    data[10] = 99
    assert view[0] == 99
    with pytest.raises(TypeError):
        view[0] = 1


def test_a_copy_is_a_copy() -> None:
    data = bytearray(DATA)
    copy = BytesSource(data).read(10, 12)
    data[10] = 99
    assert copy == DATA[10:12]


@pytest.mark.parametrize(("start", "stop"), [(0, 257), (257, 257), (-1, 3), (5, 4), (1 << 62, (1 << 62) + 1)])
def test_what_is_not_there_is_refused(start: int, stop: int) -> None:
    source = BytesSource(DATA)
    with pytest.raises(TruncatedError, match="found 256 bytes"):
        source.view(start, stop)
    with pytest.raises(TruncatedError):
        source.read(start, stop)


def test_filling_a_buffer_beyond_the_end_is_refused() -> None:
    with pytest.raises(TruncatedError):
        BytesSource(DATA).read_into(250, memoryview(bytearray(7)))


def test_nothing_is_there_in_an_empty_source() -> None:
    source = BytesSource(b"")
    assert source.size == 0
    assert source.read(0, 0) == b""
    assert list(iter_chunks(source, 0, 0)) == []


@given(st.binary(max_size=200), st.integers(0, 200), st.integers(0, 200), st.integers(1, 50))
def test_chunks_join_to_the_range(data: bytes, start: int, stop: int, chunk_bytes: int) -> None:
    start, stop = min(start, len(data)), min(stop, len(data))
    chunks = [bytes(chunk) for chunk in iter_chunks(BytesSource(data), start, stop, chunk_bytes)]
    assert b"".join(chunks) == data[start:stop]
    assert all(len(chunk) == chunk_bytes for chunk in chunks[:-1])
    assert all(chunks)


def test_chunks_share_one_buffer_of_the_size_asked_for() -> None:
    source = Counting(bytes(2 * CHUNK_BYTES + 5))
    buffers = {id(chunk.obj) for chunk in iter_chunks(source, 0, source.size)}
    assert len(buffers) == 1
    assert source.reads == [(0, CHUNK_BYTES), (CHUNK_BYTES, CHUNK_BYTES), (2 * CHUNK_BYTES, 5)]


def test_chunks_beyond_the_end_are_refused() -> None:
    with pytest.raises(TruncatedError):
        list(iter_chunks(BytesSource(DATA), 200, 300))


def test_a_stream_reads_the_window_and_no_further() -> None:
    with open_stream(BytesSource(DATA), 10, 20) as stream:
        assert stream.read(4) == DATA[10:14]
        assert stream.read() == DATA[14:20]
        assert stream.read() == b""


@given(st.binary(max_size=300), st.lists(st.integers(0, 60)))
def test_a_stream_reads_as_a_file_does(data: bytes, sizes: list[int]) -> None:
    plain = io.BytesIO(data)
    with open_stream(BytesSource(data), 0, len(data)) as stream:
        assert [stream.read(size) for size in sizes] == [plain.read(size) for size in sizes]


def test_a_stream_of_a_window_that_is_not_there_is_refused() -> None:
    with open_stream(BytesSource(DATA), 250, 300) as stream, pytest.raises(TruncatedError):
        stream.read()


def test_the_checksum_of_a_range_is_that_of_its_bytes() -> None:
    raw = bytes(range(256)) * (2 * CHUNK_BYTES // 256) + b"end"
    source = BytesSource(raw)
    assert range_crc32(source, 3, len(raw)) == crc32(raw[3:])
    assert range_crc32(source, 3, len(raw), crc32(raw[:3])) == crc32(raw)
    assert range_crc32(source, 3, 3, 7) == 7


# ---- passes that two threads make ----

N_CHUNKS = 40
LARGE = b"".join(bytes([number]) * CHUNK_BYTES for number in range(N_CHUNKS)) + b"end"
MOST_AHEAD = 16


@pytest.fixture
def few_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_module, "_MOST_AHEAD", MOST_AHEAD)


class Shared(BytesSource):
    """Asks for two threads, notes what each reads, and calls `before` first."""

    def __init__(self, data: bytes, before: Callable[[int], object] = lambda _start: None) -> None:
        super().__init__(data)
        self.reads: list[tuple[int, int, bool]] = []
        self.passes: list[tuple[int, int]] = []
        self._before = before

    def begin_pass(self, start: int, stop: int) -> int:
        self.passes.append((start, stop))
        return 2

    def read_into(self, start: int, buffer: memoryview) -> None:
        self.reads.append((start, len(buffer), is_caller()))
        self._before(start)
        super().read_into(start, buffer)


def is_caller() -> bool:
    return threading.current_thread() is threading.main_thread()


def no_helper_is_left() -> bool:
    return not [thread for thread in threading.enumerate() if thread.name == "aprfmt-reader"]


def firsts(source: BytesSource, start: int = 0, stop: int | None = None) -> list[tuple[int, int, int]]:
    """Place, length and first byte of every chunk."""
    return list(
        map_chunks(source, start, source.size if stop is None else stop, lambda at, piece: (at, len(piece), piece[0]))
    )


def expected_firsts(start: int, stop: int) -> list[tuple[int, int, int]]:
    return [(at, min(CHUNK_BYTES, stop - at), LARGE[at]) for at in range(start, stop, CHUNK_BYTES)]


@pytest.mark.parametrize("start", [0, 5])
@pytest.mark.parametrize("kind", [BytesSource, Shared])
def test_every_byte_is_seen_once_and_in_order(kind: Callable[[bytes], BytesSource], start: int) -> None:
    source = kind(LARGE)
    for stop in (start, start + 1, 2 * CHUNK_BYTES, 2 * CHUNK_BYTES + 1, 3 * CHUNK_BYTES + start, len(LARGE)):
        assert firsts(source, start, stop) == expected_firsts(start, stop)
    if isinstance(source, Shared):
        source.reads.clear()
        firsts(source)
        assert sorted(read[:2] for read in source.reads) == [
            (at, size) for at, size, _ in expected_firsts(0, len(LARGE))
        ]
        assert source.passes[-1] == (0, len(LARGE))
    assert no_helper_is_left()


def test_what_is_small_is_read_by_the_caller_alone() -> None:
    source = Shared(LARGE[: 2 * CHUNK_BYTES])
    assert len(firsts(source)) == 2
    assert all(by_caller for _, _, by_caller in source.reads)


@pytest.mark.usefixtures("few_ahead")
@pytest.mark.parametrize("helper_is_held_up", [True, False])
def test_a_thread_that_is_held_up_does_not_stop_the_other_before_long(helper_is_held_up: bool) -> None:
    """One thread has the first chunk it takes until the other one can go no further."""
    others: list[int] = []
    far = threading.Event()
    held: list[int] = []

    def before(start: int) -> None:
        if is_caller() is helper_is_held_up:
            others.append(start)
            if len(others) == MOST_AHEAD - 1:
                far.set()
        elif not held:
            held.append(start)
            assert far.wait(30)

    source = Shared(LARGE, before)
    assert firsts(source) == expected_firsts(0, len(LARGE))
    assert sorted(read[0] for read in source.reads) == list(range(0, len(LARGE), CHUNK_BYTES))
    assert no_helper_is_left()


@pytest.mark.usefixtures("few_ahead")
def test_the_other_thread_waits_for_a_caller_that_is_busy_with_a_result() -> None:
    """What is read ahead is bounded however long a result is looked at."""
    idle = threading.Event()
    by_helper: list[int] = []

    def before(start: int) -> None:
        if not is_caller():
            by_helper.append(start)
            if len(by_helper) == MOST_AHEAD:
                idle.set()

    source = Shared(LARGE, before)
    with closing(map_chunks(source, 0, len(LARGE), lambda at, _piece: at)) as results:
        assert next(results) == 0
        assert idle.wait(30)
        assert len(source.reads) <= 2 * MOST_AHEAD + 1 < N_CHUNKS
        assert list(results) == list(range(CHUNK_BYTES, len(LARGE), CHUNK_BYTES))


@pytest.mark.parametrize("in_helper", [True, False])
@pytest.mark.parametrize("where", ["read", "make"])
def test_an_error_of_either_thread_is_raised_and_ends_both(where: str, in_helper: bool) -> None:
    turn = threading.Event()

    def fail() -> None:
        if is_caller() is not in_helper:
            turn.set()
            raise OSError(5, "Input/output error")
        assert turn.wait(30)  # until the other one has failed

    def make(at: int, _piece: memoryview) -> int:
        if where == "make":
            fail()
        return at

    source = Shared(LARGE, (lambda _start: fail()) if where == "read" else lambda _start: None)
    with pytest.raises(OSError, match="Input/output error"):
        list(map_chunks(source, 0, len(LARGE), make))
    assert no_helper_is_left()


def test_a_source_that_ends_early_is_refused_whoever_notices() -> None:
    with pytest.raises(TruncatedError):
        firsts(Shared(LARGE), 0, len(LARGE) + CHUNK_BYTES)
    assert no_helper_is_left()


@pytest.mark.usefixtures("few_ahead")
def test_closing_ends_the_other_thread() -> None:
    source = Shared(LARGE)
    results = map_chunks(source, 0, len(LARGE), lambda at, _piece: at)
    assert [next(results), next(results)] == [0, CHUNK_BYTES]
    results.close()
    assert no_helper_is_left()
    assert len(source.reads) < N_CHUNKS


def test_one_thread_reads_it_all_when_there_can_be_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    source = Shared(LARGE)
    assert firsts(source) == expected_firsts(0, len(LARGE))
    assert all(by_caller for _, _, by_caller in source.reads)


def test_the_checksum_of_a_range_that_two_threads_read() -> None:
    source = Shared(LARGE)
    assert range_crc32(source, 0, len(LARGE)) == crc32(LARGE)
    assert range_crc32(source, 3, len(LARGE) - 1, crc32(LARGE[:3])) == crc32(LARGE[:-1])
