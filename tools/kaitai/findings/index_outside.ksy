meta: {id: index_outside, endian: le}
seq:
  - {id: index, type: s8}
  - {id: items, type: u1, repeat: eos}
instances:
  picked: {value: "items[index]"}
