"""Names by the words that count in them, and what is found by a few words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aprfmt.errors import RequestError
from aprfmt.licences import CATALOGUES, search
from aprfmt.licences.entries import catalogue_entries
from aprfmt.licences.guess import close_licences, fold


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Apache License, Version 2.0", ("apache", "2")),
        ("GPLv2+", ("gpl", "2", "orlater")),
        ("GNU General Public License v2.0 or later", ("gpl", "2", "orlater")),
        ("GNU Lesser General Public License v2.1 only", ("lgpl", "2", "1", "only")),
        ("CC0-1.0", ("cc", "0", "1")),
        ("MIT-0", ("mit", "0")),
        ("0BSD", ("0", "bsd")),
        ("BlueOak-1.0.0", ("blueoak", "1")),
        ("Creative Commons Attribution Non Commercial 4.0 International", ("cc", "by", "nc", "4")),
        ("the license", ()),
        ("", ()),
    ],
)
def test_the_words_that_count(text: str, words: tuple[str, ...]) -> None:
    assert fold(text) == words


def test_only_what_is_accepted_is_offered() -> None:
    assert close_licences("gpl3", lambda text: text.endswith("later")) == ("GPL-3.0-or-later",)
    assert close_licences("gpl3", lambda _: False) == ()


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("mit", ["MIT"]),
        ("MIT License", ["MIT"]),
        ("apache 2", ["Apache-2.0"]),
        ("gpl3", ["GPL-3.0-only", "GPL-3.0-or-later"]),
        ("GPL-3.0", ["GPL-3.0", "GPL-3.0-only", "GPL-3.0-or-later"]),
        ("llama", ["llama4", "llama3.3", "llama3.1"]),
        ("cc by", ["CC-BY-4.0"]),
        ("llvm", ["LLVM-exception"]),
        ("noncommercial polyform", ["PolyForm-Noncommercial-1.0.0"]),
    ],
)
def test_the_closest_comes_first(query: str, first: list[str]) -> None:
    assert [entry.id for entry in search(query)][: len(first)] == first


def test_what_is_deprecated_comes_last() -> None:
    found = [entry.deprecated for entry in search("gnu general public")]
    assert True in found
    assert found == sorted(found)


def test_nothing_is_found() -> None:
    assert search("no such licence at all") == []
    assert search("agpl", "upstream") == []


def test_everything_is_found() -> None:
    for catalogue in CATALOGUES:
        assert search("", catalogue) == search("  ", catalogue) == list(catalogue_entries(catalogue))


def test_a_catalogue_that_does_not_exist() -> None:
    with pytest.raises(RequestError, match=r"^expected a catalogue of licences, found 'nope'"):
        search("mit", "nope")


def test_an_id_and_a_name_find_their_licence_first() -> None:
    for entry in catalogue_entries()[::7]:
        assert search(entry.id.upper())[0] == entry
        assert entry in [found for found in search(entry.name) if found.name == entry.name]


@given(st.one_of(st.text(max_size=80), st.text("gplcbymit 0123.+-", max_size=20)))
def test_any_query_is_answered(query: str) -> None:
    """A query finds entries of the catalogue, each once."""
    for catalogue in CATALOGUES:
        found = [entry.id for entry in search(query, catalogue)]
        assert len(found) == len(set(found))
        assert set(found) <= {entry.id for entry in catalogue_entries(catalogue)}
