"""A command a case: what its exit code or its JSON says, and everything else that it may do instead."""

from __future__ import annotations

import json
import shlex
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.unit.conform.tiny import QUICK, left_behind, program, request

from aprfmt import RequestError
from aprfmt.conform.plugs import ExitPlug, JsonPlug
from aprfmt.conform.plugs.commands import title_of
from aprfmt.conform.results import Budget, Outcome

Command = Callable[[str], str]


@pytest.fixture
def command(tmp_path: Path) -> Iterator[Command]:
    """Makes a command of a program; afterwards none of them runs any more."""
    yield lambda text: program(tmp_path, text)
    assert left_behind() == []


def exits(command: str, **options: Any) -> ExitPlug:
    return ExitPlug(f"{command} {{file}}", **options)


@pytest.mark.parametrize(
    ("code", "verdict", "outcome", "detail"),
    [
        (0, "accept", None, ""),
        (4, "reject", None, ""),
        (5, "reject", None, ""),
        (1, None, Outcome.CRASH, "exit code 1: because"),
        (139, None, Outcome.CRASH, "exit code 139: because"),
    ],
)
def test_the_exit_code_is_the_verdict(command: Command, code: int, verdict: str, outcome: Outcome, detail: str) -> None:
    plug = exits(command(f"import sys; sys.stderr.write('because\\n'); sys.exit({code})"), reject=(4, 5))
    plug.start()
    answer = plug.ask(request(), QUICK)
    assert (answer.verdict, answer.outcome, answer.detail) == (verdict, outcome, detail)
    assert answer.message == ("because" if verdict == "reject" else "")
    assert answer.seconds > 0
    plug.close()


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("/usr/bin/apr validate {file}", "apr"),
        ("python3 tools/reader.py {file}", "reader.py"),
        ("python3.12 -X dev -m reader.cli {file}", "reader.cli"),
        ("node --no-warnings bin/read.js {file}", "read.js"),
        ("sh -c 'exit 1' {file}", "sh"),
        ("python3 {file}", "python3"),
        ("pythonic tools/reader.py {file}", "pythonic"),
    ],
)
def test_a_command_is_called_by_what_it_runs(command: str, name: str) -> None:
    assert title_of(shlex.split(command)) == name


def test_a_signal_is_a_crash(command: Command) -> None:
    plug = exits(
        command("import os, sys; sys.stderr.write('\\x1b[1mlast'); sys.stderr.flush(); os.kill(os.getpid(), 11)")
    )
    answer = plug.ask(request(), QUICK)
    assert (answer.outcome, answer.detail) == (Outcome.CRASH, "ended by SIGSEGV: \\x1b[1mlast")
    plug.close()


def test_too_much_time_is_a_timeout_and_no_crash(command: Command) -> None:
    text = (
        "import subprocess, sys, time\nsys.stderr.write('busy\\n')\nsubprocess.Popen(['sleep', '60'])\ntime.sleep(60)"
    )
    plug = exits(command(text))
    began = time.perf_counter()
    answer = plug.ask(request(), Budget(seconds=0.3))
    assert time.perf_counter() - began < 10
    assert (answer.outcome, answer.detail) == (Outcome.TIMEOUT, "expected an end within 0.3 s, found none (busy)")
    assert answer.seconds >= 0.3
    assert left_behind() == []
    plug.close()


def test_too_much_memory_is_a_budget(command: Command) -> None:
    plug = exits(command("import time; held = b'x' * (80 << 20); time.sleep(60)"))
    answer = plug.ask(request(), Budget(20.0, 60 << 20))
    assert answer.outcome is Outcome.BUDGET
    assert answer.detail.startswith(f"expected at most {60 << 20} bytes of resident memory, found ")
    assert answer.nbytes > 60 << 20
    plug.close()


def test_memory_beyond_the_budget_counts_after_the_end_too(command: Command) -> None:
    plug = exits(command("held = b'x' * (90 << 20); del held; import time; time.sleep(0.1)"))
    assert plug.ask(request(), Budget(20.0, 80 << 20)).outcome is Outcome.BUDGET
    plug.close()


