meta: {id: text_length}
seq:
  - {id: text, type: str, size: 4, encoding: UTF-8}
instances:
  length: {value: text.length}
  tail: {value: 'text.substring(1, 2)'}
