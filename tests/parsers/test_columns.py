"""The table of the implementations is complete, its commands can be shown, and it says what is not run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.parsers.conftest import require_built
from tools.conformance import columns, report
from tools.conformance.columns import COLUMNS, PARSERS, ROOT, Column, Step

from aprfmt.conform.store import read_known
from aprfmt.files.vectors import read_suite

COLUMN = pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.name)


def test_every_parser_of_the_repository_is_in_the_table() -> None:
    folders = {f"parsers/{path.name}" for path in (ROOT / "parsers").iterdir() if path.is_dir()}
    assert {column.folder for column in PARSERS} == folders


def test_every_parser_is_in_the_page_on_parsers() -> None:
    page = (ROOT / "parsers" / "README.md").read_text("utf-8")
    for column in PARSERS:
        assert f"]({Path(column.folder).name}/" in page, column.folder


@COLUMN
def test_a_column_is_built(column: Column) -> None:
    """Skipped where it is not; the tests of this folder say nothing about it then."""
    require_built(column)


@COLUMN
def test_what_reports_show_holds_no_path_of_a_machine(column: Column) -> None:
    commands = [step.text for action in ("build", "test", "conform") for step in column.steps(action)]
    assert commands
    assert not [text for text in commands if re.search(r"(^|[\s=:'\"])/", text)]
    assert column.title == next(iter(column.conform))


@COLUMN
def test_the_lists_of_known_failures_are_there_and_explained(column: Column) -> None:
    beside = {path.name for path in (ROOT / column.folder).glob("known-failures*.toml")}
    used = {
        Path(options[options.index("--known") + 1]).name for options in column.conform.values() if "--known" in options
    }
    assert used == beside
    for name in used:
        assert all(entry.reason for entry in read_known(str(ROOT / column.folder / name)).entries)


def test_the_reports_are_about_the_vectors_of_today() -> None:
    edition = read_suite().edition[:12]
    for page in ("README.md", "matrix.md"):
        text = (ROOT / "docs" / "conformance" / page).read_text("utf-8")
        assert edition in text, f"{page} is stale. Run: python tools/conformance/report.py"


@COLUMN
def test_every_column_has_its_page_of_the_reports(column: Column) -> None:
    pages = ROOT / "docs" / "conformance"
    assert (pages / report.page_of(column)).is_file()
    assert f"]({report.page_of(column)})" in (pages / "README.md").read_text("utf-8")
    assert f"`{column.title}`" in (pages / "matrix.md").read_text("utf-8")


def test_the_reports_lead_to_each_other() -> None:
    pages = ROOT / "docs" / "conformance"
    found = set(re.findall(r"\]\(([\w.-]+)\)", (pages / "README.md").read_text("utf-8")))
    assert found == {path.name for path in pages.iterdir()} - {"README.md"}


# ---- the command ----


def column_of(*commands: tuple[str, ...], needs: str = "python") -> Column:
    return Column(
        name="java",
        title="Java",
        about="a column of a test",
        folder="parsers/java",
        needs=(needs,),
        toolchain=(),
        build=tuple(Step(command) for command in commands),
        tests=(),
        conform={"Java": ("--cmd", "true")},
    )


def ran(monkeypatch: pytest.MonkeyPatch, column: Column, *arguments: str) -> int:
    monkeypatch.setattr(columns, "COLUMNS", (column,))
    monkeypatch.setattr(columns, "REQUIRED", False)
    return columns.main(["build", *arguments])


def test_a_missing_toolchain_is_said_and_is_a_failure_when_required(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    column = column_of(("true",), needs="no-such-program")
    assert ran(monkeypatch, column) == 0
    said = capfd.readouterr().out
    assert "NOT RUN: column java, no no-such-program on this machine" in said
    assert said.endswith("\nbuild:\n  java  NOT RUN: no no-such-program on this machine\n")
    assert ran(monkeypatch, column, "--require") == 1


def test_the_environment_requires_toolchains_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "COLUMNS", (column_of(("true",), needs="no-such-program"),))
    monkeypatch.setattr(columns, "REQUIRED", True)
    assert columns.main(["build"]) == 1


def test_a_failure_ends_the_column_and_the_command(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    fails = ("python", "-c", "raise SystemExit(3)")
    assert ran(monkeypatch, column_of(fails, ("python", "-c", "print('later')"))) == 1
    said = capfd.readouterr().out
    assert "java  FAILED: exit code 3" in said
    assert "\nlater" not in said


@pytest.mark.parametrize("action", ["test", "conform"])
def test_what_is_asked_is_built_before(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], action: str
) -> None:
    """A harness of yesterday would answer for the sources of today."""
    fails = ("python", "-c", "raise SystemExit(3)")
    monkeypatch.setattr(columns, "COLUMNS", (column_of(fails),))
    assert columns.main([action]) == 1
    assert "java  FAILED: exit code 3" in capfd.readouterr().out


def test_what_cannot_be_run_here_is_listed(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(columns, "COLUMNS", (column_of(needs="no-such-program"), column_of()))
    assert columns.main(["missing"]) == 0
    assert capfd.readouterr().out == "java: no no-such-program on this machine\n"


def test_an_unknown_column_is_a_wrong_request(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as error:
        columns.main(["build", "cobol"])
    assert error.value.code == 2
    assert "expected aprfmt, go, java, javascript, python, rust or parsers, found 'cobol'" in capfd.readouterr().err


def test_parsers_stands_for_all_of_them() -> None:
    assert columns.selected(["parsers"]) == PARSERS
    assert columns.selected(["go", "aprfmt"]) == tuple(c for c in COLUMNS if c.name in ("go", "aprfmt"))
    assert columns.selected([]) == COLUMNS
