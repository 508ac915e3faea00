"""The functions that decide rules are found from the checks."""

from __future__ import annotations

import ast
import json

import pytest
from tests.unit.vectors.adequacy.toys import function

from aprfmt import jsontext
from aprfmt import source as source_module
from aprfmt.layout import facts
from aprfmt.rules import registry
from aprfmt.vectors.adequacy.functions import LEFT_OUT, NOTHING, compiled, deciding_functions, resolved

FOUND = deciding_functions()


def test_every_rule_with_a_check_is_decided_somewhere() -> None:
    judged = {name for profile in facts.PROFILES for name in registry(profile)}
    assert {name for _, rules in FOUND.values() for name in rules} >= judged


@pytest.mark.parametrize(
    ("key", "rule"),
    [
        ("facts.check_header", "APR-S001"),
        ("facts.check_flags", "APR-H010"),
        ("facts.check_tensor_index_entry", "APR-I003"),
        ("facts.required_len", "APR-D004"),
        ("facts.locate_metadata_padding", "APR-S004"),  # by a name that is put together
        ("facts.locate_tensor_index", "APR-I001"),  # by a name that the caller gives
        ("layout.model.block_nbytes", "APR-D002"),
        ("layout.model.align_up", "APR-D004"),
        ("container.Container.footer", "APR-F001"),
        ("jsontext._number", "APR-M003"),  # a hook of a decoder
        ("jsontext.JsonText.__init__", "APR-M002"),  # a class that is called
        ("metadata.Metadata._values", "APR-P001"),  # by `get`
        ("metadata._is_of_kind", "APR-M006"),
        ("provenance.says_nothing", "APR-P002"),
        ("rules.case.Case.uncounted", "APR-I012"),
        ("rules.reader.names_unsorted", "APR-I003"),
        ("tensors.Tensor.file_span", "APR-D003"),
    ],
)
def test_what_a_check_calls_is_found(key: str, rule: str) -> None:
    assert rule in FOUND[key][1]


def test_what_only_says_something_is_not_found() -> None:
    assert not [key for key in FOUND if "flipped" in key or key.startswith("layout.model.show")]


def test_what_is_left_out_is_there_and_has_a_reason() -> None:
    statements = {
        f"{item.key}: {ast.unparse(node).splitlines()[0]}"
        for item, _ in FOUND.values()
        for node in ast.walk(item.node)
        if isinstance(node, ast.stmt)
    }
    whole = {name for name in LEFT_OUT if ": " not in name}
    assert LEFT_OUT.keys() - whole <= statements
    assert not whole & FOUND.keys()
    assert {name for name in whole if name.rpartition(".")[2] in dir(jsontext.JsonText) + dir(source_module)}
    assert all(LEFT_OUT.values())


def test_a_statement_that_is_left_out_is_changed_by_nobody() -> None:
    item, _ = FOUND["jsontext.JsonText._refuse_depth"]
    codes = {ast.unparse(site.node) for site in item.mutable_sites}
    assert "depth = 0" not in codes
    assert "depth = 0" in {ast.unparse(site.node) for site in item.sites}


def test_compiled_code_does_what_the_function_does() -> None:
    item, _ = FOUND["layout.model.align_up"]
    copy = type(item.live)(compiled(item, item.node.body), item.live.__globals__)
    assert [copy(n, 8) for n in (0, 1, 8, 9)] == [0, 8, 8, 16]


def test_compiled_code_keeps_the_lines() -> None:
    item, _ = FOUND["facts.check_header"]
    lines = {line for *_, line in compiled(item, item.node.body).co_lines() if line is not None}
    assert lines >= {node.lineno for node in item.node.body[1:] if not isinstance(node, ast.AnnAssign)}


def test_names_stand_for_what_the_module_has() -> None:
    toy = function(
        "def toy(a, json):\n    b = a\n    return [json, LIMIT, b, mod.dumps, mod.none.x]", LIMIT=5, mod=json
    )
    (returned,) = (node for node in toy.node.body if isinstance(node, ast.Return))
    assert isinstance(returned.value, ast.List)
    assert [resolved(node, toy) for node in returned.value.elts] == [NOTHING, 5, NOTHING, json.dumps, NOTHING]
