# Integers of each width, with defaults and every statement that can be made about a number.
meta:
  id: integers
  title: Integers of each width
  endian: le
doc: Four integers in a row.
doc-ref: [nowhere, "clause 1"]
-records: {numbers: Numbers}
seq:
  - {id: numbers, type: numbers, doc: All of them.}
types:
  numbers:
    doc: One of each. The rest of this text is not a summary.
    seq:
      - {id: one, type: u1, doc: A byte., -orig-id: uno}
      - id: two
        type: u2
        doc: Two bytes.
        -default: 513
        valid: {min: one, max: one + 0x300, -rule: T-001}
      - id: four
        type: u4
        doc: Four bytes.
        valid: {eq: two * 2 + 1, -rule: T-002}
        -warn:
          - {multiple-of: 4, rule: T-003}
          - {max: "align(two, 64)", rule: T-004}
      - id: eight
        type: u8
        doc: 'Eight bytes: "quoted", with a \ and """ inside'
        -build: "four > 3 ? four - 3 : (one == 0 ? 1 : 2) * 2"
        valid:
          expr: not (_ % 7 == 3) and (_ + 1) * 2 != two
          -rule: T-005
          -expected: a number that is not odd in its way
