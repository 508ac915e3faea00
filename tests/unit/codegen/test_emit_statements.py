"""Statements as data: what is emitted for each kind, and that bounds say what the check functions say."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.codegen.made import SPECS, TYPE, modules, text_of

from aprfmt.layout import Flags, Header, TensorIndexEntry, facts
from aprfmt.layout.model import Statement

HOLDS = {
    "eq": lambda value, bound: value == bound,
    "min": lambda value, bound: value >= bound,
    "max": lambda value, bound: value <= bound,
    "multiple-of": lambda value, bound: value % bound == 0,
}


def statements_of(name: str) -> list[Statement]:
    return list(modules(text_of(name))[0].STATEMENTS)


def said(name: str) -> list[tuple[Any, ...]]:
    """The statements of a small specification, without their bounds."""
    return [(item.rule, item.path, item.kind, item.bits, item.target) for item in statements_of(name)]


def test_every_statement_about_a_number_has_its_bound() -> None:
    assert said("integers") == [
        ("T-001", "numbers.two", "min", 16, ""),
        ("T-001", "numbers.two", "max", 16, ""),
        ("T-002", "numbers.four", "eq", 32, ""),
        ("T-003", "numbers.four", "multiple-of", 32, ""),
        ("T-004", "numbers.four", "max", 32, ""),
        ("T-005", "numbers.eight", "expr", 64, ""),
    ]
    record = SimpleNamespace(one=5, two=100, four=0, eight=0)
    bounds = [item.bound and item.bound(record, None, None, 0) for item in statements_of("integers")]
    assert bounds == [5, 5 + 0x300, 201, 4, 128, None]


def test_a_bound_may_depend_on_the_file() -> None:
    bounds = {(item.path, item.kind): item.bound for item in statements_of("container")}
    most = bounds["head.ofs_payload", "max"]
    assert most is not None
    assert most(None, SimpleNamespace(len_file=77), None, 0) == 77


def test_sections_are_present_absent_or_zero_and_say_where_checksums_are() -> None:
    assert said("container") == [
        ("T-050", "gap", "zero", None, ""),
        ("T-051", "tail", "present", 32, ""),
        ("T-052", "trailing", "absent", None, ""),
        ("T-053", "tail.crc", "checksum", 32, "all-before"),
        ("T-054", "head.ofs_payload", "min", 64, ""),
        ("T-054", "head.ofs_payload", "max", 64, ""),
        (None, "head.ofs_payload", "offset-of", 64, "payload"),
        (None, "head.len_payload", "size-of", 32, "payload"),
        ("T-055", "head.crc", "checksum", 32, "header"),
        ("T-056", "head.ofs_data", "multiple-of", 64, ""),
        (None, "head.ofs_data", "offset-of", 64, "data"),
    ]


def test_what_is_no_part_of_the_file_states_nothing_about_it() -> None:
    assert "record" in text_of("container")
    assert "record" not in {item.owner for item in statements_of("container")}


def test_bits_that_nothing_is_said_of_may_be_set_or_clear() -> None:
    assert said("bits") == [
        (None, "switches.low", "bit", 1, ""),
        (None, "switches.level", "bit", 3, ""),
        ("T-030", "switches.spare", "eq", 11, ""),
        ("T-031", "switches.high", "eq", 1, ""),
    ]
    high = statements_of("bits")[-1].bound
    assert high is not None
    assert type(high(0, None, None, 0)) is int  # not a truth value: a field is compared with a number


def test_an_enum_says_its_ids_and_those_that_were_given_up() -> None:
    assert said("elements") == [
        ("T-020", "element.kind", "in-enum", 8, "element_type"),
        ("T-021", "element.kind", "ne", 8, "element_type"),
        (None, "element.ndim", "count-of", 8, "dims"),
    ]
    old = statements_of("elements")[1].bound
    assert old is not None
    assert old(None, None, None, 0) == 2


def test_an_order_is_said_of_the_field_that_is_sorted_by() -> None:
    assert ("T-040", "row.key", "sorted", None, "table.rows") in said("lists")
    assert not any(item.kind == "expr" for item in statements_of("lists"))


def test_an_order_that_no_condition_states_is_said_without_a_rule() -> None:
    source = text_of("lists").replace(
        'valid: {expr: "idx == 0 or _parent.rows[idx - 1].key < _", -rule: T-040}', "-orig-id: key"
    )
    found = [item for item in modules(source)[0].STATEMENTS if item.path == "row.key"]
    assert [(item.rule, item.kind, item.target) for item in found] == [(None, "sorted", "table.rows")]


def test_a_specification_may_state_nothing() -> None:
    assert modules(TYPE + "    seq: [{id: a, type: u1, doc: A.}]\n")[0].STATEMENTS == ()


@pytest.mark.parametrize("name", SPECS)
def test_statements_stand_in_the_order_of_the_specification(name: str) -> None:
    facts_of_it = modules(text_of(name))[0]
    owners = list(dict.fromkeys(item.owner for item in facts_of_it.STATEMENTS))
    known = list(facts_of_it.FIELDS)
    assert owners == sorted(owners, key=known.index)


def test_what_is_checked_is_said_of_a_type() -> None:
    kinds = {item.kind for item in facts.STATEMENTS if item.is_checked}
    assert kinds == {"contents", "eq", "min", "max", "multiple-of", "zero", "in-enum", "sorted"}
    assert not any(item.is_checked for item in facts.STATEMENTS if not item.owner)


def broken(owner: str, record: Any, root: Any, value: Any) -> set[tuple[str, str]]:
    """The rule and the field of every statement about a number of a type that a record breaks."""
    return {
        (item.rule or "", item.field)
        for item in facts.STATEMENTS
        if item.owner == owner and item.kind in HOLDS and item.bound is not None
        if not HOLDS[item.kind](value(item.field), item.bound(record, root, None, 0))
    }


NUMBERS = st.one_of(st.integers(0, 600), st.sampled_from([2**24, 2**24 + 1, 2**32, 2**63, 2**64 - 1]))


@given(st.lists(NUMBERS, min_size=6, max_size=6), st.integers(0, 2**16 - 1), NUMBERS)
def test_bounds_of_the_header_say_what_its_check_says(numbers: list[int], flags: int, len_file: int) -> None:
    """A record breaks a rule at a field by its statements exactly when the check function finds it there."""
    major, minor, ofs_metadata, len_metadata, ofs_index, ofs_data = numbers
    places = (ofs_metadata, len_metadata, ofs_index, ofs_data)
    header = Header(facts.MAGIC, major, minor, Flags(flags), 0, *places, checksum=0, reserved=bytes(20))
    root = SimpleNamespace(len_file=len_file)
    found = {(item.rule, item.field.rpartition(".")[2]) for item in facts.check_header(header, root=root)}
    bits = {name: flags >> position & ((1 << width) - 1) for name, position, width in facts.FLAGS_BITS}
    by_statement = broken("header", header, root, lambda name: getattr(header, name))
    assert found == by_statement | broken("flags", header.flags, root, bits.__getitem__)


@given(st.integers(0, 300), st.integers(0, 255), NUMBERS, NUMBERS, NUMBERS)
def test_bounds_of_an_entry_say_what_its_check_says(
    len_name: int, ndim: int, ofs_tensor: int, len_tensor: int, len_file: int
) -> None:
    """As for the header; the name is the first one, and the element type is known."""
    entry = TensorIndexEntry(len_name, b"a", 0, ndim, (), ofs_tensor, len_tensor)
    root = SimpleNamespace(len_file=len_file, header=SimpleNamespace(ofs_data=256))
    found = {(item.rule, item.field) for item in facts.check_tensor_index_entry(entry, root=root)}
    assert found == broken("tensor_index_entry", entry, root, lambda name: getattr(entry, name))
