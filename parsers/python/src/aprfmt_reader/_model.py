"""An open file: its header, its tensors, and their bytes when they are asked for."""

from __future__ import annotations

import operator
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from math import prod
from typing import TYPE_CHECKING, Any, Self, SupportsIndex

from . import _checks
from ._errors import RequestError, UnknownTensorError, shown
from ._generated.facts import DType
from ._header import Header
from ._kaitai import Entry, Parser
from ._limits import DEFAULT_LIMITS, Limits
from ._metadata import read_metadata
from ._source import CHUNK_BYTES, Source, StrPath

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer  # `collections.abc.Buffer`, from Python 3.12 on

__all__ = ["Model", "Tensor", "open"]


class Tensor:
    """A tensor: what the index says of it, and its bytes, of which none is read before it is asked for."""

    __slots__ = ("_data_start", "_entry", "_source", "index", "name")

    def __init__(self, source: Source, data_start: int, index: int, name: str, entry: Entry) -> None:
        self._source = source
        self._data_start = data_start
        self._entry = entry
        self.index = index
        self.name = name

    def __repr__(self) -> str:
        return f"<Tensor {self.name!r} {self.dtype} {list(self.shape)} {self.nbytes} bytes>"

    @property
    def dtype(self) -> DType:
        """Element type; its value is the id in the file."""
        return self._entry.dtype

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of elements along each dimension, the slowest first; empty for a scalar."""
        return tuple(self._entry.dims)

    @property
    def n_elements(self) -> int:
        """Number of elements: the product of the shape, 1 for a scalar."""
        return prod(self._entry.dims)

    @property
    def nbytes(self) -> int:
        """Size of the data in bytes."""
        return self._entry.len_tensor

    @property
    def data_offset(self) -> int:
        """Start of the data in bytes, counted from the start of the data section."""
        return self._entry.ofs_tensor

    @property
    def file_span(self) -> tuple[int, int]:
        """Start and end of the data, counted from the start of the file."""
        start = self._data_start + self._entry.ofs_tensor
        return start, start + self._entry.len_tensor

    def read(self, start: SupportsIndex = 0, stop: SupportsIndex | None = None) -> bytes:
        """The bytes from `start` to `stop`, counted from the start of the tensor; all of them unless given.

        Raises `RequestError` for bytes outside the tensor, and `OSError` when they cannot be read.
        """
        return self._source.read(*self._span(start, stop))

    def read_into(self, buffer: WriteableBuffer, start: SupportsIndex = 0) -> None:
        """Fill a contiguous writable buffer from byte `start` of the tensor on; errors as `read`."""
        view = memoryview(buffer)
        first, last = self._span(start, operator.index(start) + view.nbytes)
        done = 0
        for piece in self._source.pieces(first, last):
            view.cast("B")[done : done + len(piece)] = piece
            done += len(piece)

    def chunks(self, nbytes: SupportsIndex = CHUNK_BYTES) -> Iterator[bytes]:
        """The data in pieces of `nbytes`, the last one shorter, for tensors larger than memory; errors as `read`."""
        size = operator.index(nbytes)
        if size < 1:
            raise RequestError(f"expected pieces of at least 1 byte, found {size}")
        return self._source.pieces(*self.file_span, size)

    def _span(self, start: SupportsIndex, stop: SupportsIndex | None) -> tuple[int, int]:
        first = operator.index(start)
        last = self.nbytes if stop is None else operator.index(stop)
        if not 0 <= first <= last <= self.nbytes:
            what = f"the {self.nbytes} bytes of {shown(self.name)}"
            raise RequestError(f"expected a range within {what}, found {first} to {last}")
        return self.file_span[0] + first, self.file_span[0] + last


class Model:
    """An open APR v2 file; `open` makes it, `close` or a `with` statement ends it.

    Reading is safe from several threads at once; closing while one of them reads is not.
    """

    def __init__(self, source: Source, limits: Limits) -> None:
        self._source, self._limits = source, limits
        self._metadata: Mapping[str, Any] | None = None
        parser = Parser(source, limits)
        self.header: Header = parser.header
        self._entries = parser.entries()
        names = _checks.decode_names(self._entries)
        _checks.require_sizes(self._entries)
        _checks.require_no_overlap(self._entries)
        _checks.require_data(self.header, parser.required_len, source.size)
        self.footer: int | None = parser.footer()
        """CRC-32 of every byte before the footer, as stored; None when the file has no footer."""
        self._data_stop = parser.required_len
        self.tensors: tuple[Tensor, ...] = tuple(
            Tensor(source, self.header.ofs_data, number, name, entry)
            for number, (name, entry) in enumerate(zip(names, self._entries, strict=True))
        )
        """All tensors, in the order of the index: that of the bytes of their names."""

    def close(self) -> None:
        """Close the file: header and index stay, tensors cannot be read any more. A second call does nothing."""
        self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Model {str(self._source.path)!r}: {len(self.tensors)} tensors>"

    def __getitem__(self, name: str) -> Tensor:
        """The tensor of this name; raises `UnknownTensorError`, a `KeyError`, when there is none."""
        number = self._find(name)
        if number is None:
            raise UnknownTensorError(name)
        return self.tensors[number]

    def __contains__(self, name: object) -> bool:
        return self._find(name) is not None

    def __iter__(self) -> Iterator[str]:
        """The names of the tensors, in the order of the index."""
        return (tensor.name for tensor in self.tensors)

    def _find(self, name: object) -> int | None:
        if not isinstance(name, str):
            return None
        raw = name.encode("utf-8", "surrogatepass")  # half a surrogate pair is in no name, and found in none
        number = bisect_left(self._entries, raw, key=operator.attrgetter("name"))
        is_there = number < len(self._entries) and self._entries[number].name == raw
        return number if is_there else None

    @property
    def metadata(self) -> Mapping[str, Any]:
        """The metadata as a read-only mapping, parsed at the first use; of a key that occurs twice the last value.

        Integers are exact whatever their size, and 1 and 1.0 differ. Raises `FormatError` with APR-M002 to APR-M006
        when it is not one strict JSON object with known keys of the right types, and APR-L001 beyond a limit.
        """
        if self._metadata is None:
            self._metadata = read_metadata(self._source, self.header, self._limits)
        return self._metadata

    def verify(self) -> None:
        """Check what `open` did not: the metadata, and every byte of the file against the footer.

        Reads the whole file, in constant memory. Raises `FormatError` with APR-M002 to APR-M006, APR-F002, APR-F005 and
        APR-L001, and `OSError` when the file cannot be read.
        """
        _ = self.metadata
        if self.footer is None:
            _checks.require_no_hidden_footer(self._source, self._entries)
        else:
            _checks.require_footer(self._source, self.footer, self._data_stop)


def open(path: StrPath, *, limits: Limits = DEFAULT_LIMITS) -> Model:  # noqa: A001 - the verb of every reader
    """Open a file and check everything that needs only its head: header, sections, index, extents, size of the file.

    No tensor data is read, and no metadata. Raises `FormatError` for a file that is not valid or beyond the limits, and
    `OSError` for one that cannot be read.
    """
    source = Source(path)
    try:
        return Model(source, limits)
    except BaseException:
        source.close()
        raise
