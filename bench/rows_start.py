"""What a command costs before it does anything: cold starts against a Python that does nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.children import APRFMT, Bench
from bench.harness import Goal, Group, Row, Run
from bench.models import MB, write_model, write_sparse_model

__all__ = ["start_groups"]

ROUNDS = 5
"""Times as many rounds as elsewhere: a start is short, and others disturb it more."""
BARE = "`python -c pass`"
SPARSE_MB = 8000
INSPECT = Goal("seconds", 0.150)


def start_groups(bench: Bench) -> Iterator[Group]:
    """Fresh processes, what they read in the page cache; the large model has holes for data."""
    small, large = bench.folder / "start.apr", bench.folder / "start-sparse.apr"
    size = f"{SPARSE_MB / 1000:.0f} GB"

    def way(*words: str, on: Path | None = None) -> Callable[[], Run]:
        return lambda: bench.process([*APRFMT, *words, *(() if on is None else (on,))])

    dry = ("stamp", "-i", "-n", "-q", "--license", "MIT")
    ways: dict[str, Callable[[], Run]] = {
        BARE: lambda: bench.process([sys.executable, "-c", "pass"]),
        "`--version`": way("--version"),
        "`--help`": way("--help"),
        "`inspect`, 1 MB": way("inspect", on=small),
        f"`inspect`, {size}": way("inspect", on=large),
        "`stamp -i -n`, 1 MB": way(*dry, on=small),
        f"`stamp -i -n`, {size}": way(*dry, on=large),
    }
    rows = [Row(name, BARE, (INSPECT,) if "inspect" in name else ()) for name in ways if name != BARE]
    rows.append(Row(f"`inspect`, {size}", "`inspect`, 1 MB"))
    write_model(small, MB)
    write_sparse_model(large, SPARSE_MB * MB)
    try:
        yield Group("start-up", ways, tuple(rows), rounds=ROUNDS)
    finally:
        small.unlink()
        large.unlink()
