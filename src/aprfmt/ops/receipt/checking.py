"""A file held against a receipt, part by part.

Rules of this file:
1. What a receipt does not hold is not checked, and is said to be; it never counts as passed.
2. The digest of the whole file decides; the other parts say where to look. A part is right when its bytes are, also
   when something else is wrong that says where they lie.
"""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from msgspec import UNSET

from ...layout import Flags, facts
from ...metadata import Metadata, same_json
from ..digests import DATA, Digested, FileProof, Filler, Span, TensorDigest
from .evidence import MISSING, shown
from .reading import Receipt, Said
from .values import flag_names, said, text_of

__all__ = ["Checked", "Verification", "verify"]

_UNREADABLE = "(unreadable)"
_NO_TENSOR = "no such tensor"
_LOST = "its bytes are where they belong, but damage elsewhere hides them"
_MISLED = "damage elsewhere lays it over other parts"


@dataclass(frozen=True, slots=True)
class Checked:
    """One part of a file held against a receipt.

    `part` is a section of the container, `size`, `file` (all bytes), `flags`, `metadata.KEY`, `tensor` (its name is in
    `tensor`), `tensors` (how many there are, for a receipt that does not list them), `payload`, or `filler` (the bytes
    between tensors). `holds` is None when it could not be checked. `span` is where the part lies in the file, which
    does not count: what is moved by metadata of another size is the same. `reason` says why a part was not checked, or
    what else there is to know.
    """

    part: str
    expected: str | None = None
    found: str | None = None
    holds: bool | None = None
    tensor: str | None = None
    span: Span | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Verification:
    """How a file compares with a receipt. `is_before` says that it is, to the last byte, the file before the stamp."""

    checked: tuple[Checked, ...]
    is_before: bool

    @property
    def holds(self) -> bool:
        """Whether everything that the receipt says of the file is so."""
        return all(item.holds is not False for item in self.checked)

    @property
    def counts(self) -> Mapping[str, int]:
        """How many parts are as the receipt says, how many differ, and how many were not checked."""
        kinds = {"ok": True, "differ": False, "not_checked": None}
        return {name: sum(item.holds is kind for item in self.checked) for name, kind in kinds.items()}


def verify(file: FileProof, receipt: Receipt) -> Verification:
    """Hold a file against what a receipt says of the file after the stamp.

    The digests of the file are best taken with the `places` of that: then a part whose bytes are right counts as right
    also where damage in the header, or in the index, keeps everybody from finding it.
    """
    before, after = receipt.before, receipt.after
    is_before = (file.nbytes, file.sha256) == (before.nbytes, before.sha256) and before.sha256 != after.sha256
    return Verification(tuple(_Comparison(file, after).all()), is_before)


