meta: {id: text_to_integer}
seq:
  - {id: text, type: str, size-eos: true, encoding: UTF-8}
instances:
  number: {value: text.to_i}
