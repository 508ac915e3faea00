"""Draws outside of a test: a function of their bytes, and what is in vain is counted."""

from __future__ import annotations

from hashlib import shake_128

import pytest
from hypothesis import strategies as st

from aprfmt.testing import (
    Drawn,
    breakable,
    containers,
    damaged,
    drawer,
    headers,
    indexes,
    measure,
    metadata_json,
    metadata_patches,
    patches,
)

ENTROPY = [shake_128(bytes([number])).digest(8192) for number in range(12)]


def test_a_value_is_a_function_of_its_bytes() -> None:
    first, second = drawer(containers()), drawer(containers())
    values = [first(entropy) for entropy in ENTROPY]
    assert [second(entropy) for entropy in reversed(ENTROPY)] == values[::-1]
    assert len(set(values)) > 8


def test_too_few_bytes_choose_nothing() -> None:
    draw = drawer(st.binary(min_size=100))
    assert draw(b"") is None
    assert draw(ENTROPY[0]) is not None
    assert draw(b"") is None


def test_draws_in_vain_are_counted() -> None:
    assert measure(st.integers().filter(lambda _: False), ENTROPY) == Drawn(0, 12, 0)
    found = measure(st.just(b"abc"), ENTROPY)
    assert (found, found.rejected_share) == (Drawn(12, 0, 36), 0.0)
    assert Drawn(1, 3, 0).rejected_share == 0.75
    assert Drawn(0, 0, 0).rejected_share == 0.0


PUBLISHED = {
    "containers": containers(),
    "odd containers": containers(canonical=False),
    "sound containers": containers(sound=True),
    "damaged": damaged(containers()),
    "headers": headers(),
    "indexes": indexes(),
    "metadata": metadata_json(),
    "patches": patches(),
    "metadata patches": metadata_patches(),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_nothing_published_is_drawn_in_vain(name: str) -> None:
    assert measure(PUBLISHED[name], ENTROPY).rejected_share == 0.0


def test_no_broken_file_is_drawn_in_vain() -> None:
    """Whatever the rule, every draw MUST give a file: 8 KiB are enough, and nothing is thrown away."""
    for rule in breakable(large=False):
        assert measure(containers(breaking=rule), ENTROPY[:5]).n_rejected == 0, rule


def test_none_is_a_value_like_any_other() -> None:
    assert measure(st.none(), ENTROPY) == Drawn(12, 0, 0)
