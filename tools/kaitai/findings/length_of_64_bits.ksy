meta: {id: length_of_64_bits, endian: le}
seq:
  - {id: len_body, type: u8}
  - {id: body, size: len_body}
  - {id: next, type: u1}
