"""Recoveries that are refused because somebody else was there, and what is said about a file that is damaged."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from tests.unit.files.inplace.faults import SCENARIOS, Crash, Emulated, Faulty, Scenario, stamp, stamped_whole

from aprfmt.errors import FormatError
from aprfmt.files.inplace import journal_of, journal_path, recover
from aprfmt.files.inplace.locking import locked

BY_NAME = {item.name: item for item in SCENARIOS}
FITS, GROWS = BY_NAME["fits"], BY_NAME["grows"]
BODY = {"fits": 5, "grows": 6}
"""The call after which the body is there and the footer is not."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.apr"


def cut(path: Path, scenario: Scenario, raw: bytes | None = None, at: int | None = None) -> bytes:
    """A file whose stamp was cut in the middle of its writes, or after another call; what is there then."""
    path.write_bytes(scenario.raw if raw is None else raw)
    with pytest.raises(Crash):
        stamp(path, scenario, Faulty(Emulated(), BODY[scenario.name] if at is None else at, "after"))
    assert journal_of(path) is not None
    return path.read_bytes()


def refused(path: Path, match: str) -> None:
    raw = path.read_bytes()
    with pytest.raises(FormatError, match=match):
        recover(path, system=Emulated())
    assert path.read_bytes() == raw
    assert journal_of(path) is not None


def test_nothing_to_recover(path: Path) -> None:
    path.write_bytes(FITS.raw)
    done = recover(path)
    assert (done.state, done.path, done.journal, done.verified) == ("none", path.resolve(), None, None)


