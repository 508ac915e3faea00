"""`aprfmt fuzz corpus`: files to begin with, and a dictionary, for fuzzers that learn from coverage."""

from __future__ import annotations

import click

from ...options import output_options

__all__ = ["JSON_KEYS", "command"]

JSON_KEYS = {
    "edition": "SHA-256 of the recipes",
    "folder": "where the files are",
    "seeds": "how many files there are to begin with",
    "nbytes": "how many bytes they have together",
    "dictionary": "path of the dictionary",
    "words": "how many words it has",
    "go": "path of the same seeds as Go reads them",
    "left_out": "ids of the vectors that are too large, or the same as another seed",
}


@click.command(short_help="Write a seed corpus and a dictionary.", add_help_option=False)
@click.argument("folder", type=click.Path(readable=False), metavar="DIR")
@click.option(
    "--go-target",
    default="FuzzRead",
    show_default=True,
    metavar="NAME",
    help="The fuzz target in Go that is to have them.",
)
@click.option(
    "--recipes", type=click.Path(readable=False), metavar="DIR", help="Recipes of this folder, not those shipped."
)
@click.option(
    "-f", "--force", is_flag=True, help="Also into a folder that is not empty; what is there beside them stays."
)
@output_options
def command(
    folder: str, go_target: str, recipes: str | None, force: bool, as_json: bool, quiet: bool, verbose: bool
) -> None:
    """Write files for fuzzers to begin with: DIR/seeds, DIR/apr_v2.dict, and DIR/testdata/fuzz for Go.

    The seeds are the small files among the conformance vectors, what stamps and writers must make of them, and the
    smallest file for every element type, flag and known key. The dictionary has the words of the format: ids, flags,
    numbers at boundaries, index entries, members of the metadata.

    \b
    AFL++:      afl-fuzz -i DIR/seeds -x DIR/apr_v2.dict -o found -- ./reader @@
    libFuzzer:  ./reader_fuzzer -dict=DIR/apr_v2.dict found DIR/seeds
    Go:         copy DIR/testdata beside the tests of the package, then go test -fuzz FuzzRead
    """
    from pathlib import Path

    from ....files.vectors import read_suite
    from ....fuzz.corpus.seeds import DICTIONARY, make_corpus
    from ....fuzz.corpus.store import write_corpus
    from ... import render

    corpus = make_corpus(read_suite(recipes))
    files = list(corpus.files(go_target))  # before anything is written
    write_corpus(files, folder, force=force)
    nbytes = sum(len(seed.raw) for seed in corpus.seeds)
    if as_json:
        render.json_object(
            {
                "edition": corpus.edition,
                "folder": folder,
                "seeds": len(corpus.seeds),
                "nbytes": nbytes,
                "dictionary": str(Path(folder, DICTIONARY)),
                "words": len(corpus.words),
                "go": str(Path(folder, "testdata", "fuzz", go_target)),
                "left_out": list(corpus.left_out),
            }
        )
        return
    if verbose:
        for name in corpus.left_out:
            render.note(f"left out: {name}")
    if not quiet:
        seeds, found = render.count(len(corpus.seeds), "seed"), render.count(len(corpus.words), "word")
        render.line(render.escape(f"{seeds} of {render.size(nbytes)} and {found} in {folder}"))
