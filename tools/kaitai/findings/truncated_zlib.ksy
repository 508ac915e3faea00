meta: {id: truncated_zlib}
seq:
  - {id: body, size-eos: true, process: zlib}
