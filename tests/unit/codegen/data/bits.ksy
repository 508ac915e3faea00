# Named bits, with undefined ones that are kept.
meta: {id: bits, endian: le, bit-endian: le}
doc: Three bytes.
-records: {switches: Switches, panel: Panel}
seq:
  - {id: panel, type: panel, doc: All of it.}
types:
  switches:
    doc: Two bytes of bits.
    seq:
      - {id: low, type: b1, doc: The lowest., -orig-id: LOW, -default: true}
      - {id: level, type: b3, doc: A number of three bits., -default: 5}
      - {id: spare, type: b11, doc: Undefined., -warn: [{eq: 0, rule: T-030}]}
      - {id: high, type: b1, doc: The highest., valid: {eq: false, -rule: T-031}}
  panel:
    doc: Switches and a byte.
    seq:
      - {id: switches, type: switches, size: 2, doc: The switches.}
      - {id: lamp, type: u1, doc: A lamp.}
