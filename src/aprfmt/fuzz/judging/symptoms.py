"""Symptoms: what is wrong with one answer to one case, and the signature by which equal ones are known.

Rule of this file: a signature says what is wrong and never where it happened to be seen; numbers, names and paths are
left out of it, so that one fault has one signature however many cases show it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ...errors import printable
from ...layout import facts

__all__ = ["HOLE", "JUDGES", "KINDS", "OWN", "Symptom", "crash_words", "normalised", "place_of"]

OWN = "aprfmt"
"""The target that is always there: this package itself."""

JUDGES: Mapping[str, str] = {
    "crash": "the target died, or its answer was no verdict",
    "timeout": "the case took more time than it may",
    "memory": "the case took more memory than it may",
    "round-trip": "what is built is not read back, or what is read is not built again",
    "model": "the validator and the rule model differ: a fault of one of them, or a hole in the specification",
    "stamp": "a stamp breaks one of its laws",
    "verdict": "the target takes what must be refused, or refuses what must be taken",
    "values": "the target reads something else than is in the file",
    "bytes": "the target makes other bytes than it must",
    "agreement": "the rules leave the case free, and the targets differ",
}
"""The judges in the order in which they are asked, with what each finds wrong."""

KINDS: Mapping[str, str] = {
    "accepted-invalid": "a file that must be refused was taken",
    "rejected-valid": "a valid file was refused",
    "not-deterministic": "the same stamp of the same file gave different bytes",
    "not-idempotent": "a second stamp with the same patch changed something",
    "does-not-compose": "two stamps one after the other differ from one with both patches",
    "changes": "something changed that the patch does not name",
    "unsaid": "a key of the patch does not say what it was set to",
    "invalid-output": "what was made breaks a rule",
    "no-output": "it was said to be done, and there is no file",
    "left-a-file": "refused, and left a file",
    "input-changed": "the file that was only to be read was changed",
    "other-bytes": "the bytes differ from those that follow from the specification",
    "other-value": "a value differs from what is in the file",
    "not-found": "the model finds a rule broken that the validator does not",
    "found-alone": "the validator finds a rule broken that the model does not",
    "not-read-back": "a tree that was built is read as another one",
    "not-built-again": "a file that was read is built as another one",
    "verdicts-differ": "some targets take the case, others refuse it",
}
"""What can be wrong in particular; a crash has its own words."""

_QUOTED = re.compile(r"(?:\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|`[^`]*`)…?")
_PATH = re.compile(r"(?:[A-Za-z]:)?(?:[/\\][\w.+-]+){2,}")
_HEX = re.compile(r"\b0x[0-9a-fA-F]+\b|\b[0-9a-f]{8,}\b")
_NUMBER = re.compile(r"(?<![A-Za-z0-9_])[-+]?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_DTYPE = re.compile(rf"\b(?:{'|'.join(item.id for item in facts.DTYPE_FACTS.values())})\b")
_LIST = re.compile(r"N(?:, N)+")
_LONGEST = 120
_METADATA = re.compile(r"metadata\b.*")
_INDEX = re.compile(r"\[[0-9]+\]")


_MARKS = ((_QUOTED, "S"), (_PATH, "P"), (_DTYPE, "T"), (_HEX, "H"), (_NUMBER, "N"), (_LIST, "N"))
_ENDED = re.compile(r"(?:exit code -?[0-9]+: |closed its standard output \()(?P<complaint>.+)\)?", re.DOTALL)


def crash_words(text: str) -> str:
    """How a target died, normalised: by its last words where it had some, else by its exit code or signal."""
    match = _ENDED.fullmatch(text.removesuffix(", when it was started"))
    if match is None:
        return (
            text[:_LONGEST] if text.isascii() and text.isprintable() and not _QUOTED.search(text) else normalised(text)
        )
    return normalised(match["complaint"].removesuffix(")"))


def normalised(text: str) -> str:
    """A message without what differs from case to case: quoted texts, paths, types, numbers; short, on one line."""
    for pattern, mark in _MARKS:
        text = pattern.sub(mark, text)
    text = " ".join(printable(text).encode("ascii", "replace").decode().split())
    return text[:_LONGEST]


def place_of(path: str) -> str:
    """The path of a field without the number of its entry; all of the metadata is one place."""
    return _METADATA.sub("metadata", _INDEX.sub("[]", path))


@dataclass(frozen=True, slots=True)
class Symptom:
    """One thing that is wrong with what a target did about a case.

    `rule` is the one that the case is about, where one is; `place` a field of the specification, or a part of the
    package; `said` what the target said, normalised. `detail` is in words, and no part of the signature.
    """

    target: str
    op: str
    judge: str
    kind: str = ""
    rule: str | None = None
    place: str = ""
    said: str = ""
    detail: str = ""

    @property
    def signature(self) -> str:
        """What is wrong, in one line: `verdict/read/accepted-invalid/APR-D003/tensor_index.entries[].ofs_tensor`."""
        parts = (self.judge, self.op, self.kind, self.rule or "", self.place, self.said)
        return "/".join(part for part in parts if part)

    @property
    def key(self) -> tuple[str, str]:
        """What makes it the same as another one: target and signature."""
        return self.target, self.signature

    @property
    def explanation(self) -> str:
        """The rule that explains it, or why none has to, or that none does."""
        if self.rule is not None:
            rule = facts.RULES[self.rule]
            return f"{rule.id} {rule.name}: {rule.defect}"
        if self.judge in ("crash", "timeout", "memory"):
            return "no file may do that to a reader, whatever is in it"
        if self.judge == "agreement":
            return "the rules leave it free: what is beyond the limits of a reader may be taken or refused"
        if self.op != "read" or self.judge in ("bytes", "round-trip"):
            return "no rule of files, a law of what is made of them"
        if self.judge == "values" and self.place:
            return f"no rule: the field {self.place} of the specification says what stands there"
        return HOLE


HOLE = "no rule explains this: a hole in the specification, or a fault of the target"
