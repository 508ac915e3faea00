"""What a run of the vectors against one implementation came to: values that every report is made from.

Rules of this file:
1. A crash, a timeout and an exceeded budget are never a rejection, and a skip is never a pass.
2. A known failure keeps its outcome; that it is known only keeps it from counting.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

import msgspec

from ..layout import facts

__all__ = [
    "Budget",
    "Enforcement",
    "Implementation",
    "KnownFailure",
    "Outcome",
    "Reason",
    "Result",
    "Run",
    "Settings",
]


_MOST_NAMED = 8
"""Rules that are not tested and named one by one: a run of a few vectors leaves out most."""


class Outcome(StrEnum):
    """What came of one vector."""

    PASS = "pass"  # noqa: S105 - an outcome, no password
    ACCEPTED_INVALID = "accepted-invalid"
    """A file that must be refused was taken; also a stamp or a writer that went on where it must not."""
    REJECTED_VALID = "rejected-valid"
    WRONG_VALUE = "wrong-value"
    """The file was taken, and something else was read than what is in it."""
    WRONG_BYTES = "wrong-bytes"
    """A stamp or a writer made other bytes."""
    CRASH = "crash"
    """The process died, or its answer was no verdict: an exit code that means nothing, a line that is no answer."""
    TIMEOUT = "timeout"
    BUDGET = "budget"
    """More memory than the budget allows."""
    SKIP = "skip"


class Reason(StrEnum):
    """Whether a file was refused for the rule that it breaks."""

    RIGHT = "right"
    WRONG = "wrong"
    UNSAID = "unsaid"
    """The implementation does not say why, or its code stands for no rule."""


class Enforcement(StrEnum):
    """What an implementation does about one rule."""

    ENFORCED = "enforced"
    """Every file that breaks it was refused."""
    PARTLY = "partly"
    NOT = "not"
    UNTESTED = "untested"
    """Every vector of the rule was skipped, or none was in the run."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What one case may cost: seconds of time, and bytes of resident memory."""

    seconds: float = 20.0
    nbytes: int = 512 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Implementation:
    """Who was asked: as it names itself, or by the command."""

    name: str
    version: str = ""
    language: str = ""
    plug: str = ""
    """`exit`, `json`, `ndjson` or `call`."""
    command: str = ""

    @property
    def title(self) -> str:
        """Name and version."""
        return f"{self.name} {self.version}".strip()


