meta: {id: bits_around_instance}
seq:
  - {id: a, type: b4}
  - {id: b, type: b4, if: kind == 7}
instances:
  kind: {pos: 2, type: u1}
