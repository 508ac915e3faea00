"""The run as Markdown, for the summary of a CI step."""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import TYPE_CHECKING

from .. import render
from . import words

if TYPE_CHECKING:
    from ...fuzz import FuzzRun

__all__ = ["pieces"]


def pieces(run: FuzzRun, *, quiet: bool = False, verbose: bool = False) -> Iterator[str]:
    """A table of findings, then the run and its coverage."""
    del quiet
    yield f"## aprfmt fuzz: {words.last_line(run)}\n\n"
    if run.findings:
        yield "| target | finding | what is wrong | file |\n|---|---|---|---|\n"
        for finding in run.findings:
            cells = (
                finding.symptom.target,
                finding.symptom.signature,
                f"{finding.symptom.detail}; {finding.symptom.explanation}",
                words.file_words(finding),
            )
            yield f"| {' | '.join(map(_cell, cells))} |\n"
        yield "\n"
        for finding in run.findings:
            line = finding.reproduce or finding.replay
            yield f"{_cell(finding.symptom.signature)}\n\n```sh\n{line.replace('```', '')}\n```\n\n"
    for line in (*words.beside_lines(run), *words.run_lines(run), *words.coverage_lines(run, verbose=verbose)):
        yield f"- {_cell(line)}\n"


def _cell(text: str) -> str:
    """A text as it is, in a cell of a table."""
    shown = html.escape(render.escape(text), quote=False)
    return "".join(f"\\{character}" if character in "|*_`[]~\\" else character for character in shown)
