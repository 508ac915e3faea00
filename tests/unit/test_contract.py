"""The provenance contract: every gate and statement is proved by a test, and the commands are those that it lists."""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from tests.unit.cli.running import COMMANDS, GOLDEN, Run, aprfmt, process
from tests.unit.cli.test_cli_vectors import VECTORS, written
from tests.unit.contracts import CHECKS, Check, Facts, claims_in, contract, proves, today
from tests.unit.fuzz.toys import Toy, run_of
from tests.unit.rules.cases import sound

from aprfmt.cli.exits import EXIT_CODES, FINDINGS, FORMAT, OK, REQUEST
from aprfmt.files.inplace import journal_path

BOOK = contract()
LISTED: dict[str, dict[str, Any]] = BOOK["commands"]["listed"]


# ---- the contract, the tests and the program agree ----


@proves("CMD-004")
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_contract_is_in_order(check: Check) -> None:
    assert list(check(BOOK, today())) == [], check.__doc__


def test_tests_are_found() -> None:
    known = today()
    assert len(known.claims) > 500
    assert "tests/unit/test_contract.py::test_tests_are_found" in known.claims
    assert known.claims["tests/unit/test_contract.py::test_help"] == {"CMD-003"}


def test_what_a_test_claims_is_read_from_its_source() -> None:
    text = """
@proves("A", "B")
@pytest.mark.parametrize("x", [1])
def test_one(x): ...
@contracts.proves("C")
def test_two(): ...
def test_three(): ...
@proves("D")
def helper(): ...
class TestMore:
    @proves("E")
    def test_four(self): ...
"""
    assert claims_in("m.py", text) == {
        "m.py::test_one": {"A", "B"},
        "m.py::test_two": {"C"},
        "m.py::test_three": set(),
        "m.py::TestMore::test_four": {"E"},
    }
    with pytest.raises(ValueError, match="malformed"):
        claims_in("m.py", "@proves(NAME)\ndef test_one(): ...")


def gate(book: dict[str, Any], number: int = 1) -> dict[str, Any]:
    found: dict[str, Any] = book["gates"][f"GATE-APR-PROV-00{number}"]
    return found


def listed(book: dict[str, Any], name: str = "stamp") -> dict[str, Any]:
    found: dict[str, Any] = book["commands"]["listed"][name]
    return found


def statement(book: dict[str, Any], name: str = "CMD-003") -> dict[str, Any]:
    found: dict[str, Any] = book["commands"]["statements"][name]
    return found


