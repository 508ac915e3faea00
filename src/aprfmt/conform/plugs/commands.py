"""Plugs that start a command for every case: judged by its exit code, or by the JSON that it prints.

A command is a template: it is split as a shell would, and started without one. `{file}`, `{patch}`, `{tree}` and
`{output}` stand for paths, `{profile}` for the profile; other braces stay.
"""

from __future__ import annotations

import json
import re
import secrets
import shlex
import shutil
import threading
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

from ...errors import RequestError
from ..results import Budget, Implementation, Outcome
from .answers import Answer, Skip, answer_of, shown
from .process import Process
from .sessions import end_marked

__all__ = ["PLACEHOLDERS", "ExitPlug", "JsonPlug", "title_of", "words"]

PLACEHOLDERS: Mapping[str, tuple[str, ...]] = {
    "read": ("file",),
    "stamp": ("file", "patch", "output"),
    "write": ("tree", "output"),
}
"""What the template of each operation must have; `{profile}` may stand anywhere."""
_JSON_FILES = ("patch", "tree")
_PLACEHOLDER = re.compile(r"\{(file|patch|tree|output|profile)\}")


def words(command: str) -> list[str]:
    """The words of a command, of which the first is a program that can be found; raises `RequestError`."""
    try:
        found = shlex.split(command)
    except ValueError as error:
        raise RequestError(f"expected a command, found {shown(command)}: {error}") from error
    if not found:
        raise RequestError("expected a command, found nothing")
    if shutil.which(found[0]) is None:
        here = Path(found[0])
        why = "none of that name"
        if here.is_file():
            why = "a file that is not executable" if "/" in found[0] else f"none in PATH; write ./{shown(found[0])}"
        raise RequestError(f"{shown(found[0])}: expected a program that can be started, found {why}")
    return found


def _template(op: str, command: str) -> list[str]:
    found = words(command)
    named = {match[1] for word in found for match in _PLACEHOLDER.finditer(word)} - {"profile"}
    wanted = PLACEHOLDERS[op]
    if named != set(wanted):
        text = " ".join(f"{{{name}}}" for name in wanted)
        there = " ".join(f"{{{name}}}" for name in sorted(named)) or "none"
        raise RequestError(f"the command to {op}: expected the placeholders {text}, found {there} in {shown(command)}")
    return found


def _filled(template: list[str], request: Mapping[str, Any]) -> list[str]:
    return [_PLACEHOLDER.sub(lambda match: str(request[match[1]]), word) for word in template]


_INTERPRETER = re.compile(r"(?:bash|dash|deno|lua|node|perl|php|pypy|python|ruby|sh)[0-9.]*(?:\.exe)?")


def title_of(arguments: Sequence[str]) -> str:
    """What a command is called unless somebody says: its program, behind an interpreter the script or module."""
    program = Path(arguments[0]).name
    rest = iter(arguments[1:]) if _INTERPRETER.fullmatch(program) else iter(())
    for word in rest:
        if word == "-m":
            return next(rest, program)
        if word in ("-X", "-W"):
            next(rest, None)
        elif not word.startswith("-"):
            return program if _PLACEHOLDER.search(word) else Path(word).name
        elif word in ("-c", "-e"):
            return program
    return program


