"""Insertions that were cut in files with holes of their own: which one is to be taken out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.files.inplace.faults import Crash, Emulated, Faulty

from aprfmt import DType, MetadataPatch, NewTensor, create_bytes
from aprfmt import open as open_container
from aprfmt.checksum import crc32
from aprfmt.errors import FormatError
from aprfmt.files.inplace import gaps, journal_of, recover, write_in_place
from aprfmt.files.sources import FileSource
from aprfmt.layout import FOOTER_SIZE
from aprfmt.ops.inplace import plan_in_place
from aprfmt.testing import expand

BLOCK, SHIFT = 4096, 8192
PATCH = MetadataPatch(set={"data_source": "x" * 5000})


def sparse_file(*zeros: tuple[int, int]) -> bytes:
    """A file whose data has zeros in these blocks."""
    data = bytearray(expand(7, 30 * BLOCK))
    for start, stop in zeros:
        data[start * BLOCK : stop * BLOCK] = bytes((stop - start) * BLOCK)
    return create_bytes([NewTensor("a", DType.U8, (len(data),), bytes(data))], {"license": "MIT"})


def write_sparse(path: Path, raw: bytes) -> None:
    """Write a file, and leave holes where blocks are zero."""
    with path.open("r+b" if path.exists() else "w+b") as file:
        file.truncate(0)
        for at in range(0, len(raw), BLOCK):
            if any(piece := raw[at : at + BLOCK]):
                file.seek(at)
                file.write(piece)
        file.truncate(len(raw))


def cut_at(path: Path, raw: bytes, block: int, **options: Any) -> None:
    """Leave what a file system does that had moved all from this block on when it was cut."""
    write_sparse(path, raw)
    with open_container(path) as container:
        made = plan_in_place(container, PATCH, **options)
        assert made.shift == SHIFT
        assert isinstance(container.source, FileSource)
        with pytest.raises(Crash):
            write_in_place(path, made, container.source, system=Faulty(Emulated(), 4, "before"))
    write_sparse(path, raw[: block * BLOCK] + bytes(SHIFT) + raw[block * BLOCK :])
    os.truncate(path, len(raw) + SHIFT)


def refused(path: Path, match: str) -> None:
    before = path.read_bytes()
    with pytest.raises(FormatError, match=match):
        recover(path, system=Emulated())
    assert path.read_bytes() == before
    assert journal_of(path) is not None


HOLES = st.lists(st.tuples(st.integers(1, 29), st.integers(1, 6)).map(lambda pair: (pair[0], min(30, sum(pair)))))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(HOLES, st.integers(1, 31))
def test_the_footer_tells_which_hole_it_is(tmp_path: Path, holes: list[tuple[int, int]], block: int) -> None:
    path, raw = tmp_path / "model.apr", sparse_file(*holes)
    for item in tmp_path.iterdir():
        item.unlink()
    cut_at(path, raw, block)
    done = recover(path, system=Emulated())
    assert (done.state, done.verified) == ("old", True)
    assert path.read_bytes() == raw


@pytest.mark.parametrize("longer", [1, 100, BLOCK, SHIFT - 1, SHIFT])
@pytest.mark.parametrize("holes", [(), ((3, 9),), ((3, 9), (28, 30))])
def test_zeros_behind_the_file_are_cut_off(tmp_path: Path, longer: int, holes: tuple[tuple[int, int], ...]) -> None:
    """XFS may say that the file is longer by a part of the shift, with zeros there and no hole, when it was cut."""
    path, raw = tmp_path / "model.apr", sparse_file(*holes)
    cut_at(path, raw, 31)
    write_sparse(path, raw)
    with path.open("ab") as file:
        file.write(bytes(longer))
    done = recover(path, system=Emulated())
    assert (done.state, done.verified) == ("old", True)
    assert path.read_bytes() == raw


@pytest.mark.parametrize("longer", [1, SHIFT - 1, SHIFT])
def test_what_somebody_appended_is_not_cut_off(tmp_path: Path, longer: int) -> None:
    path, raw = tmp_path / "model.apr", sparse_file()
    cut_at(path, raw, 31)
    path.write_bytes(raw + b"x".rjust(longer, b"\0"))
    refused(path, "found 0 holes")


@pytest.mark.parametrize("footer", ["derive", "keep"])
def test_without_a_right_footer_it_is_not_guessed(tmp_path: Path, footer: str) -> None:
    path, raw = tmp_path / "model.apr", sparse_file((4, 8), (20, 25))
    raw = raw[:-FOOTER_SIZE] if footer == "keep" else raw[:-1] + bytes([raw[-1] ^ 1])
    cut_at(path, raw, 10, footer=footer)
    refused(path, "the insertion of blocks was cut; expected one hole of at least 8192 bytes, or .*, found 3 holes")


def test_the_one_hole_of_a_damaged_file_is_it(tmp_path: Path) -> None:
    path, raw = tmp_path / "model.apr", sparse_file((3, 4))
    raw = raw[:-1] + bytes([raw[-1] ^ 1])
    cut_at(path, raw, 10)
    done = recover(path, system=Emulated())
    assert (done.state, done.verified) == ("old", False)
    assert path.read_bytes() == raw


def test_a_file_with_no_hole_is_not_touched(tmp_path: Path) -> None:
    path, raw = tmp_path / "model.apr", sparse_file()
    cut_at(path, raw, 10)
    path.write_bytes(raw + b"x" * SHIFT)
    refused(path, "found 0 holes")


def test_another_head_is_not_touched(tmp_path: Path) -> None:
    path, raw = tmp_path / "model.apr", sparse_file()
    cut_at(path, raw, 10)
    with path.open("r+b") as file:
        file.seek(70)
        file.write(b"?")
    refused(path, "the file does not begin as before without its hole @0xa000")


def test_a_system_that_knows_no_holes_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, raw = tmp_path / "model.apr", sparse_file()
    cut_at(path, raw, 10)
    monkeypatch.delattr(os, "SEEK_HOLE")
    with pytest.raises(OSError, match="this system knows no holes") as caught:
        recover(path, system=Emulated())
    assert caught.value.filename == str(path.resolve())
    assert journal_of(path) is not None


@given(HOLES, st.lists(st.integers(1, 31 * BLOCK), min_size=1, max_size=9))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_checksums_of_a_file_of_which_the_holes_are_not_read(
    tmp_path: Path, holes: list[tuple[int, int]], points: list[int]
) -> None:
    path, raw = tmp_path / "sparse", sparse_file(*holes)
    write_sparse(path, raw)
    points = [min(point, len(raw)) for point in points]
    with path.open("rb") as file:
        found = gaps._crcs(file.fileno(), set(points))
    assert {point: found[point] for point in points} == {point: crc32(raw[:point]) for point in points}
