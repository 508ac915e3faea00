meta: {id: narrow_arithmetic}
seq:
  - {id: a, type: u1}
  - {id: b, type: u1}
  - {id: body, size: a + b}
instances:
  sum: {value: a + b}
  word: {value: a << 8 | b}
  less: {value: a - b}
  a_is_more: {value: a - b > 0}
