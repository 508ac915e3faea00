"""`aprfmt diff` on the command line: exit codes, text, JSON of upstream's shape, and what it says of damaged files."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.unit.cli.running import GOLDEN, GOLDENS, REPOSITORY, aprfmt, assert_printable, process, sparse_model
from tests.unit.rules.crafting import craft, entry_a, entry_b

from aprfmt import canonicalise_file

TEACHER = GOLDEN / "teacher_q4k.apr"
SOUND = craft(tensor_data=bytes(range(128)))


@pytest.fixture
def stamped(tmp_path: Path) -> Path:
    path = tmp_path / "stamped.apr"
    options = ("--license", "Apache-2.0", "--data-source", "teacher-only", "--data-license", "CC-BY-4.0")
    assert aprfmt("stamp", TEACHER, *options, "-o", path, "-q").code == 0
    return path


def write(path: Path, raw: bytes) -> Path:
    path.write_bytes(raw)
    return path


@pytest.mark.parametrize("name", GOLDENS)
def test_a_file_and_its_copy_are_identical(name: str, tmp_path: Path) -> None:
    copy = write(tmp_path / "copy.apr", (GOLDEN / name).read_bytes())
    run = aprfmt("diff", GOLDEN / name, copy)
    assert (run.code, run.err) == (0, "")
    assert run.out.splitlines()[-1] == "identical, byte for byte"
    assert run.out.startswith("0 of ")
    assert aprfmt("diff", GOLDEN / name, copy, "-q") == (0, "", "")


def test_a_stamp_is_shown_to_change_no_tensor(stamped: Path) -> None:
    run = aprfmt("diff", TEACHER, stamped)
    assert (run.code, run.err) == (1, "")
    assert "0 of 925,952 tensor bytes differ (27 tensors)\n" in run.out
    lines = run.out.splitlines()
    assert lines[0] == "metadata:"
    assert '  metadata.license: null -> "Apache-2.0"  @0x7c..0x80 | 0x7c..0x88' in lines
    assert lines.index("follows from these:") > 2
    assert any(line.startswith("  header.checksum: 0x17c35d22 -> 0x") for line in lines)
    assert aprfmt("diff", TEACHER, stamped, "-q") == (1, "", "")


def test_the_json_has_upstreams_shape(stamped: Path) -> None:
    run = aprfmt("diff", TEACHER, stamped, "--json")
    assert (run.code, run.err) == (1, "")
    said = run.json
    assert (said["file1"], said["file2"]) == (str(TEACHER), str(stamped))
    assert said["identical"] is False
    assert said["category_counts"].keys() == {"format", "metadata", "tensor", "quantization", "size"}
    assert said["difference_count"] == len(said["differences"]) == sum(said["category_counts"].values())
    assert said["structural_diffs"] == sum(said["category_counts"][name] for name in ("format", "metadata", "tensor"))
    assert said["tensor_bytes"] == {"total": 925_952, "differing": 0}
    assert said["payload_identical"] is True
    by_field = {item["field"]: item for item in said["differences"]}
    item = by_field["metadata.license"]
    assert (item["file1_value"], item["file2_value"]) == ("null", "Apache-2.0")
    assert (item["category"], item["type"], item["follows"]) == ("metadata", "data", False)
    assert item["file2_place"] == {"path": "metadata.license", "start": 0x7C, "end": 0x88}
    assert [by_field[name]["type"] for name in ("header.checksum", "footer.checksum")] == ["format", "format"]


def test_what_only_one_file_has_is_missing_in_the_other(tmp_path: Path) -> None:
    first = write(tmp_path / "a.apr", SOUND)
    second = write(tmp_path / "b.apr", craft(entry_a(), metadata=b"{}", tensor_data=bytes(range(64))))
    run = aprfmt("diff", first, second)
    assert '  metadata.name: "m" -> (missing)  @0x41..' not in run.out
    assert '  metadata.name: "m" -> (missing)  @0x48..0x4b | -\n' in run.out
    assert "  tensor.b: u8 [3], 3 bytes -> (missing)  tensor_index.entries[1] @0x9d..0xba | -\n" in run.out
    assert "3 of 11 tensor bytes differ (2 tensors)\n" in run.out
    places = {
        item["field"]: item["file2_place"] for item in aprfmt("diff", first, second, "--json").json["differences"]
    }
    assert places["tensor.b"] is places["metadata.name"] is None


def test_one_byte_in_a_tensor_is_enough(tmp_path: Path) -> None:
    raw = bytearray(TEACHER.read_bytes())
    raw[len(raw) // 2] ^= 1
    path = write(tmp_path / "b.apr", bytes(raw))
    run = aprfmt("diff", TEACHER, path)
    assert run.code == 1
    assert "1 of 925,952 tensor bytes differ (27 tensors)\n" in run.out
    assert f"tensor_data @{len(raw) // 2:#x}..{len(raw) // 2 + 1:#x}\n" in run.out
    assert "the footers are the same although bytes before them differ" in run.err


def test_another_order_of_the_data_is_said(tmp_path: Path) -> None:
    canonicalise_file(GOLDEN / "streaming_order.apr", tmp_path / "b.apr")
    run = aprfmt("diff", GOLDEN / "streaming_order.apr", tmp_path / "b.apr")
    assert run.code == 1
    assert "0 of 126 tensor bytes differ (3 tensors)\n" in run.out
    assert "payload identical, layout differs: 3 of 3 tensors lie elsewhere in the data section\n" in run.out


def test_keys_can_be_ignored_and_tensors_chosen(stamped: Path, tmp_path: Path) -> None:
    run = aprfmt("diff", TEACHER, stamped, "--ignore", "license,data_source", "--ignore", "data_license")
    assert run.code == 0
    assert "ignored: license, data_source, data_license\nno differences in what was compared\n" in run.out
    assert aprfmt("diff", TEACHER, stamped, "--ignore", "license").code == 1
    first = write(tmp_path / "a.apr", SOUND)
    second = write(tmp_path / "b.apr", craft(tensor_data=bytes(64) + bytes(range(64, 128))))
    run = aprfmt("diff", first, second, "--filter", "b*")
    assert (run.code, run.out) == (
        0,
        "0 of 3 tensor bytes differ (1 tensor; 1 not compared)\nno differences in what was compared\n",
    )
    assert aprfmt("diff", first, second, "--filter", "a").code == 1
    refused = aprfmt("diff", first, second, "--filter", "none")
    assert (refused.code, refused.out) == (2, "")


def test_long_lists_are_cut_unless_somebody_asks(tmp_path: Path) -> None:
    files = [
        write(
            tmp_path / f"{number}.apr", craft(metadata=json.dumps(dict.fromkeys(map(str, range(50)), number)).encode())
        )
        for number in range(2)
    ]
    assert "  … and 30 more (-v lists all)\n" in aprfmt("diff", *files).out
    for options, shown in ((["-v"], 50), (["--limit", "0"], 50), (["--limit", "3"], 3)):
        assert aprfmt("diff", *files, *options).out.count("  metadata.") == shown
    said = aprfmt("diff", *files, "--json", "--limit", "3").json
    assert (len(said["differences"]), said["category_counts"]["metadata"]) == (3, 50)
    assert said["difference_count"] > 50


# ---- requests and files that are wrong ----


def test_what_is_no_container_exits_with_4(tmp_path: Path) -> None:
    for name, raw in {"text": b"hello" * 50, "gguf": b"GGUF" + SOUND[4:], "short": SOUND[:60], "empty": b""}.items():
        path = write(tmp_path / name, raw)
        for args in ((TEACHER, path), (path, TEACHER), (path, path)):
            run = aprfmt("diff", *args)
            assert (run.code, run.out) == (4, "")
            assert run.err.startswith(f"error: {path}: ")
            assert aprfmt("diff", *args, "--json").error["file"] == str(path)
            assert aprfmt("diff", *args, "-q")[:2] == (4, "")


def test_files_that_cannot_be_read_exit_with_3(tmp_path: Path) -> None:
    none = tmp_path / "none.apr"
    for args in ((TEACHER, none), (none, TEACHER)):
        run = aprfmt("diff", *args)
        assert (run.code, run.err) == (3, f"error: {none}: No such file or directory\n")
    assert aprfmt("diff", TEACHER, tmp_path).code == 3


def test_wrong_requests_exit_with_2() -> None:
    for args in ((TEACHER,), ("-", "-"), (TEACHER, TEACHER, TEACHER), (TEACHER, TEACHER, "--limit", "-1")):
        run = aprfmt("diff", *args)
        assert (run.code, run.out) == (2, "")
        assert aprfmt("diff", *args, "--json").error["kind"] == "usage"
    assert aprfmt("diff", TEACHER, os.devnull).code == 2


def test_damage_is_said_and_compared_all_the_same(tmp_path: Path) -> None:
    cut = write(tmp_path / "cut.apr", TEACHER.read_bytes()[:-3000])
    run = aprfmt("diff", TEACHER, cut)
    assert run.code == 1
    assert f"error: {cut}: " in run.err
    assert "Traceback" not in run.err
    assert "tensor bytes differ" in run.out
    said = aprfmt("diff", TEACHER, cut, "--json").json
    assert said["findings1"] == []
    assert {item["severity"] for item in said["findings2"]} == {"error"}
    same = aprfmt("diff", cut, cut)
    assert same.code == 0
    assert f"error: {cut}: " in same.err
    assert aprfmt("diff", TEACHER, cut, "--ignore", "none", "--filter", "no").code in (1, 2)


def test_one_of_them_can_be_standard_input() -> None:
    run = process("diff", TEACHER, "-", stdin=TEACHER.read_bytes())
    assert (run.code, run.err) == (0, "")


def test_what_files_hold_is_escaped(tmp_path: Path) -> None:
    text = "\x1b[31m\u202e\r\n::error::"
    metadata = json.dumps({text: text, "n": {text: 1}}).encode()
    hostile = craft(entry_a(name=text.encode()), entry_b(name=b"b\xff"), metadata=metadata)
    first, second = write(tmp_path / "a.apr", SOUND), write(tmp_path / "b.apr", hostile)
    for options in ([], ["-v"], ["--json"], ["--ignore", text]):
        run = aprfmt("diff", first, second, *options)
        assert run.code == 1
        assert_printable(run.out + run.err)


def test_memory_does_not_depend_on_the_size(tmp_path: Path) -> None:
    if not Path("/proc/self/status").exists():
        pytest.skip("this system does not tell how much memory a process has had")
    first, second = (sparse_model(tmp_path / f"{name}.apr", 1 << 29) for name in "ab")
    with second.open("r+b") as file:
        file.seek(1 << 28)
        file.write(b"\1")
    # What the system counts for children is the most that any of them had, those of other tests included.
    program = (
        "import sys; from aprfmt.cli import main; code = main(sys.argv[1:]); "
        "print(open('/proc/self/status').read().split('VmHWM:')[1].split()[0]); raise SystemExit(code)"
    )
    run = subprocess.run([sys.executable, "-c", program, "diff", first, second], capture_output=True, text=True)
    assert run.returncode == 1
    assert "1 of 536,870,912 tensor bytes differ (1 tensor)\n" in run.stdout
    assert int(run.stdout.splitlines()[-1]) < 1 << 17  # KiB, a quarter of one file


# ---- values ----


def test_values_are_compared_when_asked_for(tmp_path: Path) -> None:
    pytest.importorskip("numpy")
    first = write(tmp_path / "a.apr", craft(entry_a(), tensor_data=b"\0\0\x80\x3f" * 2 + bytes(56)))
    second = write(tmp_path / "b.apr", craft(entry_a(), tensor_data=b"\0\0\x80\x3f\0\0\xc0\x7f" + bytes(56)))
    run = aprfmt("diff", first, second, "--values")
    assert run.code == 1
    assert "values:\n" in run.out
    assert "not finite" in run.out
    (said,) = aprfmt("diff", first, second, "--values", "--json").json["values"]
    assert (said["verdict"], said["nan"], said["finite"], said["max_abs"]) == ("not finite", [0, 1], 1, 0)
    assert aprfmt("diff", first, second, "--json").json["values"] is None


def test_a_missing_extra_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numpy", None)
    run = aprfmt("diff", TEACHER, TEACHER, "--values")
    assert (run.code, run.out) == (2, "")
    assert "pip install 'aprfmt[values]'" in run.err


def test_without_values_nothing_heavy_is_imported() -> None:
    program = "import sys; from aprfmt.cli import main; main(sys.argv[1:]); print(sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", program, "diff", str(TEACHER), str(TEACHER)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0
    assert not {"'numpy'", "'gguf'", "'construct'"} & set(done.stdout.replace(",", "").split())


# ---- in git ----


def page_blocks() -> list[str]:
    """The settings that the page on diff shows, a block each."""
    page = (REPOSITORY / "docs" / "diff.md").read_text(encoding="utf-8")
    return re.findall(r"^```sh\n(.*?)^```$", page.split("\n## In git\n")[1], re.MULTILINE | re.DOTALL)


class Repository:
    """A repository in which git finds this aprfmt."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "repository"
        self.folder.mkdir()
        tool = folder / "bin" / "aprfmt"
        tool.parent.mkdir()
        tool.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m aprfmt "$@"\n', encoding="utf-8")
        tool.chmod(0o755)
        home = {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1", "GIT_PAGER": "cat"}
        who = {f"GIT_{role}_{what}": "x@y.z" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        path = {"PATH": f"{tool.parent}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(REPOSITORY / "src")}
        self.environment = {**os.environ, **home, **who, **path}
        self.sh("git init -q .")

    def sh(self, command: str) -> str:
        done = subprocess.run(
            ["sh", "-c", command], cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.mark.skipif(shutil.which("git") is None or os.name == "nt", reason="no git, or no shell for its settings")
def test_git_shows_what_differs(stamped: Path, tmp_path: Path) -> None:
    attributes, textconv, difftool, command = page_blocks()
    repository = Repository(tmp_path)
    model = write(repository.folder / "model.apr", TEACHER.read_bytes())
    repository.sh(f"{attributes}git add -A && git commit -qm first")
    model.write_bytes(stamped.read_bytes())
    assert "Binary files" in repository.sh("git diff")
    repository.sh(textconv)
    text = repository.sh("git diff")
    assert '\n+metadata.license: "Apache-2.0"\n' in text
    assert "\n-tensor_data" not in text
    repository.sh(difftool)
    shown = repository.sh("git difftool -t aprfmt")
    assert '  metadata.license: null -> "Apache-2.0"  @0x7c..0x80 | 0x7c..0x88\n' in shown
    repository.sh(command)
    write(repository.folder / "added.apr", SOUND)
    repository.sh("git add -N added.apr")
    text = repository.sh("git diff")
    assert "added.apr: in one version only\n" in text
    assert "0 of 925,952 tensor bytes differ (27 tensors)\n" in text
    damaged = write(model, TEACHER.read_bytes()[:-2])
    assert "footer" in repository.sh("git diff --no-ext-diff")
    assert damaged.name in repository.sh("git diff")
