"""The benchmark: its arithmetic, what it refuses, and that every row runs. How long anything takes is not asked."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

if sys.platform != "linux":
    pytest.skip("the benchmark asks Linux what processes took", allow_module_level=True)

from bench import children, rows_files, rows_reference, rows_start, rows_testing, running
from bench.children import Bench
from bench.growth import growing, staying
from bench.harness import Goal, Group, Measured, Ratio, Row, Run, measure, only
from bench.models import MB, N_TENSORS, write_model, write_sparse_model
from bench.tables import goals_table, group_table
from hypothesis import strategies as st

import aprfmt

MIB = 2**20


def runs(*seconds: float) -> list[Run]:
    return [Run(value) for value in seconds]


def group(**names: float) -> Group:
    """Ways that take so long, the first one the peer of all others."""
    ways = {name: lambda seconds=seconds: Run(seconds) for name, seconds in names.items()}
    first, *others = names
    return Group("64 MB, warm", ways, tuple(Row(name, first) for name in others))


def test_a_ratio_is_the_median_of_the_ratios_of_the_rounds() -> None:
    # Not the ratio of the medians, which would be 1.
    assert Ratio.of(runs(1, 2, 3), runs(2, 1, 4)) == Ratio(0.75, 0.5, 2.0)
    with pytest.raises(ValueError, match="zip"):
        Ratio.of(runs(1, 2), runs(1))


def test_what_a_run_took_is_shared_by_its_files_but_the_memory_is_not() -> None:
    assert Run(5.0, 40, 8, 1000, 500).shared(50) == Run(0.1, 40, 8, 20, 10)


@pytest.mark.parametrize(
    ("goal", "text", "found", "met"),
    [
        (Goal("ratio", 1.0), "≤ 1.0 ×", "0.75 ×", True),
        (Goal("ratio", 0.7), "≤ 0.7 ×", "0.75 ×", False),
        (Goal("ratio", 1 / 200), "≤ 1/200", "1/1", False),
        (Goal("seconds", 0.050), "≤ 50 ms", "50.0 ms", True),  # the median
        (Goal("seconds", 0.049), "≤ 49 ms", "50.0 ms", False),
        (Goal("peak", 40 * MIB), "≤ 40 MiB", "41 MiB", False),  # the worst run
        (Goal("written", 256 * 1024), "≤ 256 KiB", "8 KiB", True),
        (Goal("in_vain", 0.01), "≤ 1 % in vain", "2.5 %", False),  # the worst run
        (Goal("in_vain", 0.025), "≤ 2.5 % in vain", "2.5 %", True),
    ],
)
def test_goals_are_held_against_the_median_of_times_and_the_worst_of_the_rest(
    goal: Goal, text: str, found: str, met: bool
) -> None:
    own = [Run(0.050, 41 * MIB, 0, 0, 4096, 0.0), Run(0.010, 39 * MIB, 0, 0, 8192, 0.025), Run(0.090, 1, 0, 0, 1, 0.0)]
    ratio = Ratio(0.75, 0.5, 2.0)
    assert (goal.text, goal.found_text(own, ratio), goal.met(own, ratio)) == (text, found, met)


def test_nothing_is_said_of_a_goal_when_the_system_did_not_tell() -> None:
    row = Row("own", "peer", (Goal("peak", 1), Goal("seconds", 2), Goal("in_vain", 0.0)))
    measured = Measured(Group("t", {}, (row,)), {"own": runs(1), "peer": runs(1)})
    assert [goal.of for _, goal, _, _ in measured.goals()] == ["seconds"]


def test_that_nothing_was_in_vain_is_said() -> None:
    row = Row("own", "peer", (Goal("in_vain", 0.0),))
    measured = Measured(Group("t", {}, (row,)), {"own": [Run(1.0, in_vain=0.0)], "peer": runs(1)})
    assert [(found, met) for _, _, found, met in measured.goals()] == [("0 %", True)]
    assert [*group_table(measured)][
        -2
    ] == "| own | 1.00 s | peer | 1.00 (1.00 to 1.00) |  |  | 0 %, ≤ 0 % in vain met |"


def test_strategies_are_held_against_as_many_integers_as_they_take_choices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every strategy MUST have its number from what it draws; draws in vain and cut short MUST be counted apart."""
    pairs = st.tuples(st.booleans(), st.integers(0, 9))
    lists = st.lists(st.integers())
    drawn = {"`pairs`": pairs, "`some`": pairs.filter(lambda pair: pair[0]), "`lists`": lists}
    monkeypatch.setattr(rows_testing, "_strategies", lambda: drawn)
    (found,) = rows_testing.strategy_groups()
    assert found.rows[0] == Row("`pairs`", "2 integers", rows_testing.GOALS)
    runs_ = {name: way() for name, way in found.ways.items()}
    assert {name for name, run in runs_.items() if run.in_vain} == {"`some`"}
    assert runs_["`some`"].in_vain != 1.0
    assert {name for name, run in runs_.items() if run.cut_short} == {"`lists`"}
    assert runs_["2 integers"].cut_short is None


