"""Power lost at every call that writes, and any part of what was not synced: the file is the old or the new one."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest
from tests.unit.files.inplace.faults import SCENARIOS, Crash, Emulated, Faulty, Scenario, stamp, stamped_whole
from tests.unit.files.inplace.power import Disk

from aprfmt.files.inplace import journal_of, recover

SEEDS = 12


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda item: item.name)
def test_power_lost_at_every_call(tmp_path: Path, scenario: Scenario) -> None:
    path = tmp_path / "model.apr"
    found: Counter[str] = Counter()
    half_moved = 0
    for at in range(100):
        for seed in range(SEEDS):
            path.write_bytes(scenario.raw)
            disk = Disk(tmp_path)
            system = Faulty(disk, at, "after")
            with suppress(Crash):
                stamp(path, scenario, system)
            disk.lose_power(seed)
            half_moved += disk.half_moved
            recover(path, system=Emulated())
            assert journal_of(path) is None
            raw = path.read_bytes()
            assert raw in (scenario.raw, stamped_whole(scenario)), (at, seed)
            found["old" if raw == scenario.raw else "new"] += 1
        if not system.hit:
            break
    assert found.keys() == {"old", "new"}
    assert found.total() >= 9 * SEEDS
    assert bool(half_moved) == scenario.shifts


@pytest.mark.parametrize("name", ["fits", "grows", "grows, tail of a block dropped"])
def test_power_lost_at_every_call_of_a_recovery(tmp_path: Path, name: str) -> None:
    scenario = next(item for item in SCENARIOS if item.name == name)
    path = tmp_path / "model.apr"
    n_cuts = 0
    for first in range(100):
        for second in range(100):
            for seed in range(3):
                path.write_bytes(scenario.raw)
                disk = Disk(tmp_path)
                stamping = Faulty(disk, first, "after")
                with suppress(Crash):
                    stamp(path, scenario, stamping)
                disk.lose_power(seed)
                disk = Disk(tmp_path)
                recovering = Faulty(disk, second, "after")
                with suppress(Crash):
                    recover(path, system=recovering)
                disk.lose_power(seed + 1)
                recover(path, system=Emulated())
                assert path.read_bytes() in (scenario.raw, stamped_whole(scenario)), (first, second, seed)
                n_cuts += recovering.hit
            if not recovering.hit:
                break
        if not stamping.hit:
            break
    assert n_cuts > 100
