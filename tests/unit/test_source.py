"""Sources over memory, and the passes that are built on any source."""

from __future__ import annotations

import io
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aprfmt.errors import TruncatedError
from aprfmt.source import CHUNK_BYTES, BytesSource, iter_chunks, open_stream, range_crc32

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
