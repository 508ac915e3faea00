"""Huge files: terabytes with holes, sizes up to the last number that a field can say, and file systems in memory."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.models import metadata_of, model, same_file
from tests.acceptance.odd import (
    N_TENSORS,
    TEBIBYTE,
    child,
    footer_error,
    huge_model,
    memory_folder,
    require_attributes,
    require_insertion,
)
from tests.unit.cli.running import aprfmt, names
from tests.unit.rules.crafting import craft, entry_a, entry_b

import aprfmt as api

STAMP = ("--license", "Apache-2.0", "--data-source", "teacher-only", "--data-license", "CC-BY-4.0")
PEAK = 192 << 20
"""Bytes of memory for whatever reads the index of 92,000 tensors, which is 5 MB of the file."""
WRITTEN = 256 << 10
"""Bytes that a stamp in place may write, whatever the size of the file."""


@pytest.fixture
def huge(tmp_path: Path) -> Path:
    return huge_model(tmp_path / "huge.apr")


# ---- five tebibytes ----


def test_five_tebibytes_are_looked_at(huge: Path, tmp_path: Path) -> None:
    """`inspect` and `tensors` read the head of a file of 92,000 tensors, and hold it in bounded memory."""
    seen = child(tmp_path, "inspect", huge, "--json")
    assert (seen.code, seen.err) == (0, "")
    said = json.loads(seen.out)
    assert said["valid"]
    assert said["tensor_count"] == N_TENSORS
    assert said["size_bytes"] == huge.stat().st_size
    assert 4.99 * TEBIBYTE < said["tensor_bytes"] == said["total_params"] <= 5 * TEBIBYTE
    assert said["dtypes"][0]["tensors"] == N_TENSORS
    assert seen.peak < PEAK
    last = N_TENSORS - 1
    listed = child(tmp_path, "tensors", huge, "--filter", f"*{last:06d}.weight", "--json")
    assert (listed.code, listed.err) == (0, "")
    (found,) = json.loads(listed.out)["tensors"]
    assert found["file_span"][1] == huge.stat().st_size - api.layout.FOOTER_SIZE
    assert listed.peak < PEAK


@pytest.mark.parametrize(("n_tensors", "wrong_by"), [(N_TENSORS, 0), (7, 0x00010000)], ids=["sound", "damaged"])
def test_five_tebibytes_are_stamped_in_place(n_tensors: int, wrong_by: int, tmp_path: Path) -> None:
    """Blocks are inserted once, and the next stamp fits: few bytes are written, and the footer is as true as it was."""
    require_insertion(tmp_path)
    path = huge_model(tmp_path / "huge.apr", n_tensors=n_tensors, wrong_by=wrong_by)
    before = path.stat()
    grown = child(tmp_path, "stamp", "-i", path, *STAMP)
    assert (grown.code, names(tmp_path)) == (0, ["huge.apr"]), grown.err
    after = path.stat()
    assert (after.st_ino, after.st_size) == (before.st_ino, before.st_size + 4096)
    assert after.st_blocks * 512 < 64 << 20
    assert grown.written < WRITTEN
    assert grown.peak < PEAK
    assert "not judged: APR-D006, APR-F002" in grown.err
    assert footer_error(path) == wrong_by
    assert metadata_of(path)["license"] == "Apache-2.0"
    fitted = child(tmp_path, "stamp", "-i", path, "--author", "the team")
    assert fitted.code == 0
    assert path.stat().st_size == after.st_size
    assert fitted.written < WRITTEN // 8
    assert footer_error(path) == wrong_by
    now = path.stat()
    again = aprfmt("stamp", "-i", path, "--author", "the team", "--json")
    assert (again.code, again.json["status"]) == (0, "unchanged")
    assert same_file(now, path)


def test_five_tebibytes_stay_without_a_footer(tmp_path: Path) -> None:
    """A file without a footer is stamped by its head too, when none is wanted: nothing of the data is read."""
    require_insertion(tmp_path)
    path = huge_model(tmp_path / "huge.apr", wrong_by=None)
    size = path.stat().st_size
    run = aprfmt("stamp", "-i", path, *STAMP, "--keep-footerless", "--reserve", "100000", "--json")
    assert run.code == 0
    assert path.stat().st_size == run.json["output_bytes"] == size + 25 * 4096
    seen = aprfmt("inspect", path, "--json").json
    assert (seen["valid"], seen["footer"]["present"], seen["tensor_count"]) == (True, False, N_TENSORS)


def test_the_tensors_of_five_tebibytes_move_with_the_blocks(huge: Path, tmp_path: Path) -> None:
    """Every tensor is where the index says, by as many bytes as were inserted."""
    require_insertion(tmp_path)
    with api.open(huge) as container:
        first, last = (container.tensors[at].file_span for at in (0, -1))
    mark, end = b"\x01 the first tensor", b"the last tensor \x01"
    with huge.open("r+b") as file:
        file.seek(first[0])
        file.write(mark)
        file.seek(last[1] - len(end))
        file.write(end)
    assert aprfmt("stamp", "-i", huge, *STAMP, "-q").code == 0
    with api.open(huge) as container:
        spans = [container.tensors[at].file_span for at in (0, -1)]
        assert spans == [(start + 4096, stop + 4096) for start, stop in (first, last)]
        assert container.source.read(spans[0][0], spans[0][0] + len(mark)) == mark
        assert container.source.read(spans[1][1] - len(end), spans[1][1]) == end


def test_a_dry_run_of_five_tebibytes_writes_nothing(huge: Path, tmp_path: Path) -> None:
    before = huge.stat()
    run = aprfmt("stamp", "-i", "-n", huge, *STAMP, "--json")
    assert (run.code, run.json["status"], run.json["output_bytes"]) == (0, "would_stamp", before.st_size + 4096)
    assert same_file(before, huge)
    assert names(tmp_path) == ["huge.apr"]


@pytest.mark.parametrize(
    "way",
    [("-o", "out.apr"), ("-i", "--layout", "canonical"), ("-o", "out.apr", "--layout", "growable", "--verify", "head")],
    ids=" ".join,
)
def test_a_copy_of_five_tebibytes_is_refused_before_anything_is_read(
    way: tuple[str, ...], huge: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk without so much room is an error of the file, said at once: nothing is written, nothing left."""
    if shutil.disk_usage(tmp_path).free > 5 * TEBIBYTE:
        pytest.skip("the disk has room for the copy")
    monkeypatch.chdir(tmp_path)
    before = huge.stat()
    run = aprfmt("stamp", huge, *STAMP, *way, "--json")
    assert (run.code, run.error["kind"]) == (3, "file")
    assert "not enough free space" in run.error["message"]
    assert same_file(before, huge)
    assert names(tmp_path) == ["huge.apr"]


