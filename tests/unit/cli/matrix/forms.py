"""What each report must be whatever it is about: its form, held against the runs that it was made of."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module
from typing import Any
from xml.etree import ElementTree as ET

import xmlschema
from jsonschema import Draft7Validator
from tests.unit.cli.matrix.page import Page
from tests.unit.cli.reports.test_reports import without_code
from tests.unit.cli.running import REPOSITORY

from aprfmt.cli import render
from aprfmt.conform import Run

__all__ = ["FORMS", "junit_suites", "made_by", "sarif_runs"]

SCHEMAS = REPOSITORY / "tests" / "data" / "schemas"


def made_by(name: str, runs: Sequence[Run], **options: bool) -> str:
    return "".join(import_module(f"aprfmt.cli.matrix.{name}").pieces(runs, **options))


@cache
def _junit() -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(SCHEMAS / "junit-10.xsd")


@cache
def _sarif() -> Draft7Validator:
    return Draft7Validator(json.loads((SCHEMAS / "sarif-schema-2.1.0.json").read_text(encoding="utf-8")))


def junit_suites(made: str) -> list[ET.Element]:
    """The suites of a document, which must be valid, and count what is in them."""
    assert made.isascii()
    root = ET.fromstring(made)  # noqa: S314 - the text is made here
    _junit().validate(root)
    for suite in root:
        assert suite.get("tests") == str(len(suite.findall("testcase")))
        for kind, name in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert suite.get(kind) == str(len(suite.findall(f"testcase/{name}")))
    return list(root)


def sarif_runs(made: str) -> list[dict[str, Any]]:
    """The runs of a document, which must be valid, and whose results name rules that are there."""
    assert made.isascii()
    document = json.loads(made)
    _sarif().validate(document)
    runs: list[dict[str, Any]] = document["runs"]
    for run in runs:
        rules = run["tool"]["driver"]["rules"]
        assert len({rule["id"] for rule in rules}) == len(rules)
        for result in run["results"]:
            assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    ids = [run["automationDetails"]["id"] for run in runs]
    assert len(set(ids)) == len(ids)
    return runs


def _text(made: str, runs: Sequence[Run]) -> None:
    lines = made.splitlines()
    for run in runs:
        assert run.summary in lines
    if runs:
        assert lines[-1] == runs[-1].summary


def _json(made: str, runs: Sequence[Run]) -> None:
    assert made.isascii()
    value = json.loads(made)
    nodes = [value] if len(runs) == 1 else value
    assert [len(node["results"]) for node in nodes] == [len(run.results) for run in runs]
    assert [node["summary"] for node in nodes] == [run.summary for run in runs]


def _junit_form(made: str, runs: Sequence[Run]) -> None:
    suites = junit_suites(made)
    assert len(suites) == len(runs)
    for suite, run in zip(suites, runs, strict=True):
        names = [case.get("name") for case in suite.findall("testcase")]
        assert names == [render.escape(text) for text in (*(item.vector for item in run.results), *run.faults)]


def _sarif_form(made: str, runs: Sequence[Run]) -> None:
    for node, run in zip(sarif_runs(made), runs, strict=True):
        assert len(node["results"]) == sum(result.failed for result in run.results)
        for result in node["results"]:
            message = result["message"]["text"]
            assert "](" not in message
            assert not re.search(r"(?<!\{)\{\d+\}", message)


_OURS = re.compile(r"[A-Za-z0-9 ,;:.'()%/|✓✗~!–·*&-]*")


def _markdown(made: str, runs: Sequence[Run]) -> None:
    """Outside of code there is nothing but our own words, every row has the cells of its table, every fold ends."""
    fence, columns, depth = "", 0, 0
    for line in made.splitlines():
        if fence:
            fence = "" if line == fence else fence
            continue
        if found := re.fullmatch(r"(`{3,})sh", line):
            fence = found[1]
            continue
        if found := re.fullmatch(r"<details><summary>([A-Za-z0-9 ]+)</summary>|</details>", line):
            depth += 1 if found[1] else -1
            assert depth >= 0
            continue
        rest = without_code(line)
        assert _OURS.fullmatch(re.sub(r"^(#{2,4}|-) ", "", rest)), line
        columns = (columns or line.count("|")) if line.startswith("|") else 0
        assert line.count("|") == columns or not columns, line
    assert not fence
    assert depth == 0
    assert all(run.summary in made for run in runs if len(runs) == 1)


def _html(made: str, runs: Sequence[Run]) -> None:
    page = Page.of(made)
    cards = page.texts("article", "card")
    assert len(cards) == len(runs)
    for card, run in zip(cards, runs, strict=True):
        assert run.summary in card
        assert " ".join(render.escape(run.implementation.name).split()) in card
    shown = page.texts("article", "sheet")
    for result in (result for run in runs for result in run.results if result.counts):
        wanted = " ".join(render.escape(result.vector).split())
        assert any(wanted in text for text in shown)


FORMS: dict[str, Callable[[str, Sequence[Run]], None]] = {
    "text": _text,
    "json": _json,
    "junit": _junit_form,
    "sarif": _sarif_form,
    "markdown": _markdown,
    "html": _html,
}
