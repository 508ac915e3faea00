// GENERATED, never edited by hand. Source: spec/apr_v2.ksy, SHA-256 d031f7174c8239d51b8ebcc96f7dbf7ad22422fcc575bcd75374bc3c25efd700, and spec/metadata.schema.json, SHA-256 7269cea8492dd3fea70e352a31a8ceced55c2a80a163b08fef0a2acc897a39de.
// Regenerate: python -m aprfmt.codegen --write

/** @file Facts of the APR v2 model container that the Kaitai parser does not tell. */

/** SHA-256 of spec/apr_v2.ksy. */
export const SPEC_SHA256 = 'd031f7174c8239d51b8ebcc96f7dbf7ad22422fcc575bcd75374bc3c25efd700';

/** Size of the header in bytes. */
export const HEADER_SIZE = 64;

/** Size of the footer in bytes. */
export const FOOTER_SIZE = 4;

/** Other formats by what stands in the place of the magic, in hexadecimal digits. */
export const LOOKALIKES = new Map([
  ['4150524e', 'an APR v1 file'],
  ['41505231', 'an APR file of a kind that no published writer makes'],
  ['41505232', 'an APR file of a kind that only one reader knows'],
  ['47475546', 'a GGUF file'],
  ['414c4252', 'an encrypted wrapper around an APR file'],
]);

/** Start and end of each field of the header, in bytes of the file. */
export const HEADER_FIELDS = new Map([
  ['magic', Object.freeze([0, 4])],
  ['version_major', Object.freeze([4, 5])],
  ['version_minor', Object.freeze([5, 6])],
  ['flags', Object.freeze([6, 8])],
  ['num_tensors', Object.freeze([8, 12])],
  ['ofs_metadata', Object.freeze([12, 20])],
  ['len_metadata', Object.freeze([20, 24])],
  ['ofs_tensor_index', Object.freeze([24, 32])],
  ['ofs_data', Object.freeze([32, 40])],
  ['checksum', Object.freeze([40, 44])],
  ['reserved', Object.freeze([44, 64])],
]);

/** The fields of `header.flags`: least significant bit, and width in bits. */
export const FLAGS = Object.freeze([
  {name: 'lz4_compressed', bit: 0, width: 1},
  {name: 'zstd_compressed', bit: 1, width: 1},
  {name: 'encrypted', bit: 2, width: 1},
  {name: 'signed', bit: 3, width: 1},
  {name: 'sharded', bit: 4, width: 1},
  {name: 'quantized', bit: 5, width: 1},
  {name: 'has_filterbank', bit: 6, width: 1},
  {name: 'has_model_card', bit: 7, width: 1},
  {name: 'streaming', bit: 8, width: 1},
  {name: 'has_vocab', bit: 9, width: 1},
  {name: 'layout_row_major', bit: 10, width: 1},
  {name: 'layout_column_major', bit: 11, width: 1},
  {name: 'reserved', bit: 12, width: 4},
]);

/** The fields of an index entry, in their order: start, counted from that of the entry, and size. */
export const ENTRY_FIELDS = new Map([
  ['len_name', {start: {constant: 0, perNameByte: 0, perDim: 0}, size: {constant: 2, perNameByte: 0, perDim: 0}}],
  ['name', {start: {constant: 2, perNameByte: 0, perDim: 0}, size: {constant: 0, perNameByte: 1, perDim: 0}}],
  ['dtype', {start: {constant: 2, perNameByte: 1, perDim: 0}, size: {constant: 1, perNameByte: 0, perDim: 0}}],
  ['ndim', {start: {constant: 3, perNameByte: 1, perDim: 0}, size: {constant: 1, perNameByte: 0, perDim: 0}}],
  ['dims', {start: {constant: 4, perNameByte: 1, perDim: 0}, size: {constant: 0, perNameByte: 0, perDim: 8}}],
  ['ofs_tensor', {start: {constant: 4, perNameByte: 1, perDim: 8}, size: {constant: 8, perNameByte: 0, perDim: 0}}],
  ['len_tensor', {start: {constant: 12, perNameByte: 1, perDim: 8}, size: {constant: 8, perNameByte: 0, perDim: 0}}],
]);

