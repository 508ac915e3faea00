"""`aprfmt vectors export`: the vectors as plain files with a manifest, for people without Python."""

from __future__ import annotations

import click

from ...options import output_options
from ...suite import Wanted, chosen, in_order, suite_options

__all__ = ["JSON_KEYS", "command"]

JSON_KEYS = {
    "edition": "SHA-256 of the recipes",
    "folder": "where the files are",
    "manifest": "path of the manifest",
    "vectors": "how many there are",
    "left_out": "ids of the sparse vectors, which need --sparse",
}


@click.command(short_help="Export plain files with a manifest.", add_help_option=False)
@click.argument("folder", type=click.Path(readable=False), metavar="DIR")
@suite_options
@click.option("--sparse", is_flag=True, help="Also the files of several gigabytes, which are made of holes.")
@click.option("-f", "--force", is_flag=True, help="Replace files that are there and differ.")
@output_options
def command(
    folder: str,
    only: tuple[str, ...],
    profile: str | None,
    layers: tuple[str, ...],
    huge: bool,
    recipes: str | None,
    sparse: bool,
    force: bool,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Export the vectors as plain files: DIR/files/ID.apr, and DIR/manifest.json, which says what is right about each.

    The manifest has, for every vector, what `aprfmt vectors list --json` says, the name of its file, the values that a
    careful reader reads in an accepted one, and for stamps and writers what is asked and the name of the expected file.
    Beside it lie the schemas of the protocol and a page that explains it all: nothing of aprfmt is needed to use them.
    """
    from ....files.export import export_vectors
    from ... import render

    wanted = Wanted(only, profile, layers, huge=huge, recipes=recipes)
    suite = wanted.suite()
    vectors = in_order(chosen(suite, wanted))
    kept = [vector for vector in vectors if sparse or not vector.is_sparse]
    left_out = [vector.id for vector in vectors if vector.is_sparse and not sparse]
    manifest = export_vectors(suite, kept, folder, force=force)
    if as_json:
        render.json_object(
            {
                "edition": suite.digest,
                "folder": folder,
                "manifest": str(manifest),
                "vectors": len(kept),
                "left_out": left_out,
            }
        )
        return
    if verbose:
        for name in left_out:
            render.note(f"left out: {name} (--sparse)")
    if not quiet:
        render.line(render.escape(f"{render.count(len(kept), 'vector')} in {folder}, recipes {suite.edition}"))
        if left_out:
            render.note(f"{render.count(len(left_out), 'sparse vector')} left out; --sparse exports them too")