HELP = "tests/unit/test_contract.py::test_help"
WRONG: list[tuple[str, Callable[[dict[str, Any]], object], str]] = [
    # the check, what is changed in the contract, what is said of it
    ("everything_is_proved", lambda book: gate(book).update(tests=[]), "GATE-APR-PROV-001 has no test"),
    ("everything_is_proved", lambda book: gate(book, 2).pop("tests"), "GATE-APR-PROV-002 has no test"),
    ("everything_is_proved", lambda book: statement(book).update(tests=None), "CMD-003 has no test"),
    ("named_tests_exist", lambda book: statement(book).update(tests=["a.py::test_b"]), "a.py::test_b, which does not"),
    ("named_tests_exist", lambda book: statement(book).update(tests=[f"{HELP}s"]), "which does not exist"),
    ("named_tests_exist", lambda book: statement(book).update(tests=[HELP, HELP]), "CMD-003 names a test twice"),
    (
        "tests_and_contract_agree",
        lambda book: gate(book)["tests"].append(HELP),
        f"GATE-APR-PROV-001 names {HELP}, which does not claim it",
    ),
    (
        "tests_and_contract_agree",
        lambda book: statement(book).update(tests=["a.py::test_b"]),
        f"{HELP} claims CMD-003, which does not name it",
    ),
    (
        "tests_and_contract_agree",
        lambda book: book["commands"]["statements"].pop("CMD-003"),
        f"{HELP} claims CMD-003, which is not in the contract",
    ),
    ("tests_and_contract_agree", lambda book: book["gates"].pop("GATE-APR-PROV-004"), "which is not in the contract"),
    ("gates_are_those_of_the_program", lambda book: book["gates"].pop("GATE-APR-PROV-004"), "the program has GATE-"),
    (
        "gates_are_those_of_the_program",
        lambda book: gate(book)["rules"].append("APR-M003"),
        "APR-M003, the program has",
    ),
    ("gates_are_those_of_the_program", lambda book: book["gates"].update(GATE=gate(book)), "the gates are GATE-"),
    ("gates_are_complete", lambda book: gate(book).pop("repair"), "GATE-APR-PROV-001 has the keys"),
    ("gates_are_complete", lambda book: gate(book).update(colour="red"), "GATE-APR-PROV-001 has the keys colour"),
    ("gates_are_complete", lambda book: gate(book).update(fails=[]), "GATE-APR-PROV-001: fails is empty"),
    ("gates_are_complete", lambda book: gate(book).update(name=gate(book, 2)["name"]), "two gates have one name"),
    ("gates_are_complete", lambda book: gate(book, 3).update(profile="best"), "there is no profile best"),
    ("gates_are_complete", lambda book: gate(book)["fails"].append({"metadata": "{}"}), "found metadata"),
    ("gates_are_complete", lambda book: gate(book)["rules"].append("APR-M999"), "there is no rule APR-M999"),
    (
        "gates_are_complete",
        lambda book: gate(book)["fails"].append({"metadata": "{}", "rule": "APR-P999", "because": "x"}),
        "there is no rule APR-P999",
    ),
    ("fields_are_the_provenance", lambda book: book["fields"].pop("license"), "the fields are data_source"),
    ("fields_are_the_provenance", lambda book: book["fields"]["license"].update(must=[]), "license has the keys"),
    ("listed_commands_exist", lambda book: book["commands"]["listed"].update(nope={}), "nope is listed, and is no"),
    ("commands_are_listed", lambda book: book["commands"]["listed"].pop("stamp"), "stamp is not listed"),
    ("commands_are_listed", lambda book: book["commands"]["listed"].pop("vectors show"), "vectors show is not listed"),
    ("commands_are_described", lambda book: listed(book).pop("category"), "stamp has the keys"),
    ("commands_are_described", lambda book: listed(book).update(category="fun"), "stamp: category is 'fun'"),
    ("commands_are_described", lambda book: listed(book).update(requires_model="no"), "requires_model is 'no'"),
    ("commands_are_described", lambda book: listed(book).update(side_effects=["net"]), "side_effects is 'net'"),
    ("commands_are_described", lambda book: listed(book).update(side_effects=[]), "stamp: side_effects are"),
    ("commands_are_described", lambda book: listed(book)["side_effects"].append("none"), "filesystem, none"),
    ("exit_codes_are_documented", lambda book: listed(book).update(exit_codes=[5]), "stamp: 5 is no exit code"),
    ("exit_codes_are_documented", lambda book: listed(book).update(exit_codes=[4, 1]), "stamp: exit codes are out of"),
    ("exit_codes_are_documented", lambda book: listed(book).update(exit_codes=[2]), "stamp: exit codes are out of"),
    (
        "exit_codes_are_documented",
        lambda book: book["commands"]["exit_codes_of_all"].remove(70),
        "no command ends with 70, which is documented",
    ),
]


@pytest.mark.parametrize(("name", "change", "said"), WRONG, ids=[f"{name}-{said}" for name, _, said in WRONG])
def test_every_check_can_fail(name: str, change: Callable[[dict[str, Any]], object], said: str) -> None:
    book = contract()
    change(book)
    check = {item.__name__: item for item in CHECKS}[name]
    assert [text for text in check(book, today()) if said in text]


def test_every_check_is_shown_to_fail() -> None:
    assert {name for name, _, _ in WRONG} == {check.__name__ for check in CHECKS}


