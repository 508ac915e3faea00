meta: {id: position_beyond_2_gib}
instances:
  far: {pos: 4294967296, type: far}
types:
  far:
    seq:
      - {id: a, type: u1}
      - {id: b, type: u1, if: start == 1}
      - {id: c, type: u1}
    instances:
      start: {pos: 4294967296, type: u1}
