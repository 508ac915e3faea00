"""The page on testing: what it shows comes out today, and its three lines work in somebody else's project."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.unit.testing.testing_page import fresh, written

ROOT = Path(__file__).resolve().parents[3]
MINE = '''
import aprfmt
from aprfmt.container import Container
from aprfmt.rules import run
from aprfmt.source import BytesSource


class Refused(Exception):
    pass


def read(raw):
    """A reader that is careful about all but the rules in UNKNOWN."""
    report = run(Container(BytesSource(raw), lenient=True), read_data=True)
    if {finding.rule for finding in report.errors} - UNKNOWN:
        raise Refused


stamp = aprfmt.stamp_bytes
UNKNOWN = set()
'''


def code_of_page() -> str:
    """All Python of the page, in its order."""
    return "\n".join(re.findall(r"^```python\n(.*?)^```$", written(), re.MULTILINE | re.DOTALL))


def outcome(folder: Path, mine: str, *options: str) -> subprocess.CompletedProcess[str]:
    """The tests of the page in a project of its own, for a moment."""
    (folder / "mine.py").write_text(mine, encoding="utf-8")
    (folder / "test_mine.py").write_text(code_of_page(), encoding="utf-8")
    (folder / "conftest.py").write_text(
        "from hypothesis import Phase, settings\n"
        "phases = [Phase.generate]  # a failure is found, and need not be small\n"
        "settings.register_profile(\n"
        "    'short', max_examples=15, database=None, deadline=None, derandomize=True, phases=phases\n"
        ")\n"
        "settings.load_profile('short')\n",
        encoding="utf-8",
    )
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", *options, "test_mine.py"],
        cwd=folder,
        env={**os.environ, "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )


def test_the_page_shows_what_comes_out_today() -> None:
    """Made in a process of its own: Hypothesis draws constants of the modules that are loaded, here those of others."""
    made = subprocess.run(
        [sys.executable, "-m", "tests.unit.testing.testing_page"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert made.returncode == 0, made.stderr
    assert made.stdout == f"{written()}\n", "python -m tests.unit.testing.testing_page --write"


def test_everything_between_marks_is_made() -> None:
    marks = re.findall(r"^<!-- made: (\w+) -->$", written(), re.MULTILINE)
    assert marks == ["valid", "careless", "parts", "metadata", "broken"]
    assert written().count("<!-- end -->") == len(marks)
    with pytest.raises(KeyError):
        fresh("<!-- made: nothing -->\n<!-- end -->\n")


def test_a_careful_reader_passes_the_tests_of_the_page(tmp_path: Path) -> None:
    done = outcome(tmp_path, MINE, "-k", "whatever or stamp or D0")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^\d+ passed", done.stdout, re.MULTILINE)


def test_a_reader_that_does_not_know_a_rule_fails_with_its_id(tmp_path: Path) -> None:
    some = ("-k", "D002 or D003")
    done = outcome(tmp_path, MINE.replace("UNKNOWN = set()", 'UNKNOWN = {"APR-D003"}'), *some)
    assert done.returncode == 1
    failed = re.findall(r"^FAILED test_mine.py::(\S+)", done.stdout, re.MULTILINE)
    assert "test_each_rule[APR-D003]" in failed
    assert set(failed) == {"test_each_rule[APR-D003]"}
