"""Signals that ask for the end, as an exception: what is being written is cleaned up, what is being said is closed.

Rules of this file:
1. One signal is enough: those that follow do nothing, so that a second Ctrl-C does not interrupt the cleaning up.
2. Once a command calls `wait`, a signal raises inside `may_raise` and nowhere else: no report is left half written.
3. Whoever handles every `Exception` calls `insist` first: what is cleaned up on the way may fail, and hide the signal.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

__all__ = ["SignalledError", "insist", "may_raise", "raising", "wait"]


class SignalledError(BaseException):
    """A signal that asks for the end; no `Exception`, so that nothing takes it for a fault and goes on."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number

    def __str__(self) -> str:
        name = signal.Signals(self.number).name
        return "interrupted" if name == "SIGINT" else f"ended by {name}"

    @property
    def exit_code(self) -> int:
        """What a shell has for a program that the signal ended."""
        return 128 + self.number


@dataclass(slots=True)
class _State:
    """What the handler does: raise, or keep the number until somebody asks; and what it has raised."""

    waits: bool = False
    kept: int | None = None
    raised: int | None = None

    def reset(self) -> None:
        self.waits, self.kept, self.raised = False, None, None


_state = _State()


@contextmanager
def raising(*, restore: bool) -> Iterator[None]:
    """SIGINT, SIGTERM and SIGHUP raise `SignalledError` inside.

    Without `restore` the handlers stay when this is over: the process is about to end.
    """

    def end(number: int, _frame: FrameType | None) -> None:
        if _state.waits:
            _state.kept = number if _state.kept is None else _state.kept
            return
        # A handler that does nothing rather than SIG_IGN, because Python complains about a signal that is already on
        # its way when it becomes ignored.
        for other in previous:
            signal.signal(other, lambda _number, _frame: None)
        _state.raised = number
        raise SignalledError(number)

    _state.reset()
    previous = {}
    try:
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            # What whoever started us has set to be ignored stays so: that is what `nohup` does.
            if number is not None and signal.getsignal(number) not in (signal.SIG_IGN, None):
                previous[number] = signal.signal(number, end)
    except ValueError:  # not the main thread: whoever runs us there owns the signals
        previous = {}
    try:
        yield
    finally:
        for number, handler in previous.items() if restore else ():
            signal.signal(number, handler)


def wait() -> None:
    """From here on a signal waits for `may_raise`; one that comes after the last of them changes nothing."""
    _state.waits = True


@contextmanager
def may_raise() -> Iterator[None]:
    """Where a signal does no harm: it raises inside, and at the start when it came before."""
    _state.waits = False
    try:
        if _state.kept is not None:
            raise SignalledError(_state.kept)
        yield
        insist()
    finally:
        _state.waits = True


def insist() -> None:
    """Raise again when a signal has raised, and something on the way made another exception of it."""
    if _state.raised is not None:
        raise SignalledError(_state.raised)
