"""What was measured, as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

from bench.harness import Measured, Ratio, Row, Run

__all__ = ["goals_table", "group_table"]

HEAD = (
    "| | time | against | ratio (smallest to largest) | written | peak memory | goals |",
    "|---|---|---|---|---|---|---|",
)


def group_table(measured: Measured) -> Iterator[str]:
    """The lines of a group: peers first, without a ratio, then its rows, then what is left out."""
    group = measured.group
    yield f"### {group.title}"
    yield ""
    if group.rows:
        yield from HEAD
    rows_of = {row.way for row in group.rows}
    for name in group.ways:
        if name not in rows_of:
            yield _line(name, measured.runs[name], group.per)
    for row in group.rows:
        held = (row.peer, ratio_text(measured.ratio(row)), _goals(measured, row))
        yield _line(row.way, measured.runs[row.way], group.per, *held)
    if group.rows:
        yield ""
    for line in group.left_out:
        yield f"Left out: {line}."
        yield ""


def goals_table(all_measured: Sequence[Measured]) -> Iterator[str]:
    """Every goal that the run can speak of, and whether it is met."""
    lines = [
        f"| {measured.group.title} | {row.way} | {goal.text} | {found} | {'met' if met else '**missed**'} |"
        for measured in all_measured
        for row, goal, found, met in measured.goals()
    ]
    if lines:
        yield from ("### Goals", "", "| | | goal | found | |", "|---|---|---|---|---|", *lines, "")


def _line(name: str, runs: Sequence[Run], per: str, peer: str = "", ratio: str = "", goals: str = "") -> str:
    seconds = median(run.seconds for run in runs)
    cells = (name, time_text(seconds) + per, peer, ratio, _written(runs), _peak(runs), goals)
    return f"| {' | '.join(cells)} |"


def _goals(measured: Measured, row: Row) -> str:
    held = [
        f"{f'{found}, ' if goal.is_share else ''}{goal.text} {'met' if met else '**missed**'}"
        for of, goal, found, met in measured.goals()
        if of is row
    ]
    return ", ".join(held)  # a share is in no other column


def time_text(seconds: float) -> str:
    """Seconds, or milliseconds of what is shorter."""
    if seconds >= 1:
        return f"{seconds:.2f} s"
    return f"{seconds * 1e3:.0f} ms" if seconds >= 0.1 else f"{seconds * 1e3:.1f} ms"


def ratio_text(ratio: Ratio) -> str:
    """With two digits that say something."""
    return f"{_digits(ratio.median)} ({_digits(ratio.smallest)} to {_digits(ratio.largest)})"


def _digits(value: float) -> str:
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 0.1 else f"{value:.2g}"


def _peak(runs: Sequence[Run]) -> str:
    """The largest of all runs; of what is no larger than the process that started it, that it is no larger."""
    run = max(runs, key=lambda run: run.peak)
    if not run.peak:
        return ""
    return f"{'≤ ' if run.peak <= run.floor * 1.03 else ''}{run.peak / 2**20:.0f} MiB"


def _written(runs: Sequence[Run]) -> str:
    if not runs[0].peak:
        return ""
    most = max(run.written for run in runs)
    return f"{most / 1e6:.0f} MB" if most >= 1e6 else f"{most / 2**10:.0f} KiB" if most else ""