def test_a_new_command_and_a_new_claim_are_noticed() -> None:
    known = today()
    more = Facts({**known.claims, "a.py::test_b": frozenset({"GATE-APR-PROV-009"})}, (*known.commands, "new"))
    found = [text for check in CHECKS for text in check(BOOK, more)]
    assert sorted(found) == ["a.py::test_b claims GATE-APR-PROV-009, which is not in the contract", "new is not listed"]


# ---- what is said of the commands is so ----


@proves("CMD-001", "CMD-002")
def test_the_commands_are_those_that_are_listed() -> None:
    assert sorted(LISTED) == sorted(COMMANDS)
    shown = aprfmt("--help").out.partition("\nCommands:\n")[2].split("\n\n")[0]
    assert set(re.findall(r"^  (\S+)", shown, re.MULTILINE)) == {name.split()[0] for name in LISTED}


GROUPS = sorted({name.rpartition(" ")[0] for name in COMMANDS})


@proves("CMD-003")
@pytest.mark.parametrize("name", [*GROUPS, *LISTED])
def test_help(name: str) -> None:
    run = aprfmt(*name.split(), "--help")
    assert (run.code, run.err) == (OK, "")
    assert run.out.startswith(f"Usage: {' '.join(['aprfmt', *name.split()])} ")
    assert "Traceback" not in run.out


@proves("CMD-006")
def test_the_version() -> None:
    run = process("--version")
    assert (run.code, run.err) == (OK, "")
    assert run.out.startswith("aprfmt ")
    assert run.out.count("\n") == 1


@proves("CMD-007")
def test_without_arguments() -> None:
    run = process()
    assert (run.code, run.out) == (REQUEST, "")
    assert "Commands:" in run.err
    assert "Traceback" not in run.err


@proves("CMD-009")
@pytest.mark.parametrize("name", [name for name, entry in LISTED.items() if entry["requires_model"]])
def test_a_command_that_requires_a_model_asks_for_it(name: str) -> None:
    run = aprfmt(*name.split())
    assert (run.code, run.out) == (REQUEST, "")
    assert "Missing argument" in run.err


# Runs that end with each exit code a command has of its own, and ones that end with 0 where a command has an easy one.
RECIPES = ("--recipes", "recipes")
RUNS: dict[str, list[tuple[int, str]]] = {
    "canonicalise": [(OK, "good.apr -o tidy.apr"), (FORMAT, "bad.apr -o tidy.apr")],
    "conform": [
        (OK, "--call aprfmt.conform.own:answer --recipes recipes --only sound"),
        (FINDINGS, f"--cmd {shlex.quote(f'{sys.executable} -c pass {{file}}')} --recipes recipes"),
    ],
    "diff": [(OK, "good.apr good.apr"), (FINDINGS, "good.apr bare.apr"), (FORMAT, "good.apr other.apr")],
    "dump": [(OK, "good.apr"), (FORMAT, "bad.apr")],
    "explain": [(OK, "APR-P001")],
    "fuzz corpus": [(OK, "seeds --recipes recipes")],
    "fuzz promote": [(OK, "new.json -o vectors.json"), (FINDINGS, "found.json")],
    "fuzz run": [
        (OK, "--cases 1 --jobs 1"),
        (FINDINGS, f"--case 149 --cmd {shlex.quote(f'{sys.executable} -S -c pass {{file}}')}"),
    ],
    "gate": [(OK, "good.apr"), (FINDINGS, "bare.apr"), (FORMAT, "other.apr")],
    "inspect": [(OK, "good.apr"), (FINDINGS, "footless.apr --check"), (FORMAT, "bad.apr")],
    "licenses": [(OK, "mit"), (FINDINGS, "no licence is called so")],
    "recover": [(OK, "cut.apr"), (FINDINGS, "cut.apr wrong.apr"), (FORMAT, "foreign.apr")],
    "rules": [(OK, "")],
    "shrink": [(OK, "bad.apr")],
    "spec": [(OK, "")],
    "stamp": [
        (OK, "bare.apr --license MIT -o new.apr"),
        (FINDINGS, "-i bare.apr bad.apr --license MIT"),
        (FORMAT, "bad.apr --license MIT -o new.apr"),
    ],
    "tensors": [(OK, "good.apr"), (FORMAT, "bad.apr")],
    "validate": [(OK, "good.apr"), (FINDINGS, "bad.apr")],
    "vectors adequacy": [(FINDINGS, "--recipes recipes --only 'APR-D003 off*' --jobs 1")],
    "vectors build": [(OK, "built --recipes recipes --only sound")],
    "vectors check": [(OK, "--recipes recipes --only sound"), (FINDINGS, "--recipes recipes")],
    "vectors export": [(OK, "exported --recipes recipes --only sound")],
    "vectors list": [(OK, "--recipes recipes")],
    "vectors show": [(OK, "sound --recipes recipes")],
    "verify": [
        (OK, "stamped.apr --receipt r.json"),
        (FINDINGS, "good.apr --receipt r.json"),
        (FORMAT, "other.apr --receipt r.json"),
    ],
}


