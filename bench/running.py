"""Every row of the performance goals, measured: `python bench` prints tables of ratios in Markdown.

Each way is held against its peer in the same run: all ways of a table take turns, round after round, and a ratio is
the median of the ratios of the rounds, with the smallest and the largest. A line is a whole process, its start
included, unless it says "job alone": then it is the same command within a process that has run it on a small file
before. Peak memory is that of a fresh child. Not a test: a busy machine is no fault, and a goal that is missed neither.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from bench.children import APRFMT, Bench, free_memory
from bench.harness import Group, Measured, measure, only
from bench.models import MB
from bench.rows_files import Model, file_groups, in_place, stamped, validated
from bench.rows_index import index_groups
from bench.rows_many import many_groups
from bench.rows_reference import reference_groups, space_mb
from bench.rows_start import start_groups
from bench.rows_testing import strategy_groups
from bench.tables import goals_table, group_table

__all__ = ["main"]

STATES = ("warm", "cold")


def main(arguments: list[str] | None = None) -> None:
    """Measure, and print the tables."""
    if sys.platform != "linux":
        sys.exit(f"expected Linux, whose page cache and /proc this asks, found {sys.platform}")
    options = _parser().parse_args(arguments)
    options.reference_sizes = [min(options.sizes)] if options.reference_sizes is None else options.reference_sizes
    require_space(options)
    about = machine(options)
    print(about["text"], end="\n\n", flush=True)
    found: list[Measured] = []
    with tempfile.TemporaryDirectory(prefix="aprfmt-bench-", dir=options.folder) as folder:
        bench = Bench(Path(folder))
        warm_up(bench)
        for group in groups(bench, options):
            chosen = only(group, options.only)
            if not (chosen.rows or chosen.left_out):
                continue
            found.append(measure(chosen, options.rounds, say))
            print("\n".join(group_table(found[-1])), flush=True)
            if options.json is not None:  # now, because a long run may be ended before its end
                write_json(options.json, about, options.rounds, found)
    print("\n".join(goals_table(found)))


def warm_up(bench: Bench) -> None:
    """Have every command that is measured compiled and in the page cache."""
    model = Model(bench, MB)
    stamped(model)
    in_place(model)
    validated(model)
    bench.process([*APRFMT, "inspect", model.path])
    model.remove()


def write_json(path: Path, about: Mapping[str, Any], rounds: int, found: Sequence[Measured]) -> None:
    """Every number so far."""
    whole = {**about, "rounds": rounds, "groups": [measured.as_json() for measured in found]}
    path.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def say(text: str) -> None:
    """A word on how far it is, for whoever waits."""
    print(text, file=sys.stderr, flush=True)


def groups(bench: Bench, options: argparse.Namespace) -> Iterator[Group]:
    """All tables in turn; what one has written is gone before the next one writes."""
    for size in options.sizes:
        yield from file_groups(bench, size, options.states)
    for size in options.reference_sizes:
        yield from reference_groups(bench, size)
    if options.pool_files:
        yield from many_groups(bench, options.pool_files, options.pool_mb, options.jobs)
    yield from start_groups(bench)
    yield from index_groups(options.entries)
    yield from strategy_groups()


def require_space(options: argparse.Namespace) -> None:
    """Refuse to begin what the disk cannot hold: models, their copies, and a tenth of it more."""
    sizes = [
        *(2 * size for size in options.sizes),
        *map(space_mb, options.reference_sizes),
        2 * options.pool_files * options.pool_mb,
    ]
    needed, free = max(sizes) * MB * 11 // 10, shutil.disk_usage(options.folder).free
    if free < needed:
        sys.exit(f"not enough free space in {options.folder}: expected {needed // MB} MB, found {free // MB} MB")


def machine(options: argparse.Namespace) -> dict[str, Any]:
    """What the numbers are of, with a line to print."""
    about = {
        "date": datetime.now(UTC).date().isoformat(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "free_memory": free_memory(),
        "file_system": file_system(options.folder),
        "python": platform.python_version(),
        "crc32": crc32_module(),
    }
    text = (
        f"{about['date']}, {about['cores']} cores with a load of {about['load']} at the start, "
        f"{free_memory() / 2**30:.0f} GiB of free memory, {about['file_system']}, Python {about['python']}, CRC-32 of "
        f"{about['crc32']}; medians of {options.rounds} rounds"
    )
    return {"text": text, **about}


def crc32_module() -> str:
    """Which of the implementations that aprfmt takes is installed."""
    return next((name for name in ("isal", "zlib_ng") if find_spec(name) is not None), "zlib")


def file_system(folder: Path) -> str:
    """The type of the file system that a folder is on."""
    place = folder.resolve()
    mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines()]
    above = [(len(point), kind) for point, kind in mounts if place.is_relative_to(point)]
    return max(above)[1] if above else "an unknown file system"


def _number(text: str, least: int = 1) -> int:
    number = int(text)
    if number < least:
        raise argparse.ArgumentTypeError(f"expected a number of at least {least}, found {text}")
    return number


def _maybe(text: str) -> int:
    return _number(text, 0)


def _folder(text: str) -> Path:
    path = Path(text)
    if not path.is_dir():
        raise argparse.ArgumentTypeError(f"expected a folder, found none: {text}")
    return path.resolve()  # children run elsewhere


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python bench", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sizes", type=_number, nargs="+", default=[64], metavar="MB", help="sizes of the models")
    parser.add_argument(
        "--rounds", type=_number, default=3, help="of each table; start-up, index and strategies take more"
    )
    parser.add_argument("--only", default="", metavar="TEXT", help="only rows with this in their name or title")
    parser.add_argument(
        "--folder", type=_folder, default=Path(tempfile.gettempdir()), help="where to work, which decides on the disk"
    )
    parser.add_argument("--states", nargs="+", choices=STATES, default=STATES, help="of the page cache")
    parser.add_argument(
        "--reference-sizes",
        type=_number,
        nargs="*",
        metavar="MB",
        help="sizes for the reference, which takes 4 times the file in memory; the smallest of --sizes unless given",
    )
    parser.add_argument(
        "--pool-files", type=_maybe, default=50, metavar="N", help="models to stamp at once; 0 for none"
    )
    parser.add_argument("--pool-mb", type=_number, default=4, metavar="MB", help="size of each")
    parser.add_argument("--jobs", type=_number, default=4, help="how many of them at a time")
    parser.add_argument("--entries", type=_number, default=92_000, metavar="N", help="of the tensor index")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every number there")
    return parser
