"""A Python callable as a harness: the protocol on its streams, and nothing else."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.unit.conform.tiny import request

from aprfmt.conform import serve

START = {"cmd": "start", "protocol": 1}
STOP = {"cmd": "stop"}
GREETING = {"protocol": 1, "implementation": {"name": "x"}}


def served(answer: Callable[[dict[str, Any]], Any], *requests: dict[str, Any]) -> tuple[int, list[dict[str, Any]]]:
    asked = io.BytesIO(b"".join(json.dumps(node).encode() + b"\n" for node in requests))
    said = io.BytesIO()
    code = serve.serve(answer, GREETING, asked, said)
    return code, [json.loads(line) for line in said.getvalue().splitlines()]


def test_a_session() -> None:
    answers = {"a": True, "b": False, "c": {"verdict": "reject", "code": "E"}, "d": {"id": "d", "skip": "no"}}
    code, said = served(lambda r: answers[r["id"]], START, *(request(name) for name in answers), STOP, request("e"))
    assert code == 0
    assert said == [
        GREETING,
        {"id": "a", "verdict": "accept"},
        {"id": "b", "verdict": "reject"},
        {"id": "c", "verdict": "reject", "code": "E"},
        {"id": "d", "skip": "no"},
    ]


def test_the_end_of_the_input_is_an_end() -> None:
    assert served(lambda _r: True, START, request()) == (0, [GREETING, {"id": "v", "verdict": "accept"}])


def raises(_request: dict[str, Any]) -> bool:
    raise KeyError("why")


def exits(_request: dict[str, Any]) -> bool:
    raise SystemExit(0)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (raises, "KeyError: 'why'"),
        (exits, "SystemExit"),
        (lambda _r: None, "TypeError: expected a bool or a dict as the answer, found NoneType"),
        (lambda _r: 1, "TypeError: expected a bool or a dict as the answer, found int"),
        (lambda _r: {"verdict": b"accept"}, "TypeError"),
    ],
)
def test_what_is_no_answer_ends_the_process(
    answer: Callable[[dict[str, Any]], Any], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert served(answer, START, request(), request("after")) == (70, [GREETING])
    assert words in capsys.readouterr().err


MODULE = """
import os, sys
implementation = {"name": "mine"}
can = ("read", "stamp")
skips = [{"tag": "huge", "reason": "slow"}]
rules = {"E1": ["APR-H001"]}
print("at import")
os.write(1, b"from below\\n")
class Reader:
    def answer(self, request):
        print("to standard output")
        os.write(1, b"to the descriptor\\n")
        assert sys.stdin.read() == ""
        return True
reader = Reader()
"""


@pytest.mark.parametrize("safe_path", ["", "1"])
def test_the_callable_never_sees_the_streams_of_the_protocol(tmp_path: Path, safe_path: str) -> None:
    (tmp_path / "my_module.py").write_text(MODULE)
    run = subprocess.run(
        [sys.executable, "-m", "aprfmt.conform.serve", "my_module:reader.answer"],
        input="".join(json.dumps(node) + "\n" for node in (START, request("a"), request("b"), STOP)),
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONSAFEPATH": safe_path},
    )
    assert run.returncode == 0, run.stderr
    assert [json.loads(line) for line in run.stdout.splitlines()] == [
        {
            "protocol": 1,
            "implementation": {"name": "mine"},
            "can": ["read", "stamp"],
            "skips": [{"tag": "huge", "reason": "slow"}],
            "rules": {"E1": ["APR-H001"]},
        },
        {"id": "a", "verdict": "accept"},
        {"id": "b", "verdict": "accept"},
    ]
    assert {"at import", "from below", "to standard output", "to the descriptor"} <= set(run.stderr.splitlines())


def test_a_module_that_says_nothing_about_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "silent_module.py").write_text("answer = bool\nvalue = 1\n")
    (tmp_path / "named_module.py").write_text("answer = bool\nimplementation = 'me'\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    assert serve.resolve("silent_module:answer") is bool
    who = {"name": "silent_module:answer", "language": "Python"}
    assert serve.started("silent_module:answer") == {"protocol": 1, "implementation": who}
    assert serve.started("named_module:answer")["implementation"] == {"name": "me"}
    with pytest.raises(TypeError, match="expected a callable, found int"):
        serve.resolve("silent_module:value")
    with pytest.raises(AttributeError):
        serve.resolve("silent_module:nothing")


@pytest.mark.parametrize("arguments", [[], ["a:b", "c:d"], ["no_such_module:answer"], ["json:nothing"]])
def test_what_cannot_be_served(arguments: list[str], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "aprfmt.conform.serve", *arguments]
    run = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd=tmp_path)
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr
