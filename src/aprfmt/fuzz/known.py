"""The list of findings that the owner of a target knows of: a TOML file.

```toml
[[finding]]
signatures = ["verdict/read/accepted-invalid/APR-F002/*"]   # as they are printed; * ? [abc] match
target = "my-tool"         # may be left out: then of any target
kind = "wontfix"           # or "bug"
reason = "the reader never looks at the footer"
issue = "https://…"        # may be left out
```

Rules of this file:
1. What is drawn may show a finding today and not tomorrow: one that is listed and was not seen is no fault of the list.
   A pattern that no finding can have is in doubt, and so is one that all have.
2. Who adds to a list changes nothing that a person has written: reasons, comments, order.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

from ..conform.known import KINDS as ENTRY_KINDS
from ..conform.known import NOT_LOOKED_INTO
from ..errors import RequestError
from ..jsontext import show
from ..layout import facts
from ..vectors import OPS
from .judging.symptoms import JUDGES, KINDS, Symptom

__all__ = ["KnownFinding", "KnownFindings", "literal"]

_KEYS = ("signatures", "target", "kind", "reason", "issue")
_REQUIRED = ("signatures", "kind", "reason")
_HEAD = "# Findings of `aprfmt fuzz` that are known, with their reasons. `--update-known` adds to this file.\n"


@dataclass(frozen=True, slots=True)
class KnownFinding:
    """One `[[finding]]`: what has one of these signatures is known, for this reason."""

    signatures: tuple[str, ...]
    kind: str
    reason: str
    issue: str = ""
    target: str | None = None

    def fits(self, symptom: Symptom) -> bool:
        """Whether it is about this symptom."""
        if self.target is not None and self.target != symptom.target:
            return False
        found = symptom.signature
        return any(text == found or fnmatchcase(found, text) for text in self.signatures)


@dataclass(frozen=True, slots=True)
class KnownFindings:
    """The entries of one list; `name` is that of its file, for messages, and `text` all that it holds."""

    name: str = ""
    entries: tuple[KnownFinding, ...] = ()
    text: str = ""

    @classmethod
    def of_toml(cls, text: str, name: str) -> KnownFindings:
        """The list that a file holds; raises `RequestError` for whatever is not as the module says."""
        try:
            document = tomllib.loads(text)
        except (ValueError, RecursionError) as error:
            raise RequestError(f"{name}: expected TOML, found {type(error).__name__}: {error}") from error
        nodes = document.get("finding", [])
        if set(document) - {"finding"} or not isinstance(nodes, list) or not all(isinstance(n, dict) for n in nodes):
            raise RequestError(f"{name}: expected tables [[finding]] and nothing else, found {show(sorted(document))}")
        entries = tuple(_entry(node, f"{name}: finding {number}") for number, node in enumerate(nodes, 1))
        return cls(name, entries, text)

    def of(self, symptom: Symptom) -> KnownFinding | None:
        """The first entry that is about a symptom."""
        return next((entry for entry in self.entries if entry.fits(symptom)), None)

    def doubts(self) -> Iterator[str]:
        """What is odd about the list: patterns that no finding can have, and those that all have."""
        for number, entry in enumerate(self.entries, 1):
            for text in entry.signatures:
                if doubt := _doubt(text):
                    yield f"{self.name}: finding {number}: {show(text)}: {doubt}"

    def updated(self, symptoms: Iterable[Symptom]) -> str:
        """The list with what is not in it added, as TOML, each under its target and without a reason yet.

        What is there stays as it is; only an entry that this has written, and that nobody has touched, grows.
        """
        new: dict[str, list[str]] = {}
        for symptom in sorted(symptoms, key=lambda item: item.key):
            if self.of(symptom) is None:
                new.setdefault(symptom.target, []).append(literal(symptom.signature))
        text, entries = self.text or _HEAD, list(self.entries)
        for target, texts in new.items():
            added = KnownFinding(tuple(dict.fromkeys(texts)), "bug", NOT_LOOKED_INTO, target=target)
            before = next((entry for entry in entries if replace(entry, signatures=added.signatures) == added), None)
            if before is not None and text.count(_toml(before)) == 1:
                grown = replace(before, signatures=(*before.signatures, *added.signatures))
                text = text.replace(_toml(before), _toml(grown))
                entries[entries.index(before)] = grown
            else:
                text = f"{text}{'' if text.endswith(chr(10)) else chr(10)}\n{_toml(added)}"
                entries.append(added)
        return text if _says(text, entries) else _HEAD + "".join(f"\n{_toml(entry)}" for entry in entries)


def _says(text: str, entries: Iterable[KnownFinding]) -> bool:
    """Whether a list has these entries: one that is written in another way than ours cannot be added to."""
    try:
        return KnownFindings.of_toml(text, "").entries == tuple(entries)
    except RequestError:
        return False


def _doubt(text: str) -> str:
    """Why no finding, or any, has a signature like this one; nothing when some have."""
    if all(fnmatchcase(f"{judge}/{op}", text) for judge in JUDGES for op in OPS):
        return "matches whatever is found"
    parts = text.split("/")
    is_named = parts[0] not in ("crash", "timeout", "memory")
    expected = (("a judge", JUDGES), ("an operation", OPS), *([("a kind", KINDS)] if is_named else []))
    for part, (what, names) in zip(parts, expected, strict=False):
        if "*" in part:  # it may stand for several parts
            break
        if not any(fnmatchcase(name, part) for name in names):
            return f"expected {what} out of {', '.join(names)}, found {show(part)}"
    ids = (part.partition(" ")[0] for part in parts if part.startswith("APR-"))
    unknown = next((part for part in ids if not any(fnmatchcase(rule, part) for rule in facts.RULES)), None)
    return "" if unknown is None else f"expected the id of a rule, found {show(unknown)}"


def literal(signature: str) -> str:
    """A pattern that matches a signature and nothing else."""
    return "".join(f"[{character}]" if character in "*?[" else character for character in signature)


def _entry(node: Mapping[str, Any], where: str) -> KnownFinding:
    if unknown := set(node) - set(_KEYS):
        raise RequestError(f"{where}: expected keys out of {', '.join(_KEYS)}, found {show(min(unknown))}")
    if missing := [key for key in _REQUIRED if key not in node]:
        raise RequestError(f"{where}: expected the keys {', '.join(missing)}, found none of them")
    texts = node["signatures"]
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) and text for text in texts):
        raise RequestError(f"{where}.signatures: expected a list of signatures or patterns, found {show(texts)}")
    if node["kind"] not in ENTRY_KINDS:
        raise RequestError(f"{where}.kind: expected one of {', '.join(ENTRY_KINDS)}, found {show(node['kind'])}")
    for key in ("reason", "issue", "target"):
        if key in node and not (isinstance(node[key], str) and node[key].strip()):
            raise RequestError(f"{where}.{key}: expected a text, found {show(node[key])}")
    return KnownFinding(tuple(texts), node["kind"], node["reason"], node.get("issue", ""), node.get("target"))


def _toml(entry: KnownFinding) -> str:
    many = "".join(f"    {_string(text)},\n" for text in entry.signatures)
    lines = [
        "[[finding]]",
        f"signatures = [\n{many}]",
        *([f"target = {_string(entry.target)}"] if entry.target is not None else []),
        f"kind = {_string(entry.kind)}",
        f"reason = {_string(entry.reason)}",
        *([f"issue = {_string(entry.issue)}"] if entry.issue else []),
    ]
    return "\n".join(lines) + "\n"


def _string(text: str) -> str:
    """A basic string of TOML, on one line."""
    shown = (f"\\{c}" if c in '"\\' else c if c.isprintable() else f"\\U{ord(c):08x}" for c in text)
    return f'"{"".join(shown)}"'
