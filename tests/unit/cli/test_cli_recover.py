"""`recover` as its users start it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.unit.cli.running import aprfmt
from tests.unit.files.inplace.faults import SCENARIOS, Crash, Emulated, Faulty, stamp, stamped_whole

from aprfmt.files.inplace import journal_of, journal_path
from aprfmt.files.inplace.locking import locked

FITS = SCENARIOS[0]
KEYS = ["command", "file", "state", "journal", "torn", "verified", "findings"]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return tmp_path / "model.apr"


def cut(path: Path, *, raw: bytes = FITS.raw, at: int = 5) -> Path:
    path.write_bytes(raw)
    with pytest.raises(Crash):
        stamp(path, FITS, Faulty(Emulated(), at, "after"))
    return path


def test_a_file_without_a_journal_is_left_alone(model: Path) -> None:
    model.write_bytes(FITS.raw)
    run = aprfmt("recover", model)
    assert (run.code, run.out, run.err) == (0, f"{model}: no journal, nothing to recover\n", "")
    value = aprfmt("recover", model, "--json").json
    assert list(value) == KEYS
    assert (value["state"], value["journal"], value["verified"]) == ("none", None, None)
    assert aprfmt("recover", model, "-q").out == ""


def test_a_stamp_that_was_cut_is_finished(model: Path) -> None:
    place = journal_path(cut(model))
    value = aprfmt("recover", model, "--json").json
    assert (value["state"], value["journal"], value["torn"], value["verified"]) == ("new", str(place), False, True)
    assert model.read_bytes() == stamped_whole(FITS)
    assert not place.exists()
    run = aprfmt("recover", cut(model))
    assert (run.code, run.out) == (0, f"{model}: the stamp was finished; every byte matches the footer\n")


@pytest.mark.parametrize(("torn", "words"), [(False, "the stamp was undone"), (True, "the stamp had not begun")])
def test_a_stamp_that_had_not_begun_is_dropped(model: Path, torn: bool, words: str) -> None:
    place = journal_path(cut(model, at=1))
    if torn:
        place.write_bytes(place.read_bytes()[:-1])
    run = aprfmt("recover", model)
    assert (run.code, run.out) == (0, f"{model}: {words}; every byte matches the footer\n")
    assert model.read_bytes() == FITS.raw


def test_damage_is_a_finding(model: Path) -> None:
    raw = bytearray(FITS.raw)
    raw[-1000] ^= 1
    run = aprfmt("recover", cut(model, raw=bytes(raw)), "-q")
    assert run.code == 1
    assert run.out == f"{model}: the stamp was finished; THE FOOTER DOES NOT MATCH\n"
    assert "APR-F002" in run.err
    value = aprfmt("recover", cut(model, raw=bytes(raw)), "--json").json
    assert (value["verified"], [item["rule"] for item in value["findings"]]) == (False, ["APR-F002"])


def test_a_file_of_somebody_else_is_refused(model: Path) -> None:
    raw = cut(model).read_bytes()
    model.write_bytes(raw + b"x")
    run = aprfmt("recover", model, "--json")
    assert run.code == 4
    assert "the file is not as the stamp left it" in run.json["error"]["message"]
    assert model.read_bytes() == raw + b"x"
    assert journal_of(model) is not None


def test_a_stamp_under_way_is_left_alone(model: Path) -> None:
    cut(model)
    with locked(model, Emulated()):
        run = aprfmt("recover", model)
    assert run.code == 3
    assert "another process is writing this file" in run.err


def test_a_folder_is_recovered_and_counted(tmp_path: Path) -> None:
    cut(tmp_path / "a.apr")
    (tmp_path / "b.apr").write_bytes(FITS.raw)
    (tmp_path / "deep").mkdir()
    with cut(tmp_path / "deep" / "c.apr").open("ab") as file:
        file.write(b"x")
    run = aprfmt("recover", tmp_path)
    assert run.code == 0
    assert run.out.splitlines()[-1] == "2 files: 1 finished, 0 undone, 1 without a journal"
    run = aprfmt("recover", "-r", tmp_path, "--json")
    assert run.code == 1
    rows = [json.loads(line) for line in run.out.splitlines()]
    assert [row.get("state", "error") for row in rows] == ["none", "none", "error"]


def test_a_journal_can_be_named_for_one_file(model: Path, tmp_path: Path) -> None:
    journal_path(cut(model)).rename(tmp_path / "j")
    assert aprfmt("recover", model, tmp_path / "other.apr", "--journal", tmp_path / "j").code == 2
    assert aprfmt("recover", model, "--journal", tmp_path / "j").code == 0
    assert model.read_bytes() == stamped_whole(FITS)


def test_a_stream_has_no_journal() -> None:
    run = aprfmt("recover", "-")
    assert run.code == 2
    assert "not on standard input" in run.err


def test_a_file_that_is_not_there(model: Path) -> None:
    assert aprfmt("recover", model).code == 3
