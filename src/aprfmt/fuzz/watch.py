"""A watch over our own code, which runs in the process of a run: what never ends is cut off, and the run goes on.

Processor time is counted, and not while a target is waited for: neither a busy machine nor a slow target is taken for
a fault of ours. Where the system has no such timer, and outside the main thread, nothing is watched.

Rules of this file:
1. What is watched is a function of bytes: cut anywhere, it leaves nothing behind but caches that it has not filled.
2. While an inner watch counts, the outer one does not; it goes on when the inner one ends.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["OverrunError", "unwatched", "watched"]

_AGAIN_SECONDS = 1.0
"""What is raised where nobody hears of it, as in a finaliser, is raised again after so long."""


class OverrunError(BaseException):
    """Our own code took more time than it may; no `Exception`, so that it is not taken for a refusal on the way."""


@contextmanager
def watched(seconds: float) -> Iterator[None]:
    """Raise `OverrunError` inside after so many seconds of processor time of this process."""
    previous = _armed()
    if previous is None:
        yield
        return
    left = signal.setitimer(signal.ITIMER_VIRTUAL, min(seconds, _LONGEST_SECONDS), _AGAIN_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, *left)
        signal.signal(signal.SIGVTALRM, previous)


@contextmanager
def unwatched() -> Iterator[None]:
    """Stop the watch inside, where somebody else is waited for."""
    if not hasattr(signal, "setitimer"):
        yield
        return
    left = signal.setitimer(signal.ITIMER_VIRTUAL, 0.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, *left)


_LONGEST_SECONDS = 1e6
"""More than any system refuses."""


def _armed() -> signal._HANDLER:
    """Have the signal raise; what it did before, None where that cannot be."""
    if not hasattr(signal, "setitimer"):
        return None
    try:
        return signal.signal(signal.SIGVTALRM, _raise)
    except ValueError:  # not the main thread
        return None


def _raise(_number: int, _frame: FrameType | None) -> None:
    raise OverrunError
