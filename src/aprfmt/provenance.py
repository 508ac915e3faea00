"""The keys of the metadata that say where a model comes from, and the patch that a stamp sets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from .errors import RequestError
from .jsontext import show
from .layout import Flags

__all__ = [
    "FLAG_KEYS",
    "MEANINGLESS",
    "PROVENANCE_KEYS",
    "REPORTED_KEYS",
    "STAMP_KEYS",
    "VOCABULARY",
    "ProvenancePatch",
    "says_nothing",
]

PROVENANCE_KEYS: tuple[str, ...] = ("license", "data_source", "data_license")
"""The keys that say where a model comes from; apr-format 0.72.3 writes them even when they are null."""

REPORTED_KEYS: tuple[str, ...] = (*PROVENANCE_KEYS, "hf_architecture", "hf_model_type", "architecture")
"""The keys that a report of a stamp always has, null when they are missing; those of the reference's."""

STAMP_KEYS: tuple[str, ...] = (
    *REPORTED_KEYS,
    "model_type",
    "name",
    "description",
    "author",
    "version",
    "source",
    "original_format",
    "created_at",
)
"""The keys that a stamp can set; all of them hold strings."""

VOCABULARY = "tokenizer.vocabulary"
"""The key that holds the tokens of an embedded tokenizer, each at its id."""

FLAG_KEYS: Mapping[Flags, str] = {Flags.HAS_VOCAB: VOCABULARY, Flags.SHARDED: "sharding"}
"""The header flags that announce a key of the metadata, and the key."""

MEANINGLESS = frozenset({"", "unknown", "proprietary", "tbd", "todo", "none", "noassertion", "n/a", "null"})
"""Values that fill a provenance key and answer nothing, in lower case; blanks around them do not count."""


def says_nothing(value: str) -> bool:
    """Whether the value of a provenance key is one of `MEANINGLESS`."""
    return value.strip().lower() in MEANINGLESS


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenancePatch:
    """What a stamp sets: one field for each of `STAMP_KEYS`. `None` leaves a key as it is, `""` empties it.

    Raises `RequestError` for a value that is not a string.
    """

    license: str | None = None
    data_source: str | None = None
    data_license: str | None = None
    hf_architecture: str | None = None
    hf_model_type: str | None = None
    architecture: str | None = None
    model_type: str | None = None
    name: str | None = None
    description: str | None = None
    author: str | None = None
    version: str | None = None
    source: str | None = None
    original_format: str | None = None
    created_at: str | None = None

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value is not None and not isinstance(value, str):
                raise RequestError(f"{field.name}: expected a string, not {show(value)}")

    def values(self) -> dict[str, str]:
        """The keys that are set, in the order of `STAMP_KEYS`; the patch that `Metadata.splice` takes."""
        return {key: value for key in STAMP_KEYS if (value := getattr(self, key)) is not None}

    @property
    def is_empty(self) -> bool:
        """Whether nothing is set."""
        return not self.values()