def test_paths_are_words_whatever_is_in_them(command: Command, tmp_path: Path) -> None:
    out = tmp_path / "arguments"
    plug = ExitPlug(
        command(f"import json, sys; open({str(out)!r}, 'w').write(json.dumps(sys.argv[1:]))")
        + " '{file} twice' --in={file} {profile} '{x}' {} '$HOME;'"
    )
    assert plug.ask(request(file="/a b/{profile}'\".apr"), QUICK).verdict == "accept"
    path = "/a b/{profile}'\".apr"
    assert json.loads(out.read_text()) == [f"{path} twice", f"--in={path}", "default", "{x}", "{}", "$HOME;"]
    plug.close()


STAMP = """
import json, sys
file, patch, output = sys.argv[1:]
open(output, "w").write(open(file).read() + json.dumps(json.load(open(patch))))
"""
WRITE = "import json, sys; open(sys.argv[2], 'w').write(json.dumps(json.load(open(sys.argv[1]))))"


def test_stamps_and_writers_get_json_files(command: Command, tmp_path: Path) -> None:
    plug = exits(
        command("raise SystemExit(0)"),
        stamp=command(STAMP) + " {file} {patch} {output}",
        write=command(WRITE) + " {tree} {output}",
    )
    assert plug.can == {"read", "stamp", "write"}
    file, output = tmp_path / "in", tmp_path / "out"
    file.write_text("in")
    stamped = request(op="stamp", file=str(file), patch={"license": "ü"}, output=str(output))
    assert plug.ask(stamped, QUICK).verdict == "accept"
    assert output.read_text() == 'in{"license": "\\u00fc"}'
    before = sorted(tmp_path.iterdir())
    assert plug.ask(request(op="write", tree={"tensors": []}, output=str(output)), QUICK).verdict == "accept"
    assert output.read_text() == '{"tensors": []}'
    assert sorted(tmp_path.iterdir()) == before
    plug.close()


def test_what_has_no_command_cannot_be_done(command: Command) -> None:
    assert exits(command("")).can == {"read"}