class _Comparison:
    """The parts of one file, each held against what a receipt says of it."""

    def __init__(self, file: FileProof, said_of_it: Said) -> None:
        self.file = file
        self.said = said_of_it
        self.sections = {name: self._section(name) for name in facts.LAYOUT if name != DATA}
        self.index_holds = self.sections["tensor_index"].holds is True

    def all(self) -> Iterator[Checked]:
        file, whole = self.file, (0, self.file.nbytes)
        yield _same("size", f"{self.said.nbytes} bytes", f"{file.nbytes} bytes", whole)
        yield _same("file", f"SHA-256 {self.said.sha256}", f"SHA-256 {file.sha256}", whole)
        for name in facts.LAYOUT:
            if name == DATA:
                tensors = list(self._tensors())
                yield from tensors
                yield self._payload(tensors)
                yield self._filler()
                continue
            yield self.sections[name]
            if name == "header":
                yield self._flags()
            if name == "metadata":
                yield from self._values()

    def _section(self, name: str) -> Checked:
        found = self.file.sections.get(name)
        span = None if found is None else (found.start, found.end)
        if self.said.sections is None:
            return _unsaid(name, span)
        wanted = self.said.sections[name]
        checked = _same(name, _described(wanted), _described(found), span)
        if checked.holds:
            return checked
        if wanted is None:
            others = found is not None and self._is_all_others(found)
            return (
                replace(checked, found=checked.expected, holds=True, span=None, reason=_MISLED) if others else checked
            )
        place = (wanted.start, wanted.end)
        there = self.file.at_places.get(place) == wanted.sha256
        return replace(checked, found=checked.expected, holds=True, span=place, reason=_LOST) if there else checked

    def _is_all_others(self, found: Digested) -> bool:
        """Whether each byte belongs to another part, which is right: the parts in a receipt are all of its file."""
        there = self.file.at_places
        parts = [
            item for item in (*(self.said.sections or {}).values(), *(self.said.tensors or ())) if item is not None
        ]
        filler = self.file.filler_at_places == self.said.filler
        return (
            self.file.nbytes == self.said.nbytes
            and all(there.get((item.start, item.end)) == item.sha256 for item in parts if _meet(item, found))
            and (filler or not any(_meet(Digested(*span, ""), found) for span in self.said.places.filler))
        )

    def _flags(self) -> Checked:
        header = self.file.header
        span = None if header is None else facts.spans_header(header, 0)["flags"]
        if self.said.flags is None:
            return _unsaid("flags", span)
        found = _UNREADABLE if header is None else _flags_text(header.flags)
        return _same("flags", _flags_text(Flags(self.said.flags)), found, span)

    def _values(self) -> Iterator[Checked]:
        """The keys of the metadata that the receipt has values of."""
        metadata, provenance, changed = self.file.metadata, self.said.provenance or {}, self.said.changed
        is_lost = self.sections["metadata"].reason == _LOST
        for key, value in {**provenance, **(changed or {})}.items():
            if is_lost:
                yield Checked(f"metadata.{key}", reason=_LOST)
            elif changed is None:  # evidence has texts in the place of values
                found = _UNREADABLE if metadata is None else shown(metadata, key)
                yield _same(f"metadata.{key}", value, found, _place(metadata, key))
            else:
                yield _value(metadata, key, value, may_be_null=key not in changed)

    def _tensors(self) -> Iterator[Checked]:
        """Every tensor by its name; of several of one name, the first with the first."""
        file = self.file
        if self.said.tensors is None:
            number = f"{len(file.tensors)}{'' if file.is_complete else ' that can be read'}"
            if self.said.n_tensors is not None:
                yield _same("tensors", str(self.said.n_tensors), number, None)
            yield _unsaid("tensor")
            return
        there: defaultdict[bytes, deque[TensorDigest]] = defaultdict(deque)
        for tensor in file.tensors:
            there[tensor.name_bytes].append(tensor)
        for wanted in self.said.tensors:
            same = there[wanted.name_bytes]
            yield self._tensor(wanted, same.popleft() if same else None)
        if self.sections["tensor_index"].reason != _LOST:
            for left in there.values():
                for tensor in left:
                    yield _tensor(tensor.name, None, tensor)

    def _tensor(self, wanted: TensorDigest, found: TensorDigest | None) -> Checked:
        checked = _tensor(wanted.name, wanted, found)
        place = (wanted.start, wanted.end)
        if checked.holds or self.file.at_places.get(place) != wanted.sha256:
            return checked
        if not self.index_holds:
            return replace(checked, reason=f"its bytes are @{place[0]:#x}..{place[1]:#x}, where they belong")
        return replace(checked, found=checked.expected, holds=True, span=place, reason=_LOST)

    def _payload(self, tensors: Sequence[Checked]) -> Checked:
        said_of_it, file = self.said, self.file
        if said_of_it.payload_digest is None:
            return _unsaid("payload", file.data)
        found = file.payload_digest or "none: a tensor is not whole"
        checked = _same("payload", said_of_it.payload_digest, found, file.data)
        if checked.holds or not (self.index_holds and all(item.holds for item in tensors)):
            return checked
        return replace(checked, found=checked.expected, holds=True, span=said_of_it.data, reason=_LOST)

    def _filler(self) -> Checked:
        wanted, file = self.said.filler, self.file
        if wanted is None:
            return _unsaid("filler", file.data)
        if file.filler == wanted:
            return _same("filler", _filler_text(wanted), _filler_text(wanted), file.data)
        if file.filler_at_places == wanted:
            text = _filler_text(wanted)
            return Checked("filler", text, text, True, span=self.said.data, reason=_LOST)
        if file.filler is None:
            return Checked("filler", span=file.data, reason="where the tensors lie cannot be read")
        return _same("filler", _filler_text(wanted), _filler_text(file.filler), file.data)


def _meet(first: Digested | TensorDigest, second: Digested) -> bool:
    return max(first.start, second.start) < min(first.end, second.end)


def _same(part: str, expected: str, found: str, span: Span | None) -> Checked:
    return Checked(part, expected, found, expected == found, span=span)


def _unsaid(part: str, span: Span | None = None) -> Checked:
    return Checked(part, span=span, reason="the receipt does not say")


def _described(section: Digested | None) -> str:
    """Its bytes, wherever they lie: what is moved by something else is the same."""
    return "no bytes" if section is None else f"{section.end - section.start} bytes, SHA-256 {section.sha256}"


def _filler_text(filler: Filler) -> str:
    return f"{filler.nbytes} bytes, SHA-256 {filler.sha256}"


def _flags_text(flags: Flags) -> str:
    return " ".join((f"{int(flags):#06x}", *flag_names(flags)))


def _value(metadata: Metadata | None, key: str, value: Any, *, may_be_null: bool) -> Checked:
    """A value of the metadata; of the keys that are always said, null stands for a missing one too."""
    text = None if metadata is None else text_of(metadata, key)
    found = UNSET if text is None else said(text)
    if value is None and may_be_null and found is UNSET:
        found = None
    holds = value is found if value is UNSET or found is UNSET else same_json(value, found)
    shown_as = _UNREADABLE if metadata is None else _value_text(found)
    place = _place(metadata, key)
    return Checked(f"metadata.{key}", _value_text(value), shown_as, holds and metadata is not None, span=place)


def _value_text(value: Any) -> str:
    if value is UNSET:
        return MISSING
    match value:
        case {"omitted": {"size_bytes": int(nbytes), "sha256": str(digest)}}:
            return f"a value of {nbytes} bytes, SHA-256 {digest}"
    return json.dumps(value, ensure_ascii=False)


def _place(metadata: Metadata | None, key: str) -> Span | None:
    return None if metadata is None or key not in metadata else metadata.span_of(key)


def _tensor(name: str, wanted: TensorDigest | None, found: TensorDigest | None) -> Checked:
    texts = [_NO_TENSOR if tensor is None else _tensor_text(tensor) for tensor in (wanted, found)]
    span = None if found is None else (found.start, found.end)
    return Checked("tensor", texts[0], texts[1], texts[0] == texts[1], name, span)


def _tensor_text(tensor: TensorDigest) -> str:
    digest = "not all of it in the file" if tensor.sha256 is None else f"SHA-256 {tensor.sha256}"
    return f"{tensor.dtype} {list(tensor.shape)}, {tensor.nbytes} bytes, {digest}"
