meta: {id: failed_instance, endian: le}
seq:
  - {id: ofs, type: u1}
instances:
  num_items: {pos: ofs, type: u4}
  body: {pos: 0, type: body}
types:
  body:
    seq:
      - {id: x, type: u1}
      - {id: y, type: u1, valid: 5}
