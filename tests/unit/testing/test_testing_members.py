"""Sound members: nothing that parsers disagree about, and every kind of value all the same."""

from __future__ import annotations

import json

from hypothesis import strategies as st
from tests.unit.testing.drawing_kit import many

from aprfmt.jsonwalk import repeated_keys, wide_integers
from aprfmt.metadata import Metadata
from aprfmt.provenance import PROVENANCE_KEYS
from aprfmt.testing.members import FREE_KEYS, KEYS_AT, joined, quoted_key, sound_members

SOUND = st.composite(sound_members)()


def test_sound_members_are_unambiguous_and_say_where_the_model_comes_from() -> None:
    for members in many(SOUND, 150):
        raw = joined(members.items(), " ")
        assert not list(repeated_keys(raw))
        assert not list(wide_integers(raw))
        assert Metadata(raw).type_errors() == []
        assert all(json.loads(raw)[key] for key in PROVENANCE_KEYS)


def test_sound_members_are_of_every_kind() -> None:
    found = {json.loads(key) for members in many(SOUND, 300) for key in members}
    assert {json.loads(key) for key in FREE_KEYS} <= found
    assert {"sharding", "tokenizer.vocabulary"} <= found
    assert len(found & {path[0] for path in KEYS_AT}) > 15


def test_the_origin_stands_in_front_or_behind() -> None:
    first = {next(iter(members)) for members in many(SOUND, 100) if len(members) > 3}
    assert '"license"' in first
    assert len(first) > 1


def test_members_are_joined_with_white_space_around_every_part() -> None:
    assert joined([('"a"', "1"), ('"b"', "[]")], " ") == b' { "a" : 1, "b" : [] } '
    assert joined([]) == b"{}"
    assert quoted_key('a"é') == r'"a\"\u00e9"'
