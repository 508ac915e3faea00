meta: {id: position_of_64_bits, endian: le}
seq:
  - {id: ofs, type: u8}
instances:
  none: {pos: ofs, size: 0}
  one: {pos: ofs, size: 1}
  rest: {pos: ofs, size-eos: true}
