"""A text that names a licence → its canonical form, or an error that says what may be meant.

The list is that of SPDX, with the ids of the model hub beside it; the grammar of expressions is `packaging`'s. It is
asked about the form alone, with stand-ins for the names, because it knows neither the hub nor the newest ids.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import NamedTuple

from ..errors import RequestError, quoted
from ..provenance import says_nothing
from .entries import Entry, exceptions, known_catalogue, licences
from .lists import HUB, NO_TERMS, UPSTREAM

__all__ = ["Licence", "LicenceError", "normalise_license"]

_LONGEST = 2000
_SHOWN = 100
_WORD = re.compile(r"[()]|[^\s()]+")
_OPERATORS = frozenset({"AND", "OR", "WITH"})
_REFERENCE = re.compile(r"(?:(documentref-)([a-z0-9.-]+):)?(licenseref-|additionref-)([a-z0-9.-]+)", re.IGNORECASE)
_SPELT = {"documentref-": "DocumentRef-", "licenseref-": "LicenseRef-", "additionref-": "AdditionRef-"}
_LICENCE, _EXCEPTION = "LicenseRef-x", "LLVM-exception"
_EXPECTED = {
    "spdx": "a licence of SPDX or of the model hub",
    "upstream": f"one of the {len(UPSTREAM)} licences that apr takes",
}


@dataclass(frozen=True, slots=True)
class Licence:
    """A licence in canonical form, with what is to be said about it.

    `kind` is `spdx` when all of it is on the list of SPDX, `hub` when some of it is an id of the model hub, and
    `reference` when some of it refers to terms of one's own (`LicenseRef-…`). `names` are the ids in it. `notes` tell
    of deprecated ids and of those that are not SPDX's, `warnings` of what names no terms, or not which of several.
    """

    expression: str
    kind: str
    names: tuple[str, ...]
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.expression


class LicenceError(RequestError):
    """A text that names no licence; each of `suggestions` is one that is accepted, the best first."""

    def __init__(self, message: str, *, expected: str, found: str, suggestions: Sequence[str] = ()) -> None:
        self.expected = expected
        self.found = found
        self.suggestions = tuple(suggestions)
        hint = f"; did you mean {' or '.join(self.suggestions)}?" if self.suggestions else ""
        super().__init__(message + hint)


class _Part(NamedTuple):
    """An id or a reference of an expression in canonical form; `entry` is None for a reference."""

    text: str
    stand_in: str
    entry: Entry | None


class _RefusedError(Exception):
    """Why a text is no licence, before it is known what may be meant."""


def normalise_license(text: str, catalogue: str = "spdx") -> Licence:
    """The canonical form of a licence: ids as SPDX or the hub spell them, operators in capitals, single spaces.

    A deprecated id stays, with a note that names its successor. Raises `LicenceError`, which is a `RequestError`, for
    what is no licence in the `catalogue`, or says nothing (`unknown`, `NOASSERTION` …); `RequestError` for a text that
    is no string or too long, and for a catalogue that does not exist.
    """
    catalogue = known_catalogue(catalogue)
    if not isinstance(text, str):
        raise RequestError(f"expected a licence as a string, not {type(text).__name__}")
    if len(text) > _LONGEST:
        raise RequestError(f"expected a licence of at most {_LONGEST} characters, found {len(text)}")
    try:
        return _read(text, catalogue)
    except _RefusedError as error:
        expected = _EXPECTED[catalogue]
        from .guess import close_licences  # which only those who are refused have to wait for

        suggestions = () if says_nothing(text) else close_licences(text, lambda guess: _accepts(guess, catalogue))
        found = quoted(text, _SHOWN)
        # Whoever is told what is wrong, or what is close, needs no more; a reference is nothing that upstream takes.
        helps = "; LicenseRef-NAME refers to terms of your own, `aprfmt licenses` searches"
        hint = helps if not (str(error) or suggestions) and catalogue == "spdx" else ""
        raise LicenceError(
            f"expected {expected}, found {found}{error}{hint}", expected=expected, found=text, suggestions=suggestions
        ) from None


def _accepts(text: str, catalogue: str) -> bool:
    try:
        _read(text, catalogue)
    except _RefusedError:
        return False
    return True


def _read(text: str, catalogue: str) -> Licence:
    if says_nothing(text):
        raise _RefusedError(", which says nothing; LicenseRef-NAME refers to terms of your own")
    stripped = text.strip()
    if not stripped.isascii():
        raise _RefusedError(", which is not ASCII")
    words = _WORD.findall(stripped)
    pieces = list(_pieces(words))
    parts = [piece for piece in pieces if isinstance(piece, _Part)]
    expression = _formed(pieces)
    if catalogue == "upstream" and expression not in UPSTREAM:
        raise _RefusedError("" if expression == stripped else f", which is {expression}")
    notes = [note for part in parts for note in _notes(part)]
    warnings = [warning for part in parts for warning in _warnings(part)]
    kinds = {"reference" if part.entry is None else part.entry.kind for part in parts}
    return Licence(
        expression,
        next((kind for kind in ("reference", "hub") if kind in kinds), "spdx"),
        tuple(dict.fromkeys(part.text for part in parts)),
        tuple(dict.fromkeys(notes)),
        tuple(dict.fromkeys(warnings)),
    )


def _pieces(words: Sequence[str]) -> Iterator[str | _Part]:
    """Parentheses and operators as they are written, names as parts; raises for a name that nobody knows."""
    references: dict[str, str] = {}
    before = ""
    for word in words:
        piece = word.upper()
        if piece in _OPERATORS or word in "()":
            yield piece
        elif before == "WITH":
            yield _exception(word, references)
        else:
            yield _licence(word, words, references)
        before = piece


def _reference(word: str, prefix: str, references: dict[str, str]) -> str | None:
    """A reference as it is first spelt: SPDX takes those that differ in case for the same."""
    match = _REFERENCE.fullmatch(word)
    if match is None or match[3].lower() != prefix:
        return None
    document = "" if match[1] is None else f"{_SPELT[match[1].lower()]}{match[2]}:"
    return references.setdefault(word.lower(), f"{document}{_SPELT[prefix]}{match[4]}")


def _licence(word: str, words: Sequence[str], references: dict[str, str]) -> _Part:
    known = licences()
    if (reference := _reference(word, "licenseref-", references)) is not None:
        return _Part(reference, _LICENCE, None)
    if (entry := known.get(word.lower())) is not None:
        return _Part(entry.id, _LICENCE, entry)
    entry = known.get(word.lower().removesuffix("+"))
    if word.endswith("+") and entry is not None:
        if entry.kind == "hub" or entry.id.endswith(("+", "-only", "-or-later")):
            raise _RefusedError(f": {entry.id} takes no +")
        return _Part(f"{entry.id}+", _LICENCE, entry)
    if (entry := exceptions().get(word.lower())) is not None:
        raise _RefusedError(f": {entry.id} is an exception, which follows a licence and WITH")
    if word.lower().startswith(("licenseref-", "documentref-")):
        raise _RefusedError(": a reference is LicenseRef-NAME, with a NAME of letters, digits, - and .")
    alone = _OPERATORS.isdisjoint(other.upper() for other in words)
    raise _RefusedError("" if alone else f": {quoted(word, _SHOWN)} is none")


def _exception(word: str, references: dict[str, str]) -> _Part:
    if (reference := _reference(word, "additionref-", references)) is not None:
        return _Part(reference, _EXCEPTION, None)
    if (entry := exceptions().get(word.lower())) is not None:
        return _Part(entry.id, _EXCEPTION, entry)
    raise _RefusedError(f": {quoted(word, _SHOWN)} behind WITH is no exception")


def _formed(pieces: Sequence[str | _Part]) -> str:
    """The text of an expression as `packaging` lays it out; raises when its form is wrong."""
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    try:
        form = canonicalize_license_expression(
            " ".join(piece.stand_in if isinstance(piece, _Part) else piece for piece in pieces)
        )
    except InvalidLicenseExpression:
        raise _RefusedError(f": {_form_fault(pieces)}") from None
    names = (piece.text for piece in pieces if isinstance(piece, _Part))
    return re.sub(f"{_LICENCE}|{_EXCEPTION}", lambda _: next(names), form)


def _form_fault(pieces: Sequence[str | _Part]) -> str:
    """What is wrong with the form of an expression, which `packaging` does not say."""
    depths = list(accumulate((piece == "(") - (piece == ")") for piece in pieces))
    if depths[-1] != 0 or min(depths) < 0:
        return "a parenthesis has no partner"
    for before, after in pairwise(["", *pieces, ""]):
        operand_due = before in ("", "(", *_OPERATORS)
        operand = isinstance(after, _Part) or after == "("
        if operand == operand_due:
            continue
        start, end = (piece.text if isinstance(piece, _Part) else piece for piece in (before, after))
        missing = "a licence" if operand_due else "AND or OR"
        if operand or operand_due:
            return f"{missing} is missing between {start or 'the beginning'} and {end or 'the end'}"
    return "WITH stands between one licence and one exception" if "WITH" in pieces else "it is nested too deep"


def _notes(part: _Part) -> Iterator[str]:
    entry = part.entry
    if entry is None:
        yield f"{part.text} refers to terms that no list has"
    elif entry.kind == "hub":
        whose = "apr" if entry.id == "custom" else "the model hub"
        instead = f"; SPDX has {entry.successor}" if entry.successor else ""
        yield f"{part.text} is an id of {whose}, not of SPDX{instead}"
    elif entry.deprecated:
        yield f"{part.text} is deprecated by SPDX{_instead(part.text, entry)}"


def _instead(text: str, entry: Entry) -> str:
    """What to write for a deprecated id; with a `+` it is a later version that is allowed too."""
    successor = entry.successor
    if successor is None:
        return ""
    if text.endswith("+") and not entry.id.endswith("+"):
        later = f"{successor.removesuffix('-only')}-or-later"
        successor = later if later.lower() in licences() else f"{successor}+"
    return f"; write {successor} instead"


def _warnings(part: _Part) -> Iterator[str]:
    entry = part.entry
    if entry is None:
        if says_nothing(part.text.rpartition("Ref-")[2]):
            yield f"{part.text} does not say which terms"
    elif entry.id in NO_TERMS:
        yield f"{part.text} does not say which terms; LicenseRef-NAME refers to terms of your own"
    elif entry.kind == "hub" and len(HUB[entry.id].spdx) > 1:
        yield f"{part.text} is a family, and does not say which licence of it"
