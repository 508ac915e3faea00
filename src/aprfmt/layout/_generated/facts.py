# GENERATED, never edited by hand. Source: spec/apr_v2.ksy, SHA-256 d031f7174c8239d51b8ebcc96f7dbf7ad22422fcc575bcd75374bc3c25efd700.
# Regenerate: python -m aprfmt.codegen --write
"""Facts of APR v2 model container: everything that hand-written code may know about its bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import KEEP, IntEnum, IntFlag
from typing import Any

from msgspec import Struct

from ..model import (
    BlockFacts,
    ChecksumFact,
    FieldShape,
    RuleFacts,
    Statement,
    Violation,
    align_up,
    between,
    inside,
    show,
)

ALIGNMENT = 64
"""The grid, in bytes, on which a canonical writer starts every section and every tensor."""
LEN_HEADER = 64
"""Size of the header in bytes, and the place of the metadata in a canonical file."""
HEADER_SIZE = 64
"""Size in bytes of `header`."""
FLAGS_SIZE = 2
"""Size in bytes of `flags`."""
TENSOR_INDEX_MIN_SIZE = 0
"""The fewest bytes of `tensor_index`."""
TENSOR_INDEX_ENTRY_MIN_SIZE = 20
"""The fewest bytes of `tensor_index_entry`."""
FOOTER_SIZE = 4
"""Size in bytes of `footer`."""
PAYLOAD_DIGEST_RECORD_MIN_SIZE = 36
"""The fewest bytes of `payload_digest_record`."""
MAGIC = b'APR\x00'
"""Four bytes that name the format."""
MAGIC_LOOKALIKES: Mapping[bytes, str] = {b'APRN': 'an APR v1 file', b'APR1': 'an APR file of a kind that no published writer makes', b'APR2': 'an APR file of a kind that only one reader knows', b'GGUF': 'a GGUF file', b'ALBR': 'an encrypted wrapper around an APR file'}
"""Other formats by what stands in the place of `magic`."""
VERSION_MAJOR = 2
"""What a writer puts into `header.version_major`."""
VERSION_MINOR = 0
"""What a writer puts into `header.version_minor`."""
LAYOUT = ('header', 'header_padding', 'metadata', 'metadata_padding', 'tensor_index', 'tensor_data', 'footer', 'trailing')
"""The sections, in the order in which they lie in the file."""


class DType(IntEnum):
    """The enum `dtype`; the value is the id in the file."""

    F32 = 0
    """IEEE 754 binary32."""
    F16 = 1
    """IEEE 754 binary16."""
    F64 = 3
    """IEEE 754 binary64."""
    I32 = 4
    """Signed integer of 32 bits."""
    I64 = 5
    """Signed integer of 64 bits."""
    I8 = 6
    """Signed integer of 8 bits."""
    U8 = 7
    """Unsigned integer of 8 bits."""
    APR_Q4_LEGACY = 8
    """An id that older writers used for apr_q4."""
    APR_Q8_LEGACY = 9
    """An id that older writers used for apr_q8."""
    Q4_K = 12
    """Super-blocks of 256 elements at 4 bits with 6-bit scales and minima."""
    Q6_K = 14
    """Super-blocks of 256 elements at 6 bits with 8-bit scales."""
    BF16 = 30
    """The upper half of an IEEE 754 binary32."""
    APR_Q4 = 128
    """Blocks of 32 elements, each a binary16 scale and 16 bytes of two 4-bit values, the low half first."""
    APR_Q8 = 129
    """One binary32 scale of 4 bytes, then one signed byte an element."""

    def __str__(self) -> str:
        return self.facts.id

    def __format__(self, format_spec: str) -> str:
        return format(str(self), format_spec)

    @property
    def facts(self) -> BlockFacts:
        """Geometry and names of this element type."""
        return DTYPE_FACTS[self]


DTYPE_FACTS: Mapping[int, BlockFacts] = {
    0: BlockFacts(
        code=0,
        id='f32',
        orig_id='F32',
        block_elems=1,
        block_bytes=4,
        scale_bytes=0,
        row_padded=False,
        quantized=False,
        canonical_code=0,
        ggml_id=None,
        doc='IEEE 754 binary32.',
    ),
    1: BlockFacts(
        code=1,
        id='f16',
        orig_id='F16',
        block_elems=1,
        block_bytes=2,
        scale_bytes=0,
        row_padded=False,
        quantized=False,
        canonical_code=1,
        ggml_id=None,
        doc='IEEE 754 binary16.',
    ),
    3: BlockFacts(
        code=3,
        id='f64',
        orig_id='F64',
        block_elems=1,
        block_bytes=8,
        scale_bytes=0,
        row_padded=False,
        quantized=False,
        canonical_code=3,
        ggml_id='q4_1',
        doc='IEEE 754 binary64.',
    ),
    4: BlockFacts(
        code=4,
        id='i32',
        orig_id='I32',
        block_elems=1,
        block_bytes=4,
        scale_bytes=0,
        row_padded=False,
        quantized=False,
        canonical_code=4,
        ggml_id=None,
        doc='Signed integer of 32 bits.',
    ),
    5: BlockFacts(
        code=5,
        id='i64',
        orig_id='I64',
        block_elems=1,
        block_bytes=8,
        scale_bytes=0,
        row_padded=False,
        quantized=False,
        canonical_code=5,
        ggml_id=None,
        doc='Signed integer of 64 bits.',
    ),
    6: BlockFacts(
        code=6,
        id='i8',
        orig_id='I8',
        block_elems=1,
        block_bytes=1,
        scale_bytes=0,
        row_padded=False,
        quantized=False,
        canonical_code=6,
        ggml_id='q5_0',
        doc='Signed integer of 8 bits.',
    ),
    7: BlockFacts(
        code=7,
        id='u8',
        orig_id='U8',
        block_elems=1,
        block_bytes=1,
        scale_bytes=0,
        row_padded=False,
        quantized=False,
        canonical_code=7,
        ggml_id='q5_1',
        doc='Unsigned integer of 8 bits.',
    ),
    8: BlockFacts(
        code=8,
        id='apr_q4',
        orig_id='APR_Q4',
        block_elems=32,
        block_bytes=18,
        scale_bytes=0,
        row_padded=False,
        quantized=True,
        canonical_code=128,
        ggml_id='q8_0',
        doc='An id that older writers used for apr_q4.',
    ),
    9: BlockFacts(
        code=9,
        id='apr_q8',
        orig_id='APR_Q8',
        block_elems=1,
        block_bytes=1,
        scale_bytes=4,
        row_padded=False,
        quantized=True,
        canonical_code=129,
        ggml_id=None,
        doc='An id that older writers used for apr_q8.',
    ),
    12: BlockFacts(
        code=12,
        id='q4_k',
        orig_id='Q4_K',
        block_elems=256,
        block_bytes=144,
        scale_bytes=0,
        row_padded=True,
        quantized=True,
        canonical_code=12,
        ggml_id=None,
        doc='Super-blocks of 256 elements at 4 bits with 6-bit scales and minima.',
    ),
    14: BlockFacts(
        code=14,
        id='q6_k',
        orig_id='Q6_K',
        block_elems=256,
        block_bytes=210,
        scale_bytes=0,
        row_padded=True,
        quantized=True,
        canonical_code=14,
        ggml_id=None,
        doc='Super-blocks of 256 elements at 6 bits with 8-bit scales.',
    ),
    30: BlockFacts(
        code=30,
        id='bf16',
        orig_id='BF16',
        block_elems=1,
        block_bytes=2,
        scale_bytes=0,
        row_padded=False,
        quantized=False,
        canonical_code=30,
        ggml_id=None,
        doc='The upper half of an IEEE 754 binary32.',
    ),
    128: BlockFacts(
        code=128,
        id='apr_q4',
        orig_id='APR_Q4',
        block_elems=32,
        block_bytes=18,
        scale_bytes=0,
        row_padded=False,
        quantized=True,
        canonical_code=128,
        ggml_id=None,
        doc='Blocks of 32 elements, each a binary16 scale and 16 bytes of two 4-bit values, the low half first.',
    ),
    129: BlockFacts(
        code=129,
        id='apr_q8',
        orig_id='APR_Q8',
        block_elems=1,
        block_bytes=1,
        scale_bytes=4,
        row_padded=False,
        quantized=True,
        canonical_code=129,
        ggml_id=None,
        doc='One binary32 scale of 4 bytes, then one signed byte an element.',
    ),
}

DTYPE_CODES = frozenset([0, 1, 3, 4, 5, 6, 7, 8, 9, 12, 14, 30, 128, 129])


class Flags(IntFlag, boundary=KEEP):
    """Sixteen bits, the least significant first."""

    LZ4_COMPRESSED = 0x0001
    """Announces LZ4; the data is plain all the same."""
    ZSTD_COMPRESSED = 0x0002
    """Announces Zstandard; the data is plain all the same."""
    ENCRYPTED = 0x0004
    """Announces encryption; the data is plain all the same."""
    SIGNED = 0x0008
    """Announces a signature; the format has no place for one."""
    SHARDED = 0x0010
    """The file is one of several; see the metadata key `sharding`."""
    QUANTIZED = 0x0020
    """Some tensors are of a quantised dtype."""
    HAS_FILTERBANK = 0x0040
    """A tensor holds a mel filterbank."""
    HAS_MODEL_CARD = 0x0080
    """The metadata holds a model card."""
    STREAMING = 0x0100
    """The model is meant to be read in a stream."""
    HAS_VOCAB = 0x0200
    """The metadata holds `tokenizer.vocabulary`."""
    LAYOUT_ROW_MAJOR = 0x0400
    """Tensors lie row by row."""
    LAYOUT_COLUMN_MAJOR = 0x0800
    """Tensors lie column by column."""


FLAGS_BITS: tuple[tuple[str, int, int], ...] = (
    ('lz4_compressed', 0, 1),
    ('zstd_compressed', 1, 1),
    ('encrypted', 2, 1),
    ('signed', 3, 1),
    ('sharded', 4, 1),
    ('quantized', 5, 1),
    ('has_filterbank', 6, 1),
    ('has_model_card', 7, 1),
    ('streaming', 8, 1),
    ('has_vocab', 9, 1),
    ('layout_row_major', 10, 1),
    ('layout_column_major', 11, 1),
    ('reserved', 12, 4),
)
"""The fields of `flags`: name, position of the least significant bit, width in bits."""


class Header(Struct, frozen=True, gc=False):
    """The first 64 bytes of the file."""

    magic: bytes
    """Four bytes that name the format."""
    version_major: int
    """Major version of the format."""
    version_minor: int
    """Minor version of the format; readers ignore it."""
    flags: Flags
    """One bit a property."""
    num_tensors: int
    """Number of entries in the tensor index."""
    ofs_metadata: int
    """Start of the metadata in bytes, counted from the start of the file."""
    len_metadata: int
    """Size of the JSON text in bytes, without filler."""
    ofs_tensor_index: int
    """Start of the tensor index in bytes, counted from the start of the file."""
    ofs_data: int
    """Start of the data section in bytes, counted from the start of the file."""
    checksum: int
    """CRC-32 (IEEE 802.3, reflected, as in zlib) of the other 60 bytes of the header, in their order."""
    reserved: bytes
    """Zero today."""


class TensorIndexEntry(Struct, frozen=True, gc=False):
    """What one tensor is and where its bytes lie."""

    len_name: int
    """Size of the name in bytes."""
    name: bytes
    """UTF-8 without a terminator."""
    dtype: int
    """Element type."""
    ndim: int
    """Number of dimensions; 0 is a scalar."""
    dims: tuple[int, ...]
    """Number of elements along each dimension, the slowest first."""
    ofs_tensor: int
    """Start of the tensor's bytes, counted from the start of the data section."""
    len_tensor: int
    """Size of the tensor's bytes, without filler."""


