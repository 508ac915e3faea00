meta: {id: compared_instances, endian: le}
seq:
  - {id: a, type: u2}
  - {id: b, type: u2}
instances:
  x: {value: a.as<u8>}
  y: {value: b.as<u8>}
  same: {value: x == y}
