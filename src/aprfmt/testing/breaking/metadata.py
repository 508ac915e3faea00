"""Files whose metadata has one fault, and nothing else has."""

from __future__ import annotations

from hypothesis import strategies as st

from ..drafts import Draft
from ..malformed import MALFORMED, too_many_members
from ..members import sound_members
from ..metadata import metadata_json
from . import breaks

__all__: list[str] = []


def _as_it_is(draw: st.DrawFn, draft: Draft) -> bytes:
    """The fault is in the text already."""
    del draw
    return draft.built()


for _rule in MALFORMED:
    breaks(_rule, metadata=metadata_json(breaking=_rule, max_members=3), large=_rule == "APR-M007")(_as_it_is)


@st.composite
def _too_much(draw: st.DrawFn) -> bytes:
    return too_many_members(draw, sound_members(draw))


breaks("APR-L001", metadata=_too_much(), large=True)(_as_it_is)
