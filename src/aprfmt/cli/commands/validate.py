"""`aprfmt validate`: everything that is wrong with files, by the rules of the format."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

import click

from .. import reports
from ..options import about, known_profile, output_options, progress, rule_ids
from ..reports import FORMATS, Judged, Result, Tally, Terms, Unreadable

if TYPE_CHECKING:
    from ..inputs import Input

__all__ = ["JSON_KEYS", "command"]

JSON_KEYS = {
    "file": "the path as given or as it was found in a folder or list, `-` for standard input",
    "valid": "whether there is no error",
    "profile": "the profile whose severities are used",
    "findings": (
        "everything that is wrong: `rule`, `severity`, `field`, `start`, `end`, `message`, `expected`, `found`, "
        "`tensor`"
    ),
    "rules_run": "ids of the rules that were judged",
    "rules_skipped": "ids of the rules that could not be judged, because one that they need has failed",
    "not_kept": "how many more findings of a rule there are, when there are very many",
    "passed": "whether nothing counts against the file; only there with `--strict` or `--require-all`",
    "error": (
        "why the file could not be read, as under [Errors](#errors), with exit code 3 whatever the reason; "
        "nothing but `file` stands beside it"
    ),
}


@click.command(short_help="Find everything that is wrong with files.", add_help_option=False)
@click.argument("files", type=click.Path(readable=False, allow_dash=True), metavar="FILE...", nargs=-1, required=True)
@click.option(
    "--profile",
    default="default",
    show_default=True,
    metavar="NAME",
    help="What to judge by: default, reader (what the reference refuses), canonical (what a good writer makes) or "
    "publish (what a published model has to say).",
)
@click.option("--strict", is_flag=True, help="Warnings count like errors.")
@click.option("--select", multiple=True, metavar="RULE", help="Judge by this rule only; ids or names, comma lists.")
@click.option("--ignore", multiple=True, metavar="RULE", help="Leave this rule out; ids or names, comma lists.")
@click.option("--require-all", is_flag=True, help="A rule that could not be judged counts like an error.")
@click.option("-r", "--recursive", is_flag=True, help="Look into the folders of a folder, too.")
@click.option(
    "--format", "report", type=click.Choice(FORMATS), help="How to report; text unless given. --json is --format json."
)
@output_options
def command(
    files: tuple[str, ...],
    profile: str,
    strict: bool,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    require_all: bool,
    recursive: bool,
    report: str | None,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> int:
    """Find everything that is wrong with each FILE in one pass: rule, severity, field, byte span, expected and found.

    FILE may be a folder, which stands for the files *.apr in it; @LIST, a file with one path a line; or - for standard
    input. Any bytes can be judged: a file that is empty or of another format has errors.

    Exit code 0 when there is no error, 1 when there is one: with --strict also for a warning, with --require-all also
    for a rule that was skipped because another one failed. Exit code 3 when a file cannot be read; the others are
    judged all the same.

    JSON is one object for one FILE, and an array for several, for a folder and for a list. With -q the text holds
    nothing but the files that fail, with what makes them fail; with -v nothing is cut short.
    """
    from ...errors import RequestError
    from .. import render
    from ..inputs import inputs, is_one_file

    if as_json and report not in (None, "json"):
        raise click.UsageError(f"--json and --format {report} exclude each other.", click.get_current_context())
    if files.count("-") + files.count("@-") > 1:
        raise click.UsageError("Standard input can be read only once.", click.get_current_context())
    kind = report or ("json" if as_json else "text")
    terms = Terms(strict=strict, require_all=require_all)
    rules = _Rules(known_profile(profile), rule_ids(select), rule_ids(ignore))
    if rules.select and set(rules.select) <= set(rules.ignore):
        raise RequestError("--select and --ignore leave no rule: expected at least one, found none")
    found = inputs(files, recursive=recursive)
    results = (_judge(item, rules, quiet=quiet, verbose=verbose, talks=kind == "text") for item in found)
    tally = Tally(terms)
    if kind == "text":
        from ..reports.text import pieces

        texts = pieces(tally.over(results), terms, verbose=verbose, quiet=quiet)
    else:
        texts = _report(kind, one=is_one_file(files))(tally.over(results), terms)
    render.pieces(texts)
    return tally.exit_code


def _report(kind: str, *, one: bool) -> Callable[[Iterable[Result], Terms], Iterator[str]]:
    if kind == "json":
        from ..reports import jsonl

        return jsonl.objects if one else jsonl.array
    pieces: Callable[[Iterable[Result], Terms], Iterator[str]] = import_module(f"{reports.__name__}.{kind}").pieces
    return pieces


class _Rules(NamedTuple):
    profile: str
    select: tuple[str, ...]
    ignore: tuple[str, ...]


def _judge(item: Input, rules: _Rules, *, quiet: bool, verbose: bool, talks: bool) -> Result:
    """What the rules say about a file, or why it could not be read: other files are judged all the same."""
    from ...files import validate_file
    from .. import render
    from ..exits import FILE, INTERNAL, Failure
    from ..inputs import standard_input

    try:
        if item.error is not None:
            raise item.error
        with about(item.name), progress("validating", quiet=quiet) as update:
            source = standard_input() if item.name == "-" else item.name
            return Judged(item.name, validate_file(source, **rules._asdict(), progress=update))
    except Exception as error:
        failure = Failure.of(error, item.name)
        # Whatever keeps a file from being read to its end, to this command it is a file that cannot be read.
        code = INTERNAL if failure.kind == "internal" else FILE
        named = failure.kind == "file" or item.name in failure.message
        message = failure.message if named else f"{item.name}: {failure.message}"
        failure = replace(failure, message=message, exit_code=code, file=failure.file or item.name)
        if talks:
            render.fail(failure, as_json=False)
        if code == INTERNAL and verbose:
            render.traceback(error)
    return Unreadable(item.name, failure)
