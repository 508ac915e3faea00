"""The vectors of the metadata cover the schema: every known key on both sides, every word that says nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from aprfmt.conform.recipes import read
from aprfmt.container import Container
from aprfmt.layout._generated.metadata_schema import KEYS, MetadataKey
from aprfmt.provenance import MEANINGLESS, PROVENANCE_KEYS
from aprfmt.vectors import Suite, Vector
from aprfmt.vectors.check import flaws, judge, unique

DOCUMENTS = read()
SUITE = Suite({name: DOCUMENTS[name] for name in ("bases.json", "metadata.json", "provenance.json")})
VECTORS = list(SUITE.vectors.values())


def paths(keys: Sequence[MetadataKey], above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], MetadataKey]]:
    for key in keys:
        yield (*above, key.name), key
        yield from paths(key.keys, (*above, key.name))


PATHS = dict(paths(KEYS))
by_path = pytest.mark.parametrize("path", [pytest.param(path, id=".".join(path)) for path in PATHS])


def wrong_fields() -> Mapping[str, set[str]]:
    """The fields at fault in the files that break APR-M006, each with what is found there."""
    found: dict[str, set[str]] = {}
    for vector in VECTORS:
        if vector.rule == "APR-M006":
            for finding in judge(SUITE.image(vector.id), vector.profile).errors:
                found.setdefault(finding.field, set()).add(finding.found)
    return found


WRONG = wrong_fields()
ACCEPTED: list[Mapping[str, Any]] = [
    Container(SUITE.image(vector.id)).metadata
    for vector in VECTORS
    if vector.verdict == "accept" and "large-metadata" not in vector.tags
]


def values_at(path: tuple[str, ...]) -> list[Any]:
    """What the accepted files hold at a path of keys."""
    found: list[Any] = list(ACCEPTED)
    for key in path:
        found = [value[key] for value in found if isinstance(value, Mapping) and key in value]
    return found


@pytest.mark.parametrize("vector", [pytest.param(vector, id=vector.id) for vector in VECTORS])
def test_what_a_recipe_claims_holds(vector: Vector) -> None:
    assert list(flaws(SUITE, vector)) == []


def test_no_two_vectors_are_one_file() -> None:
    assert list(unique(SUITE.vectors)) == []


@by_path
def test_every_known_key_holds_a_wrong_type_in_one_file_and_a_right_one_in_another(path: tuple[str, ...]) -> None:
    assert WRONG[".".join(("metadata", *path))] - {"nothing"}
    assert any(value is not None for value in values_at(path))


@pytest.mark.parametrize("path", [path for path, key in PATHS.items() if key.nullable], ids=".".join)
def test_every_key_that_may_be_null_is_null_in_one_file(path: tuple[str, ...]) -> None:
    assert None in values_at(path)


@pytest.mark.parametrize("path", [path for path, key in PATHS.items() if key.when_absent == "required"], ids=".".join)
def test_every_key_that_must_be_there_is_missing_in_one_file(path: tuple[str, ...]) -> None:
    assert "nothing" in WRONG[".".join(("metadata", *path))]


@pytest.mark.parametrize("path", [path for path, key in PATHS.items() if len(path) == 1 and key.bits], ids=".".join)
def test_every_integer_is_at_both_of_its_bounds(path: tuple[str, ...]) -> None:
    bits = PATHS[path].bits or 0
    assert {0, (1 << bits) - 1} <= {value for value in values_at(path) if value is not None}


@pytest.mark.parametrize("bits", sorted({key.bits for key in PATHS.values() if key.bits}))
def test_every_width_of_an_integer_is_exceeded_by_one(bits: int) -> None:
    """And by one below 0, so that whoever reads it into a wider or a signed integer takes it."""
    fields = [".".join(("metadata", *path)) for path, key in PATHS.items() if key.bits == bits]
    found = set().union(*(WRONG[field] for field in fields))
    assert repr(str(1 << bits)) in found


def test_negative_integers_are_among_them() -> None:
    assert "'-1'" in WRONG["metadata.num_heads"] & WRONG["metadata.sharding.shard_index"]


@pytest.mark.parametrize("word", sorted(MEANINGLESS))
def test_every_word_that_says_nothing_is_refused_in_a_published_file(word: str) -> None:
    files = [Container(SUITE.image(vector.id)).metadata for vector in VECTORS if vector.rule == "APR-P002"]
    assert any(str(file[key]).strip().lower() == word for file in files for key in PROVENANCE_KEYS)
