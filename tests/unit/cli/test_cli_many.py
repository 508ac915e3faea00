"""Many files stamped in place by one command: which, what into each, what is said, logged and proved."""

from __future__ import annotations

import io
import json
import os
import signal
import sys
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any

import pytest
from tests.unit.cli.running import Run, aprfmt, names
from tests.unit.rules.crafting import craft

import aprfmt as api
from aprfmt.cli import main, receipts

MIT = ("--license", "MIT")
UNREAD = "note: the data of 2 files was not read; not judged: APR-D006, APR-F002\n"


@pytest.fixture(autouse=True)
def checkpoints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with three models, one of them in a folder below."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ck" / "sub").mkdir(parents=True)
    for number, name in enumerate(("a.apr", "b.apr", "sub/c.apr")):
        (tmp_path / "ck" / name).write_bytes(craft(metadata=json.dumps({"number": number}).encode()))
    return tmp_path / "ck"


def metadata(path: str) -> dict[str, Any]:
    with api.open(path) as f:
        value: dict[str, Any] = json.loads(f.metadata.raw)
        return value


def lines(run: Run) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run.out.splitlines()]


def by_name(run: Run) -> dict[str, dict[str, Any]]:
    return {line["input"]: line for line in lines(run)[:-1]}


def test_a_folder_with_and_without_those_below() -> None:
    run = aprfmt("stamp", "-i", "ck", *MIT)
    assert run.code == 0
    assert sorted(line.partition(" (")[0] for line in run.out.splitlines()) == ["Stamped ck/a.apr", "Stamped ck/b.apr"]
    assert run.err == UNREAD + "2 files: 2 stamped, 0 unchanged, 0 failed\n"
    run = aprfmt("stamp", "-i", "ck", "-r", *MIT)
    assert run.err == UNREAD.replace("2 files", "1 file") + "3 files: 1 stamped, 2 unchanged, 0 failed\n"
    assert {metadata(f"ck/{name}")["license"] for name in ("a.apr", "b.apr", "sub/c.apr")} == {"MIT"}


def test_a_list_and_a_file_that_is_named_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("list").write_text("ck/a.apr\n\nck/b.apr\n")
    run = aprfmt("stamp", "-i", "@list", "ck/a.apr", "./ck/../ck/a.apr", *MIT, "--json")
    assert sorted(by_name(run)) == ["ck/a.apr", "ck/b.apr"]
    assert lines(run)[-1] == {
        "command": "stamp",
        "status": "summary",
        "summary": {"files": 2, "stamped": 2, "unchanged": 0, "failed": 0, "skipped": 0, "left": 0},
    }
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"ck/sub/c.apr\n")))
    assert aprfmt("stamp", "-i", "@-", *MIT).code == 0
    assert metadata("ck/sub/c.apr")["license"] == "MIT"


def test_a_bad_file_does_not_stop_the_others() -> None:
    Path("ck/bad.apr").write_bytes(b"junk")
    Path("ck/cut.apr").write_bytes(craft()[:-1])
    run = aprfmt("stamp", "-i", "ck", "ck/none.apr", *MIT, "--json")
    assert run.code == 1
    found = by_name(run)
    assert {name: line["status"] for name, line in found.items()} == {
        "ck/a.apr": "stamped",
        "ck/b.apr": "stamped",
        "ck/bad.apr": "failed",
        "ck/cut.apr": "failed",
        "ck/none.apr": "failed",
    }
    assert found["ck/bad.apr"]["error"]["kind"] == "format"
    assert found["ck/none.apr"]["error"]["kind"] == "file"
    assert Path("ck/bad.apr").read_bytes() == b"junk"
    text = aprfmt("stamp", "-i", "ck", *MIT, "-q")
    assert (text.code, text.out) == (1, "")
    assert sorted(line.partition(": ")[2].partition(":")[0] for line in text.err.splitlines()[:-1]) == [
        "ck/bad.apr",
        "ck/cut.apr",
    ]
    assert text.err.splitlines()[-1] == "4 files: 0 stamped, 2 unchanged, 2 failed"


@pytest.mark.parametrize("jobs", ["1", "3"])
def test_a_patch_a_file_counts_more_than_the_common_one(jobs: str) -> None:
    Path("map").write_text(
        '{"file":"ck/a.apr","patch":{"license":"isc","number":null,"deep":{"x":1}}}\n'
        '{"file":"./ck/sub/c.apr","patch":{"name":"c"}}\n'
    )
    run = aprfmt("stamp", "-i", "ck/b.apr", "ck/a.apr", "--patch-map", "map", *MIT, "--jobs", jobs, "--json")
    assert run.code == 0
    assert metadata("ck/a.apr") == {"license": "ISC", "deep": {"x": 1}}
    assert metadata("ck/b.apr") == {"number": 1, "license": "MIT"}
    assert metadata("ck/sub/c.apr") == {"number": 2, "name": "c", "license": "MIT"}
    assert sorted(by_name(run)) == ["./ck/sub/c.apr", "ck/a.apr", "ck/b.apr"]


