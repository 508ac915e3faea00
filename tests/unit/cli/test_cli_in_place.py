"""`stamp -i`: what it says, what it refuses, and what every command says of a journal."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.cli.running import aprfmt, names
from tests.unit.rules.crafting import craft

from aprfmt.files.inplace import journal_path

HEAD = ("stamp", "-i", "--license", "MIT")


@pytest.fixture(autouse=True)
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "model.apr"
    path.write_bytes(craft())
    return path


def test_the_file_itself_is_written_and_the_rules_left_out_are_named(model: Path) -> None:
    inode = model.stat().st_ino
    run = aprfmt(*HEAD, "model.apr")
    assert run.code == 0
    assert run.out.startswith("Stamped model.apr (2 tensors, ")
    assert "note: the data was not read; not judged: " in run.err
    assert "APR-F002" in run.err
    assert model.stat().st_ino == inode
    assert names(model.parent) == ["model.apr"]
    assert aprfmt("validate", "model.apr").code == 0
    said = aprfmt(*HEAD, "model.apr", "--json").json
    assert (said["status"], said["notes"]) == ("unchanged", [])


def test_a_receipt_reads_the_data_and_holds() -> None:
    run = aprfmt(*HEAD, "model.apr", "--receipt", "r.json", "--reserve", "500", "--preserve-mtime")
    assert run.code == 0
    assert aprfmt("verify", "model.apr", "--receipt", "r.json").code == 0


def test_many_files() -> None:
    for name in ("a.apr", "b.apr"):
        Path(name).write_bytes(craft())
    run = aprfmt(*HEAD, ".", "--jobs", "2")
    assert run.code == 0
    assert "3 files: 3 stamped, 0 unchanged, 0 failed" in run.err
    assert aprfmt("validate", ".").code == 0


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("-i", "--verify", "head", "--receipt", "r.json"), "--verify head and --receipt exclude each other"),
        (("-o", "out.apr", "--reserve", "5"), "--reserve has no use in the layout canonical."),
        (("-i", "--layout", "canonical", "--reserve", "5"), "--reserve has no use in the layout canonical."),
        (("-o", "out.apr", "--keep-footerless"), "--keep-footerless has no use in the layout canonical."),
        (("-o", "out.apr", "--allow-hardlinks"), "--allow-hardlinks has no use without -i."),
        (("-i", "--layout", "roomy"), "--layout"),
        (("-i", "--reserve", "-1"), "--reserve"),
        (("-i", "--verify", "none"), "--verify"),
    ],
)
def test_options_that_have_no_use(options: tuple[str, ...], says: str, model: Path) -> None:
    before = model.read_bytes()
    run = aprfmt("stamp", "model.apr", "--license", "MIT", *options, "--json")
    assert run.code == 2
    assert says in run.error["message"]
    assert model.read_bytes() == before


def test_hard_links_are_refused_unless_allowed(tmp_path: Path, model: Path) -> None:
    (tmp_path / "other.apr").hardlink_to(model)
    run = aprfmt(*HEAD, "model.apr", "--json")
    assert run.code == 2
    assert "--allow-hardlinks" in run.error["message"]
    assert aprfmt(*HEAD, "model.apr", "--allow-hardlinks").code == 0
    assert (tmp_path / "other.apr").read_bytes() == model.read_bytes()


@pytest.mark.parametrize("command", ["inspect", "tensors", "dump", "validate", "gate", "canonicalise -n", "stamp -n"])
def test_no_command_reads_a_file_beside_a_journal(command: str, model: Path) -> None:
    journal_path(model).write_bytes(b"")
    name, *options = command.split()
    more = ["--license", "MIT"] if name == "stamp" else []
    run = aprfmt(name, "model.apr", *options, *more)
    assert run.code in (3, 4)
    assert "aprfmt recover" in run.err
    assert model.read_bytes() == craft()


def test_a_stamp_settles_what_a_cut_has_left(model: Path) -> None:
    journal_path(model).write_bytes(b"")
    run = aprfmt(*HEAD, "model.apr")
    assert run.code == 0
    assert "note: a stamp in place that was cut was undone first\n" in run.err
    assert names(model.parent) == ["model.apr"]
