"""`validate` as its users start it: what it says, where it says it, and what it ends with."""

from __future__ import annotations

import json
import os
import zlib
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from tests.unit.cli.running import GOLDEN, GOLDENS, Run, aprfmt, assert_printable, process, sparse_model
from tests.unit.rules.cases import sound
from tests.unit.rules.crafting import craft, entry_a, entry_b

from aprfmt import files
from aprfmt.cli import render
from aprfmt.cli.reports import FORMATS
from aprfmt.errors import LimitExceededError, TruncatedError
from aprfmt.layout import facts

KEYS = ["file", "valid", "profile", "findings", "rules_run", "rules_skipped", "skipped_because", "not_kept"]
FINDING = ["rule", "severity", "field", "start", "end", "message", "expected", "found", "tensor"]
SOUND = (GOLDEN / "sharded.apr").read_bytes()


class Tree(dict[str, Path]):
    """Files by what they are."""


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    made = {
        "sound": SOUND,
        "warned": sound(header={"version_minor": 7}),
        "flipped": SOUND[:45] + b"!" + SOUND[46:],
        "empty": b"",
        "gguf": b"GGUF" + (3).to_bytes(4, "little") + bytes(1016),
        "noise": bytes(range(256)) * 4,
    }
    found = Tree()
    for name, raw in made.items():
        found[name] = tmp_path / f"{name}.apr"
        found[name].write_bytes(raw)
    return found


def rows(run: Run) -> list[dict[str, Any]]:
    assert run.out.isascii()
    value = json.loads(run.out)
    assert isinstance(value, list)
    return value


# --- what is said of one file


@pytest.mark.parametrize("name", GOLDENS)
@pytest.mark.parametrize("form", FORMATS)
def test_what_the_reference_writes_has_no_error(name: str, form: str) -> None:
    run = aprfmt("validate", GOLDEN / name, "--format", form)
    assert (run.code, run.err) == (0, "")
    assert_printable(run.out)
    if form == "text":
        first, *_, last = run.out.splitlines()
        assert first.startswith(f"{GOLDEN / name}: valid")
        assert last.endswith(" rules run, 0 skipped")
    if form == "json":
        assert list(run.json) == KEYS
        assert run.json["valid"] is True
        assert run.json["file"] == str(GOLDEN / name)
        assert {finding["severity"] for finding in run.json["findings"]} <= {"warning", "info"}
        assert run.json["rules_skipped"] == run.json["skipped_because"] == []
        assert len(run.json["rules_run"]) == len(set(run.json["rules_run"])) > 30
    if form == "github":
        assert "::error" not in run.out


@pytest.mark.parametrize("name", ["flipped", "empty", "gguf", "noise"])
def test_any_bytes_can_be_judged(tree: Tree, name: str) -> None:
    run = aprfmt("validate", tree[name], "--json")
    assert (run.code, run.err) == (1, "")
    assert list(run.json) == KEYS
    assert run.json["valid"] is False
    assert run.json["findings"]
    for finding in run.json["findings"]:
        assert list(finding) == FINDING
        assert finding["rule"] in facts.RULES
    text = aprfmt("validate", tree[name])
    assert (text.code, text.err) == (1, "")
    assert text.out.startswith(f"{tree[name]}: INVALID, ")


def test_every_finding_has_two_lines(tree: Tree) -> None:
    run = aprfmt("validate", tree["flipped"])
    (finding,) = (
        item for item in aprfmt("validate", tree["flipped"], "--json").json["findings"] if item["rule"] == "APR-H006"
    )
    at = run.out.splitlines().index(f"  error APR-H006 {facts.RULES['APR-H006'].name}: {finding['message']}")
    said = run.out.splitlines()[at + 1]
    where = f"{finding['field']} @{finding['start']:#x}..{finding['end']:#x}"
    assert said == f"    {where}: expected {finding['expected']}, found {finding['found']}"


def test_warnings_are_printed_and_make_no_error(tree: Tree) -> None:
    run = aprfmt("validate", tree["warned"])
    assert run.code == 0
    assert run.out.startswith(f"{tree['warned']}: valid, 1 warning")
    assert "\n  warning APR-H003 " in run.out
    said = aprfmt("validate", tree["warned"], "--json").json
    assert said["valid"] is True
    assert "passed" not in said