/** Size of an index entry in bytes. */
export const ENTRY_SIZE = Object.freeze({constant: 20, perNameByte: 1, perDim: 8});

/** Element type of a tensor; the value is the id in the file. */
export const DType = Object.freeze({
  /** IEEE 754 binary32. */
  F32: 0,
  /** IEEE 754 binary16. */
  F16: 1,
  /** IEEE 754 binary64. */
  F64: 3,
  /** Signed integer of 32 bits. */
  I32: 4,
  /** Signed integer of 64 bits. */
  I64: 5,
  /** Signed integer of 8 bits. */
  I8: 6,
  /** Unsigned integer of 8 bits. */
  U8: 7,
  /** An id that older writers used for apr_q4. */
  APR_Q4_LEGACY: 8,
  /** An id that older writers used for apr_q8. */
  APR_Q8_LEGACY: 9,
  /** Super-blocks of 256 elements at 4 bits with 6-bit scales and minima. */
  Q4_K: 12,
  /** Super-blocks of 256 elements at 6 bits with 8-bit scales. */
  Q6_K: 14,
  /** The upper half of an IEEE 754 binary32. */
  BF16: 30,
  /** Blocks of 32 elements, each a binary16 scale and 16 bytes of two 4-bit values, the low half first. */
  APR_Q4: 128,
  /** One binary32 scale of 4 bytes, then one signed byte an element. */
  APR_Q8: 129,
});

/** Names and geometry of the element types by their id; `name` is that of the type which an old id stands for. */
export const DTYPES = new Map([
  [0, Object.freeze({id: 0, name: 'f32', member: 'f32', blockElems: 1, blockBytes: 4, scaleBytes: 0, rowPadded: false, quantized: false, doc: 'IEEE 754 binary32.'})],
  [1, Object.freeze({id: 1, name: 'f16', member: 'f16', blockElems: 1, blockBytes: 2, scaleBytes: 0, rowPadded: false, quantized: false, doc: 'IEEE 754 binary16.'})],
  [3, Object.freeze({id: 3, name: 'f64', member: 'f64', blockElems: 1, blockBytes: 8, scaleBytes: 0, rowPadded: false, quantized: false, doc: 'IEEE 754 binary64.'})],
  [4, Object.freeze({id: 4, name: 'i32', member: 'i32', blockElems: 1, blockBytes: 4, scaleBytes: 0, rowPadded: false, quantized: false, doc: 'Signed integer of 32 bits.'})],
  [5, Object.freeze({id: 5, name: 'i64', member: 'i64', blockElems: 1, blockBytes: 8, scaleBytes: 0, rowPadded: false, quantized: false, doc: 'Signed integer of 64 bits.'})],
  [6, Object.freeze({id: 6, name: 'i8', member: 'i8', blockElems: 1, blockBytes: 1, scaleBytes: 0, rowPadded: false, quantized: false, doc: 'Signed integer of 8 bits.'})],
  [7, Object.freeze({id: 7, name: 'u8', member: 'u8', blockElems: 1, blockBytes: 1, scaleBytes: 0, rowPadded: false, quantized: false, doc: 'Unsigned integer of 8 bits.'})],
  [8, Object.freeze({id: 8, name: 'apr_q4', member: 'apr_q4_legacy', blockElems: 32, blockBytes: 18, scaleBytes: 0, rowPadded: false, quantized: true, doc: 'An id that older writers used for apr_q4.'})],
  [9, Object.freeze({id: 9, name: 'apr_q8', member: 'apr_q8_legacy', blockElems: 1, blockBytes: 1, scaleBytes: 4, rowPadded: false, quantized: true, doc: 'An id that older writers used for apr_q8.'})],
  [12, Object.freeze({id: 12, name: 'q4_k', member: 'q4_k', blockElems: 256, blockBytes: 144, scaleBytes: 0, rowPadded: true, quantized: true, doc: 'Super-blocks of 256 elements at 4 bits with 6-bit scales and minima.'})],
  [14, Object.freeze({id: 14, name: 'q6_k', member: 'q6_k', blockElems: 256, blockBytes: 210, scaleBytes: 0, rowPadded: true, quantized: true, doc: 'Super-blocks of 256 elements at 6 bits with 8-bit scales.'})],
  [30, Object.freeze({id: 30, name: 'bf16', member: 'bf16', blockElems: 1, blockBytes: 2, scaleBytes: 0, rowPadded: false, quantized: false, doc: 'The upper half of an IEEE 754 binary32.'})],
  [128, Object.freeze({id: 128, name: 'apr_q4', member: 'apr_q4', blockElems: 32, blockBytes: 18, scaleBytes: 0, rowPadded: false, quantized: true, doc: 'Blocks of 32 elements, each a binary16 scale and 16 bytes of two 4-bit values, the low half first.'})],
  [129, Object.freeze({id: 129, name: 'apr_q8', member: 'apr_q8', blockElems: 1, blockBytes: 1, scaleBytes: 4, rowPadded: false, quantized: true, doc: 'One binary32 scale of 4 bytes, then one signed byte an element.'})],
]);

