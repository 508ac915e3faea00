meta: {id: size_beyond_file, endian: le}
seq:
  - {id: len_body, type: u8}
  - {id: body, size: len_body}
