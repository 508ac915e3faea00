"""`aprfmt validate`: everything that is wrong with files, by the rules of the format."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

import click

from .. import reports
from ..options import about, known_profile, output_options_saying, progress, rule_ids
from ..reports import FORMATS, Judged, Result, Tally, Terms, Unreadable

if TYPE_CHECKING:
    from ..exits import Failure
    from ..inputs import Inputs

__all__ = ["JSON_KEYS", "command"]

JSON_KEYS = {
    "file": "the path as given or as it was found in a folder or list, `-` for standard input",
    "valid": "whether there is no error",
    "profile": "the profile whose severities are used",
    "findings": (
        "everything that is wrong: `rule`, `severity`, `field`, `start`, `end`, `message`, `expected`, `found`, "
        "`tensor`"
    ),
    "rules_run": "ids of the rules that were judged; with `--select` also of those that kept one from being judged",
    "rules_skipped": "ids of the rules that could not be judged, because one that they need has failed",
    "skipped_because": (
        "ids of the rules that kept those from being judged: they have findings, or are ignored; `APR-L001` where a "
        "limit did it"
    ),
    "not_kept": "how many more findings of a rule there are, when there are very many",
    "passed": "whether nothing counts against the file; only there with `--strict` or `--require-all`",
    "error": (
        "why the file could not be read, as under [Errors](#errors), with exit code 3 whatever the reason, unless it "
        "is a signal: then it is the last file; nothing but `file` stands beside it"
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
@output_options_saying(
    json="Print JSON: an object, or an array of objects for more than one file.",
    quiet="In text, markdown and github, nothing but the files that fail, with what makes them fail. The other formats "
    "are always whole.",
)
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
    input. Any bytes can be judged: a file that is empty or of another format has errors. A folder or a list that stands
    for no file is a wrong request: exit code 2, and nothing is judged.

    Exit code 0 when there is no error, 1 when there is one: with --strict also for a warning, with --require-all also
    for a rule that was skipped because another one failed. Exit code 3 when a file cannot be read, which outweighs
    findings; the others are judged all the same. After a signal the report is brought to its end without the files that
    are left.

    JSON is one object for one FILE, and an array for several, for a folder and for a list. With -v nothing is cut
    short in the text.
    """
    from ...errors import RequestError
    from .. import render, signals
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
    results = _judged(found, rules, quiet=quiet, verbose=verbose, talks=kind == "text")
    tally = Tally(terms)
    report_of = _report(kind, one=is_one_file(files), quiet=quiet, verbose=verbose)
    signals.wait()  # until the next file is looked for: the head of a report is not left alone either
    render.pieces(report_of(tally.over(results), terms), commands=kind == "github")
    return tally.exit_code


def _report(kind: str, *, one: bool, quiet: bool, verbose: bool) -> Callable[[Iterable[Result], Terms], Iterator[str]]:
    """The function that makes the report."""
    if kind == "json":
        from ..reports import jsonl

        return jsonl.objects if one else jsonl.array
    options = {"text": {"quiet": quiet, "verbose": verbose}, "markdown": {"quiet": quiet}, "github": {"quiet": quiet}}
    return partial(import_module(f"{reports.__name__}.{kind}").pieces, **options.get(kind, {}))


class _Rules(NamedTuple):
    profile: str
    select: tuple[str, ...]
    ignore: tuple[str, ...]


def _judged(files: Inputs, rules: _Rules, *, quiet: bool, verbose: bool, talks: bool) -> Iterator[Result]:
    """What is said of every file; whatever keeps one from being read to its end, it is a file that cannot be read."""
    from ...files import validate_file
    from .. import render
    from ..each import each
    from ..exits import FILE
    from ..inputs import standard_input

    def judge(file: str) -> Result:
        with about(file), progress("validating", file, quiet=quiet) as update:
            source = standard_input() if file == "-" else file
            return Judged(file, validate_file(source, **rules._asdict(), progress=update))

    def unreadable(file: str, failure: Failure) -> Result:
        if talks:
            render.fail(failure, as_json=False)
        return Unreadable(file, failure)

    return each(files, judge, unreadable, exit_code=lambda _failure: FILE, verbose=verbose)
