"""What the reader is willing to spend on a file that nobody vouches for. Every default says why."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DEFAULT_LIMITS", "Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Caps that are enforced before memory is taken for what they bound; beyond one, `FormatError` with APR-L001.

    Raise one with `Limits(max_tensors=…)` and hand it to `aprfmt_reader.open`.
    """

    max_metadata_bytes: int = 256 * 1024 * 1024
    """Bytes of JSON. Real checkpoints embed a tokenizer of up to some 20 MB; ten times that is an attack."""

    max_metadata_members: int = 100_000
    """Top-level members of the metadata. A few dozen are known; a member costs several hundred bytes of memory."""

    max_metadata_values: int = 2_000_000
    """Values anywhere in the metadata, bounded before they are read. The largest tokenizers make under 1.5 million."""

    max_metadata_nesting: int = 127
    """Levels of arrays and objects in the metadata, the object itself included: what the reference reads (APR-M005)."""

    max_index_bytes: int = 256 * 1024 * 1024
    """Bytes of tensor-index entries. A model of 670 billion parameters has 92,000 tensors in 6.5 MB."""

    max_tensors: int = 1_000_000
    """Entries of the tensor index: ten times the largest known model. One takes some 600 bytes of memory."""


DEFAULT_LIMITS = Limits()