@dataclass(frozen=True, slots=True)
class KnownFailure:
    """A failure that the owner of the implementation knows of; `kind` is `bug` or `wontfix`."""

    kind: str
    reason: str
    issue: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one vector. `detail` says expected and found; `seconds` and `nbytes` are what the case cost.

    `compared` has the parts of the values that were compared: header, metadata, tensors, crc32, footer.
    """

    vector: str
    op: str
    verdict: str
    rule: str | None
    layer: str
    outcome: Outcome
    detail: str = ""
    reason: Reason | None = None
    code: str = ""
    seconds: float = 0.0
    nbytes: int = 0
    compared: tuple[str, ...] = ()
    known: KnownFailure | None = None
    sparse: bool = False
    reproduce: str = ""

    @property
    def failed(self) -> bool:
        """Whether the implementation did not do what it must, known or not."""
        return self.outcome not in (Outcome.PASS, Outcome.SKIP)

    @property
    def counts(self) -> bool:
        """Whether the result keeps the implementation from conforming."""
        return self.failed and self.known is None


@dataclass(frozen=True, slots=True)
class Settings:
    """What was asked for."""

    profile: str = "default"
    layers: tuple[str, ...] = ()
    ops: tuple[str, ...] = ()
    huge: bool = False
    jobs: int = 1
    budget: Budget = field(default_factory=Budget)
    memory_measured: bool = True


@dataclass(frozen=True, slots=True)
class Run:
    """One implementation held against a suite. `faults` are those of the list of known failures: a vector that is
    listed and passes, a pattern that matches nothing; each keeps the run from conforming."""

    implementation: Implementation
    results: tuple[Result, ...]
    settings: Settings
    suite: str
    """SHA-256 of the recipes."""
    aprfmt: str
    """The version of this package."""
    date: str
    """When the run began, ISO 8601, UTC."""
    seconds: float
    sparse_seconds: float = 0.0
    faults: tuple[str, ...] = ()

    @property
    def conforms(self) -> bool:
        """Whether nothing counts against the implementation, and something was run at all."""
        ran = any(result.outcome is not Outcome.SKIP for result in self.results)
        return ran and not self.faults and not any(result.counts for result in self.results)

    @property
    def outcomes(self) -> Counter[Outcome]:
        """How many results there are of each outcome, known failures included."""
        return Counter(result.outcome for result in self.results)

    def of_rule(self, rule: str) -> list[Result]:
        """The results of the files that must be refused because of this rule."""
        return [result for result in self.results if result.rule == rule and result.verdict == "reject"]

    def enforcement(self) -> dict[str, Enforcement]:
        """For every rule that is an error in the profile and in one of the layers, what was done about it.

        A rule of which both answers are right is none to enforce.
        """
        severities = facts.PROFILES[self.settings.profile]
        layers = self.settings.layers
        free = {result.rule for result in self.results if result.verdict == "free"}
        free -= {result.rule for result in self.results if result.verdict == "reject"}
        rules = [name for name, severity in severities.items() if severity == "error" and name not in free]
        return {
            name: _enforcement(self.of_rule(name)) for name in rules if not layers or facts.RULES[name].layer in layers
        }

    @property
    def valid_files(self) -> tuple[int, int]:
        """How many valid files were refused, and how many were run."""
        ran = [
            result
            for result in self.results
            if result.op == "read" and result.verdict == "accept" and result.outcome is not Outcome.SKIP
        ]
        return sum(result.outcome is Outcome.REJECTED_VALID for result in ran), len(ran)

    @property
    def summary(self) -> str:
        """The last line: `enforces 41 of 47 rules; refuses 0 of 120 valid files; not enforced: …`."""
        enforcement = self.enforcement()
        judged = {name: what for name, what in enforcement.items() if what is not Enforcement.UNTESTED}
        held = [name for name, what in judged.items() if what is Enforcement.ENFORCED]
        missing = [
            name if what is Enforcement.NOT else f"{name} (in part)"
            for name, what in judged.items()
            if what is not Enforcement.ENFORCED
        ]
        refused, valid = self.valid_files
        untested = [name for name, what in enforcement.items() if what is Enforcement.UNTESTED]
        text = f"enforces {len(held)} of {len(judged)} rules; refuses {refused} of {valid} valid files"
        text += f"; not enforced: {', '.join(missing) or 'none'}"
        if not untested:
            return text
        names = ", ".join(untested) if len(untested) <= _MOST_NAMED else f"{len(untested)} rules"
        return f"{text}; not tested: {names}"

    def as_json(self) -> dict[str, Any]:
        """The run as one JSON object, which `of_json` takes back."""
        node = asdict(self)
        node["conforms"] = self.conforms
        node["summary"] = self.summary
        node["outcomes"] = {str(outcome): number for outcome, number in sorted(self.outcomes.items())}
        node["rules"] = {name: str(what) for name, what in self.enforcement().items()}
        return node

    @classmethod
    def of_json(cls, node: Mapping[str, Any]) -> Run:
        """The run of a JSON object; raises `ValueError` for anything else."""
        run = msgspec.convert(node, cls)
        if run.settings.profile not in facts.PROFILES:
            raise ValueError(f"expected a profile out of {', '.join(facts.PROFILES)}, found {run.settings.profile!a}")
        times = [run.seconds, run.sparse_seconds, run.settings.budget.seconds, *(item.seconds for item in run.results)]
        if not all(0 <= seconds < math.inf for seconds in times):
            raise ValueError(f"expected times in seconds, found {min(times)} to {max(times)}")
        return run


def _enforcement(results: Sequence[Result]) -> Enforcement:
    ran = [result for result in results if result.outcome is not Outcome.SKIP]
    held = sum(_is_held(result) for result in ran)
    if not ran:
        return Enforcement.UNTESTED
    return Enforcement.ENFORCED if held == len(ran) else Enforcement.PARTLY if held else Enforcement.NOT


def _is_held(result: Result) -> bool:
    return result.outcome is Outcome.PASS
