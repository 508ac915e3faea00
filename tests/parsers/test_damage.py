"""Every reader of this project gives one verdict on damaged files, for the same rule, and reads the same in the others.

Where a file breaks several rules, a reader that stops at the first may name any of them: which comes first is its own.
The reference is not asked: what it lets through is listed, and held against the vectors.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.parsers.damage import write_all
from tests.parsers.readers import Reader, Values, expected_of, words
from tools.conformance.columns import COLUMNS, ROOT

from aprfmt.files import validate_file
from aprfmt.layout import facts
from aprfmt.rules import Finding

CAREFUL = [column.name for column in COLUMNS if column.known is None and column.name != "aprfmt"]
"""The columns that are held against aprfmt."""
LOOKED_AT_AHEAD = {"APR-I001", "APR-M005"}
"""Where the index ends, and how deep the metadata is, aprfmt knows before it looks at what is inside. A reader that
goes forward may meet another fault on its way there, one of the rules that cannot be judged once these are broken."""


class Case(NamedTuple):
    """A damaged file: how it is made, the rules that it breaks, and what is in one that breaks none."""

    how: str
    path: Path
    rules: frozenset[str]
    expected: Values | None


@pytest.fixture(scope="session")
def cases(tmp_path_factory: pytest.TempPathFactory) -> list[Case]:
    """The files, with what aprfmt says of each; without those that are free, of which there is hardly one."""
    found = []
    for how, path in write_all(tmp_path_factory.mktemp("damaged")):
        raw = path.read_bytes()
        errors = validate_file(raw).errors
        if any(is_free(raw, finding) for finding in errors):
            continue
        rules = frozenset(finding.rule for finding in errors)
        found.append(Case(how, path, rules, None if rules else expected_of(raw)))
    return found


def is_free(raw: bytes, finding: Finding) -> bool:
    """Whether it is about a number just below the largest double, which the reference takes for an infinity.

    The vectors say that either answer is right; aprfmt gives that of the reference.
    """
    if finding.expected != "a number within the range of a double":
        return False
    return math.isfinite(float(raw[slice(*finding.span)]))


def disagreement(reader: Reader, case: Case) -> str:
    """In words, how a reader judges a file otherwise than aprfmt; empty when it does not."""
    if case.expected is not None:
        return reader.complaint(case.path, case.expected)
    answer = reader.ask(case.path)
    rules = case.rules | met_on_the_way(case.rules & LOOKED_AT_AHEAD)
    if answer.verdict == "reject" and answer.code in rules:
        return ""
    return f"expected reject {' or '.join(sorted(rules))}, found {words(answer)}"


def met_on_the_way(broken: frozenset[str]) -> set[str]:
    """The errors that need one of these rules to hold."""
    errors = (name for name, severity in facts.PROFILES["default"].items() if severity == "error")
    return {name for name in errors if broken.intersection(facts.RULES[name].needs)}


def disagreements(reader: Reader, cases: list[Case]) -> Iterator[str]:
    for case in cases:
        if detail := disagreement(reader, case):
            yield f"{case.path.name} ({case.how}): {detail}"


def test_there_is_damage_of_every_kind(cases: list[Case]) -> None:
    """Thousands of files, among them many that are valid, and some for every rule that damage can break."""
    assert len(cases) > 5000
    valid = sum(not case.rules for case in cases)
    assert len(cases) / 20 < valid < len(cases) / 2
    alone = Counter(rule for case in cases if len(case.rules) == 1 for rule in case.rules)
    assert len(alone) >= 20, alone


@pytest.mark.parametrize("reader", CAREFUL, indirect=True)
def test_one_verdict_for_the_same_rule(reader: Reader, cases: list[Case]) -> None:
    found = list(disagreements(reader, cases))
    assert not found, f"{len(found)} of {len(cases)} files are judged otherwise:\n" + "\n".join(found[:20])


def test_a_careless_reader_is_noticed(cases: list[Case]) -> None:
    """The comparison itself can fail: the reader of 30 lines in examples/ takes what it must refuse."""
    reader = Reader("thirty lines", f"python {ROOT / 'examples' / 'harness.py'}")
    try:
        assert sum(1 for _ in disagreements(reader, cases[::20])) > 100
    finally:
        reader.close()
