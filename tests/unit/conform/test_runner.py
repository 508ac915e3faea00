"""The run: files are made and removed, answers are judged, and however it ends nothing is left."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from tests.unit.conform.tiny import HELLO, document, left_behind, program, suite

import aprfmt
from aprfmt import RequestError
from aprfmt.conform import own, runner, serve
from aprfmt.conform.known import Known
from aprfmt.conform.plugs import Answer, CallPlug, ExitPlug, JsonPlug, NdjsonPlug, Plug, Skip
from aprfmt.conform.results import Budget, Implementation, Outcome, Reason, Run, Settings
from aprfmt.conform.runner import conform
from aprfmt.vectors import Suite, Vector

DATE = "2024-01-02T03:04:05Z"
RIGHT = {"bad": "reject", "stamp-nothing": "reject"}


class FakePlug:
    """An implementation in this process, which answers what a function says."""

    def __init__(self, reply: Callable[[Mapping[str, Any]], Answer], **more: Any) -> None:
        self.implementation = Implementation("fake", plug="fake")
        self.can = frozenset(more.get("can", ("read", "stamp", "write")))
        self.skips: tuple[Skip, ...] = more.get("skips", ())
        self.rules: Mapping[str, tuple[str, ...]] = more.get("rules", {})
        self.reply = reply
        self.asked: list[Mapping[str, Any]] = []
        self.started = self.closed = 0

    def start(self) -> None:
        self.started += 1

    def ask(self, request: Mapping[str, Any], budget: Budget) -> Answer:
        assert budget == Budget(request["budget"]["seconds"], request["budget"]["bytes"])
        self.asked.append(request)
        return self.reply(request)

    def shell(self, request: Mapping[str, Any]) -> str:
        return f"fake {request.get('file')}"

    def close(self) -> None:
        self.closed += 1


def right(request: Mapping[str, Any]) -> Answer:
    """The right answer, as far as a file need not be made for it."""
    return Answer("reject" if request["id"] in RIGHT else "accept", code="APR-H006" if request["id"] == "bad" else "")


def run_of(plug: Plug, *names: str, of: Suite | None = None, **settings: Any) -> Run:
    tiny = of or suite()
    vectors = [tiny[name] for name in names] if names else None
    return conform(tiny, lambda: plug, Settings(**settings), vectors=vectors, date=DATE)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where temporary folders are made; afterwards none is left, and no process of a plug."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    yield place
    assert not list(place.iterdir())
    assert left_behind() == []


def test_a_run_of_everything() -> None:
    plug = FakePlug(right)
    seen: list[tuple[int, int]] = []
    tiny = suite()
    run = conform(tiny, lambda: plug, Settings(jobs=1), date=DATE, progress=lambda *done: seen.append(done))
    assert [result.vector for result in run.results] == list(tiny.vectors)
    found = {result.vector: result.outcome for result in run.results}
    assert {name for name, outcome in found.items() if outcome is not Outcome.PASS} == {"stamp", "write"}
    assert found["stamp"] is Outcome.WRONG_BYTES
    assert seen == [(number + 1, 7) for number in range(7)]
    assert (run.implementation.name, run.date, run.suite, run.aprfmt) == ("fake", DATE, tiny.digest, aprfmt.__version__)
    assert run.settings.memory_measured is Path("/proc/self/stat").exists()
    assert run.seconds > 0 < run.sparse_seconds
    assert run.results[1].reason is Reason.RIGHT
    assert (plug.started, plug.closed) == (1, 1)


def test_requests_are_those_of_the_protocol(folder: Path) -> None:
    there: list[bytes] = []

    def reply(request: Mapping[str, Any]) -> Answer:
        if "file" in request:
            with Path(request["file"]).open("rb") as file:
                there.append(file.read(4))
        assert not Path(request.get("output", "/nowhere")).exists()
        return right(request)

    plug = FakePlug(reply)
    run_of(plug)
    asked = {request["id"]: request for request in plug.asked}
    common = {"cmd": "run", "profile": "default", "budget": {"seconds": 20.0, "bytes": 512 << 20}}
    home = Path(asked["good"]["file"]).parent
    assert home.parent == folder.resolve()
    assert asked["good"] == {**common, "id": "good", "op": "read", "file": f"{home}/good.apr", "crc32": True}
    assert asked["vast"]["crc32"] is False
    stamp = {"file": f"{home}/stamp.apr", "patch": {"license": "Apache-2.0"}, "output": f"{home}/stamp+out.apr"}
    assert asked["stamp"] == {**common, "id": "stamp", "op": "stamp", **stamp}
    write = {"tree": suite()["write"].tree, "output": f"{home}/write+out.apr"}
    assert asked["write"] == {**common, "id": "write", "op": "write", **write}
    assert list(asked)[-1] == "vast"
    assert there == [b"APR\0"] * 6


def schema(name: str) -> Draft202012Validator:
    folder = Path(__file__).resolve().parents[3] / "spec" / "protocol"
    nodes = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.schema.json")}
    registry: Registry[Any] = Registry().with_resources(
        [(file, Resource.from_contents(node)) for file, node in nodes.items()]
    )
    return Draft202012Validator(nodes[name], registry=registry)


def test_requests_and_our_own_answers_are_valid_by_the_schemas() -> None:
    requests, answers = schema("request.schema.json"), schema("answer.schema.json")

    def reply(request: Mapping[str, Any]) -> Answer:
        requests.validate(dict(request))
        answer = {"id": request["id"], **own.answer(request)}
        answers.validate(answer)
        return Answer(answer["verdict"])

    assert run_of(FakePlug(reply)).conforms
    answers.validate(serve.started("aprfmt.conform.own:answer"))


def test_every_file_is_removed_as_soon_as_it_is_not_needed(folder: Path) -> None:
    def reply(request: Mapping[str, Any]) -> Answer:
        if "output" in request:
            Path(request["output"]).write_bytes(b"x")
        (home,) = folder.iterdir()
        assert {path.name for path in home.iterdir()} <= {f"{request['id']}.apr", f"{request['id']}+out.apr"}
        return right(request)

    run_of(FakePlug(reply))


def test_what_cannot_be_done_is_skipped_with_its_reason() -> None:
    skips = (Skip("files-2gib", "32 bits", "https://example.org/1"), Skip("nothing-has-this", "no"))
    plug = FakePlug(right, can=("read",), skips=skips)
    run = run_of(plug)
    skipped = {result.vector: result.detail for result in run.results if result.outcome is Outcome.SKIP}
    assert skipped == {
        "stamp": "does not stamp",
        "stamp-nothing": "does not stamp",
        "write": "does not write",
        "vast": "32 bits (https://example.org/1)",
    }
    assert [request["id"] for request in plug.asked] == ["good", "bad", "free"]


def test_the_settings_select() -> None:
    assert [result.vector for result in run_of(FakePlug(right), ops=("write", "stamp")).results] == [
        "stamp",
        "stamp-nothing",
        "write",
    ]
    assert run_of(FakePlug(right), profile="reader").results == ()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EFBIG, errno.EOPNOTSUPP])
def test_a_sparse_file_that_cannot_be_made_is_a_skip(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_descriptor: int, _size: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "ftruncate", fail)
    (result,) = run_of(FakePlug(right), "vast").results
    assert (result.outcome, result.detail) == (Outcome.SKIP, f"its file cannot be made: {os.strerror(number)}")


def test_a_small_file_that_cannot_be_made_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(runner, "write_image", fail)
    plug = FakePlug(right)
    with pytest.raises(OSError, match="full"):
        run_of(plug, "good")
    assert plug.closed == 1


@pytest.mark.parametrize("error", [KeyboardInterrupt(), RequestError("gone"), RuntimeError("a fault")])
@pytest.mark.parametrize("jobs", [1, 3])
def test_an_error_ends_the_run_and_leaves_nothing(error: BaseException, jobs: int) -> None:
    def reply(request: Mapping[str, Any]) -> Answer:
        if request["id"] == "stamp":
            raise error
        return right(request)

    plugs: list[FakePlug] = []

    def make() -> FakePlug:
        plugs.append(FakePlug(reply))
        return plugs[-1]

    with pytest.raises(type(error)):
        conform(suite(), make, Settings(jobs=jobs), date=DATE)
    assert all(plug.closed for plug in plugs)


def test_a_plug_that_does_not_start_is_no_run() -> None:
    plug = FakePlug(right)

    def start() -> None:
        raise RequestError("no such model")

    plug.start = start  # type: ignore[method-assign] # this one fails
    with pytest.raises(RequestError, match="no such model"):
        run_of(plug)
    assert plug.closed == 1


def test_jobs_have_a_plug_each_and_work_at_the_same_time() -> None:
    barrier = threading.Barrier(3)
    sparse: list[str] = []

    def reply(request: Mapping[str, Any]) -> Answer:
        if request["id"] == "vast":
            sparse.append(request["id"])
        else:
            barrier.wait(20)
        return right(request)

    plugs: list[FakePlug] = []

    def make() -> FakePlug:
        plugs.append(FakePlug(reply))
        return plugs[-1]

    run = conform(suite(), make, Settings(jobs=3), date=DATE)
    assert [result.vector for result in run.results] == list(suite().vectors)
    assert len(plugs) == 3
    assert all((plug.started, plug.closed) == (1, 1) for plug in plugs)
    assert sparse == ["vast"]
    with pytest.raises(RequestError, match="at least 1 job"):
        conform(suite(), make, Settings(jobs=0), date=DATE)


def test_a_failure_says_how_to_see_it_again() -> None:
    run = run_of(FakePlug(lambda _request: Answer(outcome=Outcome.CRASH, detail="x")), "good", "write")
    assert [result.reproduce for result in run.results] == [
        "aprfmt vectors build conform-repro --only good && fake conform-repro/good.apr",
        "mkdir -p conform-repro && fake None",
    ]
    assert run_of(FakePlug(right), "good").results[0].reproduce == ""


def test_known_failures_are_applied() -> None:
    text = '[[failure]]\nvectors = ["good", "bad"]\noutcome = "crash"\nkind = "bug"\nreason = "why"\n'
    known = Known.of_toml(text, "known.toml")
    plug = FakePlug(lambda request: Answer(outcome=Outcome.CRASH) if request["id"] == "good" else right(request))
    tiny = suite()
    run = conform(tiny, lambda: plug, Settings(), vectors=[tiny["good"]], known=known, date=DATE)
    assert run.results[0].known is not None
    assert run.faults == ()
    run = conform(tiny, lambda: plug, Settings(), vectors=[tiny["good"], tiny["bad"]], known=known, date=DATE)
    assert len(run.faults) == 1
    assert "bad" in run.faults[0]


READER = """
import sys, zlib
raw = open(sys.argv[1], "rb").read()
magic = sys.argv[2] if len(sys.argv) > 2 else "APR"
sys.exit(0 if raw[:3] == magic.encode() else 1)
"""


def test_a_reader_that_checks_little_by_its_exit_code(tmp_path: Path) -> None:
    command = program(tmp_path, READER)
    run = conform(suite("good", "bad", "write"), lambda: ExitPlug(f"{command} {{file}}"), Settings(jobs=2), date=DATE)
    assert [result.outcome for result in run.results] == [Outcome.PASS, Outcome.ACCEPTED_INVALID, Outcome.SKIP]
    assert run.summary.startswith("enforces 0 of 1 rules; refuses 0 of 1 valid files; not enforced: APR-H006")
    assert not run.conforms


def test_what_changes_its_input_is_noticed(tmp_path: Path) -> None:
    command = program(tmp_path, "import sys; open(sys.argv[1], 'ab').write(b'x')")
    (result,) = conform(suite("good"), lambda: ExitPlug(f"{command} {{file}}"), Settings(), date=DATE).results
    assert (result.outcome, result.detail) == (Outcome.WRONG_BYTES, "the input was changed")


HOSTILE = """
start(can=["read", "stamp", "write"])
while True:
    r = hear()
    if r["cmd"] == "stop":
        break
    if r["id"] == "good":
        os.kill(os.getpid(), signal.SIGSEGV)
    elif r["id"] == "bad":
        time.sleep(60)
    elif r["id"] == "free":
        print("}{", flush=True)
    elif r["op"] == "write":
        os.mkfifo(r["output"])
    elif r["id"] == "stamp":
        subprocess.Popen(["sleep", "60"], start_new_session=True)
    say(id=r["id"], verdict="accept")
