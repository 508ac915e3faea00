"""Files whose metadata is broken: nothing else of them is, and the large ones are large for a reason."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from tests.unit.testing.drawing_kit import broken, lenient, many, smallest_of

from aprfmt.layout import Flags
from aprfmt.limits import DEFAULT_LIMITS
from aprfmt.metadata import Metadata
from aprfmt.testing import containers
from aprfmt.testing.malformed import MALFORMED


def test_the_text_is_the_one_that_is_drawn_for_metadata_alone() -> None:
    raw = smallest_of("APR-M003")
    assert lenient(raw).metadata.raw == b'{"license":"MIT","data_source":"web","data_license":"MIT","a":NaN}'


def test_files_of_broken_metadata_have_tensors_too() -> None:
    for rule in MALFORMED:
        if rule != "APR-M007":
            files = [lenient(raw) for raw in many(containers(breaking=rule, min_tensors=1), 3)]
            assert all(file.tensors for file in files)


def test_beyond_the_limit_there_is_one_member_too_many() -> None:
    container = lenient(*broken("APR-L001", 1))
    assert container.metadata.raw.count(b":") == DEFAULT_LIMITS.max_metadata_members + 1
    assert len(container.metadata.raw) < 2 << 20


def test_large_metadata_is_a_byte_larger_than_it_may_be() -> None:
    container = lenient(*broken("APR-M007", 1))
    assert container.header.len_metadata == (16 << 20) + 1
    assert container.metadata.raw.rstrip().endswith(b"}")


def test_flags_of_large_files_are_found_without_reading_them_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a flag announces MUST be looked for without the reader, to which a hundred thousand members are work."""
    told = st.just(b'{"tokenizer.vocabulary":["a"],"license":"MIT","data_source":"web","data_license":"MIT"}')
    raw = many(containers(sound=True, metadata=told), 1)[0]
    assert lenient(raw).header.flags & Flags.HAS_VOCAB
    monkeypatch.setattr(Metadata, "__init__", None)
    assert many(containers(sound=True, metadata=told), 1) == [raw]
