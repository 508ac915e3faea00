"""The desk: targets that have started, and what they are asked. One for each process of a run.

Rules of this file:
1. However it ends, no process of a target and no file is left.
2. What is asked about a case does not depend on what was asked before.
3. Whatever our own code does about a case, raise or never end, is a symptom, and the next case comes.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic
from typing import Any

from ..conform.results import Budget
from ..files.vectors import read_suite
from .coverage import Coverage
from .drawing.cases import RANDOM, Case, Cases, Patch
from .drawing.recipe import Recipe
from .judging import own
from .judging.answers import read_symptoms, stamp_symptoms, write_symptoms
from .judging.own import Opinion, guarded, opinion_of, own_symptoms
from .judging.symptoms import OWN, Symptom
from .judging.tags import tags_of
from .targets import LateError, Target, TargetSpec

__all__ = ["Desk", "Question", "Seen", "Settings", "Share", "agreement"]


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run asks: the seed, whom, for which profile, what a case may cost. `recipes` is a folder of vectors."""

    seed: int = 0
    targets: tuple[TargetSpec, ...] = ()
    profile: str = "default"
    budget: Budget = field(default_factory=lambda: Budget(seconds=5.0))
    recipes: str | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """What one target is asked about a file again and again, while the file becomes smaller."""

    target: str
    op: str = "read"
    patches: tuple[Patch, Patch] | None = None
    tree: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """A symptom, the plainest case that shows it, and how many do.

    Plainest is that with the least `rank`: how many rules its file breaks, warnings included, then how large it is.
    """

    symptom: Symptom
    index: int
    rank: tuple[int, int] = (0, 0)
    count: int = 1


@dataclass(slots=True)
class Share:
    """What some cases came to. `done` is how many there were time for; `verdicts` counts what they must come to."""

    done: int = 0
    seen: dict[tuple[str, str], Seen] = field(default_factory=dict)
    coverage: Coverage = field(default_factory=Coverage)
    verdicts: dict[str, int] = field(default_factory=dict)
    asked: int = 0
    nbytes: int = 0

    def note(self, seen: Seen) -> None:
        """Count a symptom; of two cases that show it the plainer one stands for it, of equal ones the first."""
        before = self.seen.get(seen.symptom.key)
        if before is not None:
            best = min(before, seen, key=lambda item: (item.rank, item.index))
            seen = replace(best, count=before.count + seen.count)
        self.seen[seen.symptom.key] = seen

    def add(self, other: Share) -> None:
        """Take in another share."""
        self.done += other.done
        self.asked += other.asked
        self.nbytes += other.nbytes
        self.coverage.add(other.coverage)
        for verdict, number in other.verdicts.items():
            self.verdicts[verdict] = self.verdicts.get(verdict, 0) + number
        for seen in other.seen.values():
            self.note(seen)