class Footer(Struct, frozen=True, gc=False):
    """The last 4 bytes of the file."""

    checksum: int
    """CRC-32 (IEEE 802.3, reflected, as in zlib) of every byte of the file before it."""


def spans_header(this: Header, start: int) -> dict[str, tuple[int, int]]:
    """Span of each field of a `Header` that begins at byte `start`."""
    at = start
    spans = {}
    end = at + 4
    spans['magic'] = (at, end)
    at = end
    end = at + 1
    spans['version_major'] = (at, end)
    at = end
    end = at + 1
    spans['version_minor'] = (at, end)
    at = end
    end = at + 2
    spans['flags'] = (at, end)
    at = end
    end = at + 4
    spans['num_tensors'] = (at, end)
    at = end
    end = at + 8
    spans['ofs_metadata'] = (at, end)
    at = end
    end = at + 4
    spans['len_metadata'] = (at, end)
    at = end
    end = at + 8
    spans['ofs_tensor_index'] = (at, end)
    at = end
    end = at + 8
    spans['ofs_data'] = (at, end)
    at = end
    end = at + 4
    spans['checksum'] = (at, end)
    at = end
    end = at + 20
    spans['reserved'] = (at, end)
    at = end
    return spans


def nbytes_header(this: Header) -> int:
    """Size in bytes of a `Header`."""
    del this
    return 64


def check_header(
    this: Header, *, root: Any = None, parent: Any = None, index: int = 0
) -> Iterator[Violation]:
    """Every statement of the specification that a `Header` breaks."""
    value: Any
    wanted: Any
    value = this.magic
    if not (value == b'APR\x00'):
        yield Violation('APR-H001', 'magic', show(b'APR\x00'), show(value))
    value = this.version_major
    wanted = 2
    if not (value == wanted):
        yield Violation('APR-H002', 'version_major', show(wanted), show(value))
    value = this.version_minor
    wanted = 0
    if not (value == wanted):
        yield Violation('APR-H003', 'version_minor', show(wanted), show(value))
    yield from inside('flags', check_flags(this.flags, root=root, parent=this, index=index))
    value = this.ofs_metadata
    low, high = 64, root.len_file
    if not (low <= value <= high):
        yield Violation('APR-S001', 'ofs_metadata', between(low, high), show(value))
    grid = 64
    if not (value % grid == 0):
        yield Violation('APR-S005', 'ofs_metadata', f"a multiple of {grid}", show(value))
    value = this.len_metadata
    low = 1
    if not (value >= low):
        yield Violation('APR-M001', 'len_metadata', f"at least {low}", show(value))
    high = 16777216
    if not (value <= high):
        yield Violation('APR-M007', 'len_metadata', f"at most {high}", show(value))
    value = this.ofs_tensor_index
    low, high = this.ofs_metadata + this.len_metadata, root.len_file
    if not (low <= value <= high):
        yield Violation('APR-S002', 'ofs_tensor_index', between(low, high), show(value))
    grid = 64
    if not (value % grid == 0):
        yield Violation('APR-S005', 'ofs_tensor_index', f"a multiple of {grid}", show(value))
    value = this.ofs_data
    low, high = this.ofs_tensor_index, root.len_file
    if not (low <= value <= high):
        yield Violation('APR-S003', 'ofs_data', between(low, high), show(value))
    grid = 64
    if not (value % grid == 0):
        yield Violation('APR-S005', 'ofs_data', f"a multiple of {grid}", show(value))
    value = this.reserved
    if not (not any(value)):
        yield Violation('APR-H007', 'reserved', 'zero bytes', show(value))


def check_flags(
    this: Flags, *, root: Any = None, parent: Any = None, index: int = 0
) -> Iterator[Violation]:
    """Every statement of the specification that a `Flags` breaks."""
    value: Any
    wanted: Any
    value = this >> 0 & 0x1
    wanted = 0
    if not (value == wanted):
        yield Violation('APR-H010', 'lz4_compressed', show(wanted), show(value))
    value = this >> 1 & 0x1
    wanted = 0
    if not (value == wanted):
        yield Violation('APR-H010', 'zstd_compressed', show(wanted), show(value))
    value = this >> 2 & 0x1
    wanted = 0
    if not (value == wanted):
        yield Violation('APR-H010', 'encrypted', show(wanted), show(value))
    value = this >> 3 & 0x1
    wanted = 0
    if not (value == wanted):
        yield Violation('APR-H010', 'signed', show(wanted), show(value))
    value = this >> 11 & 0x1
    wanted = 0
    if not (value == wanted):
        yield Violation('APR-H004', 'layout_column_major', show(wanted), show(value))
    value = this >> 12 & 0xf
    wanted = 0
    if not (value == wanted):
        yield Violation('APR-H005', 'reserved', show(wanted), show(value))


def spans_tensor_index_entry(this: TensorIndexEntry, start: int) -> dict[str, tuple[int, int]]:
    """Span of each field of a `TensorIndexEntry` that begins at byte `start`."""
    at = start
    spans = {}
    end = at + 2
    spans['len_name'] = (at, end)
    at = end
    end = at + len(this.name)
    spans['name'] = (at, end)
    at = end
    end = at + 1
    spans['dtype'] = (at, end)
    at = end
    end = at + 1
    spans['ndim'] = (at, end)
    at = end
    end = at + 8 * len(this.dims)
    spans['dims'] = (at, end)
    at = end
    end = at + 8
    spans['ofs_tensor'] = (at, end)
    at = end
    end = at + 8
    spans['len_tensor'] = (at, end)
    at = end
    return spans


def nbytes_tensor_index_entry(this: TensorIndexEntry) -> int:
    """Size in bytes of a `TensorIndexEntry`."""
    return 20 + len(this.name) + 8 * len(this.dims)


def check_tensor_index_entry(
    this: TensorIndexEntry, *, root: Any = None, parent: Any = None, index: int = 0
) -> Iterator[Violation]:
    """Every statement of the specification that a `TensorIndexEntry` breaks."""
    value: Any
    value = this.len_name
    low = 1
    if not (value >= low):
        yield Violation('APR-I006', 'len_name', f"at least {low}", show(value))
    high = 256
    if not (value <= high):
        yield Violation('APR-I006', 'len_name', f"at most {high}", show(value))
    value = this.name
    if not (index == 0 or parent.entries[index - 1].name < value):
        yield Violation('APR-I003', 'name', 'a name behind the previous one in the order of bytes', show(value))
    value = this.dtype
    if not (value in DTYPE_CODES):
        yield Violation('APR-I002', 'dtype', 'an id of the enum dtype', show(value))
    value = this.ndim
    high = 8
    if not (value <= high):
        yield Violation('APR-I007', 'ndim', f"at most {high}", show(value))
    value = this.ofs_tensor
    low, high = 0, root.len_file - root.header.ofs_data
    if not (low <= value <= high):
        yield Violation('APR-D001', 'ofs_tensor', between(low, high), show(value))
    grid = 64
    if not (value % grid == 0):
        yield Violation('APR-D005', 'ofs_tensor', f"a multiple of {grid}", show(value))
    value = this.len_tensor
    low, high = 0, root.len_file - root.header.ofs_data - this.ofs_tensor
    if not (low <= value <= high):
        yield Violation('APR-D001', 'len_tensor', between(low, high), show(value))


