"""`aprfmt explain`: what a rule is about, why it is one, and how to repair a file that breaks it."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap
from typing import TYPE_CHECKING

import click

from ..options import output_options, rule_ids

if TYPE_CHECKING:
    from ...layout.model import RuleFacts

__all__ = ["JSON_KEYS", "command"]

_WIDTH = 96

JSON_KEYS = {
    "rules[].id": "the id, which is never reused",
    "rules[].name": "the name, which says what is wrong",
    "rules[].defect": "what is wrong, in one line",
    "rules[].why": "why it matters",
    "rules[].repair": "what to do about it",
    "rules[].example": "what `aprfmt validate` prints for a file that breaks only this rule",
    "rules[].severity": "every profile with the severity of the rule in it; null when it does not have the rule",
    "rules[].layer": "what the rule is about: structure, metadata, integrity …",
    "rules[].fields": "paths of the fields in the specification that state the rule; empty when it relates fields",
    "rules[].needs": "ids of the rules that must have no finding before this one can be judged",
    "rules[].fatal": "whether no operation goes on past it, whatever it is told to accept",
    "rules[].reads_data": "whether every byte of the file is read for it",
}


@click.command(short_help="Explain rules: what, why, how to repair.", add_help_option=False)
@click.argument("rules", metavar="RULE...", nargs=-1, required=True)
@output_options
def command(rules: tuple[str, ...], as_json: bool, quiet: bool, verbose: bool) -> None:
    """Explain each RULE, given by its id or name: what is wrong, why it matters, how to repair it, an example."""
    from ...layout import facts
    from .. import render

    del verbose  # there is no more to say
    wanted = [facts.RULES[rule] for rule in rule_ids(rules)]
    if as_json:
        keys = ("id", "name", "defect", "why", "repair", "example")
        render.json_object(
            {
                "rules": [
                    {
                        **{key: getattr(rule, key).strip() for key in keys},
                        "severity": {profile: held.get(rule.id) for profile, held in facts.PROFILES.items()},
                        "layer": rule.layer,
                        "fields": _fields(rule.id),
                        "needs": list(rule.needs),
                        "fatal": rule.fatal,
                        "reads_data": rule.reads_data,
                    }
                    for rule in wanted
                ]
            }
        )
    elif not quiet:
        render.pieces(
            "\n" * (number > 0) + "".join(f"{line}\n" for line in _text(rule)) for number, rule in enumerate(wanted)
        )


def _fields(rule: str) -> list[str]:
    from ...layout import facts

    return list(dict.fromkeys(item.path for item in facts.STATEMENTS if item.rule == rule))


def _folded(text: str, title: str) -> list[str]:
    """The lines of a paragraph; an example stays as it is printed elsewhere."""
    return [text.rstrip()] if title == "Example" else wrap(text, _WIDTH) or [""]


def _text(rule: RuleFacts) -> Iterator[str]:
    from ...layout import facts

    severities = [f"{profile} {held.get(rule.id, '--')}" for profile, held in facts.PROFILES.items()]
    yield f"{rule.id} {rule.name}: {rule.defect}"
    yield ""
    for title, text in (("Why", rule.why), ("Repair", rule.repair), ("Example", rule.example)):
        yield f"{title}:"
        yield from (f"  {line}" for part in text.strip().splitlines() for line in _folded(part, title))
        yield ""
    yield f"Severity: {', '.join(severities)}"
    yield f"Layer: {rule.layer}"
    if fields := _fields(rule.id):
        yield f"Fields: {', '.join(fields)}"
    if rule.needs:
        yield f"Needs: {', '.join(rule.needs)}"
    if rule.fatal:
        yield "Fatal: no operation goes on past it, whatever it is told to accept"
    if rule.reads_data:
        yield "Reads every byte of the file"
