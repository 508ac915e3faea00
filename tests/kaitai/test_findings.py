"""What docs/kaitai-findings.md says of the Kaitai compiler and its runtimes is still what happens.

A test that fails here is good news most of the time: a release behaves better. Then tools/kaitai/findings/run.py with
`--write` records it, and the text of the page and the verdict in findings.json want a look.
"""

from __future__ import annotations

import json
import re
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tools.kaitai.findings import cases, page
from tools.kaitai.findings.harness import LANGUAGES, Readers

if TYPE_CHECKING:
    from tests.kaitai.conftest import Program

TOOLS = Path(__file__).resolve().parents[2] / "tools" / "kaitai"
MANIFEST = cases.load()
FINDINGS = {finding["name"]: finding for finding in MANIFEST["findings"]}
VERDICT_OF_TROUBLE = re.compile(r"wrong|error|panic|dies|stack|memory|hangs|slow|raw|lazy|differs|build")

Outcomes = dict[tuple[str, str], str]


@pytest.fixture(scope="module")
def outcomes(program: Program, node: str, tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    """What happens now, by case and language; everything is built and run once."""
    assert node
    if not sys.platform.startswith("linux"):
        pytest.skip("the limits and the counters are those of Linux")
    readers = Readers(tmp_path_factory.mktemp("findings"), program)
    return readers.run(cases.cases_of(MANIFEST), tmp_path_factory.mktemp("inputs"))


@pytest.mark.parametrize("name", FINDINGS)
def test_what_was_observed_still_happens(outcomes: Outcomes, name: str) -> None:
    recorded = {
        (case.name, language): outcome
        for case in cases.cases_of({"findings": [FINDINGS[name]]})
        for language, outcome in case.observed.items()
    }
    now = {key: outcomes[key] for key in recorded}
    assert now == recorded, "docs/kaitai-findings.md is out of date: see the first lines of this file"


def test_the_page_shows_what_is_recorded() -> None:
    """Tables and specifications in the page are copies; only the text around them is written there."""
    text = page.PAGE.read_text("utf-8")
    assert page.refreshed(text, MANIFEST) == text


def test_the_page_has_every_finding_once() -> None:
    parts = page.names(page.PAGE.read_text("utf-8"))
    assert sorted(parts) == sorted([*FINDINGS, "overview"])


def test_every_spec_belongs_to_a_finding() -> None:
    used = {case.spec for case in cases.cases_of(MANIFEST)}
    assert {path.stem for path in cases.HERE.glob("*.ksy")} == used


@pytest.mark.parametrize("name", [name for name, finding in FINDINGS.items() if "verdicts" in finding])
def test_a_verdict_speaks_of_all_languages_and_of_trouble(name: str) -> None:
    verdicts = FINDINGS[name]["verdicts"]
    assert tuple(verdicts) == LANGUAGES
    for verdict in verdicts.values():
        for word in verdict.split(", "):
            assert word in {"ok", "-"} or VERDICT_OF_TROUBLE.fullmatch(word), word
    assert any(VERDICT_OF_TROUBLE.search(verdict) for verdict in verdicts.values())


def test_the_versions_are_those_of_the_page() -> None:
    """What was observed holds for these; that of the Java runtime is pinned by the digest of its jar."""
    packages = json.loads((TOOLS / "package-lock.json").read_text("utf-8"))["packages"]
    assert packages["node_modules/kaitai-struct-compiler"]["version"] == "0.11.0"
    assert packages["node_modules/kaitai-struct"]["version"] == "0.11.0"
    assert version("kaitaistruct") == "0.11"
    assert "kaitai_struct_go_runtime v0.11.0\n" in (TOOLS / "findings" / "go" / "go.mod").read_text("utf-8")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", b""),
        ("01 0203", b"\1\2\3"),
        ("01*3 02", b"\1\1\1\2"),
        ("01 hole:3 02", b"\1\0\0\0\2"),
        ("hole:4", bytes(4)),
    ],
)
def test_an_input_is_made_of_its_description(tmp_path: Path, content: str, expected: bytes) -> None:
    file = tmp_path / "input"
    cases.write_content(content, file)
    assert file.read_bytes() == expected
