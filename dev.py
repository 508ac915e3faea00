"""Set-up and chores of the repository with nothing but Python: `python3 dev.py CHORE`.

Makes `.venv` when it is missing, installs what is needed into it, and runs the chore there.

  demo    build a sample model, stamp it, inspect it, validate it
  test    run the tests, in a few minutes; arguments go to pytest
  lint    style, types, import contracts
  drift   are the generated files those of today's specification?
  generate
          make them again, the parsers of other languages included (needs Node with npm); `--out DIR` also writes what
          the Kaitai compiler makes for its other targets, `--targets rust,cpp_stl` for some of them
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
ENVIRONMENT = ROOT / ".venv"
BIN = ENVIRONMENT / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
SAMPLE = ROOT / "build" / "demo"

# What is installed for an extra; the reader beside it is what the tests compare with.
PACKAGES = {"": ["."], "dev": [".[dev]", "parsers/python"]}

# Each chore: the extra it installs, and its commands.
CHORES: dict[str, tuple[str, list[list[str]]]] = {
    "demo": (
        "",
        [
            ["{python}", "examples/make_sample.py", "{sample}/model.apr"],
            [
                *("{python}", "-m", "aprfmt", "stamp", "{sample}/model.apr", "--force", "-o", "{sample}/stamped.apr"),
                *("--license", "Apache-2.0", "--data-source", "teacher-only", "--data-license", "CC-BY-4.0"),
            ],
            ["{python}", "-m", "aprfmt", "inspect", "{sample}/stamped.apr", "--check"],
            ["{python}", "-m", "aprfmt", "tensors", "{sample}/stamped.apr"],
            ["{python}", "-m", "aprfmt", "validate", "{sample}/stamped.apr", "--profile", "publish"],
        ],
    ),
    "test": ("dev", [["{python}", "-m", "pytest", "-q"]]),
    "lint": (
        "dev",
        [
            ["{python}", "-m", "ruff", "check", "."],
            ["{python}", "-m", "ruff", "format", "--check", "."],
            ["{bin}/lint-imports"],
            ["{python}", "-m", "mypy"],
        ],
    ),
    "drift": (
        "dev",
        [
            ["{python}", "-m", "aprfmt.codegen", "--check"],
            ["{python}", "-m", "aprfmt.conform.recipes", "--check"],
            ["{python}", "-m", "aprfmt.cli.docs", "--check"],
        ],
    ),
    "generate": (
        "dev",
        [
            ["{python}", "-m", "aprfmt.codegen", "--write"],
            ["{python}", "-m", "aprfmt.conform.recipes", "--write"],
            ["{python}", "-m", "aprfmt.cli.docs", "--write"],
            ["npm", "--prefix", "tools/kaitai", "ci", "--silent", "--no-audit", "--no-fund"],
            ["node", "tools/kaitai/compile.mjs", "--write"],
        ],
    ),
}


def run(command: list[str]) -> None:
    """Run a command at the root of the repository; end with its exit code when it fails."""
    if shutil.which(command[0]) is None:
        raise SystemExit(f"expected {command[0]} on this machine, found none")
    done = subprocess.run(command, cwd=ROOT, check=False)
    if done.returncode:
        raise SystemExit(done.returncode)


def prepare(extra: str) -> None:
    """Make the environment and install the package with an extra, unless that is done already."""
    declared = [ROOT / package.partition("[")[0] / "pyproject.toml" for package in PACKAGES[extra]]
    wanted = hashlib.sha256(b"".join(path.read_bytes() for path in declared) + sys.version.encode()).hexdigest()
    stamp = ENVIRONMENT / f"installed-{extra or 'plain'}"
    if PYTHON.exists() and stamp.exists() and stamp.read_text() == wanted:
        return
    if not PYTHON.exists():
        print("making .venv", file=sys.stderr)
        venv.create(ENVIRONMENT, with_pip=True)
    print(f"installing aprfmt{f'[{extra}]' if extra else ''} into .venv", file=sys.stderr)
    targets = [argument for package in PACKAGES[extra] for argument in ("-e", package)]
    run([str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *targets])
    stamp.write_text(wanted)


def main(argv: list[str]) -> None:
    """Run the chore that the first argument names; what follows is handed to its last command."""
    if sys.version_info < (3, 11):  # noqa: UP036 - an older Python can run this file and must be told
        raise SystemExit("aprfmt needs Python 3.11 or later; found " + sys.version.split()[0])
    if not argv or argv[0] not in CHORES:
        raise SystemExit(__doc__)
    extra, commands = CHORES[argv[0]]
    prepare(extra)
    SAMPLE.mkdir(parents=True, exist_ok=True)
    filled = [
        [part.format(python=PYTHON, bin=BIN, sample=SAMPLE.relative_to(ROOT)) for part in command]
        for command in commands
    ]
    filled[-1] += argv[1:]
    for command in filled:
        if argv[0] == "demo":
            shown = ["aprfmt" if part == "-m" else part for part in command if part not in (str(PYTHON), "aprfmt")]
            print(f"\n$ {' '.join(shown)}", flush=True)
        run(command)


if __name__ == "__main__":
    main(sys.argv[1:])