def test_strict_counts_warnings(tree: Tree) -> None:
    run = aprfmt("validate", tree["warned"], "--strict")
    assert run.code == 1
    assert "; fails with --strict\n" in run.out
    said = aprfmt("validate", tree["warned"], "--strict", "--json")
    assert (said.code, said.json["valid"], said.json["passed"]) == (1, True, False)
    sound = aprfmt("validate", tree["sound"], "--strict", "--json", "--profile", "reader")
    assert (sound.code, sound.json["valid"], sound.json["passed"]) == (0, True, True)


def test_require_all_counts_what_was_skipped(tree: Tree) -> None:
    for options, code in (([], 0), (["--require-all"], 0)):
        assert aprfmt("validate", tree["sound"], *options).code == code
    # A rule that is ignored still keeps those that need it from being judged.
    skipped = aprfmt("validate", tree["gguf"], "--json").json["rules_skipped"]
    assert skipped
    said = aprfmt("validate", tree["gguf"], "--json", "--require-all").json
    assert (said["valid"], said["passed"]) == (False, False)


def test_skipped_rules_are_counted(tree: Tree) -> None:
    said = aprfmt("validate", tree["empty"], "--json").json
    n_run, n_skipped = len(said["rules_run"]), len(said["rules_skipped"])
    assert not set(said["rules_run"]) & set(said["rules_skipped"])
    last = aprfmt("validate", tree["empty"]).out.splitlines()[-1]
    assert last == f"{render.count(n_run, 'rule')} run, {n_skipped} skipped"
    assert f"  skipped: {', '.join(said['rules_skipped'])}\n" in aprfmt("validate", tree["empty"], "-v").out


@pytest.mark.parametrize(("name", "rule"), [("empty", "APR-H008"), ("gguf", "APR-H001")])
def test_why_rules_were_skipped_is_said(tree: Tree, name: str, rule: str) -> None:
    said = aprfmt("validate", tree[name], "--json").json
    assert said["skipped_because"] == [rule]
    first = aprfmt("validate", tree[name]).out.splitlines()[0]
    assert first.endswith(f"; {len(said['rules_skipped'])} rules skipped because of {rule}")


def test_a_rule_that_is_ignored_is_named_as_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "m.apr"
    path.write_bytes(craft(footer=None))
    said = aprfmt("validate", path, "--json", "--ignore", "APR-F003").json
    assert (said["rules_skipped"], said["skipped_because"]) == (["APR-F002", "APR-F004"], ["APR-F003"])
    assert "APR-F003" not in {finding["rule"] for finding in said["findings"]}


def test_a_rule_that_fails_for_every_tensor_is_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "m.apr"
    path.write_bytes(craft(*(entry_b(name=b"%02d" % n, ofs_tensor=0, len_tensor=0) for n in range(20))))
    short, whole = aprfmt("validate", path).out, aprfmt("validate", path, "-v").out
    assert short.count("  error APR-D002 ") == 5
    assert "  15 more of APR-D002 (-v shows more)\n" in short
    lines = short.splitlines()
    at = lines.index("  15 more of APR-D002 (-v shows more)")
    assert lines[at - 2].startswith("  error APR-D002 ")
    assert [line for line in lines[at + 1 :] if line.startswith("  warning ")]
    assert whole.count("  error APR-D002 ") == 20
    assert len(aprfmt("validate", path, "--json").json["findings"]) >= 20


