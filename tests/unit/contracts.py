"""What holds between the provenance contract, the tests that prove it and the commands, as functions that find faults.

`test_contract.py` holds them against the contract, and shows that each of them can fail. A test that proves a gate or a
statement says so with `proves`; what it says is read from the source, so that no test has to run for it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

import yaml
from tests.unit.cli.running import COMMANDS, REPOSITORY

from aprfmt.cli.exits import EXIT_CODES
from aprfmt.layout import facts
from aprfmt.ops.gate import GATES
from aprfmt.provenance import PROVENANCE_KEYS

__all__ = ["CHECKS", "CONTRACT", "Check", "Facts", "claims_in", "contract", "proves", "today"]

CONTRACT = REPOSITORY / "spec" / "provenance.contract.yaml"
_F = TypeVar("_F", bound=Callable[..., Any])
Claims = Mapping[str, frozenset[str]]
"""What each test claims to prove, by its node id without parameters; nothing for most of them."""


def proves(*_claims: str) -> Callable[[_F], _F]:
    """Say of a test that it proves gates or statements of the contract, which name it in return."""
    return lambda function: function


def contract() -> dict[str, Any]:
    """The contract as it is today, read anew, so that whoever changes it changes only his own."""
    value = yaml.safe_load(CONTRACT.read_text(encoding="utf-8"))
    assert isinstance(value, dict)
    return value


@dataclass(frozen=True, slots=True)
class Facts:
    """What the contract is held against."""

    claims: Claims
    commands: tuple[str, ...] = COMMANDS


@cache
def today() -> Facts:
    """The tests and the commands that there are."""
    found: dict[str, frozenset[str]] = {}
    for path in sorted((REPOSITORY / "tests").rglob("test_*.py")):
        text = path.read_text(encoding="utf-8")
        found |= claims_in(path.relative_to(REPOSITORY).as_posix(), text)
    return Facts(found)


def _tests_in(path: str, tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, ast.FunctionDef]]:
    """The tests of a module by their node ids, those in classes included."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield f"{path}::{prefix}{node.name}", node
        elif isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            yield from _tests_in(path, node, f"{prefix}{node.name}::")


def claims_in(path: str, text: str) -> dict[str, frozenset[str]]:
    """The tests of a module, and what each claims."""
    return {
        name: frozenset(claim for decorator in node.decorator_list for claim in _claims(decorator))
        for name, node in _tests_in(path, ast.parse(text))
    }


def _claims(decorator: ast.expr) -> Iterator[str]:
    if isinstance(decorator, ast.Call) and ast.unparse(decorator.func).rpartition(".")[2] == "proves":
        for argument in decorator.args:
            value = ast.literal_eval(argument)  # a claim that is computed cannot be found, and raises
            assert isinstance(value, str)
            yield value


Check = Callable[[Mapping[str, Any], Facts], Iterator[str]]


