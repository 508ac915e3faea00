# GENERATED, never edited by hand. Source: spec/apr_v2.ksy, SHA-256 d031f7174c8239d51b8ebcc96f7dbf7ad22422fcc575bcd75374bc3c25efd700.
# Regenerate: python -m aprfmt.codegen --write
"""Construct structs of APR v2 model container.

A given value wins, an absent one is derived; checksums are a second pass.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from construct import Bytes, Int8ul, Int16ul, Int32ul, Int64ul

from ..model import align_up
from ..runtime import (
    Absent,
    BitFields,
    Counted,
    Derived,
    Exactly,
    Fields,
    Rest,
    Section,
    first_nbytes,
    offset_of,
    size_of_all,
)
from .facts import DTYPE_FACTS


def size_header(this: Any, start: int) -> int:
    """Size in bytes of a `header` to be built at byte `start`."""
    del this, start
    return 64


def size_tensor_index_entry(this: Any, start: int) -> int:
    """Size in bytes of a `tensor_index_entry` to be built at byte `start`."""
    tree = this or {}
    at = start
    at += 2
    value = tree.get('name')
    at += len(value or b'')
    at += 1
    at += 1
    value = tree.get('dims')
    at += 8 * len(value or ())
    at += 8
    at += 8
    return at - start


def size_tensor_index(this: Any, start: int) -> int:
    """Size in bytes of a `tensor_index` to be built at byte `start`."""
    tree = this or {}
    at = start
    value = tree.get('entries')
    at += size_of_all(size_tensor_index_entry, value, at)
    value = tree.get('padding')
    at += len(value) if value is not None else -at % 64
    return at - start


def size_footer(this: Any, start: int) -> int:
    """Size in bytes of a `footer` to be built at byte `start`."""
    del this, start
    return 4


def size_payload_digest_record(this: Any, start: int) -> int:
    """Size in bytes of a `payload_digest_record` to be built at byte `start`."""
    tree = this or {}
    at = start
    at += 2
    value = tree.get('name')
    at += len(value or b'')
    at += 1
    at += 1
    value = tree.get('dims')
    at += 8 * len(value or ())
    at += 32
    return at - start

header = Fields(
    "magic" / Derived(Bytes(4), lambda this: b'APR\x00'),
    "version_major" / Derived(Int8ul, lambda this: 2),
    "version_minor" / Derived(Int8ul, lambda this: 0),
    "flags" / BitFields(2, (('lz4_compressed', 0, 1, 0), ('zstd_compressed', 1, 1, 0), ('encrypted', 2, 1, 0), ('signed', 3, 1, 0), ('sharded', 4, 1, 0), ('quantized', 5, 1, 0), ('has_filterbank', 6, 1, 0), ('has_model_card', 7, 1, 0), ('streaming', 8, 1, 0), ('has_vocab', 9, 1, 0), ('layout_row_major', 10, 1, True), ('layout_column_major', 11, 1, 0), ('reserved', 12, 4, 0),)),
    "num_tensors" / Derived(Int32ul, lambda this: len(this._root.tensor_index.entries)),
    "ofs_metadata" / Derived(Int64ul, lambda this: offset_of(this._root, SIZES, 'metadata')),
    "len_metadata" / Derived(Int32ul, lambda this: len(this._root.metadata)),
    "ofs_tensor_index" / Derived(Int64ul, lambda this: offset_of(this._root, SIZES, 'tensor_index')),
    "ofs_data" / Derived(Int64ul, lambda this: offset_of(this._root, SIZES, 'tensor_data')),
    "checksum" / Derived(Int32ul, lambda this: 0),
    "reserved" / Derived(Bytes(20), lambda this: bytes(20)),
)

tensor_index_entry = Fields(
    "len_name" / Derived(Int16ul, lambda this: len(this.name)),
    "name" / Exactly(lambda this: this.len_name),
    "dtype" / Int8ul,
    "ndim" / Derived(Int8ul, lambda this: len(this.dims)),
    "dims" / Counted('dims', Int64ul, lambda this: this.ndim),
    "ofs_tensor" / Derived(Int64ul, lambda this: (0 if this._index == 0 else align_up(this._.entries[this._index - 1].ofs_tensor + this._.entries[this._index - 1].len_tensor, 64))),
    "len_tensor" / Derived(Int64ul, lambda this: first_nbytes(DTYPE_FACTS, this.dtype, this.dims)),
)

tensor_index = Fields(
    "entries" / Counted('entries', tensor_index_entry, lambda this: this._root.header.num_tensors),
    "padding" / Rest(align=64),
)

footer = Fields(
    "checksum" / Derived(Int32ul, lambda this: 0),
)

payload_digest_record = Fields(
    "len_name" / Derived(Int16ul, lambda this: len(this.name)),
    "name" / Exactly(lambda this: this.len_name),
    "dtype" / Int8ul,
    "ndim" / Derived(Int8ul, lambda this: len(this.dims)),
    "dims" / Counted('dims', Int64ul, lambda this: this.ndim),
    "sha256" / Bytes(32),
)


def required_len(this: Any) -> int:
    """Where the data section ends, counted from the start of the file: `ofs_data + max(ofs_tensor + align64(len_tensor))` over all tensors, where `align64` rounds up to a multiple of 64; without tensors `ofs_data` itself."""
    return int(this.header.ofs_data + max((_.ofs_tensor + align_up(_.len_tensor, 64) for _ in this.tensor_index.entries), default=0))


SIZES: dict[str, Callable[[Any, int], int]] = {
    'header': lambda value, at: 64,
    'header_padding': lambda value, at: len(value) if value is not None else -at % 64,
    'metadata': lambda value, at: len(value or b''),
    'metadata_padding': lambda value, at: len(value) if value is not None else -at % 64,
    'tensor_index': lambda value, at: size_tensor_index(value, at),
    'tensor_data': lambda value, at: len(value) if value is not None else -at % 64,
    'footer': lambda value, at: 4,
    'trailing': lambda value, at: len(value or b'') if value is not None else 0,
}

apr_v2 = Fields(
    "header" / Section('header', lambda this: 0, lambda this: 64, subcon=header),
    "header_padding" / Section('header_padding', lambda this: 64, lambda this: this.header.ofs_metadata - 64, align=64),
    "metadata" / Section('metadata', lambda this: this.header.ofs_metadata, lambda this: this.header.len_metadata),
    "metadata_padding" / Section('metadata_padding', lambda this: this.header.ofs_metadata + this.header.len_metadata, lambda this: this.header.ofs_tensor_index - this.header.ofs_metadata - this.header.len_metadata, align=64),
    "tensor_index" / Section('tensor_index', lambda this: this.header.ofs_tensor_index, lambda this: this.header.ofs_data - this.header.ofs_tensor_index, subcon=tensor_index),
    "tensor_data" / Section('tensor_data', lambda this: this.header.ofs_data, lambda this: required_len(this) - this.header.ofs_data, align=64),
    "footer" / Section('footer', lambda this: required_len(this), lambda this: 4, subcon=footer, when=lambda this: this._params.len_file - required_len(this) != 0, optional=Absent.DERIVED),
    "trailing" / Section('trailing', lambda this: required_len(this) + 4, lambda this: this._params.len_file - required_len(this) - 4, when=lambda this: this._params.len_file > required_len(this) + 4, optional=Absent.ABSENT),
)
