meta: {id: valid_expr}
seq:
  - {id: a, type: u1, valid: {expr: _ != 3}}
