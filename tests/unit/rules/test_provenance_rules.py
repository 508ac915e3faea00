"""The origin of the model: which keys are there, and whether they answer anything."""

from __future__ import annotations

import json

import pytest
from tests.unit.rules.crafting import Fault, craft, fault, opened

from aprfmt.rules import run

ANSWERED = {"license": "MIT", "data_source": "web", "data_license": "CC0-1.0"}


def said(metadata: bytes) -> list[Fault]:
    container = opened(craft(metadata=metadata))
    return [fault(finding) for finding in run(container, select=["APR-P001", "APR-P002"]).findings]


def with_values(**values: object) -> bytes:
    members = {**ANSWERED, **values}
    return json.dumps({key: value for key, value in members.items() if value != "absent"}).encode()


def test_a_model_that_answers_is_not_asked_again() -> None:
    assert said(with_values()) == []


@pytest.mark.parametrize("key", ANSWERED)
def test_each_key_is_missed(key: str) -> None:
    metadata = with_values(**{key: "absent"})
    span = (0x40, 0x40 + len(metadata))
    assert said(metadata) == [("APR-P001", f"metadata.{key}", span, "a value", "nothing")]


@pytest.mark.parametrize("key", ANSWERED)
def test_null_is_no_value(key: str) -> None:
    metadata = with_values(**{key: None})
    start = 0x40 + metadata.index(b"null")
    assert said(metadata) == [("APR-P001", f"metadata.{key}", (start, start + 4), "a value", "null")]


@pytest.mark.parametrize("key", ANSWERED)
@pytest.mark.parametrize("value", ["", "  ", "unknown", "TBD", "\tN/A ", "Proprietary", "NOASSERTION", "todo"])
def test_words_that_answer_nothing(key: str, value: str) -> None:
    metadata = with_values(**{key: value})
    text = json.dumps(value).encode()
    start = 0x40 + metadata.index(f'"{key}": '.encode()) + len(key) + 4
    assert said(metadata) == [("APR-P002", f"metadata.{key}", (start, start + len(text)), "an answer", repr(value))]


@pytest.mark.parametrize("value", ["unknown-2.0", "not unknown", "other", "0", 5, ["unknown"]])
def test_values_that_answer_something_or_are_of_another_type(value: object) -> None:
    """What is not a string is left to the rule about types."""
    assert said(with_values(data_source=value)) == []


def test_the_value_that_counts_is_judged() -> None:
    assert said(with_values()[:-1] + b', "license": ""}')[0][:2] == ("APR-P002", "metadata.license")
    assert said(b'{"license": null, ' + with_values()[1:]) == []


def test_a_long_answer_that_says_nothing_is_cut() -> None:
    [fault_of_blanks] = said(with_values(license=" " * 100_000))
    assert fault_of_blanks.rule == "APR-P002"
    assert fault_of_blanks.found == repr(" " * 40) + "…"
