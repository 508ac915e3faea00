"""The parts of docs/kaitai-findings.md that are made of findings.json and the specs; the rest is written by hand.

A part stands between `<!-- begin: NAME -->` and `<!-- end: NAME -->`, where NAME is that of a finding, or `overview`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
PAGE = HERE.parents[2] / "docs" / "kaitai-findings.md"
SOURCE = "tools/kaitai/findings"

TITLES = {
    "python": "Python",
    "javascript": "JavaScript",
    "java": "Java",
    "go": "Go",
    "perl": "Perl",
    "nim": "Nim",
    "construct": "Construct",
    "rust": "Rust",
    "lua": "Lua",
    "php": "PHP",
    "ruby": "Ruby",
    "cpp_stl": "C++",
    "csharp": "C#",
}
LANGUAGES = ("python", "javascript", "java", "go")

_PART = re.compile(r"<!-- begin: (\S+) -->\n.*?<!-- end: \1 -->", re.DOTALL)


def names(page: str) -> list[str]:
    """The names of the parts, in the order in which they stand."""
    return [match.group(1) for match in _PART.finditer(page)]


def refreshed(page: str, manifest: dict[str, Any]) -> str:
    """The page with every part made anew."""
    findings = {finding["name"]: finding for finding in manifest["findings"]}
    order = [findings[name] for name in names(page) if name != "overview"]

    def part(match: re.Match[str]) -> str:
        name = match.group(1)
        text = _overview(order) if name == "overview" else _finding(findings[name])
        return f"<!-- begin: {name} -->\n{text}\n<!-- end: {name} -->"

    return _PART.sub(part, page)


def _anchor(title: str) -> str:
    kept = "".join(letter for letter in title.lower() if letter.isalnum() or letter in " -_")
    return kept.replace(" ", "-")


def _overview(findings: list[dict[str, Any]]) -> str:
    rows = ["| finding | Python | JavaScript | Java | Go |", "|---|---|---|---|---|"]
    for finding in findings:
        verdicts = finding.get("verdicts")
        if verdicts is not None:
            cells = " | ".join(verdicts[language].replace("-", "–") for language in LANGUAGES)
            rows.append(f"| [{finding['title']}](#{_anchor(finding['title'])}) | {cells} |")
    return "\n".join(rows)


def _finding(finding: dict[str, Any]) -> str:
    name, cases = finding["name"], finding["cases"]
    parts = [f"### {finding['title']}"]
    for spec in dict.fromkeys(case.get("spec", name) for case in cases):
        of_spec = [case for case in cases if case.get("spec", name) == spec]
        parts.append(f"[{spec}.ksy](../{SOURCE}/{spec}.ksy)")
        parts.append(f"```yaml\n{(HERE / f'{spec}.ksy').read_text('utf-8').rstrip()}\n```")
        parts.append("\n".join(_table(of_spec)))
    return "\n\n".join(parts)


def _table(cases: list[dict[str, Any]]) -> list[str]:
    languages = list(dict.fromkeys(language for case in cases for language in case["observed"]))
    ordered = sorted(languages, key=list(TITLES).index)
    head = " | ".join(_head(case) for case in cases)
    rows = [f"| | {head} |", "|---|" + "---|" * len(cases)]
    for language in ordered:
        cells = " | ".join(_cell(case, language) for case in cases)
        rows.append(f"| {TITLES[language]} | {cells} |")
    return rows


def _head(case: dict[str, Any]) -> str:
    if "show" not in case:
        return "checks in the compiled text" if "finds" in case else "compiled"
    return f"`{case['bytes']}`" if case["bytes"] else "no bytes"


def _cell(case: dict[str, Any], language: str) -> str:
    outcome = case["observed"].get(language)
    if outcome is None:
        return "–"
    text = "<br>".join(f"`{piece}`" for piece in outcome.split(" | "))
    limit = case.get("limits", {}).get(language)
    return f"{text} ({limit[0]} MiB)" if limit and "no end" not in outcome else text