"""


def test_a_hostile_harness_is_survived(tmp_path: Path) -> None:
    command = program(tmp_path, HELLO + HOSTILE)
    names = ("good", "bad", "free", "stamp", "write", "vast")
    run = conform(suite(*names), lambda: NdjsonPlug(command), Settings(budget=Budget(0.5, 512 << 20)), date=DATE)
    found = {result.vector: (result.outcome, result.detail) for result in run.results}
    assert found["good"] == (Outcome.CRASH, "ended by SIGSEGV")
    assert found["bad"][0] is Outcome.TIMEOUT
    assert found["free"] == (Outcome.CRASH, "answered }{ (no JSON)")
    assert found["stamp"][0] is Outcome.WRONG_BYTES
    assert found["write"][0] is Outcome.WRONG_BYTES
    assert found["vast"][0] is Outcome.PASS
    assert not run.conforms


def own_plugs() -> dict[str, Callable[[], Plug]]:
    own = f"{sys.executable} -m aprfmt.conform.own"
    stamp = f"{own} {{file}} --stamp {{patch}} --output {{output}}"
    write = f"{own} --write {{tree}} --output {{output}}"
    return {
        "call": lambda: CallPlug("aprfmt.conform.own:answer"),
        "ndjson": lambda: NdjsonPlug(own),
        "json": lambda: JsonPlug(f"{own} {{file}} --profile {{profile}}", stamp=stamp, write=write),
        "exit": lambda: ExitPlug(f"{sys.executable} -m aprfmt validate -q {{file}}"),
    }


@pytest.mark.parametrize("level", ["call", "ndjson", "json", "exit"])
def test_our_own_reader_conforms_at_every_level(level: str) -> None:
    run = conform(suite(), own_plugs()[level], Settings(jobs=2), date=DATE)
    assert run.conforms
    outcomes = {result.vector: result.outcome for result in run.results}
    skipped = {"stamp", "stamp-nothing", "write"} if level == "exit" else set()
    assert {name for name, outcome in outcomes.items() if outcome is Outcome.SKIP} == skipped
    compared = {result.vector: result.compared for result in run.results}
    assert compared["good"] == (() if level == "exit" else ("header", "metadata", "tensors", "crc32", "footer"))
    reason = next(result.reason for result in run.results if result.vector == "bad")
    assert reason is (Reason.UNSAID if level == "exit" else Reason.RIGHT)
    assert run.implementation.plug == level


@pytest.mark.parametrize(
    ("level", "name"),
    [("exit", "good"), *((level, name) for level in ("ndjson", "json") for name in ("good", "stamp", "write"))],
)
def test_the_line_that_reproduces_a_failure_works(level: str, name: str, tmp_path: Path) -> None:
    plug = own_plugs()[level]()
    tiny = suite()
    line = runner._reproduce(plug, tiny[name], Settings())
    plug.close()
    build, asks = line.split(" && ", 1)
    home = tmp_path / "conform-repro"
    home.mkdir()
    if name != "write":
        assert build == f"aprfmt vectors build conform-repro --only {name}"
        aprfmt.files.write_image(home / f"{name}.apr", tiny.image(name))
    run = subprocess.run(["sh", "-c", asks], cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert level == "exit" or '"verdict": "accept"' in run.stdout
    assert name == "good" or (home / f"{name}+out.apr").exists()


def test_a_run_is_fast_enough_to_be_run_often() -> None:
    node = suite().nodes["good"]
    nodes: list[dict[str, Any]] = [{**node, "id": f"v{number}"} for number in range(500)]
    tiny = Suite({"x": document(*nodes)})
    began = time.perf_counter()
    run = conform(tiny, lambda: CallPlug("aprfmt.conform.own:answer"), Settings(), date=DATE)
    assert run.conforms
    assert time.perf_counter() - began < 20  # some 1.5 s on a machine of its own


def test_vectors_may_be_given_in_any_order() -> None:
    tiny = suite()
    order: list[Vector] = [tiny["vast"], tiny["bad"], tiny["good"]]
    run = conform(tiny, lambda: FakePlug(right), Settings(), vectors=order, date=DATE)
    assert [result.vector for result in run.results] == ["vast", "bad", "good"]


def test_what_cannot_be_removed_spoils_no_run(folder: Path) -> None:
    def reply(request: Mapping[str, Any]) -> Answer:
        output = Path(request["output"])
        output.mkdir()
        (output / "more").write_bytes(b"x")
        return Answer("accept")

    (result,) = run_of(FakePlug(reply), "write").results
    assert result.outcome is Outcome.WRONG_BYTES
    for left in folder.iterdir():
        shutil.rmtree(left)


INTERRUPTED = """
import sys, tempfile
from tests.unit.conform.tiny import suite
from aprfmt.conform.plugs import ExitPlug, NdjsonPlug
from aprfmt.conform.results import Settings
from aprfmt.conform.runner import conform
tempfile.tempdir = sys.argv[3]
plugs = {"exit": lambda: ExitPlug(sys.argv[1] + " {file}"), "ndjson": lambda: NdjsonPlug(sys.argv[1])}
conform(suite(), plugs[sys.argv[2]], Settings(jobs=2), date="")
"""


@pytest.mark.parametrize("level", ["exit", "ndjson"])
def test_an_interrupt_ends_everything(level: str, tmp_path: Path, folder: Path) -> None:
    waits = f"open({str(tmp_path / 'asked')!r}, 'w').close(); os.fork(); time.sleep(60)"
    command = program(tmp_path, f"{HELLO}\n{'start(); hear()' if level == 'ndjson' else ''}\n{waits}")
    root = Path(__file__).resolve().parents[3]
    with subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, command, level, str(folder)],
        env={**os.environ, "PYTHONPATH": str(root)},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        while not (tmp_path / "asked").exists() and process.poll() is None:
            time.sleep(0.02)
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        _, complaints = process.communicate(timeout=20)
    assert process.returncode == -signal.SIGINT
    assert complaints.splitlines()[-1] == "KeyboardInterrupt"
    assert left_behind() == []


def test_a_sparse_file_gets_time_to_be_read() -> None:
    plug = FakePlug(right)
    run_of(plug, budget=Budget(seconds=1.0))
    seconds = {request["id"]: request["budget"]["seconds"] for request in plug.asked}
    assert {name for name, value in seconds.items() if value > 1.0} == {"vast"}
