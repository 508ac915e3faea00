"""The report as SARIF 2.1.0, the exchange format of static analysis: one run over all files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import PurePath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ... import __version__
from ...layout import facts
from .. import render
from ..exits import FINDINGS, OK
from . import Judged, Result, Tally, Terms, escaped

if TYPE_CHECKING:
    from ...rules import Finding

__all__ = ["pieces"]

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_PLACEHOLDER = re.compile(r"\{(\d+)\}")
_LEVELS = {"error": "error", "warning": "warning", "info": "note"}


def pieces(results: Iterable[Result], terms: Terms) -> Iterator[str]:
    """The document: the rules, the results of a file at a time, and at the end what else there is to say about the run.

    Of the files only what could not be read and what was not kept is held until then.
    """
    tally = Tally(terms)
    numbers = {rule: number for number, rule in enumerate(facts.RULES)}
    notifications: list[dict[str, Any]] = []
    head = render.json_text({"$schema": _SCHEMA, "version": "2.1.0"}).removesuffix("}")
    yield f'{head}, "runs": [{{"tool": {render.json_text({"driver": _driver()})},\n"results": ['
    before = "\n"
    for result in tally.over(results):
        if not isinstance(result, Judged):
            notifications.append(_notification("error", result.failure.message, result.file))
            continue
        for rule, number in result.report.not_kept.items():
            notifications.append(_notification("note", f"{number} more of {rule} were counted, not kept", result.file))
        for finding in result.report.findings:
            yield before + render.json_text(_result(finding, result.file, numbers[finding.rule]))
            before = ",\n"
    invocation = {
        "executionSuccessful": tally.exit_code in (OK, FINDINGS),
        "exitCode": tally.exit_code,
        "toolExecutionNotifications": notifications,
    }
    properties = {"rulesRun": sorted(tally.run - tally.skipped), "rulesSkipped": sorted(tally.skipped)}
    yield f'\n],\n"invocations": {render.json_text([invocation])},\n"properties": {render.json_text(properties)}}}]}}\n'


def _driver() -> dict[str, Any]:
    return {
        "name": "aprfmt",
        "version": __version__,
        "semanticVersion": __version__,
        "rules": [
            {
                "id": rule.id,
                "name": rule.name,
                "shortDescription": {"text": rule.defect},
                "fullDescription": {"text": rule.why.strip()},
                "help": {"text": rule.repair.strip()},
                "defaultConfiguration": {"level": _LEVELS[rule.severity]},
                "properties": {"layer": rule.layer},
            }
            for rule in facts.RULES.values()
        ],
    }


def _result(finding: Finding, file: str, number: int) -> dict[str, Any]:
    start, end = finding.span
    location = {
        "physicalLocation": {
            "artifactLocation": {"uri": _uri(file)},
            "region": {"byteOffset": start, "byteLength": max(0, end - start)},
        },
        "logicalLocations": [{"fullyQualifiedName": finding.field, "kind": "member"}],
    }
    return {
        "ruleId": finding.rule,
        "ruleIndex": number,
        "level": _LEVELS[finding.severity],
        "message": {"text": _plain(escaped(finding))},
        "locations": [location],
        "properties": {"expected": finding.expected, "found": finding.found, "tensor": finding.tensor},
    }


def _notification(level: str, text: str, file: str) -> dict[str, Any]:
    location = {"physicalLocation": {"artifactLocation": {"uri": _uri(file)}}}
    return {"level": level, "message": {"text": _plain(render.escape(text))}, "locations": [location]}


def _plain(text: str) -> str:
    """The text where a message may hold links and the places of arguments: it has neither."""
    return _PLACEHOLDER.sub(r"{{\1}}", text).replace("](", "] (")


def _uri(file: str) -> str:
    """A relative reference for a relative path, so that the report means the same on another machine."""
    path = PurePath(file)
    text, safe, root = path.as_posix(), "/", ""
    if path.is_absolute():
        safe, root = "/:", "file://" if text.startswith("/") else "file:///"
    try:
        return root + quote(text, safe=safe, errors="surrogateescape")
    except UnicodeEncodeError:  # lone surrogates that stand for no byte, in a name that no file system has
        return root + quote(text, safe=safe, errors="surrogatepass")
