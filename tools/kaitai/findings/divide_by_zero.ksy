meta: {id: divide_by_zero}
seq:
  - {id: total, type: u1}
  - {id: parts, type: u1}
  - {id: part, size: total / parts}
