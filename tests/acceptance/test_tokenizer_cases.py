"""The acceptance cases of `aprfmt stamp --tokenizer`, 57 to 59: what ends up in the file, and at which id."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.models import digests, folder_of, metadata_of, model, same_file
from tests.unit.cli.running import Run, aprfmt, names

from aprfmt import Flags

VOCABULARY, SIZE, MERGES, TYPE = (f"tokenizer.{name}" for name in ("vocabulary", "vocab_size", "merges", "model_type"))
VOCAB = {"Ġ": 1, "t": 2, "#": 0, "Ġt": 3, "##": 4}
MERGES_TXT = "#version: 0.2\nĠ t\n# #\n"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return model(tmp_path / "model.apr")


def stamp(source: Path, folder: Path, *options: str) -> tuple[Run, dict[str, Any]]:
    """A stamp with the tokenizer of a folder, and the metadata that came of it."""
    out = source.with_name("out.apr")
    run = aprfmt("stamp", source, "--tokenizer", folder, *options, "-o", out, "-f", "--json")
    return run, metadata_of(out) if run.code == 0 else {}


def flags(path: Path) -> dict[str, Any]:
    value = aprfmt("inspect", path, "--json").json["flags"]
    assert isinstance(value, dict)
    return value


def bpe(vocab: Any, merges: Any = (), **more: Any) -> dict[str, Any]:
    """A tokenizer.json."""
    return {"version": "1.0", "model": {"type": "BPE", "vocab": vocab, "merges": list(merges)}, **more}


# ---- 57: vocab.json and merges.txt ----


def test_case_57_two_files_make_a_tokenizer(source: Path, tmp_path: Path) -> None:
    """The vocabulary in the order of the ids, the merges without the `#version` line, BPE, and HAS_VOCAB; a merge that
    begins with `#` is a merge."""
    folder = folder_of(tmp_path / "tokenizer", {"vocab.json": VOCAB, "merges.txt": MERGES_TXT})
    run, made = stamp(source, folder)
    assert (run.code, run.err) == (0, "")
    assert made[VOCABULARY] == ["#", "Ġ", "t", "Ġt", "##"]
    assert made[SIZE] == 5
    assert made[MERGES] == ["Ġ t", "# #"]
    assert made[TYPE] == "BPE"
    assert run.json["header_flags_bits"] == Flags.HAS_VOCAB | Flags.QUANTIZED | Flags.LAYOUT_ROW_MAJOR
    out = source.with_name("out.apr")
    assert flags(out)["has_vocab"] is True
    assert flags(source)["has_vocab"] is False
    assert digests(out) == digests(source)
    assert aprfmt("validate", out).code == 0


@pytest.mark.parametrize("header", ["#version: 0.2\n", ""], ids=["with a header", "without one"])
@pytest.mark.parametrize("end", ["\n", "\r\n", ""], ids=["LF", "CRLF", "no last line feed"])
def test_case_57_only_the_header_line_is_dropped(header: str, end: str, source: Path, tmp_path: Path) -> None:
    """Every line but the first `#version` one is a merge, however the lines end; `#` means nothing else."""
    lines = ["# #", "#version t", "Ġ t"]
    text = header + (end or "\n").join(lines) + end
    vocab = {token: at for at, token in enumerate(["#", "Ġ", "t", "#version", "##", "#versiont", "Ġt"])}
    _, made = stamp(source, folder_of(tmp_path / "tokenizer", {"vocab.json": vocab, "merges.txt": text}))
    assert made[MERGES] == lines


def test_case_57_a_vocabulary_alone_is_enough(source: Path, tmp_path: Path) -> None:
    """Without merges.txt there are no merges and nothing is claimed to be BPE."""
    run, made = stamp(source, folder_of(tmp_path / "tokenizer", {"vocab.json": VOCAB}))
    assert run.code == 0
    assert MERGES not in made
    assert made.get(TYPE) != "BPE"


def test_case_57_a_tokenizer_alone_is_something_to_set_and_once_is_enough(source: Path, tmp_path: Path) -> None:
    """No other key is needed, and a second stamp in place leaves the file as it is."""
    folder = folder_of(tmp_path / "tokenizer", {"vocab.json": VOCAB, "merges.txt": MERGES_TXT})
    assert aprfmt("stamp", source, "--tokenizer", folder, "-i").code == 0
    before = source.stat()
    assert aprfmt("stamp", source, "--tokenizer", folder, "-i").code == 0
    assert same_file(before, source)


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({}, "tokenizer.json"),
        ({"merges.txt": MERGES_TXT}, "vocab.json"),
        ({"vocab.json": {}}, "vocab"),
        ({"vocab.json": "[1"}, "vocab.json"),
        ({"vocab.json": {"a": "0"}}, "vocab.json"),
        ({"vocab.json": {"a": 0, "b": 0}}, "0"),
        ({"tokenizer.json": {"model": {}}}, "vocab"),
        ({"tokenizer.json": {"version": "1.0"}}, "model"),
        ({"tokenizer.json": bpe({"a": 0}, [["a"]])}, "merges"),
    ],
    ids=[
        "nothing",
        "no vocab",
        "empty",
        "no JSON",
        "id of text",
        "an id twice",
        "no vocab in it",
        "no model",
        "a merge",
    ],
)
def test_case_57_a_folder_that_is_no_tokenizer_is_refused(
    files: dict[str, Any], says: str, source: Path, tmp_path: Path
) -> None:
    """One error that names what is wrong, the documented exit code, and no output."""
    folder = folder_of(tmp_path / "tokenizer", files)
    run = aprfmt("stamp", source, "--tokenizer", folder, "-o", tmp_path / "out.apr")
    assert run.code in (2, 4)
    assert run.out == ""
    assert says in run.err
    assert "Traceback" not in run.err
    assert names(tmp_path) == ["model.apr", "tokenizer"]


def test_case_57_a_folder_that_is_not_there_is_a_fault_of_the_file(source: Path, tmp_path: Path) -> None:
    """A path that leads nowhere is said with that path."""
    run = aprfmt("stamp", source, "--tokenizer", tmp_path / "absent", "-o", tmp_path / "out.apr")
    assert run.code in (2, 3)
    assert "absent" in run.err
    assert names(tmp_path) == ["model.apr"]


# ---- 58: tokenizer.json ----

ADDED = [
    {"id": 3, "content": "<|im_start|>", "special": True},
    {"id": 4, "content": "<|im_end|>", "special": True},
]


@pytest.mark.parametrize("merges", [["a b"], [["a", "b"]]], ids=["text", "pairs"])
def test_case_58_added_tokens_stand_at_their_ids(merges: list[Any], source: Path, tmp_path: Path) -> None:
    """The tokens that are added to the vocabulary are in it; merges in both forms are the same merges."""
    value = bpe({"a": 0, "b": 1, "ab": 2}, merges, added_tokens=ADDED)
    run, made = stamp(source, folder_of(tmp_path / "tokenizer", {"tokenizer.json": value}))
    assert run.code == 0
    assert made[VOCABULARY] == ["a", "b", "ab", "<|im_start|>", "<|im_end|>"]
    assert made[SIZE] == 5
    assert made[MERGES] == ["a b"]
    assert made[TYPE] == "BPE"


def test_case_58_a_token_may_be_in_both_lists(source: Path, tmp_path: Path) -> None:
    """An added token that the vocabulary has at the same id is there once."""
    value = bpe({"a": 0, "<pad>": 1}, added_tokens=[{"id": 1, "content": "<pad>"}, {"id": 2, "content": "<eos>"}])
    _, made = stamp(source, folder_of(tmp_path / "tokenizer", {"tokenizer.json": value}))
    assert made[VOCABULARY] == ["a", "<pad>", "<eos>"]


def test_case_58_a_vocabulary_in_an_array_is_read(source: Path, tmp_path: Path) -> None:
    """Unigram keeps tokens and scores in an array, whose order is that of the ids."""
    value = {"model": {"type": "Unigram", "vocab": [["<unk>", 0.0], ["▁a", -1.5], ["b", -2.0]]}, "added_tokens": []}
    run, made = stamp(source, folder_of(tmp_path / "tokenizer", {"tokenizer.json": value}))
    assert run.code == 0
    assert made[VOCABULARY] == ["<unk>", "▁a", "b"]
    assert made[TYPE] == "Unigram"


def test_case_58_gaps_are_listed_or_filled_and_nothing_shifts(source: Path, tmp_path: Path) -> None:
    """Ids that nobody has: an error that names them, or placeholders; a token never moves to another id."""
    value = bpe({"a": 0, "b": 1, "c": 5}, added_tokens=[{"id": 7, "content": "<end>"}])
    folder = folder_of(tmp_path / "tokenizer", {"tokenizer.json": value})
    run = aprfmt("stamp", source, "--tokenizer", folder, "-o", tmp_path / "out.apr")
    assert run.code in (2, 4)
    assert "2" in run.err
    assert "4" in run.err
    assert "6" in run.err
    assert "--fill-gaps" in run.err
    assert names(tmp_path) == ["model.apr", "tokenizer"]
    _, made = stamp(source, folder, "--fill-gaps", "<gap>")
    assert len(made[VOCABULARY]) == made[SIZE] == 8
    assert {made[VOCABULARY].index(token): token for token in ("a", "b", "c", "<end>")} == {
        0: "a",
        1: "b",
        5: "c",
        7: "<end>",
    }
    assert all("gap" in made[VOCABULARY][at] for at in (2, 3, 4, 6))


def test_case_58_tokenizer_json_counts_more_than_the_older_files(source: Path, tmp_path: Path) -> None:
    """Where both forms are there, tokenizer.json is used alone."""
    files = {"tokenizer.json": bpe({"x": 0}), "vocab.json": VOCAB, "merges.txt": MERGES_TXT}
    _, made = stamp(source, folder_of(tmp_path / "tokenizer", files))
    assert made[VOCABULARY] == ["x"]
    assert MERGES not in made


# ---- 59: what an older tokenizer left ----


def test_case_59_nothing_of_an_older_tokenizer_stays_beside_the_new_one(tmp_path: Path) -> None:
    """A vocabulary without merges replaces one with merges: what belonged to the old one goes, and that is said."""
    stale = {
        VOCABULARY: ["old", "words"],
        SIZE: 2,
        MERGES: ["o l"],
        TYPE: "BPE",
        "tokenizer.scores": [0.0, 1.0],
        "tokenizer.bos_token_id": 1,
        "tokenizer.model": "gpt2",
    }
    source = model(tmp_path / "model.apr", {"model_type": "qwen2", **stale, "custom": [1], "tied_embeddings": True})
    run, made = stamp(source, folder_of(tmp_path / "tokenizer", {"vocab.json": {"new": 0}}))
    assert run.code == 0
    assert (made[VOCABULARY], made[SIZE]) == (["new"], 1)
    assert not {MERGES, "tokenizer.scores", "tokenizer.bos_token_id", "tokenizer.model"} & made.keys()
    assert (made["custom"], made["tied_embeddings"]) == ([1], True)
    assert "tokenizer.merges" in str(run.json)
    text = aprfmt("stamp", source, "--tokenizer", tmp_path / "tokenizer", "-o", tmp_path / "again.apr")
    assert "tokenizer.merges" in text.out + text.err