/** The rule that a field breaks which the Kaitai parser refuses, by the field's place in the ksy. */
export const RULE_AT = new Map([
  ['/types/header/seq/0', 'APR-H001'],
  ['/types/header/seq/1', 'APR-H002'],
  ['/types/header/seq/5', 'APR-S001'],
  ['/types/header/seq/6', 'APR-M001'],
  ['/types/header/seq/7', 'APR-S002'],
  ['/types/header/seq/8', 'APR-S003'],
  ['/types/flags/seq/11', 'APR-H004'],
  ['/types/tensor_index_entry/seq/1', 'APR-I003'],
  ['/types/tensor_index_entry/seq/2', 'APR-I002'],
  ['/types/tensor_index_entry/seq/5', 'APR-D001'],
  ['/types/tensor_index_entry/seq/6', 'APR-D001'],
]);

/** The path of a field, by its place in the ksy. */
export const FIELD_AT = new Map([
  ['/seq/0', 'header'],
  ['/types/header/seq/0', 'header.magic'],
  ['/types/header/seq/1', 'header.version_major'],
  ['/types/header/seq/2', 'header.version_minor'],
  ['/types/header/seq/3', 'header.flags'],
  ['/types/header/seq/4', 'header.num_tensors'],
  ['/types/header/seq/5', 'header.ofs_metadata'],
  ['/types/header/seq/6', 'header.len_metadata'],
  ['/types/header/seq/7', 'header.ofs_tensor_index'],
  ['/types/header/seq/8', 'header.ofs_data'],
  ['/types/header/seq/9', 'header.checksum'],
  ['/types/header/seq/10', 'header.reserved'],
  ['/types/flags/seq/0', 'header.flags.lz4_compressed'],
  ['/types/flags/seq/1', 'header.flags.zstd_compressed'],
  ['/types/flags/seq/2', 'header.flags.encrypted'],
  ['/types/flags/seq/3', 'header.flags.signed'],
  ['/types/flags/seq/4', 'header.flags.sharded'],
  ['/types/flags/seq/5', 'header.flags.quantized'],
  ['/types/flags/seq/6', 'header.flags.has_filterbank'],
  ['/types/flags/seq/7', 'header.flags.has_model_card'],
  ['/types/flags/seq/8', 'header.flags.streaming'],
  ['/types/flags/seq/9', 'header.flags.has_vocab'],
  ['/types/flags/seq/10', 'header.flags.layout_row_major'],
  ['/types/flags/seq/11', 'header.flags.layout_column_major'],
  ['/types/flags/seq/12', 'header.flags.reserved'],
  ['/types/tensor_index/seq/0', 'tensor_index.entries'],
  ['/types/tensor_index/seq/1', 'tensor_index.padding'],
  ['/types/tensor_index_entry/seq/0', 'tensor_index.entries.len_name'],
  ['/types/tensor_index_entry/seq/1', 'tensor_index.entries.name'],
  ['/types/tensor_index_entry/seq/2', 'tensor_index.entries.dtype'],
  ['/types/tensor_index_entry/seq/3', 'tensor_index.entries.ndim'],
  ['/types/tensor_index_entry/seq/4', 'tensor_index.entries.dims'],
  ['/types/tensor_index_entry/seq/5', 'tensor_index.entries.ofs_tensor'],
  ['/types/tensor_index_entry/seq/6', 'tensor_index.entries.len_tensor'],
  ['/types/footer/seq/0', 'footer.checksum'],
]);

