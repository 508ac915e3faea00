# GENERATED, never edited by hand. Source: spec/apr_v2.ksy, SHA-256 d031f7174c8239d51b8ebcc96f7dbf7ad22422fcc575bcd75374bc3c25efd700, and spec/metadata.schema.json, SHA-256 7269cea8492dd3fea70e352a31a8ceced55c2a80a163b08fef0a2acc897a39de.
# Regenerate: python -m aprfmt.codegen --write

"""Facts of the APR v2 model container that the Kaitai parser does not tell."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Final, Literal, NamedTuple


class Place(NamedTuple):
    """A number of bytes that depends on an index entry."""

    constant: int
    per_name_byte: int
    per_dim: int

    def at(self, len_name: int, ndim: int) -> int:
        """The number of bytes for an entry whose name has `len_name` bytes and which has `ndim` dimensions."""
        return self.constant + self.per_name_byte * len_name + self.per_dim * ndim


class EntryField(NamedTuple):
    """Where a field of an index entry begins, counted from the start of the entry, and its size in bytes."""

    start: Place
    size: Place


class Flag(NamedTuple):
    """A field of the flags: its name, its least significant bit, its width in bits."""

    name: str
    bit: int
    width: int


class DTypeFacts(NamedTuple):
    """Names and geometry of an element type; `name` is that of the type which an old id stands for."""

    name: str
    member: str
    block_elems: int
    block_bytes: int
    scale_bytes: int
    row_padded: bool
    quantized: bool
    doc: str


class Rule(NamedTuple):
    """What is wrong with a file that breaks the rule, as a name and in words."""

    name: str
    defect: str


class MetadataKey(NamedTuple):
    """A known key of the metadata. `bits` is the width of an unsigned integer, 0 for every other kind."""

    name: str
    kind: Literal["string", "integer", "number", "boolean", "object"]
    nullable: bool
    required: bool
    bits: int
    keys: tuple[MetadataKey, ...]


SPEC_SHA256: Final = 'd031f7174c8239d51b8ebcc96f7dbf7ad22422fcc575bcd75374bc3c25efd700'
"""SHA-256 of spec/apr_v2.ksy."""
HEADER_SIZE: Final = 64
"""Size of the header in bytes."""
FOOTER_SIZE: Final = 4
"""Size of the footer in bytes."""
LOOKALIKES: Final[Mapping[bytes, str]] = {
    b'APRN': 'an APR v1 file',
    b'APR1': 'an APR file of a kind that no published writer makes',
    b'APR2': 'an APR file of a kind that only one reader knows',
    b'GGUF': 'a GGUF file',
    b'ALBR': 'an encrypted wrapper around an APR file',
}
"""Other formats by what stands in the place of the magic."""
HEADER_FIELDS: Final[Mapping[str, tuple[int, int]]] = {
    'magic': (0, 4),
    'version_major': (4, 5),
    'version_minor': (5, 6),
    'flags': (6, 8),
    'num_tensors': (8, 12),
    'ofs_metadata': (12, 20),
    'len_metadata': (20, 24),
    'ofs_tensor_index': (24, 32),
    'ofs_data': (32, 40),
    'checksum': (40, 44),
    'reserved': (44, 64),
}
"""Start and end of each field of the header, in bytes of the file."""
FLAGS: Final[tuple[Flag, ...]] = (
    Flag('lz4_compressed', 0, 1),
    Flag('zstd_compressed', 1, 1),
    Flag('encrypted', 2, 1),
    Flag('signed', 3, 1),
    Flag('sharded', 4, 1),
    Flag('quantized', 5, 1),
    Flag('has_filterbank', 6, 1),
    Flag('has_model_card', 7, 1),
    Flag('streaming', 8, 1),
    Flag('has_vocab', 9, 1),
    Flag('layout_row_major', 10, 1),
    Flag('layout_column_major', 11, 1),
    Flag('reserved', 12, 4),
)
"""The fields of `header.flags`."""
ENTRY_FIELDS: Final[Mapping[str, EntryField]] = {
    'len_name': EntryField(Place(0, 0, 0), Place(2, 0, 0)),
    'name': EntryField(Place(2, 0, 0), Place(0, 1, 0)),
    'dtype': EntryField(Place(2, 1, 0), Place(1, 0, 0)),
    'ndim': EntryField(Place(3, 1, 0), Place(1, 0, 0)),
    'dims': EntryField(Place(4, 1, 0), Place(0, 0, 8)),
    'ofs_tensor': EntryField(Place(4, 1, 8), Place(8, 0, 0)),
    'len_tensor': EntryField(Place(12, 1, 8), Place(8, 0, 0)),
}
"""The fields of an index entry, in their order."""
ENTRY_SIZE: Final = Place(20, 1, 8)
"""Size of an index entry in bytes."""


class DType(IntEnum):
    """Element type of a tensor; the value is the id in the file."""

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
        return self.facts.name

    def __format__(self, format_spec: str) -> str:
        return format(str(self), format_spec)

    @property
    def facts(self) -> DTypeFacts:
        """Names and geometry."""
        return DTYPES[self]


DTYPES: Final[Mapping[int, DTypeFacts]] = {
    0: DTypeFacts('f32', 'f32', 1, 4, 0, False, False, 'IEEE 754 binary32.'),
    1: DTypeFacts('f16', 'f16', 1, 2, 0, False, False, 'IEEE 754 binary16.'),
    3: DTypeFacts('f64', 'f64', 1, 8, 0, False, False, 'IEEE 754 binary64.'),
    4: DTypeFacts('i32', 'i32', 1, 4, 0, False, False, 'Signed integer of 32 bits.'),
    5: DTypeFacts('i64', 'i64', 1, 8, 0, False, False, 'Signed integer of 64 bits.'),
    6: DTypeFacts('i8', 'i8', 1, 1, 0, False, False, 'Signed integer of 8 bits.'),
    7: DTypeFacts('u8', 'u8', 1, 1, 0, False, False, 'Unsigned integer of 8 bits.'),
    8: DTypeFacts('apr_q4', 'apr_q4_legacy', 32, 18, 0, False, True, 'An id that older writers used for apr_q4.'),
    9: DTypeFacts('apr_q8', 'apr_q8_legacy', 1, 1, 4, False, True, 'An id that older writers used for apr_q8.'),
    12: DTypeFacts('q4_k', 'q4_k', 256, 144, 0, True, True, 'Super-blocks of 256 elements at 4 bits with 6-bit scales and minima.'),
    14: DTypeFacts('q6_k', 'q6_k', 256, 210, 0, True, True, 'Super-blocks of 256 elements at 6 bits with 8-bit scales.'),
    30: DTypeFacts('bf16', 'bf16', 1, 2, 0, False, False, 'The upper half of an IEEE 754 binary32.'),
    128: DTypeFacts('apr_q4', 'apr_q4', 32, 18, 0, False, True, 'Blocks of 32 elements, each a binary16 scale and 16 bytes of two 4-bit values, the low half first.'),
    129: DTypeFacts('apr_q8', 'apr_q8', 1, 1, 4, False, True, 'One binary32 scale of 4 bytes, then one signed byte an element.'),
}
"""The element types by their id."""
RULE_AT: Final[Mapping[str, str]] = {
    '/types/header/seq/0': 'APR-H001',
    '/types/header/seq/1': 'APR-H002',
    '/types/header/seq/5': 'APR-S001',
    '/types/header/seq/6': 'APR-M001',
    '/types/header/seq/7': 'APR-S002',
    '/types/header/seq/8': 'APR-S003',
    '/types/flags/seq/11': 'APR-H004',
    '/types/tensor_index_entry/seq/1': 'APR-I003',
    '/types/tensor_index_entry/seq/2': 'APR-I002',
    '/types/tensor_index_entry/seq/5': 'APR-D001',
    '/types/tensor_index_entry/seq/6': 'APR-D001',
}
"""The rule that a field breaks which the Kaitai parser refuses, by the field's place in the ksy."""
FIELD_AT: Final[Mapping[str, str]] = {
    '/seq/0': 'header',
    '/types/header/seq/0': 'header.magic',
    '/types/header/seq/1': 'header.version_major',
    '/types/header/seq/2': 'header.version_minor',
    '/types/header/seq/3': 'header.flags',
    '/types/header/seq/4': 'header.num_tensors',
    '/types/header/seq/5': 'header.ofs_metadata',
    '/types/header/seq/6': 'header.len_metadata',
    '/types/header/seq/7': 'header.ofs_tensor_index',
    '/types/header/seq/8': 'header.ofs_data',
    '/types/header/seq/9': 'header.checksum',
    '/types/header/seq/10': 'header.reserved',
    '/types/flags/seq/0': 'header.flags.lz4_compressed',
    '/types/flags/seq/1': 'header.flags.zstd_compressed',
    '/types/flags/seq/2': 'header.flags.encrypted',
    '/types/flags/seq/3': 'header.flags.signed',
    '/types/flags/seq/4': 'header.flags.sharded',
    '/types/flags/seq/5': 'header.flags.quantized',
    '/types/flags/seq/6': 'header.flags.has_filterbank',
    '/types/flags/seq/7': 'header.flags.has_model_card',
    '/types/flags/seq/8': 'header.flags.streaming',
    '/types/flags/seq/9': 'header.flags.has_vocab',
    '/types/flags/seq/10': 'header.flags.layout_row_major',
    '/types/flags/seq/11': 'header.flags.layout_column_major',
    '/types/flags/seq/12': 'header.flags.reserved',
    '/types/tensor_index/seq/0': 'tensor_index.entries',
    '/types/tensor_index/seq/1': 'tensor_index.padding',
    '/types/tensor_index_entry/seq/0': 'tensor_index.entries.len_name',
    '/types/tensor_index_entry/seq/1': 'tensor_index.entries.name',
    '/types/tensor_index_entry/seq/2': 'tensor_index.entries.dtype',
    '/types/tensor_index_entry/seq/3': 'tensor_index.entries.ndim',
    '/types/tensor_index_entry/seq/4': 'tensor_index.entries.dims',
    '/types/tensor_index_entry/seq/5': 'tensor_index.entries.ofs_tensor',
    '/types/tensor_index_entry/seq/6': 'tensor_index.entries.len_tensor',
    '/types/footer/seq/0': 'footer.checksum',
}
"""The path of a field, by its place in the ksy."""
RULES: Final[Mapping[str, Rule]] = {
    'APR-H001': Rule('magic-wrong', 'the magic is not that of APR v2'),
    'APR-H002': Rule('major-version-unknown', 'the file is of another major version'),
    'APR-H004': Rule('column-major', 'the tensors lie column by column, which every reader refuses'),
    'APR-H006': Rule('header-checksum-wrong', 'the header checksum does not match the header'),
    'APR-H008': Rule('too-small', 'the file is smaller than a header'),
    'APR-S001': Rule('metadata-misplaced', 'the metadata would begin inside the header, or outside the file'),
    'APR-S002': Rule('tensor-index-misplaced', 'the tensor index would begin before the end of the metadata, or outside the file'),
    'APR-S003': Rule('tensor-data-misplaced', 'the data section would begin before the tensor index, or outside the file'),
    'APR-M001': Rule('metadata-empty', 'the metadata is empty'),
    'APR-M002': Rule('metadata-not-utf8', 'the metadata is not UTF-8'),
    'APR-M003': Rule('metadata-not-json', 'the metadata is not JSON'),
    'APR-M004': Rule('metadata-not-object', 'the metadata is not a JSON object'),
    'APR-M005': Rule('metadata-too-deep', 'the metadata is nested too deeply'),
    'APR-M006': Rule('metadata-type-wrong', 'a known key of the metadata holds a value of another type'),
    'APR-I001': Rule('tensor-index-too-small', 'the tensor index has no room for as many entries as the header counts'),
    'APR-I002': Rule('dtype-unknown', 'the element type is unknown'),
    'APR-I003': Rule('names-unsorted', 'the names are out of order, or one occurs twice'),
    'APR-I005': Rule('name-not-utf8', 'the name is not UTF-8'),
    'APR-D001': Rule('tensor-outside', 'the data of the tensor lies outside the file'),
    'APR-D002': Rule('tensor-size-wrong', 'the size of the data does not fit element type and shape'),
    'APR-D003': Rule('tensors-overlap', 'the data of two tensors overlaps'),
    'APR-D004': Rule('data-truncated', 'the data section is truncated'),
    'APR-F001': Rule('footer-truncated', 'the footer is truncated'),
    'APR-F002': Rule('footer-wrong', 'the footer does not match the file'),
    'APR-F005': Rule('footer-hidden', 'one flipped bit in the tensor index makes the footer pass for data'),
    'APR-L001': Rule('limit-exceeded', 'the file asks for more than a reader is willing to spend'),
}
"""What every careful reader refuses, by the id of the rule."""
METADATA_KEYS: Final[tuple[MetadataKey, ...]] = (
    MetadataKey('model_type', 'string', False, False, 0, ()),
    MetadataKey('name', 'string', True, False, 0, ()),
    MetadataKey('description', 'string', True, False, 0, ()),
    MetadataKey('author', 'string', True, False, 0, ()),
    MetadataKey('license', 'string', True, False, 0, ()),
    MetadataKey('data_source', 'string', True, False, 0, ()),
    MetadataKey('data_license', 'string', True, False, 0, ()),
    MetadataKey('version', 'string', True, False, 0, ()),
    MetadataKey('source', 'string', True, False, 0, ()),
    MetadataKey('original_format', 'string', True, False, 0, ()),
    MetadataKey('created_at', 'string', True, False, 0, ()),
    MetadataKey('total_size', 'integer', False, False, 64, ()),
    MetadataKey('param_count', 'integer', False, False, 64, ()),
    MetadataKey('quantization', 'object', True, False, 0, (
        MetadataKey('quant_type', 'string', False, True, 0, ()),
        MetadataKey('bits', 'integer', False, True, 8, ()),
        MetadataKey('block_size', 'integer', True, False, 64, ()),
        MetadataKey('symmetric', 'boolean', False, True, 0, ()),
    )),
    MetadataKey('sharding', 'object', True, False, 0, (
        MetadataKey('shard_count', 'integer', False, True, 64, ()),
        MetadataKey('shard_index', 'integer', False, True, 64, ()),
        MetadataKey('total_size', 'integer', False, True, 64, ()),
        MetadataKey('pattern', 'string', True, False, 0, ()),
    )),
    MetadataKey('chat_template', 'string', True, False, 0, ()),
    MetadataKey('chat_format', 'string', True, False, 0, ()),
    MetadataKey('special_tokens', 'object', True, False, 0, (
        MetadataKey('bos_token', 'string', True, False, 0, ()),
        MetadataKey('eos_token', 'string', True, False, 0, ()),
        MetadataKey('unk_token', 'string', True, False, 0, ()),
        MetadataKey('pad_token', 'string', True, False, 0, ()),
        MetadataKey('im_start_token', 'string', True, False, 0, ()),
        MetadataKey('im_end_token', 'string', True, False, 0, ()),
    )),
    MetadataKey('architecture', 'string', True, False, 0, ()),
    MetadataKey('hf_architecture', 'string', True, False, 0, ()),
    MetadataKey('hf_model_type', 'string', True, False, 0, ()),
    MetadataKey('hidden_size', 'integer', True, False, 64, ()),
    MetadataKey('num_layers', 'integer', True, False, 64, ()),
    MetadataKey('num_heads', 'integer', True, False, 64, ()),
    MetadataKey('num_kv_heads', 'integer', True, False, 64, ()),
    MetadataKey('vocab_size', 'integer', True, False, 64, ()),
    MetadataKey('intermediate_size', 'integer', True, False, 64, ()),
    MetadataKey('max_position_embeddings', 'integer', True, False, 64, ()),
    MetadataKey('rope_theta', 'number', True, False, 0, ()),
    MetadataKey('rope_type', 'integer', True, False, 32, ()),
    MetadataKey('rms_norm_eps', 'number', True, False, 0, ()),
    MetadataKey('head_dim', 'integer', True, False, 64, ()),
    MetadataKey('num_experts', 'integer', True, False, 64, ()),
    MetadataKey('num_experts_per_tok', 'integer', True, False, 64, ()),
    MetadataKey('moe_intermediate_size', 'integer', True, False, 64, ()),
)
"""The known keys of the metadata."""
