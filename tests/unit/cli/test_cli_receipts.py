"""The receipt of a stamp: where it is written, what the command line puts into it, what it does not overwrite."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from tests.unit.cli.running import REPOSITORY, aprfmt, names
from tests.unit.files.inplace.faults import SCENARIOS, Crash, Emulated, Faulty, stamp
from tests.unit.rules.crafting import craft

from aprfmt import files
from aprfmt.files import sources
from aprfmt.files.inplace import journal_of

FITS = SCENARIOS[0]
STAMP = ("stamp", "model.apr", "--license", "mit", "-o", "out.apr")


@pytest.fixture(autouse=True)
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "model.apr"
    path.write_bytes(craft())
    return path


def receipt(*options: str) -> dict[str, Any]:
    run = aprfmt(*STAMP, "--receipt", "r.json", *options)
    assert run.code == 0, run.err
    value: dict[str, Any] = json.loads(Path("r.json").read_bytes())
    return value


def test_a_receipt_says_what_was_run_when_and_where() -> None:
    found = receipt()
    assert found["command_line"] == ["aprfmt", *STAMP, "--receipt", "r.json"]
    began, ended = (datetime.fromisoformat(found[key]) for key in ("started_at", "finished_at"))
    assert began.utcoffset() is not None
    assert began <= ended
    assert found["host"]["hostname"]
    ksy = (REPOSITORY / "spec" / "apr_v2.ksy").read_bytes()
    assert found["specification"]["sha256"] == sha256(ksy).hexdigest()
    assert (found["input"], found["output"]) == ("model.apr", "out.apr")
    assert found["before"]["sha256"] == sha256(Path("model.apr").read_bytes()).hexdigest()
    assert found["after"]["sha256"] == sha256(Path("out.apr").read_bytes()).hexdigest()
    assert found["patch"]["set"] == {"license": "MIT"}


def test_the_machine_need_not_be_named() -> None:
    assert receipt("--no-host")["host"] is None


@pytest.mark.parametrize(("shape", "key"), [("aprfmt", "receipt"), ("in-toto", "_type"), ("evidence", "$schema")])
def test_every_shape_can_be_asked_for_and_verifies(shape: str, key: str) -> None:
    assert key in receipt("--receipt-format", shape)
    assert aprfmt("verify", "out.apr", "--receipt", "r.json").code == 0
    assert aprfmt("verify", "model.apr", "--receipt", "r.json").code == 1


def test_a_folder_gets_a_file_called_like_the_output() -> None:
    Path("rec").mkdir()
    assert aprfmt(*STAMP, "--receipt", "rec", "--json").json["receipt"] == "rec/out.apr.receipt.json"
    assert aprfmt(*STAMP, "-f", "--receipt", "new/deep/", "--json").json["receipt"] == "new/deep/out.apr.receipt.json"
    in_place = ("stamp", "model.apr", "--license", "mit", "-i", "--receipt", "rec")
    assert aprfmt(*in_place, "--json").json["receipt"] == "rec/model.apr.receipt.json"


def test_a_receipt_that_is_there_is_kept_and_nothing_is_stamped() -> None:
    Path("r.json").write_text("precious")
    run = aprfmt(*STAMP, "--receipt", "r.json", "--json")
    assert run.code == 2
    assert run.error["message"].startswith("--receipt: output exists: ")
    assert Path("r.json").read_text() == "precious"
    assert not Path("out.apr").exists()
    assert aprfmt(*STAMP, "--receipt", "r.json", "-f").code == 0


@pytest.mark.parametrize("place", ["model.apr", "out.apr", "./model.apr"])
def test_a_receipt_never_takes_the_place_of_a_model(place: str, model: Path) -> None:
    before = model.read_bytes()
    run = aprfmt(*STAMP, "-f", "--receipt", place, "--json")
    assert run.code == 2
    assert "expected a file of its own" in run.error["message"]
    assert model.read_bytes() == before
    assert names(model.parent) == ["model.apr"]


def test_a_folder_that_is_missing_is_said_before_anything_is_stamped() -> None:
    run = aprfmt(*STAMP, "--receipt", "none/r.json", "--json")
    assert (run.code, run.error["kind"]) == (3, "file")
    assert not Path("out.apr").exists()


def failing_after(n_failing: int) -> Callable[[int, Any], int]:
    """An `os.write` for which there is no room for so many receipts, one after the other."""
    write, left = os.write, iter(range(n_failing))

    def full(descriptor: int, data: Any) -> int:
        if b'"receipt"' in bytes(data)[:100] and next(left, None) is not None:
            raise OSError(28, "No space left on device")
        return write(descriptor, data)

    return full


def test_a_receipt_that_cannot_be_written_goes_beside_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("rec").mkdir()
    monkeypatch.setattr(os, "write", failing_after(1))
    run = aprfmt(*STAMP, "--receipt", "rec/r.json", "--json")
    assert (run.code, run.error["file"]) == (3, "rec/r.json")
    assert run.error["message"] == (
        "rec/r.json: No space left on device (the file is stamped; its receipt is out.apr.receipt.json instead)"
    )
    assert not Path("rec/r.json").exists()
    assert aprfmt("verify", "out.apr", "--receipt", "out.apr.receipt.json").code == 0


@pytest.mark.parametrize(("n_failing", "taken"), [(2, False), (1, True)])
def test_a_receipt_that_has_no_place_says_what_nobody_can_find_out_any_more(
    n_failing: int, taken: bool, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = model.read_bytes()
    if taken:
        Path("model.apr.receipt.json").write_text("precious")
    monkeypatch.setattr(os, "write", failing_after(n_failing))
    run = aprfmt("stamp", "model.apr", "-i", "--license", "MIT", "--receipt", "r.json", "--json")
    assert run.code == 3
    assert run.error["message"] == (
        "r.json: No space left on device (the file is stamped; its receipt could not be written; before, it had "
        f"{len(before)} bytes, SHA-256 {sha256(before).hexdigest()})"
    )
    assert model.read_bytes() != before
    assert names(Path()) == sorted(["model.apr", *(["model.apr.receipt.json"] if taken else [])])
    assert not taken or Path("model.apr.receipt.json").read_text() == "precious"


def test_a_file_that_is_left_alone_is_not_said_to_be_stamped(monkeypatch: pytest.MonkeyPatch) -> None:
    in_place = ("stamp", "model.apr", "-i", "--license", "MIT")
    aprfmt(*in_place)
    monkeypatch.setattr(os, "write", failing_after(1))
    run = aprfmt(*in_place, "--receipt", "r.json", "--json")
    assert run.code == 3
    assert "(the file is as it was; its receipt could not be written)" in run.error["message"]
    assert names(Path()) == ["model.apr"]


def test_nothing_is_stamped_when_there_is_no_room_for_a_receipt(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, there_is = model.read_bytes(), shutil.disk_usage
    Path("rec").mkdir()

    def usage(path: Path) -> Any:
        return there_is(path)._replace(free=4096) if Path(path).name == "rec" else there_is(path)

    monkeypatch.setattr(shutil, "disk_usage", usage)
    run = aprfmt("stamp", "model.apr", "-i", "--license", "MIT", "--receipt", "rec", "--json")
    assert run.code == 3
    assert "not enough free space" in run.error["message"]
    assert model.read_bytes() == before


def test_a_receipt_that_is_there_stays_beside_a_file_that_has_every_value() -> None:
    in_place = ("stamp", "model.apr", "-i", "--license", "MIT", "--receipt", "r.json", "--json")
    assert aprfmt(*in_place).json["status"] == "stamped"
    before = Path("r.json").read_bytes()
    again = aprfmt(*in_place)
    assert (again.code, again.json["status"], again.json["receipt"]) == (0, "unchanged", "r.json")
    assert again.json["notes"] == ["the receipt that is there stays (aprfmt verify holds the file against it): r.json"]
    assert Path("r.json").read_bytes() == before
    changed = aprfmt(*in_place, "--author", "x")
    assert changed.code == 2  # this stamp would need a receipt of its own
    assert Path("r.json").read_bytes() == before
    aprfmt("stamp", "model.apr", "-i", "--set-str", f"long={'x' * 100}")
    assert aprfmt(*in_place).code == 2  # a receipt of another state of the file


def test_a_signal_waits_until_the_receipt_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    writing = files.write_plan

    def stamped(*args: Any, **options: Any) -> int:
        signal.raise_signal(signal.SIGINT)
        return writing(*args, **options)

    monkeypatch.setattr(files, "write_plan", stamped)  # what writes the receipt, when the file is stamped
    assert aprfmt("stamp", "model.apr", "-i", "--license", "MIT", "--receipt", "r.json").code == 0
    assert aprfmt("verify", "model.apr", "--receipt", "r.json").code == 0


def test_a_signal_before_leaves_the_file(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, reading = model.read_bytes(), sources.FileSource.read_into

    def read(self: sources.FileSource, start: int, buffer: memoryview) -> None:
        signal.raise_signal(signal.SIGINT)
        reading(self, start, buffer)

    monkeypatch.setattr(sources.FileSource, "read_into", read)
    assert aprfmt("stamp", "model.apr", "-i", "--license", "MIT", "--receipt", "r.json").code == 130
    assert model.read_bytes() == before
    assert names(model.parent) == ["model.apr"]


def test_a_file_that_is_left_alone_has_a_receipt_too() -> None:
    aprfmt("stamp", "model.apr", "--license", "mit", "-i")
    run = aprfmt("stamp", "model.apr", "--license", "mit", "-i", "--receipt", "r.json", "--json")
    assert run.json["status"] == "unchanged"
    found = json.loads(Path("r.json").read_bytes())
    assert found["verdict"] == "unchanged"
    assert found["before"] == found["after"]


def test_a_refused_stamp_leaves_no_receipt() -> None:
    broken = bytearray(craft())
    broken[-1] ^= 1
    Path("model.apr").write_bytes(broken)
    assert aprfmt(*STAMP, "--receipt", "r.json").code == 4
    assert not Path("r.json").exists()


def test_a_receipt_of_another_stamp_is_in_the_way() -> None:
    """It would tell of a file that this one is not any more: it neither stays as its receipt nor is overwritten."""
    for author, *receipt in (("x", "--receipt", "r.json"), ("y",)):
        assert aprfmt("stamp", "model.apr", "-i", "--reserve", "100", "--author", author, *receipt).code == 0
    before = Path("r.json").read_bytes()
    run = aprfmt("stamp", "model.apr", "-i", "--author", "y", "--receipt", "r.json", "--json")
    assert (run.code, Path("r.json").read_bytes()) == (2, before)
    assert "output exists" in run.error["message"]


def test_a_stamp_that_was_cut_is_undone_for_a_receipt(model: Path) -> None:
    """The receipt tells of the file before the stamp that was cut, not of what was left of it."""
    old = sha256(FITS.raw).hexdigest()
    for at in range(2, 6):
        model.write_bytes(FITS.raw)
        with suppress(Crash):
            stamp(model, FITS, Faulty(Emulated(), at, "after"))
        assert journal_of(model) is not None
        run = aprfmt("stamp", "model.apr", "-i", "--license", "MIT", "--receipt", f"{at}.json", "--json")
        assert run.json["notes"][0] == "a stamp in place that was cut was undone first"
        said = json.loads(Path(f"{at}.json").read_bytes())
        assert said["before"]["sha256"] == old
