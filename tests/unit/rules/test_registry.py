"""How rules are declared and run: order, prerequisites, counting, messages."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from tests.unit.rules.crafting import craft, entry_a, entry_b, file, report_of

from aprfmt import rules
from aprfmt.container import Container
from aprfmt.errors import FormatError
from aprfmt.layout import facts
from aprfmt.rules import Finding, Severity, registry

SPEC = Path(__file__).resolve().parents[3] / "spec" / "apr_v2.ksy"
# APR-F002 takes a pass over every byte, which an operation makes; a file with APR-H008 makes no container.
FOUND_ELSEWHERE = {"APR-F002", "APR-H008"}


def all_ids() -> list[str]:
    return [identifier for item in registry() for identifier in item.ids]


def test_every_id_has_one_home() -> None:
    assert len(all_ids()) == len(set(all_ids()))


def test_every_rule_of_the_specification_is_judged() -> None:
    declared = set(re.findall(r"APR-[A-Z][0-9]{3}", SPEC.read_text("utf-8")))
    assert len(declared) > 20
    assert declared == set(facts.RULES)
    assert declared - set(all_ids()) == FOUND_ELSEWHERE
    assert set(all_ids()) <= declared
    assert {item.rule for item in facts.FIELD_RULES} <= set(all_ids())


def test_what_a_rule_needs_runs_before_it() -> None:
    before: set[str] = set()
    for item in registry():
        assert before >= set(item.needs), item.name
        before.update(item.ids)


def test_the_order_does_not_depend_on_who_imports_first() -> None:
    program = "import aprfmt.rules.footer, aprfmt.rules as r; print([i.name for i in r.registry()])"
    done = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, encoding="utf-8", check=True)
    assert done.stdout.strip() == str([item.name for item in registry()])


def test_every_rule_says_what_is_wrong_and_is_named_after_it() -> None:
    for item in registry():
        assert item.doc.strip(), item.ids
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", item.name)


def test_run_and_skipped_add_up() -> None:
    sound, broken = report_of(file()), report_of(file(num_tensors=4))
    assert list(sound.rules_run) == all_ids()
    assert sound.rules_skipped == ()
    assert sorted(broken.rules_run + broken.rules_skipped) == sorted(all_ids())


def test_a_rule_whose_prerequisite_failed_is_skipped() -> None:
    report = report_of(file(num_tensors=4))
    assert {"APR-I002", "APR-I003", "APR-I005", "APR-D001", "APR-D004", "APR-F001"} <= set(report.rules_skipped)
    assert {"APR-H006", "APR-M003", "APR-M006"} <= set(report.rules_run)


def test_a_wrong_extent_leaves_the_end_of_the_file_unjudged() -> None:
    report = report_of(craft(entry_a(), entry_b(ofs_tensor=133)))
    assert [finding.rule for finding in report.errors] == ["APR-D001", "APR-D001"]
    assert {"APR-D003", "APR-D004", "APR-F001", "APR-F003", "APR-F004"} <= set(report.rules_skipped)
    assert "APR-D002" in report.rules_run


def register(identifier: str, *needs: str, severity: Severity | None = None) -> None:
    """A rule that runs last and finds one fault of `severity`, or nothing."""

    def check(_container: Container) -> Iterable[Finding]:
        return [] if severity is None else [Finding(identifier, severity, "m", "header", (0, 1), "e", "f")]

    check.__module__ = "aprfmt.rules.footer"
    rules.rule(identifier, name="made-up", needs=needs)(check)


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules that are registered in the test are gone after it."""
    monkeypatch.setattr(rules, "_registry", list(registry()))


@pytest.mark.usefixtures("made_up")
def test_a_warning_does_not_skip_what_needs_its_rule() -> None:
    register("APR-X001", severity=Severity.WARNING)
    register("APR-X002", "APR-X001")
    assert "APR-X002" in report_of(file()).rules_run


@pytest.mark.usefixtures("made_up")
def test_what_needs_a_skipped_rule_is_skipped_too() -> None:
    register("APR-X001", severity=Severity.ERROR)
    register("APR-X002", "APR-X001", severity=Severity.ERROR)
    register("APR-X003", "APR-X002", severity=Severity.ERROR)
    register("APR-X004")
    report = report_of(file())
    assert report.rules_skipped == ("APR-X002", "APR-X003")
    assert [finding.rule for finding in report.findings] == ["APR-X001"]
    assert report.rules_run[-1] == "APR-X004"


def test_all_faults_of_a_sick_file_are_reported_at_once() -> None:
    raw = craft(
        entry_a(name=b"z", dtype=2),
        entry_b(name=b"\xff\xff", ofs_tensor=999),
        entry_b(name=b"b", len_tensor=5),
        header={"version_major": 9, "checksum": 0, "flags": {"layout_column_major": True}},
        metadata=b"{",
    )
    assert {finding.rule for finding in report_of(raw).errors} == {
        *("APR-H002", "APR-H004", "APR-H006", "APR-I002", "APR-I003", "APR-I005", "APR-D001", "APR-M003"),
    }


def test_a_finding_is_an_error_that_says_expected_found_and_where() -> None:
    [finding] = report_of(craft(entry_a(), entry_b(len_tensor=2))).errors
    error = finding.error()
    assert str(error) == (
        "the size does not fit u8 [3]; expected 3 bytes, found 2 bytes; "
        "tensor_index.entries[1].len_tensor @0xb2..0xba; tensor 'b' [APR-D002]"
    )
    assert (error.rule_id, error.section, error.tensor) == ("APR-D002", "tensor_index", "b")


def test_the_first_error_says_how_many_follow() -> None:
    report_of(file()).raise_first()
    with pytest.raises(FormatError, match=r"\[APR-H002\]$"):
        report_of(file(version_major=3)).raise_first()
    with pytest.raises(FormatError, match=r"\[APR-H002\] \(and 1 more\)$") as caught:
        report_of(file(version_major=3, checksum=0)).raise_first()
    assert caught.value.rule_id == "APR-H002"


def test_names_from_strangers_are_escaped() -> None:
    name = "\x1b[31mrot\u202e".encode()
    [finding] = report_of(craft(entry_a(name=name, len_tensor=4), tensor_data=bytes(64))).errors
    assert finding.tensor == name.decode()  # for programs: the name itself
    assert str(finding.error()).isprintable()
    assert r"tensor '\x1b[31mrot\u202e'" in str(finding.error())
