"""Vectors kill mutants, each in its way, and a suite that lacks one lets them live."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from tests.unit.vectors.adequacy.toys import suite, vector

from aprfmt.errors import RequestError
from aprfmt.vectors import Suite
from aprfmt.vectors.adequacy import Row, adequacy, mutants

SOUND = vector("sound")
VERSION = vector("version", "APR-H002", edits=[{"set": "header.version_major", "to": 3}])
MINOR = vector("minor", edits=[{"set": "header.version_minor", "to": 1}], beside=["APR-H003"])
OVERLAP = vector(
    "overlap",
    "APR-D003",
    **{"with": {"tensor_index": {"entries": {"1": {"ofs_tensor": 0}}}, "tensor_data": {"zeros": 64}}},
)
ALL = suite(SOUND, VERSION, MINOR, OVERLAP)


def rows(made: Suite, *names: str, **more: Any) -> dict[str, Row]:
    return {row.mutant.id: row for row in adequacy(made, names, **more).rows}


def test_a_vector_of_the_rule_kills_the_rule_that_is_off() -> None:
    row = rows(ALL, "APR-H002 off")["APR-H002 off"]
    assert (row.killed_by, row.by) == ("version", "verdict")


def test_a_warning_that_is_off_shows_in_the_findings_alone() -> None:
    row = rows(ALL, "APR-H003 off")["APR-H003 off"]
    assert (row.killed_by, row.by) == ("minor", "findings")


def test_a_crash_kills() -> None:
    name = next(m.id for m in mutants() if m.where == "rules.data.overlap" and "without furthest is not None" in m.id)
    row = rows(ALL, name)[name]
    assert row.by == "crash"


def test_a_weaker_rule_is_killed_by_the_vector_that_it_lets_through() -> None:
    names = [mutant.id for mutant in mutants() if mutant.where == "rules.data.overlap" and "< furthest" in mutant.id]
    found = rows(ALL, *names)
    assert {row.killed_by for name, row in found.items() if "never" in name} == {"overlap"}


@pytest.mark.parametrize(
    ("left", "name"), [(VERSION, "APR-H002 off"), (MINOR, "APR-H003 off"), (OVERLAP, "APR-D003 off")]
)
def test_without_the_vectors_of_a_rule_its_mutants_live(left: dict[str, Any], name: str) -> None:
    fewer = suite(*(node for node in (SOUND, VERSION, MINOR, OVERLAP) if node is not left))
    report = adequacy(fewer, [name])
    assert [row.mutant.id for row in report.survivors] == [name]
    assert not report.complete
    assert adequacy(ALL, [name]).complete


def test_readers_that_look_at_nothing_are_killed() -> None:
    found = rows(ALL, "control: accept everything", "control: reject everything")
    assert {name: row.by for name, row in found.items()} == {
        "control: accept everything": "verdict",
        "control: reject everything": "verdict",
    }
    assert rows(suite(SOUND), "control: accept everything")["control: accept everything"].survives


def test_every_profile_needs_its_own_vectors_where_it_judges_otherwise() -> None:
    name = "APR-H011 off in canonical"
    unsaid: dict[str, Any] = {"edits": [{"set": "header.flags.layout_row_major", "to": 0}]}
    assert rows(suite(SOUND, vector("unsaid", beside=["APR-H011"], **unsaid)), name)[name].survives
    made = suite(SOUND, vector("unsaid", "APR-H011", profile="canonical", **unsaid))
    assert rows(made, name)[name].killed_by == "unsaid"


def test_an_equivalent_mutant_has_its_reason() -> None:
    row = rows(suite(SOUND), "APR-H002 off", equivalent={"APR-H002 off": "nobody cares"})["APR-H002 off"]
    assert row.equivalent == "nobody cares"
    assert not row.survives


def test_a_reason_for_a_mutant_that_is_killed_or_not_there_is_stale() -> None:
    reasons = {"APR-H002 off": "nobody cares", "APR-H099 off": "nobody knows"}
    report = adequacy(ALL, ["APR-H002 off"], equivalent=reasons)
    assert set(report.stale) == set(reasons)
    assert not report.complete
    assert [row.killed_by for row in report.rows] == ["version"]


def test_a_mutant_of_a_limit_is_free() -> None:
    name = next(m.id for m in mutants() if m.rules == ("APR-L001",) and "max_tensors → never" in m.id)
    report = adequacy(suite(SOUND), [name])
    assert report.free
    assert report.complete


def test_a_limit_that_refuses_good_files_is_killed() -> None:
    name = next(m.id for m in mutants() if m.rules == ("APR-L001",) and "max_tensors → always" in m.id)
    assert rows(suite(SOUND), name)[name].by == "verdict"


def test_a_vector_that_is_wrong_decides_nothing() -> None:
    wrong = vector("wrong", "APR-H004")
    lost = vector("lost", base="nothing")
    report = adequacy(suite(SOUND, wrong, lost), ["APR-H004 off"])
    assert set(report.flawed) == {"wrong", "lost"}
    assert [row.survives for row in report.rows] == [True]
    assert report.n_vectors == 1


def test_what_is_not_read_or_made_of_holes_is_not_tried() -> None:
    stamp = vector("stamp", op="stamp", patch={"license": "MIT"})
    sparse = vector("sparse", nbytes=1, extents=[[0, 1, "00"]])
    report = adequacy(suite(SOUND, stamp, sparse), ["APR-H004 off"])
    assert (report.n_vectors, report.flawed) == (1, ())


def test_large_files_are_tried_where_one_breaks_the_rule() -> None:
    def metadata(nbytes: int) -> dict[str, Any]:
        text = '{"license":"MIT","data_source":"web","data_license":"CC0-1.0"}'
        blanks = {"repeat": [{"text": " "}, nbytes - len(text)]}
        return {"with": {"metadata": {"join": [{"text": text}, blanks]}}, "layer": "metadata"}

    mib = 1 << 24
    names = ["APR-M007 facts.check_header: value <= high → <", "APR-M007 facts.check_header: value <= high → high + 1"]
    small = vector("exact", **metadata(mib))
    assert {row.survives for row in rows(suite(SOUND, small), *names).values()} == {True}
    large = vector("beyond", beside=["APR-M007"], **metadata(mib + 1))
    found = rows(suite(SOUND, small, large), *names)
    assert {row.killed_by for row in found.values()} == {"exact", "beyond"}


def test_an_unknown_mutant_is_refused() -> None:
    with pytest.raises(RequestError, match="APR-X"):
        adequacy(ALL, ["APR-X"])


def test_progress_is_told() -> None:
    seen: list[tuple[int, int]] = []
    adequacy(ALL, ["APR-H002 off", "APR-H003 off"], lambda done, total: seen.append((done, total)))
    assert seen == [(1, 2), (2, 2)]


def test_a_trace_of_somebody_else_goes_on() -> None:
    def trace(*_: object) -> None:
        return None

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        adequacy(ALL, ["APR-H002 off"])
        assert sys.gettrace() is trace
    finally:
        sys.settrace(before)
