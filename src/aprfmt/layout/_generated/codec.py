# GENERATED, never edited by hand. Source: spec/apr_v2.ksy, SHA-256 d031f7174c8239d51b8ebcc96f7dbf7ad22422fcc575bcd75374bc3c25efd700.
# Regenerate: python -m aprfmt.codegen --write
"""Fused codec of APR v2 model container: records out of bytes, and bytes out of records.

It agrees with the structs on every input, refusals included.
"""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct
from types import SimpleNamespace
from typing import Any

from ..fused import ENDED, MISFITS, CodecError, Formats, as_bytes, as_tuple, exactly, index_of
from ..model import align_up
from .facts import (
    Flags,
    Footer,
    Header,
    TensorIndexEntry,
)

_HEADER_0 = Struct("<4sBBHIQIQQI20s")

_TENSOR_INDEX_ENTRY_0 = Struct("<H")
_TENSOR_INDEX_ENTRY_2 = Formats("BB", "Q", "QQ")

_FOOTER_0 = Struct("<I")


def parse_header(
    raw: bytes | bytearray | memoryview, at: int = 0
) -> tuple[Header, int]:
    """One `Header` from byte `at` of `raw` on, and the byte behind it.

    Raises `CodecError` when `raw` ends before the record does.
    """
    try:
        (_magic, _version_major, _version_minor, _flags, _num_tensors, _ofs_metadata, _len_metadata, _ofs_tensor_index, _ofs_data, _checksum, _reserved,) = _HEADER_0.unpack_from(raw, at)
        at += 64
    except ENDED as error:
        raise CodecError(f"header: {error}") from error
    return Header(_magic, _version_major, _version_minor, Flags(_flags), _num_tensors, _ofs_metadata, _len_metadata, _ofs_tensor_index, _ofs_data, _checksum, _reserved), at


def build_header(this: Header) -> bytes:
    """The bytes of one `Header`; raises `CodecError` when a value does not fit its field."""
    try:
        return _HEADER_0.pack(exactly(this.magic, 4), this.version_major, this.version_minor, this.flags, this.num_tensors, this.ofs_metadata, this.len_metadata, this.ofs_tensor_index, this.ofs_data, this.checksum, exactly(this.reserved, 20))
    except MISFITS as error:
        raise CodecError(f"header: {error}") from error


def parse_tensor_index_entry(
    raw: bytes | bytearray | memoryview, at: int = 0
) -> tuple[TensorIndexEntry, int]:
    """One `TensorIndexEntry` from byte `at` of `raw` on, and the byte behind it.

    Raises `CodecError` when `raw` ends before the record does.
    """
    try:
        (_len_name,) = _TENSOR_INDEX_ENTRY_0.unpack_from(raw, at)
        start = at + 2
        at = start + _len_name
        _name = bytes(raw[start:at])
        unpack, size, _ = _TENSOR_INDEX_ENTRY_2[raw[at + 1]]
        values_2 = unpack(raw, at)
        at += size
    except ENDED as error:
        raise CodecError(f"tensor_index_entry: {error}") from error
    return TensorIndexEntry(_len_name, _name, values_2[0], values_2[1], values_2[2:-2], values_2[-2], values_2[-1]), at


def build_tensor_index_entry(this: TensorIndexEntry) -> bytes:
    """The bytes of one `TensorIndexEntry`; raises `CodecError` when a value does not fit its field."""
    try:
        _name = this.name
        if type(_name) is not bytes:
            _name = as_bytes(_name)
        _dims = this.dims
        if type(_dims) is not tuple:
            _dims = as_tuple(_dims)
        return b"".join((_TENSOR_INDEX_ENTRY_0.pack(this.len_name), _name, _TENSOR_INDEX_ENTRY_2[len(_dims)][2](this.dtype, this.ndim, *_dims, this.ofs_tensor, this.len_tensor)))
    except MISFITS as error:
        raise CodecError(f"tensor_index_entry: {error}") from error


def scan_tensor_index_entry(
    raw: bytes, at: int, count: int, origin: int = 0
) -> tuple[list[TensorIndexEntry], list[int]]:
    """At most `count` records, each a `TensorIndexEntry`, one behind the other from byte `at` of `raw` on.

    They are fewer when `raw` ends before. With them comes the byte behind each; byte 0 of `raw` counts
    as `origin`.
    """
    records: list[TensorIndexEntry] = []
    ends: list[int] = []
    add, end = records.append, ends.append
    try:
        for _ in range(count):
            (_len_name,) = _TENSOR_INDEX_ENTRY_0.unpack_from(raw, at)
            start = at + 2
            at = start + _len_name
            _name = raw[start:at]
            unpack, size, _ = _TENSOR_INDEX_ENTRY_2[raw[at + 1]]
            values_2 = unpack(raw, at)
            at += size
            add(TensorIndexEntry(_len_name, _name, values_2[0], values_2[1], values_2[2:-2], values_2[-2], values_2[-1]))
            end(at + origin)
    except ENDED:
        pass
    return records, ends


def join_tensor_index_entry(records: Sequence[TensorIndexEntry]) -> bytes:
    """The bytes of records in a row; raises `CodecError` when a value does not fit its field."""
    parts: list[bytes] = []
    add = parts.append
    try:
        for this in records:
            _name = this.name
            if type(_name) is not bytes:
                _name = as_bytes(_name)
            _dims = this.dims
            if type(_dims) is not tuple:
                _dims = as_tuple(_dims)
            add(_TENSOR_INDEX_ENTRY_0.pack(this.len_name))
            add(_name)
            add(_TENSOR_INDEX_ENTRY_2[len(_dims)][2](this.dtype, this.ndim, *_dims, this.ofs_tensor, this.len_tensor))
    except MISFITS as error:
        raise CodecError(f"tensor_index_entry: {error}") from error
    return b"".join(parts)


def parse_footer(
    raw: bytes | bytearray | memoryview, at: int = 0
) -> tuple[Footer, int]:
    """One `Footer` from byte `at` of `raw` on, and the byte behind it.

    Raises `CodecError` when `raw` ends before the record does.
    """
    try:
        (_checksum,) = _FOOTER_0.unpack_from(raw, at)
        at += 4
    except ENDED as error:
        raise CodecError(f"footer: {error}") from error
    return Footer(_checksum), at


def build_footer(this: Footer) -> bytes:
    """The bytes of one `Footer`; raises `CodecError` when a value does not fit its field."""
    try:
        return _FOOTER_0.pack(this.checksum)
    except MISFITS as error:
        raise CodecError(f"footer: {error}") from error
