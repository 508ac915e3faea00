"""Malformed metadata: as our reader and the standard library see it, each text breaks its rule in many ways."""

from __future__ import annotations

import json

import pytest
from tests.unit.testing.drawing_kit import many, smallest

from aprfmt.errors import FormatError, RequestError
from aprfmt.metadata import Metadata
from aprfmt.testing import metadata_json
from aprfmt.testing.malformed import MALFORMED, NO_LICENCE, required_members
from aprfmt.testing.members import KEYS_AT

UNREADABLE = ("APR-M001", "APR-M002", "APR-M003", "APR-M004", "APR-M005")


@pytest.mark.parametrize("rule", UNREADABLE)
def test_what_cannot_be_read_is_refused_for_the_right_reason(rule: str) -> None:
    """Reading MUST raise an error of the rule; where the standard library is as strict, it MUST refuse the text too."""
    for raw in many(metadata_json(breaking=rule), 100):
        with pytest.raises(FormatError) as caught:
            _ = Metadata(raw).members
        assert caught.value.rule_id == rule
        if rule in ("APR-M001", "APR-M002"):
            with pytest.raises(ValueError, match=r"Expecting|codec"):
                json.loads(raw.decode())


def test_text_that_is_no_json_is_wrong_in_many_ways() -> None:
    texts = many(metadata_json(breaking="APR-M003"), 250)
    expected = set()
    for raw in texts:
        with pytest.raises(FormatError) as caught:
            _ = Metadata(raw).members
        expected.add(caught.value.expected)
    assert len(expected) > 7
    assert any(raw.startswith("\ufeff".encode()) for raw in texts)


def test_types_are_wrong_at_every_depth() -> None:
    found = set()
    for raw in many(metadata_json(breaking="APR-M006"), 300):
        errors = Metadata(raw).type_errors()
        assert errors
        found |= {tuple(str(error.field).split(".")[1:]) for error in errors}
    assert found <= set(KEYS_AT)
    assert len(found) > 25
    assert any(len(path) == 2 for path in found)


def test_levels_are_one_too_many_or_more_of_arrays_and_of_objects() -> None:
    texts = many(metadata_json(breaking="APR-M005"), 60)
    assert smallest(metadata_json(breaking="APR-M005")).count(b"[") in (127, 128)
    assert any(b'{"":' in raw for raw in texts)
    assert any(raw.startswith(b"[") for raw in texts)


@pytest.mark.parametrize("rule", sorted(set(MALFORMED) - set(UNREADABLE) - {"APR-M007"}))
def test_what_can_be_read_is_an_object(rule: str) -> None:
    assert all(isinstance(json.loads(raw), dict) for raw in many(metadata_json(breaking=rule), 40))


def test_licences_that_are_none_are_of_many_words() -> None:
    assert len(set(many(NO_LICENCE, 60))) > 15


def test_required_members_are_those_of_the_schema() -> None:
    assert set(required_members(KEYS_AT["sharding",])) == {"shard_count", "shard_index", "total_size"}
    assert required_members(KEYS_AT["license",]) == {}


@pytest.mark.parametrize(("rule", "says"), [("APR-D003", "is about more than the metadata"), ("x", "is the id of no")])
def test_what_metadata_alone_cannot_break_is_refused(rule: str, says: str) -> None:
    with pytest.raises(RequestError, match=f"breaking: expected one of APR-M001, .*{rule}' {says}"):
        metadata_json(breaking=rule)
