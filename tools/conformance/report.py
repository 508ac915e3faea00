"""Makes the reports in docs/conformance: every implementation of the table in columns.py, and every way to plug in.

`python tools/conformance/report.py` builds the columns first, and needs every toolchain. It takes some minutes, and
writes dates and times: the reports say what was measured, so CI runs the same commands and compares none of their
words. adequacy.md is made by `aprfmt vectors adequacy --markdown`, fuzzing.md is written by hand.
"""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tools.conformance import columns  # noqa: E402 - a script finds its own folder only
from tools.conformance.columns import COLUMNS, Column  # noqa: E402

OUT = ROOT / "docs" / "conformance"
RUNS = ROOT / "build" / "conformance"
BANNER = "<!-- GENERATED: python tools/conformance/report.py -->\n\n"
LEVELS = {"exit": "its exit code", "json": "its JSON", "ndjson": "line by line", "call": "a Python callable"}

Run = Mapping[str, Any]
"""The JSON of one run of `aprfmt conform`."""


def page_of(column: Column) -> str:
    """The page of one implementation; that of the reference bears the name of the crate."""
    return f"{'apr-format' if column.name == 'rust' else column.name}.md"


def conform(*options: str) -> None:
    """Run the kit; what does not conform is reported like everything else."""
    done = subprocess.run(
        (sys.executable, "-m", "aprfmt", "conform", *options, "-q"),
        cwd=ROOT,
        env=columns.environment(),
        stdout=subprocess.DEVNULL,
        check=False,
    )
    if done.returncode not in (0, 1):
        raise SystemExit(done.returncode)


def stored(name: str) -> str:
    """Where the JSON of a run is kept."""
    return str(RUNS / f"{re.sub('[^a-z]+', '-', name.lower())}.json")


def run(name: str, options: Sequence[str]) -> Run:
    """One run, kept as JSON."""
    print(f"$ {name}", flush=True)
    conform(*options, "--name", name, "--report", f"json={stored(name)}")
    node: dict[str, Any] = json.loads(Path(stored(name)).read_text(encoding="utf-8"))
    return node


def markdown(page: str, head: Sequence[str], names: Sequence[str]) -> None:
    """A page of one run, or the matrix of several; the kit appends to what stands there."""
    (OUT / page).write_text(BANNER + "\n".join(head) + "\n", encoding="utf-8")
    conform(*(word for name in names for word in ("--from", stored(name))), "--report", f"markdown={OUT / page}")


def toolchain(column: Column) -> str:
    """The first line that the toolchain says of itself, without the places that some add."""
    done = subprocess.run(
        column.toolchain, cwd=ROOT, env=columns.environment(), capture_output=True, text=True, check=True
    )
    return re.sub(r" \(.*", "", done.stdout.splitlines()[0].strip())


def read_alike(runs: Iterable[Run]) -> set[str]:
    """The valid files that all of these take, and of which they give header, metadata and tensors as they are."""
    wanted = {"header", "metadata", "tensors"}
    return set.intersection(
        *(
            {
                item["vector"]
                for item in node["results"]
                if (item["op"], item["verdict"], item["outcome"]) == ("read", "accept", "pass")
                and wanted <= set(item["compared"])
            }
            for node in runs
        )
    )


def refused_alike(runs: Iterable[Run], *, by_rule: bool) -> set[str]:
    """The invalid files that all of these refuse; with `by_rule`, those for which they name the rule that is broken."""
    return set.intersection(
        *(
            {
                item["vector"]
                for item in node["results"]
                if (item["op"], item["verdict"], item["outcome"]) == ("read", "reject", "pass")
                and (not by_rule or item["reason"] == "right")
            }
            for node in runs
        )
    )


def n_files(node: Run, verdict: str) -> int:
    """How many vectors are files with this verdict."""
    return sum((item["op"], item["verdict"]) == ("read", verdict) for item in node["results"])


def verdict_of(node: Run) -> str:
    """Whether it conforms, and how many failures are known."""
    known = sum(item["known"] is not None for item in node["results"])
    return ("yes" + (f", with {known} known failures" if known else "")) if node["conforms"] else "no"


