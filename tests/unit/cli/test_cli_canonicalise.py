"""`aprfmt canonicalise`: what it writes, what it says of it, and that nothing happens when it refuses."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from tests.unit.cli.running import GOLDEN, aprfmt, assert_printable, names, process
from tests.unit.rules.crafting import craft, entry_a, entry_b

from aprfmt import DType, canonicalise_bytes

DATA = bytes(range(1, 9)) + bytes(56) + b"xyz" + bytes(61)
# Order, gap, off the grid, an old id, excess filler, no footer, no layout flag: all that can be put right.
ODD = craft(
    entry_a(ofs_tensor=192),
    entry_b(dtype=DType.APR_Q8_LEGACY, ofs_tensor=2, len_tensor=7),
    header={"flags": {"layout_row_major": False, "has_vocab": True}},
    header_padding=bytes(100),
    tensor_data=bytes(2) + b"1234567" + bytes(183) + DATA[:64],
    footer=None,
)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    path = folder / "model.apr"
    path.write_bytes(ODD)
    return path


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder / "out.apr"


def test_the_output_is_the_canonical_form(model: Path, out: Path) -> None:
    run = aprfmt("canonicalise", model, "-o", out)
    assert run.code == 0
    assert out.read_bytes() == canonicalise_bytes(ODD)
    assert model.read_bytes() == ODD
    assert (names(model.parent), names(out.parent)) == (["model.apr"], ["out.apr"])
    assert aprfmt("validate", "--profile", "canonical", out).code == 0
    assert aprfmt("validate", "--profile", "canonical", model).code == 1


def test_the_text_says_what_moved(model: Path, out: Path) -> None:
    run = aprfmt("canonicalise", model, "-o", out)
    assert run.out.splitlines() == [
        f"Canonicalised {model} -> {out} (2 tensors, {len(ODD)} -> {out.stat().st_size} bytes)",
        "  metadata:        0xa4 -> 0x40",
        "  tensor_index:    0xc0 -> 0x80",
        "  tensor_data:     0x100 -> 0xc0",
        "  tensors moved:   2 of 2",
        "  dtype ids:       1 of 2",
    ]
    assert run.err.splitlines() == [
        "note: the header flag LAYOUT_ROW_MAJOR is added",
        "note: the input has no footer, so its data cannot be checked; the output gets one",
    ]


def test_the_json_says_the_same(model: Path, out: Path) -> None:
    run = aprfmt("canonicalise", model, "-o", out, "--json")
    nbytes = out.stat().st_size
    assert (run.code, run.err) == (0, "")
    assert run.json == {
        "command": "canonicalise",
        "input": str(model),
        "output": str(out),
        "input_bytes": len(ODD),
        "output_bytes": nbytes,
        "tensor_count": 2,
        "header_flags_bits": 0x0600,
        "identical": False,
        "changed": {
            "sections": {
                "metadata": {"before": 0xA4, "after": 0x40},
                "tensor_index": {"before": 0xC0, "after": 0x80},
                "tensor_data": {"before": 0x100, "after": 0xC0},
            },
            "tensors_moved": 2,
            "dtype_ids": 1,
            "bytes_saved": len(ODD) - nbytes,
        },
        "dry_run": False,
        "notes": [
            "the header flag LAYOUT_ROW_MAJOR is added",
            "the input has no footer, so its data cannot be checked; the output gets one",
        ],
    }


@pytest.mark.parametrize("name", ["teacher_q4k.apr", "no_tensors.apr", "unicode_names.apr"])
def test_a_canonical_file_is_copied_and_said_to_be_one(name: str, out: Path) -> None:
    run = aprfmt("canonicalise", GOLDEN / name, "-o", out)
    assert (run.code, len(run.out.splitlines())) == (0, 1)
    assert run.err == "note: the file is canonical already\n"
    assert out.read_bytes() == (GOLDEN / name).read_bytes()
    said = aprfmt("canonicalise", GOLDEN / name, "-n", "--json").json
    assert said["identical"] is True
    assert said["changed"] == {"sections": {}, "tensors_moved": 0, "dtype_ids": 0, "bytes_saved": 0}


def test_a_second_time_changes_nothing(model: Path, out: Path) -> None:
    aprfmt("canonicalise", model, "-o", out)
    again = out.with_name("again.apr")
    assert aprfmt("canonicalise", out, "-o", again, "--json").json["identical"] is True
    assert again.read_bytes() == out.read_bytes()


def test_a_dry_run_says_the_same_and_writes_nothing(model: Path, out: Path) -> None:
    run = aprfmt("canonicalise", model, "-n")
    assert run.out.startswith(f"Would canonicalise {model} (2 tensors, ")
    with_output = aprfmt("canonicalise", model, "-o", out, "-n", "--json").json
    without = aprfmt("canonicalise", model, "--dry-run", "--json").json
    assert (names(model.parent), names(out.parent)) == (["model.apr"], [])
    wet = aprfmt("canonicalise", model, "-o", out, "--json").json
    assert {**with_output, "dry_run": False} == wet
    assert {**without, "dry_run": False, "output": str(out)} == wet


def test_quiet_says_nothing_and_verbose_more(model: Path, out: Path) -> None:
    assert aprfmt("canonicalise", model, "-o", out, "-q") == (0, "", "")
    run = aprfmt("canonicalise", out, "-n", "-v")
    assert run.out.splitlines()[1:] == ["  tensors moved:   0 of 2", "  dtype ids:       0 of 2"]


def test_the_output_may_be_the_input(model: Path) -> None:
    run = aprfmt("canonicalise", model, "-o", model)
    assert (run.code, run.out) == (2, "")
    assert "output exists" in run.err
    assert model.read_bytes() == ODD
    assert aprfmt("canonicalise", model, "-o", model, "--force").code == 0
    assert model.read_bytes() == canonicalise_bytes(ODD)
    assert names(model.parent) == ["model.apr"]


def test_what_belongs_to_nothing_is_dropped_only_when_asked(model: Path, out: Path) -> None:
    model.write_bytes(craft(tensor_data=DATA, header_padding=b"hidden" + bytes(58)) + b"tail")
    run = aprfmt("canonicalise", model, "-o", out)
    assert (run.code, run.out) == (4, "")
    assert run.err == (
        f"error: {model}: filler around the metadata is not zero; the bytes would be lost (--drop-unexplained, or "
        "drop_unexplained=True, drops them); expected zero bytes, found other bytes, the last one @0x45; "
        "header_padding @0x40..0x46 [APR-S004]\n"
    )
    assert aprfmt("canonicalise", model, "-o", out, "--json").error["rule_id"] == "APR-S004"
    assert names(out.parent) == []
    run = aprfmt("canonicalise", model, "-o", out, "--drop-unexplained")
    assert run.code == 0
    assert run.err.splitlines() == [
        "note: dropped: filler around the metadata is not zero; header_padding @0x40..0x46 [APR-S004]",
        "note: dropped: bytes follow the footer; trailing @0x184..0x188 [APR-F004]",
    ]
    assert out.read_bytes() == craft(tensor_data=DATA)


@pytest.mark.parametrize("options", [("-n",), (), ("--force",), ("--drop-unexplained",)])
@pytest.mark.parametrize("at", [0x43, 0xC0, 0xFF, 0x140], ids=["metadata", "data", "filler", "footer"])
def test_damage_is_refused_and_nothing_happens(model: Path, out: Path, options: tuple[str, ...], at: int) -> None:
    raw = bytearray(craft(tensor_data=DATA))
    raw[at] ^= 0x10
    model.write_bytes(raw)
    target = model if "--force" in options else out
    run = aprfmt("canonicalise", model, "-o", target, *options, "--json")
    assert (run.code, run.error["rule_id"], run.error["file"]) == (4, "APR-F002", str(model))
    assert model.read_bytes() == raw
    assert (names(model.parent), names(out.parent)) == (["model.apr"], [])


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        ((), 2, "Missing argument 'FILE'"),
        (("a.apr",), 2, "Missing option '-o' / '--output'"),
        (("-", "-o", "b.apr"), 2, "neither reads nor writes a stream"),
        (("a.apr", "-o", "-"), 2, "neither reads nor writes a stream"),
        (("none.apr", "-o", "b.apr"), 3, "none.apr: No such file or directory"),
        ((str(GOLDEN), "-o", "b.apr"), 3, "Is a directory"),
        ((os.devnull, "-o", "b.apr"), 2, "expected a regular file"),
        ((str(GOLDEN / "sharded.apr"), "-o", "none/b.apr"), 3, "none: No such file or directory"),
        ((str(GOLDEN / "sharded.apr"), "-o", ".", "-f"), 2, "found a directory"),
        ((str(GOLDEN / "expected.json"), "-o", "b.apr"), 4, "not an APR v2 container"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_wrong_requests(
    args: tuple[str, ...], code: int, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run, said = aprfmt("canonicalise", *args), aprfmt("canonicalise", *args, "--json")
    assert (run.code, said.code, run.out) == (code, code, "")
    assert says in run.err
    assert says in said.error["message"]
    assert names(tmp_path) == []


@pytest.mark.parametrize("options", [(), ("-n",)])
def test_a_disk_without_room_is_said_with_numbers(
    model: Path, out: Path, options: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type(shutil.disk_usage(out.parent))
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: usage(1000, 900, 100))
    run = aprfmt("canonicalise", model, "-o", out, *options)
    assert run.code == 3
    assert "not enough free space: expected 324 bytes, found 100 bytes" in run.err
    assert names(out.parent) == []


def test_names_of_files_are_escaped(tmp_path: Path) -> None:
    path = tmp_path / "a\x1b[31m.apr"
    path.write_bytes(ODD)
    run = aprfmt("canonicalise", path, "-o", tmp_path / "b\n.apr")
    assert_printable(run.out)
    assert_printable(run.err)
    assert len(run.out.splitlines()) == 6


def test_it_runs_as_a_program(model: Path, out: Path) -> None:
    run = process("canonicalise", model, "-o", out, "--json")
    assert (run.code, run.err) == (0, "")
    assert run.json["tensor_count"] == 2
    assert out.read_bytes() == canonicalise_bytes(ODD)
