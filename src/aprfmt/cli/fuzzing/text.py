"""The run as text: what was asked, what was found, how much of the specification it covered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .. import render
from . import annotated, words

if TYPE_CHECKING:
    from ...fuzz import Finding, FuzzRun

__all__ = ["finding_lines", "pieces"]


def pieces(run: FuzzRun, *, quiet: bool = False, verbose: bool = False) -> Iterator[str]:
    """The report; when `quiet` a line a finding and the last one, when `verbose` with the bytes of each file."""
    for finding in run.findings:
        if quiet:
            yield f"{_title(finding)}\n"
            continue
        yield "".join(f"{line}\n" for line in finding_lines(finding, verbose=verbose))
    if not quiet:
        yield from (f"{line}\n" for line in words.beside_lines(run))
        yield "".join(f"{line}\n" for line in (*words.run_lines(run), *words.coverage_lines(run, verbose=verbose)))
    yield f"{words.last_line(run)}\n"


def _title(finding: Finding) -> str:
    return f"{render.escape(finding.symptom.target)}: {render.escape(finding.symptom.signature)}"


def finding_lines(finding: Finding, *, verbose: bool) -> Iterator[str]:
    """Everything about one finding."""
    symptom = finding.symptom
    yield f"FINDING {_title(finding)}"
    yield f"  {render.escape(symptom.detail) or 'see the signature'}"
    yield f"  why: {words.about(finding)}"
    yield f"  seen: {render.count(finding.count, 'case')}, shown by case {finding.index} of seed {finding.seed}"
    yield f"  file: {words.file_words(finding)}"
    if len(set((finding.answers or {}).values())) > 1:
        told = ", ".join(f"{name}: {verdict}" for name, verdict in (finding.answers or {}).items())
        yield f"  answers: {render.escape(told)}"
    if finding.patches is not None:
        yield f"  patches: {' then '.join(render.json_text(dict(patch)) for patch in finding.patches)}"
    if finding.tree is not None:
        yield f"  tree: {render.json_text(finding.tree)}"
    if symptom.op != "write":
        yield f"  recipe: {render.short(render.json_text(finding.recipe.as_json()), 2000)}"
    if verbose and symptom.op != "write":
        yield from (f"    {line}" for line in annotated(finding.raw, f"{finding.id}.apr").splitlines())
    if finding.reproduce:
        yield f"  reproduce: {finding.reproduce}"
    yield f"  replay: {finding.replay}"
    yield f"  id: {finding.id}"
