"""JUnit XML against a published schema."""

from __future__ import annotations

from functools import cache
from xml.etree import ElementTree as ET

import pytest
import xmlschema
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.cli.reports.made import HOSTILE, finding, interrupted, judged, results, unreadable
from tests.unit.cli.running import REPOSITORY

from aprfmt.cli.reports import Terms
from aprfmt.cli.reports.junit import pieces
from aprfmt.rules import Severity

SCHEMA = REPOSITORY / "tests" / "data" / "schemas" / "junit-10.xsd"


@cache
def schema() -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(SCHEMA)


def valid(text: str) -> ET.Element:
    """The root of a document, which must be valid."""
    root = ET.fromstring(text)  # noqa: S314 - the text is made here
    schema().validate(root)
    for suite in root:
        cases = suite.findall("testcase")
        assert suite.get("tests") == str(len(cases))
        for kind, name in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert suite.get(kind) == str(len(suite.findall(f"testcase/{name}")))
    return root


def test_the_schema_refuses() -> None:
    assert not schema().is_valid("<testsuites><testcase/></testsuites>")
    assert not schema().is_valid('<testsuite name="x" tests="1" failures="0"/>')


def test_a_report_is_valid() -> None:
    root = valid("".join(pieces(results(), Terms())))
    numbers = [[suite.get(key) for key in ("tests", "failures", "errors", "skipped")] for suite in root]
    assert numbers == [["5", "0", "0", "0"], ["5", "0", "0", "0"], ["6", "3", "0", "2"], ["1", "0", "1", "0"]]
    assert len(root.findall("testsuite/testcase/system-out")) == 2


def test_what_counts_against_a_file_is_a_failure() -> None:
    root = valid("".join(pieces(results(), Terms(strict=True, require_all=True))))
    assert [suite.get("failures") for suite in root] == ["0", "1", "5", "0"]
    assert [suite.get("skipped") for suite in root] == ["0"] * 4


@pytest.mark.parametrize(("terms", "kind"), [(Terms(), "skipped"), (Terms(require_all=True), "failure")])
def test_a_rule_that_was_skipped_says_why(terms: Terms, kind: str) -> None:
    item = judged(finding("APR-D001"), run=("APR-D001",), skipped=("APR-D004", "APR-F003"))
    root = valid("".join(pieces([item], terms)))
    cases = {case.get("name"): case.find(kind) for case in root.iter("testcase")}
    for name in ("APR-D004 data-truncated", "APR-F003 footer-absent"):
        said = cases[name]
        assert said is not None
        assert said.get("message") == "skipped because of APR-D001"


def test_a_signal_is_an_error_of_the_file_it_came_in() -> None:
    root = valid("".join(pieces([judged(), interrupted()], Terms())))
    (error,) = root.iter("error")
    assert (error.get("type"), error.get("message")) == ("interrupted", "big.apr: interrupted")
    assert [suite.get("name") for suite in root] == ["model.apr", "big.apr"]


def test_a_report_of_nothing_is_valid() -> None:
    assert len(valid("".join(pieces([], Terms())))) == 0


@pytest.mark.parametrize("kind", HOSTILE)
def test_names_leave_a_report_valid(kind: str) -> None:
    hold(HOSTILE[kind])


@given(st.text(st.characters(), max_size=20))
def test_every_name_leaves_a_report_valid(text: str) -> None:
    """Law: whatever a path, a message or a tensor's name holds, the document is well-formed and valid."""
    hold(text)


def hold(text: str) -> None:
    bad = finding(message=text, tensor=text, expected=text)
    odd = finding("APR-D005", Severity.WARNING, message=text, field=text)
    valid("".join(pieces([judged(bad, odd, file=text), unreadable(text)], Terms())))
