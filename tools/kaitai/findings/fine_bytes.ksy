meta: {id: fine_bytes}
seq:
  - {id: a, size: 1}
  - {id: b, size: 2}
instances:
  ordered: {value: a < b}
  high: {value: "b[0]"}
