meta: {id: signed_u8, endian: le}
seq:
  - {id: a, type: u8, valid: {max: 1000}}
