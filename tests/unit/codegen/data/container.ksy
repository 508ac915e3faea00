# A whole file: places, conditions, derived offsets, checksums of a section and of everything.
meta: {id: container, title: A small container, endian: le}
doc: A head, a payload, a checksum.
-records: {head: Head, tail: Tail}
-layout: [head, gap, payload, data, tail, trailing]
seq:
  - {id: head, type: head, doc: Where things are.}
instances:
  grid: {value: 32, doc: The grid.}
  len_file: {value: _io.size.as<u8>, doc: Size of the file.}
  gap:
    pos: 28
    size: head.ofs_payload - 28
    doc: Filler.
    -fill: {byte: 0, align: 32}
    -warn: [{zero: true, rule: T-050}]
  payload:
    pos: head.ofs_payload
    size: head.len_payload
    doc: The bytes.
    -type: json
    -schema: nothing.json
  data:
    pos: head.ofs_data
    size: end_of_data - head.ofs_data
    doc: On the grid.
    -fill: {byte: 0, align: 32}
  end_of_data:
    value: (head.ofs_data + 32).as<u8>
    -value: align(head.ofs_payload + head.len_payload, grid) + 32
    doc: Where the data ends.
  tail:
    pos: end_of_data
    type: tail
    if: len_file != end_of_data
    doc: The last bytes.
    -optional: derived
    -warn: [{present: true, rule: T-051}]
  trailing:
    pos: end_of_data + 4
    size: len_file - end_of_data - 4
    if: len_file > end_of_data + 4
    doc: More.
    -optional: absent
    -warn: [{absent: true, rule: T-052}]
types:
  tail:
    doc: Comes before the head here, and is computed after it all the same.
    seq:
      - {id: crc, type: u4, doc: Of everything., -checksum: {algorithm: crc32, covers: all-before, rule: T-053}}
  head:
    doc: Places and sizes.
    seq:
      - id: ofs_payload
        type: u8
        doc: Place of the payload.
        -offset-of: payload
        valid: {min: 28, max: _root.len_file, -rule: T-054}
      - {id: len_payload, type: u4, doc: Size of the payload., -size-of: payload}
      - {id: crc, type: u4, doc: Of the head., -checksum: {algorithm: crc32, covers: header, rule: T-055}}
      - {id: ofs_data, type: u8, doc: Place of the data., -offset-of: data, -warn: [{multiple-of: 32, rule: T-056}]}
      - {id: last, type: u4, doc: A number., -default: 0xffffffff}
  record:
    doc: Not a part of the file.
    -standalone: an encoding used elsewhere
    seq:
      - {id: len_name, type: u2, doc: Size., -size-of: name}
      - {id: name, size: len_name, doc: Name.}
