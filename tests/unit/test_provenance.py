"""The patch that a stamp sets: its keys, its values, what it refuses."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from aprfmt.errors import RequestError
from aprfmt.layout._generated import metadata_schema as facts
from aprfmt.provenance import PROVENANCE_KEYS, STAMP_KEYS, ProvenancePatch


def test_one_field_for_each_key() -> None:
    assert tuple(field.name for field in dataclasses.fields(ProvenancePatch)) == STAMP_KEYS
    assert STAMP_KEYS[:3] == PROVENANCE_KEYS


def test_every_key_is_a_string_of_the_schema() -> None:
    kinds = {key.name: key.kind for key in facts.KEYS}
    assert {kinds[key] for key in STAMP_KEYS} == {"string"}


def test_values() -> None:
    assert ProvenancePatch().is_empty
    patch = ProvenancePatch(model_type="q", license="", data_source="d")
    assert not patch.is_empty
    assert list(patch.values().items()) == [("license", ""), ("data_source", "d"), ("model_type", "q")]


def test_refuses_what_is_not_a_string() -> None:
    wrong: Any = 5
    with pytest.raises(RequestError, match="license: expected a string, not 5"):
        ProvenancePatch(license=wrong)
