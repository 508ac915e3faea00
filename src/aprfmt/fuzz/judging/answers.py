"""What the answers of a target to one case are worth: the judges in their order, each a list of symptoms."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from typing import Any

from ...conform.compare import difference
from ...conform.judging import first_difference
from ...conform.plugs import Answer
from ...conform.results import Outcome
from ...container import Container
from ...errors import AprError, LimitExceededError
from ...layout import facts
from ...vectors.image import Image
from ...vectors.readings import reading_if_whole
from ..drawing.cases import Patch
from ..targets import Made, Target
from .laws import broken_laws
from .own import Opinion, made, stamped
from .symptoms import Symptom, crash_words, normalised, place_of

__all__ = ["read_symptoms", "stamp_symptoms", "write_symptoms"]

_LUCKY = 24
"""How often a stamp is made again before one that seems to break a law is taken to give the same every time."""
_BROKEN = {Outcome.CRASH: "crash", Outcome.TIMEOUT: "timeout", Outcome.BUDGET: "memory"}


def _of_answer(target: Target, op: str, found: Made) -> Iterator[Symptom]:
    """What is wrong whatever the right answer is."""
    answer = found.answer
    if answer.outcome is not None:
        judge = _BROKEN.get(answer.outcome, "crash")
        said = crash_words(answer.detail) if judge == "crash" else ""
        yield Symptom(target.name, op, judge, said=said, detail=answer.detail)
    elif answer.verdict is None and not answer.skip:
        yield Symptom(target.name, op, "crash", detail="answered neither a verdict nor a skip")
    if found.input_changed:
        yield Symptom(target.name, op, "bytes", "input-changed", detail="the file that was read is another one now")
    if answer.verdict == "reject" and op != "read" and found.left != "no file":
        yield Symptom(target.name, op, "bytes", "left-a-file", detail="refused, and left a file")


def _refusal(target: Target, answer: Answer) -> tuple[str | None, str]:
    """The rule that a refusal names, and what else it says, normalised."""
    known = target.plug.rules.get(answer.code, (answer.code,) if answer.code in facts.RULES else ())
    if known:
        return known[0], ""
    return None, normalised(answer.code or answer.message)


def _said(answer: Answer) -> str:
    return ": ".join(text for text in (answer.code, answer.message) if text)


def _refused_valid(target: Target, op: str, answer: Answer) -> Symptom:
    rule, said = _refusal(target, answer)
    words = f"expected accept, found reject ({_said(answer) or 'no reason'})"
    return Symptom(target.name, op, "verdict", "rejected-valid", rule, "", said, words)


def read_symptoms(target: Target, opinion: Opinion, verdicts: dict[str, str]) -> Iterator[Symptom]:
    """What is wrong with how a target reads a file: its verdict is held against ours, then what it read.

    Its verdict is put beside those of other targets in `verdicts`.
    """
    found = target.read(opinion.raw)
    answer = found.answer
    if answer.verdict is not None:
        verdicts[target.name] = answer.verdict
    yield from _of_answer(target, "read", found)
    if answer.verdict is None or answer.outcome is not None or opinion.verdict == "free":
        return
    if opinion.verdict == "accept" and answer.verdict == "reject":
        yield _refused_valid(target, "read", answer)
    elif opinion.verdict == "reject" and answer.verdict == "accept":
        # It takes a file that breaks several rules only when it enforces none of them.
        for rule, place in dict.fromkeys((item.rule, place_of(item.field)) for item in opinion.report.errors):
            words = f"expected reject because of {', '.join(opinion.rules)}, found accept"
            yield Symptom(target.name, "read", "verdict", "accepted-invalid", rule, place, "", words)
    elif answer.verdict == "accept" and answer.values is not None:
        yield from _values(target, opinion.raw, answer.values)


def _values(target: Target, raw: bytes, values: Mapping[str, Any]) -> Iterator[Symptom]:
    expected = reading_if_whole(Container(Image.of(raw), lenient=True))
    if expected is None:
        return
    detail, _ = difference(expected, values)
    if detail:
        place, _, words = detail.partition(": ")
        yield Symptom(target.name, "read", "values", "other-value", None, place_of(place), normalised(words), detail)


def stamp_symptoms(target: Target, raw: bytes, patches: tuple[Patch, Patch]) -> Iterator[Symptom]:
    """What is wrong with how a target stamps a file: whether it does, then the laws, then the bytes."""
    first, second = patches
    expected: bytes | None = None
    rule, refused = None, ""
    try:
        expected = stamped(raw, first)
    except LimitExceededError:
        return
    except AprError as error:
        rule, refused = getattr(error, "rule_id", None), str(error)
    once = target.stamp(raw, first)
    is_made = yield from _of_made(target, "stamp", once, is_due=expected is not None, rule=rule, refused=refused)
    if is_made and expected is not None:
        yield from _laws(target, raw, expected, once.raw, first, second)


def _of_made(
    target: Target, op: str, found: Made, *, is_due: bool, rule: str | None = None, refused: str
) -> Generator[Symptom, None, bool]:
    """What is wrong before any bytes are looked at, and whether there are some to look at: a file was due and made."""
    answer = found.answer
    yield from _of_answer(target, op, found)
    if answer.verdict is None or answer.outcome is not None:
        return False
    if answer.verdict == "reject":
        if is_due:
            yield _refused_valid(target, op, answer)
        return False
    if not is_due:
        said = "" if rule is not None else normalised(refused)
        words = f"expected reject, found accept: {refused}"
        yield Symptom(target.name, op, "verdict", "accepted-invalid", rule, "", said, words)
        return False
    if found.left:
        yield Symptom(target.name, op, "bytes", "no-output", detail=f"expected a file, found {found.left}")
    return not found.left


def _laws(target: Target, raw: bytes, expected: bytes, once: bytes, first: Patch, second: Patch) -> Iterator[Symptom]:
    broken = False
    if once != expected:  # what is equal keeps the laws that ours is held to
        for law in broken_laws(raw, once, first):
            broken = True
            yield Symptom(target.name, "stamp", "stamp", law.kind, None, law.place, "", law.detail)
    kind, words = "", ""
    if target.stamp(raw, first).raw != once:
        kind = "not-deterministic"
    elif target.stamp(once, first).raw != once:
        kind, words = "not-idempotent", "a second stamp with the same patch changed the file, or was refused"
    elif second and target.stamp(once, second).raw != target.stamp(raw, {**first, **second}).raw:
        kind, words = "does-not-compose", "the second patch after the first one gave other bytes than both at once"
    if kind and any(target.stamp(raw, first).raw != once for _ in range(_LUCKY)):
        kind = "not-deterministic"  # and was the same at first by chance: nothing that compares bytes says anything
    if kind == "not-deterministic":
        yield Symptom(
            target.name, "stamp", "stamp", kind, detail="the same stamp of the same file gave different bytes"
        )
        return
    if kind:
        yield Symptom(target.name, "stamp", "stamp", kind, detail=words)
    if once != expected and not broken:
        yield _other_bytes(target, "stamp", expected, once)


def _other_bytes(target: Target, op: str, expected: bytes, found: bytes) -> Symptom:
    words = first_difference(expected, found)
    place = place_of(words.partition(" @")[0].partition(" of tensor")[0])
    return Symptom(target.name, op, "bytes", "other-bytes", None, place, "", words)


def write_symptoms(target: Target, tree: Mapping[str, Any]) -> Iterator[Symptom]:
    """What is wrong with how a target writes a tree."""
    expected: bytes | None = None
    refused = ""
    try:
        expected = made(tree)
    except AprError as error:
        refused = str(error)
    found = target.write(tree)
    is_made = yield from _of_made(target, "write", found, is_due=expected is not None, refused=refused)
    if is_made and expected is not None and found.raw != expected:
        if any(target.write(tree).raw != found.raw for _ in range(_LUCKY)):
            words = "the same tree gave different bytes"
            yield Symptom(target.name, "write", "bytes", "not-deterministic", detail=words)
        else:
            yield _other_bytes(target, "write", expected, found.raw)