def spans_footer(this: Footer, start: int) -> dict[str, tuple[int, int]]:
    """Span of each field of a `Footer` that begins at byte `start`."""
    at = start
    spans = {}
    end = at + 4
    spans['checksum'] = (at, end)
    at = end
    return spans


def nbytes_footer(this: Footer) -> int:
    """Size in bytes of a `Footer`."""
    del this
    return 4


def check_footer(
    this: Footer, *, root: Any = None, parent: Any = None, index: int = 0
) -> Iterator[Violation]:
    """Every statement of the specification that a `Footer` breaks."""
    yield from ()


def required_len(root: Any) -> int:
    """Where the data section ends, counted from the start of the file: `ofs_data + max(ofs_tensor + align64(len_tensor))` over all tensors, where `align64` rounds up to a multiple of 64; without tensors `ofs_data` itself."""
    return int(root.header.ofs_data + max((_.ofs_tensor + align_up(_.len_tensor, 64) for _ in root.tensor_index.entries), default=0))


def locate_header(root: Any) -> tuple[int, int] | None:
    """Start and end of `header`, counted from the start of the file; None when it is absent."""
    return 0, 64


def locate_header_padding(root: Any) -> tuple[int, int] | None:
    """Start and end of `header_padding`, counted from the start of the file; None when it is absent."""
    start = 64
    return start, start + root.header.ofs_metadata - 64


def locate_metadata(root: Any) -> tuple[int, int] | None:
    """Start and end of `metadata`, counted from the start of the file; None when it is absent."""
    start = root.header.ofs_metadata
    return start, start + root.header.len_metadata


def locate_metadata_padding(root: Any) -> tuple[int, int] | None:
    """Start and end of `metadata_padding`, counted from the start of the file; None when it is absent."""
    start = root.header.ofs_metadata + root.header.len_metadata
    return start, start + root.header.ofs_tensor_index - root.header.ofs_metadata - root.header.len_metadata


def locate_tensor_index(root: Any) -> tuple[int, int] | None:
    """Start and end of `tensor_index`, counted from the start of the file; None when it is absent."""
    start = root.header.ofs_tensor_index
    return start, start + root.header.ofs_data - root.header.ofs_tensor_index


def locate_tensor_data(root: Any) -> tuple[int, int] | None:
    """Start and end of `tensor_data`, counted from the start of the file; None when it is absent."""
    start = root.header.ofs_data
    return start, start + required_len(root) - root.header.ofs_data


def locate_footer(root: Any) -> tuple[int, int] | None:
    """Start and end of `footer`, counted from the start of the file; None when it is absent."""
    if not (root.len_file - required_len(root) != 0):
        return None
    start = required_len(root)
    return start, start + 4


def locate_trailing(root: Any) -> tuple[int, int] | None:
    """Start and end of `trailing`, counted from the start of the file; None when it is absent."""
    if not (root.len_file > required_len(root) + 4):
        return None
    start = required_len(root) + 4
    return start, start + root.len_file - required_len(root) - 4


FIELDS: Mapping[str, Mapping[str, FieldShape]] = {
    '': {
        'header': FieldShape(type='header'),
        'header_padding': FieldShape(),
        'metadata': FieldShape(),
        'metadata_padding': FieldShape(),
        'tensor_index': FieldShape(type='tensor_index'),
        'tensor_data': FieldShape(),
        'footer': FieldShape(type='footer'),
        'trailing': FieldShape(),
    },
    'header': {
        'magic': FieldShape(),
        'version_major': FieldShape(limit=1 << 8),
        'version_minor': FieldShape(limit=1 << 8),
        'flags': FieldShape(type='flags'),
        'num_tensors': FieldShape(limit=1 << 32),
        'ofs_metadata': FieldShape(limit=1 << 64),
        'len_metadata': FieldShape(limit=1 << 32),
        'ofs_tensor_index': FieldShape(limit=1 << 64),
        'ofs_data': FieldShape(limit=1 << 64),
        'checksum': FieldShape(limit=1 << 32),
        'reserved': FieldShape(),
    },
    'flags': {
        'lz4_compressed': FieldShape(limit=1 << 1),
        'zstd_compressed': FieldShape(limit=1 << 1),
        'encrypted': FieldShape(limit=1 << 1),
        'signed': FieldShape(limit=1 << 1),
        'sharded': FieldShape(limit=1 << 1),
        'quantized': FieldShape(limit=1 << 1),
        'has_filterbank': FieldShape(limit=1 << 1),
        'has_model_card': FieldShape(limit=1 << 1),
        'streaming': FieldShape(limit=1 << 1),
        'has_vocab': FieldShape(limit=1 << 1),
        'layout_row_major': FieldShape(limit=1 << 1),
        'layout_column_major': FieldShape(limit=1 << 1),
        'reserved': FieldShape(limit=1 << 4),
    },
    'tensor_index': {
        'entries': FieldShape(type='tensor_index_entry', repeated=True),
        'padding': FieldShape(),
    },
    'tensor_index_entry': {
        'len_name': FieldShape(limit=1 << 16),
        'name': FieldShape(),
        'dtype': FieldShape(limit=1 << 8),
        'ndim': FieldShape(limit=1 << 8),
        'dims': FieldShape(limit=1 << 64, repeated=True),
        'ofs_tensor': FieldShape(limit=1 << 64),
        'len_tensor': FieldShape(limit=1 << 64),
    },
    'footer': {
        'checksum': FieldShape(limit=1 << 32),
    },
    'payload_digest_record': {
        'len_name': FieldShape(limit=1 << 16),
        'name': FieldShape(),
        'dtype': FieldShape(limit=1 << 8),
        'ndim': FieldShape(limit=1 << 8),
        'dims': FieldShape(limit=1 << 64, repeated=True),
        'sha256': FieldShape(),
    },
}
"""The keys a tree may have at each type (the root is ""), each with what its value must be."""


