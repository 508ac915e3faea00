"""The report as workflow commands of GitHub Actions, which become annotations of a run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ...layout import facts
from .. import render
from . import Judged, Result, Tally, Terms, escaped

__all__ = ["pieces"]

_COMMANDS = {"error": "error", "warning": "warning", "info": "notice"}


def pieces(results: Iterable[Result], terms: Terms) -> Iterator[str]:
    """A command a finding, one for every file that cannot be read, and a line of plain log at the end.

    With `terms.strict` a warning is annotated as an error.
    """
    tally = Tally(terms)
    for result in tally.over(results):
        if not isinstance(result, Judged):
            yield _command("error", result.file, "unreadable", render.escape(result.failure.message))
            continue
        lines = []
        for finding in result.report.findings:
            kind = "error" if terms.counts(finding) else _COMMANDS[finding.severity]
            title = f"{finding.rule} {facts.RULES[finding.rule].name}"
            lines.append(_command(kind, result.file, title, escaped(finding)))
        for rule, number in result.report.not_kept.items():
            lines.append(_command("notice", result.file, rule, f"{number} more of {rule} were counted, not kept"))
        if terms.require_all and result.report.rules_skipped:
            text = f"{len(result.report.rules_skipped)} rules skipped: {', '.join(result.report.rules_skipped)}"
            lines.append(_command("error", result.file, "skipped", text))
        yield "".join(lines)
    yield f"{tally.summary}\n"


def _command(kind: str, file: str, title: str, message: str) -> str:
    return f"::{kind} file={_property(file)},title={_property(title)}::{_data(message)}\n"


def _data(text: str) -> str:
    # The signs of the command language first: what `escape` then finds are characters that a log must not show.
    return render.escape(text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A"))


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