# ---- sizes that a header or an index declares ----

LAST32, LAST64 = 2**32 - 1, 2**64 - 1
DECLARED: dict[str, dict[str, Any]] = {
    "tensors": {"header": {"num_tensors": LAST32}},
    "metadata": {"header": {"len_metadata": LAST32}},
    "place of the metadata": {"header": {"ofs_metadata": LAST64}},
    "place of the index": {"header": {"ofs_tensor_index": LAST64}},
    "place of the data": {"header": {"ofs_data": LAST64}},
    "place of the data on the grid": {"header": {"ofs_data": LAST64 - 63}},
    "place of a tensor": {"entry": {"ofs_tensor": LAST64}},
    "place of a tensor on the grid": {"entry": {"ofs_tensor": LAST64 - 63}},
    "bytes of a tensor": {"entry": {"len_tensor": LAST64}},
    "a dimension": {"entry": {"dims": [LAST64]}},
    "a dimension and the bytes": {"entry": {"dims": [LAST64], "len_tensor": LAST64}},
    "all dimensions": {"entry": {"dims": [LAST64] * 255}},
    "place and bytes of a tensor": {"entry": {"dims": [LAST64], "ofs_tensor": LAST64, "len_tensor": LAST64}},
    "half of all bytes": {"entry": {"dims": [2**63], "len_tensor": 2**63}},
}


