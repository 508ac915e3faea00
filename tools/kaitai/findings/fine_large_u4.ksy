meta: {id: fine_large_u4, endian: le}
seq:
  - {id: a, type: u4, valid: {max: 1000}}
