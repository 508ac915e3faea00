"""The laws of a stamp, held against two files: it changes the keys of the patch, and nothing else.

Nothing here knows how a stamp is made; what may differ between a file and its stamp is said part by part.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ...container import Container
from ...errors import AprError, quoted
from ...jsontext import show
from ...layout import Flags, facts
from ...metadata import Member, same_json
from ...rules import run
from ...vectors.image import Image
from .symptoms import place_of

__all__ = ["Broken", "broken_laws"]

_KEPT = ("magic", "version_major", "version_minor", "num_tensors", "reserved")
_ENTRY = tuple(facts.FIELDS["tensor_index_entry"])


class Broken(NamedTuple):
    """A law that a stamp breaks: its kind, the place in the specification, and what was expected and found."""

    kind: str
    place: str
    detail: str


def broken_laws(before: bytes, after: bytes, patch: Mapping[str, str]) -> Iterator[Broken]:
    """What a stamp of a sound file changed beside the keys of its patch, and what of the patch did not arrive."""
    old, new = (Container(Image.of(raw), lenient=True) for raw in (before, after))
    report = run(new, read_data=True)
    if report.errors:
        error = report.errors[0]
        yield Broken("invalid-output", f"{error.rule} {place_of(error.field)}", str(error.error()))
    try:
        yield from _header(old, new)
        yield from _index(old, new)
        yield from _data(old, new)
        yield from _metadata(old, new, patch)
    except AprError as error:
        if not report.errors:
            yield Broken("invalid-output", "", str(error))


def _header(old: Container, new: Container) -> Iterator[Broken]:
    for name in _KEPT:
        yield from _same(f"header.{name}", getattr(old.header, name), getattr(new.header, name))
    yield from _same("header.flags", int(old.header.flags | Flags.LAYOUT_ROW_MAJOR), int(new.header.flags))


def _index(old: Container, new: Container) -> Iterator[Broken]:
    for one, other in zip(old.tensors, new.tensors, strict=False):
        for name in _ENTRY:
            path = f"tensor_index.entries[].{name}"
            yield from _same(path, getattr(one.entry, name), getattr(other.entry, name))
    if len(old.tensors) != len(new.tensors):
        yield from _same("tensor_index.entries", len(old.tensors), len(new.tensors))


def _data(old: Container, new: Container) -> Iterator[Broken]:
    one, other = (
        container.source.read(container.header.ofs_data, min(container.required_len, container.source.size))
        for container in (old, new)
    )
    if one != other:
        pairs = enumerate(zip(one, other, strict=False))
        at = next((number for number, (a, b) in pairs if a != b), min(len(one), len(other)))
        said = f"expected {len(one)} bytes as before, found {len(other)} bytes, others from byte {at} on"
        yield Broken("changes", "tensor_data", said)


def _same(place: str, expected: object, found: object) -> Iterator[Broken]:
    if expected != found:
        yield Broken("changes", place, f"{place}: expected {show(expected)}, found {show(found)}")


def _metadata(old: Container, new: Container, patch: Mapping[str, str]) -> Iterator[Broken]:
    for key, value in patch.items():
        if new.metadata.get(key) != value:
            yield Broken("unsaid", "metadata", f"{key}: expected {show(value)}, found {show(new.metadata.get(key))}")
    ours, theirs = _others(old, patch), _others(new, patch)
    before, after = ([_text(container, item) for item in items] for container, items in ((old, ours), (new, theirs)))
    if before == after:
        return
    yield Broken("changes", f"metadata, {_how(ours, theirs, before, after)}", _words(ours, theirs, before, after))


def _others(container: Container, patch: Mapping[str, str]) -> list[Member]:
    """The members that a patch leaves alone: of a patched key that occurs twice, all but the last."""
    losing = set(map(id, container.metadata.duplicates))
    return [item for item in container.metadata.members if item.key not in patch or id(item) in losing]


def _text(container: Container, item: Member) -> bytes:
    start = container.metadata.file_offset
    return container.metadata.raw[item.key_span[0] - start : item.value_span[1] - start]


def _how(ours: Sequence[Member], theirs: Sequence[Member], before: Sequence[bytes], after: Sequence[bytes]) -> str:
    """What was done to members, the worst first."""
    found = {item.key: item.value for item in theirs}
    last = {item.key: item.value for item in ours}
    if any(key not in found and value is not None for key, value in last.items()):
        return "a key lost"
    if any(key in found and not same_json(value, found[key]) for key, value in last.items()):
        return "a value changed"
    if found.keys() - last.keys():
        return "a key added"
    if len(before) != len(after):
        return "members dropped or null keys added or lost"
    return "the order changed" if sorted(before) == sorted(after) else "the text rewritten"


def _words(ours: Sequence[Member], theirs: Sequence[Member], before: Sequence[bytes], after: Sequence[bytes]) -> str:
    pairs = enumerate(zip(before, after, strict=False))
    at = next((number for number, (one, other) in pairs if one != other), min(len(before), len(after)))
    expected, found = (
        quoted(texts[at].decode("utf-8", "replace"), 60) if at < len(texts) else "no more members"
        for texts in (before, after)
    )
    return f"member {at} of {len(ours)}, {len(theirs)} afterwards: expected {expected}, found {found}"
