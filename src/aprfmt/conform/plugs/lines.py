"""Plugs that stay: a process that answers line by line, and a Python callable in such a process.

The protocol is in `spec/protocol/`: one JSON object a line, `start`, then a `run` a vector, then `stop`.
"""

from __future__ import annotations

import json
import re
import secrets
import shlex
import sys
import threading
from collections.abc import Mapping
from dataclasses import replace
from time import perf_counter
from typing import Any

from ...errors import RequestError
from ..results import Budget, Implementation, Outcome
from .answers import PROTOCOL, Answer, Skip, answer_of, shown, started_of
from .commands import title_of, words
from .process import Process
from .sessions import end_marked

__all__ = ["CallPlug", "NdjsonPlug"]

_GRACE_SECONDS = 2.0
_START: Mapping[str, Any] = {"cmd": "start", "protocol": PROTOCOL}
_STOP: Mapping[str, Any] = {"cmd": "stop"}
_PATHS = ("file", "output")


class _LinePlug:
    """A process that speaks the protocol. It is started anew after it died, took too long or held too much memory.

    `start_budget` is for its start alone, which belongs to no case. `name` replaces the one that it gives itself.
    """

    def __init__(
        self, arguments: list[str], implementation: Implementation, name: str | None, start_budget: Budget | None
    ) -> None:
        self._arguments = arguments
        self._name = name
        self._start_budget = Budget() if start_budget is None else start_budget
        self._mark = secrets.token_hex(16)
        self._lock = threading.Lock()
        self._closed = False
        self._asked = False  # whether something was asked and not answered: then nobody waits for an orderly end
        self._process: Process | None = None
        self.implementation = implementation
        self.can: frozenset[str] = frozenset(("read",))
        self.skips: tuple[Skip, ...] = ()
        self.rules: Mapping[str, tuple[str, ...]] = {}

    def start(self) -> None:
        """Start the process and ask who it is; raises `RequestError` when it does not say so within its budget."""
        self._asked = True
        line, failure = self._launch()
        if line is None:
            raise RequestError(
                f"{self.implementation.command}: expected an answer to `start`, one line that is flushed, "
                f"found: {failure.detail}"
            )
        started = started_of(line, self.implementation.command)
        self._asked = False
        self.can, self.skips, self.rules = started.can, started.skips, started.rules
        self.implementation = Implementation(
            self._name or started.name,
            started.version,
            started.language,
            self.implementation.plug,
            self.implementation.command,
        )

    def ask(self, request: Mapping[str, Any], budget: Budget) -> Answer:
        """The answer of the process, which is started first when none is there."""
        self._asked = True  # and stays so when this is interrupted
        answer = self._answer(request, budget)
        self._asked = False
        return answer

    def _answer(self, request: Mapping[str, Any], budget: Budget) -> Answer:
        process = self._process
        if process is None or process.exited:
            line, failure = self._launch()
            if line is None:
                return failure
            process = self._process
            assert process is not None  # noqa: S101 - it has just said something
        process.begin()
        began = perf_counter()
        line, failure = self._exchange(process, request, budget)
        seconds = perf_counter() - began
        if line is None:
            return failure
        process.settle()
        if process.peak > budget.nbytes:
            return self._gone(process, Outcome.BUDGET, budget, seconds)
        answer = answer_of(line, request["id"])
        if answer.outcome is not None:
            self._leave(process)  # whatever it says next may be about anything
        return replace(answer, seconds=seconds, nbytes=process.peak)

    def _launch(self) -> tuple[bytes | None, Answer]:
        """A new process, and what it says to `start`; without a line, the answer that a case becomes."""
        with self._lock:
            if self._process is not None:
                self._process.end()
            if self._closed:
                return None, Answer(outcome=Outcome.CRASH, detail="ended by the runner")
            process = self._process = Process(self._arguments, self._mark, asks=True, answers=True)
        line, failure = self._exchange(process, _START, self._start_budget)
        return line, replace(failure, detail=f"{failure.detail}, when it was started", seconds=0.0)

    def _exchange(self, process: Process, message: Mapping[str, Any], budget: Budget) -> tuple[bytes | None, Answer]:
        """Send a message and wait for a line; without one, what became of the process, which is then gone."""
        began = perf_counter()
        process.send(json.dumps(message).encode("ascii") + b"\n")

        def is_settled() -> bool:
            return process.has_line or process.silent or process.exited or process.is_too_long

        outcome = process.until(is_settled, budget, began)
        line = process.take_line()
        if line is None and outcome is None and process.exited:
            self._leave(process)  # so that everything it said has arrived
            line = process.take_line()
        if line is not None:
            return line, Answer()
        return None, self._gone(process, outcome, budget, perf_counter() - began)

    def _gone(self, process: Process, outcome: Outcome | None, budget: Budget, seconds: float) -> Answer:
        """The answer that a process which is ended for it leaves behind."""
        too_long = process.is_too_long
        if outcome is None and not too_long:
            # Its output may have ended a moment before itself.
            process.until(lambda: process.exited, Budget(_GRACE_SECONDS / 10, sys.maxsize), perf_counter())
        exited = process.exited
        self._leave(process)
        detail = f" ({process.complaint})" if process.complaint else ""
        if outcome is Outcome.TIMEOUT:
            detail = f"expected an answer within {budget.seconds:g} s, found none{detail}"
        elif outcome is Outcome.BUDGET:
            detail = f"expected at most {budget.nbytes} bytes of resident memory, found {process.peak} bytes"
        elif too_long:
            outcome, detail = Outcome.BUDGET, "answered a line without end: " + shown(process.take_output())
        elif exited:
            outcome, detail = Outcome.CRASH, process.how_it_ended
        else:
            outcome, detail = Outcome.CRASH, f"closed its standard output{detail}"
        return Answer(outcome=outcome, detail=detail, seconds=seconds, nbytes=process.peak)

    def _leave(self, process: Process) -> None:
        process.end()
        with self._lock:
            if self._process is process:
                self._process = None

    def shell(self, request: Mapping[str, Any]) -> str:
        """The three lines of a session with one request, through a pipe."""
        absolute = {key: f"{_HERE}/{request[key]}" for key in _PATHS if key in request}
        said = " ".join(shlex.quote(json.dumps(node)) for node in (_START, {**request, **absolute}, _STOP))
        said = said.replace(_HERE, "'\"$PWD\"'")
        return f"printf '%s\\n' {said} | {shlex.join(self._arguments)}"

    def close(self) -> None:
        """Ask the process to stop, and end it when it does not; then everything that it left behind."""
        with self._lock:
            self._closed = True
            process, self._process = self._process, None
        if process is not None:
            if not self._asked:
                process.send(json.dumps(_STOP).encode("ascii") + b"\n")
                process.close_input()
                process.until(lambda: process.exited, Budget(_GRACE_SECONDS, sys.maxsize), perf_counter())
            process.end()
        end_marked(self._mark)


class NdjsonPlug(_LinePlug):
    """A command that speaks the protocol."""

    def __init__(self, command: str, *, name: str | None = None, start_budget: Budget | None = None) -> None:
        arguments = words(command)
        who = Implementation(name or title_of(arguments), plug="ndjson", command=command)
        super().__init__(arguments, who, name, start_budget)


class CallPlug(_LinePlug):
    """A Python callable, `package.module:function`, in a process of `aprfmt.conform.serve`."""

    def __init__(self, target: str, *, name: str | None = None, start_budget: Budget | None = None) -> None:
        if not _TARGET.fullmatch(target):
            raise RequestError(f"expected a callable as package.module:function, found {target!a}")
        arguments = [sys.executable, "-m", "aprfmt.conform.serve", target]
        super().__init__(arguments, Implementation(name or target, "", "Python", "call", target), name, start_budget)


_TARGET = re.compile(r"[\w.]+:[\w.]+")
_HERE = "@HERE@"
"""Stands for the working directory, until the shell puts it in."""
