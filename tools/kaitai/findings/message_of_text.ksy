meta: {id: message_of_text}
seq:
  - {id: name, type: str, size: 4, encoding: UTF-8, valid: '"abcd"'}
