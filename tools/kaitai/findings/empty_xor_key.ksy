meta: {id: empty_xor_key}
seq:
  - {id: len_key, type: u1}
  - {id: key, size: len_key}
  - {id: body, size: 2, process: xor(key)}
