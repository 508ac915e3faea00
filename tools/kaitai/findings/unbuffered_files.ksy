meta: {id: unbuffered_files, endian: le}
seq:
  - {id: items, type: u4, repeat: eos}
