"""Faults of ours, planted: each is a symptom of a kind of its own, and the run goes on."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from tests.unit.fuzz.test_fuzz_judging_answers import STAMPED, at, written_case
from tests.unit.fuzz.toys import Toy, answers_like_us, run_of, shipped, stamping, the_only

from aprfmt.conform.results import Budget
from aprfmt.container import Container
from aprfmt.fuzz import Order, Settings, fuzz
from aprfmt.fuzz.drawing.recipe import _image
from aprfmt.fuzz.run import replayed
from aprfmt.ops.stamp import stamp_bytes
from aprfmt.provenance import ProvenancePatch
from aprfmt.vectors.check import judge
from aprfmt.vectors.image import Image

QUICK = Budget(seconds=0.05)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """We may take as little as a target."""
    monkeypatch.setattr("aprfmt.fuzz.judging.own.LEAST_SECONDS", 0.0)
    monkeypatch.setattr("aprfmt.fuzz.shrinking.shrink._SECONDS", 0.05)


PARTS = {
    "aprfmt.fuzz.judging.own.judge": ("read", 0),
    "aprfmt.fuzz.judging.own.model_of": ("read", 0),
    "aprfmt.fuzz.judging.own.layout.parse": ("read", 0),
    "aprfmt.fuzz.judging.own.stamp_bytes": ("stamp", STAMPED),
    "aprfmt.fuzz.judging.own.create_bytes": ("write", written_case()),
    "aprfmt.fuzz.judging.answers.broken_laws": ("stamp", STAMPED),
    "aprfmt.fuzz.judging.answers.reading_if_whole": ("read", 0),
    "aprfmt.fuzz.desk.tags_of": ("read", 0),
    "aprfmt.fuzz.drawing.cases.tree": ("write", STAMPED),
    "aprfmt.fuzz.drawing.recipe.layout.build": ("write", STAMPED),
}
"""Parts of ours that a case goes through; the operation that the symptom is about, and a case."""


def raises(*_args: object, **_more: object) -> Any:
    raise ZeroDivisionError("boom")


def hangs(*_args: object, **_more: object) -> Any:
    while True:
        pass


@pytest.mark.skipif(os.name == "nt", reason="nothing is watched there")
@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize(("fault", "judged_by"), [(raises, "crash"), (hangs, "timeout")])
def test_a_fault_of_ours_is_a_finding_wherever_it_is(
    part: str, fault: Callable[..., Any], judged_by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where it is met only when a target is judged, and where the case itself cannot be made."""
    _image.cache_clear()
    monkeypatch.setattr(part, fault)
    op, index = PARTS[part]
    toy = Toy(reply=answers_like_us if "broken_laws" not in part else spoilt, can=("read", "stamp", "write"))
    run = run_of(toy, cases=1, start=index, tries=3, budget=QUICK)
    found = {(item.symptom.target, item.symptom.judge, item.symptom.op) for item in run.findings}
    assert ("aprfmt", judged_by, op) in found
    assert run.cases == 1
    assert run.cut is None
    assert [item.count for item in run.findings] == [1] * len(run.findings)


spoilt = stamping(lambda made, _patch, _number: made[:-1] + b"\0")
"""A stamp whose bytes are others, so that its laws are looked at."""


@pytest.mark.skipif(os.name == "nt", reason="nothing is watched there")
def test_a_hang_of_ours_is_told_and_the_next_case_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    size = shipped().image("base.two").size

    def hangs_on_one(image: Any, profile: str) -> Any:
        return hangs() if image.size == size else judge(image, profile)

    monkeypatch.setattr("aprfmt.fuzz.judging.own.judge", hangs_on_one)
    run = run_of(cases=4, start=at("base.two"), tries=2, budget=QUICK)
    (finding,) = run.findings
    assert finding.symptom.key == ("aprfmt", "timeout/read")
    assert finding.symptom.detail == "expected an end within 0.05 s of processor time, found none"
    assert finding.verdict == "timeout"
    assert run.cases == 4


def test_a_case_that_cannot_be_made_can_be_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aprfmt.fuzz.drawing.cases.tree", raises)
    case, raw, opinion, findings = replayed(Settings(), STAMPED)
    assert (case.index, raw, opinion) == (STAMPED, b"", None)
    assert [item.symptom.judge for item in findings] == ["crash"]


def test_faults_do_not_end_a_run_of_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aprfmt.fuzz.judging.own.judge", raises)
    run = fuzz(Order(Settings(), seconds=0.3))
    assert [item.symptom.judge for item in run.findings] == ["crash"]


def test_a_target_that_may_take_little_leaves_us_our_time() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("aprfmt.fuzz.judging.own.LEAST_SECONDS", 5.0)
        run = run_of(cases=1, start=at("large.limit.metadata-members"), budget=Budget(seconds=0.001))
    assert run.findings == ()


def test_a_crash_of_ours_says_where(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: object, **_more: object) -> None:
        raise ZeroDivisionError("no elements")

    monkeypatch.setattr("aprfmt.rules.data.tensor_nbytes", broken)
    finding = the_only(run_of(cases=1))
    assert finding.symptom.signature == "crash/read/ZeroDivisionError/rules/data.py:size_wrong/no elements"
    assert finding.verdict == "crash: ZeroDivisionError"


def test_a_reader_of_ours_that_forgets_something_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    from aprfmt import layout

    real = layout.parse
    monkeypatch.setattr("aprfmt.layout.parse", lambda raw: {**real(raw), "metadata": b"{}"})
    signatures = {finding.symptom.signature for finding in run_of(cases=1, tries=20).findings}
    assert "round-trip/read/not-built-again" in signatures
    assert "round-trip/read/not-read-back/metadata" in signatures


def test_a_stamp_of_ours_that_breaks_a_law_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    from aprfmt.patch import MetadataPatch

    def counting(raw: bytes, patch: ProvenancePatch) -> bytes:
        made = stamp_bytes(raw, patch)
        n = Container(Image.of(made)).metadata.get("n") or 0
        return stamp_bytes(made, MetadataPatch(set={"n": n + 1}))

    monkeypatch.setattr("aprfmt.fuzz.judging.own.stamp_bytes", counting)
    run = run_of(cases=1, start=STAMPED, tries=60)
    signatures = {finding.symptom.signature for finding in run.findings}
    assert "stamp/stamp/not-idempotent" in signatures
    assert "stamp/stamp/changes/metadata, a key added" in signatures
    lines = [finding.reproduce for finding in run.findings]
    assert all(" > fuzz-case.apr && aprfmt stamp fuzz-case.apr --set-str " in line for line in lines)
