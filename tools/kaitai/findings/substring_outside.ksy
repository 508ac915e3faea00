meta: {id: substring_outside}
seq:
  - {id: until, type: u1}
  - {id: text, type: str, size: 4, encoding: UTF-8}
instances:
  part: {value: 'text.substring(1, until)'}
