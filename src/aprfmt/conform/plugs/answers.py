"""What a plug is, and what comes back through one: the answer to a case, and who answers.

Rule of this file: an answer that the protocol does not know is a crash, and says what was answered; it is never taken
for a verdict.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol

from ...errors import RequestError, printable
from ...layout import facts
from ...vectors import OPS
from ..results import Budget, Implementation, Outcome

__all__ = ["PROTOCOL", "Answer", "Plug", "Skip", "Started", "answer_of", "shown", "started_of"]

PROTOCOL = 1
"""The version of the protocol in `spec/protocol/`."""
_SHOWN_CHARACTERS = 200


class Skip(NamedTuple):
    """What an implementation cannot do: vectors with the tag are not run. `issue` is a link to where it is tracked."""

    tag: str
    reason: str
    issue: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one request: a verdict, a reason to skip, or the `outcome` CRASH, TIMEOUT or BUDGET with a `detail`.

    `seconds` is what the answer took; `nbytes` the most resident memory meanwhile, 0 when that was not measured.
    """

    verdict: Literal["accept", "reject"] | None = None
    values: Mapping[str, Any] | None = None
    code: str = ""
    message: str = ""
    skip: str = ""
    outcome: Outcome | None = None
    detail: str = ""
    seconds: float = 0.0
    nbytes: int = 0


@dataclass(frozen=True, slots=True)
class Started:
    """Who answers: how it names itself, what it can do, and which rules its error codes stand for."""

    name: str
    version: str = ""
    language: str = ""
    can: frozenset[str] = frozenset(("read",))
    skips: tuple[Skip, ...] = ()
    rules: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class Plug(Protocol):
    """An implementation as the runner sees it. The attributes are final once `start` has returned."""

    implementation: Implementation
    can: frozenset[str]
    skips: tuple[Skip, ...]
    rules: Mapping[str, tuple[str, ...]]

    def start(self) -> None:
        """Get ready to answer; raises `RequestError` when that cannot be."""

    def ask(self, request: Mapping[str, Any], budget: Budget) -> Answer:
        """Put a request of the protocol to the implementation.

        Whatever the implementation does is an answer; raises `RequestError` when it cannot be asked at all.
        """

    def shell(self, request: Mapping[str, Any]) -> str:
        """A line for a POSIX shell that puts the request to the implementation, with relative paths."""

    def close(self) -> None:
        """End everything that was started; may be called from any thread, also while another one asks."""


def shown(said: bytes | str) -> str:
    """What an implementation said, escaped and cut, for a message."""
    text = said if isinstance(said, str) else said[: 4 * _SHOWN_CHARACTERS].decode("utf-8", "replace")
    text = printable(text.strip())
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"


def _object(said: bytes) -> dict[str, Any]:
    """The JSON object that was said; raises `ValueError` for anything else."""
    try:
        node = json.loads(said.decode("utf-8"))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(node, dict):
        raise ValueError("no object")
    return node


def answer_of(said: bytes, request_id: str, *, needs_id: bool = True) -> Answer:
    """The answer that a line is; a crash when it is none to this request. Without `needs_id` the id may be missing."""
    try:
        # null says as much as no key at all: that is what many libraries write for an option.
        node = {key: value for key, value in _object(said).items() if value is not None}
        if node.get("id", None if needs_id else request_id) != request_id:
            raise ValueError(f"not the id {request_id}")
        texts = [node.get(key, "") for key in ("skip", "code", "message")]
        if not all(isinstance(text, str) for text in texts):
            raise ValueError("a text is none")
        skip, code, message = texts
        if "skip" in node and not skip.strip():
            raise ValueError("a skip without a reason")
        if ("verdict" in node) == bool(skip) or node.get("verdict", "accept") not in ("accept", "reject"):
            raise ValueError("neither a verdict nor a skip")
    except ValueError as error:
        reason = str(error) if type(error) is ValueError else "no JSON"
        return Answer(outcome=Outcome.CRASH, detail=f"answered {shown(said) or 'nothing'} ({printable(reason)})")
    if skip:
        return Answer(skip=shown(skip))
    # Values of the wrong kind are a difference, which the comparison words.
    return Answer(node["verdict"], node.get("values"), shown(code), shown(message))


def started_of(said: bytes, where: str) -> Started:
    """The answer to `start`; raises `RequestError` for anything else."""
    try:
        return _started(_object(said))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        reason = "no JSON" if isinstance(error, UnicodeError | json.JSONDecodeError) else error
        raise RequestError(
            f"{where}: expected the answer to `start` of spec/protocol/answer.schema.json, "
            f"found {shown(said) or 'nothing'} ({printable(str(reason))})"
        ) from error


def _started(node: Mapping[str, Any]) -> Started:
    if node.get("protocol") is not PROTOCOL:
        raise ValueError(f"expected the protocol {PROTOCOL}")
    given = node.get("implementation")
    if not isinstance(given, Mapping):
        raise ValueError("expected the name of an implementation")
    who = {key: given.get(key) or "" for key in ("name", "version", "language")}
    if not who["name"] or not all(isinstance(text, str) for text in who.values()):
        raise ValueError("expected the name of an implementation")
    can = frozenset(("read",) if node.get("can") is None else node["can"])
    if not can <= set(OPS):
        raise ValueError(f"can: expected some of {', '.join(OPS)}")
    skips = tuple(Skip(item["tag"], item["reason"], item.get("issue") or "") for item in node.get("skips") or ())
    if not all(isinstance(text, str) for skip in skips for text in skip) or not all(skip.reason for skip in skips):
        raise ValueError("skips: expected a tag and a reason, as texts")
    rules = {code: tuple(ids) for code, ids in (node.get("rules") or {}).items()}
    if unknown := [name for ids in rules.values() for name in ids if name not in facts.RULES]:
        raise ValueError(f"rules: expected ids of rules, found {unknown[0]}")
    return Started(**{key: shown(text) for key, text in who.items()}, can=can, skips=skips, rules=rules)
