"""The fuzz kit: cases drawn from the specification, put to any implementations of it, judged, and shrunk.

A case is a function of a root seed and its index. What is wrong with an answer has a signature, by which it is known
again; the plainest file that shows it becomes a finding, and a finding can become a conformance vector.
"""

from __future__ import annotations

from .desk import Settings
from .findings import Finding
from .known import KnownFindings
from .run import FuzzRun, Order, fuzz
from .targets import TargetSpec

__all__ = ["Finding", "FuzzRun", "KnownFindings", "Order", "Settings", "TargetSpec", "fuzz"]
