"""The report for programs: one object for one run, an array of objects for several."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...conform import Run
from .. import render

__all__ = ["pieces"]


def pieces(runs: Sequence[Run], *, quiet: bool = False, verbose: bool = False) -> Iterator[str]:
    """The runs as `Run.of_json` takes them back; always whole."""
    del quiet, verbose
    if len(runs) == 1:
        yield render.json_lines(runs[0].as_json())
        return
    before = "["
    for run in runs:
        yield f"{before}\n{render.json_lines(run.as_json())}".rstrip()
        before = ","
    yield "[]\n" if before == "[" else "\n]\n"
