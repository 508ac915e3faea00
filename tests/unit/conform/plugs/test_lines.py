"""A process that answers line by line: what it says, what it may do instead, and how it is started anew."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.unit.conform.tiny import HELLO, QUICK, left_behind, program, request

from aprfmt import RequestError
from aprfmt.conform.plugs import Answer, CallPlug, NdjsonPlug
from aprfmt.conform.results import Budget, Outcome

Make = Callable[..., NdjsonPlug]

ECHO = "while True:\n r = hear()\n if r['cmd'] == 'stop': break\n"
"""The loop of a harness, of which the body follows."""


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Makes a plug of a harness of these lines; afterwards nothing of any runs."""
    plugs: list[NdjsonPlug] = []

    def made(text: str, **options: Any) -> NdjsonPlug:
        plugs.append(NdjsonPlug(program(tmp_path, HELLO + text), **options))
        return plugs[-1]

    yield made
    for plug in plugs:
        plug.close()
    assert left_behind() == []


@pytest.fixture
def started(make: Make) -> Make:
    """Makes a plug that has started, of the body of its loop."""

    def made(body: str, head: str = "start()", **options: Any) -> NdjsonPlug:
        plug = make(f"{head}\n{ECHO}" + "".join(f" {line}\n" for line in body.splitlines()), **options)
        plug.start()
        return plug

    return made


ANSWER = "say(id=r['id'], verdict='accept', values={'pid': os.getpid()})"


def pid(answer: Answer) -> int:
    assert answer.values is not None, answer
    found: int = answer.values["pid"]
    return found


def test_one_process_answers_all(started: Make) -> None:
    plug = started(ANSWER, head="start(can=['read', 'write'], rules={'E': ['APR-H001']})")
    assert plug.implementation.title == "tiny 1"
    assert (plug.implementation.plug, plug.implementation.language) == ("ndjson", "Python")
    assert plug.can == {"read", "write"}
    assert plug.rules == {"E": ("APR-H001",)}
    answers = [plug.ask(request(name), QUICK) for name in ("a", "b", "ü\u2028")]
    assert {answer.verdict for answer in answers} == {"accept"}
    assert len({pid(answer) for answer in answers}) == 1
    assert all(0 < answer.seconds < 10 and answer.nbytes > 1 << 20 for answer in answers)


def test_the_request_arrives_as_it_is(started: Make) -> None:
    plug = started("say(id=r['id'], verdict='accept', values=r)")
    asked = request(tree={"a": [1 << 70, "\ud800", "\n"]}, output="/x\udcff")
    assert plug.ask(asked, QUICK).values == asked


def test_a_large_request_and_a_large_answer(started: Make) -> None:
    plug = started("say(id=r['id'], verdict='accept', values={'back': r['tree']})")
    tree = "x" * (3 << 20)
    assert plug.ask(request(tree=tree), QUICK).values == {"back": tree}


def test_a_name_of_ones_own(started: Make) -> None:
    assert started(ANSWER, name="mine").implementation.title == "mine 1"


def test_stop_is_said_and_waited_for(make: Make, tmp_path: Path) -> None:
    plug = make(f"start()\nwhile hear()['cmd'] != 'stop': pass\nopen({str(tmp_path / 'stopped')!r}, 'w')")
    plug.start()
    plug.close()
    assert (tmp_path / "stopped").exists()


def test_who_does_not_stop_is_ended(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aprfmt.conform.plugs.lines._GRACE_SECONDS", 0.1)
    plug = make("start()\ntime.sleep(60)")
    plug.start()
    plug.close()
    assert left_behind() == []


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ("os.kill(os.getpid(), signal.SIGSEGV)", "ended by SIGSEGV"),
        ("sys.stderr.write('why\\n'); sys.exit(4)", "exit code 4: why"),
        ("raise ValueError('\\x1b')", "exit code 1: ValueError: \\x1b"),
        ("sys.exit(0)", "exit code 0"),
        ("print('hello', flush=True)", "answered hello (no JSON)"),
        ("print(flush=True)", "answered nothing (no JSON)"),
        ("say(id='another', verdict='accept')", 'answered {"id": "another", "verdict": "accept"} (not the id v)'),
        ("say(verdict='accept')", 'answered {"verdict": "accept"} (not the id v)'),
        ("say(id='v')", 'answered {"id": "v"} (neither a verdict nor a skip)'),
        ("say(id='v', verdict='ok')", 'answered {"id": "v", "verdict": "ok"} (neither a verdict nor a skip)'),
        ("sys.stdout.close(); os.close(1); time.sleep(60)", "closed its standard output"),
        ("print('half', end='', flush=True); os._exit(5)", "exit code 5"),
    ],
)
def test_no_answer_is_a_crash_and_the_next_case_has_a_process_of_its_own(started: Make, body: str, detail: str) -> None:
    plug = started(f"if r['id'] == 'v':\n {body}\nelse:\n {ANSWER}")
    first = pid(plug.ask(request("before"), QUICK))
    answer = plug.ask(request(), QUICK)
    assert (answer.outcome, answer.verdict, answer.detail) == (Outcome.CRASH, None, detail)
    assert pid(plug.ask(request("after"), QUICK)) != first


