"""Conformance vectors: files that every reader and writer must agree on, as recipes that build them byte for byte.

A recipe stands in `spec/vectors/`: a base, edits by field path, which checksums to seal, and what a careful reader
makes of the file. `Suite` turns recipes into bytes; `check` proves what they claim with the rules of this package.
"""

from __future__ import annotations

from .suite import OPS, Suite, Vector

__all__ = ["OPS", "Suite", "Vector"]