/** What every careful reader refuses, by the id of the rule. */
export const RULES = new Map([
  ['APR-H001', Object.freeze({name: 'magic-wrong', defect: 'the magic is not that of APR v2'})],
  ['APR-H002', Object.freeze({name: 'major-version-unknown', defect: 'the file is of another major version'})],
  ['APR-H004', Object.freeze({name: 'column-major', defect: 'the tensors lie column by column, which every reader refuses'})],
  ['APR-H006', Object.freeze({name: 'header-checksum-wrong', defect: 'the header checksum does not match the header'})],
  ['APR-H008', Object.freeze({name: 'too-small', defect: 'the file is smaller than a header'})],
  ['APR-S001', Object.freeze({name: 'metadata-misplaced', defect: 'the metadata would begin inside the header, or outside the file'})],
  ['APR-S002', Object.freeze({name: 'tensor-index-misplaced', defect: 'the tensor index would begin before the end of the metadata, or outside the file'})],
  ['APR-S003', Object.freeze({name: 'tensor-data-misplaced', defect: 'the data section would begin before the tensor index, or outside the file'})],
  ['APR-M001', Object.freeze({name: 'metadata-empty', defect: 'the metadata is empty'})],
  ['APR-M002', Object.freeze({name: 'metadata-not-utf8', defect: 'the metadata is not UTF-8'})],
  ['APR-M003', Object.freeze({name: 'metadata-not-json', defect: 'the metadata is not JSON'})],
  ['APR-M004', Object.freeze({name: 'metadata-not-object', defect: 'the metadata is not a JSON object'})],
  ['APR-M005', Object.freeze({name: 'metadata-too-deep', defect: 'the metadata is nested too deeply'})],
  ['APR-M006', Object.freeze({name: 'metadata-type-wrong', defect: 'a known key of the metadata holds a value of another type'})],
  ['APR-I001', Object.freeze({name: 'tensor-index-too-small', defect: 'the tensor index has no room for as many entries as the header counts'})],
  ['APR-I002', Object.freeze({name: 'dtype-unknown', defect: 'the element type is unknown'})],
  ['APR-I003', Object.freeze({name: 'names-unsorted', defect: 'the names are out of order, or one occurs twice'})],
  ['APR-I005', Object.freeze({name: 'name-not-utf8', defect: 'the name is not UTF-8'})],
  ['APR-D001', Object.freeze({name: 'tensor-outside', defect: 'the data of the tensor lies outside the file'})],
  ['APR-D002', Object.freeze({name: 'tensor-size-wrong', defect: 'the size of the data does not fit element type and shape'})],
  ['APR-D003', Object.freeze({name: 'tensors-overlap', defect: 'the data of two tensors overlaps'})],
  ['APR-D004', Object.freeze({name: 'data-truncated', defect: 'the data section is truncated'})],
  ['APR-F001', Object.freeze({name: 'footer-truncated', defect: 'the footer is truncated'})],
  ['APR-F002', Object.freeze({name: 'footer-wrong', defect: 'the footer does not match the file'})],
  ['APR-F005', Object.freeze({name: 'footer-hidden', defect: 'one flipped bit in the tensor index makes the footer pass for data'})],
  ['APR-L001', Object.freeze({name: 'limit-exceeded', defect: 'the file asks for more than a reader is willing to spend'})],
]);

