"""`aprfmt verify` on the command line: which part differs, what was not checked, exit codes, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.unit.cli.running import GOLDEN, GOLDENS, aprfmt, assert_printable, process
from tests.unit.ops.receipts import CONTEXT, Stamped, stamped
from tests.unit.rules.crafting import craft, entry_a, entry_b, opened

from aprfmt import MetadataPatch, stamp_bytes
from aprfmt.cli.commands import verify as module
from aprfmt.ops.receipt import SHAPES, receipt, receipt_bytes

DONE = stamped(craft(tensor_data=bytes(range(128))))
BEGIN = opened(DONE.after).header.ofs_data


class Files(NamedTuple):
    """A stamped file and its receipts, by shape."""

    file: Path
    receipts: dict[str, Path]

    @property
    def receipt(self) -> Path:
        return self.receipts["aprfmt"]

    def changed(self, at: int) -> Path:
        raw = bytearray(self.file.read_bytes())
        raw[at] ^= 1
        path = self.file.with_name("changed.apr")
        path.write_bytes(raw)
        return path


def written(folder: Path, done: Stamped = DONE) -> Files:
    file = folder / "out.apr"
    file.write_bytes(done.after)
    receipts = {shape: folder / f"{shape}.json" for shape in SHAPES}
    for shape, path in receipts.items():
        path.write_bytes(receipt_bytes(done.receipt(shape)))
    return Files(file, receipts)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return written(tmp_path)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_file_of_a_receipt_holds(files: Files, shape: str) -> None:
    run = aprfmt("verify", files.file, "--receipt", files.receipts[shape])
    assert (run.code, run.err) == (0, "")
    last = run.out.splitlines()[-1]
    assert last.startswith(f"{files.file}: as the receipt says (")
    assert last.endswith(", 0 differ, 0 not checked)") == (shape != "evidence")
    assert ("not checked  the receipt does not say" in run.out) == (shape == "evidence")
    assert aprfmt("verify", files.file, "--receipt", files.receipts[shape], "-q") == (0, "", "")


@pytest.mark.parametrize("name", GOLDENS)
def test_every_golden_file_can_be_stamped_and_verified(name: str, tmp_path: Path) -> None:
    files = written(tmp_path, stamped((GOLDEN / name).read_bytes()))
    for path in files.receipts.values():
        assert aprfmt("verify", files.file, "--receipt", path, "-q").code == 0


def test_what_is_said_of_a_file_that_holds(files: Files) -> None:
    lines = aprfmt("verify", files.file, "--receipt", files.receipt).out.splitlines()
    assert lines[0] == f"size                      ok           @0x0..{len(DONE.after):#x}"
    assert "flags                     ok           @0x6..0x8" in lines
    assert "header_padding            ok" in lines
    assert "tensors                   ok           2 of 2 as in the receipt" in lines
    assert not any(line.startswith("tensor ") for line in lines)
    told = aprfmt("verify", files.file, "--receipt", files.receipt, "-v").out
    assert f"\ntensor a                  ok           @{BEGIN:#x}..{BEGIN + 8:#x}\ntensor b  " in told


def test_one_byte_in_a_tensor_is_named(files: Files) -> None:
    run = aprfmt("verify", files.changed(BEGIN + 3), "--receipt", files.receipt)
    assert (run.code, run.err) == (1, "")
    lines = run.out.splitlines()
    at = lines.index(f"tensor a                  DIFFERS      @{BEGIN:#x}..{BEGIN + 8:#x}")
    assert lines[at - 1] == "tensors                   DIFFERS      1 of 2 as in the receipt"
    assert lines[at + 1].startswith("  expected f32 [2], 8 bytes, SHA-256 ")
    assert lines[at + 2].startswith("  found    f32 [2], 8 bytes, SHA-256 ")
    assert "header                    ok           @0x0..0x40" in lines
    assert lines[-1].endswith("changed.apr: NOT as the receipt says (17 ok, 3 differ, 0 not checked)")
    assert aprfmt("verify", files.changed(BEGIN + 3), "--receipt", files.receipt, "-q") == (1, "", "")


def test_the_file_before_the_stamp_is_recognised(files: Files, tmp_path: Path) -> None:
    (tmp_path / "in.apr").write_bytes(DONE.before)
    run = aprfmt("verify", tmp_path / "in.apr", "--receipt", files.receipt)
    assert run.code == 1
    *_, said, last = run.out.splitlines()
    assert said == "this is the file from before the stamp, to the last byte"
    assert last.endswith("; the weights are those of the receipt")
    assert '  expected "MIT"\n  found    (missing)\n' in run.out


def test_weights_that_were_stamped_again_are_recognised(files: Files, tmp_path: Path) -> None:
    path = tmp_path / "again.apr"
    path.write_bytes(stamp_bytes(DONE.after, MetadataPatch(set={"license": "0BSD"})))
    run = aprfmt("verify", path, "--receipt", files.receipt)
    assert run.code == 1
    assert "from before the stamp" not in run.out
    assert run.out.endswith("; the weights are those of the receipt\n")


def test_damage_in_the_header_is_not_blamed_on_the_rest(files: Files) -> None:
    run = aprfmt("verify", files.changed(34), "--receipt", files.receipt)
    assert (run.code, run.err) == (1, "")
    wrong = [line.split()[0] for line in run.out.splitlines() if "  DIFFERS  " in line]
    assert wrong == ["file", "header"]
    assert "ok           @" in run.out
    assert "  its bytes are where they belong, but damage elsewhere hides them\n" in run.out


@pytest.mark.parametrize("nbytes", [0, 10, 64, 200])
def test_a_truncated_file_is_held_as_far_as_it_goes(files: Files, nbytes: int) -> None:
    files.file.write_bytes(DONE.after[:nbytes])
    run = aprfmt("verify", files.file, "--receipt", files.receipt, "--json")
    assert (run.code, run.err) == (1, "")
    found = {item["part"]: item for item in run.json["checked"]}
    assert (found["size"]["expected"], found["size"]["found"]) == (f"{len(DONE.after)} bytes", f"{nbytes} bytes")
    assert found["header"]["holds"] == (nbytes >= 64)
    assert found["footer"]["holds"] is False


def test_json_has_every_part(files: Files) -> None:
    run = aprfmt("verify", files.changed(BEGIN), "--receipt", files.receipts["in-toto"], "--json")
    assert (run.code, run.err) == (1, "")
    said = run.json
    assert list(said) == ["file", "receipt", "shape", "holds", "is_before", "counts", "checked"]
    assert (said["shape"], said["holds"], said["is_before"]) == ("in-toto", False, False)
    assert said["receipt"] == str(files.receipts["in-toto"])
    assert said["counts"] == {"ok": 17, "differ": 3, "not_checked": 0}
    tensors = [item for item in said["checked"] if item["part"] == "tensor"]
    assert [(item["tensor"], item["holds"]) for item in tensors] == [("a", False), ("b", True)]
    assert (tensors[0]["start"], tensors[0]["end"], tensors[0]["reason"]) == (BEGIN, BEGIN + 8, None)
    assert aprfmt("verify", files.file, "--receipt", files.receipt, "--json").json["holds"] is True


def test_every_key_of_the_json_is_documented(files: Files) -> None:
    said = aprfmt("verify", files.file, "--receipt", files.receipt, "--json").json
    keys = {f"checked[].{key}" for key in said["checked"][0]} | set(said) - {"checked"}
    assert keys == {name for names in module.JSON_KEYS for name in names.split(", ")}


def test_many_tensors_are_not_all_listed(tmp_path: Path) -> None:
    entries = [entry_b(name=b"%03d" % number, ofs_tensor=64 * number) for number in range(50)]
    files = written(tmp_path, stamped(craft(*entries, tensor_data=bytes(50 * 64))))
    files.file.write_bytes(
        stamp_bytes(craft(*entries, tensor_data=b"\1" * (50 * 64)), MetadataPatch(set={"license": "MIT"}))
    )
    run = aprfmt("verify", files.file, "--receipt", files.receipt)
    assert "tensors                   DIFFERS      0 of 50 as in the receipt\n" in run.out
    assert run.out.count("\ntensor 0") == 20
    assert "  … and 30 more (-v lists all)\n" in run.out
    assert aprfmt("verify", files.file, "--receipt", files.receipt, "-v").out.count("\ntensor 0") == 50


def test_one_of_the_two_may_be_standard_input(files: Files) -> None:
    done = process("verify", "-", "--receipt", files.receipt, stdin=DONE.after)
    assert done.code == 0
    assert done.out.endswith("-: as the receipt says (20 ok, 0 differ, 0 not checked)\n")
    assert process("verify", files.file, "--receipt", "-", stdin=files.receipt.read_bytes()).code == 0
    both = aprfmt("verify", "-", "--receipt", "-")
    assert both.code == 2
    assert "Only one of the two can be standard input." in both.err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "expected a receipt in JSON"),
        ("{}", "found an object with the keys none"),
        ('{"receipt": "aprfmt/9"}', "receipt: expected aprfmt/1, found 'aprfmt/9'"),
    ],
)
def test_what_is_no_receipt_is_a_wrong_request(files: Files, text: str, message: str) -> None:
    files.receipt.write_text(text)
    run = aprfmt("verify", files.file, "--receipt", files.receipt)
    assert (run.code, run.out) == (2, "")
    assert run.err.startswith(f"error: {files.receipt}: ")
    assert message in run.err
    error = aprfmt("verify", files.file, "--receipt", files.receipt, "--json").error
    assert (error["kind"], error["exit_code"]) == ("request", 2)


def test_a_receipt_without_end_is_not_read_to_it() -> None:
    run = aprfmt("verify", GOLDEN / GOLDENS[0], "--receipt", "/dev/zero")
    assert run.code == 2
    assert "expected a receipt of at most 134217728 bytes, found more" in run.err


def test_what_is_not_there_is_a_file_error(files: Files, tmp_path: Path) -> None:
    run = aprfmt("verify", files.file, "--receipt", tmp_path / "none.json")
    assert (run.code, run.out) == (3, "")
    assert run.err == f"error: {tmp_path / 'none.json'}: No such file or directory\n"
    run = aprfmt("verify", tmp_path / "none.apr", "--receipt", files.receipt)
    assert (run.code, run.err) == (3, f"error: {tmp_path / 'none.apr'}: No such file or directory\n")


@pytest.mark.parametrize("head", [b"GGUF", b"APR1", b"{}  "])
def test_what_is_no_apr_file_is_said(files: Files, head: bytes) -> None:
    files.file.write_bytes(head + DONE.after[4:])
    run = aprfmt("verify", files.file, "--receipt", files.receipt)
    assert (run.code, run.out) == (4, "")
    assert "not an APR v2 container" in run.err


def test_a_receipt_has_to_be_named() -> None:
    run = aprfmt("verify", GOLDEN / GOLDENS[0])
    assert run.code == 2
    assert "Missing option '--receipt'" in run.err


def test_names_from_files_move_no_cursor(tmp_path: Path) -> None:
    raw = craft(
        entry_a(name="\x1b[2J\u202e".encode()), entry_b(name=b"\xff"), metadata=b'{"\\u001b]0;x":"\\u001b[31m"}'
    )
    done = stamped(raw, MetadataPatch(set={"\x1b]0;x": "\x1b[0m"}), accept=("APR-I005",))
    files = written(tmp_path, done)
    files.receipts["aprfmt"].write_bytes(receipt_bytes(receipt(done.stamp, CONTEXT)))
    other = craft(
        entry_a(name="\x1b[2J\u202e".encode()), entry_b(name=b"\xfe"), metadata=b'{"\\u001b]0;x":"\\u001b[31m"}'
    )
    (tmp_path / "other.apr").write_bytes(other)
    for path, code in ((files.file, 0), (tmp_path / "other.apr", 1)):
        for options in ((), ("-v",)):
            run = aprfmt("verify", path, "--receipt", files.receipt, *options)
            assert run.code == code
            assert_printable(run.out + run.err)
    said = aprfmt("verify", tmp_path / "other.apr", "--receipt", files.receipt, "--json")
    assert [item["tensor"] for item in said.json["checked"] if item["part"] == "tensor"] == [
        "\x1b[2J\u202e",
        "\\xff",
        "\\xfe",
    ]
    assert json.loads(files.receipt.read_bytes())["tensors"][1]["name_hex"] == "ff"
