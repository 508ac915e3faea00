"""A tensor of an opened container: what the index says of it, and its bytes as a view.

Sizes are Python integers with their unit in the name: `n_elements` counts elements, `nbytes` counts bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase
from math import prod
from operator import index as index_of
from typing import SupportsIndex

from . import layout
from .errors import FormatError, RequestError, TruncatedError
from .jsontext import show
from .layout import DType, TensorIndexEntry, facts
from .source import Source, iter_chunks

__all__ = ["DType", "Tensor", "given_dtype", "given_shape", "name_matcher", "tensor_nbytes"]

_DIMS_LIMIT = facts.FIELDS["tensor_index_entry"]["dims"].limit or 0


def tensor_nbytes(dtype: DType, shape: Sequence[SupportsIndex]) -> int:
    """Size in bytes of a tensor of this element type and shape, as a writer makes it: blocks over all elements.

    Raises `RequestError` for an element type that is none, and for a shape that no file can say.
    """
    return layout.tensor_nbytes(given_dtype(dtype), given_shape(shape))[0]


def name_matcher(pattern: str) -> Callable[[str], bool]:
    """Whether a name has the pattern in it or, when that has * or ?, is matched by it whole; case counts."""
    if "*" in pattern or "?" in pattern:
        return lambda name: fnmatchcase(name, pattern)
    return lambda name: pattern in name


def given_dtype(dtype: DType) -> DType:
    """The element type that a caller gives; raises `RequestError` when it is none, a name of one included."""
    try:
        return DType(dtype)
    except ValueError as error:
        raise RequestError(f"expected a member of DType, found {show(dtype)}") from error


def given_shape(shape: Sequence[SupportsIndex]) -> tuple[int, ...]:
    """The shape that a caller gives, in integers of Python; raises `RequestError` for one that no file can say."""
    try:
        dims = tuple(map(index_of, shape))
    except TypeError as error:
        raise RequestError(f"expected a shape of integers, found {show(shape)}") from error
    for dim in dims:
        if not -_DIMS_LIMIT < dim < _DIMS_LIMIT:
            raise RequestError(f"dims: expected an integer from 0 to {_DIMS_LIMIT - 1}, found {show(dim)}")
    if any(dim < 0 for dim in dims):
        raise RequestError(f"expected dimensions of at least 0, found {list(dims)}")
    return dims


class Tensor:
    """One entry of the tensor index, with access to the bytes it points at. Nothing is read until asked for."""

    __slots__ = ("_data_start", "_source", "entry", "entry_span", "index")

    def __init__(
        self,
        source: Source,
        entry: TensorIndexEntry,
        index: int,
        entry_span: tuple[int, int],
        data_start: int,
    ) -> None:
        self._source = source
        self._data_start = data_start
        self.entry = entry
        self.index = index
        self.entry_span = entry_span

    def __repr__(self) -> str:
        return f"<Tensor {self.name!r} {self.dtype_name} {list(self.shape)} {self.nbytes} bytes>"

    def field(self, name: str) -> tuple[str, tuple[int, int]]:
        """Path in the specification, and span in the file, of a field of this tensor's index entry."""
        span = layout.facts.spans_tensor_index_entry(self.entry, self.entry_span[0])[name]
        return f"tensor_index.entries[{self.index}].{name}", span

    @property
    def name(self) -> str:
        """The name; bytes that are not UTF-8 appear as lone surrogates, so that nothing is lost."""
        return self.entry.name.decode("utf-8", "surrogateescape")

    @property
    def name_bytes(self) -> bytes:
        """The name as it stands in the file."""
        return self.entry.name

    @property
    def dtype(self) -> DType:
        """Element type; `str()` gives upstream's lower-case name. Raises `FormatError` when the id is unknown."""
        try:
            return DType(self.entry.dtype)
        except ValueError as error:
            raise FormatError(
                "the element type is unknown",
                rule_id="APR-I002",
                field=self.field("dtype")[0],
                span=self.entry_span,
                expected="an id of the enum dtype",
                found=str(self.entry.dtype),
                tensor=self.name,
            ) from error

    @property
    def dtype_name(self) -> str:
        """Name of the element type, `unknown(ID)` for an id that the format does not have."""
        try:
            return str(DType(self.entry.dtype))
        except ValueError:
            return f"unknown({self.entry.dtype})"

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of elements along each dimension, the slowest first; empty for a scalar."""
        return self.entry.dims

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self.entry.dims)

    @property
    def n_elements(self) -> int:
        """Number of elements: the product of the shape, 1 for a scalar."""
        return prod(self.entry.dims)

    @property
    def nbytes(self) -> int:
        """Size of the data in bytes, as the index says."""
        return self.entry.len_tensor

    @property
    def data_offset(self) -> int:
        """Start of the data in bytes, counted from the start of the data section."""
        return self.entry.ofs_tensor

    @property
    def file_span(self) -> tuple[int, int]:
        """Start and end of the data, counted from the start of the file."""
        start = self._data_start + self.entry.ofs_tensor
        return start, start + self.entry.len_tensor

    def _require_inside(self) -> tuple[int, int]:
        start, stop = self.file_span
        if stop > self._source.size:
            raise TruncatedError(
                "the data of a tensor lies outside the file",
                rule_id="APR-D001",
                field=self.field("len_tensor")[0],
                span=self.entry_span,
                expected=f"at most {self._source.size} bytes",
                found=f"bytes {start:#x}..{stop:#x}",
                tensor=self.name,
            )
        return start, stop

    @property
    def data(self) -> memoryview:
        """Zero-copy, read-only view of the data; raises `TruncatedError` when it lies outside the file."""
        return self._source.view(*self._require_inside())

    def iter_data(self) -> Iterator[memoryview]:
        """The data in pieces of one reused buffer, for passes over tensors larger than memory."""
        return iter_chunks(self._source, *self._require_inside())

    def sha256(self) -> bytes:
        """SHA-256 of the data, 32 bytes."""
        from hashlib import sha256

        digest = sha256()
        for piece in self.iter_data():
            digest.update(piece)
        return digest.digest()
