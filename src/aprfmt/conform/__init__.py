"""The conformance kit: which rules of the format does an implementation not enforce, which valid files does it misread?

Any program takes part, by one of four plugs: its exit code, its JSON, a process that answers line by line, a Python
callable. The same vectors are put to each, and `Run` says what came of them.
"""

from __future__ import annotations

from .results import Implementation, Outcome, Result, Run, Settings

__all__ = ["Implementation", "Outcome", "Result", "Run", "Settings"]
