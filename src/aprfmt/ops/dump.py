"""Dump: the fields of a file one by one, each with its bytes and with what is wrong there."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from difflib import get_close_matches
from functools import cached_property
from hashlib import sha256
from itertools import chain
from typing import NamedTuple

from ..container import Container
from ..errors import AprError, RequestError, printable, quoted
from ..layout import facts, iter_entries
from ..layout.elements import decode_elements
from ..metadata import is_known_key
from ..provenance import PROVENANCE_KEYS
from ..rules import Finding, Report, Severity, run
from ..rules.case import Case
from ..source import iter_chunks, open_stream
from ..spans import GAP_PATH, FieldMap, FieldSpan, Kind, entry_fields
from ..tensors import Tensor

__all__ = ["SHOWN_BYTES", "Dump", "Part"]

Span = tuple[int, int]

SHOWN_BYTES = 4 * 16
"""How many bytes of a field are shown unless somebody asks for more: four lines."""

_ENTRY = re.compile(r"tensor_index\.entries\[(?P<index>[0-9]{1,10})\](?:\.(?P<name>\w+))?")
_MAX_LOOKED_AT, _NEIGHBOURS = 1000, 200
"""How many names are compared with a wrong one, and how many of very many on each side of it: 90,000 take seconds."""
_BLOCK_BYTES = 1 << 16
"""What is read at once where many rows follow each other."""


class Part(NamedTuple):
    """A field, what is wrong there, and the bytes of it that are to be shown, from the first on."""

    field: FieldSpan
    findings: tuple[Finding, ...]
    shown: Span

    @property
    def n_left_out(self) -> int:
        """How many bytes of the field are not to be shown."""
        return max(0, self.field.span[1] - self.shown[1]) if self.field.is_leaf else 0


class Dump:
    """A dump of a container: whole, of one field and what is in it, or of one tensor.

    `limit` is how many bytes of a field are shown at most, None for all of them; of a tensor, how many of its data.
    Works on any bytes, when the container is `lenient`. Raises `RequestError` for a field that the specification does
    not have, and for a tensor that the index does not have.
    """

    def __init__(
        self,
        container: Container,
        *,
        field: str = "",
        tensor: str | None = None,
        limit: int | None = SHOWN_BYTES,
    ) -> None:
        self.container = container
        self.report: Report = run(container)
        self.nbytes = container.source.size
        self.n_parts = 0
        """How many parts were taken."""
        self._map = FieldMap(container)
        self._field = field
        self._tensor = tensor
        self._limit = limit
        self._places = _Places(self._map, self.report.findings)
        self._block = (0, b"")
        self._index_end = self._map.located.get("tensor_index", (0, 0))[1]
        if tensor is not None:
            self._chosen = self._named(tensor)
        elif field and not self._places.has(field):
            self._refuse_unknown(field)

    @property
    def valid(self) -> bool:
        """Whether no fault was found that every careful reader must raise."""
        return not any(finding.severity is Severity.ERROR for finding in self.report.findings)

    def parts(self) -> Iterator[Part]:
        """The parts in the order of the file, a group before what is in it. Taken once: they take the findings."""
        for field in self._selected():
            stop = field.span[1] if field.is_leaf else field.span[0]
            limit = self._limit
            if limit is not None and self._tensor is not None and field.path != "tensor_data":
                limit = max(limit, SHOWN_BYTES)
            if limit is not None:
                stop = min(stop, field.span[0] + limit)
            self.n_parts += 1
            yield Part(field, tuple(self._places.take(field)), (field.span[0], stop))

    def findings_left(self) -> list[Finding]:
        """The findings that no part so far has had."""
        return self._places.left()

    def rows(self, part: Part, width: int, *, aligned: bool = True) -> Iterator[tuple[int, bytes]]:
        """The bytes to be shown in rows, each with the offset of its first byte.

        When `aligned`, no row but the first begins anywhere but at a multiple of `width`.
        """
        at, stop = part.shown
        # In the index short fields follow each other; tensors may be far apart, and reading ahead would read them all.
        ahead = self._index_end if part.field.path.startswith("tensor_index.") else stop
        while at < stop:
            end = min(stop, at + width - (at % width if aligned else 0))
            yield at, self._read(at, end, ahead)
            at = end

    def digest(self, part: Part) -> str:
        """SHA-256, in hex, of all bytes of a field, shown or not."""
        digest = sha256()
        for piece in iter_chunks(self.container.source, *part.field.span):
            digest.update(piece)
        return digest.hexdigest()

    def elements(self, part: Part, raw: bytes) -> tuple[int | float, ...] | None:
        """Numbers in bytes of the data of the tensor that was asked for; None when its type has none by themselves."""
        tensor = part.field.tensor
        if self._tensor is None or tensor is None or part.field.path != "tensor_data":
            return None
        return decode_elements(tensor.entry.dtype, raw)

    def _read(self, start: int, stop: int, ahead: int) -> bytes:
        """Bytes `start` to `stop`, out of a block of what lies before `ahead`."""
        first, block = self._block
        if not first <= start <= stop <= first + len(block):
            end = min(start + _BLOCK_BYTES, ahead, self.container.source.size)
            first, block = self._block = start, self.container.source.read(start, max(stop, end))
        return block[start - first : stop - first]

    def _selected(self) -> Iterator[FieldSpan]:
        if self._tensor is not None:
            for tensor in self._chosen:
                yield from self._map.walk(f"tensor_index.entries[{tensor.index}]")
                yield from self._data_of(tensor)
            return
        for field in self._map.walk(self._field):
            if field.path == "tensor_index.padding":
                yield from self._with_uncounted(field)
            else:
                yield field

    def _data_of(self, tensor: Tensor) -> Iterator[FieldSpan]:
        """The data of a tensor, whoever else has it, as far as it lies in the file."""
        start, stop = tensor.file_span
        end = min(stop, self.container.source.size)
        if start <= end:
            declared = None if end == stop else tensor.file_span
            yield FieldSpan("tensor_data", tensor.name, 1, Kind.FIELD, (start, end), None, tensor, declared)

    def _with_uncounted(self, padding: FieldSpan) -> Iterator[FieldSpan]:
        """Filler of the index, with the entries in it that the header does not count."""
        start, stop = padding.span
        number, end = 0, start
        with suppress(AprError):
            number, end = Case(self.container, reads_all=False, progress=None).uncounted
        if not number or padding.declared is not None:
            yield padding
            return
        first, origin = len(self._map.tensors), self._map.header.ofs_data
        with open_stream(self.container.source, start, end) as stream:
            for index, (entry, span) in enumerate(iter_entries(stream, number, start=start), first):
                group, *fields = entry_fields(Tensor(self.container.source, entry, index, span, origin))
                yield group._replace(value="not counted by the header")
                yield from fields
        yield padding._replace(span=(end, stop))

    def _named(self, name: str) -> list[Tensor]:
        """The tensors of that name; without any, those whose name is printed so, when it is the same for all."""
        found = [tensor for tensor in self._map.tensors if tensor.name == name]
        found = found or [tensor for tensor in self._map.tensors if printable(tensor.name) == name]
        if not found:
            names = [tensor.name for tensor in self._map.tensors]
            raise _unknown("the name of a tensor", name, names)
        if len({tensor.name_bytes for tensor in found}) > 1:
            raise RequestError(f"expected the name of one tensor, found {quoted(name)}: several are printed so")
        return found

    def _refuse_unknown(self, path: str) -> None:
        """Raise `RequestError` for a path that no file has; one that this file lacks stands for no bytes."""
        entry = _ENTRY.fullmatch(path)
        count = len(self._map.tensors)
        if entry is not None and entry["name"] in (None, *facts.FIELDS["tensor_index_entry"]):
            there = f"entries[0] to entries[{count - 1}]" if count else "no entries"
            raise RequestError(f"expected a field of this file, found {path!a}: the index has {there}")
        known = [*_spec_paths(), *self._places.paths, GAP_PATH]
        known += [f"metadata.{key}" for key in PROVENANCE_KEYS]
        key = path.removeprefix("metadata.")
        if not (key != path and is_known_key(key)) and not any(f"{name}.".startswith(f"{path}.") for name in known):
            raise _unknown("the path of a field", path, known)


def _unknown(what: str, name: str, known: Iterable[str]) -> RequestError:
    folded = {spelt.casefold(): spelt for spelt in known}
    close = [folded[match] for match in get_close_matches(name.casefold(), _near(name.casefold(), folded), n=3)]
    tail = f"; did you mean {' or '.join(map(quoted, close))}?" if close else ""
    return RequestError(f"expected {what}, found {quoted(name)}{tail}")


def _near(name: str, known: Collection[str]) -> Collection[str]:
    """Those that are looked at for a suggestion: of very many, the ones that begin or end like the name."""
    if len(known) <= _MAX_LOOKED_AT:
        return known
    found: set[str] = set()
    for direction in (1, -1):
        ordered = sorted(spelt[::direction] for spelt in known)
        at = bisect_left(ordered, name[::direction])
        found.update(spelt[::direction] for spelt in ordered[max(0, at - _NEIGHBOURS) : at + _NEIGHBOURS])
    return found


def _spec_paths() -> Iterator[str]:
    """The paths of the specification, without those in index entries."""

    def inside(type_id: str, before: str) -> Iterator[str]:
        for name, shape in facts.FIELDS[type_id].items():
            yield f"{before}{name}"
            if shape.type is not None and not shape.repeated:
                yield from inside(shape.type, f"{before}{name}.")

    return inside("", "")


class _Places:
    """Findings by the field that they are about, for fields that come in the order of the file.

    A finding is about the field that its path names; of several with that path, about the one that holds its first
    byte. Without such a field it is about the section that it covers, or about whatever leaf holds its first byte.
    """

    def __init__(self, fields: FieldMap, findings: Sequence[Finding]) -> None:
        self._map = fields
        self._by_path: dict[str, list[Finding]] = {}
        self._by_offset: list[Finding] = []
        self._nowhere: list[Finding] = []
        for finding in findings:
            if finding.field == "tensor_data":
                self._by_offset.append(finding)
            elif self.has(finding.field):
                self._by_path.setdefault(finding.field, []).append(finding)
            elif finding.field:
                self._by_offset.append(finding)
            else:
                self._nowhere.append(finding)
        self._by_offset.sort(key=lambda finding: finding.span[0], reverse=True)

    @cached_property
    def paths(self) -> Mapping[str, int]:
        """How many fields have a path, without those of entries and of tensors."""
        found: Counter[str] = Counter()
        for name in facts.LAYOUT:
            if name not in ("tensor_index", "tensor_data"):
                found.update(field.path for field in self._map.walk(name) if field.kind is not Kind.SYNTAX)
        found.update(name for name in ("tensor_index", "tensor_data") if name in self._map.located)
        if self._map.is_complete:
            found["tensor_index.padding"] += 1
        return found

    def has(self, path: str) -> bool:
        """Whether a field of that path can be located."""
        entry = _ENTRY.fullmatch(path)
        if entry is not None and entry["name"] in (None, *facts.FIELDS["tensor_index_entry"]):
            return int(entry["index"]) < len(self._map.tensors)
        return path in self.paths

    def take(self, field: FieldSpan) -> Iterator[Finding]:
        """The findings about a field, which nobody has had yet."""
        start, stop = field.span
        there = self._by_path.pop(field.path, [])
        if there and self.paths.get(field.path, 0) > 1:
            self._by_path[field.path] = [item for item in there if not start <= item.span[0] < stop]
            there = [item for item in there if start <= item.span[0] < stop]
        yield from there
        if field.kind is Kind.GROUP and field.depth == 0:
            about_all = [item for item in self._by_offset if _holds(item.span, field.span)]
            for finding in about_all:
                self._by_offset.remove(finding)
                yield finding
        elif field.is_leaf:
            while self._by_offset and self._by_offset[-1].span[0] < stop:
                finding = self._by_offset.pop()
                if finding.span[0] >= start:
                    yield finding
                else:
                    self._nowhere.append(finding)

    def left(self) -> list[Finding]:
        """The findings that no field has had so far."""
        return [*self._nowhere, *chain.from_iterable(self._by_path.values()), *reversed(self._by_offset)]


def _holds(around: Span, inside: Span) -> bool:
    return around[0] <= inside[0] and inside[1] <= around[1]
