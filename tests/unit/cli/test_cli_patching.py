"""Any key on the command line of `stamp`: what each option sets, which one counts, what is refused, in words."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.unit.cli.running import Run, aprfmt, names
from tests.unit.rules.crafting import craft

import aprfmt as api

CARD = b"""---
license: other
license_name: Foo Bar
datasets:
- org/set
- more
base_model: org/base
---
# A model
"""


@pytest.fixture(autouse=True)
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "model.apr"
    path.write_bytes(craft(metadata=b'{"model_type":"m","x":{"a":1,"b":2},"tokenizer.model_type":"BPE"}'))
    return path


def metadata(path: str | Path = "model.apr") -> dict[str, Any]:
    with api.open(path) as f:
        value: dict[str, Any] = json.loads(f.metadata.raw)
        return value


def stamped(*options: str) -> dict[str, Any]:
    """The metadata after a stamp in place."""
    run = aprfmt("stamp", "model.apr", "-i", *options)
    assert run.code == 0, run.err
    return metadata()


def refused(*options: str, code: int = 2) -> str:
    """The message of a stamp that must not happen, in text and in JSON."""
    before = Path("model.apr").read_bytes()
    said = aprfmt("stamp", "model.apr", "-i", *options, "--json")
    assert said.code == code
    message: str = said.error["message"]
    text = aprfmt("stamp", "model.apr", "-i", *options)
    assert (text.code, text.out) == (code, "")
    assert text.err.splitlines()[-1] == f"error: {message}"
    assert Path("model.apr").read_bytes() == before
    return message


def test_any_key_by_its_json() -> None:
    done = stamped(
        "--set", "hidden_size=12", "--set", 'y={"k":[1,null,"="]}', "--set", "license=null", "--set", "=a=1"[1:]
    )
    assert (done["hidden_size"], done["y"], done["license"], done["a"]) == (12, {"k": [1, None, "="]}, None, 1)


def test_any_key_as_text() -> None:
    done = stamped("--set-str", "a=1", "--set-str", "b=", "--set-str", "c= x=y ")
    assert (done["a"], done["b"], done["c"]) == ("1", "", " x=y ")


def test_a_dotted_key_is_a_key_and_no_path() -> None:
    done = stamped("--unset", "tokenizer.model_type", "--set-str", "x.a=new")
    assert "tokenizer.model_type" not in done
    assert done["x.a"] == "new"
    assert done["x"] == {"a": 1, "b": 2}


def test_a_merge_patch_from_a_file_and_from_a_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    patch = b'{"x":{"a":null,"c":3},"tokenizer.model_type":null,"license":"mit"}'
    Path("patch.json").write_bytes(patch)
    expected = {"model_type": "m", "license": "MIT", "x": {"b": 2, "c": 3}}
    assert stamped("--patch", "patch.json") == expected
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{"x":null}')))
    run = aprfmt("stamp", "model.apr", "-i", "--patch", "-", "--json")
    assert run.json["removed"] == ["x"]
    assert metadata() == {"model_type": "m", "license": "MIT"}


def test_copying_takes_provenance_and_family_and_no_nulls() -> None:
    other = b'{"license":"ISC","data_source":null,"architecture":"qwen2","name":"n","x":{"z":1}}'
    Path("other.apr").write_bytes(craft(metadata=other))
    done = stamped("--copy-from", "other.apr")
    assert (done["license"], done["architecture"]) == ("ISC", "qwen2")
    assert "data_source" not in done
    assert "name" not in done
    assert stamped("--copy-from", "other.apr", "--keys", "name,x", "--keys", "data_source")["x"] == {"z": 1}
    assert metadata()["data_source"] is None
    assert "'nope'" in refused("--copy-from", "other.apr", "--keys", "nope")
    Path("bare.apr").write_bytes(craft(metadata=b'{"a":1}'))
    assert "found none (--keys names others)" in refused("--copy-from", "bare.apr")


def test_a_copied_licence_has_to_be_one() -> None:
    Path("other.apr").write_bytes(craft(metadata=b'{"license":"whatever"}'))
    assert refused("--copy-from", "other.apr").startswith("--copy-from: license: ")


def test_another_container_that_cannot_be_read() -> None:
    assert refused("--copy-from", "none.apr", code=3) == "none.apr: No such file or directory"
    Path("other.apr").write_bytes(b"GGUF" * 40)
    assert refused("--copy-from", "other.apr", code=4).startswith("other.apr: not an APR v2 container")


def test_a_model_card_is_mapped_and_the_mapping_printed() -> None:
    Path("README.md").write_bytes(CARD)
    run = aprfmt("stamp", "model.apr", "-i", "--from-card", "README.md")
    assert run.code == 0
    assert metadata()["license"] == "LicenseRef-Foo-Bar"
    assert metadata()["data_source"] == "org/set, more"
    assert "source" not in metadata()
    assert "README.md: license_name: Foo Bar -> license: LicenseRef-Foo-Bar" in run.err
    assert "README.md: datasets: org/set, more -> data_source: org/set, more" in run.err
    assert stamped("--from-card", "README.md", "--card-base-model")["source"] == "org/base"


def test_a_model_card_that_cannot_be_used() -> None:
    assert refused("--from-card", "README.md", code=3) == "README.md: No such file or directory"
    Path("README.md").write_bytes(b"# no front matter")
    assert refused("--from-card", "README.md").startswith("--from-card README.md: ")


def test_the_more_particular_one_counts() -> None:
    other = (
        b'{"license":"ISC","data_source":"other","data_license":"CC0-1.0","hf_model_type":"other","k":{"a":1,"b":1}}'
    )
    Path("other.apr").write_bytes(craft(metadata=other))
    Path("README.md").write_bytes(b"---\nlicense: mit\ndatasets: [card]\n---\n")
    Path("patch.json").write_bytes(b'{"data_source":"patch","data_license":"CC-BY-4.0","k":{"b":null,"c":2}}')
    keys = "license,data_source,data_license,hf_model_type,k"
    done = stamped(
        *("--copy-from", "other.apr", "--keys", keys, "--from-card", "README.md"),
        *("--patch", "patch.json", "--data-license", "pddl-1.0", "--unset", "model_type"),
    )
    assert done["license"] == "MIT"
    assert done["data_source"] == "patch"
    assert done["data_license"] == "PDDL-1.0"
    assert done["hf_model_type"] == "other"
    assert done["k"] == {"a": 1, "c": 2}
    assert "model_type" not in done


@pytest.mark.parametrize(
    ("copied", "result"), [("5", {"c": 2}), ('{"a":1,"b":1}', {"a": 1, "c": 2}), ("null", {"c": 2})]
)
def test_a_merge_patch_goes_into_what_is_copied_and_not_into_what_was_there(copied: str, result: Any) -> None:
    Path("other.apr").write_bytes(craft(metadata=f'{{"x":{copied}}}'.encode()))
    Path("patch.json").write_bytes(b'{"x":{"b":null,"c":2}}')
    assert stamped("--copy-from", "other.apr", "--keys", "x", "--patch", "patch.json")["x"] == result


def test_what_changed_is_told_by_what_json_tells_apart() -> None:
    stamped("--set", "n=1", "--set", "m=[1]", "--set", "gone=null")
    run = aprfmt(
        "stamp", "model.apr", "-i", "--set", "n=1.0", "--set", "m=[true]", "--set", "z=null", "--unset", "gone"
    )
    assert run.out.splitlines()[-4:] == [
        "  n:               1 -> 1.0",
        "  m:               [1] -> [true]",
        "  z:               (missing) -> null",
        "  gone:            null -> (removed)",
    ]
    stamped("--set", "n=1", "--set", "m=[1]", "--unset", "z")
    more = ("--set", "n=1.0", "--set", "m=[true]", "--set", "z=null", "--unset", "none", "--json")
    run = aprfmt("stamp", "model.apr", "-i", *more)
    assert run.json["changed"] == {
        "n": {"before": 1, "after": 1.0},
        "m": {"before": [1], "after": [True]},
        "z": {"before": None, "after": None},
    }
    assert run.json["stamped"]["none"] is None


def test_a_file_that_cannot_be_read_to_its_end_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(io.BytesIO):
        def read(self, _size: int | None = -1) -> bytes:
            raise OSError(5, "Input/output error")

        readline = read

    system_open = Path.open

    def broken_open(path: Path, *arguments: Any, **options: Any) -> Any:
        return Broken() if path == Path("file") else system_open(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", broken_open)
    for option in ("--patch", "--from-card", "--patch-map"):
        run = aprfmt("stamp", "model.apr", "-i", option, "file", "--json")
        assert (run.code, run.error["message"]) == (3, "file: Input/output error")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--copy-from", "model.apr", "--keys", ""), "--keys: expected keys of model.apr, found ''"),
        (("--set-str", "k\udcff=1"), "the key 'k\\xff': the text is not UTF-8: found the byte 0xff"),
        (("--set", "a"), "--set: expected KEY=VALUE, found 'a'"),
        (("--set-str", "=a"), "--set-str: expected KEY=VALUE, found '=a'"),
        (("--set", "a=x"), "--set 'a': expected a JSON value at byte 0, found 'x'"),
        (("--set", "a=1", "--set-str", "a=1"), "expected one option for the key 'a', found --set 'a' too"),
        (("--license", "MIT", "--unset", "license"), "expected one option for the key 'license', found --license too"),
        (("--model-version", "1", "--set", "version=2"), "found --model-version too"),
        (("--set", "hidden_size=-1"), "hidden_size: expected an unsigned integer of 64 bits or null"),
        (("--set", 'quantization={"bits":1}'), "quantization.quant_type: expected a string"),
        (("--set", "model_type=null"), "model_type: expected a string"),
        (("--set-str", "license=unknown"), "--set-str 'license': "),
        (("--set", 'data_license="TBD"'), "--set 'data_license': "),
        (("--license", "Apache2"), "--license: "),
        (("--set-str", "license=llama3.2", "--licenses", "upstream"), "--set-str 'license': "),
    ],
)
def test_what_is_refused(options: tuple[str, ...], says: str) -> None:
    assert says in refused(*options)


@pytest.mark.parametrize(
    ("patch", "says"),
    [
        (b"[1]", "--patch p.json: expected a JSON object, found '[1]'"),
        (b'{"a":1,"a":2}', 'expected a key once, found "a" twice'),
        (b'{"a":', "--patch p.json: expected a JSON value at byte 5, found its end"),
        (b"\xff", "expected UTF-8"),
        (b'{"license":"unknown"}', "--patch: license: "),
        (b"{}", "the patch is empty"),
    ],
)
def test_a_merge_patch_that_is_refused(patch: bytes, says: str) -> None:
    Path("p.json").write_bytes(patch)
    assert says in refused("--patch", "p.json")


def test_a_missing_merge_patch_is_a_missing_file() -> None:
    assert refused("--patch", "none.json", code=3) == "none.json: No such file or directory"
    assert refused("--patch", ".", code=3).endswith("Is a directory")


def test_duplicates_are_reported_and_collapsed_on_demand() -> None:
    Path("model.apr").write_bytes(craft(metadata=b'{"data_source":null,"a":1,"data_source":"x"}'))
    run = aprfmt("stamp", "model.apr", "--license", "MIT", "-o", "out.apr")
    assert "note: metadata.data_source @0x41..0x4e occurs twice and stays (--dedupe" in run.err
    with api.open("out.apr") as f:
        assert f.metadata.raw.count(b"data_source") == 2
        assert f.metadata["data_source"] == "x"
    assert stamped("--dedupe") == {"a": 1, "data_source": "x"}
    assert aprfmt("stamp", "model.apr", "--dedupe", "-i").out.startswith("Unchanged model.apr")


def test_force_overwrites_and_does_nothing_else() -> None:
    Path("out.apr").write_bytes(b"old")
    for options in (("--license", "NOT-A-LICENSE-!!"), (), ("--set", "hidden_size=x")):
        assert aprfmt("stamp", "model.apr", "-o", "out.apr", "-f", *options).code == 2
        assert Path("out.apr").read_bytes() == b"old"
    broken = bytearray(Path("model.apr").read_bytes())
    broken[-1] ^= 1
    Path("broken.apr").write_bytes(broken)
    assert aprfmt("stamp", "broken.apr", "--license", "MIT", "-o", "out.apr", "-f").code == 4
    assert Path("out.apr").read_bytes() == b"old"
    assert aprfmt("stamp", "model.apr", "--license", "MIT", "-o", "out.apr", "-f").code == 0


def test_the_report_of_a_stamp_in_place(tmp_path: Path) -> None:
    first = aprfmt("stamp", "model.apr", "--license", "mit", "--unset", "x", "--json", "-i").json
    assert (first["status"], first["in_place"], first["output"]) == ("stamped", True, "model.apr")
    assert first["changed"]["license"] == {"before": None, "after": "MIT"}
    assert first["changed"]["x"] == {"before": {"a": 1, "b": 2}, "after": None}
    assert first["removed"] == ["x"]
    second = aprfmt("stamp", "model.apr", "--license", "mit", "--unset", "x", "--json", "-i").json
    assert (second["status"], second["changed"], second["removed"]) == ("unchanged", {}, [])
    assert second["input_bytes"] == second["output_bytes"] == Path("model.apr").stat().st_size
    assert names(tmp_path) == ["model.apr"]


def test_a_tokenizer_is_embedded_and_an_older_one_removed() -> None:
    Path("tok").mkdir()
    vocabulary = {"<s>": 0, "a": 1, "b": 2, "ab": 3}
    added = [{"id": 4, "content": "<|end|>"}]
    model = {"type": "BPE", "vocab": vocabulary, "merges": ["a b"]}
    Path("tok/tokenizer.json").write_text(json.dumps({"model": model, "added_tokens": added}))
    aprfmt("stamp", "model.apr", "-i", "--set", "tokenizer.scores=[1]", "--set", 'tokenizer.vocabulary=["z"]')
    run: Run = aprfmt("stamp", "model.apr", "-i", "--tokenizer", "tok", "--json")
    assert run.code == 0
    assert run.json["tokenizer"] == {"source": "tokenizer.json", "vocab_size": 5, "merges": 1, "model_type": "BPE"}
    assert run.json["removed"] == ["tokenizer.scores"]
    assert metadata()["tokenizer.vocabulary"] == ["<s>", "a", "b", "ab", "<|end|>"]
    with api.open("model.apr") as f:
        assert api.Flags.HAS_VOCAB in f.header.flags
    assert aprfmt("stamp", "model.apr", "-i", "--tokenizer", "tok", "--json").json["status"] == "unchanged"
    assert aprfmt("validate", "model.apr", "--select", "APR-H012").code == 0
    assert refused("--tokenizer", "none", code=3).startswith("none")
    Path("empty").mkdir()
    assert refused("--tokenizer", "empty").startswith("--tokenizer: empty")


@pytest.mark.parametrize("option", ["--license", "--tokenizer", "--from-card", "--copy-from", "--patch", "--fill-gaps"])
def test_an_option_that_counts_once_is_given_once(option: str) -> None:
    run = aprfmt("stamp", "model.apr", "-i", option, "a", option, "b", "--json")
    assert (run.code, run.error["message"]) == (2, f"{option} is given 2 times: expected it once.")


def test_a_damaged_container_gives_nothing() -> None:
    raw = craft(metadata=b'{"license":"MIT","data_source":"teacher-only"}')
    damaged = raw.replace(b"teacher-only", b"teacher-mnly")
    Path("other.apr").write_bytes(damaged)
    assert "the footer does not match" in refused("--copy-from", "other.apr", code=4)


def test_a_card_that_an_option_overrides_is_said() -> None:
    Path("README.md").write_bytes(b"---\nlicense: mit\n---\n")
    run = aprfmt("stamp", "model.apr", "-i", "--from-card", "README.md", "--license", "isc")
    assert metadata()["license"] == "ISC"
    assert "note: README.md: what it has for license is not taken: --license counts more\n" in run.err
