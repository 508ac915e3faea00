"""`aprfmt fuzz corpus`: what is written, what is said of it, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.unit.cli.running import Run, aprfmt, names

from aprfmt.cli.commands.fuzz.corpus import JSON_KEYS

SMALL = {
    "bases": {"none": {"metadata": {"text": "{}"}, "tensor_index": {"entries": []}}},
    "vectors": [
        {"id": "none", "about": "No tensors.", "base": "none", "verdict": "accept", "origin": "hand"},
        {"id": "same", "about": "The same.", "base": "none", "verdict": "accept", "origin": "hand"},
    ],
}


@pytest.fixture
def recipes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with recipes for one file."""
    folder = tmp_path_factory.mktemp("recipes")
    (folder / "small.json").write_text(json.dumps(SMALL))
    return folder


def corpus(*args: str | Path) -> Run:
    return aprfmt("fuzz", "corpus", *args)


def test_the_corpus_is_written_and_counted(tmp_path: Path) -> None:
    folder = tmp_path / "corpus"
    found = corpus(folder, "--json").json
    assert list(found) == list(JSON_KEYS)
    assert names(folder) == ["apr_v2.dict", "seeds", "testdata"]
    seeds = names(folder / "seeds")
    assert len(seeds) == found["seeds"] > 500
    assert sum(path.stat().st_size for path in (folder / "seeds").iterdir()) == found["nbytes"]
    assert names(Path(found["go"])) == sorted(name.removesuffix(".apr") for name in seeds)
    lines = Path(found["dictionary"]).read_text(encoding="ascii").splitlines()
    assert len([line for line in lines if "=" in line]) == found["words"]
    assert "large.footer-wrong" in found["left_out"]


def test_one_line_says_what_there_is(tmp_path: Path, recipes: Path) -> None:
    done = corpus(tmp_path / "a", "--recipes", recipes)
    assert done.code == 0
    assert done.out.startswith(f"{len(names(tmp_path / 'a' / 'seeds'))} seeds of ")
    assert done.out.endswith(f" words in {tmp_path / 'a'}\n")
    assert corpus(tmp_path / "b", "--recipes", recipes, "-q") == Run(0, "", "")
    assert corpus(tmp_path / "c", "--recipes", recipes, "-v").err == "note: left out: same\n"


def test_a_folder_with_files_is_refused_unless_forced(tmp_path: Path, recipes: Path) -> None:
    (tmp_path / "mine").write_bytes(b"mine")
    done = corpus(tmp_path, "--recipes", recipes, "--json")
    assert done.code == 2
    assert "expected an empty folder, found files" in done.error["message"]
    assert names(tmp_path) == ["mine"]
    assert corpus(tmp_path, "--recipes", recipes, "--force").code == 0
    assert (tmp_path / "mine").read_bytes() == b"mine"


def test_a_name_that_is_no_target_is_refused_before_anything_is_written(tmp_path: Path, recipes: Path) -> None:
    assert corpus(tmp_path / "corpus", "--recipes", recipes, "--go-target", "Fuzz/x").code == 2
    assert names(tmp_path) == []


def test_folders_without_recipes_are_refused(tmp_path: Path) -> None:
    assert corpus(tmp_path / "corpus", "--recipes", tmp_path / "none").code == 3
    (tmp_path / "empty").mkdir()
    assert corpus(tmp_path / "corpus", "--recipes", tmp_path / "empty").code == 2
    assert names(tmp_path) == ["empty"]
