"""`aprfmt gate`: may files be published, as far as they say where they come from?"""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from ..options import about, output_options_saying, progress

if TYPE_CHECKING:
    from ...files import OpenContainer
    from ...ops.gate import GateReport, View
    from ..exits import Failure
    from ..inputs import Inputs
    from ..verdicts import GateText, Outcome

__all__ = ["JSON_KEYS", "command"]

JSON_KEYS = {
    "file": "the path as given or as it was found in a folder or list, `-` for standard input",
    "passed": "whether every gate was judged and passes",
    "read": "`head`, or `file` with `--check`: how much of the file the verdicts rest on",
    "gates[].id": "the gate, as `spec/provenance.contract.yaml` has it",
    "gates[].name": "what it asks, in a few words",
    "gates[].statement": "what holds for a file that it passes",
    "gates[].repair": "what to do about a file that fails it",
    "gates[].verdict": "`PASS`, `FAIL`, or `SKIPPED` when it could not be judged, which is never passed",
    "gates[].findings": (
        "why it fails: `rule` (null for a fault of a program), `field`, `start`, `end`, `message`, `expected`, "
        "`found`, `tensor`, `repair`"
    ),
    "gates[].skipped_because": "ids of the rules that kept it from being judged",
    "gates[].not_kept": "how many more findings of a rule there are, when there are very many",
    "error": (
        "why the file was not judged, as under [Errors](#errors); nothing but `file` stands beside it. One of several "
        "that is no APR v2 file has exit code 1, because it fails"
    ),
}


@click.command(short_help="Say whether files may be published.", add_help_option=False)
@click.argument("files", type=click.Path(readable=False, allow_dash=True), metavar="FILE...", nargs=-1, required=True)
@click.option("--check", is_flag=True, help="Read every byte, and hold the footer against it.")
@click.option("-r", "--recursive", is_flag=True, help="Look into the folders of a folder, too.")
@output_options_saying(
    json="Print JSON: an object, or an object a line for more than one file.",
    quiet="In text, nothing but the files that do not pass, with what keeps them from it. JSON is always whole.",
)
def command(files: tuple[str, ...], check: bool, recursive: bool, as_json: bool, quiet: bool, verbose: bool) -> int:
    """Judge each FILE by the gates of the provenance contract: are licence, data source and data licence there?

    Each gate passes, fails with the findings and how to repair them, or is skipped because the metadata cannot be read:
    skipped is never passed. Only the head of a file is read, unless --check: that holds the footer against every byte,
    and no file passes that has none. `aprfmt validate --profile publish` reports in more formats.

    FILE may be a folder, which stands for the files *.apr in it; @LIST, a file with one path a line; or - for standard
    input. A folder or a list that stands for no file is a wrong request: exit code 2.

    Exit code 0 when every gate of every file passes, 1 when one fails or is skipped. Exit code 3 when a file cannot be
    read, which outweighs verdicts; the others are judged all the same. Exit code 4 when FILE is one file, and no APR v2
    file; among several such a file fails.
    """
    from .. import render, signals
    from ..inputs import inputs, is_one_file
    from ..verdicts import Tally, lines, objects

    if files.count("-") + files.count("@-") > 1:
        raise click.UsageError("Standard input can be read only once.", click.get_current_context())
    one = is_one_file(files)
    found = inputs(files, recursive=recursive)
    texts = _texts()
    tally = Tally(check)
    outcomes = tally.over(_outcomes(found, one=one, check=check, quiet=quiet, verbose=verbose, talks=not as_json))
    signals.wait()  # until the next file is looked for: no line is left half written
    if as_json:
        render.pieces(objects(outcomes, texts, one=one))
    else:
        render.pieces(lines(outcomes, texts, tally, quiet=quiet, verbose=verbose))
    return tally.exit_code


def _texts() -> dict[str, GateText]:
    """What the contract says of every gate."""
    import yaml

    from ...files import read_spec
    from ..verdicts import GateText

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # as safe, and many times as fast
    contract = yaml.load(read_spec("provenance.contract.yaml"), Loader=loader)  # noqa: S506 - both loaders are safe
    return {
        name: GateText(*(" ".join(gate[key].split()) for key in GateText._fields))
        for name, gate in contract["gates"].items()
    }


# ---- judging ----


