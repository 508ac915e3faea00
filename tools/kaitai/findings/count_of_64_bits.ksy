meta: {id: count_of_64_bits, endian: le}
seq:
  - {id: num_items, type: u8}
  - {id: items, type: u1, repeat: expr, repeat-expr: num_items}