def test_a_file_that_is_not_there(path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        recover(path)
    cut(path, FITS)
    path.unlink()
    with pytest.raises(FileNotFoundError):
        recover(path)


@pytest.mark.parametrize("scenario", [FITS, GROWS], ids=lambda item: item.name)
def test_half_a_stamp_is_refused_by_readers_and_finished(path: Path, scenario: Scenario) -> None:
    assert not any(cut(path, scenario)[:64])
    seen: list[tuple[int, int]] = []
    done = recover(path, system=Emulated(), progress=lambda *both: seen.append(both))
    assert (done.state, done.torn, done.verified, done.findings) == ("new", False, True, ())
    assert done.journal == journal_path(path)
    assert seen[-1][0] == seen[-1][1]
    assert path.read_bytes() == stamped_whole(scenario)


def test_a_torn_journal_is_dropped(path: Path) -> None:
    cut(path, FITS, at=1)
    place = journal_path(path)
    place.write_bytes(place.read_bytes()[:-1])
    done = recover(path, system=Emulated())
    assert (done.state, done.torn, done.verified) == ("old", True, True)
    assert path.read_bytes() == FITS.raw
    assert journal_of(path) is None


def test_a_damaged_journal_of_a_half_written_file_is_kept(path: Path) -> None:
    cut(path, FITS)
    place = journal_path(path)
    place.write_bytes(place.read_bytes()[:-1])
    refused(path, "the journal is torn, as if nothing had begun, and the file is damaged")


def test_a_torn_journal_of_a_damaged_file_is_kept(path: Path) -> None:
    """It may be that the damage was there before, and it may be that the journal was damaged, too, with half a stamp:
    the old header before a new body."""
    cut(path, FITS)
    raw = path.read_bytes()
    path.write_bytes(FITS.raw[:64] + raw[64:])
    place = journal_path(path)
    place.write_bytes(place.read_bytes()[:-1])
    refused(path, r"the file is damaged.*\(without it, the file is taken as it is\); expected a footer that matches")
    place.unlink()
    assert recover(path).state == "none"


def test_what_is_no_journal_is_not_removed(path: Path, tmp_path: Path) -> None:
    """Above all not the file itself, and not another one that is half done and begins with zeros."""
    other, text = tmp_path / "other.apr", tmp_path / "README.md"
    text.write_text("# What this is\n")
    half = cut(other, FITS)
    cut(path, FITS, at=1)
    raw = path.read_bytes()
    for named in (path, other, text):
        with pytest.raises(FormatError, match=r"not a journal|the journal is torn: its stamp had not begun"):
            recover(path, journal=named, system=Emulated())
    place = journal_path(path)
    place.write_text("notes of mine")
    refused(path, "not a journal")
    assert (path.read_bytes(), other.read_bytes(), text.read_text()) == (raw, half, "# What this is\n")


def test_a_torn_journal_that_lies_elsewhere_says_nothing_and_stays(path: Path, tmp_path: Path) -> None:
    cut(path, FITS, at=1)
    kept = tmp_path / "kept"
    for raw in (b"", b"aprfmt-jour", bytes(4096)):
        kept.write_bytes(raw)
        with pytest.raises(FormatError, match="the journal is torn: its stamp had not begun"):
            recover(path, journal=kept)
        assert kept.read_bytes() == raw
    place = journal_path(path)
    place.write_bytes(place.read_bytes()[:40])
    assert recover(path, journal=place, system=Emulated()).torn


def test_a_journal_that_is_named_and_not_there_is_an_error(path: Path) -> None:
    path.write_bytes(FITS.raw)
    with pytest.raises(FileNotFoundError, match="kept"):
        recover(path, journal=path.with_name("kept"))


def test_another_inode_is_refused(path: Path) -> None:
    raw = cut(path, FITS)
    path.rename(path.with_suffix(".kept"))
    path.write_bytes(raw)
    refused(path, "expected inode .*, found inode")


@pytest.mark.parametrize("scenario", [FITS, GROWS], ids=lambda item: item.name)
@pytest.mark.parametrize("change", [-1, 1, 4096, -4096])
def test_another_size_is_refused(path: Path, scenario: Scenario, change: int) -> None:
    raw = cut(path, scenario)
    os.truncate(path, len(raw) + change)
    refused(path, f"expected .* bytes.*found {len(raw) + change} bytes")


@pytest.mark.parametrize("scenario", [FITS, GROWS], ids=lambda item: item.name)
@pytest.mark.parametrize("at", [0, 70, 2000])
def test_a_byte_of_somebody_else_is_refused(path: Path, scenario: Scenario, at: int) -> None:
    raw = bytearray(cut(path, scenario))
    raw[at] = 0xFE
    path.write_bytes(raw)
    refused(path, rf"the file is not as the stamp left it.*@{at:#x}, found 0xfe")


@pytest.mark.parametrize(("name", "at"), [("fits", 70), ("fits", 2000), ("fits", -1), ("grows", -1)])
def test_a_zero_of_somebody_else_is_refused(path: Path, name: str, at: int) -> None:
    """A file that is being downloaded into the inode of the old one has its size, and zeros; no cut leaves these."""
    raw = bytearray(cut(path, BY_NAME[name]))
    at = len(raw.rstrip(b"\0")) - 1 if at < 0 else at
    assert raw[at]
    raw[at] = 0
    path.write_bytes(raw)
    refused(path, "the file is not as the stamp left it")


def test_a_footer_of_somebody_else_is_refused(path: Path) -> None:
    raw = bytearray(cut(path, FITS))
    raw[-1] ^= 0x55
    path.write_bytes(raw)
    refused(path, "the file is not as the stamp left it")


def test_a_head_of_somebody_else_is_refused_where_nothing_was_moved(path: Path) -> None:
    raw = bytearray(cut(path, GROWS, at=3))
    assert raw == GROWS.raw
    raw[100] ^= 1
    path.write_bytes(raw)
    refused(path, "expected the old head, found another one")
    raw[0] ^= 1
    path.write_bytes(raw)
    refused(path, "or the old header, found")


def test_a_stamp_that_is_under_way_is_left_alone(path: Path) -> None:
    cut(path, FITS)
    with locked(path, Emulated()), pytest.raises(OSError, match="another process") as caught:
        recover(path, system=Emulated())
    assert caught.value.errno == errno.EWOULDBLOCK


@pytest.mark.parametrize("scenario", [FITS, GROWS], ids=lambda item: item.name)
@pytest.mark.parametrize("at", [3, None])
def test_damage_that_was_there_stays_and_is_said(path: Path, scenario: Scenario, at: int | None) -> None:
    raw = bytearray(scenario.raw)
    raw[-1000] ^= 1
    cut(path, scenario, bytes(raw), at)
    done = recover(path, system=Emulated())
    assert (done.state, done.verified) == ("new" if at is None else "old", False)
    assert [item.rule for item in done.findings] == ["APR-F002"]
    assert journal_of(path) is None
    if at is not None:
        assert path.read_bytes() == bytes(raw)


def test_a_journal_that_lies_elsewhere_can_be_named(path: Path, tmp_path: Path) -> None:
    cut(path, GROWS)
    moved, place = tmp_path / "moved.apr", tmp_path / "kept"
    journal_path(path).rename(place)
    path.rename(moved)
    assert recover(moved, system=Emulated()).state == "none"
    assert recover(moved, journal=place, system=Emulated()).state == "new"
    assert moved.read_bytes() == stamped_whole(GROWS)
    assert not place.exists()


def test_the_time_of_the_last_change_is_kept_by_a_recovery_too(path: Path) -> None:
    scenario = BY_NAME["grows, time kept"]
    path.write_bytes(scenario.raw)
    os.utime(path, ns=(5, 1_234_567_890_000_000_000))
    with pytest.raises(Crash):
        stamp(path, scenario, Faulty(Emulated(), 7, "after"))
    assert recover(path, system=Emulated()).state == "new"
    assert path.stat().st_mtime_ns == 1_234_567_890_000_000_000


def test_a_file_without_a_footer_cannot_be_verified(path: Path) -> None:
    scenario = BY_NAME["grows, no footer"]
    path.write_bytes(scenario.raw)
    with pytest.raises(Crash):
        stamp(path, scenario, Faulty(Emulated(), 7, "after"))
    done = recover(path, system=Emulated())
    assert (done.state, done.verified) == ("new", None)
    assert [item.rule for item in done.findings] == ["APR-F003"]


@pytest.mark.parametrize("block", [4096, 8192, None])
def test_an_insertion_that_was_cut_is_undone(path: Path, block: int | None) -> None:
    raw = cut(path, GROWS, at=3)
    with path.open("r+b") as file:
        file.truncate(0)
        if block is not None:
            file.write(raw[:block])
            file.seek(block + 8192)
            file.write(raw[block:])
        else:
            file.write(raw)
        file.truncate(len(raw) + 8192)
    done = recover(path, system=Emulated())
    assert (done.state, done.verified) == ("old", True)
    assert path.read_bytes() == GROWS.raw
