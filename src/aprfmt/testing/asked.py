"""What the strategies are asked for: one clear error at once for what cannot be meant, and not when something is drawn.

Each function raises `RequestError`, which says what was expected and what was found.
"""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import strategies as st

from ..errors import RequestError
from ..layout import facts

__all__ = [
    "counts_asked",
    "number_asked",
    "profile_asked",
    "raw_asked",
    "rule_asked",
    "rules_asked",
    "sound_asked",
    "strategy_asked",
]


def number_asked(name: str, found: object, least: int = 0, most: int | None = None) -> None:
    """A number that is not too small, nor too large."""
    if isinstance(found, bool) or not isinstance(found, int) or found < least or (most is not None and found > most):
        end = "" if most is None else f", and at most {most}"
        raise RequestError(f"{name}: expected a number of at least {least}{end}, found {found!a:.80}")


def counts_asked(min_tensors: object, max_tensors: object) -> None:
    """Two numbers of tensors, the larger one last."""
    number_asked("min_tensors", min_tensors)
    number_asked("max_tensors", max_tensors)
    assert isinstance(min_tensors, int)  # noqa: S101 - asked above
    assert isinstance(max_tensors, int)  # noqa: S101 - as well
    if min_tensors > max_tensors:
        raise RequestError(f"max_tensors: expected at least {min_tensors}, as min_tensors is, found {max_tensors}")


def strategy_asked(name: str, found: object) -> None:
    """A strategy rather than a value."""
    if not isinstance(found, st.SearchStrategy):
        raise RequestError(
            f"{name}: expected a strategy, such as hypothesis.strategies.just(…) of a value, found {found!a:.80}"
        )


def raw_asked(name: str, found: object, expected: str = "bytes") -> bytes:
    """The bytes of what holds bytes."""
    if not isinstance(found, bytes | bytearray | memoryview):
        raise RequestError(f"{name}: expected {expected}, found {found!a:.80}")
    return bytes(found)


def rules_asked(breaking: object) -> tuple[str, ...]:
    """The ids of the rules to break, each once: one, or what holds several. Of a set they are sorted, because its order
    differs between processes. Whether they are known is asked elsewhere."""
    if isinstance(breaking, str):
        return (breaking,)
    if isinstance(breaking, bytes | bytearray | memoryview) or not isinstance(breaking, Iterable):
        raise RequestError(f"breaking: expected the id of a rule, or several, found {breaking!a:.80}")
    found = list(breaking)
    for rule in found:
        if not isinstance(rule, str):
            raise RequestError(f"breaking: expected the id of a rule, found {rule!a:.80}")
    if not found:
        raise RequestError("breaking: expected the id of a rule, or several, found none")
    return tuple(dict.fromkeys(sorted(found) if isinstance(breaking, set | frozenset) else found))


def rule_asked(rule: str, known: Iterable[str], why: str) -> None:
    """A rule that something can break; `why` follows the id of one of the specification that it cannot."""
    known = tuple(known)
    if rule not in known:
        says = why if rule in facts.RULES else "is the id of no rule"
        raise RequestError(f"breaking: expected one of {', '.join(known)}; {rule!a:.80} {says}")


def profile_asked(profile: object) -> None:
    """A profile that there is."""
    if not isinstance(profile, str) or profile not in facts.PROFILES:
        raise RequestError(f"expected one of {', '.join(facts.PROFILES)} as a profile, found {profile!a:.80}")


def sound_asked(sound: bool, breaking: object) -> None:
    """Not to be sound and broken at once."""
    if sound and breaking is not None:
        raise RequestError(f"sound: expected no rule to break with it, found {breaking!a:.80}")
