meta: {id: first_of_none}
seq:
  - {id: items, type: u1, repeat: eos}
instances:
  first: {value: items.first}
  last: {value: items.last}
  max: {value: items.max}
