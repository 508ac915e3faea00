"""`aprfmt vectors`: recipes that are proved, shown, built and exported, and what is said of those that are wrong."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.unit.cli.running import Run, aprfmt, names

import aprfmt as library
from aprfmt.conform.recipes import completed, text_of

BASE: dict[str, Any] = {
    "metadata": {"text": '{"name":"m","license":"MIT","data_source":"web","data_license":"CC0-1.0"}'},
    "tensor_index": {"entries": [{"name": {"text": "a"}, "dtype": "f32", "dims": [2]}]},
    "tensor_data": {"join": [{"counting": 8}, {"zeros": 56}]},
}
LARGE = 1 << 32
VECTORS: list[dict[str, Any]] = [
    {"id": "sound", "about": "Nothing is wrong.", "base": "one", "verdict": "accept", "origin": "hand"},
    {
        "id": "version.3",
        "about": "Another version.",
        "base": "one",
        "verdict": "reject",
        "rule": "APR-H002",
        "edits": [{"set": "header.version_major", "to": 3}],
        "twin": "sound",
        "origin": "derived",
        "tags": ["t"],
    },
    {
        "id": "large",
        "about": "A hole.",
        "base": "large",
        "verdict": "accept",
        "beside": ["APR-I010"],
        "origin": "hand",
        "tags": ["sparse"],
    },
    {
        "id": "stamp.licence",
        "op": "stamp",
        "about": "Another licence.",
        "base": "one",
        "verdict": "accept",
        "origin": "hand",
        "patch": {"license": "Apache-2.0"},
    },
    {
        "id": "write.none",
        "op": "write",
        "about": "No tensors.",
        "verdict": "accept",
        "origin": "hand",
        "tree": {"metadata": {"name": "m"}, "flags": [], "tensors": []},
    },
]
LARGE_BASE = {
    "metadata": BASE["metadata"],
    "tensor_index": {
        "entries": [{"name": {"text": "a"}, "dtype": "u8", "dims": [LARGE], "ofs_tensor": 0, "len_tensor": LARGE}]
    },
}


@pytest.fixture
def recipes(tmp_path: Path) -> Path:
    """A folder with recipes in order."""
    return written(tmp_path / "recipes", VECTORS)


def written(folder: Path, vectors: list[dict[str, Any]]) -> Path:
    folder.mkdir()
    document = {"about": "Recipes.", "bases": {"one": BASE, "large": LARGE_BASE}, "vectors": vectors}
    (folder / "all.json").write_text(text_of(completed({"all.json": document})["all.json"]))
    return folder


def vectors(*args: str | Path, recipes: Path) -> Run:
    return aprfmt("vectors", *args, "--recipes", recipes)


def changed(recipes: Path, vector: str, **keys: Any) -> Path:
    """The recipes with other keys in one vector, and nothing computed anew."""
    path = recipes / "all.json"
    document = json.loads(path.read_text())
    node = next(item for item in document["vectors"] if item["id"] == vector)
    node.update(keys)
    path.write_text(text_of(document))
    return recipes


def test_list_is_an_array_with_one_object_a_vector(recipes: Path) -> None:
    found = json.loads(vectors("list", "--json", recipes=recipes).out)
    assert [item["id"] for item in found] == [item["id"] for item in VECTORS]
    assert found[1] | {"sha256": None} == {
        "id": "version.3",
        "op": "read",
        "about": "Another version.",
        "verdict": "reject",
        "rule": "APR-H002",
        "layer": "structure",
        "profile": "default",
        "beside": [],
        "twin": "sound",
        "tags": ["t"],
        "origin": "derived",
        "nbytes": 324,
        "sha256": None,
        "extents": [],
        "output_sha256": None,
    }


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        (("--rule", "H002"), ["version.3"]),
        (("--rule", "APR-I010"), ["large"]),
        (("--op", "stamp", "--op", "write"), ["stamp.licence", "write.none"]),
        (("--tag", "sparse"), ["large"]),
        (("--only", "*.*"), ["version.3", "stamp.licence", "write.none"]),
        (("--only", "sound", "--layer", "structure"), ["sound"]),
    ],
)
def test_list_leaves_out_what_is_not_asked_for(recipes: Path, options: tuple[str, ...], ids: list[str]) -> None:
    assert vectors("list", "-q", *options, recipes=recipes).out.split() == ids


@pytest.mark.parametrize(
    "options",
    [("--only", "none*"), ("--profile", "publish"), ("--layer", "metadata"), ("--tag", "x"), ("--rule", "5")],
)
def test_a_selection_of_nothing_is_a_wrong_request(recipes: Path, options: tuple[str, ...]) -> None:
    assert vectors("list", *options, recipes=recipes).code == 2


def test_show_says_why_and_how(recipes: Path) -> None:
    out = vectors("show", "version.3", recipes=recipes).out
    assert "APR-H002 major-version-unknown" in out
    assert 'edits: [{"set": "header.version_major", "to": 3}]' in out
    assert "twin     sound" in out
    seen = vectors("show", "sound", "--json", recipes=recipes).json
    assert seen["values"]["tensors"][0]["name"] == "a"
    assert seen["recipe"]["base"] == "one"
    assert vectors("show", "version.3", "--json", recipes=recipes).json["values"] is None
    assert vectors("show", "none", recipes=recipes).code == 2


def test_check_proves_recipes_in_order(recipes: Path) -> None:
    run = vectors("check", "--only", "*", recipes=recipes)
    assert (run.code, run.out) == (0, "5 vectors checked, 0 flaws\n")
    seen = vectors("check", "--only", "*", "--json", recipes=recipes).json
    assert (seen["by_verdict"], seen["flaws"]) == ({"accept": 2, "reject": 1, "stamp": 1, "write": 1}, [])


def test_check_of_everything_wants_every_rule_on_both_sides(recipes: Path) -> None:
    run = vectors("check", recipes=recipes)
    assert run.code == 1
    assert "recipes: APR-D003 is an error in default: expected a vector that breaks it alone, found none\n" in run.out
    assert "APR-H002" not in run.out


@pytest.mark.parametrize(
    ("vector", "keys", "said"),
    [
        ("sound", {"sha256": "0" * 64}, "sha256: expected "),
        ("sound", {"nbytes": 259}, "nbytes: expected 324, found 259"),
        ("sound", {"beside": ["APR-H003"]}, "beside: expected none, found APR-H003"),
        ("sound", {"about": " "}, "about: expected a sentence"),
        ("version.3", {"rule": "APR-H001"}, "errors: expected APR-H001, found APR-H002"),
        ("version.3", {"verdict": "accept", "rule": None}, "errors: expected none, found APR-H002"),
        ("version.3", {"twin": "version.3"}, "twin: expected one to read that default accepts, found read, reject"),
        ("version.3", {"twin": "nobody"}, "twin: expected the id of a vector that is accepted, found 'nobody'"),
        ("version.3", {"layer": "integrity"}, "layer: expected structure as of APR-H002, found integrity"),
        ("version.3", {"edits": [{"set": "header.nothing", "to": 3}]}, "expected the path of a field that is there"),
        ("version.3", {"edits": [{"set": "header.version_major", "to": 256}]}, "expected an integer of 1 bytes"),
        ("large", {"beside": []}, "beside: expected APR-I010, found none"),
        ("large", {"extents": [[0, 1, "0" * 64]]}, "extents: expected "),
        ("stamp.licence", {"output_sha256": "0" * 64}, "output_sha256: expected "),
        ("stamp.licence", {"patch": {}}, "verdict: expected reject, found accept"),
        ("stamp.licence", {"verdict": "reject", "twin": "stamp.licence"}, "verdict: expected accept, found reject"),
        ("write.none", {"output_sha256": None}, "output_sha256: expected "),
    ],
)
def test_check_finds_every_wrong_claim(recipes: Path, vector: str, keys: dict[str, Any], said: str) -> None:
    run = vectors("check", "--only", vector, recipes=changed(recipes, vector, **keys))
    assert run.code == 1
    assert f"{vector}" in run.out
    assert said in run.out


def test_the_same_file_twice_is_a_flaw(tmp_path: Path) -> None:
    again = {**VECTORS[0], "id": "again"}
    run = vectors("check", recipes=written(tmp_path / "r", [VECTORS[0], again]))
    assert "again: sha256: expected a file of its own in default, found that of sound\n" in run.out


def test_build_gives_the_same_bytes_again(recipes: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    assert vectors("build", first, recipes=recipes).code == 0
    assert vectors("build", second, "--only", "sound", "--only", "large", recipes=recipes).code == 0
    given = [f"{name}.apr" for name in ("large", "sound", "stamp.licence", "version.3")]
    assert names(first) == sorted([*given, "stamp.licence.expected.apr", "write.none.expected.apr"])
    listed = {item["id"]: item for item in json.loads(vectors("list", "--json", recipes=recipes).out)}
    for name in ("sound", "version.3", "stamp.licence"):
        assert sha256((first / f"{name}.apr").read_bytes()).hexdigest() == listed[name]["sha256"]
    assert (second / "sound.apr").read_bytes() == (first / "sound.apr").read_bytes()
    assert (first / "large.apr").stat().st_size > LARGE
    assert (first / "large.apr").stat().st_blocks * 512 <= 1 << 20
    stamped = tmp_path / "stamped.apr"
    library.stamp_file(first / "stamp.licence.apr", stamped, library.ProvenancePatch(license="Apache-2.0"))
    assert stamped.read_bytes() == (first / "stamp.licence.expected.apr").read_bytes()


def test_build_leaves_what_is_the_same_and_refuses_what_differs(recipes: Path, tmp_path: Path) -> None:
    folder = tmp_path / "made"
    for _ in range(2):
        run = vectors("build", folder, "--json", "--only", "sound", recipes=recipes)
        assert run.json["files"] == [{"vector": "sound", "file": "sound.apr", "nbytes": 324}]
    (folder / "sound.apr").write_bytes(b"mine")
    run = vectors("build", folder, "--only", "sound", recipes=recipes)
    assert run.code == 2
    assert "expected no file or the one to be built" in run.err
    assert (folder / "sound.apr").read_bytes() == b"mine"
    assert vectors("build", folder, "--only", "sound", "--force", recipes=recipes).code == 0
    assert (folder / "sound.apr").stat().st_size == 324


def test_an_export_is_complete_without_aprfmt(recipes: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    run = vectors("export", folder, "--json", recipes=recipes)
    assert (run.code, run.json["left_out"]) == (0, ["large"])
    manifest = json.loads((folder / "manifest.json").read_text())
    schema = json.loads((folder / "answer.schema.json").read_text())
    assert (folder / "README.md").exists()
    assert (folder / "request.schema.json").exists()
    by_id = {item["id"]: item for item in manifest["vectors"]}
    assert list(by_id) == ["sound", "version.3", "stamp.licence", "write.none"]
    jsonschema.validate(by_id["sound"]["values"], {**schema, "oneOf": [{"$ref": "#/$defs/values"}]})
    assert "values" not in by_id["version.3"]
    assert by_id["version.3"]["rule"] in manifest["rules"]
    for item in manifest["vectors"]:
        for key, digest in (("file", "sha256"), ("expected", "output_sha256")):
            if item[key] is not None:
                assert sha256((folder / item[key]).read_bytes()).hexdigest() == item[digest]
    assert by_id["stamp.licence"]["patch"] == {"license": "Apache-2.0"}
    assert by_id["write.none"]["tree"]["tensors"] == []


def test_recipes_that_are_none_are_a_wrong_request(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"vectors": [{"id": "A b", "about": "", "verdict": "accept", "origin": ""}]}')
    run = vectors("list", recipes=tmp_path)
    assert (run.code, run.err) == (
        2,
        "error: vector 'A b': expected an id of lower-case letters, digits, `.`, `-` and `_`\n",
    )
    (tmp_path / "a.json").write_text("{")
    assert vectors("list", recipes=tmp_path).code == 2
    assert vectors("list", recipes=tmp_path / "none").code == 3


def test_what_only_a_lenient_profile_takes_is_shown_and_exported(tmp_path: Path) -> None:
    lenient = ("--only", "reader.index-to-the-end", "--only", "reader.sound")
    assert aprfmt("vectors", "show", "reader.index-to-the-end", "-v").code == 0
    assert aprfmt("vectors", "export", tmp_path / "out", *lenient).code == 0
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    values = {item["id"]: item["values"] for item in manifest["vectors"]}
    assert values["reader.index-to-the-end"] is None
    assert values["reader.sound"]["header"]["num_tensors"] == 2


def test_an_export_of_everything_is_made_twice_alike(tmp_path: Path) -> None:
    for name in ("one", "two"):
        assert aprfmt("vectors", "export", tmp_path / name, "-q").code == 0
    files = [names(tmp_path / name / "files") for name in ("one", "two")]
    assert files[0] == files[1]
    assert len(files[0]) > 500
    assert (tmp_path / "one" / "manifest.json").read_bytes() == (tmp_path / "two" / "manifest.json").read_bytes()


HOSTILE: list[dict[str, Any]] = [
    {"edits": [None]},
    {"edits": [1]},
    {"edits": [{"append": {"zeros": -1}}]},
    {"edits": [{"append": {"zeros": "18446744073709551616"}}]},
    {"edits": [{"append": {"zeros": "9" * 5000}}]},
    {"edits": [{"append": {"counting": 1 << 40}}]},
    {"edits": [{"append": {"repeat": [{"zeros": 1 << 20}, 1 << 20]}}]},
    {"edits": [{"append": {"text": "\ud800"}}]},
    {"edits": [{"remove": "header"}, {"set": "header.version_major", "to": 1}]},
    {"about": 5},
    {"origin": []},
    {"beside": [[]]},
    {"tags": [{}]},
    {"sha256": []},
    {"data": [1]},
    {"with": {"tensor_index": None}},
    {"with": {"tensor_index": {"entries": [{"dtype": []}]}}},
    {"op": "stamp", "patch": {"a": 1}},
    {"op": "stamp", "patch": 5},
    {"op": "write", "tree": {}},
    {"op": "write", "tree": {"metadata": {}, "flags": ["none"], "tensors": []}},
    {"op": "write", "tree": {"metadata": {}, "flags": [], "tensors": [{"name": "a", "dtype": "f32", "dims": 5}]}},
]


@pytest.mark.parametrize("keys", HOSTILE, ids=str)
@pytest.mark.parametrize("command", ["check", "build", "list"])
def test_a_hostile_recipe_is_one_clear_error(command: str, keys: dict[str, Any], recipes: Path, tmp_path: Path) -> None:
    changed(recipes, "sound", **keys)
    rest = [tmp_path / "out"] if command == "build" else []
    run = vectors(command, *rest, "--only", "sound", recipes=recipes)
    assert run.code in (0, 1, 2), run.err
    assert "Traceback" not in run.err
    assert command != "check" or run.code
