# Bytes of a constant size, of the size in another field, filled, fixed; a section that takes up the rest.
meta:
  id: strings
  endian: le
doc: Bytes of every kind.
-records: {head: Head}
-layout: [head, body, gap]
seq:
  - {id: head, type: head, size: 16, doc: Fixed.}
instances:
  len_head: {value: 16.as<u8>, doc: Size of the head.}
  body:
    pos: len_head
    size: head.len_body.as<u8>
    type: body
    doc: What follows.
  gap:
    pos: (len_head + head.len_body).as<u8>
    size: (_io.size - len_head - head.len_body).as<u8>
    doc: Filler up to a grid of 8.
    -fill: {byte: 0, align: 8}
types:
  head:
    doc: The first 16 bytes.
    seq:
      - id: magic
        contents: [0x89, "ST"]
        doc: Three bytes.
        -rule: T-010
        -lookalikes:
          - {bytes: [0x89, "PN"], name: another format}
      - {id: version, type: u1, doc: A number.}
      - {id: len_body, type: u4, doc: How much follows.}
      - id: tag
        size: 8
        doc: Eight bytes of zeros.
        -fill: {byte: 0}
        -warn:
          - {zero: true, rule: T-011}
  body:
    doc: A text and what is left.
    seq:
      - {id: len_text, type: u1, doc: Size of the text., -size-of: text}
      - {id: text, size: len_text, doc: The text., -encoding: UTF-8}
      - {id: pad, size: (4 - (len_text + 1) % 4) % 4, doc: Up to 4., -fill: {byte: 0, align: 4}}
      - {id: rest, size-eos: true, doc: Whatever is left.}
