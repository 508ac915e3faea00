"""What decides and what only says."""

from __future__ import annotations

import ast

import pytest

from aprfmt.vectors.adequacy.deciding import deciding_sites, rule_ids


def deciding(body: str) -> set[str]:
    (function,) = ast.parse("def toy(case):\n" + "\n".join(f"    {line}" for line in body.split("\n"))).body
    assert isinstance(function, ast.FunctionDef)
    return {ast.unparse(site.node) for site in deciding_sites(function)}


def test_what_a_fault_is_made_of_decides_nothing() -> None:
    found = deciding("if case.a < 1:\n    yield Fault('APR-D001', case.b + 1)")
    assert "case.a < 1" in found
    assert "case.b + 1" not in found


@pytest.mark.parametrize(
    "speaker",
    ["Violation(x)", "FormatError(x)", "self._refuse(x)", "Fault.of(x)", "f'{x}'", "replace(fault, message=x)"],
)
def test_speakers_decide_nothing(speaker: str) -> None:
    assert "x" not in deciding(f"return {speaker}")
    assert "x" in deciding("return other(x)")


def test_a_variable_that_is_only_said_decides_nothing() -> None:
    found = deciding("more = case.a + 1\nfield, (start, _) = case.place()\nyield Fault(more, start, field)")
    assert not found & {"case.a + 1", "case.place()"}


def test_a_variable_that_is_said_and_asked_decides() -> None:
    assert "case.a + 1" in deciding("more = case.a + 1\nif more:\n    yield Fault(more)")


def test_a_condition_of_what_is_said_decides_nothing() -> None:
    found = deciding("more = ''\nif case.a:\n    more = 'x'\nelif case.b:\n    more = 'y'\nyield Fault(more)")
    assert not found & {"case.a", "case.b"}
    assert "case.a" in deciding("if case.a:\n    return\nyield Fault('')")
    assert "case.c" not in deciding("yield replace(fault, message=case.d) if case.c else fault")


def test_each_place_knows_the_lines_of_its_statement() -> None:
    (function,) = ast.parse("def toy(a,\n        b):\n    if (a <\n            b):\n        return a\n").body
    assert isinstance(function, ast.FunctionDef)
    lines = {ast.unparse(site.node): site.lines for site in deciding_sites(function)}
    assert lines["a < b"] == range(3, 5)
    assert lines["return a"] == range(5, 6)


def test_a_place_takes_another_node_and_the_first_one_again() -> None:
    (function,) = ast.parse("def toy(a):\n    return [a < 1, a]").body
    assert isinstance(function, ast.FunctionDef)
    (site,) = (site for site in deciding_sites(function) if isinstance(site.node, ast.Compare))
    site.put(ast.Constant(None))
    assert ast.unparse(function.body[0]) == "return [None, a]"
    site.put(site.node)
    assert ast.unparse(function.body[0]) == "return [a < 1, a]"


@pytest.mark.parametrize(
    ("code", "ids"),
    [
        ("yield Fault('APR-D001', x)", ["APR-D001"]),
        ("raise LimitExceededError(x)", ["APR-L001"]),
        ("self._refuse(x)", ["APR-M003"]),
        ("self._refuse(x, rule_id='APR-M005')", ["APR-M005"]),
        ("yield 'APR-D0011'", []),
    ],
)
def test_the_rules_of_a_piece_of_code(code: str, ids: list[str]) -> None:
    assert list(rule_ids(ast.parse(code))) == ids
