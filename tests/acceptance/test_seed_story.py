"""The story that this tool was made for: a teacher file without provenance becomes one that may be published.

The gate fails, a stamp says where the file comes from, inspect shows it, diff proves that no tensor byte changed, the
receipt holds, the gate passes.
"""

from __future__ import annotations

import json
import re
import shutil
from hashlib import sha256
from pathlib import Path

import pytest
from tests.acceptance.models import PROVENANCE, TRIPLE, digests, flip
from tests.acceptance.pages import follow
from tests.unit.cli.running import GOLDEN, REPOSITORY, aprfmt, names

SAID = {"license": "Apache-2.0", "data_source": "teacher-only", "data_license": "CC-BY-4.0"}
TOTAL = 925_952
"""Bytes of the 27 tensors of the teacher."""


@pytest.fixture
def teacher(tmp_path: Path) -> Path:
    """A quantised teacher as it leaves a conversion: every tensor in place, and nothing said of its origin."""
    return Path(shutil.copy(GOLDEN / "teacher_q4k.apr", tmp_path / "teacher.apr"))


def test_the_seed_story(teacher: Path, tmp_path: Path) -> None:
    release, receipt = tmp_path / "release.apr", tmp_path / "release.receipt.json"
    before = teacher.read_bytes()

    run = aprfmt("gate", teacher)
    assert run.code == 1
    for key in PROVENANCE:
        assert key in run.out + run.err

    run = aprfmt("stamp", teacher, *TRIPLE, "-o", release, "--receipt", receipt, "--json")
    assert run.code == 0
    assert {key: run.json["stamped"][key] for key in PROVENANCE} == SAID
    assert run.json["receipt"] == str(receipt)
    assert teacher.read_bytes() == before
    assert names(tmp_path) == ["release.apr", "release.receipt.json", "teacher.apr"]

    run = aprfmt("inspect", release)
    assert run.code == 0
    assert all(f"    {key}: {value}\n" in run.out for key, value in SAID.items())
    assert aprfmt("inspect", release, "--json", "--check").json["valid"] is True

    run = aprfmt("diff", teacher, release)
    assert run.code == 1
    assert f"0 of {TOTAL:,} tensor bytes differ (27 tensors)\n" in run.out
    said = aprfmt("diff", teacher, release, "--json").json
    assert said["payload_identical"] is True
    assert {item["field"] for item in said["differences"] if not item["follows"]} == {
        f"metadata.{key}" for key in PROVENANCE
    }
    assert {item["section"] for item in said["differences"]} <= {"header", "metadata", "tensor_index", "footer", "file"}
    assert digests(release) == digests(teacher)

    assert aprfmt("verify", release, "--receipt", receipt).code == 0
    text = receipt.read_text(encoding="utf-8")
    for path in (teacher, release):
        assert sha256(path.read_bytes()).hexdigest() in text
        assert str(path.stat().st_size) in text
    assert aprfmt("inspect", release, "--digest", "--json").json["payload_digest"] in text
    for _, _, digest in digests(teacher).values():
        assert digest in text
    assert all(value in text for value in SAID.values())

    run = aprfmt("gate", release)
    assert run.code == 0
    assert "FAIL" not in run.out
    assert aprfmt("gate", teacher, release).code == 1  # one file that passes does not carry another


def test_the_gate_and_the_receipt_are_not_for_show(teacher: Path, tmp_path: Path) -> None:
    """A release that was damaged on the way is noticed by both, and so is one that says something else."""
    release, receipt = tmp_path / "release.apr", tmp_path / "receipt.json"
    assert aprfmt("stamp", teacher, *TRIPLE, "-o", release, "--receipt", receipt).code == 0
    relabelled = tmp_path / "relabelled.apr"
    assert aprfmt("stamp", release, "--license", "MIT", "-o", relabelled).code == 0
    run = aprfmt("verify", relabelled, "--receipt", receipt)
    assert run.code == 1
    assert re.search(r"^metadata\.license +DIFFERS", run.out, re.MULTILINE)
    assert re.search(r"^payload +ok", run.out, re.MULTILINE)
    flip(release, "model.norm.weight", 5)
    run = aprfmt("verify", release, "--receipt", receipt)
    assert run.code == 1
    assert "model.norm.weight" in run.out + run.err
    assert aprfmt("gate", release, "--check").code != 0
    assert aprfmt("verify", teacher, "--receipt", receipt).code == 1


@pytest.mark.parametrize("shape", ["aprfmt", "in-toto", "evidence"])
def test_the_receipt_comes_in_three_shapes(shape: str, teacher: Path, tmp_path: Path) -> None:
    """Each is one JSON object with the digests of both files, and without the name of a machine when that is asked."""
    release, receipt = tmp_path / "release.apr", tmp_path / "receipt.json"
    options = ("--receipt", receipt, "--receipt-format", shape, "--no-host")
    assert aprfmt("stamp", teacher, *TRIPLE, "-o", release, *options).code == 0
    value = json.loads(receipt.read_text(encoding="utf-8"))
    assert isinstance(value, dict)
    text = json.dumps(value)
    assert all(sha256(path.read_bytes()).hexdigest() in text for path in (teacher, release))
    assert aprfmt("verify", release, "--receipt", receipt).code == 0


@pytest.mark.skipif(shutil.which("sh") is None, reason="no shell on this system")
def test_the_page_is_followed(tmp_path: Path) -> None:
    """The commands of docs/release.md do what the page says, and print what it shows."""
    folder = tmp_path / "work"
    folder.mkdir()
    follow(REPOSITORY / "docs" / "release.md", folder)
    assert aprfmt("gate", folder / "release.apr").code == 0
    assert digests(folder / "release.apr") == digests(folder / "teacher.apr")
