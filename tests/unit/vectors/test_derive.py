"""The laws of what is derived: complete, proved, the same every time, and nothing but what the statements say."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

import pytest

from aprfmt.conform import recipes
from aprfmt.errors import RequestError
from aprfmt.layout import facts
from aprfmt.layout.model import Statement
from aprfmt.vectors import Suite, Vector, check
from aprfmt.vectors.derive import derived, proof, proved
from aprfmt.vectors.derive.bench import BASES, Bench
from aprfmt.vectors.derive.coverage import EXCEPTIONS, missing
from aprfmt.vectors.derive.thrift import LEFT_OUT, is_left_out

BASE_TREES = recipes.read()["bases.json"]["bases"]


@cache
def document() -> dict[str, Any]:
    """The document of the derived vectors, made anew, with their digests."""
    made = recipes.with_derived({"bases.json": {"bases": BASE_TREES}})
    return recipes.completed(made)[recipes.DERIVED]


@cache
def suite() -> Suite:
    """The derived vectors alone."""
    return Suite({"bases.json": {"bases": BASE_TREES}, recipes.DERIVED: document()})


def vectors() -> list[Vector]:
    return list(suite().vectors.values())


def vector(name: str) -> Vector:
    return suite()[name]


def test_there_are_as_many_as_are_wanted() -> None:
    assert 150 <= len(vectors()) <= 250


def test_no_derived_vector_has_a_flaw() -> None:
    assert [flaw for item in vectors() for flaw in check.flaws(suite(), item)] == []


def test_no_two_ask_the_same() -> None:
    assert list(check.unique(suite().vectors)) == []


def test_ids_name_files_and_tell_the_profile() -> None:
    for item in vectors():
        assert re.fullmatch(r"[a-z0-9]+([._-][a-z0-9]+)*", item.id), item.id
        assert item.id.endswith(".canonical") == (item.profile == "canonical")
        assert item.origin == "derived"


def test_every_sentence_says_something() -> None:
    for item in vectors():
        assert re.fullmatch(r"[A-Z].{10,}\.", item.about), item


def test_every_rejected_vector_has_an_accepted_twin_of_its_profile() -> None:
    for item in vectors():
        if item.verdict == "reject":
            twin = vector(item.twin or "")
            assert (twin.verdict, twin.profile, twin.op) == ("accept", item.profile, "read")
        else:
            assert item.twin is None


def test_another_process_derives_the_same() -> None:
    """Not even the order of sets, which differs between processes, makes a difference."""
    script = (
        "import json; from aprfmt.conform import recipes; from aprfmt.vectors.derive import derived;"
        "print(json.dumps(derived(recipes.read()['bases.json']['bases'])))"
    )
    environment = {"PYTHONHASHSEED": "1", "PYTHONPATH": "src"}
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, env=environment, text=True)
    computed = ("nbytes", "sha256")
    here = [{key: value for key, value in node.items() if key not in computed} for node in document()["vectors"]]
    assert json.loads(run.stdout) == here


def test_what_is_committed_is_what_is_derived_today() -> None:
    committed = (recipes.PATH / recipes.DERIVED).read_text(encoding="utf-8")
    assert recipes.text_of(document()) == committed, f"stale: run {recipes.COMMAND}"


def test_every_statement_is_shown_on_both_sides_but_for_the_exceptions() -> None:
    """An exception that nothing needs fails too."""
    bench = Bench(BASE_TREES)
    assert set(missing(bench, proved(bench))) == set(EXCEPTIONS)
    assert all(EXCEPTIONS.values())


EDGES = [
    # below or above a bound: id, verdict, rule; right at it
    ("header.version_major.3", "reject", "APR-H002", "base.two"),
    ("header.ofs_metadata.63", "reject", "APR-S001", "base.two"),
    ("header.ofs_tensor_index.least-minus-1", "reject", "APR-S002", "base.smallest"),
    ("header.ofs_tensor_index.end-plus-1", "reject", "APR-S002", "base.smallest"),
    ("header.ofs_data.least-minus-1", "reject", "APR-S003", "base.empty"),
    ("header.ofs_data.end-plus-1", "reject", "APR-S003", "base.smallest"),
    ("header.len_metadata.0", "reject", "APR-M001", "base.smallest"),
    ("flags.layout_column_major.1", "reject", "APR-H004", "base.two"),
    ("tensor_index_entry.ofs_tensor.end-plus-1", "reject", "APR-D001", "base.empty-tensor-no-footer"),
    ("tensor_index_entry.dtype.13", "reject", "APR-I002", "tensor_index_entry.dtype.q4_k"),
    ("tensor_index_entry.name.beyond-16-bits-first", "reject", "APR-I003", "tensor_index_entry.name.beyond-16-bits"),
    ("tensor_index_entry.len_tensor.q4_k.minus-1", "reject", "APR-D002", "tensor_index_entry.dtype.q4_k"),
    ("header.checksum.over-num_tensors", "reject", "APR-H006", "base.two"),
    ("footer.checksum.over-tensor_data", "reject", "APR-F002", "base.two"),
    ("cut.footer.minus-1", "reject", "APR-F001", "header_padding.zero"),
    ("header.ofs_data.grid-plus-1.canonical", "reject", "APR-S005", "base.two.canonical"),
    ("footer.absent.canonical", "reject", "APR-F003", "base.two.canonical"),
]


@pytest.mark.parametrize(("name", "verdict", "rule", "twin"), EDGES)
def test_vectors_at_a_boundary(name: str, verdict: str, rule: str, twin: str) -> None:
    item = vector(name)
    assert (item.verdict, item.rule, item.twin) == (verdict, rule, twin)
    assert "boundary" in item.tags or name.startswith("cut.")


@pytest.mark.parametrize(
    ("name", "beside"),
    [
        ("header.version_minor.1", "APR-H003"),
        ("flags.encrypted.1", "APR-H010"),
        ("flags.reserved.8", "APR-H005"),
        ("tensor_index_entry.len_name.257", "APR-I006"),
        ("tensor_index_entry.len_name.0", "APR-I006"),
        ("tensor_index_entry.ndim.9", "APR-I007"),
        ("header.reserved.last-byte", "APR-H007"),
        ("trailing.1", "APR-F004"),
        ("header.ofs_data.grid-plus-1", "APR-S005"),
    ],
)
def test_what_is_no_error_is_accepted_and_said_beside(name: str, beside: str) -> None:
    assert (vector(name).verdict, vector(name).beside) == ("accept", (beside,))


@pytest.mark.parametrize("name", ["tensor_index_entry.len_name.256", "tensor_index_entry.ndim.8"])
def test_right_at_such_a_bound_there_is_nothing_to_say(name: str) -> None:
    assert (vector(name).verdict, vector(name).beside) == ("accept", ())


def test_accepted_integers_beyond_what_languages_hold_are_tagged() -> None:
    wide = {item.id: set(item.tags) for item in vectors() if "integers-53" in item.tags}
    assert wide == {
        "tensor_index_entry.dims.2-to-53-plus-1": {"integers-53"},
        "tensor_index_entry.dims.2-to-64-minus-1": {"integers-53", "integers-64"},
    }


@pytest.mark.parametrize("code", facts.DTYPE_FACTS)
def test_every_element_type_is_accepted_and_a_byte_more_or_less_is_not(code: int) -> None:
    name = facts.DType(code).name.lower()
    assert vector(f"tensor_index_entry.dtype.{name}").verdict == "accept"
    beside = [f"tensor_index_entry.len_tensor.{name}.{label}" for label in ("minus-1", "plus-1")]
    there = [vector(item) for item in beside if not is_left_out(item)]
    assert {item.rule for item in there} == {"APR-D002"}


def of_field(path: str) -> list[Statement]:
    return [item for item in facts.STATEMENTS if item.path == path]


def changed(path: str, kind: str, /, **fields: Any) -> list[Statement]:
    """What is stated of one field, with something else in one statement."""
    return [replace(item, **fields) if item.kind == kind else item for item in of_field(path)]


def bound(value: int) -> Callable[[Any, Any, Any, int], int]:
    return lambda _this, _root, _parent, _index: value


def left(statements: list[Statement]) -> set[str]:
    """What is left to show of statements, and no reason is known why."""
    bench = Bench(BASE_TREES, statements)
    return {key for key, side in missing(bench, proved(bench)) if (key, side) not in EXCEPTIONS}


WRONG = [
    # a field, a kind of statement, and what is said in the place of what the rules have
    ("header.version_major", "eq", {"bound": bound(3)}),
    ("tensor_index_entry.len_name", "max", {"bound": bound(255)}),
    ("tensor_index_entry.len_name", "max", {"bound": bound(257)}),
    ("tensor_index_entry.ndim", "max", {"rule": "APR-D002"}),
    ("header.ofs_metadata", "min", {"bound": bound(63)}),
    ("header.ofs_metadata", "multiple-of", {"bound": bound(128)}),
    ("flags.signed", "eq", {"bound": bound(1)}),
    ("tensor_index_entry.name", "sorted", {"rule": "APR-I002"}),
    ("header.reserved", "zero", {"rule": "APR-S004"}),
    ("header.magic", "contents", {"rule": "APR-H002"}),
    ("footer", "present", {"rule": "APR-F004"}),
    ("footer.checksum", "checksum", {"rule": "APR-H006"}),
    ("tensor_index_entry.ndim", "max", {"kind": "expr"}),
]


@pytest.mark.parametrize(("path", "kind", "other"), WRONG, ids=[f"{path} {kind}" for path, kind, _ in WRONG])
def test_a_statement_that_the_rules_do_not_keep_is_named(path: str, kind: str, other: dict[str, Any]) -> None:
    """Prediction first: where statement and rules disagree there is no vector, and so an error."""
    assert left(of_field(path)) == set()
    assert f"{path} {other.get('kind', kind)}" in left(changed(path, kind, **other))


def test_the_error_says_which_statement_and_which_side() -> None:
    with pytest.raises(RequestError, match=r"^header\.version_major eq: expected a vector right at the boundary, "):
        derived(BASE_TREES, changed("header.version_major", "eq", bound=bound(3)))


def test_what_is_not_stated_is_not_derived() -> None:
    with_bound = of_field("tensor_index_entry.ndim")
    others = [item for item in with_bound if item.kind != "max"]
    found, without = ({node["id"] for node in derived(BASE_TREES, items)} for items in (with_bound, others))
    assert found - without == {f"tensor_index_entry.ndim.{number}" for number in (8, 9, 255)}


def test_a_base_that_is_missing_or_invalid_is_named() -> None:
    some = {name: tree for name, tree in BASE_TREES.items() if name != "scalar"}
    with pytest.raises(RequestError, match="found no scalar"):
        derived(some)
    invalid = {**BASE_TREES, "scalar": {**BASE_TREES["scalar"], "header": {"version_major": 3}}}
    with pytest.raises(RequestError, match="base scalar: expected a valid file"):
        derived(invalid)
    assert set(BASES) <= set(BASE_TREES)


def test_what_is_left_out_is_a_file_that_could_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pattern that leaves nothing out is stale."""
    monkeypatch.setattr(proof, "is_left_out", lambda _: False)
    names = {node["id"] for node in derived(BASE_TREES)}
    assert len(names) > len(suite().vectors)
    for pattern in LEFT_OUT:
        assert any(fnmatchcase(name, pattern) for name in names), pattern
