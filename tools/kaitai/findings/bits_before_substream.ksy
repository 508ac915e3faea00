meta: {id: bits_before_substream}
seq:
  - {id: a, type: b4}
  - {id: sub, type: sub, size: 1}
  - {id: b, type: b4}
types:
  sub:
    seq:
      - {id: x, type: u1}
