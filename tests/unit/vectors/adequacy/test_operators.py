"""Each operator on a function of a line or two."""

from __future__ import annotations

import ast

import pytest
from tests.unit.vectors.adequacy.toys import function

from aprfmt.layout import facts
from aprfmt.vectors.adequacy.functions import Function, deciding_functions
from aprfmt.vectors.adequacy.operators import OPERATORS, Operator

BY_NAME = {operator.name: operator for operator in OPERATORS}


def changed(name: str, toy: Function) -> list[str]:
    """The body of the function after each change, and as it was in the end."""
    found = []
    before = ast.unparse(toy.node)
    for site in toy.sites:
        for words, node in BY_NAME[name].changes(site, toy):
            assert words
            site.put(node)
            ast.fix_missing_locations(toy.node)
            found.append("; ".join(ast.unparse(ast.Module(toy.node.body, [])).splitlines()))
            site.put(site.node)
    assert ast.unparse(toy.node) == before
    return found


CASES: list[tuple[str, str, list[str]]] = [
    # operator, body, what it may be instead
    ("strictness", "return a < b", ["return a <= b"]),
    ("strictness", "return a >= b", ["return a > b"]),
    ("strictness", "return a <= b <= c", ["return a < b <= c", "return a <= b < c"]),
    ("strictness", "return a == b", []),
    ("strictness", "return a < FLOAT", []),
    ("boundary", "return a < b", ["return a < b - 1"]),
    ("boundary", "return a > b", ["return a > b + 1"]),
    ("boundary", "return a >= 5", ["return a >= 4"]),
    ("boundary", "return a <= b <= c", ["return a - 1 <= b <= c", "return a <= b <= c + 1"]),
    ("boundary", "low, high = (0, a); return low <= b <= high", ["low, high = (0, a); return low <= b <= high + 1"]),
    ("boundary", "return a.name < b", []),
    ("boundary", "return a < -FLOAT", []),
    ("one side", "return a == b", ["return a >= b", "return a <= b"]),
    ("one side", "return a != b", ["return a > b", "return a < b"]),
    ("one side", "return a == 0", ["return a >= 0"]),
    ("one side", "wanted = 0; return a == wanted", ["wanted = 0; return a >= wanted"]),
    (
        "one side",
        "wanted = 2; return a == wanted",
        ["wanted = 2; return a >= wanted", "wanted = 2; return a <= wanted"],
    ),
    ("one side", "return a == b'APR'", ["return a >= b'APR'", "return a <= b'APR'"]),
    ("one side", "return a == '{' or a == KIND or a == b','", []),
    ("condition", "return 1 if a else 2", ["return 1 if False else 2", "return 1 if True else 2"]),
    ("condition", "return [x for x in a if x]", ["return [x for x in a if False]", "return [x for x in a if True]"]),
    ("condition", "while a: b()", ["while False:;     b()"]),
    ("junct", "return a and b", ["return b", "return a"]),
    ("junct", "return a or b or c", ["return b or c", "return a or c", "return a or b"]),
    ("operand", "return a + b", ["return a", "return b"]),
    ("operand", "return a - b", ["return a"]),
    ("operand", "return a | b", ["return a", "return b"]),
    ("operand", "return a % b", []),
    ("number", "return 5", ["return 4", "return 6"]),
    ("number", "return 0", ["return 1"]),
    ("number", "return KIND", ["return KIND - 1", "return KIND + 1"]),
    ("number", "return [a < 5, a & 5, a[5], a == KIND, True]", []),
    ("index", "return a[1]", ["return a[0]"]),
    ("index", "return a[0]", ["return a[1]"]),
    ("index", "return a[-1]", ["return a[0]"]),
    ("index", "return a[-2]", ["return a[1]"]),
    ("slice", "return a[b:c]", ["return a[b + 1:c]", "return a[b:c - 1]"]),
    ("slice", "return a[:]", ["return a[1:]", "return a[:-1]"]),
    ("mask", "return a & 5", ["return a & 4", "return a & 1"]),
    ("mask", "return a & b", []),
    ("modulus", "return a % b", ["return a % (b // 2)", "return a % (b * 2)"]),
    ("rounding", "return -(-a // b)", ["return a // b"]),
    ("wrap", "return a.ofs_tensor + 1", [f"return a.ofs_tensor + 1 & {2**64 - 1}"]),
    ("wrap", "b = a.len_tensor; return b * 2", [f"b = a.len_tensor; return b * 2 & {2**64 - 1}"]),
    ("wrap", "return prod(a)", [f"return prod(a) & {2**64 - 1}"]),
    ("wrap", "return a + b", []),
    ("range", "return [x for x in a]", ["return [x for x in list(a)[1:]]", "return [x for x in list(a)[:-1]]"]),
    ("range", "return any(a)", ["return any(list(a)[1:])", "return any(list(a)[:-1])"]),
    ("range", "return [x for x in TABLE]", []),
    ("extreme", "return max(a)", ["return min(a)"]),
    ("extreme", "return all(a)", ["return any(a)"]),
    ("order", "return sorted(a, key=b)", ["return list(a)"]),
    ("text", "return a.strip().lower()", ["return a.strip()", "return a.lower()"]),
    ("text", "return a.decode('utf-8')", ["return a.decode('utf-8', 'surrogatepass')"]),
]


