"""`aprfmt vectors show`: one vector, its recipe and what it is for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ...options import output_options
from ...suite import Wanted

if TYPE_CHECKING:
    from ....vectors import Suite, Vector

__all__ = ["JSON_KEYS", "command"]

JSON_KEYS = {
    "vector": "the vector, with the keys of `aprfmt vectors list`",
    "recipe": "how its file is made, as it stands in the recipes",
    "defect": "what the rule is about; null when the file is accepted",
    "values": "what a careful reader reads in an accepted file; null otherwise",
}


@click.command(short_help="Show a vector: its recipe, its verdict, its values.", add_help_option=False)
@click.argument("vector_id", metavar="ID")
@click.option("--recipes", type=click.Path(readable=False), metavar="DIR", help="Recipes of this folder.")
@output_options
def command(vector_id: str, recipes: str | None, as_json: bool, quiet: bool, verbose: bool) -> None:
    """Show one vector: what is special about it, the right answer and why, its twin, and the recipe of its bytes.

    With -v also the values that a careful reader reads in it. `aprfmt vectors build DIR --only ID` makes the file, and
    `aprfmt dump` shows its bytes.
    """
    from ....layout import facts
    from ... import render

    suite = Wanted(recipes=recipes).suite()
    vector = suite[vector_id]
    rule = None if vector.rule is None else facts.RULES[vector.rule]
    values = _values(suite, vector) if as_json or verbose else None
    recipe = suite.nodes[vector.id]
    if as_json:
        render.json_object(
            {
                "vector": vector.summary(),
                "recipe": recipe,
                "defect": None if rule is None else rule.defect,
                "values": values,
            }
        )
        return
    if quiet:
        return
    rows = [("id", vector.id), ("about", vector.about), ("asks", vector.op), ("answer", vector.verdict)]
    if rule is not None:
        rows += [("rule", f"{rule.id} {rule.name}: {rule.defect}"), ("why", " ".join(rule.why.split()))]
    rows += [
        ("profile", vector.profile),
        ("layer", vector.layer),
        ("beside", ", ".join(vector.beside) or "nothing"),
        ("twin", vector.twin or "--"),
        ("tags", ", ".join(vector.tags) or "--"),
        ("origin", vector.origin),
        ("bytes", "--" if vector.nbytes is None else str(vector.nbytes)),
        ("sha256", vector.sha256 or vector.output_sha256 or "--"),
    ]
    render.table(rows)
    keys = ("base", "with", "data", "edits", "seal", "patch", "tree")
    for key in keys:
        if key in recipe:
            render.line(f"{key}: {render.json_text(recipe[key])}")
    if values is not None:
        render.line(f"values: {render.json_text(values)}")


def _values(suite: Suite, vector: Vector) -> dict[str, Any] | None:
    from ....container import Container
    from ....vectors.readings import reading_if_whole

    if vector.op != "read" or vector.verdict != "accept":
        return None
    return reading_if_whole(Container(suite.image(vector.id), lenient=True), crc32=not vector.is_sparse)
