"""The generated structs and facts at work: small specifications parse, build, derive and judge."""

from __future__ import annotations

import zlib
from types import SimpleNamespace
from typing import Any

import pytest
from construct import ConstructError
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.codegen.made import TYPE, context, modules, plain, text_of


def facts_of(name: str) -> Any:
    return modules(text_of(name))[0]


def structs_of(name: str) -> Any:
    return modules(text_of(name))[1]


def build(name: str, tree: dict[str, Any]) -> bytes:
    return bytes(getattr(structs_of(name), name).build(context(tree), spans={}))


def parse(name: str, raw: bytes) -> Any:
    return plain(getattr(structs_of(name), name).parse(raw, len_file=len(raw)))


def unsigned(nbytes: int) -> st.SearchStrategy[int]:
    return st.integers(0, 256**nbytes - 1)


NUMBERS = st.fixed_dictionaries({"one": unsigned(1), "two": unsigned(2), "four": unsigned(4), "eight": unsigned(8)})


@given(NUMBERS)
def test_integers_lie_in_order_and_are_little_endian(numbers: dict[str, int]) -> None:
    """A type of integers is the little-endian bytes of each, and parses to the same numbers."""
    raw = build("integers", {"numbers": numbers})
    widths = {"one": 1, "two": 2, "four": 4, "eight": 8}
    assert raw == b"".join(numbers[name].to_bytes(width, "little") for name, width in widths.items())
    assert parse("integers", raw) == {"numbers": numbers}


@pytest.mark.parametrize(
    ("given_numbers", "eight"), [({"one": 0, "four": 3}, 2), ({"one": 1, "four": 3}, 4), ({"one": 1, "four": 9}, 6)]
)
def test_default_and_build_fill_what_is_absent(given_numbers: dict[str, int], eight: int) -> None:
    numbers = parse("integers", build("integers", {"numbers": given_numbers}))["numbers"]
    assert numbers == {**given_numbers, "two": 513, "eight": eight}


def test_what_cannot_be_derived_is_named() -> None:
    with pytest.raises(ConstructError, match=r"numbers -> one\nneither given nor derived"):
        build("integers", {"numbers": {"four": 1}})


@pytest.mark.parametrize(
    ("numbers", "broken"),
    [
        ((1, 513, 1027, 8), ["T-003", "T-004"]),
        ((1, 0, 1, 1), ["T-001", "T-003", "T-004"]),
        ((1, 770, 1541, 8), ["T-001", "T-003", "T-004"]),
        ((1, 2, 5, 0), ["T-003", "T-005"]),
        ((1, 2, 5, 3), ["T-003", "T-005"]),
        ((1, 2, 8, 1), ["T-002"]),
    ],
)
def test_every_statement_about_a_number_is_checked(numbers: tuple[int, ...], broken: list[str]) -> None:
    facts = facts_of("integers")
    assert [violation.rule for violation in facts.check_numbers(facts.Numbers(*numbers))] == broken


def test_violations_say_what_was_expected_and_found() -> None:
    facts = facts_of("integers")
    found = {
        violation.rule: (violation.field, violation.expected, violation.found)
        for numbers in ((1, 0, 8, 3), (1, 2, 7, 0))
        for violation in facts.check_numbers(facts.Numbers(*numbers))
    }
    assert found["T-001"] == ("two", "1 to 769", "0")
    assert found["T-002"] == ("four", "5", "7")
    assert found["T-003"] == ("four", "a multiple of 4", "7")
    assert found["T-004"] == ("four", "at most 0", "8")
    assert found["T-005"] == ("eight", "a number that is not odd in its way", "0")


HEADS = st.fixed_dictionaries(
    {"version": unsigned(1)},
    optional={"magic": st.binary(min_size=3, max_size=3), "tag": st.binary(min_size=8, max_size=8)},
)


@given(HEADS, st.binary(max_size=40), st.binary(max_size=9))
def test_bytes_of_every_kind_survive(head: dict[str, Any], text: bytes, rest: bytes) -> None:
    """What is built from bytes of any length parses to them, and what parses builds the same bytes."""
    padded = bytes(-(1 + len(text)) % 4)
    tree = {
        "head": {**head, "len_body": 1 + len(text) + len(padded) + len(rest)},
        "body": {"text": text, "rest": rest},
    }
    raw = build("strings", tree)
    found = parse("strings", raw)
    assert found["body"] == {"len_text": len(text), "text": text, "pad": padded, "rest": rest}
    assert found["head"]["magic"] == head.get("magic", b"\x89ST")
    assert found["head"]["tag"] == head.get("tag", bytes(8))
    assert len(raw) % 8 == 0
    assert set(found["gap"]) <= {0}
    assert build("strings", found) == raw


