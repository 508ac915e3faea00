"""A reader of APR v2 files that somebody has begun: it checks a good deal, and not all.

    python -m toy_reader FILE        lists the tensors; exit code 0, or 4 for a file that it refuses

It shares nothing with aprfmt. `answer` is what the conformance kit and the fuzz kit of aprfmt ask.
"""

from __future__ import annotations

import json
import struct
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

__all__ = ["Model", "RefusedError", "Tensor", "answer", "read"]

HEADER = struct.Struct("<4sBBHIQIQQI20x")
GRID = 64
BLOCKS = {  # element type: elements in a block, bytes of a block, bytes of a scale in front
    0: (1, 4, 0),
    1: (1, 2, 0),
    3: (1, 8, 0),
    4: (1, 4, 0),
    5: (1, 8, 0),
    6: (1, 1, 0),
    7: (1, 1, 0),
    8: (32, 18, 0),
    9: (1, 1, 4),
    12: (256, 144, 0),
    14: (256, 210, 0),
    30: (1, 2, 0),
    128: (32, 18, 0),
    129: (1, 1, 4),
}
ROW_PADDED = (12, 14)
COLUMN_MAJOR = 1 << 11


class RefusedError(ValueError):
    """The file is not one that this reader takes."""


@dataclass(frozen=True)
class Tensor:
    """One entry of the index; `start` counts from the data section."""

    name: str
    dtype: int
    dims: tuple[int, ...]
    start: int
    size: int


@dataclass(frozen=True)
class Model:
    """What was read."""

    flags: int
    data_start: int
    metadata: dict[str, Any]
    tensors: tuple[Tensor, ...]


def read(raw: bytes) -> Model:
    """Read a file; raises `RefusedError` when something is wrong with it."""
    if len(raw) < HEADER.size:
        raise RefusedError("smaller than a header")
    magic, major, _minor, flags, count, metadata, length, index, data, checksum = HEADER.unpack_from(raw)
    if magic != b"APR\0" or major != 2:
        raise RefusedError("not an APR v2 file")
    body = raw[: HEADER.size - 24] + raw[HEADER.size - 20 : HEADER.size]
    if zlib.crc32(body) != checksum:
        raise RefusedError("the header is damaged")
    if flags & COLUMN_MAJOR:
        raise RefusedError("column-major")
    if not HEADER.size <= metadata <= metadata + length <= index <= data <= len(raw) or not length:
        raise RefusedError("sections are out of place")
    tensors = tuple(_entries(raw[index:data], count))
    for before, tensor in pairwise(tensors):
        if before.name.encode() >= tensor.name.encode():
            raise RefusedError("names are out of order")
    end = data
    for tensor in sorted(tensors, key=lambda item: (item.start, item.size)):
        if tensor.size not in _sizes(tensor.dtype, tensor.dims):
            raise RefusedError(f"{tensor.name!r}: the size is wrong")
        if tensor.size and data + tensor.start < end and end > data:
            raise RefusedError(f"{tensor.name!r}: overlaps another tensor")
        end = max(end, data + tensor.start + tensor.size)
    end = max((data + item.start + -(-item.size // GRID) * GRID for item in tensors), default=data)
    if end > len(raw):
        raise RefusedError("the data ends too early")
    _check_footer(raw, end)
    return Model(flags, data, _metadata(raw[metadata : metadata + length]), tensors)


def _entries(raw: bytes, count: int) -> Iterator[Tensor]:
    at = 0
    for _ in range(count):
        try:
            (length,) = struct.unpack_from("<H", raw, at)
            name = struct.unpack_from(f"{length}s", raw, at + 2)[0].decode()
            dtype, ndim = struct.unpack_from("<BB", raw, at + 2 + length)
            *dims, start, size = struct.unpack_from(f"<{ndim + 2}Q", raw, at + 4 + length)
        except (struct.error, UnicodeDecodeError) as error:
            raise RefusedError(f"the index is damaged: {error}") from error
        if dtype not in BLOCKS:
            raise RefusedError(f"{name!r}: unknown element type {dtype}")
        yield Tensor(name, dtype, tuple(dims), start, size)
        at += 4 + length + 8 * (ndim + 2)


def _sizes(dtype: int, dims: tuple[int, ...]) -> set[int]:
    """The sizes in bytes that a tensor may have."""
    elements, nbytes, scale = BLOCKS[dtype]
    number = 1
    for dim in dims:
        number *= dim
    found = {-(-number // elements) * nbytes + scale} if number else {0, scale}
    if dtype in ROW_PADDED and len(dims) == 2:
        found.add(dims[0] * -(-dims[1] // elements) * nbytes)
    return found


def _check_footer(raw: bytes, end: int) -> None:
    footer = raw[end : end + 4]
    if footer and (len(footer) < 4 or zlib.crc32(raw[:end]) != int.from_bytes(footer, "little")):
        raise RefusedError("the footer is wrong")


def _metadata(raw: bytes) -> dict[str, Any]:
    def number_of(text: str) -> Any:
        raise RefusedError(f"{text} is no number")

    try:
        found = json.loads(raw.decode(), parse_constant=number_of)
    except (ValueError, RecursionError) as error:
        raise RefusedError(f"the metadata is no JSON: {error}") from error
    if not isinstance(found, dict):
        raise RefusedError("the metadata is no object")
    return found


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """What this reader makes of the file that aprfmt asks about."""
    try:
        model = read(Path(request["file"]).read_bytes())
    except RefusedError as error:
        return {"verdict": "reject", "message": str(error)}
    tensors = [
        {"name": item.name, "dtype": item.dtype, "dims": item.dims, "ofs_tensor": item.start, "len_tensor": item.size}
        for item in model.tensors
    ]
    header = {"flags": model.flags, "num_tensors": len(tensors), "ofs_data": model.data_start}
    return {"verdict": "accept", "values": {"header": header, "metadata": model.metadata, "tensors": tensors}}


def main() -> int:
    """List the tensors of the file that is named."""
    try:
        model = read(Path(sys.argv[1]).read_bytes())
    except RefusedError as error:
        print(f"{sys.argv[1]}: {error}", file=sys.stderr)
        return 4
    for tensor in model.tensors:
        print(tensor.name, tensor.dtype, *tensor.dims)
    return 0


if __name__ == "__main__":
    sys.exit(main())
