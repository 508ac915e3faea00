"""`dump` as its users start it, against golden texts: the command line, what it prints, its exit code.

After a change that is meant: `APRFMT_WRITE_GOLDENS=1 python -m pytest tests/unit/cli/test_cli_dump.py`, then read the
difference.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Callable
from difflib import unified_diff
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.unit.cli.running import GOLDEN, GOLDENS, REPOSITORY, Run, aprfmt, assert_printable, process, sparse_model
from tests.unit.rules.crafting import craft, entry_a, entry_b

from aprfmt import ProvenancePatch, build, parse, stamp_bytes
from aprfmt.cli import hexdump
from aprfmt.testing import sealed

TEXTS = REPOSITORY / "tests" / "data" / "dump"
WRITE = "APRFMT_WRITE_GOLDENS" in os.environ
SHARDED = (GOLDEN / "sharded.apr").read_bytes()
CUSTOM = (GOLDEN / "one_custom_key.apr").read_bytes()
COLUMNS = "|00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f|0123456789abcdef|"


def with_header(raw: bytes, **values: int) -> bytes:
    """The file with other numbers in its header, and nothing else changed."""
    tree = parse(raw)
    head = build({**tree, "header": tree["header"] | values})[:64]
    return sealed(head + raw[64:])


FILES: dict[str, Callable[[], bytes]] = {
    **{name: (GOLDEN / name).read_bytes for name in GOLDENS},
    "empty": lambda: b"",
    "word": lambda: b"APR",
    "half-a-header": lambda: SHARDED[:40],
    "fragment-of-1-KiB": lambda: (GOLDEN / "teacher_q4k.apr").read_bytes()[:1024],
    "gguf": lambda: b"GGUF" + struct.pack("<IQ", 3, 0) + bytes(100),
    "noise": lambda: bytes(range(255, -1, -1)),
    "metadata-without-end": lambda: with_header(SHARDED, len_metadata=(1 << 32) - 1),
    "index-nowhere": lambda: with_header(SHARDED, ofs_tensor_index=1 << 40),
    "count-too-high": lambda: with_header(SHARDED, num_tensors=1000),
    "cut-in-the-data": lambda: CUSTOM[:0x1B0],
    "cut-in-the-footer": lambda: CUSTOM[:-2],
    "trailing": lambda: SHARDED + b"more",
    "uncounted": lambda: craft(header={"num_tensors": 1}),
    "overlap": lambda: craft(entry_a(), entry_b(ofs_tensor=4)),
    "gap": lambda: craft(entry_a(), entry_b(ofs_tensor=256), tensor_data=bytes(255) + b"\1" + bytes(64)),
    "not-json": lambda: craft(metadata=b'{"license": oops' + b"x" * 200),
    "twice": lambda: craft(metadata=b'{"license":"MIT", "license":"GPL-3.0-only"}'),
    "hostile": lambda: craft(
        entry_a(name=b"a\x1b[31m\n\xff"),
        entry_b(name="b\u202e".encode()),
        metadata='{"\\u001b[2J":"\u202e","name":"\\u0000\\u0007"}'.encode(),
    ),
}
"""The files that are dumped, by the name that they have on the command line."""


class Case(NamedTuple):
    """A golden text: the file and the rest of the command line."""

    file: str
    args: tuple[str, ...] = ()


CASES: dict[str, Case] = {
    "hex": Case("one_custom_key.apr"),
    "hex-streaming-order": Case("streaming_order.apr"),
    "hex-no-tensors": Case("no_tensors.apr"),
    "hex-limited": Case("every_dtype.apr", ("--limit", "8")),
    "tree": Case("every_dtype.apr", ("--tree",)),
    "tree-unicode-names": Case("unicode_names.apr", ("--tree",)),
    "tree-long-names": Case("long_names.apr", ("--tree",)),
    "diffable": Case("one_custom_key.apr", ("--diffable",)),
    "diffable-tree": Case("streaming_order.apr", ("--diffable", "--tree")),
    "json": Case("sharded.apr", ("--json",)),
    "json-tree": Case("no_tensors.apr", ("--json", "--tree")),
    "field-flags": Case("one_custom_key.apr", ("--field", "header.flags")),
    "field-metadata": Case("one_custom_key.apr", ("--field", "metadata.license")),
    "field-entry": Case("one_custom_key.apr", ("--field", "tensor_index.entries[1]")),
    "field-footer-tree": Case("one_custom_key.apr", ("--field", "footer", "--tree")),
    "field-absent": Case("one_custom_key.apr", ("--field", "trailing")),
    "field-unknown": Case("one_custom_key.apr", ("--field", "header.flgs")),
    "field-gap": Case("gap", ("--field", "gap")),
    "tensor-f32": Case("every_dtype.apr", ("--tensor", "a.f32")),
    "tensor-bf16": Case("every_dtype.apr", ("--tensor", "j.bf16")),
    "tensor-quantised": Case("every_dtype.apr", ("--tensor", "h.q4_k", "--limit", "20")),
    "tensor-json": Case("every_dtype.apr", ("--tensor", "b.f16", "--json", "--limit", "4")),
    "tensor-unknown": Case("every_dtype.apr", ("--tensor", "a.f23")),
    **{f"damaged-{name}": Case(name) for name in list(FILES)[len(GOLDENS) :]},
    "damaged-field": Case("fragment-of-1-KiB", ("--field", "footer")),
    "damaged-quiet": Case("overlap", ("-q",)),
    "damaged-json": Case("half-a-header", ("--json",)),
    "damaged-diffable": Case("overlap", ("--diffable",)),
    "damaged-tree": Case("hostile", ("--tree",)),
}


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Case], Run]:
    """Dump a file by a name without folders, which stands in the texts."""
    monkeypatch.chdir(tmp_path)

    def start(case: Case) -> Run:
        Path(case.file).write_bytes(FILES[case.file]())
        return aprfmt("dump", case.file, *case.args)

    return start


@pytest.mark.parametrize("name", CASES)
def test_a_dump_is_the_golden_text(name: str, run: Callable[[Case], Run]) -> None:
    case = CASES[name]
    code, out, err = run(case)
    assert_printable(out + err)
    made = f"$ aprfmt dump {' '.join([case.file, *case.args])}\n{out}{err}[exit code {code}]\n"
    golden = TEXTS / f"{name}.txt"
    if WRITE:
        golden.write_text(made, encoding="utf-8", newline="\n")
    assert golden.exists(), f"no golden for {name}: read the top of this file"
    assert made == golden.read_text(encoding="utf-8")


def test_every_golden_belongs_to_a_dump() -> None:
    assert {path.stem for path in TEXTS.glob("*.txt")} == set(CASES)


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("args", [(), ("--tree",), ("--diffable",), ("--json",), ("-q",), ("-v",)], ids=" ".join)
def test_the_exit_code_is_that_of_an_inspection(file: str, args: tuple[str, ...], run: Callable[[Case], Run]) -> None:
    """4 when a careful reader must refuse the file, 0 for every other one, however it is dumped."""
    done = run(Case(file, args))
    assert done.code == aprfmt("inspect", file, "-q").code
    assert_printable(done.out + done.err)
    if args == ("--json",):
        assert done.json["valid"] is (done.code == 0)
        if done.code:
            assert done.error["kind"] == "format"
    if args == ("-q",):
        assert done.out == ""
        assert bool(done.err) is (done.code == 4)


@pytest.mark.parametrize("name", GOLDENS)
def test_all_bytes_are_in_the_hex(name: str) -> None:
    run = aprfmt("dump", GOLDEN / name, "-v")
    hexadecimal = "".join(line.split("|")[1] for line in run.out.splitlines() if line.startswith("0x"))
    assert bytes.fromhex(hexadecimal) == (GOLDEN / name).read_bytes()
    assert run.out.endswith("every byte is explained\n")


def test_places_are_those_of_the_bytes() -> None:
    """The first byte of a row stands at the offset of the row plus its column."""
    lines = aprfmt("dump", GOLDEN / "one_custom_key.apr").out.splitlines()
    assert lines[1] == f"{' ' * 6}{COLUMNS}"
    for line in lines:
        if line.startswith("0x"):
            column = (len(line[7:54]) - len(line[7:54].lstrip())) // 3
            at = int(line[:6], 16) + column
            assert CUSTOM[at] == int(line[7 + 3 * column :][:2], 16)


# --- two dumps side by side


def changed(before: str, after: str) -> list[str]:
    """The lines by which two texts differ, as `diff` shows them."""
    lines = unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    return [line for line in lines if not line.startswith(("---", "+++", "@@"))]


def diffable(path: Path, raw: bytes, *args: str) -> str:
    path.write_bytes(raw)
    return aprfmt("dump", path, "--diffable", *args).out


def test_a_diff_shows_what_a_stamp_changes(tmp_path: Path) -> None:
    patch = ProvenancePatch(license="MIT", data_source="x", data_license="MIT")
    raw = stamp_bytes(CUSTOM, patch)
    found = changed(diffable(tmp_path / "a", CUSTOM, "--tree"), diffable(tmp_path / "b", raw, "--tree"))
    names = {line[1:].partition(":")[0].strip() for line in found if "APR-P001" not in line}
    assert names == {
        "header.len_metadata",
        "header.checksum",
        "metadata.license",
        "metadata.data_source",
        "metadata.data_license",
        "metadata_padding",
        "footer.checksum",
    }


def test_a_diff_shows_a_tensor_that_comes_first_and_not_that_all_others_move(tmp_path: Path) -> None:
    one = craft(entry_b(ofs_tensor=0), tensor_data=bytes(64))
    two = craft(entry_a(), entry_b())
    found = changed(diffable(tmp_path / "a", one), diffable(tmp_path / "b", two))
    assert {line[0] for line in found if 'entries["a"]' in line or 'data["a"]' in line} == {"+"}
    assert [line.partition(":")[0] for line in found if 'entries["b"]' in line] == [
        '-tensor_index.entries["b"].ofs_tensor',
        '+tensor_index.entries["b"].ofs_tensor',
    ]
    assert not [line for line in found if 'data["b"]' in line]


def test_a_diff_shows_a_change_in_bytes_that_are_cut_off(tmp_path: Path) -> None:
    raw = (GOLDEN / "teacher_q4k.apr").read_bytes()
    other = bytearray(raw)
    other[500_000] ^= 1
    found = changed(diffable(tmp_path / "a", raw), diffable(tmp_path / "b", bytes(other)))
    assert [line.partition(" SHA-256")[0] for line in found] == [
        "-  ... 36800 more bytes,",
        "+  ... 36800 more bytes,",
    ]


def test_no_offset_is_in_a_diffable_dump(tmp_path: Path) -> None:
    text = diffable(tmp_path / "a", FILES["overlap"]()) + diffable(tmp_path / "b", FILES["trailing"]())
    assert "@0x" not in text
    assert str(tmp_path) not in text


# --- requests


@pytest.mark.parametrize(
    "args",
    [
        ("--field", "footer", "--tensor", "w"),
        ("--json", "--diffable"),
        ("--limit", "-1"),
        ("--field", "no.such.field"),
        ("--field", "tensor_index.entries[7]"),
        ("--tensor", "no such tensor"),
    ],
    ids=" ".join,
)
def test_a_wrong_request_is_2(args: tuple[str, ...]) -> None:
    run = aprfmt("dump", GOLDEN / "sharded.apr", *args)
    assert (run.code, run.out if "--json" not in args else "") == (2, "")
    said = aprfmt("dump", GOLDEN / "sharded.apr", *args, "--json")
    assert said.error["kind"] in ("usage", "request")


NAMES = craft(entry_a(name=b"a\xff"), entry_b(name=b"b\x1b[2J"))


@pytest.mark.parametrize("name", ["a\\xff", "a\udcff", "b\x1b[2J", "b\\x1b[2J"], ids=ascii)
def test_a_tensor_may_be_named_as_it_is_printed(tmp_path: Path, name: str) -> None:
    path = tmp_path / "m.apr"
    path.write_bytes(NAMES)
    code = aprfmt("inspect", path, "-q").code
    run = aprfmt("dump", path, "--tensor", name, "--tree")
    assert run.code == code
    assert "\ntensor_data[" in run.out
    for line in aprfmt("tensors", path).out.splitlines()[1:-1]:
        printed = line.split()[-1]
        assert f'tensor_data["{printed}"]' in aprfmt("dump", path, "--tensor", printed, "--tree").out


def test_a_printed_name_that_several_have_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.apr"
    path.write_bytes(craft(entry_a(name=b"\x01"), entry_b(name=b"\x80"), entry_b(name=b"\xc2\x80")))
    run = aprfmt("dump", path, "--tensor", "\\x80")
    assert (run.code, run.out) == (2, "")
    assert run.err == "error: expected the name of one tensor, found '\\\\x80': several are printed so\n"
    path.write_bytes(craft(entry_a(name=b"\x01"), entry_b(name=b"\\x80"), entry_b(name=b"\xc2\x80")))
    assert "entries[1]" in aprfmt("dump", path, "--tensor", "\\x80", "--tree").out  # a name before what is printed so
    path.write_bytes(craft(entry_a(name=b"model.layers.weight\xff1")))
    assert (
        "did you mean 'model.layers.weight\\xff1'?" in aprfmt("dump", path, "--tensor", "model.layers.weigth\\xff1").err
    )


def test_a_file_whose_data_is_damaged_is_not_called_valid(tmp_path: Path) -> None:
    path = tmp_path / "m.apr"
    path.write_bytes(CUSTOM[:-1] + bytes([CUSTOM[-1] ^ 1]))
    for args in ((), ("--tree",)):
        first = aprfmt("dump", path, *args).out.splitlines()[0]
        assert first.startswith(f"{path}: {len(CUSTOM)} bytes, head valid, ")
    assert aprfmt("validate", path).code == 1


def test_a_file_that_cannot_be_read_is_3(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none"):
        assert aprfmt("dump", path).code == 3
        assert aprfmt("dump", path, "--json").error["kind"] == "file"


def test_standard_input_is_dumped() -> None:
    for name in ("sharded.apr", "gguf"):
        raw = FILES[name]()
        run = process("dump", "-", "--tree", stdin=raw)
        assert run.out.startswith(f"-: {len(raw)} bytes, ")
        assert (run.code, run.err) == (0 if name == "sharded.apr" else 4, "")


def test_an_error_elsewhere_is_said_when_only_a_part_is_shown(run: Callable[[Case], Run]) -> None:
    done = run(Case("overlap", ("--field", "header.magic")))
    assert done.code == 4
    assert "[APR-D003]" in done.err
    assert "warning" not in done.err
    assert "warning" in run(Case("overlap", ("--field", "header.magic", "-v"))).err


# --- much


def test_a_large_tensor_is_neither_read_nor_printed(tmp_path: Path) -> None:
    path = sparse_model(tmp_path / "m.apr", 1 << 34)
    run = aprfmt("dump", path)
    assert run.code == 0
    assert f"{(1 << 34) - 64} more bytes" in run.out
    assert len(run.out) < 10_000
    assert len(aprfmt("dump", path, "--json").out) < 20_000


def test_the_text_comes_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that has been printed is kept, and the first piece does not wait for the last one."""
    entries = [entry_a(name=b"%05d" % index, ofs_tensor=64 * index) for index in range(2000)]
    path = tmp_path / "m.apr"
    path.write_bytes(craft(*entries, tensor_data=bytes(64 * 2000)))
    sizes: list[int] = []
    whole = hexdump.pieces

    def counted(*args: object, **kwargs: object) -> object:
        for piece in whole(*args, **kwargs):  # type: ignore[arg-type] # handed on as they come
            sizes.append(len(piece))
            yield piece

    monkeypatch.setattr(hexdump, "pieces", counted)
    assert aprfmt("dump", path).code == 0
    assert len(sizes) > 20
    assert max(sizes) < 100_000


def test_a_fault_of_every_tensor_is_counted_when_not_kept(tmp_path: Path) -> None:
    entries = [entry_a(name=b"%05d" % index, dtype=13) for index in range(1100)]
    path = tmp_path / "m.apr"
    path.write_bytes(craft(*entries, tensor_data=bytes(64)))
    run = aprfmt("dump", path, "--tree")
    assert run.out.count("! error APR-I002") == 1000
    assert "! 100 more of APR-I002 were counted, not kept\n" in run.out
    assert ", INVALID, " in run.out.splitlines()[0]
    assert aprfmt("dump", path, "--json").json["not_kept"]["APR-I002"] == 100


def test_numbers_that_are_not_finite_are_text_in_json(tmp_path: Path) -> None:
    path = tmp_path / "m.apr"
    path.write_bytes(craft(tensor_data=struct.pack("<2f", float("inf"), float("nan")) + bytes(120)))
    run = aprfmt("dump", path, "--tensor", "a", "--json")
    assert run.json["fields"][-1]["numbers"] == ["inf", "nan"]
    json.loads(run.out, parse_constant=pytest.fail)
    assert aprfmt("dump", path, "--tensor", "a").out.endswith("|  inf nan\n")
