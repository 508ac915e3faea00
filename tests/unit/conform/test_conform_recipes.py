"""The recipes of a checkout: what is computed, what is never computed, and how they are laid out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.unit.cli.test_cli_vectors import BASE, VECTORS, written

from aprfmt.conform import recipes


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = written(tmp_path / "recipes", VECTORS[:2])
    (path / "bases.json").write_text(recipes.text_of({"bases": {"one": BASE}}), encoding="utf-8")
    monkeypatch.setattr(recipes, "PATH", path)
    monkeypatch.setattr(recipes, "derived", lambda _bases: [])
    return path


def test_the_recipes_of_the_checkout_are_current() -> None:
    assert recipes.main(["--check"]) == 0, f"Run: {recipes.COMMAND}"


def test_a_digest_is_computed_and_a_claim_is_not() -> None:
    node = {"id": "x", "about": "A.", "base": "one", "verdict": "reject", "rule": "APR-D003", "origin": "hand"}
    document = {"bases": {"one": BASE}, "vectors": [{**node, "sha256": "0" * 64, "nbytes": 1}]}
    (made,) = recipes.completed({"a.json": document})["a.json"]["vectors"]
    assert {key: made[key] for key in node} == node
    assert made["nbytes"] == 324
    assert made["sha256"] != "0" * 64


def test_what_is_stale_is_told_and_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "all.json"
    right = path.read_text(encoding="utf-8")
    path.write_text(json.dumps(json.loads(right)), encoding="utf-8")
    assert recipes.main(["--check"]) == 1
    assert path.read_text(encoding="utf-8") != right
    seen = capsys.readouterr()
    assert "all.json (regenerated)" in seen.out
    assert recipes.COMMAND in seen.err
    assert recipes.main(["--write"]) == 0
    assert recipes.main(["--check"]) == 0
    assert path.read_text(encoding="utf-8") == right


def test_the_layout_is_one_key_a_line_and_prints() -> None:
    text = recipes.text_of(
        {"about": "A.", "vectors": [{"id": "x", "edits": [{"set": "a", "to": 1}], "about": "ü\u202e"}]}
    )
    assert text == (
        '{\n  "about": "A.",\n  "vectors": [\n    {\n      "id": "x",\n'
        '      "edits": [{"set": "a", "to": 1}],\n      "about": "ü\\u202e"\n    }\n  ]\n}\n'
    )
    assert json.loads(text)["vectors"][0]["about"] == "ü\u202e"
