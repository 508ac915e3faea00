meta: {id: nested_types}
seq:
  - {id: more, type: u1}
  - {id: child, type: nested_types, if: more == 1}
