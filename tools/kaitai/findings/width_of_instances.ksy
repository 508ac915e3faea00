meta: {id: width_of_instances, endian: le}
seq:
  - {id: a, type: u4}
  - {id: b, type: u8}
instances:
  a_plus: {value: a + 1}
  a_shifted: {value: a << 4}
  b_plus: {value: b + 1}
  b_plus_cast: {value: (b + 1).as<u8>}
