"""The line that says how far many files are."""

from __future__ import annotations

import io
import sys
import threading

import pytest
from tests.unit.cli.running import assert_printable

from aprfmt.cli.batch.progress import Progress, showing

GIB = 1 << 30


class Terminal(io.StringIO):
    """A stderr that people look at."""

    def isatty(self) -> bool:
        return True


def drawn() -> tuple[list[str], Progress]:
    lines: list[str] = []
    return lines, Progress(lines.append, ["a.apr", "b.apr", "c.apr"], [GIB, 2 * GIB, 17 * GIB])


def test_the_line() -> None:
    lines, progress = drawn()
    progress.at(0, 0, 0)
    progress.at(1, 0, 0)
    progress.at(1, 50, 100)
    progress.at(0, 1 << 20, 1 << 20)
    progress.over(1)
    progress.at(2, 1, 10)
    progress.over(0)
    progress.over(2)
    assert lines == [
        "0/3 files, 0 bytes of 20.0 GiB: a.apr",
        "0/3 files, 0 bytes of 20.0 GiB: a.apr",
        "0/3 files, 1.0 of 20.0 GiB: a.apr",
        "0/3 files, 2.0 of 20.0 GiB: a.apr",
        "1/3 files, 3.0 of 20.0 GiB: a.apr",
        "1/3 files, 4.7 of 20.0 GiB: a.apr",
        "2/3 files, 4.7 of 20.0 GiB: c.apr",
    ]


def test_no_file_counts_for_more_than_it_has() -> None:
    lines, progress = drawn()
    progress.at(0, 300, 100)
    assert lines == ["0/3 files, 1.0 of 20.0 GiB: a.apr"]
    Progress(lines.append, ["one.apr"], [0]).at(0, 5, 10)
    assert lines[1:] == ["0/1 file, 0 of 0 bytes: one.apr"]


def test_a_name_cannot_do_anything_to_the_terminal_and_is_cut() -> None:
    lines: list[str] = []
    Progress(lines.append, ["/models/" + "x" * 99 + "\x1b[2J\r.apr"], [1024]).at(0, 0, 0)
    (line,) = lines
    assert_printable(line)
    assert line.endswith(r"x\x1b[2J\r.apr")
    assert len(line) < 80


def test_lines_are_printed_while_nothing_is_drawn() -> None:
    lines, progress = drawn()
    progress.at(0, 0, 0)
    entered, drew = threading.Event(), threading.Event()

    def draw() -> None:
        entered.wait(60)
        progress.at(0, 1, 2)
        drew.set()

    thread = threading.Thread(target=draw)
    thread.start()
    with progress.aside():
        entered.set()
        lines.append("a line of the report")
        assert not drew.is_set()
    thread.join()
    line = "0/3 files, 0 bytes of 20.0 GiB: a.apr"
    assert lines == [line, "", "a line of the report", line, "0/3 files, 512.0 MiB of 20.0 GiB: a.apr"]


def test_a_terminal_is_left_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", stderr := Terminal())
    with showing(["a.apr"], [10], quiet=False) as progress:
        progress.at(0, 5, 10)
        progress.at(0, 5, 10)
    line = "0/1 file, 5 of 10 bytes: a.apr"
    assert stderr.getvalue() == f"\r\r{line}\r{' ' * len(line)}\r"


@pytest.mark.parametrize(("terminal", "quiet"), [(Terminal(), True), (io.StringIO(), False)])
def test_nothing_is_drawn(monkeypatch: pytest.MonkeyPatch, terminal: io.StringIO, quiet: bool) -> None:
    monkeypatch.setattr(sys, "stderr", terminal)
    with showing(["a.apr"], [10], quiet=quiet) as progress:
        progress.at(0, 5, 10)
        with progress.aside():
            progress.at(0, 6, 10)  # nobody waits for who prints
        progress.over(0)
    assert terminal.getvalue() == ""
