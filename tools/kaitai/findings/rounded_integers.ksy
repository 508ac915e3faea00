meta: {id: rounded_integers, endian: le}
seq:
  - {id: a, type: u8}
  - {id: b, type: u8}
instances:
  same: {value: a == b}
