"""One program: what it says is kept within bounds, what it costs is seen, and nothing of it is left."""

from __future__ import annotations

import resource
import shlex
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.unit.conform.tiny import left_behind, program

from aprfmt import RequestError
from aprfmt.conform.plugs.process import Process
from aprfmt.conform.results import Budget, Outcome

MARK = "process-test"
LONG = Budget(seconds=20.0)
Start = Callable[..., Process]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a Python program of these lines; whatever happens, all of them are ended."""
    processes: list[Process] = []

    def make(text: str, *, asks: bool = False, answers: bool = True, longest: int = 1000) -> Process:
        arguments = shlex.split(program(tmp_path, text))
        processes.append(Process(arguments, MARK, asks=asks, answers=answers, longest=longest))
        return processes[-1]

    yield make
    for process in processes:
        process.end()
    assert left_behind(MARK) == []


def ended(process: Process, budget: Budget = LONG) -> Outcome | None:
    outcome = process.until(lambda: process.exited, budget, time.perf_counter())
    process.end()
    return outcome


def test_what_it_says_and_how_it_ends(start: Start) -> None:
    process = start("import sys; print('one'); print('two'); sys.stderr.write('why\\n\\n'); sys.exit(3)")
    assert ended(process) is None
    assert process.returncode == 3
    assert process.how_it_ended == "exit code 3: why"
    assert [process.take_line(), process.take_line(), process.take_line()] == [b"one", b"two", None]


def test_a_signal_is_named(start: Start) -> None:
    process = start("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    ended(process)
    assert process.how_it_ended == "ended by SIGSEGV"


def test_lines_go_there_and_back(start: Start) -> None:
    process = start("import sys\nfor line in sys.stdin: print(line.upper(), end='', flush=True)", asks=True)
    for word in (b"a\n", b"b\n"):
        process.send(word)
        assert process.until(lambda: process.has_line, LONG, time.perf_counter()) is None
        assert process.take_line() == word.strip().upper()
    process.close_input()
    assert ended(process) is None
    assert process.returncode == 0


def test_a_program_that_reads_nothing_does_not_stop_who_sends(start: Start) -> None:
    process = start("import time; time.sleep(60)", asks=True)
    process.send(b"x" * (1 << 20))
    assert ended(process, Budget(seconds=0.2)) is Outcome.TIMEOUT


def test_the_last_words_are_kept_and_escaped(start: Start) -> None:
    text = "import sys; sys.stderr.write('x' * 100000 + '\\n'); sys.stderr.buffer.write(b'\\x1b[31m\\xff')"
    process = start(text)
    assert ended(process) is None
    assert process.complaint == "\\x1b[31m\ufffd"


def test_a_line_without_end_is_not_kept(start: Start) -> None:
    process = start("import sys\nwhile True: sys.stdout.write('x' * 1000)")
    assert process.until(lambda: process.is_too_long, LONG, time.perf_counter()) is None
    time.sleep(0.05)
    said = process.take_output()
    assert 1000 < len(said) < 1000 + (1 << 17)


def test_a_flood_of_lines_waits_until_somebody_takes_them(start: Start) -> None:
    process = start("n = 0\nwhile True:\n print(n, flush=True)\n n += 1")
    for number in range(5000):
        process.until(lambda: process.has_line, LONG, time.perf_counter())
        assert process.take_line() == b"%d" % number


def test_time_beyond_the_budget(start: Start) -> None:
    process = start("import time; time.sleep(60)")
    began = time.perf_counter()
    assert ended(process, Budget(seconds=0.2)) is Outcome.TIMEOUT
    assert time.perf_counter() - began < 10
    assert process.returncode == -9


def test_memory_of_the_program_beyond_the_budget(start: Start) -> None:
    process = start("import time; held = b'x' * (80 << 20); time.sleep(60)")
    assert ended(process, Budget(20.0, 60 << 20)) is Outcome.BUDGET
    assert process.peak > 60 << 20


def test_memory_of_its_children_counts_too(start: Start) -> None:
    process = start("import os, time; os.fork(); os.fork(); held = b'x' * (20 << 20); time.sleep(60)")
    assert ended(process, Budget(20.0, 70 << 20)) is Outcome.BUDGET


def test_a_peak_between_two_looks_is_seen(start: Start) -> None:
    process = start("held = b'x' * (90 << 20); del held; import time; time.sleep(0.3)")
    assert ended(process) is None
    assert process.peak > 90 << 20


def test_a_peak_before_the_first_look_is_seen_when_it_is_larger_than_ours(start: Start) -> None:
    nbytes = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss + (20 << 20)
    process = start(f"held = b'x' * {nbytes}")
    process.until(lambda: process.exited, Budget(20.0, 1 << 40), time.perf_counter())
    process.peak = 0
    process.end()
    assert process.peak > nbytes


def test_a_child_that_keeps_the_pipe_is_ended_and_its_words_are_kept(start: Start) -> None:
    process = start("import os, time\nprint('said', flush=True)\nif not os.fork(): time.sleep(60)")
    assert ended(process) is None
    assert process.silent
    assert process.take_line() == b"said"


def test_a_child_that_left_the_session_and_keeps_the_pipe_is_ended(start: Start) -> None:
    process = start("import os, time\nprint('said', flush=True)\nif not os.fork(): os.setsid(); time.sleep(60)")
    began = time.perf_counter()
    assert ended(process) is None
    assert time.perf_counter() - began < 4
    assert process.take_line() == b"said"


def test_it_can_be_ended_from_another_thread_and_twice(start: Start) -> None:
    process = start("import time; time.sleep(60)")
    threading.Timer(0.1, process.end).start()
    assert ended(process) is None
    process.end()
    assert process.returncode == -9


def test_a_stopped_program_is_ended(start: Start) -> None:
    process = start("import os, signal; os.kill(os.getpid(), signal.SIGSTOP)")
    assert ended(process, Budget(seconds=0.2)) is Outcome.TIMEOUT


@pytest.mark.parametrize("text", ["", "no program\n", "#!/nowhere\n"])
def test_what_cannot_be_started_is_a_request_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "program"
    path.write_text(text)
    if text:
        path.chmod(0o755)
    with pytest.raises(RequestError, match="expected a program that can be started"):
        Process([str(path)], MARK)


def test_an_argument_with_a_null_byte_is_a_request_error() -> None:
    with pytest.raises(RequestError, match="null byte"):
        Process(["true", "a\0b"], MARK)
