"""One program in a session of its own: what it says, what it costs, and its end.

Rules of this file:
1. Nothing that the program does makes the caller wait longer than it said, or hold more memory than `longest`.
2. When `end` returns, nothing of the session runs any more, and nothing that keeps a stream of the program open.
3. The program is reaped last: as long as it is not, its id belongs to nobody else.
"""

from __future__ import annotations

import os
import queue
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from time import perf_counter
from typing import IO

from ...errors import RequestError, printable
from ..results import Budget, Outcome
from .sessions import MARK, end_marked, end_session, high_water, members, reset_high_water

__all__ = ["LONGEST_ANSWER_NBYTES", "Process"]

LONGEST_ANSWER_NBYTES = 1 << 26
"""What one answer may have; a program that says more has spent its memory budget, wherever it keeps what it says."""

_FIRST_LOOK = 0.02
"""Seconds until the memory of a case is looked at first, so that a fast one costs nothing; also the least between two
looks, which take at most a tenth of the time."""
_SHARE = 10
_SHORT_PATIENCE, _PATIENCE = 0.2, 5.0
_PIECE_NBYTES = 1 << 16
_KEPT_NBYTES = 8000
_ERROR = re.compile(r"[A-Za-z]*(Error|Exception)\b|\b(error|panicked|fatal)\b", re.ASCII)
_KEPT_CHARACTERS = 2000
_LINE_CHARACTERS = 200


