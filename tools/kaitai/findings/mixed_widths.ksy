meta: {id: mixed_widths, endian: le}
seq:
  - {id: a, type: u1}
  - {id: b, type: u2}
  - {id: body, size: a + b}
