"""`gate` as its users start it: what it says of files, and what it ends with."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.unit.cli.running import Run, aprfmt, assert_printable, names, process, sparse_model
from tests.unit.contracts import contract, proves
from tests.unit.rules.cases import METADATA, sound
from tests.unit.rules.crafting import craft, entry_b

from aprfmt import ProvenancePatch, stamp_bytes
from aprfmt.cli import render
from aprfmt.cli.commands import gate as gate_command
from aprfmt.cli.commands import inspect as inspect_command
from aprfmt.ops import gate as gates
from aprfmt.ops.gate import GATES
from aprfmt.provenance import PROVENANCE_KEYS

KEYS = ["file", "passed", "read", "gates"]
GATE_KEYS = ["id", "name", "statement", "repair", "verdict", "findings", "skipped_because", "not_kept"]
FINDING = ["rule", "field", "start", "end", "message", "expected", "found", "tensor", "repair"]
TEXTS: Mapping[str, Mapping[str, Any]] = contract()["gates"]
BARE = sound(metadata=b'{"name":"m"}')
FILES = {
    "good": sound(),
    "bare": BARE,
    "twice": sound(metadata=b'{"license":"MIT","data_source":"web","data_license":"MIT","license":"MIT"}'),
    "broken": sound(metadata=b"{"),
    "footless": sound(footer=None),
    "flipped": sound()[:-5] + b"!" + sound()[-4:],
    "gguf": b"GGUF" + bytes(200),
    "short": b"APR\0",
}


class Tree(dict[str, Path]):
    """Files by what they are."""


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    found = Tree()
    for name, raw in FILES.items():
        found[name] = tmp_path / f"{name}.apr"
        found[name].write_bytes(raw)
    return found


def rows(run: Run) -> list[dict[str, Any]]:
    assert run.out.isascii()
    return [json.loads(line) for line in run.out.splitlines()]


def verdicts(said: dict[str, Any]) -> str:
    assert [item["id"] for item in said["gates"]] == list(GATES)
    return "".join(item["verdict"][0] for item in said["gates"])


def gate_lines(out: str) -> list[tuple[str, str]]:
    """The verdicts that are printed, and their gates."""
    return re.findall(r"^  (PASS|FAIL|SKIPPED) +(GATE-APR-PROV-\d+) ", out, re.MULTILINE)


# ---- one file ----


@pytest.mark.parametrize(
    ("name", "options", "code", "said"),
    [
        ("good", (), 0, "PPPP"),
        ("good", ("--check",), 0, "PPPP"),
        ("bare", (), 1, "PPFF"),
        ("twice", (), 1, "FPPP"),
        ("broken", (), 1, "SSFS"),
        ("footless", (), 0, "PPPP"),
        ("footless", ("--check",), 1, "PPSP"),
        ("flipped", (), 0, "PPPP"),
        ("flipped", ("--check",), 1, "PPFP"),
    ],
)
def test_one_file(tree: Tree, name: str, options: tuple[str, ...], code: int, said: str) -> None:
    run = aprfmt("gate", tree[name], *options, "--json")
    assert (run.code, run.err) == (code, "")
    assert list(run.json) == KEYS
    assert run.json["file"] == str(tree[name])
    assert run.json["passed"] == (code == 0)
    assert run.json["read"] == ("file" if options else "head")
    assert verdicts(run.json) == said
    for item in run.json["gates"]:
        assert list(item) == GATE_KEYS
        for key in ("name", "statement", "repair"):
            assert item[key] == " ".join(TEXTS[item["id"]][key].split())
        assert bool(item["findings"]) == (item["verdict"] == "FAIL")
        assert bool(item["skipped_because"]) == (item["verdict"] == "SKIPPED")
        assert all(list(finding) == FINDING for finding in item["findings"])
    text = aprfmt("gate", tree[name], *options)
    assert (text.code, text.err) == (code, "")
    lines = text.out.splitlines()
    assert lines[0].startswith(f"{tree[name]}: {'passed' if code == 0 else 'NOT PASSED'}; gates: ")
    assert "".join(verdict[0] for verdict, _ in gate_lines(text.out)) == said
    assert lines[-1].endswith("every byte was read" if options else "the head alone was read")
    number = {letter: said.count(letter) for letter in "PFS"}
    assert f"; gates: {number['P']} passed, {number['F']} failed, {number['S']} skipped; " in lines[-1]


def test_what_a_finding_says(tree: Tree) -> None:
    said = aprfmt("gate", tree["twice"], "--json").json["gates"][0]["findings"]
    raw = FILES["twice"]
    first = raw.index(b'"license"')
    last = raw.rindex(b'"license"')
    assert [(item["rule"], item["field"], item["start"], item["end"]) for item in said] == [
        ("APR-M008", "metadata.license", first, first + 9)
    ]
    out = aprfmt("gate", tree["twice"]).out.splitlines()
    at = out.index("    APR-M008 metadata-key-twice: a key of the metadata occurs twice in one object")
    assert out[at + 1] == (
        f"      metadata.license @{first:#x}..{first + 9:#x}: expected a key of its own, "
        f"found another one @{last:#x}..{last + 9:#x}, which overrides it"
    )
    assert out[at + 2].startswith("      repair: ")


def test_what_is_said_under_one_gate_is_not_said_again(tree: Tree) -> None:
    run = aprfmt("gate", tree["bare"])
    assert run.out.count("provenance-absent") == 3
    assert run.out.count("  repair: ") == 1
    assert "    APR-P001: see GATE-APR-PROV-003\n" in run.out


def test_statements_are_printed_on_request(tree: Tree) -> None:
    for verbose in (True, False):
        out = aprfmt("gate", tree["good"], *(["-v"] if verbose else [])).out
        assert all((" ".join(item["statement"].split()) in out) == verbose for item in TEXTS.values())


def test_a_rule_that_fails_for_every_tensor_is_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "m.apr"
    entries = (entry_b(name=b"%02d" % n, ofs_tensor=0, len_tensor=0) for n in range(20))
    path.write_bytes(craft(*entries, metadata=METADATA))
    short, whole = aprfmt("gate", path).out, aprfmt("gate", path, "-v").out
    assert (short.count("    APR-D002 "), whole.count("    APR-D002 ")) == (5, 20)
    assert "      15 more (-v shows more)\n" in short
    findings = aprfmt("gate", path, "--json").json["gates"][2]["findings"]
    assert sum(item["rule"] == "APR-D002" for item in findings) == 20


def test_what_was_not_kept_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "m.apr"
    entries = (entry_b(name=b"%04d" % n, ofs_tensor=0, len_tensor=0) for n in range(1005))
    path.write_bytes(craft(*entries, metadata=METADATA))
    assert aprfmt("gate", path, "--json").json["gates"][2]["not_kept"] == {"APR-D002": 5}
    assert "      5 more were counted, not kept\n" in aprfmt("gate", path, "-v").out


def test_quiet_prints_nothing_but_what_keeps_files_from_passing(tree: Tree) -> None:
    assert aprfmt("gate", tree["good"], "-q") == (0, "", "")
    out = aprfmt("gate", tree["good"], tree["bare"], tree["broken"], "-q").out
    assert str(tree["good"]) not in out
    assert " PASS " not in out
    assert "; the head alone was read" not in out
    assert gate_lines(out) == [
        ("FAIL", "GATE-APR-PROV-003"),
        ("FAIL", "GATE-APR-PROV-004"),
        ("SKIPPED", "GATE-APR-PROV-001"),
        ("SKIPPED", "GATE-APR-PROV-002"),
        ("FAIL", "GATE-APR-PROV-003"),
        ("SKIPPED", "GATE-APR-PROV-004"),
    ]
    assert aprfmt("gate", tree["bare"], "-q", "--json").json == aprfmt("gate", tree["bare"], "--json").json


@pytest.mark.parametrize(("name", "kind", "rule"), [("gguf", "unsupported", None), ("short", "format", "APR-H008")])
def test_one_file_that_is_no_container(tree: Tree, name: str, kind: str, rule: str | None) -> None:
    text, said = aprfmt("gate", tree[name]), aprfmt("gate", tree[name], "--json")
    assert (text.code, text.out, said.code, said.err) == (4, "", 4, "")
    assert text.err == f"error: {said.error['message']}\n"
    assert list(said.json) == ["file", "error"]
    assert (said.error["kind"], said.error["rule_id"], said.error["file"]) == (kind, rule, str(tree[name]))


def test_noise_is_no_container(tmp_path: Path) -> None:
    path = tmp_path / "m.apr"
    path.write_bytes(bytes(range(256)))
    assert aprfmt("gate", path, "--json").error["rule_id"] == "APR-H001"


@pytest.mark.parametrize("place", ["none.apr", "below"])
def test_one_file_that_the_system_does_not_give(tree: Tree, tmp_path: Path, place: str) -> None:
    path = tmp_path / place if place != "below" else tree["good"] / place
    text, said = aprfmt("gate", path), aprfmt("gate", path, "--json")
    assert (text.code, text.out, said.code) == (3, "", 3)
    assert text.err == f"error: {said.error['message']}\n"
    assert said.error["kind"] == "file"


# ---- several ----


def test_several_files_are_an_object_a_line(tree: Tree) -> None:
    run = aprfmt("gate", *tree.values(), "--json")
    assert (run.code, run.err) == (1, "")
    found = {Path(row["file"]).stem: row for row in rows(run)}
    assert list(found) == list(FILES)
    assert [name for name, row in found.items() if row.get("passed")] == ["good", "footless", "flipped"]
    assert [name for name, row in found.items() if "error" in row] == ["gguf", "short"]
    assert {found[name]["error"]["exit_code"] for name in ("gguf", "short")} == {1}
    text = aprfmt("gate", *tree.values())
    assert text.code == 1
    assert text.err.count("error: ") == 2
    assert text.out.splitlines()[-1] == (
        "8 files: 3 passed, 5 failed; gates: 17 passed, 4 failed, 3 skipped; the head alone was read"
    )
    for name in ("good", "bare", "twice", "broken"):
        alone = aprfmt("gate", tree[name], "--json").json
        assert found[name] == alone


def test_folders_and_lists(tree: Tree, tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "x.apr").write_bytes(FILES["bare"])
    listed = tmp_path / "list"
    listed.write_text(f"{tree['good']}\n\n{tree['footless']}\n", encoding="utf-8")
    assert [row["file"] for row in rows(aprfmt("gate", f"@{listed}", "--json"))] == [
        str(tree["good"]),
        str(tree["footless"]),
    ]
    assert aprfmt("gate", f"@{listed}").code == 0
    flat, deep = (rows(aprfmt("gate", tmp_path, *options, "--json")) for options in ((), ("-r",)))
    assert (len(flat), len(deep)) == (len(FILES), len(FILES) + 1)
    # A folder with one file is no single file.
    assert [row["file"] for row in rows(aprfmt("gate", inner, "--json"))] == [str(inner / "x.apr")]
    for name in ("good", "bare"):
        assert aprfmt("gate", tree[name], tree[name]).code == (name != "good")


def test_a_file_that_is_no_container_fails_among_several(tree: Tree, tmp_path: Path) -> None:
    (tmp_path / "only").mkdir()
    (tmp_path / "only" / "x.apr").write_bytes(FILES["gguf"])
    run = aprfmt("gate", tmp_path / "only")
    assert (run.code, run.out) == (1, "")
    assert "GGUF" in run.err
    assert aprfmt("gate", tree["good"], tree["gguf"]).code == 1


def test_unreadable_outweighs_verdicts_and_stops_nobody(tree: Tree, tmp_path: Path) -> None:
    none = tmp_path / "none.apr"
    run = aprfmt("gate", none, tree["bare"], tree["gguf"], tree["good"], "--json")
    assert run.code == 3
    assert [row.get("passed") for row in rows(run)] == [None, False, None, True]
    last = aprfmt("gate", none, tree["good"]).out.splitlines()[-1]
    assert last.startswith("2 files: 1 passed, 0 failed, 1 unreadable; ")


def test_a_folder_and_a_list_of_nothing_are_wrong_requests(tmp_path: Path) -> None:
    (tmp_path / "list").write_bytes(b"\n")
    for argument in (tmp_path, f"@{tmp_path / 'list'}"):
        text, said = aprfmt("gate", argument), aprfmt("gate", argument, "--json")
        assert (text.code, text.out, said.code) == (2, "", 2)
        assert said.error["kind"] == "request"
    assert aprfmt("gate").code == aprfmt("gate", "-", "@-").code == aprfmt("gate", "x", "--full").code == 2


# ---- standard input ----


@pytest.mark.parametrize("name", FILES)
def test_standard_input_is_a_file_like_any_other(tree: Tree, name: str) -> None:
    named = aprfmt("gate", tree[name], "--json")
    piped = process("gate", "-", "--json", stdin=FILES[name])
    assert (piped.code, piped.err) == (named.code, "")
    if "error" in named.json:
        assert {**piped.error, "message": ""} == {**named.error, "message": "", "file": "-"}
    else:
        assert piped.json == {**named.json, "file": "-"}
        with tree[name].open("rb") as stdin:
            start = [sys.executable, "-W", "error", "-m", "aprfmt", "gate", "-", "--json"]
            done = subprocess.run(start, stdin=stdin, capture_output=True, timeout=60)
        assert json.loads(done.stdout) == piped.json


def test_standard_input_of_a_caller_may_be_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, code in (("good", 0), ("bare", 1)):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(FILES[name])))
        assert aprfmt("gate", "-").code == code


@pytest.mark.skipif(os.name == "nt", reason="named pipes")
def test_a_pipe_is_read_once(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen([sys.executable, "-m", "aprfmt", "gate", pipe], stdout=subprocess.PIPE) as run:
        pipe.write_bytes(FILES["bare"])
        out, _ = run.communicate(timeout=60)
    assert run.returncode == 1
    assert b"; gates: 2 passed, 2 failed\n" in out


def test_standard_input_is_what_it_was(tree: Tree) -> None:
    before = sys.stdin
    aprfmt("gate", tree["good"])
    assert sys.stdin is before


# ---- what inspect prints ----

HOSTILE = [
    b'{"license":"a\\nlicense: MIT","data_source":"(missing)","data_license":"\\u001b[31m"}',
    b'{"license":"","data_source":" ","data_license":"null"}',
    b'{"license":"%s","data_source":"\xf0\x9f\x98\x80","data_license":"\\u202e"}' % (b"x" * 5000),
    b'{"license":"%s\xf0\x9f\x98\x80%s"}' % (b"x" * 199, b"y" * 50),
    b'{"license":["MIT"],"data_source":-0,"data_license":{"a":[1e300,null,true]}}',
    b'{"license":null,"Provenance":1,"Provenance:":2,"license: MIT":3,"":4}',
    b'{"name":"\\n\\n  Provenance:\\n    license: MIT"}',
    b'{"license":"MIT","license":null,"data_source":"web"}',
    b'{"license":"\\ud83d\\ude00::error::","data_source":"##[error]","data_license":"::notice::x"}',
    b"{}",
]


@proves("GATE-APR-PROV-002")
@pytest.mark.parametrize("metadata", HOSTILE)
def test_inspect_tells_all_three_keys_of_any_file(metadata: bytes, tmp_path: Path) -> None:
    path = tmp_path / "m.apr"
    path.write_bytes(sound(metadata=metadata))
    run = aprfmt("gate", path, "--json")
    assert verdicts(run.json)[1] == "P", run.json["gates"][1]["findings"]
    members = json.loads(metadata)
    assert aprfmt("inspect", path, "--json").json["provenance"] == {key: members.get(key) for key in PROVENANCE_KEYS}
    block = aprfmt("inspect", path).out.split("\n\n  Provenance:\n")[1].split("\n\n")[0].splitlines()
    for key, line in zip(PROVENANCE_KEYS, block, strict=False):
        assert line.startswith(f"    {key}: ")
        assert (line == f"    {key}: (missing)") == (members.get(key) is None)
    assert_printable(aprfmt("gate", path).out)


def test_a_text_that_is_cut_says_where(tmp_path: Path) -> None:
    path = tmp_path / "m.apr"
    path.write_bytes(sound(metadata=b'{"license":"%s"}' % ("\U0001f600" * 300).encode()))
    assert verdicts(aprfmt("gate", path, "--json").json)[1] == "P"


def leaves_out(key: str) -> Callable[[str], str]:
    return lambda text: "".join(line for line in text.splitlines(keepends=True) if f"{key}: " not in line)


PRINTS: dict[str, tuple[tuple[str, ...], Callable[[str], str]]] = {
    # how a command goes wrong: with which options, and what becomes of what it prints
    "text without a key": ((), leaves_out("data_source")),
    "text without the block": ((), lambda text: text.partition("\n  Provenance:")[0]),
    "text with another value": ((), lambda text: text.replace("license: MIT", "license: Apache-2.0")),
    "text with a missing key as empty": ((), lambda text: text.replace("(missing)", '""')),
    "no text": ((), lambda _text: ""),
    "JSON without a key": (("--json",), lambda text: text.replace('"data_license"', '"data_licence"')),
    "JSON with another value": (("--json",), lambda text: text.replace('"MIT"', '"mit"')),
    "JSON with an absent key as empty": (("--json",), lambda text: text.replace("null", '""')),
    "JSON without the block": (("--json",), lambda text: text.replace('"provenance"', '"origin"')),
    "JSON of another shape": (("--json",), lambda _text: '{"provenance":[]}'),
    "no JSON": (("--json",), lambda _text: "oh"),
}


@proves("GATE-APR-PROV-002")
@pytest.mark.parametrize("name", PRINTS)
def test_an_inspect_that_prints_otherwise_is_noticed(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options, change = PRINTS[name]
    printed = gate_command._printed
    monkeypatch.setattr(
        gate_command,
        "_printed",
        lambda container, *more: change(printed(container, *more)) if more == options else printed(container, *more),
    )
    path = tmp_path / "m.apr"
    path.write_bytes(sound(metadata=b'{"license":"MIT","data_source":"web"}'))
    run = aprfmt("gate", path, "--json")
    shown = run.json["gates"][1]
    assert (run.code, shown["verdict"]) == (1, "FAIL")
    assert {item["rule"] for item in shown["findings"]} == {None}
    said = "what is shown by inspect --json is" if options else "what is shown by inspect is"
    assert all(item["message"].startswith(said) for item in shown["findings"])
    assert all(item["repair"].startswith("No change of the file helps") for item in shown["findings"])
    assert f"    {said} not what the metadata holds\n" in aprfmt("gate", path).out


def test_the_command_that_is_asked_is_the_one_that_users_start(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []
    main = inspect_command.command.main

    def seen(args: list[str], **options: Any) -> Any:
        asked.append(args)
        return main(args=args, **options)

    monkeypatch.setattr(inspect_command.command, "main", seen)
    assert aprfmt("gate", tree["good"]).code == 0
    assert asked == [["-"], ["-", "--json"]]


def test_what_inspect_says_on_the_way_is_not_printed(tmp_path: Path) -> None:
    path = tmp_path / "m.apr"
    path.write_bytes(sound(header={"version_minor": 7}))  # which is worth a warning on stderr
    assert aprfmt("inspect", path).err
    assert aprfmt("gate", path).err == ""


# ---- faults, signals, hostile names ----


def test_a_fault_of_ours_is_none_of_the_file(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: object, **_options: object) -> None:
        raise ZeroDivisionError("oh\x1b[31m")

    monkeypatch.setattr(gates, "gate", broken)
    run = aprfmt("gate", tree["good"], "-v")
    assert (run.code, run.out) == (70, "")
    assert "oh\\x1b[31m" in run.err
    assert "Traceback" in run.err
    assert aprfmt("gate", tree["good"], "--json").error["kind"] == "internal"


def test_a_file_that_changes_is_unreadable(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    printed = gate_command._printed

    def changing(container: Any, *options: str) -> str:
        with tree["good"].open("ab") as file:
            file.write(b"!")
        return printed(container, *options)

    monkeypatch.setattr(gate_command, "_printed", changing)
    run = aprfmt("gate", tree["good"], "--json")
    assert run.code == 3
    assert "changed" in run.error["message"]


@pytest.mark.parametrize("kind", ["good", "bare", "gguf"])
def test_hostile_names_are_escaped(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "\x1b[31m::error::\u202e.apr"
    path.write_bytes(FILES[kind])
    run = aprfmt("gate", path)
    assert_printable(run.out + run.err)
    assert "\\x1b[31m" in run.out + run.err
    assert aprfmt("gate", path, "--json").out.isascii()


def test_hostile_values_are_escaped(tmp_path: Path) -> None:
    path = tmp_path / "m.apr"
    path.write_bytes(sound(metadata=b'{"license":"\\u001b[31m\\n::error::x","data_source":"\\u202e","data_license":5}'))
    run = aprfmt("gate", path)
    assert_printable(run.out)
    assert "\n::" not in run.out
    assert len(run.out.splitlines()) < 40


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_a_signal_ends_it_all(tree: Tree, tmp_path: Path, name: str, code: int) -> None:
    big = sparse_model(tmp_path / "big.apr", 1 << 38)
    with big.open("ab") as end:
        end.write(b"\0\0\0\1")
    run = subprocess.Popen(
        [sys.executable, "-m", "aprfmt", "gate", "--check", "--json", tree["bare"], big, tree["good"]],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert run.stdout is not None
    first = json.loads(run.stdout.readline())
    run.send_signal(getattr(signal, name))
    out, err = run.communicate(timeout=60)
    assert (run.returncode, err) == (code, b"")
    assert first["file"] == str(tree["bare"])
    (last,) = map(json.loads, out.splitlines())
    assert (last["file"], last["error"]["kind"], last["error"]["exit_code"]) == (str(big), "interrupted", code)


def test_filler_of_any_size_is_looked_through_when_every_byte_is_read(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    judge = gates.gate

    def gate(container: Any, **options: Any) -> Any:
        seen.append(container.limits.max_filler_bytes)
        return judge(container, **options)

    monkeypatch.setattr(gates, "gate", gate)
    aprfmt("gate", tree["good"])
    aprfmt("gate", tree["good"], "--check")
    assert seen[1] >= max(seen[0], len(FILES["good"]))


def test_progress_is_drawn_only_on_a_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "large.apr"
    n_elements = 1 << 25
    path.write_bytes(
        craft(entry_b(dims=[n_elements], len_tensor=n_elements, ofs_tensor=0), tensor_data=bytes(n_elements))
    )
    assert aprfmt("gate", path, "--check").err == ""
    monkeypatch.setattr(render, "is_terminal", lambda: True)
    assert "checking " in aprfmt("gate", path, "--check").err
    assert aprfmt("gate", path, "--check", "-q").err == ""


@pytest.mark.usefixtures("tree")
def test_nothing_is_written(tmp_path: Path) -> None:
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    aprfmt("gate", tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert len(names(tmp_path)) == len(FILES)


def test_a_stamp_is_what_is_missing(tree: Tree) -> None:
    assert aprfmt("gate", tree["bare"]).code == 1
    patch = ProvenancePatch(license="Apache-2.0", data_source="teacher-only", data_license="CC-BY-4.0")
    tree["bare"].write_bytes(stamp_bytes(BARE, patch))
    assert aprfmt("gate", tree["bare"], "--check").code == 0
