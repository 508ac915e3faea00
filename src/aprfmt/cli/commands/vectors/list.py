"""`aprfmt vectors list`: every vector in a line."""

from __future__ import annotations

import click

from ...options import output_options_saying
from ...suite import Wanted, chosen, suite_options

__all__ = ["JSON_KEYS", "command"]

JSON_KEYS = {
    "id": "the id, which is never reused",
    "op": "`read` the file, `stamp` it, or `write` one",
    "about": "what is special about it",
    "verdict": "the right answer: `accept`, `reject`, or `free`, where either will do but no crash",
    "rule": "the one rule that the file breaks as an error; null when it is accepted",
    "layer": "what it is about: `structure`, `integrity`, `metadata` or `canonical`",
    "profile": "the profile in which the verdict holds",
    "beside": "rules that the file breaks without an error: warnings and infos",
    "twin": "the accepted vector on the other side of the boundary",
    "tags": "properties by which an implementation may have to skip it",
    "origin": "where it comes from: `derived` from the specification, `hand`, a thread upstream, a writer",
    "nbytes": "size of the file in bytes; a decimal string beyond 2^53; null for `write`",
    "sha256": "SHA-256 of the file; null for a sparse one",
    "extents": "of a sparse file, start, bytes and SHA-256 of each stretch that is written",
    "output_sha256": "SHA-256 of the file that a stamp or a writer must make",
}


@click.command(short_help="List the vectors.", add_help_option=False)
@suite_options
@click.option("--rule", "rules", multiple=True, metavar="RULE", help="Vectors that break this rule, also as no error.")
@click.option("--op", "ops", multiple=True, type=click.Choice(("read", "stamp", "write")), help="Vectors of this kind.")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="Vectors with this tag.")
@output_options_saying(json="Print a JSON array, one object a vector.", quiet="Print nothing but the ids.")
def command(
    only: tuple[str, ...],
    profile: str | None,
    layers: tuple[str, ...],
    huge: bool,
    recipes: str | None,
    rules: tuple[str, ...],
    ops: tuple[str, ...],
    tags: tuple[str, ...],
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """List the vectors, also those that only --huge builds: id, verdict, rule, layer, profile, what is special."""
    from ....errors import RequestError
    from ... import render
    from ...options import rule_ids

    del huge  # listing them costs nothing
    wanted = Wanted(only, profile, layers, huge=True, recipes=recipes)
    named = set(rule_ids(rules))
    found = [
        vector
        for vector in chosen(wanted.suite(), wanted)
        if (not named or named & {vector.rule, *vector.beside})
        and (not ops or vector.op in ops)
        and set(tags) <= set(vector.tags)
    ]
    if not found:
        raise RequestError("expected at least one vector, found none that the options leave")
    if as_json:
        render.json_array([vector.summary() for vector in found])
        return
    if quiet:
        for vector in found:
            render.line(render.escape(vector.id))
        return
    rows = [
        (
            vector.id,
            vector.verdict if vector.op == "read" else f"{vector.op}: {vector.verdict}",
            vector.rule or "--",
            vector.layer,
            vector.profile,
            vector.about if not verbose else f"{vector.about} [{vector.origin}; {', '.join(vector.tags) or 'no tags'}]",
        )
        for vector in found
    ]
    render.table([("ID", "VERDICT", "RULE", "LAYER", "PROFILE", "ABOUT"), *rows])
    render.note(f"{render.count(len(found), 'vector')}")
