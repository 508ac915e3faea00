"""The elements of tensors as numbers of numpy, in ranges, whatever the element type.

Rules of this file:
1. numpy and gguf are imported when the first number is asked for, never before.
2. Block types that GGML has are decoded by its own Python library; sizes of blocks come from the facts of the format.
"""

from __future__ import annotations

import re
from importlib import import_module
from math import prod
from typing import Any

from ... import layout
from ...errors import RequestError
from ...layout import dtype_facts
from ...source import Source
from ...tensors import Tensor

__all__ = ["Elements", "library"]

_PLAIN = re.compile(r"(f|i|u)[0-9]+")
_OF_GGML = re.compile(r"bf[0-9]+|q[0-9]+_k")
"""Element types under the name that GGML gives them; `f16` is one too, and numpy's own."""


def library(name: str) -> Any:
    """A module of the extra `values`; raises `RequestError` when it is not installed."""
    try:
        return import_module(name)
    except ImportError as error:
        raise RequestError(
            f"comparing values needs {name}, which is not installed: pip install 'aprfmt[values]'"
        ) from error


class Elements:
    """The elements of one tensor.

    `n_elements` counts them. `row` is how many are one row when rows are filled up to whole blocks, otherwise None: a
    range must then be whole rows, or lie in one and begin with a block.

    Raises `RequestError` when a library is missing. `why_not` says why there are no numbers, otherwise None.
    """

    def __init__(self, source: Source, tensor: Tensor) -> None:
        self._source = source
        self._start = tensor.file_span[0]
        self._facts = dtype_facts(tensor.entry.dtype)
        self._np = library("numpy")
        self.n_elements = prod(tensor.shape)
        self.row: int | None = None
        self.block = 1 if self._facts is None else self._facts.block_elems
        self.why_not = self._fault(tensor)
        if self.why_not is None:
            self._decode = self._decoder()

    def _fault(self, tensor: Tensor) -> str | None:
        facts = self._facts
        if facts is None:
            return "the element type is unknown"
        if tensor.file_span[1] > self._source.size:
            return "its data lies outside the file"
        flat, *by_row = layout.tensor_nbytes(facts.code, tensor.shape)
        if tensor.nbytes == flat:
            return None
        if by_row and tensor.nbytes == by_row[-1] and not facts.scale_bytes:
            self.row = tensor.shape[-1]
            return None
        return f"it has {tensor.nbytes} bytes where element type and shape take {flat}"

    def read(self, start: int, stop: int) -> Any:
        """Elements `start` to `stop` as an array of one dimension."""
        facts = self._facts
        if facts is None or start >= stop:
            return self._np.zeros(0, "f8")
        elems = facts.block_elems
        if self.row is None:
            first = start // elems
            values = self._blocks(first, -(-stop // elems))
            return values[start - first * elems : stop - first * elems]
        per_row = -(-self.row // elems)
        at, column = divmod(start, self.row)
        if column or stop - start < self.row:
            first = at * per_row + column // elems
            return self._blocks(first, first + -(-(stop - start) // elems))[: stop - start]
        n_rows = (stop - start) // self.row
        values = self._blocks(at * per_row, (at + n_rows) * per_row)
        return values.reshape(n_rows, per_row * elems)[:, : self.row].reshape(-1)

    def _blocks(self, first: int, stop: int) -> Any:
        """The elements of whole blocks."""
        assert self._facts is not None  # noqa: S101 - `read` has looked
        nbytes = self._facts.block_bytes
        start = self._start + self._facts.scale_bytes
        buffer = bytearray((stop - first) * nbytes)
        self._source.read_into(start + first * nbytes, memoryview(buffer))
        return self._decode(self._np.frombuffer(buffer, "u1"))

    def _decoder(self) -> Any:
        """What makes numbers of the bytes of whole blocks."""
        facts = self._facts
        assert facts is not None  # noqa: S101 - without facts there is a fault
        plain = _PLAIN.fullmatch(facts.id)
        if plain is not None:
            return lambda raw: raw.view(f"<{plain[1]}{facts.block_bytes}")
        if _OF_GGML.fullmatch(facts.id) is not None:
            gguf = library("gguf")
            kind, dequantize = gguf.GGMLQuantizationType[facts.id.upper()], library("gguf.quants").dequantize
            # As one row: the library goes through rows in a loop of Python.
            return lambda raw: dequantize(raw.reshape(1, -1), kind).reshape(-1)
        if facts.scale_bytes:
            scale = self._scale(facts.scale_bytes)
            return lambda raw: raw.view(f"<i{facts.block_bytes}").astype("f4") * scale
        return self._halves

    def _scale(self, nbytes: int) -> Any:
        """The scale that stands before all elements; a tensor without any may lack it."""
        if not self.n_elements:
            return 1
        return self._np.frombuffer(self._source.read(self._start, self._start + nbytes), f"<f{nbytes}")[0]

    def _halves(self, raw: Any) -> Any:
        """Blocks of a scale and of two elements a byte, the low half first; the middle of the range stands for zero."""
        assert self._facts is not None  # noqa: S101 - as above
        np, elems = self._np, self._facts.block_elems
        packed = elems // 2
        n_scale = self._facts.block_bytes - packed
        rows = raw.reshape(-1, self._facts.block_bytes)
        scales = np.ascontiguousarray(rows[:, :n_scale]).view(f"<f{n_scale}").astype("f4")
        bits = 4
        low, high = rows[:, n_scale:] & ((1 << bits) - 1), rows[:, n_scale:] >> bits
        numbers = np.stack((low, high), axis=-1).reshape(-1, elems).astype("f4") - (1 << (bits - 1))
        return (numbers * scales).reshape(-1)