@pytest.mark.parametrize("what", DECLARED)
@pytest.mark.parametrize(
    "way",
    [
        ("-i",),
        ("-i", "--layout", "canonical"),
        ("-i", "--verify", "full"),
        ("-o", "out.apr"),
        ("-o", "out.apr", "--layout", "growable", "--verify", "head"),
    ],
    ids=" ".join,
)
def test_declared_sizes_are_numbers_like_any_other(
    way: tuple[str, ...], what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A size that no file has is a fault of the file: refused under the id of a rule, and nothing is touched."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "model.apr"
    declared = DECLARED[what]
    path.write_bytes(craft(entry_a(), entry_b(**declared.get("entry", {})), header=declared.get("header")))
    before, raw = path.stat(), path.read_bytes()
    run = aprfmt("stamp", path, *STAMP, *way, "--json")
    assert (run.code, run.error["kind"]) == (4, "format")
    assert run.error["rule_id"].startswith("APR-")
    assert same_file(before, path)
    assert path.read_bytes() == raw
    assert names(tmp_path) == ["model.apr"]


# ---- a file system in memory, which inserts no blocks ----


@pytest.fixture
def memory(request: pytest.FixtureRequest) -> Iterator[Path]:
    folder = memory_folder(request.node.name.partition("[")[0][-40:])
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def test_in_memory_what_fits_is_written_in_place(memory: Path) -> None:
    """The room behind the metadata suffices: the file is the same one, and its data is not read."""
    path = model(memory / "model.apr")
    before = path.stat()
    run = aprfmt("stamp", "-i", path, "--set", "a=1", "--json")
    assert (run.code, run.json["status"]) == (0, "stamped")
    assert (path.stat().st_ino, path.stat().st_size) == (before.st_ino, before.st_size)
    assert run.json["rules_skipped"] == ["APR-D006", "APR-F002"]
    assert aprfmt("validate", path).code == 0
    assert names(memory) == ["model.apr"]


def test_in_memory_a_file_that_must_grow_is_written_anew(memory: Path) -> None:
    """No blocks can be inserted: a new file takes the place, checked byte for byte, and a note says so."""
    path, out = model(memory / "model.apr"), memory / "out.apr"
    path.chmod(0o640)
    assert aprfmt("stamp", path, *STAMP, "-o", out).code == 0
    before = path.stat()
    run = aprfmt("stamp", "-i", path, *STAMP, "--preserve-mtime", "--json")
    assert (run.code, run.json["status"]) == (0, "stamped")
    assert [note for note in run.json["notes"] if note.startswith("written as a new file, with every byte checked")]
    after = path.stat()
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
    assert (after.st_ino != before.st_ino, after.st_mtime_ns) == (True, before.st_mtime_ns)
    assert metadata_of(path) == metadata_of(out)
    assert aprfmt("validate", path).code == 0
    assert names(memory) == ["model.apr", "out.apr"]


def test_in_memory_a_damaged_file_that_must_grow_is_refused(memory: Path) -> None:
    """The new file would be a copy, which is checked: damage refuses it, and the file stays."""
    path = model(memory / "model.apr")
    raw = bytearray(path.read_bytes())
    raw[-9] ^= 1
    path.write_bytes(raw)
    before = path.stat()
    run = aprfmt("stamp", "-i", path, *STAMP, "--json")
    assert (run.code, run.error["rule_id"]) == (4, "APR-F002")
    assert same_file(before, path)
    assert names(memory) == ["model.apr"]


def test_in_memory_attributes_are_kept(memory: Path) -> None:
    """Of a file that is written in place, and of one that is written anew."""
    require_attributes(memory)
    path = model(memory / "model.apr")
    os.setxattr(path, "user.origin", b"here")
    for options in (("--set", "a=1"), STAMP):
        assert aprfmt("stamp", "-i", path, *options).code == 0
        assert os.getxattr(path, "user.origin") == b"here"


def test_in_memory_terabytes_are_stamped_where_they_fit(memory: Path) -> None:
    """What fits needs no room; what must grow would need room for all of it, and is refused."""
    path = huge_model(memory / "huge.apr", n_tensors=7)
    before = path.stat()
    run = aprfmt("stamp", "-i", path, "--set", "a=1", "--json")
    assert (run.code, run.json["output_bytes"]) == (0, before.st_size)
    assert footer_error(path) == 0
    between = path.stat()
    run = aprfmt("stamp", "-i", path, *STAMP, "--json")
    assert (run.code, run.error["kind"]) == (3, "file")
    assert "not enough free space" in run.error["message"]
    assert same_file(between, path)
    assert names(memory) == ["huge.apr"]


@pytest.mark.parametrize("wrong_by", [0, 1], ids=["sound", "damaged"])
def test_in_memory_a_file_may_be_as_long_as_a_number(wrong_by: int, memory: Path) -> None:
    """Nearly 8 EiB, the most that any file has: read, listed and stamped like a small one."""
    path = huge_model(memory / "huge.apr", 2**63 - (1 << 20), n_tensors=3, wrong_by=wrong_by)
    size = path.stat().st_size
    seen = aprfmt("inspect", path, "--json")
    assert (seen.code, seen.json["valid"], seen.json["size_bytes"]) == (0, True, size)
    assert aprfmt("tensors", path).code == 0
    run = aprfmt("stamp", "-i", path, "--set", "a=1", "--json")
    assert (run.code, run.json["output_bytes"]) == (0, size)
    assert footer_error(path) == wrong_by
    assert metadata_of(path)["a"] == 1