@pytest.mark.parametrize("part", [{"text": b"ab", "rest": 3}, {"text": "ab", "rest": b""}, {"rest": b""}])
def test_only_bytes_become_bytes(part: dict[str, Any]) -> None:
    with pytest.raises(ConstructError):
        build("strings", {"head": {"version": 1, "len_body": 4}, "body": part})


def test_fixed_bytes_and_their_lookalikes_are_constants() -> None:
    facts = facts_of("strings")
    assert facts.MAGIC == b"\x89ST"
    assert facts.MAGIC_LOOKALIKES == {b"\x89PN": "another format"}
    wrong = facts.Head(b"PNG", 1, 0, b"\0\1")
    assert [violation.rule for violation in facts.check_head(wrong)] == ["T-010", "T-011"]
    assert list(facts.check_head(facts.Head(b"\x89ST", 1, 0, bytes(8)))) == []


@pytest.mark.parametrize(
    ("kind", "dims", "nbytes"),
    [(1, [], 4), (1, [3, 5], 60), (1, [0], 0), (2, [33], 40), (128, [33], 40), (128, [2, 33], 58), (128, [0, 7], 0)],
)
def test_sizes_follow_from_geometry(kind: int, dims: list[int], nbytes: int) -> None:
    element = structs_of("elements").element
    tree = plain(element.parse(element.build({"kind": kind, "dims": dims})))
    assert tree == {"kind": kind, "colour": 512, "ndim": len(dims), "dims": dims, "nbytes": nbytes}


def test_enums_know_their_members() -> None:
    facts = facts_of("elements")
    assert [(member.name, int(member)) for member in facts.ElementType] == [
        ("WORD", 1),
        ("OLD_BLOCK", 2),
        ("BLOCK", 128),
    ]
    assert f"{facts.ElementType.OLD_BLOCK}" == "block"
    assert facts.ElementType.OLD_BLOCK.facts.canonical_code == 128
    assert str(facts.Colour.BLUE) == "blue"
    assert frozenset({1, 2, 128}) == facts.ELEMENT_TYPE_CODES
    unknown = facts.Element(3, 0, 0, (), 0)
    assert [violation.rule for violation in facts.check_element(unknown)] == ["T-020"]


SWITCHES = st.fixed_dictionaries(
    {"low": st.booleans(), "level": st.integers(0, 7), "spare": st.integers(0, 2047), "high": st.booleans()}
)


@given(SWITCHES, unsigned(1))
def test_bits_lie_from_the_lowest_up(switches: dict[str, int], lamp: int) -> None:
    """A type of bits is one little-endian number; undefined bits are among them."""
    raw = build("bits", {"panel": {"switches": switches, "lamp": lamp}})
    word = switches["low"] | switches["level"] << 1 | switches["spare"] << 4 | switches["high"] << 15
    assert raw == word.to_bytes(2, "little") + bytes([lamp])
    assert parse("bits", raw) == {"panel": {"switches": switches, "lamp": lamp}}


def test_bits_have_defaults_and_statements() -> None:
    facts = facts_of("bits")
    assert parse("bits", build("bits", {"panel": {"lamp": 0}}))["panel"]["switches"] == {
        "low": True,
        "level": 5,
        "spare": 0,
        "high": False,
    }
    broken = [(item.rule, item.field, item.found) for item in facts.check_panel(facts.Panel(facts.Switches(0x8010), 0))]
    assert broken == [("T-030", "switches.spare", "1"), ("T-031", "switches.high", "1")]


@pytest.mark.parametrize("switches", [{"level": 8}, {"low": 2}, {"spare": -1}, {"other": 1}])
def test_bits_that_do_not_fit_are_refused(switches: dict[str, int]) -> None:
    with pytest.raises(ConstructError):
        build("bits", {"panel": {"switches": switches, "lamp": 0}})


ROWS = st.lists(
    st.binary(max_size=5).flatmap(
        lambda key: st.fixed_dictionaries(
            {"key": st.just(key), "cells": st.lists(unsigned(2), min_size=2 * len(key), max_size=2 * len(key))}
        )
    ),
    max_size=5,
)
POINTS = st.lists(st.fixed_dictionaries({"x": unsigned(1)}, optional={"y": unsigned(1)}), max_size=4)