def test_rules_can_be_chosen(tree: Tree) -> None:
    name = facts.RULES["APR-H006"].name
    for spelling in ("APR-H006", "apr-h006", "H006", "h006", name.upper(), f"APR-H006,{name},h006"):
        said = aprfmt("validate", tree["flipped"], "--json", "--select", spelling).json
        assert said["rules_run"] == ["APR-H006"]
        assert {finding["rule"] for finding in said["findings"]} == {"APR-H006"}
        left = aprfmt("validate", tree["flipped"], "--json", "--ignore", spelling)
        assert "APR-H006" not in left.json["rules_run"]
        assert "APR-H006" not in {finding["rule"] for finding in left.json["findings"]}
    several = aprfmt("validate", tree["sound"], "--json", "--select", "APR-H006", "--select", "APR-H003, APR-H005").json
    assert set(several["rules_run"]) == {"APR-H003", "APR-H005", "APR-H006"}
    both = aprfmt("validate", tree["sound"], "--json", "--select", "APR-H006,APR-H003", "--ignore", "APR-H003").json
    assert both["rules_run"] == ["APR-H006"]


@pytest.mark.parametrize("profile", facts.PROFILES)
def test_profiles(tree: Tree, profile: str) -> None:
    said = aprfmt("validate", tree["flipped"], "--json", "--profile", profile.upper()).json
    assert said["profile"] == profile
    assert set(said["rules_run"]) | set(said["rules_skipped"]) == set(facts.PROFILES[profile])
    for finding in said["findings"]:
        assert finding["severity"] == facts.PROFILES[profile][finding["rule"]]


# --- requests that are wrong


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        (
            ["--profile", "strict"],
            "request",
            "expected a profile, found 'strict'; there are default, reader, canonical and publish",
        ),
        (["--profile", "publsh"], "request", "expected a profile, found 'publsh'; did you mean publish?"),
        (["--select", "P0"], "request", "expected the id or name of a rule, found 'P0'"),
        (["--select", "APR-X999"], "request", "expected the id or name of a rule, found 'APR-X999'"),
        (["--ignore", "APR-H001,,APR-H002"], "request", "expected the id or name of a rule, found ''"),
        (["--select", "APR-H001", "--ignore", "magic-wrong"], "request", "leave no rule"),
        (["-"] * 2, "usage", "only once"),
        (["-", "@-"], "usage", "only once"),
    ],
)
def test_what_cannot_be_asked_for(tree: Tree, options: list[str], kind: str, message: str) -> None:
    run = aprfmt("validate", tree["empty"], *options)
    assert (run.code, run.out) == (2, "")
    assert message in run.err.splitlines()[-1]
    for as_json in (["--json"], ["--format", "json"], ["--format=json"]):
        said = aprfmt("validate", tree["empty"], *options, *as_json)
        assert (said.code, said.err, said.error["kind"]) == (2, "", kind)
        assert message in said.error["message"]


@pytest.mark.parametrize("form", [form for form in FORMATS if form != "json"])
def test_two_formats_exclude_each_other(tree: Tree, form: str) -> None:
    run = aprfmt("validate", tree["sound"], "--json", "--format", form)
    assert (run.code, run.error["kind"]) == (2, "usage")
    assert aprfmt("validate", tree["sound"], "--json", "--format", "json") == aprfmt(
        "validate", tree["sound"], "--json"
    )


def test_no_file_is_wrong_usage() -> None:
    assert aprfmt("validate").code == 2
    assert aprfmt("validate", "--json").error["kind"] == "usage"


# --- several files


def test_several_files_are_an_array(tree: Tree) -> None:
    run = aprfmt("validate", tree["sound"], tree["empty"], tree["warned"], "--json")
    assert run.code == 1
    assert [row["file"] for row in rows(run)] == [str(tree[name]) for name in ("sound", "empty", "warned")]
    assert [row["valid"] for row in rows(run)] == [True, False, True]


def test_several_files_have_a_summary(tree: Tree) -> None:
    run = aprfmt("validate", tree["sound"], tree["warned"], tree["flipped"])
    assert run.code == 1
    assert run.out.splitlines()[-1].startswith("3 files: 2 valid, 1 invalid; ")
    assert aprfmt("validate", tree["sound"], tree["warned"]).out.splitlines()[-1].endswith(" rules run, 0 skipped")
    all_rules = len(facts.PROFILES["default"])
    skipped = len(aprfmt("validate", tree["empty"], "--json").json["rules_skipped"])
    last = aprfmt("validate", tree["sound"], tree["empty"]).out.splitlines()[-1]
    assert last == f"2 files: 1 valid, 1 invalid; {all_rules} rules run, {skipped} skipped in some files"
    last = aprfmt("validate", tree["empty"], tree["empty"]).out.splitlines()[-1]
    assert last == f"2 files: 0 valid, 2 invalid; {all_rules - skipped} rules run, {skipped} skipped"


