meta: {id: negative_count, endian: le}
seq:
  - {id: num_items, type: s4}
  - {id: items, type: u1, repeat: expr, repeat-expr: num_items}
