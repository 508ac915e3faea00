"""Tokenizers: which token has which id, and the merges, from `tokenizer.json` or from `vocab.json` with `merges.txt`.

Rules of this file:
1. The place of a token in the vocabulary is its id. What would move a token, or give an id or a token two answers, is
   refused; nothing is dropped or repaired in silence.
2. An id is bounded before anything is as long as it says.
3. What is wrong with a file is a `RequestError` that begins with its name, because the files are part of a request.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice, pairwise
from typing import Any, NamedTuple

from .errors import FormatError, LimitExceededError, RequestError, quoted
from .jsontext import encode_value
from .jsonwalk import repeated_keys
from .limits import DEFAULT_LIMITS, Limits
from .metadata import Metadata
from .provenance import VOCABULARY

__all__ = ["MERGES", "MODEL_TYPE", "NAMES", "PREFIX", "VOCABULARY", "VOCAB_SIZE", "Tokenizer", "read_tokenizer"]

NAMES = ("tokenizer.json", "vocab.json", "merges.txt")
"""The files that are read; the first one alone when it is there, otherwise the others."""
_WHOLE, _VOCAB, _MERGES = NAMES

PREFIX = "tokenizer."
"""What the keys of a tokenizer in the metadata begin with, those that are not written here included."""
VOCAB_SIZE = f"{PREFIX}vocab_size"
MERGES = f"{PREFIX}merges"
MODEL_TYPE = f"{PREFIX}model_type"

_VALUES_FOR_ONE = 3
"""Values of a file that make one of the metadata: `["a", "b"]` is the merge `"a b"`, `["a", -1.5]` the token `"a"`."""
_BYTE_ORDER_MARK = "\ufeff".encode()
_VERSION = b"#version"
_LONGEST = 40
"""Characters of a token that a message shows."""
_SHOWN = 10
"""Gaps that are listed one by one; the others are counted."""


@dataclass(frozen=True, slots=True)
class Tokenizer:
    """What the metadata keep of a tokenizer.

    `vocabulary` has each token at its id. `merges` are pairs written as `a b`, in their order, None when there are
    none. `model_type` is what the files call their model, such as `BPE` or `Unigram`. `source` names the files that
    were read, `notes` are sentences about what deserves a look.
    """

    vocabulary: tuple[str, ...]
    merges: tuple[str, ...] | None
    model_type: str | None
    source: str
    notes: tuple[str, ...]

    def members(self) -> dict[str, Any]:
        """What is written into the metadata: the vocabulary, its size, merges and type of the model when known."""
        members: dict[str, Any] = {VOCABULARY: list(self.vocabulary), VOCAB_SIZE: len(self.vocabulary)}
        if self.merges is not None:
            members[MERGES] = list(self.merges)
        if self.model_type is not None:
            members[MODEL_TYPE] = self.model_type
        return members

    def stale_keys(self, metadata: Mapping[str, Any]) -> tuple[str, ...]:
        """The keys of another tokenizer that would stay beside this one, in the order of `metadata`.

        Where the vocabulary is another one, or absent, that is every `tokenizer.*` that is not written: scores, ids of
        special tokens and the like belong to what is replaced. Where it is the same, only merges and a type of the
        model that this tokenizer does not have. None is left once they are removed and the `members` are written.
        """
        same = metadata.get(VOCABULARY) == list(self.vocabulary)
        kept = {VOCABULARY, VOCAB_SIZE}
        kept |= {MERGES} if self.merges is not None else set()
        kept |= {MODEL_TYPE} if self.model_type is not None else set()
        ours = {MERGES, MODEL_TYPE}
        return tuple(
            key for key in metadata if key.startswith(PREFIX) and key not in kept and (key in ours or not same)
        )


def read_tokenizer(
    files: Mapping[str, bytes], *, fill_gaps: str | None = None, limits: Limits = DEFAULT_LIMITS
) -> Tokenizer:
    """The tokenizer that some files describe, given by their names, those of `NAMES` that exist.

    `tokenizer.json` is read alone when it is there, with its added tokens; otherwise `vocab.json`, and `merges.txt`
    when there is one. Every id from 0 up must have a token: one that has none gets `fill_gaps`, in which `{id}` becomes
    the id, when that is given.

    Raises `RequestError` for files that are absent, not what they should be, or larger than `limits`, for ids without a
    token, and for two tokens of one id or two ids of one token.
    """
    if fill_gaps is not None:
        _require_text(fill_gaps)
    parts = _of_whole(files[_WHOLE], limits) if _WHOLE in files else _of_two(files, limits)
    vocabulary, notes = _without_gaps(parts.tokens, fill_gaps)
    values = len(vocabulary) + len(parts.merges)
    if values > limits.max_metadata_values:
        expected = f"at most {limits.max_metadata_values} tokens and merges (max_metadata_values)"
        raise _fault(parts.tokens.file, "", expected, f"{len(vocabulary)} and {len(parts.merges)}")
    notes += [*_outside(parts.merges, vocabulary), *parts.notes]
    return Tokenizer(tuple(vocabulary), tuple(parts.merges) or None, parts.model_type, parts.source, tuple(notes))


class _Tokens:
    """Tokens by id and ids by token, of which neither may have two answers."""

    def __init__(self, file: str, limits: Limits) -> None:
        self.file = file
        self.by_id: dict[int, str] = {}
        self.ids: dict[str, int] = {}
        self._most = limits.max_metadata_values

    def place(self, token: str, number: object, where: str) -> None:
        """Put a token at its id; once more at the same id changes nothing."""
        if type(number) is not int or number < 0:
            what = f"a non-negative integer as the id of {quoted(token, _LONGEST)}"
            raise _fault(self.file, where, what, _said(number))
        if number >= self._most:
            found = f"{_said(number)} as the id of {quoted(token, _LONGEST)}"
            raise _fault(self.file, where, f"ids below {self._most} (max_metadata_values)", found)
        if (taken := self.by_id.setdefault(number, token)) != token:
            found = f"{quoted(taken, _LONGEST)} and {quoted(token, _LONGEST)}"
            raise _fault(self.file, where, f"one token at id {number}", found)
        if (known := self.ids.setdefault(token, number)) != number:
            raise _fault(self.file, where, f"one id of the token {quoted(token, _LONGEST)}", f"{known} and {number}")


class _Parts(NamedTuple):
    """What files say, before ids without a token are looked at."""

    tokens: _Tokens
    merges: list[str]
    model_type: str | None
    source: str
    notes: tuple[str, ...] = ()


def _of_whole(raw: bytes, limits: Limits) -> _Parts:
    most = _VALUES_FOR_ONE * limits.max_metadata_values
    document = _document(_WHOLE, raw, replace(limits, max_metadata_values=most))
    model = _typed(document, "model", dict, "an object")
    vocab = _typed(model, "model.vocab", (dict, list), "an object, or an array of tokens")
    tokens, notes = _Tokens(_WHOLE, limits), []
    if isinstance(vocab, dict):
        for token, number in vocab.items():
            tokens.place(token, number, "model.vocab")
    else:
        for number, item in enumerate(vocab):
            tokens.place(_token_of(item, number), number, "model.vocab")
        if scored := sum(isinstance(item, list) for item in vocab):
            notes.append(f"scores are not written: {scored} tokens have one")
    for number, added in enumerate(_typed(document, "added_tokens", list, "an array of objects", optional=True) or ()):
        where = f"added_tokens[{number}]"
        if not isinstance(added, dict):
            raise _fault(_WHOLE, where, "an object", _said(added))
        content = _typed(added, f"{where}.content", str, "a string")
        tokens.place(content, added.get("id"), where)
    merges = _typed(model, "model.merges", list, "an array of merges", optional=True) or []
    model_type = _typed(model, "model.type", str, "a string", optional=True)
    return _Parts(tokens, [*map(_merge_of, merges, range(len(merges)))], model_type, _WHOLE, tuple(notes))


def _token_of(item: object, number: int) -> str:
    """The token of one item of an array: a string, or a string with its score."""
    match item:
        case str():
            return item
        case [str() as token, int() | float() as score] if not isinstance(score, bool):
            return token
    raise _fault(_WHOLE, f"model.vocab[{number}]", "a token, or a token and its score", _said(item))


def _merge_of(item: object, number: int) -> str:
    match item:
        case str() if item.count(" ") == 1 and not item.startswith(" ") and not item.endswith(" "):
            return item
        case [str() as left, str() as right] if left and right:
            if " " in left or " " in right:
                expected = "tokens without a space, because a merge is written as two tokens with a space between"
                raise _fault(_WHOLE, f"model.merges[{number}]", expected, _said(item))
            return f"{left} {right}"
    raise _fault(_WHOLE, f"model.merges[{number}]", "two tokens", _said(item))


def _of_two(files: Mapping[str, bytes], limits: Limits) -> _Parts:
    if _VOCAB not in files:
        raise RequestError(f"{_WHOLE}: expected this file or {_VOCAB}, found neither")
    tokens, merges, source = _Tokens(_VOCAB, limits), [], _VOCAB
    members = replace(limits, max_metadata_members=limits.max_metadata_values)
    for token, number in _document(_VOCAB, files[_VOCAB], members).items():
        tokens.place(token, number, "")
    if _MERGES in files:
        merges, source = list(_merges_in_lines(files[_MERGES], limits)), f"{_VOCAB} and {_MERGES}"
    return _Parts(tokens, merges, "BPE" if merges else None, source)


def _merges_in_lines(raw: bytes, limits: Limits) -> Iterator[str]:
    """The merges of a text, one a line. Only LF, with or without CR, ends a line: tokens hold all kinds of others."""
    if len(raw) > limits.max_metadata_bytes:
        raise _fault(_MERGES, "", f"at most {limits.max_metadata_bytes} bytes (max_metadata_bytes)", str(len(raw)))
    if (n_lines := raw.count(b"\n")) > limits.max_metadata_values:
        raise _fault(_MERGES, "", f"at most {limits.max_metadata_values} lines (max_metadata_values)", str(n_lines))
    _refuse_mark(_MERGES, raw)
    lines = raw.split(b"\n")
    while lines and lines[-1] in (b"", b"\r"):
        lines.pop()
    for number, line in enumerate(lines, 1):
        if number == 1 and line.startswith(_VERSION):
            continue
        try:
            merge = line.removesuffix(b"\r").decode()
        except UnicodeDecodeError as error:
            found = f"{line[error.start : error.end].hex(' ')} ({error.reason})"
            raise _fault(_MERGES, f"line {number}", "UTF-8", found) from error
        if merge.count(" ") != 1 or merge.startswith(" ") or merge.endswith(" "):
            raise _fault(_MERGES, f"line {number}", "two tokens with a space between", quoted(merge, _LONGEST))
        yield merge


def _without_gaps(tokens: _Tokens, fill_gaps: str | None) -> tuple[list[str], list[str]]:
    """The vocabulary, and notes about the ids in it that got a placeholder."""
    by_id = tokens.by_id
    ids = sorted(by_id)
    if not ids:
        raise _fault(tokens.file, "", "at least one token", "none")
    size = ids[-1] + 1
    if (absent := size - len(ids)) == 0:
        return [by_id[number] for number in ids], []
    which = f"{absent} of {size} ids ({_ranges(ids)})"
    if fill_gaps is None:
        found = f"none at {which}; --fill-gaps puts a placeholder there"
        raise _fault(tokens.file, "", f"a token at each id from 0 to {size - 1}", found)
    return (
        [by_id[number] if number in by_id else _placeholder(tokens, fill_gaps, number) for number in range(size)],
        [f"{which} had no token and got the placeholder {quoted(fill_gaps, _LONGEST)}"],
    )


def _placeholder(tokens: _Tokens, text: str, number: int) -> str:
    text = text.replace("{id}", str(number))
    if text in tokens.ids:
        found = f"{quoted(text, _LONGEST)}, which has id {tokens.ids[text]}"
        raise _fault(tokens.file, f"id {number}", "a placeholder that is no token", found)
    return text


def _ranges(ids: Sequence[int]) -> str:
    """The ids below the last one that are not among these, which ascend."""
    gaps = ((before + 1, after - 1) for before, after in pairwise(chain((-1,), ids)) if after - before > 1)
    shown = ", ".join(str(first) if first == last else f"{first} to {last}" for first, last in islice(gaps, _SHOWN))
    more = sum(1 for _ in gaps)
    return shown if not more else f"{shown}, and {more} more ranges"


def _outside(merges: Iterable[str], vocabulary: Iterable[str]) -> Iterator[str]:
    """A note about merges of tokens that the vocabulary does not have."""
    known = set(vocabulary)
    odd = [merge for merge in merges if not known.issuperset(merge.split(" "))]
    if odd:
        first = quoted(odd[0], 2 * _LONGEST)
        yield f"merges that name a token that the vocabulary does not have: {len(odd)}, the first {first}"


def _document(file: str, raw: bytes, limits: Limits) -> Mapping[str, Any]:
    """The members of a file that is to be one JSON object, read as strictly as the metadata, each key once."""
    _refuse_mark(file, raw)
    document = Metadata(raw, limits=limits)
    try:
        members = dict(document)
    except FormatError as error:
        start = error.span[0] if error.span is not None else 0
        found = f"the end of the file, byte {start}" if start >= len(raw) else f"{error.found}, at byte {start}"
        raise _fault(file, "", str(error.expected), found) from error
    except LimitExceededError as error:
        raise _fault(file, error.message, str(error.expected), str(error.found)) from error
    del document  # the text of a file, and where everything stands in it, take more memory than what it says
    for place in repeated_keys(raw):
        again = "" if place.winner is None else f" and {place.winner[0]}"
        where = f"the key {quoted(str(place.path[-1]), _LONGEST)}"
        raise _fault(file, where, "it once in its object", f"it at bytes {place.span[0]}{again}")
    return members


def _refuse_mark(file: str, raw: bytes) -> None:
    if raw.startswith(_BYTE_ORDER_MARK):
        raise _fault(file, "", "no byte order mark", "one, at byte 0")


def _typed(parent: Mapping[str, Any], path: str, kind: Any, words: str, *, optional: bool = False) -> Any:
    """The member of an object that the last step of a path names; None for one that is absent or null and may be."""
    key = path.rpartition(".")[2]
    value = parent.get(key)
    if not isinstance(value, kind) and not (optional and value is None):
        raise _fault(_WHOLE, path, words, _said(value) if key in parent else "nothing")
    return value


def _said(value: Any) -> str:
    """A value of a file for a message: null and true, as JSON has them."""
    if isinstance(value, str):
        return quoted(value, _LONGEST)
    text = json.dumps(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _require_text(placeholder: str) -> None:
    if not placeholder:
        raise RequestError("fill_gaps: expected a text to put where an id has no token, found an empty one")
    try:
        encode_value(placeholder)
    except RequestError as error:
        raise RequestError(f"fill_gaps: {error}") from error


def _fault(file: str, where: str, expected: str, found: str) -> RequestError:
    return RequestError(f"{file}: {where}{': ' * bool(where)}expected {expected}, found {found}")
