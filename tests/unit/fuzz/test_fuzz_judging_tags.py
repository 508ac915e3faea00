"""The tags of a drawn file are those that the vectors have."""

from __future__ import annotations

from tests.unit.fuzz.toys import shipped

from aprfmt.fuzz.judging.tags import tags_of

WORDED = {"integers-53", "integers-64", "whole-fractions"}


def test_every_valid_vector_has_the_tags_that_it_says() -> None:
    suite = shipped()
    seen: set[str] = set()
    for vector in suite.vectors.values():
        if vector.op == "read" and vector.verdict == "accept" and not vector.is_sparse:
            found = tags_of(suite.image(vector.id).whole())
            assert set(vector.tags) & WORDED <= found, vector.id
            seen |= found
    assert seen == WORDED


def test_what_is_no_container_has_none() -> None:
    assert tags_of(b"") == tags_of(bytes(200)) == set()
