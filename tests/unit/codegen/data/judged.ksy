# Rules and profiles: stated at fields, bits, sections, checksums and members of an enum, or nowhere but in their list.
meta: {id: judged, title: A judged container, endian: le, bit-endian: le}
doc: A head and what follows it.
-records: {head: Head, marks: Marks, colour: Colour}
-layout: [head, rest]
seq:
  - {id: head, type: head, doc: What follows.}
instances:
  len_file: {value: _io.size.as<u8>, doc: Size of the file.}
  rest:
    pos: 8
    size: len_file - 8
    doc: Whatever it is.
    -fill: {byte: 0, align: 8}
    -warn: [{zero: true, rule: T-R01}]
types:
  head:
    doc: Marks, a colour and a checksum.
    seq:
      - {id: magic, contents: "J", doc: A letter., -rule: T-H01}
      - {id: colour, type: u1, enum: colour, doc: A colour., valid: {in-enum: true, -rule: T-H02}}
      - {id: level, type: u1, doc: A number., valid: {min: 1, -rule: T-H02}, -warn: [{max: 9, rule: T-H03}]}
      - {id: marks, type: marks, doc: Bits.}
      - {id: crc, type: u4, doc: Of the head., -checksum: {algorithm: crc32, covers: header, rule: T-H04}}
  marks:
    doc: Eight bits.
    seq:
      - {id: known, type: b1, doc: A bit.}
      - {id: spare, type: b7, doc: Undefined., -warn: [{eq: 0, rule: T-H03}]}
enums:
  colour:
    0: {id: red, doc: Like blood.}
    1: {id: pink, doc: What red was called., -warn: {rule: T-H05}}
-profiles:
  default: |
    Every rule,
    at its own severity.
  quick:
    doc: Only what is seen at a glance.
    listed: true
  strict: Nothing is odd.
-rules:
  T-R01:
    name: rest-not-zero
    defect: a byte of the rest is not zero | or looks so
    severity: info
    layer: canonical
    profiles: {strict: error}
    reads-data: true
    needs: [T-H01, T-X01]
    why: |
      Two lines
      of one paragraph.

      And another with `code`, "quotes" and a \.
    repair: |
      In this order:

      - look
      - then act
    example: |-
      $ judge it
        ```
        indented
        ```
  T-H01:
    name: letter-wrong
    defect: the letter is wrong
    severity: error
    layer: structure
    profiles: {quick: error}
    fatal: true
    why: Nothing else is known then.
    repair: Write a J.
    example: x
  T-H02:
    name: value-unknown
    defect: a value without a meaning
    severity: error
    layer: structure
    profiles: {quick: warning, strict: error}
    needs: [T-H01]
    why: It could be anything.
    repair: Look it up.
    example: x
  T-H03: {name: odd, defect: it is odd, severity: warning, layer: structure, why: Because., repair: Even it., example: x}
  T-H04:
    name: crc-wrong
    defect: the checksum does not match
    severity: error
    layer: integrity
    needs: [T-H01]
    why: It was changed.
    repair: Fetch it again.
    example: x
  T-H05:
    name: colour-old
    defect: the colour is an old one
    severity: info
    layer: canonical
    profiles: {strict: warning}
    needs: [T-H02]
    why: It faded.
    repair: Paint it.
    example: x
  T-X01:
    name: related
    defect: two things do not go together
    severity: error
    layer: metadata
    needs: [T-H02, T-H04]
    why: They never did.
    repair: Choose one.
    example: x
