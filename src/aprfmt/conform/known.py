"""The list of failures that the owner of an implementation knows of: a TOML file, strict in both directions.

```toml
[[failure]]
rule = "APR-F002"            # may be left out; otherwise all of these vectors are of that rule
vectors = ["footer.*"]       # ids, or patterns with * ? [abc]
outcome = "accepted-invalid"
kind = "wontfix"             # or "bug"
reason = "the reader never looks at the footer"
issue = "https://…"          # may be left out
```

Rules of this file:
1. What is listed and does not happen is a fault: the list never says more than the implementation fails at.
2. A vector that was not run, or that was skipped, says nothing about the list.
3. The same list, results and suite give the same rewritten list, in whatever order the results come.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

from ..errors import RequestError, quoted
from ..jsontext import show
from ..layout import facts
from .results import KnownFailure, Outcome, Result

__all__ = ["KINDS", "NOT_LOOKED_INTO", "Known", "KnownEntry", "Listing"]

KINDS: tuple[str, ...] = ("bug", "wontfix")
NOT_LOOKED_INTO = "not looked into yet"
"""The reason of a failure that nobody has explained."""

_FAILURES = tuple(str(outcome) for outcome in Outcome if outcome not in (Outcome.PASS, Outcome.SKIP))
_KEYS = ("rule", "vectors", "outcome", "kind", "reason", "issue")
_REQUIRED = ("vectors", "outcome", "kind", "reason")
_HEAD = "# Failures that are known, with their reasons. `--update-known` rewrites this file, and keeps no comments.\n"


@dataclass(frozen=True, slots=True)
class KnownEntry:
    """One `[[failure]]`: these vectors have this outcome, for this reason."""

    vectors: tuple[str, ...]
    outcome: Outcome
    kind: str
    reason: str
    issue: str = ""
    rule: str | None = None

    def listed(self, ids: Collection[str]) -> set[str]:
        """Those of the ids that the entry is about."""
        return {vector for text in self.vectors for vector in _matched(text, ids)}

    def fits(self, result: Result) -> bool:
        """Whether the result is what the entry says of it."""
        return result.outcome is self.outcome and self.rule in (None, result.rule)

    @property
    def failure(self) -> KnownFailure:
        """What is noted in a result."""
        return KnownFailure(self.kind, self.reason, self.issue)


def _matched(text: str, ids: Collection[str]) -> list[str]:
    """The id, or those that match the pattern."""
    return [text] if text in ids else sorted(vector for vector in ids if fnmatchcase(vector, text))


@dataclass(frozen=True, slots=True)
class Known:
    """The entries of one list; `name` is that of its file, for messages."""

    name: str = ""
    entries: tuple[KnownEntry, ...] = ()

    @classmethod
    def of_toml(cls, text: str, name: str) -> Known:
        """The list that a file holds; raises `RequestError` for whatever is not as the module says."""
        try:
            document = tomllib.loads(text)
        except (ValueError, RecursionError) as error:
            raise RequestError(f"{name}: expected TOML, found {type(error).__name__}: {error}") from error
        if unknown := set(document) - {"failure"}:
            raise RequestError(f"{name}: expected tables [[failure]] and nothing else, found {show(min(unknown))}")
        nodes = document.get("failure", [])
        if not isinstance(nodes, list) or not all(isinstance(node, dict) for node in nodes):
            raise RequestError(f"{name}: expected tables [[failure]], found {show(nodes)}")
        entries = tuple(_entry(node, f"{name}: failure {number}") for number, node in enumerate(nodes, 1))
        seen: set[str] = set()
        for number, entry in enumerate(entries, 1):
            for vector in entry.vectors:
                if vector in seen:
                    raise RequestError(
                        f"{name}: failure {number}.vectors: expected {show(vector)} once, found it twice"
                    )
                seen.add(vector)
        return cls(name, entries)

    def apply(self, results: Sequence[Result], ids: Collection[str]) -> tuple[tuple[Result, ...], tuple[str, ...]]:
        """The results with what is known of them, and the faults of the list. `ids` are all vectors of the suite."""
        listing = Listing(self, ids)
        judged = [listing.judge(result) for result in results]
        return (
            tuple(result for result, _ in judged),
            (*listing.idle, *(fault for _, faults in judged for fault in faults)),
        )

    def updated(self, results: Sequence[Result], ids: Collection[str]) -> str:
        """The list that fits these results, as TOML.

        Entries keep their kind, reason and issue as long as they say something true, and whatever they say of vectors
        that were not run. What passes now is dropped; what fails and is not listed is added, by rule and outcome. A
        pattern stays one when all that it matches in this run fails as the entry says, otherwise its vectors are listed
        one by one.
        """
        ran = {result.vector: result for result in results if result.outcome is not Outcome.SKIP}
        suite = set(ids)
        kept = _kept(self.entries, ran, suite)
        listed = {vector for entry in kept for vector in entry.listed(suite)}
        added: dict[tuple[str, Outcome], list[str]] = {}
        for vector in sorted(ran.keys() - listed):
            if ran[vector].failed:
                added.setdefault((ran[vector].rule or "", ran[vector].outcome), []).append(vector)
        return _HEAD + "".join(f"\n{_toml(entry)}" for entry in _with_added(kept, added))


class Listing:
    """A list held against a suite: what it says of each vector. `idle` are faults of what matches no vector."""

    def __init__(self, known: Known, ids: Collection[str]) -> None:
        suite = set(ids)
        self._entries = [
            (entry, f"{known.name}: failure {number}", entry.listed(suite))
            for number, entry in enumerate(known.entries, 1)
        ]
        self.idle = tuple(
            f"{where}.vectors: expected vectors of the suite, found none for {quoted(text)}"
            for entry, where, _ in self._entries
            for text in entry.vectors
            if not _matched(text, suite)
        )

    def judge(self, result: Result) -> tuple[Result, tuple[str, ...]]:
        """The result with what is known of it, and the faults that it shows."""
        entries = [(entry, where) for entry, where, vectors in self._entries if result.vector in vectors]
        first = next((entry for entry, _ in entries if entry.outcome is result.outcome), None)
        faults = []
        if result.outcome is not Outcome.SKIP:
            if entries and first is None:
                entry, where = entries[0]
                what = "unexpected pass" if result.outcome is Outcome.PASS else str(result.outcome)
                faults.append(f"{where}: {result.vector}: expected {entry.outcome}, found {what}")
            faults += [
                f"{where}: {result.vector}: expected a vector of {entry.rule}, found one of {result.rule or 'no rule'}"
                for entry, where in entries
                if entry.rule not in (None, result.rule)
            ]
        return replace(result, known=None if first is None else first.failure), tuple(faults)


def _entry(node: Mapping[str, Any], where: str) -> KnownEntry:
    if unknown := set(node) - set(_KEYS):
        raise RequestError(f"{where}: expected keys out of {', '.join(_KEYS)}, found {show(min(unknown))}")
    if missing := [key for key in _REQUIRED if key not in node]:
        raise RequestError(f"{where}: expected the keys {', '.join(missing)}, found none of them")
    vectors = node["vectors"]
    if not isinstance(vectors, list) or not vectors or not all(isinstance(item, str) and item for item in vectors):
        raise RequestError(f"{where}.vectors: expected a list of ids or patterns, found {show(vectors)}")
    for key, allowed in (("outcome", _FAILURES), ("kind", KINDS), ("rule", tuple(facts.RULES))):
        if key in node and node[key] not in allowed:
            known = ", ".join(allowed) if key != "rule" else "the id of a rule"
            raise RequestError(f"{where}.{key}: expected one of {known}, found {show(node[key])}")
    for key in ("reason", "issue"):
        if key in node and not (isinstance(node[key], str) and node[key].strip()):
            raise RequestError(f"{where}.{key}: expected a text, found {show(node[key])}")
    return KnownEntry(
        vectors=tuple(vectors),
        outcome=Outcome(node["outcome"]),
        kind=node["kind"],
        reason=node["reason"],
        issue=node.get("issue", ""),
        rule=node.get("rule"),
    )


def _kept(entries: Sequence[KnownEntry], ran: Mapping[str, Result], suite: Collection[str]) -> list[KnownEntry]:
    """What the entries say that is still true, or of vectors that were not run."""
    right = [{vector for vector in suite if vector not in ran or entry.fits(ran[vector])} for entry in entries]
    taken = {text for entry, true in zip(entries, right, strict=True) for text in entry.vectors if text in true}
    kept = []
    for entry, true in zip(entries, right, strict=True):
        texts: list[str] = []
        for text in entry.vectors:
            matched = _matched(text, suite)
            if matched and true.issuperset(matched):
                texts.append(text)
            else:
                left = [vector for vector in matched if vector in true and vector not in taken]
                taken.update(left)
                texts += left
        if texts:
            kept.append(replace(entry, vectors=tuple(texts)))
    return kept


def _with_added(kept: Sequence[KnownEntry], added: Mapping[tuple[str, Outcome], list[str]]) -> Iterator[KnownEntry]:
    """The entries that were kept, those that nobody has explained with what is new of their kind; then new ones."""
    new = {
        key: KnownEntry(tuple(vectors), key[1], "bug", NOT_LOOKED_INTO, rule=key[0] or None)
        for key, vectors in sorted(added.items())
    }
    for entry in kept:
        more = new.get((entry.rule or "", entry.outcome))
        if more is not None and replace(entry, vectors=more.vectors) == more:
            del new[entry.rule or "", entry.outcome]
            entry = replace(entry, vectors=(*entry.vectors, *more.vectors))
        yield entry
    yield from new.values()


def _toml(entry: KnownEntry) -> str:
    vectors = [_string(text) for text in entry.vectors]
    many = "".join(f"    {text},\n" for text in vectors)
    lines = [
        "[[failure]]",
        *([f"rule = {_string(entry.rule)}"] if entry.rule else []),
        f"vectors = [{vectors[0]}]" if len(vectors) == 1 else f"vectors = [\n{many}]",
        f"outcome = {_string(entry.outcome)}",
        f"kind = {_string(entry.kind)}",
        f"reason = {_string(entry.reason)}",
        *([f"issue = {_string(entry.issue)}"] if entry.issue else []),
    ]
    return "\n".join(lines) + "\n"


def _string(text: str) -> str:
    """A basic string of TOML, on one line."""
    return '"' + "".join(_escaped(character) for character in text) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    return character if character.isprintable() else f"\\U{ord(character):08x}"
