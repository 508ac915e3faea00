"""`aprfmt recover`: finish or undo stamps in place that were cut."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import click

from ..options import about, output_options_saying, progress

if TYPE_CHECKING:
    from ...files.inplace import Recovered
    from ..exits import Failure

__all__ = ["JSON_KEYS", "command"]

JSON_KEYS = {
    "command": "`recover`",
    "file": "the path as given or as it was found in a folder or list",
    "state": (
        "`none`: no journal lay beside the file, and nothing was done; `new`: the stamp was finished; `old`: it was "
        "undone, or had not begun"
    ),
    "journal": "where the journal lay; null without one",
    "torn": "whether the journal was not whole, so that the stamp had not begun",
    "verified": (
        "after a recovery, whether the footer matches every byte; null when the file has no footer, or nothing was done"
    ),
    "findings": "why not: as those of `validate`. A stamp leaves a mismatch as it is, so that it was there before",
    "error": "why the file could not be recovered, as under [Errors](#errors); nothing but `file` stands beside it",
}


@click.command(short_help="Finish or undo stamps in place that were cut.", add_help_option=False)
@click.argument("files", type=click.Path(readable=False), metavar="FILE...", nargs=-1, required=True)
@click.option("-r", "--recursive", is_flag=True, help="Look into the folders of a folder, too.")
@click.option(
    "--journal",
    type=click.Path(readable=False),
    metavar="PATH",
    help="Where the journal of the one FILE lies, when FILE was moved or renamed since.",
)
@output_options_saying(
    json="Print JSON: an object, or an object a line for more than one file.",
    quiet="In text, nothing but errors, and files that do not match their footer. JSON is always whole.",
)
def command(
    files: tuple[str, ...], recursive: bool, journal: str | None, as_json: bool, quiet: bool, verbose: bool
) -> int:
    """Make every FILE whole whose stamp in place was cut: the stamp is finished, or it is undone.

    A stamp in place keeps a journal beside the file (`.NAME.aprfmt-journal`) until all is done. One that is there when
    no stamp is under way says that the machine or the process ended in the middle. The tensors are not at risk. After a
    recovery every byte of the file is held against its footer. A file without a journal is left alone.

    Nothing is written into a file that somebody else changed or replaced since: the journal stays, and the error says
    what is expected and what is found.

    FILE may be a folder, which stands for the files *.apr in it, or @LIST, a file with one path a line.

    Exit code 0 when every file is whole, 1 when one does not match its footer, or one of several cannot be recovered. A
    single FILE that cannot be recovered: 3 when it cannot be read or written, 4 when it is not what the stamp left.
    """
    from ...files.inplace import recover
    from .. import render, signals
    from ..each import each
    from ..exits import FINDINGS, OK
    from ..inputs import inputs, is_one_file

    context = click.get_current_context()
    one = is_one_file(files)
    if any(name in ("-", "@-") for name in files):
        raise click.UsageError("recover works on files, not on standard input; './-' is a file of that name.", context)
    if journal is not None and not one:
        raise click.UsageError("--journal goes with one FILE.", context)
    tally: Counter[str] = Counter()
    code = 0

    def recovered(file: str) -> tuple[str, dict[str, Any], int]:
        with about(file), progress("checking", file, quiet=quiet) as update:
            done = recover(file, journal=journal, progress=update)
        if not as_json:
            _say(file, done, quiet=quiet, verbose=verbose)
        return done.state, _json(file, done), FINDINGS if done.verified is False else OK

    def failed(file: str, failure: Failure) -> tuple[str, dict[str, Any], int]:
        if not as_json:
            render.fail(failure, as_json=False)
        return "failed", {"file": file, "error": failure.as_json()}, failure.exit_code

    outcomes = each(
        inputs(files, recursive=recursive),
        recovered,
        failed,
        exit_code=lambda failure: failure.exit_code if one else FINDINGS,
        verbose=verbose,
    )
    signals.wait()  # until the next file is looked for
    for state, value, its_code in outcomes:
        tally[state] += 1
        code = max(code, its_code)
        if as_json:
            if one:
                render.json_object(value)
            else:
                render.line(render.json_text(value))
    if not (one or as_json or quiet):
        words = {"new": "finished", "old": "undone", "none": "without a journal", "failed": "failed"}
        said = ", ".join(f"{tally[state]} {word}" for state, word in words.items() if tally[state] or state != "failed")
        render.line(f"{render.count(tally.total(), 'file')}: {said}")
    return code


def _say(name: str, done: Recovered, *, quiet: bool, verbose: bool) -> None:
    from .. import render

    words = {
        "none": "no journal, nothing to recover",
        "new": "the stamp was finished",
        "old": "the stamp had not begun" if done.torn else "the stamp was undone",
    }
    checked = {True: "; every byte matches the footer", False: "; THE FOOTER DOES NOT MATCH", None: ""}[done.verified]
    if done.state != "none" and done.verified is None:
        checked = "; there is no footer to check it by"
    if not quiet or done.verified is False:
        render.line(f"{render.escape(name)}: {words[done.state]}{checked}")
    if done.verified is False:
        render.findings(done.findings, {}, file=name, verbose=verbose, quiet=quiet)
        render.note("a stamp in place leaves a mismatch as it is: the file was damaged before")


def _json(name: str, done: Recovered) -> dict[str, Any]:

    return {
        "command": "recover",
        "file": name,
        "state": done.state,
        "journal": None if done.journal is None else str(done.journal),
        "torn": done.torn,
        "verified": done.verified,
        "findings": [item.as_json() for item in done.findings],
    }
