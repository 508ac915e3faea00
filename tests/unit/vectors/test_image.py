"""A file as its written stretches: it reads, changes and adds up as if all of it were there."""

from __future__ import annotations

import time
import zlib
from hashlib import sha256
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aprfmt.errors import RequestError, TruncatedError
from aprfmt.vectors.image import DENSE_NBYTES, Image

SIZE = 40


@st.composite
def images(draw: st.DrawFn) -> tuple[Image, bytes]:
    """An image with holes, made by writing and cutting, and the bytes that it stands for."""
    image, raw = Image(SIZE, ()), bytes(SIZE)
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(raw)))
        stop = draw(st.integers(start, len(raw)))
        data = draw(st.binary(max_size=8))
        image, raw = image.replaced(start, stop, data), raw[:start] + data + raw[stop:]
    size = draw(st.integers(0, 2 * SIZE))
    return image.resized(size), raw[:size].ljust(size, b"\0")


@given(images(), st.data())
def test_an_image_reads_as_its_bytes(pair: tuple[Image, bytes], data: st.DataObject) -> None:
    """Whatever is written, replaced and cut: every stretch reads as that of the bytes, through every way to read."""
    image, raw = pair
    start = data.draw(st.integers(0, len(raw)))
    stop = data.draw(st.integers(start, len(raw)))
    assert image.size == len(raw)
    assert image.read(start, stop) == raw[start:stop]
    assert image.view(start, stop) == raw[start:stop]
    buffer = bytearray(b"\xff" * (stop - start))
    image.read_into(start, memoryview(buffer))
    assert buffer == raw[start:stop]
    assert image.whole() == raw


@given(images(), st.data())
def test_checksums_are_those_of_the_bytes(pair: tuple[Image, bytes], data: st.DataObject) -> None:
    """CRC-32 up to anywhere and SHA-256 of all, with holes and without."""
    image, raw = pair
    stop = data.draw(st.integers(0, len(raw)))
    assert image.crc32(stop) == zlib.crc32(raw[:stop])
    assert image.sha256() == sha256(raw).hexdigest()


@given(images())
def test_extents_are_sorted_and_apart_and_never_empty(pair: tuple[Image, bytes]) -> None:
    """What is written is one extent for each stretch, so that two ways to the same file say the same."""
    image, _ = pair
    spans = [(start, start + len(raw)) for start, raw in image.extents]
    assert all(start < stop <= image.size for start, stop in spans)
    assert all(left[1] <= right[0] for left, right in pairwise(spans))


def test_an_image_of_bytes_is_written_from_end_to_end() -> None:
    assert Image.of(b"abc") == Image(3, ((0, b"abc"),))
    assert not Image.of(b"abc").is_sparse
    assert Image.of(b"") == Image(0, ())
    assert not Image.of(b"").is_sparse


def test_what_touches_becomes_one() -> None:
    assert Image.of(b"abcd").replaced(1, 2, b"X").extents == ((0, b"aXcd"),)
    assert Image.of(b"ab").replaced(2, 2, b"c").extents == ((0, b"abc"),)


def test_a_hole_is_not_written() -> None:
    image = Image.of(b"ab").resized(10)
    assert image.is_sparse
    assert image.extents == ((0, b"ab"),)
    assert image.replaced(6, 6, b"c") == Image(11, ((0, b"ab"), (6, b"c")))
    assert image.resized(1) == Image.of(b"a")


@pytest.mark.parametrize(("start", "stop"), [(0, 4), (3, 5), (4, 4), (-1, 2), (2, 1)])
def test_nothing_is_read_beyond_the_end(start: int, stop: int) -> None:
    image = Image.of(b"abc")
    with pytest.raises(TruncatedError, match="the bytes end too early"):
        image.read(start, stop)


def test_nothing_is_filled_beyond_the_end() -> None:
    image = Image.of(b"abc")
    for start, nbytes in ((0, 4), (2, 2), (-1, 1)):
        with pytest.raises(TruncatedError, match="found 3 bytes"):
            image.read_into(start, memoryview(bytearray(nbytes)))


@pytest.mark.parametrize(("start", "stop"), [(2, 1), (-1, 1), (0, 4), (4, 4)])
def test_nothing_is_replaced_beyond_the_end(start: int, stop: int) -> None:
    image = Image.of(b"abc")
    with pytest.raises(RequestError, match="expected a place within 3 bytes, found "):
        image.replaced(start, stop, b"")


def test_terabytes_of_holes_cost_nothing() -> None:
    image = Image.of(b"head").resized(5 * 1024**4).replaced(5 * 1024**4 - 4, 5 * 1024**4, b"tail")
    begun = time.perf_counter()
    assert image.read(5 * 1024**4 - 6, image.size) == b"\0\0tail"
    assert image.crc32(image.size) != image.crc32(image.size - 1)
    assert time.perf_counter() - begun < 1


def test_a_large_hole_has_the_checksum_of_its_zeros() -> None:
    assert Image(3_000_001, ()).crc32(3_000_001) == zlib.crc32(bytes(3_000_001))


def test_what_does_not_fit_into_memory_is_not_put_there() -> None:
    image = Image(DENSE_NBYTES + 1, ())
    for call in (image.whole, image.sha256):
        with pytest.raises(RequestError, match=f"expected a file of at most {DENSE_NBYTES} bytes in memory, found"):
            call()
