"""Laws: whatever way a range is copied, and whatever the system does meanwhile, it is that range, once and in order."""

from __future__ import annotations

import errno
import os
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aprfmt.checksum import crc32, crc32_combine
from aprfmt.files import FileSource
from aprfmt.files.copying import Way, clone, copy_range, crc32_from_disk, direct, transfer
from aprfmt.source import BytesSource
from aprfmt.testing import expand

GRID = direct.GRID_BYTES
BUFFER = 2 * GRID
MARK = b"behind the range"


@pytest.fixture(scope="module", params=["a folder", "tmpfs"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    if request.param == "a folder":
        yield tmp_path_factory.mktemp("copying")
        return
    shm = Path("/dev/shm")  # noqa: S108 - where Linux has its tmpfs
    if not shm.is_dir():
        pytest.skip("there is no tmpfs at /dev/shm")
    place = shm / f"aprfmt-copying-{os.getpid()}"
    place.mkdir()
    yield place
    for path in place.iterdir():
        path.unlink()
    place.rmdir()


def around(*boundaries: int) -> st.SearchStrategy[int]:
    """Numbers near a boundary of blocks or of buffers, and any others."""
    near = st.builds(lambda boundary, more: max(0, boundary + more), st.sampled_from(boundaries), st.integers(-2, 2))
    return near | st.integers(0, 8 * GRID)


BLOCK = 3000
SIZES = around(0, BLOCK, GRID, BUFFER, 3 * BUFFER, 4 * BUFFER + GRID)
PLACES = around(0, 64, GRID, 2 * GRID)
WAYS = st.sets(st.sampled_from(Way)).map(tuple)


@contextmanager
def small() -> Iterator[None]:
    """Sizes at which few bytes are many."""
    with ExitStack() as stack:
        for module, name, value in (
            (direct, "BUFFER_BYTES", BUFFER),
            (direct, "DIRECT_FROM_BYTES", GRID),
            (clone, "CLONE_FROM_BYTES", GRID),
            (clone, "STEP_BYTES", BUFFER),
            (clone, "CHUNK_BYTES", BLOCK),
            (transfer, "CHUNK_BYTES", BLOCK),
        ):
            stack.enter_context(patch.object(module, name, value))
        yield


class System:
    """The calls that write, each of which does less than it was asked for, or is refused, as was drawn."""

    def __init__(self, draw: st.DataObject) -> None:
        self._writes = iter(draw.draw(st.lists(st.integers(0, BUFFER), max_size=20), label="lengths of writes"))
        self._refuses = iter(draw.draw(st.lists(st.booleans(), max_size=8), label="which clones are refused"))
        self._write, self._pwrite = os.write, os.pwrite

    def write(self, descriptor: int, data: memoryview) -> int:
        most = next(self._writes, len(data))
        if most == 0:
            raise InterruptedError(errno.EINTR, os.strerror(errno.EINTR))
        return self._write(descriptor, data[:most])

    def pwrite(self, descriptor: int, data: memoryview, position: int) -> int:
        """Of a length that is no multiple of a block, which the system refuses for direct writes, or any other."""
        most = next(self._writes, len(data))
        if most == 0:
            raise InterruptedError(errno.EINTR, os.strerror(errno.EINTR))
        return self._pwrite(descriptor, data[:most], position)

    def ioctl(self, descriptor: int, _request: int, argument: memoryview) -> int:
        """The clone of a range, as far as one can tell from outside."""
        source, start, nbytes, position = argument
        if next(self._refuses, False):
            raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))
        if start % GRID or nbytes % GRID or position % GRID or start + nbytes > os.fstat(source).st_size:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        data, done = os.pread(source, nbytes, start), 0
        while done < nbytes:
            done += self._pwrite(descriptor, data[done:], position + done)
        return 0

    @contextmanager
    def __call__(self) -> Iterator[None]:
        fcntl = pytest.importorskip("fcntl")
        with (
            patch.object(os, "write", self.write),
            patch.object(os, "pwrite", self.pwrite),
            patch.object(fcntl, "ioctl", self.ioctl),
        ):
            yield