def test_a_folder_and_a_list_are_arrays(tree: Tree, tmp_path: Path) -> None:
    listing = tmp_path / "list"
    listing.write_text(f"{tree['sound']}\n", encoding="utf-8")
    assert [row["valid"] for row in rows(aprfmt("validate", f"@{listing}", "--json"))] == [True]
    wanted = sorted(str(path) for path in tree.values())
    assert [row["file"] for row in rows(aprfmt("validate", tmp_path, "--json"))] == wanted
    inner = tmp_path / "sub"
    inner.mkdir()
    (inner / "x.apr").write_bytes(SOUND)
    assert len(rows(aprfmt("validate", tmp_path, "--json"))) == len(wanted)
    assert len(rows(aprfmt("validate", tmp_path, "--json", "-r"))) == len(wanted) + 1
    assert len(rows(aprfmt("validate", inner, "--json"))) == 1


def test_a_list_that_has_no_lines_is_a_file_that_cannot_be_read(tree: Tree) -> None:
    if not Path("/dev/zero").exists():
        pytest.skip("the system has no /dev/zero")
    run = aprfmt("validate", "@/dev/zero", tree["sound"], "--json")
    first, second = rows(run)
    assert (run.code, run.err) == (3, "")
    assert (first["error"]["kind"], first["error"]["exit_code"], first["error"]["file"]) == ("file", 3, "/dev/zero")
    assert "a line that is too long" in first["error"]["message"]
    assert second["valid"] is True


def test_a_folder_without_files_is_refused(tmp_path: Path) -> None:
    run = aprfmt("validate", tmp_path, "--json")
    assert (run.code, run.error["kind"]) == (2, "request")
    assert "expected at least one file *.apr, found none (-r looks into the folders in it)" in run.error["message"]


@pytest.mark.parametrize("code", [0, 1])
def test_an_unreadable_file_outweighs_findings(tree: Tree, code: int) -> None:
    paths: list[str | Path] = [tree["sound"], "none.apr", tree["flipped" if code else "warned"]]
    run = aprfmt("validate", *paths, "--json")
    first, second, third = rows(run)
    assert (run.code, run.err) == (3, "")
    assert (first["valid"], third["valid"]) == (True, not code)
    assert list(second) == ["file", "error"]
    assert second["file"] == second["error"]["file"] == "none.apr"
    assert (second["error"]["kind"], second["error"]["exit_code"]) == ("file", 3)
    text = aprfmt("validate", *paths)
    assert text.code == 3
    assert text.err == "error: none.apr: No such file or directory\n"
    assert " 1 unreadable; " in text.out.splitlines()[-1]
    assert aprfmt("validate", *paths, "-q").err == text.err


def test_one_file_that_is_not_there() -> None:
    assert aprfmt("validate", "none.apr") == (3, "", "error: none.apr: No such file or directory\n")
    run = aprfmt("validate", "none.apr", "--json")
    assert (run.code, list(run.json)) == (3, ["file", "error"])
    assert run.error["kind"] == "file"


@pytest.mark.skipif(not os.path.exists("/dev/null"), reason="no such device")  # noqa: PTH110 - a device
def test_a_device_is_no_file(tree: Tree) -> None:
    run = aprfmt("validate", "/dev/null", tree["sound"], "--json")
    assert run.code == 3
    assert rows(run)[0]["error"]["kind"] == "request"
    assert rows(run)[1]["valid"] is True


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        (OSError(5, "Input/output error"), "file", 3),
        (TruncatedError("the input became shorter while it was read"), "format", 3),
        (LimitExceededError("too large"), "limit", 3),
        (MemoryError(), "limit", 3),
        (ZeroDivisionError("x"), "internal", 70),
    ],
)
def test_whatever_happens_to_one_file_the_others_are_judged(
    tree: Tree, monkeypatch: pytest.MonkeyPatch, error: Exception, kind: str, code: int
) -> None:
    real = files.validate_file

    def validate_file(file: Any, **options: Any) -> Any:
        if file == str(tree["empty"]):
            raise error
        return real(file, **options)

    monkeypatch.setattr(files, "validate_file", validate_file)
    run = aprfmt("validate", tree["empty"], tree["sound"], "--json")
    failed, sound = rows(run)
    assert (run.code, failed["error"]["exit_code"], failed["error"]["kind"]) == (code, code, kind)
    assert failed["error"]["message"].startswith(str(tree["empty"]))
    assert sound["valid"] is True
    text = aprfmt("validate", tree["empty"], tree["sound"], "-v")
    assert text.code == code
    assert ("Traceback" in text.err) == (kind == "internal")


