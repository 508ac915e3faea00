meta: {id: bit_operators, endian: le}
seq:
  - {id: a, type: u4}
  - {id: b, type: u8}
instances:
  a_all: {value: (a & 0xffffffff).as<u4>}
  b_low: {value: b & 0xff}
  b_high: {value: (b >> 32).as<u8>}
