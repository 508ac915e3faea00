"""What the generated codec is made of: formats that are kept, kinds of values, records out of a stream."""

from __future__ import annotations

import io
import struct
import tracemalloc
from typing import BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aprfmt.layout import fused
from aprfmt.layout.fused import CodecError, Formats, as_bytes, as_tuple, exactly, iter_blocks


def test_formats_are_made_once_for_each_length() -> None:
    formats = Formats("H", "I", "B")
    unpack, size, pack = formats[2]
    assert size == struct.calcsize("<HIIB")
    assert unpack(pack(1, 2, 3, 4), 0) == (1, 2, 3, 4)
    assert formats[2] is formats[2]
    assert formats[0][1] == 3


@pytest.mark.parametrize("count", [-1, 2**62, 2**70])
def test_lengths_without_a_format_are_refused(count: int) -> None:
    with pytest.raises(struct.error):
        Formats("", "Q", "")[count]


def test_few_formats_are_kept() -> None:
    """A forged file may ask for a new one with every record."""
    formats = Formats("", "Q", "")
    for count in range(5000):
        assert formats[count][1] == 8 * count
    assert len(formats) <= 256


def test_kinds_of_bytes() -> None:
    for kind in (bytes, bytearray, memoryview):
        assert as_bytes(kind(b"ab")) == b"ab"
        assert exactly(kind(b"ab"), 2) == b"ab"
        with pytest.raises(ValueError, match="expected 3 bytes, found 2"):
            exactly(kind(b"ab"), 3)
    for wrong in (5, "ab", [1], None):
        with pytest.raises(TypeError, match="expected bytes, found"):
            as_bytes(wrong)


def test_kinds_of_lists() -> None:
    assert as_tuple([1, 2]) == as_tuple((1, 2)) == (1, 2)
    for wrong in (b"ab", "ab", {1: 2}, iter([1]), 5):
        with pytest.raises(TypeError, match="expected a list, found"):
            as_tuple(wrong)


def scan(raw: bytes, at: int, count: int, origin: int) -> tuple[list[bytes], list[int]]:
    """Records of one byte that says how many bytes follow, times 1000."""
    records, ends = [], []
    for _ in range(count):
        end = at + 1 + 1000 * raw[at] if at < len(raw) else len(raw) + 1
        if end > len(raw):
            break
        records.append(raw[at:end])
        ends.append(end + origin)
        at = end
    return records, ends


class Slow(io.RawIOBase):
    """A stream that gives a few bytes at a time, as pipes do."""

    def __init__(self, raw: bytes, nbytes: int) -> None:
        super().__init__()
        self.rest, self.nbytes, self.largest = raw, nbytes, 0

    def read(self, size: int = -1) -> bytes:
        self.largest = max(self.largest, size)
        piece, self.rest = self.rest[: min(self.nbytes, size)], self.rest[min(self.nbytes, size) :]
        return piece


def slow(raw: bytes, nbytes: int) -> BinaryIO:
    return Slow(raw, nbytes)  # type: ignore[return-value] # of a stream, only `read` is asked for


@given(st.lists(st.integers(0, 3), max_size=12), st.integers(1, 3000), st.integers(1, 4000), st.integers(0, 99))
def test_blocks_hold_every_record_once(sizes: list[int], block: int, nbytes: int, start: int) -> None:
    """Whatever the size of a block and of what the stream gives, the records are the same, larger ones included."""
    records = [bytes([size]) + b"x" * 1000 * size for size in sizes]
    raw = b"".join(records)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fused, "BLOCK_BYTES", block)
        found, ends = [], []
        for some, places in iter_blocks(scan, slow(raw + b"rest", nbytes), len(sizes), start):
            found += some
            ends += places
    assert found == records
    assert ends == [start + len(b"".join(records[: at + 1])) for at in range(len(records))]


def test_a_stream_that_ends_is_refused_behind_its_last_record() -> None:
    blocks = iter_blocks(scan, io.BytesIO(b"\0\0\1" + bytes(999)), 5, 10)
    assert next(blocks) == ([b"\0", b"\0"], [11, 12])
    with pytest.raises(CodecError, match="expected 3 more records, found 1000 bytes, which hold no whole one"):
        next(blocks)


def test_nothing_is_read_for_no_records() -> None:
    stream = Slow(b"abc", 1)
    assert list(iter_blocks(scan, stream, 0, 0)) == []  # type: ignore[arg-type] # as above
    assert stream.largest == 0


def test_a_count_allocates_nothing() -> None:
    tracemalloc.start()
    try:
        with pytest.raises(CodecError):
            list(iter_blocks(scan, io.BytesIO(bytes(1000)), 2**32 - 1, 0))
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()
