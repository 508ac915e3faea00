"""SARIF against its published schema."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft7Validator
from tests.unit.cli.reports.made import HOSTILE, finding, interrupted, judged, results, unreadable
from tests.unit.cli.running import REPOSITORY

from aprfmt import __version__
from aprfmt.cli.reports import Result, Terms
from aprfmt.cli.reports.sarif import pieces
from aprfmt.layout import facts
from aprfmt.rules import Severity

SCHEMA = REPOSITORY / "tests" / "data" / "schemas" / "sarif-schema-2.1.0.json"


@cache
def validator() -> Draft7Validator:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    Draft7Validator.check_schema(schema)
    return Draft7Validator(schema)


def valid(text: str) -> dict[str, Any]:
    """The only run of a document, which must be valid."""
    document = json.loads(text)
    validator().validate(document)
    assert document["version"] == "2.1.0"
    (run,) = document["runs"]
    assert isinstance(run, dict)
    return run


def test_the_schema_refuses() -> None:
    document = json.loads("".join(pieces(results(), Terms())))
    document["runs"][0]["results"][0]["level"] = "bad"
    assert not validator().is_valid(document)


@pytest.mark.parametrize("terms", [Terms(), Terms(strict=True, require_all=True)])
def test_a_report_is_valid(terms: Terms) -> None:
    run = valid("".join(pieces(results(), terms)))
    assert run["tool"]["driver"]["version"] == __version__
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == [*facts.RULES, "unreadable"]
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    (invocation,) = run["invocations"]
    assert (invocation["exitCode"], invocation["executionSuccessful"]) == (3, False)
    levels = [(said["level"], said["message"]["text"]) for said in invocation["toolExecutionNotifications"]]
    assert levels == [
        ("note", "40 more of APR-D002 were counted, not kept"),
        ("error", "gone.apr: No such file or directory"),
    ]
    assert run["properties"] == {
        "rulesRun": ["APR-D001", "APR-D002", "APR-D005", "APR-F003", "APR-H001", "APR-H006"],
        "rulesSkipped": ["APR-D004", "APR-F003"],
    }


def test_a_report_of_nothing_is_valid() -> None:
    run = valid("".join(pieces([], Terms())))
    assert run["results"] == []
    assert run["invocations"][0]["executionSuccessful"] is True


@pytest.mark.parametrize("kind", HOSTILE)
def test_names_leave_a_report_valid(kind: str) -> None:
    text = HOSTILE[kind]
    valid("".join(pieces([judged(finding(tensor=text, message=text), file=text), unreadable(text)], Terms())))


@pytest.mark.parametrize("text", ["{0}", "{{1}}", "{", "}{", "{}}", "a {0} b {{{1}}} c", "\\\\{0}"])
def test_a_message_is_read_as_it_was_meant(text: str) -> None:
    """Readers take `{{` and `}}` for one character, and `{0}` for the place of an argument."""
    items: list[Result] = [judged(finding(message=text, tensor=None)), unreadable(text)]
    run = valid("".join(pieces(items, Terms())))
    (invocation,) = run["invocations"]
    said = [item["message"]["text"] for item in run["results"] + invocation["toolExecutionNotifications"]]
    assert len(said) == 3
    for message in said:
        assert not re.search(r"[{}]", re.sub(r"\{\{|\}\}", "", message))
        assert re.sub(r"\{\{|\}\}", lambda match: match[0][0], message).startswith(text)


def test_findings_say_where() -> None:
    (result,) = valid("".join(pieces([judged(finding())], Terms())))["results"]
    (location,) = result["locations"]
    assert location["physicalLocation"]["region"] == {"byteOffset": 0x95, "byteLength": 8, "startLine": 1}
    assert location["logicalLocations"][0]["fullyQualifiedName"] == "tensor_index.entries[0].len_tensor"
    assert result["properties"] == {"expected": "8 bytes", "found": "7 bytes", "tensor": "a"}


def listed(*items: Result, terms: Terms) -> list[tuple[str, str, str]]:
    """Rule, level and message of every result, each of which says where it is as code scanning wants it."""
    results = valid("".join(pieces(items, terms)))["results"]
    for result in results:
        (location,) = result["locations"]
        assert location["physicalLocation"]["artifactLocation"]["uri"]
        assert location["physicalLocation"]["region"]["startLine"] == 1
    return [(result["ruleId"], result["level"], result["message"]["text"].partition(";")[0]) for result in results]


def test_what_counts_against_a_file_is_an_error() -> None:
    items = [judged(finding("APR-D005", Severity.WARNING), finding("APR-F003", Severity.INFO))]
    levels = {terms: [level for _, level, _ in listed(*items, terms=terms)] for terms in (Terms(), Terms(strict=True))}
    assert levels == {Terms(): ["warning", "note"], Terms(strict=True): ["error", "note"]}


def test_a_rule_that_was_skipped_is_a_result_when_all_are_required() -> None:
    item = judged(finding("APR-D001"), run=("APR-D001",), skipped=("APR-D004", "APR-F003"))
    assert [rule for rule, _, _ in listed(item, terms=Terms(strict=True))] == ["APR-D001"]
    assert listed(item, terms=Terms(require_all=True))[1:] == [
        ("APR-D004", "error", "skipped because of APR-D001"),
        ("APR-F003", "error", "skipped because of APR-D001"),
    ]


def test_a_file_that_was_not_read_is_a_result_and_a_notification() -> None:
    items: list[Result] = [unreadable(), judged(), interrupted()]
    assert listed(*items, terms=Terms()) == [
        ("unreadable", "error", "gone.apr: No such file or directory"),
        ("unreadable", "error", "big.apr: interrupted"),
    ]
    (invocation,) = valid("".join(pieces(items, Terms())))["invocations"]
    assert (invocation["exitCode"], invocation["executionSuccessful"]) == (130, False)
    said = [said["message"]["text"] for said in invocation["toolExecutionNotifications"]]
    assert said == ["gone.apr: No such file or directory", "big.apr: interrupted"]


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("m.apr", "m.apr"),
        ("./a b/ü.apr", "a%20b/%C3%BC.apr"),
        ("c:d?e#f%20", "c%3Ad%3Fe%23f%2520"),
        ("/x/y.apr", "file:///x/y.apr"),
        ("\udcff.apr", "%FF.apr"),
        ("\ud800.apr", "%ED%A0%80.apr"),
        ("-", "-"),
    ],
)
def test_paths_become_references(file: str, uri: str) -> None:
    (result,) = valid("".join(pieces([judged(finding(), file=file)], Terms())))["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": uri}
