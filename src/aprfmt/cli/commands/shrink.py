"""`aprfmt shrink`: the plainest file to which a program does what it does to this one."""

from __future__ import annotations

import click

from ..options import known_profile, output_options
from ..targets import Named, target_options, targets_of

__all__ = ["JSON_KEYS", "command"]

JSON_KEYS = {
    "file": "the path as given",
    "output": "the smaller file",
    "nbytes_before, nbytes": "sizes of both in bytes",
    "while": "what stayed: `exit`, `stderr` or `verdict`",
    "observed": "what that was: the exit code; the last words; or the verdict, ours, and the rule that we name",
    "tries": "how many files were tried",
    "again": "whether it showed a second time; a program that is not deterministic may not",
    "complete": "whether it was shrunk to the end, and not only as far as the tries or the time went",
    "recipe": "how the smaller file is made, in the words of the conformance vectors",
}

_MIB = 1024 * 1024


@click.command(short_help="Shrink a file while a program does the same to it.", add_help_option=False)
@click.argument("file", type=click.Path(readable=False), metavar="FILE")
@target_options
@click.option(
    "--while",
    "condition",
    type=click.Choice(("exit", "stderr", "verdict")),
    help="What must stay: the exit code; the last words on standard error; whether it takes the file while we name the "
    "same rule. exit unless given, verdict without --cmd.",
)
@click.option("--text", default="", metavar="TEXT", help="With stderr: the last words must have this text.")
@click.option(
    "--profile", default="default", show_default=True, metavar="NAME", help="With verdict: what is judged for."
)
@click.option(
    "-o", "--output", type=click.Path(readable=False), metavar="OUT", help="The smaller file; FILE.small unless given."
)
@click.option("-f", "--force", is_flag=True, help="Replace OUT when it exists.")
@click.option(
    "--tries", type=click.IntRange(min=0), default=2000, show_default=True, metavar="N", help="The most files to try."
)
@click.option(
    "--seconds", type=click.FloatRange(min=0.1), default=60.0, show_default=True, metavar="S", help="The most time."
)
@click.option(
    "--case-timeout",
    type=click.FloatRange(min=0.001),
    default=5.0,
    show_default=True,
    metavar="S",
    help="Time for a try.",
)
@click.option(
    "--memory",
    type=click.IntRange(min=1),
    default=512,
    show_default=True,
    metavar="MIB",
    help="Memory for a try, in MiB.",
)
@output_options
def command(
    file: str,
    commands: tuple[str, ...],
    plugs: tuple[str, ...],
    calls: tuple[str, ...],
    accepts: tuple[tuple[int, ...], ...],
    rejects: tuple[tuple[int, ...], ...],
    stamps: tuple[str, ...],
    writes: tuple[str, ...],
    names: tuple[str, ...],
    condition: str | None,
    text: str,
    profile: str,
    output: str | None,
    force: bool,
    tries: int,
    seconds: float,
    case_timeout: float,
    memory: int,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Shrink FILE while a program goes on doing to it what it does, or while we go on naming the same rule.

    Fewer tensors, members, dimensions and edits come first, then fewer bytes; checksums that are right stay right. FILE
    is left alone. The same file and the same program give the same result, unless the time ends it.
    """
    from math import isfinite
    from pathlib import Path

    from ...conform.results import Budget
    from ...conform.store import require_place
    from ...errors import RequestError
    from ...files import write_image
    from ...fuzz.shrinking.fileshrink import deadline, shrink_file
    from ...fuzz.shrinking.shrink import Effort
    from ...fuzz.store import read_whole
    from ...vectors.image import Image
    from .. import fuzzing, render

    context = click.get_current_context()
    targets = targets_of(Named(commands, plugs, calls, accepts, rejects, stamps, writes, names))
    condition = condition or ("exit" if targets and targets[0].plug == "exit" else "verdict")
    if len(targets) > 1:
        raise click.UsageError("Give one --cmd or --call.", context)
    if text and condition != "stderr":
        raise click.UsageError("--text goes with --while stderr.", context)
    if not isfinite(seconds) or not isfinite(case_timeout):
        raise click.UsageError("Expected times in seconds, found one without end.", context)
    final = Path(f"{file}.small" if output is None else output)
    raw = read_whole(file)
    if final.exists() and final.samefile(file):
        raise RequestError(f"{final}: expected another file than the one that is shrunk, which stays as it is")
    if final.exists() and not force:
        raise RequestError(f"output exists: expected a new path, found a file: {final} (-f replaces it)")
    require_place(str(final))  # a minute later is too late to hear of it
    found = shrink_file(
        raw,
        targets[0] if targets else None,
        condition,
        Effort(tries, deadline(seconds), thorough=True),
        budget=Budget(case_timeout, memory * _MIB),
        profile=known_profile(profile),
        text=text,
    )
    shrunk = found.shrunk
    if force:
        final.unlink(missing_ok=True)
    write_image(final, Image.of(shrunk.raw))
    if as_json:
        render.json_object(
            {
                "file": file,
                "output": str(final),
                "nbytes_before": found.nbytes_before,
                "nbytes": len(shrunk.raw),
                "while": condition,
                "observed": list(found.observed),
                "tries": shrunk.tries,
                "again": found.again,
                "complete": shrunk.complete,
                "recipe": shrunk.recipe.as_json(),
            }
        )
        return
    if quiet:
        return
    tried = f"{shrunk.tries} tries{'' if shrunk.complete else ', not to the end'}"
    render.line(
        f"{render.escape(final)}: {render.count(len(shrunk.raw), 'byte')}, from {found.nbytes_before} in {tried}"
    )
    stayed = render.escape(" / ".join(item for item in found.observed if item))
    render.line(f"stayed: {stayed}{'' if found.again else ', and not the last time: the program is not deterministic'}")
    render.line(f"recipe: {render.short(render.json_text(shrunk.recipe.as_json()), 2000)}")
    if verbose:
        render.pieces([fuzzing.annotated(shrunk.raw, str(final))])
