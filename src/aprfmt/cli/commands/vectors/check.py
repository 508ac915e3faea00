"""`aprfmt vectors check`: proof of what the recipes claim."""

from __future__ import annotations

import click

from ...options import drawing, output_options
from ...suite import Wanted, chosen, in_order, suite_options

__all__ = ["JSON_KEYS", "command"]

JSON_KEYS = {
    "edition": "SHA-256 of the recipes",
    "vectors": "how many were proved",
    "by_verdict": "how many of each verdict",
    "by_origin": "how many of each origin",
    "flaws[].vector": "the vector; empty for what is wrong with the recipes as a whole",
    "flaws[].what": "what is wrong: expected and found",
}


@click.command(short_help="Prove what the recipes claim.", add_help_option=False)
@suite_options
@output_options
def command(
    only: tuple[str, ...],
    profile: str | None,
    layers: tuple[str, ...],
    huge: bool,
    recipes: str | None,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> int:
    """Prove every vector: its bytes have the digest of the recipe, and every finding of `validate` is the one it names.

    A rejected file breaks exactly one rule as an error, and has a twin that is accepted; what a stamp or a writer must
    make is made again. Without options that leave vectors out, every rule must have vectors on both sides, and no two
    vectors may be the same file. Exit code 1 when something is wrong.
    """
    from collections import Counter

    from ....vectors.check import Flaw, flaws, suite_flaws, unique
    from ... import render
    from ...exits import FINDINGS, OK

    wanted = Wanted(only, profile, layers, huge=huge, recipes=recipes)
    suite = wanted.suite()
    vectors = in_order(chosen(suite, wanted))
    found: list[Flaw] = []
    with drawing(quiet=quiet) as draw:
        for number, vector in enumerate(vectors):
            if draw is not None:
                draw(f"proving {number + 1} of {len(vectors)}")
            found += flaws(suite, vector)
    if not only and profile is None and not layers:
        found += [*suite_flaws(suite), *unique(suite.vectors)]
    verdicts = Counter(vector.verdict if vector.op == "read" else vector.op for vector in vectors)
    origins = Counter(vector.origin.partition(" ")[0] for vector in vectors)
    if as_json:
        render.json_object(
            {
                "edition": suite.digest,
                "vectors": len(vectors),
                "by_verdict": dict(sorted(verdicts.items())),
                "by_origin": dict(sorted(origins.items())),
                "flaws": [flaw._asdict() for flaw in found],
            }
        )
        return FINDINGS if found else OK
    for flaw in found:
        render.line(render.escape(f"{flaw.vector or 'recipes'}: {flaw.what}"))
    if verbose:
        for kind, numbers in (("verdict", verdicts), ("origin", origins)):
            for name, number in sorted(numbers.items()):
                render.line(render.escape(f"{kind} {name}: {number}"))
    if found or not quiet:
        render.line(f"{render.count(len(vectors), 'vector')} checked, {render.count(len(found), 'flaw')}")
    return FINDINGS if found else OK
