meta: {id: index_as_parameter}
seq:
  - {id: items, type: item(_index), repeat: eos}
types:
  item:
    params:
      - {id: i, type: u4}
    seq:
      - {id: x, type: u1}
