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
      - {zero: true, rule: APR-S004}
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
      - {zero: true, rule: APR-S004}
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
    if: len_file - required_len != 0 # as a difference: Java compares two computed values by identity
    doc: |
      Absent when the file ends exactly where its data section ends. With 4 bytes more, those are the footer; with 1 to 3
      bytes more the footer is truncated, which is an error; whatever follows the footer is `trailing`.
    -optional: derived
    -warn:
      - {present: true, rule: APR-F003}
  trailing:
    pos: (required_len + 4).as<u8>
    size: (len_file - required_len - 4).as<u8>
    if: len_file > required_len + 4
    doc: Bytes behind the footer, which belong to nothing. No writer makes them.
    -optional: absent
    -warn:
      - {absent: true, rule: APR-F004}

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
          - {eq: 0, rule: APR-H003}
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
          - {multiple-of: 64, rule: APR-S005}
      - id: len_metadata
        type: u4
        valid:
          min: 1
          -rule: APR-M001
        doc: Size of the JSON text in bytes, without filler.
        -orig-id: metadata_size
        -size-of: metadata
        -warn:
          - {max: 16777216, rule: APR-M007}
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
          - {multiple-of: 64, rule: APR-S005}
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
          - {multiple-of: 64, rule: APR-S005}
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
          - {zero: true, rule: APR-H007}

  flags:
    doc: |
      Sixteen bits, the least significant first. The published writers set bits; they compress, encrypt and sign nothing,
      and the readers take the data as plain whatever the bits say.
    meta:
      bit-endian: le
    seq:
      - id: lz4_compressed
        type: b1
        -orig-id: LZ4_COMPRESSED
        doc: Announces LZ4; the data is plain all the same.
        -warn:
          - {eq: false, rule: APR-H010}
      - id: zstd_compressed
        type: b1
        -orig-id: ZSTD_COMPRESSED
        doc: Announces Zstandard; the data is plain all the same.
        -warn:
          - {eq: false, rule: APR-H010}
      - id: encrypted
        type: b1
        -orig-id: ENCRYPTED
        doc: Announces encryption; the data is plain all the same.
        -warn:
          - {eq: false, rule: APR-H010}
      - id: signed
        type: b1
        -orig-id: SIGNED
        doc: Announces a signature; the format has no place for one.
        -warn:
          - {eq: false, rule: APR-H010}
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
          - {eq: 0, rule: APR-H005}

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
          - {zero: true, rule: APR-I009}
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
          - {min: 1, rule: APR-I006}
          - {max: 256, rule: APR-I006}
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
          - {max: 8, rule: APR-I007}
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
          - {multiple-of: 64, rule: APR-D005}
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
      -warn: {rule: APR-I008}
    9:
      id: apr_q8_legacy
      -orig-id: AprQ8
      -alias-of: apr_q8
      doc: An id that older writers used for apr_q8.
      -warn: {rule: APR-I008}
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

# What a run of the rules may be asked for. A profile that is `listed` holds the rules that name it; every other one holds
# all rules, at their own severity unless they say otherwise.
-profiles:
  default: Every rule at its own severity; an error is what every careful reader must refuse.
  reader:
    doc: Only what the reader of apr-format 0.72.3 refuses, decided as it decides it.
    listed: true
  canonical: |
    What a good writer emits: sections and tensors on the grid in the order of the index, nothing but zeros between them
    and no more of those than the grid takes, a footer.
  publish: What a published model has to say of its origin, in meaningful values and known licences, beside the default.