def test_a_map_alone_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{"file":"ck/a.apr","patch":{"k":1}}')))
    assert aprfmt("stamp", "-i", "--patch-map", "-").code == 0
    assert metadata("ck/a.apr")["k"] == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"file":"ck/a.apr","patch":{"license":"nope"}}', "--patch-map map: line 1: license: "),
        ('{"file":"ck/a.apr","patch":{"hidden_size":"x"}}', "--patch-map map: line 1: hidden_size: expected"),
        ('{"file":"ck/a.apr","patch":{}}', "the patch is empty"),
        ('{"file":"ck/a.apr"}', "--patch-map map: line 1: expected the keys file and patch"),
        (
            '{"file":"ck/a.apr","patch":{"k":1}}\n{"file":"ck/../ck/a.apr","patch":{"k":2}}',
            "line 2: expected each file once",
        ),
    ],
)
def test_a_map_that_is_wrong_stops_everything_before_the_first_file(text: str, says: str) -> None:
    Path("map").write_text(text)
    before = Path("ck/a.apr").read_bytes()
    run = aprfmt("stamp", "-i", "--patch-map", "map", "--json")
    assert run.code == 2
    assert says in run.error["message"]
    assert Path("ck/a.apr").read_bytes() == before


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ((), "the patch is empty"),
        (("--set", "hidden_size=-1"), "hidden_size: expected an unsigned integer"),
        (("--license", "unknown"), "--license: "),
        (("--license", "MIT", "--jobs", "0"), "--jobs"),
        (("--license", "MIT", "--log", "x", "-n"), "--log and -n exclude each other"),
        (("--license", "MIT", "--log", "ck"), "ck: expected the log of a run"),
    ],
)
def test_a_request_that_fits_no_file_touches_none(options: tuple[str, ...], says: str) -> None:
    before = [Path(f"ck/{name}").read_bytes() for name in ("a.apr", "b.apr")]
    run = aprfmt("stamp", "-i", "ck", *options, "--json")
    assert run.code == 2
    assert says in run.error["message"]
    assert [Path(f"ck/{name}").read_bytes() for name in ("a.apr", "b.apr")] == before


def test_a_folder_without_files_is_a_wrong_request() -> None:
    Path("empty").mkdir()
    assert "found none" in aprfmt("stamp", "-i", "empty", *MIT, "--json").error["message"]


