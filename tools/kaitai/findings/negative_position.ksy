meta: {id: negative_position}
seq:
  - {id: ofs, type: s1}
  - {id: x, type: u1}
instances:
  found: {pos: ofs, type: u1}
