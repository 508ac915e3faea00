"""From a symptom to a finding: asked again, shrunk, and told so that anybody can see it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from ... import __version__
from ...errors import printable
from ..desk import Desk, Question, Seen
from ..drawing.cases import Case, Patch
from ..drawing.recipe import Recipe
from ..findings import Finding
from ..judging.own import made
from ..judging.symptoms import OWN, Symptom
from ..targets import LateError
from ..watch import OverrunError, watched
from .passes import chunks
from .shrink import Effort, shrink

__all__ = ["FILE", "examined", "listed", "printf", "question_of"]

FILE = "fuzz-case.apr"
"""The file that a line for a shell makes."""
_LONGEST_LINE = 4000
_FICKLE_TRIES = 5
"""How often a target that gives different answers is asked before it counts as giving the same."""
_FICKLE = frozenset({"not-deterministic"})


def question_of(symptom: Symptom, case: Case) -> Question:
    """What has to be asked again to see a symptom again."""
    op = "agree" if symptom.judge == "agreement" else symptom.op
    return Question(
        symptom.target,
        op,
        case.patches if op == "stamp" else None,
        case.tree if op == "write" else None,
    )


def examined(desk: Desk, seen: Seen, effort: Effort) -> Finding:
    """The finding of a symptom: the plainest file that shows it, or the case as it was when it does not show again.

    Where the time ends before that is known, it is the case as it was seen.
    """
    before = listed(desk, seen)
    case, raw, failed = desk.drawn(seen.index)
    if failed:
        return before
    try:
        question = question_of(seen.symptom, case)
        if not _shows(desk, question, seen.symptom, case.recipe, raw):
            return replace(before, again=False)
        if question.op == "write":
            return _smaller_tree(desk, before, question, effort)
        return _smaller_file(desk, before, question, effort)
    except LateError:
        return replace(before, complete=False)


def _smaller_file(desk: Desk, before: Finding, question: Question, effort: Effort) -> Finding:
    """The finding with the plainest file that shows it, and with smaller patches."""
    symptom = before.symptom

    def wanted(recipe: Recipe, file: bytes) -> bool:
        return _shows(desk, question, symptom, recipe, file)

    shrunk = shrink(before.recipe, wanted, effort, about=symptom.rule)
    found = replace(before, recipe=shrunk.recipe, raw=shrunk.raw, tries=shrunk.tries, complete=shrunk.complete)
    if question.patches is not None:
        found = _smaller_patches(desk, found, question, effort)
    return _told(desk, _with_detail(desk, found, question))


def _shows(desk: Desk, question: Question, symptom: Symptom, recipe: Recipe, raw: bytes) -> bool:
    """Whether it is seen again; what differs from one time to the next gets more than one chance."""
    tries = _FICKLE_TRIES if symptom.kind in _FICKLE else 1
    return any(symptom.key in _keys(desk, question, recipe, raw) for _ in range(tries))


def _keys(desk: Desk, question: Question, recipe: Recipe, raw: bytes) -> set[tuple[str, str]]:
    return {item.key for item in desk.ask(question, recipe, raw)}


def _with_detail(desk: Desk, finding: Finding, question: Question) -> Finding:
    """The finding with the words that go with the smaller file."""
    asked = replace(question, patches=finding.patches)
    try:
        items = [item for item in desk.ask(asked, finding.recipe, finding.raw) if item.key == finding.symptom.key]
    except LateError:
        return finding
    return replace(finding, symptom=items[0]) if items else finding


def listed(desk: Desk, seen: Seen) -> Finding:
    """The finding of a symptom as it was seen, without shrinking."""
    case, raw, _ = desk.drawn(seen.index)
    question = question_of(seen.symptom, case)
    found = Finding(
        symptom=seen.symptom,
        seed=case.seed,
        index=case.index,
        count=seen.count,
        recipe=case.recipe,
        raw=raw,
        patches=question.patches,
        tree=question.tree,
        profile=desk.settings.profile,
        suite=desk.suite.digest,
        aprfmt=__version__,
        nbytes_before=len(raw),
        replay=_replay(desk, case),
    )
    if question.op == "write":
        found = replace(found, recipe=Recipe(seal=()), raw=_file_of(desk, question.tree or {}))
    return _told(desk, found)


def _file_of(desk: Desk, tree: Mapping[str, Any]) -> bytes:
    """The file that a writer must make, no bytes where it must refuse, or where we fail."""
    try:
        with watched(desk.seconds):
            return made(tree)
    except (Exception, OverrunError):
        return b""


def _told(desk: Desk, finding: Finding) -> Finding:
    """The finding with our opinion of its file, everybody's answer while there is time, and how to see it."""
    finding = replace(finding, reproduce=_reproduce(desk, finding))
    if finding.symptom.op == "write":
        return replace(finding, verdict="accept" if finding.raw else "reject")
    opinion, failed = desk.opinion(finding.raw)
    if opinion is None:
        return replace(finding, verdict=": ".join(part for part in (failed[0].judge, failed[0].kind) if part))
    rules = opinion.rules
    beside = tuple(sorted({item.rule for item in opinion.report.findings} - set(rules)))
    found = replace(finding, verdict=opinion.verdict, rules=rules, beside=beside)
    try:
        return replace(found, answers=desk.answers(finding.raw))
    except LateError:
        return found


def _replay(desk: Desk, case: Case) -> str:
    words = ["aprfmt", "fuzz", "run", "--seed", str(case.seed), "--case", str(case.index)]
    settings = desk.settings
    if settings.profile != "default":
        words += ["--profile", settings.profile]
    for spec in settings.targets:
        words += spec.options()
    return printable(shlex.join(words))


