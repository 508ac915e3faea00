# The layout of the APR v2 model container. Everything in this repository that knows a byte position was made from
# this file. How to read the dash-prefixed keys: spec/README.md.
meta:
  id: apr_v2
  title: APR v2 model container
  file-extension: apr
  license: MIT
  ks-version: 0.11
  endian: le
  bit-endian: le

doc: |
  A container for the weights of one machine-learning model: a header of 64 bytes, metadata as a JSON object, an index
  of tensors sorted by name, the bytes of the tensors on a grid of 64 bytes, and a CRC-32 over all of it.

  All integers are little-endian and unsigned. Offsets in the header count from the start of the file; the offset of a
  tensor counts from the start of the data section, which is relative, not absolute: a head that grows does not touch
  the index.

# The sections, in the order in which they lie in the file. None overlaps another.
-layout:
  - header
  - header_padding
  - metadata
  - metadata_padding
  - tensor_index
  - tensor_data
  - footer
  - trailing

# Every rule by its id, named by its defect. Ids are never reused. Rules about one field stand at the field; those that
# relate fields are written in src/aprfmt/rules/.
-rules:
  APR-H001: the magic is not that of APR v2
  APR-H002: the file is of another major version
  APR-H003: the minor version is unknown
  APR-H004: the tensors lie column by column, which every reader refuses
  APR-H005: flag bits without a meaning are set
  APR-H006: the header checksum does not match the header
  APR-H007: reserved bytes of the header are not zero
  APR-H008: the file is smaller than a header
  APR-S001: the metadata would begin inside the header, or outside the file
  APR-S002: the tensor index would begin before the end of the metadata, or outside the file
  APR-S003: the data section would begin before the tensor index, or outside the file
  APR-S004: filler around the metadata is not zero
  APR-S005: a section is off the 64-byte grid
  APR-M001: the metadata is empty
  APR-M002: the metadata is not UTF-8
  APR-M003: the metadata is not JSON
  APR-M004: the metadata is not a JSON object
  APR-M005: the metadata is nested too deeply
  APR-M006: a known key of the metadata holds a value of another type
  APR-M007: the metadata is very large
  APR-I001: the tensor index has no room for as many entries as the header counts
  APR-I002: the element type is unknown
  APR-I003: the names are out of order, or one occurs twice
  APR-I005: the name is not UTF-8
  APR-I006: the name is empty, or longer than the reference writes
  APR-I007: there are more dimensions than the reference writes
  APR-I008: the id of the element type is one that writers gave up
  APR-I009: filler of the tensor index is not zero
  APR-D001: the data of the tensor lies outside the file
  APR-D002: the size of the data does not fit element type and shape
  APR-D003: the data of two tensors overlaps
  APR-D004: the data section is truncated
  APR-D005: the data of the tensor is off the 64-byte grid
  APR-F001: the footer is truncated
  APR-F002: the footer does not match the file
  APR-F003: the file has no footer
  APR-F004: bytes follow the footer

# The Python name of the record that a type becomes, and of the enums.
-records:
  header: Header
  flags: Flags
  tensor_index_entry: TensorIndexEntry
  footer: Footer
  dtype: DType

seq:
  - id: header
    type: header
    size: 64
    doc: What kind of file this is, and where its sections lie.

