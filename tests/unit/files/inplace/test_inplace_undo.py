"""A stamp that was cut, undone because somebody asks for it; and the undoing cut, too."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest
from tests.unit.files.inplace.faults import (
    SCENARIOS,
    Crash,
    Emulated,
    Faulty,
    Scenario,
    stamp,
    stamped_whole,
)

from aprfmt.files.inplace import journal_of, journal_path, recover

ALL = pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda item: item.name)
KINDS = ("before", "after", "torn in the middle")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return tmp_path / "model.apr"


def cut(path: Path, scenario: Scenario, at: int, kind: str) -> bool:
    """Cut a stamp at a call; whether there was such a call, and there is a journal to recover from."""
    journal_path(path).unlink(missing_ok=True)
    path.write_bytes(scenario.raw)
    system = Faulty(Emulated(), at, kind)
    with suppress(Crash):
        stamp(path, scenario, system)
    return system.hit and journal_of(path) is not None


@ALL
@pytest.mark.parametrize("kind", KINDS)
def test_it_is_the_old_file_unless_bytes_are_gone(model: Path, scenario: Scenario, kind: str) -> None:
    found: Counter[str] = Counter()
    for at in range(100):
        if not cut(model, scenario, at, kind):
            continue
        has_lost = model.stat().st_size == len(stamped_whole(scenario)) < len(scenario.raw) + scenario.shifts * 4096
        done = recover(model, undo=True, system=Emulated())
        assert journal_of(model) is None
        assert model.read_bytes() == (scenario.raw if done.state == "old" else stamped_whole(scenario))
        assert done.state == "old" or has_lost
        found[done.state] += 1
    assert found["old"] >= 3


@ALL
def test_an_undoing_that_is_cut_leaves_the_old_file_or_the_new_one(model: Path, scenario: Scenario) -> None:
    """Whether the next one undoes or finishes: what is there is one of both."""
    found: Counter[str] = Counter()
    for at in range(100):
        if not cut(model, scenario, at, "after"):
            continue
        for undo in (True, False):
            for second in range(100):
                assert cut(model, scenario, at, "after")
                system = Faulty(Emulated(), second, "torn in the middle")
                with suppress(Crash):
                    recover(model, undo=True, system=system)
                if not system.hit:
                    break
                recover(model, undo=undo, system=Emulated())
                which = {scenario.raw: "old", stamped_whole(scenario): "new"}[model.read_bytes()]
                found[which] += 1
    assert found["old"] >= 3
