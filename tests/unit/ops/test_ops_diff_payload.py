"""Bytes that differ are counted exactly, at any size and place, in constant memory."""

from __future__ import annotations

import random
import sys
from operator import ne

import pytest

from aprfmt.errors import TruncatedError
from aprfmt.ops.diff import payload
from aprfmt.ops.diff.model import Bytes
from aprfmt.ops.diff.payload import CHUNK_BYTES, ByteComparer
from aprfmt.source import BytesSource


class Watched(BytesSource):
    """A source that keeps the largest read and all that was read."""

    largest = n_read = 0

    def read_into(self, start: int, buffer: memoryview) -> None:
        self.largest, self.n_read = max(self.largest, len(buffer)), self.n_read + len(buffer)
        super().read_into(start, buffer)


def slowly(first: bytes | bytearray, second: bytes | bytearray) -> Bytes:
    """The same by a loop over the bytes."""
    length = max(len(first), len(second))
    at = [index for index, pair in enumerate(zip(first, second, strict=False)) if ne(*pair)]
    at += range(min(len(first), len(second)), length)
    return Bytes(len(at), at[0], at[-1] + 1) if at else Bytes(0, 0, 0)


def quickly(first: bytes, second: bytes, before: tuple[int, int] = (0, 0)) -> Bytes:
    sources = BytesSource(bytes(before[0]) + first), BytesSource(bytes(before[1]) + second)
    spans = (before[0], before[0] + len(first)), (before[1], before[1] + len(second))
    return ByteComparer(*sources).compare(*spans)


@pytest.mark.parametrize("nbytes", [0, 1, 4095, 4096, 4097, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 700_001])
def test_counts_are_those_of_a_loop(nbytes: int) -> None:
    chance = random.Random(nbytes)  # noqa: S311 - the same bytes each time
    raw = chance.randbytes(nbytes)
    assert quickly(raw, raw, (3, 10)) == Bytes(0, 0, 0)
    for n_changes in (1, 2, 50) if nbytes else ():
        other = bytearray(raw)
        for _ in range(n_changes):
            other[chance.randrange(nbytes)] = chance.randrange(256)
        assert quickly(raw, bytes(other)) == slowly(raw, other)
    for at in {0, nbytes - 1} if nbytes else ():
        other = bytearray(raw)
        other[at] ^= 0x80
        assert quickly(raw, bytes(other), (1, 0)) == Bytes(1, at, at + 1)
    different = chance.randbytes(nbytes)
    assert quickly(raw, different) == slowly(raw, different)


@pytest.mark.parametrize("installed", [True, False])
def test_counts_do_not_depend_on_what_counts_them(installed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if installed:
        pytest.importorskip("numpy")
    else:
        monkeypatch.setitem(sys.modules, "numpy", None)
    monkeypatch.setattr(payload, "_MANY_BYTES", CHUNK_BYTES)
    chance = random.Random(3)  # noqa: S311 - the same bytes each time
    raw = chance.randbytes(4 * CHUNK_BYTES + 99)
    for other in (bytearray(chance.randbytes(len(raw))), bytearray(raw)):
        for at in range(0, len(raw), CHUNK_BYTES):
            other[at + 50] ^= 1
        assert quickly(raw, bytes(other)) == slowly(raw, other)


@pytest.mark.parametrize("lengths", [(0, 5), (5, 0), (5000, 9000), (CHUNK_BYTES, CHUNK_BYTES + 2)])
def test_what_only_one_has_differs(lengths: tuple[int, int]) -> None:
    first, second = (bytes(length) for length in lengths)
    assert quickly(first, second) == Bytes(abs(lengths[0] - lengths[1]), min(lengths), max(lengths))
    if lengths[0] > 1:
        assert quickly(b"\1" + first[1:], second).start == 0


def test_no_more_is_read_than_once_nor_at_a_time() -> None:
    nbytes = 5 * CHUNK_BYTES + 7
    sources = Watched(bytes(nbytes)), Watched(bytes(nbytes))
    done: list[int] = []
    ByteComparer(*sources, progress=done.append).compare((0, nbytes), (0, nbytes))
    assert [(source.largest, source.n_read) for source in sources] == [(CHUNK_BYTES, nbytes)] * 2
    assert sum(done) == nbytes


def test_it_can_stop_at_the_first_difference() -> None:
    sources = Watched(bytes(4 * CHUNK_BYTES)), Watched(b"\1" + bytes(4 * CHUNK_BYTES - 1))
    found = ByteComparer(*sources, stop_early=True).compare((0, 4 * CHUNK_BYTES), (0, 4 * CHUNK_BYTES))
    assert found == Bytes(1, 0, 1)
    assert sources[0].n_read == CHUNK_BYTES


def test_bytes_that_are_not_there_are_an_error() -> None:
    with pytest.raises(TruncatedError):
        ByteComparer(BytesSource(b"a"), BytesSource(b"ab")).compare((0, 2), (0, 2))
