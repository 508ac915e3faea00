"""Quality: what a release should say of itself, in points; the score of the reference's `apr inspect --quality`.

The score counts that something is there, not that it is true: a licence that is made up has its points.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..container import Container
from ..layout import Flags
from ..provenance import FLAG_KEYS, PROVENANCE_KEYS, says_nothing
from .inspect import Inspection, inspect

__all__ = ["CRITERIA", "PARTS", "READY_AT", "Criterion", "Quality", "quality"]

READY_AT = 90
"""The score from which the reference calls a model ready to ship."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """Something that is there or not: what it is called, its points, and what would add it.

    `option` is the option of `aprfmt stamp` that does, None when none can. `holds` has the inspection of a file, and
    what of its metadata counts.
    """

    part: str
    what: str
    points: int
    option: str | None
    holds: Callable[[Inspection, Mapping[str, Any]], bool]

    @property
    def remedy(self) -> str:
        """How to get the points."""
        if self.option is None:
            return "restore the file from a sound copy: no option repairs a header"
        return f"aprfmt stamp {self.option}"


def _is_there(part: str, key: str, points: int, option: str) -> Criterion:
    """A key that is there; its value does not count."""
    return Criterion(part, key, points, option, lambda _seen, counted: counted.get(key) is not None)


def _says(part: str, key: str, points: int, option: str, *, but: str = "") -> Criterion:
    """A key whose value is neither empty nor one that says so."""
    return Criterion(part, key, points, option, lambda _seen, counted: counted.get(key) not in (None, "", but))


CRITERIA = (
    Criterion("physics", "header checksum", 20, None, lambda seen, _counted: seen.checksum_valid),
    _says("structural", "architecture", 5, "--architecture TEXT", but="unknown"),
    _is_there("structural", "hidden_size", 5, "--set hidden_size=N"),
    _is_there("structural", "num_layers", 5, "--set num_layers=N"),
    _is_there("structural", "num_heads", 5, "--set num_heads=N"),
    _says("provenance", "license", 9, "--license TEXT"),
    _says("provenance", "data_source", 8, "--data-source TEXT"),
    _says("provenance", "data_license", 8, "--data-license TEXT"),
    _says("hf_identity", "hf_architecture", 12, "--hf-architecture TEXT"),
    _says("hf_identity", "hf_model_type", 8, "--hf-model-type TEXT"),
    Criterion(
        "tokenizer",
        "flag has_vocab",
        15,
        "--tokenizer DIR",
        lambda seen, _counted: Flags.HAS_VOCAB in seen.header.flags,
    ),
)
"""Everything that has points, as the reference counts them."""

PARTS: Mapping[str, int] = {
    part: sum(item.points for item in CRITERIA if item.part == part)
    for part in dict.fromkeys(item.part for item in CRITERIA)
}
"""The parts of the score, and the points each can have."""


@dataclass(frozen=True, slots=True)
class Quality:
    """The score of a file, 0 to 100, and what it is made of.

    `missing` has what has no points, the largest gains first; `notes` are sentences about points that a second look may
    change.
    """

    score: int
    breakdown: Mapping[str, int]
    missing: tuple[Criterion, ...]
    notes: tuple[str, ...]

    @property
    def threshold(self) -> int:
        """The score from which a model is ready."""
        return READY_AT

    @property
    def ship_ready(self) -> bool:
        """Whether the reference would call the model ready to ship."""
        return self.score >= READY_AT


def quality(what: Inspection | Container) -> Quality:
    """The score of a file that was inspected, or of a container, of which the head is read.

    Metadata that the reference cannot read count as empty, as there.
    """
    seen = inspect(what) if isinstance(what, Container) else what
    counted = _counted(seen)
    missing = [item for item in CRITERIA if not item.holds(seen, counted)]
    breakdown = dict(PARTS)
    for item in missing:
        breakdown[item.part] -= item.points
    return Quality(
        score=sum(breakdown.values()),
        breakdown=breakdown,
        missing=tuple(sorted(missing, key=lambda item: -item.points)),
        notes=tuple(_notes(seen, counted)),
    )


def _counted(seen: Inspection) -> Mapping[str, Any]:
    """The metadata, empty when the reference refuses them: for a known key of another type, too."""
    if seen.metadata is None or _TYPES not in seen.rules_run:
        return {}
    return {} if any(finding.rule == _TYPES for finding in seen.findings) else seen.metadata


def _notes(seen: Inspection, counted: Mapping[str, Any]) -> list[str]:
    notes = []
    if not counted and (seen.metadata is None or len(seen.metadata)):
        notes.append("the metadata count as empty, because they cannot be read as the reference reads them")
    idle = [key for key in PROVENANCE_KEYS if (value := counted.get(key)) and says_nothing(value)]
    notes += [f"{key} counts, although {counted[key].strip()!a:.40} answers nothing" for key in idle]
    key = FLAG_KEYS[Flags.HAS_VOCAB]
    embedded = counted.get(key) is not None
    if embedded and Flags.HAS_VOCAB not in seen.header.flags:
        notes.append(f"a vocabulary is embedded ({key}) and does not count, because the flag has_vocab is not set")
    if not embedded and Flags.HAS_VOCAB in seen.header.flags:
        notes.append(f"the flag has_vocab counts, although no vocabulary is embedded ({key})")
    return notes


_TYPES = "APR-M006"
"""The rule on values of known keys that are of another type."""
