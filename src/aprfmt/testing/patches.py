"""Stamps: what they set, merge and remove; sound ones, and ones after which a sound file breaks one rule."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

from ..errors import RequestError
from ..patch import MetadataPatch
from ..provenance import PROVENANCE_KEYS, STAMP_KEYS, ProvenancePatch
from ..tokenizer import PREFIX, Tokenizer
from .asked import number_asked, rule_asked, rules_asked, sound_asked
from .malformed import NO_LICENCE, NOTHING_SAID, required_members, wrong_value
from .members import FREE_KEYS, KEYS_AT, ORIGIN, SOUND_ODD, WIDEST

__all__ = ["metadata_patches", "patches"]

_TEXTS = st.sampled_from(("", "MIT", "Apache-2.0", "qwen2", 'a"b\\c\n', "模型 😀")) | st.text(max_size=8)
_LICENCES = tuple(key for key in PROVENANCE_KEYS if key != "data_source")
_WRONG: Mapping[str, tuple[Sequence[str], st.SearchStrategy[str]]] = {
    "APR-P002": (PROVENANCE_KEYS, NOTHING_SAID),
    "APR-P003": (_LICENCES, NO_LICENCE),
}
"""For a rule about provenance the keys under which it is broken, and the texts that break it."""


def patches(
    keys: Sequence[str] = STAMP_KEYS,
    *,
    max_keys: int = 4,
    sound: bool = False,
    breaking: str | Iterable[str] | None = None,
) -> st.SearchStrategy[ProvenancePatch]:
    """Stamps that set 1 to `max_keys` of `keys`, to any text.

    With `sound` what they say of the origin means something, so that a sound file stays sound. `breaking` is the id of
    a rule about provenance, APR-P002 or APR-P003: what is stamped breaks it, and no other one in a file that was sound.
    Of both each stamp breaks one.

    Raises `RequestError` for another rule, for `keys` of which none can break it, and for keys that no stamp sets.
    """
    number_asked("max_keys", max_keys, 1)
    sound_asked(sound, breaking)
    _require_keys(keys)
    if breaking is None:
        return _stamps(tuple(keys), max_keys, sound)
    return st.one_of([_wrong_stamps(keys, max_keys, rule) for rule in rules_asked(breaking)])


def _require_keys(keys: object) -> None:
    if isinstance(keys, str) or not isinstance(keys, Iterable):
        found = f"{keys!a:.80} (not in a list)"
    else:
        found = next((f"{key!a:.80}" for key in keys if key not in STAMP_KEYS), "" if keys else "none")
    if found:
        raise RequestError(f"keys: expected some of {', '.join(STAMP_KEYS)}, found {found}")


def _wrong_stamps(keys: Sequence[str], max_keys: int, breaking: str) -> st.SearchStrategy[ProvenancePatch]:
    rule_asked(breaking, _WRONG, "is no rule that a stamp breaks")
    able = [key for key in keys if key in _WRONG[breaking][0]]
    if not able:
        raise RequestError(f"keys: expected one of {', '.join(_WRONG[breaking][0])} to break {breaking}, found none")
    others = _stamps(tuple(keys), max_keys - 1, True).map(ProvenancePatch.values) if max_keys > 1 else st.just({})
    wrong = st.tuples(st.sampled_from(able), _WRONG[breaking][1])
    return st.tuples(others, wrong).map(lambda drawn: _stamp([*drawn[0].items(), drawn[1]]))


def _stamp(pairs: Sequence[tuple[str, str]]) -> ProvenancePatch:
    values: Any = dict(pairs)
    return ProvenancePatch(**values)


def _stamps(keys: Sequence[str], max_keys: int, sound: bool) -> st.SearchStrategy[ProvenancePatch]:
    texts = {key: ORIGIN.get(key, _TEXTS) if sound else _TEXTS for key in keys}
    pairs = st.one_of([st.tuples(st.just(key), values) for key, values in texts.items()])
    return st.lists(pairs, min_size=1, max_size=max_keys).map(_stamp)


_FREE = tuple(key for key in map(json.loads, FREE_KEYS) if not key.startswith(PREFIX))
_VALUES = st.sampled_from([json.loads(text) for text in SOUND_ODD]) | _TEXTS
_CHANGES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | _TEXTS,
    lambda inner: st.dictionaries(st.sampled_from(("a", "b", "ключ")), inner, max_size=2),
    max_leaves=4,
)
_TOKENIZERS = st.builds(
    lambda size, has_merges, model_type: Tokenizer(
        tuple(f"t{number}" for number in range(size)),
        ("t0 t1",) if has_merges and size > 1 else None,
        model_type,
        "vocab.json",
        (),
    ),
    st.integers(1, 4),
    st.booleans(),
    st.sampled_from((None, "BPE")),
)
_OBJECT = {name: json.loads(text) for name, text in required_members(KEYS_AT["quantization",]).items()}
_KNOWN: Mapping[str, st.SearchStrategy[Any]] = {
    **ORIGIN,
    "name": _TEXTS,
    "vocab_size": st.none() | st.integers(0, (1 << WIDEST) - 1),
    "rope_theta": st.none() | st.sampled_from((10000.0, 1e-6, 1)),
    "quantization": st.none() | st.just(_OBJECT),
}
"""Some keys of every type, and what may be set under them."""


@st.composite
def _members(draw: st.DrawFn) -> dict[str, Any]:
    """The arguments of a patch that leaves sound metadata sound."""
    given: dict[str, Any] = {"set": {}, "merge": {}, "unset": (), "dedupe": draw(st.booleans())}
    for key in _FREE:
        role = draw(_ROLES)
        if role == "unset":
            given["unset"] += (key,)
        elif role:
            given[role][key] = draw(_CHANGES if role == "merge" else _VALUES)
    for key in draw(st.lists(st.sampled_from(tuple(_KNOWN)), max_size=2)):
        given["set"][key] = draw(_KNOWN[key])
    given["tokenizer"] = draw(st.none() | st.none() | _TOKENIZERS)
    return given


_ROLES = st.sampled_from(("", "", "set", "merge", "unset"))


def metadata_patches(*, breaking: str | Iterable[str] | None = None) -> st.SearchStrategy[MetadataPatch]:
    """Stamps of any kind: values that are set, a merge patch, keys that are removed, duplicates, a tokenizer.

    They can be applied to whatever sound metadata there is, and it stays sound. `breaking` is the id of a rule: what is
    set or removed breaks it, and no other one; of several ids each patch breaks one. A patch that breaks APR-M006 is
    refused when it is applied, because no stamp writes what readers refuse.

    Raises `RequestError` for a rule that no patch breaks.
    """
    if breaking is None:
        return _members().map(lambda given: MetadataPatch(**(given if any(given.values()) else {"dedupe": True})))
    rules = rules_asked(breaking)
    for rule in rules:
        rule_asked(rule, _BREAKING, "is no rule that a patch breaks")
    return st.one_of([_broken(_BREAKING[rule]) for rule in rules])


@st.composite
def _broken(draw: st.DrawFn, change: Callable[[st.DrawFn], Mapping[str, Any]]) -> MetadataPatch:
    given, wrong = draw(_members()), change(draw)
    named = {*wrong.get("set", ()), *wrong.get("merge", ()), *wrong.get("unset", ())}
    for kind in ("set", "merge"):
        kept = {key: value for key, value in given[kind].items() if key not in named}
        given[kind] = {**kept, **wrong.get(kind, {})}
    given["unset"] = (*(key for key in given["unset"] if key not in named), *wrong.get("unset", ()))
    return MetadataPatch(**given)


def _absent(draw: st.DrawFn) -> Mapping[str, Any]:
    key = draw(st.sampled_from(PROVENANCE_KEYS))
    return draw(st.sampled_from(({"unset": (key,)}, {"set": {key: None}}, {"merge": {key: None}})))


def _says(rule: str) -> Callable[[st.DrawFn], Mapping[str, Any]]:
    def change(draw: st.DrawFn) -> Mapping[str, Any]:
        keys, texts = _WRONG[rule]
        return {"set": {draw(st.sampled_from(keys)): draw(texts)}}

    return change


def _wrong_type(draw: st.DrawFn) -> Mapping[str, Any]:
    key, text = wrong_value(draw)
    return {"set": {key: json.loads(text, parse_int=lambda digits: -0.0 if digits == "-0" else int(digits))}}


def _wide(draw: st.DrawFn) -> Mapping[str, Any]:
    return {"set": {draw(st.sampled_from(_FREE)): (1 << WIDEST) + draw(st.integers(0, 1 << WIDEST))}}


_BREAKING: Mapping[str, Callable[[st.DrawFn], Mapping[str, Any]]] = {
    "APR-M006": _wrong_type,
    "APR-M009": _wide,
    "APR-P001": _absent,
    "APR-P002": _says("APR-P002"),
    "APR-P003": _says("APR-P003"),
}
