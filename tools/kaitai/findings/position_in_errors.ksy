meta: {id: position_in_errors}
seq:
  - {id: before, size: 8}
  - {id: sub, type: sub, size: 4}
types:
  sub:
    seq:
      - {id: x, type: u2be, valid: 5}