instances:
  alignment:
    value: 64.as<u8>
    doc: The grid, in bytes, on which a canonical writer starts every section and every tensor.
  len_header:
    value: 64.as<u8>
    doc: Size of the header in bytes, and the place of the metadata in a canonical file.
  len_file:
    value: _io.size.as<u8>
    doc: Size of the whole file in bytes.
  header_padding:
    pos: len_header
    size: header.ofs_metadata - len_header
    doc: Filler between the header and the metadata; empty in a canonical file. Unit is the byte.
    -fill: {byte: 0, align: 64}
    -warn:
      - {zero: true, rule: APR-S004, severity: warning}
  metadata:
    pos: header.ofs_metadata
    size: header.len_metadata
    doc: |
      One JSON object in UTF-8, without a byte-order mark and without a terminator. spec/metadata.schema.json says which
      keys are known, in which order they are written and of which type they are. Unknown keys are allowed; of duplicate
      keys the last one counts.
    -type: json
    -schema: metadata.schema.json
  metadata_padding:
    pos: (header.ofs_metadata + header.len_metadata.as<u8>).as<u8>
    size: (header.ofs_tensor_index - header.ofs_metadata - header.len_metadata.as<u8>).as<u8>
    doc: Filler up to the tensor index. A canonical writer takes the fewest zero bytes that reach the grid.
    -fill: {byte: 0, align: 64}
    -warn:
      - {zero: true, rule: APR-S004, severity: warning}
  tensor_index:
    pos: header.ofs_tensor_index
    size: header.ofs_data - header.ofs_tensor_index
    type: tensor_index
    doc: The entries of all tensors and the filler behind them, up to the data section.
  required_len:
    value: (header.ofs_data + tensor_index.end_of_tensors).as<u8>
    -value: header.ofs_data + max_of(tensor_index.entries, _.ofs_tensor + align(_.len_tensor, alignment))
    doc: |
      Where the data section ends, counted from the start of the file:
      `ofs_data + max(ofs_tensor + align64(len_tensor))` over all tensors, where `align64` rounds up to a multiple of 64;
      without tensors `ofs_data` itself. The size is rounded up, not the sum: a tensor of 4 bytes at offset 1 ends the
      section at `ofs_data + 65`. The filler of the last tensor belongs to the data section, so a file that is shorter
      than this is truncated, even when only filler is missing.
  tensor_data:
    pos: header.ofs_data
    size: required_len - header.ofs_data
    doc: |
      The bytes of the tensors, each from its own offset on, and the filler between them. The order of the data need not
      be the order of the index.
    -fill: {byte: 0, align: 64}
  footer:
    pos: required_len
    type: footer
    if: len_file != required_len
    doc: |
      Absent when the file ends exactly where its data section ends. With 4 bytes more, those are the footer; with 1 to 3
      bytes more the footer is truncated, which is an error; whatever follows the footer is `trailing`.
    -optional: derived
    -warn:
      - {present: true, rule: APR-F003, severity: info}
  trailing:
    pos: (required_len + 4).as<u8>
    size: (len_file - required_len - 4).as<u8>
    if: len_file > required_len + 4
    doc: Bytes behind the footer, which belong to nothing. No writer makes them.
    -optional: absent
    -warn:
      - {absent: true, rule: APR-F004, severity: warning}

