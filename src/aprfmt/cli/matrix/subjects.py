"""What a failure is about: the rule that is not enforced, or one of the other things that an implementation owes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ...conform import Outcome, Result
from ...layout import facts

__all__ = ["BROKEN", "SUBJECTS", "by_subject", "defect", "is_refusal", "name", "subject"]

SUBJECTS: Mapping[str, str] = {
    "valid-file-refused": "a valid file is refused",
    "value-misread": "something else is read than what is in the file",
    "request-refused": "a stamp or a build that is in order is refused",
    "request-accepted": "a stamp or a build that must be refused is done",
    "bytes-differ": "a stamp or a writer makes other bytes than it must",
    "crash": "the process dies, or its answer is no verdict",
    "timeout": "a case takes more time than the budget allows",
    "budget": "a case takes more memory than the budget allows",
}
"""What failures are about that no rule stands behind, with what is wrong then."""

BROKEN = frozenset({Outcome.CRASH, Outcome.TIMEOUT, Outcome.BUDGET})
"""Outcomes that are no answer."""

_BY_OUTCOME = {
    Outcome.REJECTED_VALID: "request-refused",
    Outcome.ACCEPTED_INVALID: "request-accepted",
    Outcome.WRONG_VALUE: "value-misread",
    Outcome.WRONG_BYTES: "bytes-differ",
}


def is_refusal(result: Result) -> bool:
    """Whether the vector must be refused because of a rule, so that it decides whether the rule is enforced."""
    return result.verdict == "reject" and result.rule is not None


def subject(result: Result) -> str:
    """The rule that the vector must be refused for; where there is none, a key of `SUBJECTS`."""
    if result.rule is not None and is_refusal(result):
        return result.rule
    if result.outcome is Outcome.REJECTED_VALID and result.op == "read":
        return "valid-file-refused"
    return _BY_OUTCOME.get(result.outcome, str(result.outcome))


def name(about: str) -> str:
    """`APR-D001 tensor-outside`; a rule of another edition, and what is no rule, as it is."""
    return f"{about} {facts.RULES[about].name}" if about in facts.RULES else about


def defect(about: str) -> str:
    """What is wrong when a subject fails: of a rule, what is wrong with the files."""
    return facts.RULES[about].defect if about in facts.RULES else SUBJECTS.get(about, "a rule that is not known here")


def by_subject(results: Iterable[Result]) -> dict[str, dict[Outcome, list[Result]]]:
    """Results by what they are about, in the order of the specification, and then by their outcome."""
    found: dict[str, dict[Outcome, list[Result]]] = {}
    for result in results:
        found.setdefault(subject(result), {}).setdefault(result.outcome, []).append(result)
    order = [*facts.RULES, *SUBJECTS]
    rank = {about: number for number, about in enumerate(order)}
    worst = list(Outcome)
    return {
        about: dict(sorted(outcomes.items(), key=lambda item: worst.index(item[0])))
        for about, outcomes in sorted(found.items(), key=lambda item: (rank.get(item[0], len(order)), item[0]))
    }
