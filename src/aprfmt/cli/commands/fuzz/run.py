"""`aprfmt fuzz run`: cases drawn from the specification, put to implementations; what is wrong is shrunk."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from math import isfinite
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from ... import fuzzing
from ...fuzzing import FORMATS
from ...options import drawing, known_profile, output_options_saying
from ...targets import Named, report_options, target_options, targets_of

if TYPE_CHECKING:
    from ....fuzz import Finding, FuzzRun, KnownFindings, Order, Settings
    from ...exits import Failure

__all__ = ["JSON_KEYS", "command"]

JSON_KEYS = {
    "version": "the version of this form: 1; `spec/fuzz/run.schema.json` describes it",
    "seed, start": "the root seed, and the index of the first case",
    "cases, asked, nbytes": "how many cases there were, how often a target was asked to read one, how large they were",
    "seconds, rate": "how long the run took, and how many cases a second without shrinking",
    "jobs, profile": "how many processes worked at it, and what files were judged for",
    "targets": "who was asked: `name`, `version`, `language`, `plug`, `command`",
    "verdicts": "how many cases must be accepted, rejected, or are free",
    "findings": (
        "one object a finding: `id`, `signature`, `target`, `op`, `judge`, `kind`, `rule`, `place`, `detail`, "
        "`explanation`, `hole`, `seed`, `index`, `cases`, `verdict`, `rules`, `beside`, `answers`, `nbytes`, `sha256`, "
        "`hex`, `recipe`, `patches`, `tree`, `shrunk`, `reproduce`, `replay`, `annotated` …; "
        "`spec/fuzz/finding.schema.json` describes it"
    ),
    "known": (
        "findings that the list of known ones has: `target`, `signature`, `cases`, `index`, `kind`, `reason`, `issue`"
    ),
    "more": "findings that differ from others in words alone: `target`, `pattern`, `findings`, `cases`",
    "coverage": (
        "`rules`, `rules_drawn` (by drawn cases alone), `statements` (their sides) and `fields`: `covered`, `of`, "
        "`missing`"
    ),
    "cut": "what ended the run before it was done, a signal or an error; null otherwise",
    "suite, aprfmt": "SHA-256 of the recipes, and the version of aprfmt",
    "case": "with `--case`, in the place of the keys above but for `findings`: the case, with `hex` and `verdict`",
}

_MIB = 1024 * 1024
_SECONDS, _CASES = 60.0, 10_000


@click.command(short_help="Fuzz implementations, and shrink what they do wrong.", add_help_option=False)
@target_options
@click.option(
    "--mode",
    type=click.Choice(("pr", "batch")),
    help="So many seconds, or so many cases; pr unless --cases is given.",
)
@click.option(
    "--seconds", type=click.FloatRange(min=0.1), metavar="S", help="In pr: all that it may take; 60 unless said."
)
@click.option("--cases", type=click.IntRange(min=0), metavar="N", help="In batch: how many cases; 10000 unless said.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, metavar="N", help="The root seed.")
@click.option(
    "--start", type=click.IntRange(min=0), default=0, metavar="N", help="The index of the first case, 0 unless said."
)
@click.option("--case", "index", type=click.IntRange(min=0), metavar="N", help="Ask about this one case, and show it.")
@click.option("--profile", default="default", show_default=True, metavar="NAME", help="What files are judged for.")
@click.option(
    "--case-timeout",
    type=click.FloatRange(min=0.001),
    default=5.0,
    show_default=True,
    metavar="S",
    help="Time that a case may take.",
)
@click.option(
    "--memory",
    type=click.IntRange(min=1),
    default=512,
    show_default=True,
    metavar="MIB",
    help="Resident memory in MiB that a case may take.",
)
@click.option("--jobs", type=click.IntRange(1, 256), metavar="N", help="Processes at a time; by default one a core.")
@click.option(
    "--tries",
    type=click.IntRange(min=0),
    default=600,
    show_default=True,
    metavar="N",
    help="Questions to shrink a finding.",
)
@click.option("--known", type=click.Path(readable=False), metavar="FILE", help="The list of known findings, TOML.")
@click.option("--update-known", is_flag=True, help="Add what is found to that list.")
@click.option(
    "--out", type=click.Path(readable=False), metavar="DIR", help="Write each finding there: .apr, .json, .txt."
)
@click.option(
    "--recipes", type=click.Path(readable=False), metavar="DIR", help="Recipes of this folder, not those shipped."
)
@report_options(FORMATS)
@output_options_saying(
    json="Print one JSON object, on errors too.", quiet="In text, a line a finding and the last one."
)
def command(
    commands: tuple[str, ...],
    plugs: tuple[str, ...],
    calls: tuple[str, ...],
    accepts: tuple[tuple[int, ...], ...],
    rejects: tuple[tuple[int, ...], ...],
    stamps: tuple[str, ...],
    writes: tuple[str, ...],
    names: tuple[str, ...],
    mode: str | None,
    seconds: float | None,
    cases: int | None,
    seed: int,
    start: int,
    index: int | None,
    profile: str,
    case_timeout: float,
    memory: int,
    jobs: int | None,
    tries: int,
    known: str | None,
    update_known: bool,
    out: str | None,
    recipes: str | None,
    written: tuple[tuple[str, str], ...],
    kind: str | None,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> int:
    """Put cases to implementations of the format, in any language, and to aprfmt itself.

    A case follows from the seed and its index alone: first the boundaries of the specification, then files that are
    drawn. Judged are, in this order: crashes, time, memory; round trips; whether our validator and the rule model
    agree; the laws of a stamp; verdicts, values and bytes. What is new is shrunk to the plainest file, which says the
    rule that it is about, or that no rule explains it. Without an implementation aprfmt alone is asked.

    Exit code 0 when nothing is found that the list of known findings has not, 1 otherwise. A run that a signal or an
    error ends reports what it has found, and has the exit code of that. docs/fuzzing.md says more.
    """
    from ....conform.results import Budget
    from ....fuzz import Order, Settings
    from ... import render
    from ...exits import FINDINGS, OK, Failure

    context = click.get_current_context()
    if as_json and kind not in (None, "json"):
        raise click.UsageError(f"--json and --format {kind} exclude each other.", context)
    if index is not None and (without := _given(context, _NOT_OF_ONE_CASE)):
        raise click.UsageError(f"--case is about one case: it goes without {without}.", context)
    if index is not None and kind not in (None, "text", "json"):
        raise click.UsageError("--case is shown as text or json.", context)
    mode = mode or ("batch" if cases is not None else "pr")
    if (mode == "pr" and cases is not None) or (mode == "batch" and seconds is not None):
        raise click.UsageError("--seconds goes with --mode pr, --cases with --mode batch.", context)
    if not isfinite(case_timeout) or not isfinite(seconds or 0.0):
        raise click.UsageError("Expected times in seconds, found one without end.", context)
    if update_known and known is None:
        raise click.UsageError("--update-known needs --known.", context)
    named = Named(commands, plugs, calls, accepts, rejects, stamps, writes, names)
    settings = Settings(
        seed=seed,
        targets=targets_of(named),
        profile=known_profile(profile),
        budget=Budget(case_timeout, memory * _MIB),
        recipes=recipes,
    )
    places = _Places(out, written, known, update=update_known)
    places.require()
    listed = places.known()
    kind = kind or ("json" if as_json else "text")
    if index is not None:
        return _one(settings, index, kind, places, listed, verbose=verbose)
    order = Order(
        settings,
        cases=(_CASES if cases is None else cases) if mode == "batch" else None,
        seconds=(_SECONDS if seconds is None else seconds) if mode == "pr" else None,
        start=start,
        jobs=jobs or os.cpu_count() or 1,
        tries=tries,
    )
    run = _run(order, listed, quiet=quiet)
    failure = places.write(run, listed, verbose=verbose)
    render.pieces(import_module(f"{fuzzing.__name__}.{kind}").pieces(run, quiet=quiet, verbose=verbose))
    if run.cut is not None:
        ended = _failure_of(run.cut)
        render.note(f"the run is cut short: {ended.message}")
        return ended.exit_code
    if failure is not None:  # what could be reported is reported, and the run is not lost
        render.note(Failure.of(failure).message)
        return Failure.of(failure).exit_code
    return FINDINGS if run.findings else OK


_NOT_OF_ONE_CASE = ("mode", "seconds", "cases", "start", "jobs", "tries", "update_known", "written")


def _given(context: click.Context, names: Sequence[str]) -> str:
    """The first of these parameters that the command line has, as an option; nothing when it has none."""
    options = {parameter.name: parameter.opts[0] for parameter in context.command.params}
    sources = (name for name in names if context.get_parameter_source(name) is ParameterSource.COMMANDLINE)
    return next((options[name] for name in sources), "")


def _failure_of(error: BaseException) -> Failure:
    """What ended a run, as the command line says it."""
    from ...exits import Failure
    from ...signals import SignalledError

    if isinstance(error, KeyboardInterrupt):  # where nobody handles signals
        error = SignalledError(signal.SIGINT)
    if isinstance(error, SignalledError):
        return Failure.of_signal(error)
    return Failure.of(error) if isinstance(error, Exception) else Failure.of(RuntimeError(type(error).__name__))


def _run(order: Order, known: KnownFindings, *, quiet: bool) -> FuzzRun:
    from ....fuzz import fuzz

    with drawing(quiet=quiet) as draw:
        return fuzz(order, known, None if draw is None else draw)


@dataclass(frozen=True, slots=True)
class _Places:
    """Where a run is written: a folder of findings, reports, the list of known findings."""

    out: str | None
    reports: Sequence[tuple[str, str]]
    listed: str | None
    update: bool

    def require(self) -> None:
        """Raise before the run what would be raised after it: a minute later is too late to hear of it."""
        from ....conform.store import require_place
        from ....fuzz.store import require_folder

        paths = [path for _, path in self.reports]
        if self.update and self.listed is not None:
            paths.append(self.listed)
        if len(set(paths)) != len(paths):
            raise click.UsageError("Two reports go to one file.", click.get_current_context())
        for path in paths:
            require_place(path)
        if self.out is not None:
            require_folder(self.out)

    def known(self) -> KnownFindings:
        """The list of known findings, with a note for each pattern that can match nothing, or matches everything."""
        from ....fuzz import KnownFindings
        from ....fuzz.store import read_known
        from ... import render

        found = KnownFindings() if self.listed is None else read_known(self.listed, missing=self.update)
        for doubt in found.doubts():
            render.note(doubt)
        return found

    def write(self, run: FuzzRun, known: KnownFindings, *, verbose: bool) -> OSError | None:
        """Findings, reports, and the list of known findings, as far as they are asked for; the first error, if any."""
        from ....conform.store import append_text, replace_text

        failures: list[OSError] = []
        for finding in run.findings:
            with _kept(failures):
                self.keep(finding)
        for kind, path in self.reports:
            pieces = import_module(f"{fuzzing.__name__}.{kind}").pieces(run, verbose=verbose)
            with _kept(failures):
                (append_text if kind == "markdown" else replace_text)(path, "".join(pieces))
        if self.update and self.listed is not None:
            with _kept(failures):
                replace_text(self.listed, known.updated(finding.symptom for finding in run.findings))
        return failures[0] if failures else None

    def keep(self, finding: Finding) -> None:
        """Write a finding into the folder, if there is one."""
        from ....fuzz.store import write_finding
        from ... import render

        if self.out is not None:
            text = render.json_lines(fuzzing.finding_json(finding))
            write_finding(self.out, finding, text, fuzzing.annotated(finding.raw, f"{finding.id}.apr"))


@contextmanager
def _kept(failures: list[OSError]) -> Iterator[None]:
    """Put the error of the system into a list, and go on."""
    try:
        yield
    except OSError as error:
        failures.append(error)


def _one(settings: Settings, index: int, kind: str, places: _Places, known: KnownFindings, *, verbose: bool) -> int:
    """One case: what it is, its bytes, and what is wrong, not shrunk; what is known is shown, and does not count."""
    from ....fuzz.run import replayed
    from ... import render
    from ...exits import FINDINGS, OK
    from ...fuzzing.text import finding_lines

    case, raw, opinion, findings = replayed(settings, index)
    new = [finding for finding in findings if known.of(finding.symptom) is None]
    verdict = "none, aprfmt fails" if opinion is None else opinion.verdict
    rules = () if opinion is None else opinion.rules
    if kind == "json":
        node = {**case.as_json(), "hex": raw.hex(), "verdict": verdict, "rules": list(rules)}
        render.json_object({"case": node, "findings": [fuzzing.finding_json(finding) for finding in findings]})
    else:
        render.line(f"case {index} of seed {settings.seed}, {case.phase}: {render.escape(case.about)}")
        render.line(f"{render.count(len(raw), 'byte')}; {verdict}{': ' if rules else ''}{', '.join(rules)}")
        render.line(f"recipe: {render.json_text(case.recipe.as_json())}")
        if case.patches is not None:
            render.line(f"patches: {' then '.join(render.json_text(dict(patch)) for patch in case.patches)}")
        if case.tree is not None:
            render.line(f"tree: {render.json_text(case.tree)}")
        if verbose:
            render.pieces([fuzzing.annotated(raw, f"case-{index}.apr")])
        for finding in findings:
            render.pieces(f"{line}\n" for line in finding_lines(finding, verbose=False))
        said = f", {len(findings) - len(new)} known" if len(new) < len(findings) else ""
        render.line(f"{render.count(len(new), 'finding')}{said}")
    for finding in new:
        places.keep(finding)
    return FINDINGS if new else OK