types:
  header:
    doc: The first 64 bytes of the file.
    seq:
      - id: magic
        contents: ["APR", 0]
        doc: Four bytes that name the format.
        -orig-id: magic
        -rule: APR-H001
        -lookalikes:
          - {bytes: "APRN", name: an APR v1 file}
          - {bytes: "APR1", name: an APR file of a kind that no published writer makes}
          - {bytes: "APR2", name: an APR file of a kind that only one reader knows}
          - {bytes: "GGUF", name: a GGUF file}
          - {bytes: "ALBR", name: an encrypted wrapper around an APR file}
      - id: version_major
        type: u1
        valid:
          eq: 2
          -rule: APR-H002
        doc: Major version of the format. Another one has another layout.
        -orig-id: version.0
        -default: 2
      - id: version_minor
        type: u1
        doc: Minor version of the format; readers ignore it.
        -orig-id: version.1
        -default: 0
        -warn:
          - {eq: 0, rule: APR-H003, severity: warning}
      - id: flags
        type: flags
        size: 2
        doc: One bit a property. Most are announcements that no published reader acts upon.
        -orig-id: flags
      - id: num_tensors
        type: u4
        doc: Number of entries in the tensor index.
        -orig-id: tensor_count
        -count-of: tensor_index.entries
      - id: ofs_metadata
        type: u8
        valid:
          min: _root.len_header
          max: _root.len_file
          -rule: APR-S001
        doc: Start of the metadata in bytes, counted from the start of the file. 64 in a canonical file.
        -orig-id: metadata_offset
        -offset-of: metadata
        -warn:
          - {multiple-of: 64, rule: APR-S005, severity: warning}
      - id: len_metadata
        type: u4
        valid:
          min: 1
          -rule: APR-M001
        doc: Size of the JSON text in bytes, without filler.
        -orig-id: metadata_size
        -size-of: metadata
        -warn:
          - {max: 16777216, rule: APR-M007, severity: warning}
      - id: ofs_tensor_index
        type: u8
        valid:
          min: (ofs_metadata + len_metadata.as<u8>).as<u8>
          max: _root.len_file
          -rule: APR-S002
        doc: Start of the tensor index in bytes, counted from the start of the file.
        -orig-id: tensor_index_offset
        -offset-of: tensor_index
        -warn:
          - {multiple-of: 64, rule: APR-S005, severity: warning}
      - id: ofs_data
        type: u8
        valid:
          min: ofs_tensor_index
          max: _root.len_file
          -rule: APR-S003
        doc: Start of the data section in bytes, counted from the start of the file. The tensor index ends here.
        -orig-id: data_offset
        -offset-of: tensor_data
        -warn:
          - {multiple-of: 64, rule: APR-S005, severity: warning}
      - id: checksum
        type: u4
        doc: CRC-32 (IEEE 802.3, reflected, as in zlib) of the other 60 bytes of the header, in their order.
        -orig-id: checksum
        -checksum: {algorithm: crc32, covers: header, rule: APR-H006}
      - id: reserved
        size: 20
        doc: Zero today. Kept as it is by every operation of aprfmt.
        -orig-id: reserved
        -fill: {byte: 0}
        -warn:
          - {zero: true, rule: APR-H007, severity: warning}

  flags:
    doc: |
      Sixteen bits, the least significant first. The published writers set bits; they compress, encrypt and sign nothing,
      and the readers take the data as plain whatever the bits say.
    meta:
      bit-endian: le
    seq:
      - {id: lz4_compressed, type: b1, -orig-id: LZ4_COMPRESSED, doc: "Announces LZ4; the data is plain all the same."}
      - {id: zstd_compressed, type: b1, -orig-id: ZSTD_COMPRESSED, doc: "Announces Zstandard; the data is plain all the same."}
      - {id: encrypted, type: b1, -orig-id: ENCRYPTED, doc: "Announces encryption; the data is plain all the same."}
      - {id: signed, type: b1, -orig-id: SIGNED, doc: "Announces a signature; the format has no place for one."}
      - {id: sharded, type: b1, -orig-id: SHARDED, doc: "The file is one of several; see the metadata key `sharding`."}
      - {id: quantized, type: b1, -orig-id: QUANTIZED, doc: "Some tensors are of a quantised dtype."}
      - {id: has_filterbank, type: b1, -orig-id: HAS_FILTERBANK, doc: "A tensor holds a mel filterbank."}
      - {id: has_model_card, type: b1, -orig-id: HAS_MODEL_CARD, doc: "The metadata holds a model card."}
      - {id: streaming, type: b1, -orig-id: STREAMING, doc: "The model is meant to be read in a stream."}
      - {id: has_vocab, type: b1, -orig-id: HAS_VOCAB, doc: "The metadata holds `tokenizer.vocabulary`."}
      - id: layout_row_major
        type: b1
        -orig-id: LAYOUT_ROW_MAJOR
        -default: true
        doc: Tensors lie row by row. Files with neither layout bit are read as row-major too.
      - id: layout_column_major
        type: b1
        valid:
          eq: false
          -rule: APR-H004
        -orig-id: LAYOUT_COLUMN_MAJOR
        doc: Tensors lie column by column. Every reader refuses such a file.
      - id: reserved
        type: b4
        doc: Undefined bits, kept as they are.
        -warn:
          - {eq: 0, rule: APR-H005, severity: warning}

  tensor_index:
    doc: Entries packed without filler between them, then filler up to the data section.
    seq:
      - id: entries
        type: |-
          tensor_index_entry(_index.as<u4>, _index == 0 ? 0.as<u8> : entries[_index - 1].end_so_far.as<u8>)
        repeat: expr
        repeat-expr: _root.header.num_tensors
        doc: One entry a tensor, sorted by name.
        -unique-sorted: name
      - id: padding
        size-eos: true
        doc: Filler up to the data section.
        -fill: {byte: 0, align: 64}
        -warn:
          - {zero: true, rule: APR-I009, severity: warning}
    instances:
      end_of_tensors:
        value: "_root.header.num_tensors == 0 ? 0.as<u8> : entries[_root.header.num_tensors - 1].end_so_far.as<u8>"
        doc: Largest offset plus padded size over all entries, counted from the start of the data section.
        -kaitai-only: required_len says the same as one maximum

  tensor_index_entry:
    doc: What one tensor is and where its bytes lie.
    params:
      - id: idx
        type: u4
        doc: Position of this entry in the index, from 0.
        -value: _index
      - id: end_before
        type: u8
        doc: Largest offset plus padded size of the entries before this one, from the start of the data section.
        -kaitai-only: Kaitai reads forward, so a running maximum has to be handed on
    seq:
      - id: len_name
        type: u2
        doc: Size of the name in bytes.
        -orig-id: name_len
        -size-of: name
        -warn:
          - {min: 1, rule: APR-I006, severity: warning}
          - {max: 256, rule: APR-I006, severity: warning}
      - id: name
        size: len_name
        valid:
          expr: idx == 0 or _parent.entries[idx - 1].name < _
          -rule: APR-I003
          -expected: a name behind the previous one in the order of bytes
        doc: |
          UTF-8 without a terminator. Bytes here, because a name that is not UTF-8 is wrong but must survive a round trip,
          and because the order of the index is the order of bytes, which strings of UTF-16 units do not have.
        -orig-id: name
        -encoding: UTF-8
      - id: dtype
        type: u1
        enum: dtype
        valid:
          in-enum: true
          -rule: APR-I002
        doc: Element type.
        -orig-id: dtype
      - id: ndim
        type: u1
        doc: Number of dimensions; 0 is a scalar.
        -orig-id: ndim
        -count-of: dims
        -warn:
          - {max: 8, rule: APR-I007, severity: warning}
      - id: dims
        type: u8
        repeat: expr
        repeat-expr: ndim
        doc: Number of elements along each dimension, the slowest first.
        -orig-id: shape
      - id: ofs_tensor
        type: u8
        valid:
          min: 0
          max: _root.len_file - _root.header.ofs_data
          -rule: APR-D001
        doc: Start of the tensor's bytes, counted from the start of the data section.
        -orig-id: offset
        -build: "_index == 0 ? 0 : align(_parent.entries[_index - 1].ofs_tensor + _parent.entries[_index - 1].len_tensor, _root.alignment)"
        -warn:
          - {multiple-of: 64, rule: APR-D005, severity: warning}
      - id: len_tensor
        type: u8
        valid:
          min: 0
          max: (_root.len_file - _root.header.ofs_data - ofs_tensor).as<u8>
          -rule: APR-D001
        doc: Size of the tensor's bytes, without filler.
        -orig-id: size
        -build: nbytes(dtype, dims)
    instances:
      end_own:
        value: (ofs_tensor + (len_tensor + 63) / 64 * 64).as<u8>
        doc: Offset plus padded size, counted from the start of the data section.
        -kaitai-only: required_len says the same as one maximum
      end_so_far:
        value: "end_own > end_before ? end_own : end_before"
        doc: Largest offset plus padded size up to and including this entry.
        -kaitai-only: required_len says the same as one maximum
      name_text:
        value: name.to_s("UTF-8")
        doc: The name as text; what a language does with bytes that are not UTF-8 differs.
        -kaitai-only: text is a view of the name, not a field
      data:
        io: _root._io
        pos: (_root.header.ofs_data + ofs_tensor).as<u8>
        size: len_tensor
        doc: The bytes of the tensor, a part of `tensor_data`.
        -kaitai-only: another look at bytes that tensor_data owns

  footer:
    doc: The last 4 bytes of the file.
    seq:
      - id: checksum
        type: u4
        doc: CRC-32 (IEEE 802.3, reflected, as in zlib) of every byte of the file before it.
        -orig-id: footer
        -checksum: {algorithm: crc32, covers: all-before, rule: APR-F002}

  payload_digest_record:
    doc: |
      Not a part of the file: one record of the sequence whose SHA-256 is the *payload digest*, the identity of the
      weights that survives a change of the metadata. The records of all tensors follow each other without filler, in
      the order of their names as bytes (of equal names, in the order of the index). Filler, offsets, the order of the
      data, flags and metadata do not enter.
    -standalone: payload_digest
    seq:
      - id: len_name
        type: u2
        doc: Size of the name in bytes.
        -size-of: name
      - id: name
        size: len_name
        doc: The name as it stands in the index.
      - id: dtype
        type: u1
        enum: dtype
        doc: The id that a writer uses for the element type, so that 8 counts as 128 and 9 as 129.
      - id: ndim
        type: u1
        doc: Number of dimensions.
        -count-of: dims
      - id: dims
        type: u8
        repeat: expr
        repeat-expr: ndim
        doc: Number of elements along each dimension.
      - id: sha256
        size: 32
        doc: SHA-256 of the bytes of the tensor.

