"""The processes of a session: found, measured and ended, those too that left it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.unit.conform.tiny import left_behind

from aprfmt.conform.plugs.sessions import (
    MARK,
    end_marked,
    end_session,
    high_water,
    measures_memory,
    members,
    reset_high_water,
)

WAIT = "import sys, time; print(flush=True); time.sleep(60)"
HOLD = "held = bytearray(%d << 20); held[::4096] = b'x' * len(held[::4096]);"


@contextmanager
def started(text: str, mark: str = "sessions-test") -> Iterator[subprocess.Popen[bytes]]:
    """A program that has said a line, in a session of its own."""
    command = [sys.executable, "-S", "-c", text]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, start_new_session=True, env={**os.environ, MARK: mark}
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield process
        finally:
            end_session(process.pid)
            end_marked(mark)


def test_the_members_of_a_session_are_found_with_their_memory() -> None:
    with started(f"import os; os.fork(); {HOLD % 20} {WAIT}") as process:
        for _ in range(100):
            found = members(process.pid)
            if len(found) == 2 and min(found, key=lambda member: member.nbytes).nbytes > 20 << 20:
                break
            time.sleep(0.02)
        assert process.pid in {member.pid for member in found}
        assert len(found) == 2
        assert all(20 << 20 < member.nbytes < 200 << 20 for member in found)
        end_session(process.pid)
        assert members(process.pid) == []
        assert process.wait() == -signal.SIGKILL


def test_a_name_with_brackets_and_blanks_does_not_hide_a_process(tmp_path: Path) -> None:
    path = tmp_path / ") S 1 1 (x"
    path.symlink_to("/bin/sleep")
    with subprocess.Popen([path, "60"], start_new_session=True) as process:
        try:
            assert [member.pid for member in members(process.pid)] == [process.pid]
        finally:
            end_session(process.pid)
    assert members(process.pid) == []


def test_who_left_the_session_is_found_by_its_mark() -> None:
    mark = "left-the-session"
    with started(f"import os, time\nif os.fork(): time.sleep(60)\nos.setsid()\n{WAIT}", mark) as process:
        end_session(process.pid)
        assert len(left_behind(mark)) == 1
        end_marked(mark)
        assert left_behind(mark) == []


def test_a_mark_ends_nobody_else() -> None:
    with started(WAIT, "sessions-one") as process:
        end_marked("sessions-on")
        end_marked("sessions-one-and-more")
        assert process.poll() is None


def test_the_high_water_mark_is_that_since_the_last_reset() -> None:
    text = f"{HOLD % 50} del held; {WAIT}"
    with started(text) as process:
        assert high_water(process.pid) > 50 << 20
        assert reset_high_water(process.pid)
        assert 0 < high_water(process.pid) < 40 << 20
        end_session(process.pid)
        process.wait()
        assert high_water(process.pid) == 0
        assert not reset_high_water(process.pid)


def test_memory_is_measured_here() -> None:
    assert measures_memory() is Path("/proc/self/stat").exists()
