"""What became of many files, in numbers."""

from __future__ import annotations

import pytest

from aprfmt.cli.batch.summary import STATUSES, Summary


def summary(total: int, *statuses: str, dry_run: bool = False) -> Summary:
    made = Summary(total, dry_run=dry_run)
    for status in statuses:
        made.add(status)
    return made


def test_every_file_is_counted() -> None:
    done = summary(50, *["stamped"] * 48, "unchanged", "failed")
    assert done.text() == "50 files: 48 stamped, 1 unchanged, 1 failed"
    assert done.as_json() == {"files": 50, "stamped": 48, "unchanged": 1, "failed": 1, "skipped": 0, "left": 0}
    assert done.exit_code == 1


def test_what_was_left_out_is_said() -> None:
    done = summary(9, *["skipped"] * 5, "stamped", "unchanged")
    assert done.text() == "9 files: 1 stamped, 1 unchanged, 0 failed, 5 skipped (done before), 2 not reached"
    assert done.as_json() == {"files": 9, "stamped": 1, "unchanged": 1, "failed": 0, "skipped": 5, "left": 2}
    assert done.exit_code == 0


def test_a_dry_run_does_not_say_that_something_is_done() -> None:
    done = summary(2, "stamped", "failed", dry_run=True)
    assert done.text() == "2 files: 1 would be stamped, 0 unchanged, 1 failed"


def test_one_file() -> None:
    assert summary(1, "unchanged").text() == "1 file: 0 stamped, 1 unchanged, 0 failed"


def test_what_is_no_status() -> None:
    with pytest.raises(KeyError):
        summary(1).add("left")
    assert set(Summary(0).as_json()) == {"files", *STATUSES, "left"}
