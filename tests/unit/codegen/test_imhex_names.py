"""Expressions in the pattern language: they mean what they mean in the specification, wherever they stand."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.codegen.pattern_reader import Pattern
from tests.unit.codegen.shelf import SHELF

from aprfmt.codegen import ksy
from aprfmt.codegen.errors import CodegenError
from aprfmt.codegen.expr import parse
from aprfmt.codegen.imhex_names import RESERVED, Names, maxima_of, rooted, safe
from aprfmt.codegen.model import Spec


@cache
def spec() -> Spec:
    return ksy.load(SHELF)


def said(expression: str, owner: str = "", *, root: bool = False) -> str:
    """An expression of the ksy as it is said in a type of the pattern; `root`: it is one of the whole file."""
    expr = parse(expression, "/here")
    inside = spec().types[owner] if owner else spec().root
    return Names(spec(), maxima_of(spec())).text(rooted(expr) if root else expr, inside, "/here")


@pytest.mark.parametrize(
    ("owner", "expression", "wanted"),
    [
        ("", "12", "12"),
        ("", "true", "true"),
        ("", "len_file", "sizeof($)"),
        ("", "_io.size", "sizeof($)"),
        ("", "step", "STEP"),
        ("", "head.ofs_goods", "head.ofs_goods"),
        ("", "lots.entries[3].len_box", "lots.entries[3].len_box"),
        ("", "end_of_goods", "end_of_goods"),
        ("head", "len_title", "len_title"),
        ("head", "_root.head.len_title", "parent.head.len_title"),
        ("box", "_root.head.len_title", "parent.parent.head.len_title"),
        ("box", "_root.step", "STEP"),
        ("box", "_root.len_file", "sizeof($)"),
        ("box", "sides[0]", "sides[0]"),
        ("", "lots.padding == lots.padding", "lots.padding_ == lots.padding_"),
        ("", "1 + 2 * 3", "1 + 2 * 3"),
        ("", "(1 + 2) * 3", "(1 + 2) * 3"),
        ("", "1 - (2 - 3)", "1 - (2 - 3)"),
        ("", "1 - 2 - 3", "1 - 2 - 3"),
        ("", "8 / 4 % 3", "8 / 4 % 3"),
        ("", "8 / (4 % 3)", "8 / (4 % 3)"),
        ("", "1 < 2 and 3 > 2 or not 1 == 2", "1 < 2 && 3 > 2 || !(1 == 2)"),
        ("", "1 < 2 and (3 > 2 or 1 == 2)", "1 < 2 && (3 > 2 || 1 == 2)"),
        ("", "1 < 2 ? 3 : 4", "(1 < 2 ? 3 : 4)"),
        ("", "align(len_file, step)", "(sizeof($) + (STEP - 1)) / STEP * STEP"),
        ("", "2 * align(1 + 2, 8) + 1", "2 * ((1 + 2 + (8 - 1)) / 8 * 8) + 1"),
    ],
)
def test_an_expression_is_said_where_it_stands(owner: str, expression: str, wanted: str) -> None:
    assert said(expression, owner) == wanted


def test_an_expression_of_the_whole_file_means_the_same_inside_a_type() -> None:
    expression = "align(head.ofs_goods - 28, step) + head.len_title"
    wanted = "(parent.parent.head.ofs_goods - 28 + (STEP - 1)) / STEP * STEP + parent.parent.head.len_title"
    assert said(expression, "box", root=True) == wanted


def test_a_maximum_is_a_variable_that_every_element_raises() -> None:
    (maximum,) = maxima_of(spec()).values()
    assert (maximum.name, maximum.element.id) == ("max_of_entries", "box")
    assert said("head.ofs_goods + max_of(lots.entries, _.ofs_box + align(_.len_box, step))").endswith(maximum.name)


def test_a_maximum_over_numbers_is_refused() -> None:
    old = "max_of(lots.entries, _.ofs_box + align(_.len_box, step))"
    assert old in SHELF
    listed = SHELF.replace(old, "max_of(lots.sizes, _)").replace(
        "- {id: padding,",
        "- {id: sizes, type: u1, repeat: expr, repeat-expr: _root.head.num_lots, doc: Sizes.}\n      - {id: padding,",
    )
    with pytest.raises(CodegenError, match=r"^/instances/end_of_goods: a pattern takes a maximum over objects"):
        maxima_of(ksy.load(listed))


@pytest.mark.parametrize(
    ("owner", "expression", "message"),
    [
        ("", "nothing", "'nothing' is nothing that a pattern shows"),
        ("box", "data", "'data' is nothing that a pattern shows"),
        ("", "head.nothing", "'nothing' is nothing that a pattern shows"),
        ("", "head.magic.size", "expected a type before the dot, found Member(of=Name(id='head'), id='magic')"),
        ("", "nothing.size", "expected a type before the dot, found Name(id='nothing')"),
        ("", "(1 + 2).size", "expected a type before the dot, found Binary("),
        ("box", "_parent.entries", "expected a type before the dot, found Name(id='_parent')"),
        ("", "max_of(lots.entries, _.len_box)", "the pattern language has no word for Call("),
        ("box", "nbytes(colour, sides)", "the pattern language has no word for Call("),
    ],
)
def test_what_a_pattern_has_no_word_for_is_refused(owner: str, expression: str, message: str) -> None:
    with pytest.raises(CodegenError) as caught:
        said(expression, owner)
    assert caught.value.path == "/here"
    assert caught.value.message.startswith(message)


def test_a_type_that_two_types_hold_cannot_reach_the_whole_file() -> None:
    source = SHELF.replace("{id: wax, type: u2, doc: Red.}", "{id: wax, type: marks, size: 2, doc: Red.}")
    twice = ksy.load(source)
    names = Names(twice, maxima_of(twice))
    with pytest.raises(CodegenError, match=r"^/here: expected one type around marks, found 2$"):
        names.text(parse("_root.step + _root.head.num_lots", "/here"), twice.types["marks"], "/here")


NUMBERS = st.recursive(
    st.integers(0, 99).map(str),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*"]), inner).map(lambda part: f"({' '.join(part)})"),
        st.tuples(inner, st.sampled_from(["/", "%"]), st.integers(1, 9)).map(lambda part: "({} {} {})".format(*part)),
        st.tuples(inner, st.integers(1, 9)).map(lambda part: "align({}, {})".format(*part)),
    ),
    max_leaves=12,
)


@given(NUMBERS)
def test_brackets_are_where_they_are_needed(expression: str) -> None:
    """Whatever numbers are computed with, the pattern computes the same as the specification."""
    wanted = eval(expression.replace("/", "//"), {"align": lambda value, grid: -(-value // grid) * grid})  # noqa: S307 - made by this test
    text = f"struct A {{ u128 x = {said(expression)}; }};\nA a @ 0x00;\n"
    tree, _ = Pattern("#pragma endian little\n" + text).read(b"")
    assert tree.inside["x"] == wanted


@given(st.sampled_from(sorted(RESERVED)))
def test_a_word_of_the_language_is_no_name(word: str) -> None:
    """It gets an underscore, and with that it is none any more."""
    assert safe(word) == f"{word}_"
    assert safe(word) not in RESERVED
    assert safe(f"my_{word}") == f"my_{word}"