def test_too_much_time_is_a_timeout(started: Make) -> None:
    plug = started(
        f"if r['id'] == 'v':\n sys.stderr.write('busy\\n'); sys.stderr.flush(); time.sleep(60)\nelse:\n {ANSWER}"
    )
    answer = plug.ask(request(), Budget(seconds=0.3))
    assert (answer.outcome, answer.detail) == (Outcome.TIMEOUT, "expected an answer within 0.3 s, found none (busy)")
    assert plug.ask(request("after"), QUICK).verdict == "accept"


def test_too_much_memory_is_a_budget_also_when_an_answer_came(started: Make) -> None:
    plug = started(f"held = b'x' * (80 << 20) if r['id'] == 'v' else b''\ndel held\n{ANSWER}")
    budget = Budget(20.0, 60 << 20)
    assert plug.ask(request("before"), budget).verdict == "accept"
    answer = plug.ask(request(), budget)
    assert answer.outcome is Outcome.BUDGET
    assert answer.nbytes > 60 << 20
    assert answer.detail.startswith(f"expected at most {60 << 20} bytes of resident memory, found ")
    assert plug.ask(request("after"), budget).verdict == "accept"


def test_memory_that_is_held_while_nobody_answers_is_a_budget(started: Make) -> None:
    plug = started("held = b'x' * (80 << 20); time.sleep(60)")
    began = time.perf_counter()
    assert plug.ask(request(), Budget(20.0, 60 << 20)).outcome is Outcome.BUDGET
    assert time.perf_counter() - began < 10


def test_the_memory_of_one_case_is_not_that_of_the_next(started: Make) -> None:
    plug = started(f"held = b'x' * (80 << 20) if r['id'] == 'large' else b''\ndel held\n{ANSWER}")
    large, small = plug.ask(request("large"), QUICK), plug.ask(request("small"), QUICK)
    assert large.nbytes > 80 << 20 > 60 << 20 > small.nbytes


def test_a_line_without_end_is_a_budget(started: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    defaults = {"asks": False, "answers": False, "longest": 1 << 20}
    monkeypatch.setattr("aprfmt.conform.plugs.process.Process.__init__.__kwdefaults__", defaults)
    plug = started("while True: sys.stdout.write('x' * 1000)")
    answer = plug.ask(request(), QUICK)
    assert answer.outcome is Outcome.BUDGET
    assert answer.detail == "answered a line without end: " + "x" * 200 + "…"


def test_standard_error_never_blocks(started: Make) -> None:
    plug = started(f"sys.stderr.write('x' * (1 << 20)); {ANSWER}")
    for name in ("a", "b"):
        assert plug.ask(request(name), QUICK).verdict == "accept"


def test_a_child_that_keeps_the_pipe_hides_no_death(started: Make) -> None:
    plug = started(f"if r['id'] == 'v':\n subprocess.Popen(['sleep', '60'])\n os._exit(3)\nelse:\n {ANSWER}")
    began = time.perf_counter()
    assert plug.ask(request(), QUICK).detail == "exit code 3"
    assert time.perf_counter() - began < 10
    assert plug.ask(request("after"), QUICK).verdict == "accept"


def test_an_answer_counts_when_the_process_dies_of_it(started: Make) -> None:
    plug = started(f"{ANSWER}\nos.kill(os.getpid(), 9)")
    assert plug.ask(request("a"), QUICK).verdict == "accept"
    time.sleep(0.2)
    assert plug.ask(request("b"), QUICK).verdict == "accept"


def test_an_answer_too_many_is_taken_for_none(started: Make) -> None:
    plug = started(f"{ANSWER}\n{ANSWER}")
    assert plug.ask(request("a"), QUICK).verdict == "accept"
    time.sleep(0.1)
    assert plug.ask(request("b"), QUICK).outcome is Outcome.CRASH


def test_a_skip(started: Make) -> None:
    answer = started("say(id=r['id'], skip='32 bits')").ask(request(), QUICK)
    assert (answer.skip, answer.verdict, answer.outcome) == ("32 bits", None, None)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("time.sleep(60)", "expected an answer within 0.3 s, found none"),
        ("sys.stderr.write('no model'); sys.exit(2)", "found: exit code 2: no model"),
        ("hear(); say(protocol=2)", "expected the answer to `start`"),
        ("print('hello', flush=True); time.sleep(60)", "found hello (no JSON)"),
        ("os.close(1); time.sleep(60)", "closed its standard output"),
    ],
)
def test_who_does_not_start_is_refused_before_the_run(make: Make, text: str, words: str) -> None:
    plug = make(text, start_budget=Budget(seconds=0.3 if "sleep(60)" in text and "os.close" not in text else 20.0))
    with pytest.raises(RequestError) as caught:
        plug.start()
    assert words in str(caught.value)
    plug.close()
    assert left_behind() == []