class Process:
    """Start a program. With `asks` it can be sent lines; with `answers` its standard output is kept until it is taken.

    Raises `RequestError` when it cannot be started.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        mark: str,
        *,
        asks: bool = False,
        answers: bool = False,
        longest: int = LONGEST_ANSWER_NBYTES,
    ) -> None:
        self._changed = threading.Condition()
        self._ending = threading.Lock()
        self._outbox: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._output = bytearray()
        self._searched = 0
        self._complaints = bytearray()
        self._longest = longest
        self._mark = mark
        self._over = False
        self._fresh = True  # whether the high water mark is that of this case
        self.exited = False
        self.silent = not answers
        self.returncode: int | None = None
        self.peak = 0
        try:
            self._popen = subprocess.Popen(
                arguments,
                bufsize=0,
                stdin=subprocess.PIPE if asks else subprocess.DEVNULL,
                stdout=subprocess.PIPE if answers else subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env={**os.environ, MARK: mark},
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise RequestError(
                f"{printable(arguments[0])}: expected a program that can be started, found: {reason}"
            ) from error
        self._threads: list[threading.Thread] = []
        try:
            for work in (self._await_exit, self._listen, *([self._hear] if answers else []), *([self._say] * asks)):
                thread = threading.Thread(target=work, daemon=True)
                thread.start()
                self._threads.append(thread)
        except BaseException:
            self.end()
            raise

    def send(self, line: bytes) -> None:
        """Have a line written, without waiting for the program to read it."""
        self._outbox.put(line)

    def close_input(self) -> None:
        """Let the program see the end of its input, behind what was sent."""
        self._outbox.put(None)

    def begin(self) -> None:
        """Count the memory of a new case."""
        self.peak = 0
        self._fresh = reset_high_water(self._popen.pid)

    def until(self, ready: Callable[[], bool], budget: Budget, began: float) -> Outcome | None:
        """Wait until something is so, which is asked whenever the program says something, falls silent or ends.

        TIMEOUT or BUDGET when it costs more first; the program runs on then.
        """
        next_look = began + _FIRST_LOOK
        with self._changed:
            while not ready():
                now = perf_counter()
                left = began + budget.seconds - now
                if left <= 0:
                    return Outcome.TIMEOUT
                if now >= next_look:
                    self.measure()
                    if self.peak > budget.nbytes:
                        return Outcome.BUDGET
                    cost = perf_counter() - now
                    next_look = now + max(_FIRST_LOOK, _SHARE * cost)
                self._changed.wait(max(0.0, min(left, next_look - now)))
        return None

    def measure(self) -> None:
        """Look at the memory that the session holds, and at the most that its leader has held."""
        self.peak = max(self.peak, sum(member.nbytes for member in members(self._popen.pid)))
        self.settle()

    def settle(self) -> None:
        """Look only at the most memory that the leader has held in this case, which costs next to nothing."""
        if self._fresh:
            self.peak = max(self.peak, high_water(self._popen.pid))

    @property
    def has_line(self) -> bool:
        """Whether a whole line was said that nobody took."""
        with self._changed:
            at = self._output.find(b"\n", self._searched)
            self._searched = len(self._output) if at < 0 else at
            return at >= 0

    @property
    def is_too_long(self) -> bool:
        """Whether more was said than one answer may have."""
        with self._changed:
            return len(self._output) > self._longest

    def take_line(self) -> bytes | None:
        """The first line that nobody took, without its end; None when there is none."""
        with self._changed:
            if not self.has_line:
                return None
            line = bytes(self._output[: self._searched])
            del self._output[: self._searched + 1]
            self._searched = 0
            self._changed.notify_all()
            return line

    def take_output(self) -> bytes:
        """All that was said and that nobody took."""
        with self._changed:
            said = bytes(self._output)
            self._output.clear()
            self._searched = 0
            return said

    @property
    def complaint(self) -> str:
        """Of the end of its standard error, the last line that speaks of an error, or else the last one."""
        text = bytes(self._complaints).decode("utf-8", "replace")[-_KEPT_CHARACTERS:]
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        telling = [line for line in lines if _ERROR.search(line)] or lines
        return printable(telling[-1][:_LINE_CHARACTERS]) if telling else ""

    @property
    def how_it_ended(self) -> str:
        """How it ended, and its last words; after `end`."""
        code = self.returncode
        if code is None:
            text = "ended, nobody knows how"
        elif code < 0:
            text = f"ended by {_signal_name(-code)}"
        else:
            text = f"exit code {code}"
        return f"{text}: {self.complaint}" if self.complaint else text

    def end(self) -> None:
        """End the whole session, and keep what it said before. Idempotent; may be called from any thread."""
        with self._ending:
            end_session(self._popen.pid)
            if os.name == "nt":
                self._popen.kill()
            with self._changed:
                self._over = True
                self._changed.notify_all()
            self._outbox.put(None)
            if not self._join(_SHORT_PATIENCE):
                end_marked(self._mark)  # somebody left the session and keeps a stream open
                self._join(_PATIENCE)
            self._reap()
            # A stream that a thread still holds stays open: somebody without a mark keeps its other end.
            if self._join(0.0):
                for stream in (self._popen.stdin, self._popen.stdout, self._popen.stderr):
                    if stream is not None:
                        with suppress(OSError):
                            stream.close()

    def _join(self, seconds: float) -> bool:
        """Wait for all threads; False when one has not ended by then."""
        until = perf_counter() + seconds
        for thread in self._threads:
            thread.join(max(0.0, until - perf_counter()))
        return not any(thread.is_alive() for thread in self._threads)

    def _reap(self) -> None:
        if self._popen.returncode is not None:
            return
        if not hasattr(os, "wait4") or not self.exited:
            # One that cannot be killed is left to the system.
            self.returncode = self._popen.poll()
            self._popen.returncode = self.returncode or 0
            return
        try:
            _, status, usage = os.wait4(self._popen.pid, 0)
        except ChildProcessError:  # the system reaped it, because nobody listens to SIGCHLD
            self._popen.returncode = 0
            return
        self.returncode = self._popen.returncode = os.waitstatus_to_exitcode(status)
        if self._fresh:
            self.peak = max(self.peak, _own_peak(usage.ru_maxrss))

    def _await_exit(self) -> None:
        if hasattr(os, "waitid"):
            with suppress(ChildProcessError):
                os.waitid(os.P_PID, self._popen.pid, os.WEXITED | os.WNOWAIT)
        else:
            with suppress(ChildProcessError):
                self.returncode = self._popen.wait()
        with self._changed:
            self.exited = True
            self._changed.notify_all()

    def _hear(self) -> None:
        while piece := _read(self._popen.stdout):
            with self._changed:
                self._output += piece
                self._changed.notify_all()
                while len(self._output) > self._longest and not self._over:
                    self._changed.wait()  # the pipe fills, and the program waits too
                if len(self._output) > self._longest:
                    break
        with self._changed:
            self.silent = True
            self._changed.notify_all()

    def _listen(self) -> None:
        while piece := _read(self._popen.stderr):
            self._complaints += piece
            del self._complaints[:-_KEPT_NBYTES]

    def _say(self) -> None:
        stream = self._popen.stdin
        while stream is not None and (line := self._outbox.get()) is not None:
            rest = memoryview(line)
            with suppress(OSError):  # it reads no more; that it says nothing either is noticed elsewhere
                while rest:
                    rest = rest[stream.write(rest) :]
        if stream is not None:
            with suppress(OSError):
                stream.close()


def _read(stream: IO[bytes] | None) -> bytes:
    try:
        return b"" if stream is None else os.read(stream.fileno(), _PIECE_NBYTES)
    except OSError:
        return b""


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _own_peak(kibibytes: int) -> int:
    """The most memory of a child by the accounts of Linux, in bytes; 0 when it is not known.

    They begin with what its parent held, so that only more than that says anything about the child.
    """
    if not sys.platform.startswith("linux"):
        return 0
    import resource

    return 1024 * kibibytes if kibibytes > resource.getrusage(resource.RUSAGE_SELF).ru_maxrss else 0
