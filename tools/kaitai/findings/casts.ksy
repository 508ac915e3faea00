meta: {id: casts, endian: le}
seq:
  - {id: a, type: u4}
  - {id: b, type: u8}
instances:
  a_u1: {value: a.as<u1>}
  b_u4: {value: b.as<u4>}
  b_u1: {value: b.as<u1>}