@given(st.integers(0, 2**32), SIZES, PLACES, PLACES, st.integers(0, 300), WAYS, st.booleans(), st.data())
@example(1, 8 * GRID, 0, 0, 0, tuple(Way), True, None)
@example(1, 8 * GRID, 64, 64, 5, tuple(Way), True, None)
@example(1, 8 * GRID, 0, 64, 0, (Way.DIRECT,), True, None)
@example(1, 0, 0, 64, 0, tuple(Way), False, None)
def test_a_copy_is_the_range_and_was_seen_once_in_order(
    folder: Path,
    seed: int,
    size: int,
    start: int,
    position: int,
    behind: int,
    ways: tuple[Way, ...],
    is_file: bool,
    draw: st.DataObject | None,
) -> None:
    """The output MUST have the bytes of the range at its place, all else as it was, and every byte seen once, in order.

    Whatever the sizes, the ways that may be gone, short writes, interrupts and refusals. Progress MUST rise to all.
    """
    data = expand(seed, start + size + behind)
    origin, out = folder / "origin", folder / "out"
    origin.write_bytes(data)
    before = expand(seed + 1, position)
    seen, progress = bytearray(), [0]
    with ExitStack() as stack:
        source: Any = stack.enter_context(FileSource(origin)) if is_file else BytesSource(data)
        file = stack.enter_context(out.open("wb", buffering=0))
        file.write(before)
        stack.enter_context(small())
        if draw is not None:
            stack.enter_context(System(draw)())
        copied = copy_range(
            source, start, start + size, file.fileno(), position, see=seen.extend, progress=progress.append, ways=ways
        )
    assert copied.nbytes == size
    assert all(getattr(copied, way.value) == 0 for way in Way if way not in ways and way is not Way.BLOCKS)
    assert seen == data[start : start + size]
    assert out.read_bytes() == before + data[start : start + size]
    assert progress == sorted(set(progress))
    assert progress[-1] == size


@given(st.integers(0, 2**32), st.lists(SIZES, max_size=4), WAYS)
def test_ranges_one_after_the_other_are_a_file(
    folder: Path, seed: int, sizes: list[int], ways: tuple[Way, ...]
) -> None:
    """Ranges and bytes of one's own, each written where the one before ends, MUST make their concatenation.

    The checksums of the ranges, joined, MUST be that of the file as it is read back.
    """
    data = expand(seed, 12 * GRID)
    origin, out = folder / "origin", folder / "out"
    origin.write_bytes(data)
    expected, total = bytearray(), 0
    with small(), FileSource(origin) as source, out.open("wb", buffering=0) as file:
        for size in sizes:
            stop = min(size, len(data))
            checksum = 0

            def see(piece: memoryview) -> None:
                nonlocal checksum
                checksum = crc32(piece, checksum)

            copy_range(source, 0, stop, file.fileno(), len(expected), see=see, ways=ways)
            file.write(MARK)
            assert checksum == zlib.crc32(data[:stop])
            total = crc32(MARK, crc32_combine(total, checksum, stop))
            expected += data[:stop] + MARK
    assert out.read_bytes() == expected
    assert crc32_from_disk(out, 0, len(expected)) == total == zlib.crc32(expected)


@given(st.integers(0, 2**32), SIZES, PLACES, WAYS, st.integers(1, 30), st.sampled_from(["see", "progress"]))
def test_a_copy_that_is_cancelled_has_seen_a_beginning(
    folder: Path, seed: int, size: int, position: int, ways: tuple[Way, ...], after: int, who: str
) -> None:
    """An exception of whoever is called MUST come out as it is, after a beginning of the range, seen once."""
    data = expand(seed, size)
    origin, out = folder / "origin", folder / "out"
    origin.write_bytes(data)
    seen = bytearray()
    calls = 0

    def count(_what: object) -> None:
        nonlocal calls
        calls += 1
        if calls == after:
            raise KeyboardInterrupt

    def see(piece: memoryview) -> None:
        seen.extend(piece)
        if who == "see":
            count(piece)

    progress = count if who == "progress" else None
    with small(), FileSource(origin) as source, out.open("wb", buffering=0) as file:
        try:
            copy_range(source, 0, size, file.fileno(), position, see=see, progress=progress, ways=ways)
        except KeyboardInterrupt:
            assert calls == after
        else:
            assert calls < after
            assert len(seen) == size
    assert seen == data[: len(seen)]