@pytest.mark.parametrize(("name", "body", "expected"), CASES)
def test_what_an_operator_makes_of_a_function(name: str, body: str, expected: list[str]) -> None:
    source = "def toy(a, b=0, c=0):\n" + "\n".join(f"    {line}" for line in body.split("; "))
    toy = function(source, KIND=7, FLOAT=1.5, TABLE=(1, 2))
    found = changed(name, toy)
    assert found == expected


def test_what_a_loop_keeps_is_forgotten() -> None:
    toy = function("def toy(a):\n    n = 0\n    for x in a:\n        n = n + x\n        last = x\n    return n")
    assert changed("memory", toy) == ["n = 0; for x in a:;     pass;     last = x; return n"]


def test_an_exception_is_ignored() -> None:
    toy = function("def toy(a):\n    try:\n        return a()\n    except KeyError as error:\n        return error")
    assert changed("handler", toy) == ["try:;     return a(); except KeyError as error:;     pass"]
    assert changed("handler", function("def toy(a):\n    try:\n        a()\n    except KeyError:\n        pass")) == []


@pytest.mark.parametrize("name", ["ofs_metadata", "ofs_data"])
def test_a_field_of_64_bits_is_made_narrow_where_it_is_judged(name: str) -> None:
    toy = function(f"def toy(this):\n    value = this.{name}\n    return value", "facts.check_header")
    assert changed("narrow", toy) == [
        f"value = this.{name} & 4294967295; return value",
        f"value = int(float(this.{name})); return value",
    ]
    reader = function(f"def toy(this):\n    return this.{name}", "rules.reader.toy")
    assert f"return (this.{name} ^ {2**63}) - {2**63}" in changed("narrow", reader)
    assert changed("narrow", function(f"def toy(this):\n    return this.{name}")) == []


def test_narrow_fields_stay_as_they_are() -> None:
    assert facts.FIELDS["header"]["len_metadata"].limit == 2**32
    toy = function("def toy(this):\n    value = this.len_metadata\n    return value", "facts.check_header")
    assert changed("narrow", toy) == []


@pytest.mark.parametrize("operator", OPERATORS, ids=lambda operator: operator.name)
def test_every_operator_has_work_to_do(operator: Operator) -> None:
    """An operator without a mutant in the whole validator would only be said to be there."""
    places = ((site, item) for item, _ in deciding_functions().values() for site in item.mutable_sites)
    assert any(next(operator.changes(*place), None) for place in places)


def test_every_operator_says_what_it_does() -> None:
    assert len(BY_NAME) == len(OPERATORS)
    assert all(operator.about for operator in OPERATORS)
    assert {name for name, _, _ in CASES} | {"memory", "handler", "narrow"} == BY_NAME.keys()
