"""Ways to do a job, run in turn and round after round, and the ratio of each to its peer.

A ratio is the median of the ratios of the rounds, of a way to its peer in the same round, with the smallest and the
largest: whatever else the machine does then disturbs both. The way that a round begins with is another one each time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any, NamedTuple

__all__ = ["Goal", "Group", "Measured", "Ratio", "Row", "Run", "measure", "only"]


class Run(NamedTuple):
    """What one run took.

    `peak` and `floor` are bytes: the most memory that the process had, and below what it cannot be told. `wrote` are
    the bytes that it gave to calls that write, `written` those that the system had to bring to the disk for it, in
    whole pages. 0: not measured. `in_vain` and `cut_short` are the shares of draws that came to nothing, from 0
    to 1: because what they chose was refused, and because Hypothesis gave them too few choices. None: none was made.
    """

    seconds: float
    peak: int = 0
    floor: int = 0
    wrote: int = 0
    written: int = 0
    in_vain: float | None = None
    cut_short: float | None = None

    def shared(self, files: int) -> Run:
        """The same for one of so many files; the memory is that of the process."""
        return self._replace(seconds=self.seconds / files, wrote=self.wrote // files, written=self.written // files)


class Ratio(NamedTuple):
    """The median of the ratios of the rounds, the smallest and the largest."""

    median: float
    smallest: float
    largest: float

    @classmethod
    def of(cls, runs: Sequence[Run], peers: Sequence[Run]) -> Ratio:
        """Of each run to the peer of its round."""
        ratios = sorted(run.seconds / peer.seconds for run, peer in zip(runs, peers, strict=True))
        return cls(median(ratios), ratios[0], ratios[-1])


@dataclass(frozen=True, slots=True)
class Goal:
    """What a row must not exceed: `ratio` or `seconds` as a median, any other number of a run at all."""

    of: str
    most: float

    @property
    def text(self) -> str:
        """As the table has it."""
        if self.of == "ratio":
            return f"≤ {self.most:.1f} ×" if self.most >= 0.5 else f"≤ 1/{1 / self.most:.0f}"
        if self.is_share:
            return f"≤ {_share(self.most)} {_SHARES[self.of]}"
        return f"≤ {self.most * 1e3:.0f} ms" if self.of == "seconds" else f"≤ {_binary(self.most)}"

    @property
    def is_share(self) -> bool:
        """Whether it is about a share of draws."""
        return self.of in _SHARES

    def told(self, runs: Sequence[Run]) -> bool:
        """Whether there is something to hold against it: not where the system did not tell."""
        if self.of in ("ratio", "seconds"):
            return True
        values = [getattr(run, self.of) for run in runs]
        return None not in values if self.is_share else any(values)

    def found(self, runs: Sequence[Run], ratio: Ratio) -> float:
        """What is held against it."""
        if self.of == "ratio":
            return ratio.median
        values = [float(getattr(run, self.of)) for run in runs]
        return median(values) if self.of == "seconds" else max(values)

    def found_text(self, runs: Sequence[Run], ratio: Ratio) -> str:
        """The same in the words of the goal."""
        found = self.found(runs, ratio)
        if self.of == "ratio":
            return f"{found:.2f} ×" if self.most >= 0.5 else f"1/{1 / found:.0f}"
        if self.is_share:
            return _share(found)
        return f"{found * 1e3:.1f} ms" if self.of == "seconds" else _binary(found)

    def met(self, runs: Sequence[Run], ratio: Ratio) -> bool:
        """Whether it is."""
        return self.found(runs, ratio) <= self.most


_SHARES = {"in_vain": "in vain", "cut_short": "cut short"}


def _share(value: float) -> str:
    return f"{100 * value:.2g} %"


def _binary(nbytes: float) -> str:
    return f"{nbytes / 2**20:.0f} MiB" if nbytes >= 2**20 else f"{nbytes / 2**10:.0f} KiB"


@dataclass(frozen=True, slots=True)
class Row:
    """A way, the way that it is held against, and what it must reach."""

    way: str
    peer: str
    goals: tuple[Goal, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Ways that take turns, under their names, and the rows that are made of them.

    `rounds` times as many rounds as were asked for; `per` follows a time, such as " a file". `left_out` says what is
    not there and why.
    """

    title: str
    ways: Mapping[str, Callable[[], Run]]
    rows: tuple[Row, ...]
    left_out: tuple[str, ...] = ()
    rounds: int = 1
    per: str = ""


@dataclass(frozen=True, slots=True)
class Measured:
    """A group, and the runs of its ways, round by round."""

    group: Group
    runs: Mapping[str, Sequence[Run]] = field(default_factory=dict)

    def ratio(self, row: Row) -> Ratio:
        """Of a row to its peer."""
        return Ratio.of(self.runs[row.way], self.runs[row.peer])

    def goals(self) -> Iterator[tuple[Row, Goal, str, bool]]:
        """Every goal with what was found, and whether it is met; none of what the system did not tell."""
        for row in self.group.rows:
            runs, ratio = self.runs[row.way], self.ratio(row)
            for goal in row.goals:
                if goal.told(runs):
                    yield row, goal, goal.found_text(runs, ratio), goal.met(runs, ratio)

    def as_json(self) -> dict[str, Any]:
        """Every number."""
        rows = [
            {
                "way": row.way,
                "peer": row.peer,
                "ratio": self.ratio(row)._asdict(),
                "goals": [
                    {"goal": goal.text, "found": found, "met": met}
                    for of, goal, found, met in self.goals()
                    if of is row
                ],
            }
            for row in self.group.rows
        ]
        runs = {name: [run._asdict() for run in runs] for name, runs in self.runs.items()}
        return {"title": self.group.title, "left_out": [*self.group.left_out], "rows": rows, "runs": runs}


def only(group: Group, text: str) -> Group:
    """The rows that have the text in the title of the group or in their name, with the ways that these need."""
    wanted = text.casefold()
    rows = tuple(row for row in group.rows if wanted in f"{group.title}: {row.way}".casefold())
    needed = {name for row in rows for name in (row.way, row.peer)}
    return Group(
        group.title,
        {name: way for name, way in group.ways.items() if name in needed},
        rows,
        tuple(line for line in group.left_out if wanted in f"{group.title}: {line}".casefold()),
        group.rounds,
        group.per,
    )


def measure(group: Group, rounds: int, say: Callable[[str], None]) -> Measured:
    """All ways of a group in turn, round after round."""
    runs: dict[str, list[Run]] = {name: [] for name in group.ways}
    order = [*group.ways.items()]
    total = rounds * group.rounds if order else 0
    for number in range(total):
        say(f"{group.title}: round {number + 1} of {total}")
        first = number % len(order)
        for name, way in (*order[first:], *order[:first]):
            runs[name].append(way())
    return Measured(group, runs)