def _reproduce(desk: Desk, finding: Finding) -> str:
    """A line for a shell that makes the file and asks the target; nothing when it would be too long for one."""
    symptom = finding.symptom
    make = "" if symptom.op == "write" else f"{printf(finding.raw)} > {FILE} && "
    if symptom.target == OWN:
        line = _of_ours(finding)
        line = f"{make}{line}" if line else ""
    else:
        patch = None if finding.patches is None else finding.patches[0]
        line = make + desk.target(symptom.target).shell(symptom.op, FILE, patch, finding.tree)
    return line if len(line) <= _LONGEST_LINE and printable(line) == line else ""


def _of_ours(finding: Finding) -> str:
    """The command of ours that does to the file what was wrong; nothing where only the judges see it."""
    symptom = finding.symptom
    if symptom.op == "stamp" and finding.patches is not None:
        given = [word for key, text in finding.patches[0].items() for word in ("--set-str", f"{key}={text}")]
        return shlex.join(["aprfmt", "stamp", FILE, *given, "-o", f"{Path(FILE).stem}-out.apr"])
    if symptom.op == "read" and symptom.judge != "round-trip":
        profile = [] if finding.profile == "default" else ["--profile", finding.profile]
        return shlex.join(["aprfmt", "validate", *profile, FILE])
    return ""


def printf(raw: bytes) -> str:
    """A command of a shell that prints these bytes; many zeros come from where there are enough of them."""
    parts = []
    at = 0
    for match in _ZEROS.finditer(raw):
        parts += [_literal(raw[at : match.start()]), f"head -c {len(match[0])} /dev/zero"]
        at = match.end()
    parts.append(_literal(raw[at:]))
    found = [part for part in parts if part]
    return found[0] if len(found) == 1 else "{ " + "; ".join(found) + "; }" if found else "printf ''"


def _literal(raw: bytes) -> str:
    shown = (chr(byte) if chr(byte).isalnum() and chr(byte).isascii() else f"\\{byte:03o}" for byte in raw)
    return f"printf '{''.join(shown)}'" if raw else ""


_ZEROS = re.compile(rb"\0{8,}")


def _smaller_patches(desk: Desk, finding: Finding, question: Question, effort: Effort) -> Finding:
    """The finding with patches of fewer keys and shorter texts."""
    patches, tries = finding.patches or ({}, {}), finding.tries

    def shows(candidate: tuple[Patch, Patch]) -> bool:
        asked = replace(question, patches=candidate)
        return _shows(desk, asked, finding.symptom, finding.recipe, finding.raw)

    patches, tries, complete = _smallest(patches, _patches_less_than, shows, effort, tries)
    return replace(finding, patches=patches, tries=tries, complete=finding.complete and complete)


T = TypeVar("T")


def _smallest(
    item: T, less_than: Callable[[T], Iterator[T]], shows: Callable[[T], bool], effort: Effort, tries: int
) -> tuple[T, int, bool]:
    """What is left of something when nothing can be left out any more, how many tries there were, and whether to the
    end."""
    improved = True
    while improved:
        improved = False
        for candidate in less_than(item):
            if effort.is_spent(tries):
                return item, tries, False
            tries += 1
            try:
                improved = shows(candidate)
            except LateError:
                return item, tries, False
            if improved:
                item = candidate
                break
    return item, tries, True


def _patches_less_than(patches: tuple[Patch, Patch]) -> Iterator[tuple[Patch, Patch]]:
    for number, patch in enumerate(patches):
        for some in chunks(tuple(patch)):
            if some or number:  # the first one has to say something
                yield _replaced(patches, number, {key: patch[key] for key in some})
        for key, value in patch.items():
            if value != "MIT":
                yield _replaced(patches, number, {**patch, key: "MIT"})


def _replaced(patches: tuple[Patch, Patch], number: int, patch: Patch) -> tuple[Patch, Patch]:
    return (patch, patches[1]) if number == 0 else (patches[0], patch)


def _smaller_tree(desk: Desk, before: Finding, question: Question, effort: Effort) -> Finding:
    """The finding of a writer with a tree of fewer tensors, keys and flags."""

    def shows(candidate: Mapping[str, Any]) -> bool:
        return _shows(desk, replace(question, tree=candidate), before.symptom, before.recipe, before.raw)

    tree, tries, complete = _smallest(before.tree or {}, _trees_less_than, shows, effort, 0)
    found = replace(before, tree=tree, raw=_file_of(desk, tree), tries=tries, complete=complete)
    return _told(desk, _with_detail(desk, found, replace(question, tree=tree)))


def _trees_less_than(tree: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for some in chunks(tuple(tree["tensors"])):
        yield {**tree, "tensors": list(some)}
    for keys in chunks(tuple(tree["metadata"])):
        yield {**tree, "metadata": {key: tree["metadata"][key] for key in keys}}
    for flags in chunks(tuple(tree["flags"])):
        yield {**tree, "flags": list(flags)}
    for number, tensor in enumerate(tree["tensors"]):
        for some in chunks(tuple(tensor["dims"])):
            plain = {**tensor, "dtype": "i8", "dims": list(some), "data": "00" * _product(some)}
            yield {**tree, "tensors": [*tree["tensors"][:number], plain, *tree["tensors"][number + 1 :]]}


def _product(dims: tuple[Any, ...]) -> int:
    found = 1
    for dim in dims:
        found = min(found * int(dim), 1 << 10)
    return found
