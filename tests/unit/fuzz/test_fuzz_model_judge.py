"""The rule model agrees with the validator on every vector, and notices when the validator is wrong."""

from __future__ import annotations

import pytest
from tests.unit.fuzz.toys import run_of, shipped, the_only

from aprfmt.fuzz.coverage import every_side
from aprfmt.fuzz.drawing.cases import Cases
from aprfmt.fuzz.judging.own import Opinion
from aprfmt.fuzz.model import relations
from aprfmt.fuzz.model.judge import model_of
from aprfmt.fuzz.model.records import EndError, read_entry, read_header
from aprfmt.layout import HEADER_SIZE, facts, parse_header
from aprfmt.rules import Check, registry
from aprfmt.vectors import Vector

SMALL = 1 << 16
LIMIT = "APR-L001"


def vectors() -> list[Vector]:
    found = [item for item in shipped().vectors.values() if item.op == "read" and not item.is_sparse]
    return [item for item in found if (item.nbytes or 0) < SMALL]


def test_both_judge_every_vector_alike() -> None:
    """Rule by rule, whatever the severity, but for those of which the model claims nothing."""
    seen: dict[str, Vector] = {item.sha256 or "": item for item in vectors()}
    assert len(seen) > 300
    for vector in seen.values():
        opinion = Opinion.of(shipped().image(vector.id).whole(), "default")
        found = {item.rule for item in opinion.general.findings} - opinion.model.unknown
        assert found == opinion.model.broken, vector.id


def test_no_error_is_undecided() -> None:
    """For every rule that is an error, there is a vector for which the model says so, limits apart."""
    decided = {rule for item in vectors() for rule in model_of(shipped().image(item.id).whole()).errors}
    errors = {name for name, severity in facts.PROFILES["default"].items() if severity == "error"}
    assert errors - decided == {LIMIT}


def test_the_vectors_are_on_every_side_of_every_statement() -> None:
    sides = {side for item in vectors() for side in model_of(shipped().image(item.id).whole()).sides}
    assert set(every_side()) <= sides


@pytest.mark.parametrize("rule", ["APR-D003", "APR-F002", "APR-M006", "APR-H002", "APR-S002", "APR-I003"])
def test_a_validator_that_forgets_a_rule_is_found(rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The finding is about the rule, says so as a possible hole, and its file is small."""

    def without(profile: str = "default") -> dict[str, Check]:
        return {name: check for name, check in real(profile).items() if name != rule}

    real = registry
    monkeypatch.setattr("aprfmt.rules.registry", without)
    boundary = Cases(shipped(), 0).boundary
    index = next(number for number, name in enumerate(boundary) if shipped()[name].rule == rule)
    run = run_of(start=index, cases=1)
    finding = next(item for item in run.findings if item.symptom.rule == rule)
    assert (finding.symptom.target, finding.symptom.judge, finding.symptom.kind) == ("aprfmt", "model", "not-found")
    assert finding.is_hole
    assert len(finding.raw) <= 324


def test_a_model_that_is_wrong_is_found_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(relations.TOLD, "APR-D002", lambda _file: True)
    finding = the_only(run_of(cases=1))
    assert (finding.symptom.kind, finding.symptom.rule) == ("not-found", "APR-D002")


def test_records_are_read_as_the_codec_reads_them() -> None:
    raw = shipped().image("base.three").whole()
    ours, theirs = read_header(raw), parse_header(raw)
    assert ours is not None
    for name in facts.FIELDS["header"]:
        if name != "flags":
            assert getattr(ours, name) == getattr(theirs, name), name
    assert ours.spans["checksum"] == facts.spans_header(theirs, 0)["checksum"]
    entry, _ = read_entry(raw, ours.ofs_tensor_index)
    assert (entry.name, entry.dims, entry.ofs_tensor) == (b"a", (2,), 0)


def test_records_that_are_cut_are_none() -> None:
    assert read_header(bytes(HEADER_SIZE - 1)) is None
    with pytest.raises(EndError):
        read_entry(b"\x05\x00abc", 0)
