"""Fuzzing finds what is wrong with the reference without being told, and the list of known findings explains all of it.

The three worst are named here: a stamp that is not the same twice, one that makes a damaged file pass for sound, and
ones that cut without a word. docs/conformance/fuzzing.md tells of all.
"""

from __future__ import annotations

import fnmatch
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.reference.conftest import Reference

from aprfmt.conform import recipes
from aprfmt.conform.known import NOT_LOOKED_INTO
from aprfmt.files import validate_file
from aprfmt.fuzz.desk import Settings
from aprfmt.fuzz.findings import Finding
from aprfmt.fuzz.judging.symptoms import JUDGES, KINDS
from aprfmt.fuzz.known import KnownFindings
from aprfmt.fuzz.run import Order, fuzz
from aprfmt.fuzz.targets import TargetSpec
from aprfmt.layout import facts
from aprfmt.vectors import Suite

REPOSITORY = Path(__file__).resolve().parents[2]
LIST = REPOSITORY / "parsers" / "rust-reference" / "known-findings.toml"
PAGE = REPOSITORY / "docs" / "conformance" / "fuzzing.md"
SEED, CASES = 6, 500
OTHER_SEED, OTHER_CASES = 9, 300


@pytest.fixture(scope="module")
def known() -> KnownFindings:
    return KnownFindings.of_toml(LIST.read_text("utf-8"), LIST.name)


@pytest.fixture(scope="module")
def found(program: Path) -> Mapping[str, Finding]:
    """What a short run finds, by signature, as it was drawn: shrinking has tests of its own."""
    target = TargetSpec("ndjson", shlex.join([str(program), "conform"]))
    run = fuzz(Order(Settings(seed=SEED, targets=(target,)), cases=CASES, shrunk=0))
    assert run.cases == CASES
    return {finding.symptom.signature: finding for finding in run.findings}


def test_the_stamp_that_is_not_the_same_twice_is_found(found: Mapping[str, Finding]) -> None:
    assert "stamp/stamp/not-deterministic" in found
    assert "bytes/write/not-deterministic" in found


@pytest.mark.parametrize("rule", ["APR-F002", "APR-F001"])
def test_the_laundering_of_damage_is_found(
    found: Mapping[str, Finding], reference: Reference, tmp_path: Path, rule: str
) -> None:
    """The file is damaged, and what the reference's stamp makes of it is sound as far as anybody can tell."""
    finding = found[f"verdict/stamp/accepted-invalid/{rule}"]
    before, after = tmp_path / "damaged.apr", tmp_path / "stamped.apr"
    before.write_bytes(finding.raw)
    assert rule in {error.rule for error in validate_file(before).errors}
    assert finding.patches is not None
    assert reference.stamp(before, after, finding.patches[0])["ok"]
    assert not validate_file(after).errors


def test_the_silent_cuts_are_found(found: Mapping[str, Finding]) -> None:
    """Of data that is missing at the end, for reader and stamp; of long names and many dimensions, by the stamp."""
    cuts = {
        "verdict/read/accepted-invalid/APR-D001/tensor_index.entries[].ofs_tensor",
        "verdict/read/accepted-invalid/APR-D004/tensor_data",
        "verdict/read/accepted-invalid/APR-F001/footer.checksum",
        "stamp/stamp/changes/tensor_index.entries[].name",
        "stamp/stamp/changes/tensor_index.entries[].dims",
    }
    assert cuts <= found.keys()


def test_all_that_is_found_is_known_and_is_about_the_reference(
    found: Mapping[str, Finding], known: KnownFindings
) -> None:
    assert {finding.symptom.target for finding in found.values()} == {"apr-format"}
    assert not [signature for signature, finding in found.items() if known.of(finding.symptom) is None]


def test_with_the_list_another_seed_ends_with_0(program: Path) -> None:
    command = f"ndjson:{shlex.join([str(program), 'conform'])}"
    options = ("--seed", str(OTHER_SEED), "--cases", str(OTHER_CASES), "--jobs", "1", "-q")
    done = subprocess.run(
        [sys.executable, "-m", "aprfmt", "fuzz", "run", "--cmd", command, "--known", LIST, *options],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout


def test_the_list_is_explained_and_names_what_there_is(known: KnownFindings) -> None:
    """A pattern that no finding can have is a mistake that nothing else would show."""
    for entry in known.entries:
        assert entry.reason != NOT_LOOKED_INTO
        for signature in entry.signatures:
            judge, op, kind = signature.split("/")[:3]
            assert judge in JUDGES, signature
            assert op in ("read", "stamp", "write"), signature
            assert kind in KINDS, signature
            assert set(re.findall(r"APR-[A-Z][0-9]{3}", signature)) <= facts.RULES.keys()
    assert known.updated([]) == LIST.read_text("utf-8")


def test_the_page_tells_of_the_vectors_and_of_all_that_is_listed(known: KnownFindings) -> None:
    page = PAGE.read_text("utf-8")
    vectors = Suite(recipes.read()).vectors.keys()
    ours = {name for name in vectors if name.startswith("fuzz.")}
    assert ours
    assert not [name for name in ours if f"`{name}`" not in page]
    named = re.findall(r"`([a-z_]+(?:\.[a-z0-9_*-]+){2,})`", page)
    assert not [name for name in named if not fnmatch.filter(vectors, name)]
    for entry in known.entries:
        for signature in entry.signatures:
            # The table has what is asked and what is wrong in columns of their own.
            rule = re.search(r"APR-[A-Z][0-9]{3}", signature)
            assert (rule[0] if rule else signature.split("/")[2]) in page, signature
