meta: {id: fine_padded}
seq:
  - {id: a, type: strz, size: 4, encoding: UTF-8}
  - {id: b, size: 4, terminator: 0, pad-right: 0x20}
