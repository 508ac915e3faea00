"""The run as one JSON object: `spec/fuzz/run.schema.json`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .. import render
from . import finding_json

if TYPE_CHECKING:
    from ...fuzz import FuzzRun

__all__ = ["pieces"]


def pieces(run: FuzzRun, *, quiet: bool = False, verbose: bool = False) -> Iterator[str]:
    """The document, always whole."""
    del quiet, verbose
    yield render.json_lines({**run.as_json(), "findings": [finding_json(finding) for finding in run.findings]})
