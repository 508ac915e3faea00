"""Every mutant has an id of its own, and the process is what it was when it is gone."""

from __future__ import annotations

import hashlib
import pickle
import re
import sys
from collections import Counter
from collections.abc import Iterator
from types import FunctionType

import pytest

import aprfmt.rules
from aprfmt import jsonwalk
from aprfmt.errors import RequestError
from aprfmt.layout import facts
from aprfmt.rules import _Run
from aprfmt.vectors.adequacy.functions import deciding_functions
from aprfmt.vectors.adequacy.mutants import Mutant, applied, bounded, mutants, places_of
from aprfmt.vectors.adequacy.operators import OPERATORS

ALL = mutants()


def state() -> str:
    """Everything that a mutant might change: code, tables and names of all modules of the package."""
    digest = hashlib.sha256()
    for name, module in sorted(sys.modules.items()):
        if name.partition(".")[0] == "aprfmt":
            digest.update(repr([(key, id(value)) for key, value in vars(module).items()]).encode())
    for part in parts():
        digest.update(part)
    return digest.hexdigest()


def parts() -> Iterator[bytes]:
    for item, _ in deciding_functions().values():
        yield repr(id(item.live.__code__)).encode()
    yield repr([(key, id(value)) for key, value in vars(_Run).items()]).encode()


def test_there_are_mutants_of_every_kind() -> None:
    kinds = Counter(mutant.operator for mutant in ALL)
    assert kinds.keys() == {
        *(operator.name for operator in OPERATORS),
        *("control", "off", "severity", "entry", "fact", "expression"),
    }
    assert kinds["control"] == 2


def test_every_rule_is_weakened_in_more_than_one_way() -> None:
    concerned = Counter(rule for mutant in ALL if mutant.operator not in ("control", "off") for rule in mutant.rules)
    assert [rule for rule in facts.RULES if concerned[rule] < 3] == []


def test_ids_are_unique_and_hold_no_line_numbers() -> None:
    ids = [mutant.id for mutant in ALL]
    assert len(set(ids)) == len(ids)
    assert [name for name in ids if "\n" in name or len(name) > 250] == []
    assert [name for name in ids if re.search(r"\bline\b|\.py", name)] == []


def test_ids_are_those_that_people_write() -> None:
    ids = {mutant.id for mutant in ALL}
    assert {
        "control: accept everything",
        "APR-H002 off",
        "APR-D006 off in canonical",
        "APR-D006 warning → error",
        "APR-I002… facts.DTYPE_CODES: without 30",
        "APR-D003 rules.data.overlap: tensor.file_span[0] < furthest.file_span[1] → <=",
        "APR-M006 metadata.KEYS: hidden_size with kind number",
    } <= ids


@pytest.mark.parametrize(
    ("start", "rules"),
    [
        ("APR-S001 facts.check_header: low <= value", ("APR-S001",)),
        ("APR-S001 APR-S005 facts.check_header: this.ofs_metadata → the lower", ("APR-S001", "APR-S005")),
        ("APR-L001 container.Container._read_tensors: count >", ("APR-L001",)),
        ("APR-M005 jsontext.JsonText._refuse_depth: text.count", ("APR-M005",)),
    ],
)
def test_a_mutant_concerns_the_rules_of_its_statement(start: str, rules: tuple[str, ...]) -> None:
    found = [mutant for mutant in ALL if mutant.id.startswith(start)]
    assert found
    assert {mutant.rules for mutant in found} == {rules}


def test_a_mutant_says_what_becomes_of_what() -> None:
    (mutant,) = (item for item in ALL if item.id.endswith("overlap: furthest.file_span[1] → [0]"))
    assert mutant.about == "`furthest.file_span[1]` becomes `furthest.file_span[0]`"


def test_mutants_travel() -> None:
    assert pickle.loads(pickle.dumps(ALL)) == ALL  # noqa: S301 - our own bytes


@pytest.mark.parametrize("name", [mutant.id for mutant in ALL[:: len(ALL) // 60]])
def test_the_process_is_what_it_was_when_a_mutant_is_gone(name: str) -> None:
    before = state()
    with bounded():
        inside = state()
        with applied(name):
            assert state() != inside
        assert state() == inside
        with pytest.raises(KeyError), applied(name):
            raise KeyError
        assert state() == inside
    assert state() == before


def test_every_mutant_can_be_applied() -> None:
    before = state()
    for mutant in ALL:
        with applied(mutant.id):
            pass
    assert state() == before


def test_a_mutant_that_is_not_there_is_refused() -> None:
    with pytest.raises(RequestError, match="expected the id of a mutant, found 'APR-X'"):
        applied("APR-X")


def test_a_bounded_process_decides_the_same() -> None:
    with bounded():
        assert jsonwalk._may_repeat_keys(b"{}")
        assert list(jsonwalk.repeated_keys(b'{"a":1,"b":1}')) == []
        assert [place.text for place in jsonwalk.repeated_keys(b'{"a":1,"a":1}')] == ['"a"']
        assert not jsonwalk._may_repeat_keys(b'{"a":"%s"}' % (b" " * 100_000))  # too long to be walked through
    assert not jsonwalk._may_repeat_keys(b"{}")


def test_places_are_lines_of_the_function() -> None:
    name = next(mutant.id for mutant in ALL if mutant.where == "rules.data.overlap")
    judge = aprfmt.rules.registry()["APR-D003"].judge
    assert isinstance(judge, FunctionType)
    lines = {line for *_, line in judge.__code__.co_lines()}
    assert places_of(name)
    assert all(file == judge.__code__.co_filename and line in lines for file, line in places_of(name))
    assert places_of("APR-D003 off") == frozenset()


def test_a_mutant_is_a_value() -> None:
    assert Mutant("a", ("APR-D003",), "off", "default", "x") == Mutant("a", ("APR-D003",), "off", "default", "x")
