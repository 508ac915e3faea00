meta: {id: text_order}
seq:
  - {id: a, type: str, size: 4, encoding: UTF-8}
  - {id: b, type: str, size: 4, encoding: UTF-8}
instances:
  ordered: {value: a < b}
