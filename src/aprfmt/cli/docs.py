"""`python -m aprfmt.cli.docs --check | --write | --stdout`: compare, write or print `docs/cli.md`.

The page is made from the commands themselves, so that it says what they do.
"""

from __future__ import annotations

import argparse
import difflib
import importlib
import inspect
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import click

from . import commands
from .exits import EXIT_CODES, KINDS, Failure
from .group import cli, leaves

__all__ = ["main", "page", "stale"]

COMMAND = "python -m aprfmt.cli.docs --write"
PATH = Path(__file__).resolve().parents[3] / "docs" / "cli.md"

_ERROR_KEYS = {
    "kind": "one of the kinds below",
    "message": "the whole story, as the text output has it",
    "exit_code": "the exit code of the program",
    "file": "the file it is about",
    "rule_id": "id of the rule of the format that is broken, such as `APR-H006`",
    "field": "path of the field in the specification, such as `header.checksum`",
    "start, end": "span of the fault in bytes from the start of the file, end exclusive",
    "expected": "what the format says",
    "found": "what stands there",
    "tensor": "name of the tensor",
}


def page() -> str:
    """The text of `docs/cli.md`."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield f"<!-- GENERATED from the commands in src/aprfmt/cli/commands. Regenerate: {COMMAND} -->"
    yield ""
    yield "# The command line"
    yield ""
    context = click.Context(cli, info_name="aprfmt")
    found = dict(leaves(context))
    yield from _table(
        ("command", "does"),
        (
            (f"[`aprfmt {name}`](#aprfmt-{name.replace(' ', '-')})", command.get_short_help_str(200))
            for name, command in found.items()
        ),
    )
    yield ""
    yield from _table(("option of `aprfmt` itself", "means"), _options(cli, context))
    yield ""
    yield "Data goes to stdout, everything else to stderr; progress is drawn only when stderr is a terminal. Nothing is"
    yield "coloured. Names, metadata and paths are escaped before they are printed: what a file holds never reaches the"
    yield "terminal raw, and no line is a command to a runner of CI but those of `validate --format github`. JSON is"
    yield "ASCII, and an object is indented unless it is larger than 1 MiB."
    yield ""
    yield "## Exit codes"
    yield ""
    yield from _table(("code", "means"), ((str(code), text) for code, text in EXIT_CODES.items()))
    yield ""
    yield "A reader that closes the pipe early, such as `head`, changes no exit code."
    yield ""
    yield "## Errors"
    yield ""
    yield "An error is one line on stderr, `error: FILE: REASON`. With `--json` it is one object on stdout instead,"
    yield '`{"error": {…}}`, with the same exit code; all of its keys are always there, null where they say nothing:'
    yield ""
    if [key for name in _ERROR_KEYS for key in name.split(", ")] != list(Failure("", "", 0).as_json()):
        raise AssertionError("the keys of an error are documented in another order, or not at all")
    yield from _table(("key of `error`", "holds"), ((_codes(key), text) for key, text in _ERROR_KEYS.items()))
    yield ""
    yield from _table(
        ("kind", "exit code", "means"), ((f"`{kind}`", str(code), text) for kind, (code, text) in KINDS.items())
    )
    for name, command in found.items():
        yield from _section(context, name, command)
    yield from _files()


def _files() -> Iterator[str]:
    """The files that commands write and read beside containers, line by line."""
    from .batch.log import KEYS

    yield ""
    yield "## The log of a run"
    yield ""
    yield "What `aprfmt stamp --log` appends: a JSON object a line, in UTF-8, as soon as a file is done. Of several"
    yield "lines about a file the last one counts; a last line that is cut off is left out, and cut away."
    yield ""
    yield from _table(("key", "holds"), ((f"`{key}`", text) for key, text in KEYS.items()))
    yield ""
    yield "## The patch map"
    yield ""
    yield "What `aprfmt stamp --patch-map` reads: a JSON object a line, for each file once. Blank lines are left out."
    yield ""
    rows = (("`file`", "path of the file, as on the command line"), ("`patch`", "JSON merge patch (RFC 7396)"))
    yield from _table(("key", "holds"), rows)


def _section(parent: click.Context, name: str, command: click.Command) -> Iterator[str]:
    context = click.Context(command, info_name=name, parent=parent)
    yield ""
    yield f"## aprfmt {name}"
    yield ""
    yield "```"
    yield " ".join([context.command_path, *command.collect_usage_pieces(context)])
    yield "```"
    yield ""
    yield inspect.cleandoc(command.help or "")
    yield ""
    yield from _table(("option", "means"), _options(command, context))
    yield ""
    yield from _table(("JSON key", "holds"), ((_codes(key), text) for key, text in _json_keys(name).items()))


def _json_keys(name: str) -> Mapping[str, str]:
    module = ".".join((commands.__name__, *name.split(" ")))
    keys: Mapping[str, str] = importlib.import_module(module).JSON_KEYS
    return keys


def _options(command: click.Command, context: click.Context) -> Iterator[tuple[str, str]]:
    for parameter in command.get_params(context):
        if isinstance(parameter, click.Option):
            value = "" if parameter.is_flag else f" {parameter.make_metavar(context)}"
            default = f" Default: {parameter.default}." if parameter.show_default else ""
            names = (*parameter.opts, *parameter.secondary_opts)
            yield ", ".join(f"`{name}{value}`" for name in names), f"{parameter.help}{default}"


def _codes(keys: str) -> str:
    return ", ".join(f"`{key}`" for key in keys.split(", "))


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"


def stale() -> str:
    """The difference between the committed page and what the commands say today; empty when there is none."""
    found = PATH.read_text(encoding="utf-8") if PATH.exists() else ""
    name = f"docs/{PATH.name}"
    old, new = (text.splitlines(keepends=True) for text in (found, page()))
    return "".join(difflib.unified_diff(old, new, name, f"{name} (regenerated)"))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the generator; exit code 0 when done or clean, 1 when the committed page is stale."""
    parser = argparse.ArgumentParser(prog="python -m aprfmt.cli.docs", description=__doc__)
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--write", action="store_true", help="write docs/cli.md")
    mode.add_argument("--check", action="store_true", help="print the difference and exit 1 when it is stale")
    mode.add_argument("--stdout", action="store_true", help="print the page")
    options = parser.parse_args(argv)
    if options.check:
        difference = stale()
        sys.stdout.write(difference)
        if difference:
            sys.stderr.write(f"docs/cli.md is stale. Run: {COMMAND}\n")
        return 1 if difference else 0
    if options.stdout:
        sys.stdout.write(page())
    else:
        PATH.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
