"""The report as workflow commands of GitHub Actions, which become annotations of a run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ...layout import facts
from .. import render
from . import Judged, Result, Tally, Terms, by_rule, escaped, skipped_text

__all__ = ["pieces"]

_COMMANDS = {"error": "error", "warning": "warning", "info": "notice"}


def pieces(results: Iterable[Result], terms: Terms, *, quiet: bool = False) -> Iterator[str]:
    """A command a finding, one for every file that cannot be read, and a line of plain log at the end.

    With `terms.strict` a warning is annotated as an error. When `quiet`, there is nothing but what makes files fail.
    """
    tally = Tally(terms)
    for result in tally.over(results):
        if not isinstance(result, Judged):
            title = "interrupted" if result.is_interrupted else "unreadable"
            yield _command("error", result.file, title, render.escape(result.failure.message))
            continue
        lines = []
        for rule, findings in by_rule(result.report, terms, quiet=quiet).items():
            for finding in findings:
                kind = "error" if terms.counts(finding) else _COMMANDS[finding.severity]
                title = f"{rule} {facts.RULES[rule].name}"
                lines.append(_command(kind, result.file, title, escaped(finding)))
            if number := result.report.not_kept.get(rule, 0):
                lines.append(_command("notice", result.file, rule, f"{number} more of {rule} were counted, not kept"))
        if terms.require_all and result.report.rules_skipped:
            text = f"{skipped_text(result.report)}: {', '.join(result.report.rules_skipped)}"
            lines.append(_command("error", result.file, "skipped", text))
        yield "".join(lines)
    if not quiet:
        yield f"{tally.summary}\n"


def _command(kind: str, file: str, title: str, message: str) -> str:
    return f"::{kind} file={_property(file)},title={_property(title)}::{_data(message)}\n"


def _data(text: str) -> str:
    # The signs of the command language first: what `escape` then finds are characters that a log must not show.
    return render.escape(text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A"))


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
