"""Findings: one symptom with the plainest file that shows it, and everything that somebody needs to see it again."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from ..errors import RequestError
from ..layout import facts
from ..vectors import OPS
from .drawing.cases import Patch
from .drawing.recipe import Recipe
from .judging.symptoms import HOLE, JUDGES, Symptom

__all__ = ["VERSION", "Finding", "finding_id"]

VERSION = 1
"""The version of the form that a finding has as JSON: `spec/fuzz/finding.schema.json`."""
_DIGITS = 8
_WORDS = re.compile(r"[^a-z0-9]+")
_LONGEST_ID = 60
_RETOLD = frozenset(("explanation", "hole", "recipe"))
_ALLOWED: Mapping[str, Collection[str | None]] = {
    "op": OPS,
    "judge": tuple(JUDGES),
    "rule": (None, *facts.RULES),
    "profile": tuple(facts.PROFILES),
}
_LARGEST_NBYTES = 1 << 16
"""Beyond, the JSON has no bytes, but the recipe that makes them."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A symptom, the case that showed it first, and what it was shrunk to.

    `raw` is the file, of a writer what it must make of the `tree`. `rules` are those that the file breaks as an error,
    by the validator; `answers` is what every target makes of it. `reproduce` is a line for a shell, `replay` one that
    makes the case again as it was drawn. `complete` is False when shrinking was cut short, `again` when the symptom was
    not seen a second time.
    """

    symptom: Symptom
    seed: int
    index: int
    count: int
    recipe: Recipe
    raw: bytes
    patches: tuple[Patch, Patch] | None = None
    tree: Mapping[str, Any] | None = None
    verdict: str = ""
    rules: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    answers: Mapping[str, str] | None = None
    profile: str = "default"
    suite: str = ""
    aprfmt: str = ""
    nbytes_before: int = 0
    tries: int = 0
    complete: bool = True
    again: bool = True
    reproduce: str = ""
    replay: str = ""

    @property
    def id(self) -> str:
        """A name for files, which no other signature of any target has."""
        return finding_id(self.symptom)

    @property
    def is_hole(self) -> bool:
        """Whether no rule explains it."""
        return self.symptom.explanation == HOLE or self.symptom.judge == "model"

    def as_json(self) -> dict[str, Any]:
        """The finding as one JSON object, which `of_json` takes back."""
        symptom = self.symptom
        return {
            "version": VERSION,
            "id": self.id,
            "signature": symptom.signature,
            "target": symptom.target,
            "op": symptom.op,
            "judge": symptom.judge,
            "kind": symptom.kind,
            "rule": symptom.rule,
            "place": symptom.place,
            "said": symptom.said,
            "detail": symptom.detail,
            "explanation": symptom.explanation,
            "hole": self.is_hole,
            "seed": self.seed,
            "index": self.index,
            "cases": self.count,
            "profile": self.profile,
            "verdict": self.verdict,
            "rules": list(self.rules),
            "beside": list(self.beside),
            "answers": dict(self.answers or {}),
            "nbytes": len(self.raw),
            "sha256": sha256(self.raw).hexdigest(),
            "hex": self.raw.hex() if len(self.raw) <= _LARGEST_NBYTES else "",
            "recipe": self.recipe.as_json(),
            "patches": None if self.patches is None else [dict(patch) for patch in self.patches],
            "tree": self.tree,
            "shrunk": {
                "nbytes_before": self.nbytes_before,
                "tries": self.tries,
                "complete": self.complete,
                "again": self.again,
            },
            "reproduce": self.reproduce,
            "replay": self.replay,
            "suite": self.suite,
            "aprfmt": self.aprfmt,
        }

    @classmethod
    def of_json(cls, node: Any) -> Finding:
        """The finding of a JSON object; raises `RequestError` for anything else, and where it contradicts itself."""
        try:
            return cls._of_json(node)
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
            found = f"{type(error).__name__}: {error}"
            raise RequestError(
                f"expected a finding as in spec/fuzz/finding.schema.json, found {found!a:.120}"
            ) from error

    @classmethod
    def _of_json(cls, node: Mapping[str, Any]) -> Finding:
        if node["version"] != VERSION:
            raise ValueError(f"version {node['version']!a:.20}")
        patches, shrunk = node["patches"], node["shrunk"]
        texts = ("target", "op", "judge", "kind", "place", "said", "detail")
        if not all(isinstance(node[key], str) for key in texts):
            raise TypeError("a text is none")
        for key, allowed in _ALLOWED.items():
            if node[key] not in allowed:
                raise ValueError(f"{key} {node[key]!a:.40}")
        recipe, raw = Recipe.of_json(node["recipe"]), bytes.fromhex(node["hex"])
        if node["op"] != "write":
            built = recipe.build()
            if raw and raw != built:
                raise ValueError("hex: it is not what the recipe makes")
            raw = built
        found = cls(
            symptom=Symptom(rule=node["rule"], **{key: node[key] for key in texts}),
            seed=int(node["seed"]),
            index=int(node["index"]),
            count=int(node["cases"]),
            recipe=recipe,
            raw=raw,
            patches=None if patches is None else (dict(patches[0]), dict(patches[1])),
            tree=node["tree"],
            verdict=node["verdict"],
            rules=tuple(node["rules"]),
            beside=tuple(node["beside"]),
            answers=dict(node["answers"]),
            profile=node["profile"],
            suite=node["suite"],
            aprfmt=node["aprfmt"],
            nbytes_before=int(shrunk["nbytes_before"]),
            tries=int(shrunk["tries"]),
            complete=bool(shrunk["complete"]),
            again=bool(shrunk["again"]),
            reproduce=node["reproduce"],
            replay=node["replay"],
        )
        if min(found.seed, found.index, found.count - 1) < 0:
            raise ValueError("a negative number")
        for key, told in found.as_json().items():
            # Signature, sizes and digests follow from the rest; words of rules may have changed since.
            if key not in _RETOLD and json.dumps(told) != json.dumps(node[key]):
                raise ValueError(f"{key}: {node[key]!a:.40} is not what follows from the rest")
        return found


def finding_id(symptom: Symptom) -> str:
    """A short name for a symptom: what it is about, and the beginning of a digest of its target and signature."""
    parts = (symptom.judge, symptom.kind, symptom.rule or "", symptom.place)
    words = _WORDS.sub("-", "-".join(part for part in parts if part).lower())[:_LONGEST_ID].strip("-")
    digest = sha256("\n".join(symptom.key).encode("utf-8")).hexdigest()
    return f"{words}-{digest[:_DIGITS]}"
