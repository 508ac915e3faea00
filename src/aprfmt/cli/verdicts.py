"""What a run of `gate` came to, as text and as JSON.

Outcomes are taken one at a time, and none is kept. Names, metadata and paths come from strangers, and are escaped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import quoted
from . import render
from .exits import FINDINGS, FORMAT, OK, Failure

if TYPE_CHECKING:
    from ..ops.gate import GateFinding, GateReport, GateResult

__all__ = ["GateText", "Outcome", "Tally", "lines", "objects"]

_WORDS = {"PASS": "passed", "FAIL": "failed", "SKIPPED": "skipped"}


class GateText(NamedTuple):
    """What the contract says of a gate."""

    name: str
    statement: str
    repair: str


class Outcome(NamedTuple):
    """What a file came to: its verdicts, or why there are none."""

    file: str
    report: GateReport | None = None
    failure: Failure | None = None


@dataclass(slots=True)
class Tally:
    """Totals over the outcomes that went by."""

    checked: bool
    files: Counter[str] = field(default_factory=Counter)
    """How many `passed`, how many `failed`, one that is no APR v2 file included, and how many are `unreadable`."""
    gates: Counter[str] = field(default_factory=Counter)
    """How many gates of all files have which verdict."""
    exit_code: int = OK
    """What the program ends with: of two codes the larger one says more, up to that of a signal, which says most."""

    def over(self, outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
        """The outcomes, each counted as it goes by."""
        for outcome in outcomes:
            code = FINDINGS
            if outcome.report is not None:
                self.gates.update(str(result.verdict) for result in outcome.report.gates)
                code = OK if outcome.report.passed else FINDINGS
            elif outcome.failure is not None:
                code = outcome.failure.exit_code
            kind = {OK: "passed", FINDINGS: "failed", FORMAT: "failed"}.get(code, "unreadable")
            self.files[kind] += 1
            self.exit_code = max(self.exit_code, code)
            yield outcome

    @property
    def summary(self) -> str:
        """The last line: `1 file: 0 passed, 1 failed; gates: 3 passed, 1 failed, 0 skipped; every byte was read`."""
        kinds = ["passed", "failed", *(["unreadable"] if self.files["unreadable"] else [])]
        files = ", ".join(f"{self.files[kind]} {kind}" for kind in kinds)
        gates = ", ".join(f"{self.gates[verdict]} {word}" for verdict, word in _WORDS.items())
        read = "every byte was read" if self.checked else "the head alone was read"
        return f"{render.count(self.files.total(), 'file')}: {files}; gates: {gates}; {read}"


def objects(outcomes: Iterable[Outcome], texts: Mapping[str, GateText], *, one: bool) -> Iterator[str]:
    """An object a file: indented for `one` file, each on a line of its own for several."""
    for outcome in outcomes:
        value = _json(outcome, texts)
        yield render.json_lines(value) if one else f"{render.json_text(value)}\n"


def _json(outcome: Outcome, texts: Mapping[str, GateText]) -> dict[str, Any]:
    if outcome.report is None:
        return {"file": outcome.file, "error": None if outcome.failure is None else outcome.failure.as_json()}
    return {
        "file": outcome.file,
        "passed": outcome.report.passed,
        "read": "file" if outcome.report.checked else "head",
        "gates": [
            {
                "id": result.gate,
                **texts[result.gate]._asdict(),
                "verdict": str(result.verdict),
                "findings": [_finding_json(item) for item in result.findings],
                "skipped_because": list(result.skipped_because),
                "not_kept": dict(result.not_kept),
            }
            for result in outcome.report.gates
        ],
    }


def _finding_json(item: GateFinding) -> dict[str, Any]:
    start, end = item.span
    said = {name: getattr(item, name) for name in ("message", "expected", "found", "tensor", "repair")}
    return {"rule": item.rule, "field": item.field, "start": start, "end": end, **said}


def lines(
    outcomes: Iterable[Outcome], texts: Mapping[str, GateText], tally: Tally, *, quiet: bool, verbose: bool
) -> Iterator[str]:
    """The lines of a file each, then the summary of `tally`; nothing about a file that was not judged.

    When `quiet`, there is nothing but the files that do not pass, with what keeps them from it.
    """
    for outcome in outcomes:
        if outcome.report is not None and not (quiet and outcome.report.passed):
            found = _of_file(outcome.file, outcome.report, texts, quiet=quiet, verbose=verbose)
            yield "".join(f"{line}\n" for line in found)
    if not quiet and tally.gates:
        yield f"{tally.summary}\n"


def _of_file(
    file: str, report: GateReport, texts: Mapping[str, GateText], *, quiet: bool, verbose: bool
) -> Iterator[str]:
    number = Counter(str(result.verdict) for result in report.gates)
    said = ", ".join(f"{number[verdict]} {word}" for verdict, word in _WORDS.items() if number[verdict])
    yield f"{render.escape(file)}: {'passed' if report.passed else 'NOT PASSED'}; gates: {said}"
    told: dict[GateFinding, str] = {}
    for result in report.gates:
        if quiet and result.verdict == "PASS":
            continue
        because = f" because of {', '.join(result.skipped_because)}" if result.skipped_because else ""
        yield f"  {result.verdict:<7}  {result.gate} {texts[result.gate].name}{because}"
        if verbose:
            yield f"    {texts[result.gate].statement}"
        yield from (f"    {line}" for line in _of_gate(result, told, verbose=verbose))


def _of_gate(result: GateResult, told: dict[GateFinding, str], *, verbose: bool) -> Iterator[str]:
    """The findings of a gate by their rules: what is wrong, where, and once for each rule how to repair it.

    What was `told` under another gate is not said again.
    """
    groups: dict[tuple[str | None, str], list[GateFinding]] = {}
    for item in result.findings:
        groups.setdefault((item.rule, item.repair), []).append(item)
    for (rule, repair), findings in groups.items():
        if all(item in told for item in findings):
            yield f"{rule or 'the program'}: see {told[findings[0]]}"
            continue
        shown = findings if verbose else findings[: render.FINDINGS_A_RULE]
        for item in shown:
            yield from _of_finding(item)
        left = len(findings) - len(shown)
        if hidden := left + result.not_kept.get(rule or "", 0):
            yield f"  {hidden} more {'(-v shows more)' if left else 'were counted, not kept'}"
        yield f"  repair: {' '.join(repair.split())}"
        told.update(dict.fromkeys(findings, result.gate))


def _of_finding(item: GateFinding) -> Iterator[str]:
    from ..layout import facts

    title = "" if item.rule is None else f"{item.rule} {facts.RULES[item.rule].name}: "
    yield f"{title}{render.short(item.message)}"
    start, end = item.span
    said = f"expected {render.short(item.expected)}, found {render.short(item.found)}"
    tensor = "" if item.tensor is None else f"; tensor {render.short(quoted(item.tensor), 80)}"
    yield f"  {render.escape(f'{item.field} @{start:#x}..{end:#x}'.lstrip())}: {said}{tensor}"
