"""Toy implementations with planted bugs, in this process: each is a plug like any other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from aprfmt.conform.own import answer as own_answer
from aprfmt.conform.plugs import Answer, Plug, Skip
from aprfmt.conform.results import Budget, Implementation, Outcome
from aprfmt.container import Container
from aprfmt.files.vectors import read_suite
from aprfmt.fuzz import FuzzRun, Order, Settings, fuzz
from aprfmt.fuzz.known import KnownFindings
from aprfmt.fuzz.targets import TargetSpec
from aprfmt.ops.stamp import stamp_bytes
from aprfmt.provenance import ProvenancePatch
from aprfmt.vectors import Suite
from aprfmt.vectors.image import Image

__all__ = ["Toy", "answers_like_us", "ignoring", "run_of", "shipped", "stamping", "the_only"]

Reply = Callable[[Mapping[str, Any]], Answer]


@cache
def shipped() -> Suite:
    """The vectors of the package, read once."""
    return read_suite()


class ToyPlug:
    """A plug that answers what a function says."""

    def __init__(self, toy: Toy) -> None:
        self.implementation = Implementation(toy.title, "1", "Python", "exit", "toy {file}")
        self.can = frozenset(toy.can)
        self.skips: tuple[Skip, ...] = toy.skips
        self.rules: Mapping[str, tuple[str, ...]] = {}
        self.reply = toy.reply
        self.asked: list[Mapping[str, Any]] = toy.asked

    def start(self) -> None:
        pass

    def ask(self, request: Mapping[str, Any], budget: Budget) -> Answer:
        assert budget == Budget(request["budget"]["seconds"], request["budget"]["bytes"])
        self.asked.append(request)
        return self.reply(request)

    def shell(self, request: Mapping[str, Any]) -> str:
        return f"toy {request['op']} {request.get('file', '')}".rstrip()

    def close(self) -> None:
        pass


@dataclass(frozen=True)
class Toy(TargetSpec):
    """A target whose plug is in this process."""

    plug: str = "exit"
    command: str = "toy {file}"
    reply: Reply = lambda _request: Answer("accept")
    can: tuple[str, ...] = ("read",)
    title: str = "toy"
    skips: tuple[Skip, ...] = ()
    asked: list[Mapping[str, Any]] = field(default_factory=list, compare=False)

    def make(self) -> Plug:
        return ToyPlug(self)


def run_of(
    *toys: TargetSpec,
    cases: int = 40,
    start: int = 0,
    tries: int = 150,
    known: KnownFindings | None = None,
    **more: Any,
) -> FuzzRun:
    """A short run against toys, in this process."""
    settings = Settings(targets=tuple(toys), **more)
    return fuzz(Order(settings, cases=cases, start=start, tries=tries), known)


def the_only(run: FuzzRun) -> Any:
    """The one finding of a run."""
    assert len(run.findings) == 1, [finding.symptom.signature for finding in run.findings]
    return run.findings[0]


def _result(node: Mapping[str, Any]) -> Answer:
    return Answer(node["verdict"], node.get("values"), node.get("code", ""), node.get("message", ""))


def answers_like_us(request: Mapping[str, Any]) -> Answer:
    """What this package answers."""
    return _result(own_answer(request))


def ignoring(*rules: str) -> Reply:
    """A reader that is right but for some rules, which it does not know."""

    def reply(request: Mapping[str, Any]) -> Answer:
        from aprfmt.rules import run

        raw = Path(request["file"]).read_bytes()
        report = run(Container(Image.of(raw), lenient=True), read_data=True)
        left = [item for item in report.errors if item.rule not in rules]
        return Answer("reject", code=left[0].rule) if left else Answer("accept")

    return reply


Spoil = Callable[[bytes, Mapping[str, str], int], bytes]


def stamping(spoil: Spoil, *, checks: bool = True) -> Reply:
    """A stamp that is right but for what `spoil` does to its output; it gets the patch and the number of the stamp."""
    numbers = count()

    def reply(request: Mapping[str, Any]) -> Answer:
        if request["op"] == "read":
            return answers_like_us(request)
        raw = Path(request["file"]).read_bytes()
        try:
            patch = ProvenancePatch(**request["patch"])
            made = stamp_bytes(raw, patch) if checks else stamp_bytes(raw, patch, accept=("APR-F002",))
        except ValueError:
            return Answer("reject")
        Path(request["output"]).write_bytes(spoil(made, request["patch"], next(numbers)))
        return Answer("accept")

    return reply


@contextmanager
def ticking(monkeypatch: Any, step: float, *modules: str) -> Any:
    """A clock that goes on by a step whenever somebody looks at it."""
    ticks = count()
    for module in modules:
        monkeypatch.setattr(f"{module}.monotonic", lambda: next(ticks) * step)
    yield


CRASH = Answer(outcome=Outcome.CRASH, detail="exit code 70: ZeroDivisionError: boom")
TIMEOUT = Answer(outcome=Outcome.TIMEOUT, detail="expected an answer within 5 s, found none")
