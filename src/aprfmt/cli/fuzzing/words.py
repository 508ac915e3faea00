"""What there is to say about a run of `aprfmt fuzz` in every report."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .. import render

if TYPE_CHECKING:
    from ...fuzz import Finding, FuzzRun
    from ...fuzz.coverage import Covered

__all__ = ["about", "beside_lines", "coverage_lines", "cut_words", "file_words", "last_line", "run_lines"]

_PLUGS = {"exit": "by exit code", "json": "by its JSON", "ndjson": "over NDJSON", "call": "by call"}
_MOST_NAMED = 10


def run_lines(run: FuzzRun) -> Iterator[str]:
    """The seed and who was asked what, a line each."""
    order = run.order
    last = f" to {order.start + run.cases - 1}" if run.cases else ""
    settings = order.settings
    yield f"seed {settings.seed}, cases {order.start}{last}, profile {settings.profile}, aprfmt {run.aprfmt}"
    verdicts = ", ".join(f"{number} to {verdict}" for verdict, number in sorted(run.verdicts.items()))
    yield (
        f"{render.count(run.cases, 'case')} in {run.seconds:.1f} s with shrinking, {run.rate:.0f} cases a second "
        f"without; {verdicts or 'none judged'}"
    )
    if not run.targets:
        yield "target: aprfmt itself, and nobody else"
    for target in run.targets:
        title = f"{target['name']} {target['version']}".strip()
        yield f"target: {render.escape(title)}, {_PLUGS.get(target['plug'], '')}: {render.escape(target['command'])}"


def beside_lines(run: FuzzRun) -> Iterator[str]:
    """What there is to say beside the findings themselves: what is known, what is like them, what they come to."""
    yield from _known_lines(run)
    yield from _more_lines(run)
    yield from _target_lines(run)


def _known_lines(run: FuzzRun) -> Iterator[str]:
    """What was found and is in the list, a line each."""
    for item in run.known:
        symptom, entry = item.seen.symptom, item.entry
        said = f"{symptom.target}: {symptom.signature} ({render.count(item.seen.count, 'case')}): {entry.reason}"
        yield f"known {entry.kind}: {render.escape(said)}"


def _target_lines(run: FuzzRun) -> Iterator[str]:
    """What the findings come to for each target, known ones too: the rules that it does not enforce; and a hint where
    what it says is taken for no verdict at all."""
    symptoms = [*(finding.symptom for finding in run.findings), *(item.seen.symptom for item in run.known)]
    for name in dict.fromkeys(symptom.target for symptom in symptoms):
        let_through = [item for item in symptoms if item.target == name and item.kind == "accepted-invalid"]
        rules = sorted({item.rule for item in let_through if item.op == "read" and item.rule})
        if rules:
            yield f"{render.escape(name)} does not enforce: {', '.join(rules)}"
    for finding in run.findings:
        if finding.symptom.judge == "crash" and finding.count == run.cases > 1:
            said = f"{render.escape(finding.symptom.target)}: every case ended in this way ({about(finding)})"
            yield f"{said}; --accept and --reject say which exit codes are verdicts"


def _more_lines(run: FuzzRun) -> Iterator[str]:
    """What is left out because it is like other findings, a line a pattern."""
    for item in run.more:
        said = f"{render.escape(item.target)}: {item.findings} more ({render.count(item.cases, 'case')}) in other words"
        yield f"{said}: {render.escape(item.pattern)}"


def coverage_lines(run: FuzzRun, *, verbose: bool) -> Iterator[str]:
    """How much of the specification was reached, and what was not."""
    coverage = run.coverage
    drawn = coverage.of_rules(drawn=True)
    beside = f" ({drawn.reached} by drawn cases)" if drawn.reached != coverage.of_rules().reached else ""
    yield _covered("rules broken", coverage.of_rules(), beside, verbose=verbose)
    yield _covered("sides of statements", coverage.of_sides(), "", verbose=verbose)
    yield _covered("fields with several values", coverage.of_fields(), "", verbose=verbose)


def _covered(what: str, covered: Covered, beside: str, *, verbose: bool) -> str:
    text = f"{what}: {covered.reached} of {covered.of}{beside}"
    if not covered.missing:
        return text
    shown = covered.missing if verbose else covered.missing[:_MOST_NAMED]
    more = f" and {len(covered.missing) - len(shown)} more" if len(shown) < len(covered.missing) else ""
    return f"{text}; not: {', '.join(shown)}{more}"


def about(finding: Finding) -> str:
    """The rule, or why there is none."""
    return render.escape(finding.symptom.explanation)


def file_words(finding: Finding) -> str:
    """How large the file is, what it was made of, and what it breaks."""
    made = f"from {finding.nbytes_before} in {render.count(finding.tries, 'try').replace('trys', 'tries')}"
    made += "" if finding.complete else ", not to the end"
    said = f"{render.count(len(finding.raw), 'byte')}, {made}"
    if not finding.again:
        said = f"{render.count(len(finding.raw), 'byte')}; it did not show again"
    if finding.symptom.op == "write":
        return f"a tree to be written; {said}"
    rules = f"breaks {', '.join(finding.rules)}" if finding.rules else "breaks no rule as an error"
    beside = f", beside it {', '.join(finding.beside)}" if finding.beside else ""
    return f"{said}; {rules}{beside}"


def last_line(run: FuzzRun) -> str:
    """The last line: `2 findings, 1 known; …`."""
    holes = sum(finding.is_hole for finding in run.findings)
    known = f", {len(run.known)} known" if run.known else ""
    hole = f"; {render.count(holes, 'hole')} in the specification, or a fault" if holes else ""
    cut = "" if run.cut is None else f"; cut short: {cut_words(run)}"
    if not run.findings and run.known:
        return f"nothing new{known}, in {render.count(run.cases, 'case')}{cut}"
    if not run.findings:
        return f"no finding: everybody agrees on {render.count(run.cases, 'case')}{cut}"
    return f"{render.count(len(run.findings), 'finding')}{known}{hole}{cut}"


def cut_words(run: FuzzRun) -> str:
    """What ended the run before it was done; nothing of one that was done."""
    return "" if run.cut is None else render.escape(str(run.cut) or type(run.cut).__name__)