RULES: Mapping[str, RuleFacts] = {
    'APR-H001': RuleFacts(
        id='APR-H001',
        name='magic-wrong',
        defect='the magic is not that of APR v2',
        severity='error',
        layer='structure',
        fatal=True,
        reads_data=False,
        needs=('APR-H008',),
        why='The first four bytes name the format. With others the file is of another format or of another generation of this one, and nothing that is known about APR v2 holds for it; no other rule is judged.',
        repair='Convert the file with the tool of its own format. If it was an APR v2 file once, its beginning is overwritten: fetch it again.',
        example="error APR-H001 magic-wrong: the magic is not that of APR v2: this is a GGUF file\n  header.magic @0x0..0x4: expected b'APR\\x00', found b'GGUF'",
    ),
    'APR-H002': RuleFacts(
        id='APR-H002',
        name='major-version-unknown',
        defect='the file is of another major version',
        severity='error',
        layer='structure',
        fatal=False,
        reads_data=False,
        needs=('APR-H001',),
        why='Another major version has another layout. The published readers do not look at the version, and would take one layout for the other.',
        repair='Use a reader of that version, or write the file again with a writer of version 2.',
        example='error APR-H002 major-version-unknown: the file is of another major version\n  header.version_major @0x4..0x5: expected 2, found 3',
    ),
    'APR-H003': RuleFacts(
        id='APR-H003',
        name='minor-version-unknown',
        defect='the minor version is unknown',
        severity='warning',
        layer='structure',
        fatal=False,
        reads_data=False,
        needs=('APR-H001',),
        why='A later minor version may hold more than is known here. Readers ignore the number.',
        repair='Look whether a newer aprfmt knows the version.',
        example='warning APR-H003 minor-version-unknown: the minor version is unknown\n  header.version_minor @0x5..0x6: expected 0, found 1',
    ),
    'APR-H004': RuleFacts(
        id='APR-H004',
        name='column-major',
        defect='the tensors lie column by column, which every reader refuses',
        severity='error',
        layer='structure',
        fatal=False,
        reads_data=False,
        needs=('APR-H001',),
        why='Every matrix would be read transposed without a sign of it. The flag exists so that readers can refuse such a file.',
        repair='Transpose the matrices in the tool that made the file, and write it again without the flag.',
        example='error APR-H004 column-major: the tensors lie column by column, which every reader refuses\n  header.flags.layout_column_major @0x6..0x8: expected 0, found 1',
    ),
    'APR-H005': RuleFacts(
        id='APR-H005',
        name='flag-undefined',
        defect='flag bits without a meaning are set',
        severity='warning',
        layer='structure',
        fatal=False,
        reads_data=False,
        needs=('APR-H001',),
        why='What a later version announces with them cannot be known here. Every operation of aprfmt keeps them.',
        repair='Look whether a newer aprfmt knows them; a writer that sets them for no reason should stop.',
        example='warning APR-H005 flag-undefined: flag bits without a meaning are set\n  header.flags.reserved @0x6..0x8: expected 0, found 8',
    ),
    'APR-H006': RuleFacts(
        id='APR-H006',
        name='header-checksum-wrong',
        defect='the header checksum does not match the header',
        severity='error',
        layer='integrity',
        fatal=False,
        reads_data=False,
        needs=('APR-H001',),
        why='The header was damaged or edited after it was written; its offsets and counts cannot be trusted.',
        repair='Fetch the file again. Compare the header with that of a good copy before trusting anything else in the file; a new checksum over a damaged header only hides the damage.',
        example='error APR-H006 header-checksum-wrong: the header checksum does not match the header\n  header.checksum @0x28..0x2c: expected 0xc3d3df4e for these bytes, found 0x00000000',
    ),
    'APR-H007': RuleFacts(
        id='APR-H007',
        name='reserved-not-zero',
        defect='reserved bytes of the header are not zero',
        severity='warning',
        layer='structure',
        fatal=False,
        reads_data=False,
        needs=('APR-H001',),
        why='The bytes are set aside for later versions. Somebody uses them for something that no reader looks at.',
        repair='Write zeros there unless a newer version of the format gives them a meaning.',
        example="warning APR-H007 reserved-not-zero: reserved bytes of the header are not zero\n  header.reserved @0x2c..0x40: expected zero bytes, found b'\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x01'",
    ),
    'APR-H008': RuleFacts(
        id='APR-H008',
        name='too-small',
        defect='the file is smaller than a header',
        severity='error',
        layer='structure',
        fatal=True,
        reads_data=False,
        needs=(),
        why='There is no header, so nothing in the file can be located.',
        repair='Fetch the file again; the transfer ended right after it began.',
        example='error APR-H008 too-small: too small to be an APR v2 container\n  header @0x0..0x3f: expected at least 64 bytes, found 63 bytes',
    ),
    'APR-H009': RuleFacts(
        id='APR-H009',
        name='quantized-flag-idle',
        defect='the flag quantized is set, and no tensor is of a quantised type',
        severity='warning',
        layer='structure',
        fatal=False,
        reads_data=False,
        needs=('APR-I001',),
        why='A program that chooses its path by the flag expects tensors that are not there.',
        repair='Clear the flag, or find out where the quantised tensors went.',
        example='warning APR-H009 quantized-flag-idle: the flag quantized is set, and no tensor is of a quantised type\n  header.flags.quantized @0x6..0x8: expected a tensor of a quantised type, found none',
    ),
    'APR-H010': RuleFacts(
        id='APR-H010',
        name='flag-contradicts-data',
        defect='a flag announces compression, encryption or a signature that the format does not have',
        severity='warning',
        layer='structure',
        fatal=False,
        reads_data=False,
        needs=('APR-H001',),
        why='The published writers set these bits and compress, encrypt and sign nothing; the published readers take the data as plain. Here it is read as plain too.',
        repair='Clear the flag. If the data really is compressed or encrypted, it is no APR v2 data.',
        example='warning APR-H010 flag-contradicts-data: a flag announces compression, encryption or a signature that the format does not have\n  header.flags.lz4_compressed @0x6..0x8: expected 0, found 1',
    ),
    'APR-H011': RuleFacts(
        id='APR-H011',
        name='layout-unsaid',
        defect='the file does not say that its tensors lie row by row',
        severity='info',
        layer='canonical',
        fatal=False,
        reads_data=False,
        needs=('APR-H001',),
        why='Without either layout flag every reader assumes rows, as older writers meant it.',
        repair='`aprfmt stamp` and `aprfmt canonicalise` set the flag.',
        example='info APR-H011 layout-unsaid: the file does not say that its tensors lie row by row\n  header.flags.layout_row_major @0x6..0x8: expected the flag, found neither layout flag',
    ),
    'APR-H012': RuleFacts(
        id='APR-H012',
        name='flag-contradicts-metadata',
        defect='a flag and the metadata disagree',
        severity='info',
        layer='metadata',
        fatal=False,
        reads_data=False,
        needs=('APR-M004',),
        why='The flag has_vocab announces the key `tokenizer.vocabulary`, the flag sharded the key `sharding`. Programs that look at one of the two come to another conclusion than those that look at the other.',
        repair='Set the flag where the key is there, and clear it where it is not.',
        example='info APR-H012 flag-contradicts-metadata: a flag and the metadata disagree\n  header.flags.has_vocab @0x6..0x8: expected the key tokenizer.vocabulary, found no such key',
    ),
    'APR-S001': RuleFacts(
        id='APR-S001',
        name='metadata-misplaced',
        defect='the metadata would begin inside the header, or outside the file',
        severity='error',
        layer='structure',
        fatal=True,
        reads_data=False,
        needs=('APR-H001',),
        why='The sections of a file do not overlap and lie inside it. One that does not was cut off, or the header is damaged. The reference refuses metadata that lies outside the file, and lets it overlap the header.',
        repair='Compare the size of the file with that of a good copy, and fetch it again when it is shorter.',
        example='error APR-S001 metadata-misplaced: the metadata would begin inside the header, or outside the file\n  header.ofs_metadata @0xc..0x14: expected 64 to 388, found 0',
    ),
    'APR-S002': RuleFacts(
        id='APR-S002',
        name='tensor-index-misplaced',
        defect='the tensor index would begin before the end of the metadata, or outside the file',
        severity='error',
        layer='structure',
        fatal=True,
        reads_data=False,
        needs=('APR-S001',),
        why='The sections of a file do not overlap and lie inside it. One that does not was cut off, or the header is damaged. The reference refuses an index with entries that begins outside the file, and lets it overlap the metadata.',
        repair='Compare the size of the file with that of a good copy, and fetch it again when it is shorter.',
        example='error APR-S002 tensor-index-misplaced: the tensor index would begin before the end of the metadata, or outside the file\n  header.ofs_tensor_index @0x18..0x20: expected 137 to 388, found 64',
    ),
    'APR-S003': RuleFacts(
        id='APR-S003',
        name='tensor-data-misplaced',
        defect='the data section would begin before the tensor index, or outside the file',
        severity='error',
        layer='structure',
        fatal=True,
        reads_data=False,
        needs=('APR-S002',),
        why='The index ends where the data begins. A data section that begins elsewhere was cut off, or the header is damaged.',
        repair='Compare the size of the file with that of a good copy, and fetch it again when it is shorter.',
        example='error APR-S003 tensor-data-misplaced: the data section would begin before the tensor index, or outside the file\n  header.ofs_data @0x20..0x28: expected 192 to 388, found 64',
    ),
    'APR-S004': RuleFacts(
        id='APR-S004',
        name='filler-not-zero',
        defect='filler around the metadata is not zero',
        severity='warning',
        layer='canonical',
        fatal=False,
        reads_data=False,
        needs=('APR-S002',),
        why='Either a size in the header is wrong, so that a part of a section passes for filler, or somebody hides bytes where no reader looks.',
        repair='Look at the bytes with `aprfmt dump`. A stamp writes zeros there, and says so.',
        example='warning APR-S004 filler-not-zero: filler around the metadata is not zero\n  metadata_padding @0x89..0xc0: expected zero bytes, found other bytes, the last one @0xbf',
    ),
    'APR-S005': RuleFacts(
        id='APR-S005',
        name='section-off-grid',
        defect='a section is off the 64-byte grid',
        severity='warning',
        layer='canonical',
        fatal=False,
        reads_data=False,
        needs=('APR-H001',),
        why='Readers that map the file expect tensors at addresses that are multiples of 64; a data section off the grid takes every tensor off it.',
        repair='`aprfmt canonicalise` moves the sections onto the grid.',
        example='warning APR-S005 section-off-grid: a section is off the 64-byte grid\n  header.ofs_tensor_index @0x18..0x20: expected a multiple of 64, found 191',
    ),
    'APR-S006': RuleFacts(
        id='APR-S006',
        name='filler-excess',
        defect='there is more filler around a section than the grid takes',
        severity='info',
        layer='canonical',
        fatal=False,
        reads_data=False,
        needs=('APR-I001',),
        why='Filler may be left on purpose, so that metadata can grow without moving the tensors. A canonical file has the fewest bytes that reach the grid.',
        repair='`aprfmt canonicalise` removes it; leave it when the metadata is to be edited in place.',
        example='info APR-S006 filler-excess: there is more filler around a section than the grid takes\n  metadata_padding @0x89..0x100: expected less than 64 bytes, found 119 bytes',
    ),
    'APR-M001': RuleFacts(
        id='APR-M001',
        name='metadata-empty',
        defect='the metadata is empty',
        severity='error',
        layer='metadata',
        fatal=True,
        reads_data=False,
        needs=('APR-H001',),
        why='No bytes are no JSON object; the reference refuses the file.',
        repair='Write `{}` at least.',
        example='error APR-M001 metadata-empty: the metadata is empty\n  header.len_metadata @0x14..0x18: expected at least 1, found 0',
    ),
    'APR-M002': RuleFacts(
        id='APR-M002',
        name='metadata-not-utf8',
        defect='the metadata is not UTF-8',
        severity='error',
        layer='metadata',
        fatal=True,
        reads_data=False,
        needs=('APR-M001', 'APR-S002'),
        why='JSON is text in UTF-8. Other bytes are damage, or text in another encoding.',
        repair='Convert the text to UTF-8 in the tool that wrote it, and write the file again.',
        example='error APR-M002 metadata-not-utf8: the metadata is not UTF-8\n  metadata @0x46..0x47: expected UTF-8, found ff (invalid start byte)',
    ),
    'APR-M003': RuleFacts(
        id='APR-M003',
        name='metadata-not-json',
        defect='the metadata is not JSON',
        severity='error',
        layer='metadata',
        fatal=True,
        reads_data=False,
        needs=('APR-M005',),
        why='The reference parses the text strictly: no NaN or Infinity, no comments, nothing after the object, no escapes of one half of a surrogate pair, no numbers beyond the range of a double.',
        repair='Correct the text in the tool that wrote it, and write the file again.',
        example="error APR-M003 metadata-not-json: the metadata is not JSON\n  metadata @0x45..0x48: expected a JSON value, found 'NaN'",
    ),
    'APR-M004': RuleFacts(
        id='APR-M004',
        name='metadata-not-object',
        defect='the metadata is not a JSON object',
        severity='error',
        layer='metadata',
        fatal=True,
        reads_data=False,
        needs=('APR-M003',),
        why='Metadata is a set of keys with values; an array or a lone value has no keys.',
        repair='Put the value under a key of an object.',
        example="error APR-M004 metadata-not-object: the metadata is not an object\n  metadata @0x40..0x42: expected a JSON object, found '[]'",
    ),
    'APR-M005': RuleFacts(
        id='APR-M005',
        name='metadata-too-deep',
        defect='the metadata is nested too deeply',
        severity='error',
        layer='metadata',
        fatal=True,
        reads_data=False,
        needs=('APR-M002',),
        why='The JSON parser of the reference refuses the 128th level of arrays and objects.',
        repair='Flatten the value, or keep it as a string.',
        example="error APR-M005 metadata-too-deep: the metadata is nested too deeply\n  metadata @0xc3..0xc4: expected at most 127 levels of arrays and objects, found '['",
    ),
    'APR-M006': RuleFacts(
        id='APR-M006',
        name='metadata-type-wrong',
        defect='a known key of the metadata holds a value of another type',
        severity='error',
        layer='metadata',
        fatal=False,
        reads_data=False,
        needs=('APR-M004',),
        why='The reference reads known keys into typed fields. One value of another type, a count written as 4096.0 say, makes it refuse the whole file.',
        repair='Write the value with the type that spec/metadata.schema.json gives its key.',
        example="error APR-M006 metadata-type-wrong: a known key is of the wrong type\n  metadata.hidden_size @0x4f..0x55: expected an unsigned integer of 64 bits or null, found '4096.0'",
    ),
    'APR-M007': RuleFacts(
        id='APR-M007',
        name='metadata-large',
        defect='the metadata is larger than 16 MiB',
        severity='warning',
        layer='metadata',
        fatal=False,
        reads_data=False,
        needs=('APR-H001',),
        why='The format names 16 MiB as the most, though no published reader enforces it. Every program that only wants to know the name of the model has to read all of it.',
        repair='Keep large tables, such as a vocabulary, in a file beside the model.',
        example='warning APR-M007 metadata-large: the metadata is larger than 16 MiB\n  header.len_metadata @0x14..0x18: expected at most 16777216, found 16777217',
    ),
    'APR-M008': RuleFacts(
        id='APR-M008',
        name='metadata-key-twice',
        defect='a key of the metadata occurs twice in one object',
        severity='warning',
        layer='metadata',
        fatal=False,
        reads_data=False,
        needs=('APR-M004',),
        why='Parsers disagree on which value counts. The reference takes the last one; a program that takes the first one sees another licence, say.',
        repair='`aprfmt stamp --dedupe` keeps the last one, which counts, and changes nothing else.',
        example='warning APR-M008 metadata-key-twice: a key of the metadata occurs twice in one object\n  metadata.a[0].x @0x47..0x4a: expected a key of its own, found another one @0x4d..0x50, which overrides it',
    ),
    'APR-M009': RuleFacts(
        id='APR-M009',
        name='metadata-integer-wide',
        defect='an integer in the metadata needs more than 64 bits',
        severity='warning',
        layer='metadata',
        fatal=False,
        reads_data=False,
        needs=('APR-M004',),
        why='The reference reads it as a double, and writes back another number. aprfmt keeps it exact.',
        repair='Write it as a string.',
        example='warning APR-M009 metadata-integer-wide: an integer in the metadata needs more than 64 bits\n  metadata.a[0] @0x46..0x5a: expected an integer of 64 bits, found 18446744073709551616',
    ),
    'APR-P001': RuleFacts(
        id='APR-P001',
        name='provenance-absent',
        defect='a provenance key is missing',
        severity='warning',
        layer='metadata',
        fatal=False,
        reads_data=False,
        needs=('APR-M004',),
        why='Whoever receives the file cannot tell under which licence the model and its training data may be used, or where they come from.',
        repair='`aprfmt stamp --license … --data-source … --data-license …` adds them and changes nothing else.',
        example='warning APR-P001 provenance-absent: a provenance key is missing\n  metadata.license @0x40..0x6e: expected a value, found nothing',
    ),
    'APR-P002': RuleFacts(
        id='APR-P002',
        name='provenance-meaningless',
        defect='a provenance key says nothing',
        severity='warning',
        layer='metadata',
        fatal=False,
        reads_data=False,
        needs=('APR-M004',),
        why='An empty value, or a word such as unknown or TBD, fills the field and answers nothing.',
        repair='Find out what holds, and stamp it.',
        example="warning APR-P002 provenance-meaningless: a provenance key says nothing\n  metadata.data_license @0x74..0x7f: expected an answer, found ' Unknown '",
    ),
    'APR-P003': RuleFacts(
        id='APR-P003',
        name='licence-unknown',
        defect='a licence is none that SPDX or the model hub knows',
        severity='info',
        layer='metadata',
        fatal=False,
        reads_data=False,
        needs=('APR-M004',),
        why="The values of `license` and `data_license` are read by people, and by tools that decide what may be done with the model. A name that is on no list sends everyone looking for a text that may not be found. Known are expressions of SPDX such as `MIT OR Apache-2.0`, deprecated ids included, ids of the model hub such as `llama3.1`, and `LicenseRef-…` for terms of one's own, in small letters or in capitals. So are `custom` and `other`, which do not say which terms. A text of more than 2000 characters is taken for none.\n\nThe lists grow: what is unknown today may be on one tomorrow. So whoever only reads the file is told, and nothing else.",
        repair='`aprfmt licenses WORDS` finds the id, and `aprfmt stamp --license …` writes it. For terms that are on no list write `LicenseRef-` and a name of letters, digits, `-` and `.`.',
        example="info APR-P003 licence-unknown: a licence is none that SPDX or the model hub knows; did you mean Apache-2.0?\n  metadata.license @0x4b..0x5d: expected a licence of SPDX or of the model hub, found 'Apache License 2'",
    ),
    'APR-I001': RuleFacts(
        id='APR-I001',
        name='tensor-index-too-small',
        defect='the tensor index has no room for as many entries as the header counts',
        severity='error',
        layer='structure',
        fatal=True,
        reads_data=False,
        needs=('APR-S003',),
        why='The entries end before the count is reached: the index was cut off, a length in an entry is wrong, or the count is. Nothing behind the last whole entry can be read.',
        repair='Fetch the file again, or compare its header with that of a good copy.',
        example='error APR-I001 tensor-index-too-small: the tensor index is too small for its entries\n  header.num_tensors @0x8..0xc: expected at most 3 entries in 64 bytes, found 100 entries',
    ),
    'APR-I002': RuleFacts(
        id='APR-I002',
        name='dtype-unknown',
        defect='the element type is unknown',
        severity='error',
        layer='structure',
        fatal=False,
        reads_data=False,
        needs=('APR-I001',),
        why='Without the element type the bytes of the tensor mean nothing; the reference refuses the whole file. The ids 2 and 13 come from writers that put ids of GGML there.',
        repair='Write the file again with an element type that the format has.',
        example="error APR-I002 dtype-unknown: the element type is unknown\n  tensor_index.entries[1].dtype @0xe0..0xe1: expected an id of the enum dtype, found 2; tensor 'b'",
    ),
    'APR-I003': RuleFacts(
        id='APR-I003',
        name='names-unsorted',
        defect='the names are out of order, or one occurs twice',
        severity='error',
        layer='structure',
        fatal=False,
        reads_data=False,
        needs=('APR-I001',),
        why='Readers search the index by halving it, in the order of the bytes of the names. In another order they miss tensors, and of two equal names nobody knows which one is meant.',
        repair='Sort the entries by the bytes of their names, not by UTF-16 units or by a locale, and rename duplicates.',
        example="error APR-I003 names-unsorted: the names are out of order, or one occurs twice\n  tensor_index.entries[1].name @0xdf..0xe0: expected a name behind the previous one in the order of bytes, found b'a'; tensor 'a'",
    ),
    'APR-I005': RuleFacts(
        id='APR-I005',
        name='name-not-utf8',
        defect='the name is not UTF-8',
        severity='error',
        layer='integrity',
        fatal=False,
        reads_data=False,
        needs=('APR-I001',),
        why='Readers that replace what they cannot decode may take two names for one.',
        repair='Name the tensor in UTF-8 in the tool that wrote the file.',
        example="error APR-I005 name-not-utf8: the name is not UTF-8\n  tensor_index.entries[1].name @0xdf..0xe0: expected UTF-8, found b'\\xff'; tensor '\\xff'",
    ),
    'APR-I006': RuleFacts(
        id='APR-I006',
        name='name-length',
        defect='the name is empty, or longer than the reference writes',
        severity='warning',
        layer='structure',
        fatal=False,
        reads_data=False,
        needs=('APR-I001',),
        why='The reference reads any length and cuts a name at 256 bytes when it writes, which may make two names equal. An empty name cannot be asked for on most command lines.',
        repair='Choose a name of 1 to 256 bytes.',
        example="warning APR-I006 name-length: the name is empty, or longer than the reference writes\n  tensor_index.entries[0].len_name @0xc0..0xc2: expected at most 256, found 257; tensor 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa... (259 characters)",
    ),
    'APR-I007': RuleFacts(
        id='APR-I007',
        name='dimensions-many',
        defect='there are more dimensions than the reference writes',
        severity='warning',
        layer='structure',
        fatal=False,
        reads_data=False,
        needs=('APR-I001',),
        why='The reference reads up to 255 dimensions and writes the first 8, which silently changes the shape.',
        repair='Merge dimensions until 8 are left.',
        example="warning APR-I007 dimensions-many: there are more dimensions than the reference writes\n  tensor_index.entries[0].ndim @0xc4..0xc5: expected at most 8, found 9; tensor 'a'",
    ),
    'APR-I008': RuleFacts(
        id='APR-I008',
        name='dtype-id-legacy',
        defect='the id of the element type is one that writers gave up',
        severity='warning',
        layer='structure',
        fatal=False,
        reads_data=False,
        needs=('APR-I001',),
        why='The two ids collide with ids of GGML, so that another family of readers takes the tensor for one of another type.',
        repair='`aprfmt canonicalise` writes the id of today.',
        example="warning APR-I008 dtype-id-legacy: the id of the element type is one that writers gave up\n  tensor_index.entries[1].dtype @0xe0..0xe1: expected 128 for apr_q4, found 8; tensor 'b'",
    ),
    'APR-I009': RuleFacts(
        id='APR-I009',
        name='index-filler-not-zero',
        defect='filler of the tensor index is not zero',
        severity='warning',
        layer='canonical',
        fatal=False,
        reads_data=False,
        needs=('APR-I001',),
        why='Bytes follow the entries that are no entry, and that no reader looks at.',
        repair='Look at them with `aprfmt dump`; `aprfmt canonicalise` drops them when it is told to.',
        example='warning APR-I009 index-filler-not-zero: filler of the tensor index is not zero\n  tensor_index.padding @0xfa..0x100: expected zero bytes, found other bytes, the last one @0xff',
    ),
    'APR-I010': RuleFacts(
        id='APR-I010',
        name='dtype-id-ambiguous',
        defect='the id of the element type means another type in GGML',
        severity='warning',
        layer='structure',
        fatal=False,
        reads_data=False,
        needs=('APR-I001',),
        why='Some writers put ids of GGML into this field, and some readers expect them. Such a reader takes the tensor for one of another type. When the size does not fit either, APR-D002 says so.',
        repair='Nothing, if every reader in use is one of this format; otherwise store the tensor with another element type.',
        example="warning APR-I010 dtype-id-ambiguous: the id of the element type means another type in GGML\n  tensor_index.entries[1].dtype @0xe0..0xe1: expected an id that means the same everywhere, found 7, which is u8 here and q5_1 in GGML; tensor 'b'",
    ),
    'APR-I011': RuleFacts(
        id='APR-I011',
        name='name-control-characters',
        defect='the name holds control characters',
        severity='warning',
        layer='integrity',
        fatal=False,
        reads_data=False,
        needs=('APR-I001',),
        why='A name that is printed raw can move the cursor, colour the terminal or end a string in C. No architecture needs such a name.',
        repair='Rename the tensor in the tool that wrote the file.',
        example="warning APR-I011 name-control-characters: the name holds control characters\n  tensor_index.entries[0].name @0xc2..0xc4: expected no control characters, found '\\x07'; tensor 'a\\x07'",
    ),
    'APR-I012': RuleFacts(
        id='APR-I012',
        name='entries-uncounted',
        defect='the tensor index holds more entries than the header counts',
        severity='warning',
        layer='structure',
        fatal=False,
        reads_data=False,
        needs=('APR-I001',),
        why='Readers stop at the count and miss the tensors behind it. Every tensor after them still has its bytes in the file.',
        repair='Correct the count in the tool that wrote the file; `aprfmt dump` shows the entries that are not counted.',
        example='warning APR-I012 entries-uncounted: the tensor index holds more entries than the header counts\n  header.num_tensors @0x8..0xc: expected 2, found 1',
    ),
    'APR-D001': RuleFacts(
        id='APR-D001',
        name='tensor-outside',
        defect='the data of the tensor lies outside the file',
        severity='error',
        layer='integrity',
        fatal=True,
        reads_data=False,
        needs=('APR-I001',),
        why='The bytes are not there. Most often the file was cut off; otherwise its index is damaged.',
        repair='Fetch the file again.',
        example="error APR-D001 tensor-outside: the data of the tensor lies outside the file, which has 324 of the 9223372036854776128 bytes that its index needs\n  tensor_index.entries[1].ofs_tensor @0xea..0xf2: expected 0 to 68, found 9223372036854775808; tensor 'b'",
    ),
    'APR-D002': RuleFacts(
        id='APR-D002',
        name='tensor-size-wrong',
        defect='the size of the data does not fit element type and shape',
        severity='error',
        layer='integrity',
        fatal=False,
        reads_data=False,
        needs=('APR-I001',),
        why='A reader that trusts the shape reads bytes of another tensor, one that trusts the size misses elements.',
        repair='Write the tensor again with the shape that its data has.',
        example="error APR-D002 tensor-size-wrong: the size does not fit f16 [3]\n  tensor_index.entries[1].len_tensor @0xf2..0xfa: expected 6 bytes, found 5 bytes; tensor 'b'",
    ),
    'APR-D003': RuleFacts(
        id='APR-D003',
        name='tensors-overlap',
        defect='the data of two tensors overlaps',
        severity='error',
        layer='integrity',
        fatal=False,
        reads_data=False,
        needs=('APR-I001',),
        why='Two tensors share bytes, so at least one of the two extents is wrong.',
        repair='Write the tensors again, each with bytes of its own.',
        example="error APR-D003 tensors-overlap: the data overlaps that of 'a'\n  tensor_index.entries[1].ofs_tensor @0xea..0xf2: expected an offset of at least 8, found 0; tensor 'b'",
    ),
    'APR-D004': RuleFacts(
        id='APR-D004',
        name='data-truncated',
        defect='the data section is truncated',
        severity='error',
        layer='integrity',
        fatal=True,
        reads_data=False,
        needs=('APR-D001',),
        why='The file ends before its data section does, if only by filler. Something was cut off.',
        repair='Fetch the file again.',
        example='error APR-D004 data-truncated: the data section is truncated\n  tensor_data @0x100..0x17f: expected 384 bytes, found 383 bytes',
    ),
    'APR-D005': RuleFacts(
        id='APR-D005',
        name='tensor-off-grid',
        defect='the data of the tensor is off the 64-byte grid',
        severity='warning',
        layer='canonical',
        fatal=False,
        reads_data=False,
        needs=('APR-I001',),
        why='Vector instructions and memory maps want tensors at multiples of 64; elsewhere they are slow, or fail.',
        repair='`aprfmt canonicalise` moves the tensor onto the grid.',
        example="warning APR-D005 tensor-off-grid: the data of the tensor is off the 64-byte grid\n  tensor_index.entries[1].ofs_tensor @0xea..0xf2: expected a multiple of 64, found 68; tensor 'b'",
    ),
    'APR-D006': RuleFacts(
        id='APR-D006',
        name='data-filler-not-zero',
        defect='bytes of the data section that belong to no tensor are not zero',
        severity='warning',
        layer='canonical',
        fatal=False,
        reads_data=True,
        needs=('APR-D004',),
        why='Either the size of a tensor is wrong, so that its last bytes pass for filler, or somebody hides bytes where no reader looks.',
        repair='Look at them with `aprfmt dump`; `aprfmt canonicalise` drops them when it is told to.',
        example='warning APR-D006 data-filler-not-zero: bytes of the data section that belong to no tensor are not zero\n  tensor_data @0x108..0x109: expected zero bytes, found other bytes, the last one @0x108',
    ),
    'APR-D007': RuleFacts(
        id='APR-D007',
        name='data-gap',
        defect='bytes of the data section belong to no tensor',
        severity='warning',
        layer='canonical',
        fatal=False,
        reads_data=False,
        needs=('APR-D001',),
        why='More bytes than the grid takes lie between two tensors. Whatever they are, no reader looks at them.',
        repair='`aprfmt canonicalise` closes the gap.',
        example='warning APR-D007 data-gap: bytes of the data section belong to no tensor\n  tensor_data @0x108..0x180: expected a tensor, found 120 bytes of none',
    ),
    'APR-D008': RuleFacts(
        id='APR-D008',
        name='data-out-of-order',
        defect='the data lies in another order than the index',
        severity='info',
        layer='canonical',
        fatal=False,
        reads_data=False,
        needs=('APR-I001',),
        why='Streaming writers leave the data in the order in which it came. Every reader takes it; a canonical file has it in the order of the names.',
        repair='`aprfmt canonicalise` sorts the data.',
        example="info APR-D008 data-out-of-order: the data lies in another order than the index\n  tensor_index.entries[1].ofs_tensor @0xea..0xf2: expected an offset of at least 72, found 0; tensor 'b'",
    ),
    'APR-F001': RuleFacts(
        id='APR-F001',
        name='footer-truncated',
        defect='the footer is truncated',
        severity='error',
        layer='integrity',
        fatal=True,
        reads_data=False,
        needs=('APR-D004',),
        why='The file ends inside its checksum, so its last bytes were cut off.',
        repair='Fetch the file again.',
        example='error APR-F001 footer-truncated: the footer is truncated\n  footer.checksum @0x180..0x182: expected 4 bytes, found 2 bytes',
    ),
    'APR-F002': RuleFacts(
        id='APR-F002',
        name='footer-wrong',
        defect='the footer does not match the file',
        severity='error',
        layer='integrity',
        fatal=False,
        reads_data=True,
        needs=('APR-F003',),
        why='A byte of the file was changed after it was written. Nothing in the file tells which one, unless a single flipped bit explains the difference: then the finding names it.',
        repair='Fetch the file again, or restore the byte that the finding names and validate again. A new footer over damaged data only hides the damage: aprfmt never replaces a wrong footer by a right one.',
        example='error APR-F002 footer-wrong: the footer does not match the file, which was damaged after it was written\n  footer.checksum @0x180..0x184: expected 0x9a96f1a9 for these bytes, found 0x5581d2f7',
    ),
    'APR-F003': RuleFacts(
        id='APR-F003',
        name='footer-absent',
        defect='the file has no footer',
        severity='warning',
        layer='integrity',
        fatal=False,
        reads_data=False,
        needs=('APR-F001',),
        why='Damage to the data cannot be told without a checksum.',
        repair='`aprfmt stamp` and `aprfmt canonicalise` add one; what is damaged before stays so, unnoticed.',
        example='warning APR-F003 footer-absent: the file has no footer\n  footer @0x180..0x180: expected a checksum of the whole file, found the end of the file',
    ),
    'APR-F004': RuleFacts(
        id='APR-F004',
        name='trailing-bytes',
        defect='bytes follow the footer',
        severity='warning',
        layer='structure',
        fatal=False,
        reads_data=False,
        needs=('APR-F003',),
        why='They belong to nothing. No writer makes them, and a rewrite loses them.',
        repair='Look at them with `aprfmt dump`; `--drop-trailing` of a stamp drops them.',
        example='warning APR-F004 trailing-bytes: bytes follow the footer\n  trailing @0x184..0x185: expected the end of the file, found 1 bytes',
    ),
    'APR-F005': RuleFacts(
        id='APR-F005',
        name='footer-hidden',
        defect='one flipped bit in the tensor index makes the footer pass for data',
        severity='error',
        layer='integrity',
        fatal=True,
        reads_data=True,
        needs=('APR-D004',),
        why='The offset of the last tensor is too large by the size of the footer, so that the file seems to have none and its last bytes seem to be filler. They are the checksum of the file with that one bit as it was.',
        repair='Fetch the file again, or restore the bit that the finding names and validate again. A tool that takes the file for one without a footer seals the damage with a new one.',
        example="error APR-F005 footer-hidden: one flipped bit in the tensor index makes the footer pass for data: bit 2 of byte 0xea\n  tensor_index.entries[1].ofs_tensor @0xea..0xf2: expected 64, found 68; tensor 'b'",
    ),
    'APR-L001': RuleFacts(
        id='APR-L001',
        name='limit-exceeded',
        defect='the file asks for more than a reader is willing to spend',
        severity='error',
        layer='structure',
        fatal=True,
        reads_data=False,
        needs=(),
        why='A file that nobody vouches for may claim anything. What goes beyond the limits of the reader is not read, so it cannot be judged, and what is not judged is not valid.',
        repair='If the file is known to be good, raise the limit in the Python API (`aprfmt.Limits`).',
        example='error APR-L001 limit-exceeded: too many tensors\n  header.num_tensors @0x8..0xc: expected at most 1000000 (max_tensors), found 1000001',
    ),
}
"""Every rule by its id, in the order of the specification."""