class _CommandPlug:
    """A command a case. `read`, `stamp` and `write` are templates; what has none, the implementation cannot do."""

    kind = ""
    _prints = False

    def __init__(
        self,
        read: str,
        *,
        stamp: str | None = None,
        write: str | None = None,
        name: str | None = None,
        version: str = "",
        language: str = "",
        skips: Collection[Skip] = (),
        rules: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        given = {"read": read, "stamp": stamp, "write": write}
        self._templates = {op: _template(op, command) for op, command in given.items() if command is not None}
        name = name or title_of(self._templates["read"])
        self.implementation = Implementation(name, version, language, self.kind, read)
        self.can = frozenset(self._templates)
        self.skips = tuple(skips)
        self.rules: Mapping[str, tuple[str, ...]] = dict(rules or {})
        self._mark = secrets.token_hex(16)
        self._lock = threading.Lock()
        self._process: Process | None = None
        self._closed = False

    def start(self) -> None:
        """Nothing: every case starts a process of its own."""

    def ask(self, request: Mapping[str, Any], budget: Budget) -> Answer:
        """Run the command of the operation on the paths of the request; the JSON files lie beside its output."""
        written = {name: Path(f"{request['output']}.{name}.json") for name in _JSON_FILES if name in request}
        try:
            for name, path in written.items():
                path.write_text(json.dumps(request[name]), encoding="ascii")
            return self._run(_filled(self._templates[request["op"]], {**request, **written}), request["id"], budget)
        finally:
            for path in written.values():
                with suppress(OSError):
                    path.unlink()

    def _run(self, arguments: list[str], request_id: str, budget: Budget) -> Answer:
        with self._lock:
            if self._closed:
                return Answer(outcome=Outcome.CRASH, detail="ended by the runner")
            began = perf_counter()
            process = self._process = Process(arguments, self._mark, answers=self._prints)
        try:
            outcome = process.until(lambda: process.exited or process.is_too_long, budget, began)
            seconds = perf_counter() - began
        finally:
            process.end()
            self._process = None
        nbytes = process.peak
        if outcome is Outcome.TIMEOUT:
            detail = f"expected an end within {budget.seconds:g} s, found none"
            answer = Answer(outcome=outcome, detail=f"{detail} ({process.complaint})" if process.complaint else detail)
        elif outcome is Outcome.BUDGET or nbytes > budget.nbytes:
            detail = f"expected at most {budget.nbytes} bytes of resident memory, found {nbytes} bytes"
            answer = Answer(outcome=Outcome.BUDGET, detail=detail)
        elif process.is_too_long:
            answer = Answer(outcome=Outcome.BUDGET, detail="printed more than an answer may have")
        else:
            answer = self._judged(process, request_id)
        return replace(answer, seconds=seconds, nbytes=nbytes)

    def _judged(self, process: Process, request_id: str) -> Answer:
        raise NotImplementedError

    def shell(self, request: Mapping[str, Any]) -> str:
        """The command, behind one that writes the JSON file which it needs."""
        made = ""
        files = {name: f"{request['output']}.{name}.json" for name in _JSON_FILES if name in request}
        for name, path in files.items():
            made += f"printf %s {shlex.quote(json.dumps(request[name]))} > {shlex.quote(path)} && "
        return made + shlex.join(_filled(self._templates[request["op"]], {**request, **files}))

    def close(self) -> None:
        """End the command that runs, and everything that any of them left behind."""
        with self._lock:
            self._closed = True
            process = self._process
        if process is not None:
            process.end()
        end_marked(self._mark)


class ExitPlug(_CommandPlug):
    """Judged by the exit code: one of `accept`, or one of `reject`; any other, or a signal, is a crash."""

    kind = "exit"

    def __init__(
        self,
        read: str,
        *,
        accept: Collection[int] = (0,),
        reject: Collection[int] = (1,),
        **options: Any,
    ) -> None:
        if not accept or not reject or set(accept) & set(reject):
            raise RequestError(
                f"expected exit codes to accept and others to reject, found {sorted(accept)} and {sorted(reject)}"
            )
        super().__init__(read, **options)
        self._accept, self._reject = frozenset(accept), frozenset(reject)

    def _judged(self, process: Process, request_id: str) -> Answer:  # noqa: ARG002 - an exit code is about its own case
        if process.returncode in self._accept:
            return Answer("accept")
        if process.returncode in self._reject:
            return Answer("reject", message=process.complaint)
        return Answer(outcome=Outcome.CRASH, detail=process.how_it_ended)


class JsonPlug(_CommandPlug):
    """Judged by the one JSON object on standard output, the `result` of the protocol; its exit code says nothing.

    An end by a signal is a crash, whatever was said before.
    """

    kind = "json"
    _prints = True

    def _judged(self, process: Process, request_id: str) -> Answer:
        said = process.take_output()
        answer = answer_of(said, request_id, needs_id=False)
        if answer.outcome is not None:
            return replace(answer, detail=f"{answer.detail}; {process.how_it_ended}")
        if (process.returncode or 0) < 0:
            return Answer(outcome=Outcome.CRASH, detail=f"answered, and was {process.how_it_ended}")
        return answer
