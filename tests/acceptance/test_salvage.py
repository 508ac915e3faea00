"""Fifty checkpoints that say the wrong thing about themselves, put right in one command, each with its proof."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.models import digests, flip, metadata_of, model, same_file
from tests.acceptance.pages import follow
from tests.unit.cli.running import REPOSITORY, Run, aprfmt, process

N = 50
WRONG = {
    "model_type": "qwen2",
    "license": "Apache-2.0",
    "data_source": "teacher-only",
    "data_license": "CC-BY-4.0",
    "architecture": "LlamaForCausalLM",
    "hidden_size": 8,
    "num_layers": 1,
    "num_heads": 2,
}
RIGHT = {"architecture": "qwen2", "hf_architecture": "Qwen2ForCausalLM", "hf_model_type": "qwen2"}
OPTIONS = tuple(part for key, value in RIGHT.items() for part in (f"--{key.replace('_', '-')}", value))


@pytest.fixture
def checkpoints(tmp_path: Path) -> Path:
    """Fifty checkpoints of one run, in two folders: every other one has nulls where the others have nothing."""
    folder = tmp_path / "checkpoints"
    (folder / "late").mkdir(parents=True)
    for number in range(N):
        said = {**WRONG, "name": f"step {number}", **({"hf_architecture": None} if number % 2 else {})}
        where = folder / "late" if number >= N // 2 else folder
        model(where / f"step-{number:02}.apr", json.dumps(said, separators=(",", ":")).encode(), seed=str(number))
    return folder


def files_in(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.apr"))


def stamp(folder: Path, *options: str | Path, files: tuple[str | Path, ...] = ()) -> Run:
    """The one command, in a process of its own."""
    what = files or ("-r", folder)
    kept = folder.parent
    return process(
        "stamp", "-i", *what, *options, "--receipt", kept / "receipts/", "--log", kept / "run.jsonl", "--jobs", "2"
    )


def receipts_of(folder: Path) -> dict[str, Path]:
    """The receipt of each file, found by the digest of what the file is now."""
    from hashlib import sha256

    found = {sha256(path.read_bytes()).hexdigest(): path for path in files_in(folder)}
    receipts = {}
    for receipt in sorted((folder.parent / "receipts").rglob("*.json")):
        text = receipt.read_text(encoding="utf-8")
        receipts.update({str(path): receipt for digest, path in found.items() if digest in text})
    return receipts


def hf_identity(folder: Path) -> list[int]:
    """The points of every file for saying what it is on the model hub."""
    run = aprfmt("inspect", "-r", folder, "--quality", "--json")
    lines = [json.loads(line) for line in run.out.splitlines()]
    return [line["quality"]["breakdown"]["hf_identity"] for line in lines]


def test_fifty_checkpoints_are_put_right_in_one_command(checkpoints: Path) -> None:
    """Every file says what it is, scores 20 after 0, has the weights that it had, and a receipt that holds."""
    payload = {path: digests(path) for path in files_in(checkpoints)}
    assert len(payload) == N
    assert hf_identity(checkpoints) == [0] * N
    run = stamp(checkpoints, *OPTIONS)
    assert run.code == 0
    assert "50 files: 50 stamped, 0 unchanged, 0 failed" in run.err
    assert hf_identity(checkpoints) == [20] * N
    assert {path: digests(path) for path in files_in(checkpoints)} == payload
    for path in payload:
        said = metadata_of(path)
        assert {key: said[key] for key in RIGHT} == RIGHT
        assert {key: said[key] for key in WRONG if key not in RIGHT} == {
            key: value for key, value in WRONG.items() if key not in RIGHT
        }
    receipts = receipts_of(checkpoints)
    assert sorted(receipts) == sorted(map(str, payload))
    assert len(set(receipts.values())) == N
    for file, receipt in receipts.items():
        assert aprfmt("verify", file, "--receipt", receipt).code == 0
    assert not [path for path in checkpoints.rglob("*") if path.suffix == ".tmp"]


def test_a_receipt_is_of_one_file(checkpoints: Path) -> None:
    """The receipt of another checkpoint does not hold, and one bit is enough for that of its own."""
    first, second = files_in(checkpoints)[:2]
    assert stamp(checkpoints, *OPTIONS, files=(first, second)).code == 0
    receipts = receipts_of(checkpoints)
    assert aprfmt("verify", first, "--receipt", receipts[str(first)]).code == 0
    assert aprfmt("verify", first, "--receipt", receipts[str(second)]).code == 1
    flip(first, "b.weight")
    run = aprfmt("verify", first, "--receipt", receipts[str(first)])
    assert run.code == 1
    assert "b.weight" in run.out + run.err


def test_a_second_run_with_the_same_log_skips_all(checkpoints: Path) -> None:
    """What the log says is done, and is as it was left, is not touched again."""
    assert stamp(checkpoints, *OPTIONS).code == 0
    before = {path: path.stat() for path in files_in(checkpoints)}
    receipts = {path: path.read_bytes() for path in (checkpoints.parent / "receipts").rglob("*.json")}
    run = stamp(checkpoints, *OPTIONS)
    assert run.code == 0
    assert "50 skipped" in (run.out + run.err).lower()
    assert all(same_file(status, path) for path, status in before.items())
    assert {path: path.read_bytes() for path in (checkpoints.parent / "receipts").rglob("*.json")} == receipts


def test_a_run_that_was_cut_short_goes_on(checkpoints: Path) -> None:
    """A second run takes up what the first one did not get to, and leaves alone what it did."""
    done = files_in(checkpoints)[
        :20
    ]  # of one folder, so that their receipts lie elsewhere than those of a run over all
    assert stamp(checkpoints, *OPTIONS, files=tuple(done)).code == 0
    before = {path: path.stat() for path in done}
    run = stamp(checkpoints, *OPTIONS)
    assert run.code == 0
    assert "30 stamped" in run.err
    assert "20 skipped" in run.err
    assert hf_identity(checkpoints) == [20] * N
    assert all(same_file(status, path) for path, status in before.items())


def test_a_file_that_came_back_wrong_is_stamped_again(checkpoints: Path) -> None:
    """A file that is another than the run left is done again, whatever the log says. Its old receipt, which tells of
    what was there, is overwritten only with `--force`."""
    assert stamp(checkpoints, *OPTIONS).code == 0
    before = {path: path.stat() for path in files_in(checkpoints)}
    (path,) = [path for path in before if path.name == "step-30.apr"]
    path.unlink()
    model(path, WRONG, seed="another")
    raw = path.read_bytes()
    run = stamp(checkpoints, *OPTIONS)
    assert run.code == 1
    assert "step-30.apr.receipt.json (--force" in run.err
    assert path.read_bytes() == raw
    run = stamp(checkpoints, *OPTIONS, "--force")
    assert run.code == 0
    assert "1 stamped" in run.err
    assert "49 skipped" in run.err
    assert metadata_of(path)["architecture"] == "qwen2"
    assert aprfmt("verify", path, "--receipt", receipts_of(checkpoints)[str(path)]).code == 0
    assert all(same_file(status, other) for other, status in before.items() if other != path)


def test_one_broken_file_does_not_stop_the_others(checkpoints: Path) -> None:
    """49 files are put right; the broken one is named, stays as it is, gets no receipt, and the exit code is 1."""
    files = files_in(checkpoints)
    broken = flip(files[N // 3], "a.weight")
    before, raw = broken.stat(), broken.read_bytes()
    run = stamp(checkpoints, *OPTIONS)
    assert run.code == 1
    assert broken.name in run.out + run.err
    assert "1 failed" in (run.out + run.err).lower()
    assert "APR-F002" in run.out + run.err
    assert "Traceback" not in run.err
    assert same_file(before, broken)
    assert broken.read_bytes() == raw
    assert all(metadata_of(path)["architecture"] == "qwen2" for path in files if path != broken)
    assert sorted(receipts_of(checkpoints)) == sorted(str(path) for path in files if path != broken)
    again = stamp(checkpoints, *OPTIONS)
    assert again.code == 1  # a failure is no success because it was seen before
    assert broken.name in again.out + again.err
    assert "49 skipped" in (again.out + again.err).lower()


def test_the_log_says_what_happened_to_each(checkpoints: Path) -> None:
    """A line of JSON a file: which one, and how it went."""
    broken = flip(files_in(checkpoints)[3], "a.weight")
    assert stamp(checkpoints, *OPTIONS).code == 1
    lines = (checkpoints.parent / "run.jsonl").read_text(encoding="utf-8").splitlines()
    rows: list[dict[str, Any]] = [json.loads(line) for line in lines]
    assert all(isinstance(row, dict) for row in rows)
    for path in files_in(checkpoints):
        assert [row for row in rows if path.name in json.dumps(row)]
    (row,) = [row for row in rows if broken.name in json.dumps(row)]
    assert "APR-F002" in json.dumps(row)


def test_a_map_gives_single_files_their_own_values(checkpoints: Path) -> None:
    """A patch a file: what the map says of a file, and nothing else, is what the file gets of it."""
    files = files_in(checkpoints)
    told = {files[number]: f"step {number}, put right" for number in (1, 30)}
    rows = [{"file": str(path), "patch": {"description": text, "architecture": "qwen2"}} for path, text in told.items()]
    table = checkpoints.parent / "map.jsonl"
    table.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    run = stamp(checkpoints, "--patch-map", table, files=tuple(told))
    assert run.code == 0
    for path in files:
        said = metadata_of(path)
        assert said.get("description") == told.get(path)
        assert said["architecture"] == ("qwen2" if path in told else "LlamaForCausalLM")


def test_a_list_of_files_is_as_good_as_a_folder(checkpoints: Path) -> None:
    """`@list` names the files, one a line."""
    chosen = files_in(checkpoints)[5:9]
    table = checkpoints.parent / "list.txt"
    table.write_text("".join(f"{path}\n" for path in chosen), encoding="utf-8")
    assert stamp(checkpoints, *OPTIONS, files=(f"@{table}",)).code == 0
    assert [path for path in files_in(checkpoints) if metadata_of(path)["architecture"] == "qwen2"] == chosen


@pytest.mark.skipif(shutil.which("sh") is None, reason="no shell on this system")
def test_the_page_is_followed(tmp_path: Path) -> None:
    """The commands of docs/salvage.md do what the page says, and print what it shows."""
    folder = tmp_path / "work"
    folder.mkdir()
    done = follow(REPOSITORY / "docs" / "salvage.md", folder)
    assert [printed for step, printed in done if "xargs" in step.code] == [""]  # every receipt holds
    assert [metadata_of(path)["hf_model_type"] for path in files_in(folder / "checkpoints")] == ["qwen2"] * N
    assert len(list((folder / "receipts").rglob("*.json"))) == N
