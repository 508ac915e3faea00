meta: {id: memory_of_elements}
seq:
  - {id: items, type: item, repeat: eos}
types:
  item:
    seq:
      - {id: x, type: u1}
