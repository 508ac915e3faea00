"""The way of a user: the commands of each README, copied into an empty folder, list the tensors of a file."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from tests.parsers.conftest import require_built
from tools.conformance.columns import COLUMNS, ROOT, Column, environment

READERS = [column for column in COLUMNS if column.folder.startswith("parsers/") and column.known is None]
TENSORS = [("wpe", "f32", "32"), ("wte", "f32", "64")]
"""Name, element type and bytes of what is in the file that every README lists."""


def commands_of(column: Column) -> str:
    """The first block of commands in its README, without the line that says where the checkout is."""
    text = (ROOT / column.folder / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return re.sub(r"^APRFMT=.*\n+", "", blocks[0], flags=re.MULTILINE)


@pytest.mark.parametrize("column", READERS, ids=[column.name for column in READERS])
def test_three_commands_list_the_tensors(column: Column, tmp_path: Path) -> None:
    require_built(column)
    commands = commands_of(column)
    assert len(commands.splitlines()) == 3
    # Nothing of this checkout's own environment is there to lean on.
    variables = {**environment(), "PATH": os.environ.get("PATH", os.defpath), "APRFMT": str(ROOT)}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands], cwd=tmp_path, env=variables, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    plain = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout)  # Maven resets colours that it does not use
    rows = [line.split("\t") for line in plain.splitlines()]
    found = [(row[0], row[1], row[-1]) for row in rows if len(row) == len(("name", "dtype", "shape", "bytes"))]
    assert found[: len(TENSORS)] == TENSORS
