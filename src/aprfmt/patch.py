"""What a stamp changes in the metadata: keys that are set, merged and removed, a tokenizer, duplicate keys.

Every change is an edit of the bytes: what the patch does not name stays as it is written, white space included.

Rules of this file:
1. The order is fixed, whatever the order in which things were asked for: duplicates, removals, the merge patch, what is
   set. What is set counts more than what a merge patch says of the same key.
2. A second application changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Any

from .errors import FormatError, LimitExceededError, RequestError, quoted
from .jsontext import encode_value, shorten, show
from .jsonwalk import overridden_members, path_text, repeated_keys
from .layout import Flags
from .layout._generated.metadata_schema import KEYS
from .limits import DEFAULT_LIMITS, Limits
from .metadata import Metadata, edited
from .provenance import PROVENANCE_KEYS, ProvenancePatch, says_nothing

if TYPE_CHECKING:
    from .tokenizer import Tokenizer

__all__ = ["MetadataPatch", "Patched", "json_value", "merged_value", "metadata_patch"]

_SHOWN = 5
"""Duplicate keys that are listed one by one; the others are counted."""


@dataclass(frozen=True, slots=True)
class Patched:
    """The metadata after a patch. `flags` are the header flags that go with it, `removed` the keys that are gone, in
    the order of the file, `notes` sentences about what else deserves a look."""

    metadata: Metadata
    flags: Flags
    removed: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataPatch:
    """What a stamp changes: any keys of the metadata, typed ones and others.

    `set` has values that are written whole, where None is an explicit null. `merge` is a JSON merge patch (RFC 7396):
    objects are merged member by member, null removes. `unset` are keys that are removed, each as often as it occurs.
    With `dedupe` only the last of equal keys in one object stays, at any depth. A `tokenizer` sets its keys and the
    header flag HAS_VOCAB, and removes those of an older tokenizer.

    A key is a whole name: `tokenizer.model_type` is one key and no path. Raises `RequestError` for a key that is no
    string, or none that is UTF-8, and for one that is to be set and removed.
    """

    set: Mapping[str, Any] = field(default_factory=dict)
    merge: Mapping[str, Any] = field(default_factory=dict)
    unset: tuple[str, ...] = ()
    dedupe: bool = False
    tokenizer: Tokenizer | None = None

    def __post_init__(self) -> None:
        for name in ("set", "merge"):
            if not isinstance(getattr(self, name), Mapping):
                raise RequestError(f"{name}: expected a mapping, not {show(getattr(self, name))}")
        if isinstance(self.unset, str):
            raise RequestError(f"unset: expected a collection of keys, not {show(self.unset)}")
        object.__setattr__(self, "unset", tuple(self.unset))
        for key in (*self.set, *self.merge, *self.unset):
            if not isinstance(key, str):
                raise RequestError(f"a key of the metadata is a string, not {show(key)}")
            try:
                encode_value(key)
            except RequestError as error:
                raise RequestError(f"the key {quoted(key)}: {error}") from error
        written = {*self.set, *self._tokenizer_members}
        for key in self.unset:
            if key in written or self.merge.get(key) is not None:
                raise RequestError(f"{quoted(key)} is to be set and to be removed: expected one of the two")
        for key in self._tokenizer_members:
            if key in self.set or key in self.merge:
                raise RequestError(
                    f"{quoted(key)} is to be set, and the tokenizer sets it too: expected one of the two"
                )

    @property
    def _tokenizer_members(self) -> Mapping[str, Any]:
        return {} if self.tokenizer is None else self.tokenizer.members()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is asked for."""
        return not (self.set or self.merge or self.unset or self.dedupe or self.tokenizer)

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys that are named, those of the tokenizer left out, each once."""
        return tuple(dict.fromkeys((*self.merge, *self.set, *self.unset)))

    def apply(self, metadata: Metadata) -> Patched:
        """The metadata with the patch in it.

        Raises `RequestError` when a value cannot be written or is not of the type that the schema gives its key,
        `LimitExceededError` when the result is more than the limits of `metadata` allow, and what reading `metadata`
        raises.
        """
        _ = metadata.members  # what is wrong with them is no fault of the patch
        try:
            return self._applied(metadata)
        except LimitExceededError as error:
            message = f"the metadata would become too large: {error.message}"
            raise LimitExceededError(message, expected=error.expected, found=error.found) from error

    def require_possible(self) -> None:
        """Raise `RequestError` when no metadata can hold what is asked for: for a value that cannot be written, or not
        under its key."""
        self.apply(Metadata(_WITH_EVERY_OBJECT))

    def _applied(self, metadata: Metadata) -> Patched:
        notes = [*self._of_duplicates(metadata)]
        result = metadata
        if self.dedupe:
            result = _cut(result, overridden_members(result.raw))
        members = {**self.set, **self._tokenizer_members}
        gone = {key for key in self.unset if key in result}
        notes += [f"{quoted(key)} is not there, so there is nothing to remove" for key in self.unset if key not in gone]
        if self.tokenizer is not None:
            notes += self.tokenizer.notes
            gone.update(self.tokenizer.stale_keys(result))
        result = _merged(_without(result, gone), {k: v for k, v in self.merge.items() if k not in members})
        result = _over(result, result.splice(members))
        _ = result.members  # what is about to be written must be readable again
        touched = {*members, *self.merge}
        for error in result.type_errors():
            if error.field is not None and error.field.split(".")[1] in touched:  # no known key has a dot
                raise RequestError(f"{error.field}: expected {error.expected}, found {error.found}")
        notes += [
            f"{key} is set to {show(value)}, which says nothing"
            for key in PROVENANCE_KEYS
            if key in touched and isinstance(value := result.get(key), str) and says_nothing(value)
        ]
        flags = Flags(0) if self.tokenizer is None else Flags.HAS_VOCAB
        return Patched(result, flags, tuple(key for key in metadata if key not in result), tuple(notes))

    def _of_duplicates(self, metadata: Metadata) -> Iterator[str]:
        start = metadata.file_offset
        does = "is removed" if self.dedupe else "stays (--dedupe, or dedupe=True, removes it)"
        found = repeated_keys(metadata.raw, start)
        for place in islice(found, _SHOWN):
            by = "" if place.winner is None else f"; the one @{place.winner[0]:#x}..{place.winner[1]:#x} counts"
            yield f"{path_text(place)} @{place.span[0]:#x}..{place.span[1]:#x} occurs twice and {does}{by}"
        if more := sum(1 for _ in found):
            yield f"{more} more keys occur twice"


def metadata_patch(patch: MetadataPatch | ProvenancePatch) -> MetadataPatch:
    """Any patch as the general one; raises `TypeError` for anything else, `RequestError` for one that is empty."""
    if isinstance(patch, ProvenancePatch):
        patch = MetadataPatch(set=patch.values())
    if not isinstance(patch, MetadataPatch):
        raise TypeError(f"patch: expected a MetadataPatch or a ProvenancePatch, found {type(patch).__name__}")
    if patch.is_empty:
        raise RequestError("the patch is empty: expected at least one key to set, found none; nothing to stamp")
    return patch


def json_value(text: str | bytes, what: str, *, limits: Limits = DEFAULT_LIMITS) -> Any:
    """The value that a JSON text stands for, read as strictly as the metadata, integers exact.

    Raises `RequestError`, which begins with `what`, for text that is no JSON value, and for an object anywhere in it
    with a key that occurs twice.
    """
    try:
        data = text.encode() if isinstance(text, str) else bytes(text)
    except UnicodeEncodeError as error:
        raise RequestError(f"{what}: expected UTF-8, found {show(text)}") from error
    around = b'{"":', b"}"
    wrapped = Metadata(around[0] + data + around[1], limits=limits, file_offset=-len(around[0]))
    try:
        members = wrapped.members
    except FormatError as error:
        at = min(max(0, (error.span or (0, 0))[0]), len(data))
        found = shorten(data[at:].decode("utf-8", "replace")) if at < len(data) else "its end"
        expected = _EXPECTED.get(error.expected or "", error.expected)
        raise RequestError(f"{what}: expected {expected} at byte {at}, found {found}") from error
    except LimitExceededError as error:
        raise RequestError(f"{what}: {error.message}: expected {error.expected}, found {error.found}") from error
    if len(members) != 1:
        raise RequestError(f"{what}: expected one JSON value, found more behind it")
    for place in repeated_keys(data):
        raise RequestError(f"{what}: expected a key once, found {place.text} twice, at byte {place.span[0]} first")
    return members[0].value


_EXPECTED = {"',' or '}'": "the end of the JSON value"}


def _with_every_object() -> bytes:
    """Metadata in which every object that the schema knows has all that it requires."""
    values: Mapping[str, Any] = {"string": "", "boolean": False, "number": 0, "integer": 0}
    objects = {key.name: {child.name: values.get(child.kind, {}) for child in key.keys} for key in KEYS if key.keys}
    return encode_value(objects).encode()


_WITH_EVERY_OBJECT = _with_every_object()


def _over(metadata: Metadata, raw: bytes) -> Metadata:
    """The same metadata with other bytes; the very same when they are equal, so that nothing is parsed again."""
    if raw == metadata.raw:
        return metadata
    most = metadata.limits.max_metadata_bytes
    if len(raw) > most:
        raise LimitExceededError("too many bytes", expected=f"at most {most} (max_metadata_bytes)", found=str(len(raw)))
    return metadata.replaced(raw)


def _cut(metadata: Metadata, spans: Iterable[tuple[int, int]]) -> Metadata:
    """The metadata without the bytes in some spans, which count from its first byte and may lie in one another."""
    return _over(metadata, edited(metadata.raw, ((span, b"") for span in spans)))


def _without(metadata: Metadata, keys: Iterable[str]) -> Metadata:
    """The metadata without some keys, every occurrence of them."""
    gone = frozenset(keys)
    if not gone:
        return metadata
    members, origin = metadata.members, metadata.file_offset
    kept = [number for number, member in enumerate(members) if member.key not in gone]
    last = kept[-1] if kept else -1
    spans = [
        (member.key_span[0], following.key_span[0])
        for member, following in pairwise(members[: last + 1])
        if member.key in gone
    ]
    if last + 1 < len(members):  # nothing follows these, so it is the comma before them that goes
        start = members[last].value_span[1] if kept else members[0].key_span[0]
        spans.append((start, members[-1].value_span[1]))
    return _cut(metadata, [(start - origin, stop - origin) for start, stop in spans])


def _merged(metadata: Metadata, patch: Mapping[str, Any], *, typed: bool = True) -> Metadata:
    """The metadata with a JSON merge patch in it; without `typed`, one of its objects."""
    if not patch:
        return metadata
    inner = {
        key: _merged(metadata.inside(key), change, typed=False).raw
        for key, change in patch.items()
        if isinstance(change, Mapping) and isinstance(metadata.get(key), Mapping)
    }
    edits = ((metadata.span_of(key), text) for key, text in inner.items())
    result = _over(metadata, edited(metadata.raw, edits, origin=metadata.file_offset))
    result = _without(result, [key for key, change in patch.items() if change is None])
    values = {
        key: merged_value(None, change) for key, change in patch.items() if change is not None and key not in inner
    }
    return _over(result, result.splice(values, typed=typed))


def merged_value(value: Any, change: Any) -> Any:
    """A JSON merge patch (RFC 7396) in a value; without nulls where there is no object to merge it into."""
    if not isinstance(change, Mapping):
        return change
    result = dict(value) if isinstance(value, Mapping) else {}
    for key, item in change.items():
        if item is None:
            result.pop(key, None)
        else:
            result[key] = merged_value(result.get(key), item)
    return result
