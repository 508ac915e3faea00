"""Raw JSON for the metadata section: valid in every reader of the format and as odd as it allows, sound, or wrong."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import strategies as st

from ..layout._generated.metadata_schema import KEYS
from .asked import number_asked, rule_asked, rules_asked, sound_asked
from .malformed import MALFORMED
from .members import FREE_KEYS, ODD, SPACES, STRINGS, VALUES, joined, quoted_key, sound_members

__all__ = ["metadata_json"]

_FREE_VALUES = st.one_of(
    st.sampled_from(ODD),
    STRINGS,
    st.integers().map(str),
    st.lists(st.sampled_from(ODD) | STRINGS, max_size=3).map(lambda items: "[" + " ,".join(items) + "]"),
)
_KNOWN, _FREE, _SPACE = st.sampled_from(KEYS), st.sampled_from(FREE_KEYS), st.sampled_from(SPACES)


def metadata_json(
    *, max_members: int = 5, sound: bool = False, breaking: str | Iterable[str] | None = None
) -> st.SearchStrategy[bytes]:
    """The bytes of one JSON object: known keys of their type in any order, unknown keys, odd literals, duplicates.

    Known keys always hold what every reader accepts; what is odd is the text. With `sound` there is nothing that any
    profile has a word to say about: no duplicates, no integers beyond 64 bits, and an origin that says something.
    `breaking` is the id of a rule about the metadata: sound members, and a fault of that rule, or of one of several.
    Some 1,500 a second.

    Raises `RequestError` for a rule that the metadata alone cannot break.
    """
    number_asked("max_members", max_members)
    sound_asked(sound, breaking)
    if breaking is None:
        return _sound(max_members) if sound else _any(max_members)
    rules = rules_asked(breaking)
    for rule in rules:
        rule_asked(rule, MALFORMED, "is about more than the metadata")
    return st.one_of([_broken(rule, max_members) for rule in rules])


@st.composite
def _broken(draw: st.DrawFn, rule: str, max_members: int) -> bytes:
    return MALFORMED[rule](draw, sound_members(draw, max_members=max_members))


@st.composite
def _sound(draw: st.DrawFn, max_members: int) -> bytes:
    return joined(sound_members(draw, max_members=max_members).items(), draw(_SPACE))


@st.composite
def _any(draw: st.DrawFn, max_members: int) -> bytes:
    space = draw(_SPACE)
    members = []
    for _ in range(draw(st.integers(0, max_members))):
        if draw(st.booleans()):
            known = draw(_KNOWN)
            members.append((quoted_key(known.name), draw(VALUES[known])))
        else:
            members.append((draw(_FREE), draw(_FREE_VALUES)))
    if draw(st.booleans()) and members:
        members.append(draw(st.sampled_from(members)))
    return joined(members, space)
