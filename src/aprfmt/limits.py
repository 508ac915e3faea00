"""What a reader is willing to spend on a file it does not trust. Every default says why."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DEFAULT_LIMITS", "Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Caps that are enforced before memory is allocated for what they bound.

    Raise one with `dataclasses.replace(DEFAULT_LIMITS, max_metadata_bytes=…)` and hand it to `aprfmt.open`.
    """

    max_metadata_bytes: int = 256 * 1024 * 1024
    """Bytes of JSON. Real checkpoints embed a tokenizer of up to some 20 MB; ten times that is an attack."""

    max_metadata_members: int = 100_000
    """Top-level members of the metadata. The schema knows 35 keys and converters add a few dozen; a member costs
    several hundred bytes of memory, and five bytes of file."""

    max_metadata_values: int = 2_000_000
    """Values anywhere in the metadata. They are bounded before they are read, by the commas and opening brackets
    outside of strings. The largest tokenizers make well under 1.5 million; a value of three bytes costs up to a hundred
    bytes of memory."""

    max_index_bytes: int = 256 * 1024 * 1024
    """Bytes of tensor-index entries. A model of 670 billion parameters has 92,000 tensors in 6.5 MB."""

    max_tensors: int = 1_000_000
    """Entries of the tensor index: ten times the largest known model. One takes some 600 bytes of memory, one with 255
    dimensions some 14 KB."""

    max_filler_bytes: int = 4 * 1024 * 1024 * 1024
    """Bytes of one stretch of filler that are looked through for something that is not zero. A writer makes at most 63,
    and somebody may reserve some room; a file with terabytes of holes takes no space on a disk, and hours to read."""

    max_findings_per_rule: int = 1_000
    """Faults of one rule that are kept, the first one always; the others are counted."""

    max_ndim: int = 255
    """Dimensions of a tensor: all that the one-byte field can say, because the reference reads them all."""

    max_json_nesting: int = 127
    """Depth of arrays and objects in the metadata: the reference's JSON parser refuses the 128th level."""


DEFAULT_LIMITS = Limits()