def readme(runs: Mapping[str, Run]) -> str:
    """The page that leads to the others."""
    one = runs[COLUMNS[0].title]
    settings = one["settings"]
    lines = [
        "# Conformance reports",
        "",
        *paragraph(
            f"Recipes {one['suite'][:12]}, aprfmt {one['aprfmt']}, profile `{settings['profile']}`. A case may take "
            f"{settings['budget']['seconds']:g} s and {settings['budget']['nbytes'] // 2**20} MiB. Times are those of "
            f"{os.cpu_count()} cores under {platform.system()}; sparse files are some GiB of holes."
        ),
        "- [matrix.html](matrix.html), [matrix.md](matrix.md): rule × implementation; in the first, each cell leads to",
        "  the files that decide it",
        *(f"- [{page_of(column)}]({page_of(column)}): {column.about}" for column in COLUMNS),
        "- [plugs.md](plugs.md): aprfmt by each way to plug in, and the streaming writer of the reference",
        "- [adequacy.md](adequacy.md): every rule weakened, and the vector that notices",
        "- [fuzzing.md](fuzzing.md): the same implementations on files that nobody thought of, and what that found",
        "",
        *paragraph(alike(runs)),
        "| implementation | version | language and runtime | toolchain | date (UTC) | conforms | result | s | sparse |",
        "|---|---|---|---|---|---|---|---:|---:|",
    ]
    for column in COLUMNS:
        node = runs[column.title]
        who = node["implementation"]
        lines.append(
            f"| [{column.title}]({page_of(column)}) | {who['version']} | {who['language']} | {toolchain(column)} "
            f"| {node['date']} | {verdict_of(node)} | {node['summary']} | {node['seconds']:.1f} "
            f"| {node['sparse_seconds']:.1f} |"
        )
    lines += [
        "",
        *paragraph(
            "The parsers are in [parsers](../../parsers/README.md), one folder each. `apr-format` is the published "
            "crate, by the harness in [parsers/rust-reference](../../parsers/rust-reference/). What it lets through "
            "stands, rule by rule and with the reason, in "
            "[known-failures.toml](../../parsers/rust-reference/known-failures.toml)."
        ),
        "## Make them again",
        "",
        "```sh",
        "python tools/conformance/report.py            # builds and runs all, writes these pages but for the last two",
        "python tools/conformance/columns.py conform   # the same runs without a report; names of columns may follow",
        "```",
        "",
        "How each is built, tested and asked stands in one table, [columns.py](../../tools/conformance/columns.py).",
    ]
    return BANNER + "\n".join(lines).rstrip("\n") + "\n"


def paragraph(text: str) -> list[str]:
    """The lines of a paragraph, and the empty one behind it."""
    return [*textwrap.wrap(text, 120, break_long_words=False, break_on_hyphens=False), ""]


def alike(runs: Mapping[str, Run]) -> str:
    """How many files all implementations judge alike, and how many those do that have no known failures."""
    everyone = [runs[column.title] for column in COLUMNS]
    careful = [column.title for column in COLUMNS if column.known is None]
    chosen = [runs[title] for title in careful]
    valid, invalid = n_files(everyone[0], "accept"), n_files(everyone[0], "reject")
    return (
        f"**Alike.** Of {valid} valid files, {len(read_alike(everyone))} are taken by all {len(everyone)} "
        f"implementations, which give the same header, metadata and tensors of them; {len(read_alike(chosen))} by the "
        f"{len(chosen)} that have no known failures ({', '.join(careful)}). Of {invalid} invalid files, "
        f"{len(refused_alike(everyone, by_rule=False))} are refused by all {len(everyone)}; "
        f"{len(refused_alike(chosen, by_rule=False))} by those {len(chosen)}, "
        f"{len(refused_alike(chosen, by_rule=True))} of them for the rule that is broken. Thousands of further files, "
        "written, stamped, made canonical and damaged, are held against all of them by "
        "[tests/parsers](../../tests/parsers/)."
    )


def plugs(runs: Mapping[str, Run], names: Sequence[str]) -> list[str]:
    """What stands in front of the matrix of the page on plugs."""
    lines = [
        "# Ways to plug in",
        "",
        *paragraph(
            "The same vectors at the four levels of [conform.md](../conform.md): each compares what a program of that "
            "kind can say. The streaming writer of the reference is asked to write only; in memory it is a column of "
            "[matrix.md](matrix.md)."
        ),
        "| run | plug | date (UTC) | conforms | s | sparse |",
        "|---|---|---|---|---:|---:|",
    ]
    for name in names:
        node = runs[name]
        lines.append(
            f"| {name} | {LEVELS[node['implementation']['plug']]} | {node['date']} | {verdict_of(node)} "
            f"| {node['seconds']:.1f} | {node['sparse_seconds']:.1f} |"
        )
    return [*lines, ""]


def refuse_places() -> None:
    """End with a message when a page holds a path of the machine that made it."""
    places = {str(path) for path in (ROOT, Path.home(), Path(tempfile.gettempdir()), Path(sys.prefix))}
    for page in sorted(OUT.iterdir()):
        text = page.read_text(encoding="utf-8")
        for place in sorted(places):
            if f"{place}{os.sep}" in text:
                raise SystemExit(f"{page.relative_to(ROOT)}: expected no path of this machine, found {place}")


def main() -> None:
    """Build and run every column, and write the pages."""
    RUNS.mkdir(parents=True, exist_ok=True)
    OUT.mkdir(parents=True, exist_ok=True)
    if columns.main(["build", "--require"]):
        raise SystemExit("expected every implementation of the table to be there")
    write_pages({name: run(name, options) for column in COLUMNS for name, options in column.conform.items()})


def write_pages(runs: Mapping[str, Run]) -> None:
    """All pages but adequacy.md and fuzzing.md, of runs whose JSON is kept."""
    titles = [column.title for column in COLUMNS]
    markdown("matrix.md", ["# Rule by implementation", ""], titles)
    conform(*(word for name in titles for word in ("--from", stored(name))), "--report", f"html={OUT / 'matrix.html'}")
    for column in COLUMNS:
        markdown(page_of(column), [f"# {column.title}", "", *paragraph(f"This is {column.about}.")], [column.title])
    beside = [name for column in COLUMNS if len(column.conform) > 1 for name in column.conform if name != "apr-format"]
    markdown("plugs.md", plugs(runs, beside), beside)
    (OUT / "README.md").write_text(readme(runs), encoding="utf-8")
    refuse_places()


if __name__ == "__main__":
    main()
