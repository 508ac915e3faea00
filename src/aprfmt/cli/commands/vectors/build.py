"""`aprfmt vectors build`: the files of the vectors."""

from __future__ import annotations

import click

from ...options import output_options
from ...suite import Wanted, chosen, in_order, suite_options

__all__ = ["JSON_KEYS", "command"]

JSON_KEYS = {
    "edition": "SHA-256 of the recipes",
    "folder": "where the files are",
    "files[].vector": "the vector",
    "files[].file": "name of the file in the folder",
    "files[].nbytes": "its size in bytes; a decimal string beyond 2^53",
}


@click.command(short_help="Build the files of the vectors.", add_help_option=False)
@click.argument("folder", type=click.Path(readable=False), metavar="DIR")
@suite_options
@click.option("-f", "--force", is_flag=True, help="Replace files that are there and differ.")
@output_options
def command(
    folder: str,
    only: tuple[str, ...],
    profile: str | None,
    layers: tuple[str, ...],
    huge: bool,
    recipes: str | None,
    force: bool,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Build the file of every vector into DIR, byte for byte the same on every machine: DIR/ID.apr.

    What a stamp or a writer must make is DIR/ID.expected.apr. Files of many gigabytes are made of holes: they take no
    room where the file system has such files, and are left out by most archivers. A file that is there already and is
    the same stays; another one is an error without --force.
    """
    from ....files.export import build_vectors
    from ....vectors.words import wide
    from ... import render

    wanted = Wanted(only, profile, layers, huge=huge, recipes=recipes)
    suite = wanted.suite()
    made = build_vectors(suite, in_order(chosen(suite, wanted)), folder, force=force)
    if as_json:
        files = [{"vector": item.vector, "file": item.name, "nbytes": wide(item.nbytes)} for item in made]
        render.json_object({"edition": suite.digest, "folder": folder, "files": files})
    elif verbose:
        render.table([(item.name, render.exact_size(item.nbytes)) for item in made])
    if not quiet and not as_json:
        render.line(render.escape(f"{render.count(len(made), 'file')} in {folder}, recipes {suite.edition}"))