def _outcomes(files: Inputs, *, one: bool, check: bool, quiet: bool, verbose: bool, talks: bool) -> Iterator[Outcome]:
    """What every file comes to."""
    from .. import render
    from ..each import each
    from ..exits import FILE, FINDINGS, FORMAT
    from ..verdicts import Outcome

    def exit_code(failure: Failure) -> int:
        """Among several files, one that is no APR v2 file is one that may not be published."""
        detail = failure.detail
        is_of_the_format = failure.kind == "unsupported" or (detail is not None and detail.rule_id is not None)
        return (FORMAT if one else FINDINGS) if is_of_the_format else FILE

    def not_judged(file: str, failure: Failure) -> Outcome:
        if talks:
            render.fail(failure, as_json=False)
        return Outcome(file, failure=failure)

    return each(
        files,
        lambda file: Outcome(file, _judge(file, check=check, quiet=quiet)),
        not_judged,
        exit_code=exit_code,
        verbose=verbose,
    )


def _judge(file: str, *, check: bool, quiet: bool) -> GateReport:
    """The verdicts on a file; raises for one that is no APR v2 file."""
    from ...container import refuse_other_formats
    from ...files import OpenContainer, open_source
    from ...limits import DEFAULT_LIMITS
    from ...ops.gate import gate
    from ..inputs import standard_input

    source = standard_input() if file == "-" else file
    with about(file), open_source(source, look=refuse_other_formats) as opened:
        # Filler is looked through whatever its size when every byte is read anyway.
        filler = max(DEFAULT_LIMITS.max_filler_bytes, opened.size if check else 0)
        container = OpenContainer(opened, limits=replace(DEFAULT_LIMITS, max_filler_bytes=filler), lenient=True)
        refuse_other_formats(container.first_bytes)
        _ = container.header_bytes
        with progress("checking", file, quiet=quiet) as update:
            report = gate(container, check=check, views=_views(container), progress=update)
        container.check_unchanged()
    return report


def _views(container: OpenContainer) -> tuple[View, ...]:
    """What `aprfmt inspect` prints about this very file, as text and as JSON."""
    from ...ops.gate import View

    return (
        View("inspect", lambda _seen: _of_lines(_printed(container)), _as_printed),
        View("inspect --json", lambda _seen: _of_object(_printed(container, "--json")), lambda value: value),
    )


def _as_printed(value: Any) -> str:
    """A value of the metadata as it is to stand in the text."""
    from .. import render
    from ..inspection.text import shown

    with redirect_stdout(io.StringIO()) as out:
        render.line(f": {'(missing)' if value is None else shown(value)}")
    return out.getvalue().removesuffix("\n").removeprefix(": ")


def _printed(container: OpenContainer, *options: str) -> str:
    """What the command prints: the file is its standard input, so that it reads the same file, and reads it anew."""
    from .inspect import command as inspect

    # Bytes, because a text in memory takes four for each character.
    with io.TextIOWrapper(io.BytesIO(), "utf-8", newline="\n") as out:
        with _standard_input(container), redirect_stderr(io.StringIO()), redirect_stdout(out):
            inspect.main(args=["-", *options], prog_name="aprfmt inspect", standalone_mode=False)
        out.flush()
        out.seek(0)
        return out.read()


@contextmanager
def _standard_input(container: OpenContainer) -> Iterator[None]:
    from ...files import FileSource

    if not isinstance(container.source, FileSource):  # standard input that can seek, and so be read once more
        yield
        return
    before = sys.stdin
    descriptor = os.dup(container.source.fileno())
    with io.TextIOWrapper(io.BufferedReader(io.FileIO(descriptor, "rb")), "utf-8") as stream:
        sys.stdin = stream
        try:
            yield
        finally:
            sys.stdin = before


def _of_lines(text: str) -> Mapping[str, Any]:
    """The keys and values under the title of the provenance."""
    lines = [line.strip(" ") for line in text.split("\n")]
    start = lines.index("Provenance:") + 1 if "Provenance:" in lines else len(lines)
    stop = lines.index("", start) if "" in lines[start:] else len(lines)
    return {key: value for key, _, value in (line.partition(": ") for line in lines[start:stop])}


def _of_object(text: str) -> Mapping[str, Any]:
    try:
        provenance = json.loads(text)["provenance"]
    except (ValueError, TypeError, KeyError):
        return {}
    return provenance if isinstance(provenance, Mapping) else {}
