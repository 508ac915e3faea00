"""The laws of a stamp, held against files that were changed by hand."""

from __future__ import annotations

import pytest
from tests.unit.fuzz.toys import shipped

from aprfmt.fuzz.drawing.recipe import SEALS, Recipe
from aprfmt.fuzz.judging.laws import broken_laws
from aprfmt.ops.stamp import stamp_bytes
from aprfmt.provenance import ProvenancePatch

TREE = {
    "metadata": {"text": '{"b":1,"license":"x","a":[1.0],"license":"y"}'},
    "tensor_index": {"entries": [{"name": {"text": "t"}, "dtype": "f32", "dims": [2]}]},
    "tensor_data": {"join": [{"counting": 8}, {"zeros": 56}]},
}
PATCH = {"license": "MIT"}
BEFORE = Recipe(TREE).build()


def broken(text: str = "", *edits: dict[str, object]) -> dict[str, str]:
    """The laws that a stamp with this metadata and these edits breaks, with their places."""
    words = text or '{"b":1,"license":"x","a":[1.0],"license":"MIT"}'
    after = Recipe({**TREE, "metadata": {"text": words}}, tuple(edits)).build()
    return {law.place: law.kind for law in broken_laws(BEFORE, after, PATCH)}


def test_a_right_stamp_breaks_none() -> None:
    assert broken() == {}
    assert list(broken_laws(BEFORE, stamp_bytes(BEFORE, ProvenancePatch(**PATCH)), PATCH)) == []


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('{"license":"x","a":[1.0],"license":"MIT"}', "metadata, a key lost"),
        ('{"b":2,"license":"x","a":[1.0],"license":"MIT"}', "metadata, a value changed"),
        ('{"b":1,"license":"x","a":[1],"license":"MIT"}', "metadata, a value changed"),
        ('{"b":1,"license":"x","a":[1.0],"license":"MIT","c":null}', "metadata, a key added"),
        ('{"a":[1.0],"license":"x","b":1,"license":"MIT"}', "metadata, the order changed"),
        ('{"b":1,"license":"x","a":[1.00],"license":"MIT"}', "metadata, the text rewritten"),
        ('{"b":1,"a":[1.0],"license":"MIT"}', "metadata, a key lost"),
    ],
)
def test_what_happened_to_members_is_told(text: str, place: str) -> None:
    assert broken(text) == {place: "changes"}


def test_a_patch_that_did_not_arrive() -> None:
    assert broken('{"b":1,"license":"x","a":[1.0],"license":"y"}') == {"metadata": "unsaid"}


@pytest.mark.parametrize(
    ("edit", "place"),
    [
        ({"set": "header.version_minor", "to": 1}, "header.version_minor"),
        ({"set": "header.flags.reserved", "to": 1}, "header.flags"),
        ({"set": "tensor_index.entries[0].dims", "to": [2]}, ""),
        ({"set": "tensor_index.entries[0].name", "to": {"text": "u"}}, "tensor_index.entries[].name"),
        ({"put": {"hex": "ff"}, "in": "tensor_data", "at": 3}, "tensor_data"),
    ],
)
def test_what_a_stamp_does_not_own_is_told(edit: dict[str, object], place: str) -> None:
    assert broken("", edit) == ({place: "changes"} if place else {})


def test_an_output_that_breaks_a_rule_is_told_by_the_rule() -> None:
    after = Recipe(TREE, ({"set": "header.version_major", "to": 3},), SEALS).build()
    kinds = {law.kind: law.place for law in broken_laws(BEFORE, after, {"license": "y"})}
    assert kinds["invalid-output"] == "APR-H002 header.version_major"


@pytest.mark.parametrize("size", [0, 20, 100, 300])
def test_any_output_is_judged(size: int) -> None:
    raw = shipped().image("base.two").whole()
    assert next(broken_laws(raw, raw[:size], PATCH)).kind == "invalid-output"
