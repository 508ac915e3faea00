"""The run: the same findings however many work at it, and all of it within its seconds."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import threading
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from tests.unit.conform.tiny import left_behind
from tests.unit.fuzz.toys import CRASH, Toy, answers_like_us, run_of, shipped, the_only

from aprfmt.conform.plugs import Answer
from aprfmt.conform.results import Budget
from aprfmt.errors import RequestError
from aprfmt.fuzz import Order, Settings, TargetSpec, fuzz
from aprfmt.fuzz.desk import Desk
from aprfmt.fuzz.run import replayed
from aprfmt.fuzz.workers import working

HARNESS = """
from aprfmt.files import open as opened

def answer(request):
    with opened(request["file"], lenient=True) as container:
        left = [item for item in container.validate().errors if item.rule != "APR-I002"]
        if not left and any(tensor.entry.dtype == 3 for tensor in container.tensors):
            raise KeyError("f64")
        return not left
"""


@pytest.fixture
def harness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TargetSpec:
    """A harness in Python that forgets a rule and dies of an element type."""
    (tmp_path / "toy_harness.py").write_text(HARNESS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return TargetSpec("call", "toy_harness:answer", name="harness")


def test_the_findings_do_not_depend_on_how_many_work(
    harness: TargetSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And no process is left, nor any file."""
    monkeypatch.setenv("TMPDIR", os.fspath(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    found = []
    for jobs in (1, 2):
        run = fuzz(Order(Settings(targets=(harness,)), cases=13, start=92, jobs=jobs, tries=4))
        found.append([finding.as_json() for finding in run.findings])
    assert found[0] == found[1]
    assert {item["judge"] for item in found[0]} == {"verdict", "crash"}
    assert left_behind() == []
    assert list(tmp_path.glob("aprfmt-*")) == []


def die(_desk: Desk) -> None:
    """A job that ends its process."""
    os._exit(1)


def test_a_process_that_dies_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", os.fspath(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    workers = working(Settings(), 2)
    try:
        with pytest.raises(RequestError, match="found that it died"):
            list(workers.results([die, die]))
    finally:
        workers.close()
    assert list(tmp_path.glob("aprfmt-fuzz-*")) == []


def test_a_target_that_cannot_start_is_a_wrong_request() -> None:
    with pytest.raises(RequestError, match="expected a program that can be started"):
        fuzz(Order(Settings(targets=(TargetSpec("exit", "no-such-program {file}"),)), cases=1))
    with pytest.raises(RequestError, match="expected a plug"):
        fuzz(Order(Settings(targets=(TargetSpec("odd", "sh {file}"),)), cases=1))


@pytest.mark.parametrize("order", [{}, {"cases": 1, "seconds": 1.0}, {"cases": 1, "jobs": 0}, {"cases": -1}])
def test_an_order_without_sense_is_refused(order: dict[str, Any]) -> None:
    with pytest.raises(RequestError):
        fuzz(Order(Settings(), **order))


class Clock:
    """Time that goes on when somebody looks at it."""

    def __init__(self, step: float) -> None:
        self._ticks = count()
        self._step = step

    def __call__(self) -> float:
        return next(self._ticks) * self._step


def test_a_run_of_seconds_ends_with_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a clock that goes on by 10 ms a look, drawing and shrinking together take the 60 seconds and no more."""
    clock = Clock(0.1)
    for module in ("run", "desk", "shrinking.shrink"):
        monkeypatch.setattr(f"aprfmt.fuzz.{module}.monotonic", clock)
    toy = Toy(reply=lambda request: CRASH if Path(request["file"]).stat().st_size > 300 else answers_like_us(request))
    run = fuzz(Order(Settings(targets=(toy,)), seconds=12.0, tries=10_000))
    assert run.findings
    assert 5 < run.cases < 120
    assert run.seconds <= 13.0
    assert not run.findings[0].complete or run.findings[0].tries > 0


def test_shrinking_gets_its_share_of_the_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """With nothing to shrink more cases are drawn in the same time."""
    cases = []
    for toy in (Toy(reply=answers_like_us), Toy(reply=lambda _request: CRASH)):
        clock = Clock(0.1)
        for module in ("run", "desk", "shrinking.shrink"):
            monkeypatch.setattr(f"aprfmt.fuzz.{module}.monotonic", clock)
        cases.append(fuzz(Order(Settings(targets=(toy,)), seconds=10.0)).cases)
    assert cases[0] > cases[1]


def test_when_the_seconds_are_over_nobody_is_asked_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """A target that never answers is cut there, and what was seen before is told as it was seen."""
    gone = threading.Event()
    asked = count()

    def reply(_request: Any) -> Answer:
        if next(asked) > 0:
            gone.wait(20.0)
        return Answer("reject", message="no")

    monkeypatch.setattr("tests.unit.fuzz.toys.ToyPlug.close", lambda _plug: gone.set())
    run = fuzz(Order(Settings(targets=(Toy(reply=reply),)), seconds=0.5))
    assert run.cases == 1
    assert run.seconds < 5.0
    finding = the_only(run)
    assert (finding.complete, finding.tries, finding.answers) == (False, 0, None)
    assert finding.nbytes_before == len(finding.raw)


def test_a_run_without_time_for_a_case_is_no_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aprfmt.fuzz.run.monotonic", Clock(1.0))
    with pytest.raises(RequestError, match=r"expected time for a case within 0\.1 s, found none"):
        fuzz(Order(Settings(), seconds=0.1))


class Signal(BaseException):
    """Something that ends a process from outside."""


@pytest.mark.parametrize("error", [Signal("ended"), OSError(28, "No space left on device"), ZeroDivisionError("ours")])
def test_what_ends_a_run_takes_nothing_with_it(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    """While cases are drawn, and while findings are shrunk."""
    toy = Toy(reply=lambda request: CRASH if "case" in request["id"] else Answer("accept"))

    def ends_later(*_args: object) -> None:
        if next(said) == 3:
            raise error

    said = count()
    run = fuzz(Order(Settings(targets=(toy,)), cases=100, tries=0), progress=ends_later)
    assert run.cut is error
    assert 0 < run.cases < 100
    assert the_only(run).symptom.judge == "crash"
    assert not run.findings[0].complete
    asked = len(toy.asked)
    monkeypatch.setattr("aprfmt.fuzz.run.examined", _raiser(error))
    run = fuzz(Order(Settings(targets=(toy,)), cases=5))
    assert (run.cut, run.cases, len(run.findings)) == (error, 5, 1)
    assert len(toy.asked) == asked + 5
    assert run.as_json()["cut"] == str(error)


def _raiser(error: BaseException) -> Any:
    def examined(*_args: object) -> None:
        raise error

    return examined


def test_what_ends_a_run_before_its_first_case_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Desk, "share", _raiser(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space"):
        fuzz(Order(Settings(), cases=3))


def test_a_target_that_is_gone_is_a_crash(tmp_path: Path) -> None:
    """Its program was there when the run began."""
    program = tmp_path / "reader"
    program.write_text('#!/bin/sh\nrm -f "$0"\n')
    program.chmod(0o755)
    spec = TargetSpec("exit", f"{program} {{file}}")
    run = fuzz(Order(Settings(targets=(spec,)), cases=3, tries=0))
    assert "crash" in {finding.symptom.judge for finding in run.findings}
    assert (run.cases, run.cut) == (3, None)


def test_a_target_that_removes_its_folder_is_asked_again() -> None:
    def reply(request: Any) -> Answer:
        shutil.rmtree(Path(request["file"]).parents[1])
        return Answer("accept")

    run = run_of(Toy(reply=reply), cases=3, tries=0)
    assert [finding.symptom.signature for finding in run.findings] == ["bytes/read/input-changed"]
    assert run.cases == 3


def test_every_question_has_an_id_of_its_own() -> None:
    toy = Toy(reply=answers_like_us, can=("read", "stamp", "write"))
    run_of(toy, cases=10, start=200)
    assert len({request["id"] for request in toy.asked}) == len(toy.asked) > 10


def test_an_answer_that_comes_twice_is_not_the_next_one(tmp_path: Path) -> None:
    program = tmp_path / "twice.py"
    program.write_text(TWICE, encoding="utf-8")
    run = fuzz(Order(Settings(targets=(TargetSpec("ndjson", f"{sys.executable} {program}"),)), cases=2, tries=0))
    assert [finding.symptom.judge for finding in run.findings] == ["crash"]
    assert "not the id" in run.findings[0].symptom.detail


def test_a_harness_with_another_name_in_each_process_is_one(tmp_path: Path) -> None:
    program = tmp_path / "named.py"
    program.write_text(TWICE.replace('"twice"', "str(os.getpid())").replace("(1, 2)", "(1,)"), encoding="utf-8")
    spec = TargetSpec("ndjson", f"{sys.executable} {program}")
    run = fuzz(Order(Settings(targets=(spec,)), cases=8, start=148, tries=2, jobs=2))
    assert {finding.symptom.target for finding in run.findings} == {run.targets[0]["name"]}


TWICE = """
import json, os, sys
for line in sys.stdin:
    request = json.loads(line)
    if request["cmd"] == "start":
        print(json.dumps({"protocol": 1, "implementation": {"name": "twice"}}), flush=True)
    elif request["cmd"] == "run":
        for _ in (1, 2):
            print(json.dumps({"id": request["id"], "verdict": "accept"}), flush=True)
"""
"""A harness that takes everything, and says so twice."""


def test_a_case_can_be_asked_again() -> None:
    case, raw, opinion, findings = replayed(Settings(targets=(Toy(),)), 149)
    assert case.about == shipped()[case.about].id
    assert opinion is not None
    assert opinion.rules == ("APR-H006",)
    assert raw == shipped().image(case.about).whole()
    assert [finding.symptom.rule for finding in findings] == ["APR-H006"]
    assert findings[0].recipe == case.recipe


def test_the_boundary_phase_alone_covers_every_rule_and_every_statement() -> None:
    run = run_of(cases=182)
    others = run_of(cases=6, start=183)
    run.coverage.add(others.coverage)
    assert run.coverage.of_rules().missing == ("APR-L001",)
    assert run.coverage.of_sides().missing == ()
    assert run.coverage.of_fields().missing == ("flags.has_model_card",)
    assert run.findings == others.findings == ()


def test_what_is_new_of_many_findings_is_shrunk_up_to_a_number() -> None:
    toy = Toy()
    run = fuzz(Order(Settings(targets=(toy,)), cases=40, start=30, tries=20, shrunk=1))
    assert [finding.tries > 0 for finding in run.findings] == [True, False, False, False, False]


def test_a_target_that_hangs_is_found(tmp_path: Path) -> None:
    """A process that never ends on files with a footer: the case is cut off, and is a finding of its own kind."""
    program = tmp_path / "hang.sh"
    program.write_text(
        '#!/bin/sh\ncase $(head -c 8 "$1" | tail -c 1 | od -An -tu1) in *4) while :; do :; done;; esac\n'
    )
    program.chmod(0o755)
    spec = TargetSpec("exit", f"{program} {{file}}", accept=(0,), reject=(1,), name="hang")
    settings = Settings(targets=(spec,), budget=Budget(seconds=0.15))
    run = fuzz(Order(settings, cases=1, start=4, tries=6))
    finding = next(item for item in run.findings if item.symptom.judge == "timeout")
    assert finding.symptom.signature == "timeout/read"
    assert len(finding.raw) <= 132
    assert left_behind() == []


def test_files_are_made_where_the_user_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", os.fspath(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    toy = Toy(reply=answers_like_us)
    run_of(toy, cases=1)
    assert toy.asked[0]["file"].startswith(os.fspath(tmp_path))
    assert list(tmp_path.iterdir()) == []
