"""Cut while an error is undone, and wherever else: calls fail, the process ends, the power is lost, more than once."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest
from tests.unit.files.inplace.faults import (
    SCENARIOS,
    Chaos,
    Crash,
    Emulated,
    Faulty,
    Scenario,
    stamp,
    stamped_whole,
)
from tests.unit.files.inplace.power import Disk

from aprfmt.files.inplace import journal_of, recover

ALL = pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda item: item.name)
ERRORS = ("EIO", "half, then EIO")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return tmp_path / "model.apr"


def placed(path: Path, scenario: Scenario) -> Path:
    for item in path.parent.iterdir():
        item.unlink()
    path.write_bytes(scenario.raw)
    return path


def settled(path: Path, scenario: Scenario) -> str:
    done = recover(path, system=Emulated())
    assert journal_of(path) is None
    which = {scenario.raw: "old", stamped_whole(scenario): "new"}.get(path.read_bytes(), "neither")
    assert done.state in (which, "none")
    return which


@ALL
def test_a_cut_at_every_call_of_an_undoing(model: Path, scenario: Scenario) -> None:
    found: Counter[str] = Counter()
    for error in ERRORS:
        for first in range(100):
            failing = None
            for kind in ("after", "torn in the middle"):
                for second in range(first, 100):
                    cutting = Faulty(Emulated(), second, kind)
                    failing = Faulty(cutting, first, error)
                    with suppress(Crash, OSError):
                        stamp(placed(model, scenario), scenario, failing)
                    found[settled(model, scenario)] += 1
                    if not cutting.hit:
                        break
            if failing is not None and not failing.hit:
                break
    assert found.keys() == {"old", "new"}
    assert found.total() >= 100


@ALL
def test_power_lost_at_every_call_of_an_undoing(model: Path, scenario: Scenario) -> None:
    """Above all, nothing is put back into a file that moved before it is on the disk that it did."""
    found: Counter[str] = Counter()
    for first in range(100):
        for seed in range(2):
            for second in range(first, 100):
                disk = Disk(placed(model, scenario).parent)
                cutting = Faulty(disk, second, "after")
                failing = Faulty(cutting, first, "EIO")
                with suppress(Crash, OSError):
                    stamp(model, scenario, failing)
                disk.lose_power(seed)
                found[settled(model, scenario)] += 1
                if not cutting.hit:
                    break
        if not failing.hit:
            break
    assert found.keys() == {"old", "new"}
    assert found.total() >= 60


@ALL
@pytest.mark.parametrize("ends", ["process", "sync"])
def test_power_lost_after_a_recovery_that_found_the_old_file(model: Path, scenario: Scenario, ends: str) -> None:
    """What a recovery reads may be in memory alone: the process ended while it put it back, or a sync failed, after
    which no later one writes what it did not."""
    found: Counter[str] = Counter()
    for first in range(100):
        for second in range(first, 100):
            disk = Disk(placed(model, scenario).parent)
            later = Faulty(disk, second, "after" if ends == "process" else "EIO")
            failing = Faulty(later, first, "EIO")
            with suppress(Crash, OSError):
                stamp(model, scenario, failing)
            recover(model, system=disk)
            disk.lose_power(first + second)
            if journal_of(model) is None:  # one that was removed before, and not by the recovery, may be there again
                raw = model.read_bytes()
                assert raw in (scenario.raw, stamped_whole(scenario)), (first, second)
            found[settled(model, scenario)] += 1
            if not later.hit:
                break
        if not failing.hit:
            break
    assert found.keys() == {"old", "new"}
    assert found.total() >= 40


@ALL
@pytest.mark.parametrize("power", [False, True])
def test_whatever_fails_and_however_often(model: Path, scenario: Scenario, power: bool) -> None:
    found: Counter[str] = Counter()
    for seed in range(40):
        random = Random(seed)  # noqa: S311 - to be repeated, not to be secret
        placed(model, scenario)
        for turn in range(random.randrange(1, 5)):
            base = Disk(model.parent) if power else Emulated()
            chaos = Chaos(base, random, crashes=random.choice((0.05, 0.2)), errors=random.choice((0, 0.1, 0.3)))
            with suppress(Crash, OSError):
                if turn == 0:
                    stamp(model, scenario, chaos)
                else:
                    recover(model, system=chaos)
            if isinstance(base, Disk):
                base.lose_power(random.randrange(1 << 32))
        found[settled(model, scenario)] += 1
    assert found.keys() == {"old", "new"}
