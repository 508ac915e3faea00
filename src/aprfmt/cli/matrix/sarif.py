"""The report as SARIF 2.1.0: one run an implementation, each failure at the line of the specification it is about."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from ...conform import Result, Run
from ...files import read_spec
from ...layout import facts
from .. import render
from ..exits import FINDINGS, OK
from ..reports.sarif import SCHEMA, described, plain
from . import words
from .subjects import SUBJECTS, defect, subject

__all__ = ["pieces", "rule_lines"]

_SPEC = "apr_v2.ksy"
_ENTRY = re.compile(r"  (\S+):$")
_START = "seq"


def pieces(runs: Sequence[Run], *, quiet: bool = False, verbose: bool = False) -> Iterator[str]:
    """The document, a run at a time; always whole. A known failure is a note that is suppressed, and says why."""
    del quiet, verbose
    lines = rule_lines(read_spec(_SPEC).decode("utf-8"))
    head = render.json_text({"$schema": SCHEMA, "version": "2.1.0"}).removesuffix("}")
    yield f'{head}, "runs": ['
    before = "\n"
    for number, run in enumerate(runs):
        failed = [result for result in run.results if result.failed]
        ids = {about: at for at, about in enumerate(dict.fromkeys((*facts.RULES, *SUBJECTS, *map(subject, failed))))}
        whole = render.json_text(_run(run, number, ids)).removesuffix("}")
        results = ",\n".join(render.json_text(_result(result, ids, lines)) for result in failed)
        yield f'{before}{whole},\n"results": [\n{results}\n]}}'
        before = ",\n"
    yield "\n]}\n"


def rule_lines(text: str) -> dict[str, int]:
    """The line of each rule in the text of the specification, counted from 1; under `seq` that of the layout."""
    found: dict[str, int] = {}
    section = ""
    for number, line in enumerate(text.splitlines(), 1):
        if line[:1].strip() and not line.startswith("#"):
            section = line.partition(":")[0]
            if section == _START:
                found[_START] = number
        elif section == "-rules" and (entry := _ENTRY.fullmatch(line)):
            found[entry[1]] = number
    return found


def _run(run: Run, number: int, ids: dict[str, int]) -> dict[str, Any]:
    """All that there is to say about a run, without its results."""
    settings = run.settings
    return {
        "tool": {"driver": {"name": "aprfmt conform", "version": run.aprfmt, "rules": list(map(_described, ids))}},
        # Runs of one tool over one checkout replace one another unless they say that they are of different kinds; the
        # next version of an implementation is to replace this one.
        "automationDetails": {"id": f"{quote(render.escape(run.implementation.name), safe='')}/{number}/"},
        "invocations": [
            {
                "executionSuccessful": True,
                "exitCode": OK if run.conforms else FINDINGS,
                "toolExecutionNotifications": [
                    {"level": "error", "message": {"text": _text(f"list of known failures: {fault}")}}
                    for fault in run.faults
                ],
            }
        ],
        "properties": {
            "implementation": run.as_json()["implementation"],
            "profile": settings.profile,
            "layers": list(settings.layers),
            "suite": run.suite,
            "date": run.date,
            "summary": run.summary,
            "conforms": run.conforms,
        },
    }


def _described(about: str) -> dict[str, Any]:
    if about in facts.RULES:
        # An implementation that does not enforce a rule is at fault, however little its files are.
        return {**described(about), "defaultConfiguration": {"level": "error"}}
    return {
        "id": about,
        "shortDescription": {"text": defect(about)},
        "fullDescription": {"text": defect(about)},
        "defaultConfiguration": {"level": "error"},
    }


def _result(result: Result, ids: dict[str, int], lines: dict[str, int]) -> dict[str, Any]:
    about = subject(result)
    rule = about if about in lines else result.rule
    said = words.beside(result, str)
    text = f"{result.vector}: {result.outcome}: {result.detail}{f' [{said}]' if said else ''}"
    node: dict[str, Any] = {
        "ruleId": about,
        "ruleIndex": ids[about],
        "level": "error" if result.counts else "note",
        "message": {"text": _text(f"{text}; reproduce: {result.reproduce}" if result.reproduce else text)},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": f"spec/{_SPEC}"},
                    "region": {"startLine": lines.get(rule or "", lines[_START])},
                },
                "logicalLocations": [{"name": result.vector, "kind": "member"}],
            }
        ],
        "partialFingerprints": _fingerprints(result.vector),
        "properties": {
            "vector": result.vector,
            "outcome": str(result.outcome),
            "layer": result.layer,
            "code": result.code,
            "reproduce": result.reproduce,
        },
    }
    if result.known is not None:
        justification = f"{result.known.kind}: {words.issue(result.known, str)}"
        node["suppressions"] = [{"kind": "external", "status": "accepted", "justification": justification}]
    return node


def _fingerprints(vector: str) -> dict[str, str]:
    digest = sha256(vector.encode("utf-8", "surrogatepass")).hexdigest()
    # Code scanning knows only the second one, and makes it of the line when it is missing: that many vectors share.
    return {"aprfmtVector/v1": digest, "primaryLocationLineHash": f"{digest[:16]}:1"}


def _text(text: str) -> str:
    return plain(render.escape(text))
