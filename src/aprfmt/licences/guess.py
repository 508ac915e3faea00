"""What somebody may have meant who wrote no licence, and what is found by a few words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache

from .entries import Entry, catalogue_entries, exceptions, licences, successors
from .lists import ALIASES

__all__ = ["close_licences", "fold", "search"]

# Longer than every name on the list: what is longer is compared by its beginning, because comparing takes its time.
_LONGEST = 120
_MOST = 3
_CLOSE = 0.82

_SHORT = tuple(
    (re.compile(pattern), short)
    for pattern, short in (
        (r"\bor[\s-]+(any[\s-]+)?(later|newer|above|higher)([\s-]+versions?)?\b|-only\+|(?<=[0-9])\+", " orlater"),
        (r"\+\+", " plus plus "),
        (r"\baffero[\s-]+general[\s-]+public\b", "agpl"),
        (r"\b(lesser|library)[\s-]+general[\s-]+public\b", "lgpl"),
        (r"\bgeneral[\s-]+public\b", "gpl"),
        (r"\bfree[\s-]+documentation\b", "gfdl"),
        (r"\bmozilla[\s-]+public\b", "mpl"),
        (r"\beclipse[\s-]+public\b", "epl"),
        (r"\bcreative[\s-]*commons[\s-]+zero\b", "cc0"),
        (r"\bcreative[\s-]*commons\b", "cc"),
        (r"\bcc[\s-]+attribution\b", "cc by"),
        (r"(?<=by[\s-])attribution\b", ""),
        (r"\bnon[\s-]*commercial\b", "nc"),
        (r"\bshare[\s-]*alike\b", "sa"),
        (r"\bno[\s-]*deriv(ative)?s?\b", "nd"),
        (r"\bversion\b|(?<=[a-z])v(?=[0-9])|\bv(?=[\s.]*[0-9])", " "),
    )
)
_WORD = re.compile(r"[a-z]+|[0-9]+")
# Words that tell no licence from another.
_EMPTY = frozenset(
    (
        *("a", "and", "for", "of", "s", "the", "under"),
        *("agreement", "licence", "licences", "license", "licensed", "licenses", "released", "terms"),
        *("clause", "generic", "gnu", "international", "meta", "public", "software", "universal", "unported"),
    )
)
_OPERATOR = re.compile(r"(?:^|(?<=[\s()]))(and|or|with)(?=[\s()]|$)|([()])", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://(?:[^\s/]+/)+([^\s/]+?)(?:\.html?|\.txt)?/?")
_LISTED = re.compile(r"\s*(?:[,;&|]+|\band/or\b|/)\s*", re.IGNORECASE)


def fold(text: str) -> tuple[str, ...]:
    """The words of a name that count: in lower case, long forms made short, without the zeros of a version."""
    text = text.lower()
    for pattern, short in _SHORT:
        text = pattern.sub(short, text)
    words: list[str] = []
    zeros = False
    for word in (word for word in _WORD.findall(text) if word not in _EMPTY):
        # 2.0 is 2; the 0 of CC0 and of MIT-0 stays.
        zeros = word == "0" and bool(words) and (zeros or words[-1].isdigit())
        if not zeros:
            words.append(word)
    return tuple(words)


def _key(words: Iterable[str]) -> str:
    """The words as one: `gpl 3` is `gpl3`, while 1.1 is not 11."""
    return re.sub(r"(?<=[0-9]) (?=[0-9])", ".", " ".join(words)).replace(" ", "")


@cache
def _key_of(name: str) -> str:
    """The key of an id, a name or an alias; there are so many of them and no more."""
    return _key(fold(name))


@cache
def _index(kind: str) -> Mapping[str, tuple[str, ...]]:
    """What may be meant, by the key of an id, of a name or of an alias, as far as no other key is better."""
    entries = exceptions() if kind == "exception" else licences()
    index: dict[str, tuple[str, ...]] = {}
    if kind != "exception":
        index |= {_key_of(alias): ids for alias, ids in ALIASES.items()}
    current_first = sorted(entries.values(), key=lambda entry: entry.deprecated)
    for name, entry in [
        *((entry.id, entry) for entry in current_first),
        *((item.name, item) for item in current_first),
    ]:
        for key in (_key_of(name), _key_of(name.replace("-exception", ""))):
            if key:
                index.setdefault(key, successors(entry))
    return index


def _versions(key: str, index: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The newest version of what has been named without one."""

    def version(found: str) -> list[int]:
        return [int(number) for number in found[len(key) :].split(".")]

    found = [other for other in index if re.fullmatch(r"[0-9]+(\.[0-9]+)*", other.removeprefix(key))]
    found = [other for other in found if other.startswith(key)]
    return index[max(found, key=version)] if found else ()