@cache
def found(case: int) -> str:
    """The JSON of a finding: that of case 149 has the file of a vector, that of 251 has one of its own."""
    run = run_of(Toy(), cases=1, start=case, tries=0)
    return json.dumps(run.findings[0].as_json())


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with files of every kind, in which commands are run."""
    good, bare = sound(), (GOLDEN / "sharded.apr").read_bytes()
    made = {
        "good.apr": good,
        "bare.apr": bare,
        "bad.apr": bare[:45] + b"!" + bare[46:],
        "footless.apr": sound(footer=None),
        "other.apr": b"GGUF" + bytes(200),
    }
    # Beside these lies what a stamp in place leaves: twice it was cut before it began, once it is no journal.
    made |= {"cut.apr": good, "wrong.apr": good[:-1] + bytes([good[-1] ^ 1]), "foreign.apr": good}
    for name, raw in made.items():
        (tmp_path / name).write_bytes(raw)
    for name in ("cut.apr", "wrong.apr"):
        journal_path(tmp_path / name).write_bytes(b"aprfmt")
    journal_path(tmp_path / "foreign.apr").mkdir()
    (tmp_path / "found.json").write_text(found(149), encoding="utf-8")
    (tmp_path / "new.json").write_text(found(251), encoding="utf-8")
    written(tmp_path / "recipes", [item for item in VECTORS if item["id"] != "large"])
    monkeypatch.chdir(tmp_path)
    stamp = ("stamp", "bare.apr", "--license", "MIT", "-o", "stamped.apr", "--receipt", "r.json", "-q")
    assert aprfmt(*stamp).code == OK
    return tmp_path


def contents(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest() for path in files}


def ran(name: str, arguments: str) -> Run:
    return aprfmt(*name.split(), *shlex.split(arguments))


@proves("CMD-004", "CMD-008")
@pytest.mark.parametrize(
    ("name", "code", "arguments"), [(name, *case) for name, cases in RUNS.items() for case in cases]
)
def test_a_command_ends_as_it_is_listed(name: str, code: int, arguments: str, folder: Path) -> None:
    before = contents(folder)
    run = ran(name, arguments)
    assert run.code == code, run.err
    assert "Traceback" not in run.err
    entry = LISTED[name]
    assert run.code in {*entry["exit_codes"], *BOOK["commands"]["exit_codes_of_all"]} & set(EXIT_CODES)
    if entry["side_effects"] == ["none"]:
        assert contents(folder) == before


@proves("CMD-005")
def test_every_exit_code_of_a_command_is_shown() -> None:
    shown = {name: sorted({code for code, _ in cases if code != OK}) for name, cases in RUNS.items()}
    assert shown == {name: entry["exit_codes"] for name, entry in LISTED.items()}


def test_what_writes_files_does_write_them(folder: Path) -> None:
    for name, entry in LISTED.items():
        if entry["side_effects"] == ["filesystem"]:
            before = contents(folder)
            assert ran(name, RUNS[name][0][1]).code == OK
            assert contents(folder) != before
