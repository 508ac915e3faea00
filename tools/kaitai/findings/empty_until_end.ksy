meta: {id: empty_until_end}
seq:
  - {id: len_item, type: u1}
  - {id: items, size: len_item, repeat: eos}