def _named(text: str, kind: str) -> tuple[str, ...]:
    """The ids that a name without operators stands for, however it is spelt."""
    known = exceptions() if kind == "exception" else licences()
    if (exact := known.get(text.strip().lower())) is not None:
        return (exact.id,)
    index = _index(kind)
    key = _key(fold(text[:_LONGEST]))
    return index.get(key) or _versions(key, index) if key else ()


def _meant(text: str, kind: str) -> tuple[str, ...]:
    """The ids that a name without operators stands for, or those whose names are close to it, best first."""
    index, key = _index(kind), _key(fold(text[:_LONGEST]))
    if not key or (found := _named(text, kind)):
        return found if key else ()
    from difflib import get_close_matches

    close = get_close_matches(key, index, n=_MOST, cutoff=_CLOSE)
    return tuple(dict.fromkeys(name for match in close for name in index[match]))


def close_licences(text: str, accepts: Callable[[str], bool]) -> tuple[str, ...]:
    """Up to three texts that `accepts` takes and that may be meant by one that it does not, best first."""
    return tuple(guess for guess in dict.fromkeys(_guesses(text)) if accepts(guess))[:_MOST]


def _guesses(text: str) -> Iterable[str]:
    text = text.strip()[: _LONGEST * _MOST]
    if (address := _ADDRESS.fullmatch(text)) is not None:
        text = address[1]
    # What is a version and later is no choice between two licences.
    text = _SHORT[0][0].sub("-orlater", text)
    yield from _named(text, "licence")
    parts = [_meant(part, "licence") for part in _LISTED.split(text)]
    if (together := _composed(text)) is not None:
        yield together
    elif len(parts) > 1 and all(parts):
        names = [part[0] for part in parts]
        yield from (" OR ".join(names), " AND ".join(names))
    else:
        yield from _meant(text, "licence")


def _composed(text: str) -> str | None:
    """An expression with the best guess for every name in it; None when it has no operator, or a name is strange."""
    pieces: list[str] = []
    kind, at = "licence", 0
    operators = list(_OPERATOR.finditer(text))
    for start, end, operator in [*((found.start(), found.end(), found[0]) for found in operators), (len(text), 0, "")]:
        if phrase := text[at:start].strip():
            # Whether a reference is well formed shows when the whole is tried.
            found = (phrase,) if phrase.lower().startswith("licenseref-") else _meant(phrase, kind)
            if not found:
                return None
            pieces.append(found[0])
        pieces.append(operator.upper())
        kind, at = "exception" if operator.lower() == "with" else "licence", end
    return " ".join(pieces).strip() if operators else None


def search(query: str = "", catalogue: str = "spdx") -> list[Entry]:
    """The entries of a catalogue whose id or name has every word of the query, the closest ones first.

    An empty query finds all. Raises `RequestError` for a catalogue that does not exist.
    """
    entries = catalogue_entries(catalogue)
    plain = query.strip().lower()
    if not plain:
        return list(entries)
    words, key = plain.split(), _key(fold(query[:_LONGEST]))
    meant = _meant(query, "licence")[:_MOST]
    ranked = []
    for entry in entries:
        names = (entry.id.lower(), entry.name.lower())
        keys = (_key_of(entry.id), _key_of(entry.name))
        if plain in names:
            rank = 0
        elif entry.id in meant:
            rank = 1 + meant.index(entry.id)
        elif key and key in keys:
            rank = 1 + _MOST
        elif names[0].startswith(plain) or (key and keys[0].startswith(key)):
            rank = 2 + _MOST
        elif all(any(word in name for name in names) for word in words):
            rank = 3 + _MOST
        else:
            continue
        # What is deprecated comes last, unless it is asked for by its id; exceptions come behind licences.
        ranked.append((rank > 0 and entry.deprecated, rank, entry.kind == "exception", entry))
    return [entry for *_, entry in sorted(ranked, key=lambda found: found[:3])]
