"""Answers are taken as the protocol has them, and anything else is a crash that says what was answered."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from aprfmt import RequestError
from aprfmt.conform.plugs.answers import Answer, Skip, answer_of, shown, started_of
from aprfmt.conform.results import Outcome

SCHEMA = json.loads(
    (Path(__file__).resolve().parents[4] / "spec" / "protocol" / "answer.schema.json").read_text(encoding="utf-8")
)
HELLO = {"protocol": 1, "implementation": {"name": "x"}}


def is_valid(node: object) -> bool:
    return Draft202012Validator(SCHEMA).is_valid(node)


@pytest.mark.parametrize(
    ("node", "answer"),
    [
        ({"id": "v", "verdict": "accept"}, Answer("accept")),
        ({"id": "v", "verdict": "reject", "code": "E1", "message": "no"}, Answer("reject", code="E1", message="no")),
        ({"id": "v", "verdict": "accept", "values": {"footer": 1}}, Answer("accept", {"footer": 1})),
        ({"id": "v", "skip": "too large"}, Answer(skip="too large")),
        ({"id": "v", "verdict": "accept", "more": [1]}, Answer("accept")),
    ],
)
def test_answers_of_the_protocol(node: dict[str, Any], answer: Answer) -> None:
    assert is_valid(node)
    assert answer_of(json.dumps(node).encode(), "v") == answer


BAD: list[Any] = [
    {"id": "v"},
    {"id": "w", "verdict": "accept"},
    {"verdict": "accept"},
    {"id": 1, "verdict": "accept"},
    {"id": "v", "verdict": "maybe"},
    {"id": "v", "verdict": True},
    {"id": "v", "verdict": ["accept"]},
    {"id": "v", "verdict": "accept", "skip": "both"},
    {"id": "v", "skip": ""},
    {"id": "v", "skip": 1},
    {"id": "v", "verdict": "reject", "code": 5},
    {"id": "v", "verdict": "reject", "message": ["a"]},
    "v",
    None,
    [],
]


@pytest.mark.parametrize("node", BAD)
def test_anything_else_is_a_crash(node: object) -> None:
    # A wrong id, and one that a schema cannot know, is the business of the runner.
    assert not is_valid(node) or (isinstance(node, dict) and node["id"] != "v")
    answer = answer_of(json.dumps(node).encode(), "v")
    assert (answer.verdict, answer.outcome) == (None, Outcome.CRASH)
    assert answer.detail.startswith("answered ")


@pytest.mark.parametrize(
    "said", [b"", b"  ", b"\xff", b"accept", b"{", b"[" * 100_000, b'{"id": "v"} {"id": "v"}', b"\x1b[2J", b"1" * 5000]
)
def test_bytes_that_are_no_json_are_a_crash(said: bytes) -> None:
    answer = answer_of(said, "v")
    assert answer.outcome is Outcome.CRASH
    assert answer.detail.isprintable()
    assert len(answer.detail) < 400


def test_null_says_as_much_as_no_key() -> None:
    node = {"id": "v", "verdict": "reject", "code": None, "message": None, "values": None, "skip": None}
    assert answer_of(json.dumps(node).encode(), "v") == Answer("reject")


def test_the_id_of_a_command_may_be_missing_but_not_wrong() -> None:
    assert answer_of(b'{"verdict": "accept"}', "v", needs_id=False).verdict == "accept"
    assert answer_of(b'{"verdict": "accept", "id": "w"}', "v", needs_id=False).outcome is Outcome.CRASH


def test_what_an_answer_says_is_escaped_and_cut() -> None:
    said = json.dumps({"id": "v", "verdict": "reject", "code": "\x1b[31m", "message": "m" * 1000}).encode()
    answer = answer_of(said, "v")
    assert answer.code == "\\x1b[31m"
    assert answer.message == "m" * 200 + "…"
    assert shown("a\u202eb") == "a\\u202eb"


def test_the_answer_to_start() -> None:
    node = {
        "protocol": 1,
        "implementation": {"name": "x", "version": "2", "language": "C"},
        "can": ["read", "write"],
        "skips": [{"tag": "files-2gib", "reason": "32 bits", "issue": "https://example.org/1"}],
        "rules": {"E1": ["APR-H001"]},
    }
    assert is_valid(node)
    started = started_of(json.dumps(node).encode(), "cmd")
    assert (started.name, started.version, started.language) == ("x", "2", "C")
    assert started.can == {"read", "write"}
    assert started.skips == (Skip("files-2gib", "32 bits", "https://example.org/1"),)
    assert started.rules == {"E1": ("APR-H001",)}


def test_a_short_answer_to_start() -> None:
    assert is_valid(HELLO)
    started = started_of(json.dumps(HELLO).encode(), "cmd")
    assert (started.name, started.can, started.skips) == ("x", frozenset(("read",)), ())
    assert not started.rules
    assert started_of(json.dumps({**HELLO, "can": []}).encode(), "cmd").can == set()


@pytest.mark.parametrize(
    "change",
    [
        {"protocol": 2},
        {"protocol": True},
        {"protocol": "1"},
        {"implementation": "x"},
        {"implementation": {}},
        {"implementation": {"name": ""}},
        {"implementation": {"name": 1}},
        {"implementation": {"name": "x", "version": 2}},
        {"can": ["fly"]},
        {"can": "read"},
        {"skips": ["files-2gib"]},
        {"skips": [{"tag": "files-2gib"}]},
        {"skips": [{"tag": "files-2gib", "reason": ""}]},
        {"skips": [{"tag": 1, "reason": "no"}]},
        {"rules": ["APR-H001"]},
        {"rules": {"E1": "APR-H001"}},
    ],
)
def test_a_wrong_answer_to_start_is_a_request_error(change: dict[str, Any]) -> None:
    node = {**HELLO, **change}
    assert not is_valid(node)
    with pytest.raises(RequestError, match="cmd: expected the answer to `start`"):
        started_of(json.dumps(node).encode(), "cmd")


@pytest.mark.parametrize("said", [b"", b"hello", b"[]", b"\xff", b'{"protocol": 1}'])
def test_no_answer_to_start(said: bytes) -> None:
    with pytest.raises(RequestError, match="cmd: expected the answer to `start`"):
        started_of(said, "cmd")


def test_rules_that_do_not_exist_are_a_request_error() -> None:
    node = {**HELLO, "rules": {"E1": ["APR-H001", "APR-X999"]}}
    with pytest.raises(RequestError, match="found APR-X999"):
        started_of(json.dumps(node).encode(), "cmd")
