"""Every mutant by its id, and the context in which it is what runs.

An id says the rules, the place and the change, and no line number: it stays what it is while the code around it moves.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import cache, partial

from ... import jsonwalk
from ...errors import RequestError
from ...layout import facts
from ...rules import flipped
from .deciding import Site, rule_ids
from .functions import Function, Place, compiled, deciding_functions
from .operators import OPERATORS
from .patches import Patch, bounded_loops, patched, replaced_everywhere
from .switches import CONTROLS, switches
from .tables import table_changes

__all__ = ["BULKY_NBYTES", "Mutant", "applied", "bounded", "mutants", "places_of"]


BULKY_NBYTES = 1 << 15
"""Larger files are tried on the mutants of rules that one of them breaks."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of the validator: `rules` are those that it concerns, `where` is the place of what is changed."""

    id: str
    rules: tuple[str, ...]
    operator: str
    where: str
    about: str


@dataclass(frozen=True, slots=True)
class _Plan:
    """How a mutant is made, and where it is: a file for which no line of these runs cannot tell it from the original.
    Without any, it is the run as a whole that is different."""

    mutant: Mutant
    patches: Callable[[], list[Patch]]
    places: tuple[Place, ...] = ()


def mutants() -> list[Mutant]:
    """All mutants, the controls first, then rule by rule as they are declared, then function by function."""
    return [plan.mutant for plan in _plans().values()]


def applied(mutant_id: str) -> AbstractContextManager[None]:
    """The process with a mutant in it; raises `RequestError` for an id that no mutant has."""
    return patched(_plan(mutant_id).patches())


def places_of(mutant_id: str) -> frozenset[Place]:
    """Where a mutant is, line by line; nothing when it changes the run as a whole."""
    return frozenset(_plan(mutant_id).places)


def bounded() -> AbstractContextManager[None]:
    """The process as mutants need it, which decides the same as ever: every loop in it ends, for they may lose their
    way; the walks through metadata of common size decide without the quick tests before them; and nothing looks for
    what to say about a wrong checksum, which takes longer than all the rest."""
    patches = [
        Patch(flipped, "locate_flip", lambda *_: None),
        *(Patch(jsonwalk, name, _yes_or(vars(jsonwalk)[name])) for name in _QUICK_TESTS),
    ]
    for function, _ in deciding_functions().values():
        if any(isinstance(node, ast.While) for node in ast.walk(function.node)):
            patches.append(Patch(function.live, "__code__", compiled(function, bounded_loops(function.node.body))))
    return patched(patches)


_QUICK_TESTS = ("_may_repeat_keys", "_may_hold_wide_integers")


def _yes_or(test: Callable[[bytes], bool]) -> Callable[[bytes], bool]:
    """A test that says yes to any text but a large one, which it would take long to walk through."""
    return lambda raw: len(raw) <= BULKY_NBYTES or test(raw)


def _plan(mutant_id: str) -> _Plan:
    try:
        return _plans()[mutant_id]
    except KeyError:
        raise RequestError(f"expected the id of a mutant, found {mutant_id!a:.200}") from None


@cache
def _plans() -> Mapping[str, _Plan]:
    found: dict[str, _Plan] = {}
    for plan in (*_controls(), *_switched(), *_of_tables(), *_of_functions()):
        name, number = plan.mutant.id, 1
        while name in found:
            number += 1
            name = f"{plan.mutant.id} #{number}"
        found[name] = replace(plan, mutant=replace(plan.mutant, id=name))
    return found


def _controls() -> Iterator[_Plan]:
    for name, patches in CONTROLS.items():
        mutant = Mutant(f"control: {name}", tuple(facts.RULES), "control", "rules.run", f"{name} without looking")
        yield _Plan(mutant, patches)


def _switched() -> Iterator[_Plan]:
    for operator, rule, profiles, words, patches in switches():
        where = ", ".join(profiles)
        name = f"{rule} {words}" if "default" in profiles else f"{rule} {words} in {where}"
        about = f"{facts.RULES[rule].name} {words} in {where}"
        yield _Plan(Mutant(name, (rule,), operator, where, about), patches)


def _of_tables() -> Iterator[_Plan]:
    for change in table_changes():
        about = f"{change.where} {change.words}"
        mutant = _named(change.rules, change.where, change.words, change.operator, about)
        yield _Plan(mutant, partial(replaced_everywhere, change.before, change.after), change.places)


def _of_functions() -> Iterator[_Plan]:
    for function, rules in deciding_functions().values():
        for site in function.mutable_sites:
            for operator in OPERATORS:
                for words, node in operator.changes(site, function):
                    before, after = _before_and_after(site, node)
                    about = f"`{_cut(before)}` becomes `{_cut(after)}`"
                    change = f"{_cut(before)} → {_cut(words)}"
                    mutant = _named(_rules_at(site, function, rules), function.key, change, operator.name, about)
                    yield _Plan(mutant, partial(_swapped, function, site, node), tuple(function.places(site)))


def _before_and_after(site: Site, node: ast.AST) -> tuple[str, str]:
    """What stands in a place, and what is to; a lone number is shown with what is around it."""
    lone = isinstance(site.node, ast.Constant) and isinstance(site.parent, ast.expr | ast.Assign)
    if not lone:
        return ast.unparse(site.node), ast.unparse(node)
    before = ast.unparse(site.parent)
    site.put(node)
    try:
        return before, ast.unparse(site.parent)
    finally:
        site.put(site.node)


def _swapped(function: Function, site: Site, node: ast.AST) -> list[Patch]:
    """The patch of a function with another node in a place of its tree, which is as it was afterwards."""
    site.put(node)
    try:
        code = compiled(function, bounded_loops(function.node.body))
    finally:
        site.put(site.node)
    return [Patch(function.live, "__code__", code)]


def _named(rules: tuple[str, ...], where: str, change: str, operator: str, about: str) -> Mutant:
    few = " ".join(rules) if len(rules) <= _FEW else f"{rules[0]}…"
    return Mutant(f"{few} {where}: {change}", rules, operator, where, about)


_FEW = 2
_LONGEST = 60


def _cut(code: str) -> str:
    """Code in one short line."""
    line = " ".join(code.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def _rules_at(site: Site, function: Function, rules: tuple[str, ...]) -> tuple[str, ...]:
    """The rules of the statement around a place, of those behind that use what it sets, or of the function."""
    statements = (*site.inside, site.node) if isinstance(site.node, ast.stmt) else site.inside
    for statement in reversed(statements):
        if isinstance(statement, ast.If | ast.Try) and (named := tuple(dict.fromkeys(rule_ids(statement)))):
            return named
    if function.key.startswith("facts.check_") and statements and isinstance(statements[0], ast.Assign):
        return tuple(dict.fromkeys(_rules_behind(statements[0], function))) or rules
    return rules


def _rules_behind(statement: ast.Assign, function: Function) -> Iterator[str]:
    """The rules of the statements that use what this one sets, up to the one that sets it anew."""
    names = _targets(statement)
    body = function.node.body
    for follower in body[body.index(statement) + 1 :]:
        if isinstance(follower, ast.Assign) and names & _targets(follower):
            return
        yield from rule_ids(follower)


def _targets(statement: ast.Assign) -> set[str]:
    nodes = (node for target in statement.targets for node in ast.walk(target))
    return {node.id for node in nodes if isinstance(node, ast.Name)}
