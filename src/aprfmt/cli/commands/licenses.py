"""`aprfmt licenses`: the licences that a stamp can name."""

from __future__ import annotations

import click

from ..exits import FINDINGS, OK
from ..options import output_options

__all__ = ["JSON_KEYS", "command"]

JSON_KEYS = {
    "query": "QUERY as given; null without one",
    "catalogue": "the catalogue that was searched",
    "catalogues": "every catalogue, with what it takes for a licence",
    "licenses[].id": "the id as it stands in canonical form, the closest first; an empty list when nothing is found",
    "licenses[].name": "the full name",
    "licenses[].kind": (
        "`spdx`, `exception` (of SPDX, for behind WITH), `hub` (an id of the model hub) or `expression`"
    ),
    "licenses[].deprecated": "whether SPDX has given the id up",
    "licenses[].successor": "what to write instead, several joined by ` or `; null when there is no need, or nothing",
    "licenses[].osi": "whether the Open Source Initiative approves it; null where SPDX does not say",
    "licenses[].fsf": "whether the Free Software Foundation calls it free; null where SPDX does not say",
    "licenses[].upstream": "whether `apr stamp` takes it",
}


@click.command(short_help="Find the id of a licence.", add_help_option=False)
@click.argument("query", metavar="[QUERY]", nargs=-1)
@click.option(
    "--catalogue",
    default="spdx",
    show_default=True,
    metavar="NAME",
    help="Search this catalogue: spdx (the model hub's ids included) or upstream (what `apr stamp` takes).",
)
@output_options
def command(query: tuple[str, ...], catalogue: str, as_json: bool, quiet: bool, verbose: bool) -> int:
    """List the licences whose id or name has every word of QUERY, the closest first; all of them without one.

    QUERY is an id, a name, or what people write for one: `gpl3`, `apache 2`, `creative commons`. The exit code is 1
    when nothing is found.
    """
    from ...licences import CATALOGUES, search
    from ...licences.entries import known_catalogue
    from .. import render

    catalogue = known_catalogue(catalogue)
    asked = " ".join(query)
    found = search(asked, catalogue)
    if as_json:
        keys = ("id", "name", "kind", "deprecated", "successor", "osi", "fsf", "upstream")
        render.json_object(
            {
                "query": asked if query else None,
                "catalogue": catalogue,
                "catalogues": dict(CATALOGUES),
                "licenses": [{key: getattr(entry, key) for key in keys} for entry in found],
            }
        )
    elif not quiet:
        if found:
            rows = [(entry.id, entry.kind, entry.status or "--", entry.name) for entry in found]
            render.table([("ID", "KIND", "STATUS", "NAME"), *rows])
        else:
            render.note(f"no licence has {asked!a} in its id or name")
        if verbose:
            render.note(f"{render.count(len(found), 'licence')} found in {catalogue}: {CATALOGUES[catalogue]}")
    return OK if found else FINDINGS