def test_quiet_prints_only_what_fails(tree: Tree) -> None:
    assert aprfmt("validate", tree["sound"], tree["warned"], "-q") == (0, "", "")
    run = aprfmt("validate", tree["sound"], tree["warned"], tree["flipped"], "-q")
    assert (run.code, run.err) == (1, "")
    assert [line for line in run.out.splitlines() if not line.startswith(" ")] == [run.out.splitlines()[0]]
    assert run.out.startswith(f"{tree['flipped']}: INVALID")
    assert "  warning" not in run.out
    strict = aprfmt("validate", tree["warned"], "-q", "--strict")
    assert (strict.code, strict.out.count("  warning")) == (1, 1)


@pytest.mark.parametrize("form", ["text", "markdown", "github"])
def test_what_people_read_is_quiet_when_nothing_fails(tree: Tree, form: str) -> None:
    assert aprfmt("validate", tree["sound"], tree["warned"], "-q", "--format", form) == (0, "", "")
    assert aprfmt("validate", tree["sound"], tree["warned"], "-q", "--strict", "--format", form).code == 1


@pytest.mark.parametrize("form", ["json", "jsonl", "sarif", "junit"])
def test_what_programs_read_is_always_whole(tree: Tree, form: str) -> None:
    for name in ("sound", "warned", "flipped"):
        args = ("validate", tree[name], "--format", form)
        assert aprfmt(*args, "-q") == aprfmt(*args)


def test_a_name_that_is_not_utf8_is_shown_like_everywhere(tmp_path: Path) -> None:
    path = tmp_path / "m.apr"
    path.write_bytes(craft(entry_a(), entry_b(name=b"caf\xc3\xa9 \xff\xfe", len_tensor=2)))
    for form in FORMATS:
        out = aprfmt("validate", path, "--format", form).out
        in_json = form in ("json", "jsonl", "sarif")
        assert ("\\\\xff\\\\xfe" if in_json else "\\xff\\xfe") in out
        assert "udc" not in out
    assert "; tensor 'caf\u00e9 \\xff\\xfe'\n" in aprfmt("validate", path).out
    err = aprfmt("inspect", path).err
    assert "; tensor 'caf\u00e9 \\xff\\xfe' [APR-D002]\n" in err
    assert "\n  caf\u00e9" not in err
    (name,) = (item["name"] for item in aprfmt("tensors", path, "--json").json["tensors"] if "name_hex" in item)
    assert name == "caf\u00e9 \\xff\\xfe"


# --- streams


def test_standard_input_is_judged_like_a_file(tree: Tree) -> None:
    for name in ("sound", "flipped", "empty", "gguf"):
        piped = process("validate", "-", "--json", stdin=tree[name].read_bytes())
        named = aprfmt("validate", tree[name], "--json")
        assert (piped.code, piped.err) == (named.code, "")
        assert piped.json == {**named.json, "file": "-"}


def test_a_list_may_come_from_standard_input(tree: Tree) -> None:
    run = process(
        "validate", "@-", "--format", "jsonl", stdin=b"".join(os.fsencode(path) + b"\n" for path in tree.values())
    )
    assert run.code == 1
    assert [json.loads(line)["file"] for line in run.out.splitlines()] == [str(path) for path in tree.values()]


