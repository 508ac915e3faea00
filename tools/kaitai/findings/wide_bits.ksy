meta: {id: wide_bits, bit-endian: be}
seq:
  - {id: a, type: b33}
