"""`aprfmt vectors adequacy`: the proof that no rule can be weakened without a vector noticing."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from ...options import drawing, output_options
from ...suite import Wanted

if TYPE_CHECKING:
    from ....vectors.adequacy import AdequacyReport

__all__ = ["JSON_KEYS", "command", "tried"]

JSON_KEYS = {
    "complete": "whether every mutant that is not equivalent is killed, and nothing else is wrong",
    "edition": "SHA-256 of the recipes",
    "vectors": "how many vectors were tried on the mutants",
    "mutants": "how many mutants there are",
    "killed": "how many vectors notice: in the verdict, by a crash, or in the findings alone",
    "equivalent": "how many no file tells from the original",
    "free": "how many weaken a limit, which is a reader's own choice",
    "survivors": "the mutants that no vector notices: `id`, `rules`, `operator`, `about`",
    "flawed": "ids of vectors that the unchanged rules do not bear out",
    "stale": "entries of the list of equivalents that belong to no mutant, or to one that is killed",
    "rows": "one object a mutant: `id`, `rules`, `operator`, `killed_by`, `by`, `equivalent`, `free`",
}


@click.command(short_help="Prove that no rule can be weakened unnoticed.", add_help_option=False)
@click.option("--jobs", type=click.IntRange(1, 256), metavar="N", help="Processes at a time; by default one a core.")
@click.option("--only", multiple=True, metavar="PATTERN", help="Mutants of this id only; `*` and `?` match.")
@click.option(
    "--markdown", "page", is_flag=True, help="Print the table as Markdown, as it stands in the documentation."
)
@click.option("--recipes", type=click.Path(readable=False), metavar="DIR", help="Recipes of this folder.")
@output_options
def command(
    jobs: int | None,
    only: tuple[str, ...],
    page: bool,
    recipes: str | None,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> int:
    """Switch every rule off, weaken it at its boundary, and show the vector that notices.

    Mutants are derived from the declarations of the rules: a comparison that lets one value more through, a bound that
    wraps at 2^64, a bit that is not looked at, an entry of a table that is missing. Beside them stand a validator that
    takes everything and one that refuses everything. A mutant that no file tells from the original is listed with the
    reason. Exit code 1 when a mutant survives, or when that list is not right. With -v every mutant is listed.
    """
    from ....vectors.adequacy import mutants, table
    from ... import render
    from ...exits import FINDINGS, OK

    suite = Wanted(recipes=recipes).suite()
    names = _chosen([mutant.id for mutant in mutants()], only)
    report = _tried(recipes, names, jobs or os.cpu_count() or 1, quiet=quiet or as_json)
    if only:
        report = report.of_these(names)
    if as_json:
        render.json_object({"edition": suite.digest, **report.as_json()})
    elif page:
        render.pieces([table(report)])
    else:
        for row in report.rows if verbose else report.survivors:
            if not quiet or row.survives:
                render.line(render.escape(row.text))
        for name in report.flawed:
            render.line(render.escape(f"flawed vector: {name}"))
        for name in report.stale:
            render.line(render.escape(f"stale equivalent: {name}"))
        render.line(report.summary)
    return OK if report.complete else FINDINGS


def _chosen(names: list[str], only: tuple[str, ...]) -> list[str]:
    from fnmatch import fnmatchcase

    from ....errors import RequestError

    found = [name for name in names if not only or any(fnmatchcase(name, pattern) for pattern in only)]
    if not found:
        raise RequestError(f"--only {' '.join(only)!a}: expected the id of a mutant or a pattern, found none like it")
    return found


def _tried(recipes: str | None, names: list[str], jobs: int, *, quiet: bool) -> AdequacyReport:
    """The report over the mutants, with the work divided among processes: a mutant changes the one it is tried in."""
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from functools import reduce
    from multiprocessing import get_context

    from ....vectors.adequacy import AdequacyReport

    shares = [names[start :: jobs * _SHARES] for start in range(jobs * _SHARES)]
    reports: dict[int, AdequacyReport] = {}
    with drawing(quiet=quiet) as draw, ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        numbers = {pool.submit(tried, recipes, share): number for number, share in enumerate(shares) if share}
        try:
            for done in as_completed(numbers):
                reports[numbers[done]] = done.result()
                if draw is not None:
                    draw(f"mutants: {len(reports) * 100 // len(numbers)} %")
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    report = reduce(AdequacyReport.joined, (reports[number] for number in sorted(reports)))
    order = {name: at for at, name in enumerate(names)}
    return replace(report, rows=tuple(sorted(report.rows, key=lambda row: order[row.mutant.id])))


_SHARES = 4
"""Shares of the work a process: one that is done early takes another."""


def tried(recipes: str | None, names: list[str]) -> AdequacyReport:
    """The report over some mutants, in a process of its own."""
    from ....vectors.adequacy import adequacy

    return adequacy(Wanted(recipes=recipes).suite(), names)