# Every rule, named by its defect. Ids are never reused. Rules about one field stand at the field; those that relate
# fields are functions in src/aprfmt/rules/. `needs`: rules that must have no finding before this one can be judged;
# otherwise it is skipped. `fatal`: the file cannot be read past it, so that no operation goes on, whatever it is told
# to accept. `example` is what `aprfmt validate` prints for a file that breaks only this rule; a test makes that file.
-rules:
  APR-H001:
    name: magic-wrong
    defect: the magic is not that of APR v2
    severity: error
    layer: structure
    profiles: {reader: error}
    fatal: true
    needs: [APR-H008]
    why: |
      The first four bytes name the format. With others the file is of another format or of another generation of this
      one, and nothing that is known about APR v2 holds for it; no other rule is judged.
    repair: |
      Convert the file with the tool of its own format. If it was an APR v2 file once, its beginning is overwritten:
      fetch it again.
    example: |
      error APR-H001 magic-wrong: the magic is not that of APR v2: this is a GGUF file
        header.magic @0x0..0x4: expected b'APR\x00', found b'GGUF'
  APR-H002:
    name: major-version-unknown
    defect: the file is of another major version
    severity: error
    layer: structure
    needs: [APR-H001]
    why: |
      Another major version has another layout. The published readers do not look at the version, and would take one
      layout for the other.
    repair: Use a reader of that version, or write the file again with a writer of version 2.
    example: |
      error APR-H002 major-version-unknown: the file is of another major version
        header.version_major @0x4..0x5: expected 2, found 3
  APR-H003:
    name: minor-version-unknown
    defect: the minor version is unknown
    severity: warning
    layer: structure
    needs: [APR-H001]
    why: A later minor version may hold more than is known here. Readers ignore the number.
    repair: Look whether a newer aprfmt knows the version.
    example: |
      warning APR-H003 minor-version-unknown: the minor version is unknown
        header.version_minor @0x5..0x6: expected 0, found 1
  APR-H004:
    name: column-major
    defect: the tensors lie column by column, which every reader refuses
    severity: error
    layer: structure
    profiles: {reader: error}
    needs: [APR-H001]
    why: |
      Every matrix would be read transposed without a sign of it. The flag exists so that readers can refuse such a
      file.
    repair: Transpose the matrices in the tool that made the file, and write it again without the flag.
    example: |
      error APR-H004 column-major: the tensors lie column by column, which every reader refuses
        header.flags.layout_column_major @0x6..0x8: expected 0, found 1
  APR-H005:
    name: flag-undefined
    defect: flag bits without a meaning are set
    severity: warning
    layer: structure
    needs: [APR-H001]
    why: What a later version announces with them cannot be known here. Every operation of aprfmt keeps them.
    repair: Look whether a newer aprfmt knows them; a writer that sets them for no reason should stop.
    example: |
      warning APR-H005 flag-undefined: flag bits without a meaning are set
        header.flags.reserved @0x6..0x8: expected 0, found 8
  APR-H006:
    name: header-checksum-wrong
    defect: the header checksum does not match the header
    severity: error
    layer: integrity
    profiles: {reader: error}
    needs: [APR-H001]
    why: The header was damaged or edited after it was written; its offsets and counts cannot be trusted.
    repair: |
      Fetch the file again. Compare the header with that of a good copy before trusting anything else in the file; a new
      checksum over a damaged header only hides the damage.
    example: |
      error APR-H006 header-checksum-wrong: the header checksum does not match the header
        header.checksum @0x28..0x2c: expected 0xc3d3df4e for these bytes, found 0x00000000
  APR-H007:
    name: reserved-not-zero
    defect: reserved bytes of the header are not zero
    severity: warning
    layer: structure
    needs: [APR-H001]
    why: The bytes are set aside for later versions. Somebody uses them for something that no reader looks at.
    repair: Write zeros there unless a newer version of the format gives them a meaning.
    example: |
      warning APR-H007 reserved-not-zero: reserved bytes of the header are not zero
        header.reserved @0x2c..0x40: expected zero bytes, found b'\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01'
  APR-H008:
    name: too-small
    defect: the file is smaller than a header
    severity: error
    layer: structure
    profiles: {reader: error}
    fatal: true
    why: There is no header, so nothing in the file can be located.
    repair: Fetch the file again; the transfer ended right after it began.
    example: |
      error APR-H008 too-small: too small to be an APR v2 container
        header @0x0..0x3f: expected at least 64 bytes, found 63 bytes
  APR-H009:
    name: quantized-flag-idle
    defect: the flag quantized is set, and no tensor is of a quantised type
    severity: warning
    layer: structure
    needs: [APR-I001]
    why: A program that chooses its path by the flag expects tensors that are not there.
    repair: Clear the flag, or find out where the quantised tensors went.
    example: |
      warning APR-H009 quantized-flag-idle: the flag quantized is set, and no tensor is of a quantised type
        header.flags.quantized @0x6..0x8: expected a tensor of a quantised type, found none
  APR-H010:
    name: flag-contradicts-data
    defect: a flag announces compression, encryption or a signature that the format does not have
    severity: warning
    layer: structure
    needs: [APR-H001]
    why: |
      The published writers set these bits and compress, encrypt and sign nothing; the published readers take the data as
      plain. Here it is read as plain too.
    repair: Clear the flag. If the data really is compressed or encrypted, it is no APR v2 data.
    example: |
      warning APR-H010 flag-contradicts-data: a flag announces compression, encryption or a signature that the format does not have
        header.flags.lz4_compressed @0x6..0x8: expected 0, found 1
  APR-H011:
    name: layout-unsaid
    defect: the file does not say that its tensors lie row by row
    severity: info
    layer: canonical
    profiles: {canonical: error}
    needs: [APR-H001]
    why: Without either layout flag every reader assumes rows, as older writers meant it.
    repair: "`aprfmt stamp` and `aprfmt canonicalise` set the flag."
    example: |
      info APR-H011 layout-unsaid: the file does not say that its tensors lie row by row
        header.flags.layout_row_major @0x6..0x8: expected the flag, found neither layout flag
  APR-H012:
    name: flag-contradicts-metadata
    defect: a flag and the metadata disagree
    severity: info
    layer: metadata
    needs: [APR-M004]
    why: |
      The flag has_vocab announces the key `tokenizer.vocabulary`, the flag sharded the key `sharding`. Programs that look
      at one of the two come to another conclusion than those that look at the other.
    repair: Set the flag where the key is there, and clear it where it is not.
    example: |
      info APR-H012 flag-contradicts-metadata: a flag and the metadata disagree
        header.flags.has_vocab @0x6..0x8: expected the key tokenizer.vocabulary, found no such key
  APR-S001:
    name: metadata-misplaced
    defect: the metadata would begin inside the header, or outside the file
    severity: error
    layer: structure
    profiles: {reader: error}
    fatal: true
    needs: [APR-H001]
    why: |
      The sections of a file do not overlap and lie inside it. One that does not was cut off, or the header is damaged.
      The reference refuses metadata that lies outside the file, and lets it overlap the header.
    repair: Compare the size of the file with that of a good copy, and fetch it again when it is shorter.
    example: |
      error APR-S001 metadata-misplaced: the metadata would begin inside the header, or outside the file
        header.ofs_metadata @0xc..0x14: expected 64 to 388, found 0
  APR-S002:
    name: tensor-index-misplaced
    defect: the tensor index would begin before the end of the metadata, or outside the file
    severity: error
    layer: structure
    profiles: {reader: error}
    fatal: true
    needs: [APR-S001]
    why: |
      The sections of a file do not overlap and lie inside it. One that does not was cut off, or the header is damaged.
      The reference refuses an index with entries that begins outside the file, and lets it overlap the metadata.
    repair: Compare the size of the file with that of a good copy, and fetch it again when it is shorter.
    example: |
      error APR-S002 tensor-index-misplaced: the tensor index would begin before the end of the metadata, or outside the file
        header.ofs_tensor_index @0x18..0x20: expected 137 to 388, found 64
  APR-S003:
    name: tensor-data-misplaced
    defect: the data section would begin before the tensor index, or outside the file
    severity: error
    layer: structure
    fatal: true
    needs: [APR-S002]
    why: |
      The index ends where the data begins. A data section that begins elsewhere was cut off, or the header is damaged.
    repair: Compare the size of the file with that of a good copy, and fetch it again when it is shorter.
    example: |
      error APR-S003 tensor-data-misplaced: the data section would begin before the tensor index, or outside the file
        header.ofs_data @0x20..0x28: expected 192 to 388, found 64
  APR-S004:
    name: filler-not-zero
    defect: filler around the metadata is not zero
    severity: warning
    layer: canonical
    profiles: {canonical: error}
    needs: [APR-S002]
    why: |
      Either a size in the header is wrong, so that a part of a section passes for filler, or somebody hides bytes where
      no reader looks.
    repair: Look at the bytes with `aprfmt dump`. A stamp writes zeros there, and says so.
    example: |
      warning APR-S004 filler-not-zero: filler around the metadata is not zero
        metadata_padding @0x89..0xc0: expected zero bytes, found other bytes, the last one @0xbf
  APR-S005:
    name: section-off-grid
    defect: a section is off the 64-byte grid
    severity: warning
    layer: canonical
    profiles: {canonical: error}
    needs: [APR-H001]
    why: |
      Readers that map the file expect tensors at addresses that are multiples of 64; a data section off the grid takes
      every tensor off it.
    repair: "`aprfmt canonicalise` moves the sections onto the grid."
    example: |
      warning APR-S005 section-off-grid: a section is off the 64-byte grid
        header.ofs_tensor_index @0x18..0x20: expected a multiple of 64, found 191
  APR-S006:
    name: filler-excess
    defect: there is more filler around a section than the grid takes
    severity: info
    layer: canonical
    profiles: {canonical: error}
    needs: [APR-I001]
    why: |
      Filler may be left on purpose, so that metadata can grow without moving the tensors. A canonical file has the
      fewest bytes that reach the grid.
    repair: "`aprfmt canonicalise` removes it; leave it when the metadata is to be edited in place."
    example: |
      info APR-S006 filler-excess: there is more filler around a section than the grid takes
        metadata_padding @0x89..0x100: expected less than 64 bytes, found 119 bytes
  APR-M001:
    name: metadata-empty
    defect: the metadata is empty
    severity: error
    layer: metadata
    profiles: {reader: error}
    fatal: true
    needs: [APR-H001]
    why: No bytes are no JSON object; the reference refuses the file.
    repair: Write `{}` at least.
    example: |
      error APR-M001 metadata-empty: the metadata is empty
        header.len_metadata @0x14..0x18: expected at least 1, found 0
  APR-M002:
    name: metadata-not-utf8
    defect: the metadata is not UTF-8
    severity: error
    layer: metadata
    profiles: {reader: error}
    fatal: true
    needs: [APR-M001, APR-S002]
    why: JSON is text in UTF-8. Other bytes are damage, or text in another encoding.
    repair: Convert the text to UTF-8 in the tool that wrote it, and write the file again.
    example: |
      error APR-M002 metadata-not-utf8: the metadata is not UTF-8
        metadata @0x46..0x47: expected UTF-8, found ff (invalid start byte)
  APR-M003:
    name: metadata-not-json
    defect: the metadata is not JSON
    severity: error
    layer: metadata
    profiles: {reader: error}
    fatal: true
    needs: [APR-M005]
    why: |
      The reference parses the text strictly: no NaN or Infinity, no comments, nothing after the object, no escapes of
      one half of a surrogate pair, no numbers beyond the range of a double.
    repair: Correct the text in the tool that wrote it, and write the file again.
    example: |
      error APR-M003 metadata-not-json: the metadata is not JSON
        metadata @0x45..0x48: expected a JSON value, found 'NaN'
  APR-M004:
    name: metadata-not-object
    defect: the metadata is not a JSON object
    severity: error
    layer: metadata
    profiles: {reader: error}
    fatal: true
    needs: [APR-M003]
    why: Metadata is a set of keys with values; an array or a lone value has no keys.
    repair: Put the value under a key of an object.
    example: |
      error APR-M004 metadata-not-object: the metadata is not an object
        metadata @0x40..0x42: expected a JSON object, found '[]'
  APR-M005:
    name: metadata-too-deep
    defect: the metadata is nested too deeply
    severity: error
    layer: metadata
    profiles: {reader: error}
    fatal: true
    needs: [APR-M002]
    why: The JSON parser of the reference refuses the 128th level of arrays and objects.
    repair: Flatten the value, or keep it as a string.
    example: |
      error APR-M005 metadata-too-deep: the metadata is nested too deeply
        metadata @0xc3..0xc4: expected at most 127 levels of arrays and objects, found '['
  APR-M006:
    name: metadata-type-wrong
    defect: a known key of the metadata holds a value of another type
    severity: error
    layer: metadata
    profiles: {reader: error}
    needs: [APR-M004]
    why: |
      The reference reads known keys into typed fields. One value of another type, a count written as 4096.0 say, makes
      it refuse the whole file.
    repair: Write the value with the type that spec/metadata.schema.json gives its key.
    example: |
      error APR-M006 metadata-type-wrong: a known key is of the wrong type
        metadata.hidden_size @0x4f..0x55: expected an unsigned integer of 64 bits or null, found '4096.0'
  APR-M007:
    name: metadata-large
    defect: the metadata is larger than 16 MiB
    severity: warning
    layer: metadata
    needs: [APR-H001]
    why: |
      The format names 16 MiB as the most, though no published reader enforces it. Every program that only wants to know
      the name of the model has to read all of it.
    repair: Keep large tables, such as a vocabulary, in a file beside the model.
    example: |
      warning APR-M007 metadata-large: the metadata is larger than 16 MiB
        header.len_metadata @0x14..0x18: expected at most 16777216, found 16777217
  APR-M008:
    name: metadata-key-twice
    defect: a key of the metadata occurs twice in one object
    severity: warning
    layer: metadata
    needs: [APR-M004]
    why: |
      Parsers disagree on which value counts. The reference takes the last one; a program that takes the first one sees
      another licence, say.
    repair: "`aprfmt stamp --dedupe` keeps the last one, which counts, and changes nothing else."
    example: |
      warning APR-M008 metadata-key-twice: a key of the metadata occurs twice in one object
        metadata.a[0].x @0x47..0x4a: expected a key of its own, found another one @0x4d..0x50, which overrides it
  APR-M009:
    name: metadata-integer-wide
    defect: an integer in the metadata needs more than 64 bits
    severity: warning
    layer: metadata
    needs: [APR-M004]
    why: |
      The reference reads it as a double, and writes back another number. aprfmt keeps it exact.
    repair: Write it as a string.
    example: |
      warning APR-M009 metadata-integer-wide: an integer in the metadata needs more than 64 bits
        metadata.a[0] @0x46..0x5a: expected an integer of 64 bits, found 18446744073709551616
  APR-P001:
    name: provenance-absent
    defect: a provenance key is missing
    severity: warning
    layer: metadata
    profiles: {publish: error}
    needs: [APR-M004]
    why: |
      Whoever receives the file cannot tell under which licence the model and its training data may be used, or where
      they come from.
    repair: "`aprfmt stamp --license … --data-source … --data-license …` adds them and changes nothing else."
    example: |
      warning APR-P001 provenance-absent: a provenance key is missing
        metadata.license @0x40..0x6e: expected a value, found nothing
  APR-P002:
    name: provenance-meaningless
    defect: a provenance key says nothing
    severity: warning
    layer: metadata
    profiles: {publish: error}
    needs: [APR-M004]
    why: An empty value, or a word such as unknown or TBD, fills the field and answers nothing.
    repair: Find out what holds, and stamp it.
    example: |
      warning APR-P002 provenance-meaningless: a provenance key says nothing
        metadata.data_license @0x74..0x7f: expected an answer, found ' Unknown '
  APR-P003:
    name: licence-unknown
    defect: a licence is none that SPDX or the model hub knows
    severity: info
    layer: metadata
    profiles: {publish: error}
    needs: [APR-M004]
    why: |
      The values of `license` and `data_license` are read by people, and by tools that decide what may be done with the
      model. A name that is on no list sends everyone looking for a text that may not be found. Known are expressions of
      SPDX such as `MIT OR Apache-2.0`, deprecated ids included, ids of the model hub such as `llama3.1`, and
      `LicenseRef-…` for terms of one's own, in small letters or in capitals. So are `custom` and `other`, which do not
      say which terms. A text of more than 2000 characters is taken for none.

      The lists grow: what is unknown today may be on one tomorrow. So whoever only reads the file is told, and nothing
      else.
    repair: |
      `aprfmt licenses WORDS` finds the id, and `aprfmt stamp --license …` writes it. For terms that are on no list
      write `LicenseRef-` and a name of letters, digits, `-` and `.`.
    example: |
      info APR-P003 licence-unknown: a licence is none that SPDX or the model hub knows; did you mean Apache-2.0?
        metadata.license @0x4b..0x5d: expected a licence of SPDX or of the model hub, found 'Apache License 2'
  APR-I001:
    name: tensor-index-too-small
    defect: the tensor index has no room for as many entries as the header counts
    severity: error
    layer: structure
    profiles: {reader: error}
    fatal: true
    needs: [APR-S003]
    why: |
      The entries end before the count is reached: the index was cut off, a length in an entry is wrong, or the count
      is. Nothing behind the last whole entry can be read.
    repair: Fetch the file again, or compare its header with that of a good copy.
    example: |
      error APR-I001 tensor-index-too-small: the tensor index is too small for its entries
        header.num_tensors @0x8..0xc: expected at most 3 entries in 64 bytes, found 100 entries
  APR-I002:
    name: dtype-unknown
    defect: the element type is unknown
    severity: error
    layer: structure
    profiles: {reader: error}
    needs: [APR-I001]
    why: |
      Without the element type the bytes of the tensor mean nothing; the reference refuses the whole file. The ids 2 and
      13 come from writers that put ids of GGML there.
    repair: Write the file again with an element type that the format has.
    example: |
      error APR-I002 dtype-unknown: the element type is unknown
        tensor_index.entries[1].dtype @0xe0..0xe1: expected an id of the enum dtype, found 2; tensor 'b'
  APR-I003:
    name: names-unsorted
    defect: the names are out of order, or one occurs twice
    severity: error
    layer: structure
    profiles: {reader: error}
    needs: [APR-I001]
    why: |
      Readers search the index by halving it, in the order of the bytes of the names. In another order they miss tensors,
      and of two equal names nobody knows which one is meant.
    repair: Sort the entries by the bytes of their names, not by UTF-16 units or by a locale, and rename duplicates.
    example: |
      error APR-I003 names-unsorted: the names are out of order, or one occurs twice
        tensor_index.entries[1].name @0xdf..0xe0: expected a name behind the previous one in the order of bytes, found b'a'; tensor 'a'
  APR-I005:
    name: name-not-utf8
    defect: the name is not UTF-8
    severity: error
    layer: integrity
    needs: [APR-I001]
    why: Readers that replace what they cannot decode may take two names for one.
    repair: Name the tensor in UTF-8 in the tool that wrote the file.
    example: |
      error APR-I005 name-not-utf8: the name is not UTF-8
        tensor_index.entries[1].name @0xdf..0xe0: expected UTF-8, found b'\xff'; tensor '\xff'
  APR-I006:
    name: name-length
    defect: the name is empty, or longer than the reference writes
    severity: warning
    layer: structure
    needs: [APR-I001]
    why: |
      The reference reads any length and cuts a name at 256 bytes when it writes, which may make two names equal. An
      empty name cannot be asked for on most command lines.
    repair: Choose a name of 1 to 256 bytes.
    example: |
      warning APR-I006 name-length: the name is empty, or longer than the reference writes
        tensor_index.entries[0].len_name @0xc0..0xc2: expected at most 256, found 257; tensor 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa... (259 characters)
  APR-I007:
    name: dimensions-many
    defect: there are more dimensions than the reference writes
    severity: warning
    layer: structure
    needs: [APR-I001]
    why: The reference reads up to 255 dimensions and writes the first 8, which silently changes the shape.
    repair: Merge dimensions until 8 are left.
    example: |
      warning APR-I007 dimensions-many: there are more dimensions than the reference writes
        tensor_index.entries[0].ndim @0xc4..0xc5: expected at most 8, found 9; tensor 'a'
  APR-I008:
    name: dtype-id-legacy
    defect: the id of the element type is one that writers gave up
    severity: warning
    layer: structure
    profiles: {canonical: error}
    needs: [APR-I001]
    why: The two ids collide with ids of GGML, so that another family of readers takes the tensor for one of another type.
    repair: "`aprfmt canonicalise` writes the id of today."
    example: |
      warning APR-I008 dtype-id-legacy: the id of the element type is one that writers gave up
        tensor_index.entries[1].dtype @0xe0..0xe1: expected 128 for apr_q4, found 8; tensor 'b'
  APR-I009:
    name: index-filler-not-zero
    defect: filler of the tensor index is not zero
    severity: warning
    layer: canonical
    profiles: {canonical: error}
    needs: [APR-I001]
    why: Bytes follow the entries that are no entry, and that no reader looks at.
    repair: Look at them with `aprfmt dump`; `aprfmt canonicalise` drops them when it is told to.
    example: |
      warning APR-I009 index-filler-not-zero: filler of the tensor index is not zero
        tensor_index.padding @0xfa..0x100: expected zero bytes, found other bytes, the last one @0xff
  APR-I010:
    name: dtype-id-ambiguous
    defect: the id of the element type means another type in GGML
    severity: warning
    layer: structure
    needs: [APR-I001]
    why: |
      Some writers put ids of GGML into this field, and some readers expect them. Such a reader takes the tensor for one
      of another type. When the size does not fit either, APR-D002 says so.
    repair: Nothing, if every reader in use is one of this format; otherwise store the tensor with another element type.
    example: |
      warning APR-I010 dtype-id-ambiguous: the id of the element type means another type in GGML
        tensor_index.entries[1].dtype @0xe0..0xe1: expected an id that means the same everywhere, found 7, which is u8 here and q5_1 in GGML; tensor 'b'
  APR-I011:
    name: name-control-characters
    defect: the name holds control characters
    severity: warning
    layer: integrity
    needs: [APR-I001]
    why: |
      A name that is printed raw can move the cursor, colour the terminal or end a string in C. No architecture needs
      such a name.
    repair: Rename the tensor in the tool that wrote the file.
    example: |
      warning APR-I011 name-control-characters: the name holds control characters
        tensor_index.entries[0].name @0xc2..0xc4: expected no control characters, found '\x07'; tensor 'a\x07'
  APR-I012:
    name: entries-uncounted
    defect: the tensor index holds more entries than the header counts
    severity: warning
    layer: structure
    profiles: {canonical: error}
    needs: [APR-I001]
    why: |
      Readers stop at the count and miss the tensors behind it. Every tensor after them still has its bytes in the file.
    repair: Correct the count in the tool that wrote the file; `aprfmt dump` shows the entries that are not counted.
    example: |
      warning APR-I012 entries-uncounted: the tensor index holds more entries than the header counts
        header.num_tensors @0x8..0xc: expected 2, found 1
  APR-D001:
    name: tensor-outside
    defect: the data of the tensor lies outside the file
    severity: error
    layer: integrity
    fatal: true
    needs: [APR-I001]
    why: The bytes are not there. Most often the file was cut off; otherwise its index is damaged.
    repair: Fetch the file again.
    example: |
      error APR-D001 tensor-outside: the data of the tensor lies outside the file, which has 324 of the 9223372036854776128 bytes that its index needs
        tensor_index.entries[1].ofs_tensor @0xea..0xf2: expected 0 to 68, found 9223372036854775808; tensor 'b'
  APR-D002:
    name: tensor-size-wrong
    defect: the size of the data does not fit element type and shape
    severity: error
    layer: integrity
    needs: [APR-I001]
    why: A reader that trusts the shape reads bytes of another tensor, one that trusts the size misses elements.
    repair: Write the tensor again with the shape that its data has.
    example: |
      error APR-D002 tensor-size-wrong: the size does not fit f16 [3]
        tensor_index.entries[1].len_tensor @0xf2..0xfa: expected 6 bytes, found 5 bytes; tensor 'b'
  APR-D003:
    name: tensors-overlap
    defect: the data of two tensors overlaps
    severity: error
    layer: integrity
    needs: [APR-I001]
    why: Two tensors share bytes, so at least one of the two extents is wrong.
    repair: Write the tensors again, each with bytes of its own.
    example: |
      error APR-D003 tensors-overlap: the data overlaps that of 'a'
        tensor_index.entries[1].ofs_tensor @0xea..0xf2: expected an offset of at least 8, found 0; tensor 'b'
  APR-D004:
    name: data-truncated
    defect: the data section is truncated
    severity: error
    layer: integrity
    fatal: true
    needs: [APR-D001]
    why: The file ends before its data section does, if only by filler. Something was cut off.
    repair: Fetch the file again.
    example: |
      error APR-D004 data-truncated: the data section is truncated
        tensor_data @0x100..0x17f: expected 384 bytes, found 383 bytes
  APR-D005:
    name: tensor-off-grid
    defect: the data of the tensor is off the 64-byte grid
    severity: warning
    layer: canonical
    profiles: {canonical: error}
    needs: [APR-I001]
    why: Vector instructions and memory maps want tensors at multiples of 64; elsewhere they are slow, or fail.
    repair: "`aprfmt canonicalise` moves the tensor onto the grid."
    example: |
      warning APR-D005 tensor-off-grid: the data of the tensor is off the 64-byte grid
        tensor_index.entries[1].ofs_tensor @0xea..0xf2: expected a multiple of 64, found 68; tensor 'b'
  APR-D006:
    name: data-filler-not-zero
    defect: bytes of the data section that belong to no tensor are not zero
    severity: warning
    layer: canonical
    profiles: {canonical: error}
    reads-data: true
    needs: [APR-D004]
    why: |
      Either the size of a tensor is wrong, so that its last bytes pass for filler, or somebody hides bytes where no
      reader looks.
    repair: Look at them with `aprfmt dump`; `aprfmt canonicalise` drops them when it is told to.
    example: |
      warning APR-D006 data-filler-not-zero: bytes of the data section that belong to no tensor are not zero
        tensor_data @0x108..0x109: expected zero bytes, found other bytes, the last one @0x108
  APR-D007:
    name: data-gap
    defect: bytes of the data section belong to no tensor
    severity: warning
    layer: canonical
    profiles: {canonical: error}
    needs: [APR-D001]
    why: More bytes than the grid takes lie between two tensors. Whatever they are, no reader looks at them.
    repair: "`aprfmt canonicalise` closes the gap."
    example: |
      warning APR-D007 data-gap: bytes of the data section belong to no tensor
        tensor_data @0x108..0x180: expected a tensor, found 120 bytes of none
  APR-D008:
    name: data-out-of-order
    defect: the data lies in another order than the index
    severity: info
    layer: canonical
    profiles: {canonical: error}
    needs: [APR-I001]
    why: |
      Streaming writers leave the data in the order in which it came. Every reader takes it; a canonical file has it in
      the order of the names.
    repair: "`aprfmt canonicalise` sorts the data."
    example: |
      info APR-D008 data-out-of-order: the data lies in another order than the index
        tensor_index.entries[1].ofs_tensor @0xea..0xf2: expected an offset of at least 72, found 0; tensor 'b'
  APR-F001:
    name: footer-truncated
    defect: the footer is truncated
    severity: error
    layer: integrity
    fatal: true
    needs: [APR-D004]
    why: The file ends inside its checksum, so its last bytes were cut off.
    repair: Fetch the file again.
    example: |
      error APR-F001 footer-truncated: the footer is truncated
        footer.checksum @0x180..0x182: expected 4 bytes, found 2 bytes
  APR-F002:
    name: footer-wrong
    defect: the footer does not match the file
    severity: error
    layer: integrity
    reads-data: true
    needs: [APR-F003]
    why: |
      A byte of the file was changed after it was written. Nothing in the file tells which one, unless a single flipped bit
      explains the difference: then the finding names it.
    repair: |
      Fetch the file again, or restore the byte that the finding names and validate again. A new footer over damaged data
      only hides the damage: aprfmt never replaces a wrong footer by a right one.
    example: |
      error APR-F002 footer-wrong: the footer does not match the file, which was damaged after it was written
        footer.checksum @0x180..0x184: expected 0x9a96f1a9 for these bytes, found 0x5581d2f7
  APR-F003:
    name: footer-absent
    defect: the file has no footer
    severity: warning
    layer: integrity
    profiles: {canonical: error}
    needs: [APR-F001]
    why: Damage to the data cannot be told without a checksum.
    repair: "`aprfmt stamp` and `aprfmt canonicalise` add one; what is damaged before stays so, unnoticed."
    example: |
      warning APR-F003 footer-absent: the file has no footer
        footer @0x180..0x180: expected a checksum of the whole file, found the end of the file
  APR-F004:
    name: trailing-bytes
    defect: bytes follow the footer
    severity: warning
    layer: structure
    profiles: {canonical: error}
    needs: [APR-F003]
    why: They belong to nothing. No writer makes them, and a rewrite loses them.
    repair: Look at them with `aprfmt dump`; `--drop-trailing` of a stamp drops them.
    example: |
      warning APR-F004 trailing-bytes: bytes follow the footer
        trailing @0x184..0x185: expected the end of the file, found 1 bytes
  APR-F005:
    name: footer-hidden
    defect: one flipped bit in the tensor index makes the footer pass for data
    severity: error
    layer: integrity
    fatal: true
    reads-data: true
    needs: [APR-D004]
    why: |
      The offset of the last tensor is too large by the size of the footer, so that the file seems to have none and its
      last bytes seem to be filler. They are the checksum of the file with that one bit as it was.
    repair: |
      Fetch the file again, or restore the bit that the finding names and validate again. A tool that takes the file for
      one without a footer seals the damage with a new one.
    example: |
      error APR-F005 footer-hidden: one flipped bit in the tensor index makes the footer pass for data: bit 2 of byte 0xea
        tensor_index.entries[1].ofs_tensor @0xea..0xf2: expected 64, found 68; tensor 'b'
  APR-L001:
    name: limit-exceeded
    defect: the file asks for more than a reader is willing to spend
    severity: error
    layer: structure
    profiles: {reader: error}
    fatal: true
    why: |
      A file that nobody vouches for may claim anything. What goes beyond the limits of the reader is not read, so
      it cannot be judged, and what is not judged is not valid.
    repair: If the file is known to be good, raise the limit in the Python API (`aprfmt.Limits`).
    example: |
      error APR-L001 limit-exceeded: too many tensors
        header.num_tensors @0x8..0xc: expected at most 1000000 (max_tensors), found 1000001
