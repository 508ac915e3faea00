"""Files that are not what they should be: the exit code, the report, and nothing left behind."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.unit.cli.running import GOLDEN, Run, aprfmt, assert_printable, names
from tests.unit.rules.crafting import craft, entry_a, entry_b

from aprfmt import parse
from aprfmt.container import Container
from aprfmt.ops import inspect as operation

TEACHER = (GOLDEN / "teacher_q4k.apr").read_bytes()
STAMPED = (GOLDEN / "stamped.apr").read_bytes()
DATA = parse(TEACHER)["header"]["ofs_data"]


def flipped(raw: bytes, at: int) -> bytes:
    changed = bytearray(raw)
    changed[at] ^= 1
    return bytes(changed)


class Sick(NamedTuple):
    """A file, what is wrong with it, and which commands notice: all of them, or those that read its data."""

    raw: bytes
    kind: str
    rule: str | None
    everywhere: bool = True


SICK = {
    "empty": Sick(b"", "format", "APR-H008"),
    "63 bytes": Sick(TEACHER[:63], "format", "APR-H008"),
    "3 bytes of magic": Sick(b"APR", "format", "APR-H008"),
    "APR1": Sick(b"APR1" + TEACHER[4:], "unsupported", None),
    "APR2": Sick(b"APR2" + TEACHER[4:], "unsupported", None),
    "APRN": Sick(b"APRN" + TEACHER[4:], "unsupported", None),
    "GGUF": Sick(b"GGUF" + TEACHER[4:], "unsupported", None),
    "GGUF of 8 bytes": Sick(b"GGUF\3\0\0\0", "unsupported", None),
    "another magic": Sick(b"\x1b[2J" + TEACHER[4:], "format", "APR-H001"),
    "truncated by 95.5 %": Sick(TEACHER[: len(TEACHER) * 45 // 1000], "format", "APR-D001"),
    "a head of 1 KiB": Sick(STAMPED[:1024], "format", "APR-S003"),
    "without the last tensor's filler": Sick(craft()[:0x103], "format", "APR-D004"),
    "half a footer": Sick(TEACHER[:-2], "format", "APR-F001"),
    "a flipped bit in the header": Sick(flipped(TEACHER, 45), "format", "APR-H006"),
    "a flipped bit in the checksum": Sick(flipped(TEACHER, 40), "format", "APR-H006"),
    "column-major": Sick(craft(header={"flags": {"layout_column_major": True}}), "format", "APR-H004"),
    "version 3": Sick(craft(header={"version_major": 3}), "format", "APR-H002"),
    "too many tensors": Sick(craft(header={"num_tensors": 0xFFFFFFFF}), "format", "APR-I001"),
    "metadata of no bytes": Sick(craft(metadata=b""), "format", "APR-M001"),
    "metadata that is no JSON": Sick(craft(metadata=b"{\x1b[31m}"), "format", "APR-M003"),
    "a licence of the wrong type": Sick(craft(metadata=b'{"license":{"\\u001b[31m":1}}'), "format", "APR-M006"),
    "a name twice": Sick(craft(entry_a(), entry_b(name=b"a")), "format", "APR-I003"),
    "a name that is not UTF-8": Sick(craft(entry_a(), entry_b(name=b"b\xff")), "format", "APR-I005"),
    "an unknown element type": Sick(craft(entry_a(dtype=13)), "format", "APR-I002"),
    "a size that does not fit": Sick(craft(entry_a(len_tensor=7)), "format", "APR-D002"),
    "tensors that overlap": Sick(craft(entry_a(), entry_b(ofs_tensor=0)), "format", "APR-D003"),
    "a tensor outside the file": Sick(craft(entry_a(), entry_b(ofs_tensor=1 << 40)), "format", "APR-D001"),
    "a flipped bit in a tensor": Sick(flipped(TEACHER, DATA + 12345), "format", "APR-F002", everywhere=False),
    "a flipped bit in the metadata": Sick(TEACHER.replace(b"tiny", b"tinz", 1), "format", "APR-F002", everywhere=False),
    "a wrong footer": Sick(flipped(TEACHER, len(TEACHER) - 1), "format", "APR-F002", everywhere=False),
}


@pytest.fixture(params=SICK, ids=lambda name: name.replace(" ", "-"))
def sick(request: pytest.FixtureRequest) -> Sick:
    assert SICK[request.param].raw not in (TEACHER, STAMPED)
    return SICK[request.param]


@pytest.fixture
def path(sick: Sick, tmp_path: Path) -> Path:
    path = tmp_path / "model.apr"
    path.write_bytes(sick.raw)
    return path


def assert_reported(run: Run, path: Path, sick: Sick) -> None:
    assert run.code == 4
    first = run.err.splitlines()[0]
    assert first.startswith(f"error: {path}: ")
    assert "Traceback" not in run.err
    if sick.rule is not None:
        assert f"[{sick.rule}]" in run.err
    assert_printable(run.out + run.err)


def assert_reported_as_json(run: Run, path: Path, sick: Sick) -> None:
    assert (run.code, run.err) == (4, "")
    assert run.error["kind"] == sick.kind
    assert run.error["rule_id"] == sick.rule
    assert run.error["file"] == str(path)
    assert run.error["message"].startswith(f"{path}: ")


@pytest.mark.parametrize("extra", [["-o", "OUT"], ["-n"], ["-n", "-o", "OUT"], ["-f", "-o", "IN"]], ids="".join)
def test_stamp_refuses_and_leaves_nothing_behind(sick: Sick, path: Path, extra: list[str]) -> None:
    options = ["--license", "MIT", *({"OUT": str(path.with_name("out.apr")), "IN": str(path)}.get(x, x) for x in extra)]
    run = aprfmt("stamp", path, *options)
    assert_reported(run, path, sick)
    assert run.out == ""
    run = aprfmt("stamp", path, *options, "--json")
    assert_reported_as_json(run, path, sick)
    assert list(run.json) == ["error"]
    assert names(path.parent) == ["model.apr"]
    assert path.read_bytes() == sick.raw


def test_inspect_reports(sick: Sick, path: Path) -> None:
    options = [] if sick.everywhere else ["--check"]
    assert_reported(aprfmt("inspect", path, *options), path, sick)
    run = aprfmt("inspect", path, *options, "--json")
    assert_reported_as_json(run, path, sick)
    assert run.json.get("valid", False) is False
    assert aprfmt("inspect", path, *options, "-q")[:2] == (4, "")


def test_tensors_reports(sick: Sick, path: Path) -> None:
    if sick.everywhere:
        assert_reported(aprfmt("tensors", path), path, sick)
        run = aprfmt("tensors", path, "--json")
        assert_reported_as_json(run, path, sick)
        assert run.json.get("valid", False) is False
        assert aprfmt("tensors", path, "--filter", "no such tensor", "--limit", "1").code == 4
    else:
        assert aprfmt("tensors", path).code == 0
        assert aprfmt("tensors", path, "--json").json["valid"] is True


def test_damage_to_data_is_noticed_by_who_reads_it(sick: Sick, path: Path) -> None:
    said = aprfmt("inspect", path, "--json").json
    if sick.everywhere:
        assert "error" in said
        return
    assert said["valid"] is True
    assert said["footer"]["valid"] is None
    said = aprfmt("inspect", path, "--json", "--check").json
    assert said["checksum_valid"] is True
    assert said["footer"]["valid"] is False
    assert "Footer checksum" in (text := aprfmt("inspect", path, "--check").out)
    assert "(WRONG)" in text


def write(tmp_path: Path, raw: bytes) -> Path:
    path = tmp_path / "model.apr"
    path.write_bytes(raw)
    return path


def test_metadata_that_cannot_be_read_hide_neither_header_nor_sections(tmp_path: Path) -> None:
    path = write(tmp_path, SICK["metadata that is no JSON"].raw)
    run = aprfmt("inspect", path)
    assert run.code == 4
    assert "  Tensors          2\n" in run.out
    assert re.search(r"^    tensor_index +0x80\.\.0xc0  64 bytes$", run.out, re.MULTILINE)
    assert "    license: (unreadable)\n" in run.out
    said = aprfmt("inspect", path, "--json").json
    assert said["metadata"] is None
    assert said["provenance"] == {"license": None, "data_source": None, "data_license": None}
    assert said["sections"]["tensor_index"] == [0x80, 0xC0]
    assert said["header"]["data_offset"] == 0xC0
    assert len(aprfmt("tensors", path, "--json").json["tensors"]) == 2


def test_an_index_that_cannot_be_read_hides_nothing_before_it(tmp_path: Path) -> None:
    path = write(tmp_path, craft(metadata=b'{"license":"MIT"}', header={"num_tensors": 99}))
    said = aprfmt("inspect", path, "--json").json
    assert list(said["sections"]) == ["header", "header_padding", "metadata", "metadata_padding", "tensor_index"]
    assert said["provenance"]["license"] == "MIT"
    assert said["footer"] == {"present": None, "stored": None, "valid": None}
    text = aprfmt("inspect", path).out
    assert "Footer checksum  (unknown)" in text
    assert "license: MIT" in text


def test_a_value_of_the_wrong_type_is_shown_all_the_same(tmp_path: Path) -> None:
    path = write(tmp_path, craft(metadata=b'{"license":{"a":[1]}}'))
    assert '    license: {"a": [1]}\n' in aprfmt("inspect", path).out
    assert aprfmt("inspect", path, "--json").json["provenance"]["license"] == {"a": [1]}


def test_bytes_behind_the_footer_are_refused_or_dropped(tmp_path: Path) -> None:
    path, out = write(tmp_path, TEACHER + b"more"), tmp_path / "out.apr"
    run = aprfmt("stamp", path, "--license", "MIT", "-o", out)
    assert run.code == 4
    assert run.err.startswith(f"error: {path}: bytes follow the footer")
    assert "--drop-trailing" in run.err
    assert aprfmt("stamp", path, "--license", "MIT", "-o", out, "--json").error["rule_id"] == "APR-F004"
    assert names(tmp_path) == ["model.apr"]
    run = aprfmt("stamp", path, "--license", "MIT", "-o", out, "--drop-trailing")
    assert (run.code, run.err) == (0, "note: 4 bytes behind the footer are dropped\n")
    clean = write(tmp_path, TEACHER)
    assert aprfmt("stamp", clean, "--license", "MIT", "-f", "-o", tmp_path / "clean.apr").code == 0
    assert out.read_bytes() == (tmp_path / "clean.apr").read_bytes()


def test_warnings_do_not_change_the_exit_code_and_are_said(tmp_path: Path) -> None:
    path = write(tmp_path, TEACHER + b"more")
    run = aprfmt("inspect", path)
    assert run.code == 0
    assert run.err.startswith(f"warning: {path}: bytes follow the footer")
    assert "trailing" in run.out
    assert aprfmt("inspect", path, "-q") == (0, "", "")
    said = aprfmt("inspect", path, "--json")
    assert (said.code, said.err) == (0, "")
    assert [item["rule"] for item in said.json["findings"]] == ["APR-F004"]
    assert said.json["sections"]["trailing"] == [len(TEACHER), len(TEACHER) + 4]


def test_a_file_without_a_footer_gets_one_and_the_user_is_told(tmp_path: Path) -> None:
    path, out = write(tmp_path, TEACHER[:-4]), tmp_path / "out.apr"
    run = aprfmt("inspect", path, "--check")
    assert (run.code, run.err) == (1, f"warning: {path}: the file has no footer, so nothing was checked against it\n")
    assert "Footer checksum  (absent)" in run.out
    assert aprfmt("inspect", path).code == 0
    assert aprfmt("inspect", path, "--json").json["footer"] == {"present": False, "stored": None, "valid": None}
    assert "warning: " in aprfmt("inspect", path).err
    run = aprfmt("stamp", path, "--license", "MIT", "-o", out)
    assert run.code == 0
    assert run.err.startswith("note: the input has no footer")
    assert aprfmt("inspect", out, "--check", "--json").json["footer"]["valid"] is True
    notes = aprfmt("stamp", path, "--license", "MIT", "-n", "--json").json["notes"]
    assert [note.startswith("the input has no footer") for note in notes] == [True]


def test_a_flag_that_is_added_is_said(tmp_path: Path) -> None:
    path = write(tmp_path, craft(header={"flags": {"quantized": True, "layout_row_major": False}}))
    run = aprfmt("stamp", path, "--license", "MIT", "-n", "--json").json
    assert run["header_flags_bits"] == 0x420
    assert run["notes"] == ["the header flag LAYOUT_ROW_MAJOR is added"]
    assert aprfmt("stamp", path, "--license", "MIT", "-n").err == "note: the header flag LAYOUT_ROW_MAJOR is added\n"


def test_undefined_flags_are_shown_and_kept(tmp_path: Path) -> None:
    path, out = write(tmp_path, craft(header={"flags": {"reserved": 0b1001}})), tmp_path / "out.apr"
    assert "0x9400 layout_row_major, undefined(0x9)" in aprfmt("inspect", path).out
    assert aprfmt("inspect", path, "--json").json["flags"]["reserved"] == 9
    assert aprfmt("stamp", path, "--license", "MIT", "-o", out).code == 0
    assert aprfmt("inspect", out, "--json").json["header_flags_bits"] == 0x9400


def test_no_flags_at_all_are_said(tmp_path: Path) -> None:
    path = write(tmp_path, craft(header={"flags": {"layout_row_major": False}}))
    assert "Flags            0x0000 (none)" in aprfmt("inspect", path).out


@pytest.mark.parametrize("verb", ["inspect", "tensors"])
def test_a_fault_of_every_tensor_is_not_said_for_each(verb: str, tmp_path: Path) -> None:
    entries = [entry_a(name=b"%03d" % number, ofs_tensor=0, dtype=13) for number in range(100)]
    path = write(tmp_path, craft(*entries))
    run = aprfmt(verb, path)
    said = [line for line in run.err.splitlines() if "[APR-I002]" in line]
    assert len(said) == 6
    assert said[-1] == "error: 95 more like this are not shown [APR-I002] (-v shows more)"
    assert aprfmt(verb, path, "-v").err.count("[APR-I002]") == 100
    if verb == "inspect":
        assert (
            len([item for item in aprfmt(verb, path, "--json").json["findings"] if item["rule"] == "APR-I002"]) == 100
        )


@pytest.mark.parametrize(
    "make",
    [
        lambda: craft(metadata=b'{"a":%s}' % (b"9" * 5000)),
        lambda: craft(metadata=b'{"a":1e999}'),
        lambda: craft(metadata=b'{"hidden_size":%s}' % (b"9" * 300)),
        lambda: craft(metadata=b'{"rope_theta":1e39}'),
        lambda: craft(metadata=b'{"a":' + b"[" * 200 + b"]" * 200 + b"}"),
        lambda: craft(metadata=b'{"license":"\\ud800"}'),
    ],
    ids=["5000 digits", "1e999", "300 digits", "1e39", "nesting", "lone surrogate"],
)
@pytest.mark.parametrize("verb", ["inspect", "tensors", "stamp"])
def test_numbers_and_depths_beyond_reason_are_no_crash(verb: str, make: Callable[[], bytes], tmp_path: Path) -> None:
    path = write(tmp_path, make())
    rest = ["--license", "MIT", "-n"] if verb == "stamp" else []
    text, said = aprfmt(verb, path, *rest), aprfmt(verb, path, *rest, "--json")
    assert text.code == said.code
    assert text.code in (0, 4)
    assert ("error" in said.json) == (text.code == 4)
    assert_printable(text.out + text.err)


def test_the_payload_digest_outlives_a_stamp(tmp_path: Path) -> None:
    path, out = write(tmp_path, TEACHER), tmp_path / "out.apr"
    assert aprfmt("stamp", path, "--license", "MIT", "-o", out).code == 0
    before, after = (aprfmt("inspect", name, "--digest", "--json").json["payload_digest"] for name in (path, out))
    assert before == after
    assert f"Payload digest: {before}" in aprfmt("inspect", path, "--digest").out
    assert "payload_digest" not in aprfmt("inspect", path, "--json").json


@pytest.mark.parametrize(
    ("raw", "rule"),
    [
        (craft(entry_a(dtype=13)), "APR-I002"),
        (flipped(TEACHER, len(TEACHER) // 2), "APR-F002"),
        (TEACHER[:-1] + bytes([TEACHER[-1] ^ 1]), "APR-F002"),
    ],
    ids=["an unknown type", "a flipped bit in the data", "a wrong footer"],
)
def test_no_digest_is_taken_of_a_file_with_faults(tmp_path: Path, raw: bytes, rule: str) -> None:
    path = write(tmp_path, raw)
    run = aprfmt("inspect", path, "--digest", "--json")
    assert (run.code, run.json["payload_digest"], run.json["error"]["rule_id"]) == (4, None, rule)
    text = aprfmt("inspect", path, "--digest")
    assert "\n  Payload digest: (not taken: the file has faults)\n" in text.out
    assert f"[{rule}]" in text.err


def test_a_digest_holds_the_footer_against_every_byte(tmp_path: Path) -> None:
    run = aprfmt("inspect", write(tmp_path, TEACHER), "--digest", "--json")
    assert (run.code, run.json["footer"]["valid"]) == (0, True)
    absent = write(tmp_path, TEACHER[:-4])
    run = aprfmt("inspect", absent, "--digest", "--json")
    assert (run.code, run.json["footer"]["valid"], len(run.json["payload_digest"])) == (0, None, 64)
    assert aprfmt("inspect", absent, "--digest", "--check").code == 1


def replace_it(path: Path) -> None:
    path.with_suffix(".new").write_bytes(path.read_bytes())
    path.with_suffix(".new").replace(path)


CHANGES: dict[str, Callable[[Path], object]] = {
    "grows": lambda path: path.write_bytes(TEACHER + b"!"),
    "shrinks": lambda path: os.truncate(path, 1000),
    "is written over": lambda path: os.utime(path, ns=(0, 1)),
    "is replaced": replace_it,
    "goes away": Path.unlink,
}


@pytest.mark.skipif(os.name == "nt", reason="a file that is open is not replaced there")
@pytest.mark.parametrize("option", ["--check", "--digest", "--verbose"])
@pytest.mark.parametrize("change", CHANGES)
def test_a_file_that_changes_while_it_is_read_is_said(
    change: str, option: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read is then of no one file, so nothing is said of it but that."""
    path = write(tmp_path, TEACHER)
    real = operation.inspect

    def inspect(container: Container, **options: object) -> object:
        seen = real(container, **options)  # type: ignore[arg-type] # handed on as they come
        CHANGES[change](path)
        return seen

    monkeypatch.setattr(operation, "inspect", inspect)
    run = aprfmt("inspect", path, option)
    assert (run.code, run.out) == (4, "")
    (line,) = run.err.splitlines()
    assert line.startswith(f"error: {path}: ")
    assert "the input changed while it was read" in line or (change == "shrinks" and "expected" in line)


def test_a_cut_file_is_called_cut(tmp_path: Path) -> None:
    path = write(tmp_path, TEACHER[:50_000])
    first = aprfmt("inspect", path).err.splitlines()[0]
    assert f"which has 50000 of the {len(TEACHER) - 4} bytes that its index needs" in first
    assert "50000 of the" in aprfmt("stamp", path, "--license", "MIT", "-n", "--json").error["message"]


def test_very_many_faults_are_counted_and_not_all_kept(tmp_path: Path) -> None:
    entries = [entry_a(name=b"%06d" % index, dtype=13) for index in range(1500)]
    path = write(tmp_path, craft(*entries, tensor_data=bytes(64)))
    value = aprfmt("inspect", path, "--json").json
    assert value["not_kept"]["APR-I002"] == 500
    lines = aprfmt("inspect", path).err.splitlines()
    at = next(at for at, line in enumerate(lines) if "1495 more like this are not shown [APR-I002]" in line)
    assert lines[at - 1].endswith("[APR-I002]")
    assert "[APR-I002]" not in lines[at + 1]
    assert "(and 2998 more)" in aprfmt("stamp", path, "--license", "MIT", "-n").err
