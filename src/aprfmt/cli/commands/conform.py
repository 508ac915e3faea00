"""`aprfmt conform`: which rules of the format does an implementation not enforce, which valid files does it misread?"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from importlib import import_module
from math import isfinite
from typing import TYPE_CHECKING

import click

from .. import matrix
from ..matrix import FORMATS
from ..options import drawing, known_profile, output_options_saying
from ..suite import LAYERS, Wanted, chosen
from ..targets import exit_codes, report_options

if TYPE_CHECKING:
    from ...conform.known import Known
    from ...conform.plugs import Plug
    from ...conform.results import Run, Settings
    from ...vectors import Suite, Vector

__all__ = ["JSON_KEYS", "command"]

JSON_KEYS = {
    "implementation": "who was asked: `name`, `version`, `language`, `plug` and `command`",
    "conforms": "whether nothing counts against it",
    "summary": "the last line of the text",
    "results": (
        "one object a vector: `vector`, `op`, `verdict`, `rule`, `layer`, `outcome`, `detail`, `reason`, `code`, "
        "`seconds`, `nbytes`, `compared`, `known`, `sparse`, `reproduce`"
    ),
    "outcomes": "how many results there are of each outcome",
    "rules": "for every rule that is an error: `enforced`, `partly`, `not` or `untested`",
    "faults": "what is wrong with the list of known failures",
    "settings": "what was asked for: `profile`, `layers`, `ops`, `huge`, `jobs`, `budget`, `memory_measured`",
    "suite": "SHA-256 of the recipes",
    "aprfmt": "the version of aprfmt",
    "date": "when the run began, in UTC",
    "seconds, sparse_seconds": "how long the run took without the sparse vectors, and how long these took",
}

_MIB = 1024 * 1024


def _codes(_ctx: click.Context, _parameter: click.Parameter, value: str) -> frozenset[int]:
    return frozenset(exit_codes(value))


@click.command(short_help="Hold an implementation against the conformance vectors.", add_help_option=False)
@click.option("--cmd", metavar="COMMAND", help="The program: a command with {file}, or with --plug ndjson a harness.")
@click.option(
    "--plug",
    type=click.Choice(("exit", "json", "ndjson")),
    default="exit",
    show_default=True,
    help="What is looked at: the exit code, the JSON that it prints, or the lines that it answers while it stays up.",
)
@click.option("--call", metavar="MODULE:FUNCTION", help="A Python callable in the place of a command.")
@click.option(
    "--accept", default="0", show_default=True, metavar="CODES", callback=_codes, help="Exit codes that take a file."
)
@click.option(
    "--reject", default="1", show_default=True, metavar="CODES", callback=_codes, help="Exit codes that refuse a file."
)
@click.option("--stamp-cmd", metavar="COMMAND", help="A command with {file}, {patch} and {output} that stamps.")
@click.option("--write-cmd", metavar="COMMAND", help="A command with {tree} and {output} that writes.")
@click.option("--name", metavar="TEXT", help="What the report calls the implementation.")
@click.option("--profile", default="default", show_default=True, metavar="NAME", help="What files are judged for.")
@click.option(
    "--layer", "layers", multiple=True, type=click.Choice(LAYERS), help="Vectors of this layer only; may be repeated."
)
@click.option("--only", multiple=True, metavar="PATTERN", help="Vectors of this id only; `*` and `?` match.")
@click.option(
    "--sparse/--no-sparse",
    default=True,
    help="With the files of some GiB, which are made of holes (so unless said), or without.",
)
@click.option("--huge", is_flag=True, help="Also the files of many terabytes, made of holes.")
@click.option("--recipes", type=click.Path(readable=False), metavar="DIR", help="Recipes of this folder.")
@click.option("--known", type=click.Path(readable=False), metavar="FILE", help="The list of known failures, TOML.")
@click.option("--update-known", is_flag=True, help="Rewrite the list so that it fits this run.")
@click.option(
    "--seconds", type=click.FloatRange(min=0.001), default=20.0, show_default=True, help="Time that a case may take."
)
@click.option(
    "--memory",
    type=click.IntRange(min=1),
    default=512,
    show_default=True,
    metavar="MIB",
    help="Resident memory in MiB that a case may take, all processes of the program together.",
)
@click.option("--jobs", type=click.IntRange(1, 256), metavar="N", help="Programs at a time; by default one a core.")
@click.option(
    "--from",
    "earlier",
    multiple=True,
    type=click.Path(readable=False),
    metavar="FILE",
    help="JSON of an earlier run: a further column. Without a program, only these are shown.",
)
@report_options(FORMATS)
@output_options_saying(
    json="Print JSON: an object, or an array of objects with --from.",
    quiet="In text, nothing but what counts, and the last line.",
)
def command(
    cmd: str | None,
    plug: str,
    call: str | None,
    accept: frozenset[int],
    reject: frozenset[int],
    stamp_cmd: str | None,
    write_cmd: str | None,
    name: str | None,
    profile: str,
    layers: tuple[str, ...],
    only: tuple[str, ...],
    sparse: bool,
    huge: bool,
    recipes: str | None,
    known: str | None,
    update_known: bool,
    seconds: float,
    memory: int,
    jobs: int | None,
    earlier: tuple[str, ...],
    written: tuple[tuple[str, str], ...],
    kind: str | None,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> int:
    """Hold an implementation of the format, in any language, against the conformance vectors.

    Says which rules it does not enforce, which valid files it refuses or misreads, and how to see each failure. A
    crash, a timeout and too much memory are never a rejection. docs/conform.md explains the plugs from hello world on.

    Exit code 0 when the implementation conforms: every vector passes, or is in the list of known failures; 1 when it
    does not, or when that list is not right: a vector that is listed and passes, a pattern that matches nothing.
    """
    from ...conform.results import Budget, Settings
    from ...conform.store import read_runs, require_place
    from .. import render
    from ..exits import FINDINGS, OK

    context = click.get_current_context()
    if as_json and kind not in (None, "json"):
        raise click.UsageError(f"--json and --format {kind} exclude each other.", context)
    if (cmd is not None) + (call is not None) != 1 and not (earlier and cmd is None and call is None):
        raise click.UsageError("Give one of --cmd and --call, or --from with the JSON of earlier runs.", context)
    if (stamp_cmd or write_cmd) and (call is not None or plug == "ndjson"):
        raise click.UsageError("--stamp-cmd and --write-cmd go with --plug exit and json.", context)
    if plug == "ndjson" and call is None and cmd is not None and "{file}" in cmd:
        raise click.UsageError("A harness gets its files line by line: --plug ndjson takes no {file}.", context)
    if not isfinite(seconds):
        raise click.UsageError(f"--seconds: expected a time, found {seconds}.", context)
    if len({path for _, path in written}) != len(written):
        raise click.UsageError("Two reports go to one file.", context)
    if update_known and (known is None or (cmd is None and call is None)):
        raise click.UsageError("--update-known needs --known and a program to run.", context)
    for _, path in written:
        require_place(path)  # an hour later is too late to hear of it
    runs = [run for path in earlier for run in read_runs(path)]
    if cmd is not None or call is not None:
        make = _plug(cmd, plug, call, accept, reject, stamp_cmd, write_cmd, name)
        wanted = Wanted(only, known_profile(profile), layers, huge, recipes)
        suite = wanted.suite()
        vectors = [vector for vector in chosen(suite, wanted) if sparse or not vector.is_sparse]
        settings = Settings(
            profile=known_profile(profile),
            layers=layers,
            huge=huge,
            jobs=jobs or (os.cpu_count() or 1 if call is None and plug != "ndjson" else 1),
            budget=Budget(seconds, memory * _MIB),
        )
        runs.insert(0, _run(suite, vectors, make, settings, known, update=update_known, quiet=quiet))
    kind = kind or ("json" if as_json else "text")
    failures = [failure for form, path in written if (failure := _written(form, path, runs, verbose=verbose))]
    render.pieces(_pieces(kind, runs, quiet=quiet, verbose=verbose))
    if failures:  # what could be reported is reported, and the run is not lost
        raise failures[0]
    return OK if all(run.conforms for run in runs) else FINDINGS


def _plug(
    cmd: str | None,
    plug: str,
    call: str | None,
    accept: frozenset[int],
    reject: frozenset[int],
    stamp: str | None,
    write: str | None,
    name: str | None,
) -> Callable[[], Plug]:
    """What makes the plug that the options describe."""
    from ...conform import plugs

    if call is not None:
        return lambda: plugs.CallPlug(call, name=name)
    command_line = cmd or ""
    if plug == "ndjson":
        return lambda: plugs.NdjsonPlug(command_line, name=name)
    if plug == "json":
        return lambda: plugs.JsonPlug(command_line, stamp=stamp, write=write, name=name)
    return lambda: plugs.ExitPlug(command_line, accept=accept, reject=reject, stamp=stamp, write=write, name=name)


def _run(
    suite: Suite,
    vectors: Sequence[Vector],
    make: Callable[[], Plug],
    settings: Settings,
    known: str | None,
    *,
    update: bool,
    quiet: bool,
) -> Run:
    """The run, with the list of known failures brought up to date when that is asked for."""
    from datetime import UTC, datetime

    from ...conform.known import Known
    from ...conform.runner import conform
    from ...conform.store import read_known, replace_text

    listed: Known | None = None if known is None else read_known(known, missing=update)
    date = datetime.now(UTC).isoformat(timespec="seconds")
    with drawing(quiet=quiet) as draw:
        run = conform(
            suite,
            make,
            settings,
            known=None if update else listed,
            vectors=vectors,
            date=date,
            progress=None if draw is None else lambda done, total: draw(f"vector {done} of {total}"),
        )
    if not update or listed is None or known is None:
        return run
    text = listed.updated(run.results, suite.vectors)
    replace_text(known, text)
    results, faults = Known.of_toml(text, known).apply(run.results, suite.vectors)
    return replace(run, results=results, faults=faults)


def _pieces(kind: str, runs: Sequence[Run], *, quiet: bool = False, verbose: bool = False) -> Iterator[str]:
    """The report in one of the formats."""
    pieces: Iterator[str] = import_module(f"{matrix.__name__}.{kind}").pieces(runs, quiet=quiet, verbose=verbose)
    return pieces


def _written(kind: str, path: str, runs: Sequence[Run], *, verbose: bool) -> OSError | None:
    """The report as a file, or why there is none; into the summary of a CI step, Markdown, others write, too."""
    from ...conform.store import append_text, replace_text

    write = append_text if kind == "markdown" else replace_text
    try:
        write(path, "".join(_pieces(kind, runs, verbose=verbose)))
    except OSError as error:
        error.filename = path
        return error
    return None
