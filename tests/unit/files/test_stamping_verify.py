"""The ways to verify an out-of-place stamp: what is read, what is refused, and what the footer says afterwards."""

from __future__ import annotations

import errno
import os
import zlib
from pathlib import Path
from typing import Any

import pytest
from tests.fuzz.laws import golden, opened

import aprfmt
from aprfmt.errors import FormatError, RequestError
from aprfmt.files import FileSource
from aprfmt.files.copying import crc32_from_disk
from aprfmt.files.stamping import WriteOptions
from aprfmt.footers import Verify
from aprfmt.provenance import ProvenancePatch

MIT = ProvenancePatch(license="MIT")
RAW = golden("teacher_q4k.apr")
DATA = opened(RAW).header.ofs_data


def wrong_by(raw: bytes) -> int:
    """What XOR makes of the footer that a file has and of the one that it should have."""
    container = opened(raw)
    assert container.footer is not None
    return container.footer.checksum ^ zlib.crc32(raw[: container.required_len])


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.apr"
    path.write_bytes(RAW)
    return path


def damaged(model: Path) -> bytes:
    raw = bytearray(RAW)
    raw[DATA + 1000] ^= 4
    model.write_bytes(raw)
    return bytes(raw)


@pytest.mark.parametrize("verify", Verify)
def test_all_ways_make_the_same_file(model: Path, tmp_path: Path, verify: Verify) -> None:
    out = tmp_path / "out.apr"
    aprfmt.stamp_file(model, out, MIT, options=WriteOptions(verify=verify))
    assert out.read_bytes() == aprfmt.stamp_bytes(RAW, MIT)


@pytest.mark.parametrize("verify", [Verify.FULL, Verify.READBACK])
def test_damage_is_refused_where_the_data_is_read(model: Path, tmp_path: Path, verify: Verify) -> None:
    damaged(model)
    with pytest.raises(FormatError, match="APR-F002"):
        aprfmt.stamp_file(model, tmp_path / "out.apr", MIT, options=WriteOptions(verify=verify))
    assert [path.name for path in tmp_path.iterdir()] == ["model.apr"]


def test_damage_stays_as_visible_as_it_was_where_it_is_not(model: Path, tmp_path: Path) -> None:
    before = damaged(model)
    out = tmp_path / "out.apr"
    aprfmt.stamp_file(model, out, MIT, options=WriteOptions(verify=Verify.HEAD))
    assert wrong_by(out.read_bytes()) == wrong_by(before) != 0


def test_a_dry_run_of_the_head_reads_no_data(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read_into = FileSource.read_into

    def no_data(source: FileSource, start: int, buffer: memoryview) -> None:
        assert start + len(buffer) <= DATA or start >= opened(RAW).required_len
        read_into(source, start, buffer)

    monkeypatch.setattr(FileSource, "read_into", no_data)
    aprfmt.stamp_file(model, None, MIT, dry_run=True, options=WriteOptions(verify=Verify.HEAD))


def test_a_file_without_a_footer_is_read_whatever_was_asked(tmp_path: Path) -> None:
    model, out = tmp_path / "model.apr", tmp_path / "out.apr"
    model.write_bytes(RAW[: opened(RAW).required_len])
    stamp = aprfmt.stamp_file(model, out, MIT, options=WriteOptions(verify=Verify.HEAD))
    assert any("no footer" in note for note in stamp.notes)
    assert wrong_by(out.read_bytes()) == 0


def test_a_proof_takes_all_bytes(model: Path, tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="a proof needs every byte read"):
        aprfmt.stamp_file(model, tmp_path / "out.apr", MIT, options=WriteOptions(verify=Verify.HEAD), prove=True)
    proven = aprfmt.stamp_file(
        model, tmp_path / "out.apr", MIT, options=WriteOptions(verify=Verify.READBACK), prove=True
    )
    assert proven.proof is not None


def test_a_disk_that_does_not_hold_what_it_took_is_noticed(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forgetful(path: Path, *arguments: Any, **options: Any) -> int:
        with path.open("r+b") as file:
            file.seek(-1000, os.SEEK_END)
            file.write(b"?")
        return crc32_from_disk(path, *arguments, **options)

    monkeypatch.setattr("aprfmt.files.copying.readback.crc32_from_disk", forgetful)
    with pytest.raises(OSError, match="reads back wrong: expected the checksum") as caught:
        aprfmt.stamp_file(model, tmp_path / "out.apr", MIT, options=WriteOptions(verify=Verify.READBACK))
    assert caught.value.errno == errno.EIO
    assert [path.name for path in tmp_path.iterdir()] == ["model.apr"]


def test_progress_counts_what_is_read_back(model: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    stamp = aprfmt.stamp_file(
        model,
        tmp_path / "out.apr",
        MIT,
        options=WriteOptions(verify=Verify.READBACK),
        progress=lambda *step: seen.append(step),
    )
    assert seen == sorted(seen)
    assert seen[-1] == (2 * stamp.output_nbytes, 2 * stamp.output_nbytes)
