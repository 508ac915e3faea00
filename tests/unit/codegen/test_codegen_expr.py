"""Expressions of the ksy: how they are read, and that their Python says the same."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aprfmt.codegen.errors import CodegenError
from aprfmt.codegen.expr import (
    Binary,
    Call,
    Expr,
    Index,
    Literal,
    Member,
    Name,
    Not,
    Ternary,
    names_in,
    parse,
    parse_list,
    to_python,
)

A, B, C = Name("a"), Name("b"), Name("c")


def python(text: str) -> str:
    return to_python(parse(text, "/here"), lambda _: None)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a", A),
        (" 64 ", Literal(64)),
        ("0", Literal(0)),
        ("0xfF", Literal(255)),
        ("9007199254740992", Literal(2**53)),
        ("true", Literal(True)),
        ("false", Literal(False)),
        ("a + b * c", Binary("+", A, Binary("*", B, C))),
        ("(a + b) * c", Binary("*", Binary("+", A, B), C)),
        ("a - b - c", Binary("-", Binary("-", A, B), C)),
        ("a - (b - c)", Binary("-", A, Binary("-", B, C))),
        ("a / b % c", Binary("%", Binary("//", A, B), C)),
        ("a < b + c", Binary("<", A, Binary("+", B, C))),
        (
            "a == b and b != c or a >= c",
            Binary("or", Binary("and", Binary("==", A, B), Binary("!=", B, C)), Binary(">=", A, C)),
        ),
        ("not a and b", Binary("and", Not(A), B)),
        ("not a == b", Not(Binary("==", A, B))),
        ("not not a", Not(Not(A))),
        ("(not a) == b", Binary("==", Not(A), B)),
        ("a ? b : c", Ternary(A, B, C)),
        ("a ? b : b ? a : c", Ternary(A, B, Ternary(B, A, C))),
        ("a < b ? b : c + 1", Ternary(Binary("<", A, B), B, Binary("+", C, Literal(1)))),
        ("a.b.c", Member(Member(A, "b"), "c")),
        ("a[b + 1].c", Member(Index(A, Binary("+", B, Literal(1))), "c")),
        ("(a + b).as<u8>", Binary("+", A, B)),
        ("a.as<u8> + b.c.as<u8>", Binary("+", A, Member(B, "c"))),
        ("align(a, 64)", Call("align", (A, Literal(64)))),
        ("max_of(a.b, _ + 1)", Call("max_of", (Member(A, "b"), Binary("+", Name("_"), Literal(1))))),
        ("nbytes(a, b)", Call("nbytes", (A, B))),
        ("notice + order", Binary("+", Name("notice"), Name("order"))),
    ],
)
def test_reading(text: str, tree: Expr) -> None:
    assert parse(text, "/here") == tree


@pytest.mark.parametrize("value", [0, 7, True, False])
def test_yaml_numbers_and_truth_values_are_expressions(value: int) -> None:
    assert parse(value, "/here") == Literal(value)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("", "found 'the end'"),
        ("a +", "found 'the end'"),
        ("a b", "expected the end, found 'b'"),
        ("(a", "expected ')', found 'the end'"),
        ("a ? b", "expected ':', found 'the end'"),
        ("a[1", "expected ']'"),
        ('"text"', "expected an expression, found '\"text\"'"),
        ("'text'", "expected an expression"),
        ("a << 2", "expected a value, found '<'"),
        ("a & 1", "expected an expression, found ' & 1'"),
        ("-a", "expected a value, found '-'"),
        ("~a", "expected an expression"),
        ("a ** 2", "expected a value, found '*'"),
        ("1.5", "expected an expression, found '1.5'"),
        ("010", "expected an expression, found '010'"),
        ("1_000", "expected an expression, found '1_000'"),
        ("0b1", "expected an expression, found '0b1'"),
        ("dtype::f32", "found ':'"),
        ("a < b < c", "comparisons do not chain"),
        ("a == b != c", "comparisons do not chain"),
        ("a + not b", "expected a value, found 'not'"),
        ("and", "expected a value, found 'and'"),
        ('a.to_s("UTF-8")', "expected an expression"),
        ("a.reverse()", "methods are unknown here: 'reverse'"),
        ("a.1", "methods are unknown here: '1'"),
        ("a.(b)", "methods are unknown here: '('"),
        ("sizeof(a)", "unknown function 'sizeof'"),
        ("align(a)", "align takes 2 values"),
        ("nbytes(a, b, c)", "nbytes takes 2 values"),
        ("a.as<u1>", "only casts that widen are known, to u4 or u8"),
        ("a.as<s8>", "only casts that widen are known"),
        ("a.as<header>", "only casts that widen are known"),
        ("9007199254740993", "beyond 2^53"),
        ("0xffffffffffffffff", "beyond 2^53"),
        (-1, "expected an expression, found -1"),
        (1.5, "expected an expression, found 1.5"),
        (None, "expected an expression, found None"),
        ([1], "expected an expression, found [1]"),
    ],
)
def test_refusals_name_the_place(value: object, message: str) -> None:
    with pytest.raises(CodegenError) as caught:
        parse(value, "/types/t/seq/0/size")
    assert caught.value.path == "/types/t/seq/0/size"
    assert message in str(caught.value)


@pytest.mark.parametrize("function", ["align(a, 8)", "max_of(a, _)", "nbytes(a, b)"])
def test_functions_stand_under_dash_keys_only(function: str) -> None:
    with pytest.raises(CodegenError, match=r"^/here: .* stands under dash keys only"):
        parse(function, "/here", functions=False)


def test_lists_of_expressions() -> None:
    assert parse_list("a, b + 1", "/here") == (A, Binary("+", B, Literal(1)))
    with pytest.raises(CodegenError, match=r"^/here: expected the end, found '\)'"):
        parse_list("a)", "/here")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a / 64 * 64", "a // 64 * 64"),
        ("(a < b) == c", "(a < b) == c"),
        ("a == (b < c)", "a == (b < c)"),
        ("a - (b - c)", "a - (b - c)"),
        ("(a or b) and c", "(a or b) and c"),
        ("not (a or b)", "(not (a or b))"),
        ("(a ? b : c) + 1", "(b if a else c) + 1"),
        ("(a + b).c", "(a + b).c"),
        ("a[b - 1].c", "a[b - 1].c"),
        ("align(a + 1, 8)", "align_up(a + 1, 8)"),
        ("max_of(a.b, _.c)", "max((_.c for _ in a.b), default=0)"),
        ("_index.as<u4>", "_index"),
    ],
)
def test_python_source(text: str, wanted: str) -> None:
    assert python(text) == wanted


def test_a_special_case_replaces_any_node() -> None:
    assert to_python(parse("a.b + a", "/here"), lambda node: "X" if node == A else None) == "X.b + X"


def test_names_in_an_expression() -> None:
    text = "max_of(a[b].c, not _.d == e) + (f ? 1 : align(g, 2))"
    assert names_in(parse(text, "/here")) == {"a", "b", "_", "e", "f", "g"}


NAMES = {"a": 0, "b": 1, "c": 7, "d": 64}


@st.composite
def numbers(draw: st.DrawFn, depth: int = 4) -> Expr:
    kind = draw(st.sampled_from(("literal", "name", *(("sum", "share", "choice", "align") if depth else ()))))
    if kind == "literal":
        return Literal(draw(st.integers(0, 100)))
    if kind == "name":
        return Name(draw(st.sampled_from(sorted(NAMES))))
    if kind == "choice":
        return Ternary(draw(truths(depth - 1)), draw(numbers(depth - 1)), draw(numbers(depth - 1)))
    first = draw(numbers(depth - 1))
    if kind == "sum":
        return Binary(draw(st.sampled_from(["+", "-", "*"])), first, draw(numbers(depth - 1)))
    divisor = Literal(draw(st.integers(1, 9)))
    return (
        Call("align", (first, divisor))
        if kind == "align"
        else Binary(draw(st.sampled_from(["//", "%"])), first, divisor)
    )


@st.composite
def truths(draw: st.DrawFn, depth: int) -> Expr:
    kind = draw(st.sampled_from(("literal", *(("compare", "join", "not", "choice") if depth > 0 else ()))))
    if kind == "literal":
        return Literal(draw(st.booleans()))
    if kind == "not":
        return Not(draw(truths(depth - 1)))
    if kind == "choice":
        return Ternary(draw(truths(depth - 1)), draw(truths(depth - 1)), draw(truths(depth - 1)))
    operands = numbers if kind == "compare" else truths
    signs = ["==", "!=", "<", "<=", ">", ">="] if kind == "compare" else ["and", "or", "==", "!="]
    return Binary(draw(st.sampled_from(signs)), draw(operands(depth - 1)), draw(operands(depth - 1)))


def kaitai(node: Expr, draw_cast: bool = False) -> str:
    """The text of a tree with every bracket that could be needed."""
    match node:
        case Literal(value):
            return str(value).lower()
        case Name(name):
            return f"{name}.as<u8>" if draw_cast else name
        case Not(of):
            return f"(not {kaitai(of, draw_cast)})"
        case Binary(op, left, right):
            return f"({kaitai(left, draw_cast)} {op.replace('//', '/')} {kaitai(right, draw_cast)})"
        case Ternary(test, yes, no):
            return f"({kaitai(test, draw_cast)} ? {kaitai(yes, draw_cast)} : {kaitai(no, draw_cast)})"
        case Call(function, args):
            return f"{function}({', '.join(kaitai(arg, draw_cast) for arg in args)})"
    raise AssertionError(node)


def value_of(node: Expr) -> Any:
    """What a tree means, computed from the tree itself."""
    match node:
        case Literal(value):
            return value
        case Name(name):
            return NAMES[name]
        case Not(of):
            return not value_of(of)
        case Ternary(test, yes, no):
            return value_of(yes) if value_of(test) else value_of(no)
        case Call("align", (value, grid)):
            return align_up(value_of(value), value_of(grid))
        case Binary(op, left, right):
            first, second = value_of(left), value_of(right)
            return {
                "+": lambda: first + second,
                "-": lambda: first - second,
                "*": lambda: first * second,
                "//": lambda: first // second,
                "%": lambda: first % second,
                "==": lambda: first == second,
                "!=": lambda: first != second,
                "<": lambda: first < second,
                "<=": lambda: first <= second,
                ">": lambda: first > second,
                ">=": lambda: first >= second,
                "and": lambda: first and second,
                "or": lambda: first or second,
            }[op]()
    raise AssertionError(node)


def align_up(value: int, grid: int) -> int:
    return -(-value // grid) * grid


@given(numbers(), st.booleans())
@example(Ternary(Binary("==", Binary("<", Name("a"), Name("b")), Literal(True)), Literal(1), Literal(0)), False)
@example(Binary("-", Name("a"), Binary("-", Name("b"), Name("c"))), True)
def test_python_means_what_the_tree_means(tree: Expr, casts: bool) -> None:
    """A tree, printed as Kaitai text, read and translated, evaluates to what the tree means."""
    read = parse(kaitai(tree, casts), "/here")
    assert read == tree
    source = to_python(read, lambda _: None)
    assert eval(source, {"align_up": align_up, **NAMES}) == value_of(tree)  # noqa: S307 - this is what is under test


@given(st.text(alphabet="ab_10x()[].<>=!+-*/%?:, \"'asuornt", max_size=20))
def test_any_text_is_read_or_refused_with_its_place(text: str) -> None:
    """No text makes the parser raise anything but its own error, which names the place."""
    try:
        parse(text, "/here")
    except CodegenError as error:
        assert error.path == "/here"  # noqa: PT017 - both outcomes are right
