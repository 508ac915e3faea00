# GENERATED, never edited by hand. Source: spec/apr_v2.ksy, SHA-256 9531056143bbe9eb757b173e0b1f1c4ffb2e316fcb1380d370a85d33fb05c028.
# Regenerate: python -m aprfmt.codegen --write
"""Facts of APR v2 model container: everything that hand-written code may know about its bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import KEEP, IntEnum, IntFlag
from typing import Any

from ..model import BlockFacts, ChecksumFact, FieldRule, FieldShape, Violation, align_up, between, inside, show

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


@dataclass(frozen=True, slots=True)
class Header:
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


@dataclass(frozen=True, slots=True)
class TensorIndexEntry:
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


@dataclass(frozen=True, slots=True)
class Footer:
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
        yield Violation('APR-H001', 'error', 'magic', show(b'APR\x00'), show(value))
    value = this.version_major
    wanted = 2
    if not (value == wanted):
        yield Violation('APR-H002', 'error', 'version_major', show(wanted), show(value))
    value = this.version_minor
    wanted = 0
    if not (value == wanted):
        yield Violation('APR-H003', 'warning', 'version_minor', show(wanted), show(value))
    yield from inside('flags', check_flags(this.flags, root=root, parent=this, index=index))
    value = this.ofs_metadata
    low, high = 64, root.len_file
    if not (low <= value <= high):
        yield Violation('APR-S001', 'error', 'ofs_metadata', between(low, high), show(value))
    grid = 64
    if not (value % grid == 0):
        yield Violation('APR-S005', 'warning', 'ofs_metadata', f"a multiple of {grid}", show(value))
    value = this.len_metadata
    low = 1
    if not (value >= low):
        yield Violation('APR-M001', 'error', 'len_metadata', f"at least {low}", show(value))
    high = 16777216
    if not (value <= high):
        yield Violation('APR-M007', 'warning', 'len_metadata', f"at most {high}", show(value))
    value = this.ofs_tensor_index
    low, high = this.ofs_metadata + this.len_metadata, root.len_file
    if not (low <= value <= high):
        yield Violation('APR-S002', 'error', 'ofs_tensor_index', between(low, high), show(value))
    grid = 64
    if not (value % grid == 0):
        yield Violation('APR-S005', 'warning', 'ofs_tensor_index', f"a multiple of {grid}", show(value))
    value = this.ofs_data
    low, high = this.ofs_tensor_index, root.len_file
    if not (low <= value <= high):
        yield Violation('APR-S003', 'error', 'ofs_data', between(low, high), show(value))
    grid = 64
    if not (value % grid == 0):
        yield Violation('APR-S005', 'warning', 'ofs_data', f"a multiple of {grid}", show(value))
    value = this.reserved
    if not (not any(value)):
        yield Violation('APR-H007', 'warning', 'reserved', 'zero bytes', show(value))


def check_flags(
    this: Flags, *, root: Any = None, parent: Any = None, index: int = 0
) -> Iterator[Violation]:
    """Every statement of the specification that a `Flags` breaks."""
    value: Any
    wanted: Any
    value = this >> 11 & 0x1
    wanted = False
    if not (value == wanted):
        yield Violation('APR-H004', 'error', 'layout_column_major', show(wanted), show(value))
    value = this >> 12 & 0xf
    wanted = 0
    if not (value == wanted):
        yield Violation('APR-H005', 'warning', 'reserved', show(wanted), show(value))


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
        yield Violation('APR-I006', 'warning', 'len_name', f"at least {low}", show(value))
    high = 256
    if not (value <= high):
        yield Violation('APR-I006', 'warning', 'len_name', f"at most {high}", show(value))
    value = this.name
    if not (index == 0 or parent.entries[index - 1].name < value):
        yield Violation('APR-I003', 'error', 'name', 'a name behind the previous one in the order of bytes', show(value))
    value = this.dtype
    if not (value in DTYPE_CODES):
        yield Violation('APR-I002', 'error', 'dtype', 'an id of the enum dtype', show(value))
    value = this.ndim
    high = 8
    if not (value <= high):
        yield Violation('APR-I007', 'warning', 'ndim', f"at most {high}", show(value))
    value = this.ofs_tensor
    low, high = 0, root.len_file - root.header.ofs_data
    if not (low <= value <= high):
        yield Violation('APR-D001', 'error', 'ofs_tensor', between(low, high), show(value))
    grid = 64
    if not (value % grid == 0):
        yield Violation('APR-D005', 'warning', 'ofs_tensor', f"a multiple of {grid}", show(value))
    value = this.len_tensor
    low, high = 0, root.len_file - root.header.ofs_data - this.ofs_tensor
    if not (low <= value <= high):
        yield Violation('APR-D001', 'error', 'len_tensor', between(low, high), show(value))


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
    if not (root.len_file != required_len(root)):
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


RULES: Mapping[str, str] = {
    'APR-H001': 'the magic is not that of APR v2',
    'APR-H002': 'the file is of another major version',
    'APR-H003': 'the minor version is unknown',
    'APR-H004': 'the tensors lie column by column, which every reader refuses',
    'APR-H005': 'flag bits without a meaning are set',
    'APR-H006': 'the header checksum does not match the header',
    'APR-H007': 'reserved bytes of the header are not zero',
    'APR-H008': 'the file is smaller than a header',
    'APR-S001': 'the metadata would begin inside the header, or outside the file',
    'APR-S002': 'the tensor index would begin before the end of the metadata, or outside the file',
    'APR-S003': 'the data section would begin before the tensor index, or outside the file',
    'APR-S004': 'filler around the metadata is not zero',
    'APR-S005': 'a section is off the 64-byte grid',
    'APR-M001': 'the metadata is empty',
    'APR-M002': 'the metadata is not UTF-8',
    'APR-M003': 'the metadata is not JSON',
    'APR-M004': 'the metadata is not a JSON object',
    'APR-M005': 'the metadata is nested too deeply',
    'APR-M006': 'a known key of the metadata holds a value of another type',
    'APR-M007': 'the metadata is very large',
    'APR-I001': 'the tensor index has no room for as many entries as the header counts',
    'APR-I002': 'the element type is unknown',
    'APR-I003': 'the names are out of order, or one occurs twice',
    'APR-I005': 'the name is not UTF-8',
    'APR-I006': 'the name is empty, or longer than the reference writes',
    'APR-I007': 'there are more dimensions than the reference writes',
    'APR-I008': 'the id of the element type is one that writers gave up',
    'APR-I009': 'filler of the tensor index is not zero',
    'APR-D001': 'the data of the tensor lies outside the file',
    'APR-D002': 'the size of the data does not fit element type and shape',
    'APR-D003': 'the data of two tensors overlaps',
    'APR-D004': 'the data section is truncated',
    'APR-D005': 'the data of the tensor is off the 64-byte grid',
    'APR-F001': 'the footer is truncated',
    'APR-F002': 'the footer does not match the file',
    'APR-F003': 'the file has no footer',
    'APR-F004': 'bytes follow the footer',
}
"""Every rule by its id: what is wrong, in one line."""

FIELD_RULES: tuple[FieldRule, ...] = (
    FieldRule('APR-S004', 'warning', 'header_padding', 'zero'),
    FieldRule('APR-S004', 'warning', 'metadata_padding', 'zero'),
    FieldRule('APR-F003', 'info', 'footer', 'present'),
    FieldRule('APR-F004', 'warning', 'trailing', 'absent'),
    FieldRule('APR-H001', 'error', 'header.magic', 'contents'),
    FieldRule('APR-H002', 'error', 'header.version_major', 'eq'),
    FieldRule('APR-H003', 'warning', 'header.version_minor', 'eq'),
    FieldRule('APR-S001', 'error', 'header.ofs_metadata', 'max, min'),
    FieldRule('APR-S005', 'warning', 'header.ofs_metadata', 'multiple-of'),
    FieldRule('APR-M001', 'error', 'header.len_metadata', 'min'),
    FieldRule('APR-M007', 'warning', 'header.len_metadata', 'max'),
    FieldRule('APR-S002', 'error', 'header.ofs_tensor_index', 'max, min'),
    FieldRule('APR-S005', 'warning', 'header.ofs_tensor_index', 'multiple-of'),
    FieldRule('APR-S003', 'error', 'header.ofs_data', 'max, min'),
    FieldRule('APR-S005', 'warning', 'header.ofs_data', 'multiple-of'),
    FieldRule('APR-H007', 'warning', 'header.reserved', 'zero'),
    FieldRule('APR-H004', 'error', 'flags.layout_column_major', 'eq'),
    FieldRule('APR-H005', 'warning', 'flags.reserved', 'eq'),
    FieldRule('APR-I009', 'warning', 'tensor_index.padding', 'zero'),
    FieldRule('APR-I006', 'warning', 'tensor_index_entry.len_name', 'min'),
    FieldRule('APR-I006', 'warning', 'tensor_index_entry.len_name', 'max'),
    FieldRule('APR-I003', 'error', 'tensor_index_entry.name', 'expr'),
    FieldRule('APR-I002', 'error', 'tensor_index_entry.dtype', 'in-enum'),
    FieldRule('APR-I007', 'warning', 'tensor_index_entry.ndim', 'max'),
    FieldRule('APR-D001', 'error', 'tensor_index_entry.ofs_tensor', 'max, min'),
    FieldRule('APR-D005', 'warning', 'tensor_index_entry.ofs_tensor', 'multiple-of'),
    FieldRule('APR-D001', 'error', 'tensor_index_entry.len_tensor', 'max, min'),
)
"""Every statement about one field, in the order of the specification."""

CHECKSUMS: tuple[ChecksumFact, ...] = (
    ChecksumFact('header.checksum', 'crc32', 'header', 'APR-H006'),
    ChecksumFact('footer.checksum', 'crc32', 'all-before', 'APR-F002'),
)
"""The checksums, in the order in which a builder computes them."""
