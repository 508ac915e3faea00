meta: {id: bound_by_sum, endian: le}
seq:
  - {id: ofs, type: u8}
  - {id: len_body, type: u8}
instances:
  fits: {value: ofs + len_body <= _io.size.as<u8>}
