"""The harnesses of the table in tools/conformance/columns.py, asked file by file, and what they read held against ours.

What the reference is known to misread is taken into account by its reason: each entry of its list that is about values
has a function here that says what the reference makes of them, and nothing else of the file is forgiven.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from tools.conformance.columns import ROOT, Column

from aprfmt.conform.compare import PARTS, difference
from aprfmt.conform.known import KnownEntry
from aprfmt.conform.plugs import Answer, NdjsonPlug
from aprfmt.conform.results import Budget, Outcome
from aprfmt.conform.store import read_known
from aprfmt.container import Container
from aprfmt.layout._generated.metadata_schema import KEYS
from aprfmt.source import BytesSource
from aprfmt.vectors.readings import reading

__all__ = ["FORGIVEN", "Reader", "expected_of", "misreadings", "started"]

BUDGET = Budget()

Values = dict[str, Any]
"""What a harness says that it read, as spec/protocol describes it."""


def expected_of(raw: bytes) -> Values:
    """What aprfmt reads in a file."""
    return reading(Container(BytesSource(raw)))


class Reader:
    """The harness of one column. It is started again when it dies, as the kit does."""

    def __init__(self, name: str, command: str, known: str | None = None) -> None:
        self.name = name
        self._plug = NdjsonPlug(command)
        self._plug.start()
        self._forgiven = tuple(FORGIVEN[vector] for vector in misreadings(known))
        # What the reference does not look at, it does not say.
        self._parts = PARTS if known is None else tuple(part for part in PARTS if part != "footer")

    def ask(self, path: Path) -> Answer:
        """The answer about a file, which may be that the harness died or took too long."""
        return self._plug.ask(
            {
                "cmd": "run",
                "id": path.name,
                "op": "read",
                "profile": "default",
                "budget": {"seconds": BUDGET.seconds, "bytes": BUDGET.nbytes},
                "file": str(path.absolute()),
                "crc32": True,
            },
            BUDGET,
        )

    def complaint(self, path: Path, expected: Values) -> str:
        """In words, what keeps the harness from reading a file as it is; empty when nothing does."""
        answer = self.ask(path)
        if answer.verdict != "accept":
            return f"expected accept, found {words(answer)}"
        found = answer.values or {}
        for forgive in self._forgiven:
            expected = {**expected, "metadata": forgive(expected["metadata"], found.get("metadata"))}
        detail, compared = difference(expected, found)
        wanted = tuple(part for part in self._parts if part != "crc32" or expected["tensors"])
        if not detail and compared != wanted:
            detail = f"expected to be told {', '.join(wanted)}, found {', '.join(compared) or 'nothing'}"
        return detail

    def close(self) -> None:
        """End the harness and all that it started."""
        self._plug.close()


def words(answer: Answer) -> str:
    """The verdict with its reason, or what came in its place."""
    if answer.outcome is not None:
        return f"{answer.outcome}: {answer.detail}"
    return " ".join(filter(None, (answer.verdict or f"a skip: {answer.skip}", answer.code, answer.message)))


@contextmanager
def started(column: Column) -> Iterator[Reader]:
    """The harness of a column that is built."""
    reader = Reader(column.name, column.harness, column.known)
    try:
        yield reader
    finally:
        reader.close()


# ---- what the reference is known to misread ----


@cache
def misreadings(known: str | None) -> tuple[str, ...]:
    """The vectors that a list of known failures has for other values than those in the file."""
    if known is None:
        return ()
    entries: Iterable[KnownEntry] = read_known(str(ROOT / known)).entries
    return tuple(vector for entry in entries if entry.outcome is Outcome.WRONG_VALUE for vector in entry.vectors)


_SUB_OBJECTS = {key.name: frozenset(child.name for child in key.keys) for key in KEYS if key.keys}


def _without_unknown_keys(expected: Any, _found: Any) -> Any:
    """Sub-objects of known keys without the keys that nobody knows."""
    return {
        key: {inner: item for inner, item in value.items() if inner in _SUB_OBJECTS[key]}
        if key in _SUB_OBJECTS and isinstance(value, Mapping)
        else value
        for key, value in expected.items()
    }


def _rounded_twice(expected: Any, found: Any) -> Any:
    """Fractions as they were found where that is the double beside the nearest one."""
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        return {key: _rounded_twice(value, found.get(key)) for key, value in expected.items()}
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        return [_rounded_twice(*pair) for pair in zip(expected, found, strict=True)]
    if isinstance(expected, float) and isinstance(found, float):
        beside = (math.nextafter(expected, -math.inf), math.nextafter(expected, math.inf))
        return found if found in beside else expected
    return expected


FORGIVEN: Mapping[str, Callable[[Any, Any], Any]] = {
    "metadata.typed.sub-objects-unknown-keys": _without_unknown_keys,
    "metadata.number.halfway": _rounded_twice,
}
"""By the vector that shows it: from what is in the metadata and what was found, what the reference makes of it."""