def test_strategies_are_left_out_where_hypothesis_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    (found,) = rows_testing.strategy_groups()
    assert found.left_out == ("all: the strategies need hypothesis, which is not installed",)
    assert not found.rows


def test_all_ways_take_turns_and_another_one_begins_each_round() -> None:
    seen: list[str] = []

    def way(name: str) -> Run:
        seen.append(name)
        return Run(1.0)

    ways = {name: lambda name=name: way(name) for name in "abc"}
    said: list[str] = []
    measured = measure(Group("t", ways, (Row("b", "a"),), rounds=2), 2, said.append)
    assert "".join(seen) == "abcbcacababc"
    assert said[0] == "t: round 1 of 4"
    assert {name: len(runs) for name, runs in measured.runs.items()} == {"a": 4, "b": 4, "c": 4}


def test_only_keeps_rows_by_name_or_title_and_the_peers_they_need() -> None:
    whole = group(cp=1, stamp=2, validate=3)
    assert [row.way for row in only(whole, "VALID").rows] == ["validate"]
    assert [*only(whole, "VALID").ways] == ["cp", "validate"]
    assert only(whole, "64 mb, warm: stamp").rows == (Row("stamp", "cp"),)
    assert only(whole, "").ways == whole.ways
    assert not only(whole, "cold").rows


def test_the_table_has_peers_and_rows_with_ratio_memory_and_goals() -> None:
    row = Row("own", "peer", (Goal("ratio", 1.0), Goal("peak", 40 * MIB)))
    whole = Group("64 MB, warm", group(own=1, peer=1).ways, (row,), ("a clone: none here",), per=" a file")
    own = [Run(0.5, 50 * MIB, 8 * MIB, 9, 3_000_000), Run(1.5, 49 * MIB, 8 * MIB, 9, 2_000_000)]
    measured = Measured(whole, {"own": own, "peer": [Run(2.0, 8 * MIB, 8 * MIB), Run(2.0, 8 * MIB, 8 * MIB)]})
    assert "\n".join(group_table(measured)) == (
        "### 64 MB, warm\n\n"
        "| | time | against | ratio (smallest to largest) | written | peak memory | goals |\n"
        "|---|---|---|---|---|---|---|\n"
        "| peer | 2.00 s a file |  |  |  | ≤ 8 MiB |  |\n"
        "| own | 1.00 s a file | peer | 0.50 (0.25 to 0.75) | 3 MB | 50 MiB | ≤ 1.0 × met, ≤ 40 MiB **missed** |\n\n"
        "Left out: a clone: none here.\n"
    )
    assert [*goals_table([measured])][-3:] == [
        "| 64 MB, warm | own | ≤ 1.0 × | 0.50 × | met |",
        "| 64 MB, warm | own | ≤ 40 MiB | 50 MiB | **missed** |",
        "",
    ]


