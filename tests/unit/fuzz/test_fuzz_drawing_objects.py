"""What is drawn: objects without an error, metadata that readers take, and evil ones that they do not."""

from __future__ import annotations

import pytest

from aprfmt.container import Container
from aprfmt.errors import AprError
from aprfmt.fuzz.drawing.damage import KINDS, damages
from aprfmt.fuzz.drawing.draws import Draws
from aprfmt.fuzz.drawing.evil import evil_edits, fields_of, numbers
from aprfmt.fuzz.drawing.objects import tree
from aprfmt.fuzz.drawing.recipe import SEALS, Recipe
from aprfmt.fuzz.drawing.texts import evil_metadata, metadata_words
from aprfmt.fuzz.drawing.writes import new_tree
from aprfmt.fuzz.judging.own import Opinion, made
from aprfmt.layout import DType, facts
from aprfmt.metadata import Metadata
from aprfmt.vectors.image import Image
from aprfmt.vectors.words import bytes_of

SOME = range(120)


def test_objects_have_no_error_and_are_of_all_types() -> None:
    types, canonical = set(), 0
    for seed in SOME:
        raw = Recipe(tree(Draws("object", seed))).build()
        opinion = Opinion.of(raw, "canonical")
        assert opinion.general.errors == (), seed
        canonical += opinion.report.valid
        types |= {tensor.entry.dtype for tensor in Container(Image.of(raw)).tensors}
    assert types == set(DType)
    assert len(SOME) / 2 < canonical < len(SOME)


def test_some_objects_have_one_more_than_a_good_writer_writes() -> None:
    """A name and a shape beyond what the specification advises are taken, and cut by those who count too short."""
    broken: set[str] = set()
    for seed in range(900):
        raw = Recipe(tree(Draws("object", seed))).build()
        broken |= {finding.rule for finding in Opinion.of(raw, "default").general.findings}
    assert {"APR-I006", "APR-I007"} <= broken


def test_metadata_is_what_every_reader_takes() -> None:
    for seed in SOME:
        raw = bytes_of(metadata_words(Draws("metadata", seed)), "metadata")
        assert Metadata(raw).type_errors() == [], raw


def test_evil_metadata_is_mostly_refused_in_every_way() -> None:
    refused: dict[str, int] = {}
    for seed in SOME:
        kind, words = evil_metadata(Draws("evil", seed))
        try:
            wrong = bool(Metadata(bytes_of(words, "metadata")).type_errors())
        except AprError:
            wrong = True
        refused[kind] = refused.get(kind, 0) + wrong
    assert refused.pop("a key twice") == 0
    assert all(number > 0 for number in refused.values())
    assert len(refused) == 4


def sound() -> bytes:
    return Recipe(tree(Draws("object", 4))).build()


def test_every_field_can_be_evil_and_its_numbers_fit_it() -> None:
    container = Container(Image.of(sound()))
    fields = fields_of(container)
    specs = {field.spec for field in fields}
    assert {f"header.{name}" for name in facts.FIELDS["header"] if name != "flags"} <= specs
    assert {f"tensor_index_entry.{name}" for name in facts.FIELDS["tensor_index_entry"]} <= specs
    for field in fields:
        if isinstance(field.value, int) and field.path not in SEALS:
            found = numbers(field, container)
            assert found, field.path
            assert all(0 <= number < 1 << field.bits for number in found), field.path
            assert int(field.value) not in found


def test_evil_numbers_are_on_both_sides_of_every_bound() -> None:
    container = Container(Image.of(sound()))
    field = next(item for item in fields_of(container) if item.path == "header.ofs_data")
    assert {container.source.size - 1, container.source.size, container.source.size + 1} <= set(
        numbers(field, container)
    )
    field = next(item for item in fields_of(container) if item.spec == "tensor_index_entry.ndim")
    assert {8, 9} - {field.value} <= set(numbers(field, container))


def test_an_evil_field_makes_sense_as_an_edit() -> None:
    raw, plain = sound(), Recipe(tree(Draws("object", 4)))
    hit = set()
    for seed in range(200):
        edits, seal, paths = evil_edits(Draws("evil", seed), raw, pointed=True)
        assert len(paths) == 1
        assert plain.simply(edits=tuple(edits), seal=seal).build() != raw or not edits
        hit.add(paths[0].removeprefix("bit of "))
    assert len(hit) > 20


def test_about_one_field_in_128_is_evil() -> None:
    raw = sound()
    number = sum(len(evil_edits(Draws("evil", seed), raw, pointed=False)[2]) for seed in range(300))
    fields = 300 * len(fields_of(Container(Image.of(raw))))
    assert fields / 200 < number < fields / 90


@pytest.mark.parametrize("raw", [b"", b"x", bytes(300)])
def test_any_bytes_can_be_damaged(raw: bytes) -> None:
    kinds: set[str] = set()
    for seed in range(60):
        found, names = damages(Draws("damage", seed), raw, [b"other", bytes(99)])
        assert len(found) == len(names) <= 3
        for damage in found:
            assert damage.at >= 0
        kinds |= set(names)
    assert kinds == set(KINDS)


def test_trees_to_be_written_are_mostly_in_order() -> None:
    refused = 0
    for seed in SOME:
        try:
            made(new_tree(Draws("write", seed)))
        except AprError:
            refused += 1
    assert 0 < refused < len(SOME) / 4
