"""The toolchains, and the spec compiled for every target, as session fixtures."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
TOOLS = REPOSITORY / "tools" / "kaitai"

Program = Callable[[str], str]


@pytest.fixture(scope="session")
def program() -> Program:
    """The path of a toolchain's program; without it the test skips, or fails if toolchains are required."""

    def find(name: str) -> str:
        found = shutil.which(name)
        if found is not None:
            return found
        if os.environ.get("APRFMT_REQUIRE_TOOLCHAINS") == "1":
            pytest.fail(f"{name} is not installed, and APRFMT_REQUIRE_TOOLCHAINS=1 asks for it", pytrace=False)
        pytest.skip(f"{name} is not installed")

    return find


def _installed() -> bool:
    """Whether node_modules holds what the lock file asks for."""
    wanted = json.loads((TOOLS / "package-lock.json").read_text("utf-8"))["packages"]
    record = TOOLS / "node_modules" / ".package-lock.json"
    if not record.is_file():
        return False
    found = json.loads(record.read_text("utf-8"))["packages"]
    return {name: row["integrity"] for name, row in wanted.items() if name} == {
        name: row.get("integrity") for name, row in found.items()
    }


@pytest.fixture(scope="session")
def node(program: Program) -> str:
    """Node, with the packages of tools/kaitai installed."""
    found = program("node")
    if not _installed():
        subprocess.run([program("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=TOOLS, check=True)
    return found


@pytest.fixture(scope="session")
def compiled(node: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that holds the compiler's output for every target."""
    out = tmp_path_factory.mktemp("compiled")
    subprocess.run([node, TOOLS / "compile.mjs", "--out", out], check=True)
    return out
