meta: {id: fine_nan, endian: le}
seq:
  - {id: a, type: f8, valid: {min: 0}}
