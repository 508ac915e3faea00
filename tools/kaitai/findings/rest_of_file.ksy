meta: {id: rest_of_file}
seq:
  - {id: version, type: u1}
  - {id: rest, type: rest, size-eos: true}
types:
  rest:
    seq:
      - {id: x, type: u1}
