"""Signals as exceptions: when they raise, when they wait, and what is left behind."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import suppress

import pytest

from aprfmt.cli.signals import SignalledError, insist, may_raise, raising, wait

pytestmark = pytest.mark.skipif(os.name == "nt", reason="POSIX signals")


def send(name: str) -> None:
    """Python runs the handler before the next line does anything."""
    os.kill(os.getpid(), getattr(signal, name))


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("SIGINT", "interrupted", 130),
        ("SIGTERM", "ended by SIGTERM", 143),
        ("SIGHUP", "ended by SIGHUP", 129),
    ],
)
def test_a_signal_raises(name: str, text: str, code: int) -> None:
    before = signal.getsignal(getattr(signal, name))
    with raising(restore=True), pytest.raises(SignalledError) as caught:
        send(name)
    assert (str(caught.value), caught.value.exit_code) == (text, code)
    assert not isinstance(caught.value, Exception)
    assert signal.getsignal(getattr(signal, name)) is before


def test_one_signal_is_enough() -> None:
    with raising(restore=True):
        with pytest.raises(SignalledError):
            send("SIGTERM")
        send("SIGTERM")
        send("SIGINT")


def test_a_signal_waits_for_a_place_where_it_may_raise() -> None:
    reached = []
    with raising(restore=True):
        wait()
        send("SIGTERM")
        send("SIGINT")
        reached.append("the report")
        with pytest.raises(SignalledError, match="SIGTERM"), may_raise():
            reached.append("the next file")
        send("SIGTERM")  # while the report is closed
    assert reached == ["the report"]


def test_a_signal_raises_at_once_where_it_may() -> None:
    with raising(restore=True):
        wait()
        with may_raise():
            pass
        with pytest.raises(SignalledError), may_raise():
            send("SIGINT")
        send("SIGINT")


def test_a_signal_that_nobody_asks_for_changes_nothing() -> None:
    with raising(restore=True):
        wait()
        send("SIGTERM")
    with raising(restore=True):
        wait()
        with may_raise():
            pass


def test_a_signal_that_became_another_exception_is_insisted_on() -> None:
    with raising(restore=True):
        with pytest.raises(OSError, match="of the cleaning up"):
            lose_a_signal()
        with pytest.raises(SignalledError, match="SIGTERM"):
            insist()
    with raising(restore=True):
        insist()
        wait()
        with pytest.raises(SignalledError, match="SIGTERM"), may_raise(), suppress(OSError):
            lose_a_signal()


def lose_a_signal() -> None:
    try:
        send("SIGTERM")
    finally:
        raise OSError("a fault of the cleaning up")


def test_waiting_ends_with_the_command() -> None:
    with raising(restore=True):
        wait()
    with raising(restore=True), pytest.raises(SignalledError):
        send("SIGINT")


def test_what_is_ignored_from_outside_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with raising(restore=True):
            send("SIGHUP")
            assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_another_thread_leaves_the_signals_alone() -> None:
    before = signal.getsignal(signal.SIGINT)
    seen = []

    def work() -> None:
        with raising(restore=True):
            wait()
            with may_raise():
                seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before]
