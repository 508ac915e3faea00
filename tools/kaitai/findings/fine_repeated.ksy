meta: {id: fine_repeated}
seq:
  - {id: items, type: u1, repeat: eos, valid: {max: 5}}
