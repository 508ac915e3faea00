"""Whole files: canonical ones, odd ones, sound ones, and ones that break one rule."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from hypothesis import strategies as st

from .. import layout
from ..errors import RequestError
from .asked import counts_asked, profile_asked, rules_asked, sound_asked, strategy_asked
from .breaking import GENERAL, broken
from .drafts import Ask, Draft, drafts
from .strategies import trees

__all__ = ["containers"]


@cache
def _warm_up() -> None:
    """Pay for what the first file costs here rather than inside a draw, where Hypothesis takes it for slowness."""
    layout.parse(layout.build({"metadata": b"{}", "tensor_index": {"entries": []}}))


def containers(
    *,
    canonical: bool = True,
    footer: bool | None = None,
    min_tensors: int = 0,
    max_tensors: int = 4,
    metadata: st.SearchStrategy[bytes] | None = None,
    sound: bool = False,
    breaking: str | Iterable[str] | None = None,
    profile: str = GENERAL,
) -> st.SearchStrategy[bytes]:
    """The bytes of files that every careful reader accepts, or that break one rule. Some 400 a second.

    `canonical` ones are as the reference's in-memory writer lays them out. The others may have data in any order and
    with gaps, filler that is longer than needed or not zero, any flags but the column-major one, reserved bytes, a
    minor version, legacy ids, rows of blocks. `footer` is drawn when it is None (canonical files always have one);
    `metadata` replaces `metadata_json()`.

    `sound` files are canonical ones that no rule speaks of, in any profile, not even to warn: they say where they come
    from, and hold nothing that parsers disagree about.

    `breaking` is the id of a rule, as `breakable` lists them: sound files with one fault, which is of that rule, and at
    most those of `consequences` beside it. Of several ids each file breaks one. `profile` is the one in which they
    break it: the rules of `reader` are decided in another way than the same ones elsewhere. `metadata` has to be sound
    here, and is not taken where the metadata is what is broken. Files for APR-M007 have 16 MiB, those for APR-L001 some
    1 MiB.

    Raises `RequestError` for a rule or profile that does not exist, for a rule that the profile does not have, and for
    what cannot be had together.
    """
    counts_asked(min_tensors, max_tensors)
    profile_asked(profile)
    sound_asked(sound, breaking)
    if metadata is not None:
        strategy_asked("metadata", metadata)
    if breaking is None and profile != GENERAL:
        raise RequestError("profile: expected a rule to break in it, found none; sound files are sound in all of them")
    _warm_up()
    if breaking is None and not sound:
        return trees(
            canonical=canonical, footer=footer, min_tensors=min_tensors, max_tensors=max_tensors, metadata=metadata
        ).map(layout.build)
    if not canonical or footer is False:
        what = "sound files" if breaking is None else "files that break one rule alone"
        more = "" if breaking is None else "; damaged(containers(canonical=False)) are odd and broken in any way"
        raise RequestError(f"{what} are canonical, with a footer: expected nothing else to be asked for{more}")
    if breaking is None:
        return drafts(Ask(min_tensors, max_tensors), metadata=metadata).map(Draft.built)
    return st.one_of(
        [
            broken(rule, profile=profile, min_tensors=min_tensors, max_tensors=max_tensors, metadata=metadata)
            for rule in rules_asked(breaking)
        ]
    )
