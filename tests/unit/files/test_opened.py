"""The one pass that judges a file: every byte is read once, and a file that changes meanwhile is never called valid."""

from __future__ import annotations

import os
import threading
import tracemalloc
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.unit.rules.crafting import craft, entry_a, entry_b

import aprfmt
from aprfmt import FormatError
from aprfmt.files import FileSource, validate_file
from aprfmt.source import CHUNK_BYTES

BIG = 5 * CHUNK_BYTES // 2
LONG = bytes(2 * CHUNK_BYTES)
LONGER = bytes(5 * CHUNK_BYTES)
"""Filler that is not read for its rule alone."""
GLANCE = 384 * 1024
"""As much as may be read of a head beside what the pass reads."""


def large(*, gap: bytes = b"", footer: bool = True, **sections: Any) -> bytes:
    """Two tensors of two chunks and a half, with `gap` between them."""
    first = bytes(range(256)) * (BIG // 256)
    start = BIG + len(gap)
    return craft(
        entry_a(dtype=7, dims=[BIG], len_tensor=BIG),
        entry_b(dtype=7, dims=[BIG], ofs_tensor=start, len_tensor=BIG),
        tensor_data=(first + gap + first).ljust(-(-(start + BIG) // 64) * 64, b"\0"),
        **({} if footer else {"footer": None}),
        **sections,
    )


FILES: dict[str, Callable[[], bytes]] = {
    "tensors": large,
    "a gap": lambda: large(gap=LONG),
    "a gap that is not zero": lambda: large(gap=b"x" + LONG[1:]),
    "long filler around the metadata": lambda: large(header_padding=LONGER, metadata_padding=LONGER[:-1] + b"x"),
    "long filler behind the index": lambda: large(
        gap=bytes(64),
        tensor_index={
            "entries": [
                entry_a(dtype=7, dims=[BIG], len_tensor=BIG),
                entry_b(dtype=7, dims=[BIG], ofs_tensor=BIG + 64, len_tensor=BIG),
            ],
            "padding": LONGER + bytes(6),
        },
    ),
    "no footer": lambda: large(gap=LONG, footer=False),
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "m.apr"
    path.write_bytes(large())
    return path


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Place and length of every read that the system is asked for."""
    found: list[tuple[int, int]] = []
    real = FileSource._read_some

    def read_some(self: FileSource, start: int, buffer: memoryview) -> int:
        count = real(self, start, buffer)
        found.append((start, count))
        return count

    monkeypatch.setattr(FileSource, "_read_some", read_some)
    return found


@pytest.mark.parametrize("n_processors", [1, 2])
@pytest.mark.parametrize("name", FILES)
def test_every_byte_is_read_once(
    name: str, n_processors: int, path: Path, reads: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Checksums, tensors, gaps and filler take one pass, beside the head that says where they are."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: set(range(n_processors)), raising=False)
    path.write_bytes(FILES[name]())
    size = path.stat().st_size
    report = validate_file(path)
    assert report.valid
    assert ("APR-F002" in report.rules_run) == (name != "no footer")
    if name == "no footer":
        assert sum(count for _, count in reads) <= len(LONG) + GLANCE
        return
    assert sum(count for _, count in reads) <= size + GLANCE
    times = Counter(block for start, count in reads for block in range(-(-start // 4096), (start + count) // 4096))
    with aprfmt.open(path) as container:
        data = container.header.ofs_data // 4096 + GLANCE // 4096
    assert {times[block] for block in range(data, size // 4096)} == {1}
    assert sum(number - 1 for number in times.values() if number > 1) * 4096 <= GLANCE


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_judged_like_its_bytes(name: str, path: Path) -> None:
    """Two threads find what one finds."""
    raw = FILES[name]()
    path.write_bytes(raw)
    assert validate_file(path) == validate_file(raw)
    broken = bytearray(raw)
    broken[-BIG] ^= 1
    path.write_bytes(broken)
    assert validate_file(path) == validate_file(bytes(broken))


def test_long_filler_that_is_not_zero_is_found_in_the_pass(path: Path) -> None:
    path.write_bytes(large(header_padding=LONGER, metadata_padding=LONGER[:-1] + b"x"))
    found = [(item.rule, item.field) for item in validate_file(path).findings if item.rule == "APR-S004"]
    assert found == [("APR-S004", "metadata_padding")]


def test_memory_does_not_depend_on_the_size(tmp_path: Path) -> None:
    peaks = []
    for n_chunks in (8, 64):
        path = tmp_path / f"{n_chunks}.apr"
        nbytes = n_chunks * CHUNK_BYTES
        path.write_bytes(
            craft(
                entry_a(dtype=7, dims=[nbytes], len_tensor=nbytes),
                entry_b(ofs_tensor=nbytes),
                tensor_data=bytes(nbytes + 64),
            )
        )
        validate_file(path)
        tracemalloc.start()
        validate_file(path)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert max(peaks) < 4 * CHUNK_BYTES
    assert abs(peaks[0] - peaks[1]) < CHUNK_BYTES


# ---- a file that changes while it is judged ----


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def shrink(path: Path) -> None:
    os.truncate(path, CHUNK_BYTES)


def empty(path: Path) -> None:
    os.truncate(path, 0)


def shrink_and_grow(path: Path) -> None:
    size = path.stat().st_size
    os.truncate(path, CHUNK_BYTES)
    os.truncate(path, size)


def replace(path: Path) -> None:
    other = path.with_name("other.apr")
    other.write_bytes(path.read_bytes())
    other.replace(path)


def overwrite(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"x")
    os.utime(path, ns=(1, 1))  # however coarse the clock of the file system is


CHANGES = [grow, shrink, empty, shrink_and_grow, replace, overwrite, Path.unlink]


@pytest.mark.parametrize("number", [1, 2, 6])
@pytest.mark.parametrize("change", CHANGES)
def test_a_file_that_changes_is_never_judged(
    change: Callable[[Path], None], number: int, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It changes before the read of that number: of the header, of the index, of the data."""
    real, lock, calls = FileSource._read_some, threading.Lock(), Counter[str]()

    def read_some(self: FileSource, start: int, buffer: memoryview) -> int:
        with lock:
            calls["read"] += 1
            if calls["read"] == number:
                change(path)
        return real(self, start, buffer)

    monkeypatch.setattr(FileSource, "_read_some", read_some)
    with pytest.raises(FormatError, match=r"the input (changed|became shorter) while it was read") as caught:
        validate_file(path)
    assert caught.value.rule_id is None
    assert calls["read"] >= number
