"""What is drawn while a pass goes on: how far it is, how fast it goes and how long it will take."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aprfmt.cli import options, render
from aprfmt.cli.options import Pace

MIB = 1 << 20
GIB = 1 << 30


class Clock:
    """Shows what it is set to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def said(steps: Sequence[tuple[float, int]], total: int) -> str:
    """What is said at the last of the steps, each a time in seconds and the bytes that are done."""
    clock = Clock()
    pace = Pace(clock)
    words = ""
    for seconds, done in steps:
        clock.now = 1000 + seconds
        words = pace.words(done, total)
    return words


@pytest.mark.parametrize(
    ("steps", "total", "words"),
    [
        ([(0, 0), (1, GIB)], 5 * GIB, ", 1.0 GiB/s, 4 s left"),
        ([(0, 0), (2, GIB)], 2 * GIB, ", 512.0 MiB/s, 2 s left"),
        ([(0, MIB), (2, 2 * MIB)], 100 * MIB, ", 512.0 KiB/s, 4 min left"),  # what was done before it began counts not
        ([(0, 0), (1, MIB)], 3541 * MIB, ", 1.0 MiB/s, 59 min left"),
        ([(0, 0), (1, MIB)], 3602 * MIB, ", 1.0 MiB/s, 1 h 1 min left"),
        ([(0, 0), (1, MIB)], 172_801 * MIB, ", 1.0 MiB/s, 2 days left"),
        ([(0, 0), (1, MIB)], 172_741 * MIB, ", 1.0 MiB/s, 47 h 59 min left"),
        ([(0, 0), (1, MIB)], 1 << 64, ", 1.0 MiB/s, 203613265 days left"),
        ([(0, 0), (1, MIB)], MIB + 1, ", 1.0 MiB/s, 1 s left"),  # never 0 s while something is left
        ([(0, 0), (60, 90)], 100, ", 1 byte/s, 7 s left"),
        ([(0, 0), (1, MIB)], MIB, ", 1.0 MiB/s"),  # nothing is left
        ([(0, 0), (1, 2 * MIB)], MIB, ", 2.0 MiB/s"),  # more is done than there was
    ],
)
def test_rate_and_time_left(steps: list[tuple[float, int]], total: int, words: str) -> None:
    assert said(steps, total) == words


@pytest.mark.parametrize(
    ("steps", "total"),
    [
        ([(0, MIB)], 2 * MIB),  # nothing to compare with
        ([(0, 0), (0.9, MIB)], 2 * MIB),  # too short a time to tell
        ([(0, 0), (0.9, MIB)], MIB),  # the same when it is over
        ([(0, 0), (0, MIB)], MIB),  # no time at all
        ([(0, 0), (5, 0)], MIB),  # nothing happens
        ([(0, 0), (100, 99)], 1000),  # less than a byte a second
        ([(5, 0), (0, MIB)], 2 * MIB),  # a clock that goes backwards
        ([(0, 0)], 0),
        ([(0, 0), (9, 0)], 0),
    ],
)
def test_nothing_is_said_of_what_is_not_known(steps: list[tuple[float, int]], total: int) -> None:
    assert said(steps, total) == ""


def test_a_rate_is_renewed_twice_a_second() -> None:
    steps = [(0.0, 0), (1.0, GIB), (1.4, 3 * GIB)]
    assert said(steps, 9 * GIB) == ", 1.0 GiB/s, 8 s left"
    assert said([*steps, (1.5, 3 * GIB)], 9 * GIB) == ", 2.0 GiB/s, 3 s left"


