"""The map from bytes to fields: every field of a file with its path in the specification, its span and its value.

Any bytes have a map, and it goes as far as they do: what cannot be located is left out, and bytes that nothing explains
are a gap. Where sections or tensors of a damaged file overlap, a byte belongs to the one that begins last before it;
nothing begins inside the header.

Rules of this file:
1. Fields, filler, syntax and gaps divide the file: every byte is in exactly one of them.
2. Nothing is read beyond the end of the file, and nothing is repeated as often as a number in the file says.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from enum import StrEnum
from functools import cached_property
from heapq import heappop, heappush
from types import SimpleNamespace
from typing import Any, NamedTuple, TypeVar

from . import layout
from .container import Container
from .errors import AprError, TruncatedError
from .layout import Header, facts
from .metadata import Member
from .source import open_stream
from .tensors import Tensor

__all__ = ["GAP_PATH", "FieldAt", "FieldMap", "FieldSpan", "Kind", "entry_fields", "field_at", "walk"]

Span = tuple[int, int]
T = TypeVar("T")

GAP_PATH = "gap"
"""The path of bytes that no field of the specification explains."""

_ENTRY = re.compile(r"tensor_index\.entries\[([0-9]{1,10})\]")


class Kind(StrEnum):
    """What a `FieldSpan` is, as to its bytes."""

    GROUP = "group"
    """Its bytes are those of the fields inside."""
    FIELD = "field"
    """Its bytes are its own."""
    BITS = "bits"
    """Some bits of the field before."""
    SYNTAX = "syntax"
    """What stands between the members of the metadata: brackets, commas, white space."""
    FILLER = "filler"
    """Fewer bytes between tensors than the grid takes."""
    GAP = "gap"
    """Bytes that nothing explains."""


_LEAVES = frozenset((Kind.FIELD, Kind.SYNTAX, Kind.FILLER, Kind.GAP))


class FieldSpan(NamedTuple):
    """One field. `span` are the bytes that it has to itself here; `declared` is where the file says that it lies, when
    that is another span. `value` is None for what is not all there, and for bytes without a meaning of their own.

    `depth` counts the groups around it; `bits` are position and width; `tensor` is the one whose entry or data it is.
    """

    path: str
    name: str
    depth: int
    kind: Kind
    span: Span
    value: Any = None
    tensor: Tensor | None = None
    declared: Span | None = None
    bits: tuple[int, int] | None = None

    @property
    def is_leaf(self) -> bool:
        """Whether its bytes are its own, so that no other leaf has them."""
        return self.kind in _LEAVES

    @property
    def nbytes(self) -> int:
        """Number of bytes in `span`."""
        return self.span[1] - self.span[0]


class FieldAt(NamedTuple):
    """The field that holds a byte. In the data of a tensor `span` is that of the whole tensor, `tensor` its name."""

    path: str
    span: Span
    tensor: str | None


def walk(container: Container, under: str = "") -> Iterator[FieldSpan]:
    """Every field in the order of the file, a group before what is in it; with `under` only that path and below it.

    Lazy, in constant memory apart from the index. Works on any bytes (`Container(..., lenient=True)`). Raises `OSError`
    as the system reports it, and `TruncatedError` when the file becomes shorter while it is read.
    """
    return FieldMap(container).walk(under)


def field_at(container: Container, offset: int) -> FieldAt | None:
    """The innermost field of whole bytes that holds the byte `offset`; None in a gap and outside the file."""
    return FieldMap(container).at(offset)


def _divide(claims: Iterable[tuple[int, int, T]], start: int, stop: int) -> Iterator[tuple[int, int, T | None]]:
    """Divide bytes `start` to `stop` among claims `(start, stop, owner)`; None owns what nobody claims.

    A byte goes to the claim that begins last before it, of two that begin together to the later one. Claims of no bytes
    come out where they lie, and divide nothing.
    """
    ordered = sorted(enumerate(claims), key=lambda item: (item[1][0], item[0]))
    empty = [claim for _, claim in ordered if claim[0] == claim[1]]
    full = [(claim[0], number, claim[1], claim[2]) for number, claim in ordered if claim[0] < claim[1]]
    open_claims: list[tuple[int, int, int, T]] = []
    next_empty = next_full = 0
    at = start
    while True:
        while next_empty < len(empty) and empty[next_empty][0] <= at:
            yield empty[next_empty]
            next_empty += 1
        while next_full < len(full) and full[next_full][0] <= at:
            begin, number, end, owner = full[next_full]
            heappush(open_claims, (-begin, -number, end, owner))
            next_full += 1
        while open_claims and open_claims[0][2] <= at:
            heappop(open_claims)
        if at >= stop:
            return
        end = full[next_full][0] if next_full < len(full) else stop
        if open_claims:
            end = min(end, open_claims[0][2])
        end = min(end, stop)
        yield at, end, open_claims[0][3] if open_claims else None
        at = end


def _filled(fields: Iterable[FieldSpan], start: int, stop: int, depth: int) -> Iterator[FieldSpan]:
    """The fields, in ascending order, as far as they lie between `start` and `stop`, with gaps where none lies."""
    at = start
    for field in fields:
        # No bytes take none from anybody, wherever they lie.
        low = max(field.span[0], at if field.is_leaf and field.nbytes else start)
        high = min(field.span[1], stop)
        if low > high or (low == high and field.nbytes):
            continue
        if low > at:
            yield _gap(at, low, depth)
            at = low
        if field.is_leaf:
            at = max(at, high)
        if (low, high) != field.span:
            field = field._replace(span=(low, high), declared=field.declared or field.span)
        yield field
    if at < stop:
        yield _gap(at, stop, depth)


def _gap(start: int, stop: int, depth: int) -> FieldSpan:
    return FieldSpan(GAP_PATH, GAP_PATH, depth, Kind.GAP, (start, stop))


class FieldMap:
    """The map of one container, for several questions; `walk` and `field_at` ask one."""

    def __init__(self, container: Container) -> None:
        self.container = container
        self.size = container.source.size

    @cached_property
    def header(self) -> Header:
        """The header, with zeros for the bytes that are not there."""
        return layout.parse_header(self.container.first_bytes.ljust(layout.HEADER_SIZE, b"\0"))

    @property
    def _header_span(self) -> Span:
        """Of another format only the magic is known."""
        foreign = self.container.first_bytes[: len(layout.MAGIC)] in facts.MAGIC_LOOKALIKES
        return 0, len(layout.MAGIC) if foreign else layout.HEADER_SIZE

    @property
    def _has_header(self) -> bool:
        return min(self._header_span[1], self.size) >= layout.HEADER_SIZE

    @cached_property
    def _known(self) -> tuple[Sequence[Tensor], bool]:
        """The entries that can be read, and whether those are all that the header counts."""
        if not self._has_header:
            return (), False
        tensors: list[Tensor] = []
        header, limits = self.header, self.container.limits
        start, end = header.ofs_tensor_index, header.ofs_data
        if start <= end <= self.size:
            with suppress(AprError):
                return self.container.tensors, True
        stop = min(self.size, start + limits.max_index_bytes, end if start <= end else self.size)
        count = min(header.num_tensors, limits.max_tensors)
        if start < stop:
            with suppress(TruncatedError), open_stream(self.container.source, start, stop) as stream:
                for entry, span in layout.iter_entries(stream, count, start=start):
                    tensors.append(Tensor(self.container.source, entry, len(tensors), span, header.ofs_data))
        return tensors, False

    @property
    def tensors(self) -> Sequence[Tensor]:
        """The entries of the index that can be read."""
        return self._known[0]

    @property
    def is_complete(self) -> bool:
        """Whether those are all the entries that the header counts."""
        return self._known[1]

    @property
    def _entries_end(self) -> int:
        return self.tensors[-1].entry_span[1] if self.tensors else self.header.ofs_tensor_index

    @cached_property
    def located(self) -> dict[str, Span]:
        """Where the file says that its sections lie, as far as that is inside the file."""
        if not self._has_header:
            return {"header": self._header_span}
        entries = [tensor.entry for tensor in self.tensors]
        root = SimpleNamespace(header=self.header, len_file=self.size, tensor_index=SimpleNamespace(entries=entries))
        found: dict[str, Span] = {}
        for name in facts.LAYOUT:
            span: Span | None = getattr(facts, f"locate_{name}")(root)
            if name == "tensor_index" and span is not None and span[1] < span[0]:
                span = (span[0], self._entries_end)  # entries say themselves where they end
            if span is not None and (name == "header" or layout.HEADER_SIZE <= span[0] <= min(span[1], self.size)):
                found[name] = span
            if name == "tensor_data" and not self.is_complete:
                break
        return found

    @cached_property
    def _pieces(self) -> list[tuple[int, int, str | None]]:
        """The file divided among its sections, in the order of the file."""
        starts = [span[0] for name, span in self.located.items() if not name.endswith("_padding")]
        claims = []
        for name, (start, stop) in self.located.items():
            if name.endswith("_padding"):
                # Filler is what lies between sections: it ends at the next one, and nothing lies between it and no end.
                if stop > self.size:
                    continue
                stop = min((other for other in starts if start < other < stop), default=stop)
            if name == "tensor_index" and not self.is_complete:
                stop = self._entries_end
            claims.append((start, min(stop, self.size), name))
        return list(_divide(claims, 0, self.size))

    def walk(self, under: str = "") -> Iterator[FieldSpan]:
        """As the function `walk`."""
        section = re.split(r"[.\[]", under, maxsplit=1)[0]
        entry = _ENTRY.match(under)
        only = None if entry is None else int(entry[1])
        inside = (f"{under}.", f"{under}[")
        for start, stop, name in self._pieces:
            if under not in ("", GAP_PATH) and name != section:
                continue
            fields = () if name is None else self._fields(name, only)
            for field in _filled(fields, start, stop, 0 if name is None else 1):
                if not under or field.path == under or field.path.startswith(inside):
                    yield field

    def _fields(self, section: str, only: int | None = None) -> Iterator[FieldSpan]:
        """The fields of a section in ascending order, as declared; with `only`, no other entry of the index."""
        if section == "tensor_index":
            return self._index_fields(only)
        makers = {"header": self._header_fields, "metadata": self._metadata_fields}
        makers |= {"tensor_data": self._data_fields, "footer": self._footer_fields}
        if section in makers:
            return makers[section]()
        return iter((FieldSpan(section, section, 0, Kind.FIELD, self.located[section]),))

    def _header_fields(self) -> Iterator[FieldSpan]:
        span = self._header_span
        yield FieldSpan("header", "header", 0, Kind.GROUP, span)
        for name, place in facts.spans_header(self.header, 0).items():
            value = getattr(self.header, name) if place[1] <= min(self.size, span[1]) else None
            path = f"header.{name}"
            if place[0] < span[1]:
                yield FieldSpan(path, name, 1, Kind.FIELD, place, value)
            if facts.FIELDS["header"][name].type == "flags" and value is not None:
                bits = layout.flags_tree(value)
                for bit, position, width in facts.FLAGS_BITS:
                    yield FieldSpan(f"{path}.{bit}", bit, 2, Kind.BITS, place, bits[bit], bits=(position, width))

    def _metadata_fields(self) -> Iterator[FieldSpan]:
        start, stop = self.located["metadata"]
        members: Sequence[Member] = ()
        with suppress(AprError):
            members = self.container.metadata.members if stop <= self.size else ()
        if not members:
            yield FieldSpan("metadata", "metadata", 0, Kind.FIELD, (start, stop))
            return
        yield FieldSpan("metadata", "metadata", 0, Kind.GROUP, (start, stop), len(members))
        at = start
        for member in members:
            span = (member.key_span[0], member.value_span[1])
            yield FieldSpan("metadata", "", 1, Kind.SYNTAX, (at, span[0]))
            yield FieldSpan(f"metadata.{member.key}", member.key, 1, Kind.FIELD, span, member.value)
            at = span[1]
        yield FieldSpan("metadata", "", 1, Kind.SYNTAX, (at, stop))

    def _index_fields(self, only: int | None) -> Iterator[FieldSpan]:
        start, stop = self.located["tensor_index"]
        yield FieldSpan("tensor_index", "tensor_index", 0, Kind.GROUP, (start, stop), len(self.tensors))
        for tensor in self.tensors if only is None else self.tensors[only : only + 1]:
            yield from entry_fields(tensor)
        if self.is_complete:
            span = (self._entries_end, self.header.ofs_data)
            yield FieldSpan("tensor_index.padding", "padding", 1, Kind.FIELD, span)

    def _data_fields(self) -> Iterator[FieldSpan]:
        start, stop = self.located["tensor_data"]
        yield FieldSpan("tensor_data", "tensor_data", 0, Kind.GROUP, (start, stop))
        claims = ((*tensor.file_span, tensor) for tensor in self.tensors if tensor.file_span[0] <= self.size)
        for at, end, tensor in _divide(claims, start, min(stop, self.size)):
            if tensor is not None:
                declared = None if (at, end) == tensor.file_span else tensor.file_span
                yield FieldSpan("tensor_data", tensor.name, 1, Kind.FIELD, (at, end), None, tensor, declared)
            elif end - at < layout.ALIGNMENT:
                yield FieldSpan("tensor_data", "", 1, Kind.FILLER, (at, end))

    def _footer_fields(self) -> Iterator[FieldSpan]:
        start, stop = self.located["footer"]
        yield FieldSpan("footer", "footer", 0, Kind.GROUP, (start, stop))
        footer = None if stop > self.size else layout.parse_footer(self.container.source.read(start, stop))
        for name, span in facts.spans_footer(footer or layout.Footer(0), start).items():
            yield FieldSpan(f"footer.{name}", name, 1, Kind.FIELD, span, getattr(footer, name, None))

    def at(self, offset: int) -> FieldAt | None:
        """As the function `field_at`."""
        end = min(self._header_span[1], self.size)
        if 0 <= offset < end:
            return self._at(offset, "header", 0, end)  # without a look at the index
        for start, stop, name in self._pieces:
            if start <= offset < stop and name is not None:
                return self._data_at(offset) if name == "tensor_data" else self._at(offset, name, start, stop)
        return None

    def _at(self, offset: int, section: str, start: int, stop: int) -> FieldAt | None:
        only = None
        if section == "tensor_index":
            # Before the first entry there is nothing to find, whichever one is looked at.
            only = max(0, bisect_right(self.tensors, offset, key=lambda tensor: tensor.entry_span[0]) - 1)
        for field in _filled(self._fields(section, only), start, stop, 1):
            if field.is_leaf and field.span[0] <= offset < field.span[1] and field.kind is not Kind.GAP:
                span = self.located[section] if field.kind is Kind.SYNTAX else field.span
                return FieldAt(field.path, span, None if field.tensor is None else field.tensor.name)
        return None

    def _data_at(self, offset: int) -> FieldAt | None:
        """One pass over the index, because nothing says that the data lies in its order."""
        low, high = self.located["tensor_data"]
        high = min(high, self.size)
        owner: Tensor | None = None
        for tensor in self.tensors:
            start, stop = tensor.file_span
            if start == stop:
                continue
            if start > offset:
                high = min(high, start)
            elif stop <= offset:
                low = max(low, stop)
            elif owner is None or start >= owner.file_span[0]:
                owner = tensor
        if owner is not None:
            return FieldAt("tensor_data", owner.file_span, owner.name)
        return FieldAt("tensor_data", (low, high), None) if high - low < layout.ALIGNMENT else None


def entry_fields(tensor: Tensor) -> Iterator[FieldSpan]:
    """The group of an index entry, and the fields in it."""
    path = f"tensor_index.entries[{tensor.index}]"
    yield FieldSpan(path, f"entries[{tensor.index}]", 1, Kind.GROUP, tensor.entry_span, None, tensor)
    for name, span in facts.spans_tensor_index_entry(tensor.entry, tensor.entry_span[0]).items():
        yield FieldSpan(f"{path}.{name}", name, 2, Kind.FIELD, span, getattr(tensor.entry, name), tensor)
