"""Laws: any bytes get a verdict from every gate, and a sound program never fails a gate by itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz.test_total import EVIL_FILES
from tests.unit.cli.running import aprfmt
from tests.unit.rules.cases import sound

from aprfmt.container import Container
from aprfmt.ops.gate import GATES, GateReport, Verdict, gate
from aprfmt.ops.stamp import stamp_bytes
from aprfmt.provenance import PROVENANCE_KEYS, ProvenancePatch
from aprfmt.rules import run
from aprfmt.source import BytesSource
from aprfmt.testing import containers, damaged
from aprfmt.testing.metadata import metadata_json

PATCH = ProvenancePatch(license="MIT", data_source="teacher-only", data_license="CC0-1.0")
TEXTS = st.none() | st.text() | st.sampled_from(("", " ", "(missing)", "null", "\n", "\u202e", "::error::", "##[x]"))


def judged(raw: bytes, *, check: bool = False) -> GateReport:
    return gate(Container(BytesSource(raw), lenient=True), check=check)


def verdicts(report: GateReport) -> str:
    assert [item.gate for item in report.gates] == list(GATES)
    return "".join(item.verdict[0] for item in report.gates)


def assert_consistent(raw: bytes, report: GateReport) -> None:
    """A verdict has its reasons; what passes has no error, and its metadata can be read."""
    for item in report.gates:
        assert bool(item.findings) == (item.verdict is Verdict.FAIL)
        assert bool(item.skipped_because) == (item.verdict is Verdict.SKIPPED)
    seen = run(Container(BytesSource(raw), lenient=True), profile="publish", read_data=report.checked)
    assert (report.gates[2].verdict is Verdict.FAIL) == bool(seen.errors)
    if report.passed:
        assert "APR-M004" in seen.rules_run
        assert not seen.errors


@given(containers(canonical=False), st.booleans())
def test_whatever_a_sound_file_holds_the_program_reads_writes_and_shows_it(raw: bytes, check: bool) -> None:
    """A gate fails by the file, and never by the program; the three keys are always shown."""
    report = judged(raw, check=check)
    assert_consistent(raw, report)
    of_the_file = {"APR-M006", "APR-M008", "APR-P001", "APR-P002", "APR-P003"}
    assert {item.rule for found in report.gates for item in found.findings} <= of_the_file
    assert report.gates[1].verdict is Verdict.PASS


@given(damaged(containers(canonical=False)))
def test_any_bytes_get_a_verdict(raw: bytes) -> None:
    """Nothing is raised, skipped is never passed, and what passes is a file without an error."""
    for check in (False, True):
        assert_consistent(raw, judged(raw, check=check))


@pytest.mark.parametrize("name", EVIL_FILES)
def test_evil_files_get_a_verdict(name: str) -> None:
    """The same for files that were made to hurt."""
    report = judged(EVIL_FILES[name])
    assert_consistent(EVIL_FILES[name], report)
    assert not report.passed


@given(containers(canonical=False, footer=True))
def test_a_stamp_with_the_triple_opens_the_gates(raw: bytes) -> None:
    """A sound file that is stamped with three good values passes every gate, unless it had one of the keys twice."""
    stamped = stamp_bytes(raw, PATCH)
    metadata = Container(BytesSource(stamped)).metadata
    twice = {member.key for member in metadata.duplicates} & set(PROVENANCE_KEYS)
    assert verdicts(judged(stamped, check=True)) == ("FPPP" if twice else "PPPP")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("gate") / "m.apr"


@given(metadata=metadata_json(), values=st.tuples(TEXTS, TEXTS, TEXTS))
def test_what_inspect_prints_is_what_the_file_holds(
    place: Path, metadata: bytes, values: tuple[str | None, str | None, str | None]
) -> None:
    """Text and JSON of `inspect` show the three keys of any metadata, whatever is in them."""
    raw = sound(metadata=metadata)
    texts = {key: value for key, value in zip(PROVENANCE_KEYS, values, strict=True) if value is not None}
    if texts:
        raw = stamp_bytes(raw, ProvenancePatch(**texts))
    place.write_bytes(raw)
    run = aprfmt("gate", place, "--json")
    assert run.code in (0, 1)
    assert run.json["gates"][1]["findings"] == []
