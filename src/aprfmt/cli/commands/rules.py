"""`aprfmt rules`: every rule that a file is judged by."""

from __future__ import annotations

import click

from ..options import known_profile, output_options

__all__ = ["JSON_KEYS", "command"]

JSON_KEYS = {
    "profile": "the profile whose severities are shown",
    "profiles": "every profile, with what it is for",
    "rules[].id": "the id, which is never reused",
    "rules[].name": "the name, which says what is wrong",
    "rules[].severity": "`error`, `warning` or `info`; null when the profile does not have the rule",
    "rules[].layer": "what the rule is about: structure, metadata, integrity …",
    "rules[].defect": "what is wrong, in one line",
    "rules[].fatal": "whether no operation goes on past it, whatever it is told to accept",
    "rules[].reads_data": "whether every byte of the file is read for it",
}


@click.command(short_help="List the rules.", add_help_option=False)
@click.option(
    "--profile", default="default", show_default=True, metavar="NAME", help="Show the severities of this profile."
)
@output_options
def command(profile: str, as_json: bool, quiet: bool, verbose: bool) -> None:
    """List every rule with its severity in a profile; -- for a rule that the profile leaves out."""
    from ...layout import facts
    from .. import render

    profile = known_profile(profile)
    severities = facts.PROFILES[profile]
    if as_json:
        rules = [
            {
                "id": rule.id,
                "name": rule.name,
                "severity": severities.get(rule.id),
                "layer": rule.layer,
                "defect": rule.defect,
                "fatal": rule.fatal,
                "reads_data": rule.reads_data,
            }
            for rule in facts.RULES.values()
        ]
        render.json_object({"profile": profile, "profiles": dict(facts.PROFILE_DOCS), "rules": rules})
        return
    if quiet:
        return
    rows = [
        (rule.id, rule.name, severities.get(rule.id, "--"), rule.layer, rule.defect) for rule in facts.RULES.values()
    ]
    render.table([("ID", "NAME", "SEVERITY", "LAYER", "DEFECT"), *rows])
    if verbose:
        for name, text in facts.PROFILE_DOCS.items():
            render.note(f"profile {name}: {' '.join(text.split())}")
