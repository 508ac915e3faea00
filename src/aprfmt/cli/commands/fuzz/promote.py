"""`aprfmt fuzz promote`: a finding becomes a conformance vector."""

from __future__ import annotations

from typing import Any

import click

from ...options import output_options

__all__ = ["JSON_KEYS", "command"]

JSON_KEYS = {
    "vector": "the recipe of the vector, complete",
    "flaws": "what `aprfmt vectors check` would say is wrong with it: `vector`, `what`",
    "written": "the recipe file that it was added to; null without `-o`",
}


@click.command(short_help="Make a conformance vector of a finding.", add_help_option=False)
@click.argument("finding", type=click.Path(readable=False), metavar="FINDING.json")
@click.option(
    "--id", "vector_id", metavar="ID", help="The id of the vector; fuzz. and the id of the finding unless given."
)
@click.option("--about", metavar="TEXT", help="What is special about the file, in a sentence.")
@click.option(
    "--twin", metavar="ID", help="The accepted vector on the other side; the one that differs least unless given."
)
@click.option(
    "--recipes", type=click.Path(readable=False), metavar="DIR", help="Recipes of this folder, not those shipped."
)
@click.option("-o", "--output", type=click.Path(readable=False), metavar="FILE", help="Add it to this recipe file.")
@output_options
def command(
    finding: str,
    vector_id: str | None,
    about: str | None,
    twin: str | None,
    recipes: str | None,
    output: str | None,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> int:
    """Print the recipe of a vector that makes the file of FINDING.json, with the verdict that our rules give it today.

    It is checked as `aprfmt vectors check` does. With -o it is added to a recipe file, spec/vectors/fuzz.json for
    example, unless something is wrong with it. Exit code 1 when something is: a file that breaks several rules makes no
    vector, nor does one that the vectors have already.
    """
    from ....files.vectors import read_suite
    from ....fuzz.promote import document_text, promoted
    from ....fuzz.store import read_document, read_finding
    from ... import render
    from ...exits import FINDINGS, OK

    del verbose
    suite = read_suite(recipes)
    document: dict[str, Any] | None = None if output is None else read_document(output)
    found = promoted(suite, read_finding(finding), vector_id=vector_id, about=about, twin=twin, document=document)
    is_written = output is not None and not found.flaws
    if output is not None and is_written:
        from ....conform.store import replace_text

        replace_text(output, document_text(found.document))
    if as_json:
        render.json_object(
            {
                "vector": found.node,
                "flaws": [flaw._asdict() for flaw in found.flaws],
                "written": output if is_written else None,
            }
        )
    else:
        if not quiet and not is_written:
            render.pieces([document_text({"vectors": [found.node]})])
        elif not quiet:
            render.line(render.escape(f"{found.node['id']} is added to {output}"))
        for flaw in found.flaws:
            render.note(f"{flaw.vector}: {flaw.what}")
    return FINDINGS if found.flaws else OK