def _provable(book: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {**book["gates"], **book["commands"]["statements"]}


def everything_is_proved(book: Mapping[str, Any], _known: Facts) -> Iterator[str]:
    """Each gate and each statement names a test."""
    for name, node in _provable(book).items():
        if not node.get("tests"):
            yield f"{name} has no test"


def named_tests_exist(book: Mapping[str, Any], known: Facts) -> Iterator[str]:
    """A test that is named is there, once."""
    for name, node in _provable(book).items():
        tests = node.get("tests") or []
        yield from (f"{name} names {test}, which does not exist" for test in tests if test not in known.claims)
        if len(set(tests)) != len(tests):
            yield f"{name} names a test twice"


def tests_and_contract_agree(book: Mapping[str, Any], known: Facts) -> Iterator[str]:
    """What a test claims is what names it."""
    named = {(test, name) for name, node in _provable(book).items() for test in node.get("tests") or []}
    claimed = {(test, claim) for test, claims in known.claims.items() for claim in claims}
    yield from (f"{name} names {test}, which does not claim it" for test, name in sorted(named - claimed))
    for test, claim in sorted(claimed - named):
        whose = "does not name it" if claim in _provable(book) else "is not in the contract"
        yield f"{test} claims {claim}, which {whose}"


def gates_are_those_of_the_program(book: Mapping[str, Any], _known: Facts) -> Iterator[str]:
    """The gates, and the rules that each rests on, are those that are judged."""
    if list(book["gates"]) != list(GATES):
        yield f"the gates are {', '.join(book['gates'])}, the program has {', '.join(GATES)}"
    for name, gate in book["gates"].items():
        if tuple(gate["rules"]) != GATES.get(name, ()):
            yield f"{name} rests on {', '.join(gate['rules'])}, the program has {', '.join(GATES.get(name, ()))}"


_GATE_KEYS = {"name", "statement", "rules", "passes", "fails", "repair", "tests"}


def gates_are_complete(book: Mapping[str, Any], _known: Facts) -> Iterator[str]:
    """Each gate says what it asks, what passes, what fails and how to repair it, in terms that exist."""
    names = [gate.get("name") for gate in book["gates"].values()]
    if len(set(names)) != len(names):
        yield "two gates have one name"
    for name, gate in book["gates"].items():
        if gate.keys() - {"profile"} != _GATE_KEYS:
            yield f"{name} has the keys {', '.join(sorted(gate))}"
            continue
        yield from (
            f"{name}: {key} is empty" for key in ("name", "statement", "passes", "fails", "repair") if not gate[key]
        )
        if gate.get("profile", "publish") not in facts.PROFILES:
            yield f"{name}: there is no profile {gate['profile']}"
        for item in gate["fails"]:
            if item.keys() not in ({"metadata", "rule", "because"}, {"program"}) or not all(item.values()):
                yield f"{name}: a failure is metadata, rule and because, or program: found {', '.join(item)}"
        rules = [*gate["rules"], *(item["rule"] for item in gate["fails"] if "rule" in item)]
        yield from (f"{name}: there is no rule {rule}" for rule in rules if rule not in facts.RULES)


def fields_are_the_provenance(book: Mapping[str, Any], _known: Facts) -> Iterator[str]:
    """The fields are the keys that say where a model comes from, each with what must hold of it."""
    if tuple(book["fields"]) != PROVENANCE_KEYS:
        yield f"the fields are {', '.join(book['fields'])}, the program has {', '.join(PROVENANCE_KEYS)}"
    for name, item in book["fields"].items():
        if item.keys() != {"says", "type", "must"} or not all(item.values()):
            yield f"{name} has the keys {', '.join(sorted(item))}, or one is empty"


def listed_commands_exist(book: Mapping[str, Any], known: Facts) -> Iterator[str]:
    """A command that is listed is registered."""
    yield from (
        f"{name} is listed, and is no command" for name in book["commands"]["listed"] if name not in known.commands
    )


def commands_are_listed(book: Mapping[str, Any], known: Facts) -> Iterator[str]:
    """A command that is registered is listed."""
    yield from (f"{name} is not listed" for name in known.commands if name not in book["commands"]["listed"])


_VALUES = {
    "category": ("look", "judge", "write", "tell", "conform"),
    "requires_model": (True, False),
    "side_effects": ("none", "filesystem", "process"),
}


def commands_are_described(book: Mapping[str, Any], _known: Facts) -> Iterator[str]:
    """Each command has its category, whether it requires a model, its side effects and its exit codes."""
    for name, entry in book["commands"]["listed"].items():
        if entry.keys() != {*_VALUES, "exit_codes"}:
            yield f"{name} has the keys {', '.join(sorted(entry))}"
            continue
        for key, known in _VALUES.items():
            found = entry[key] if isinstance(entry[key], list) else [entry[key]]
            yield from (f"{name}: {key} is {value!r}" for value in found if value not in known)
        effects = entry["side_effects"]
        if not effects or len(set(effects)) != len(effects) or ("none" in effects and len(effects) > 1):
            yield f"{name}: side_effects are {', '.join(effects)}"


def exit_codes_are_documented(book: Mapping[str, Any], _known: Facts) -> Iterator[str]:
    """An exit code that is listed is one that the program documents, and is listed once."""
    shared = book["commands"]["exit_codes_of_all"]
    for name, codes in [("all", shared), *((n, e["exit_codes"]) for n, e in book["commands"]["listed"].items())]:
        yield from (f"{name}: {code} is no exit code" for code in codes if code not in EXIT_CODES)
        if sorted(set(codes)) != codes or (name != "all" and set(codes) & set(shared)):
            yield f"{name}: exit codes are out of order, or listed twice"
    used = {*shared, *(code for entry in book["commands"]["listed"].values() for code in entry["exit_codes"])}
    yield from (f"no command ends with {code}, which is documented" for code in EXIT_CODES if code not in used)


CHECKS: tuple[Check, ...] = (
    everything_is_proved,
    named_tests_exist,
    tests_and_contract_agree,
    gates_are_those_of_the_program,
    gates_are_complete,
    fields_are_the_provenance,
    listed_commands_exist,
    commands_are_listed,
    commands_are_described,
    exit_codes_are_documented,
)