@given(ROWS, POINTS)
def test_lists_count_themselves_and_elements_follow_from_each_other(
    rows: list[dict[str, Any]], points: list[dict[str, int]]
) -> None:
    """Counts are those of the lists; an element may be derived from the one before it, whatever it holds itself."""
    size = structs_of("lists").size_table({"rows": rows, "points": points}, 8)
    raw = build("lists", {"head": {"len_table": size}, "table": {"rows": rows, "points": points}})
    found = parse("lists", raw)
    assert len(raw) == 8 + size
    assert found["head"] == {"num_rows": len(rows), "num_points": len(points), "len_table": size}
    assert [(row["key"], row["cells"]) for row in found["table"]["rows"]] == [
        (row["key"], row["cells"]) for row in rows
    ]
    assert found["table"]["points"] == [{"y": 9, **point} for point in points]
    starts = [sum(2 * len(row["key"]) for row in rows[:at]) for at in range(len(rows))]
    assert [row["ofs"] for row in found["table"]["rows"]] == starts
    assert build("lists", found) == raw


def test_order_of_a_list_is_a_statement_about_neighbours() -> None:
    facts = facts_of("lists")
    rows = [facts.Row(1, key, 0, b"", ()) for key in (b"b", b"c", b"c", b"a")]
    parent = SimpleNamespace(rows=rows)
    broken = [index for index, row in enumerate(rows) if list(facts.check_row(row, parent=parent, index=index))]
    assert broken == [2, 3]


def test_records_know_their_spans() -> None:
    facts = facts_of("lists")
    row = facts.Row(2, b"ab", 0, b"\0", (1, 2, 3))
    spans = {"len_key": (9, 10), "key": (10, 12), "ofs": (12, 16), "pad": (16, 17), "cells": (17, 23)}
    assert facts.spans_row(row, 9) == spans
    assert facts.nbytes_row(row) == 14


@given(st.binary(max_size=70), st.none() | st.binary(max_size=64), st.none() | st.binary(min_size=1, max_size=5))
def test_sections_follow_each_other(payload: bytes, gap: bytes | None, trailing: bytes | None) -> None:
    """Offsets, sizes and filler of a whole file are derived; what is built parses to a tree that builds it again."""
    tree: dict[str, Any] = {"payload": payload, "trailing": trailing}
    if gap is not None:
        tree["gap"] = gap
    ofs_payload = 28 + (4 if gap is None else len(gap))
    ofs_data = -(-(ofs_payload + len(payload)) // 32) * 32
    tree["data"] = bytes(ofs_data - ofs_payload - len(payload)) + bytes(range(32))
    tree["head"] = {"ofs_data": ofs_data}
    raw = build("container", tree)
    assert raw[ofs_payload:].startswith(payload)
    found = parse("container", raw)
    assert found["head"]["ofs_payload"] == ofs_payload
    assert found["head"]["len_payload"] == len(payload)
    assert found["head"]["last"] == 0xFFFFFFFF
    assert found["data"] == bytes(range(32))
    assert found["tail"] == {"crc": 0}
    assert found["trailing"] == trailing


def test_places_of_sections_are_functions_of_the_file() -> None:
    facts = facts_of("container")
    head = facts.Head(32, 10, 0, 64, 0)
    root = SimpleNamespace(head=head, len_file=105)
    places = {name: getattr(facts, f"locate_{name}")(root) for name in facts.LAYOUT}
    assert places == {
        "head": (0, 28),
        "gap": (28, 32),
        "payload": (32, 42),
        "data": (64, 96),
        "tail": (96, 100),
        "trailing": (100, 105),
    }
    assert facts.locate_tail(SimpleNamespace(head=head, len_file=96)) is None
    assert facts.locate_trailing(SimpleNamespace(head=head, len_file=100)) is None
    assert [item.rule for item in facts.check_head(facts.Head(27, 0, 0, 33, 0), root=root)] == ["T-054", "T-056"]


def test_checksums_are_computed_in_file_order() -> None:
    facts = facts_of("container")
    assert [(fact.field, fact.covers) for fact in facts.CHECKSUMS] == [
        ("head.crc", "header"),
        ("tail.crc", "all-before"),
    ]
    assert zlib.crc32(b"") == 0  # the placeholder that a struct writes


def test_an_or_in_a_condition_is_negated_as_a_whole() -> None:
    source = text_of("container").replace("if: len_file != end_of_data", "if: len_file == 1 or len_file != end_of_data")
    facts = modules(source)[0]
    head = facts.Head(32, 10, 0, 64, 0)
    assert facts.locate_tail(SimpleNamespace(head=head, len_file=1)) == (96, 100)


def test_a_type_without_fields_is_nothing() -> None:
    facts, structs, _ = modules(TYPE)
    assert facts.T_SIZE == 0
    assert structs.t.build({}) == b""