def test_a_rate_is_steady_and_follows_a_change() -> None:
    """The average of ten seconds: a moment's delay hardly shows, and a disk that became slow does."""
    even = [(number / 2, number * GIB // 2) for number in range(41)]
    assert said(even, 40 * GIB) == ", 1.0 GiB/s, 20 s left"
    assert said([*even, (21, 20 * GIB)], 40 * GIB).startswith(", 930.9 MiB/s, ")  # of eleven seconds, one was lost
    slow = [(20 + number / 2, 20 * GIB + number * 5 * MIB) for number in range(1, 41)]
    assert said([*even, *slow], 40 * GIB).startswith(", 10.0 MiB/s, ")


def test_another_pass_begins_anew() -> None:
    first = [(0.0, 0), (10.0, 10 * GIB)]
    assert said([*first, (10.1, 0)], 10 * GIB) == ""
    assert said([*first, (10.1, 0), (12.1, GIB)], 10 * GIB) == ", 512.0 MiB/s, 18 s left"
    clock = Clock()
    pace = Pace(clock)
    pace.words(0, GIB)
    clock.now += 2
    assert pace.words(MIB, GIB) != ""
    assert pace.words(MIB, 2 * GIB) == ""  # another total


@given(
    st.lists(st.tuples(st.floats(0, 1e6), st.integers(0, 1 << 65)), min_size=1, max_size=30), st.integers(0, 1 << 65)
)
def test_whatever_comes_it_is_said_in_few_words(steps: list[tuple[float, int]], total: int) -> None:
    words = said(steps, total)
    assert words == "" or (words.startswith(", ") and "/s" in words and words.isascii() and len(words) < 60)


# ---- on a terminal ----


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(render, "is_terminal", lambda: True)
    monkeypatch.setattr(options, "Pace", lambda: Pace(clock))
    return clock


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The lines that are drawn, without those that clear one."""
    lines: list[str] = []
    monkeypatch.setattr(render, "redraw", lambda text, over: lines.append(text) if text else over)
    return lines


def on_terminal(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", io.StringIO())
    monkeypatch.setattr(render, "fitted", lambda text: text[: columns - 1])


def test_a_line_says_how_far_how_fast_and_how_long(clock: Clock, drawn: list[str]) -> None:
    with options.progress("validating", "m.apr", quiet=False) as update:
        assert update is not None
        update(GIB, 8 * GIB)
        clock.now += 1
        update(3 * GIB, 8 * GIB)
        clock.now += 3
        update(8 * GIB, 8 * GIB)
    assert drawn == [
        "validating m.apr: 12 % of 8.0 GiB",
        "validating m.apr: 37 % of 8.0 GiB, 2.0 GiB/s, 3 s left",
        "validating m.apr: 100 % of 8.0 GiB, 1.8 GiB/s",
    ]


def test_a_line_is_drawn_only_when_it_changes(clock: Clock, drawn: list[str]) -> None:
    with options.progress("validating", "m.apr", quiet=False) as update:
        assert update is not None
        for number in range(10_000):
            clock.now += 0.0001
            update(number * MIB // 100, 100 * MIB)
    assert len(drawn) == 100


@pytest.mark.parametrize("total", [0, 1, 32 * MIB - 1])
def test_nothing_is_drawn_for_what_takes_a_glance(total: int, clock: Clock, drawn: list[str]) -> None:
    with options.progress("validating", "m.apr", quiet=False) as update:
        assert update is not None
        for done in (0, total // 2, total):
            clock.now += 10
            update(done, total)
    assert drawn == []


def test_more_done_than_there_was_is_all_of_it(clock: Clock, drawn: list[str]) -> None:
    with options.progress("validating", "m.apr", quiet=False) as update:
        assert update is not None
        update(65 * MIB, 64 * MIB)
    assert drawn == ["validating m.apr: 100 % of 64.0 MiB"]
    assert clock.now


@pytest.mark.parametrize(
    ("columns", "shown"),
    [
        (200, "canonicalising {40}: 37 % of 8.0 GiB, 2.0 GiB/s, 3 s left"),
        (100, "canonicalising {40}: 37 % of 8.0 GiB, 2.0 GiB/s, 3 s left"),
        (90, "canonicalising {28}: 37 % of 8.0 GiB, 2.0 GiB/s, 3 s left"),
        (80, "canonicalising {16}: 37 % of 8.0 GiB, 2.0 GiB/s, 3 s left"),
        (60, "canonicalising: 37 % of 8.0 GiB, 2.0 GiB/s, 3 s left"),
    ],
)
def test_a_name_gives_way_to_what_is_said(
    columns: int, shown: str, clock: Clock, drawn: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "/models/" + "x" * 60
    on_terminal(columns, monkeypatch)
    with options.progress("canonicalising", name, quiet=False) as update:
        assert update is not None
        update(GIB, 8 * GIB)
        clock.now += 1
        update(3 * GIB, 8 * GIB)
    begin, _, rest = shown.partition("{")
    width, _, end = rest.partition("}")
    assert drawn[-1] == (f"{begin}...{'x' * (int(width) - 3)}{end}" if width else shown)
    assert len(drawn[-1]) < columns


def test_a_name_that_is_short_is_kept(clock: Clock, drawn: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    on_terminal(80, monkeypatch)
    with options.progress("validating", "m.apr", quiet=False) as update:
        assert update is not None
        update(GIB, 8 * GIB)
        clock.now += 1
        update(2 * GIB, 8 * GIB)
    assert drawn[-1] == "validating m.apr: 25 % of 8.0 GiB, 1.0 GiB/s, 6 s left"
