"""The one door to what the Kaitai compiler makes: its objects become records here, its refusals `FormatError`.

Rules of this file:
1. What the generated code would read whole, filler, tensor data and trailing bytes, is never touched: a file may claim
   any size of them.
2. Nothing is converted that is no verdict about the file: memory, the stack, the system.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any, NamedTuple, NoReturn
from zlib import crc32

from kaitaistruct import (
    EndOfStreamError,
    KaitaiStream,
    ValidationFailedError,
    ValidationGreaterThanError,
    ValidationLessThanError,
    ValidationNotEqualError,
    ValidationNotInEnumError,
)

from ._errors import FormatError, shown
from ._generated.apr_v2 import AprV2
from ._generated.facts import (
    ENTRY_FIELDS,
    ENTRY_SIZE,
    FIELD_AT,
    FLAGS,
    FOOTER_SIZE,
    HEADER_FIELDS,
    HEADER_SIZE,
    LOOKALIKES,
    RULE_AT,
    DType,
)
from ._header import Header
from ._limits import Limits
from ._source import Source

__all__ = ["Entry", "Parser", "parse_footer"]

_BEFORE_CHECKSUM = ("APR-H008", "APR-H001", "APR-H002")
"""What is wrong whatever the checksum of the header says; of anything else the damage is the better explanation."""

_DTYPES = {int(dtype): dtype for dtype in DType}


class Entry(NamedTuple):
    """One entry of the tensor index.

    `start` is its own first byte in the file. `end_own` is where its data ends with the filler behind it, `end_so_far`
    where that of all entries up to this one ends, both counted from the start of the data section. The dimensions are
    in an array: as integers of Python they take five times the room that they have in the file.
    """

    name: bytes
    dtype: DType
    dims: array[int]
    ofs_tensor: int
    len_tensor: int
    start: int
    end_own: int
    end_so_far: int

    def span(self, field: str) -> tuple[int, int]:
        """Start and end of a field of this entry in the file."""
        sizes = (len(self.name), len(self.dims))
        start = self.start + ENTRY_FIELDS[field].start.at(*sizes)
        return start, start + ENTRY_FIELDS[field].size.at(*sizes)


class Parser:
    """The head of a file, read step by step in the order in which a reader checks it.

    Every step raises `FormatError` with the rule that is broken, and `OSError` as the source does.
    """

    def __init__(self, source: Source, limits: Limits) -> None:
        self._source = source
        with self._refusing("APR-H008", "header", (0, source.size), f"at least {HEADER_SIZE} bytes"):
            self._root = _Root(source, limits)
        self._require_header_checksum()
        self.header = _header(self._root.header)

    def entries(self) -> list[Entry]:
        """The entries of the tensor index, in its order."""
        with self._refusing(
            "APR-I001", "header.num_tensors", HEADER_FIELDS["num_tensors"], f"{self.header.num_tensors} whole entries"
        ):
            return self._root.tensor_index.entries

    @property
    def required_len(self) -> int:
        """Where the data section ends, counted from the start of the file."""
        return int(self._root.required_len)

    def footer(self) -> int | None:
        """The checksum in the footer; None when the file ends with its data section."""
        span = (self.required_len, self._source.size)
        with self._refusing("APR-F001", "footer.checksum", span, f"{FOOTER_SIZE} bytes"):
            footer = self._root.footer
        return None if footer is None else int(footer.checksum)

    def _require_header_checksum(self) -> None:
        """Raise APR-H006 when the header was damaged after it was written."""
        start, stop = HEADER_FIELDS["checksum"]
        head = self._source.read(0, HEADER_SIZE)
        stored = KaitaiStream(BytesIO(head[start:stop])).read_u4le()
        found = crc32(head[stop:], crc32(head[:start]))
        if found != stored:
            expected = f"{found:#010x} for these bytes"
            raise FormatError("APR-H006", "header.checksum", (start, stop), expected, f"{stored:#010x}")

    def _require_room(self) -> None:
        """Raise APR-I001 when the entries from the one at fault on do not fit into the index.

        Then filler, or a name cut in two, was read as an entry: the count or a length is what is wrong.
        """
        at, stop = self._root.at, self.header.ofs_data
        stream = self._source.stream(at, stop)

        def number(field: str, len_name: int) -> int:
            where = ENTRY_FIELDS[field]
            stream.seek(at + where.start.at(len_name, 0))
            return int.from_bytes(stream.read(where.size.constant), "little")

        for index in range(self._root.number, self.header.num_tensors):
            len_name = number("len_name", 0)
            at += ENTRY_SIZE.at(len_name, number("ndim", len_name))
            if at > stop:
                expected, found = f"{self.header.num_tensors} entries up to {stop:#x}", f"entry {index} up to {at:#x}"
                raise FormatError("APR-I001", "header.num_tensors", HEADER_FIELDS["num_tensors"], expected, found)

    @contextmanager
    def _refusing(self, rule_id: str, field: str, span: tuple[int, int], expected: str) -> Iterator[None]:
        """Raise what the generated code refuses as `FormatError`; the arguments are about bytes that are not there."""
        try:
            yield
        except EndOfStreamError as error:
            found = f"the end of the file at {self._source.size:#x}"
            if rule_id == "APR-I001":
                found = f"the end of the index at {self.header.ofs_data:#x}"
            raise FormatError(rule_id, field, span, expected, found) from error
        except ValidationFailedError as error:
            self._refuse(error)

    def _refuse(self, error: Any) -> NoReturn:
        rule_id, path = RULE_AT[error.src_path], FIELD_AT[error.src_path].split(".")
        if path[0] == "header":
            if rule_id not in _BEFORE_CHECKSUM:
                self._require_header_checksum()
            span = HEADER_FIELDS[path[1]]
        else:  # the field that was read last, of an entry that was never finished
            self._require_room()
            path[1] += f"[{self._root.number}]"
            stop = error.io.pos()
            nbytes = ENTRY_FIELDS[path[-1]].size.at(len(error.actual) if isinstance(error.actual, bytes) else 0, 0)
            span = (stop - nbytes, stop)
        found = shown(error.actual)
        if path[-1] == "magic" and error.actual in LOOKALIKES:
            found += f", {LOOKALIKES[error.actual]}"
        raise FormatError(rule_id, ".".join(path), span, _expected(error), found) from error


class _Root(AprV2):  # type: ignore[misc] # what the compiler makes carries no annotations
    """The generated root, with an index of its own: see `_Index`."""

    number = at = 0
    """The entry that is read at the moment, and where it begins."""

    def __init__(self, source: Source, limits: Limits) -> None:
        self._source, self._limits = source, limits
        self._index: _Index | None = None
        super().__init__(KaitaiStream(source.stream(0, source.size)))

    @property
    def tensor_index(self) -> _Index:
        if self._index is None:
            stream = self._source.stream(self.header.ofs_tensor_index, self.header.ofs_data)
            self._index = _Index(KaitaiStream(stream), self, self._limits)
        return self._index


class _Index(AprV2.TensorIndex):  # type: ignore[misc] # as above
    """The generated index, which keeps a record of each entry rather than its object, and leaves the filler unread."""

    def __init__(self, stream: KaitaiStream, root: _Root, limits: Limits) -> None:
        self._limits = limits
        super().__init__(stream, root, root)

    def _read(self) -> None:
        header, start = self._root.header, self._root.header.ofs_tensor_index
        self._require_count(header.num_tensors, header.ofs_data - start)
        self.entries: list[Entry] = []
        at, end = start, 0
        for number in range(header.num_tensors):
            self._root.number, self._root.at = number, at
            entry = AprV2.TensorIndexEntry(number, end, self._io, self, self._root)
            own, end = entry.end_own, entry.end_so_far
            place = (entry.ofs_tensor, entry.len_tensor, at, own, end)
            self.entries.append(Entry(entry.name, _DTYPES[entry.dtype], array("Q", entry.dims), *place))
            at += ENTRY_SIZE.at(entry.len_name, entry.ndim)
            if at - start > self._limits.max_index_bytes:
                _require_within("max_index_bytes", self._limits, at - start, "tensor_index", (start, at))

    def _require_count(self, count: int, nbytes: int) -> None:
        """Raise for a count that cannot be right before anything is read for it."""
        span, most = HEADER_FIELDS["num_tensors"], nbytes // ENTRY_SIZE.at(0, 0)
        if count > most:
            expected = f"at most {most} entries in {nbytes} bytes"
            raise FormatError("APR-I001", "header.num_tensors", span, expected, f"{count} entries")
        _require_within("max_tensors", self._limits, count, "header.num_tensors", span)


def _require_within(name: str, limits: Limits, found: int, field: str, span: tuple[int, int]) -> None:
    most = getattr(limits, name)
    if found > most:
        raise FormatError("APR-L001", field, span, f"at most {most} ({name})", str(found))


def _header(header: Any) -> Header:
    values = {name: getattr(header, name) for name in Header.__slots__}
    values["flags"] = sum(int(getattr(header.flags, flag.name)) << flag.bit for flag in FLAGS)
    return Header(**values)


def _expected(error: Any) -> str:
    if isinstance(error, ValidationNotEqualError):
        return shown(error.expected)
    if isinstance(error, ValidationLessThanError):
        return f"at least {error.min}"
    if isinstance(error, ValidationGreaterThanError):
        return f"at most {error.max}"
    if isinstance(error, ValidationNotInEnumError):
        return "a known id"
    return "a name behind the one before it, in the order of bytes"


def parse_footer(raw: bytes) -> int:
    """The checksum in the bytes of a footer."""
    return int(AprV2.Footer(KaitaiStream(BytesIO(raw))).checksum)
