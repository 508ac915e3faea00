"""Cut at every call that writes, in every way: afterwards the file is the old one or the new one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest
from tests.unit.files.inplace.faults import (
    CRASHES,
    CUTS,
    ERRORS,
    SCENARIOS,
    Crash,
    Emulated,
    Faulty,
    Scenario,
    content,
    real_system,
    stamp,
    stamped_whole,
)

from aprfmt.errors import FormatError
from aprfmt.files.inplace import Refused, Written, journal_of, recover

ALL = pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda item: item.name)
MTIME = 1_600_000_000_123_456_789


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return tmp_path / "model.apr"


def placed(path: Path, scenario: Scenario) -> Path:
    """The file as it is before the stamp, alone in its folder."""
    for item in path.parent.iterdir():
        item.unlink()
    path.write_bytes(scenario.raw)
    os.utime(path, ns=(MTIME, MTIME))
    return path


def settled(path: Path, scenario: Scenario) -> str:
    """Recover, and say which file there is; fails when it is neither."""
    done = recover(path, system=Emulated())
    assert journal_of(path) is None
    assert [item.name for item in path.parent.iterdir()] == [path.name]
    raw = path.read_bytes()
    which = {scenario.raw: "old", stamped_whole(scenario): "new"}.get(raw, "neither")
    assert done.state in (which, "none")
    if done.state != "none":
        has_footer = not (scenario.name.endswith("no footer") or (which == "old" and "footer" in scenario.name))
        assert done.verified is (True if has_footer else None)
    return which


@ALL
def test_without_a_fault_the_file_is_the_new_one(model: Path, scenario: Scenario) -> None:
    placed(model, scenario)
    inode = model.stat().st_ino
    done = stamp(model, scenario, system := real_system(model.parent))
    assert done == Written(system.nbytes, system.n_calls)
    assert settled(model, scenario) == "new"
    assert content(model.read_bytes())["tensors"] == content(scenario.raw)["tensors"]
    assert model.stat().st_ino == inode
    assert (model.stat().st_mtime_ns == MTIME) == scenario.preserve_mtime


@ALL
def test_a_cut_at_every_call(model: Path, scenario: Scenario) -> None:
    found: Counter[str] = Counter()
    for kind in CRASHES:
        for at in range(100):
            system = Faulty(Emulated(), at, kind)
            try:
                stamp(placed(model, scenario), scenario, system)
            except Crash:
                found[settled(model, scenario)] += 1
            if not system.hit:
                break
    assert found.keys() == {"old", "new"}
    assert found.total() >= len(CRASHES) * 8


@ALL
def test_an_error_at_every_call(model: Path, scenario: Scenario) -> None:
    """What failed is undone, or done all the same, or says that it is left: never anything in between in silence."""
    for kind in ERRORS:
        for at in range(100):
            system = Faulty(Emulated(), at, kind)
            done: Written | Refused | None = None
            try:
                done = stamp(placed(model, scenario), scenario, system)
            except OSError as error:
                left = "recover finishes or undoes it" in str(error)
                assert left or model.read_bytes() in (scenario.raw, stamped_whole(scenario)), (kind, at)
            if not system.hit:
                break
            which = settled(model, scenario)
            assert which in ("old", "new"), (kind, at)
            if kind in ("EINTR", "short"):
                assert isinstance(done, Written)
            if isinstance(done, Written):
                assert which == "new"


@pytest.mark.parametrize("kind", ["ENOSPC", "EIO", "half, then EIO"])
@ALL
def test_an_error_that_passes_is_undone(model: Path, scenario: Scenario, kind: str) -> None:
    """After one failure, with a disk that works again, no journal stays and the file is the old one until the header
    is durable."""
    states = []
    for at in range(100):
        system = Faulty(Emulated(), at, kind)
        try:
            stamp(placed(model, scenario), scenario, system)
            states.append("done")
        except OSError:
            states.append("left" if journal_of(model) else "old" if model.read_bytes() == scenario.raw else "new")
        if not system.hit:
            break
    n_undone = states.count("old")
    assert [state for state in states if state != "done"][:n_undone] == ["old"] * n_undone
    assert n_undone >= 3
    # What cannot be undone any more: dropping a tail, and removing the journal itself.
    assert states.count("left") <= 4


@ALL
def test_a_cut_at_every_call_of_a_recovery(model: Path, scenario: Scenario) -> None:
    """A recovery that is cut can be made again, wherever the stamp was cut."""
    n_cuts = 0
    for first in range(100):
        for second in range(100):
            stamping = Faulty(Emulated(), first, "torn in the middle")
            with suppress(Crash):
                stamp(placed(model, scenario), scenario, stamping)
            recovering = Faulty(Emulated(), second, "torn in the middle")
            with suppress(Crash):
                recover(model, system=recovering)
            assert settled(model, scenario) in ("old", "new")
            n_cuts += recovering.hit
            if not recovering.hit:
                break
        if not stamping.hit:
            break
    assert n_cuts >= 40


@ALL
def test_an_error_at_every_call_of_a_recovery(model: Path, scenario: Scenario) -> None:
    for first in (5, 7, 8):
        for second in range(100):
            with pytest.raises(Crash):
                stamp(placed(model, scenario), scenario, Faulty(Emulated(), first, "after"))
            recovering = Faulty(Emulated(), second, "EIO")
            with suppress(OSError):
                recover(model, system=recovering)
            assert settled(model, scenario) in ("old", "new")
            if not recovering.hit:
                break


_CHILD = """
import os, signal, sys
from pathlib import Path
from tests.unit.files.inplace.faults import SCENARIOS, Faulty, real_system, stamp
name, path, at, kind = sys.argv[1:]
scenario = next(item for item in SCENARIOS if item.name == name)
kill = lambda: os.kill(os.getpid(), signal.SIGKILL)
stamp(Path(path), scenario, Faulty(real_system(Path(path).parent), int(at), kind, kill))
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no signal that ends a process at once")
@pytest.mark.parametrize("name", ["fits", "grows"])
def test_a_process_that_is_killed_at_every_call(model: Path, name: str) -> None:
    scenario = next(item for item in SCENARIOS if item.name == name)
    root = Path(__file__).resolve().parents[4]
    found: Counter[str] = Counter()
    for at in range(100):
        placed(model, scenario)
        kind = ("before", "after", "torn in the middle")[at % 3]
        child = subprocess.run(
            [sys.executable, "-c", _CHILD, name, str(model), str(at), kind],
            cwd=root,
            env={**os.environ, "PYTHONPATH": f"{root / 'src'}{os.pathsep}{root}"},
            capture_output=True,
            text=True,
        )
        if child.returncode == 0:
            break
        assert child.returncode == -signal.SIGKILL, child.stderr
        CUTS["SIGKILL"] += 1
        found[settled(model, scenario)] += 1
    assert found.keys() == {"old", "new"}
    assert found.total() >= 8


def test_a_journal_is_met_by_the_next_stamp(model: Path) -> None:
    scenario = SCENARIOS[0]
    with pytest.raises(Crash):
        stamp(placed(model, scenario), scenario, Faulty(Emulated(), 4, "before"))
    raw = model.read_bytes()
    with pytest.raises(FormatError, match="was not finished"):
        stamp(model, scenario, Emulated())
    assert model.read_bytes() == raw
    assert journal_of(model) is not None
