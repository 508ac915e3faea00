"""A tokenizer in a folder: which files are read, and which are refused before a byte of them is."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from aprfmt.errors import RequestError
from aprfmt.files.tokenizers import read_tokenizer_folder
from aprfmt.limits import DEFAULT_LIMITS

DATA = Path(__file__).resolve().parents[2] / "data" / "tokenizers"


def put(folder: Path, **files: str) -> Path:
    """Write `tokenizer.json` as `tokenizer_json`, and so on."""
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text, encoding="utf-8", newline="")
    return folder


def test_a_folder_is_read_by_any_kind_of_path() -> None:
    read = read_tokenizer_folder(DATA / "vocab_merges")
    assert (read.vocabulary, read.merges) == (("t", "Ġ", "Ġt", "#", "##"), ("Ġ t", "# #"))
    assert read_tokenizer_folder(str(DATA / "vocab_merges")) == read


def test_placeholders_and_limits_are_handed_on() -> None:
    assert len(read_tokenizer_folder(DATA / "sparse", fill_gaps="<{id}>").vocabulary) == 8
    with pytest.raises(RequestError, match=r"ids below 7 \(max_metadata_values\)"):
        read_tokenizer_folder(DATA / "sparse", limits=replace(DEFAULT_LIMITS, max_metadata_values=7))


def test_an_error_begins_with_the_path_of_the_file(tmp_path: Path) -> None:
    put(tmp_path, vocab_json='{"a//b": 0, "./a": 0}')
    with pytest.raises(RequestError) as caught:
        read_tokenizer_folder(tmp_path)
    assert str(caught.value) == f"{tmp_path / 'vocab.json'}: expected one token at id 0, found 'a//b' and './a'"
    with pytest.raises(RequestError, match=r"^fill_gaps: "):
        read_tokenizer_folder(tmp_path, fill_gaps="")


def test_a_folder_without_a_tokenizer(tmp_path: Path) -> None:
    put(tmp_path, merges_txt="a b\n", readme_md="")
    with pytest.raises(RequestError) as caught:
        read_tokenizer_folder(tmp_path)
    assert str(caught.value) == f"{tmp_path / 'tokenizer.json'}: expected this file or vocab.json, found neither"


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as missing:
        read_tokenizer_folder(tmp_path / "none")
    assert missing.value.filename == str(tmp_path / "none")
    put(tmp_path, vocab_json='{"a": 0}')
    with pytest.raises(NotADirectoryError) as caught:
        read_tokenizer_folder(tmp_path / "vocab.json")
    assert caught.value.filename == str(tmp_path / "vocab.json")


def test_merges_are_read_when_they_are_there(tmp_path: Path) -> None:
    put(tmp_path, vocab_json='{"a": 0}')
    assert read_tokenizer_folder(tmp_path).merges is None
    put(tmp_path, merges_txt="a a\r\n")
    assert read_tokenizer_folder(tmp_path).merges == ("a a",)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_nothing_is_touched_beside_tokenizer_json(tmp_path: Path) -> None:
    put(tmp_path, tokenizer_json='{"model": {"vocab": ["a"]}}')
    (tmp_path / "vocab.json").mkdir()
    os.mkfifo(tmp_path / "merges.txt")
    assert read_tokenizer_folder(tmp_path).vocabulary == ("a",)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
@pytest.mark.parametrize("name", ["tokenizer.json", "vocab.json", "merges.txt"])
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path, name: str) -> None:
    put(tmp_path, vocab_json='{"a": 0}')
    (tmp_path / name).unlink(missing_ok=True)
    os.mkfifo(tmp_path / name)
    with pytest.raises(RequestError) as caught:
        read_tokenizer_folder(tmp_path)
    assert str(caught.value) == f"{tmp_path / name}: expected a regular file, found a device, pipe or socket"


@pytest.mark.skipif(not Path(os.devnull).is_char_device(), reason="no device that is a file on this system")
def test_a_device_is_refused(tmp_path: Path) -> None:
    (tmp_path / "vocab.json").symlink_to(os.devnull)
    with pytest.raises(RequestError, match="found a device, pipe or socket"):
        read_tokenizer_folder(tmp_path)


def test_a_folder_under_the_name_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").mkdir()
    with pytest.raises(IsADirectoryError):
        read_tokenizer_folder(tmp_path)


def test_links_are_followed(tmp_path: Path) -> None:
    (tmp_path / "vocab.json").symlink_to(DATA / "vocab_merges" / "vocab.json")
    assert len(read_tokenizer_folder(tmp_path).vocabulary) == 5


def test_a_link_that_leads_nowhere_is_not_passed_over(tmp_path: Path) -> None:
    put(tmp_path, vocab_json='{"a": 0}')
    (tmp_path / "tokenizer.json").symlink_to(tmp_path / "blob")
    with pytest.raises(FileNotFoundError):
        read_tokenizer_folder(tmp_path)


@pytest.mark.parametrize("name", ["tokenizer.json", "vocab.json", "merges.txt"])
def test_a_file_beyond_the_limit_is_not_read(tmp_path: Path, name: str) -> None:
    put(tmp_path, vocab_json='{"a": 0}')
    path = tmp_path / name
    with path.open("wb") as file:
        file.truncate(1 << 40)  # a hole, which takes no room on the disk and no machine could hold in memory
    with pytest.raises(RequestError) as caught:
        read_tokenizer_folder(tmp_path)
    expected = f"expected at most {DEFAULT_LIMITS.max_metadata_bytes} bytes (max_metadata_bytes)"
    assert str(caught.value) == f"{path}: {expected}, found {1 << 40} bytes"


def test_a_file_at_the_limit_is_read(tmp_path: Path) -> None:
    put(tmp_path, vocab_json='{"a":0}')
    limits = replace(DEFAULT_LIMITS, max_metadata_bytes=7)
    assert read_tokenizer_folder(tmp_path, limits=limits).vocabulary == ("a",)
    with pytest.raises(RequestError, match="expected at most 6 bytes"):
        read_tokenizer_folder(tmp_path, limits=replace(limits, max_metadata_bytes=6))