def test_who_does_not_start_again_crashes_the_case(make: Make, tmp_path: Path) -> None:
    seen = str(tmp_path / "seen")
    plug = make(f"if os.path.exists({seen!r}): sys.exit(7)\nopen({seen!r}, 'w')\nstart()\nhear()\nsys.exit(6)")
    plug.start()
    assert plug.ask(request("a"), QUICK).detail == "exit code 6"
    answer = plug.ask(request("b"), QUICK)
    assert (answer.outcome, answer.detail) == (Outcome.CRASH, "exit code 7, when it was started")


@pytest.mark.parametrize("command", ["", "no-such-harness --flag", "'"])
def test_a_command_that_makes_no_sense(command: str) -> None:
    with pytest.raises(RequestError):
        NdjsonPlug(command)


def test_closing_from_another_thread_ends_the_wait(started: Make) -> None:
    plug = started("time.sleep(60)")
    threading.Timer(0.3, plug.close).start()
    began = time.perf_counter()
    assert plug.ask(request(), QUICK).outcome is Outcome.CRASH
    assert time.perf_counter() - began < 10
    assert plug.ask(request(), QUICK).detail.startswith("ended by the runner")


def test_an_interrupt_leaves_nothing_and_waits_for_nothing(started: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    plug = started("time.sleep(60)")

    def interrupted(*_arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("aprfmt.conform.plugs.process.Process.until", interrupted)
    with pytest.raises(KeyboardInterrupt):
        plug.ask(request(), QUICK)
    plug.close()
    assert left_behind() == []


def test_the_line_for_a_shell_asks_again(started: Make, tmp_path: Path) -> None:
    plug = started("say(id=r['id'], verdict='accept', values=r)")
    run = subprocess.run(
        ["sh", "-c", plug.shell(request("it's", file="a/b.apr"))],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=True,
    )
    answer = json.loads(run.stdout.splitlines()[1])
    assert answer["values"]["file"] == f"{tmp_path}/a/b.apr"
    assert answer["id"] == "it's"


CALLABLE = """
import os
implementation = {"name": "mine", "version": "5"}
def answer(request):
    print("this is no answer")
    if request["id"] == "bad":
        return False
    if request["id"] == "raise":
        raise KeyError("why")
    return True
"""


def test_a_python_callable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_reader.py").write_text(CALLABLE)
    monkeypatch.chdir(tmp_path)
    plug = CallPlug("my_reader:answer")
    try:
        plug.start()
        assert plug.implementation.title == "mine 5"
        assert plug.implementation.plug == "call"
        assert [plug.ask(request(name), QUICK).verdict for name in ("good", "bad")] == ["accept", "reject"]
        answer = plug.ask(request("raise"), QUICK)
        assert (answer.outcome, answer.detail) == (Outcome.CRASH, "exit code 70: KeyError: 'why'")
        assert plug.ask(request("good"), QUICK).verdict == "accept"
    finally:
        plug.close()
    assert left_behind() == []


def test_a_callable_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    plug = CallPlug("no_such_module:answer")
    with pytest.raises(RequestError, match="exit code 2: ModuleNotFoundError"):
        plug.start()
    plug.close()
    for target in ("module", "module:", "a b:c", "-m:x"):
        with pytest.raises(RequestError, match="expected a callable as"):
            CallPlug(target)
