"""`validate` and a signal: the report is brought to its end, and says which file it came in."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from tests.unit.cli.reports.test_junit import valid as valid_junit
from tests.unit.cli.reports.test_sarif import valid as valid_sarif
from tests.unit.cli.running import GOLDEN, aprfmt, assert_printable, sparse_model
from tests.unit.rules.crafting import craft, entry_a

from aprfmt import files
from aprfmt.cli import render
from aprfmt.cli.reports import FORMATS

pytestmark = pytest.mark.skipif(os.name == "nt", reason="POSIX signals")

# No warning is an error here: a file that a signal finds half open says so when it is collected.
START = (sys.executable, "-m", "aprfmt")
SIGNALS = {"SIGINT": (130, "interrupted"), "SIGTERM": (143, "ended by SIGTERM")}
FIRST, SECOND, THIRD = "bad.apr", "big.apr", "never.apr"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with an error, one that takes minutes to read and no room on the disk, and one that nobody gets to."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / FIRST).write_bytes(craft(entry_a(len_tensor=7)))
    with sparse_model(tmp_path / SECOND, 1 << 38).open("ab") as end:
        end.write(b"\0\0\0\1")
    (tmp_path / THIRD).write_bytes((GOLDEN / "sharded.apr").read_bytes())
    return tmp_path


def started(form: str, *names: str) -> tuple[subprocess.Popen[bytes], bytes]:
    """The program in the middle of its work: what it says of the first file is out."""
    run = subprocess.Popen(
        [*START, "validate", *names, "--format", form], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert run.stdout is not None
    said = b""
    while FIRST.encode() not in said:
        piece = os.read(run.stdout.fileno(), 1 << 16)
        assert piece, "it ended by itself"
        said += piece
    return run, said


@pytest.mark.parametrize("name", SIGNALS)
@pytest.mark.parametrize("form", FORMATS)
def test_a_signal_closes_the_report(folder: Path, form: str, name: str) -> None:
    code, text = SIGNALS[name]
    run, said = started(form, FIRST, SECOND, THIRD)
    run.send_signal(getattr(signal, name))
    rest, err = run.communicate(timeout=60)
    out = (said + rest).decode()
    assert run.returncode == code
    assert err.decode() == (f"error: {SECOND}: {text}\n" if form == "text" else "")
    assert THIRD not in out
    CHECKS[form](out, code, text)
    assert sorted(path.name for path in folder.iterdir()) == sorted((FIRST, SECOND, THIRD))


def check_rows(first: dict[str, Any], last: dict[str, Any], code: int, text: str) -> None:
    assert (first["file"], first["valid"]) == (FIRST, False)
    assert (last["file"], last["error"]["file"]) == (SECOND, SECOND)
    assert [last["error"][key] for key in ("kind", "exit_code", "message")] == [
        "interrupted",
        code,
        f"{SECOND}: {text}",
    ]


def check_json(out: str, code: int, text: str) -> None:
    first, last = json.loads(out)
    check_rows(first, last, code, text)


def check_jsonl(out: str, code: int, text: str) -> None:
    first, last = map(json.loads, out.splitlines())
    check_rows(first, last, code, text)


def check_sarif(out: str, code: int, text: str) -> None:
    run = valid_sarif(out)
    assert run["results"][-1]["ruleId"] == "unreadable"
    assert run["results"][-1]["message"]["text"] == f"{SECOND}: {text}"
    assert run["invocations"][0]["exitCode"] == code


def check_junit(out: str, _code: int, text: str) -> None:
    suites = list(valid_junit(out))
    assert [suite.get("name") for suite in suites] == [FIRST, SECOND]
    error = suites[1].find("testcase/error")
    assert error is not None
    assert error.get("message") == f"{SECOND}: {text}"


def check_markdown(out: str, _code: int, text: str) -> None:
    assert f"\n## `{SECOND}`: interrupted\n\n- **error** `{SECOND}: {text}`\n" in out
    assert out.splitlines()[-1].startswith("| 2 | 0 | 1 | 1 |")


def check_github(out: str, _code: int, text: str) -> None:
    *_, error, last = out.splitlines()
    assert error == f"::error file={SECOND},title=interrupted::{SECOND}: {text}"
    assert last.startswith("2 files: 0 valid, 1 invalid, 1 unreadable; ")


def check_text(out: str, _code: int, _text: str) -> None:
    assert out.startswith(f"{FIRST}: INVALID")
    assert out.splitlines()[-1].startswith("2 files: 0 valid, 1 invalid, 1 unreadable; ")


CHECKS: dict[str, Callable[[str, int, str], None]] = {
    "text": check_text,
    "json": check_json,
    "jsonl": check_jsonl,
    "sarif": check_sarif,
    "junit": check_junit,
    "github": check_github,
    "markdown": check_markdown,
}


@pytest.mark.usefixtures("folder")
def test_signals_that_follow_leave_the_report_whole() -> None:
    run, said = started("json", FIRST, SECOND, THIRD)
    for name in ("SIGINT", "SIGINT", "SIGTERM"):
        run.send_signal(getattr(signal, name))
    rest, err = run.communicate(timeout=60)
    assert (run.returncode, err) == (130, b"") or (run.returncode, err) == (143, b"")
    first, last = json.loads(said + rest)
    assert (first["file"], last["error"]["exit_code"]) == (FIRST, run.returncode)


@pytest.mark.usefixtures("folder")
def test_a_list_that_does_not_come_to_its_end_can_be_interrupted() -> None:
    run = subprocess.Popen(
        [*START, "validate", "@-", "--json"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert run.stdin is not None
    assert run.stdout is not None
    # The list is read in blocks: it takes one for the first file to be judged, and the next never comes.
    run.stdin.write(f"{FIRST}\n".encode() + b"\n" * (1 << 16))
    run.stdin.flush()
    said = b""
    while FIRST.encode() not in said:
        said += os.read(run.stdout.fileno(), 1 << 16)
    run.send_signal(signal.SIGTERM)
    rest, err = run.communicate(timeout=60)
    assert (run.returncode, err) == (143, b"")
    first, last = json.loads(said + rest)
    assert (first["file"], last["file"], last["error"]["message"]) == (FIRST, "@-", "@-: ended by SIGTERM")


# --- in this process, at any moment


def raise_at(monkeypatch: pytest.MonkeyPatch, target: Any, name: str, at: Callable[[Any], bool]) -> None:
    """Send the signal when this function is called, before it does anything."""
    real = getattr(target, name)

    def called(first: Any, *args: Any, **options: Any) -> Any:
        if at(first):
            os.kill(os.getpid(), signal.SIGINT)
        return real(first, *args, **options)

    monkeypatch.setattr(target, name, called)


@pytest.fixture
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    monkeypatch.chdir(tmp_path)
    for name in ("a.apr", "b.apr"):
        Path(name).write_bytes((GOLDEN / "sharded.apr").read_bytes())
    return "a.apr", "b.apr"


def test_one_file_is_one_object(two: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    raise_at(monkeypatch, files, "validate_file", lambda file: file == "a.apr")
    run = aprfmt("validate", "a.apr", "--json")
    assert (run.code, run.err, list(run.json)) == (130, "", ["file", "error"])
    assert (run.error["kind"], run.json["file"]) == ("interrupted", "a.apr")
    assert aprfmt("validate", "a.apr") == (130, "", "error: a.apr: interrupted\n")
    assert aprfmt("validate", "a.apr", "-q") == (130, "", "error: a.apr: interrupted\n")
    del two


@pytest.mark.parametrize("arguments", [("a.apr", "b.apr"), (".",)], ids=" ".join)
def test_a_signal_while_a_file_is_reported_is_said_of_what_comes_next(
    two: tuple[str, str], monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    raise_at(monkeypatch, render, "_put", lambda text: "a.apr" in text)
    run = aprfmt("validate", *arguments, "--json")
    first, last = json.loads(run.out)
    assert (run.code, first["file"], first["valid"]) == (130, "a.apr", True)
    assert (last["file"], last["error"]["kind"]) == (arguments[-1], "interrupted")
    del two


@pytest.mark.parametrize("form", FORMATS)
def test_a_signal_while_the_report_is_begun_leaves_it_whole(
    two: tuple[str, str], monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    pieces = iter(range(100))
    raise_at(monkeypatch, render, "_put", lambda _text: next(pieces) == 0)
    run = aprfmt("validate", *two, "--format", form)
    assert run.code == 130
    if form == "json":
        assert json.loads(run.out)[-1]["error"]["kind"] == "interrupted"
    if form == "jsonl":
        assert json.loads(run.out.splitlines()[-1])["error"]["kind"] == "interrupted"
    if form == "sarif":
        assert [result["ruleId"] for result in valid_sarif(run.out)["results"]][-1] == "unreadable"
    if form == "junit":
        assert [error.get("type") for error in valid_junit(run.out).iter("error")] == ["interrupted"]
    if form in ("text", "github"):
        assert ", 1 unreadable; " in run.out.splitlines()[-1]
    if form == "markdown":
        assert ": interrupted\n" in run.out


@pytest.mark.parametrize("form", FORMATS)
def test_a_signal_after_the_last_file_changes_nothing(
    two: tuple[str, str], monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    args = ("validate", *two, "--format", form)
    whole = aprfmt(*args)
    raise_at(monkeypatch, render, "_put", lambda text: "b.apr" in text or not text.strip("\n]}"))
    assert aprfmt(*args) == whole


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_signal_is_not_lost_when_the_cleaning_up_fails(
    two: tuple[str, str], monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    def validate_file(_file: str, **_options: object) -> None:
        try:
            os.kill(os.getpid(), signal.SIGINT)
        finally:
            raise OSError(9, "Bad file descriptor")

    monkeypatch.setattr(files, "validate_file", validate_file)
    run = aprfmt("validate", *two, "--format", form)
    assert run.code == 130
    assert run.err == ("error: a.apr: interrupted\n" if form == "text" else "")
    assert "b.apr" not in run.out
    monkeypatch.setattr(files, "open", validate_file)
    assert aprfmt("tensors", "a.apr") == (130, "", "error: interrupted\n")


def test_a_fault_of_ours_before_a_signal_does_not_hide_it(
    two: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def validate_file(file: str, **_options: object) -> None:
        if file == "b.apr":
            os.kill(os.getpid(), signal.SIGTERM)
        raise ZeroDivisionError

    monkeypatch.setattr(files, "validate_file", validate_file)
    run = aprfmt("validate", *two, "--format", "junit")
    assert run.code == 143
    assert [error.get("type") for error in ET.fromstring(run.out).iter("error")] == [  # noqa: S314 - made a line above
        "internal",
        "interrupted",
    ]
    assert_printable(run.out)