class Desk:
    """Started targets, and a folder for their files, in another one where that is given.

    Raises `RequestError` when a target cannot be started.
    """

    def __init__(self, settings: Settings, home: Path | None = None) -> None:
        self.settings = settings
        self.suite = read_suite(settings.recipes)
        self.cases = Cases(self.suite, settings.seed)
        self.folder = Path(tempfile.mkdtemp(prefix="aprfmt-fuzz-", dir=home or _place())).resolve()
        self.targets: list[Target] = []
        self.asked = 0
        self._alarm: threading.Timer | None = None
        try:
            for number, spec in enumerate(settings.targets):
                self.targets.append(self._target(number, spec))
        except BaseException:
            self.close()
            raise

    def _target(self, number: int, spec: TargetSpec) -> Target:
        folder = self.folder / str(number)
        folder.mkdir()
        target = Target(spec, "", folder, self.settings.budget, self.settings.profile)
        taken = {OWN, *(other.name for other in self.targets)}
        name = title = target.plug.implementation.name
        for again in range(2, 2 + len(taken)):
            if name in taken:
                name = f"{title} ({again})"
        target.name = name
        return target

    def end_by(self, when: float | None) -> None:
        """Ask nobody any more from that time of `time.monotonic` on, and end whoever is being asked then."""
        if when is not None and self._alarm is None:
            self._alarm = threading.Timer(max(0.0, when - monotonic()), self.stop)
            self._alarm.daemon = True
            self._alarm.start()

    def stop(self) -> None:
        """Have nobody asked any more; who is waited for is ended. From any thread, and more than once."""
        for target in self.targets:
            target.stop()

    def close(self) -> None:
        """End all targets, and remove the folder; may be called from any thread, and more than once."""
        if self._alarm is not None:
            self._alarm.cancel()
        for target in self.targets:
            target.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def share(self, indexes: Iterable[int], until: float | None = None) -> Share:
        """Ask everybody about some cases, as many as there is time for: `until` is a time of `time.monotonic`.

        A case that is cut by the end of the time does not count.
        """
        share = Share()
        before = self.asked
        with suppress(LateError):
            for index in indexes:
                if until is not None and monotonic() >= until:
                    break
                self._case(index, share)
                share.done += 1
        share.asked = self.asked - before
        return share

    def _case(self, index: int, share: Share) -> None:
        case, raw, symptoms = self.drawn(index)
        opinion = None
        if not symptoms:
            opinion, symptoms = self.judged(case, raw)
        share.nbytes += len(raw)
        rules: set[str] = set()
        if opinion is not None:
            rules = {finding.rule for finding in (*opinion.general.findings, *opinion.report.findings)}
            share.coverage.see(rules, opinion.model, drawn=case.phase == RANDOM)
            share.verdicts[opinion.verdict] = share.verdicts.get(opinion.verdict, 0) + 1
        for symptom in symptoms:
            share.note(Seen(symptom, case.index, (len(rules), len(raw))))

    def drawn(self, index: int) -> tuple[Case, bytes, list[Symptom]]:
        """The case and its file; where we fail to make them, an empty one, and what went wrong."""
        made: list[tuple[Case, bytes]] = []

        def trial() -> Iterator[Symptom]:
            case = self.cases[index]
            made.append((case, case.recipe.build()))
            return iter(())

        symptoms = guarded("write", trial, self.seconds)
        case, raw = made[0] if made else (Case(self.settings.seed, index, RANDOM, "", Recipe(seal=())), b"")
        return case, raw, symptoms

    @property
    def seconds(self) -> float:
        """What our own code may take for a trial: as much as a target, but not too little for a large file."""
        return max(self.settings.budget.seconds, own.LEAST_SECONDS)

    def opinion(self, raw: bytes) -> tuple[Opinion | None, list[Symptom]]:
        """What this package makes of a file; without an opinion, how it fails, and nobody else can be judged."""
        return opinion_of(raw, self.settings.profile, self.seconds)

    def judged(self, case: Case, raw: bytes) -> tuple[Opinion | None, list[Symptom]]:
        """What this package makes of a case, and everything that is wrong with what anybody does about it."""
        opinion, symptoms = self.opinion(raw)
        if opinion is None:
            return None, symptoms
        known = opinion
        symptoms += own_symptoms(case, known, self.seconds)
        symptoms += guarded("read", lambda: self._of_targets(case, known), self.seconds)
        # What goes wrong with us may do so once for each target, and is one thing.
        return opinion, list({symptom.key: symptom for symptom in reversed(symptoms)}.values())[::-1]

    def _of_targets(self, case: Case, opinion: Opinion) -> Iterator[Symptom]:
        verdicts: dict[str, str] = {}
        tags = tags_of(opinion.raw) if opinion.verdict == "accept" else set[str]()
        for target in self.targets:
            if not target.skip_of(tags):
                yield from self._of_target(target, case, opinion, verdicts)
        yield from agreement(opinion, verdicts)

    def _of_target(self, target: Target, case: Case, opinion: Opinion, verdicts: dict[str, str]) -> Iterator[Symptom]:
        self.asked += 1
        patches, tree, seconds = case.patches, case.tree, self.seconds
        if "read" in target.can:
            yield from guarded("read", lambda: read_symptoms(target, opinion, verdicts), seconds)
        if patches is not None and "stamp" in target.can:
            yield from guarded("stamp", lambda: stamp_symptoms(target, opinion.raw, patches), seconds)
        if tree is not None and "write" in target.can:
            yield from guarded("write", lambda: write_symptoms(target, tree), seconds)

    def ask(self, question: Question, recipe: Recipe, raw: bytes) -> list[Symptom]:
        """What one target does wrong about a file, or about a tree that it writes; also what we do wrong."""
        seconds, tree, patches = self.seconds, question.tree, question.patches
        if question.op == "write" and question.target != OWN and tree is not None:
            return guarded("write", lambda: write_symptoms(self.target(question.target), tree), seconds)
        found, symptoms = self.opinion(raw)
        if found is None:
            return symptoms
        opinion = found
        if question.target == OWN:
            return list(own_symptoms(Case(0, 0, RANDOM, "", recipe, patches, tree), opinion, seconds))
        if question.op == "stamp" and patches is not None:
            return guarded("stamp", lambda: stamp_symptoms(self.target(question.target), raw, patches), seconds)
        return guarded("read", lambda: self._readings(question, opinion), seconds)

    def _readings(self, question: Question, opinion: Opinion) -> Iterator[Symptom]:
        verdicts: dict[str, str] = {}
        for target in self._asked_of(question):
            yield from read_symptoms(target, opinion, verdicts)
        yield from agreement(opinion, verdicts)

    def _asked_of(self, question: Question) -> Sequence[Target]:
        """The target; all of them where the question is in what they differ."""
        return self.targets if question.op == "agree" else [self.target(question.target)]

    def target(self, name: str) -> Target:
        """The target of that name."""
        return next(target for target in self.targets if target.name == name)

    def answers(self, raw: bytes) -> dict[str, str]:
        """What everybody makes of a file, for a report: the verdict, or how there is none."""
        opinion, symptoms = self.opinion(raw)
        found = {OWN: symptoms[0].judge if opinion is None else opinion.verdict}
        for target in self.targets:
            answer = target.read(raw).answer
            found[target.name] = answer.verdict or str(answer.outcome or "skip")
        return found


def _place() -> str | None:
    """Where files are made: in memory, because stamps wait until their file is on the disk, which takes most of a run.

    Not where somebody says another place, or where there is not much memory to be had so.
    """
    memory = Path("/dev/shm")  # noqa: S108 - a folder of its own is made there, as elsewhere
    if "TMPDIR" in os.environ or not os.access(memory, os.W_OK) or not memory.is_dir():
        return None
    return str(memory) if shutil.disk_usage(memory).free > _ROOM_NBYTES else None


_ROOM_NBYTES = 1 << 28


def agreement(opinion: Opinion, verdicts: Mapping[str, str]) -> Iterator[Symptom]:
    """What is wrong when targets differ about a file that the rules leave free."""
    if opinion.verdict != "free" or len(set(verdicts.values())) < 2:
        return
    told = ", ".join(f"{name}: {verdict}" for name, verdict in verdicts.items())
    refusing = next(name for name, verdict in verdicts.items() if verdict == "reject")
    yield Symptom(refusing, "read", "agreement", "verdicts-differ", None, "", "", told)
