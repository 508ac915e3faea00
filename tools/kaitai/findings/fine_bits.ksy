meta: {id: fine_bits, bit-endian: le}
seq:
  - {id: a, type: b1}
  - {id: b, type: b11}
  - {id: c, type: b4}