RULE_ORDER: tuple[str, ...] = (
    'APR-H008',
    'APR-H001',
    'APR-H002',
    'APR-H003',
    'APR-H004',
    'APR-H005',
    'APR-H006',
    'APR-H007',
    'APR-S001',
    'APR-S002',
    'APR-S003',
    'APR-I001',
    'APR-H009',
    'APR-H010',
    'APR-H011',
    'APR-M001',
    'APR-M002',
    'APR-M005',
    'APR-M003',
    'APR-M004',
    'APR-H012',
    'APR-S004',
    'APR-S005',
    'APR-S006',
    'APR-M006',
    'APR-M007',
    'APR-M008',
    'APR-M009',
    'APR-P001',
    'APR-P002',
    'APR-P003',
    'APR-I002',
    'APR-I003',
    'APR-I005',
    'APR-I006',
    'APR-I007',
    'APR-I008',
    'APR-I009',
    'APR-I010',
    'APR-I011',
    'APR-I012',
    'APR-D001',
    'APR-D002',
    'APR-D003',
    'APR-D004',
    'APR-D005',
    'APR-D006',
    'APR-D007',
    'APR-D008',
    'APR-F001',
    'APR-F003',
    'APR-F002',
    'APR-F004',
    'APR-F005',
    'APR-L001',
)
"""The ids of all rules, each behind those that it needs."""

