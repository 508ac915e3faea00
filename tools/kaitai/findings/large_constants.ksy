meta: {id: large_constants, endian: le}
seq:
  - {id: a, type: u8, valid: {max: 9007199254740993}}
  - {id: b, type: u8, valid: {max: "9007199254740993"}}
  - {id: c, type: u8, valid: {max: 0x7fffffffffffffff}}
  - {id: d, type: u8, valid: {max: "0xffffffffffffffff"}}
