"""A run: cases are put to everybody, what is new is shrunk, and all of it fits into its time.

Rules of this file:
1. In a run of so many cases, the findings do not depend on how many work at it.
2. In a run of so many seconds, shrinking is within them: the more there is to shrink, the fewer cases are drawn. When
   they are over, nobody is asked any more, whatever is still open.
3. Whatever ends a run early, a signal, a full disk, a fault of ours: what it has found is not lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Any

from .. import __version__
from ..errors import RequestError
from .alike import Alike, told_apart
from .coverage import Coverage
from .desk import Desk, Seen, Settings, Share
from .findings import Finding, finding_id
from .judging.symptoms import JUDGES, OWN
from .known import KnownFinding, KnownFindings
from .shrinking.examine import examined, listed
from .shrinking.shrink import Effort
from .workers import Workers, working

__all__ = ["FuzzRun", "KnownSeen", "Order", "fuzz", "replayed"]

Progress = Callable[[str], None]

_FIRST_CHUNK, _CHUNK_SECONDS, _LARGEST_CHUNK = 1, 0.4, 512
_SHRINK_SECONDS, _SHRINK_SHARE = 4.0, 0.5
"""What is kept for shrinking one finding, and at most of the whole time."""
_MARGIN_SECONDS = 0.5
_MOST_SECONDS = 120.0
"""The most that one finding takes in a run of so many cases, where only the tries are to end it."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done: so many `cases`, or as many as `seconds` allow; the first has the index `start`.

    At most `shrunk` findings are shrunk, each with so many `tries`.
    """

    settings: Settings
    cases: int | None = None
    seconds: float | None = None
    start: int = 0
    jobs: int = 1
    tries: int = 600
    shrunk: int = 100


@dataclass(frozen=True, slots=True)
class KnownSeen:
    """A symptom that the list of known findings has."""

    seen: Seen
    entry: KnownFinding


@dataclass(frozen=True, slots=True)
class FuzzRun:
    """What a run came to. `targets` are who was asked, `asked` is how often; `seconds` counts from when they started.

    `findings` are those that are not known, the plainest file for each; `more` says how many are left out
    because they differ from others in words alone. `cut` is what ended it before it was done, a
    signal or an error; then findings may be as they were seen.
    """

    order: Order
    targets: tuple[dict[str, str], ...]
    suite: str
    cases: int
    asked: int
    nbytes: int
    seconds: float
    case_seconds: float
    findings: tuple[Finding, ...]
    known: tuple[KnownSeen, ...]
    coverage: Coverage
    verdicts: dict[str, int] = field(default_factory=dict)
    more: tuple[Alike, ...] = ()
    cut: BaseException | None = None
    aprfmt: str = __version__

    @property
    def rate(self) -> float:
        """Cases a second, without shrinking."""
        return self.cases / self.case_seconds if self.case_seconds > 0 else 0.0

    def as_json(self) -> dict[str, Any]:
        """The run as one JSON object: `spec/fuzz/run.schema.json`."""
        settings = self.order.settings
        return {
            "version": 1,
            "seed": settings.seed,
            "start": self.order.start,
            "cases": self.cases,
            "asked": self.asked,
            "nbytes": self.nbytes,
            "seconds": round(self.seconds, 3),
            "rate": round(self.rate, 1),
            "jobs": self.order.jobs,
            "profile": settings.profile,
            "targets": list(self.targets),
            "verdicts": dict(sorted(self.verdicts.items())),
            "findings": [finding.as_json() for finding in self.findings],
            "known": [
                {
                    "target": item.seen.symptom.target,
                    "signature": item.seen.symptom.signature,
                    "cases": item.seen.count,
                    "index": item.seen.index,
                    "kind": item.entry.kind,
                    "reason": item.entry.reason,
                    "issue": item.entry.issue,
                }
                for item in self.known
            ],
            "more": [item.as_json() for item in self.more],
            "coverage": self.coverage.as_json(),
            "cut": None if self.cut is None else str(self.cut) or type(self.cut).__name__,
            "suite": self.suite,
            "aprfmt": self.aprfmt,
        }


@dataclass(frozen=True, slots=True)
class _Ask:
    """A job: some cases in a row."""

    start: int
    stop: int
    until: float | None
    end: float | None

    def __call__(self, desk: Desk) -> tuple[_Ask, Share, float]:
        """What they come to, and how long it took."""
        desk.end_by(self.end)
        began = monotonic()
        share = desk.share(range(self.start, self.stop), self.until)
        return self, share, monotonic() - began


@dataclass(frozen=True, slots=True)
class _Examine:
    """A job: one finding."""

    seen: Seen
    effort: Effort | None
    end: float | None

    def __call__(self, desk: Desk) -> Finding:
        """The finding, shrunk where there is an effort."""
        desk.end_by(self.end)
        return listed(desk, self.seen) if self.effort is None else examined(desk, self.seen, self.effort)


def fuzz(order: Order, known: KnownFindings | None = None, progress: Progress | None = None) -> FuzzRun:
    """Run it. `progress` gets a line now and then.

    Raises `RequestError` when a target cannot be started, the order makes no sense, or there was no time for a case.
    What is raised later, also by a signal or as `OSError` of the system, is the `cut` of the run.
    """
    if (order.cases is None) == (order.seconds is None):
        raise RequestError("expected either a number of cases or of seconds")
    if order.jobs < 1 or (order.cases or 0) < 0 or order.start < 0:
        raise RequestError("expected at least 1 job, and numbers of cases from 0 on")
    began = monotonic()
    workers = working(order.settings, order.jobs)
    try:
        return _Fuzz(order, known or KnownFindings(), workers, began, progress).run()
    finally:
        workers.close()


class _Fuzz:
    def __init__(
        self, order: Order, known: KnownFindings, workers: Workers, began: float, progress: Progress | None
    ) -> None:
        self._order = order
        self._known = known
        self._workers = workers
        self._began = began
        self._progress = progress
        self._total = Share()
        self._chunk = _FIRST_CHUNK
        self._end = None if order.seconds is None else began + order.seconds
        self._found: dict[str, Finding] = {}
        self._entries: dict[tuple[str, str], KnownFinding | None] = {}

    def run(self) -> FuzzRun:
        """Draw and ask, then shrink."""
        ready = drawn = monotonic()
        cut: BaseException | None = None
        try:
            try:
                self._draw()
            finally:
                drawn = monotonic()
            self._shrink()
        except BaseException as error:  # with what was found until then
            if not self._total.done:
                raise
            cut = error
        if not self._total.done and self._order.cases is None:
            raise RequestError(f"expected time for a case within {self._order.seconds:g} s, found none")
        return self._run(ready, drawn, self._findings(), cut)

    def _draw(self) -> None:
        for ask, share, seconds in self._workers.results(self._asks()):
            self._total.add(share)
            if share.done == ask.stop - ask.start and seconds < _CHUNK_SECONDS / 2:
                self._chunk = min(2 * self._chunk, _LARGEST_CHUNK)
            elif seconds > 2 * _CHUNK_SECONDS:
                self._chunk = max(1, self._chunk // 2)
            self._say(f"{self._total.done} cases, {len(self._new)} findings")

    def _shrink(self) -> None:
        new = self._new
        for finding in self._workers.results(self._examinations(new)):
            self._found[finding.id] = finding
            self._say(f"{len(self._found)} of {len(new)} findings are shrunk")

    def _findings(self) -> tuple[Finding, ...]:
        """Every new finding; those that nobody came to as they were seen, without asking."""
        desk = self._workers.desk
        found = []
        for seen in self._new:
            finding = self._found.get(finding_id(seen.symptom))
            if finding is None:
                desk.stop()
                finding = replace(listed(desk, seen), complete=False)
            found.append(finding)
        return tuple(found)

    def _run(self, ready: float, drawn: float, findings: tuple[Finding, ...], cut: BaseException | None) -> FuzzRun:
        desk, total = self._workers.desk, self._total
        return FuzzRun(
            order=self._order,
            targets=tuple(
                {
                    "name": target.name,
                    "version": target.plug.implementation.version,
                    "language": target.plug.implementation.language,
                    "plug": target.plug.implementation.plug,
                    "command": target.plug.implementation.command,
                }
                for target in desk.targets
            ),
            suite=desk.suite.digest,
            cases=total.done,
            asked=total.asked,
            nbytes=total.nbytes,
            seconds=monotonic() - ready,
            case_seconds=drawn - ready,
            findings=findings,
            known=tuple(self._known_seen()),
            more=tuple(told_apart(self._unknown())[1]),
            coverage=total.coverage,
            verdicts=total.verdicts,
            cut=cut,
        )

    def _say(self, text: str) -> None:
        if self._progress is not None:
            self._progress(text)

    @property
    def _new(self) -> list[Seen]:
        """What was seen and is not known, in the order of targets and judges."""
        order = [OWN, *(target.name for target in self._workers.desk.targets)]
        judges = list(JUDGES)

        def rank(seen: Seen) -> tuple[int, int, str]:
            return order.index(seen.symptom.target), judges.index(seen.symptom.judge), seen.symptom.signature

        return sorted(told_apart(self._unknown())[0], key=rank)

    def _unknown(self) -> Iterator[Seen]:
        return (seen for seen in self._total.seen.values() if self._entry(seen) is None)

    def _entry(self, seen: Seen) -> KnownFinding | None:
        """What the list of known findings says of it; looked up once, because this is asked after every few cases."""
        key = seen.symptom.key
        if key not in self._entries:
            self._entries[key] = self._known.of(seen.symptom)
        return self._entries[key]

    def _known_seen(self) -> Iterator[KnownSeen]:
        for _, seen in sorted(self._total.seen.items()):
            entry = self._entry(seen)
            if entry is not None:
                yield KnownSeen(seen, entry)

    def _asks(self) -> Iterator[_Ask]:
        """Cases in a row, as long as there is time, or as many as were asked for."""
        at = self._order.start
        stop = None if self._order.cases is None else at + self._order.cases
        while stop is None or at < stop:
            until = self._until()
            if until is not None and monotonic() >= until:
                return
            after = at + self._chunk if stop is None else min(at + self._chunk, stop)
            yield _Ask(at, after, until, self._hard_end)
            at = after

    @property
    def _hard_end(self) -> float | None:
        """When nobody is asked any more: the findings have to be written down, too."""
        if self._end is None or self._order.seconds is None:
            return None
        return self._end - min(_MARGIN_SECONDS / 2, self._order.seconds / 20)

    def _until(self) -> float | None:
        """When the last case is to begin: what is left is for shrinking."""
        if self._end is None or self._order.seconds is None:
            return None
        kept = len(self._new) * _SHRINK_SECONDS / self._order.jobs
        margin = min(_MARGIN_SECONDS, self._order.seconds / 10)
        return self._end - margin - min(kept, self._order.seconds * _SHRINK_SHARE)

    def _examinations(self, new: Sequence[Seen]) -> Iterator[_Examine]:
        """Each finding with its share of the time that is left."""
        for number, seen in enumerate(new):
            if number >= self._order.shrunk:
                yield _Examine(seen, None, self._hard_end)
                continue
            until = monotonic() + _MOST_SECONDS
            if self._end is not None:
                left = max(0.0, (self._hard_end or self._end) - monotonic())
                rounds = -(-(min(len(new), self._order.shrunk) - number) // self._order.jobs)
                until = monotonic() + left / rounds
            yield _Examine(seen, Effort(self._order.tries, until), self._hard_end)


def replayed(settings: Settings, index: int) -> tuple[Any, bytes, Any, list[Finding]]:
    """One case again: the case, its file, our opinion of it, and everything that is wrong, not shrunk."""
    desk = Desk(settings)
    try:
        case, raw, symptoms = desk.drawn(index)
        opinion = None
        if not symptoms:
            opinion, symptoms = desk.judged(case, raw)
        findings = [listed(desk, Seen(symptom, index)) for symptom in symptoms]
        return case, raw, opinion, findings
    finally:
        desk.close()