PROFILES: Mapping[str, Mapping[str, str]] = {
    'default': {
        'APR-H001': 'error',
        'APR-H002': 'error',
        'APR-H003': 'warning',
        'APR-H004': 'error',
        'APR-H005': 'warning',
        'APR-H006': 'error',
        'APR-H007': 'warning',
        'APR-H008': 'error',
        'APR-H009': 'warning',
        'APR-H010': 'warning',
        'APR-H011': 'info',
        'APR-H012': 'info',
        'APR-S001': 'error',
        'APR-S002': 'error',
        'APR-S003': 'error',
        'APR-S004': 'warning',
        'APR-S005': 'warning',
        'APR-S006': 'info',
        'APR-M001': 'error',
        'APR-M002': 'error',
        'APR-M003': 'error',
        'APR-M004': 'error',
        'APR-M005': 'error',
        'APR-M006': 'error',
        'APR-M007': 'warning',
        'APR-M008': 'warning',
        'APR-M009': 'warning',
        'APR-P001': 'warning',
        'APR-P002': 'warning',
        'APR-P003': 'info',
        'APR-I001': 'error',
        'APR-I002': 'error',
        'APR-I003': 'error',
        'APR-I005': 'error',
        'APR-I006': 'warning',
        'APR-I007': 'warning',
        'APR-I008': 'warning',
        'APR-I009': 'warning',
        'APR-I010': 'warning',
        'APR-I011': 'warning',
        'APR-I012': 'warning',
        'APR-D001': 'error',
        'APR-D002': 'error',
        'APR-D003': 'error',
        'APR-D004': 'error',
        'APR-D005': 'warning',
        'APR-D006': 'warning',
        'APR-D007': 'warning',
        'APR-D008': 'info',
        'APR-F001': 'error',
        'APR-F002': 'error',
        'APR-F003': 'warning',
        'APR-F004': 'warning',
        'APR-F005': 'error',
        'APR-L001': 'error',
    },
    'reader': {
        'APR-H001': 'error',
        'APR-H004': 'error',
        'APR-H006': 'error',
        'APR-H008': 'error',
        'APR-S001': 'error',
        'APR-S002': 'error',
        'APR-M001': 'error',
        'APR-M002': 'error',
        'APR-M003': 'error',
        'APR-M004': 'error',
        'APR-M005': 'error',
        'APR-M006': 'error',
        'APR-I001': 'error',
        'APR-I002': 'error',
        'APR-I003': 'error',
        'APR-L001': 'error',
    },
    'canonical': {
        'APR-H001': 'error',
        'APR-H002': 'error',
        'APR-H003': 'warning',
        'APR-H004': 'error',
        'APR-H005': 'warning',
        'APR-H006': 'error',
        'APR-H007': 'warning',
        'APR-H008': 'error',
        'APR-H009': 'warning',
        'APR-H010': 'warning',
        'APR-H011': 'error',
        'APR-H012': 'info',
        'APR-S001': 'error',
        'APR-S002': 'error',
        'APR-S003': 'error',
        'APR-S004': 'error',
        'APR-S005': 'error',
        'APR-S006': 'error',
        'APR-M001': 'error',
        'APR-M002': 'error',
        'APR-M003': 'error',
        'APR-M004': 'error',
        'APR-M005': 'error',
        'APR-M006': 'error',
        'APR-M007': 'warning',
        'APR-M008': 'warning',
        'APR-M009': 'warning',
        'APR-P001': 'warning',
        'APR-P002': 'warning',
        'APR-P003': 'info',
        'APR-I001': 'error',
        'APR-I002': 'error',
        'APR-I003': 'error',
        'APR-I005': 'error',
        'APR-I006': 'warning',
        'APR-I007': 'warning',
        'APR-I008': 'error',
        'APR-I009': 'error',
        'APR-I010': 'warning',
        'APR-I011': 'warning',
        'APR-I012': 'error',
        'APR-D001': 'error',
        'APR-D002': 'error',
        'APR-D003': 'error',
        'APR-D004': 'error',
        'APR-D005': 'error',
        'APR-D006': 'error',
        'APR-D007': 'error',
        'APR-D008': 'error',
        'APR-F001': 'error',
        'APR-F002': 'error',
        'APR-F003': 'error',
        'APR-F004': 'error',
        'APR-F005': 'error',
        'APR-L001': 'error',
    },
    'publish': {
        'APR-H001': 'error',
        'APR-H002': 'error',
        'APR-H003': 'warning',
        'APR-H004': 'error',
        'APR-H005': 'warning',
        'APR-H006': 'error',
        'APR-H007': 'warning',
        'APR-H008': 'error',
        'APR-H009': 'warning',
        'APR-H010': 'warning',
        'APR-H011': 'info',
        'APR-H012': 'info',
        'APR-S001': 'error',
        'APR-S002': 'error',
        'APR-S003': 'error',
        'APR-S004': 'warning',
        'APR-S005': 'warning',
        'APR-S006': 'info',
        'APR-M001': 'error',
        'APR-M002': 'error',
        'APR-M003': 'error',
        'APR-M004': 'error',
        'APR-M005': 'error',
        'APR-M006': 'error',
        'APR-M007': 'warning',
        'APR-M008': 'warning',
        'APR-M009': 'warning',
        'APR-P001': 'error',
        'APR-P002': 'error',
        'APR-P003': 'error',
        'APR-I001': 'error',
        'APR-I002': 'error',
        'APR-I003': 'error',
        'APR-I005': 'error',
        'APR-I006': 'warning',
        'APR-I007': 'warning',
        'APR-I008': 'warning',
        'APR-I009': 'warning',
        'APR-I010': 'warning',
        'APR-I011': 'warning',
        'APR-I012': 'warning',
        'APR-D001': 'error',
        'APR-D002': 'error',
        'APR-D003': 'error',
        'APR-D004': 'error',
        'APR-D005': 'warning',
        'APR-D006': 'warning',
        'APR-D007': 'warning',
        'APR-D008': 'info',
        'APR-F001': 'error',
        'APR-F002': 'error',
        'APR-F003': 'warning',
        'APR-F004': 'warning',
        'APR-F005': 'error',
        'APR-L001': 'error',
    },
}
"""The rules that each profile holds, with their severity in it."""

