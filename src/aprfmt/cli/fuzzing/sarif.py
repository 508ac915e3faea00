"""The run as SARIF 2.1.0: each finding at the line of the specification that its rule is on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ...files import read_spec
from ...fuzz.judging.symptoms import JUDGES
from ...layout import facts
from .. import render
from ..exits import FINDINGS, OK
from ..matrix.sarif import rule_lines
from ..reports.sarif import SCHEMA, described, plain
from . import words

if TYPE_CHECKING:
    from ...fuzz import Finding, FuzzRun

__all__ = ["pieces"]

_SPEC = "apr_v2.ksy"
_LAYOUT = "seq"
_SUBJECTS = {f"fuzz-{judge}": text for judge, text in JUDGES.items()}
_IDS = {about: number for number, about in enumerate((*facts.RULES, *_SUBJECTS))}


def pieces(run: FuzzRun, *, quiet: bool = False, verbose: bool = False) -> Iterator[str]:
    """The document, always whole. A known finding is a note that is suppressed, and says why."""
    del quiet, verbose
    lines = rule_lines(read_spec(_SPEC).decode("utf-8"))
    results = [_result(finding, lines) for finding in run.findings]
    results += [_known(item.seen.symptom, item.entry, lines) for item in run.known]
    driver = {"name": "aprfmt fuzz", "version": run.aprfmt, "rules": [_described(about) for about in _IDS]}
    document = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "automationDetails": {"id": "aprfmt-fuzz/"},
                "invocations": [_invocation(run)],
                "results": results,
                "properties": {
                    "seed": run.order.settings.seed,
                    "cases": run.cases,
                    "suite": run.suite,
                    "summary": words.last_line(run),
                    "targets": list(run.targets),
                },
            }
        ],
    }
    yield f"{render.json_text(document)}\n"


def _invocation(run: FuzzRun) -> dict[str, Any]:
    if run.cut is None:
        return {"executionSuccessful": True, "exitCode": FINDINGS if run.findings else OK}
    notification = {"level": "error", "message": {"text": plain(words.cut_words(run))}}
    return {"executionSuccessful": False, "toolExecutionNotifications": [notification]}


def _described(about: str) -> dict[str, Any]:
    if about in facts.RULES:
        return {**described(about), "defaultConfiguration": {"level": "error"}}
    return {
        "id": about,
        "shortDescription": {"text": _SUBJECTS[about]},
        "fullDescription": {"text": _SUBJECTS[about]},
        "defaultConfiguration": {"level": "error"},
    }


def _result(finding: Finding, lines: dict[str, int]) -> dict[str, Any]:
    symptom = finding.symptom
    said = f"{symptom.target}: {symptom.signature}: {symptom.detail}; {symptom.explanation}"
    how = finding.reproduce or finding.replay
    node = _node(symptom, f"{said}; reproduce: {how}" if how else said, lines)
    properties = {"id": finding.id, "seed": finding.seed, "index": finding.index, "hole": finding.is_hole}
    return {**node, "level": "error", "properties": {**properties, "hex": finding.as_json()["hex"]}}


def _known(symptom: Any, entry: Any, lines: dict[str, int]) -> dict[str, Any]:
    node = _node(symptom, f"{symptom.target}: {symptom.signature}: {symptom.detail}", lines)
    issue = f" ({entry.issue})" if entry.issue else ""
    justification = plain(render.escape(f"{entry.kind}: {entry.reason}{issue}"))
    return {
        **node,
        "level": "note",
        "suppressions": [{"kind": "external", "status": "accepted", "justification": justification}],
    }


def _node(symptom: Any, text: str, lines: dict[str, int]) -> dict[str, Any]:
    from ...fuzz.findings import finding_id

    rule = symptom.rule or f"fuzz-{symptom.judge}"
    line = lines.get(symptom.rule or "", lines[_LAYOUT])
    name = finding_id(symptom)
    return {
        "ruleId": rule,
        "ruleIndex": _IDS[rule],
        "message": {"text": plain(render.escape(text))},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": f"spec/{_SPEC}"}, "region": {"startLine": line}},
                "logicalLocations": [{"name": render.escape(symptom.place or symptom.op), "kind": "member"}],
            }
        ],
        "partialFingerprints": {"aprfmtFinding/v1": name, "primaryLocationLineHash": f"{name}:1"},
    }
