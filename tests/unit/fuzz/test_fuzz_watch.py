"""The watch over our own code: what never ends is cut, what waits for somebody else is not."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from time import process_time

import pytest

from aprfmt.fuzz.watch import OverrunError, unwatched, watched

pytestmark = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="the system has no such timer")


def busy(seconds: float) -> None:
    end = process_time() + seconds
    while process_time() < end:
        pass


def endless() -> None:
    while True:
        pass


def cut(seconds: float, work: Callable[[], None] = endless) -> None:
    with watched(seconds):
        work()


def test_what_never_ends_is_cut() -> None:
    with pytest.raises(OverrunError):
        cut(0.02)
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0.0, 0.0)


def test_what_ends_is_left_alone_and_so_are_signals() -> None:
    before = signal.getsignal(signal.SIGVTALRM)
    with watched(10.0):
        pass
    assert signal.getsignal(signal.SIGVTALRM) == before
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0.0, 0.0)


def test_waiting_does_not_count() -> None:
    def waits() -> None:
        with unwatched():
            busy(0.1)

    def waits_and_hangs() -> None:
        waits()
        endless()

    cut(0.05, waits)
    with pytest.raises(OverrunError):
        cut(0.05, waits_and_hangs)


def test_one_that_is_swallowed_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aprfmt.fuzz.watch._AGAIN_SECONDS", 0.02)
    swallowed = []

    def deaf() -> None:
        try:
            endless()
        except OverrunError:
            swallowed.append(True)
        endless()

    with pytest.raises(OverrunError):
        cut(0.02, deaf)
    assert swallowed


def test_of_two_the_inner_one_counts_and_the_outer_one_goes_on() -> None:
    with watched(10.0):
        with pytest.raises(OverrunError):
            cut(0.02)
        left, _ = signal.getitimer(signal.ITIMER_VIRTUAL)
    assert 9.0 < left < 11.0


def test_outside_the_main_thread_nothing_is_watched() -> None:
    done = []

    def work() -> None:
        with watched(0.001):
            busy(0.02)
        done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done
