"""The report as SARIF 2.1.0, the exchange format of static analysis: one run over all files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import PurePath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ... import __version__
from ...layout import facts
from .. import render
from ..exits import FINDINGS, OK
from . import Judged, Result, Tally, Terms, because, escaped
from .skips import reasons

if TYPE_CHECKING:
    from ...rules import Finding

__all__ = ["SCHEMA", "described", "pieces", "plain"]

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {"error": "error", "warning": "warning", "info": "note"}
_UNREADABLE_ID = "unreadable"
_UNREADABLE = {
    "id": _UNREADABLE_ID,
    "name": "file-unreadable",
    "shortDescription": {"text": "the file could not be read to its end"},
    "fullDescription": {"text": "Nothing is known of a file that could not be read, or was not because of a signal."},
    "help": {"text": "The message says what the system reports."},
    "defaultConfiguration": {"level": "error"},
    "properties": {"layer": "file"},
}
"""What a result that no rule of the format stands behind is listed under."""
_NUMBERS = {rule: number for number, rule in enumerate((*facts.RULES, _UNREADABLE_ID))}


def pieces(results: Iterable[Result], terms: Terms) -> Iterator[str]:
    """The document: the rules, the results of a file at a time, and at the end what else there is to say about the run.

    What counts against a file has the level `error`, whatever the rule is otherwise. Of the files only what could not
    be read and what was not kept is held until the end.
    """
    tally = Tally(terms)
    notifications: list[dict[str, Any]] = []
    head = render.json_text({"$schema": SCHEMA, "version": "2.1.0"}).removesuffix("}")
    yield f'{head}, "runs": [{{"tool": {render.json_text({"driver": _driver()})},\n"results": ['
    before = "\n"
    for result in tally.over(results):
        if not isinstance(result, Judged):
            notifications.append(_notification("error", result.failure.message, result.file))
        else:
            for rule, number in result.report.not_kept.items():
                text = f"{number} more of {rule} were counted, not kept"
                notifications.append(_notification("note", text, result.file))
        for item in _results(result, terms):
            yield before + render.json_text(item)
            before = ",\n"
    invocation = {
        "executionSuccessful": tally.exit_code in (OK, FINDINGS),
        "exitCode": tally.exit_code,
        "toolExecutionNotifications": notifications,
    }
    properties = {"rulesRun": sorted(tally.run), "rulesSkipped": sorted(tally.skipped)}
    yield f'\n],\n"invocations": {render.json_text([invocation])},\n"properties": {render.json_text(properties)}}}]}}\n'


def _driver() -> dict[str, Any]:
    return {
        "name": "aprfmt",
        "version": __version__,
        "semanticVersion": __version__,
        "rules": [described(rule) for rule in facts.RULES] + [_UNREADABLE],
    }


def described(rule: str) -> dict[str, Any]:
    """What the document says once about a rule."""
    fact = facts.RULES[rule]
    return {
        "id": fact.id,
        "name": fact.name,
        "shortDescription": {"text": fact.defect},
        "fullDescription": {"text": fact.why.strip()},
        "help": {"text": fact.repair.strip()},
        "defaultConfiguration": {"level": _LEVELS[fact.severity]},
        "properties": {"layer": fact.layer},
    }


def _results(result: Result, terms: Terms) -> Iterator[dict[str, Any]]:
    """What is wrong with a file: its findings, the rules that were skipped when that counts, or why it was not read."""
    if not isinstance(result, Judged):
        yield _result(_UNREADABLE_ID, "error", render.escape(result.failure.message), result.file)
        return
    for finding in result.report.findings:
        yield _of_finding(finding, result.file, terms)
    for rule, culprits in reasons(result.report).items() if terms.require_all else ():
        yield _result(rule, "error", f"skipped{because(culprits)}", result.file)


def _of_finding(finding: Finding, file: str, terms: Terms) -> dict[str, Any]:
    level = "error" if terms.counts(finding) else _LEVELS[finding.severity]
    start, end = finding.span
    result = _result(finding.rule, level, escaped(finding), file, byteOffset=start, byteLength=max(0, end - start))
    result["locations"][0]["logicalLocations"] = [{"fullyQualifiedName": finding.field, "kind": "member"}]
    said = {"expected": finding.expected, "found": finding.found, "tensor": finding.tensor}
    return {**result, "properties": said}


def _result(rule: str, level: str, text: str, file: str, **region: int) -> dict[str, Any]:
    # GitHub's code scanning takes no result without a line; a file that is no text has none.
    place = {"artifactLocation": {"uri": _uri(file)}, "region": {**region, "startLine": 1}}
    return {
        "ruleId": rule,
        "ruleIndex": _NUMBERS[rule],
        "level": level,
        "message": {"text": plain(text)},
        "locations": [{"physicalLocation": place}],
    }


def _notification(level: str, text: str, file: str) -> dict[str, Any]:
    location = {"physicalLocation": {"artifactLocation": {"uri": _uri(file)}}}
    return {"level": level, "message": {"text": plain(render.escape(text))}, "locations": [location]}


def plain(text: str) -> str:
    """The text where a message may hold links and the places of arguments: it has neither."""
    return text.replace("{", "{{").replace("}", "}}").replace("](", "] (")


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
