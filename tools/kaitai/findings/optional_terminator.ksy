meta: {id: optional_terminator}
seq:
  - {id: text, terminator: 0, eos-error: false}