PROFILE_DOCS: Mapping[str, str] = {
    'default': 'Every rule at its own severity; an error is what every careful reader must refuse.',
    'reader': 'Only what the reader of apr-format 0.72.3 refuses, decided as it decides it.',
    'canonical': 'What a good writer emits: sections and tensors on the grid in the order of the index, nothing but zeros between them and no more of those than the grid takes, a footer.',
    'publish': 'What a published model has to say of its origin, in meaningful values and known licences, beside the default.',
}
"""What each profile is for."""

CHECKSUMS: tuple[ChecksumFact, ...] = (
    ChecksumFact('header.checksum', 'crc32', 'header', 'APR-H006'),
    ChecksumFact('footer.checksum', 'crc32', 'all-before', 'APR-F002'),
)
"""The checksums, in the order in which a builder computes them."""

STATEMENTS: tuple[Statement, ...] = (
    Statement('APR-S004', '', 'header_padding', 'zero', None),
    Statement('APR-S004', '', 'metadata_padding', 'zero', None),
    Statement('APR-F003', '', 'footer', 'present', 32),
    Statement('APR-F004', '', 'trailing', 'absent', None),
    Statement('APR-H001', 'header', 'magic', 'contents', 32),
    Statement('APR-H002', 'header', 'version_major', 'eq', 8, lambda this, root, parent, index: 2),
    Statement('APR-H003', 'header', 'version_minor', 'eq', 8, lambda this, root, parent, index: 0),
    Statement(None, 'header', 'num_tensors', 'count-of', 32, target='tensor_index.entries'),
    Statement('APR-S001', 'header', 'ofs_metadata', 'min', 64, lambda this, root, parent, index: 64),
    Statement('APR-S001', 'header', 'ofs_metadata', 'max', 64, lambda this, root, parent, index: root.len_file),
    Statement('APR-S005', 'header', 'ofs_metadata', 'multiple-of', 64, lambda this, root, parent, index: 64),
    Statement(None, 'header', 'ofs_metadata', 'offset-of', 64, target='metadata'),
    Statement('APR-M001', 'header', 'len_metadata', 'min', 32, lambda this, root, parent, index: 1),
    Statement('APR-M007', 'header', 'len_metadata', 'max', 32, lambda this, root, parent, index: 16777216),
    Statement(None, 'header', 'len_metadata', 'size-of', 32, target='metadata'),
    Statement('APR-S002', 'header', 'ofs_tensor_index', 'min', 64, lambda this, root, parent, index: this.ofs_metadata + this.len_metadata),
    Statement('APR-S002', 'header', 'ofs_tensor_index', 'max', 64, lambda this, root, parent, index: root.len_file),
    Statement('APR-S005', 'header', 'ofs_tensor_index', 'multiple-of', 64, lambda this, root, parent, index: 64),
    Statement(None, 'header', 'ofs_tensor_index', 'offset-of', 64, target='tensor_index'),
    Statement('APR-S003', 'header', 'ofs_data', 'min', 64, lambda this, root, parent, index: this.ofs_tensor_index),
    Statement('APR-S003', 'header', 'ofs_data', 'max', 64, lambda this, root, parent, index: root.len_file),
    Statement('APR-S005', 'header', 'ofs_data', 'multiple-of', 64, lambda this, root, parent, index: 64),
    Statement(None, 'header', 'ofs_data', 'offset-of', 64, target='tensor_data'),
    Statement('APR-H006', 'header', 'checksum', 'checksum', 32, target='header'),
    Statement('APR-H007', 'header', 'reserved', 'zero', 160),
    Statement('APR-H010', 'flags', 'lz4_compressed', 'eq', 1, lambda this, root, parent, index: 0),
    Statement('APR-H010', 'flags', 'zstd_compressed', 'eq', 1, lambda this, root, parent, index: 0),
    Statement('APR-H010', 'flags', 'encrypted', 'eq', 1, lambda this, root, parent, index: 0),
    Statement('APR-H010', 'flags', 'signed', 'eq', 1, lambda this, root, parent, index: 0),
    Statement(None, 'flags', 'sharded', 'bit', 1),
    Statement(None, 'flags', 'quantized', 'bit', 1),
    Statement(None, 'flags', 'has_filterbank', 'bit', 1),
    Statement(None, 'flags', 'has_model_card', 'bit', 1),
    Statement(None, 'flags', 'streaming', 'bit', 1),
    Statement(None, 'flags', 'has_vocab', 'bit', 1),
    Statement(None, 'flags', 'layout_row_major', 'bit', 1),
    Statement('APR-H004', 'flags', 'layout_column_major', 'eq', 1, lambda this, root, parent, index: 0),
    Statement('APR-H005', 'flags', 'reserved', 'eq', 4, lambda this, root, parent, index: 0),
    Statement('APR-I009', 'tensor_index', 'padding', 'zero', None),
    Statement('APR-I006', 'tensor_index_entry', 'len_name', 'min', 16, lambda this, root, parent, index: 1),
    Statement('APR-I006', 'tensor_index_entry', 'len_name', 'max', 16, lambda this, root, parent, index: 256),
    Statement(None, 'tensor_index_entry', 'len_name', 'size-of', 16, target='name'),
    Statement('APR-I003', 'tensor_index_entry', 'name', 'sorted', None, target='tensor_index.entries'),
    Statement('APR-I002', 'tensor_index_entry', 'dtype', 'in-enum', 8, target='dtype'),
    Statement('APR-I008', 'tensor_index_entry', 'dtype', 'ne', 8, lambda this, root, parent, index: 8, target='dtype'),
    Statement('APR-I008', 'tensor_index_entry', 'dtype', 'ne', 8, lambda this, root, parent, index: 9, target='dtype'),
    Statement('APR-I007', 'tensor_index_entry', 'ndim', 'max', 8, lambda this, root, parent, index: 8),
    Statement(None, 'tensor_index_entry', 'ndim', 'count-of', 8, target='dims'),
    Statement('APR-D001', 'tensor_index_entry', 'ofs_tensor', 'min', 64, lambda this, root, parent, index: 0),
    Statement('APR-D001', 'tensor_index_entry', 'ofs_tensor', 'max', 64, lambda this, root, parent, index: root.len_file - root.header.ofs_data),
    Statement('APR-D005', 'tensor_index_entry', 'ofs_tensor', 'multiple-of', 64, lambda this, root, parent, index: 64),
    Statement('APR-D001', 'tensor_index_entry', 'len_tensor', 'min', 64, lambda this, root, parent, index: 0),
    Statement('APR-D001', 'tensor_index_entry', 'len_tensor', 'max', 64, lambda this, root, parent, index: root.len_file - root.header.ofs_data - this.ofs_tensor),
    Statement('APR-F002', 'footer', 'checksum', 'checksum', 32, target='all-before'),
)
"""Everything that is said of one field of the file, in the order of the specification."""
