"""The seeds: which files they are, that each is small and is there once, and how Go reads them."""

from __future__ import annotations

import ast
from functools import cache
from typing import Any

import pytest
from tests.unit.rules.crafting import lenient

from aprfmt import layout
from aprfmt.conform.recipes import completed
from aprfmt.errors import RequestError
from aprfmt.files.vectors import read_suite
from aprfmt.fuzz.corpus.seeds import DICTIONARY, SEED_NBYTES, Corpus, go_seed, make_corpus
from aprfmt.layout import facts
from aprfmt.layout._generated.metadata_schema import KEYS
from aprfmt.rules import run
from aprfmt.vectors import Suite


@cache
def own() -> Corpus:
    return make_corpus(read_suite())


def suite(*vectors: dict[str, Any]) -> Suite:
    bases = {
        "one": {
            "metadata": {"text": '{"name":"m"}'},
            "tensor_index": {"entries": [{"name": {"text": "a"}, "dtype": "u8", "dims": [64]}]},
            "tensor_data": {"zeros": 64},
        },
        "large": {
            "metadata": {"text": "{}"},
            "tensor_index": {"entries": [{"name": {"text": "a"}, "dtype": "u8", "dims": [SEED_NBYTES]}]},
            "tensor_data": {"zeros": SEED_NBYTES},
        },
        "holes": {
            "metadata": {"text": "{}"},
            "tensor_index": {
                "entries": [
                    {"name": {"text": "a"}, "dtype": "u8", "dims": [1 << 32], "ofs_tensor": 0, "len_tensor": 1 << 32}
                ]
            },
        },
    }
    nodes = [{"about": "A file.", "origin": "hand", "verdict": "accept", **vector} for vector in vectors]
    return Suite(completed({"all.json": {"about": "Recipes.", "bases": bases, "vectors": nodes}}))


def seeds(found: Corpus) -> dict[str, bytes]:
    return {name: raw for name, raw in found.seeds if not name.startswith("smallest.")}


def test_a_seed_is_small_and_no_other_one_is_the_same() -> None:
    assert len(own().seeds) > 500
    assert max(len(seed.raw) for seed in own().seeds) <= SEED_NBYTES
    assert len({seed.raw for seed in own().seeds}) == len({seed.name for seed in own().seeds}) == len(own().seeds)


def test_the_corpus_is_a_function_of_the_recipes() -> None:
    assert make_corpus(read_suite()) == own()
    assert list(own().seeds) == sorted(own().seeds)


def test_seeds_break_every_rule_that_a_small_file_can_break() -> None:
    found = {finding.rule for seed in own().seeds for finding in run(lenient(seed.raw), read_data=True).findings}
    large = {"APR-L001", "APR-M007"}  # beyond a limit, or larger than 16 MiB
    assert found >= facts.RULES.keys() - large


def test_what_is_large_or_full_of_holes_is_left_out() -> None:
    found = make_corpus(
        suite({"id": "small", "base": "one"}, {"id": "large", "base": "large"}, {"id": "holes", "base": "holes"})
    )
    assert seeds(found).keys() == {"small"}
    assert found.left_out == ("large", "holes")


def test_of_equal_files_the_first_one_stays() -> None:
    found = make_corpus(suite({"id": "b", "base": "one"}, {"id": "a", "base": "one", "profile": "canonical"}))
    assert seeds(found).keys() == {"b"}
    assert found.left_out == ("a",)


def test_what_stamps_and_writers_must_make_is_a_seed_too() -> None:
    found = seeds(
        make_corpus(
            suite(
                {"id": "stamp", "op": "stamp", "base": "one", "patch": {"license": "MIT"}},
                {"id": "refused", "op": "stamp", "base": "one", "patch": {}, "verdict": "reject", "seal": []},
                {"id": "write", "op": "write", "tree": {"metadata": {"name": "m"}, "flags": [], "tensors": []}},
            )
        )
    )
    assert found.keys() == {"stamp", "stamp.expected", "write.expected"}
    assert lenient(found["stamp.expected"]).metadata["license"] == "MIT"


def test_there_is_a_smallest_file_for_every_element_type_flag_and_key() -> None:
    smallest = [lenient(seed.raw) for seed in own().seeds if run(lenient(seed.raw), read_data=True).valid]
    refused = layout.Flags.LAYOUT_COLUMN_MAJOR  # by every reader
    assert {container.header.flags for container in smallest} >= set(layout.Flags) - {refused}
    assert {tensor.entry.dtype for container in smallest for tensor in container.tensors} >= set(layout.DType)
    assert {key for container in smallest for key in container.metadata} >= {key.name for key in KEYS}


def test_files_are_the_seeds_twice_and_the_dictionary() -> None:
    files = dict(own().files("FuzzOther"))
    assert len(files) == 2 * len(own().seeds) + 1
    for name, raw in own().seeds:
        assert files[f"seeds/{name}.apr"] == raw
        assert files[f"testdata/fuzz/FuzzOther/{name}"] == go_seed(raw)
    assert files[DICTIONARY].startswith(b"# ")


@pytest.mark.parametrize("name", ["", "Read", "Fuzzread", "Fuzz/../x", "FuzzA-B", "FuzzA\n", "Fuzzé"])
def test_a_name_that_go_does_not_take_is_refused(name: str) -> None:
    with pytest.raises(RequestError, match="expected the name of a fuzz target in Go, such as FuzzRead, found"):
        list(own().files(name))


def test_go_reads_the_bytes_back() -> None:
    raw = bytes(range(256)) + b'"\\\n`$'
    head, body, end = go_seed(raw).decode("ascii").split("\n")
    assert (head, end) == ("go test fuzz v1", "")
    assert body.startswith('[]byte("')
    assert body.endswith('")')
    # A literal of these escapes means the same in Go and in Python.
    assert ast.literal_eval(f"b{body.removeprefix('[]byte(').removesuffix(')')}") == raw
