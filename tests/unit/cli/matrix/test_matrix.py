"""Every report of `conform` against a golden text, and against strings that try to break out of it.

After a change that is meant: `APRFMT_WRITE_GOLDENS=1 python -m pytest tests/unit/cli/matrix`, then read the difference.
"""

from __future__ import annotations

import os
import re
from importlib import import_module
from inspect import signature

import pytest
from tests.unit.cli.matrix.forms import FORMS, made_by
from tests.unit.cli.matrix.made import conforming, failing, hostile_run, small_runs
from tests.unit.cli.reports.made import HOSTILE
from tests.unit.cli.running import REPOSITORY, assert_printable

from aprfmt.cli import render
from aprfmt.cli.matrix import FORMATS
from aprfmt.conform import Run

GOLDENS = REPOSITORY / "tests" / "data" / "matrix"
WRITE = "APRFMT_WRITE_GOLDENS" in os.environ
CASES: dict[str, tuple[str, list[Run], dict[str, bool]]] = {
    **{name: (name, [failing()], {}) for name in FORMATS},
    **{f"{name}-several": (name, small_runs(), {}) for name in FORMATS},
    "text-conforming": ("text", [conforming()], {}),
    "text-quiet": ("text", [failing()], {"quiet": True}),
    "text-verbose": ("text", [failing()], {"verbose": True}),
    "markdown-conforming": ("markdown", [conforming()], {}),
    "markdown-quiet": ("markdown", [failing()], {"quiet": True}),
}


def abridged(text: str) -> str:
    """Without what has a source of its own: the rules that SARIF lists, their lines, the style of the page."""
    text = re.sub(
        r'(?<="rules": )\[.*?\](?=\}\}, "automationDetails")|(?<="(?:startLin|ruleInde)[ex]": )\d+', "…", text
    )
    return re.sub(r"(?<=<style>).*(?=</style>)", "…", text, flags=re.DOTALL)


@pytest.mark.parametrize("name", CASES)
def test_a_report_is_the_golden_text(name: str) -> None:
    kind, runs, options = CASES[name]
    made = abridged(made_by(kind, runs, **options))
    golden = GOLDENS / f"{name}.txt"
    if WRITE:
        golden.write_text(made, encoding="utf-8", newline="\n")
    assert made == golden.read_text(encoding="utf-8")


def test_every_golden_belongs_to_a_report() -> None:
    assert {path.stem for path in GOLDENS.glob("*.txt")} == set(CASES)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_made_in_the_same_way(name: str) -> None:
    parameters = signature(import_module(f"aprfmt.cli.matrix.{name}").pieces).parameters
    assert list(parameters) == ["runs", "quiet", "verbose"]
    assert all(parameters[word].default is False for word in ("quiet", "verbose"))


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    "runs", [[], [conforming()], [failing()], small_runs()], ids=["none", "good", "bad", "several"]
)
def test_a_report_has_the_form_of_its_kind(name: str, runs: list[Run]) -> None:
    for options in ({}, {"quiet": True}, {"verbose": True}):
        made = made_by(name, runs, **options)
        assert_printable(made)
        FORMS[name](made, runs)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("kind", HOSTILE)
def test_nothing_breaks_out(name: str, kind: str) -> None:
    run = hostile_run(HOSTILE[kind])
    for runs in ([run], [run, conforming(), run])[: 1 if kind == "long" else 2]:
        made = made_by(name, runs)
        assert_printable(made)
        FORMS[name](made, runs)


@pytest.mark.parametrize("name", FORMATS)
def test_no_report_is_changed_on_its_way_out(name: str) -> None:
    """What a runner of CI takes for its own is never written where it would, so that nothing has to be escaped."""
    made = made_by(name, small_runs())
    assert render._inert(made) == made