def test_a_file_is_reported_before_the_next_is_read(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    """Law: when a file is opened, the line about the one before it has left the program."""
    real = files.validate_file
    out: list[str] = []
    seen: list[int] = []

    def validate_file(file: Any, **options: Any) -> Any:
        seen.append(len(out))
        return real(file, **options)

    monkeypatch.setattr(render, "_put", out.append)
    monkeypatch.setattr(files, "validate_file", validate_file)
    assert aprfmt("validate", *tree.values(), "--format", "jsonl").code == 1
    assert seen == list(range(len(tree)))


def test_progress_is_drawn_on_a_terminal_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = sparse_model(tmp_path / "m.apr", 64 << 20)
    with path.open("ab") as end:  # with a footer to check, every byte is read
        end.write(zlib.crc32(path.read_bytes()).to_bytes(4, "little"))
    assert aprfmt("validate", path).err == ""
    monkeypatch.setattr(render, "is_terminal", lambda: True)
    assert f"validating {render.tail(str(path), 40)}: 100 % of 64.0 MiB" in aprfmt("validate", path).err
    assert aprfmt("validate", path, "-q").err == ""


# --- formats on real files


@pytest.mark.parametrize("options", [[], ["--strict"], ["--require-all"], ["--profile", "canonical"], ["-q"], ["-v"]])
@pytest.mark.parametrize("form", FORMATS)
def test_every_format_holds_every_file(tree: Tree, form: str, options: list[str]) -> None:
    run = aprfmt("validate", *tree.values(), "none.apr", "--format", form, *options)
    assert run.code == 3
    assert_printable(run.out + run.err)
    assert (run.err == "") == (form != "text")
    if form == "json":
        assert len(rows(run)) == len(tree) + 1
    if form == "jsonl":
        assert [json.loads(line)["file"] for line in run.out.splitlines()][-1] == "none.apr"
    if form == "sarif":
        assert json.loads(run.out)["runs"][0]["invocations"][0]["exitCode"] == 3
    if form == "junit":
        assert len(ET.fromstring(run.out)) == len(tree) + 1  # noqa: S314 - made a line above
    if form == "github":
        assert all(line.startswith("::") for line in run.out.splitlines()[:-1])
    if form == "markdown":
        assert run.out.count("\n## ") == (len(tree) if options != ["-q"] else 4)


@pytest.mark.parametrize("form", FORMATS)
def test_names_in_a_file_do_not_break_out(tmp_path: Path, form: str) -> None:
    name = b"\x1b[2J]]>\n::error::|`<b>\xc2\x9b"
    folder = tmp_path / "a|b,c: `%"
    folder.mkdir()
    path = folder / "m.apr"
    path.write_bytes(craft(entry_a(name=name, len_tensor=7), entry_b(name=b"\xff")))
    run = aprfmt("validate", path, "--format", form)
    assert run.code == 1
    assert_printable(run.out)
    if form == "junit":
        ET.fromstring(run.out)  # noqa: S314 - made a line above
    if form == "github":
        assert all(line.startswith("::") for line in run.out.splitlines()[:-1])


def test_the_program_starts_without_reports() -> None:
    import subprocess
    import sys

    program = "import sys; from aprfmt.cli import main; main(['validate', '-h']); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    loaded = set(done.stderr.split())
    assert "aprfmt.cli.reports" in loaded
    assert not {f"aprfmt.cli.reports.{form}" for form in FORMATS} & loaded
    assert not {"aprfmt.layout", "aprfmt.files", "aprfmt.rules"} & loaded


@pytest.mark.parametrize("form", FORMATS)
def test_no_start_gives_a_warning_or_a_traceback(tree: Tree, form: str) -> None:
    done = process(
        "validate", *tree.values(), "none.apr", "--format", form, environment={"PYTHONDEVMODE": "1", "LC_ALL": "C"}
    )
    assert done.code == 3
    assert done.err == ("error: none.apr: No such file or directory\n" if form == "text" else "")


def test_a_standard_input_that_is_closed() -> None:
    import subprocess
    import sys

    program = "import sys; sys.stdin = None; from aprfmt.cli import main; sys.exit(main(['validate', '-']))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == "error: standard input: Bad file descriptor\n"