/** The known keys of the metadata; `bits` is the width of an unsigned integer, 0 for every other kind. */
export const METADATA_KEYS = Object.freeze([
  {name: 'model_type', kind: 'string', nullable: false, required: false, bits: 0, keys: []},
  {name: 'name', kind: 'string', nullable: true, required: false, bits: 0, keys: []},
  {name: 'description', kind: 'string', nullable: true, required: false, bits: 0, keys: []},
  {name: 'author', kind: 'string', nullable: true, required: false, bits: 0, keys: []},
  {name: 'license', kind: 'string', nullable: true, required: false, bits: 0, keys: []},
  {name: 'data_source', kind: 'string', nullable: true, required: false, bits: 0, keys: []},
  {name: 'data_license', kind: 'string', nullable: true, required: false, bits: 0, keys: []},
  {name: 'version', kind: 'string', nullable: true, required: false, bits: 0, keys: []},
  {name: 'source', kind: 'string', nullable: true, required: false, bits: 0, keys: []},
  {name: 'original_format', kind: 'string', nullable: true, required: false, bits: 0, keys: []},
  {name: 'created_at', kind: 'string', nullable: true, required: false, bits: 0, keys: []},
  {name: 'total_size', kind: 'integer', nullable: false, required: false, bits: 64, keys: []},
  {name: 'param_count', kind: 'integer', nullable: false, required: false, bits: 64, keys: []},
  {name: 'quantization', kind: 'object', nullable: true, required: false, bits: 0, keys: [
    {name: 'quant_type', kind: 'string', nullable: false, required: true, bits: 0, keys: []},
    {name: 'bits', kind: 'integer', nullable: false, required: true, bits: 8, keys: []},
    {name: 'block_size', kind: 'integer', nullable: true, required: false, bits: 64, keys: []},
    {name: 'symmetric', kind: 'boolean', nullable: false, required: true, bits: 0, keys: []},
  ]},
  {name: 'sharding', kind: 'object', nullable: true, required: false, bits: 0, keys: [
    {name: 'shard_count', kind: 'integer', nullable: false, required: true, bits: 64, keys: []},
    {name: 'shard_index', kind: 'integer', nullable: false, required: true, bits: 64, keys: []},
    {name: 'total_size', kind: 'integer', nullable: false, required: true, bits: 64, keys: []},
    {name: 'pattern', kind: 'string', nullable: true, required: false, bits: 0, keys: []},
  ]},
  {name: 'chat_template', kind: 'string', nullable: true, required: false, bits: 0, keys: []},
  {name: 'chat_format', kind: 'string', nullable: true, required: false, bits: 0, keys: []},
  {name: 'special_tokens', kind: 'object', nullable: true, required: false, bits: 0, keys: [
    {name: 'bos_token', kind: 'string', nullable: true, required: false, bits: 0, keys: []},
    {name: 'eos_token', kind: 'string', nullable: true, required: false, bits: 0, keys: []},
    {name: 'unk_token', kind: 'string', nullable: true, required: false, bits: 0, keys: []},
    {name: 'pad_token', kind: 'string', nullable: true, required: false, bits: 0, keys: []},
    {name: 'im_start_token', kind: 'string', nullable: true, required: false, bits: 0, keys: []},
    {name: 'im_end_token', kind: 'string', nullable: true, required: false, bits: 0, keys: []},
  ]},
  {name: 'architecture', kind: 'string', nullable: true, required: false, bits: 0, keys: []},
  {name: 'hf_architecture', kind: 'string', nullable: true, required: false, bits: 0, keys: []},
  {name: 'hf_model_type', kind: 'string', nullable: true, required: false, bits: 0, keys: []},
  {name: 'hidden_size', kind: 'integer', nullable: true, required: false, bits: 64, keys: []},
  {name: 'num_layers', kind: 'integer', nullable: true, required: false, bits: 64, keys: []},
  {name: 'num_heads', kind: 'integer', nullable: true, required: false, bits: 64, keys: []},
  {name: 'num_kv_heads', kind: 'integer', nullable: true, required: false, bits: 64, keys: []},
  {name: 'vocab_size', kind: 'integer', nullable: true, required: false, bits: 64, keys: []},
  {name: 'intermediate_size', kind: 'integer', nullable: true, required: false, bits: 64, keys: []},
  {name: 'max_position_embeddings', kind: 'integer', nullable: true, required: false, bits: 64, keys: []},
  {name: 'rope_theta', kind: 'number', nullable: true, required: false, bits: 0, keys: []},
  {name: 'rope_type', kind: 'integer', nullable: true, required: false, bits: 32, keys: []},
  {name: 'rms_norm_eps', kind: 'number', nullable: true, required: false, bits: 0, keys: []},
  {name: 'head_dim', kind: 'integer', nullable: true, required: false, bits: 64, keys: []},
  {name: 'num_experts', kind: 'integer', nullable: true, required: false, bits: 64, keys: []},
  {name: 'num_experts_per_tok', kind: 'integer', nullable: true, required: false, bits: 64, keys: []},
  {name: 'moe_intermediate_size', kind: 'integer', nullable: true, required: false, bits: 64, keys: []},
]);
