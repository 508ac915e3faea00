"""Runs as `conform` has them, made by hand, and any that can be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from aprfmt.conform import Implementation, Outcome, Result, Run, Settings
from aprfmt.conform.results import Budget, KnownFailure, Reason
from aprfmt.layout import facts

__all__ = ["any_runs", "conforming", "failing", "hostile_run", "mixed", "result", "run", "small_runs"]

PARTS = ("header", "metadata", "tensors", "crc32", "footer")
SUITE = "3f2a9c01b7de4455" * 4


def result(vector: str = "valid-1", rule: str | None = None, outcome: Outcome = Outcome.PASS, **other: Any) -> Result:
    """One that must be refused because of the rule; accepted, when there is none."""
    said: dict[str, Any] = {
        "op": "read",
        "verdict": "accept" if rule is None else "reject",
        "layer": facts.RULES[rule].layer if rule is not None and rule in facts.RULES else "structure",
        "detail": "" if outcome is Outcome.PASS else f"expected one thing of {vector}, found another",
        "seconds": 0.0125,
        "nbytes": 20 * 1024 * 1024,
        "reproduce": f"aprfmt conform --vector {vector} --cmd './read {{file}}'",
        **other,
    }
    return Result(vector=vector, rule=rule, outcome=outcome, **said)


def run(*results: Result, name: str = "reader", version: str = "1.0", **other: Any) -> Run:
    said: dict[str, Any] = {
        "settings": Settings(jobs=2),
        "suite": SUITE,
        "aprfmt": "0.3.0",
        "date": "2026-11-24T17:55:01Z",
        "seconds": 4.25,
        "sparse_seconds": 1.5,
        **other,
    }
    return Run(Implementation(name, version, "C", "ndjson", "./harness --fast"), tuple(results), **said)


def rules(layer: str | None = None) -> list[str]:
    return [
        name
        for name, severity in facts.PROFILES["default"].items()
        if severity == "error" and layer in (None, facts.RULES[name].layer)
    ]


def _enforced(but: tuple[str, ...] = ()) -> Iterator[Result]:
    for name in rules():
        if name not in but:
            yield result(f"{name}-below", name, reason=Reason.RIGHT, code=name)
            yield result(f"{name}-beyond", name, reason=Reason.RIGHT, code=name)


def _valid(number: int = 5, compared: tuple[str, ...] = PARTS) -> Iterator[Result]:
    for at in range(number):
        yield result(f"valid-{at}", compared=compared)


def conforming() -> Run:
    """Everything as it must be; two vectors skipped, for one reason."""
    return run(
        *_enforced(),
        *_valid(),
        result("stamp-1", op="stamp"),
        result("write-1", op="write"),
        result("sparse-1", outcome=Outcome.SKIP, detail="no room on the disk", sparse=True),
        result("sparse-2", outcome=Outcome.SKIP, detail="no room on the disk", sparse=True),
        name="aprfmt",
        version="0.3.0",
    )


def failing() -> Run:
    """Failures of every kind, known ones, skips, faults of the list."""
    bug = KnownFailure("bug", "the footer is never read", "https://example.org/issues/1")
    wontfix = KnownFailure("wontfix", "names are taken as they are")
    outside = [result(f"outside-{at}", "APR-D001", Outcome.ACCEPTED_INVALID) for at in range(5)]
    return run(
        *_enforced(but=("APR-D001", "APR-D003", "APR-F002", "APR-I005", "APR-H006", "APR-M005", "APR-L001")),
        *outside,
        result("outside-5", "APR-D001", reason=Reason.WRONG, code="E7"),
        result("outside-6", "APR-D001", Outcome.CRASH, detail="the process ended with signal 11"),
        result("overlap-1", "APR-D003", Outcome.ACCEPTED_INVALID),
        result("footer-1", "APR-F002", Outcome.ACCEPTED_INVALID, known=bug),
        result("footer-2", "APR-F002", Outcome.ACCEPTED_INVALID, known=bug),
        result("utf8-1", "APR-I005", Outcome.ACCEPTED_INVALID, known=wontfix),
        result("utf8-2", "APR-I005", reason=Reason.UNSAID),
        result("checksum-1", "APR-H006", Outcome.SKIP, detail="no 64-bit integers"),
        result("deep-1", "APR-M005", Outcome.TIMEOUT, detail="expected an answer within 20 s, found none"),
        result("deep-2", "APR-M005", Outcome.BUDGET, detail="expected at most 512 MiB, found 1.2 GiB"),
        *_valid(3, ("header", "tensors")),
        result("refused-1", outcome=Outcome.REJECTED_VALID, code="E3", detail="expected accept, found reject"),
        result("misread-1", outcome=Outcome.WRONG_VALUE, compared=("tensors",), detail="dims: expected 2^53 + 1"),
        result("broken-1", outcome=Outcome.CRASH, detail="exit code 139"),
        result("open-1", "APR-M008", Outcome.TIMEOUT, verdict="free"),
        result("stamp-1", op="stamp", outcome=Outcome.WRONG_BYTES, detail="expected 388 bytes, found 452"),
        result("stamp-2", op="stamp", outcome=Outcome.REJECTED_VALID, code="E9"),
        result("stamp-3", op="stamp", outcome=Outcome.ACCEPTED_INVALID, verdict="reject"),
        result("write-1", op="write", outcome=Outcome.SKIP, detail="it cannot write"),
        name="apr-format",
        version="0.72.3",
        faults=("footer-9 is listed and passes", "no-such-*: matches nothing"),
    )


def mixed() -> Run:
    """Another profile and layer, a budget of its own; nothing measured, nothing said, nothing compared."""
    settings = Settings(
        profile="canonical",
        layers=("canonical", "structure"),
        ops=("read",),
        huge=True,
        budget=Budget(0.5, 64 * 1024 * 1024),
        memory_measured=False,
    )
    done = run(
        result("gap-1", "APR-D007", reason=Reason.UNSAID, nbytes=0),
        result("magic-1", "APR-H001", Outcome.ACCEPTED_INVALID, nbytes=0),
        result("valid-1", nbytes=0),
        name="thirty-lines",
        version="",
        settings=settings,
    )
    return replace(done, implementation=Implementation("thirty-lines", plug="exit", command="./thirty {file}"))


def small_runs() -> list[Run]:
    return [conforming(), failing(), mixed()]


def hostile_run(text: str) -> Run:
    """One in which everything that can be said by a stranger is the text."""
    known = KnownFailure(text, text, text)
    said: dict[str, Any] = {"detail": text, "code": text, "reproduce": text, "layer": text}
    return Run(
        Implementation(text, text, text, text, text),
        (
            result(text, "APR-D001", Outcome.ACCEPTED_INVALID, **said),
            result(text, text, Outcome.CRASH, **said),
            result(text, "APR-D003", reason=Reason.WRONG, **said),
            result(text, None, Outcome.WRONG_VALUE, **said),
            result(text, "APR-D002", Outcome.TIMEOUT, known=known, **said),
            result(text, None, Outcome.SKIP, **said),
            result(text, None, Outcome.WRONG_BYTES, op=text, **said),
        ),
        Settings(layers=(text, "integrity"), ops=(text,)),
        text,
        text,
        text,
        1.5,
        faults=(text,),
    )


_TEXTS = st.text(st.characters(), max_size=8)
_TIMES = st.floats(0, 1e12)
_BYTES = st.integers(0, 2**62)
_RESULTS = st.builds(
    Result,
    vector=_TEXTS,
    op=st.sampled_from(["read", "stamp", "write"]),
    verdict=st.sampled_from(["accept", "reject", "free"]),
    rule=st.none() | st.sampled_from(sorted(facts.RULES)) | _TEXTS,
    layer=_TEXTS,
    outcome=st.sampled_from(Outcome),
    detail=_TEXTS,
    reason=st.none() | st.sampled_from(Reason),
    code=_TEXTS,
    seconds=_TIMES,
    nbytes=_BYTES,
    compared=st.lists(st.sampled_from(PARTS), unique=True).map(tuple),
    known=st.none() | st.builds(KnownFailure, kind=_TEXTS, reason=_TEXTS, issue=_TEXTS),
    sparse=st.booleans(),
    reproduce=_TEXTS,
)
_SETTINGS = st.builds(
    Settings,
    profile=st.sampled_from(sorted(facts.PROFILES)),
    layers=st.lists(_TEXTS | st.sampled_from(["structure", "metadata"]), max_size=2).map(tuple),
    ops=st.lists(_TEXTS, max_size=2).map(tuple),
    huge=st.booleans(),
    jobs=st.integers(1, 99),
    budget=st.builds(Budget, _TIMES, _BYTES),
    memory_measured=st.booleans(),
)


def any_runs() -> st.SearchStrategy[Run]:
    """Runs of any shape, made of any text."""
    return st.builds(
        Run,
        implementation=st.builds(Implementation, _TEXTS, _TEXTS, _TEXTS, _TEXTS, _TEXTS),
        results=st.lists(_RESULTS, max_size=5).map(tuple),
        settings=_SETTINGS,
        suite=_TEXTS,
        aprfmt=_TEXTS,
        date=_TEXTS,
        seconds=_TIMES,
        sparse_seconds=_TIMES,
        faults=st.lists(_TEXTS, max_size=2).map(tuple),
    )