enums:
  dtype:
    0: {id: f32, -orig-id: F32, -block-elems: 1, -block-bytes: 4, doc: IEEE 754 binary32.}
    1: {id: f16, -orig-id: F16, -block-elems: 1, -block-bytes: 2, doc: IEEE 754 binary16.}
    3:
      id: f64
      -orig-id: F64
      -block-elems: 1
      -block-bytes: 8
      -ggml-id: q4_1
      doc: IEEE 754 binary64.
    4: {id: i32, -orig-id: I32, -block-elems: 1, -block-bytes: 4, doc: Signed integer of 32 bits.}
    5: {id: i64, -orig-id: I64, -block-elems: 1, -block-bytes: 8, doc: Signed integer of 64 bits.}
    6: {id: i8, -orig-id: I8, -block-elems: 1, -block-bytes: 1, -ggml-id: q5_0, doc: Signed integer of 8 bits.}
    7: {id: u8, -orig-id: U8, -block-elems: 1, -block-bytes: 1, -ggml-id: q5_1, doc: Unsigned integer of 8 bits.}
    8:
      id: apr_q4_legacy
      -orig-id: AprQ4
      -alias-of: apr_q4
      -ggml-id: q8_0
      doc: An id that older writers used for apr_q4.
      -warn: {rule: APR-I008, severity: warning}
    9:
      id: apr_q8_legacy
      -orig-id: AprQ8
      -alias-of: apr_q8
      doc: An id that older writers used for apr_q8.
      -warn: {rule: APR-I008, severity: warning}
    12:
      id: q4_k
      -orig-id: Q4_K
      -block-elems: 256
      -block-bytes: 144
      -row-padded: true
      -quantized: true
      doc: Super-blocks of 256 elements at 4 bits with 6-bit scales and minima.
    14:
      id: q6_k
      -orig-id: Q6_K
      -block-elems: 256
      -block-bytes: 210
      -row-padded: true
      -quantized: true
      doc: Super-blocks of 256 elements at 6 bits with 8-bit scales.
    30: {id: bf16, -orig-id: BF16, -block-elems: 1, -block-bytes: 2, doc: The upper half of an IEEE 754 binary32.}
    128:
      id: apr_q4
      -orig-id: APR_Q4
      -block-elems: 32
      -block-bytes: 18
      -quantized: true
      doc: Blocks of 32 elements, each a binary16 scale and 16 bytes of two 4-bit values, the low half first.
    129:
      id: apr_q8
      -orig-id: APR_Q8
      -block-elems: 1
      -block-bytes: 1
      -scale-bytes: 4
      -quantized: true
      doc: One binary32 scale of 4 bytes, then one signed byte an element.
