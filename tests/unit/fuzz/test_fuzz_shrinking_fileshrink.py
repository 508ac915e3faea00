"""A file that somebody brings is shrunk while something about it stays."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest
from tests.unit.conform.tiny import left_behind
from tests.unit.fuzz.toys import CRASH, Toy, shipped

from aprfmt.conform.plugs import Answer
from aprfmt.conform.results import Budget
from aprfmt.errors import RequestError
from aprfmt.fuzz import TargetSpec
from aprfmt.fuzz.judging.own import Opinion
from aprfmt.fuzz.shrinking.fileshrink import FileShrunk, shrink_file
from aprfmt.fuzz.shrinking.shrink import Effort

THREE = shipped().image("base.three").whole()
OVERLAP = shipped().image("integrity.overlap.identical").whole()
PROGRAM = """
import sys
raw = open(sys.argv[1], "rb").read()
if b"model" in raw or len(raw) > 300:
    sys.exit("fatal: cannot take %d bytes" % len(raw))
"""


def shrunk(raw: bytes, spec: TargetSpec | None, condition: str, tries: int = 400, **more: str) -> FileShrunk:
    return shrink_file(raw, spec, condition, Effort(tries), budget=Budget(20.0), **more)


@pytest.fixture
def program(tmp_path: Path) -> TargetSpec:
    path = tmp_path / "program.py"
    path.write_text(PROGRAM, encoding="utf-8")
    return TargetSpec("exit", shlex.join([sys.executable, "-S", str(path), "{file}"]))


def test_our_own_verdict_stays() -> None:
    found = shrunk(OVERLAP, None, "verdict")
    assert found.observed == ("", "reject", "APR-D003")
    assert Opinion.of(found.shrunk.raw, "default").rules == ("APR-D003",)
    assert len(found.shrunk.raw) == 260 < found.nbytes_before


def test_the_exit_code_stays(program: TargetSpec) -> None:
    found = shrunk(THREE, program, "exit", tries=30)
    assert found.observed == ("exit code 1",)
    assert 300 < len(found.shrunk.raw) < len(THREE)
    assert left_behind() == []


def test_the_last_words_stay(program: TargetSpec) -> None:
    found = shrunk(THREE, program, "stderr", tries=6)
    assert found.observed == ("fatal: cannot take N bytes",)
    found = shrunk(THREE, program, "stderr", tries=6, text="cannot take")
    assert found.observed == ("cannot take",)


def test_the_verdict_of_a_target_stays_beside_ours() -> None:
    toy = Toy(reply=lambda request: CRASH if Path(request["file"]).stat().st_size > 200 else Answer("accept"))
    found = shrunk(THREE, toy, "verdict")
    assert found.observed == ("crash", "accept", "")
    assert 200 < len(found.shrunk.raw) <= 260


def test_what_is_not_so_to_begin_with_is_refused(program: TargetSpec) -> None:
    with pytest.raises(RequestError, match="among the last words"):
        shrunk(THREE, program, "stderr", text="segmentation")
    with pytest.raises(RequestError, match=r"expected a command with \{file\}"):
        shrunk(THREE, None, "exit")
    with pytest.raises(RequestError, match=r"expected a command with \{file\}"):
        shrunk(THREE, TargetSpec("exit", "true"), "exit")