def test_a_dry_run_says_what_would_be_and_writes_nothing() -> None:
    before = Path("ck/a.apr").stat()
    run = aprfmt("stamp", "-i", "-n", "ck", *MIT)
    assert run.out.count("Would stamp ck/") == 2
    assert run.err == UNREAD + "2 files: 2 would be stamped, 0 unchanged, 0 failed\n"
    assert (Path("ck/a.apr").stat().st_ino, Path("ck/a.apr").stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_second_run_skips_what_the_log_has_as_done() -> None:
    Path("ck/bad.apr").write_bytes(b"junk")
    command = ("stamp", "-i", "ck", *MIT, "--log", "run.jsonl", "--json")
    first = aprfmt(*command)
    assert {line["status"] for line in lines(first)[:-1]} == {"stamped", "failed"}
    second = by_name(aprfmt(*command))
    assert {name: line["status"] for name, line in second.items()} == {
        "ck/a.apr": "skipped",
        "ck/b.apr": "skipped",
        "ck/bad.apr": "failed",
    }
    Path("ck/a.apr").write_bytes(craft(metadata=b'{"number":7}'))  # changed since: done again
    os.utime("ck/b.apr")  # touched since: looked at again
    Path("ck/bad.apr").write_bytes(craft())
    third = by_name(aprfmt(*command))
    assert {name: line["status"] for name, line in third.items()} == {
        "ck/a.apr": "stamped",
        "ck/b.apr": "unchanged",
        "ck/bad.apr": "stamped",
    }
    other = by_name(aprfmt("stamp", "-i", "ck", "--license", "ISC", "--log", "run.jsonl", "--json"))
    assert {line["status"] for line in other.values()} == {"stamped"}


def test_every_file_gets_a_receipt_that_verifies() -> None:
    run = aprfmt("stamp", "-i", "-r", "ck", *MIT, "--receipt", "rec", "--log", "run.jsonl", "--json")
    assert run.code == 0
    found = {name: line["receipt"] for name, line in by_name(run).items()}
    assert found == {
        "ck/a.apr": "rec/a.apr.receipt.json",
        "ck/b.apr": "rec/b.apr.receipt.json",
        "ck/sub/c.apr": "rec/sub/c.apr.receipt.json",
    }
    for name, receipt in found.items():
        assert aprfmt("verify", name, "--receipt", receipt).code == 0
    assert aprfmt("verify", "ck/a.apr", "--receipt", "rec/b.apr.receipt.json").code == 1
    again = aprfmt("stamp", "-i", "-r", "ck", *MIT, "--receipt", "rec", "--log", "run.jsonl", "--json")
    assert {line["status"] for line in lines(again)[:-1]} == {"skipped"}
    Path("rec/a.apr.receipt.json").unlink()
    again = aprfmt("stamp", "-i", "-r", "ck", *MIT, "--receipt", "rec", "--log", "run.jsonl", "--json")
    assert by_name(again)["ck/a.apr"]["status"] == "unchanged"
    assert Path("rec/a.apr.receipt.json").exists()


def test_a_receipt_that_is_there_keeps_its_file_from_being_stamped() -> None:
    Path("rec").mkdir()
    Path("rec/a.apr.receipt.json").write_text("old")
    before = Path("ck/a.apr").read_bytes()
    run = aprfmt("stamp", "-i", "ck", *MIT, "--receipt", "rec", "--json")
    assert run.code == 1
    assert by_name(run)["ck/a.apr"]["error"]["message"].startswith("ck/a.apr: --receipt: output exists")
    assert by_name(run)["ck/b.apr"]["status"] == "stamped"
    assert Path("ck/a.apr").read_bytes() == before
    assert Path("rec/a.apr.receipt.json").read_text() == "old"
    assert aprfmt("stamp", "-i", "ck", *MIT, "--receipt", "rec", "-f").code == 0


def test_part_of_a_typed_object_can_be_patched_in_many_files() -> None:
    whole = {"quant_type": "q", "bits": 4, "symmetric": True}
    for name in ("ck/a.apr", "ck/b.apr"):
        Path(name).write_bytes(craft(metadata=json.dumps({"quantization": whole}).encode()))
    Path("patch").write_text('{"quantization":{"bits":8}}')
    assert aprfmt("stamp", "-i", "ck", "--patch", "patch").code == 0
    assert metadata("ck/a.apr") == metadata("ck/b.apr") == {"quantization": {**whole, "bits": 8}}
    Path("map").write_text('{"file":"ck/a.apr","patch":{"quantization":{"bits":2}}}')
    assert aprfmt("stamp", "-i", "--patch-map", "map").code == 0
    assert metadata("ck/a.apr") == {"quantization": {**whole, "bits": 2}}
    # Of a file that has no such object it is a fault of that file alone.
    Path("map").write_text('{"file":"ck/sub/c.apr","patch":{"quantization":{"bits":2}}}')
    run = aprfmt("stamp", "-i", "ck", "--patch-map", "map", *MIT, "--json")
    assert {name: line["status"] for name, line in by_name(run).items()} == {
        "ck/a.apr": "stamped",
        "ck/b.apr": "stamped",
        "ck/sub/c.apr": "failed",
    }


def test_a_map_that_contradicts_the_tokenizer_is_told_by_its_line() -> None:
    Path("tok").mkdir()
    Path("tok/vocab.json").write_text('{"a":0}')
    Path("map").write_text('{"file":"ck/a.apr","patch":{"x":1,"tokenizer.vocab_size":7}}')
    run = aprfmt("stamp", "-i", "--patch-map", "map", "--tokenizer", "tok", "--json")
    assert run.code == 2
    assert run.error["message"].startswith(
        "--patch-map map: line 1: 'tokenizer.vocab_size' is to be set, and the token"
    )


def test_receipts_of_many_files_need_a_folder() -> None:
    Path("rec").write_text("precious")
    before = Path("ck/a.apr").read_bytes()
    run = aprfmt("stamp", "-i", "ck", *MIT, "--receipt", "rec", "--json")
    assert run.code == 2
    assert run.error["message"] == "--receipt: expected a folder for the receipts of many files, found a file: rec"
    Path("ck/a.apr/").parent.joinpath("file").write_text("x")
    run = aprfmt("stamp", "-i", "ck", *MIT, "--receipt", "ck/file/rec", "--json")
    assert (run.code, run.error["kind"]) == (3, "file")
    assert Path("ck/a.apr").read_bytes() == before
    assert Path("rec").read_text() == "precious"


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_run_that_is_killed_before_its_log_line_goes_on_where_it_was(jobs: str) -> None:
    command = ("stamp", "-i", "ck", *MIT, "--receipt", "rec", "--log", "run.jsonl", "--jobs", jobs, "--json")
    assert aprfmt(*command).code == 0
    written = {path: path.read_bytes() for path in Path("rec").iterdir()}
    Path("run.jsonl").write_bytes(Path("run.jsonl").read_bytes().splitlines(keepends=True)[0])
    again = aprfmt(*command)
    assert again.code == 0
    assert sorted(line["status"] for line in by_name(again).values()) == ["skipped", "unchanged"]
    assert {path: path.read_bytes() for path in Path("rec").iterdir()} == written
    assert {line["status"] for line in by_name(aprfmt(*command)).values()} == {"skipped"}


def test_a_log_knows_its_receipts_from_another_folder_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert aprfmt("stamp", "-i", "ck", *MIT, "--receipt", "rec", "--log", "run.jsonl").code == 0
    monkeypatch.chdir(tmp_path / "ck")
    run = aprfmt("stamp", "-i", ".", *MIT, "--receipt", "../rec", "--log", "../run.jsonl", "--json")
    assert {line["status"] for line in by_name(run).values()} == {"skipped"}


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_log_that_is_full_ends_the_run_and_hides_no_stamp(
    jobs: str, as_json: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write

    def full(descriptor: int, data: Any) -> int:
        if bytes(data).startswith(b'{"run_log"'):
            raise OSError(28, "No space left on device")
        return write(descriptor, data)

    monkeypatch.setattr(os, "write", full)
    options = ("--json",) if as_json else ()
    run = aprfmt("stamp", "-i", "-r", "ck", *MIT, "--log", "run.jsonl", "--jobs", jobs, *options)
    assert run.code == 3
    changed = sorted(name for name in ("ck/a.apr", "ck/b.apr", "ck/sub/c.apr") if "license" in metadata(name))
    assert changed
    if as_json:
        found = lines(run)
        assert sorted(line["input"] for line in found[:-2]) == changed
        assert found[-2]["error"]["message"] == "run.jsonl: No space left on device"
        assert found[-1]["summary"] == {**found[-1]["summary"], "stamped": len(changed), "left": 3 - len(changed)}
    else:
        assert sorted(line.split()[1] for line in run.out.splitlines()) == changed
        assert run.err.splitlines()[-2] == "error: run.jsonl: No space left on device"
        assert f"3 files: {len(changed)} stamped" in run.err.splitlines()[-1]


def test_an_output_that_is_full_ends_the_run_and_the_log_has_what_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.StringIO):
        def write(self, _text: str) -> int:
            monkeypatch.setattr(self, "write", io.StringIO().write)  # what is left goes nowhere
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(sys, "stdout", Full())
    with redirect_stderr(io.StringIO()) as err:
        code = main(["stamp", "-i", "-r", "ck", *MIT, "--log", "run.jsonl", "--jobs", "1", "--json"])
    assert code == 3
    assert err.getvalue() == "error: standard output: No space left on device\n"
    logged = [json.loads(line)["file"] for line in Path("run.jsonl").read_text().splitlines()]
    assert logged == [name for name in ("ck/a.apr", "ck/b.apr", "ck/sub/c.apr") if "license" in metadata(name)]


@pytest.mark.parametrize("as_json", [False, True])
def test_a_signal_ends_the_run_with_the_summary_last(as_json: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    stamped = receipts.stamp_with_receipt

    def stamp(*args: Any) -> Any:
        signal.raise_signal(signal.SIGINT)
        return stamped(*args)

    monkeypatch.setattr("aprfmt.cli.many.stamp_with_receipt", stamp)
    run = aprfmt("stamp", "-i", "ck", *MIT, "--jobs", "1", *(("--json",) if as_json else ()))
    assert run.code == 130
    if as_json:
        assert lines(run)[-2]["error"]["kind"] == "interrupted"
        assert lines(run)[-1]["status"] == "summary"
    else:
        assert run.err.splitlines()[-2] == "error: interrupted"
        assert run.err.splitlines()[-1].startswith("2 files: ")


def test_nothing_is_left_beside_the_files(checkpoints: Path) -> None:
    aprfmt("stamp", "-i", "-r", "ck", *MIT, "--jobs", "3")
    assert names(checkpoints) == ["a.apr", "b.apr", "sub"]
    assert names(checkpoints / "sub") == ["c.apr"]
