meta: {id: text_decoding}
instances:
  utf8: {pos: 0, type: str, size: 4, encoding: UTF-8}
  ascii: {pos: 0, type: str, size: 4, encoding: ASCII}
  utf16: {pos: 0, type: str, size: 4, encoding: UTF-16LE}