def test_it_refuses_to_start_without_the_disk_space(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=17_599 * MB))
    words = ["--sizes", "64", "8000", "--reference-sizes", "64", "--folder", str(tmp_path)]
    with pytest.raises(SystemExit, match=r"not enough free space in .*: expected 17600 MB, found 17599 MB"):
        running.main(words)
    assert not [*tmp_path.iterdir()]
    assert not capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--sizes", "0"], "expected a number of at least 1, found 0"),
        (["--sizes"], "expected at least one argument"),
        (["--rounds", "-1"], "expected a number of at least 1, found -1"),
        (["--pool-files", "-1"], "expected a number of at least 0, found -1"),
        (["--folder", "no/such"], "expected a folder, found none: no/such"),
        (["--states", "hot"], "invalid choice: 'hot'"),
    ],
)
def test_a_wrong_request_is_refused(words: list[str], complaint: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        running.main(words)
    assert caught.value.code == 2
    assert complaint in capsys.readouterr().err


def test_a_child_has_a_peak_of_its_own(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    large = bytearray(64 * MIB)  # which a child would inherit as its peak
    small = bench.process([sys.executable, "-I", "-S", "-c", "pass"])
    assert small.peak < 40 * MIB
    assert small.floor <= small.peak
    assert bench.process([sys.executable, "-c", "bytearray(48 * 2**20)"]).peak > 48 * MIB
    del large


def test_what_a_child_writes_is_counted_and_synced(tmp_path: Path) -> None:
    out = tmp_path / "out"
    writes = f"open({str(out)!r}, 'wb').write(bytes(5000))"
    assert Bench(tmp_path).process([sys.executable, "-c", writes], sync=out).wrote == 5000
    assert Bench(tmp_path).process([sys.executable, "-c", "pass"], sync=tmp_path).wrote == 0


def test_a_command_that_fails_ends_the_run_with_what_it_said(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"cat .*no-such: exit code 1: cat: .*No such file"):
        Bench(tmp_path).process(["cat", tmp_path / "no-such"])
    with pytest.raises(SystemExit, match=r"FileNotFoundError.*no-such-program"):
        Bench(tmp_path).process(["no-such-program"])


def test_a_model_is_sound_and_of_the_size_that_was_asked_for(tmp_path: Path) -> None:
    write_model(tmp_path / "model.apr", 2 * MB)
    write_sparse_model(tmp_path / "sparse.apr", 2 * MB + 1)
    for path in sorted(tmp_path.iterdir()):
        assert not aprfmt.validate_file(path).findings
        with aprfmt.open(path) as container:
            assert len(container.tensors) == N_TENSORS == 339
        assert 1.9 * MB < path.stat().st_size < 2.2 * MB


def test_a_model_that_grew_is_what_it_was_before(tmp_path: Path) -> None:
    path = tmp_path / "model.apr"
    write_model(path, MB)
    before = path.read_bytes()
    with growing(tmp_path, [path]) as words:
        patch = json.loads(Path(words[1]).read_bytes())
        aprfmt.stamp_file(path, None, aprfmt.MetadataPatch(set=patch), in_place=True)
        grown = path.read_bytes()
    assert len(grown) > len(before)
    assert path.read_bytes() in (before, grown)  # a file system that takes no blocks out leaves it
    assert aprfmt.validate_file(path).valid


def test_a_row_that_does_not_do_what_it_says_ends_the_run(tmp_path: Path) -> None:
    path = tmp_path / "model.apr"
    write_model(path, MB)
    with pytest.raises(SystemExit, match=r"model.apr: expected more than \d+ bytes, found"), growing(tmp_path, [path]):
        pass
    with pytest.raises(SystemExit, match=r"model.apr: expected \d+ bytes, found"), staying([path]):
        path.write_bytes(b"")


def test_the_reference_is_left_out_where_it_cannot_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows_reference, "free_memory", lambda: 22_000 * MB)
    (large,) = rows_reference.reference_groups(Bench(tmp_path), 8000)
    assert large.left_out == (
        "all: expected 32.0 GB of free memory for the reference, found 22.0 GB: it takes 4 times the file",
    )
    monkeypatch.setattr(shutil, "which", lambda _: None)
    (small,) = rows_reference.reference_groups(Bench(tmp_path), 1)
    assert small.left_out == ("all: the reference is built with cargo, which is not on this machine",)
    assert large.rows == small.rows == ()


def test_cold_is_left_out_where_the_cache_cannot_be_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows_files, "cached", lambda _: True)
    (cold,) = rows_files.file_groups(Bench(tmp_path), 1, ["cold"])
    assert cold.left_out == ("all: this file system does not drop what is in the page cache",)
    assert not cold.rows
    assert not [*tmp_path.iterdir()]


def test_what_was_just_read_is_in_the_cache(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(100_000))
    children.warm(path)
    assert children.cached(path)


def test_every_row_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for rows in (rows_start, rows_testing):
        monkeypatch.setattr(rows, "ROUNDS", 1)
    monkeypatch.setattr(rows_testing, "DRAWS", 5)
    monkeypatch.setattr(rows_testing, "EXAMPLES", 10)
    work, raw = tmp_path / "work", tmp_path / "raw.json"
    work.mkdir()
    running.main(
        [
            *("--sizes", "1", "--rounds", "1", "--states", "warm", "--reference-sizes", "--folder", str(work)),
            *("--pool-files", "2", "--pool-mb", "1", "--jobs", "2", "--entries", "200", "--json", str(raw)),
        ]
    )
    out, err = capsys.readouterr()
    titles = ("1 MB, warm", "2 models of 1 MB", "start-up", "index of 200 entries, in process", rows_testing.TITLE)
    assert [line for line in out.splitlines() if line.startswith("### ")] == [f"### {title}" for title in titles] + [
        "### Goals"
    ]
    assert err.splitlines()[0] == "1 MB, warm: round 1 of 1"
    groups = json.loads(raw.read_bytes())["groups"]
    for found in groups:
        assert {name for row in found["rows"] for name in (row["way"], row["peer"])} == found["runs"].keys()
        assert all(run["seconds"] > 0 for runs in found["runs"].values() for run in runs)
        for row in found["rows"]:
            assert f"| {row['way']} |" in out
    assert sum(len(found["rows"]) for found in groups) >= 35
    in_vain = [goal for found in groups for row in found["rows"] for goal in row["goals"] if "in vain" in goal["goal"]]
    assert {goal["found"] for goal in in_vain} == {"0 %"}
    assert not [*work.iterdir()]
