meta: {id: zlib_bomb}
seq:
  - {id: body, size-eos: true, process: zlib}