@pytest.mark.parametrize(
    ("read", "options", "words"),
    [
        ("true", {}, "the command to read: expected the placeholders {file}, found none in true"),
        ("true {profile}", {}, "expected the placeholders {file}, found none"),
        ("true {file} {output}", {}, "expected the placeholders {file}, found {file} {output}"),
        ("true {file}", {"stamp": "true {file} {output}"}, "expected the placeholders {file} {patch} {output}"),
        ("true {file}", {"write": "true {file} {output}"}, "expected the placeholders {tree} {output}"),
        ("true '{file}", {}, "No closing quotation"),
        ("", {}, "expected a command, found nothing"),
        ("/nowhere/reader {file}", {}, "/nowhere/reader: expected a program that can be started"),
        ("no-such-reader {file}", {}, "no-such-reader: expected a program that can be started"),
        ("true {file}", {"write": "no-such-writer {tree} {output}"}, "no-such-writer: expected a program"),
        ("true {file}", {"accept": (0, 1)}, "expected exit codes to accept and others to reject"),
        ("true {file}", {"reject": ()}, "expected exit codes to accept and others to reject"),
    ],
)
def test_a_command_that_makes_no_sense_is_refused_before_the_run(
    read: str, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(RequestError) as caught:
        ExitPlug(read, **options)
    assert words in str(caught.value)


def test_a_program_that_may_not_be_started_is_refused_before_the_run(tmp_path: Path) -> None:
    path = tmp_path / "reader"
    path.write_text("#!/bin/sh\n")
    with pytest.raises(RequestError, match="expected a program that can be started"):
        ExitPlug(f"{path} {{file}}")
    path.write_text("no program")
    path.chmod(0o755)
    plug = ExitPlug(f"{path} {{file}}")
    with pytest.raises(RequestError, match="expected a program that can be started"):
        plug.ask(request(), QUICK)
    plug.close()


def test_who_answers(command: Command) -> None:
    plug = exits(command(""), name="mine", version="3", language="C")
    assert plug.implementation.title == "mine 3"
    assert (plug.implementation.plug, plug.implementation.language) == ("exit", "C")
    assert exits("true").implementation.name == "true"
    assert exits("true", name=None).implementation.command == "true {file}"


def test_closing_ends_what_runs(command: Command) -> None:
    plug = exits(command("import time; time.sleep(60)"))
    threading.Timer(0.3, plug.close).start()
    assert plug.ask(request(), QUICK).outcome is Outcome.CRASH
    assert plug.ask(request(), QUICK).detail == "ended by the runner"


def test_closing_ends_who_left_the_session(command: Command) -> None:
    text = "import os, sys, time\nif os.fork(): sys.exit(0)\nos.setsid()\nos.closerange(0, 3)\ntime.sleep(60)"
    plug = exits(command(text))
    assert plug.ask(request(), QUICK).verdict == "accept"
    plug.close()
    assert left_behind() == []


def prints(command: str, **options: Any) -> JsonPlug:
    return JsonPlug(f"{command} {{file}}", **options)


def test_the_json_is_the_answer_and_the_exit_code_says_nothing(command: Command) -> None:
    text = """print('{"verdict":\\n "accept", "values": {"footer": 7}}'); raise SystemExit(9)"""
    plug = prints(command(text))
    plug.start()
    answer = plug.ask(request(), QUICK)
    assert (answer.verdict, answer.values, answer.outcome) == ("accept", {"footer": 7}, None)
    assert plug.implementation.plug == "json"
    plug.close()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("raise SystemExit(3)", "answered nothing (no JSON); exit code 3"),
        ("import os; os.abort()", "answered nothing (no JSON); ended by SIGABRT"),
        ("print('accept')", "answered accept (no JSON); exit code 0"),
        ("""print('{"verdict": "accept"}{}')""", "(no JSON)"),
        ("""print('{"verdict": "accept", "id": "another"}')""", "(not the id v)"),
        ("import sys; sys.stderr.write('why'); print('{}')", "neither a verdict nor a skip); exit code 0: why"),
    ],
)
def test_no_answer_is_a_crash(command: Command, text: str, words: str) -> None:
    plug = prints(command(text))
    answer = plug.ask(request(), QUICK)
    assert answer.outcome is Outcome.CRASH
    assert words in answer.detail
    plug.close()


def test_output_without_end_is_a_budget(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aprfmt.conform.plugs.process.Process.is_too_long", True)
    plug = prints(command("import sys\nwhile True: sys.stdout.write('x' * 1000)"))
    answer = plug.ask(request(), QUICK)
    assert (answer.outcome, answer.detail) == (Outcome.BUDGET, "printed more than an answer may have")
    plug.close()


def test_a_child_that_keeps_the_pipe_delays_nothing(command: Command) -> None:
    text = 'import os, time\nprint(\'{"verdict": "reject"}\', flush=True)\nif not os.fork(): time.sleep(60)'
    plug = prints(command(text))
    began = time.perf_counter()
    assert plug.ask(request(), QUICK).verdict == "reject"
    assert time.perf_counter() - began < 10
    plug.close()


def test_the_line_for_a_shell_asks_again(command: Command, tmp_path: Path) -> None:
    plug = prints(command("import sys; print(sys.argv[1:])"), write=command(WRITE) + " {tree} {output}")
    line = plug.shell(request(file="a 'b'.apr"))
    run = subprocess.run(["sh", "-c", line], capture_output=True, text=True, cwd=tmp_path, check=True)
    assert run.stdout == """["a 'b'.apr"]\n"""
    line = plug.shell(request(op="write", tree={"name": "it's"}, output="out"))
    subprocess.run(["sh", "-c", line], cwd=tmp_path, check=True)
    assert (tmp_path / "out").read_text() == '{"name": "it\'s"}'
    plug.close()
