"""One file after the other: every one becomes a result, and a signal is the last of them."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from aprfmt.cli import signals
from aprfmt.cli.each import each, failure_of
from aprfmt.cli.exits import FILE, INTERNAL, Failure
from aprfmt.cli.inputs import inputs
from aprfmt.errors import FormatError, RequestError


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def raising() -> Iterator[None]:
    with signals.raising(restore=True):
        signals.wait()
        yield


def results(work: Callable[[str], str], *names: str, verbose: bool = False) -> list[tuple[str, str, int | None]]:
    """What came of every name: the text of the work, or what the failure says and counts as."""
    found = each(
        inputs(names, recursive=False),
        lambda file: (file, work(file), None),
        lambda file, failure: (file, failure.kind, failure.exit_code),
        exit_code=lambda _failure: FILE,
        verbose=verbose,
    )
    return list(found)


def fail(error: BaseException) -> Callable[[str], str]:
    def work(file: str) -> str:
        if file == "b":
            raise error
        return "done"

    return work


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        (FormatError("wrong"), "format", FILE),
        (RequestError("no"), "request", FILE),
        (OSError(5, "Input/output error"), "file", FILE),
        (KeyError("x"), "internal", INTERNAL),
    ],
)
@pytest.mark.usefixtures("raising")
def test_one_that_fails_does_not_stop_the_others(error: Exception, kind: str, code: int) -> None:
    assert results(fail(error), "a", "b", "c") == [("a", "done", None), ("b", kind, code), ("c", "done", None)]


@pytest.mark.usefixtures("raising")
def test_a_list_that_is_missing_is_a_result() -> None:
    assert results(fail(KeyError()), "a", "@none", "c") == [
        ("a", "done", None),
        ("@none", "file", FILE),
        ("c", "done", None),
    ]


@pytest.mark.usefixtures("raising")
def test_a_signal_is_the_last_result() -> None:
    def work(file: str) -> str:
        if file == "b":
            os.kill(os.getpid(), signal.SIGTERM)
        return "done"

    assert results(work, "a", "b", "c") == [("a", "done", None), ("b", "interrupted", 128 + signal.SIGTERM)]


@pytest.mark.usefixtures("raising")
def test_a_fault_of_ours_is_shown_only_to_those_who_ask(capsys: pytest.CaptureFixture[str]) -> None:
    results(fail(KeyError("x")), "b")
    assert "Traceback" not in capsys.readouterr().err
    results(fail(KeyError("x")), "b", verbose=True)
    assert "Traceback" in capsys.readouterr().err


def test_a_failure_names_its_file_once() -> None:
    assert failure_of(RequestError("no"), "m.apr") == Failure("request", "m.apr: no", 2, "m.apr")
    assert failure_of(RequestError("m.apr is none"), "m.apr").message == "m.apr is none"
    assert failure_of(OSError(2, "No such file", "other"), "m.apr").message == "other: No such file"
