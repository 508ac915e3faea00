meta: {id: float_to_integer, endian: le}
seq:
  - {id: a, type: f8}
instances:
  whole: {value: a.to_i}
