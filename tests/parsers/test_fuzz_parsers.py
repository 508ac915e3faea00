"""The parsers of this project agree with the specification, and with each other, on files that nobody thought of."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.parsers.conftest import require_built
from tools.conformance.columns import COLUMNS, environment

CAREFUL = [column for column in COLUMNS if column.known is None]
"""The columns that have no known failures: those of this project."""
SEED, CASES = 0, 1500


def test_all_agree_on_what_is_drawn() -> None:
    """A column that this machine cannot run is missed by the tests of the table."""
    columns = [column for column in CAREFUL if not column.missing]
    for column in columns:
        require_built(column)
    targets = [word for column in columns for word in ("--cmd", f"ndjson:{column.harness}")]
    options = ["--seed", str(SEED), "--cases", str(CASES), "--jobs", "1", "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "aprfmt", "fuzz", "run", *targets, *options],
        env=environment(),
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=False,
    )
    run = json.loads(done.stdout)
    assert [(finding["target"], finding["signature"], finding["reproduce"]) for finding in run["findings"]] == []
    assert done.returncode == 0
    assert run["cases"] == CASES
    assert len(run["targets"]) == len(columns)
    assert run["asked"] == CASES * len(columns)
