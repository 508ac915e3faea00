"""Runs every input of findings.json through the four generated readers, and compares with what is recorded there.

    python tools/kaitai/findings/run.py [--write] [--only NAME]

Exit 0: all as recorded; 1: something is not; 2: usage. `--write` records what happens now, and writes the parts of
docs/kaitai-findings.md that are made of it. Needs Node, Go, and a JDK with Maven, and Linux for the limits.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from tools.kaitai.findings import cases, page
from tools.kaitai.findings.harness import Readers


def find_program(name: str) -> str:
    """The path of a toolchain's program; without it the run ends."""
    found = shutil.which(name)
    if found is None:
        sys.exit(f"{name} is not installed")
    return found


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--write", action="store_true", help="record what happens now")
    parser.add_argument("--only", metavar="NAME", help="this finding only")
    arguments = parser.parse_args()
    manifest = cases.load()
    chosen = [case for case in cases.cases_of(manifest) if arguments.only in {None, case.name.split("/")[0]}]
    if not chosen:
        parser.error(f"there is no finding {arguments.only}")
    with tempfile.TemporaryDirectory() as made, tempfile.TemporaryDirectory() as scratch:
        found = Readers(Path(made), find_program).run(chosen, Path(scratch))
    changed = [
        (case.name, language, recorded, found[case.name, language])
        for case in chosen
        for language, recorded in case.observed.items()
        if found[case.name, language] != recorded
    ]
    for name, language, recorded, now in changed:
        print(f"{name} {language}:\n  recorded {recorded}\n  now      {now}")
    if arguments.write:
        cases.record(manifest, found)
        page.PAGE.write_text(page.refreshed(page.PAGE.read_text("utf-8"), manifest), "utf-8")
        return 0
    return 1 if changed else 0


if __name__ == "__main__":
    sys.exit(main())
