meta: {id: negative_division}
seq:
  - {id: a, type: s1}
  - {id: b, type: s1}
instances:
  quotient: {value: a / b}
  rest: {value: a % b}
